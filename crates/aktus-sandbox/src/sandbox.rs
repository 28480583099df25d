//! How are all stand-ins started and stopped together?

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::Clock;
use crate::{aws, kubernetes, registry};

/// How the cluster that is played runs its nodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// EKS Auto Mode: AWS runs nodes, load balancers and block storage.
    #[default]
    Auto,
    /// A managed node group and add-ons.
    Traditional,
}

/// What the sandbox plays.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where state is kept from one start to the next; `None` keeps it in memory.
    pub directory: Option<PathBuf>,
    /// How the cluster runs its nodes.
    pub mode: Mode,
    /// The cluster's name.
    pub cluster_name: String,
    /// The AWS region, such as `us-east-1`.
    pub region: String,
    /// The wall clock.
    pub clock: Clock,
    /// The bearer tokens that the Kubernetes API accepts; none means that it asks for none.
    pub bearer_tokens: Vec<SecretString>,
    /// How many nodes the cluster begins with.
    pub nodes: u32,
    /// The instance type of a node group's nodes; Auto Mode chooses its own. Nodes with GPUs offer
    /// them once a device plug-in runs on them, as on EKS.
    pub node_instance_type: String,
    /// How long one step of the cluster takes, such as starting a pod.
    pub step: Duration,
    /// Whether controllers run: without them objects stay as they were written.
    pub controllers: bool,
}

impl Options {
    /// An Auto Mode cluster `aktus-sandbox` in `us-east-1`, kept in memory.
    pub fn new(clock: Clock) -> Self {
        Self {
            directory: None,
            mode: Mode::Auto,
            cluster_name: "aktus-sandbox".to_owned(),
            region: "us-east-1".to_owned(),
            clock,
            bearer_tokens: Vec::new(),
            nodes: 2,
            node_instance_type: "g5.2xlarge".to_owned(),
            step: Duration::from_millis(20),
            controllers: true,
        }
    }
}

/// All stand-ins, running.
#[derive(Debug)]
pub struct Sandbox {
    cluster_name: String,
    kubernetes: kubernetes::Server,
    registry: registry::Server,
    aws: aws::Server,
}

impl Sandbox {
    /// Starts all stand-ins, inside a Tokio runtime.
    ///
    /// Errors when a port cannot be opened, or when the directory cannot be written or is in use.
    pub async fn start(options: Options) -> io::Result<Self> {
        let kubernetes = kubernetes::Server::start(&options).await?;
        let registry = registry::Server::start().await?;
        let Options { cluster_name, region, mode, .. } = options;
        let facts = aws::Facts::platform(&cluster_name, &region, &kubernetes.url(), mode == Mode::Auto);
        let aws = aws::Server::start(facts).await?;
        Ok(Self { cluster_name, kubernetes, registry, aws })
    }

    /// The Kubernetes API server.
    pub fn kubernetes(&self) -> &kubernetes::Server {
        &self.kubernetes
    }

    /// The OCI registry, empty and open to everybody at first.
    pub fn registry(&self) -> &registry::Server {
        &self.registry
    }

    /// The AWS services, whose EKS cluster is the Kubernetes API server.
    pub fn aws(&self) -> &aws::Server {
        &self.aws
    }

    /// A kubeconfig for the Kubernetes API server, as YAML.
    pub fn kubeconfig(&self) -> String {
        self.kubernetes.kubeconfig(&self.cluster_name)
    }

    /// Closes all ports; what was accepted is kept in the directory, if there is one.
    pub async fn stop(self) {
        drop(self);
        // Connections end with the tasks that serve them.
        tokio::task::yield_now().await;
    }
}
