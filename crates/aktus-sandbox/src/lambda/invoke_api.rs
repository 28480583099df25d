//! How does a function invoke a function? The Invoke API, version 2015-03-31.

use std::sync::{Arc, Weak};

use futures::FutureExt as _;
use http::{HeaderName, Method, Response, StatusCode};
use serde_json::{Value, json};

use super::asynchronous;
use super::invocation::Kind;
use super::service::{Shared, Trace};
use crate::aws::check_signature;
use crate::listener::{Body, Reply, Request, full, response, set_header};

/// The longest payloads that are taken, in bytes.
const MAX_EVENT: usize = 1024 * 1024;
const MAX_REQUEST: usize = 6 * 1024 * 1024;
/// Lambda ends a chain of functions that invoke each other after about so many.
const MAX_DEPTH: u32 = 16;

/// Answers one request.
pub(super) fn answer(shared: &Weak<Shared>, request: &Request) -> Reply {
    match shared.upgrade().map(|shared| invoke(&shared, request)) {
        None => Reply::Disconnect,
        Some(Ok(reply)) => reply,
        Some(Err(refused)) => Reply::Answer(error(&refused)),
    }
}

/// Why a request is refused.
struct Refused {
    status: StatusCode,
    code: String,
    message: String,
}

fn invoke(shared: &Arc<Shared>, request: &Request) -> Result<Reply, Refused> {
    let name = request.path.strip_prefix("/2015-03-31/functions/").and_then(|rest| rest.strip_suffix("/invocations"));
    let Some(name) = name.filter(|_| request.method == Method::POST) else {
        return Err(refused(StatusCode::NOT_FOUND, "ResourceNotFoundException", "only functions can be invoked here"));
    };
    check_signature(request, &shared.options.credentials)
        .map_err(|wrong| refused(StatusCode::FORBIDDEN, wrong.code, wrong.message))?;
    if let Some(refusal) = shared.take_refusal() {
        return Err(refused(refusal.status, &refusal.code, "refused on demand"));
    }
    let function = shared.function_of_path(name).map_err(|unknown| {
        let message = format!("Function not found: {}", shared.arn(&unknown.name));
        refused(StatusCode::NOT_FOUND, "ResourceNotFoundException", message)
    })?;
    let kind = request.header("x-amz-invocation-type").unwrap_or("RequestResponse");
    let limit = if kind == "Event" { MAX_EVENT } else { MAX_REQUEST };
    if request.body.len() > limit {
        let message = format!(
            "{} byte payload is too large for the {kind} invocation type (limit {limit} bytes)",
            request.body.len()
        );
        return Err(refused(StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", message));
    }
    let body: &[u8] = if request.body.is_empty() { b"{}" } else { &request.body };
    let payload: Value = serde_json::from_slice(body).map_err(|cause| {
        let message = format!("Could not parse request body into json: {cause}");
        refused(StatusCode::BAD_REQUEST, "InvalidRequestContentException", message)
    })?;
    let trace = request.header("x-amzn-trace-id").and_then(follow);
    if trace.as_ref().is_some_and(|trace| trace.depth > MAX_DEPTH) {
        let message = "the function was invoked about 16 times in the same chain of requests";
        return Err(refused(StatusCode::BAD_REQUEST, "RecursiveInvocationException", message));
    }
    match kind {
        "DryRun" => Ok(Reply::Answer(empty(StatusCode::NO_CONTENT))),
        "Event" => {
            let id = asynchronous::invoke(shared, function, payload, Kind::Event, trace);
            let mut answer = empty(StatusCode::ACCEPTED);
            set_header(&mut answer, HeaderName::from_static("x-amzn-requestid"), &id);
            Ok(Reply::Answer(answer))
        }
        "RequestResponse" => {
            let shared = Arc::clone(shared);
            let call = async move {
                let result = shared.call(&function, &payload, trace).await;
                let failed = result.is_err();
                let payload = result.unwrap_or_else(|error| error.payload);
                let mut answer = response(StatusCode::OK, "application/json", payload.to_string());
                set_header(&mut answer, HeaderName::from_static("x-amz-executed-version"), "$LATEST");
                if failed {
                    set_header(&mut answer, HeaderName::from_static("x-amz-function-error"), "Unhandled");
                }
                Reply::Answer(answer)
            };
            Ok(Reply::Later(call.boxed()))
        }
        _ => {
            let message = format!("{kind} is no invocation type");
            Err(refused(StatusCode::BAD_REQUEST, "InvalidParameterValueException", message))
        }
    }
}

/// The chain that a request continues, if its header tells one.
fn follow(header: &str) -> Option<Trace> {
    let field = |name: &str| header.split(';').find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='));
    let depth: u32 = field("Lineage")?.rsplit(':').next()?.parse().ok()?;
    Some(Trace { root: field("Root")?.to_owned(), depth: depth.saturating_add(1) })
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(full(""));
    *response.status_mut() = status;
    response
}

fn refused(status: StatusCode, code: &str, message: impl Into<String>) -> Refused {
    Refused { status, code: code.to_owned(), message: message.into() }
}

fn error(refused: &Refused) -> Response<Body> {
    let Refused { status, code, message } = refused;
    let whose = if status.is_server_error() { "Service" } else { "User" };
    let body = json!({"Type": whose, "message": message, "Message": message});
    let mut response = response(*status, "application/json", body.to_string());
    set_header(&mut response, HeaderName::from_static("x-amzn-errortype"), code);
    response
}
