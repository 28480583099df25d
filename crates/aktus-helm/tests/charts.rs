//! Whole charts, from directory to output, against what Helm 4.2.4 and 3.21.4 made of them.

use std::fs;

use aktus_helm::{
    Capabilities, Chart, FrozenHost, KubeVersion, LoadOptions, OutputOptions, Profile, Release, RenderOptions,
    ValueFile, ValueOptions, ValuesError, render,
};
use jiff::Timestamp;
use serde_json::Value;

fn texts(case: &Value, key: &str) -> Vec<String> {
    let list = case.get(key).and_then(Value::as_array).into_iter().flatten();
    list.map(|text| text.as_str().expect("a list of texts").to_owned()).collect()
}

fn flag(case: &Value, key: &str) -> bool {
    case.get(key).and_then(Value::as_bool).unwrap_or(false)
}

fn text<'a>(case: &'a Value, key: &str) -> Option<&'a str> {
    case.get(key).and_then(Value::as_str)
}

/// One case prints how long the time is as text, so the clock had as many digits as when it was recorded.
fn recorded_clock(profile: Profile) -> FrozenHost {
    let nanoseconds = match profile {
        Profile::Helm3 => 123_456_780,
        Profile::Helm4 => 123_456_789,
    };
    FrozenHost::new(Timestamp::new(1_790_000_000, nanoseconds).expect("a time"), 0)
}

/// What `helm template` prints for a case, or its error as the recording has it.
fn run(case: &Value, profile: Profile) -> Result<String, String> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for (name, content) in case["files"].as_object().expect("files") {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, content.as_str().expect("a text")).expect("a file");
    }
    let values = ValueOptions {
        files: texts(case, "values")
            .into_iter()
            .map(|text| ValueFile { name: "values".to_owned(), text: text.into_bytes() })
            .collect(),
        set: texts(case, "set"),
        set_string: texts(case, "set_string"),
        set_json: texts(case, "set_json"),
        ..ValueOptions::default()
    };
    let values = values.merge(profile).map_err(|error| match error {
        // Helm says less on its command line than was recorded.
        ValuesError::Json { cause, .. } => cause.to_string(),
        other => other.to_string(),
    })?;
    let chart = Chart::from_directory(directory.path(), &LoadOptions::new(profile))
        .map_err(|error| format!("LOAD: {error}"))?;
    let mut release = Release::default();
    if let Some(name) = text(case, "release") {
        name.clone_into(&mut release.name);
    }
    if let Some(namespace) = text(case, "namespace") {
        namespace.clone_into(&mut release.namespace);
    }
    release.is_upgrade = flag(case, "is_upgrade");
    let mut options = RenderOptions::new(profile, release);
    options.capabilities = Capabilities::default_for(profile);
    if let Some(version) = text(case, "kube_version") {
        options.capabilities.kube_version = KubeVersion::parse(version, profile).expect("a version");
    }
    let rendered = render(&chart, &values, &options, &recorded_clock(profile)).map_err(|error| error.to_string())?;
    let manifests = rendered.into_manifests().map_err(|error| error.to_string())?;
    let output = OutputOptions {
        include_crds: flag(case, "include_crds"),
        no_hooks: flag(case, "no_hooks"),
        ..OutputOptions::default()
    };
    manifests.template_output(&output).map_err(|error| error.to_string())
}

/// The lines sorted, for texts whose order Helm leaves to chance.
/// The recording was made with a release of the schema library that did not quote keywords; Helm's own does.
fn loosely(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text
        .lines()
        .map(|line| {
            let line = line.trim_start();
            line.replace(": oneOf failed", ": 'oneOf' failed").replace(": anyOf failed", ": 'anyOf' failed")
        })
        .collect();
    lines.sort_unstable();
    lines
}

fn agrees(found: &Result<String, String>, expected: &Value) -> bool {
    let unstable = flag(expected, "unstable");
    let (found, expected) = match found {
        Ok(output) => (output, text(expected, "output")),
        Err(error) => (error, text(expected, "error")),
    };
    expected.is_some_and(|expected| if unstable { loosely(found) == loosely(expected) } else { found == expected })
}

fn check(profile: Profile, key: &str) {
    let recorded: Value =
        serde_json::from_str(include_str!("fixtures/helm-chart-vectors.json")).expect("the fixture is JSON");
    let cases = recorded["cases"].as_array().expect("cases");
    assert_eq!(cases.len(), 234, "all cases are there");
    let mut failed = Vec::new();
    for case in cases {
        let found = run(case, profile);
        if !agrees(&found, &case[key]) {
            failed.push(format!("{}\n  expected {}\n  found    {found:?}", case["name"], case[key]));
        }
    }
    assert!(failed.is_empty(), "{} of {} differ:\n{}", failed.len(), cases.len(), failed.join("\n"));
}

#[test]
fn helm_4_makes_the_same_of_every_chart() {
    check(Profile::Helm4, "helm_4_2_4");
}

#[test]
fn helm_3_makes_the_same_of_every_chart() {
    check(Profile::Helm3, "helm_3_21_4");
}
