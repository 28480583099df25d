//! Who keeps the requests of all stacks, and judges them?

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

use super::contract::{Rule, Run, Violation, broken};
use super::endpoint::{self, FaultRule, Faults};
use super::record::RequestRecord;
use super::stack::Stack;
use crate::Time;
use crate::lambda::{Invocation, Service};
use crate::listener::Listener;
use crate::transcript::{Recorder, Transcript};

/// How long an answer may still be on its way in this machine when the last run has ended.
const ON_ITS_WAY: Duration = Duration::from_millis(20);

/// What is known so far.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) requests: Vec<RequestRecord>,
    pub(super) faults: Vec<FaultRule>,
    /// How many requests came to addresses that nobody knows.
    pub(super) strays: usize,
}

/// What stacks, requests and the endpoint share.
pub(super) struct Shared {
    pub(super) lambda: Service,
    pub(super) time: Time,
    host: OnceLock<String>,
    state: Mutex<State>,
    changed: watch::Sender<u64>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Shared").field("host", &self.host()).finish_non_exhaustive()
    }
}

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn notify(&self) {
        self.changed.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Waits until the record of a request gives something.
    pub(super) async fn wait<R>(&self, index: usize, look: impl Fn(&RequestRecord) -> Option<R>) -> R {
        let mut changes = self.changed.subscribe();
        loop {
            changes.borrow_and_update();
            if let Some(found) = self.state().requests.get(index).and_then(&look) {
                return found;
            }
            // The sender lives as long as this does.
            let _ = changes.changed().await;
        }
    }

    /// Waits until no function runs and what the last one sent has arrived.
    pub(super) async fn quiet(&self) {
        loop {
            self.lambda.idle().await;
            tokio::time::sleep(ON_ITS_WAY).await;
            if self.lambda.is_idle() {
                return;
            }
        }
    }

    /// Whether whoever could answer at this address was killed at a line of its log.
    pub(super) fn is_of_the_dead(&self, target: &str) -> bool {
        let mine = |record: &&RequestRecord| record.target == target;
        let request_id = self.state().requests.iter().find(mine).map(|record| record.request_id.clone());
        request_id.is_some_and(|id| self.lambda.killed_at_a_line(|event| mentions(event, &id)))
    }

    /// The host and port of the addresses for answers.
    pub(super) fn host(&self) -> &str {
        self.host.get().map_or("", String::as_str)
    }

    pub(super) fn recorder(&self) -> &Recorder {
        self.lambda.recorder()
    }
}

/// CloudFormation; clones are the same one.
#[derive(Clone)]
pub struct CloudFormation(Arc<Owner>);

struct Owner {
    shared: Arc<Shared>,
    /// The addresses for answers.
    _listener: Listener,
}

impl fmt::Debug for CloudFormation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CloudFormation").field("host", &self.0.shared.host()).finish_non_exhaustive()
    }
}

impl CloudFormation {
    /// Starts it beside a Lambda service, whose time, region and account it shares.
    ///
    /// Errors when no port can be opened. Must be called inside a Tokio runtime.
    pub async fn start(lambda: &Service) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            lambda: lambda.clone(),
            time: lambda.time().clone(),
            host: OnceLock::new(),
            state: Mutex::default(),
            changed: watch::Sender::new(0),
        });
        let (guard, answer) = (Arc::downgrade(&shared), Arc::downgrade(&shared));
        let listener = Listener::start_guarded(
            move |_, target| endpoint::admit(&guard, target),
            move |request| endpoint::answer(&answer, request),
        )
        .await?;
        drop(shared.host.set(listener.address().to_string()));
        Ok(Self(Arc::new(Owner { shared, _listener: listener })))
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }

    /// A stack that does not exist yet, with one custom resource that this function serves; the
    /// function is named by its name or ARN.
    pub fn stack(&self, name: &str, service_token: &str) -> Stack {
        Stack::new(self.clone(), name, service_token)
    }

    /// The switch for faults of the addresses for answers.
    pub fn faults(&self) -> Faults<'_> {
        Faults(&self.0.shared)
    }

    /// Every request so far, in the order they were prepared.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.0.shared.state().requests.clone()
    }

    /// Every rule that was broken so far, in the order of requests. A request that is still being
    /// worked on may yet be answered; [`CloudFormation::check`] waits for that.
    pub fn violations(&self) -> Vec<Violation> {
        let shared = &self.0.shared;
        let over = shared.lambda.is_idle();
        let invocations = shared.lambda.invocations();
        let state = shared.state();
        let mut violations: Vec<Violation> = state
            .requests
            .iter()
            .flat_map(|record| {
                let runs: Vec<Run> = runs(&invocations, &record.request_id).collect();
                broken(record, &runs, over).into_iter().map(|rule| Violation {
                    stack: record.stack.clone(),
                    request_type: Some(record.request_type),
                    request_id: record.request_id.clone(),
                    rule,
                })
            })
            .collect();
        violations.extend((0..state.strays).map(|_| Violation {
            stack: String::new(),
            request_type: None,
            request_id: String::new(),
            rule: Rule::UnknownAddress,
        }));
        violations
    }

    /// Waits until no function runs any more, and says what rules were broken: for the end of a test.
    pub async fn check(&self) -> Vec<Violation> {
        self.0.shared.quiet().await;
        self.violations()
    }

    /// What happened so far, to functions and to stacks.
    pub fn transcript(&self) -> Transcript {
        self.0.shared.recorder().transcript()
    }
}

/// The runs of functions for a request: its id is in the event, or in the event inside a record of a
/// failure or a continuation.
fn runs<'a>(invocations: &'a [Invocation], request_id: &'a str) -> impl Iterator<Item = Run> + 'a {
    let mine = invocations.iter().filter(move |invocation| mentions(&invocation.payload, request_id));
    mine.map(|invocation| Run { kind: invocation.kind, started: invocation.started })
}

fn mentions(payload: &Value, request_id: &str) -> bool {
    match payload {
        Value::Object(fields) => {
            fields.get("RequestId").and_then(Value::as_str) == Some(request_id)
                || fields.values().any(|value| mentions(value, request_id))
        }
        Value::Array(items) => items.iter().any(|item| mentions(item, request_id)),
        _ => false,
    }
}
