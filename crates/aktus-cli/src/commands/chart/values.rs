//! `aktus chart values`

use std::fmt::Write as _;

use aktus_helm::values::{ExplainError, Explained, explain};
use aktus_helm::{RenderError, merged_values};
use clap::Args;
use serde_json::Value;

use super::arguments::{ReleaseArguments, SourceArguments};
use crate::cli::ValuesArguments;
use crate::error::{CliError, Kind, chain};
use crate::request::user_values;
use crate::ui::Ui;

/// Print the values that the templates of a chart see
///
/// They are the user's values over the defaults of the chart and its sub-charts, merged as Helm merges them: with
/// globals, nulls that delete, imports, and only those sub-charts that are switched on.
#[derive(Args, Debug)]
pub(crate) struct Values {
    /// The chart: a directory, a `.tgz`, or `oci://host/repository`
    chart: String,

    /// For each value say which file and line, or which flag, set it, and whose it overrides; and what was deleted
    #[arg(long)]
    explain: bool,

    #[command(flatten)]
    source: SourceArguments,

    #[command(flatten)]
    user: ValuesArguments,

    #[command(flatten)]
    release: ReleaseArguments,
}

impl Values {
    pub(crate) async fn run(self, ui: Ui) -> Result<(), CliError> {
        let profile = self.source.profile();
        let chart = self.source.load(&self.chart).await?;
        self.release.warn_of_numbers(Some(&chart), &self.user);
        let options = self.release.options("release-name".to_owned(), &self.source)?;
        let user = user_values(&self.user, profile)?;
        let refused = |error: RenderError| user.explain(CliError::helm(error.to_string()), &error, &chart, &options);
        if self.explain {
            let mut read = |path: &str| std::fs::read(path).map_err(|error| format!("open {path}: {error}"));
            let explained = explain(&chart, &user.given, &options, &mut read).map_err(|error| match error {
                ExplainError::Values(error) => CliError::usage(chain(&error)),
                ExplainError::Merge(error) => refused(error),
                other => CliError::helm(other.to_string()),
            })?;
            return Ok(Ui::data(told(&explained, ui).as_bytes())?);
        }
        let merged = merged_values(&chart, &user.merged, &options).map_err(refused)?;
        if ui.json() {
            return Ok(Ui::data(format!("{:#}\n", merged.to_json()).as_bytes())?);
        }
        let text = merged.to_yaml().map_err(|error| CliError::new(Kind::Chart, error.to_string()))?;
        Ok(Ui::data(text.as_bytes())?)
    }
}

/// A line for each value: path, value, and who set it.
fn told(explained: &[Explained], ui: Ui) -> String {
    let origins = |explained: &Explained| explained.overridden.iter().map(ToString::to_string).collect::<Vec<_>>();
    if ui.json() {
        let items = explained.iter().map(|one| {
            serde_json::json!({
                "path": one.path(),
                "keys": one.keys,
                "value": one.value,
                "deleted": one.value.is_none(),
                "origin": one.origin.to_string(),
                "overrides": origins(one),
            })
        });
        return format!("{:#}\n", items.collect::<Value>());
    }
    let mut text = String::new();
    for one in explained {
        let shown = match &one.value {
            Some(value) => format!("{}: {value}  # {}", one.path(), one.origin),
            None => format!("{}  # deleted by {}", one.path(), one.origin),
        };
        text.push_str(&shown);
        if !one.overridden.is_empty() {
            // Writing to a string does not fail.
            let _done = write!(text, ", before {}", origins(one).join(", "));
        }
        text.push('\n');
    }
    text
}
