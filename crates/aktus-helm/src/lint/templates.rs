//! The rules about templates and what they make.

use aktus_gotmpl::go::strconv::quote;
use aktus_gotmpl::{Host, Profile};
use aktus_yaml::Json;

use super::documents::{Document, documents};
use super::target::Kind;
use super::{Linter, Severity, deprecations, names};
use crate::chart::{Chart, File};
use crate::path;
use crate::render::{Capabilities, Release, RenderError, RenderOptions, render};
use crate::values::Values;

const FOLDER: &str = "templates/";

pub(super) fn check(linter: &mut Linter<'_>, values: &Values, host: &dyn Host) {
    let profile = linter.options.profile;
    match (linter.target.kind("templates"), profile) {
        (Kind::Missing, Profile::Helm4) => {
            linter.rule(Severity::Warning, FOLDER, Err("directory does not exist".to_owned()));
            return;
        }
        (Kind::File, Profile::Helm4) => {
            linter.rule(Severity::Error, FOLDER, Err("not a directory".to_owned()));
            return;
        }
        (Kind::File, Profile::Helm3) => {
            linter.rule(Severity::Warning, FOLDER, Err("not a directory".to_owned()));
            return;
        }
        (Kind::Missing, Profile::Helm3) | (Kind::Directory, _) => {}
    }
    let chart = match linter.target.load(linter.options) {
        Ok(chart) => chart,
        Err(error) => {
            linter.rule(Severity::Error, FOLDER, Err(error.to_string()));
            return;
        }
    };
    let files = match rendered(linter, &chart, values, host) {
        Ok(files) => files,
        Err(None) => return,
        Err(Some(error)) => {
            linter.rule(Severity::Error, FOLDER, Err(error));
            return;
        }
    };
    for template in chart.templates() {
        if !one(linter, template, &files(template)) {
            return;
        }
    }
}

/// Finds what a template made.
type Find = Box<dyn Fn(&File) -> Vec<u8>>;

/// What the templates make; no error where Helm gives up without a word.
fn rendered(linter: &Linter<'_>, chart: &Chart, values: &Values, host: &dyn Host) -> Result<Find, Option<String>> {
    let settings = linter.options;
    let release = Release {
        name: "test-release".to_owned(),
        namespace: settings.namespace.clone(),
        revision: 0,
        is_upgrade: false,
    };
    let mut options = RenderOptions::new(settings.profile, release);
    options.lint = true;
    options.limits = settings.limits.clone();
    options.skip_schema_validation = settings.skip_schema_validation;
    options.external_schemas = settings.external_schemas.clone();
    if let Some(version) = &settings.kube_version {
        options.capabilities.kube_version = version.clone();
    }
    let rendered = render(chart, values, &options, host).map_err(|error| match error {
        RenderError::TypeMismatch { .. } => None,
        error => Some(error.to_string()),
    })?;
    let name = chart.name().to_owned();
    Ok(Box::new(move |file| {
        rendered.files.get(&path::clean(&format!("{name}/{}", file.name()))).cloned().unwrap_or_default()
    }))
}

/// The rules of one template; false when the others are not to be looked at any more.
fn one(linter: &mut Linter<'_>, template: &File, text: &[u8]) -> bool {
    let profile = linter.options.profile;
    let name = template.name();
    let extension = path::extension(name);
    let allowed = if [".yaml", ".yml", ".tpl", ".txt"].contains(&extension) {
        Ok(())
    } else {
        Err(format!("file extension '{extension}' not valid. Valid extensions are .yaml, .yml, .tpl, or .txt"))
    };
    linter.rule(Severity::Error, name, allowed);
    if profile == Profile::Helm3 {
        let source = String::from_utf8_lossy(template.data());
        linter.rule(Severity::Warning, name, no_definition_hook(&source));
        linter.rule(Severity::Error, name, no_release_time(&source));
    }
    let is_yaml = match profile {
        Profile::Helm3 => extension == ".yaml",
        Profile::Helm4 => matches!(extension.to_lowercase().as_str(), ".yaml" | ".yml"),
    };
    let text = String::from_utf8_lossy(text).into_owned();
    if !is_yaml || text.trim().is_empty() {
        return true;
    }
    linter.rule(Severity::Warning, name, indentation(&text));
    for document in documents(text.as_bytes(), profile, &linter.options.limits.yaml) {
        let document = match document {
            Ok(Some(document)) => document,
            Ok(None) => continue,
            Err(error) => {
                linter.rule(Severity::Error, name, Err(error));
                return false;
            }
        };
        linter.rule(Severity::Warning, name, names::check(&document.kind, &document.name));
        let deprecated = deprecated(linter, &document);
        linter.rule(Severity::Warning, name, deprecated);
        linter.rule(Severity::Error, name, selector(&document, &text));
        linter.rule(Severity::Error, name, list_annotations(&document, &text, profile));
    }
    true
}

fn deprecated(linter: &Linter<'_>, document: &Document) -> Result<(), String> {
    if document.api_version.is_empty() || document.kind.is_empty() {
        return Ok(());
    }
    let default = Capabilities::default_for(linter.options.profile).kube_version;
    let version = linter.options.kube_version.as_ref().unwrap_or(&default);
    deprecations::check(&document.api_version, &document.kind, version)
}

/// `"?helm\.sh/hook"?:\s+crd-install`
fn no_definition_hook(source: &str) -> Result<(), String> {
    let found = source.match_indices("helm.sh/hook").any(|(at, found)| {
        let rest = &source[at + found.len()..];
        let rest = rest.strip_prefix('"').unwrap_or(rest);
        let Some(rest) = rest.strip_prefix(':') else { return false };
        let value = rest.trim_start_matches([' ', '\t', '\n', '\r', '\x0c']);
        value.len() < rest.len() && value.starts_with("crd-install")
    });
    if !found {
        return Ok(());
    }
    Err("manifest is a crd-install hook. This hook is no longer supported in v3 and all CRDs should also exist the crds/ directory at the top level of the chart".to_owned())
}

fn no_release_time(source: &str) -> Result<(), String> {
    if !source.contains(".Release.Time") {
        return Ok(());
    }
    Err(".Release.Time has been removed in v3, please replace with the `now` function in your templates".to_owned())
}

/// The first line with something on it must not be indented.
fn indentation(text: &str) -> Result<(), String> {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    if !first.starts_with([' ', '\t']) {
        return Ok(());
    }
    let line = quote(first.as_bytes());
    Err(format!("document starts with an illegal indent: {line}, which may cause parsing problems"))
}

fn selector(document: &Document, text: &str) -> Result<(), String> {
    let needed = matches!(document.kind.as_str(), "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet");
    if !needed || text.contains("matchLabels") || text.contains("matchExpressions") {
        return Ok(());
    }
    let name = quote(document.name.as_bytes());
    Err(format!("a {} must contain matchLabels or matchExpressions, and {name} does not", document.kind))
}

fn list_annotations(document: &Document, text: &str, profile: Profile) -> Result<(), String> {
    if document.kind != "List" {
        return Ok(());
    }
    let value = aktus_yaml::read_json(text.as_bytes()).map_err(|error| format!("unable to parse YAML: {error}"))?;
    let field = |value: &Json, name: &str| match value {
        Json::Map(entries) => {
            entries.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
        }
        _ => None,
    };
    let Some(Json::List(items)) = field(&value, "items") else { return Ok(()) };
    let marked = items.iter().any(|item| {
        let annotations = field(item, "metadata").and_then(|metadata| field(&metadata, "annotations"));
        matches!(annotations, Some(Json::Map(annotations)) if annotations.contains_key("helm.sh/resource-policy"))
    });
    if !marked {
        return Ok(());
    }
    let word = if profile == Profile::Helm3 { "Annotation" } else { "annotation" };
    Err(format!("{word} 'helm.sh/resource-policy' within List objects are ignored"))
}
