//! `aktus chart template`

use std::path::Path;
use std::time::Duration;

use aktus_helm::{
    Capabilities, Chart, KubeVersion, LoadOptions, OutputOptions, Release, RenderError, RenderOptions, SystemHost,
    render,
};
use clap::Args;
use jiff::Timestamp;

use super::pull::fetch;
use crate::cli::{Profile, RegistryArguments, ValuesArguments};
use crate::error::{CliError, Kind, chain};
use crate::request::{is_path, profile, values};
use crate::ui::Ui;
use crate::world::dice;

/// Render a chart and print what Helm would print
///
/// The output equals that of `helm template` of Helm 4.2.4, or of 3.21.4 with `--profile helm3`, byte for byte.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are flags")]
pub(crate) struct Template {
    /// The name of the release, or the chart if nothing follows
    name: String,

    /// The chart: a directory, a `.tgz`, or `oci://host/repository`
    chart: Option<String>,

    /// The version of a chart from a registry
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,

    /// The namespace of the release
    #[arg(short, long, default_value = "default")]
    namespace: String,

    /// Render like this Helm
    #[arg(long, value_enum, default_value = "helm4")]
    profile: Profile,

    #[command(flatten)]
    values: ValuesArguments,

    /// Only print manifests rendered from these templates
    #[arg(short = 's', long, value_name = "TEMPLATE")]
    show_only: Vec<String>,

    /// Print the definitions of `crds/`, too
    #[arg(long)]
    include_crds: bool,

    /// Leave tests out
    #[arg(long)]
    skip_tests: bool,

    /// Leave hooks out
    #[arg(long)]
    no_hooks: bool,

    /// Print a remark instead of each Secret
    #[arg(long)]
    hide_secret: bool,

    /// `.Release.IsUpgrade` instead of `.Release.IsInstall`
    #[arg(long)]
    is_upgrade: bool,

    /// The Kubernetes version that templates see
    #[arg(long, value_name = "VERSION")]
    kube_version: Option<String>,

    /// Further API versions that templates see
    #[arg(short = 'a', long, value_name = "VERSIONS", value_delimiter = ',')]
    api_versions: Vec<String>,

    /// Do not check the values against the chart's schema
    #[arg(long)]
    skip_schema_validation: bool,

    #[command(flatten)]
    registry: RegistryArguments,
}

/// What Helm adds to errors of rendering, once there is something to show.
const ADVICE: &str = "\n\nUse --debug flag to render out invalid YAML";

/// Helm's words for a chart that is not rendered.
fn refusal(error: &RenderError) -> String {
    match error {
        RenderError::NotInstallable { .. }
        | RenderError::MissingDependencies { .. }
        | RenderError::TypeMismatch { .. }
        | RenderError::Depth(_)
        | RenderError::Schema(_) => error.to_string(),
        rendering => format!("{rendering}{ADVICE}"),
    }
}

impl Template {
    pub(crate) async fn run(self) -> Result<(), CliError> {
        let (name, reference) = match &self.chart {
            Some(chart) => (self.name.clone(), chart.clone()),
            None => ("release-name".to_owned(), self.name.clone()),
        };
        let profile = profile(self.profile);
        let chart = self.load(&reference).await?;
        let values = values(&self.values, profile).await?;
        let mut capabilities = Capabilities::default_for(profile);
        if let Some(version) = &self.kube_version {
            capabilities.kube_version = KubeVersion::parse(version, profile)
                .map_err(|error| CliError::usage(format!("--kube-version: {}", chain(&error))))?;
        }
        capabilities.api_versions.extend(self.api_versions.iter().cloned());
        let mut options = RenderOptions::new(
            profile,
            Release { name, namespace: self.namespace.clone(), revision: 1, is_upgrade: self.is_upgrade },
        );
        options.capabilities = capabilities;
        options.skip_schema_validation = self.skip_schema_validation;
        let output = OutputOptions {
            show_only: self.show_only,
            include_crds: self.include_crds,
            skip_tests: self.skip_tests,
            no_hooks: self.no_hooks,
            hide_secret: self.hide_secret,
        };
        let rendered = tokio::task::spawn_blocking(move || -> Result<String, String> {
            let dice = dice();
            let host = SystemHost::new(Timestamp::now, move |buffer: &mut [u8]| dice(buffer));
            // The texts are Helm's, as its command line prints them.
            let rendered = render(&chart, &values, &options, &host).map_err(|error| refusal(&error))?;
            let manifests = rendered.into_manifests().map_err(|error| format!("{error}{ADVICE}"))?;
            manifests.template_output(&output).map_err(|error| error.to_string())
        })
        .await;
        let rendered = rendered.map_err(|error| CliError::new(Kind::Internal, error.to_string()))?;
        let text = rendered.map_err(CliError::helm)?;
        Ok(Ui::data(text.as_bytes())?)
    }

    async fn load(&self, reference: &str) -> Result<Chart, CliError> {
        let options = LoadOptions::new(profile(self.profile));
        let loaded = if is_path(reference) || !reference.contains("://") {
            Chart::from_path(Path::new(reference), &options)
        } else {
            let timeout = Duration::from_mins(5);
            let pulled = fetch(reference, self.version.as_deref(), &self.registry, timeout).await?;
            Chart::from_archive(&pulled.archive, &options)
        };
        loaded.map_err(|error| {
            CliError::new(Kind::Chart, format!("chart {reference}: {}", chain(&error)))
                .hint("name a chart directory, a packaged chart (.tgz), or `oci://host/repository`")
        })
    }
}
