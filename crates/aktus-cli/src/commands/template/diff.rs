//! `aktus template diff`

use std::fmt::Write as _;
use std::path::PathBuf;

use aktus_template::{Difference, LogicalId, PropertyChange, Value, diff};
use clap::Args;
use serde_json::json;

use super::input::{Source, Stack, load, mask};
use super::parameters::{Setting, setting};
use crate::error::{CliError, Kind};
use crate::ui::Ui;

/// Say what changes between two templates, or under other parameters
///
/// `--from` and `--to` give parameters to one side only; `--parameter` gives them to both. Ends with exit code 3 if
/// something changes.
#[derive(Args, Debug)]
pub(crate) struct Diff {
    /// The template as it was [default: the same as the new one]
    #[arg(long, value_name = "FILE")]
    old_file: Option<PathBuf>,

    #[command(flatten)]
    source: Source,

    /// A parameter as it was; repeat it for more
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    from: Vec<Setting>,

    /// A parameter as it is to be; repeat it for more
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    to: Vec<Setting>,

    #[command(flatten)]
    stack: Stack,
}

impl Diff {
    pub(crate) fn run(self, ui: Ui) -> Result<(), CliError> {
        let new = self.source.load()?;
        let old = match &self.old_file {
            Some(path) => load(path)?,
            None => self.source.load()?,
        };
        let pseudo = self.stack.pseudo();
        let (before, after) = (self.stack.values(&old, &self.from), self.stack.values(&new, &self.to));
        let difference = diff(&old.evaluate(&before, &pseudo)?, &new.evaluate(&after, &pseudo)?);
        let mut secrets = old.secrets(&before);
        secrets.extend(new.secrets(&after));
        let text = if ui.json() {
            format!("{:#}\n", mask(as_json(&difference), &secrets))
        } else {
            as_text(&difference, &secrets)
        };
        Ui::data(text.as_bytes())?;
        if difference.is_empty() { Ok(()) } else { Err(CliError::told(Kind::Found)) }
    }
}

fn as_text(difference: &Difference, secrets: &[String]) -> String {
    if difference.is_empty() {
        return "nothing changes\n".to_owned();
    }
    let mut text = String::new();
    for change in &difference.resources {
        let _infallible = writeln!(text, "{change}");
        for property in &change.properties {
            values(property, secrets, &mut text);
        }
    }
    for output in &difference.outputs {
        let what = match (&output.old, &output.new) {
            (None, _) => "is new",
            (_, None) => "is gone",
            _ => "changes",
        };
        let _infallible = writeln!(text, "output `{}` {what}", output.path);
        values(output, secrets, &mut text);
    }
    text
}

/// What a property was and is.
fn values(property: &PropertyChange, secrets: &[String], text: &mut String) {
    let shown = |value: &Option<Value>| match value.as_ref().map(|value| mask(value.to_json(false), secrets)) {
        None => "nothing".to_owned(),
        Some(serde_json::Value::String(text)) => text,
        Some(other) => other.to_string(),
    };
    // The same text names what is replaced.
    if property.old != property.new {
        let _infallible = writeln!(text, "    {}: {} → {}", property.path, shown(&property.old), shown(&property.new));
    }
}

fn as_json(difference: &Difference) -> serde_json::Value {
    let value = |value: &Option<Value>| value.as_ref().map(|value| value.to_json(false));
    let property = |property: &PropertyChange| {
        json!({
            "path": property.path, "old": value(&property.old), "new": value(&property.new),
            "replaces": property.replaces,
        })
    };
    let resources = difference.resources.iter().map(|change| {
        json!({
            "id": change.id.as_str(), "type": change.kind, "effect": change.effect.name(), "sentence": change.to_string(),
            "retained": change.retained,
            "follows": change.because_of.iter().map(LogicalId::as_str).collect::<Vec<_>>(),
            "properties": change.properties.iter().map(property).collect::<Vec<_>>(),
        })
    });
    json!({
        "resources": resources.collect::<Vec<_>>(),
        "outputs": difference.outputs.iter().map(property).collect::<Vec<_>>(),
    })
}
