//! How does an asynchronous invocation end? After retries, and with a record of its failure for the
//! `OnFailure` destination.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::faults::Twice;
use super::function::Function;
use super::invocation::{FunctionError, Kind};
use super::service::{Busy, Shared, Trace};

/// The waits before the second and the third attempt.
const WAITS: [Duration; 2] = [Duration::from_mins(1), Duration::from_mins(2)];

/// Queues an invocation and returns its request id.
pub(super) fn invoke(
    shared: &Arc<Shared>,
    function: Arc<Function>,
    payload: Value,
    kind: Kind,
    trace: Option<Trace>,
) -> String {
    let id = shared.new_id("request");
    let twice = if kind == Kind::Event { shared.take_twice(&function.name) } else { None };
    let trace = trace.unwrap_or_else(|| shared.new_trace());
    let delivery = Delivery { shared: Arc::clone(shared), function, id: id.clone(), payload, kind, trace };
    let (first, second) = (Busy::begin(shared), twice.map(|_| Busy::begin(shared)));
    match (twice, second) {
        (Some(Twice::Parallel), Some(second)) => {
            shared.spawn(delivery.clone().run(first));
            shared.spawn(delivery.run(second));
        }
        (Some(Twice::AfterCompletion), Some(second)) => shared.spawn(async move {
            delivery.clone().run(first).await;
            delivery.run(second).await;
        }),
        _ => shared.spawn(delivery.run(first)),
    }
    id
}

#[derive(Clone)]
struct Delivery {
    shared: Arc<Shared>,
    function: Arc<Function>,
    id: String,
    payload: Value,
    kind: Kind,
    trace: Trace,
}

impl Delivery {
    async fn run(self, busy: Busy) {
        let Self { shared, function, .. } = &self;
        let retries = usize::try_from(function.maximum_retries).unwrap_or_default().min(WAITS.len());
        let mut attempt = 1;
        let mut waits = WAITS.iter().take(retries);
        let error = loop {
            let run = shared.attempt(function, &self.id, attempt, self.kind, &self.payload, &self.trace);
            let (ended, result) = run.await;
            let Err(error) = result else { return };
            let Some(wait) = waits.next() else { break error };
            // From its end: who sees that end may move time on before this goes on.
            shared.time.sleep_until(ended.saturating_add(*wait)).await;
            attempt += 1;
        };
        if function.on_failure_itself {
            if self.kind == Kind::OnFailure {
                shared.recorder.say(&function.name, "the record of the failure is dropped".to_owned());
            } else {
                let record = self.record(attempt, &error);
                invoke(shared, Arc::clone(function), record, Kind::OnFailure, Some(self.trace.clone()));
            }
        }
        drop(busy);
    }

    /// What the destination gets.
    fn record(&self, attempts: u32, error: &FunctionError) -> Value {
        let timestamp = self.shared.time.now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        json!({
            "version": "1.0",
            "timestamp": timestamp,
            "requestContext": {
                "requestId": self.id,
                "functionArn": format!("{}:$LATEST", self.shared.arn(&self.function.name)),
                "condition": "RetriesExhausted",
                "approximateInvokeCount": attempts,
            },
            "requestPayload": self.payload,
            "responseContext": {
                "statusCode": 200,
                "executedVersion": "$LATEST",
                "functionError": "Unhandled",
            },
            "responsePayload": error.payload,
        })
    }
}
