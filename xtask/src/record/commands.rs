//! `cargo xtask record commands`: what real Helm makes of the cases of `aktus chart`.

use anyhow::Result;
use clap::Args;

use super::HELMS;
use crate::command::{cargo, run};
use crate::tools::{Tool, Tools, ensure};

/// Arguments of `cargo xtask record commands`
#[derive(Args)]
pub(crate) struct Commands {
    /// Write nothing, say what differs
    #[arg(long)]
    pub(crate) check: bool,
}

impl Commands {
    /// The test that compares knows best how a command is run, so it records, too.
    pub(crate) fn run(&self, tools: &Tools) -> Result<()> {
        ensure(tools, &HELMS)?;
        let mut command = cargo();
        command.args(["test", "--package", "aktus-cli", "--no-default-features", "--test", "chart", "commands_do"]);
        for helm in HELMS {
            let variable = match helm {
                Tool::Helm3 => "AKTUS_RECORD_HELM3",
                _ => "AKTUS_RECORD_HELM4",
            };
            command.env(variable, tools.path(helm)?);
        }
        if self.check {
            command.env("AKTUS_RECORD_CHECK", "1");
        }
        run(&mut command)
    }
}
