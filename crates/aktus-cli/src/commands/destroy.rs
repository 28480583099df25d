//! `aktus destroy`

use aktus_bootstrap::{Deadline, destroy};
use clap::Args;

use super::{conclude, stop};
use crate::cli::{ClusterArguments, RegistryArguments};
use crate::error::CliError;
use crate::ui::Ui;
use crate::world::Place;

/// Take away what bootstrap made: the release, its load balancers and volumes, and what the platform needed
///
/// Data on the volumes is lost. The file system itself and its data stay.
#[derive(Args, Debug)]
pub(crate) struct Destroy {
    #[command(flatten)]
    cluster: ClusterArguments,
}

impl Destroy {
    pub(crate) async fn run(self, ui: Ui) -> Result<(), CliError> {
        let deadline = Deadline::after(self.cluster.timeout);
        let place = Place::open(&self.cluster, &RegistryArguments::default()).await?;
        let request = place.request_without_platform(&self.cluster);
        let reporter = ui.reporter();
        let report = destroy(&request, &place.world, deadline, &*reporter, stop()).await;
        drop(reporter);
        place.close().await;
        conclude(ui, &report)
    }
}
