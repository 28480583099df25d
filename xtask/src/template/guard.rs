//! What cfn-guard says of everything that the template creates.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::Value;

use super::evaluated::{as_template, stacks};
use super::explained::{Explained, Finding};
use crate::command::{output, root};

/// What cfn-guard says of one file.
#[derive(Deserialize)]
struct Report {
    not_compliant: Vec<Value>,
    not_applicable: Vec<String>,
}

/// Errs when a rule is broken and that is not explained, when an explanation explains nothing, and when a rule has
/// nothing to judge in any stack.
pub(super) fn judge(program: &Path) -> Result<()> {
    let folder = root().join("crates/aktus-template");
    let explained = Explained::read(&folder.join("guard.toml"))?;
    let work = tempfile::tempdir()?;
    let mut findings = Vec::new();
    let mut idle: Option<BTreeSet<String>> = None;
    let stacks = stacks()?;
    for stack in &stacks {
        let file = work.path().join("stack.json");
        fs::write(&file, as_template(stack).to_string())?;
        let mut command = Command::new(program);
        command.args(["validate", "--structured", "--output-format", "json", "--show-summary", "none", "--rules"]);
        let said = output(command.arg(folder.join("platform.guard")).arg("--data").arg(&file))?;
        let reports: Vec<Report> = serde_json::from_slice(&said.stdout).with_context(|| {
            let error = String::from_utf8_lossy(&said.stderr);
            format!("{} ended with {}: {}", program.display(), said.status, error.trim())
        })?;
        for report in reports {
            findings.extend(report.not_compliant.iter().flat_map(broken));
            let not_applicable: BTreeSet<_> = report.not_applicable.into_iter().collect();
            idle = Some(match idle {
                Some(idle) => &idle & &not_applicable,
                None => not_applicable,
            });
        }
    }
    match idle {
        None => bail!("{} judged nothing", program.display()),
        Some(idle) if !idle.is_empty() => bail!("cfn-guard: nothing that is created is judged by {idle:?}"),
        Some(_) => {}
    }
    explained.settle("cfn-guard", &findings)?;
    eprintln!("cfn-guard found nothing unexplained in {} stacks", stacks.len());
    Ok(())
}

/// A broken rule, once for each place where it is.
fn broken(rule: &Value) -> Vec<Finding> {
    let name = rule["Rule"]["name"].as_str().unwrap_or_default();
    let mut places = BTreeSet::new();
    collect(rule, "", &mut places);
    if places.is_empty() {
        return vec![Finding::new(name, "is broken", [])];
    }
    let findings = places.into_iter().map(|(path, message)| Finding::new(name, message, path.split('/').skip(1)));
    findings.collect()
}

/// The paths into the stack in what cfn-guard says, with the messages that they are in.
fn collect<'v>(said: &'v Value, message: &'v str, places: &mut BTreeSet<(&'v str, &'v str)>) {
    match said {
        Value::Array(items) => items.iter().for_each(|item| collect(item, message, places)),
        Value::Object(entries) => {
            let message = said["messages"]["error_message"].as_str().unwrap_or(message);
            if let Some(path) = said["path"].as_str().filter(|path| path.starts_with("/Resources/")) {
                places.insert((path, message));
            }
            entries.values().for_each(|entry| collect(entry, message, places));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(checks: &Value, expected: &[(&str, &str)]) {
        let found = broken(&json!({"Rule": {"name": "rule", "checks": checks}}));
        let explained: Explained = toml::from_str("").unwrap();
        let expected: Vec<_> = expected.iter().map(|(place, message)| format!("rule at {place}: {message}")).collect();
        assert_eq!(explained.judge(&found), expected);
    }

    #[test]
    fn a_broken_rule_is_told_for_each_place() {
        check(&json!([]), &[("", "is broken")]);
        let clause = |path: &str, message: &str| {
            let check = json!({"Resolved": {"from": {"path": path, "value": "*"}, "to": {"path": "", "value": "*"}}});
            json!({"Clause": {"Binary": {"messages": {"error_message": message}, "check": check}}})
        };
        check(
            &json!([clause("/Resources/A/Properties/X/0", "star"), clause("/Resources/B", "none")]),
            &[("Resources.A.Properties.X.0", "star"), ("Resources.B", "none")],
        );
    }
}
