//! `aktus`: put the Aktus AI Platform on Amazon EKS, and look after it.

mod cli;
mod commands;
mod error;
mod plan;
mod request;
mod sandbox;
mod ui;
mod world;

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};
use tracing_subscriber::filter::{EnvFilter, LevelFilter};

use crate::cli::{Cli, Command};
use crate::error::{CliError, Kind};
use crate::ui::Ui;

// musl's own takes one lock for every piece of memory, and rendering charts is little else than such pieces.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = parse();
    let ui = Ui::new(cli.output, cli.verbose > 0);
    log(cli.verbose);
    let done = panic::catch_unwind(AssertUnwindSafe(|| run(cli, ui)));
    match done.unwrap_or_else(|_| Err(CliError::new(Kind::Internal, "the command panicked, which is a bug"))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ui.error(&error);
            error.exit_code()
        }
    }
}

/// `Parser::parse`, but that the description of all commands and flags is left to the end of the process: taking it
/// apart takes as long as reading a small chart.
fn parse() -> Cli {
    let mut command = Cli::command();
    let mut matches = command.get_matches_mut();
    let cli = Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command));
    std::mem::forget(command);
    cli.unwrap_or_else(|error| error.exit())
}

fn run(cli: Cli, ui: Ui) -> Result<(), CliError> {
    // One TLS provider for everything in this process.
    let installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    installed.map_err(|_| CliError::new(Kind::Internal, "a TLS provider was installed before ours"))?;
    // Chart commands do one thing after the other; starting threads would be most of what a small chart takes.
    let mut runtime = match cli.command {
        Command::Chart(_) | Command::Template(_) => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = runtime.enable_all().build();
    let runtime =
        runtime.map_err(|error| CliError::new(Kind::Internal, format!("the runtime did not start: {error}")))?;
    let result = runtime.block_on(async {
        match cli.command {
            Command::Bootstrap(command) => command.run(ui).await,
            Command::Destroy(command) => command.run(ui).await,
            Command::Status(command) => command.run(ui).await,
            Command::Plan(command) => command.run(ui).await,
            Command::Chart(command) => command.run(ui).await,
            Command::Template(command) => command.run(ui),
        }
    });
    // A rendering thread that was left behind must not hold the exit up.
    runtime.shutdown_background();
    result
}

/// Logs go to stderr: errors always, more with `-v`.
fn log(verbose: u8) {
    let level = match verbose {
        0 => LevelFilter::ERROR,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let filter = EnvFilter::builder().with_default_directive(level.into()).with_env_var("AKTUS_LOG").from_env_lossy();
    let subscriber = tracing_subscriber::fmt().with_writer(io::stderr).with_env_filter(filter).with_ansi(false);
    subscriber.init();
}

impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            // Whoever read our output has seen enough.
            return Self::told(Kind::Done);
        }
        Self::new(Kind::Internal, format!("could not write: {error}"))
    }
}
