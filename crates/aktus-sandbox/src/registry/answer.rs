//! What does the registry answer? Routes, ranges, pages and the effect of faults.

use bytes::Bytes;
use http::{HeaderName, Method, Response, StatusCode, header};
use serde_json::json;

use super::faults::{Fault, On, flip_bit, take};
use super::{Part, RequestRecord, State};
use crate::hash::sha256_hex;
use crate::listener::{self, Body, Reply, Request, unescape};

/// How many tags a page holds when neither side says otherwise.
const DEFAULT_PAGE: usize = 10_000;

/// What a path asks for.
enum Route<'a> {
    Base,
    Manifest { repository: &'a str, reference: &'a str },
    Blob { repository: &'a str, digest: &'a str },
    Tags { repository: &'a str },
}

/// The content of an answer before faults and ranges.
struct Content {
    body: Bytes,
    media_type: String,
    digest: Option<String>,
    link: Option<String>,
}

/// Answers one request and records it.
pub(super) fn answer(state: &mut State, part: Part, request: &Request) -> Reply {
    let reply = match part {
        Part::Registry => registry(state, request),
        Part::Token => token(state, request),
        Part::Storage => storage(state, request),
    };
    let status = match &reply {
        Reply::Answer(response) => Some(response.status().as_u16()),
        Reply::Stall | Reply::Disconnect | Reply::Later(_) => None,
    };
    let scheme = |value: &str| value.split(' ').next().unwrap_or_default().to_owned();
    state.requests.push(RequestRecord {
        part,
        method: request.method.to_string(),
        path: request.path.clone(),
        query: request.query.clone(),
        status,
        authorization: request.header("authorization").map(scheme),
        range: request.header("range").map(str::to_owned),
        accept_encoding: request.header("accept-encoding").map(str::to_owned),
    });
    reply
}

fn registry(state: &mut State, request: &Request) -> Reply {
    if request.method != Method::GET && request.method != Method::HEAD {
        let message = "this registry is filled from Rust and only read over HTTP";
        return Reply::Answer(error(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", message));
    }
    let path = unescape(&request.path, false);
    let Some(route) = route(&path) else {
        return Reply::Answer(error(StatusCode::NOT_FOUND, "NOT_FOUND", "no such path"));
    };
    let (on, repository) = match &route {
        Route::Base => (On::Base, None),
        Route::Manifest { repository, .. } => (On::Manifest, Some(*repository)),
        Route::Blob { repository, .. } => (On::Blob, Some(*repository)),
        Route::Tags { repository } => (On::Tags, Some(*repository)),
    };
    if let Err(challenge) = state.access.check(request, repository, &state.token_url) {
        let mut response = error(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "authentication required");
        listener::set_header(&mut response, header::WWW_AUTHENTICATE, &challenge.header);
        return Reply::Answer(response);
    }
    let fault = take(&mut state.faults, on);
    let content = match find(state, request, &route) {
        Ok(content) => content,
        Err(response) => return spoiled(state, request, fault, *response),
    };
    send(state, request, content, fault)
}

fn token(state: &mut State, request: &Request) -> Reply {
    let fault = take(&mut state.faults, On::Token);
    let response = match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/token") => state.access.issue(request),
        ("POST", "/token") => error(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", "ask with GET"),
        _ => error(StatusCode::NOT_FOUND, "NOT_FOUND", "no such path"),
    };
    spoiled(state, request, fault, response)
}

fn storage(state: &mut State, request: &Request) -> Reply {
    if request.header("authorization").is_some() {
        // The answer of Amazon S3 to a pre-signed URL with a second authentication.
        let message = "<Error><Code>InvalidArgument</Code><Message>Only one auth mechanism allowed; \
                       only the X-Amz-Algorithm query parameter, Signature query string parameter \
                       or the Authorization header should be specified</Message></Error>";
        return Reply::Answer(listener::response(StatusCode::BAD_REQUEST, "application/xml", message));
    }
    let fault = take(&mut state.faults, On::Storage);
    let path = unescape(&request.path, false);
    let wanted = path.rsplit('/').next().unwrap_or_default();
    let Some(body) = state.store.any_blob(wanted).cloned() else {
        let message = "<Error><Code>NoSuchKey</Code></Error>";
        return Reply::Answer(listener::response(StatusCode::NOT_FOUND, "application/xml", message));
    };
    let content = Content { body, media_type: "application/octet-stream".to_owned(), digest: None, link: None };
    send(state, request, content, fault)
}

/// Splits `/v2/NAME/manifests/REFERENCE` and its like; the name may hold slashes.
fn route(path: &str) -> Option<Route<'_>> {
    let rest = path.strip_prefix("/v2")?;
    if rest.is_empty() || rest == "/" {
        return Some(Route::Base);
    }
    let rest = rest.strip_prefix('/')?;
    if let Some(repository) = rest.strip_suffix("/tags/list") {
        return Some(Route::Tags { repository });
    }
    let (head, last) = rest.rsplit_once('/')?;
    match head.rsplit_once('/')? {
        (repository, "manifests") => Some(Route::Manifest { repository, reference: last }),
        (repository, "blobs") => Some(Route::Blob { repository, digest: last }),
        _ => None,
    }
}

fn find(state: &State, request: &Request, route: &Route<'_>) -> Result<Content, Box<Response<Body>>> {
    let not_found = |code: &str, message: &str| Box::new(error(StatusCode::NOT_FOUND, code, message));
    let repository = |name: &str| {
        state.store.repository(name).ok_or_else(|| not_found("NAME_UNKNOWN", "repository name not known to registry"))
    };
    match *route {
        Route::Base => Ok(Content {
            body: Bytes::from_static(b"{}"),
            media_type: "application/json".to_owned(),
            digest: None,
            link: None,
        }),
        Route::Manifest { repository: name, reference } => {
            let (digest, manifest) = repository(name)?
                .manifest(reference)
                .ok_or_else(|| not_found("MANIFEST_UNKNOWN", "manifest unknown"))?;
            Ok(Content {
                body: manifest.bytes.clone(),
                media_type: manifest.media_type.clone(),
                digest: Some(digest.to_owned()),
                link: None,
            })
        }
        Route::Blob { repository: name, digest } => {
            let body =
                repository(name)?.blob(digest).ok_or_else(|| not_found("BLOB_UNKNOWN", "blob unknown to registry"))?;
            Ok(Content {
                body: body.clone(),
                media_type: "application/octet-stream".to_owned(),
                digest: Some(digest.to_owned()),
                link: None,
            })
        }
        Route::Tags { repository: name } => {
            let asked = request.query_value("n").and_then(|n| n.parse().ok());
            let size = match (asked, state.page_size) {
                (Some(asked), Some(most)) => most.min(asked),
                (Some(size), None) | (None, Some(size)) => size,
                (None, None) => DEFAULT_PAGE,
            };
            let last = request.query_value("last").unwrap_or_default();
            let (tags, more) = repository(name)?.tags(&last, size);
            let link = tags
                .last()
                .filter(|_| more)
                .map(|tag| format!("</v2/{name}/tags/list?last={tag}&n={size}>; rel=\"next\""));
            let body = json!({ "name": name, "tags": tags }).to_string();
            Ok(Content { body: body.into(), media_type: "application/json".to_owned(), digest: None, link })
        }
    }
}

/// Sends content, a range of it when asked, with the fault applied.
fn send(state: &State, request: &Request, content: Content, fault: Option<Fault>) -> Reply {
    let mut body = content.body;
    if fault == Some(Fault::FlipBit) {
        body = flip_bit(&body);
    }
    let total = body.len();
    let mut status = StatusCode::OK;
    let mut content_range = None;
    match request.header("range").map(|value| range(value, total)) {
        None | Some(Range::Whole) => {}
        Some(Range::Part(start, end)) => {
            body = body.slice(start..end);
            status = StatusCode::PARTIAL_CONTENT;
            content_range = Some(format!("bytes {start}-{}/{total}", end - 1));
        }
        Some(Range::Outside) => {
            let mut response = error(StatusCode::RANGE_NOT_SATISFIABLE, "RANGE_INVALID", "no such range");
            listener::set_header(&mut response, header::CONTENT_RANGE, &format!("bytes */{total}"));
            return Reply::Answer(response);
        }
    }
    let length = body.len();
    let mut response = Response::new(if request.method == Method::HEAD {
        listener::full(Bytes::new())
    } else {
        match &fault {
            Some(Fault::Truncate(at)) => listener::broken(body.slice(..length.min(*at))),
            Some(Fault::StallAfter(at)) => listener::stalled(body.slice(..length.min(*at))),
            Some(Fault::Extend(zeros)) => {
                let mut longer = body.to_vec();
                longer.resize(length.saturating_add(*zeros), 0);
                listener::chunked(longer.into())
            }
            _ => listener::full(body),
        }
    });
    *response.status_mut() = status;
    if !matches!(fault, Some(Fault::Extend(_))) {
        listener::set_header(&mut response, header::CONTENT_LENGTH, &length.to_string());
    }
    listener::set_header(&mut response, header::CONTENT_TYPE, &content.media_type);
    listener::set_header(&mut response, header::ACCEPT_RANGES, "bytes");
    let headers = [
        (HeaderName::from_static("docker-content-digest"), content.digest),
        (header::LINK, content.link),
        (header::CONTENT_RANGE, content_range),
    ];
    for (name, value) in headers {
        if let Some(value) = value {
            listener::set_header(&mut response, name, &value);
        }
    }
    spoiled(state, request, fault, response)
}

/// Applies the faults that replace an answer or its headers.
fn spoiled(state: &State, request: &Request, fault: Option<Fault>, mut response: Response<Body>) -> Reply {
    match fault {
        None | Some(Fault::FlipBit | Fault::Truncate(_) | Fault::Extend(_) | Fault::StallAfter(_)) => {}
        Some(Fault::Stall) => return Reply::Stall,
        Some(Fault::Disconnect) => return Reply::Disconnect,
        Some(Fault::Status { status, code, retry_after }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            response = error(status, &code, "switched on as a fault");
            if let Some(value) = retry_after {
                listener::set_header(&mut response, header::RETRY_AFTER, &value);
            }
        }
        Some(Fault::Redirect(location)) => {
            response = redirect(&location.replace("{path}", &request.path));
        }
        Some(Fault::RedirectToStorage) => {
            let path = unescape(&request.path, false);
            let wanted = path.rsplit('/').next().unwrap_or_default();
            // The query stands for the signature of a pre-signed URL.
            response =
                redirect(&format!("{}/{wanted}?X-Amz-Signature={}", state.storage_url, sha256_hex(wanted.as_bytes())));
        }
        Some(Fault::Header { name, value }) => {
            if let Ok(name) = HeaderName::try_from(name) {
                if value.is_empty() {
                    response.headers_mut().remove(&name);
                } else {
                    listener::set_header(&mut response, name, &value);
                }
            }
        }
        Some(Fault::Body { content_type, body }) => {
            response = listener::response(StatusCode::OK, &content_type, body);
        }
    }
    Reply::Answer(response)
}

fn redirect(location: &str) -> Response<Body> {
    let mut response = listener::text(StatusCode::TEMPORARY_REDIRECT, "");
    listener::set_header(&mut response, header::LOCATION, location);
    response
}

/// An error in the form of the distribution specification.
fn error(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    let body = json!({ "errors": [{ "code": code, "message": message }] }).to_string();
    listener::response(status, "application/json", body)
}

enum Range {
    /// No single byte range; the whole is sent.
    Whole,
    /// From the first up to, not including, the second.
    Part(usize, usize),
    /// Nothing of the content.
    Outside,
}

/// Reads `bytes=FIRST-LAST`, `bytes=FIRST-` and `bytes=-LENGTH` (RFC 9110, 14.1.2).
fn range(value: &str, total: usize) -> Range {
    let Some((first, last)) = value.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Range::Whole;
    };
    let (start, end) = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) if first <= last => (first, last.saturating_add(1).min(total)),
        (Ok(first), Err(_)) if last.is_empty() => (first, total),
        (Err(_), Ok(length)) if first.is_empty() => (total.saturating_sub(length), total),
        _ => return Range::Whole,
    };
    if start < end { Range::Part(start, end) } else { Range::Outside }
}
