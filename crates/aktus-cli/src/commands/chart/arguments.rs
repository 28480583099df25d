//! What the chart commands have in common: which chart, which values, which release.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aktus_helm::certs::CertificateMaker;
use aktus_helm::chart::DirectoryError;
use aktus_helm::oci::{AllowedAddress, FetchedSchemas};
use aktus_helm::values::ExternalSchemas;
use aktus_helm::{
    Capabilities, Chart, FrozenHost, Host as _, KubeVersion, LoadError, LoadOptions, Release, RenderOptions, SystemHost,
};
use clap::Args;
use jiff::Timestamp;

use super::pull::fetch;
use super::watched::Watched;
use crate::cli::{Profile, RegistryArguments, ValuesArguments};
use crate::error::{CliError, Kind, chain};
use crate::request::{is_path, profile};
use crate::ui::Ui;
use crate::world::{dice, puller_options};

/// Where a chart comes from
#[derive(Args, Clone, Debug)]
pub(super) struct SourceArguments {
    /// The version of a chart from a registry, or a constraint such as `^1.2`
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,

    /// Development versions, too: `--version '>0.0.0-0'`
    #[arg(long, conflicts_with = "version")]
    devel: bool,

    /// Do as this Helm does
    #[arg(long, value_enum, default_value = "helm4")]
    profile: Profile,

    #[command(flatten)]
    links: LinkArguments,

    #[command(flatten)]
    pub(super) registry: RegistryArguments,
}

/// What a chart directory may share with others
#[derive(Args, Clone, Debug, Default)]
pub(super) struct LinkArguments {
    /// Let links in a chart directory lead into this folder, such as the repository around it
    #[arg(long, value_name = "DIR")]
    pub(super) links_within: Option<PathBuf>,
}

/// What values are checked against
#[derive(Args, Clone, Debug)]
pub(super) struct SchemaArguments {
    /// Do not check the values against the chart's schema
    #[arg(long)]
    pub(super) skip_schema_validation: bool,

    /// Let the chart's schema refer to this address and what lies below it, `https://…` or `file:///…`
    #[arg(long, value_name = "URL")]
    allow_schema_ref: Vec<AllowedAddress>,
}

impl SchemaArguments {
    /// What schemas may refer to outside of their charts.
    pub(super) fn external(&self, registry: &RegistryArguments) -> ExternalSchemas {
        if self.allow_schema_ref.is_empty() {
            return ExternalSchemas::default();
        }
        FetchedSchemas::new(self.allow_schema_ref.clone(), puller_options(registry)).into()
    }
}

impl SourceArguments {
    /// For commands that take only charts of this machine.
    pub(super) fn local(profile: Profile, links: LinkArguments, registry: RegistryArguments) -> Self {
        Self { version: None, devel: false, profile, links, registry }
    }

    pub(super) fn profile(&self) -> aktus_helm::Profile {
        profile(self.profile)
    }

    pub(super) fn load_options(&self) -> LoadOptions {
        let mut options = LoadOptions::new(self.profile());
        options.links_within.clone_from(&self.links.links_within);
        options
    }

    /// The chart in a directory, a packaged chart, or a registry.
    pub(super) async fn load(&self, reference: &str) -> Result<Chart, CliError> {
        let options = self.load_options();
        let loaded = if is_path(reference) || !reference.contains("://") {
            Chart::from_path(Path::new(reference), &options)
        } else {
            let version = if self.devel { Some(">0.0.0-0") } else { self.version.as_deref() };
            let pulled = fetch(reference, version, &self.registry, Duration::from_mins(5)).await?;
            Chart::from_archive(&pulled.archive, &options)
        };
        loaded.map_err(|error| not_loaded(reference, &error))
    }
}

pub(super) fn not_loaded(reference: &str, error: &LoadError) -> CliError {
    let told = CliError::new(Kind::Chart, format!("chart {reference}: {}", chain(error)));
    match error {
        LoadError::Directory(DirectoryError::LinkLeavesChart { target, .. }) => {
            let folder = target.parent().unwrap_or(target).display();
            told.hint(format!("if it may, say so with `--links-within {folder}`, or name a folder further up"))
        }
        _ => told.hint("name a chart directory, a packaged chart (.tgz), or `oci://host/repository`"),
    }
}

/// What templates see besides the chart
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Release")]
pub(super) struct ReleaseArguments {
    /// The namespace of the release
    #[arg(short, long, default_value = "default")]
    namespace: String,

    /// `.Release.IsUpgrade` instead of `.Release.IsInstall`
    #[arg(long)]
    is_upgrade: bool,

    /// The Kubernetes version that templates see
    #[arg(long, value_name = "VERSION")]
    kube_version: Option<String>,

    /// Further API versions that templates see
    #[arg(short = 'a', long, value_name = "VERSIONS", value_delimiter = ',')]
    api_versions: Vec<String>,

    #[command(flatten)]
    schema: SchemaArguments,

    /// Make random strings and UUIDs repeat, and let the clock stand still at 2000-01-01; keys and certificates are
    /// not covered
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,

    /// Warn where a number in a values file is not printed as it is written, such as 1000000 as 1e+06
    #[arg(long)]
    strict_numbers: bool,
}

/// Where `--seed` stops the clock.
const FROZEN: Timestamp = Timestamp::constant(946_684_800, 0);

impl ReleaseArguments {
    pub(super) fn options(&self, name: String, source: &SourceArguments) -> Result<RenderOptions, CliError> {
        let profile = source.profile();
        let mut capabilities = Capabilities::default_for(profile);
        if let Some(version) = &self.kube_version {
            capabilities.kube_version = parse_kube_version(version, profile)?;
        }
        capabilities.api_versions.extend(self.api_versions.iter().cloned());
        let release = Release { name, namespace: self.namespace.clone(), revision: 1, is_upgrade: self.is_upgrade };
        let mut options = RenderOptions::new(profile, release);
        options.capabilities = capabilities;
        options.skip_schema_validation = self.schema.skip_schema_validation;
        options.external_schemas = self.schema.external(&source.registry);
        Ok(options)
    }

    /// The world of the templates, and whether it has made a key or certificate that `--seed` does not cover.
    pub(super) fn host(&self) -> (SystemHost, Uncovered) {
        let made = Arc::new(AtomicBool::new(false));
        let host = if let Some(seed) = self.seed {
            let frozen = FrozenHost::new(FROZEN, seed);
            SystemHost::new(|| FROZEN, move |buffer: &mut [u8]| frozen.random(buffer))
        } else {
            let dice = dice();
            SystemHost::new(Timestamp::now, move |buffer: &mut [u8]| dice(buffer))
        };
        let certificates = Watched { inner: CertificateMaker::new(Timestamp::now), made: Arc::clone(&made) };
        (host.with_certificates(certificates), Uncovered { seeded: self.seed.is_some(), made })
    }

    /// Warns of numbers that lose their written form, if that was asked for.
    pub(super) fn warn_of_numbers(&self, chart: Option<&Chart>, values: &ValuesArguments) {
        if !self.strict_numbers {
            return;
        }
        let mut warnings = Vec::new();
        if let Some(chart) = chart {
            collect_numbers(chart, "", &mut warnings);
        }
        for path in &values.files {
            // What cannot be read is said where it is merged; stdin can be read only once.
            let Ok(text) = std::fs::read(path) else { continue };
            let name = path.display().to_string();
            warnings.extend(aktus_helm::values::lossy_numbers(&text).into_iter().map(|number| (name.clone(), number)));
        }
        for (file, number) in warnings {
            Ui::status(&format!("warning: {file}:{}:{}: {number}", number.line, number.column));
        }
    }
}

fn collect_numbers(chart: &Chart, folder: &str, warnings: &mut Vec<(String, aktus_helm::values::LossyNumber)>) {
    let file = format!("{folder}{}/values.yaml", chart.name());
    if let Some(values) = chart.raw().iter().find(|file| file.name() == "values.yaml") {
        let numbers = aktus_helm::values::lossy_numbers(values.data());
        warnings.extend(numbers.into_iter().map(|number| (file.clone(), number)));
    }
    for below in chart.dependencies() {
        collect_numbers(below, &format!("{folder}{}/charts/", chart.name()), warnings);
    }
}

pub(super) fn parse_kube_version(version: &str, profile: aktus_helm::Profile) -> Result<KubeVersion, CliError> {
    KubeVersion::parse(version, profile).map_err(|error| CliError::usage(format!("--kube-version: {}", chain(&error))))
}

/// Whether a render with `--seed` made something that will not repeat.
#[derive(Debug)]
pub(super) struct Uncovered {
    seeded: bool,
    made: Arc<AtomicBool>,
}

impl Uncovered {
    pub(super) fn tell(&self) {
        if self.seeded && self.made.load(Ordering::Relaxed) {
            Ui::status(
                "note: the chart makes keys or certificates; they are new each time, --seed does not cover them",
            );
        }
    }
}
