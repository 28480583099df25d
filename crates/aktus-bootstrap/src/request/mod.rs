//! What is asked for, typed and validated; all problems reported together.

mod properties;

use std::path::PathBuf;
use std::time::Duration;

use aktus_helm::{Profile, Values};
use secrecy::SecretString;

/// How the cluster gets its nodes, storage drivers and load balancers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// EKS Auto Mode: EKS runs nodes, EBS and load balancers itself.
    Auto,
    /// Traditional Mode: a managed node group and add-ons.
    Traditional,
}

impl Mode {
    /// `auto` or `traditional`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Traditional => "traditional",
        }
    }
}

/// Where the databases of the chart keep their data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseStorage {
    /// On EBS volumes: the chart's `hostPath` volumes are replaced.
    Ebs,
    /// Where the chart says, which may be a directory of the node.
    Chart,
}

/// Who can reach the load balancers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadBalancerScheme {
    /// Everybody.
    InternetFacing,
    /// The cluster's network only.
    Internal,
}

impl LoadBalancerScheme {
    /// The value of the annotation `service.beta.kubernetes.io/aws-load-balancer-scheme`.
    pub const fn annotation(self) -> &'static str {
        match self {
            Self::InternetFacing => "internet-facing",
            Self::Internal => "internal",
        }
    }
}

/// Where a chart comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChartSource {
    /// A registry: `oci://host/repository` or the same without the scheme, and a version.
    Registry {
        /// The reference; it may carry a tag or a digest.
        reference: String,
        /// The version; none means the tag of the reference, or the newest stable one.
        version: Option<String>,
    },
    /// A chart directory or a packaged chart (`.tgz`) on this machine.
    Path(PathBuf),
}

/// A key that ends in a Secret of the cluster.
#[derive(Clone, Debug, Default)]
pub enum SecretSource {
    /// Not given: the Secret exists and its key is empty.
    #[default]
    Absent,
    /// Given as it is.
    Value(SecretString),
    /// Kept in Secrets Manager under this ARN.
    Arn(String),
}

/// What to do when a cluster that exists does not answer while undoing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnUnreachable {
    /// Fail, with the cause and the way out.
    Fail,
    /// Succeed, with the abandoned objects listed.
    Abandon,
}

/// Everything a bootstrap needs to know.
#[derive(Clone, Debug)]
pub struct Request {
    /// The EKS cluster; none when the caller brings a kubeconfig.
    pub cluster_name: Option<String>,
    /// The AWS region of the cluster.
    pub region: Option<String>,
    /// How the cluster works.
    pub mode: Mode,
    /// The one namespace used everywhere.
    pub namespace: String,
    /// The name of the Helm release.
    pub release: String,
    /// The chart; none prepares storage, GPU and namespace only.
    pub chart: Option<ChartSource>,
    /// Which Helm the chart is rendered like.
    pub profile: Profile,
    /// The values of the user.
    pub values: Values,
    /// The EFS file system, `fs-…`.
    pub file_system_id: String,
    /// Where the databases keep their data.
    pub database_storage: DatabaseStorage,
    /// Who can reach the load balancers.
    pub load_balancer_scheme: LoadBalancerScheme,
    /// The role of the platform's service account.
    pub service_account_role: Option<String>,
    /// Token for Hugging Face.
    pub hugging_face_token: SecretSource,
    /// Key for OpenAI.
    pub openai_api_key: SecretSource,
    /// How many GPUs the node pool of Auto Mode may have at once; bounds the cost.
    pub gpu_limit: u32,
    /// Whether the nodes of Traditional Mode have NVIDIA GPUs.
    pub gpu_nodes: bool,
    /// When undoing, what an unreachable cluster means.
    pub on_unreachable: OnUnreachable,
    /// How long a run that stopped renewing its Lease keeps others out.
    pub lease_duration: Duration,
}

/// The name of the Helm release.
pub const RELEASE_NAME: &str = "aktus-ai-platform";
/// The namespace used when none is given.
pub const DEFAULT_NAMESPACE: &str = "aktus-ai-platform-dev";
/// The chart of the Marketplace.
pub const DEFAULT_CHART: &str =
    "709825985650.dkr.ecr.us-east-1.amazonaws.com/aktus-ai/aktus-ai-platform-aws-marketplace-ecr";
/// The version of the chart used when none is given.
pub const DEFAULT_CHART_VERSION: &str = "1.0.5";

impl Request {
    /// A request for a file system, with the defaults of the platform's template for everything else.
    pub fn new(file_system_id: impl Into<String>) -> Self {
        Self {
            cluster_name: None,
            region: None,
            mode: Mode::Auto,
            namespace: DEFAULT_NAMESPACE.to_owned(),
            release: RELEASE_NAME.to_owned(),
            chart: Some(ChartSource::Registry {
                reference: DEFAULT_CHART.to_owned(),
                version: Some(DEFAULT_CHART_VERSION.to_owned()),
            }),
            profile: Profile::Helm4,
            values: Values::default(),
            file_system_id: file_system_id.into(),
            database_storage: DatabaseStorage::Ebs,
            load_balancer_scheme: LoadBalancerScheme::InternetFacing,
            service_account_role: None,
            hugging_face_token: SecretSource::Absent,
            openai_api_key: SecretSource::Absent,
            gpu_limit: 4,
            gpu_nodes: false,
            on_unreachable: OnUnreachable::Fail,
            lease_duration: Duration::from_mins(1),
        }
    }

    /// Everything that is wrong with this request, by property; empty when it can be tried.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut check = |good: bool, property: &'static str, value: &str, rule: &str| {
            if !good {
                problems.push(Problem::new(property, format!("`{}` is not {rule}", shown(value))));
            }
        };
        check(is_label(&self.namespace), "Namespace", &self.namespace, NAMESPACE_RULE);
        check(
            is_label(&self.release) && self.release.len() <= 53,
            "ReleaseName",
            &self.release,
            "a release name: lower-case letters, digits and `-`, at most 53 characters",
        );
        check(
            is_file_system(&self.file_system_id),
            "FileSystemId",
            &self.file_system_id,
            "a file system id such as `fs-0123456789abcdef0`",
        );
        if let Some(role) = &self.service_account_role {
            check(
                role.starts_with("arn:") && role.contains(":role/"),
                "ServiceAccountRoleArn",
                role,
                "the ARN of an IAM role",
            );
        }
        if let Some(ChartSource::Registry { reference, .. }) = &self.chart {
            check(reference.contains('/'), "ChartUri", reference, "a chart reference such as `oci://host/repository`");
        }
        // Somebody may have put the key itself here, so the value is not shown.
        for (property, secret) in
            [("HuggingFaceTokenArn", &self.hugging_face_token), ("OpenAIAPIKeyArn", &self.openai_api_key)]
        {
            if matches!(secret, SecretSource::Arn(arn) if !arn.starts_with("arn:")) {
                problems.push(Problem::new(property, "not the ARN of a secret in Secrets Manager"));
            }
        }
        problems
    }
}

const NAMESPACE_RULE: &str = "a namespace: lower-case letters, digits and `-`, at most 63 characters";

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The property, by its name in the custom resource.
    pub property: String,
    /// What is wrong, never a secret value.
    pub message: String,
    /// The property that was probably meant.
    pub hint: Option<String>,
}

impl Problem {
    fn new(property: impl Into<String>, message: impl Into<String>) -> Self {
        Self { property: property.into(), message: message.into(), hint: None }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.property, self.message)?;
        match &self.hint {
            Some(hint) => write!(formatter, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// A DNS-1123 label.
fn is_label(text: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let edge = |byte: Option<&u8>| byte.is_some_and(|byte| *byte != b'-');
    let bytes = text.as_bytes();
    bytes.len() <= 63 && bytes.iter().all(|byte| inside(*byte)) && edge(bytes.first()) && edge(bytes.last())
}

fn is_file_system(text: &str) -> bool {
    text.strip_prefix("fs-").is_some_and(|id| {
        (8..=40).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase())
    })
}

/// A value for an error message: printable and short.
fn shown(value: &str) -> String {
    let mut text: String = value.chars().take(80).flat_map(char::escape_debug).collect();
    if value.chars().nth(80).is_some() {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(change: impl FnOnce(&mut Request), expected: &[&str]) {
        let mut request = Request::new("fs-0123456789abcdef0");
        change(&mut request);
        let problems: Vec<_> = request.problems().iter().map(ToString::to_string).collect();
        assert_eq!(problems, expected);
    }

    #[test]
    fn problems_are_reported_together() {
        check(|_| {}, &[]);
        check(
            |request| {
                request.namespace = "Upper".into();
                request.release = "-x".into();
                request.file_system_id = "fs-placeholder\u{1b}".into();
            },
            &[
                "Namespace: `Upper` is not a namespace: lower-case letters, digits and `-`, at most 63 characters",
                "ReleaseName: `-x` is not a release name: lower-case letters, digits and `-`, at most 53 characters",
                "FileSystemId: `fs-placeholder\\u{1b}` is not a file system id such as `fs-0123456789abcdef0`",
            ],
        );
        check(
            |request| {
                request.service_account_role = Some("platform".into());
                request.openai_api_key = SecretSource::Arn("sk-123".into());
            },
            &[
                "ServiceAccountRoleArn: `platform` is not the ARN of an IAM role",
                "OpenAIAPIKeyArn: not the ARN of a secret in Secrets Manager",
            ],
        );
    }
}
