//! `cargo xtask oracle`: random cases, answered by us and by real Go, sprig and Helm.

use std::path::PathBuf;

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
    /// Take pieces of YAML documents from this folder, too; may be given again
    #[arg(long, value_name = "DIR")]
    charts: Vec<PathBuf>,
}

impl Oracle {
    pub(crate) fn run(&self) -> Result<()> {
        let tools = Tools::locate()?;
        ensure(&tools, &[Tool::Oracle])?;
        let mut command = cargo();
        command.args(["run", "--release", "--quiet", "--package", "aktus-helm", "--no-default-features"]);
        command.args(["--example", "oracle", "--", "--oracle"]).arg(tools.path(Tool::Oracle)?);
        for (flag, number) in [("--seed", self.seed), ("--first", self.first), ("--cases", self.cases)] {
            command.arg(flag).arg(number.to_string());
        }
        command.arg("--show").arg(self.show.to_string());
        if let Some(suite) = &self.suite {
            command.args(["--suite", suite]);
        }
        let own = [root().join("charts"), root().join("fixtures")];
        for folder in own.iter().chain(&self.charts) {
            command.arg("--charts").arg(folder);
        }
        run(&mut command)
    }
}
