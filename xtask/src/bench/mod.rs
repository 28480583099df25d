//! `cargo xtask bench`: how fast are we, beside Go and Helm in the same run?
//!
//! Both sides take turns and processor time is counted, so that other work on the machine weighs on both alike.

mod charts;
#[cfg(unix)]
mod usage;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::command::{cargo, root, run};
use crate::tools::{Tool, Tools, ensure};

/// Arguments of `cargo xtask bench`
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Bench {
    #[command(subcommand)]
    task: Option<Task>,
    #[command(flatten)]
    parts: Parts,
}

#[derive(Subcommand)]
enum Task {
    /// Pair `helm template` with `aktus chart template`, chart by chart
    Charts(charts::Charts),
    /// Run a command and print what it used; for `charts`
    #[cfg(unix)]
    #[command(hide = true)]
    Usage(usage::Usage),
}

/// Compare template parsing and execution, YAML reading and writing with Go
#[derive(Args)]
struct Parts {
    /// Take the charts in this folder, too; may be given again
    #[arg(long, value_name = "DIR")]
    charts: Vec<PathBuf>,
    /// How often each side does its work; medians count
    #[arg(long, default_value_t = 7)]
    rounds: usize,
}

impl Bench {
    pub(crate) fn run(&self) -> Result<()> {
        match &self.task {
            Some(Task::Charts(task)) => task.run(),
            #[cfg(unix)]
            Some(Task::Usage(task)) => task.run(),
            None => self.parts.run(),
        }
    }
}

impl Parts {
    fn run(&self) -> Result<()> {
        let tools = Tools::locate()?;
        ensure(&tools, &[Tool::Oracle])?;
        let mut command = cargo();
        command.args(["run", "--release", "--quiet", "--package", "aktus-helm", "--no-default-features"]);
        command.args(["--example", "bench", "--", "--oracle"]).arg(tools.path(Tool::Oracle)?);
        command.arg("--rounds").arg(self.rounds.to_string());
        for folder in [root().join("charts")].iter().chain(&self.charts) {
            command.arg("--charts").arg(folder);
        }
        run(&mut command)
    }
}
