//! Command line to request.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use aktus_bootstrap::{
    ChartSource, DEFAULT_CHART, DEFAULT_CHART_VERSION, DatabaseStorage, LoadBalancerScheme, Request, SecretSource,
};
use aktus_helm::values::value_hints;
use aktus_helm::{Chart, Limits, Profile, RenderError, RenderOptions, ValueFile, ValueOptions, Values};
use secrecy::SecretString;

use crate::cli::{self, ClusterArguments, PlatformArguments, ValuesArguments};
use crate::error::{CliError, chain};
use crate::sandbox::LocalWorld;
use crate::world::{mode, read_secret};

/// A request that says where the platform is, and nothing of what it should be.
pub(crate) fn place(cluster: &ClusterArguments, sandbox: Option<&LocalWorld>) -> Request {
    // Undoing and looking need no file system, but a request has one.
    let mut request = Request::new("fs-00000000");
    request.mode = mode(cluster.mode);
    request.namespace.clone_from(&cluster.namespace);
    request.release.clone_from(&cluster.release);
    request.cluster_name.clone_from(&cluster.cluster);
    request.region.clone_from(&cluster.region);
    if let Some(sandbox) = sandbox {
        request.cluster_name = Some(LocalWorld::cluster_name());
        request.file_system_id = sandbox.file_system_id();
    }
    request
}

/// The whole request.
pub(crate) fn build(
    cluster: &ClusterArguments,
    platform: &PlatformArguments,
    sandbox: Option<&LocalWorld>,
) -> Result<Request, CliError> {
    let mut request = place(cluster, sandbox);
    match (&platform.file_system, sandbox) {
        (Some(id), _) => request.file_system_id.clone_from(id),
        (None, Some(_)) => {}
        (None, None) => {
            return Err(CliError::usage("no file system is named")
                .hint("name the EFS file system of the cluster with --file-system fs-…"));
        }
    }
    request.chart = chart(platform, sandbox);
    request.profile = profile(platform.profile);
    request.values = values(&platform.values, request.profile)?;
    request.database_storage = match platform.database_storage {
        cli::DatabaseStorage::Ebs => DatabaseStorage::Ebs,
        cli::DatabaseStorage::Chart => DatabaseStorage::Chart,
    };
    request.load_balancer_scheme = match platform.load_balancer_scheme {
        cli::LoadBalancerScheme::InternetFacing => LoadBalancerScheme::InternetFacing,
        cli::LoadBalancerScheme::Internal => LoadBalancerScheme::Internal,
    };
    request.service_account_role.clone_from(&platform.service_account_role);
    request.gpu_limit = platform.gpu_limit;
    request.gpu_nodes = platform.gpu_nodes;
    request.hugging_face_token = secret(platform.hugging_face_token.as_deref(), "AKTUS_HUGGING_FACE_TOKEN")?;
    request.openai_api_key = secret(platform.openai_api_key.as_deref(), "AKTUS_OPENAI_API_KEY")?;
    if sandbox.is_some() {
        LocalWorld::furnish_request(&mut request);
    }
    Ok(request)
}

fn chart(platform: &PlatformArguments, sandbox: Option<&LocalWorld>) -> Option<ChartSource> {
    if platform.no_chart {
        return None;
    }
    let version = platform.chart_version.clone();
    match &platform.chart {
        Some(reference) if is_path(reference) => Some(ChartSource::Path(PathBuf::from(reference))),
        Some(reference) => Some(ChartSource::Registry { reference: reference.clone(), version }),
        None => Some(match sandbox {
            Some(sandbox) => sandbox.chart(version),
            None => ChartSource::Registry {
                reference: DEFAULT_CHART.to_owned(),
                version: Some(version.unwrap_or_else(|| DEFAULT_CHART_VERSION.to_owned())),
            },
        }),
    }
}

/// Whether a chart reference means a file or directory, as Helm decides it.
pub(crate) fn is_path(reference: &str) -> bool {
    if reference.starts_with("oci://") {
        return false;
    }
    let path = Path::new(reference);
    reference.starts_with(['.', '/']) || path.extension().is_some_and(|ending| ending == "tgz") || path.exists()
}

/// A secret from a file, Secrets Manager, or the environment.
fn secret(argument: Option<&str>, variable: &str) -> Result<SecretSource, CliError> {
    match argument {
        Some(arn) if arn.starts_with("arn:") => Ok(SecretSource::Arn(arn.to_owned())),
        Some(path) => Ok(SecretSource::Value(read_secret(Path::new(path))?)),
        None => Ok(match std::env::var_os(variable).and_then(|value| value.into_string().ok()) {
            Some(value) if !value.is_empty() => SecretSource::Value(SecretString::from(value)),
            _ => SecretSource::Absent,
        }),
    }
}

pub(crate) fn profile(profile: cli::Profile) -> Profile {
    match profile {
        cli::Profile::Helm4 => Profile::Helm4,
        cli::Profile::Helm3 => Profile::Helm3,
    }
}

/// The values of the user, merged as Helm merges them.
pub(crate) fn values(arguments: &ValuesArguments, profile: Profile) -> Result<Values, CliError> {
    Ok(user_values(arguments, profile)?.merged)
}

/// The values of the user.
#[derive(Debug)]
pub(crate) struct UserValues {
    /// As they were given, with the files read.
    pub(crate) given: ValueOptions,
    /// Merged as Helm merges them.
    pub(crate) merged: Values,
}

impl UserValues {
    /// Says of an error of rendering where the values were set that it is about.
    pub(crate) fn explain(
        &self,
        told: CliError,
        error: &RenderError,
        chart: &Chart,
        options: &RenderOptions,
    ) -> CliError {
        let mut hints = value_hints(error, chart, &self.given, &self.merged, options);
        if let RenderError::Schema(error) = error {
            hints.extend(allowing(&error.refused));
        }
        hints.into_iter().fold(told, CliError::hint)
    }
}

/// How to let a schema refer to these addresses.
fn allowing(refused: &[String]) -> Option<String> {
    // Right below a host or the root of the machine, the address itself is enough.
    let folder = |address: &String| match address.rsplit_once('/') {
        Some((above, _)) if above.split_once("://").is_some_and(|(_, rest)| rest.contains('/')) => above.to_owned(),
        _ => address.clone(),
    };
    let mut folders: Vec<String> = refused.iter().map(folder).collect();
    folders.sort_unstable();
    folders.dedup_by(|later, earlier| {
        later.strip_prefix(earlier.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    let flags: Vec<String> = folders.iter().map(|folder| format!("--allow-schema-ref {folder}")).collect();
    let flags = (!flags.is_empty()).then(|| flags.join(" "))?;
    Some(format!("let the schema refer to it with `{flags}`, or check nothing with --skip-schema-validation"))
}

/// The values of the user, as they were given and merged.
pub(crate) fn user_values(arguments: &ValuesArguments, profile: Profile) -> Result<UserValues, CliError> {
    let given = value_options(arguments)?;
    let mut read = |path: &str| std::fs::read(path).map_err(|error| format!("open {path}: {error}"));
    let merged = given.merge_with(profile, &Limits::default(), &mut read);
    Ok(UserValues { merged: merged.map_err(|error| CliError::usage(chain(&error)))?, given })
}

/// The flags with the files behind them read.
fn value_options(arguments: &ValuesArguments) -> Result<ValueOptions, CliError> {
    let mut options = ValueOptions {
        set: arguments.set.clone(),
        set_string: arguments.set_string.clone(),
        set_json: arguments.set_json.clone(),
        set_literal: arguments.set_literal.clone(),
        set_file: arguments.set_file.clone(),
        ..ValueOptions::default()
    };
    for path in &arguments.files {
        let name = path.display().to_string();
        let mut text = Vec::new();
        if name == "-" {
            std::io::stdin().lock().read_to_end(&mut text)?;
        } else {
            text = std::fs::read(path)
                .map_err(|error| CliError::usage(format!("could not read values file {name}: {error}")))?;
        }
        options.files.push(ValueFile { name, text });
    }
    Ok(options)
}
