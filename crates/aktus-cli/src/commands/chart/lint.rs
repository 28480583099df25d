//! `aktus chart lint`

use std::path::PathBuf;

use aktus_helm::certs::CertificateMaker;
use aktus_helm::lint::{LintOptions, Severity, lint, repeated_keys};
use aktus_helm::{SystemHost, Values};
use clap::Args;
use jiff::Timestamp;

use super::arguments::{LinkArguments, SchemaArguments, parse_kube_version};
use crate::cli::{self, RegistryArguments, ValuesArguments};
use crate::error::{CliError, Kind};
use crate::request::{profile, values};
use crate::ui::Ui;
use crate::world::dice;

/// Look for what is wrong with charts, as `helm lint` does
///
/// Ends with exit code 1 when a chart has errors, or with --strict warnings.
#[derive(Args, Debug)]
pub(crate) struct Lint {
    /// The charts: directories or `.tgz` files
    #[arg(default_value = ".")]
    charts: Vec<PathBuf>,

    /// Warnings fail, too
    #[arg(long)]
    strict: bool,

    /// Print only warnings and errors
    #[arg(long)]
    quiet: bool,

    /// Look at the charts in `charts/`, too
    #[arg(long)]
    with_subcharts: bool,

    /// The namespace that templates see
    #[arg(short, long, default_value = "default")]
    namespace: String,

    /// The Kubernetes version that templates see, and whose deprecations count
    #[arg(long, value_name = "VERSION")]
    kube_version: Option<String>,

    #[command(flatten)]
    schema: SchemaArguments,

    #[command(flatten)]
    links: LinkArguments,

    /// Do as this Helm does
    #[arg(long, value_enum, default_value = "helm4")]
    profile: cli::Profile,

    #[command(flatten)]
    values: ValuesArguments,
}

impl Lint {
    pub(crate) fn run(&self) -> Result<(), CliError> {
        let profile = profile(self.profile);
        let mut options = LintOptions::new(profile);
        options.namespace.clone_from(&self.namespace);
        options.skip_schema_validation = self.schema.skip_schema_validation;
        options.external_schemas = self.schema.external(&RegistryArguments::default());
        options.links_within.clone_from(&self.links.links_within);
        if let Some(version) = &self.kube_version {
            options.kube_version = Some(parse_kube_version(version, profile)?);
        }
        let values = values(&self.values, profile)?;
        let (text, outcome) = self.all(&values, &options);
        Ui::data(text.as_bytes())?;
        outcome
    }

    /// What Helm prints, and how it ends.
    fn all(&self, values: &Values, options: &LintOptions) -> (String, Result<(), CliError>) {
        let mut charts = self.charts.clone();
        if self.with_subcharts {
            for chart in &self.charts {
                below(&chart.join("charts"), &mut charts);
            }
        }
        let lowest = if self.strict { Severity::Warning } else { Severity::Error };
        let dice = dice();
        let host = SystemHost::new(Timestamp::now, move |buffer: &mut [u8]| dice(buffer));
        let host = host.with_certificates(CertificateMaker::new(Timestamp::now));
        let mut text = String::new();
        let (mut failed, mut worth_saying) = (0, false);
        for chart in &charts {
            // Helm's own lines stay as they are.
            for key in repeated_keys(chart, options) {
                let file = chart.join("Chart.yaml");
                Ui::status(&format!("warning: {}:{}:{}: {key}", file.display(), key.line, key.column));
            }
            let mut lines = Vec::new();
            let (mut bad, mut said) = (false, false);
            match lint(chart, values, options, &host) {
                Err(error) => {
                    lines.push(format!("Error {error}"));
                    (bad, said) = (true, true);
                }
                Ok(messages) => {
                    for message in messages {
                        said |= message.severity > Severity::Info;
                        bad |= message.severity >= lowest;
                        if !self.quiet || message.severity > Severity::Info {
                            lines.push(message.to_string());
                        }
                    }
                }
            }
            worth_saying |= said;
            if self.quiet && !said {
                continue;
            }
            failed += usize::from(bad);
            text.extend(["==> Linting ", &chart.display().to_string(), "\n"]);
            for line in lines {
                text.push_str(&line);
                text.push('\n');
            }
            text.push('\n');
        }
        let summary = format!("{} chart(s) linted, {failed} chart(s) failed", charts.len());
        if failed > 0 {
            // Helm's exit code, which is that of a refusal here.
            return (text, Err(CliError { helm: true, ..CliError::new(Kind::Refused, summary) }));
        }
        if !self.quiet || worth_saying {
            text.push_str(&summary);
            text.push('\n');
        }
        (text, Ok(()))
    }
}

/// The charts below a folder, as Go's `filepath.Walk` meets them.
#[expect(clippy::case_sensitive_file_extension_comparisons, reason = "Helm heeds the case")]
fn below(folder: &std::path::Path, charts: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name == "Chart.yaml" {
            charts.push(folder.to_owned());
        } else if name.ends_with(".tgz") || name.ends_with(".tar.gz") {
            charts.push(path);
        } else if path.is_dir() && !path.is_symlink() {
            below(&path, charts);
        }
    }
}
