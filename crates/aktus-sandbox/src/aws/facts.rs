//! What is true in the sandbox's AWS account? The seeds of every answer.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

/// A state that passes as it is asked for, such as `CREATING` three times and then `ACTIVE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    passing: VecDeque<(String, u32)>,
    last: String,
}

impl Timeline {
    /// Always this state.
    pub fn steady(state: &str) -> Self {
        Self { passing: VecDeque::new(), last: state.to_owned() }
    }

    /// `before` for the first `questions`, then `after`.
    pub fn after(questions: u32, before: &str, after: &str) -> Self {
        Self::steady(after).preceded_by(questions, before)
    }

    /// The same, with another state for so many questions in front.
    #[must_use]
    pub fn preceded_by(mut self, questions: u32, state: &str) -> Self {
        self.passing.push_front((state.to_owned(), questions));
        self
    }

    /// The state for this question.
    pub(super) fn ask(&mut self) -> String {
        while let Some((state, left)) = self.passing.front_mut() {
            if *left > 0 {
                *left -= 1;
                return state.clone();
            }
            self.passing.pop_front();
        }
        self.last.clone()
    }
}

/// An access key. Its `Debug` form shows only the key id.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The access key id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// The session token of temporary credentials.
    pub session_token: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Credentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// A reason why a cluster or add-on is not healthy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthIssue {
    /// The code, such as `InsufficientNumberOfReplicas`.
    pub code: String,
    /// The sentence.
    pub message: String,
    /// The resources concerned.
    pub resource_ids: Vec<String>,
}

/// An EKS cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// The Kubernetes version, such as `1.35`.
    pub version: String,
    /// `CREATING`, `ACTIVE`, `UPDATING`, `DELETING`, `FAILED` or `PENDING`.
    pub status: Timeline,
    /// The URL of the API server, told once the cluster is no longer `CREATING`.
    pub endpoint: String,
    /// The certificates of the API server's authority as PEM text, told like the endpoint.
    pub certificate_authority: String,
    /// The VPC.
    pub vpc_id: String,
    /// The subnets.
    pub subnet_ids: Vec<String>,
    /// Whether Auto Mode is on.
    pub auto_mode: bool,
    /// What is wrong; told while the cluster is not `ACTIVE`.
    pub issues: Vec<HealthIssue>,
    /// The add-ons by name.
    pub add_ons: BTreeMap<String, AddOn>,
    /// The principals with an access entry.
    pub access_entries: Vec<String>,
    /// Whether the endpoint is reached from outside the VPC. Only what is told of the cluster changes, not who reaches it.
    pub public_endpoint: bool,
}

/// An add-on of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddOn {
    /// The version, ending in `-eksbuild.N`.
    pub version: String,
    /// `CREATING`, `ACTIVE`, `CREATE_FAILED`, `UPDATING`, `DELETING`, `DELETE_FAILED`, `DEGRADED`
    /// or `UPDATE_FAILED`.
    pub status: Timeline,
    /// What is wrong; told while the add-on is not `ACTIVE`.
    pub issues: Vec<HealthIssue>,
}

impl AddOn {
    /// A healthy add-on of this version.
    pub fn active(version: &str) -> Self {
        Self { version: version.to_owned(), status: Timeline::steady("ACTIVE"), issues: Vec::new() }
    }
}

/// An EFS file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSystem {
    /// `creating`, `available`, `updating`, `deleting`, `deleted` or `error`.
    pub state: Timeline,
    /// Its mount targets.
    pub mount_targets: Vec<MountTarget>,
}

/// A mount target of a file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountTarget {
    /// The id, `fsmt-…`.
    pub id: String,
    /// The subnet.
    pub subnet_id: String,
    /// The VPC.
    pub vpc_id: String,
    /// The availability zone.
    pub zone: String,
    /// The address.
    pub ip_address: String,
    /// As for a file system.
    pub state: Timeline,
}

/// What a secret holds. Its `Debug` form shows only the kind.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretValue {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Text(_) => "Text(…)",
            Self::Binary(_) => "Binary(…)",
        })
    }
}

/// Everything the services know.
#[derive(Clone)]
pub struct Facts {
    /// The region of the clusters, file systems and secrets.
    pub region: String,
    /// The partition: `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    /// The account, twelve digits.
    pub account: String,
    /// The key that requests must be signed with.
    pub credentials: Credentials,
    /// Who that key belongs to.
    pub caller_arn: String,
    /// The clusters by name.
    pub clusters: BTreeMap<String, Cluster>,
    /// The file systems by id.
    pub file_systems: BTreeMap<String, FileSystem>,
    /// The secrets by ARN.
    pub secrets: BTreeMap<String, SecretValue>,
    /// The stem of the passwords that ECR hands out, see [`Facts::registry_password`].
    pub registry_password: String,
    /// When ECR's passwords expire, in seconds since 1970.
    pub registry_password_expires_at: i64,
    /// How many entries a list holds per page.
    pub page_size: usize,
}

impl fmt::Debug for Facts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Facts")
            .field("region", &self.region)
            .field("account", &self.account)
            .field("credentials", &self.credentials)
            .field("clusters", &self.clusters)
            .field("file_systems", &self.file_systems)
            .field("secrets", &self.secrets)
            .finish_non_exhaustive()
    }
}

impl Facts {
    /// The account of the platform in one region: an active cluster with its add-ons and a file
    /// system with two mount targets in its VPC.
    ///
    /// The cluster's endpoint is `kubernetes_url`, its authority an empty text, since the sandbox's
    /// Kubernetes speaks plain HTTP.
    pub fn platform(cluster: &str, region: &str, kubernetes_url: &str, auto_mode: bool) -> Self {
        let partition = match region {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        let account = "123456789012";
        let caller_arn = format!("arn:{partition}:iam::{account}:role/aktus-connector");
        let mut facts = Self {
            region: region.to_owned(),
            partition: partition.to_owned(),
            account: account.to_owned(),
            credentials: Credentials {
                access_key_id: "AKIDSANDBOX".to_owned(),
                secret_access_key: "sandbox/secret+access/key/of/no/account".to_owned(),
                session_token: None,
            },
            caller_arn: caller_arn.clone(),
            clusters: BTreeMap::new(),
            file_systems: BTreeMap::new(),
            secrets: BTreeMap::new(),
            registry_password: "sandbox-registry-password".to_owned(),
            registry_password_expires_at: 4_102_444_800,
            page_size: 100,
        };
        let subnets = ["subnet-0a000000000000001", "subnet-0a000000000000002"];
        let vpc = "vpc-0a000000000000000";
        let mut add_ons = BTreeMap::from([("aws-efs-csi-driver", "v3.4.1-eksbuild.1")]);
        if !auto_mode {
            add_ons.extend([
                ("vpc-cni", "v1.21.1-eksbuild.1"),
                ("kube-proxy", "v1.35.0-eksbuild.2"),
                ("coredns", "v1.13.1-eksbuild.1"),
                ("eks-pod-identity-agent", "v1.3.10-eksbuild.1"),
                ("aws-ebs-csi-driver", "v1.53.0-eksbuild.1"),
            ]);
        }
        facts.clusters.insert(
            cluster.to_owned(),
            Cluster {
                version: "1.35".to_owned(),
                status: Timeline::steady("ACTIVE"),
                endpoint: kubernetes_url.to_owned(),
                certificate_authority: String::new(),
                vpc_id: vpc.to_owned(),
                subnet_ids: subnets.map(str::to_owned).to_vec(),
                auto_mode,
                issues: Vec::new(),
                add_ons: add_ons.into_iter().map(|(name, version)| (name.to_owned(), AddOn::active(version))).collect(),
                access_entries: vec![caller_arn],
                public_endpoint: true,
            },
        );
        let mount_targets = subnets.iter().zip([("a", "10.0.0.10"), ("b", "10.0.16.10")]);
        facts.file_systems.insert(
            "fs-0a0000000000000ef".to_owned(),
            FileSystem {
                state: Timeline::steady("available"),
                mount_targets: mount_targets
                    .map(|(subnet, (zone, address))| MountTarget {
                        id: subnet.replace("subnet-", "fsmt-"),
                        subnet_id: (*subnet).to_owned(),
                        vpc_id: vpc.to_owned(),
                        zone: format!("{region}{zone}"),
                        ip_address: address.to_owned(),
                        state: Timeline::steady("available"),
                    })
                    .collect(),
            },
        );
        facts
    }

    /// Adds a secret and returns its ARN.
    pub fn add_secret(&mut self, name: &str, value: SecretValue) -> String {
        let Self { partition, region, account, .. } = self;
        let arn = format!("arn:{partition}:secretsmanager:{region}:{account}:secret:{name}-a1B2c3");
        self.secrets.insert(arn.clone(), value);
        arn
    }

    /// The password that ECR hands out in a region: the stem, a dot and the region, since a
    /// password of one region is of no use in another.
    pub fn registry_password(&self, region: &str) -> String {
        format!("{}.{region}", self.registry_password)
    }

    /// The ARN of a cluster.
    pub(super) fn cluster_arn(&self, name: &str) -> String {
        format!("arn:{}:eks:{}:{}:cluster/{name}", self.partition, self.region, self.account)
    }
}
