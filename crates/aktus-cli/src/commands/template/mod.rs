//! `aktus template`: CloudFormation templates, ours or any file, without AWS.

mod check;
mod diff;
mod docs;
mod evaluate;
mod graph;
mod input;
pub(crate) mod parameters;
mod params;
mod render;

use clap::{Args, Subcommand};

use crate::error::CliError;
use crate::ui::Ui;

/// Work with the platform's CloudFormation template, or with any other, without AWS
#[derive(Args, Debug)]
pub(crate) struct Template {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Render(render::Render),
    Graph(graph::Graph),
    Docs(docs::Docs),
    Params(params::Params),
    Evaluate(evaluate::Evaluate),
    Check(check::Check),
    Diff(diff::Diff),
}

impl Template {
    pub(crate) fn run(self, ui: Ui) -> Result<(), CliError> {
        match self.command {
            Command::Render(command) => command.run(ui),
            Command::Graph(command) => command.run(),
            Command::Docs(command) => command.run(),
            Command::Params(command) => command.run(ui),
            Command::Evaluate(command) => command.run(ui),
            Command::Check(command) => command.run(ui),
            Command::Diff(command) => command.run(ui),
        }
    }
}
