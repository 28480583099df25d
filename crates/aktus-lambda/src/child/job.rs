//! What does a task mean, and what is to be said about how it ended?

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aktus_bootstrap::{
    Deadline, Failure, FailureKind, OnUnreachable, Refusal, Report, Reporter, Request, Settlement, Step, Ticket,
};
use serde_json::{Map, Value};
use tokio::time::Instant;
use tracing::warn;

use crate::identity::{Identity, region};
use crate::outcome;
use crate::task::{Conclusion, Failed, Success, Task, Verb};
use crate::work::{Found, Job, Work};

/// Does a task that was given at `started`. When `stop` completes, the work stops where it is.
pub async fn perform(
    task: &Task,
    started: Instant,
    work: &dyn Work,
    reporter: &dyn Reporter,
    stop: impl Future<Output = ()> + Clone + 'static,
) -> Conclusion {
    let rest = Duration::from_millis(task.work_ms).saturating_sub(started.elapsed());
    let deadline = Deadline::after(rest);
    match task.verb {
        Verb::Install => install(task, deadline, work, reporter, stop).await,
        Verb::Remove => remove(task, deadline, work, reporter, stop).await,
    }
}

async fn install(
    task: &Task,
    deadline: Deadline,
    work: &dyn Work,
    reporter: &dyn Reporter,
    stop: impl Future<Output = ()> + 'static,
) -> Conclusion {
    let request = match Request::from_properties(&task.properties) {
        Ok(request) => request,
        Err(problems) => return failed(task, &outcome::refused(&problems), false),
    };
    let (settled, of) = (task.clone(), request.clone());
    let settle = move |report: &Report| match installed(&settled, &of, report) {
        // The resource keeps its old id, and nobody would ever ask for the new one to be deleted.
        Conclusion::Failed(_) if settled.moves && report.changed() == 0 => Settlement::Forget,
        other => settlement(&settled, &other),
    };
    let job = job(task, request, task.physical_id.clone(), deadline, settle);
    match work.install(&job, reporter, Box::pin(stop)).await {
        Ok(report) => installed(task, &job.request, &report),
        Err(failure) => failed(task, &outcome::failed(&failure), false),
    }
}

/// What to say about an installation that ended with this report.
fn installed(task: &Task, request: &Request, report: &Report) -> Conclusion {
    if let Some(conclusion) = not_ours(report) {
        return conclusion;
    }
    match report.failure() {
        None => {
            let warnings = report.warnings.len();
            let reason = if warnings == 0 { String::new() } else { format!("with {warnings} warnings") };
            Conclusion::Succeeded(Success { reason, data: outcome::data(request, report) })
        }
        Some((_, failure)) if is_unfinished(report, failure) => unfinished(report),
        Some((step, failure)) => {
            // Until the Lease is tried for, a run only reads.
            let touched = !(matches!(step, Step::Request | Step::Cluster) && report.objects.is_empty());
            failed(task, &outcome::failed_step(step, failure, report), touched)
        }
    }
}

async fn remove(
    task: &Task,
    deadline: Deadline,
    work: &dyn Work,
    reporter: &dyn Reporter,
    stop: impl Future<Output = ()> + Clone + 'static,
) -> Conclusion {
    let identity = Identity::parse(&task.physical_id, &task.stack_id);
    let request = match to_remove(task, identity.as_ref()) {
        Ok(request) => request,
        Err(reason) => return failed(task, &reason, true),
    };
    if identity.is_some() {
        return remove_one(task, request, task.physical_id.clone(), deadline, work, reporter, stop).await;
    }
    // CloudFormation made this id up, because it never heard of ours, or it is one of a predecessor: what belongs to
    // this resource of this stack is found by its Lease.
    let settle = |_: &Report| Settlement::Open;
    let job = job(task, request.clone(), task.physical_id.clone(), deadline, settle);
    let found = match work.cancel(&job, reporter).await {
        Ok(Found::ClusterGone(reason)) => return gone(reason),
        Ok(Found::Cluster(found)) => found,
        Err(failure) => return locked_out(task, &job.request, Step::Cluster, &failure, &Report::default()),
    };
    let mut reasons = Vec::new();
    for installation in found {
        if installation.confirmed && installation.name != task.physical_id {
            reasons.push(format!("the installation known as {} stays", installation.name));
            continue;
        }
        let mut request = request.clone();
        (request.namespace, request.release) = (installation.namespace, installation.release);
        match remove_one(task, request, installation.name, deadline, work, reporter, stop.clone()).await {
            Conclusion::Succeeded(success) => reasons.push(success.reason),
            other => return other,
        }
    }
    if reasons.is_empty() {
        reasons.push("nothing of this resource was installed".to_owned());
    }
    reasons.retain(|reason| !reason.is_empty());
    Conclusion::Succeeded(Success { reason: reasons.join("; "), data: BTreeMap::new() })
}

async fn remove_one(
    task: &Task,
    request: Request,
    name: String,
    deadline: Deadline,
    work: &dyn Work,
    reporter: &dyn Reporter,
    stop: impl Future<Output = ()> + 'static,
) -> Conclusion {
    let (settled, of) = (task.clone(), request.clone());
    let settle = move |report: &Report| match removed(&settled, &of, report) {
        Conclusion::Succeeded(_) => Settlement::Forget,
        other => settlement(&settled, &other),
    };
    let job = job(task, request, name, deadline, settle);
    match work.remove(&job, reporter, Box::pin(stop)).await {
        Ok(Found::ClusterGone(reason)) => gone(reason),
        Ok(Found::Cluster(report)) => removed(task, &job.request, &report),
        Err(failure) => failed(task, &outcome::failed(&failure), true),
    }
}

fn gone(reason: String) -> Conclusion {
    warn!(reason, "nothing is left to delete");
    Conclusion::Succeeded(Success { reason, data: BTreeMap::new() })
}

/// What to say about a removal that ended with this report.
fn removed(task: &Task, request: &Request, report: &Report) -> Conclusion {
    if let Some(conclusion) = not_ours(report) {
        return conclusion;
    }
    match report.failure() {
        None => Conclusion::Succeeded(Success { reason: report.warnings.join("; "), data: BTreeMap::new() }),
        Some((_, failure)) => match &report.refusal {
            // What belongs to somebody else, or goes by another name now, is not what the id stands for.
            Some(Refusal::Foreign(_) | Refusal::Renamed(_)) => {
                let reason = format!("nothing was deleted: {}", failure.cause);
                Conclusion::Succeeded(Success { reason, data: BTreeMap::new() })
            }
            _ if is_unfinished(report, failure) => unfinished(report),
            _ => {
                let step = report.failure().map_or(Step::Request, |(step, _)| step);
                locked_out(task, request, step, failure, report)
            }
        },
    }
}

/// A removal that failed: with the way out when the cluster could not be entered, or a success when that is allowed.
fn locked_out(task: &Task, request: &Request, step: Step, failure: &Failure, report: &Report) -> Conclusion {
    let entered = !matches!(step, Step::Request | Step::Cluster) || report.refusal.is_some();
    let unreachable = failure.kind == FailureKind::Unreachable || !entered;
    if !unreachable || failure.kind == FailureKind::Request {
        return failed(task, &outcome::failed_step(step, failure, report), true);
    }
    let abandoned = outcome::abandoned(request);
    if request.on_unreachable == OnUnreachable::Abandon {
        let cause = outcome::failed(failure);
        warn!(cause, abandoned, "the cluster cannot be reached, so its objects are abandoned");
        let reason = format!("the cluster cannot be reached, so these are abandoned: {abandoned}; cause: {cause}");
        return Conclusion::Succeeded(Success { reason, data: BTreeMap::new() });
    }
    let way_out = outcome::way_out(request);
    let next = failure.next.as_ref().map_or(way_out.clone(), |next| format!("{next}; or {way_out}"));
    let failure = failure.clone().next(next);
    failed(task, &outcome::failed_step(step, &failure, report), true)
}

/// What to say when this run had no say in how it ended.
fn not_ours(report: &Report) -> Option<Conclusion> {
    match report.refusal.as_ref()? {
        Refusal::InProgress => Some(Conclusion::Elsewhere),
        // What somebody else wrote there is as good as nothing: then the request fails as what it is.
        Refusal::Finished(finished) => serde_json::from_str(&finished.answer).ok(),
        _ => None,
    }
}

/// Whether the time of this run was over, and nothing else the matter.
fn is_unfinished(report: &Report, failure: &Failure) -> bool {
    failure.kind == FailureKind::Interrupted && report.refusal.is_none()
}

fn unfinished(report: &Report) -> Conclusion {
    Conclusion::Unfinished { held: report.objects.iter().any(|object| object.change == "hold") }
}

fn settlement(task: &Task, conclusion: &Conclusion) -> Settlement {
    match conclusion {
        Conclusion::Unfinished { .. } if task.may_continue() => Settlement::HandOver,
        Conclusion::Unfinished { .. } | Conclusion::Elsewhere => Settlement::Open,
        Conclusion::Succeeded(_) | Conclusion::Failed(_) => {
            serde_json::to_string(conclusion).map_or(Settlement::Open, Settlement::Answered)
        }
    }
}

fn failed(task: &Task, reason: &str, touched: bool) -> Conclusion {
    Conclusion::Failed(Failed { reason: outcome::with_log(reason, &task.log_stream), touched })
}

fn job(
    task: &Task,
    request: Request,
    name: String,
    deadline: Deadline,
    settle: impl Fn(&Report) -> Settlement + Send + Sync + 'static,
) -> Job {
    let ticket = Ticket {
        owner: task.owner(),
        name,
        confirmed: task.confirmed,
        request: task.request_id.clone(),
        continues: task.continues,
        began: task.began,
        settle: Arc::new(settle),
    };
    Job { request, deadline, holder: task.holder.clone(), ticket: Arc::new(ticket) }
}

/// What a removal is about. The id decides, because it names what was created; of the properties, which may be of
/// another version, whatever is wrong is left out.
fn to_remove(task: &Task, identity: Option<&Identity>) -> Result<Request, String> {
    let mut properties: Map<String, Value> = task.properties.clone();
    if let Some(identity) = identity {
        properties.insert("ClusterName".to_owned(), Value::from(identity.cluster.as_str()));
        properties.insert("Namespace".to_owned(), Value::from(identity.namespace.as_str()));
        properties.insert("ReleaseName".to_owned(), Value::from(identity.release.as_str()));
    }
    let problems = match Request::from_properties(&properties) {
        Ok(request) => return Ok(request),
        Err(problems) => problems,
    };
    if let Some(problem) = problems.iter().find(|problem| problem.property == "ClusterName") {
        return Err(outcome::refused(std::slice::from_ref(problem)));
    }
    for problem in &problems {
        warn!(problem = %problem, "a property is ignored for the deletion");
        properties.remove(&problem.property);
    }
    if !properties.get("Region").is_some_and(Value::is_string) {
        properties.insert("Region".to_owned(), Value::from(region(&task.stack_id)));
    }
    // Nothing is deleted by it, but a request has one.
    properties.entry("FileSystemId").or_insert_with(|| Value::from("fs-00000000"));
    Request::from_properties(&properties).map_err(|problems| outcome::refused(&problems))
}
