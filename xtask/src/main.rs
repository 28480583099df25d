//! Tasks of this workspace: `cargo xtask test`, `cargo xtask tools`, `cargo xtask record` and more.
#![expect(clippy::print_stderr, reason = "a task talks to the person who started it")]

mod bench;
mod command;
mod conformance;
mod dist;
mod fuzz;
mod moto;
mod oracle;
mod programs;
mod record;
mod sandbox;
mod template;
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
    /// Compare our engine with Helm on every chart below a folder
    Conformance(conformance::Conformance),
    /// Feed random bytes to parsers and renderer, under libFuzzer
    Fuzz(fuzz::Fuzz),
    /// Compare our speed with Go's and Helm's
    Bench(bench::Bench),
    /// Ask the real programs again what the recordings say
    Record(record::Record),
    /// Let cfn-lint and others judge the platform's template
    Template(template::TemplateTask),
    /// Package what a release ships: function, command, template, licences, digests
    Dist(dist::Dist),
    /// Bootstrap on a real control plane and registry on this machine
    Sandbox(sandbox::Options),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Test(task) => task.run(),
        Task::Tools(task) => task.run(),
        Task::Oracle(task) => task.run(),
        Task::Conformance(task) => task.run(),
        Task::Fuzz(task) => task.run(),
        Task::Bench(task) => task.run(),
        Task::Record(task) => task.run(),
        Task::Template(task) => task.run(),
        Task::Dist(task) => task.run(),
        Task::Sandbox(options) => tools::Tools::locate().and_then(|tools| sandbox::run(&tools, &options)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
