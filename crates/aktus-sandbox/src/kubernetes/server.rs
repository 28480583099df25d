//! How is the API server started, asked about and stopped?

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::api::Api;
use super::controllers::{Controllers, World};
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

/// A running Kubernetes API server. Dropping it closes the port and stops the controllers.
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    listener: Listener,
    controllers: Option<JoinHandle<()>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(controllers) = &self.controllers {
            controllers.abort();
        }
        // Requests that are still being served must not write behind the next server's back.
        self.shared.api().store.close();
    }
}

/// Runs the controllers whenever something changed or is due.
async fn run_controllers(shared: Arc<Shared>, mut world: World) {
    let start = Instant::now();
    let mut controllers = Controllers::default();
    let mut news = shared.changed.subscribe();
    loop {
        news.mark_unchanged();
        let faults = shared.faults.pods();
        if faults != world.pod_faults {
            world.pod_faults = faults;
            controllers.restart();
        }
        let (next, revision) = {
            let mut api = shared.api();
            let next = controllers.run(&mut api, &world, start.elapsed());
            (next, api.store.revision())
        };
        shared.announce(revision);
        // Their own writes are no news to the controllers.
        if *news.borrow() == revision {
            news.mark_unchanged();
        }
        let due = async {
            match next {
                Some(at) => tokio::time::sleep_until(start + at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = news.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            () = shared.faults.pods_changed.notified() => {}
            () = due => {}
        }
    }
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
        let mut api = Api::new(store, options.clock.clone());
        if new {
            seed::seed(&mut api, options);
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
        let controllers = options.controllers.then(|| {
            let world = World {
                mode: options.mode,
                region: options.region.clone(),
                step: options.step,
                pod_faults: Vec::new(),
            };
            tokio::spawn(run_controllers(Arc::clone(&shared), world))
        });
        Ok(Self { shared, listener, controllers })
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
