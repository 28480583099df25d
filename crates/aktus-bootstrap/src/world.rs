//! What a bootstrap is done with: a cluster, a cloud, a registry, a clock, and dice.

use std::fmt;
use std::sync::Arc;

use aktus_helm::oci::{Credentials, Keychain, Puller};
use aktus_k8s::ConnectOptions;
use jiff::Timestamp;

use crate::cloud::Cloud;
use crate::ticket::Ticket;

/// How the cluster is reached.
#[derive(Clone, Debug)]
pub enum Access {
    /// Not at all: for plans without a cluster.
    None,
    /// By an address or a kubeconfig.
    Direct(ConnectOptions),
    /// As the cloud describes it: endpoint, certificate authority and token of an EKS cluster.
    Cloud,
}

/// What the time is.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;
/// Fills a buffer with random bytes from the operating system.
pub type Dice = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// Everything outside. Cheap to clone.
#[derive(Clone)]
pub struct World {
    /// How the cluster is reached.
    pub access: Access,
    /// What is known of the account around the cluster.
    pub cloud: Cloud,
    /// Pulls charts; none refuses charts from registries.
    pub puller: Option<Arc<Puller>>,
    /// Who asks the registry.
    pub keychain: Arc<dyn Keychain>,
    /// The time of day.
    pub clock: Clock,
    /// Randomness for templates.
    pub dice: Dice,
    /// Who holds the Lease: different for every run, and telling to people.
    pub holder: String,
    /// On whose request the run acts, when somebody may ask for it twice, or ask for the contrary meanwhile.
    pub ticket: Option<Arc<Ticket>>,
}

impl World {
    /// A world without cluster, registry and randomness, at a fixed time: enough for plans.
    pub fn offline() -> Self {
        Self {
            access: Access::None,
            cloud: Cloud::Local,
            puller: None,
            keychain: Arc::new(Credentials::Anonymous),
            clock: Arc::new(|| Timestamp::UNIX_EPOCH),
            dice: Arc::new(|buffer| buffer.fill(0)),
            holder: "plan".to_owned(),
            ticket: None,
        }
    }
}

impl fmt::Debug for World {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("World")
            .field("access", &self.access)
            .field("cloud", &self.cloud)
            .field("holder", &self.holder)
            .finish_non_exhaustive()
    }
}
