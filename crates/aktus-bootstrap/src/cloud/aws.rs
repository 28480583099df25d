//! Answers of AWS, in the bootstrap's terms.

use std::sync::Arc;
use std::time::Duration;

use aktus_aws::{AddOnError, Aws, Class, ClusterError, RegistryHost, StorageError};
use aktus_helm::oci::{Credentials, Keychain, KeychainError};
use aktus_k8s::{BoxError, Endpoint, Token, TokenSource};
use futures::future::BoxFuture;
use jiff::Timestamp;
use secrecy::SecretString;
use tokio::time::Instant;

use crate::failure::chain;
use crate::report::{Failure, FailureKind, Outcome};
use crate::request::Request;
use crate::world::Clock;

/// The add-on that provisions and mounts EFS.
const CSI_DRIVER: &str = "aws-efs-csi-driver";

fn failure(class: Class, error: &dyn std::error::Error) -> Failure {
    let kind = match class {
        Class::Transient => FailureKind::Unreachable,
        _ => FailureKind::Refused,
    };
    Failure::new(kind, chain(error))
}

fn cluster_name(request: &Request) -> Result<&str, Failure> {
    request.cluster_name.as_deref().ok_or_else(|| {
        Failure::new(FailureKind::Request, "no EKS cluster is named")
            .next("name it with --cluster, or use --kubeconfig")
    })
}

pub(super) async fn cluster(
    aws: &Aws,
    request: &Request,
    until: Instant,
    waiting: &(dyn Fn(String) + Sync),
) -> Result<(Endpoint, Option<&'static str>), Failure> {
    let name = cluster_name(request)?;
    let about = |failure: Failure| failure.about(format!("cluster {name}"));
    let found = aws.wait_for_cluster(name, until, &mut |reason| waiting(reason.to_owned())).await;
    let found = found.map_err(|error| {
        about(match &error {
            ClusterError::NotActive { .. } => Failure::new(FailureKind::NotReady, chain(&error)),
            _ => failure(error.class(), &error),
        })
    })?;
    let connection = found.connection().map_err(|error| about(failure(error.class(), &error)))?;
    let token = aws.cluster_token(&found);
    let endpoint = Endpoint::Server {
        url: connection.server.clone(),
        certificate_authority: connection.certificate_authority.clone(),
        token: Some(Arc::new(ClusterToken { token, clock: aws.config().clock().clone() })),
    };
    let hint = "the endpoint of the cluster is private: run this inside its VPC (a function needs a VPC configuration), \
                or open the public endpoint";
    Ok((endpoint, found.is_private.then_some(hint)))
}

pub(super) async fn file_system(
    aws: &Aws,
    request: &Request,
    until: Instant,
    waiting: &(dyn Fn(String) + Sync),
) -> Result<Outcome, Failure> {
    let id = &request.file_system_id;
    let name = cluster_name(request)?;
    let found = aws.cluster(name).await;
    let found = found.map_err(|error| failure(error.class(), &error).about(format!("cluster {name}")))?;
    let files = aws.wait_for_file_system(id, &found.vpc_id, until, &mut |reason| waiting(reason.to_owned())).await;
    let files = files.map_err(|error| {
        match &error {
            StorageError::NotAvailable { .. } => Failure::new(FailureKind::NotReady, chain(&error)),
            _ => failure(error.class(), &error),
        }
        .about(format!("file system {id}"))
    })?;
    let targets = files.mount_targets.iter().filter(|target| target.vpc_id == found.vpc_id).count();
    Ok(Outcome::Unchanged(format!("{id} is available, {targets} mount targets in {}", found.vpc_id)))
}

pub(super) async fn csi_driver(
    aws: &Aws,
    request: &Request,
    until: Instant,
    waiting: &(dyn Fn(String) + Sync),
) -> Result<Option<String>, Failure> {
    let name = cluster_name(request)?;
    let found = aws.wait_for_add_on(name, CSI_DRIVER, until, &mut |reason| waiting(reason.to_owned())).await;
    let found = found.map_err(|error| {
        match &error {
            AddOnError::NotActive { .. } => Failure::new(FailureKind::NotReady, chain(&error)),
            _ => failure(error.class(), &error),
        }
        .about(format!("add-on {CSI_DRIVER}"))
    })?;
    Ok(Some(format!("{CSI_DRIVER} {} is active", found.version)))
}

pub(super) async fn secret(aws: &Aws, arn: &str, until: Instant) -> Result<SecretString, Failure> {
    let read = tokio::time::timeout_at(until, aws.secret(arn)).await;
    let read = read.map_err(|_| {
        Failure::new(FailureKind::Unreachable, "secretsmanager:GetSecretValue got no answer in the time that was left")
            .about(arn)
    })?;
    read.map_err(|error| failure(error.class(), &error).about(arn))
}

/// EKS tokens for the Kubernetes client.
struct ClusterToken {
    token: aktus_aws::ClusterToken,
    clock: aktus_aws::Clock,
}

impl TokenSource for ClusterToken {
    fn token(&self) -> BoxFuture<'_, Result<Token, BoxError>> {
        Box::pin(async {
            let token = self.token.token().await?;
            let left = token.refresh_at.duration_since(self.clock.now()).unwrap_or(Duration::ZERO);
            Ok(Token { value: token.value, refresh_at: Some(Instant::now() + left) })
        })
    }
}

/// Logins for ECR registries from AWS, in the region of the host name; anonymous elsewhere.
#[derive(Debug)]
pub struct AwsKeychain {
    aws: Aws,
    /// Who answers for every other registry.
    otherwise: Credentials,
}

impl AwsKeychain {
    /// Asks `aws` for ECR, and gives `otherwise` to every other registry.
    pub fn new(aws: Aws, otherwise: Credentials) -> Self {
        Self { aws, otherwise }
    }

    async fn login(&self, registry: &str) -> Result<Option<Credentials>, KeychainError> {
        let Ok(host) = registry.parse::<RegistryHost>() else { return Ok(None) };
        match self.aws.registry_login(&host).await {
            Ok(login) => Ok(Some(Credentials::Basic { username: login.username, password: login.password })),
            Err(error) => Err(KeychainError { message: chain(&error) }),
        }
    }
}

impl Keychain for AwsKeychain {
    fn credentials<'a>(&'a self, registry: &'a str) -> BoxFuture<'a, Result<Credentials, KeychainError>> {
        Box::pin(async { Ok(self.login(registry).await?.unwrap_or_else(|| self.otherwise.clone())) })
    }

    fn renewed<'a>(&'a self, registry: &'a str) -> BoxFuture<'a, Result<Option<Credentials>, KeychainError>> {
        Box::pin(self.login(registry))
    }
}

/// The clock of a world, as AWS needs it.
pub fn clock(clock: &Clock) -> aktus_aws::Clock {
    let clock = clock.clone();
    aktus_aws::Clock::new(move || std::time::SystemTime::from(Timestamp::max(clock(), Timestamp::UNIX_EPOCH)))
}
