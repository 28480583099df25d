//! `aktus chart show`

use aktus_helm::show::{Part, show};
use clap::{Args, ValueEnum};

use super::arguments::SourceArguments;
use crate::error::CliError;
use crate::ui::Ui;

/// Print what a chart says about itself, as `helm show` does
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// What to print
    #[arg(value_enum)]
    what: What,

    /// The chart: a directory, a `.tgz`, or `oci://host/repository`
    chart: String,

    #[command(flatten)]
    source: SourceArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// Chart.yaml, written anew
    Chart,
    /// values.yaml
    Values,
    /// The README
    Readme,
    /// The files under `crds/`
    Crds,
    /// All of these
    All,
}

impl Show {
    pub(crate) async fn run(self) -> Result<(), CliError> {
        let chart = self.source.load(&self.chart).await?;
        let part = match self.what {
            What::Chart => Part::Chart,
            What::Values => Part::Values,
            What::Readme => Part::Readme,
            What::Crds => Part::Crds,
            What::All => Part::All,
        };
        Ok(Ui::data(show(&chart, part, self.source.profile()).as_bytes())?)
    }
}
