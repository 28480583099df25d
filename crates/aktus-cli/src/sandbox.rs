//! The sandbox as a place to put the platform: everything it needs, and nothing outside.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use aktus_bootstrap::{Access, ChartSource, Cloud, Request, World};
use aktus_helm::oci::{Credentials, Keychain};
use aktus_k8s::{ConnectOptions, Endpoint};
use aktus_sandbox::{Clock, Options, Sandbox, aws};
use jiff::Timestamp;
use secrecy::SecretString;

use crate::cli::{ClusterArguments, Mode};
use crate::error::{CliError, Kind};
use crate::ui::Ui;
use crate::world::dice;

/// The name of the sandbox's cluster.
const CLUSTER: &str = "aktus-sandbox";
/// Where the sandbox is, as far as AWS is concerned.
const REGION: &str = "us-east-1";
/// Where its registry keeps the example chart.
const REPOSITORY: &str = "aktus/aktus-platform";
/// The user of its registry; Amazon ECR's has this name, too.
const REGISTRY_USER: &str = "AWS";

/// The files of the example chart, by path.
const EXAMPLE_CHART: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/example_chart.rs"));

/// A running sandbox.
pub(crate) struct LocalWorld {
    sandbox: Sandbox,
    registry_password: String,
    file_system_id: String,
}

impl LocalWorld {
    /// Starts registry, Kubernetes API and AWS, and pushes the example chart.
    pub(crate) async fn start(cluster: &ClusterArguments) -> Result<Self, CliError> {
        let mut options = Options::new(Clock::new(Timestamp::now));
        options.directory.clone_from(&cluster.sandbox_dir);
        options.mode = match cluster.mode {
            Mode::Auto => aktus_sandbox::Mode::Auto,
            Mode::Traditional => aktus_sandbox::Mode::Traditional,
        };
        CLUSTER.clone_into(&mut options.cluster_name);
        REGION.clone_into(&mut options.region);
        let refused = |error: io::Error| refused(&error, cluster.sandbox_dir.clone());
        let sandbox = Sandbox::start(options).await.map_err(refused)?;
        let mut bytes = [0_u8; 16];
        dice()(&mut bytes);
        let registry_password: String =
            bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(b'a' + digit)).collect();
        sandbox.registry().require_basic(REGISTRY_USER, &registry_password);
        let (archive, config) = example_chart().map_err(|error| internal(&error))?;
        sandbox.registry().push_chart(REPOSITORY, &version(), &archive, &config);
        let first = |facts: &mut aws::Facts| facts.file_systems.keys().next().cloned();
        let file_system_id = sandbox.aws().change(first).unwrap_or_default();
        let kept = cluster.sandbox_dir.as_ref().map(|dir| format!(", state in {}", dir.display()));
        Ui::status(&format!(
            "sandbox: Kubernetes API at {}, registry at {}{}",
            sandbox.kubernetes().url(),
            sandbox.registry().host(),
            kept.unwrap_or_default()
        ));
        Ok(Self { sandbox, registry_password, file_system_id })
    }

    pub(crate) fn cluster_name() -> String {
        CLUSTER.to_owned()
    }

    pub(crate) fn file_system_id(&self) -> String {
        self.file_system_id.clone()
    }

    pub(crate) fn registry_host(&self) -> String {
        self.sandbox.registry().host()
    }

    /// Credentials for the sandbox's registry.
    pub(crate) fn keychain(&self) -> Arc<dyn Keychain> {
        let password = SecretString::from(self.registry_password.clone());
        Arc::new(Credentials::Basic { username: REGISTRY_USER.to_owned(), password })
    }

    /// The example chart in the sandbox's registry.
    pub(crate) fn chart(&self, wanted: Option<String>) -> ChartSource {
        let reference = format!("oci://{}/{REPOSITORY}", self.sandbox.registry().host());
        ChartSource::Registry { reference, version: Some(wanted.unwrap_or_else(version)) }
    }

    /// What a request in the sandbox has besides the user's options.
    pub(crate) fn furnish_request(request: &mut Request) {
        request.region = Some(REGION.to_owned());
        // The nodes of its group have GPUs, so that the example chart finds what it asks for.
        request.gpu_nodes |= request.mode == aktus_bootstrap::Mode::Traditional;
        if request.service_account_role.is_none() {
            request.service_account_role = Some("arn:aws:iam::111122223333:role/aktus-sandbox".to_owned());
        }
    }

    /// The cluster and the account of the sandbox: over its AWS where we can speak to one.
    #[cfg(feature = "aws")]
    pub(crate) async fn furnish(&self, world: &mut World) -> Result<(), CliError> {
        let known = self.sandbox.aws().change(|facts| facts.credentials.clone());
        let credentials = aktus_aws::Credentials::new(
            known.access_key_id,
            known.secret_access_key,
            known.session_token,
            None,
            "sandbox",
        );
        let settings = aktus_aws::Settings {
            region: Some(REGION.to_owned()),
            endpoint_url: Some(self.sandbox.aws().url()),
            credentials: Some(credentials),
            ..aktus_aws::Settings::default()
        };
        let config = aktus_aws::Config::load(settings, aktus_bootstrap::aws_clock(&world.clock)).await;
        let config = config.map_err(|error| internal(&error))?;
        world.cloud = Cloud::Aws(Box::new(aktus_aws::Aws::new(config)));
        world.access = Access::Cloud;
        Ok(())
    }

    /// The cluster of the sandbox, by its kubeconfig.
    #[cfg(not(feature = "aws"))]
    #[expect(clippy::unused_async, reason = "the same as with the feature `aws`")]
    pub(crate) async fn furnish(&self, world: &mut World) -> Result<(), CliError> {
        world.cloud = Cloud::Local;
        world.access = Access::Direct(self.connect());
        Ok(())
    }

    #[cfg_attr(feature = "aws", expect(dead_code, reason = "only without AWS"))]
    fn connect(&self) -> ConnectOptions {
        ConnectOptions::new(Endpoint::Kubeconfig { text: self.sandbox.kubeconfig(), context: None })
    }

    pub(crate) async fn stop(self) {
        self.sandbox.stop().await;
    }
}

/// The version in the example chart's Chart.yaml.
fn version() -> String {
    let chart = EXAMPLE_CHART.iter().find(|(path, _)| *path == "Chart.yaml").map_or(&b""[..], |(_, text)| text);
    let text = String::from_utf8_lossy(chart);
    let line = text.lines().find_map(|line| line.strip_prefix("version: "));
    line.unwrap_or_default().trim().to_owned()
}

/// The example chart as `helm push` sends it: archive and config.
fn example_chart() -> io::Result<(Vec<u8>, Vec<u8>)> {
    let archive = aktus_helm::pack("aktus-platform", EXAMPLE_CHART.iter().copied())?;
    let config = serde_json::json!({
        "apiVersion": "v2", "name": "aktus-platform", "version": version(), "type": "application",
    });
    Ok((archive, config.to_string().into_bytes()))
}

fn refused(error: &io::Error, directory: Option<PathBuf>) -> CliError {
    let place = directory.map_or_else(String::new, |directory| format!(" in {}", directory.display()));
    CliError::new(Kind::Usage, format!("the sandbox{place} did not start: {error}"))
        .hint("another aktus may use the directory; end it, or name another one with --sandbox-dir")
}

fn internal(error: &dyn std::error::Error) -> CliError {
    CliError::new(Kind::Internal, crate::error::chain(error))
}
