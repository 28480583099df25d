//! `cargo xtask record charts`: real Helm, and ours, on public charts at pinned commits.
//!
//! The charts are not ours to ship, so only hashes of Helm's output are committed;
//! the checkouts come from whoever runs this, as `DIR/OWNER/NAME`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::HELMS;
use crate::command::{cargo, output, root, run};
use crate::tools::{Tools, ensure};

/// Arguments of `cargo xtask record charts`
#[derive(Args)]
pub(crate) struct Charts {
    /// Where the repositories lie, each as OWNER/NAME (a checkout or a bare repository)
    #[arg(long, value_name = "DIR")]
    repositories: PathBuf,
    /// Write nothing, say where Helm's output is not what was recorded
    #[arg(long)]
    check: bool,
    /// Write nothing, say where our output is not what was recorded of Helm
    #[arg(long, conflicts_with = "check")]
    ours: bool,
}

/// One case: a chart at a commit, and how it is rendered.
#[derive(Deserialize, Serialize)]
struct Case {
    name: String,
    repository: String,
    commit: String,
    chart: String,
    /// Charts of the same repository that are put into `charts/`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    vendored: Vec<String>,
    /// Values files, from the root of the repository.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    values: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    arguments: Vec<String>,
    /// SHA-256 of what `helm template` prints, or of its error.
    #[serde(default)]
    helm4: String,
    #[serde(default)]
    helm3: String,
}

impl Charts {
    pub(crate) fn run(&self, tools: &Tools) -> Result<()> {
        let file = root().join("fixtures/public-charts/cases.json");
        let mut cases: Vec<Case> = serde_json::from_slice(&fs::read(&file)?)?;
        let work = tempfile::tempdir()?;
        let programs = if self.ours {
            let aktus = build()?;
            HELMS.map(|helm| (helm.name(), aktus.clone()))
        } else {
            ensure(tools, &HELMS)?;
            let [helm4, helm3] = HELMS;
            [(helm4.name(), tools.path(helm4)?), (helm3.name(), tools.path(helm3)?)]
        };
        let mut different = Vec::new();
        for case in &mut cases {
            let checkout = work.path().join(&case.commit);
            let chart = lay_out(&self.repositories, case, &checkout)?;
            for (profile, program) in &programs {
                let mut command = Command::new(program);
                if self.ours {
                    command.args(["chart", "template", "--profile", profile]);
                } else {
                    command.arg("template");
                }
                let hash = hash(&mut command, case, &chart, &checkout)?;
                let known = if *profile == "helm4" { &mut case.helm4 } else { &mut case.helm3 };
                if *known != hash {
                    different.push(format!("{} ({profile})", case.name));
                    *known = hash;
                }
            }
        }
        let (count, all) = (different.len(), cases.len() * 2);
        if !self.check && !self.ours {
            fs::write(&file, serde_json::to_string_pretty(&cases)? + "\n")?;
            eprintln!("{all} hashes recorded, {count} of them new");
            return Ok(());
        }
        if count > 0 {
            bail!("{count} of {all} differ from what was recorded: {}", different.join(", "));
        }
        eprintln!("{all} outputs have the recorded hashes");
        Ok(())
    }
}

/// Builds `aktus` and says where it is.
fn build() -> Result<PathBuf> {
    run(cargo().args(["build", "--package", "aktus-cli", "--locked"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(target.join("debug/aktus"))
}

/// Puts the chart of a case, and what it vendors, under `checkout`; says where the chart is.
fn lay_out(repositories: &Path, case: &Case, checkout: &Path) -> Result<PathBuf> {
    fs::create_dir_all(checkout)?;
    let repository = repositories.join(&case.repository);
    let mut paths: Vec<&str> = vec![&case.chart];
    paths.extend(case.vendored.iter().map(String::as_str));
    paths.extend(case.values.iter().map(String::as_str));
    let mut archive = Command::new("git")
        .arg("-C")
        .arg(&repository)
        .args(["archive", &case.commit])
        .args(&paths)
        .stdout(Stdio::piped())
        .spawn()
        .context("`git` did not start")?;
    let input = archive.stdout.take().context("`git archive` has no output")?;
    let unpacked = Command::new("tar").arg("-x").current_dir(checkout).stdin(input).status()?;
    if !archive.wait()?.success() || !unpacked.success() {
        bail!("{} of {} could not be read at {}", case.chart, repository.display(), case.commit);
    }
    let chart = checkout.join(&case.chart);
    for vendored in &case.vendored {
        let source = checkout.join(vendored);
        let target = chart.join("charts").join(source.file_name().unwrap_or_default());
        if !target.exists() {
            copy(&source, &target)?;
        }
    }
    Ok(chart)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn hash(command: &mut Command, case: &Case, chart: &Path, checkout: &Path) -> Result<String> {
    command.arg(&case.name).arg(chart).args(["--namespace", "example"]).args(&case.arguments);
    for values in &case.values {
        command.arg("--values").arg(checkout.join(values));
    }
    let output = output(command)?;
    let text = if output.status.success() { output.stdout } else { output.stderr };
    let mut hash = String::new();
    for byte in Sha256::digest(&text) {
        write!(hash, "{byte:02x}")?;
    }
    Ok(hash)
}
