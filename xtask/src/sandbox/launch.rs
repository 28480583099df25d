//! Builds the sandbox and what runs in it, and starts it.

use std::process::Command;

use anyhow::Result;

use super::Options;
use crate::command::run as run_command;
use crate::programs;
use crate::tools::Tools;

/// Runs everything; errs at the first thing that is not as it should be.
pub(crate) fn run(_: &Tools, options: &Options) -> Result<()> {
    let mut command = Command::new(programs::build()?.join("xtask"));
    command.arg("sandbox");
    if let Some(mode) = options.mode {
        command.args(["--mode", mode.name()]);
    }
    if options.keep {
        command.arg("--keep");
    }
    if let Some(binary) = &options.binary {
        command.arg("--binary").arg(binary);
    }
    run_command(&mut command)
}
