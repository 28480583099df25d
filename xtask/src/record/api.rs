//! `cargo xtask record api`: what a real API server answers to the conversations of the sandbox.
//!
//! The stand-in is held to the same files by `aktus-sandbox/tests/conversations.rs`; reading,
//! masking and comparing is one code, in `aktus_sandbox::conversation`. The program that speaks TLS
//! is an example of that crate, so that this one stays quick to build.

use std::process::Command;

use anyhow::Result;
use clap::Args;

use super::api_server::ApiServer;
use crate::command::{root, run};
use crate::programs;
use crate::tools::{Tool, Tools, ensure};

/// Arguments of `cargo xtask record api`
#[derive(Args)]
pub(crate) struct Api {
    /// Write nothing, say what differs
    #[arg(long)]
    pub(crate) check: bool,
}

/// The folders of conversations, and whether controllers take part.
const FOLDERS: [(&str, bool); 2] =
    [("crates/aktus-sandbox/tests/api", false), ("crates/aktus-sandbox/tests/controllers", true)];

impl Api {
    /// What is asked.
    pub(crate) const TOOLS: [Tool; 4] =
        [Tool::GenerateCert, Tool::Etcd, Tool::KubeApiserver, Tool::KubeControllerManager];

    pub(crate) fn run(&self, tools: &Tools) -> Result<()> {
        ensure(tools, &Self::TOOLS)?;
        let program = programs::build()?.join("examples/record-api");
        for (folder, controllers) in FOLDERS {
            let mut server = ApiServer::start(tools, controllers)?;
            let mut command = Command::new(&program);
            command.current_dir(root()).args(["--server", server.address()]);
            command.arg("--ca").arg(server.ca()).args(["--token", ApiServer::TOKEN]);
            command.args(self.check.then_some("--check")).arg(folder);
            if let Err(error) = run(&mut command) {
                return Err(match server.ended() {
                    Some(words) => error.context(words),
                    None => error,
                });
            }
        }
        Ok(())
    }
}
