//! What does AWS say about the cluster, its storage, its registry and its secrets?
//!
//! Thin, typed questions over the official SDKs. [`Aws`] asks, each answer is a plain type of this
//! crate, and each failure says which action on which resource failed, of which [`Class`] it is and
//! what to do next:
//!
//! | question | method |
//! |---|---|
//! | what is this EKS cluster, and is it ready? | [`Aws::cluster`], [`Aws::wait_for_cluster`] |
//! | with which bearer token does its API server let me in? | [`Aws::cluster_token`] |
//! | who has an access entry? | [`Aws::access_entries`] |
//! | is this add-on healthy, and if not, why? | [`Aws::add_on`], [`Aws::wait_for_add_on`] |
//! | is this file system reachable from the VPC? | [`Aws::file_system`], [`Aws::wait_for_file_system`] |
//! | how do I log in to this registry? | [`Aws::registry_login`] |
//! | what does this secret hold? | [`Aws::secret`] |
//! | will this function run, later, with this event? | [`Aws::invoke_event`] |
//!
//! Region, credentials, endpoints and retries come from [`Config`], which reads the standard AWS
//! environment variables and profiles through `aws-config` and nothing else. The SDK speaks TLS
//! with rustls on aws-lc-rs. Time for tokens comes from the [`Clock`] that the binary gives.
//!
//! # Example
//!
//! ```no_run
//! use std::time::{Duration, SystemTime};
//! use aktus_aws::{Aws, Clock, Config, Settings};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let settings = Settings { region: Some("us-west-2".into()), ..Settings::default() };
//! # #[expect(clippy::disallowed_methods, reason = "this stands for a binary")]
//! let clock = Clock::new(SystemTime::now);
//! let aws = Aws::new(Config::load(settings, clock).await?);
//!
//! let until = tokio::time::Instant::now() + Duration::from_secs(600);
//! let cluster = aws.wait_for_cluster("demo", until, &mut |why| eprintln!("{why}")).await?;
//! let token = aws.cluster_token(&cluster).token().await?;
//! println!("{} accepts a token until {:?}", cluster.connection()?.server, token.refresh_at);
//! # Ok(())
//! # }
//! ```

pub mod add_on;
pub mod arn;
pub mod cluster;
pub mod config;
pub mod error;
pub mod invoke;
pub mod registry;
pub mod secret;
pub mod storage;
pub mod token;
mod wait;

pub use aws_credential_types::Credentials;

pub use add_on::{AddOn, AddOnError};
pub use arn::{Arn, Partition};
pub use cluster::{Cluster, ClusterError, Connection, HealthIssue};
pub use config::{Clock, Config, ConfigError, Settings};
pub use error::{CallError, Class};
pub use invoke::InvokeError;
pub use registry::{Login, LoginError, RegistryHost};
pub use secret::SecretError;
pub use storage::{FileSystem, MountTarget, StorageError};
pub use token::{ClusterToken, Token, TokenError};

/// Asks AWS. Cheap to clone; the connections of one value are shared by its clones.
#[derive(Debug, Clone)]
pub struct Aws {
    config: Config,
    eks: aws_sdk_eks::Client,
    efs: aws_sdk_efs::Client,
}

impl Aws {
    /// Asks with this configuration.
    pub fn new(config: Config) -> Self {
        let eks = aws_sdk_eks::Client::new(config.sdk());
        let efs = aws_sdk_efs::Client::new(config.sdk());
        Self { config, eks, efs }
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The region that is asked, unless a host name or an ARN names another.
    pub fn region(&self) -> &str {
        self.config.region()
    }
}

/// What a wait tells its caller: each new reason, in words.
pub type OnWait<'a> = &'a mut (dyn FnMut(&str) + Send);
