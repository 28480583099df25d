//! One run through the steps: in order, each within its share of the time, stopped cleanly when asked.

use std::sync::Arc;
use std::time::Duration;

use aktus_k8s::lease::{Closed, End, Fence, Lease, LeaseError, LeaseOptions, acquire, request_stop, try_acquire_if};
use aktus_k8s::platform::FIELD_MANAGER;
use aktus_k8s::{Cluster, Object};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::context::{Context, Effects, instance};
use crate::deadline::Deadline;
use crate::event::{Event, Reporter};
use crate::failure::lease as lease_failure;
use crate::preview::{Preview, origins};
use crate::report::{Failure, FailureKind, Outcome, Report};
use crate::request::Request;
use crate::step::Step;
use crate::steps;
use crate::ticket::{self, Installation, Refusal, Ticket};
use crate::world::World;

/// The namespace of the Lease: it exists in every cluster, before and after ours.
pub(crate) const LEASE_NAMESPACE: &str = "default";
/// How often a run with a ticket looks whether it is still wanted.
const WATCH: Duration = Duration::from_secs(1);
/// How long a run that is not wanted any more waits for its last write to be answered.
const QUIET: Duration = Duration::from_secs(10);

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
    let mut context = Context::new(request, world, deadline, reporter, Effects::Run);
    Box::pin(run(&mut context, &Step::BOOTSTRAP, stop)).await
}

/// What [`bootstrap`] would do. Reads the cluster if there is one; writes nothing.
pub async fn plan(request: &Request, world: &World, deadline: Deadline, reporter: &dyn Reporter) -> Report {
    preview(request, world, deadline, reporter).await.report
}

/// What [`bootstrap`] would do, as [`plan`] says it, and besides where each object comes from and which images it runs.
pub async fn preview(request: &Request, world: &World, deadline: Deadline, reporter: &dyn Reporter) -> Preview {
    let mut context = Context::new(request, world, deadline, reporter, Effects::Plan);
    let report = Box::pin(run(&mut context, &Step::BOOTSTRAP, std::future::pending())).await;
    Preview { report, origins: origins(&context) }
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
    let mut context = Context::new(request, world, deadline, reporter, Effects::Run);
    Box::pin(run(&mut context, &Step::DESTROY, stop)).await
}

/// How the platform is: the release, its objects and whether they are ready, the addresses. Writes nothing.
pub async fn status(request: &Request, world: &World, deadline: Deadline, reporter: &dyn Reporter) -> Report {
    let context = Context::new(request, world, deadline, reporter, Effects::Plan);
    Box::pin(steps::status::run(context)).await
}

/// The installations of an owner, as their Leases tell. If there is none, leaves word for a run of this owner that
/// has begun and not come to its Lease yet: it ends without having done anything.
pub async fn cancel(
    request: &Request,
    world: &World,
    deadline: Deadline,
    reporter: &dyn Reporter,
    owner: &str,
) -> Result<Vec<Installation>, Failure> {
    let mut context = Context::new(request, world, deadline, reporter, Effects::Plan);
    context.step = Step::Cluster;
    reporter.event(&Event::StepStarted { step: Step::Cluster });
    Box::pin(steps::run(Step::Cluster, &mut context)).await?;
    let (cluster, until) = (context.cluster()?, deadline.until());
    let found = ticket::installations(&cluster, owner, until).await?;
    if !found.is_empty() {
        return Ok(found);
    }
    ticket::cancel(&cluster, owner, FIELD_MANAGER, (world.clock)(), until).await?;
    // A run takes its Lease first and looks for a word then, so one of the two sees the other.
    let found = ticket::installations(&cluster, owner, until).await?;
    if !found.is_empty() {
        ticket::cancelled(&cluster, owner, Timestamp::UNIX_EPOCH, until).await?;
    }
    Ok(found)
}

/// A Lease that is held, and the fence around what it protects.
struct Hold {
    lease: Lease,
    /// The cluster without the fence.
    cluster: Cluster,
    fence: Option<Arc<Fence>>,
    /// Whether nothing is to be told to later runs.
    forget: bool,
}

async fn run(context: &mut Context<'_>, steps: &[Step], stop: impl Future<Output = ()>) -> Report {
    let started = Instant::now();
    let mut hold: Option<Hold> = None;
    tokio::pin!(stop);
    for step in steps {
        context.step = *step;
        context.reporter.event(&Event::StepStarted { step: *step });
        let began = Instant::now();
        let result = {
            let held = keep(hold.as_mut(), context.request.lease_duration, context.world, context.deadline);
            tokio::select! {
                biased;
                () = &mut stop => Err(interrupted()),
                failure = held => Err(failure),
                result = one(context) => result,
            }
        };
        let result = match result {
            Ok(outcome) if *step == Step::Cluster && !context.planning() => {
                let destroying = steps == Step::DESTROY;
                let taken = tokio::select! {
                    biased;
                    () = &mut stop => Err(interrupted()),
                    taken = take(&mut hold, context, destroying) => taken,
                };
                taken.map(|()| outcome)
            }
            other => other,
        };
        let result = result.map_err(|failure| match hold.as_ref().and_then(Hold::closed) {
            Some(closed) => context.refuse(closed),
            None => failure,
        });
        let failed = result.is_err();
        context.finish(result.unwrap_or_else(Outcome::Failed), began.elapsed());
        if failed {
            break;
        }
    }
    context.report.took = started.elapsed();
    let (cluster, world, deadline) = (context.cluster.clone(), context.world, context.deadline);
    let mut report = context.take_report();
    if let (Some(hold), Some(_)) = (hold, cluster) {
        give_back(hold, &mut report, world, deadline).await;
    }
    report
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
    let ticket = world.ticket.as_ref();
    let labels = owner.labels().map(|(key, value)| (key.to_owned(), value.to_owned()));
    LeaseOptions {
        namespace: LEASE_NAMESPACE.to_owned(),
        name: format!("aktus-{}", instance(request)),
        holder: world.holder.clone(),
        duration: request.lease_duration,
        field_manager: FIELD_MANAGER.to_owned(),
        labels: labels.into_iter().chain(ticket.map(|ticket| ticket.label())).collect(),
        annotations: ticket.map(|ticket| ticket.annotations(&request.namespace, &request.release)).unwrap_or_default(),
    }
}

/// Takes the Lease, so that no two runs act at once.
async fn take(hold: &mut Option<Hold>, context: &mut Context<'_>, destroying: bool) -> Result<(), Failure> {
    let Some(cluster) = context.cluster.clone() else { return Ok(()) };
    let options = lease_options(context.request, context.world);
    // Waiting for a run that was killed must be possible within the time a Lease holds.
    let until = context.until().max(Instant::now() + options.duration * 2).min(context.deadline.until());
    let ticket = context.world.ticket.clone();
    let taken = match &ticket {
        None => {
            let clock = &context.world.clock;
            acquire(&cluster, &options, &|| clock(), until).await.map_err(|error| lease_failure(&error))?
        }
        Some(ticket) => admitted(&cluster, &options, ticket, context, destroying, until).await?,
    };
    if let Some(holder) = &taken.taken_over_from {
        context
            .warn(format!("the run of `{holder}` stopped without giving its Lease back; this run goes on from there"));
    }
    context.note(&taken.id(), "hold", "for the time of this run".to_owned());
    let fence = ticket.as_ref().map(|_| Arc::new(Fence::new(&cluster, &taken)));
    if let Some(fence) = &fence {
        context.cluster = Some(cluster.fenced(Arc::clone(fence)));
    }
    let closed = fence.as_ref().and_then(|fence| fence.closed());
    *hold = Some(Hold { lease: taken, cluster: cluster.clone(), fence, forget: ticket.is_none() && destroying });
    if let Some(closed) = closed {
        return Err(context.refuse(closed));
    }
    if let Some(ticket) = ticket.filter(|ticket| !destroying && !ticket.continues)
        && ticket::cancelled(&cluster, &ticket.owner, ticket.began, context.deadline.until()).await?
    {
        if let Some(hold) = hold {
            hold.forget = true;
        }
        return Err(context.refuse(Closed::Stopped { by: "a request that came meanwhile".to_owned() }));
    }
    Ok(())
}

/// Takes the Lease for a run with a ticket: only if it is let in, and stopping a run that works for the contrary.
async fn admitted(
    cluster: &Cluster,
    options: &LeaseOptions,
    ticket: &Ticket,
    context: &mut Context<'_>,
    destroying: bool,
    until: Instant,
) -> Result<Lease, Failure> {
    let clock = context.world.clock.clone();
    loop {
        let mut refusal = None;
        let mut same = false;
        let mut admit = |live: Option<&Object>| {
            same = live.and_then(ticket::request_of) == Some(&ticket.request);
            refusal = ticket.admit(live, &options.holder, destroying).err();
            refusal.is_none()
        };
        let error = match try_acquire_if(cluster, options, clock(), until, &mut admit).await {
            Ok(lease) => return Ok(lease),
            Err(error) => error,
        };
        if let Some(refusal) = refusal {
            let failure = refusal.failure();
            context.report.refusal = Some(refusal);
            return Err(failure);
        }
        let LeaseError::Held { holder, .. } = &error else { return Err(lease_failure(&error)) };
        if destroying && !same {
            let by = format!("request {}", ticket.request);
            let asked = request_stop(cluster, &options.id(), &by, FIELD_MANAGER, until).await;
            asked.map_err(|error| lease_failure(&error))?;
        }
        context.waiting(format!("the run of `{holder}` to end"));
        let next = Instant::now() + WATCH.min(options.duration / 3);
        if next >= until {
            if same {
                context.report.refusal = Some(Refusal::InProgress);
            }
            return Err(lease_failure(&error));
        }
        tokio::time::sleep_until(next).await;
    }
}

impl Hold {
    fn closed(&self) -> Option<Closed> {
        self.fence.as_ref().and_then(|fence| fence.closed())
    }
}

/// Renews the Lease for as long as it is polled, and looks whether somebody wants this run to stop; ends only then,
/// or when the Lease is lost. No write is under way when it ends.
async fn keep(hold: Option<&mut Hold>, duration: Duration, world: &World, deadline: Deadline) -> Failure {
    let Some(Hold { lease, cluster, fence, .. }) = hold else { return std::future::pending().await };
    let until = deadline.until();
    let mut renewed = Instant::now();
    loop {
        let watch = if fence.is_some() { WATCH.min(duration / 3) } else { duration / 3 };
        tokio::time::sleep(watch).await;
        let result = async {
            if renewed.elapsed() + watch / 2 >= duration / 3 {
                lease.renew(cluster, (world.clock)(), until).await?;
                renewed = Instant::now();
            }
            match fence {
                Some(fence) => Ok(fence.look(until).await?),
                None => Ok(None),
            }
        };
        let failure = match result.await {
            Ok(None) => continue,
            Ok(Some(closed)) => Failure::new(FailureKind::Interrupted, closed.to_string()),
            Err(error) => {
                // Says who holds it, if that is the matter.
                if let Some(fence) = fence {
                    drop(fence.look(until).await);
                }
                lease_failure(&error)
            }
        };
        if let Some(fence) = fence {
            drop(tokio::time::timeout(QUIET, fence.quiet()).await);
        }
        return failure;
    }
}

/// Ends holding the Lease as the ticket says. Without one it is deleted, unless it tells of somebody's ticket.
async fn give_back(hold: Hold, report: &mut Report, world: &World, deadline: Deadline) {
    let Hold { lease, cluster, forget, .. } = hold;
    // Even when no time is left: a Lease that stays keeps the next run waiting.
    let until = deadline.until().max(Instant::now() + Duration::from_secs(2));
    let end = match &world.ticket {
        _ if forget => End::Forget,
        Some(ticket) => ticket.end((ticket.settle)(report), lease.object()),
        None if ticket::is_owned(lease.object()) => End::Keep(Vec::new()),
        None => End::Forget,
    };
    if let Err(error) = lease.end(&cluster, &end, (world.clock)(), until).await {
        report.warnings.push(format!("the Lease could not be given back, it ends by itself: {error}"));
    }
}
