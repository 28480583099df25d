//! One run through the steps: in order, each within its share of the time, stopped cleanly when asked.

use std::time::Duration;

use aktus_k8s::Cluster;
use aktus_k8s::lease::{Lease, LeaseOptions, acquire};
use aktus_k8s::platform::FIELD_MANAGER;
use tokio::time::Instant;

use crate::context::{Context, Effects, instance};
use crate::deadline::Deadline;
use crate::event::{Event, Reporter};
use crate::failure::lease as lease_failure;
use crate::report::{Failure, FailureKind, Outcome, Report};
use crate::request::Request;
use crate::step::Step;
use crate::steps;
use crate::world::World;

/// The namespace of the Lease: it exists in every cluster, before and after ours.
const LEASE_NAMESPACE: &str = "default";

/// Puts the platform on the cluster, or brings it to what the request says.
///
/// Every step is idempotent: after a failure, an interruption or a kill the same call goes on.
/// When `stop` completes, no further request is sent, and the report says what was done.
pub async fn bootstrap(
    request: &Request,
    world: &World,
    deadline: Deadline,
    reporter: &dyn Reporter,
    stop: impl Future<Output = ()>,
) -> Report {
    let context = Context::new(request, world, deadline, reporter, Effects::Run);
    Box::pin(run(context, &Step::BOOTSTRAP, stop)).await
}

/// What [`bootstrap`] would do. Reads the cluster if there is one; writes nothing.
pub async fn plan(request: &Request, world: &World, deadline: Deadline, reporter: &dyn Reporter) -> Report {
    let context = Context::new(request, world, deadline, reporter, Effects::Plan);
    Box::pin(run(context, &Step::BOOTSTRAP, std::future::pending())).await
}

/// Takes away what [`bootstrap`] made, in the right order.
///
/// Can be called at any state between the two, also after a kill.
pub async fn destroy(
    request: &Request,
    world: &World,
    deadline: Deadline,
    reporter: &dyn Reporter,
    stop: impl Future<Output = ()>,
) -> Report {
    let context = Context::new(request, world, deadline, reporter, Effects::Run);
    Box::pin(run(context, &Step::DESTROY, stop)).await
}

/// How the platform is: the release, its objects and whether they are ready, the addresses. Writes nothing.
pub async fn status(request: &Request, world: &World, deadline: Deadline, reporter: &dyn Reporter) -> Report {
    let context = Context::new(request, world, deadline, reporter, Effects::Plan);
    Box::pin(steps::status::run(context)).await
}

async fn run(mut context: Context<'_>, steps: &[Step], stop: impl Future<Output = ()>) -> Report {
    let started = Instant::now();
    let mut lease: Option<Lease> = None;
    tokio::pin!(stop);
    for step in steps {
        context.step = *step;
        context.reporter.event(&Event::StepStarted { step: *step });
        let began = Instant::now();
        let held =
            keep(&mut lease, context.cluster.clone(), context.request.lease_duration, context.world, context.deadline);
        let result = tokio::select! {
            biased;
            () = &mut stop => Err(interrupted()),
            failure = held => Err(failure),
            result = one(&mut context) => result,
        };
        let result = match result {
            Ok(outcome) if *step == Step::Cluster && !context.planning() => {
                take(&mut lease, &mut context).await.map(|()| outcome)
            }
            other => other,
        };
        let failed = result.is_err();
        context.finish(result.unwrap_or_else(Outcome::Failed), began.elapsed());
        if failed {
            break;
        }
    }
    if let Some(lease) = lease {
        give_back(lease, &mut context).await;
    }
    context.report.took = started.elapsed();
    context.into_report()
}

async fn one(context: &mut Context<'_>) -> Result<Outcome, Failure> {
    if context.deadline.remaining().is_zero() {
        return Err(Failure::new(FailureKind::NotReady, "no time is left for this step")
            .next("run the same command again, or allow more time with --timeout"));
    }
    steps::run(context.step, context).await
}

fn interrupted() -> Failure {
    Failure::new(FailureKind::Interrupted, "interrupted")
        .next("run the same command again to go on, or `aktus destroy` to take everything away")
}

/// Which Lease fences this installation.
pub(crate) fn lease_options(request: &Request, world: &World) -> LeaseOptions {
    let owner = aktus_k8s::platform::Owner { instance: instance(request) };
    LeaseOptions {
        namespace: LEASE_NAMESPACE.to_owned(),
        name: format!("aktus-{}", instance(request)),
        holder: world.holder.clone(),
        duration: request.lease_duration,
        field_manager: FIELD_MANAGER.to_owned(),
        labels: owner.labels().map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
    }
}

/// Takes the Lease, so that no two runs act at once.
async fn take(lease: &mut Option<Lease>, context: &mut Context<'_>) -> Result<(), Failure> {
    let Some(cluster) = context.cluster.clone() else { return Ok(()) };
    let options = lease_options(context.request, context.world);
    let clock = &context.world.clock;
    // Waiting for a run that was killed must be possible within the time a Lease holds.
    let until = context.until().max(Instant::now() + options.duration * 2).min(context.deadline.until());
    let taken = acquire(&cluster, &options, &|| clock(), until).await.map_err(|error| lease_failure(&error))?;
    if let Some(holder) = &taken.taken_over_from {
        context
            .warn(format!("the run of `{holder}` stopped without giving its Lease back; this run goes on from there"));
    }
    context.note(&taken.id(), "hold", "for the time of this run".to_owned());
    *lease = Some(taken);
    Ok(())
}

/// Renews the Lease for as long as it is polled; ends only when it is lost.
async fn keep(
    lease: &mut Option<Lease>,
    cluster: Option<Cluster>,
    duration: Duration,
    world: &World,
    deadline: Deadline,
) -> Failure {
    let (Some(lease), Some(cluster)) = (lease.as_mut(), cluster) else {
        return std::future::pending().await;
    };
    loop {
        tokio::time::sleep(duration / 3).await;
        if let Err(error) = lease.renew(&cluster, (world.clock)(), deadline.until()).await {
            return lease_failure(&error);
        }
    }
}

async fn give_back(lease: Lease, context: &mut Context<'_>) {
    let Some(cluster) = context.cluster.clone() else { return };
    // Even when no time is left: a Lease that stays keeps the next run waiting.
    let until = context.deadline.until().max(Instant::now() + Duration::from_secs(2));
    if let Err(error) = lease.release(&cluster, until).await {
        context.report.warnings.push(format!("the Lease could not be given back, it ends by itself: {error}"));
    }
}
