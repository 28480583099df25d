//! `cargo xtask test`: everything that needs only Rust.

use anyhow::Result;
use clap::Args;

use crate::command::{cargo, run};

/// Arguments of `cargo xtask test`
#[derive(Args)]
pub(crate) struct Test {
    /// Only say what would be run
    #[arg(long)]
    list: bool,
}

/// What is run, in this order: quick things first.
const STEPS: [&[&str]; 6] = [
    &["fmt", "--all", "--check"],
    &["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"],
    // The sandbox must not need the AWS SDK.
    &["clippy", "--package", "aktus-cli", "--no-default-features", "--locked", "--", "--deny", "warnings"],
    &["doc", "--workspace", "--no-deps", "--locked"],
    &["test", "--workspace", "--doc", "--locked"],
    &["test", "--workspace", "--all-targets", "--locked"],
];

impl Test {
    pub(crate) fn run(&self) -> Result<()> {
        for step in STEPS {
            if self.list {
                eprintln!("cargo {}", step.join(" "));
                continue;
            }
            let mut command = cargo();
            command.args(step);
            if step.first() == Some(&"doc") {
                command.env("RUSTDOCFLAGS", "--deny warnings");
            }
            run(&mut command)?;
        }
        Ok(())
    }
}
