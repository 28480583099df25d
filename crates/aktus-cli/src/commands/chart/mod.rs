//! `aktus chart`: the Helm engine by itself.

mod pull;
mod template;

use clap::{Args, Subcommand};

use crate::error::CliError;
use crate::ui::Ui;

/// Work with Helm charts, without helm
#[derive(Args, Debug)]
pub(crate) struct Chart {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Template(Box<template::Template>),
    Pull(pull::Pull),
}

impl Chart {
    pub(crate) async fn run(self, ui: Ui) -> Result<(), CliError> {
        match self.command {
            Command::Template(command) => command.run().await,
            Command::Pull(command) => command.run(ui).await,
        }
    }
}
