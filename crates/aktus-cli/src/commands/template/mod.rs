//! `aktus template`: the platform's CloudFormation template by itself.

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
}

impl Template {
    pub(crate) fn run(self, ui: Ui) -> Result<(), CliError> {
        match self.command {
            Command::Render(command) => command.run(ui),
        }
    }
}
