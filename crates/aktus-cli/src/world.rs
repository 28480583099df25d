//! Command line to world: which cluster, which account, which registry.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aktus_bootstrap::{Access, Cloud, Dice, Request, World};
use aktus_helm::oci::{Credentials, Keychain, Proxy, Puller, PullerOptions};
use aktus_k8s::{ConnectOptions, Endpoint};
use jiff::Timestamp;
use secrecy::SecretString;

use crate::cli::{ClusterArguments, Mode, PlatformArguments, RegistryArguments};
use crate::error::{CliError, Kind, chain};
use crate::request;
use crate::sandbox::LocalWorld;

/// Where a command works: the world, and the sandbox if that is where.
pub(crate) struct Place {
    pub(crate) world: World,
    sandbox: Option<LocalWorld>,
}

impl Place {
    /// Opens the cluster that the command line names; starts the sandbox if that is it.
    pub(crate) async fn open(cluster: &ClusterArguments, registry: &RegistryArguments) -> Result<Self, CliError> {
        if cluster.sandbox {
            return Self::sandbox(cluster, registry).await;
        }
        let credentials = credentials(registry)?;
        let mut world = world(registry, &[], Arc::new(credentials.clone()))?;
        if cluster.cluster.is_some() {
            eks(&mut world, cluster, credentials).await?;
        } else {
            world.access = Access::Direct(ConnectOptions::new(kubeconfig(cluster)?));
        }
        Ok(Self { world, sandbox: None })
    }

    /// A place that asks no cluster; the sandbox still serves its chart.
    pub(crate) async fn offline(cluster: &ClusterArguments, registry: &RegistryArguments) -> Result<Self, CliError> {
        if cluster.sandbox {
            return Self::sandbox(cluster, registry).await;
        }
        let keychain: Arc<dyn Keychain> = Arc::new(credentials(registry)?);
        Ok(Self { world: world(registry, &[], keychain)?, sandbox: None })
    }

    async fn sandbox(cluster: &ClusterArguments, registry: &RegistryArguments) -> Result<Self, CliError> {
        let sandbox = LocalWorld::start(cluster).await?;
        let hosts = [sandbox.registry_host()];
        let mut world = world(registry, &hosts, sandbox.keychain())?;
        sandbox.furnish(&mut world).await?;
        Ok(Self { world, sandbox: Some(sandbox) })
    }

    /// The request of a command that brings the platform.
    pub(crate) fn request(
        &self,
        cluster: &ClusterArguments,
        platform: &PlatformArguments,
    ) -> Result<Request, CliError> {
        let mut request = request::build(cluster, platform, self.sandbox.as_ref())?;
        self.adjust(&mut request);
        Ok(request)
    }

    /// The request of a command that needs to know only where the platform is.
    pub(crate) fn request_without_platform(&self, cluster: &ClusterArguments) -> Request {
        let mut request = request::place(cluster, self.sandbox.as_ref());
        self.adjust(&mut request);
        request
    }

    fn adjust(&self, request: &mut Request) {
        if self.sandbox.is_some() {
            // Nobody else uses it, so a killed run need not keep the next one waiting for long.
            request.lease_duration = Duration::from_secs(3);
        }
    }

    /// Ends the sandbox, if there is one.
    pub(crate) async fn close(self) {
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await;
        }
    }
}

/// A world with everything but a cluster.
fn world(registry: &RegistryArguments, plain_http: &[String], keychain: Arc<dyn Keychain>) -> Result<World, CliError> {
    Ok(World {
        access: Access::None,
        cloud: Cloud::Local,
        puller: Some(Arc::new(puller(registry, plain_http)?)),
        keychain,
        clock: Arc::new(Timestamp::now),
        dice: dice(),
        holder: holder(),
        ticket: None,
    })
}

pub(crate) fn puller(registry: &RegistryArguments, plain_http: &[String]) -> Result<Puller, CliError> {
    let mut options = puller_options(registry);
    options.plain_http_hosts.extend(plain_http.iter().cloned());
    Puller::new(options).map_err(|error| CliError::new(Kind::Internal, chain(&error)))
}

/// How to fetch things.
pub(crate) fn puller_options(registry: &RegistryArguments) -> PullerOptions {
    let mut options = PullerOptions::default();
    options.plain_http_hosts.extend(registry.plain_http.iter().cloned());
    options.proxy = Proxy::of_environment(|name| std::env::var_os(name)?.into_string().ok());
    options
}

/// Randomness of the operating system.
pub(crate) fn dice() -> Dice {
    Arc::new(|buffer| {
        // Without randomness every password would be guessable: stop rather than make one.
        if let Err(error) = getrandom::fill(buffer) {
            tracing::error!(%error, "the operating system gives no random bytes, so no password can be made");
            std::process::abort();
        }
    })
}

/// Who we are in the Lease.
fn holder() -> String {
    let mut bytes = [0_u8; 4];
    dice()(&mut bytes);
    format!("aktus-cli-{}-{:08x}", std::process::id(), u32::from_be_bytes(bytes))
}

/// User name and password for the registry, if given.
pub(crate) fn credentials(registry: &RegistryArguments) -> Result<Credentials, CliError> {
    let Some(username) = &registry.registry_username else { return Ok(Credentials::Anonymous) };
    let password = match &registry.registry_password_file {
        Some(path) => read_secret(path)?,
        None => std::env::var_os("AKTUS_REGISTRY_PASSWORD")
            .and_then(|password| password.into_string().ok())
            .map(SecretString::from)
            .ok_or_else(|| {
                CliError::usage("no password for the registry")
                    .hint("name a file with --registry-password-file, or set AKTUS_REGISTRY_PASSWORD")
            })?,
    };
    Ok(Credentials::Basic { username: username.clone(), password })
}

/// A secret from a file, without the line break at its end.
pub(crate) fn read_secret(path: &std::path::Path) -> Result<SecretString, CliError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| CliError::usage(format!("could not read {}: {error}", path.display())))?;
    Ok(SecretString::from(text.trim_end_matches(['\r', '\n'])))
}

fn kubeconfig(cluster: &ClusterArguments) -> Result<Endpoint, CliError> {
    let context = cluster.context.clone();
    if let Some(path) = &cluster.kubeconfig {
        return Ok(Endpoint::KubeconfigFile { path: path.clone(), context });
    }
    let from_environment = std::env::var_os("KUBECONFIG")
        .and_then(|paths| std::env::split_paths(&paths).find(|path| !path.as_os_str().is_empty()));
    let home = std::env::home_dir().map(|home| home.join(".kube").join("config"));
    let path: Option<PathBuf> = from_environment.or(home).filter(|path| path.exists());
    let path = path.ok_or_else(|| {
        CliError::usage("no cluster is named, and there is no kubeconfig")
            .hint("name one with --kubeconfig FILE or --cluster NAME, or try --sandbox")
    })?;
    Ok(Endpoint::KubeconfigFile { path, context })
}

#[cfg(feature = "aws")]
async fn eks(world: &mut World, cluster: &ClusterArguments, credentials: Credentials) -> Result<(), CliError> {
    let settings = aktus_aws::Settings { region: cluster.region.clone(), ..aktus_aws::Settings::default() };
    let config = aktus_aws::Config::load(settings, aktus_bootstrap::aws_clock(&world.clock)).await;
    let config = config.map_err(|error| {
        CliError::usage(chain(&error)).hint("name the region with --region, and set up AWS credentials")
    })?;
    let aws = aktus_aws::Aws::new(config);
    world.keychain = Arc::new(aktus_bootstrap::AwsKeychain::new(aws.clone(), credentials));
    world.cloud = Cloud::Aws(Box::new(aws));
    world.access = Access::Cloud;
    Ok(())
}

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "the same as with the feature `aws`")]
async fn eks(_: &mut World, _: &ClusterArguments, _: Credentials) -> Result<(), CliError> {
    Err(CliError::usage("this aktus was built without AWS, so it cannot look up an EKS cluster")
        .hint("use --kubeconfig, or build it with the feature `aws`"))
}

/// How the cluster works, in the bootstrap's terms.
pub(crate) fn mode(mode: Mode) -> aktus_bootstrap::Mode {
    match mode {
        Mode::Auto => aktus_bootstrap::Mode::Auto,
        Mode::Traditional => aktus_bootstrap::Mode::Traditional,
    }
}
