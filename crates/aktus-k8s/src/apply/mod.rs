//! Carrying a plan out: the only place where a plan becomes writes.

mod change_set;

use std::fmt;

use serde_json::json;
use tokio::time::{Instant, sleep_until};

pub use self::change_set::{Action, Applied, ChangeSet};
use crate::client::{ApplyOptions, Cluster, DeleteOptions, Deletion, Propagation};
use crate::error::{ApiError, Class};
use crate::id::ObjectId;
use crate::object::Object;
use crate::plan::{Change, Plan, Stage, Step, owned_by_apply};
use crate::wait::{Readiness, Remaining, wait, wait_gone};

/// What carrying out a plan reports while it happens.
#[derive(Debug)]
#[non_exhaustive]
pub enum ApplyEvent<'a> {
    /// A write is about to happen.
    Started {
        /// What.
        step: &'a Step,
    },
    /// Something must happen in the cluster before the next write.
    Waiting {
        /// To which object.
        id: &'a ObjectId,
        /// What, in words.
        reason: &'a str,
    },
    /// One object is done.
    Finished {
        /// What was done to it.
        applied: &'a Applied,
    },
}

/// Why a plan was not carried out to its end.
#[derive(Debug)]
pub struct ApplyError {
    /// The object at which it stopped.
    pub id: ObjectId,
    /// What went wrong there.
    pub problem: ApplyProblem,
    /// What was done before.
    pub done: ChangeSet,
    /// The objects whose change was not tried.
    pub not_tried: Vec<ObjectId>,
}

/// What went wrong with one object.
#[derive(Debug, thiserror::Error)]
pub enum ApplyProblem {
    /// The API server refused, or did not answer.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// A field that cannot be changed differs, and nobody allowed to create the object anew.
    #[error(
        "`{field}` cannot be changed on an existing object; keep it as it is, or allow the object to be deleted and \
         created again"
    )]
    Immutable {
        /// The field.
        field: String,
    },
    /// A deletion that must come first did not finish in time.
    #[error("the object to be replaced is not gone in time{}", held_by(finalizers))]
    NotGone {
        /// Who still holds it.
        finalizers: Vec<String>,
    },
    /// A definition is not in force, so that objects of its kind cannot be created.
    #[error("the definition is not in force: {reason}")]
    NotEstablished {
        /// Why, or how far it is.
        reason: String,
    },
}

fn held_by(finalizers: &[String]) -> String {
    if finalizers.is_empty() { String::new() } else { format!(": held by {}", finalizers.join(", ")) }
}

impl fmt::Display for ApplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            // Names the object itself.
            ApplyProblem::Api(error) => write!(f, "{error}")?,
            problem => write!(f, "{}: {problem}", self.id)?,
        }
        let (done, rest) = (self.done.writes().count(), self.not_tried.len());
        match done {
            0 => f.write_str("; nothing was changed")?,
            1 => f.write_str("; 1 object was changed before it")?,
            _ => write!(f, "; {done} objects were changed before it")?,
        }
        match rest {
            0 => Ok(()),
            1 => f.write_str(", 1 was not tried"),
            _ => write!(f, ", {rest} were not tried"),
        }
    }
}

impl std::error::Error for ApplyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.problem {
            ApplyProblem::Api(error) => error.source(),
            _ => None,
        }
    }
}

impl ApplyError {
    /// What to do about it.
    pub fn class(&self) -> Class {
        match &self.problem {
            ApplyProblem::Api(error) => error.class(),
            ApplyProblem::Immutable { .. } => Class::Immutable,
            ApplyProblem::NotGone { .. } => Class::Terminating,
            ApplyProblem::NotEstablished { .. } => Class::Deadline,
        }
    }
}

/// Carries out a plan, step by step, and stops at the first failure.
///
/// Objects that are unchanged get no request. Deletions come last, and only if everything else succeeded. After
/// definitions, waits until they are in force. Reports each object through `on_event`.
pub async fn apply_plan(
    cluster: &Cluster,
    plan: &Plan,
    until: Instant,
    on_event: &mut (dyn FnMut(ApplyEvent<'_>) + Send),
) -> Result<ChangeSet, ApplyError> {
    let mut run = Run { cluster, plan, until, on_event, done: ChangeSet::default() };
    let refused = plan.steps.iter().enumerate().find_map(|(index, step)| match &step.change {
        Change::Replace { immutable, .. } if !step.may_recreate => Some((index, step, immutable.clone())),
        _ => None,
    });
    if let Some((_, step, field)) = refused {
        return Err(run.failed(0, &step.id, ApplyProblem::Immutable { field }));
    }
    let mut established = false;
    for (index, step) in plan.steps.iter().enumerate() {
        if step.stage > Stage::Definitions && !established {
            established = true;
            if let Err((id, problem)) = run.establish().await {
                return Err(run.failed(index, &id, problem));
            }
        }
        match run.step(step).await {
            Ok(applied) => {
                (run.on_event)(ApplyEvent::Finished { applied: &applied });
                run.done.entries.push(applied);
            }
            Err(problem) => return Err(run.failed(index + 1, &step.id, problem)),
        }
    }
    if !established && let Err((id, problem)) = run.establish().await {
        return Err(run.failed(plan.steps.len(), &id, problem));
    }
    Ok(run.done)
}

struct Run<'a> {
    cluster: &'a Cluster,
    plan: &'a Plan,
    until: Instant,
    on_event: &'a mut (dyn FnMut(ApplyEvent<'_>) + Send),
    done: ChangeSet,
}

impl Run<'_> {
    fn failed(&mut self, next: usize, id: &ObjectId, problem: ApplyProblem) -> ApplyError {
        let rest = self.plan.steps.get(next..).unwrap_or_default();
        let not_tried = rest.iter().filter(|step| step.change.is_write() && step.id != *id).map(|step| step.id.clone());
        ApplyError { id: id.clone(), problem, not_tried: not_tried.collect(), done: std::mem::take(&mut self.done) }
    }

    async fn step(&mut self, step: &Step) -> Result<Applied, ApplyProblem> {
        let applied = |action, uid: Option<&str>| Applied {
            id: step.id.clone(),
            action,
            uid: uid.map(str::to_owned).or_else(|| step.live_uid.clone()),
        };
        if step.change.is_write() {
            (self.on_event)(ApplyEvent::Started { step });
        }
        match (&step.change, &step.desired) {
            (Change::Create, Some(desired)) => {
                if step.waits_for_deletion {
                    self.gone(step).await?;
                }
                let live = self.write(desired).await?;
                Ok(applied(Action::Created, live.uid()))
            }
            (Change::Update { .. }, Some(desired)) => {
                if step.takes_over_updates {
                    self.take_over_updates(step).await?;
                }
                let live = self.write(desired).await?;
                Ok(applied(Action::Updated, live.uid()))
            }
            (Change::Replace { .. }, Some(desired)) => {
                // What the object made must be gone too, or the new one would meet it.
                let owns_others = matches!(step.id.group(), "apps" | "batch");
                let propagation = if owns_others { Propagation::Foreground } else { Propagation::Background };
                self.delete(step, propagation).await?;
                self.gone(step).await?;
                let live = self.write(desired).await?;
                Ok(applied(Action::Replaced, live.uid()))
            }
            (Change::Delete, _) => Ok(match self.delete(step, Propagation::Background).await? {
                Deletion::Deleted => applied(Action::Deleted, None),
                Deletion::Started => applied(Action::DeletionStarted, None),
                Deletion::Absent => applied(Action::Absent, None),
                Deletion::Another => {
                    let reason = "it was created anew by somebody else meanwhile".to_owned();
                    applied(Action::Kept { reason }, None)
                }
            }),
            (Change::Keep { reason }, _) => Ok(applied(Action::Kept { reason: reason.clone() }, None)),
            (Change::Unchanged | Change::Create | Change::Update { .. } | Change::Replace { .. }, _) => {
                Ok(applied(Action::Unchanged, None))
            }
        }
    }

    /// Makes fields that the manager owns by other writes its own by apply, so that the apply can give them up.
    async fn take_over_updates(&self, step: &Step) -> Result<(), ApplyProblem> {
        let manager = &self.plan.field_manager;
        loop {
            let Some(live) = self.cluster.get(&step.id, self.until).await? else { return Ok(()) };
            let Some(managed_fields) = owned_by_apply(&live, manager) else { return Ok(()) };
            let patch = json!({"metadata": {
                "resourceVersion": live.resource_version(), "managedFields": managed_fields}});
            match self.cluster.patch_merge(&step.id, &patch, manager, self.until).await {
                Ok(_) => return Ok(()),
                // Somebody wrote in between: look again.
                Err(error) if error.class() == Class::Race => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Applies one object. A kind that this plan defines may take a moment until the server serves it.
    async fn write(&mut self, desired: &Object) -> Result<Object, ApplyProblem> {
        let options =
            ApplyOptions { field_manager: self.plan.field_manager.clone(), force: self.plan.force, dry_run: false };
        let mut attempt = 0;
        loop {
            let error = match self.cluster.apply(desired, &options, self.until).await {
                Ok(live) => return Ok(live),
                Err(error) => error,
            };
            if error.class() != Class::UnknownKind || !self.defines(desired) || !self.pause(&mut attempt).await {
                return Err(error.into());
            }
            self.cluster.forget_discovery();
        }
    }

    /// Whether this plan holds the definition of the object's kind.
    fn defines(&self, object: &Object) -> bool {
        let id = object.id();
        self.definitions().any(|definition| {
            definition.text("/spec/group") == Some(id.group()) && definition.text("/spec/names/kind") == Some(&id.kind)
        })
    }

    fn definitions(&self) -> impl Iterator<Item = &Object> {
        let definitions = self.plan.steps.iter().filter(|step| step.stage == Stage::Definitions);
        definitions.filter_map(|step| step.desired.as_ref())
    }

    /// Waits a little longer each time; `false` when the time is up.
    async fn pause(&self, attempt: &mut u32) -> bool {
        *attempt += 1;
        let wait = crate::Backoff::default().wait(*attempt, "definition", None);
        sleep_until(self.until.min(Instant::now() + wait)).await;
        Instant::now() < self.until
    }

    /// Waits until the definitions that this run wrote are in force.
    async fn establish(&mut self) -> Result<(), (ObjectId, ApplyProblem)> {
        let written: Vec<ObjectId> = self
            .done
            .writes()
            .filter(|applied| applied.id.kind == "CustomResourceDefinition")
            .map(|applied| applied.id.clone())
            .collect();
        let Some(first) = written.first().cloned() else { return Ok(()) };
        let on_event = &mut self.on_event;
        let states = wait(self.cluster, &written, self.until, &mut |id, readiness| {
            if let Readiness::Pending(reason) = readiness {
                on_event(ApplyEvent::Waiting { id, reason });
            }
        })
        .await
        .map_err(|error| (first, error.into()))?;
        self.cluster.forget_discovery();
        for (id, readiness) in states {
            if let Readiness::Pending(reason) | Readiness::Failed(reason) = readiness {
                return Err((id, ApplyProblem::NotEstablished { reason }));
            }
        }
        Ok(())
    }

    async fn delete(&mut self, step: &Step, propagation: Propagation) -> Result<Deletion, ApplyProblem> {
        let options = DeleteOptions { propagation, uid: step.live_uid.clone(), resource_version: None };
        Ok(self.cluster.delete(&step.id, &options, self.until).await?)
    }

    /// Waits until the object that the step found is gone.
    async fn gone(&mut self, step: &Step) -> Result<(), ApplyProblem> {
        let target = [(step.id.clone(), step.live_uid.clone())];
        let on_event = &mut self.on_event;
        let remaining = wait_gone(self.cluster, &target, self.until, &mut |remaining| {
            on_event(ApplyEvent::Waiting { id: &remaining.id, reason: &remaining.to_string() });
        })
        .await?;
        match remaining.into_iter().next() {
            None => Ok(()),
            Some(Remaining { finalizers, .. }) => Err(ApplyProblem::NotGone { finalizers }),
        }
    }
}
