//! How does one of our stand-ins answer HTTP? A plain HTTP/1.1 server on a free port of 127.0.0.1.
//!
//! Each stand-in supplies one function from a [`Request`] to a [`Reply`]. The body of a request is
//! read whole before that function runs, the function itself never waits, and a reply may be a
//! fault: no answer at all, or a body that breaks off. Dropping the [`Listener`] closes the port and
//! every open connection.

#[cfg(test)]
pub(crate) mod client;

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt as _};
use http::{HeaderMap, Method, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

/// The largest request body that is read, in bytes; a larger one is answered with 413.
const REQUEST_BODY_LIMIT: usize = 64 * 1024 * 1024;

/// How long to wait after a connection could not be accepted.
const ACCEPT_AGAIN: Duration = Duration::from_millis(20);

/// The body of a reply: bytes that may break off with an error.
pub(crate) type Body = BoxBody<Bytes, io::Error>;

/// A request with its body read whole.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// The method.
    pub(crate) method: Method,
    /// The path as it came, percent escapes kept.
    pub(crate) path: String,
    /// What follows the question mark, or the empty string.
    pub(crate) query: String,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: Bytes,
}

impl Request {
    /// The value of a header, when it is there once and is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The first value of a query parameter, with escapes resolved.
    pub(crate) fn query_value(&self, name: &str) -> Option<String> {
        form_value(&self.query, name)
    }
}

/// What the server does with a request.
pub(crate) enum Reply {
    /// Sends this response.
    Answer(Response<Body>),
    /// Sends nothing and keeps the connection open.
    Stall,
    /// Closes the connection without an answer.
    Disconnect,
    /// Waits for something to happen, then does what came of it.
    Later(BoxFuture<'static, Reply>),
}

/// A running server.
pub(crate) struct Listener {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl fmt::Debug for Listener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Listener").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Listener {
    /// Opens a free port of 127.0.0.1 and answers every request there with `handle`.
    ///
    /// Errors when no port can be opened. Must be called inside a Tokio runtime.
    pub(crate) async fn start(handle: impl Fn(Request) -> Reply + Send + Sync + 'static) -> io::Result<Self> {
        Self::start_guarded(|_, _| true, handle).await
    }

    /// The same, but a request whose head `guard` refuses, by method and by path with query, is cut
    /// off before its body is read.
    pub(crate) async fn start_guarded(
        guard: impl Fn(&Method, &str) -> bool + Send + Sync + 'static,
        handle: impl Fn(Request) -> Reply + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let rules: Arc<Rules> = Arc::new(Rules { guard: Box::new(guard), handle: Box::new(handle) });
        let task = tokio::spawn(accept(listener, rules));
        Ok(Self { address, task })
    }

    /// Where the server listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`, without a final slash.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Guard = dyn Fn(&Method, &str) -> bool + Send + Sync;
type Handle = dyn Fn(Request) -> Reply + Send + Sync;

/// How a server treats a request: by its head first, then whole.
struct Rules {
    guard: Box<Guard>,
    handle: Box<Handle>,
}

async fn accept(listener: TcpListener, rules: Arc<Rules>) {
    let mut connections = JoinSet::new();
    loop {
        // One connection went away, or the process has no free descriptor; the port stays open.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_AGAIN).await;
            continue;
        };
        // Small answers must not wait for the acknowledgement of earlier ones; without this they
        // are only slower.
        drop(stream.set_nodelay(true));
        let rules = Arc::clone(&rules);
        connections.spawn(async move {
            let service = service_fn(move |request| answer(request, Arc::clone(&rules)));
            // A client that goes away ends its own connection only.
            drop(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn answer(request: http::Request<Incoming>, rules: Arc<Rules>) -> io::Result<Response<Body>> {
    let (head, body) = request.into_parts();
    if !(rules.guard)(&head.method, head.uri.path_and_query().map_or("", http::uri::PathAndQuery::as_str)) {
        return Err(io::ErrorKind::ConnectionAborted.into());
    }
    let Ok(body) = Limited::new(body, REQUEST_BODY_LIMIT).collect().await else {
        return Ok(text(StatusCode::PAYLOAD_TOO_LARGE, "the request body is too large or broke off"));
    };
    let mut reply = (rules.handle)(Request {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: body.to_bytes(),
    });
    loop {
        match reply {
            Reply::Answer(response) => return Ok(response),
            Reply::Stall => return std::future::pending().await,
            Reply::Disconnect => return Err(io::ErrorKind::ConnectionAborted.into()),
            Reply::Later(then) => reply = then.await,
        }
    }
}

/// A body of known length.
pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never: Infallible| match never {}).boxed()
}

/// A body that sends `bytes` and then breaks the connection.
pub(crate) fn broken(bytes: Bytes) -> Body {
    let first = stream::iter([Ok(Frame::data(bytes))]);
    // The server flushes what it has while the stream waits; an error at once would discard it.
    let then = stream::once(async {
        tokio::task::yield_now().await;
        Err(io::ErrorKind::ConnectionReset.into())
    });
    BodyExt::boxed(StreamBody::new(first.chain(then)))
}

/// A body of a length that is not announced.
pub(crate) fn chunked(bytes: Bytes) -> Body {
    BodyExt::boxed(StreamBody::new(stream::iter([Ok(Frame::data(bytes))])))
}

/// A body that sends `bytes` and then neither ends nor continues.
pub(crate) fn stalled(bytes: Bytes) -> Body {
    let first = stream::iter([Ok(Frame::data(bytes))]);
    BodyExt::boxed(StreamBody::new(first.chain(stream::pending())))
}

/// A plain text response.
pub(crate) fn text(status: StatusCode, message: &str) -> Response<Body> {
    response(status, "text/plain; charset=utf-8", message.to_owned())
}

/// A response with this status, content type and body.
pub(crate) fn response(status: StatusCode, content_type: &str, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(full(body));
    *response.status_mut() = status;
    set_header(&mut response, http::header::CONTENT_TYPE, content_type);
    response
}

/// Sets a header; a value that no header may carry is left out.
pub(crate) fn set_header(response: &mut Response<Body>, name: http::HeaderName, value: &str) {
    if let Ok(value) = http::HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// The first value of `name` in `application/x-www-form-urlencoded` text, with escapes resolved.
pub(crate) fn form_value(text: &str, name: &str) -> Option<String> {
    text.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (unescape(key, true) == name).then(|| unescape(value, true))
    })
}

/// Resolves `%XX`, and `+` as a space where the text is a form; bytes that are not UTF-8 become
/// replacement characters.
pub(crate) fn unescape(text: &str, form: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        match (first, tail) {
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                bytes.push(digit(*high) * 16 + digit(*low));
                rest = after;
            }
            (b'+', _) if form => bytes.push(b' '),
            _ => bytes.push(first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn digit(hex: u8) -> u8 {
    match hex {
        b'0'..=b'9' => hex - b'0',
        b'a'..=b'f' => hex - b'a' + 10,
        _ => hex - b'A' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::{form_value, unescape};

    #[test]
    fn escapes_are_resolved_once_and_broken_ones_are_kept() {
        assert_eq!(unescape("a%2Fb%20c+d", true), "a/b c d");
        assert_eq!(unescape("a+b", false), "a+b");
        assert_eq!(unescape("%", true), "%");
        assert_eq!(unescape("%4", true), "%4");
        assert_eq!(unescape("%zz%25", true), "%zz%");
    }

    #[test]
    fn the_first_value_of_a_form_field_counts() {
        assert_eq!(form_value("a=1&b=2&a=3", "a").as_deref(), Some("1"));
        assert_eq!(form_value("Action=Get%2BIt", "Action").as_deref(), Some("Get+It"));
        assert_eq!(form_value("", "a"), None);
    }
}
