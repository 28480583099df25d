//! What is tried, in which order.

use anyhow::{Context, Result, bail};
use tokio::signal::unix::{SignalKind, signal};

use super::world::{Programs, World};
use super::{Mode, Options, by_command, by_function, console, endurance};
use crate::tools::Tools;

/// Runs everything; errs at the first thing that is not as it should be. Every process has ended afterwards.
pub(crate) fn run(tools: &Tools, options: &Options) -> Result<()> {
    console::begin();
    let installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    if installed.is_err() {
        bail!("a TLS provider was installed before ours");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        tokio::select! {
            result = story(tools, options) => result,
            result = interrupted() => result,
        }
    })
}

/// Ends, with an error, when the sandbox is asked to stop.
async fn interrupted() -> Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result?,
        _ = terminated.recv() => {}
    }
    bail!("interrupted")
}

async fn story(tools: &Tools, options: &Options) -> Result<()> {
    let programs = Programs::find(options)?;
    let modes = options.mode.map_or_else(|| vec![Mode::Auto, Mode::Traditional], |mode| vec![mode]);
    for mode in modes {
        let directory = tempfile::Builder::new().prefix("aktus-sandbox-").tempdir()?;
        console::title(&format!("{} mode, in {}", mode.name(), directory.path().display()));
        let mut world = World::start(tools, programs.clone(), mode, directory.path()).await?;
        let result = chapters(&mut world, options).await;
        result.with_context(|| format!("{} mode", mode.name()))?;
        world.check()?;
        console::step(&format!("asked of AWS: {}", world.questions_to_aws()));
        if options.keep {
            return keep(&world).await;
        }
    }
    console::step("everything is as it should be");
    Ok(())
}

async fn chapters(world: &mut World, options: &Options) -> Result<()> {
    if options.keep {
        return by_command::install(world).await;
    }
    console::title("by the command");
    by_command::story(world).await?;
    console::title("by the Lambda");
    by_function::story(world).await?;
    if world.mode == Mode::Auto {
        console::title("through accidents");
        endurance::story(world).await?;
        by_function::accidents(world).await?;
    }
    Ok(())
}

/// Says how to reach it, and waits for the end.
async fn keep(world: &World) -> Result<()> {
    console::title("running until Ctrl-C");
    eprintln!("export KUBECONFIG={}", world.plane.kubeconfig.display());
    eprintln!("and for `aktus … --cluster {} --region us-east-1`:", super::world::CLUSTER);
    for (name, value) in world.environment() {
        eprintln!("export {name}={value}");
    }
    std::future::pending().await
}
