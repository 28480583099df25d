//! How do requests and answers travel over HTTP?

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use http::header::{HeaderName, RETRY_AFTER};
use http::{Response, StatusCode};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use serde_json::Value;
use tokio::time::Instant;

use super::api::{Answer, Request, WatchRequest, Watcher};
use super::definitions;
use super::faults::Fault;
use super::server::{RequestRecord, Shared};
use super::status::Status;
use crate::listener::{self, Body, Reply, form_value, unescape};

/// How long a watch may stay silent before it tells a bookmark.
const BOOKMARK_EVERY: Duration = Duration::from_secs(5);
/// How long a watch lasts when its client does not say.
const WATCH_FOR: u64 = 1800;

/// Answers a request, unless a fault befalls it.
pub(crate) fn answer(shared: &Arc<Shared>, request: &listener::Request) -> Reply {
    let target = format!("{}?{}", request.path, request.query);
    match shared.faults.befalling(request.method.as_str(), &target) {
        None => carry_out(shared, request),
        Some(Fault::Status { code, retry_after }) => {
            record(shared, request, code);
            let seconds = retry_after.as_deref().and_then(|text| text.parse().ok());
            let status = Status::fault(code, seconds);
            let mut response = json(code, &status.to_json(), &[]);
            if let Some(text) = retry_after {
                listener::set_header(&mut response, RETRY_AFTER, &text);
            }
            Reply::Answer(response)
        }
        Some(Fault::Refuse { code, message }) => {
            record(shared, request, code);
            let status = Status { message, ..Status::fault(code, None) };
            Reply::Answer(json(code, &status.to_json(), &[]))
        }
        Some(Fault::Disconnect) => {
            record(shared, request, 0);
            Reply::Disconnect
        }
        Some(Fault::DisconnectAfter) => {
            drop(carry_out(shared, request));
            Reply::Disconnect
        }
        Some(Fault::Stall) => {
            record(shared, request, 0);
            Reply::Stall
        }
        Some(Fault::Slow(delay)) => {
            let shared = Arc::clone(shared);
            let request = request.clone();
            Reply::Later(Box::pin(async move {
                tokio::time::sleep(delay).await;
                carry_out(&shared, &request)
            }))
        }
    }
}

fn carry_out(shared: &Arc<Shared>, request: &listener::Request) -> Reply {
    if !shared.faults.lets_in(request.header("authorization")) {
        record(shared, request, 401);
        return Reply::Answer(json(401, &Status::unauthorized().to_json(), &[]));
    }
    let path = unescape(&request.path, false);
    let call = Request {
        method: request.method.as_str(),
        path: &path,
        query: &request.query,
        content_type: request.header("content-type").unwrap_or(""),
        accept: request.header("accept").unwrap_or(""),
        user_agent: request.header("user-agent").unwrap_or(""),
        body: &request.body,
    };
    let (answer, revision) = {
        let mut api = shared.api();
        let delay = shared.faults.definition_delay();
        api.establishes_at_once = delay.is_zero();
        let answer = api.handle(&call);
        if !delay.is_zero() && matches!(call.method, "POST" | "PATCH") {
            establish_later(shared, delay);
        }
        (answer, api.store.revision())
    };
    shared.announce(revision);
    let response = match answer {
        Answer::Json { code, body, warnings } => {
            record(shared, request, code);
            let content_type = if call.accept.contains("as=APIGroupDiscoveryList")
                && body.get("kind").and_then(Value::as_str) == Some("APIGroupDiscoveryList")
            {
                "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
            } else {
                "application/json"
            };
            let mut response = json(code, &body, &warnings);
            listener::set_header(&mut response, http::header::CONTENT_TYPE, content_type);
            response
        }
        Answer::Text { code, body } => {
            record(shared, request, code);
            let status = StatusCode::from_u16(code).unwrap_or(StatusCode::OK);
            listener::text(status, &body)
        }
        Answer::Watch(watch) => {
            record(shared, request, 200);
            stream_of(shared, watch)
        }
    };
    Reply::Answer(response)
}

fn establish_later(shared: &Arc<Shared>, delay: Duration) {
    let shared = Arc::clone(shared);
    drop(tokio::spawn(async move {
        tokio::time::sleep(delay).await;
        let revision = {
            let mut api = shared.api();
            definitions::establish_all(&mut api);
            api.store.revision()
        };
        shared.announce(revision);
    }));
}

fn record(shared: &Shared, request: &listener::Request, status: u16) {
    shared.record(RequestRecord {
        method: request.method.to_string(),
        path: unescape(&request.path, false),
        query: request.query.clone(),
        status,
        dry_run: form_value(&request.query, "dryRun").is_some_and(|value| !value.is_empty()),
        field_manager: form_value(&request.query, "fieldManager").unwrap_or_default(),
    });
}

fn json(code: u16, body: &Value, warnings: &[String]) -> Response<Body> {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut text = body.to_string();
    text.push('\n');
    let mut response = listener::response(status, "application/json", text);
    for warning in warnings {
        let value = format!("299 - {warning:?}");
        if let Ok(value) = http::HeaderValue::from_str(&value) {
            response.headers_mut().append(HeaderName::from_static("warning"), value);
        }
    }
    response
}

/// A watch's place between two pieces of its body.
struct Stream {
    shared: Arc<Shared>,
    watcher: Watcher,
    news: tokio::sync::watch::Receiver<u64>,
    until: Instant,
    ended: bool,
}

fn stream_of(shared: &Arc<Shared>, watch: WatchRequest) -> Response<Body> {
    let seconds = watch.timeout_seconds.filter(|seconds| *seconds > 0).unwrap_or(WATCH_FOR);
    let state = Stream {
        shared: Arc::clone(shared),
        watcher: watch.watcher,
        news: shared.changed.subscribe(),
        until: Instant::now() + Duration::from_secs(seconds.min(WATCH_FOR)),
        ended: false,
    };
    let pieces = stream::unfold(state, |mut state| async move {
        let piece = next_piece(&mut state).await?;
        Some((Ok::<_, Infallible>(Frame::data(piece)), state))
    });
    let body = StreamBody::new(pieces).map_err(|never| match never {});
    let mut response = Response::new(body.boxed());
    listener::set_header(&mut response, http::header::CONTENT_TYPE, "application/json");
    response
}

async fn next_piece(state: &mut Stream) -> Option<Bytes> {
    let mut silent_until = Instant::now() + BOOKMARK_EVERY;
    loop {
        if state.ended {
            return None;
        }
        // Seen before looking, so that what is written meanwhile wakes the wait below.
        state.news.mark_unchanged();
        let found = {
            let api = state.shared.api();
            state.watcher.events(&api)
        };
        match found {
            Ok(events) if events.is_empty() => {}
            Ok(events) => return Some(lines(&events)),
            Err(event) => {
                state.ended = true;
                return Some(lines(&[event]));
            }
        }
        let wake = silent_until.min(state.until);
        tokio::select! {
            changed = state.news.changed() => changed.ok()?,
            () = tokio::time::sleep_until(wake) => {
                if Instant::now() >= state.until {
                    return None;
                }
                silent_until = Instant::now() + BOOKMARK_EVERY;
                if let Some(bookmark) = state.watcher.bookmark() {
                    return Some(lines(&[bookmark]));
                }
            }
        }
    }
}

fn lines(events: &[Value]) -> Bytes {
    let mut text = String::new();
    for event in events {
        text.push_str(&event.to_string());
        text.push('\n');
    }
    Bytes::from(text)
}
