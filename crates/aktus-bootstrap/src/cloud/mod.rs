//! What is known of the account around the cluster.

#[cfg(feature = "aws")]
mod aws;

use aktus_k8s::Endpoint;
use secrecy::SecretString;
use tokio::time::Instant;

#[cfg(feature = "aws")]
pub use aws::{AwsKeychain, clock as aws_clock};

use crate::report::{Failure, FailureKind, Outcome};
use crate::request::Request;

/// Who answers questions about the account.
#[derive(Clone, Debug)]
pub enum Cloud {
    /// Nobody: the caller states the facts, and what he says is taken as given.
    Local,
    /// AWS.
    #[cfg(feature = "aws")]
    Aws(Box<aktus_aws::Aws>),
}

#[cfg_attr(not(feature = "aws"), expect(clippy::unused_async, reason = "only AWS is asked over the network"))]
impl Cloud {
    /// How the cluster is reached, once it is active, and what to do when it is not.
    pub(crate) async fn cluster(
        &self,
        request: &Request,
        until: Instant,
        waiting: &(dyn Fn(String) + Sync),
    ) -> Result<(Endpoint, Option<&'static str>), Failure> {
        match self {
            Self::Local => {
                let _ = (request, until, waiting);
                Err(Failure::new(FailureKind::Request, "there is no AWS access to ask for the cluster")
                    .next("name a cluster with --kubeconfig"))
            }
            #[cfg(feature = "aws")]
            Self::Aws(aws) => aws::cluster(aws, request, until, waiting).await,
        }
    }

    /// Whether the file system can be mounted from the cluster.
    pub(crate) async fn file_system(
        &self,
        request: &Request,
        until: Instant,
        waiting: &(dyn Fn(String) + Sync),
    ) -> Result<Outcome, Failure> {
        match self {
            Self::Local => {
                let _ = (until, waiting);
                Ok(Outcome::Skipped(format!("{} is taken as given, AWS is not asked", request.file_system_id)))
            }
            #[cfg(feature = "aws")]
            Self::Aws(aws) => aws::file_system(aws, request, until, waiting).await,
        }
    }

    /// The state of the EFS CSI add-on in words, if somebody knows.
    pub(crate) async fn csi_driver(
        &self,
        request: &Request,
        until: Instant,
        waiting: &(dyn Fn(String) + Sync),
    ) -> Result<Option<String>, Failure> {
        match self {
            Self::Local => {
                let _ = (request, until, waiting);
                Ok(None)
            }
            #[cfg(feature = "aws")]
            Self::Aws(aws) => aws::csi_driver(aws, request, until, waiting).await,
        }
    }

    /// A secret by its ARN.
    pub(crate) async fn secret(&self, request: &Request, arn: &str, until: Instant) -> Result<SecretString, Failure> {
        match self {
            Self::Local => {
                let _ = (request, until);
                Err(Failure::new(FailureKind::Request, "there is no AWS access to read the secret")
                    .about(arn)
                    .next("give the value in a file instead"))
            }
            #[cfg(feature = "aws")]
            Self::Aws(aws) => aws::secret(aws, arn, until).await,
        }
    }
}
