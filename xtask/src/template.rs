//! `cargo xtask template`: what cfn-lint says of the template that `aktus template render` prints.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde::Deserialize;

use crate::command::{cargo, output, root, run};
use crate::tools::{Tool, Tools};

/// Arguments of `cargo xtask template`
#[derive(Args)]
pub(crate) struct TemplateTask {
    /// This cfn-lint instead of the one that `cargo xtask tools` builds
    #[arg(long, value_name = "FILE")]
    cfn_lint: Option<PathBuf>,
    /// Let this checkov judge the template, too, with the reasons in `crates/aktus-template/checkov.yaml`
    #[arg(long, value_name = "FILE")]
    checkov: Option<PathBuf>,
}

impl TemplateTask {
    pub(crate) fn run(&self) -> Result<()> {
        match &self.cfn_lint {
            Some(program) => check_with(program)?,
            None => check(&Tools::locate()?)?,
        }
        self.checkov.as_deref().map_or(Ok(()), checkov)
    }
}

/// Parameters under which the template is judged once more, because rules look at values then.
const CASES: [&[&str]; 4] = [
    &["EnableAutoMode=true"],
    &["EnableAutoMode=false"],
    &["EnableAutoMode=true", "EnablePrivateSubnets=true", "EnableCloudTrail=true", "HuggingFaceToken=x"],
    &[
        "EnableAutoMode=false",
        "VpcCIDR=10.0.0.0/22",
        "AvailabilityZone1=us-east-1a",
        "AvailabilityZone2=us-east-1b",
        "EnablePrivateSubnets=true",
        "EKSClusterName=demo",
        "NodeInstanceType=g5.xlarge",
        "KeyPairName=ops",
        "SSHAccessCidr=192.0.2.0/24",
        "EnableMarketplaceChart=false",
        "OpenAIAPIKey=x",
        "EnableKmsEncryption=false",
    ],
];

/// What the template lacks without whoever publishes it.
const CODE: [&str; 2] = ["BootstrapCodeBucket=example-bucket", "BootstrapCodeKey=bootstrap.zip"];

/// Errs when cfn-lint finds something in the template that is not explained.
pub(crate) fn check(tools: &Tools) -> Result<()> {
    check_with(&tools.path(Tool::CfnLint)?)
}

fn check_with(program: &Path) -> Result<()> {
    let explained = Explained::read(&root().join("crates/aktus-template/cfn-lint.toml"))?;
    let aktus = build()?;
    let work = tempfile::tempdir()?;
    let mut findings = Vec::new();
    let mut runs = 0;
    for (name, arguments) in [
        ("platform.yaml", &["--format", "yaml"][..]),
        ("platform.json", &["--format", "json"]),
        ("platform-x86_64.yaml", &["--architecture", "x86_64", "--bucket", "example-bucket", "--key", "1.zip"]),
    ] {
        let template = work.path().join(name);
        run(Command::new(&aktus).args(["template", "render"]).args(arguments).arg("--out").arg(&template))?;
        let size = fs::metadata(&template)?.len();
        if size >= aktus_template::stack::INLINE_LIMIT as u64 {
            bail!("{name} has {size} bytes, more than CloudFormation takes without a bucket");
        }
        let whole = std::iter::once(Vec::new());
        let cases = CASES.iter().map(|case| CODE.iter().chain(*case).copied().collect());
        for parameters in whole.chain(cases.filter(|_| name == "platform.yaml")) {
            findings.extend(lint(program, &template, &parameters)?);
            runs += 1;
        }
    }
    let problems = explained.judge(&findings);
    if !problems.is_empty() {
        bail!("cfn-lint: {}", problems.join("\ncfn-lint: "));
    }
    eprintln!("cfn-lint found nothing unexplained in {runs} runs");
    Ok(())
}

/// Errs when checkov finds something in the template that is not explained.
fn checkov(program: &Path) -> Result<()> {
    let work = tempfile::tempdir()?;
    let template = work.path().join("platform.yaml");
    fs::write(&template, aktus_template::platform().to_yaml())?;
    let reasons = root().join("crates/aktus-template/checkov.yaml");
    run(Command::new(program).arg("--config-file").arg(reasons).arg("--file").arg(&template))?;
    eprintln!("checkov found nothing unexplained");
    Ok(())
}

/// Builds `aktus`, with the features that the tests of the whole workspace give it, and says where it is.
fn build() -> Result<PathBuf> {
    run(cargo().args(["build", "--workspace", "--bin", "aktus", "--locked"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(target.join("debug/aktus"))
}

/// Everything cfn-lint has to say, experimental rules included.
fn lint(program: &Path, template: &Path, parameters: &[&str]) -> Result<Vec<Finding>> {
    let mut command = Command::new(program);
    command.args(["--format", "json", "--include-checks", "I", "--include-experimental"]);
    if !parameters.is_empty() {
        command.arg("--parameters").args(parameters);
    }
    command.arg("--template").arg(template);
    let output = output(&mut command)?;
    // The exit code has a bit for each level of finding; what is not JSON is a failure.
    serde_json::from_slice(&output.stdout).with_context(|| {
        let said = String::from_utf8_lossy(&output.stderr);
        format!("{} ended with {}: {}", program.display(), output.status, said.trim())
    })
}

/// Something that cfn-lint says.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Finding {
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
    fn place(&self) -> String {
        let path = self.location.path.iter().flatten();
        path.map(|step| step.as_str().map_or_else(|| step.to_string(), str::to_owned)).collect::<Vec<_>>().join(".")
    }
}

/// The findings that stay, with the reasons.
#[derive(Debug, Deserialize)]
struct Explained {
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
    fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))?;
        let explained: Self = toml::from_str(&text).with_context(|| format!("{} is malformed", path.display()))?;
        if let Some(empty) = explained.finding.iter().find(|explanation| explanation.reason.trim().is_empty()) {
            bail!("{}: {} has no reason", path.display(), empty.rule);
        }
        Ok(explained)
    }

    /// What is not explained, and explanations of nothing.
    fn judge(&self, findings: &[Finding]) -> Vec<String> {
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
        Explained::read(&root().join("crates/aktus-template/cfn-lint.toml")).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "[[finding]]\nrule = 'W1'\nreason = ' '\n").unwrap();
        assert!(Explained::read(file.path()).unwrap_err().to_string().ends_with("W1 has no reason"));
    }
}
