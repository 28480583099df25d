//! How is the API server started, asked about and stopped?

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::watch;

use super::api::Api;
use super::faults::Faults;
use super::store::{CreatedObject, Store};
use super::{http, seed};
use crate::Options;
use crate::listener::Listener;

/// A request as the log keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRecord {
    /// `GET`, `PATCH`, …
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The query without the question mark.
    pub query: String,
    /// The HTTP status that was sent, or 0 where a fault kept the answer back.
    pub status: u16,
    /// Whether the request asked for a dry run.
    pub dry_run: bool,
    /// The field manager that the request named, empty when it named none.
    pub field_manager: String,
}

impl RequestRecord {
    /// Whether the request could have changed something and was carried out.
    pub fn is_write(&self) -> bool {
        !matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS")
            && !self.dry_run
            && (200..300).contains(&self.status)
    }
}

/// What the parts of a running server share.
#[derive(Debug)]
pub(crate) struct Shared {
    api: Mutex<Api>,
    requests: Mutex<Vec<RequestRecord>>,
    pub(crate) faults: Faults,
    /// Tells watches and controllers that something was written.
    pub(crate) changed: watch::Sender<u64>,
}

impl Shared {
    /// The state, locked.
    pub(crate) fn api(&self) -> MutexGuard<'_, Api> {
        self.api.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn requests(&self) -> MutexGuard<'_, Vec<RequestRecord>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn record(&self, record: RequestRecord) {
        self.requests().push(record);
    }

    /// Tells everybody who waits that something may have been written.
    pub(crate) fn announce(&self, revision: u64) {
        self.changed.send_if_modified(|known| {
            let newer = *known < revision;
            *known = revision.max(*known);
            newer
        });
    }
}

/// A running Kubernetes API server. Dropping it closes the port.
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    listener: Listener,
}

impl Server {
    /// Starts a server on a free port of 127.0.0.1, inside a Tokio runtime.
    ///
    /// Errors when no port can be opened, or when the directory of `options` cannot be written or
    /// is in use by another server.
    pub async fn start(options: &Options) -> io::Result<Self> {
        let store = match &options.directory {
            Some(directory) => Store::open(directory)?,
            None => Store::default(),
        };
        let new = store.is_empty();
        let mut api = Api::new(store, options.clock.clone(), options.mode);
        if new {
            seed::seed(&mut api);
        }
        let revision = api.store.revision();
        let shared = Arc::new(Shared {
            api: Mutex::new(api),
            requests: Mutex::default(),
            faults: Faults::default(),
            changed: watch::Sender::new(revision),
        });
        shared.faults.require_tokens(options.bearer_tokens.clone());
        let answering = Arc::clone(&shared);
        let listener = Listener::start(move |request| http::answer(&answering, &request)).await?;
        Ok(Self { shared, listener })
    }

    /// `http://127.0.0.1:PORT`, without a final slash.
    pub fn url(&self) -> String {
        self.listener.url()
    }

    /// A kubeconfig for this server as YAML, without credentials.
    pub fn kubeconfig(&self, cluster_name: &str) -> String {
        let url = self.url();
        let name = Value::from(cluster_name);
        format!(
            "apiVersion: v1\nkind: Config\nclusters:\n- name: {name}\n  cluster:\n    server: \
             {url}\ncontexts:\n- name: {name}\n  context:\n    cluster: {name}\n    user: \
             {name}\ncurrent-context: {name}\nusers:\n- name: {name}\n  user: {{}}\n"
        )
    }

    /// Every object that the cluster holds, by kind, namespace and name.
    pub fn objects(&self) -> Vec<Value> {
        self.shared.api().store.all().map(|(_, object)| Value::clone(object)).collect()
    }

    /// The requests so far, oldest first, including those that faults befell.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.shared.requests().clone()
    }

    /// Empties the log of requests.
    pub fn clear_requests(&self) {
        self.shared.requests().clear();
    }

    /// How many writes through HTTP changed an object so far.
    pub fn writes(&self) -> u64 {
        self.shared.api().writes
    }

    /// The identities created through HTTP, in order; what controllers made is not among them.
    /// With a directory, creations of earlier runs are included.
    pub fn created(&self) -> Vec<CreatedObject> {
        self.shared.api().store.created().to_vec()
    }

    /// The switches for faults.
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// Forgets the history of changes, as the compaction of etcd does: watches that resume from
    /// before now get 410.
    pub fn compact(&self) {
        self.shared.api().store.forget_history();
    }
}
