//! `cargo xtask oracle`: random cases, answered by us and by real Go, sprig and Helm.

mod plant;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use clap::Args;

use crate::command::{cargo, root, run};
use crate::tools::{Tool, Tools, ensure};

/// Arguments of `cargo xtask oracle`
#[derive(Args)]
pub(crate) struct Oracle {
    /// What kind of cases [default: all, one after the other]
    #[arg(long, value_parser = ["functions", "templates", "documents"])]
    suite: Option<String>,
    /// Where the random cases begin; the same seed makes the same cases
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The number of the first case
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// How many cases of each kind
    #[arg(long, default_value_t = 100_000)]
    cases: u64,
    /// How many differences are shown in full
    #[arg(long, default_value_t = 20)]
    show: usize,
    /// Show so many reasons why Go fails at what is meant to succeed
    #[arg(long, default_value_t = 0)]
    reasons: usize,
    /// Call only this function; may be given again
    #[arg(long, value_name = "NAME")]
    function: Vec<String>,
    /// At least 2,000 well-typed and 500 ill-typed calls of every function, also of the slow ones, and 60 % of the
    /// templates succeeding, or fail
    #[arg(long)]
    full: bool,
    /// Write the counts of calls into the table of COMPATIBILITY.md
    #[arg(long)]
    write_table: bool,
    /// Take pieces of YAML documents from this folder, too; may be given again
    #[arg(long, value_name = "DIR")]
    charts: Vec<PathBuf>,
    /// Test the comparison itself: plant ten bugs in a copy of the sources, one at a time, each of which must be found;
    /// with a text, only those that have it in their names
    #[arg(long, value_name = "TEXT", num_args = 0..=1, default_missing_value = "")]
    plant: Option<String>,
}

impl Oracle {
    pub(crate) fn run(&self) -> Result<()> {
        let tools = Tools::locate()?;
        ensure(&tools, &[Tool::Oracle])?;
        let go = tools.path(Tool::Oracle)?;
        if let Some(wanted) = &self.plant {
            return plant::all(&go, wanted);
        }
        let mut command = comparison(&root(), &go);
        for (flag, number) in [("--seed", self.seed), ("--first", self.first), ("--cases", self.cases)] {
            command.arg(flag).arg(number.to_string());
        }
        for (flag, number) in [("--show", self.show), ("--reasons", self.reasons)] {
            command.arg(flag).arg(number.to_string());
        }
        if let Some(suite) = &self.suite {
            command.args(["--suite", suite]);
        }
        for function in &self.function {
            command.args(["--function", function]);
        }
        if self.full {
            command.arg("--full");
        }
        if self.write_table {
            command.arg("--table").arg(root().join("COMPATIBILITY.md"));
        }
        for folder in &self.charts {
            command.arg("--charts").arg(folder);
        }
        run(&mut command)
    }
}

/// The comparing program of a workspace, with our own charts to take documents from.
fn comparison(workspace: &Path, go: &Path) -> Command {
    let mut command = cargo();
    command.current_dir(workspace);
    command.args(["run", "--release", "--quiet", "--package", "aktus-helm", "--no-default-features"]);
    command.args(["--features", "certs", "--example", "oracle", "--", "--oracle"]).arg(go);
    for folder in ["charts", "fixtures"] {
        command.arg("--charts").arg(root().join(folder));
    }
    command
}
