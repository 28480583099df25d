//! Where do answers go? To pre-signed addresses, each good for one PUT of bytes without a type.
//!
//! S3 checks the signature over method, address and signed headers, and so do we, by comparing with
//! what was signed. Faults come before that, as they do at S3.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::FutureExt as _;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, LOCATION, TRANSFER_ENCODING};
use http::{Method, Response, StatusCode};

use super::record::Put;
use super::server::{Shared, State};
use crate::listener::{Body, Reply, Request, full, response, set_header};

/// How long an address is good, in nominal time.
pub(super) const EXPIRES: Duration = Duration::from_hours(2);

/// What goes wrong with an answer on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// S3 answers with this status: 500 and 503 pass, 403 does not, 307 points elsewhere.
    Status(u16),
    /// S3 answers nothing and keeps the connection open.
    Stall,
    /// The connection closes once the request was read; nothing is stored.
    Disconnect,
    /// The connection closes while the request is sent.
    CloseBeforeBody,
    /// The answer is stored, but the connection closes before S3 says so.
    StoreThenDisconnect,
    /// S3 takes its (nominal) time.
    Slow(Duration),
}

/// A fault and how often it still happens; `None` is always.
#[derive(Debug, Clone)]
pub(super) struct FaultRule {
    pub(super) times: Option<u32>,
    pub(super) fault: Fault,
}

/// Switches faults on and off.
#[derive(Debug)]
pub struct Faults<'a>(pub(super) &'a Shared);

impl Faults<'_> {
    /// Lets the next `times` requests meet a fault; earlier faults come first.
    pub fn next(&self, times: u32, fault: Fault) {
        self.0.state().faults.push(FaultRule { times: Some(times), fault });
    }

    /// Lets every request meet a fault, once those before it are used up.
    pub fn always(&self, fault: Fault) {
        self.0.state().faults.push(FaultRule { times: None, fault });
    }

    /// Removes all faults.
    pub fn clear(&self) {
        self.0.state().faults.clear();
    }
}

/// The first fault that `wanted` takes, one use of it taken away; faults come in order, so one that
/// is not wanted keeps the later ones back.
fn take(rules: &mut Vec<FaultRule>, wanted: impl Fn(&Fault) -> bool) -> Option<Fault> {
    rules.retain(|rule| rule.times != Some(0));
    let first = rules.first_mut().filter(|rule| wanted(&rule.fault))?;
    if let Some(times) = &mut first.times {
        *times -= 1;
    }
    Some(first.fault.clone())
}

/// Whether the body of a request is read at all.
pub(super) fn admit(shared: &Weak<Shared>, target: &str) -> bool {
    let Some(shared) = shared.upgrade() else { return false };
    let mut state = shared.state();
    if take(&mut state.faults, |fault| *fault == Fault::CloseBeforeBody).is_none() {
        return true;
    }
    let put = Put { at: shared.time.elapsed(), status: None, refused: None, stored: false, body: bytes::Bytes::new() };
    keep(&shared, &mut state, target, put, "is cut off");
    drop(state);
    shared.notify();
    false
}

/// Answers a request to the address of an answer.
pub(super) fn answer(shared: &Weak<Shared>, request: Request) -> Reply {
    let Some(shared) = shared.upgrade() else { return Reply::Disconnect };
    if shared.is_of_the_dead(&target(&request)) {
        return Reply::Disconnect;
    }
    let fault = take(&mut shared.state().faults, |fault| *fault != Fault::CloseBeforeBody);
    match fault {
        Some(Fault::Slow(duration)) => Reply::Later(
            async move {
                shared.time.sleep(duration).await;
                settle(&shared, &request, None)
            }
            .boxed(),
        ),
        fault => settle(&shared, &request, fault.as_ref()),
    }
}

fn target(request: &Request) -> String {
    if request.query.is_empty() { request.path.clone() } else { format!("{}?{}", request.path, request.query) }
}

fn settle(shared: &Arc<Shared>, request: &Request, fault: Option<&Fault>) -> Reply {
    let target = target(request);
    let at = shared.time.elapsed();
    let mut state = shared.state();
    let record = state.requests.iter().find(|record| record.target == target);
    let known = record.is_some();
    let refused = refusal(request, known, shared.host());
    let expired = record.is_some_and(|record| at > record.issued.saturating_add(EXPIRES));
    let (status, stored) = match fault {
        Some(Fault::Status(status)) => {
            (Some(StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)), false)
        }
        Some(Fault::StoreThenDisconnect) if refused.is_none() && !expired => (None, true),
        Some(_) => (None, false),
        None if refused.is_some() || expired => (Some(StatusCode::FORBIDDEN), false),
        None => (Some(StatusCode::OK), true),
    };
    let what = match (fault, status) {
        (Some(Fault::Stall), _) => "is left without an answer".to_owned(),
        (Some(Fault::StoreThenDisconnect), _) if stored => "is stored, and the connection breaks".to_owned(),
        (Some(_), None) => "meets a broken connection".to_owned(),
        (None, _) if expired => "is refused: the address has expired".to_owned(),
        (_, Some(status)) if !stored => match refused {
            Some(why) => format!("is refused with {}: {why}", status.as_u16()),
            None => format!("is refused with {}", status.as_u16()),
        },
        _ => String::new(),
    };
    let put = Put { at, status: status.map(|status| status.as_u16()), refused, stored, body: request.body.clone() };
    keep(shared, &mut state, &target, put, &what);
    drop(state);
    shared.notify();
    match (status, fault) {
        (Some(status), _) => Reply::Answer(s3(status, expired)),
        (None, Some(Fault::Stall)) => Reply::Stall,
        (None, _) => Reply::Disconnect,
    }
}

/// Keeps a request with the record it belongs to: that of its address, or the one whose id it bears.
fn keep(shared: &Shared, state: &mut State, target: &str, put: Put, what: &str) {
    let mut records = state.requests.iter_mut();
    let Some(record) = records.find(|record| record.target == target || target.contains(&record.request_id)) else {
        shared.recorder().say("-", "PUT to an unknown address".to_owned());
        state.strays += 1;
        return;
    };
    let bytes = put.body.len();
    let line = if put.stored && put.status.is_some() {
        let answer = super::contract::understand(record, &put);
        let status = if answer.success { "SUCCESS" } else { "FAILED" };
        let reason = if answer.reason.is_empty() { String::new() } else { format!(", {}", answer.reason) };
        format!("answer {status}, id {}, {bytes} bytes{reason}", answer.physical_resource_id)
    } else {
        format!("answer of {bytes} bytes {what}")
    };
    let short = record.request_id.get(..8).unwrap_or(&record.request_id);
    shared.recorder().say(&record.stack, format!("{} {short}: {line}", record.request_type.name()));
    record.puts.push(put);
}

/// Why S3 refuses a request; nothing when it is as it was signed.
fn refusal(request: &Request, known: bool, host: &str) -> Option<&'static str> {
    let header = |name| request.headers.get_all(name).iter().collect::<Vec<_>>();
    let unsigned = |name: &str| name.starts_with("x-amz-");
    if request.method != Method::PUT {
        Some("the method is not PUT")
    } else if !known {
        Some("the address is not the one that was signed, byte for byte")
    } else if header(HOST) != [host] {
        Some("the host is not the one that was signed")
    } else if header(CONTENT_TYPE).iter().any(|value| !value.is_empty()) {
        Some("it has a content type, and none was signed")
    } else if request.headers.contains_key(TRANSFER_ENCODING) || !request.headers.contains_key(CONTENT_LENGTH) {
        Some("it has no content length")
    } else if request.headers.contains_key(AUTHORIZATION) {
        Some("it has an authorization besides the one in the address")
    } else if request.headers.keys().any(|name| unsigned(name.as_str())) {
        Some("it has headers of AWS that were not signed")
    } else {
        None
    }
}

/// An answer of S3.
fn s3(status: StatusCode, expired: bool) -> Response<Body> {
    let (code, message) = match status.as_u16() {
        200..300 => {
            let mut answer = Response::new(full(""));
            *answer.status_mut() = status;
            set_header(&mut answer, http::header::ETAG, "\"d41d8cd98f00b204e9800998ecf8427e\"");
            return answer;
        }
        403 if expired => ("AccessDenied", "Request has expired"),
        403 => {
            ("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
        }
        503 => ("SlowDown", "Please reduce your request rate."),
        500..600 => ("InternalError", "We encountered an internal error. Please try again."),
        300..400 => ("TemporaryRedirect", "Please re-send this request to the specified temporary endpoint."),
        _ => ("InvalidRequest", "The request is not valid."),
    };
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    let mut answer = response(status, "application/xml", body);
    if status.is_redirection() {
        set_header(&mut answer, LOCATION, "/elsewhere");
    }
    answer
}
