//! The example platform chart with every values file, against what Helm 4.2.4 and 3.21.4 made of it.

use std::fs;
use std::path::{Path, PathBuf};

use aktus_helm::{
    Chart, FrozenHost, LoadOptions, OutputOptions, Profile, Release, RenderOptions, ValueFile, ValueOptions, render,
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn run(values: &Path, profile: Profile) -> Result<String, String> {
    let chart = Chart::from_path(&root().join("charts/aktus-platform"), &LoadOptions::new(profile));
    let chart = chart.expect("the example chart loads");
    let file = ValueFile { name: values.display().to_string(), text: fs::read(values).expect("a values file") };
    let values = ValueOptions { files: vec![file], ..ValueOptions::default() }.merge(profile).expect("values");
    let release = Release::install("aktus-ai-platform", "aktus-ai-platform-dev");
    let options = RenderOptions::new(profile, release);
    let rendered = render(&chart, &values, &options, &FrozenHost::default());
    let manifests = rendered.map_err(|error| error.to_string())?.into_manifests();
    let manifests = manifests.map_err(|error| error.to_string())?;
    manifests.template_output(&OutputOptions::default()).map_err(|error| error.to_string())
}

#[track_caller]
fn check(profile: Profile, suffix: &str) {
    let example = root().join("fixtures/example");
    let mut files = 0;
    for entry in fs::read_dir(example.join("values")).expect("the values files") {
        let values = entry.expect("a values file").path();
        let name = values.file_stem().expect("a name").to_string_lossy().into_owned();
        let golden = |ending: &str| fs::read_to_string(example.join(format!("golden/{name}.{suffix}.{ending}"))).ok();
        match run(&values, profile) {
            Ok(output) => assert_eq!(Some(output), golden("yaml"), "{name} as {suffix}"),
            Err(error) => {
                // Helm's command line adds its own words around the error.
                let error = format!("Error: {error}\n\nUse --debug flag to render out invalid YAML\n");
                assert_eq!(Some(error), golden("error"), "{name} as {suffix}");
            }
        }
        files += 1;
    }
    assert!(files >= 10, "{files} values files");
}

#[test]
fn helm_4() {
    check(Profile::Helm4, "helm4");
}

#[test]
fn helm_3() {
    check(Profile::Helm3, "helm3");
}
