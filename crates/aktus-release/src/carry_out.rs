//! Doing what was decided: record first, then objects, then the record's end.

use aktus_helm::HookEvent;
use aktus_helm::record::{Record, Status};
use aktus_k8s::{ApplyEvent, ChangeSet, Cluster, Object, ObjectId, Plan, Readiness, apply_plan, wait};
use jiff::Timestamp;
use tokio::time::{Duration, Instant};

use crate::decide::{Action, Decision};
use crate::error::ReleaseError;
use crate::event::{OnEvent, ReleaseEvent};
use crate::history::{Encoded, purge};
use crate::hooks;
use crate::options::ReleaseOptions;

/// How long noting a failure may take when the time for the work is used up.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// What came of a decision.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The revision that is deployed.
    pub revision: u32,
    /// Whether that revision is new.
    pub new_revision: bool,
    /// What was done to the objects.
    pub changes: ChangeSet,
}

/// What every part of the work needs.
pub(crate) struct Work<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) options: &'a ReleaseOptions,
    pub(crate) clock: &'a (dyn Fn() -> Timestamp + Send + Sync),
    pub(crate) until: Instant,
}

impl Work<'_> {
    /// Writes a record over the one of its revision.
    pub(crate) async fn update(&self, record: &Record, on_event: &mut OnEvent<'_>) -> Result<(), ReleaseError> {
        // The end of a record is not optional: it may take longer than the work had.
        let until = self.until.max(Instant::now() + LAST_WORDS);
        Encoded::new(record, self.options)?.update(self.cluster, (self.clock)(), until).await?;
        on_event(ReleaseEvent::Record { revision: record.version, status: record.info.status.as_str() });
        Ok(())
    }
}

/// Carries a decision out.
///
/// The record is created before anything else and ends as `deployed` or `failed`. A run that is killed in between
/// leaves it `pending-…`, and the next decision takes up from there.
pub async fn carry_out(
    cluster: &Cluster,
    decision: Decision,
    options: &ReleaseOptions,
    clock: &(dyn Fn() -> Timestamp + Send + Sync),
    until: Instant,
    on_event: &mut OnEvent<'_>,
) -> Result<Outcome, ReleaseError> {
    let work = Work { cluster, options, clock, until };
    for mut record in decision.interrupted {
        record.info.status = Status::Failed;
        "interrupted: the process ended before the release did".clone_into(&mut record.info.description);
        work.update(&record, on_event).await?;
    }
    let Some(mut record) = decision.record else {
        supersede(&work, decision.superseded, on_event).await?;
        let changes = apply(&work, &decision.plan, on_event).await?;
        return Ok(Outcome { revision: decision.revision, new_revision: false, changes });
    };
    for revision in decision.pruned {
        purge(cluster, options, revision, until).await?;
        on_event(ReleaseEvent::Record { revision, status: "purged" });
    }
    let now = clock();
    record.info.last_deployed = now;
    if record.info.first_deployed == Timestamp::UNIX_EPOCH {
        record.info.first_deployed = now;
    }
    Encoded::new(&record, options)?.create(cluster, now, until).await?;
    on_event(ReleaseEvent::Record { revision: record.version, status: record.info.status.as_str() });

    let (before, after, word) = match decision.action {
        Action::Install => (HookEvent::PreInstall, HookEvent::PostInstall, "Install"),
        Action::Upgrade | Action::Nothing => (HookEvent::PreUpgrade, HookEvent::PostUpgrade, "Upgrade"),
    };
    let done = async {
        if !decision.definitions.is_empty() {
            define(&work, decision.definitions, on_event).await?;
        }
        hooks::run(&work, &mut record, before, on_event).await?;
        let changes = apply(&work, &decision.plan, on_event).await?;
        hooks::run(&work, &mut record, after, on_event).await?;
        Ok(changes)
    }
    .await;
    let changes = match done {
        Ok(changes) => changes,
        Err(failure) => return Err(failed(&work, record, word, failure, on_event).await),
    };
    record.info.status = Status::Deployed;
    record.info.description = format!("{word} complete");
    work.update(&record, on_event).await?;
    supersede(&work, decision.superseded, on_event).await?;
    Ok(Outcome { revision: record.version, new_revision: true, changes })
}

/// Creates definitions and waits until their kinds can be used.
async fn define(work: &Work<'_>, definitions: Vec<Object>, on_event: &mut OnEvent<'_>) -> Result<(), ReleaseError> {
    let ids: Vec<ObjectId> = definitions.iter().map(Object::id).collect();
    apply(work, &Plan::creating(definitions, &work.options.field_manager)?, on_event).await?;
    let verdicts = wait(work.cluster, &ids, work.until, &mut |_, _| {}).await?;
    for (id, readiness) in verdicts {
        if let Readiness::Pending(reason) | Readiness::Failed(reason) = readiness {
            return Err(ReleaseError::Definition { id: Box::new(id), reason });
        }
    }
    work.cluster.forget_discovery();
    Ok(())
}

/// Notes that the work failed; the work's error is what the caller gets.
async fn failed(
    work: &Work<'_>,
    mut record: Record,
    word: &str,
    failure: ReleaseError,
    on_event: &mut OnEvent<'_>,
) -> ReleaseError {
    record.info.status = Status::Failed;
    record.info.description = if word == "Install" {
        format!("Release {:?} failed: {failure}", record.name)
    } else {
        format!("Upgrade {:?} failed: {failure}", record.name)
    };
    match work.update(&record, on_event).await {
        Ok(()) => failure,
        Err(error) => ReleaseError::Unrecorded { work: Box::new(failure), record: Box::new(error) },
    }
}

async fn supersede(work: &Work<'_>, records: Vec<Record>, on_event: &mut OnEvent<'_>) -> Result<(), ReleaseError> {
    for mut record in records {
        record.info.status = Status::Superseded;
        work.update(&record, on_event).await?;
    }
    Ok(())
}

/// Applies a plan and tells what happens.
pub(crate) async fn apply(work: &Work<'_>, plan: &Plan, on_event: &mut OnEvent<'_>) -> Result<ChangeSet, ReleaseError> {
    let changes = apply_plan(work.cluster, plan, work.until, &mut |event| match event {
        ApplyEvent::Started { step } => on_event(ReleaseEvent::Writing { step }),
        ApplyEvent::Finished { applied } => on_event(ReleaseEvent::Written { applied }),
        ApplyEvent::Waiting { id, reason } => {
            on_event(ReleaseEvent::Waiting { reason: format!("{id}: {reason}") });
        }
        _ => {}
    })
    .await?;
    Ok(changes)
}
