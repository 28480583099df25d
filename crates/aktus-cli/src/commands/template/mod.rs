//! `aktus template`: the platform's CloudFormation template by itself.

mod docs;
mod graph;
pub(crate) mod parameters;
mod render;

use clap::{Args, Subcommand};

use crate::error::CliError;
use crate::ui::Ui;

/// Work with the platform's CloudFormation template, without AWS
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
}

impl Template {
    pub(crate) fn run(self, ui: Ui) -> Result<(), CliError> {
        match self.command {
            Command::Render(command) => command.run(ui),
            Command::Graph(command) => command.run(),
            Command::Docs(command) => command.run(),
        }
    }
}
