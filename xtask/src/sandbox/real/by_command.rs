//! The platform by the built `aktus` command: put there, looked at, put there again, taken away.

use anyhow::{Result, bail};
use serde_json::Value;
use tokio::process::Command;

use super::api::{items, parse, text};
use super::process::run;
use super::world::{ROLE, World, chart};
use super::{Mode, console, leftovers, view};

/// The whole story.
pub(super) async fn story(world: &mut World) -> Result<()> {
    let before = leftovers::snapshot(&world.plane.api).await?;
    install(world).await?;
    again(world).await?;
    let removed = aktus(world, &mut world.aktus("destroy")).await?;
    tell(&removed);
    leftovers::none(&world.plane.api, &before).await?;
    console::step("destroyed: the cluster holds exactly what it held before");
    world.nobody_outside_was_asked()
}

/// Bootstraps, and shows what others see.
pub(super) async fn install(world: &mut World) -> Result<()> {
    world.audit.since()?;
    let report = aktus(world, &mut bootstrap(world)).await?;
    tell(&report);
    let requests = world.audit.since()?;
    console::step(&format!(
        "{} reads, {} writes, {} of the Lease, {} dry runs",
        requests.reads,
        requests.real_writes().len(),
        requests.of_the_lease(),
        requests.dry_runs()
    ));
    for endpoint in items(&report, "/endpoints") {
        console::step(&format!("{}: {}", text(endpoint, "/service"), text(endpoint, "/url")));
    }
    view::kubectl(world).await?;
    let revision = report.pointer("/release/revision").and_then(Value::as_u64).unwrap_or_default();
    view::helm(world, revision).await
}

/// The same command once more: it may write nothing but the Lease.
async fn again(world: &mut World) -> Result<()> {
    let report = aktus(world, &mut bootstrap(world)).await?;
    let requests = world.audit.since()?;
    let writes = requests.real_writes();
    if !writes.is_empty() {
        let writes: Vec<String> = writes.iter().map(ToString::to_string).collect();
        bail!("a second run wrote: {}", writes.join(", "));
    }
    let seconds = report.pointer("/seconds").and_then(Value::as_f64).unwrap_or_default();
    console::step(&format!(
        "a second run: {} reads, no write but {} of the Lease, {} dry runs, {seconds:.1} s",
        requests.reads,
        requests.of_the_lease(),
        requests.dry_runs()
    ));
    Ok(())
}

fn bootstrap(world: &World) -> Command {
    let mut command = world.aktus("bootstrap");
    command.args(["--file-system", &world.file_system, "--service-account-role", ROLE]);
    command.args(["--chart", &format!("oci://{}", chart()), "--chart-version", &world.chart_version]);
    if world.mode == Mode::Traditional {
        command.arg("--gpu-nodes");
    }
    command
}

/// Runs the command and reads its report; errs with what it said when it failed.
async fn aktus(world: &World, command: &mut Command) -> Result<Value> {
    let ran = run(command).await?;
    if !ran.success {
        let cloud = world.problem_of_the_cloud().map(|problem| format!("\nthe cloud: {problem}")).unwrap_or_default();
        bail!("`{}` failed:\n{}{cloud}", super::process::show(command), ran.stderr);
    }
    let verb = command.as_std().get_args().next().unwrap_or_default().to_string_lossy().into_owned();
    console::step(&format!("aktus {verb}: {:.1} s", ran.took.as_secs_f64()));
    parse("the report", &ran.stdout)
}

/// The steps of a report.
fn tell(report: &Value) {
    for step in items(report, "/steps") {
        let seconds = step.pointer("/seconds").and_then(Value::as_f64).unwrap_or_default();
        console::quote(&format!(
            "{:14} {:9} {seconds:5.1} s  {}",
            text(step, "/name"),
            text(step, "/outcome"),
            text(step, "/summary")
        ));
    }
}
