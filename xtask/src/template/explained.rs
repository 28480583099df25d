//! Findings of other programs, and the reasons for which some of them stay.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

/// Something that a program says of the template, in the shape of cfn-lint.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Finding {
    rule: Rule,
    message: String,
    location: Location,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Rule {
    id: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Location {
    /// Keys and indexes from the top of the template; none for the whole of it.
    path: Option<Vec<serde_json::Value>>,
}

impl Finding {
    /// What a rule says about the place with those keys.
    pub(super) fn new<'a>(rule: &str, message: &str, path: impl IntoIterator<Item = &'a str>) -> Self {
        let path = path.into_iter().map(serde_json::Value::from).collect();
        Self {
            rule: Rule { id: rule.to_owned() },
            message: message.to_owned(),
            location: Location { path: Some(path) },
        }
    }

    fn place(&self) -> String {
        let path = self.location.path.iter().flatten();
        path.map(|step| step.as_str().map_or_else(|| step.to_string(), str::to_owned)).collect::<Vec<_>>().join(".")
    }
}

/// The findings that stay, with the reasons.
#[derive(Debug, Deserialize)]
pub(super) struct Explained {
    #[serde(default)]
    finding: Vec<Explanation>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Explanation {
    rule: String,
    /// Where, as a path with dots; everywhere, if absent.
    at: Option<String>,
    reason: String,
}

impl Explanation {
    fn fits(&self, finding: &Finding) -> bool {
        self.rule == finding.rule.id && self.at.as_ref().is_none_or(|place| *place == finding.place())
    }
}

impl Explained {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))?;
        let explained: Self = toml::from_str(&text).with_context(|| format!("{} is malformed", path.display()))?;
        if let Some(empty) = explained.finding.iter().find(|explanation| explanation.reason.trim().is_empty()) {
            bail!("{}: {} has no reason", path.display(), empty.rule);
        }
        Ok(explained)
    }

    /// Errs when a program found something that is not explained, or no longer finds what is.
    pub(super) fn settle(&self, program: &str, findings: &[Finding]) -> Result<()> {
        let problems = self.judge(findings);
        if !problems.is_empty() {
            bail!("{program}: {}", problems.join(&format!("\n{program}: ")));
        }
        Ok(())
    }

    /// What is not explained, and explanations of nothing.
    pub(super) fn judge(&self, findings: &[Finding]) -> Vec<String> {
        let known = |finding: &&Finding| self.finding.iter().any(|explanation| explanation.fits(finding));
        let mut said = BTreeMap::new();
        for finding in findings.iter().filter(|finding| !known(finding)) {
            said.entry((finding.rule.id.clone(), finding.place())).or_insert_with(|| finding.message.clone());
        }
        let idle = self.finding.iter().filter(|explanation| !findings.iter().any(|found| explanation.fits(found)));
        let idle: BTreeSet<_> = idle.map(|explanation| explanation.rule.as_str()).collect();
        let new = said.into_iter().map(|((rule, place), message)| format!("{rule} at {place}: {message}"));
        new.chain(idle.into_iter().map(|rule| format!("{rule} is explained, but no longer found"))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::root;

    fn findings(json: &str) -> Vec<Finding> {
        serde_json::from_str(json).unwrap()
    }

    const SAID: &str = r#"[
        {"Rule": {"Id": "W1030"}, "Message": "not a name", "Location": {"Path": ["Resources", "A", 0]}},
        {"Rule": {"Id": "E0000"}, "Message": "not YAML", "Location": {"Path": null}}
    ]"#;

    #[track_caller]
    fn check(explained: &str, expected: &[&str]) {
        let explained: Explained = toml::from_str(explained).unwrap();
        assert_eq!(explained.judge(&findings(SAID)), expected);
    }

    #[test]
    fn findings_are_told_unless_they_are_explained() {
        check("", &["E0000 at : not YAML", "W1030 at Resources.A.0: not a name"]);
        let everywhere = "[[finding]]\nrule = 'W1030'\nreason = 'r'\n";
        check(everywhere, &["E0000 at : not YAML"]);
        check(
            "[[finding]]\nrule = 'W1030'\nat = 'Resources.A.0'\nreason = 'r'\n[[finding]]\nrule = 'E0000'\nreason = 'r'",
            &[],
        );
        check(
            "[[finding]]\nrule = 'W1030'\nat = 'Resources.B'\nreason = 'r'",
            &["E0000 at : not YAML", "W1030 at Resources.A.0: not a name", "W1030 is explained, but no longer found"],
        );
    }

    #[test]
    fn every_explanation_has_a_reason() {
        for name in ["cfn-lint.toml", "guard.toml", "parliament.toml"] {
            Explained::read(&root().join("crates/aktus-template").join(name)).unwrap();
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "[[finding]]\nrule = 'W1'\nreason = ' '\n").unwrap();
        assert!(Explained::read(file.path()).unwrap_err().to_string().ends_with("W1 has no reason"));
    }
}
