//! One bootstrap through two accidents: its token grows old in the middle, and the API server is killed.
//!
//! The library runs in this process, so that its clock can be moved: by 20 minutes, together with the one by which
//! the API server's webhook judges tokens.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aktus_aws::{Aws, Config, Settings};
use aktus_bootstrap::{
    Access, ChartSource, Cloud, Deadline, Event, Report, Request, Silent, Step, aws_clock, bootstrap, destroy,
};
use anyhow::{Result, bail};
use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::cloud::REGION;
use super::world::{CLUSTER, ROLE, World, clock};
use super::{console, leftovers, tokens, view};
use crate::command::root;

/// How far the clock is moved.
const MOVED: i64 = 20 * 60;
/// How long the API server stays away.
const AWAY: Duration = Duration::from_secs(2);
/// How long a run may take.
const TIMEOUT: Duration = Duration::from_mins(5);

/// The whole story.
pub(super) async fn story(world: &mut World) -> Result<()> {
    tokens::story(world).await?;
    let before = leftovers::snapshot(&world.plane.api).await?;
    let asked_before = world.webhook.reviews().len();
    let moves_to = Timestamp::now().as_second() + MOVED;
    let request = request(world);
    let outside = outside(world).await?;
    let began = tokio::time::Instant::now();

    let (killing, mut killed) = unbounded_channel();
    let ahead = Arc::clone(&world.ahead);
    let run = async {
        let accidents = accidents(ahead, killing);
        bootstrap(&request, &outside, Deadline::after(TIMEOUT), &accidents, std::future::pending()).await
    };
    let plane = &mut world.plane;
    let accident = async {
        // Nothing comes when the run ends before it happens.
        if killed.recv().await.is_none() {
            bail!("the run wrote nothing of the release, so the API server was not killed");
        }
        plane.kill_server().await?;
        tokio::time::sleep(AWAY).await;
        plane.start_server().await
    };
    let (report, restarted) = tokio::join!(run, accident);
    succeeded("bootstrap", &report)?;
    restarted?;
    console::step(&format!(
        "bootstrap in {:.1} s, its clock moved {} minutes before step chart, the API server killed in step release",
        began.elapsed().as_secs_f64(),
        MOVED / 60
    ));
    told(world, asked_before, moves_to)?;
    view::kubectl(world).await?;

    let report = destroy(&request, &outside, Deadline::after(TIMEOUT), &Silent, std::future::pending()).await;
    succeeded("destroy", &report)?;
    world.ahead.store(0, Ordering::Relaxed);
    leftovers::none(&world.plane.api, &before).await?;
    console::step("destroyed: the cluster holds exactly what it held before");
    Ok(())
}

/// Moves the clock when the chart is pulled, and asks for the API server to be killed when the first object of the
/// release is written.
fn accidents(ahead: Arc<AtomicI64>, killing: UnboundedSender<()>) -> impl Fn(&Event) + Send + Sync {
    let done = std::sync::atomic::AtomicBool::new(false);
    move |event| match event {
        Event::StepStarted { step: Step::Chart } => ahead.store(MOVED, Ordering::Relaxed),
        Event::Object { step: Step::Release, .. } if !done.swap(true, Ordering::Relaxed) => {
            // The other side waits for exactly one.
            let _ = killing.send(());
        }
        _ => {}
    }
}

/// What the webhook saw: a token before, another one after, and the old one refused in between.
fn told(world: &World, from: usize, moves_to: i64) -> Result<()> {
    let reviews = world.webhook.reviews();
    let reviews = reviews.get(from..).unwrap_or_default();
    let (before, after): (Vec<_>, Vec<_>) = reviews.iter().partition(|review| review.at < moves_to);
    let accepted = |reviews: &[&aktus_sandbox::aws::ReviewRecord]| -> BTreeSet<String> {
        reviews.iter().filter(|review| review.result.is_ok()).map(|review| review.token.clone()).collect()
    };
    let (old, new) = (accepted(&before), accepted(&after));
    let refused: BTreeSet<&str> =
        after.iter().filter_map(|review| review.result.as_ref().err().map(String::as_str)).collect();
    if old.is_empty() || new.is_empty() || !old.is_disjoint(&new) {
        bail!("the webhook saw no refreshed token: {} tokens before, {} after the clock moved", old.len(), new.len());
    }
    console::step(&format!(
        "the webhook was asked {} times: {} token before, {} after; refused in between: {}",
        reviews.len(),
        old.len(),
        new.len(),
        if refused.is_empty() { "none".to_owned() } else { refused.into_iter().collect::<Vec<_>>().join(", ") }
    ));
    Ok(())
}

fn request(world: &World) -> Request {
    let mut request = Request::new(&world.file_system);
    request.cluster_name = Some(CLUSTER.to_owned());
    request.region = Some(REGION.to_owned());
    request.chart = Some(ChartSource::Path(root().join("charts/aktus-platform")));
    request.service_account_role = Some(ROLE.to_owned());
    request
}

/// The played AWS, by the movable clock.
async fn outside(world: &World) -> Result<aktus_bootstrap::World> {
    let clock: aktus_bootstrap::Clock = Arc::new(clock(&world.ahead));
    let settings = Settings {
        region: Some(REGION.to_owned()),
        endpoint_url: Some(world.aws.url()),
        credentials: Some(tokens::credentials(world)),
        ..Settings::default()
    };
    let config = Config::load(settings, aws_clock(&clock)).await?;
    let mut outside = aktus_bootstrap::World::offline();
    outside.cloud = Cloud::Aws(Box::new(Aws::new(config)));
    outside.access = Access::Cloud;
    outside.clock = clock;
    "xtask".clone_into(&mut outside.holder);
    Ok(outside)
}

fn succeeded(what: &str, report: &Report) -> Result<()> {
    match report.failure() {
        None => Ok(()),
        Some((step, failure)) => bail!("{what} failed in step {step}: {failure}"),
    }
}
