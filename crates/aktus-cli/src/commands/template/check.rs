//! `aktus template check`

use std::fmt::Write as _;

use aktus_diagnostics::{Severity, Sources};
use aktus_template::{Day, Finding, RULES, check, check_with, parse};
use clap::Args;
use serde_json::json;

use super::input::{Source, Stack, told};
use crate::error::{CliError, Kind};
use crate::ui::Ui;

/// Find what is wrong with a template before AWS does
///
/// Without parameters the template is tried under several sets of them: each that decides something is changed in
/// turn. With parameters only those are looked at. Ends with exit code 3 if an error is found, with
/// `--strict` also for a warning.
#[derive(Args, Debug)]
pub(crate) struct Check {
    #[command(flatten)]
    source: Source,

    #[command(flatten)]
    stack: Stack,

    /// The day on which versions are judged [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    today: Option<Day>,

    /// Leave out what this rule finds; repeat it for more
    #[arg(long, value_name = "RULE", value_parser = rule)]
    allow: Vec<String>,

    /// Warnings fail, too
    #[arg(long)]
    strict: bool,

    /// List the rules, and check nothing
    #[arg(long)]
    rules: bool,
}

/// The name of a rule that exists.
fn rule(name: &str) -> Result<String, String> {
    let names = || RULES.iter().map(|rule| rule.name);
    if names().any(|known| known == name) {
        return Ok(name.to_owned());
    }
    let meant = aktus_diagnostics::nearest(name, names());
    Err(meant.map_or("see the rules with --rules".to_owned(), |meant| format!("did you mean {meant}?")))
}

impl Check {
    pub(crate) fn run(self, ui: Ui) -> Result<(), CliError> {
        if self.rules {
            return list(ui);
        }
        let loaded = self.source.load()?;
        let today = match self.today {
            Some(day) => day,
            None => today()?,
        };
        let bytes = Some(loaded.text.len());
        let mut findings = if self.stack.parameters.is_empty() {
            check(&loaded.template, today, bytes)
        } else {
            let values = self.stack.values(&loaded, &[]);
            check_with(&loaded.template, &values, &self.stack.pseudo(), today, bytes).map_err(|error| {
                CliError::usage(error.to_string()).hint("see the parameters with `aktus template params`")
            })?
        };
        findings.retain(|finding| !self.allow.iter().any(|allowed| allowed == finding.rule));
        let mut sources = Sources::new();
        let source = sources.add(loaded.name.as_str(), &loaded.text);
        let parsed = parse(loaded.text.as_bytes(), source)
            .map_err(|_| CliError::new(Kind::Internal, "a template that was read cannot be read again"))?;
        let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        let text = if ui.json() {
            let all: Vec<_> = findings.iter().map(|finding| as_json(finding, &parsed, &sources)).collect();
            format!("{:#}\n", json!({"template": loaded.name, "today": today.to_string(), "findings": all}))
        } else {
            let mut text = String::new();
            for finding in &findings {
                let _infallible = writeln!(text, "{}", told(&finding.diagnostic(&parsed), &sources));
            }
            let _infallible = writeln!(text, "{}: {errors} errors, {warnings} warnings", loaded.name);
            text
        };
        Ui::data(text.as_bytes())?;
        if errors > 0 || self.strict && warnings > 0 { Err(CliError::told(Kind::Found)) } else { Ok(()) }
    }
}

fn as_json(finding: &Finding, parsed: &aktus_template::Parsed<'_>, sources: &Sources) -> serde_json::Value {
    let severity = match finding.severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let at = sources.position(parsed.span(&finding.place));
    json!({
        "rule": finding.rule, "severity": severity, "place": finding.place.to_string(),
        "line": at.as_ref().map(|at| at.line), "column": at.as_ref().map(|at| at.column),
        "message": finding.message, "fix": finding.fix, "under": finding.under,
    })
}

fn list(ui: Ui) -> Result<(), CliError> {
    let mut text = String::new();
    if ui.json() {
        let all: Vec<_> = RULES.iter().map(|rule| json!({"name": rule.name, "about": rule.about})).collect();
        text = format!("{:#}\n", json!({ "rules": all }));
    } else {
        for rule in RULES {
            let _infallible = writeln!(text, "{:26}{}", rule.name, rule.about);
        }
    }
    Ok(Ui::data(text.as_bytes())?)
}

fn today() -> Result<Day, CliError> {
    let today = jiff::Zoned::now().date().to_string();
    today.parse().map_err(|error: String| CliError::usage(error).hint("give the day with --today"))
}
