//! `aktus chart create`

use std::fs;
use std::path::PathBuf;

use aktus_helm::create::create;
use clap::Args;

use crate::cli::Profile;
use crate::error::CliError;
use crate::ui::Ui;

/// Make a new chart that runs, lints and can be built upon
///
/// One Deployment with a Service and a service account, and, switched off, an Ingress, a route of the
/// Gateway API and an autoscaler.
#[derive(Args, Debug)]
pub(crate) struct Create {
    /// The name of the chart, or a path that ends in it
    name: PathBuf,

    /// As on every chart command; the chart is right for either Helm
    #[arg(long, value_enum, default_value = "helm4")]
    profile: Profile,
}

impl Create {
    pub(crate) fn run(self) -> Result<(), CliError> {
        let shown = self.name.display();
        let name = self.name.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let files = create(name).map_err(|error| CliError::usage(error.to_string()))?;
        let failed = |path: &std::path::Path, error: std::io::Error| {
            CliError::usage(format!("could not write {}: {error}", path.display()))
        };
        if let Some(taken) = files.iter().map(|file| self.name.join(file.name())).find(|path| path.exists()) {
            return Err(CliError::usage(format!("{} is there already", taken.display()))
                .hint("choose another name, or take the old chart away"));
        }
        for folder in [self.name.clone(), self.name.join("charts")] {
            fs::create_dir_all(&folder).map_err(|error| failed(&folder, error))?;
        }
        for file in &files {
            let path = self.name.join(file.name());
            let folder = path.parent().map_or_else(PathBuf::new, PathBuf::from);
            let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, file.data()));
            written.map_err(|error| failed(&path, error))?;
        }
        Ok(Ui::data(format!("Creating {shown}\n").as_bytes())?)
    }
}
