//! Which template, and under which parameters.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use aktus_diagnostics::{Diagnostic, Severity, Sources};
use aktus_template::{Pseudo, ResourceGraph, Template, as_yaml, evaluate, parse, platform};
use clap::Args;

use super::parameters::{CODE, Setting, StackArguments, setting};
use crate::error::CliError;

/// The template that is looked at
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Template")]
pub(crate) struct Source {
    /// A template, YAML or JSON, instead of the platform's; `-` reads stdin
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

/// The values with which a template is evaluated
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Stack")]
pub(crate) struct Stack {
    /// A parameter; repeat it for more. What publishing fills into the platform's template needs no value
    #[arg(short, long = "parameter", value_name = "NAME=VALUE", value_parser = setting)]
    pub(crate) parameters: Vec<Setting>,

    /// The region of the stack; partition and domain follow from it
    #[arg(long, default_value = "us-east-1")]
    region: String,

    #[command(flatten)]
    identity: StackArguments,
}

impl Stack {
    /// What AWS would put into the pseudo parameters.
    pub(crate) fn pseudo(&self) -> Pseudo {
        self.identity.pseudo(&self.region)
    }

    /// The values for a template, and then these others.
    pub(crate) fn values(&self, loaded: &Loaded, others: &[Setting]) -> BTreeMap<String, String> {
        let mut values = BTreeMap::new();
        if loaded.ours {
            values.extend(CODE.map(|(name, value)| (name.to_owned(), value.to_owned())));
        }
        values.extend(self.parameters.iter().chain(others).cloned());
        values
    }
}

/// A template, and where it came from.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) template: Template,
    /// What it is called in messages.
    pub(crate) name: String,
    /// Its text, as it can be parsed again for the places in it.
    pub(crate) text: String,
    /// Whether it is the platform's.
    pub(crate) ours: bool,
}

impl Loaded {
    /// The template's resources under these values.
    pub(crate) fn evaluate(
        &self,
        values: &BTreeMap<String, String>,
        pseudo: &Pseudo,
    ) -> Result<ResourceGraph, CliError> {
        evaluate(&self.template, values, pseudo).map_err(|error| {
            let place = error.place().and_then(|place| self.position(place));
            let at = place.map(|place| format!("{place}: ")).unwrap_or_default();
            let error = CliError::usage(format!("{at}{error}"));
            let file = if self.ours { String::new() } else { format!(" --file {}", self.name) };
            error.hint(format!("see the parameters with `aktus template params{file}`"))
        })
    }

    /// Where a place of the template is in its file; nowhere for ours.
    fn position(&self, place: &aktus_template::Place) -> Option<String> {
        if self.ours {
            return None;
        }
        let mut sources = Sources::new();
        let source = sources.add(self.name.as_str(), &self.text);
        let parsed = parse(self.text.as_bytes(), source).ok()?;
        sources.position(parsed.span(place)).map(|at| at.to_string())
    }

    /// The values of masked parameters, which are never shown.
    pub(crate) fn secrets(&self, values: &BTreeMap<String, String>) -> Vec<String> {
        let masked = self.template.parameters.iter().filter(|(_, parameter)| parameter.no_echo);
        let values = masked.filter_map(|(name, parameter)| values.get(name.as_str()).or(parameter.default.as_ref()));
        values.filter(|value| !value.is_empty()).cloned().collect()
    }
}

impl Source {
    /// Reads the template, or makes ours.
    pub(crate) fn load(&self) -> Result<Loaded, CliError> {
        if let Some(path) = &self.file {
            return load(path);
        }
        let template = platform();
        let text = template.to_yaml();
        Ok(Loaded { template, name: "platform.yaml".to_owned(), text, ours: true })
    }
}

/// Reads a template from a file, or from stdin.
pub(crate) fn load(path: &Path) -> Result<Loaded, CliError> {
    let (name, read) = if path == Path::new("-") {
        let mut bytes = Vec::new();
        ("stdin".to_owned(), std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes))
    } else {
        (path.display().to_string(), fs::read(path))
    };
    let bytes = read.map_err(|error| {
        CliError::usage(format!("could not read {name}: {error}")).hint("name a template that can be read with --file")
    })?;
    let text = String::from_utf8(bytes)
        .map_err(|error| CliError::usage(format!("{name} is not UTF-8: {error}")).hint("save the template as UTF-8"))?;
    let text = as_yaml(&text).into_owned();
    let mut sources = Sources::new();
    let source = sources.add(name.as_str(), &text);
    match parse(text.as_bytes(), source).map(|parsed| parsed.template) {
        Ok(template) => Ok(Loaded { template, name, text, ours: false }),
        Err(problems) => {
            let lines: Vec<String> = problems.iter().map(|problem| told(problem, &sources)).collect();
            let count = problems.len();
            let what = if count == 1 { "a problem".to_owned() } else { format!("{count} problems") };
            Err(CliError::usage(format!("{what} in {name}\n{}", lines.join("\n"))))
        }
    }
}

/// A diagnostic in lines: where, what, and below it what to do.
pub(crate) fn told(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let at = sources.position(diagnostic.span).map(|at| format!("{at}: ")).unwrap_or_default();
    let word = match diagnostic.severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let mut text = format!("{at}{word}: {}", diagnostic.message);
    for hint in &diagnostic.hints {
        text.extend(["\n  ", hint]);
    }
    text
}

/// Text without the values of masked parameters. A short value is masked only where it stands alone, since it may be
/// part of anything.
fn masked(text: &str, secrets: &[String]) -> String {
    secrets.iter().fold(text.to_owned(), |text, secret| match secret.len() {
        _ if text == *secret => "****".to_owned(),
        0..6 => text,
        _ => text.replace(secret, "****"),
    })
}

/// JSON without the values of masked parameters.
pub(crate) fn mask(value: serde_json::Value, secrets: &[String]) -> serde_json::Value {
    match value {
        serde_json::Value::String(text) => masked(&text, secrets).into(),
        serde_json::Value::Array(items) => items.into_iter().map(|item| mask(item, secrets)).collect(),
        serde_json::Value::Object(entries) => {
            entries.into_iter().map(|(key, value)| (key, mask(value, secrets))).collect()
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_wherever_they_are() {
        let value = serde_json::json!({"a": ["x hidden y", {"b": "hidden"}], "c": 1});
        let expected = serde_json::json!({"a": ["x **** y", {"b": "****"}], "c": 1});
        assert_eq!(mask(value, &["hidden".to_owned()]), expected);
        assert_eq!(masked("y", &["y".to_owned()]), "****");
        assert_eq!(masked("yes", &["y".to_owned()]), "yes");
    }
}
