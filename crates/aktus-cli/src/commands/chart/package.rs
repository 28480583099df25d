//! `aktus chart package`

use std::path::{Path, PathBuf};

use aktus_helm::Chart;
use aktus_helm::package::{PackageOptions, package};
use clap::Args;

use super::arguments::{LinkArguments, SourceArguments, not_loaded};
use super::dependency::update_if_missing;
use crate::cli::{Profile, RegistryArguments};
use crate::commands::write_whole;
use crate::error::CliError;
use crate::ui::Ui;

/// Pack chart directories into `NAME-VERSION.tgz`
///
/// The layout is that of `helm package`. The same chart gives the same bytes: no file in the archive has a time.
#[derive(Args, Debug)]
pub(crate) struct Package {
    /// The chart directories
    #[arg(required = true)]
    charts: Vec<PathBuf>,

    /// Set the version of the chart
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,

    /// Set the version of what the chart runs
    #[arg(long, value_name = "VERSION")]
    app_version: Option<String>,

    /// Where the archives are put
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    destination: PathBuf,

    /// Fetch the dependencies into `charts/` first
    #[arg(short = 'u', long)]
    dependency_update: bool,

    /// Do as this Helm does
    #[arg(long, value_enum, default_value = "helm4")]
    profile: Profile,

    #[command(flatten)]
    links: LinkArguments,

    #[command(flatten)]
    registry: RegistryArguments,
}

impl Package {
    pub(crate) async fn run(self) -> Result<(), CliError> {
        let source = SourceArguments::local(self.profile, self.links.clone(), self.registry.clone());
        let options = PackageOptions { version: self.version.clone(), app_version: self.app_version.clone() };
        for directory in &self.charts {
            let shown = directory.display().to_string();
            if self.dependency_update {
                update_if_missing(directory, &source).await?;
            }
            if !directory.is_dir() {
                return Err(CliError::usage(format!("{shown} is no directory")).hint("name a chart directory"));
            }
            let chart =
                Chart::from_directory(directory, &source.load_options()).map_err(|error| not_loaded(&shown, &error))?;
            let packed =
                package(&chart, &options, source.profile()).map_err(|error| CliError::helm(error.to_string()))?;
            let path = self.folder()?.join(&packed.file_name);
            write_whole(&path, &packed.archive, "name a directory that can be written with --destination")?;
            let told = format!("Successfully packaged chart and saved it to: {}\n", path.display());
            Ui::data(told.as_bytes())?;
        }
        Ok(())
    }

    /// Where archives go; made if it is not there, as in Helm.
    fn folder(&self) -> Result<PathBuf, CliError> {
        if self.destination == Path::new(".") {
            return Ok(std::env::current_dir()?);
        }
        std::fs::create_dir_all(&self.destination).map_err(|error| {
            CliError::usage(format!("could not make {}: {error}", self.destination.display()))
                .hint("name a directory that can be written with --destination")
        })?;
        Ok(self.destination.clone())
    }
}
