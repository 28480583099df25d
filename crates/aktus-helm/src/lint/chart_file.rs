//! The rules about Chart.yaml.

use aktus_gotmpl::Profile;
use aktus_gotmpl::go::semver::{Constraints, Version};
use aktus_gotmpl::go::strconv::quote;
use aktus_yaml::Json;

use super::target::Kind;
use super::{Linter, Severity, addresses, strict};
use crate::chart::Draft;
use crate::path;

const FILE: &str = "Chart.yaml";

pub(super) fn check(linter: &mut Linter<'_>) {
    let profile = linter.options.profile;
    let is_file = match linter.target.kind(FILE) {
        Kind::Directory => Err("should be a file, not a directory".to_owned()),
        Kind::File | Kind::Missing => Ok(()),
    };
    linter.rule(Severity::Error, FILE, is_file);
    let limits = linter.options.limits.yaml.clone();
    let text = linter.target.read(FILE);
    let mut draft = Draft::default();
    let read = text.as_ref().map_err(Clone::clone).and_then(|text| {
        let value = aktus_yaml::read(text, &mut aktus_yaml::JsonBuilder, &limits).map_err(|error| error.to_string())?;
        draft.decode(&value, profile)?;
        Ok(value)
    });
    let (Ok(text), Ok(value)) = (&text, &read) else {
        let error = read.err().unwrap_or_default();
        linter.rule(Severity::Error, FILE, Err(format!("unable to parse YAML\n\t{error}")));
        return;
    };
    if profile == Profile::Helm4 {
        let found = strict::check(text, &limits)
            .map_err(|error| format!("failed to strictly parse chart metadata file\n\t{error}"));
        linter.rule(Severity::Warning, FILE, found);
    }
    let rules = [
        (Severity::Error, name(&draft)),
        (Severity::Error, api_version(&draft)),
        (Severity::Error, is_text(value, "version")),
        (Severity::Error, version(&draft)),
        (Severity::Error, is_text(value, "appVersion")),
        (Severity::Error, maintainers(&draft)),
        (Severity::Error, sources(&draft)),
        (Severity::Info, say(!draft.icon.is_empty(), || "icon is recommended".to_owned())),
        (Severity::Error, icon(&draft)),
        (Severity::Error, chart_type(&draft)),
        (Severity::Error, dependencies(&draft)),
    ];
    for (severity, found) in rules {
        linter.rule(severity, FILE, found);
    }
    if profile == Profile::Helm4 {
        let strict = Version::parse_strict(draft.version.as_bytes()).is_ok();
        let found = say(strict, || format!("version '{}' is not a valid SemVerV2", draft.version));
        linter.rule(Severity::Warning, FILE, found);
    }
}

fn say(fine: bool, problem: impl FnOnce() -> String) -> Result<(), String> {
    if fine { Ok(()) } else { Err(problem()) }
}

fn name(draft: &Draft) -> Result<(), String> {
    let name = &draft.name;
    say(!name.is_empty(), || "name is required".to_owned())?;
    say(path::base(name) == name, || format!("chart name {} is invalid", quote(name.as_bytes())))
}

fn api_version(draft: &Draft) -> Result<(), String> {
    match draft.api_version.as_str() {
        "" => Err("apiVersion is required. The value must be either \"v1\" or \"v2\"".to_owned()),
        "v1" | "v2" => Ok(()),
        other => Err(format!("apiVersion '{other}' is not valid. The value must be either \"v1\" or \"v2\"")),
    }
}

/// Whether a field is text in the file, not only after reading.
fn is_text(value: &Json, field: &str) -> Result<(), String> {
    let Json::Map(entries) = value else { return Ok(()) };
    let go_type = match entries.get(field) {
        None | Some(Json::String(_)) => return Ok(()),
        Some(Json::Null) => "<nil>",
        Some(Json::Bool(_)) => "bool",
        Some(Json::Int(_) | Json::Uint(_) | Json::Float(_)) => "float64",
        Some(Json::List(_)) => "[]interface {}",
        Some(Json::Map(_)) => "map[string]interface {}",
    };
    Err(format!("{field} should be of type string but it's of type {go_type}"))
}

fn version(draft: &Draft) -> Result<(), String> {
    let text = &draft.version;
    say(!text.is_empty(), || "version is required".to_owned())?;
    let version = Version::parse(text.as_bytes()).map_err(|_| format!("version '{text}' is not a valid SemVer"))?;
    let Ok(constraints) = Constraints::parse(b">0.0.0-0") else { return Ok(()) };
    match constraints.validate(&version).first() {
        Some(refusal) if !constraints.check(&version) => Err(format!("version {refusal}")),
        _ => Ok(()),
    }
}

fn maintainers(draft: &Draft) -> Result<(), String> {
    for maintainer in draft.maintainers.iter().flatten() {
        let Some(maintainer) = maintainer else { return Err("a maintainer entry is empty".to_owned()) };
        let name = &maintainer.name;
        let (email, url) = (&maintainer.email, &maintainer.url);
        if name.is_empty() {
            return Err("each maintainer requires a name".to_owned());
        } else if !email.is_empty() && !addresses::is_email(email) {
            return Err(format!("invalid email '{email}' for maintainer '{name}'"));
        } else if !url.is_empty() && !addresses::is_url(url) {
            return Err(format!("invalid url '{url}' for maintainer '{name}'"));
        }
    }
    Ok(())
}

fn sources(draft: &Draft) -> Result<(), String> {
    let bad = draft.sources.iter().flatten().find(|source| !addresses::is_request_url(source));
    bad.map_or(Ok(()), |source| Err(format!("invalid source URL '{source}'")))
}

fn icon(draft: &Draft) -> Result<(), String> {
    let icon = &draft.icon;
    say(icon.is_empty() || addresses::is_request_url(icon), || format!("invalid icon URL '{icon}'"))
}

fn chart_type(draft: &Draft) -> Result<(), String> {
    let version = &draft.api_version;
    say(draft.chart_type.is_empty() || version == "v2", || {
        format!("chart type is not valid in apiVersion '{version}'. It is valid in apiVersion 'v2'")
    })
}

fn dependencies(draft: &Draft) -> Result<(), String> {
    let version = &draft.api_version;
    let any = draft.dependencies.as_ref().is_some_and(|listed| !listed.is_empty());
    say(!any || version == "v2", || {
        format!(
            "dependencies are not valid in the Chart file with apiVersion '{version}'. They are valid in apiVersion 'v2'"
        )
    })
}
