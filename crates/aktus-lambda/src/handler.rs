//! What happens between the event and its one answer?

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use aktus_bootstrap::{Deadline, Failure, FailureKind, OnUnreachable, Report, Request, Step};
use serde_json::Value;
use thiserror::Error;
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use tracing::{Instrument as _, Span, dispatcher, error, info, info_span, warn};

use crate::event::{Event, EventError, RequestType};
use crate::identity::{Identity, is_nothing_created, nothing_created, region};
use crate::outcome;
use crate::reporter::LogReporter;
use crate::respond::{Answer, Responder, SendError, Status};
use crate::work::{Removed, Task, Work};

/// Time kept back from the work for the answer.
const RESERVE: Duration = Duration::from_secs(20);
/// How long the work may overrun its deadline before it is left behind.
const GRACE: Duration = Duration::from_secs(3);
/// The answer ends this long before the function does.
const MARGIN: Duration = Duration::from_secs(1);

/// What Lambda says about one run of the function.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// Lambda's own id of the run; also who holds the Lease in the cluster.
    pub request_id: String,
    /// The log stream of this run, named in every reason; may be empty.
    pub log_stream: String,
    /// How long the function may still run.
    pub remaining: Duration,
}

/// Why there was no answer; the log has nothing more to say.
#[derive(Debug, Error)]
pub enum HandlerError {
    /// The event names nobody to answer.
    #[error(transparent)]
    Event(#[from] EventError),
    /// The answer did not arrive.
    #[error(transparent)]
    Send(#[from] SendError),
}

/// Answers events of CloudFormation. Cheap to clone; keeps nothing from one event to the next.
#[derive(Clone)]
pub struct Handler {
    work: Arc<dyn Work>,
    responder: Responder,
}

impl std::fmt::Debug for Handler {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Handler").field("responder", &self.responder).finish_non_exhaustive()
    }
}

impl Handler {
    /// A handler that lets `work` do the work.
    pub fn new(work: impl Work) -> Self {
        Self { work: Arc::new(work), responder: Responder::default() }
    }

    /// The same with another way to send.
    #[must_use]
    pub fn with_responder(mut self, responder: Responder) -> Self {
        self.responder = responder;
        self
    }

    /// Does what the event asks and answers exactly once, whatever happens.
    ///
    /// Errs, and logs it, only when no answer could be sent.
    pub async fn handle(&self, event: Value, invocation: &Invocation) -> Result<(), HandlerError> {
        let end = Instant::now() + invocation.remaining;
        let deadline = Deadline::after(invocation.remaining.saturating_sub(RESERVE));
        let event = Event::read(event).inspect_err(|error| {
            error!(aws_request_id = invocation.request_id, error = %error, "no answer is possible");
        })?;
        let span = info_span!(
            "request",
            aws_request_id = invocation.request_id,
            request_id = event.address.request_id,
            request_type = event.request_type.map(RequestType::name),
        );
        async {
            info!("request received");
            let answer = self.answer(&event, invocation, deadline).await;
            let reason = answer.reason();
            match answer.status() {
                Status::Success => info!(physical_resource_id = answer.physical_resource_id(), reason, "SUCCESS"),
                Status::Failed => error!(physical_resource_id = answer.physical_resource_id(), reason, "FAILED"),
            }
            let until = end.checked_sub(MARGIN).unwrap_or(end);
            self.responder.send(&event.response_url, &answer, until).await.inspect_err(|error| {
                error!(error = %error, "the answer was not sent");
            })?;
            Ok(())
        }
        .instrument(span)
        .await
    }

    async fn answer(&self, event: &Event, invocation: &Invocation, deadline: Deadline) -> Answer {
        let stack = event.stack_id();
        let nothing = nothing_created(stack, &event.address.logical_resource_id);
        let known = event.physical_resource_id.as_deref();
        let fail = |id: &str, reason: &str| {
            Answer::failed(&event.address, id, outcome::with_log(reason, &invocation.log_stream))
        };
        let Some(request_type) = event.request_type.filter(|_| event.problems.is_empty()) else {
            let reason = format!("the event is malformed: {}; nothing was changed", event.problems.join("; "));
            return fail(known.unwrap_or(&nothing), &reason);
        };
        match (request_type, known) {
            (RequestType::Delete, Some(id)) => match self.delete(event, id, invocation, deadline).await {
                Ok(reason) => Answer::success(&event.address, id, std::collections::BTreeMap::new(), reason),
                Err(reason) => fail(id, &reason),
            },
            // Told before anything is touched, and the same for every update of the same installation.
            (_, known) => {
                let id = Identity::of(stack, event.properties()).to_string();
                match self.install(event, invocation, deadline).await {
                    Ok(installed) => {
                        let warnings = installed.report.warnings.len();
                        let reason = if warnings == 0 { String::new() } else { format!("with {warnings} warnings") };
                        let data = outcome::data(&installed.request, &installed.report);
                        Answer::success(&event.address, &id, data, reason)
                    }
                    Err(failed) => {
                        let created = if failed.touched { id.as_str() } else { nothing.as_str() };
                        fail(known.unwrap_or(created), &failed.reason)
                    }
                }
            }
        }
    }

    async fn install(
        &self,
        event: &Event,
        invocation: &Invocation,
        deadline: Deadline,
    ) -> Result<Installed, NotInstalled> {
        let request = Request::from_properties(event.properties())
            .map_err(|problems| NotInstalled { reason: outcome::refused(&problems), touched: false })?;
        let task = Task { request: request.clone(), deadline, holder: invocation.request_id.clone() };
        let work = Arc::clone(&self.work);
        let ended = attend(deadline, |reporter| async move { work.install(&task, &*reporter).await }).await;
        // A run that did not come back may have written anything.
        let ended = ended.map_err(|reason| NotInstalled { reason, touched: true })?;
        let report = ended.map_err(|failure| NotInstalled { reason: outcome::failed(&failure), touched: false })?;
        match report.failure() {
            None => Ok(Installed { request, report }),
            Some((step, failure)) => Err(NotInstalled {
                reason: outcome::failed_step(step, failure, &report),
                // Until the Lease is tried for, a run only reads.
                touched: !(matches!(step, Step::Request | Step::Cluster) && report.objects.is_empty()),
            }),
        }
    }

    /// Takes away what the id stands for; what to say about a success, or why it failed.
    async fn delete(
        &self,
        event: &Event,
        id: &str,
        invocation: &Invocation,
        deadline: Deadline,
    ) -> Result<String, String> {
        if is_nothing_created(id) {
            return Ok("nothing was ever created".to_owned());
        }
        let request = to_delete(event, id)?;
        let abandon = request.on_unreachable == OnUnreachable::Abandon;
        let what = format!("release {} in namespace {}", request.release, request.namespace);
        let task = Task { request, deadline, holder: invocation.request_id.clone() };
        let work = Arc::clone(&self.work);
        let ended = attend(deadline, |reporter| async move { work.remove(&task, &*reporter).await }).await?;
        let abandoned = |failure: &Failure| {
            (abandon && failure.kind == FailureKind::Unreachable).then(|| {
                let cause = outcome::failed(failure);
                warn!(cause, what, "the cluster is unreachable, so its objects are abandoned");
                format!("the cluster is unreachable, so {what} and everything that belongs to it is abandoned: {cause}")
            })
        };
        let report = match ended {
            Ok(Removed::ClusterGone(reason)) => {
                warn!(reason, "nothing is left to delete");
                return Ok(reason);
            }
            Ok(Removed::Report(report)) => *report,
            Err(failure) => return abandoned(&failure).ok_or_else(|| outcome::failed(&failure)),
        };
        match report.failure() {
            None => Ok(report.warnings.join("; ")),
            Some((step, failure)) => abandoned(failure).ok_or_else(|| outcome::failed_step(step, failure, &report)),
        }
    }
}

struct Installed {
    request: Request,
    report: Report,
}

struct NotInstalled {
    reason: String,
    /// Whether the cluster may have been written to.
    touched: bool,
}

/// Runs the work in a thread of its own, so that its panic, its overrun and its computing end here, in words.
async fn attend<T, F, R>(deadline: Deadline, work: F) -> Result<T, String>
where
    F: FnOnce(Arc<LogReporter>) -> R + Send + 'static,
    R: Future<Output = T>,
    T: Send + 'static,
{
    let reporter = Arc::new(LogReporter::default());
    let (ended, end) = oneshot::channel();
    // Dropping it stops the work at its next wait.
    let (leash, cut) = oneshot::channel::<()>();
    let theirs = Arc::clone(&reporter);
    let (log, span) = (dispatcher::get_default(Clone::clone), Span::current());
    let thread = thread::Builder::new().name("work".to_owned()).spawn(move || {
        dispatcher::with_default(&log, || {
            let Ok(runtime) = Builder::new_current_thread().enable_all().build() else { return };
            let result = runtime.block_on(
                async {
                    tokio::select! {
                        biased;
                        _ = cut => None,
                        result = work(theirs) => Some(result),
                    }
                }
                .instrument(span),
            );
            // A rendering thread that was left behind must not hold the answer up.
            runtime.shutdown_background();
            if let Some(result) = result {
                // Nobody waits any more when the time is over.
                drop(ended.send(result));
            }
        });
    });
    let last = || reporter.progress().map(|step| format!("; the last step was {step}")).unwrap_or_default();
    let result = match thread {
        Ok(_) => timeout_at(deadline.until() + GRACE, end).await,
        Err(error) => return Err(format!("no thread for the work: {error}; next: retry the stack operation")),
    };
    drop(leash);
    match result {
        Ok(Ok(result)) => Ok(result),
        Ok(Err(_)) => Err(format!("an internal error ended the work{}; next: retry the stack operation", last())),
        Err(_) => {
            Err(format!("the work did not end in the function's time{}; next: retry the stack operation", last()))
        }
    }
}

/// What a Delete is about. The id decides, because it names what was created; of the properties, which may be of
/// another version, whatever is wrong is left out.
fn to_delete(event: &Event, id: &str) -> Result<Request, String> {
    let mut properties = event.properties().clone();
    let identity = Identity::parse(id, event.stack_id());
    if let Some(identity) = &identity {
        properties.insert("ClusterName".to_owned(), Value::from(identity.cluster.as_str()));
        properties.insert("Namespace".to_owned(), Value::from(identity.namespace.as_str()));
        properties.insert("ReleaseName".to_owned(), Value::from(identity.release.as_str()));
    }
    let problems = match Request::from_properties(&properties) {
        Ok(request) => return Ok(request),
        Err(problems) if identity.is_none() => return Err(outcome::refused(&problems)),
        Err(problems) => problems,
    };
    for problem in &problems {
        warn!(problem = %problem, "a property is ignored for the deletion");
        properties.remove(&problem.property);
    }
    if !properties.get("Region").is_some_and(Value::is_string) {
        properties.insert("Region".to_owned(), Value::from(region(event.stack_id())));
    }
    // Nothing is deleted by it, but a request has one.
    properties.entry("FileSystemId").or_insert_with(|| Value::from("fs-00000000"));
    Request::from_properties(&properties).map_err(|problems| outcome::refused(&problems))
}
