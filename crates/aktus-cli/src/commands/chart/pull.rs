//! `aktus chart pull`

use std::path::PathBuf;
use std::time::{Duration, Instant};

use aktus_helm::oci::{Pulled, Reference};
use clap::Args;

use crate::cli::{Profile, RegistryArguments, duration};
use crate::commands::write_whole;
use crate::error::{CliError, Kind, chain};
use crate::ui::Ui;
use crate::world::{credentials, puller};

/// Download a chart from an OCI registry, its digest checked
#[derive(Args, Debug)]
pub(crate) struct Pull {
    /// The chart: `oci://host/repository`, with a tag or digest if wanted
    reference: String,

    /// The version, or a constraint such as `^1.2` [default: the newest stable one]
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,

    /// Where the archive is put
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    destination: PathBuf,

    /// How long it may take
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration)]
    timeout: Duration,

    /// As on every chart command; either Helm pulls the same
    #[arg(long, value_enum, default_value = "helm4")]
    profile: Profile,

    #[command(flatten)]
    registry: RegistryArguments,
}

impl Pull {
    pub(crate) async fn run(self, ui: Ui) -> Result<(), CliError> {
        let pulled = fetch(&self.reference, self.version.as_deref(), &self.registry, self.timeout).await?;
        let name = pulled.reference.repository().rsplit('/').next().unwrap_or("chart").to_owned();
        let version = pulled.reference.version().unwrap_or_else(|| "pulled".to_owned());
        let path = self.destination.join(format!("{name}-{version}.tgz"));
        write_whole(&path, &pulled.archive, "name a directory that can be written with --destination")?;
        if ui.json() {
            let data = serde_json::json!({
                "reference": pulled.reference.to_string(),
                "digest": pulled.digest.to_string(),
                "path": path,
                "bytes": pulled.archive.len(),
            });
            return Ok(Ui::data(format!("{data:#}\n").as_bytes())?);
        }
        let text = format!("Pulled: {}\nDigest: {}\nFile: {}\n", pulled.reference, pulled.digest, path.display());
        Ok(Ui::data(text.as_bytes())?)
    }
}

/// Pulls a chart, or says why not.
pub(super) async fn fetch(
    reference: &str,
    version: Option<&str>,
    registry: &RegistryArguments,
    timeout: Duration,
) -> Result<Pulled, CliError> {
    let parsed: Reference = reference.parse().map_err(|error| {
        CliError::usage(format!("chart {reference}: {}", chain(&error))).hint("write it as `oci://host/repository`")
    })?;
    let puller = puller(registry, &[])?;
    let credentials = credentials(registry)?;
    let pulled = puller.pull(&parsed, version, &credentials, Instant::now() + timeout).await;
    pulled.map_err(|error| {
        let failure = aktus_bootstrap::pull_failure(reference, &error);
        let mut cli = CliError::new(Kind::from(failure.kind), failure.to_string());
        cli.hints.extend(failure.next);
        cli
    })
}
