//! What does the log say? Every event of a run as one line of JSON.
//!
//! Only what the bootstrap tells is logged: never the event of CloudFormation, and so neither its address for the
//! answer nor its properties.

use aktus_bootstrap::{Event, Outcome};
use tracing::{Level, Subscriber, error, info, warn};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

/// The log of the function: JSON lines with the fields of the span, ours from `INFO`, others' from `WARN`.
///
/// The levels are fixed: at lower ones the HTTP and runtime libraries would log addresses and events.
pub fn subscriber<W>(writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let ours =
        ["aktus_lambda", "aktus_bootstrap", "aktus_aws", "aktus_k8s", "aktus_release", "aktus_helm", "bootstrap"];
    let levels = Targets::new().with_default(Level::WARN).with_targets(ours.map(|name| (name, Level::INFO)));
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_writer(writer);
    tracing_subscriber::registry().with(levels).with(lines)
}

/// Logs one event of a run.
pub fn log(event: &Event) {
    match event {
        Event::StepStarted { step } => {
            info!(step = step.name(), "step started");
        }
        Event::StepWaiting { step, reason } => {
            info!(step = step.name(), reason, "step waits");
        }
        Event::Object { step, object, change, detail } => {
            info!(step = step.name(), object, change, detail, "object");
        }
        Event::ObjectWaiting { object, reason } => {
            info!(object, reason, "object is not ready");
        }
        Event::ObjectReady { object } => info!(object, "object is ready"),
        Event::Warning { step, message } => warn!(step = step.name(), warning = message, "warning"),
        Event::StepFinished { step, outcome, took } => {
            let (step, seconds) = (step.name(), took.as_secs_f64());
            let (result, summary) = (outcome.name(), outcome.summary());
            if let Outcome::Failed(failure) = outcome {
                let next = failure.next.as_deref();
                error!(step, result, kind = failure.kind.name(), cause = summary, next, seconds, "step failed");
            } else {
                info!(step, result, summary, seconds, "step finished");
            }
        }
    }
}
