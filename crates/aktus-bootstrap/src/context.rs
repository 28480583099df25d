//! What the steps of one run share: the request, the world, and what has been learnt so far.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aktus_helm::{Chart, Manifests, Values};
use aktus_k8s::lease::Closed;
use aktus_k8s::platform::{FIELD_MANAGER, INSTANCE_LABEL, MANAGED_BY_LABEL, Owner};
use aktus_k8s::{
    Action, Applied, ApplyEvent, Change, Cluster, Object, ObjectId, Plan, PlanOptions, Readiness, apply_plan, plan,
    wait,
};
use serde_json::Value;
use tokio::time::Instant;

use crate::deadline::Deadline;
use crate::event::{Event, Reporter};
use crate::failure::{api, object, plan as plan_failure};
use crate::overlay::Places;
use crate::report::{Failure, FailureKind, ObjectReport, Outcome, Report, StepReport};
use crate::request::Request;
use crate::step::Step;
use crate::ticket::Refusal;
use crate::world::World;

/// Whether the steps write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effects {
    /// They decide only.
    Plan,
    /// They do what they decide.
    Run,
}

/// What a step ends with; a failure is the error.
pub(crate) type StepResult = Result<Outcome, Failure>;

pub(crate) struct Context<'a> {
    pub(crate) request: &'a Request,
    pub(crate) world: &'a World,
    pub(crate) deadline: Deadline,
    pub(crate) reporter: &'a dyn Reporter,
    pub(crate) effects: Effects,
    /// The step that runs.
    pub(crate) step: Step,
    pub(crate) report: Report,
    /// The objects of the report. Behind a lock, so that what was done is known even when a step is dropped.
    pub(crate) objects: Mutex<Vec<ObjectReport>>,
    pub(crate) owner: Owner,
    /// The cluster, once it is known; never in a plan without one.
    pub(crate) cluster: Option<Cluster>,
    /// Objects that earlier steps create or have created: a plan's `lookup` sees them.
    pub(crate) planned: Vec<Value>,
    pub(crate) chart: Option<LoadedChart>,
    pub(crate) rendered: Option<RenderedChart>,
    /// The host name of the research service's load balancer, once the values say so.
    pub(crate) research_host: Option<String>,
}

/// A chart and where it came from.
pub(crate) struct LoadedChart {
    pub(crate) chart: Chart,
    pub(crate) digest: Option<String>,
    pub(crate) places: Places,
}

/// A chart with values, rendered and transformed.
pub(crate) struct RenderedChart {
    pub(crate) values: Values,
    pub(crate) manifests: Manifests,
    /// The revision it was rendered for.
    pub(crate) revision: u32,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        request: &'a Request,
        world: &'a World,
        deadline: Deadline,
        reporter: &'a dyn Reporter,
        effects: Effects,
    ) -> Self {
        Self {
            request,
            world,
            deadline,
            reporter,
            effects,
            step: Step::Request,
            report: Report { planned: effects == Effects::Plan, ..Report::default() },
            objects: Mutex::default(),
            owner: Owner { instance: instance(request) },
            cluster: None,
            planned: Vec::new(),
            chart: None,
            rendered: None,
            research_host: None,
        }
    }

    /// The report, with everything that was noted.
    pub(crate) fn take_report(&mut self) -> Report {
        let objects = std::mem::take(self.objects.get_mut().unwrap_or_else(PoisonError::into_inner));
        Report { objects, ..std::mem::take(&mut self.report) }
    }

    pub(crate) fn planning(&self) -> bool {
        self.effects == Effects::Plan
    }

    /// The moment by which the step that runs must end.
    pub(crate) fn until(&self) -> Instant {
        self.deadline.share(self.step.share())
    }

    /// The cluster; an error where a plan has none.
    pub(crate) fn cluster(&self) -> Result<Cluster, Failure> {
        self.cluster.clone().ok_or_else(|| Failure::new(FailureKind::Internal, "no cluster is connected"))
    }

    pub(crate) fn waiting(&self, reason: impl Into<String>) {
        self.reporter.event(&Event::StepWaiting { step: self.step, reason: reason.into() });
    }

    pub(crate) fn warn(&mut self, message: impl Into<String>) {
        let message = message.into();
        if !self.report.warnings.contains(&message) {
            self.reporter.event(&Event::Warning { step: self.step, message: message.clone() });
            self.report.warnings.push(message);
        }
    }

    /// Notes that this run may write no longer; the failure it ends with.
    pub(crate) fn refuse(&mut self, closed: Closed) -> Failure {
        let refusal = match closed {
            Closed::Stopped { by } => Refusal::Stopped(by),
            Closed::Lost { holder } => Refusal::Lost(holder),
        };
        let failure = refusal.failure();
        self.report.refusal = Some(refusal);
        failure
    }

    /// Notes the end of the step that runs.
    pub(crate) fn finish(&mut self, outcome: Outcome, took: Duration) {
        self.reporter.event(&Event::StepFinished { step: self.step, outcome: outcome.clone(), took });
        self.report.steps.push(StepReport { step: self.step, outcome, took });
    }

    /// Notes what is done, or would be done, to an object.
    pub(crate) fn note(&self, id: &ObjectId, change: &'static str, detail: String) {
        self.reporter.event(&Event::Object { step: self.step, object: id.to_string(), change, detail: detail.clone() });
        let Ok(mut objects) = self.objects.lock() else { return };
        // An object decided on twice in one run, as by a second revision, keeps one line: the stronger change.
        if let Some(known) = objects.iter_mut().find(|known| is(known, id)) {
            let same = known.change == change && !detail.is_empty();
            if same || matches!(known.change, "unchanged" | "keep") || change == "delete" {
                (known.change, known.detail) = (change, detail);
            }
            return;
        }
        objects.push(ObjectReport {
            step: self.step,
            api_version: id.api_version.clone(),
            kind: id.kind.clone(),
            namespace: id.namespace.clone(),
            name: id.name.clone(),
            change,
            detail,
            ready: None,
        });
    }

    /// How many of the objects noted were, or would be, written.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let Ok(objects) = self.objects.lock() else { return (0, 0) };
        (objects.iter().filter(|object| object.is_written()).count(), objects.len())
    }

    /// Brings platform objects to the cluster, or decides what that would take.
    /// `recreate` names those that may be deleted and created again.
    /// Answers how many differ.
    pub(crate) async fn ensure(&mut self, objects: Vec<Object>, recreate: &[ObjectId]) -> Result<usize, Failure> {
        self.planned.extend(objects.iter().map(|object| object.as_value().clone()));
        let until = self.until();
        let plan = match &self.cluster {
            None => Plan::creating(objects, FIELD_MANAGER).map_err(|error| plan_failure(&error))?,
            Some(cluster) => {
                let mut options = PlanOptions::new(FIELD_MANAGER, &self.request.namespace);
                options.recreate.extend(recreate.iter().cloned());
                let cluster = cluster.clone();
                let objects = self.not_foreign(&cluster, objects, until).await?;
                plan(&cluster, objects, &[], &options, until).await.map_err(|error| plan_failure(&error))?
            }
        };
        let writes = plan.steps.iter().filter(|step| step.change.is_write()).count();
        self.carry_out(&plan, until).await?;
        Ok(writes)
    }

    /// Looks whose the objects are that exist already, before anything is changed.
    /// Another installation's are refused, a namespace that was there before stays as it is,
    /// other objects are adopted with a warning.
    async fn not_foreign(
        &mut self,
        cluster: &Cluster,
        objects: Vec<Object>,
        until: Instant,
    ) -> Result<Vec<Object>, Failure> {
        let mut kept = Vec::with_capacity(objects.len());
        for object in objects {
            let live = cluster.get(&object.id(), until).await.map_err(|error| api(&error))?;
            let Some(live) = live.filter(|live| self.owner.ownership().missing(live).is_some()) else {
                kept.push(object);
                continue;
            };
            let manager = live.label(MANAGED_BY_LABEL).unwrap_or("nobody");
            if manager == FIELD_MANAGER {
                let other = live.label(INSTANCE_LABEL).unwrap_or("unknown");
                return Err(Failure::new(FailureKind::Refused, format!("it belongs to the installation `{other}`"))
                    .about(live.id().to_string())
                    .next("destroy that installation first, or use another namespace or cluster"));
            }
            if live.kind() == "Namespace" {
                self.note(&live.id(), "keep", "it was there before".to_owned());
                continue;
            }
            self.warn(format!("{} was there before (managed by {manager}) and is taken over", live.id()));
            kept.push(object);
        }
        Ok(kept)
    }

    /// Carries a plan out, or only notes it.
    pub(crate) async fn carry_out(&self, plan: &Plan, until: Instant) -> Result<(), Failure> {
        if self.planning() {
            for step in &plan.steps {
                self.note(&step.id, step.change.word(), detail(&step.change));
            }
            return Ok(());
        }
        let cluster = self.cluster()?;
        let this: &Self = self;
        let result = apply_plan(&cluster, plan, until, &mut |event| match event {
            ApplyEvent::Finished { applied } => this.applied(plan, applied),
            ApplyEvent::Waiting { id, reason } => this.waiting(format!("{id}: {reason}")),
            _ => {}
        })
        .await;
        result.map(|_| ()).map_err(|error| object(&error))
    }

    /// Notes what was done to an object of a plan.
    pub(crate) fn applied(&self, plan: &Plan, applied: &Applied) {
        let step = plan.steps.iter().find(|step| step.id == applied.id);
        let detail = match (&applied.action, step) {
            (Action::Kept { reason }, _) => reason.clone(),
            (_, Some(step)) => detail(&step.change),
            (_, None) => String::new(),
        };
        self.note(&applied.id, action(&applied.action), detail);
    }

    /// Waits for objects and notes how it went; the first that is not ready is the failure.
    pub(crate) async fn wait_for(&self, ids: &[ObjectId], until: Instant) -> Result<(usize, usize), Failure> {
        let cluster = self.cluster()?;
        let reporter = self.reporter;
        let verdicts = wait(&cluster, ids, until, &mut |id, readiness| match readiness {
            Readiness::Ready => reporter.event(&Event::ObjectReady { object: id.to_string() }),
            Readiness::Pending(reason) | Readiness::Failed(reason) => {
                reporter.event(&Event::ObjectWaiting { object: id.to_string(), reason: reason.clone() });
            }
        })
        .await
        .map_err(|error| api(&error))?;
        let mut first = None;
        let mut ready = 0;
        for (id, readiness) in &verdicts {
            let verdict = match readiness {
                Readiness::Ready => {
                    ready += 1;
                    Ok(())
                }
                Readiness::Pending(reason) | Readiness::Failed(reason) => {
                    first.get_or_insert_with(|| (id.clone(), reason.clone()));
                    Err(reason.clone())
                }
            };
            self.verdict(id, verdict);
        }
        match first {
            None => Ok((ready, verdicts.len())),
            Some((id, reason)) => {
                Err(Failure::new(FailureKind::NotReady, format!("{reason} ({ready} of {} ready)", verdicts.len()))
                    .about(id.to_string())
                    .next("mend the cause and run the same command again; what is ready stays"))
            }
        }
    }

    pub(crate) fn verdict(&self, id: &ObjectId, verdict: Result<(), String>) {
        let Ok(mut objects) = self.objects.lock() else { return };
        if let Some(known) = objects.iter_mut().find(|known| is(known, id)) {
            known.ready = Some(verdict);
        }
    }
}

/// The name of the installation: what its objects are labelled with.
pub(crate) fn instance(request: &Request) -> String {
    let mut instance = format!("{}.{}", request.namespace, request.release);
    // A label value has at most 63 characters; a namespace alone may have that many.
    instance.truncate(63);
    instance.trim_end_matches(['-', '.']).to_owned()
}

/// The fields that differ, for one line.
pub(crate) fn detail(change: &Change) -> String {
    match change {
        Change::Update { fields } | Change::Replace { fields, .. } => {
            let shown: Vec<_> = fields.iter().take(3).map(|field| field.path.clone()).collect();
            let more = fields.len().saturating_sub(shown.len());
            let shown = shown.join(", ");
            if more == 0 { shown } else { format!("{shown} and {more} more") }
        }
        Change::Keep { reason } => reason.clone(),
        Change::Create | Change::Unchanged | Change::Delete => String::new(),
    }
}

fn is(known: &ObjectReport, id: &ObjectId) -> bool {
    known.kind == id.kind && known.namespace == id.namespace && known.name == id.name
}

/// The word for what was done.
pub(crate) fn action(action: &Action) -> &'static str {
    match action {
        Action::Created => "create",
        Action::Updated => "update",
        Action::Replaced => "replace",
        Action::Deleted | Action::DeletionStarted => "delete",
        Action::Kept { .. } => "keep",
        Action::Unchanged | Action::Absent => "unchanged",
    }
}
