//! What came of an invocation?

use std::time::Duration;

use serde_json::{Value, json};
use thiserror::Error;

/// How an invocation came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Asynchronously.
    Event,
    /// Synchronously: the caller waits.
    RequestResponse,
    /// As the record of an asynchronous invocation that failed.
    OnFailure,
}

/// One attempt to run a function.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    /// Lambda's id of the request; the same at every retry.
    pub request_id: String,
    /// The name of the function.
    pub function: String,
    /// How it came about.
    pub kind: Kind,
    /// 1 for the first attempt of a request.
    pub attempt: u32,
    /// Which environment ran it; nothing before there is one.
    pub environment: Option<usize>,
    /// The event.
    pub payload: Value,
    /// When it began, in nominal time.
    pub started: Duration,
    /// When it ended.
    pub ended: Option<Duration>,
    /// What came of it; nothing while it runs.
    pub result: Option<Result<Value, FunctionError>>,
}

/// Why an invocation failed.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{error_type}: {message}")]
pub struct FunctionError {
    /// Such as `Runtime.ExitError` and `Sandbox.Timedout`, or what the function says.
    pub error_type: String,
    /// The sentence.
    pub message: String,
    /// What the caller gets as the payload.
    pub payload: Value,
}

impl FunctionError {
    /// An error that the service itself finds.
    pub(super) fn found(error_type: &str, request_id: &str, what: &str) -> Self {
        let message = format!("RequestId: {request_id} Error: {what}");
        let payload = json!({ "errorType": error_type, "errorMessage": message });
        Self { error_type: error_type.to_owned(), message, payload }
    }

    /// An error that the function tells, with the type of the header when the body has none.
    pub(super) fn told(payload: Value, header: Option<&str>) -> Self {
        let text = |name: &str| payload.get(name).and_then(Value::as_str).map(str::to_owned);
        Self {
            error_type: text("errorType").or_else(|| header.map(str::to_owned)).unwrap_or_else(|| "Unknown".to_owned()),
            message: text("errorMessage").unwrap_or_else(|| payload.to_string()),
            payload,
        }
    }

    /// The environment was killed at the end of the function's time.
    pub(super) fn timed_out(request_id: &str, timeout: Duration) -> Self {
        let what = format!("Task timed out after {:.2} seconds", timeout.as_secs_f64());
        Self::found("Sandbox.Timedout", request_id, &what)
    }
}

/// No function of that name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no function {name} exists; create it first")]
pub struct UnknownFunction {
    /// The name or ARN that was asked for.
    pub name: String,
}
