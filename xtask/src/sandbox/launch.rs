//! Builds the sandbox and what runs in it, and starts it.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::Options;
use crate::command::{cargo, root, run as run_command};
use crate::tools::Tools;

/// One call, so that cargo builds every dependency once.
const BUILD: [&str; 11] = [
    "build",
    "--locked",
    "--bins",
    "--package",
    "xtask",
    "--package",
    "aktus-cli",
    "--package",
    "aktus-lambda",
    "--features",
    "xtask/sandbox",
];

/// Runs everything; errs at the first thing that is not as it should be.
pub(crate) fn run(_: &Tools, options: &Options) -> Result<()> {
    run_command(cargo().args(BUILD))?;
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let mut command = Command::new(target.join("debug/xtask"));
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
