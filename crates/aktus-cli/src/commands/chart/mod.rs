//! `aktus chart`: the Helm engine by itself.

mod arguments;
mod create;
mod dependency;
mod eval;
mod lint;
mod package;
mod post_renderer;
mod pull;
mod show;
mod template;
mod trace;
mod values;
mod watched;

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
    Eval(Box<eval::Eval>),
    Lint(lint::Lint),
    Show(show::Show),
    Values(values::Values),
    Package(package::Package),
    Create(create::Create),
    #[command(visible_alias = "dep")]
    Dependency(dependency::Dependency),
    Pull(pull::Pull),
}

impl Chart {
    pub(crate) async fn run(self, ui: Ui) -> Result<(), CliError> {
        match self.command {
            Command::Template(command) => command.run().await,
            Command::Eval(command) => command.run().await,
            Command::Lint(command) => command.run(),
            Command::Show(command) => command.run().await,
            Command::Values(command) => command.run(ui).await,
            Command::Package(command) => command.run().await,
            Command::Create(command) => command.run(),
            Command::Dependency(command) => command.run().await,
            Command::Pull(command) => command.run(ui).await,
        }
    }
}
