//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands;
use crate::ui::Output;

/// Put the Aktus AI Platform on Amazon EKS, and look after it
///
/// Exit codes: 0 done, 1 refused by the cluster, AWS or the registry, or found wanting by `chart lint`,
/// 2 wrong command line or input, 3 differences or faults in a template found, 4 not ready in time,
/// 5 chart cannot be loaded or rendered, 6 cluster, AWS or registry unreachable, 70 a fault of this program,
/// 130 interrupted.
#[derive(Debug, Parser)]
#[command(name = "aktus", version, subcommand_required = true)]
pub(crate) struct Cli {
    /// Shape of the data on stdout
    #[arg(long, global = true, value_enum, default_value_t, env = "AKTUS_OUTPUT")]
    pub(crate) output: Output,

    /// Say more on stderr; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Bootstrap(commands::bootstrap::Bootstrap),
    Destroy(commands::destroy::Destroy),
    Status(commands::status::Status),
    Plan(commands::plan::Plan),
    Chart(commands::chart::Chart),
    Template(commands::template::Template),
}

/// How a cluster works
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// EKS Auto Mode
    Auto,
    /// A managed node group and add-ons
    Traditional,
}

/// Where databases keep their data
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DatabaseStorage {
    /// EBS volumes
    Ebs,
    /// Wherever the chart says
    Chart,
}

/// Who can reach the load balancers
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LoadBalancerScheme {
    /// Everybody
    InternetFacing,
    /// The cluster's network
    Internal,
}

/// Which Helm the output equals
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// Helm 4.2.4
    Helm4,
    /// Helm 3.21.4
    Helm3,
}

/// Which cluster
#[derive(Args, Debug)]
#[command(next_help_heading = "Cluster")]
pub(crate) struct ClusterArguments {
    /// Use a sandbox inside this process: registry, Kubernetes API and AWS, nothing outside
    #[arg(long, conflicts_with_all = ["kubeconfig", "cluster"])]
    pub(crate) sandbox: bool,

    /// Keep the state of the sandbox in this directory
    #[arg(long, value_name = "DIR", requires = "sandbox")]
    pub(crate) sandbox_dir: Option<PathBuf>,

    /// Use the cluster of this kubeconfig file [default: $KUBECONFIG, then ~/.kube/config]
    #[arg(long, value_name = "FILE", conflicts_with = "cluster")]
    pub(crate) kubeconfig: Option<PathBuf>,

    /// The context of the kubeconfig file
    #[arg(long, value_name = "NAME", conflicts_with = "cluster")]
    pub(crate) context: Option<String>,

    /// Use this EKS cluster
    #[arg(long, value_name = "NAME")]
    pub(crate) cluster: Option<String>,

    /// The AWS region of the EKS cluster
    #[arg(long, value_name = "REGION", env = "AWS_REGION")]
    pub(crate) region: Option<String>,

    /// How the cluster works
    #[arg(long, value_enum, default_value = "auto")]
    pub(crate) mode: Mode,

    /// The namespace of the platform
    #[arg(short, long, default_value = aktus_bootstrap::DEFAULT_NAMESPACE)]
    pub(crate) namespace: String,

    /// The name of the Helm release
    #[arg(long, default_value = aktus_bootstrap::RELEASE_NAME)]
    pub(crate) release: String,

    /// How long everything may take, such as `90s`, `30m` or `1h`
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = duration)]
    pub(crate) timeout: Duration,
}

/// What is put on the cluster
#[derive(Args, Debug)]
#[command(next_help_heading = "Platform")]
pub(crate) struct PlatformArguments {
    /// The chart: `oci://host/repository`, a chart directory or a `.tgz` [default: the Marketplace's; in a sandbox
    /// the example chart]
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) chart: Option<String>,

    /// The version of the chart [default: 1.0.5 of the Marketplace's chart, else the newest]
    #[arg(long, value_name = "VERSION")]
    pub(crate) chart_version: Option<String>,

    /// Prepare storage, GPU and namespace, but install no chart
    #[arg(long, conflicts_with_all = ["chart", "chart_version"])]
    pub(crate) no_chart: bool,

    /// The EFS file system, `fs-…` [default: in a sandbox its own]
    #[arg(long, value_name = "ID")]
    pub(crate) file_system: Option<String>,

    /// Where the databases keep their data
    #[arg(long, value_enum, default_value = "ebs")]
    pub(crate) database_storage: DatabaseStorage,

    /// Who can reach the load balancers
    #[arg(long, value_enum, default_value = "internet-facing")]
    pub(crate) load_balancer_scheme: LoadBalancerScheme,

    /// The IAM role of the platform's service account
    #[arg(long, value_name = "ARN")]
    pub(crate) service_account_role: Option<String>,

    /// The most GPUs that Auto Mode may run at once
    #[arg(long, value_name = "COUNT", default_value_t = 4)]
    pub(crate) gpu_limit: u32,

    /// The nodes of Traditional Mode have NVIDIA GPUs
    #[arg(long)]
    pub(crate) gpu_nodes: bool,

    /// File with the Hugging Face token, or `arn:…` of a secret in Secrets Manager [env:
    /// `AKTUS_HUGGING_FACE_TOKEN` with the token itself]
    #[arg(long, value_name = "FILE|ARN")]
    pub(crate) hugging_face_token: Option<String>,

    /// File with the OpenAI API key, or `arn:…` of a secret in Secrets Manager [env:
    /// `AKTUS_OPENAI_API_KEY` with the key itself]
    #[arg(long, value_name = "FILE|ARN")]
    pub(crate) openai_api_key: Option<String>,

    #[command(flatten)]
    pub(crate) values: ValuesArguments,

    #[command(flatten)]
    pub(crate) registry: RegistryArguments,

    /// Render like this Helm
    #[arg(long, value_enum, default_value = "helm4")]
    pub(crate) profile: Profile,
}

/// Values for the chart, as `helm` takes them
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Values")]
pub(crate) struct ValuesArguments {
    /// YAML file with values; later files win
    #[arg(short = 'f', long = "values", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// Set values: `a.b=1,c[0]=x`
    #[arg(long, value_name = "SETTINGS")]
    pub(crate) set: Vec<String>,

    /// Set values as strings
    #[arg(long, value_name = "SETTINGS")]
    pub(crate) set_string: Vec<String>,

    /// Set values as JSON: `a={"b":1}`
    #[arg(long, value_name = "SETTINGS")]
    pub(crate) set_json: Vec<String>,

    /// Set values from files: `a.b=path`
    #[arg(long, value_name = "SETTINGS")]
    pub(crate) set_file: Vec<String>,

    /// Set one value as it is: `a.b=text, with commas`
    #[arg(long, value_name = "SETTING")]
    pub(crate) set_literal: Vec<String>,
}

/// The registry of the chart
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Registry")]
pub(crate) struct RegistryArguments {
    /// User name for the registry
    #[arg(long, value_name = "NAME")]
    pub(crate) registry_username: Option<String>,

    /// File with the password for the registry [env: `AKTUS_REGISTRY_PASSWORD` with the password itself]
    #[arg(long, value_name = "FILE", requires = "registry_username")]
    pub(crate) registry_password_file: Option<PathBuf>,

    /// Speak plain HTTP to this registry, `host:port`
    #[arg(long, value_name = "HOST")]
    pub(crate) plain_http: Vec<String>,
}

/// `90s`, `30m`, `1h30m`, or plain seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let refuse = || format!("`{text}` is not a duration such as `90s`, `30m` or `1h`");
    let mut total = 0_u64;
    let mut digits = String::new();
    for letter in text.chars() {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        let unit = match letter {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            _ => return Err(refuse()),
        };
        let count: u64 = digits.parse().map_err(|_| refuse())?;
        digits.clear();
        total = count.checked_mul(unit).and_then(|part| total.checked_add(part)).ok_or_else(refuse)?;
    }
    if digits.len() == text.len() {
        // A number alone is seconds.
        total = digits.parse().map_err(|_| refuse())?;
        digits.clear();
    }
    if !digits.is_empty() || total == 0 || total > 7 * 24 * 3600 {
        return Err(refuse());
    }
    Ok(Duration::from_secs(total))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn durations() {
        #[track_caller]
        fn check(text: &str, expected: Option<u64>) {
            assert_eq!(duration(text).ok().map(|duration| duration.as_secs()), expected, "{text}");
        }
        check("90", Some(90));
        check("90s", Some(90));
        check("0", None);
        check("18446744073709551615", None);
        check("1h30m", Some(5400));
        check("9e99s", None);
        check("-5s", None);
        check("5", Some(5));
        check("5m3", None);
        check("", None);
        check("99999999999999999999h", None);
        check("999h", None);
    }
}
