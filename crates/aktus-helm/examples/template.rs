//! `helm template` as a program: `template CHART [NAME] [--namespace N] [-f FILE] [--set A=B] [--profile helm3] …`
//!
//! Prints what Helm would print, errors included: `cargo xtask conformance` compares the two.
//! `--clock SECONDS` stops the time, counted from 1970; `--links-within DIR` lets links lead into a folder.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use aktus_helm::{
    Chart, FrozenHost, Host as _, KubeVersion, LoadOptions, OutputOptions, Profile, Release, RenderOptions, SystemHost,
    ValueFile, ValueOptions, render,
};
use jiff::Timestamp;

type Error = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run() {
        Ok(output) => {
            print(&output);
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "it is a program")]
fn print(output: &str) {
    print!("{output}");
}

#[expect(clippy::print_stderr, reason = "it is a program")]
fn complain(error: &str) {
    eprintln!("Error: {error}");
}

/// The real or the given time, the same random numbers every time, and certificates where they were built in.
fn host(clock: Option<Timestamp>) -> SystemHost {
    let dice = FrozenHost::default();
    let now = move || clock.unwrap_or_else(Timestamp::now);
    let host = SystemHost::new(now, move |buffer| dice.random(buffer));
    #[cfg(feature = "certs")]
    let host = host.with_certificates(aktus_helm::certs::CertificateMaker::new(now));
    host
}

fn run() -> Result<String, Error> {
    let mut words = std::env::args().skip(1);
    let mut positional = Vec::new();
    let mut profile = Profile::default();
    let mut values = ValueOptions::default();
    let mut output = OutputOptions::default();
    let mut namespace = None;
    let mut kube_version = None;
    let mut api_versions = Vec::new();
    let mut is_upgrade = false;
    let mut skip_schema_validation = false;
    let mut clock = None;
    let mut links_within = None;
    while let Some(word) = words.next() {
        let mut argument = || words.next().ok_or(format!("{word} needs an argument"));
        match word.as_str() {
            "--profile" => {
                profile = match argument()?.as_str() {
                    "helm3" => Profile::Helm3,
                    "helm4" => Profile::Helm4,
                    other => return Err(format!("unknown profile {other}").into()),
                }
            }
            "-n" | "--namespace" => namespace = Some(argument()?),
            "-f" | "--values" => {
                let name = argument()?;
                let text = fs::read(&name)?;
                values.files.push(ValueFile { name, text });
            }
            "--set" => values.set.push(argument()?),
            "--set-string" => values.set_string.push(argument()?),
            "--set-json" => values.set_json.push(argument()?),
            "--set-file" => values.set_file.push(argument()?),
            "--set-literal" => values.set_literal.push(argument()?),
            "--kube-version" => kube_version = Some(argument()?),
            "-a" | "--api-versions" => api_versions.push(argument()?),
            "-s" | "--show-only" => output.show_only.push(argument()?),
            "--include-crds" => output.include_crds = true,
            "--no-hooks" => output.no_hooks = true,
            "--skip-tests" => output.skip_tests = true,
            "--is-upgrade" => is_upgrade = true,
            "--skip-schema-validation" => skip_schema_validation = true,
            "--links-within" => links_within = Some(argument()?),
            "--clock" => clock = Some(Timestamp::from_second(argument()?.parse()?)?),
            other if other.starts_with('-') => return Err(format!("unknown flag {other}").into()),
            _ => positional.push(word),
        }
    }
    let (name, chart) = match positional.as_slice() {
        [chart] => ("release-name", chart),
        [name, chart] => (name.as_str(), chart),
        _ => return Err("give [NAME] CHART".into()),
    };
    let mut load = LoadOptions::new(profile);
    load.links_within = links_within.map(Into::into);
    let chart = Chart::from_path(Path::new(chart), &load)?;
    let values = values.merge_with(profile, &load.limits, &mut |path| {
        fs::read(path).map_err(|error| format!("open {path}: {error}"))
    })?;
    let mut release = Release::install(name, namespace.unwrap_or_else(|| "default".to_owned()));
    release.is_upgrade = is_upgrade;
    let mut options = RenderOptions::new(profile, release);
    if let Some(version) = kube_version {
        options.capabilities.kube_version = KubeVersion::parse(&version, profile)?;
    }
    options.capabilities.api_versions.extend(api_versions);
    options.skip_schema_validation = skip_schema_validation;
    let rendered = render(&chart, &values, &options, &host(clock)).map_err(|error| error.template_text())?;
    let manifests = rendered.into_manifests().map_err(|error| error.template_text())?;
    Ok(manifests.template_output(&output)?)
}
