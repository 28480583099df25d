//! `cargo xtask record`: asks the real programs again what the recordings in this repository say.

mod api;
mod api_server;
mod commands;
mod golden;
mod schemas;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::tools::{Tool, Tools};

pub(crate) use api::Api;
pub(crate) use golden::Golden;

/// Arguments of `cargo xtask record`
#[derive(Args)]
pub(crate) struct Record {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// What Helm makes of the example chart, for every values file
    Golden(Golden),
    /// What an API server answers to the conversations of the sandbox
    Api(Api),
    /// Which properties of the platform's resources only a replacement can change, from cfn-lint's schemas
    Schemas(schemas::Schemas),
    /// What Helm makes of the cases of `aktus chart`
    Commands(commands::Commands),
    /// Everything that needs nothing but the tools: golden, commands and api
    All(All),
}

/// Arguments of `cargo xtask record all`
#[derive(Args)]
struct All {
    /// Write nothing, say what differs
    #[arg(long)]
    check: bool,
}

impl Record {
    pub(crate) fn run(&self) -> Result<()> {
        let tools = Tools::locate()?;
        match &self.what {
            What::Golden(golden) => golden.run(&tools),
            What::Api(api) => api.run(&tools),
            What::Schemas(schemas) => schemas.run(&tools),
            What::Commands(commands) => commands.run(&tools),
            What::All(All { check }) => {
                Golden { check: *check }.run(&tools)?;
                commands::Commands { check: *check }.run(&tools)?;
                Api { check: *check }.run(&tools)
            }
        }
    }
}

/// The helms, whose names are those of the profiles.
const HELMS: [Tool; 2] = [Tool::Helm4, Tool::Helm3];
