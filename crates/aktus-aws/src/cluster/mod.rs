//! What is this EKS cluster, how is it reached, and when is it ready?

use std::fmt;

use aws_sdk_eks::types::{Cluster as SdkCluster, ClusterHealth, ComputeConfigResponse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;
use tokio::time::Instant;

use crate::error::{Call, CallError, Class};
use crate::wait::Wait;
use crate::{Arn, Aws, OnWait};

/// The mark that every certificate in PEM text begins with.
const CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// A reason why a cluster or an add-on is not healthy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthIssue {
    /// AWS's code, such as `InsufficientNumberOfReplicas`.
    pub code: String,
    /// AWS's sentence; may be empty.
    pub message: String,
    /// The resources concerned.
    pub resources: Vec<String>,
}

impl fmt::Display for HealthIssue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.message.trim().trim_end_matches('.');
        if message.is_empty() {
            formatter.write_str(&self.code)?;
        } else {
            write!(formatter, "{message} ({})", self.code)?;
        }
        if !self.resources.is_empty() {
            write!(formatter, " at {}", self.resources.join(", "))?;
        }
        Ok(())
    }
}

/// Where a cluster's API server is and whom to trust there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The URL of the API server, without a final slash: `https://…`, or `http://…` on a loopback
    /// address, where a stand-in listens.
    pub server: String,
    /// PEM text with every certificate of the authority, one or, while AWS rotates it, two. `None`
    /// only for plain HTTP.
    pub certificate_authority: Option<Vec<u8>>,
}

/// An EKS cluster as AWS describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// The name.
    pub name: String,
    /// The ARN.
    pub arn: Arn,
    /// The name that a token for it carries: the name, or the id of a local cluster on an Outpost.
    pub token_audience: String,
    /// The Kubernetes version, such as `1.35`.
    pub version: String,
    /// `CREATING`, `ACTIVE`, `UPDATING`, `DELETING`, `FAILED`, `PENDING`, or what AWS adds.
    pub status: String,
    /// What is wrong with it.
    pub issues: Vec<HealthIssue>,
    /// The VPC.
    pub vpc_id: String,
    /// The subnets of the control plane.
    pub subnet_ids: Vec<String>,
    /// Whether the API server is reachable from inside the VPC only.
    pub is_private: bool,
    /// Whether Auto Mode runs its nodes.
    pub auto_mode: bool,
    connection: Option<Connection>,
}

impl Cluster {
    /// Where the API server is. Errors while AWS has not told, because the cluster is being
    /// created.
    pub fn connection(&self) -> Result<&Connection, ClusterError> {
        self.connection
            .as_ref()
            .ok_or_else(|| ClusterError::NoEndpoint { name: self.name.clone(), status: self.status.clone() })
    }

    /// The region of the cluster.
    pub fn region(&self) -> &str {
        &self.arn.region
    }

    /// The status and what is wrong, in words.
    pub fn reason(&self) -> String {
        let mut reason = format!("cluster {} is {}", self.name, self.status);
        for (index, issue) in self.issues.iter().enumerate() {
            reason.push_str(if index == 0 { ": " } else { "; " });
            reason.push_str(&issue.to_string());
        }
        reason
    }
}

/// Why a cluster cannot be used.
#[derive(Debug, Error)]
pub enum ClusterError {
    /// AWS did not answer.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The cluster will never become active.
    #[error("{reason}; create the cluster anew or name another one")]
    Dead {
        /// The cluster.
        name: String,
        /// Its status, `FAILED` or `DELETING`.
        status: String,
        /// The status and what is wrong, in words.
        reason: String,
    },
    /// The cluster did not become active in time.
    #[error("cluster {name} did not become ACTIVE in time: {reason}; try again later")]
    NotActive {
        /// The cluster.
        name: String,
        /// What it was last waiting for.
        reason: String,
    },
    /// AWS has not told where the API server is.
    #[error("cluster {name} is {status} and has no endpoint yet; wait until it is ACTIVE")]
    NoEndpoint {
        /// The cluster.
        name: String,
        /// Its status.
        status: String,
    },
    /// The endpoint cannot be trusted.
    #[error(
        "cluster {name} has the endpoint {endpoint:?}, which is neither https nor on this machine; \
         check the endpoint override"
    )]
    Endpoint {
        /// The cluster.
        name: String,
        /// What AWS told.
        endpoint: String,
    },
    /// The certificate authority cannot be read.
    #[error("the certificate authority of cluster {name} {problem}; describe the cluster again")]
    Authority {
        /// The cluster.
        name: String,
        /// What is wrong with it, as a verb phrase.
        problem: &'static str,
    },
}

impl ClusterError {
    /// What kind of failure it is, as far as AWS's answer tells.
    pub fn class(&self) -> Class {
        match self {
            Self::Call(error) => error.class,
            _ => Class::Other,
        }
    }
}

impl Aws {
    /// Describes a cluster, whatever its status.
    ///
    /// Errors when AWS does not answer, or with an endpoint or authority that cannot be used.
    pub async fn cluster(&self, name: &str) -> Result<Cluster, ClusterError> {
        let resource = format!("cluster {name}");
        let call = Call { action: "eks:DescribeCluster", resource: &resource, region: self.region() };
        let answer = self.eks.describe_cluster().name(name).send().await;
        let answer = answer.map_err(|error| call.failed(&error))?;
        let cluster = answer.cluster.ok_or_else(|| call.incomplete("cluster"))?;
        read(call, name, &cluster)
    }

    /// Waits until a cluster is active, asking again until `until` and telling `on_wait` why.
    ///
    /// Errors at once when the cluster has failed or is being deleted, when it does not exist or
    /// may not be described, and at `until` with the last reason.
    pub async fn wait_for_cluster(
        &self,
        name: &str,
        until: Instant,
        on_wait: OnWait<'_>,
    ) -> Result<Cluster, ClusterError> {
        let mut wait = Wait::new("eks:DescribeCluster", until, self.config.poll_interval(), on_wait);
        while let Some(answer) = wait.ask(self.cluster(name)).await {
            let reason = match answer {
                Ok(cluster) => match cluster.status.as_str() {
                    "ACTIVE" => {
                        cluster.connection()?;
                        return Ok(cluster);
                    }
                    "FAILED" | "DELETING" => {
                        let reason = cluster.reason();
                        return Err(ClusterError::Dead { name: cluster.name, status: cluster.status, reason });
                    }
                    _ => cluster.reason(),
                },
                Err(ClusterError::Call(error)) if error.class.is_temporary() => error.to_string(),
                Err(error) => return Err(error),
            };
            if !wait.pause(reason).await {
                break;
            }
        }
        Err(ClusterError::NotActive { name: name.to_owned(), reason: wait.into_reason() })
    }

    /// The ARNs of all principals with an access entry of a cluster, sorted.
    pub async fn access_entries(&self, cluster: &str) -> Result<Vec<String>, ClusterError> {
        let resource = format!("cluster {cluster}");
        let call = Call { action: "eks:ListAccessEntries", resource: &resource, region: self.region() };
        let pages = self.eks.list_access_entries().cluster_name(cluster).into_paginator();
        let entries: Result<Vec<String>, _> = pages.items().send().collect().await;
        let mut entries = entries.map_err(|error| call.failed(&error))?;
        entries.sort_unstable();
        Ok(entries)
    }
}

fn read(call: Call<'_>, name: &str, cluster: &SdkCluster) -> Result<Cluster, ClusterError> {
    let arn = cluster.arn().and_then(|arn| arn.parse().ok()).ok_or_else(|| call.incomplete("ARN"))?;
    let status = cluster.status().ok_or_else(|| call.incomplete("status"))?.as_str().to_owned();
    let network = cluster.resources_vpc_config();
    let connection = match cluster.endpoint() {
        None | Some("") => None,
        Some(endpoint) => {
            let data = cluster.certificate_authority().and_then(|authority| authority.data());
            Some(connection(name, endpoint, data.unwrap_or_default())?)
        }
    };
    let issues = cluster.health().map(ClusterHealth::issues).unwrap_or_default();
    Ok(Cluster {
        name: name.to_owned(),
        arn,
        token_audience: cluster.id().unwrap_or(name).to_owned(),
        version: cluster.version().unwrap_or_default().to_owned(),
        status,
        issues: issues
            .iter()
            .map(|issue| HealthIssue {
                code: issue.code().map_or("Unknown", |code| code.as_str()).to_owned(),
                message: issue.message().unwrap_or_default().to_owned(),
                resources: issue.resource_ids().to_vec(),
            })
            .collect(),
        vpc_id: network.and_then(|network| network.vpc_id()).unwrap_or_default().to_owned(),
        subnet_ids: network.map(|network| network.subnet_ids().to_vec()).unwrap_or_default(),
        is_private: network
            .is_some_and(|network| network.endpoint_private_access() && !network.endpoint_public_access()),
        auto_mode: cluster.compute_config().and_then(ComputeConfigResponse::enabled).unwrap_or(false),
        connection,
    })
}

/// Checks an endpoint and decodes its certificate authority, whole.
fn connection(name: &str, endpoint: &str, data: &str) -> Result<Connection, ClusterError> {
    let server = endpoint.trim_end_matches('/').to_owned();
    if is_plain_loopback(&server) {
        return Ok(Connection { server, certificate_authority: None });
    }
    if !server.starts_with("https://") {
        return Err(ClusterError::Endpoint { name: name.to_owned(), endpoint: endpoint.to_owned() });
    }
    let unusable = |problem| ClusterError::Authority { name: name.to_owned(), problem };
    let text = STANDARD.decode(data.trim()).map_err(|_| unusable("is not base64"))?;
    if !text.windows(CERTIFICATE.len()).any(|window| window == CERTIFICATE) {
        return Err(unusable("holds no certificate"));
    }
    Ok(Connection { server, certificate_authority: Some(text) })
}

/// Whether a URL is plain HTTP to a loopback address of this machine.
fn is_plain_loopback(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.parse().map_or_else(
        |_| authority.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback()),
        |socket: std::net::SocketAddr| socket.ip().is_loopback(),
    )
}

#[cfg(test)]
mod tests {
    use super::{ClusterError, HealthIssue, connection};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    const PEM: &str = "-----BEGIN CERTIFICATE-----\nQQ==\n-----END CERTIFICATE-----\n";

    #[test]
    fn every_certificate_of_the_authority_is_kept() {
        let both = PEM.repeat(2);
        let found = connection("demo", "https://a.eks.amazonaws.com/", &STANDARD.encode(&both)).unwrap();
        assert_eq!(found.server, "https://a.eks.amazonaws.com");
        assert_eq!(found.certificate_authority.unwrap(), both.as_bytes());
    }

    #[test]
    fn plain_http_is_for_loopback_addresses_only() {
        for url in ["http://127.0.0.1:8080", "http://127.0.0.1:8080/", "http://[::1]:8080", "http://127.1.2.3"] {
            assert!(connection("demo", url, "").unwrap().certificate_authority.is_none(), "{url}");
        }
        for url in [
            "http://10.0.0.1:8080",
            "http://cluster.example",
            "http://127.0.0.1.example:80",
            "http://127.0.0.1:80@example",
            "http://localhost",
            "ftp://127.0.0.1",
            "127.0.0.1:8080",
        ] {
            let error = connection("demo", url, &STANDARD.encode(PEM)).unwrap_err();
            assert!(matches!(error, ClusterError::Endpoint { .. }), "{url}");
        }
    }

    #[test]
    fn an_authority_that_cannot_be_trusted_is_refused() {
        for (data, problem) in [("%", "is not base64"), ("", "holds no certificate"), ("bm8=", "holds no certificate")]
        {
            let error = connection("demo", "https://a", data).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("the certificate authority of cluster demo {problem}; describe the cluster again")
            );
        }
    }

    #[test]
    fn an_issue_reads_as_a_sentence() {
        let issue = |message: &str, resources: &[&str]| HealthIssue {
            code: "AccessDenied".into(),
            message: message.into(),
            resources: resources.iter().map(|id| (*id).into()).collect(),
        };
        for (issue, words) in [
            (issue("Role is gone.", &["a", "b"]), "Role is gone (AccessDenied) at a, b"),
            (issue("", &[]), "AccessDenied"),
        ] {
            assert_eq!(issue.to_string(), words);
        }
    }
}
