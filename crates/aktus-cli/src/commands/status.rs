//! `aktus status`

use aktus_bootstrap::{Deadline, Silent, status};
use clap::Args;

use super::conclude;
use crate::cli::{ClusterArguments, RegistryArguments};
use crate::error::CliError;
use crate::ui::Ui;
use crate::world::Place;

/// Say how the platform is: release, objects, whether they are ready and why not, addresses
#[derive(Args, Debug)]
pub(crate) struct Status {
    #[command(flatten)]
    cluster: ClusterArguments,
}

impl Status {
    pub(crate) async fn run(self, ui: Ui) -> Result<(), CliError> {
        let deadline = Deadline::after(self.cluster.timeout);
        let place = Place::open(&self.cluster, &RegistryArguments::default()).await?;
        let request = place.request_without_platform(&self.cluster);
        let report = status(&request, &place.world, deadline, &Silent).await;
        place.close().await;
        conclude(ui, &report)
    }
}
