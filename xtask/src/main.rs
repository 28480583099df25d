//! Tasks of this workspace: `cargo xtask test`, `cargo xtask tools`, `cargo xtask record`.
#![expect(clippy::print_stderr, reason = "a task talks to the person who started it")]

mod command;
mod oracle;
mod record;
mod test;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Tasks of this workspace
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Check formatting, lints, documentation and every test that needs only Rust
    Test(test::Test),
    /// Build the pinned real programs that tests ask, once per machine
    Tools(tools::ToolsTask),
    /// Compare random cases with real Go, sprig and Helm
    Oracle(oracle::Oracle),
    /// Ask the real programs again what the recordings say
    Record(record::Record),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Test(task) => task.run(),
        Task::Tools(task) => task.run(),
        Task::Oracle(task) => task.run(),
        Task::Record(task) => task.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
