//! `cargo xtask template`: what cfn-lint says of the template that `aktus template render` prints, and what checkov,
//! cfn-guard and parliament say of it when they are given.

mod evaluated;
mod explained;
mod guard;
mod parliament;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use self::explained::{Explained, Finding};
use crate::command::{output, root, run};
use crate::programs;
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
    /// Let this cfn-guard judge what the template creates, too, by `crates/aktus-template/platform.guard`
    #[arg(long, value_name = "FILE")]
    guard: Option<PathBuf>,
    /// Let this parliament judge the policies, too: actions that are none, or that do not fit their resources
    #[arg(long, value_name = "FILE")]
    parliament: Option<PathBuf>,
}

impl TemplateTask {
    pub(crate) fn run(&self) -> Result<()> {
        // Those that need no build come first.
        self.guard.as_deref().map_or(Ok(()), guard::judge)?;
        self.parliament.as_deref().map_or(Ok(()), parliament::judge)?;
        self.checkov.as_deref().map_or(Ok(()), checkov)?;
        match &self.cfn_lint {
            Some(program) => check_with(program),
            None => check(&Tools::locate()?),
        }
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
    let aktus = programs::build()?.join("aktus");
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
    explained.settle("cfn-lint", &findings)?;
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
