//! What happens between the event and its one answer?

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use thiserror::Error;
use tokio::time::Instant;
use tracing::{Instrument as _, error, info, info_span, warn};

use crate::envelope::Envelope;
use crate::event::{Continuation, Event, EventError, RequestType};
use crate::identity::{Identity, is_nothing_created, nothing_created};
use crate::outcome;
use crate::relay::Relay;
use crate::respond::{Answer, Responder, SendError, Status};
use crate::runner::{Ended, Runner};
use crate::task::{Conclusion, Failed, Progress, Task, Verb};

/// How often the function may go on in another run.
pub const MAX_HOPS: u32 = 3;
/// Time kept back from the work for everything after it, but at most half of what there is.
const RESERVE: Duration = Duration::from_secs(10);
/// Time in which work that was told to stop may do so before it is killed, but at most a tenth of what it has.
const GRACE: Duration = Duration::from_secs(10);
/// The answer ends this long before the function does, but at most a tenth of what there is.
const MARGIN: Duration = Duration::from_secs(5);
/// Time that the last run keeps back from CloudFormation's patience.
const PATIENCE_RESERVE: Duration = Duration::from_mins(1);

/// What Lambda says about one run of the function.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// Lambda's own id of the run.
    pub request_id: String,
    /// The function itself; empty when it is not known.
    pub function_arn: String,
    /// The log stream of this run, named in every reason; may be empty.
    pub log_stream: String,
    /// How long the function may still run.
    pub remaining: Duration,
    /// What time it is.
    pub now: Timestamp,
    /// Different for every run of the function, also for two of the same id.
    pub run: String,
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
    runner: Arc<dyn Runner>,
    relay: Arc<dyn Relay>,
    responder: Responder,
}

impl std::fmt::Debug for Handler {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Handler").field("responder", &self.responder).finish_non_exhaustive()
    }
}

/// What a run ends with.
enum Verdict {
    /// CloudFormation is told.
    Answer(Answer),
    /// Another run will tell it.
    Silence,
}

impl Handler {
    /// A handler that lets `runner` have the work done, and `relay` start the next run.
    pub fn new(runner: impl Runner, relay: impl Relay) -> Self {
        Self { runner: Arc::new(runner), relay: Arc::new(relay), responder: Responder::default() }
    }

    /// The same with another way to send.
    #[must_use]
    pub fn with_responder(mut self, responder: Responder) -> Self {
        self.responder = responder;
        self
    }

    /// Does what the payload asks and answers exactly once, whatever happens; or, before the time is over, has
    /// another run of the function go on, which answers then.
    ///
    /// Errs, and logs it, only when no answer could be sent; never for the record of a run that failed, since that
    /// would only make another record.
    pub async fn handle(&self, payload: Value, invocation: &Invocation) -> Result<(), HandlerError> {
        match Envelope::open(payload) {
            Envelope::Request(event) => self.request(event, None, invocation).await,
            Envelope::Failed(event, words) => {
                drop(self.request(event, Some(words), invocation).await);
                Ok(())
            }
        }
    }

    async fn request(&self, event: Value, died: Option<String>, invocation: &Invocation) -> Result<(), HandlerError> {
        let times = Times::of(invocation.remaining);
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
            let hop = event.continuation.as_ref().map_or(0, |continuation| continuation.hop);
            info!(hop, "request received");
            let verdict = match died {
                Some(words) => Verdict::Answer(died_before(&event, &words, invocation)),
                None => self.verdict(&event, invocation, &times).await,
            };
            let Verdict::Answer(answer) = verdict else { return Ok(()) };
            let reason = answer.reason();
            match answer.status() {
                Status::Success => info!(physical_resource_id = answer.physical_resource_id(), reason, "SUCCESS"),
                Status::Failed => error!(physical_resource_id = answer.physical_resource_id(), reason, "FAILED"),
            }
            self.responder.send(&event.response_url, &answer, times.answer_until).await.inspect_err(|error| {
                error!(error = %error, "the answer was not sent");
            })?;
            info!("answer sent");
            Ok(())
        }
        .instrument(span)
        .await
    }

    async fn verdict(&self, event: &Event, invocation: &Invocation, times: &Times) -> Verdict {
        let nothing = nothing_created(event.stack_id(), &event.address.logical_resource_id);
        let known = event.physical_resource_id.as_deref();
        let fail = |id: &str, reason: &str| {
            Verdict::Answer(Answer::failed(&event.address, id, outcome::with_log(reason, &invocation.log_stream)))
        };
        let Some(request_type) = event.request_type.filter(|_| event.problems.is_empty()) else {
            let reason = format!("the event is malformed: {}; nothing was changed", event.problems.join("; "));
            return fail(known.unwrap_or(&nothing), &reason);
        };
        let subject = Subject::of(event, request_type);
        if request_type == RequestType::Delete && is_nothing_created(&subject.id) {
            let reason = "nothing was ever created".to_owned();
            return Verdict::Answer(Answer::success(&event.address, &subject.id, BTreeMap::new(), reason));
        }
        let plan = Plan::of(event, invocation, times);
        let task = task(event, &subject, invocation, &plan);
        let progress = Mutex::new(Progress::default());
        let ended = self.runner.run(&task, times.kill_at, &progress).await;
        let progress = progress.into_inner().unwrap_or_else(PoisonError::into_inner);
        // A work that did not come back may have written anything once it had begun.
        let broken = |what: &str, next: &str| {
            let id = known.unwrap_or(if progress.began() { &subject.id } else { &nothing });
            fail(id, &format!("{what}{}; next: {next}", progress.words()))
        };
        let overdue = || format!("the work did not finish in {} s", plan.spent(invocation.now, times).as_secs());
        let retry = "retry the stack operation";
        match ended {
            Ended::Concluded(Conclusion::Succeeded(success)) => {
                Verdict::Answer(Answer::success(&event.address, &subject.id, success.data, success.reason))
            }
            Ended::Concluded(Conclusion::Failed(Failed { reason, touched })) => {
                let created = if touched { subject.id.as_str() } else { nothing.as_str() };
                Verdict::Answer(Answer::failed(&event.address, known.unwrap_or(created), reason))
            }
            Ended::Concluded(Conclusion::Elsewhere) => {
                warn!("another delivery of this request is being worked on, and will be answered");
                Verdict::Silence
            }
            Ended::Concluded(Conclusion::Unfinished { held }) if plan.hops_left > 0 => {
                info!(progress = progress.words(), "the time of this run is over, another one goes on");
                let next = event.continued(&plan.next(&task.holder, held));
                match self.relay.pass_on(&invocation.function_arn, next).await {
                    Ok(()) => Verdict::Silence,
                    Err(cause) => {
                        let what = format!("{}, and no other run could go on: {cause}", overdue());
                        broken(&what, "let the function invoke itself, then retry the stack operation")
                    }
                }
            }
            Ended::Concluded(Conclusion::Unfinished { .. }) => {
                broken(&overdue(), "mend what the work waits for, then retry the stack operation")
            }
            Ended::TimedOut => broken(&overdue(), retry),
            Ended::Died(how) => broken(&format!("the process that did the work is gone: {how}"), retry),
            Ended::NotStarted(why) => fail(known.unwrap_or(&nothing), &format!("{why}; next: {retry}")),
        }
    }
}

/// Who an event is about.
struct Subject {
    /// The id of the resource when this succeeds.
    id: String,
    /// Whether CloudFormation has used that id itself.
    confirmed: bool,
}

impl Subject {
    fn of(event: &Event, request_type: RequestType) -> Self {
        let known = event.physical_resource_id.as_deref();
        // Told before anything is touched, and the same for every update of the same installation.
        let wanted = Identity::of(event.stack_id(), event.properties()).to_string();
        let id = match (request_type, known) {
            (RequestType::Delete, Some(known)) => known.to_owned(),
            // An id of a predecessor: with another one, CloudFormation would have the old one deleted, which is this.
            (RequestType::Update, Some(known))
                if Identity::parse(known, event.stack_id()).is_none() && !is_nothing_created(known) =>
            {
                known.to_owned()
            }
            _ => wanted,
        };
        let confirmed = request_type == RequestType::Update && known == Some(&id);
        Self { id, confirmed }
    }
}

/// What to say about an event whose run failed as a whole.
fn died_before(event: &Event, words: &str, invocation: &Invocation) -> Answer {
    let id = event.physical_resource_id.clone().unwrap_or_else(|| {
        if event.problems.is_empty() {
            Identity::of(event.stack_id(), event.properties()).to_string()
        } else {
            nothing_created(event.stack_id(), &event.address.logical_resource_id)
        }
    });
    let reason = format!("{words}; what it had done stays until the next run; next: retry the stack operation");
    Answer::failed(&event.address, &id, outcome::with_log(&reason, &invocation.log_stream))
}

/// When what must have ended, in one run of the function.
#[derive(Clone, Copy, Debug)]
struct Times {
    began: Instant,
    /// How long the work may take.
    work: Duration,
    /// When it is killed.
    kill_at: Instant,
    /// When the answer must have been sent.
    answer_until: Instant,
}

impl Times {
    fn of(remaining: Duration) -> Self {
        let began = Instant::now();
        let reserve = RESERVE.max(remaining / 20).min(remaining / 2);
        let window = remaining.saturating_sub(reserve);
        Self {
            began,
            work: window.saturating_sub(GRACE.min(window / 10)),
            kill_at: began + window,
            answer_until: began + remaining.saturating_sub(MARGIN.min(remaining / 10)),
        }
    }
}

/// How the work on a request is spread over the runs that it may take.
struct Plan {
    hop: u32,
    began: Timestamp,
    holder: Option<String>,
    /// Whether the Lease is held for this run.
    held: bool,
    hops_left: u32,
    /// How long the work may take in all runs from now on.
    work: Duration,
}

impl Plan {
    fn of(event: &Event, invocation: &Invocation, times: &Times) -> Self {
        let (hop, began, holder, held) = match &event.continuation {
            Some(Continuation { hop, began, holder, held }) => (*hop, *began, Some(holder.clone()), *held),
            None => (0, invocation.now, None, false),
        };
        let spent = Duration::try_from(invocation.now.duration_since(began)).unwrap_or_default();
        let patience = event.service_timeout().saturating_sub(PATIENCE_RESERVE).saturating_sub(spent);
        let may = if invocation.function_arn.is_empty() { 0 } else { MAX_HOPS.saturating_sub(hop) };
        let work = (times.work * (may + 1)).min(patience.max(times.work));
        let hops_left = if work > times.work { may } else { 0 };
        Self { hop, began, holder, held, hops_left, work }
    }

    /// How long the work has taken, with all runs.
    fn spent(&self, now: Timestamp, times: &Times) -> Duration {
        let before: SignedDuration = now.duration_since(self.began);
        Duration::try_from(before).unwrap_or_default() + times.began.elapsed()
    }

    fn next(&self, holder: &str, held: bool) -> Continuation {
        Continuation { hop: self.hop + 1, began: self.began, holder: holder.to_owned(), held }
    }
}

fn task(event: &Event, subject: &Subject, invocation: &Invocation, plan: &Plan) -> Task {
    let verb = match event.request_type {
        Some(RequestType::Delete) => Verb::Remove,
        _ => Verb::Install,
    };
    let holder = plan.holder.clone();
    let holder = holder.unwrap_or_else(|| format!("request {} run {}", event.address.request_id, invocation.run));
    let milliseconds = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let run = Times::of(invocation.remaining).work;
    Task {
        verb,
        properties: event.properties().clone(),
        stack_id: event.address.stack_id.clone(),
        logical_resource_id: event.address.logical_resource_id.clone(),
        request_id: event.address.request_id.clone(),
        physical_id: subject.id.clone(),
        confirmed: subject.confirmed,
        moves: event.physical_resource_id.as_ref().is_some_and(|known| *known != subject.id),
        holder,
        continues: plan.held,
        began: plan.began,
        run_ms: milliseconds(run),
        work_ms: milliseconds(if plan.hops_left > 0 { plan.work } else { run }),
        log_stream: invocation.log_stream.clone(),
        aws_request_id: invocation.request_id.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_time_of_a_run() {
        let check = |remaining: u64, work: u64, kill: u64, answer: u64| {
            let times = Times::of(Duration::from_millis(remaining));
            let at = |moment: Instant| u64::try_from((moment - times.began).as_millis()).unwrap();
            let found = (u64::try_from(times.work.as_millis()).unwrap(), at(times.kill_at), at(times.answer_until));
            assert_eq!(found, (work, kill, answer), "{remaining} ms");
        };
        check(900_000, 845_000, 855_000, 895_000);
        check(60_000, 45_000, 50_000, 55_000);
        check(20_000, 9_000, 10_000, 18_000);
        check(3_000, 1_350, 1_500, 2_700);
        check(0, 0, 0, 0);
    }
}
