//! What changes in the cluster? A list, then the changes since; again from the start when the thread is lost.

use std::time::Duration;

use futures::stream::{self, Stream};
use http_body_util::BodyExt as _;
use kube::client::Body;
use serde_json::Value;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::Cluster;
use super::retry::{Again, again};
use super::transport::Request;
use super::verbs::{Query, Selector};
use crate::error::{ApiError, Call, Class, Status};
use crate::object::Object;

/// How long the server keeps one watch open. Short, so that a connection that died silently is noticed.
const WATCH_SECONDS: u64 = 60;

/// How much later than that we give a silent connection up.
const GRACE: Duration = Duration::from_secs(15);

/// A watch that ends sooner than this did not work: the next one waits a little.
const SHORT: Duration = Duration::from_secs(1);

/// The longest line of a watch; one object is at most a few MiB.
const LINE_LIMIT: usize = 16 * 1024 * 1024;

/// What a watch reports.
#[derive(Debug)]
pub(crate) enum Watched {
    /// These objects, and no others, exist.
    Listed(Vec<Object>),
    /// This object was added or changed.
    Changed(Object),
    /// This object is gone; its last state.
    Deleted(Object),
    /// The watch cannot go on; nothing follows.
    Failed(ApiError),
}

/// Watches a kind until `until`: first a [`Watched::Listed`], then the changes. Ends after a failure that does not
/// pass by itself, and at `until`.
pub(crate) fn watch(
    cluster: &Cluster,
    api_version: &str,
    kind: &str,
    namespace: Option<&str>,
    selector: Selector,
    until: Instant,
) -> impl Stream<Item = Watched> + Send + use<> {
    let watcher = Watcher {
        cluster: cluster.clone(),
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.map(str::to_owned),
        selector,
        until,
        state: State::List,
        failures: 0,
    };
    stream::unfold(watcher, |mut watcher| async move {
        let watched = watcher.next().await?;
        Some((watched, watcher))
    })
}

struct Watcher {
    cluster: Cluster,
    api_version: String,
    kind: String,
    namespace: Option<String>,
    selector: Selector,
    until: Instant,
    state: State,
    /// In a row; each makes the next wait longer.
    failures: u32,
}

enum State {
    List,
    Open { version: String },
    Read { version: String, lines: Lines },
    Over,
}

impl Watcher {
    async fn next(&mut self) -> Option<Watched> {
        loop {
            if Instant::now() >= self.until {
                return None;
            }
            match std::mem::replace(&mut self.state, State::Over) {
                State::Over => return None,
                State::List => match self.list().await {
                    Ok((objects, version)) => {
                        self.state = State::Open { version };
                        return Some(Watched::Listed(objects));
                    }
                    Err(error) => return self.stopped(error),
                },
                State::Open { version } => match self.open(&version).await {
                    Ok(lines) => self.state = State::Read { version, lines },
                    Err(error) => {
                        if let Some(watched) = self.interrupted(error, version).await {
                            return Some(watched);
                        }
                    }
                },
                State::Read { version, mut lines } => {
                    let Some(line) = lines.next().await else {
                        // Closed as agreed, or the connection broke: go on from where we were.
                        if Instant::now() < lines.opened + SHORT {
                            self.pause().await;
                        }
                        self.state = State::Open { version };
                        continue;
                    };
                    match Event::read(&line) {
                        Ok(Event { change, version: newer }) => {
                            self.failures = 0;
                            self.state = State::Read { version: newer.unwrap_or(version), lines };
                            if let Some(change) = change {
                                return Some(change);
                            }
                        }
                        Err(problem) => {
                            // Most often 410: the server no longer knows the version. A list begins anew.
                            tracing::debug!(watch = %self.call(), %problem, "watch ended");
                            self.pause().await;
                            self.state = State::List;
                        }
                    }
                }
            }
        }
    }

    /// After a failure: wait and go on if it passes, list anew if the thread is lost, else report it.
    async fn interrupted(&mut self, error: ApiError, version: String) -> Option<Watched> {
        tracing::debug!(error = %error, "watch interrupted");
        if error.class() == Class::Gone {
            self.pause().await;
            self.state = State::List;
        } else if again(&error) != Again::No {
            self.pause().await;
            self.state = State::Open { version };
        } else {
            return self.stopped(error);
        }
        None
    }

    /// Nothing follows; running out of time is no failure.
    fn stopped(&mut self, error: ApiError) -> Option<Watched> {
        self.state = State::Over;
        (error.class() != Class::Deadline).then_some(Watched::Failed(error))
    }

    async fn pause(&mut self) {
        self.failures = self.failures.saturating_add(1);
        let wait = self.cluster.transport.backoff.wait(self.failures, &self.kind, None);
        sleep_until(self.until.min(Instant::now() + wait)).await;
    }

    fn call(&self) -> Call {
        let target = match &self.namespace {
            Some(namespace) => format!("every {} in {namespace}", self.kind),
            None => format!("every {}", self.kind),
        };
        Call { verb: "watch", target }
    }

    async fn list(&mut self) -> Result<(Vec<Object>, String), ApiError> {
        let namespace = self.namespace.as_deref();
        self.cluster.list_at(&self.api_version, &self.kind, namespace, &self.selector, self.until).await
    }

    async fn open(&mut self, version: &str) -> Result<Lines, ApiError> {
        let resource = self.cluster.resource(&self.api_version, &self.kind, self.until).await?;
        let mut query = Query::new();
        query.add("watch", "true");
        query.add("allowWatchBookmarks", "true");
        query.add("timeoutSeconds", &WATCH_SECONDS.to_string());
        if !version.is_empty() {
            query.add("resourceVersion", version);
        }
        self.selector.query(&mut query);
        let request = Request::get(query.on(&resource.path(self.namespace.as_deref(), None)));
        let response = self.cluster.transport.stream(&self.call(), &request, self.until).await?;
        let opened = Instant::now();
        let silent_until = self.until.min(opened + Duration::from_secs(WATCH_SECONDS) + GRACE);
        Ok(Lines { body: response.into_body(), buffer: Vec::new(), searched: 0, opened, silent_until })
    }
}

/// The lines of a streamed body.
struct Lines {
    body: Body,
    buffer: Vec<u8>,
    /// How much of the buffer is known to hold no line end.
    searched: usize,
    opened: Instant,
    silent_until: Instant,
}

impl Lines {
    /// The next line, or `None` when the stream ended, broke, fell silent or exceeds the limit.
    async fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(offset) = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n') {
                let rest = self.buffer.split_off(self.searched + offset + 1);
                self.searched = 0;
                return Some(std::mem::replace(&mut self.buffer, rest));
            }
            self.searched = self.buffer.len();
            if self.buffer.len() > LINE_LIMIT {
                return None;
            }
            let frame = timeout_at(self.silent_until, self.body.frame()).await.ok()??.ok()?;
            if let Ok(data) = frame.into_data() {
                self.buffer.extend_from_slice(&data);
            }
        }
    }
}

/// One line of a watch.
struct Event {
    /// Absent for bookmarks.
    change: Option<Watched>,
    version: Option<String>,
}

impl Event {
    fn read(line: &[u8]) -> Result<Self, String> {
        let mut value: Value = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        let object = value.get_mut("object").map(Value::take).unwrap_or_default();
        let version = object.pointer("/metadata/resourceVersion").and_then(Value::as_str).map(str::to_owned);
        let read = |object| Object::new(object).map_err(|error| error.to_string());
        let change = match value.get("type").and_then(Value::as_str).unwrap_or("") {
            "ADDED" | "MODIFIED" => Some(Watched::Changed(read(object)?)),
            "DELETED" => Some(Watched::Deleted(read(object)?)),
            "BOOKMARK" => None,
            "ERROR" => return Err(Status::from_json(500, &object).to_string()),
            other => return Err(format!("a watch event of type `{other}`")),
        };
        Ok(Self { change, version })
    }
}
