//! A server that answers each request as a test wants, byte for byte, and remembers what it was asked.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: BTreeMap<String, String>,
    /// How many requests for this path came before.
    pub(crate) earlier: usize,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// What is written back.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    bytes: Vec<u8>,
    then: Then,
}

#[derive(Clone, Debug)]
enum Then {
    Close,
    /// Say nothing more, but stay.
    Stall,
    /// These bytes again and again.
    Endless(Vec<u8>),
    /// One byte after another with this pause.
    Trickle(Duration),
}

impl Reply {
    pub(crate) fn new(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let length = body.len().to_string();
        let mut all = vec![("Content-Length", length.as_str())];
        all.extend_from_slice(headers);
        Reply::exactly(status, &all, body)
    }

    /// Without a Content-Length of its own.
    pub(crate) fn exactly(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut head = format!("HTTP/1.1 {status} Status\r\nConnection: close\r\n");
        for (name, value) in headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body);
        Reply { bytes, then: Then::Close }
    }

    pub(crate) fn raw(bytes: &[u8]) -> Reply {
        Reply { bytes: bytes.to_vec(), then: Then::Close }
    }

    /// An error of the OCI distribution API.
    pub(crate) fn error(status: u16, code: &str, message: &str) -> Reply {
        let body = format!(r#"{{"errors":[{{"code":"{code}","message":"{message}","detail":null}}]}}"#);
        Reply::new(status, &[("Content-Type", "application/json")], body.as_bytes())
    }

    pub(crate) fn unauthorized(challenge: &str) -> Reply {
        Reply::new(401, &[("WWW-Authenticate", challenge)], b"")
    }

    pub(crate) fn redirect(location: &str) -> Reply {
        Reply::new(307, &[("Location", location)], b"")
    }

    /// A chunked body without end.
    pub(crate) fn endless(headers: &[(&str, &str)], filling: u8) -> Reply {
        let mut all = vec![("Transfer-Encoding", "chunked")];
        all.extend_from_slice(headers);
        let mut reply = Reply::exactly(200, &all, b"");
        let mut chunk = b"10000\r\n".to_vec();
        chunk.extend(std::iter::repeat_n(filling, 0x10000));
        chunk.extend_from_slice(b"\r\n");
        reply.then = Then::Endless(chunk);
        reply
    }

    pub(crate) fn set_status(&mut self, status: u16) {
        let rest = self.bytes.split_off("HTTP/1.1 200".len());
        self.bytes = format!("HTTP/1.1 {status}").into_bytes();
        self.bytes.extend(rest);
    }

    pub(crate) fn stalled(mut self) -> Reply {
        self.then = Then::Stall;
        self
    }

    pub(crate) fn trickled(mut self, pause: Duration) -> Reply {
        self.then = Then::Trickle(pause);
        self
    }
}

/// Runs until it is dropped.
pub(crate) struct FaultServer {
    pub(crate) host: String,
    requests: Arc<Mutex<Vec<Request>>>,
    task: JoinHandle<()>,
}

impl Drop for FaultServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl FaultServer {
    pub(crate) async fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> FaultServer {
        FaultServer::start_knowing_host(|_| answer).await
    }

    /// For answers that name the server itself.
    pub(crate) async fn start_knowing_host<F>(make: impl FnOnce(&str) -> F) -> FaultServer
    where
        F: Fn(&Request) -> Reply + Send + Sync + 'static,
    {
        FaultServer::start_with(make, None).await
    }

    pub(crate) async fn start_with<F>(
        make: impl FnOnce(&str) -> F,
        tls: Option<tokio_rustls::TlsAcceptor>,
    ) -> FaultServer
    where
        F: Fn(&Request) -> Reply + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let answer = Arc::new(make(&host));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let task = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                let (answer, seen, tls) = (Arc::clone(&answer), Arc::clone(&seen), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, &seen, &*answer).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, &seen, &*answer).await;
                            }
                        }
                    }
                });
            }
        });
        FaultServer { host, requests, task }
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// How often a path was asked for.
    pub(crate) fn count(&self, path: &str) -> usize {
        self.requests().iter().filter(|request| request.path == path).count()
    }
}

async fn serve<S>(mut stream: S, seen: &Mutex<Vec<Request>>, answer: &(dyn Fn(&Request) -> Reply + Send + Sync))
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Some(head) = read_head(&mut stream).await else { return };
    let reply = {
        let mut seen = seen.lock().unwrap();
        let request = parse(&head, &seen);
        seen.push(request.clone());
        drop(seen);
        answer(&request)
    };
    // The client may well hang up first; that is its right.
    match reply.then {
        Then::Close => {
            let _ignored = stream.write_all(&reply.bytes).await;
            let _ignored = stream.shutdown().await;
        }
        Then::Stall => {
            let _ignored = stream.write_all(&reply.bytes).await;
            let _ignored = stream.flush().await;
            let mut rest = Vec::new();
            let _ignored = stream.read_to_end(&mut rest).await;
        }
        Then::Endless(filling) => {
            let _ignored = stream.write_all(&reply.bytes).await;
            while stream.write_all(&filling).await.is_ok() {}
        }
        Then::Trickle(pause) => {
            for byte in reply.bytes {
                if stream.write_all(&[byte]).await.is_err() {
                    return;
                }
                tokio::time::sleep(pause).await;
            }
        }
    }
}

async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
        if head.len() > 65_536 {
            return None;
        }
    }
    String::from_utf8(head).ok()
}

fn parse(head: &str, seen: &[Request]) -> Request {
    let mut lines = head.lines();
    let mut first = lines.next().unwrap_or_default().split(' ');
    let method = first.next().unwrap_or_default().to_owned();
    let target = first.next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let earlier = seen.iter().filter(|request| request.path == path).count();
    Request { method, path: path.to_owned(), query: query.to_owned(), headers, earlier }
}
