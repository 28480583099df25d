//! How do we talk to the API server?

mod connect;
mod discovery;
mod retry;
mod token;
mod transport;
mod verbs;
mod watch;

use std::sync::Arc;

use tokio::time::Instant;

use crate::error::{ApiError, Call};
use crate::lease::{Fence, Pass};

pub use self::connect::{ConnectError, ConnectOptions, Endpoint};
use self::discovery::Known;
pub use self::discovery::Resource;
pub use self::retry::Backoff;
pub use self::token::{StaticToken, Token, TokenSource};
use self::transport::{SharedTransport, Transport};
pub use self::verbs::{ApplyOptions, DeleteOptions, Deletion, Propagation, Selector, ServerVersion};
pub(crate) use self::watch::{Watched, watch};

/// A Kubernetes cluster: a client and what it has learnt about the kinds that the server serves.
///
/// Clones share both. Every call takes the instant `until` which it may try: what passes by itself (see
/// [`Class`](crate::Class)) is tried again until then, everything else fails at once.
#[derive(Clone, Debug)]
pub struct Cluster {
    transport: SharedTransport,
    known: Arc<Known>,
    fence: Option<Arc<Fence>>,
}

impl Cluster {
    /// Makes a client. Nothing is sent yet: a first [`server_version`](Self::server_version) shows whether the
    /// server answers.
    pub async fn connect(options: ConnectOptions) -> Result<Self, ConnectError> {
        let transport = Arc::new(Transport::connect(options).await?);
        Ok(Self { transport, known: Arc::default(), fence: None })
    }

    /// Makes a client from the text of a kubeconfig, with the default patience.
    #[cfg(feature = "kubeconfig")]
    pub async fn from_kubeconfig(text: &str, context: Option<&str>) -> Result<Self, ConnectError> {
        let endpoint = Endpoint::Kubeconfig { text: text.to_owned(), context: context.map(str::to_owned) };
        Self::connect(ConnectOptions::new(endpoint)).await
    }

    /// The server's address.
    pub fn server(&self) -> &str {
        &self.transport.server
    }

    /// The namespace that the kubeconfig's context names; `default` otherwise.
    pub fn default_namespace(&self) -> &str {
        &self.transport.default_namespace
    }

    /// The same cluster for a run that holds a lease: every write asks the fence first.
    #[must_use]
    pub fn fenced(&self, fence: Arc<Fence>) -> Self {
        Self { fence: Some(fence), ..self.clone() }
    }

    /// The right to write, for as long as it is kept.
    async fn pass(&self, call: &Call, until: Instant) -> Result<Option<Pass<'_>>, ApiError> {
        match &self.fence {
            Some(fence) => fence.pass(call, until).await.map(Some),
            None => Ok(None),
        }
    }

    fn known(&self) -> &Known {
        &self.known
    }
}
