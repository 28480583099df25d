//! `aktus bootstrap`

use aktus_bootstrap::{Deadline, bootstrap};
use clap::Args;

use super::{conclude, stop};
use crate::cli::{ClusterArguments, PlatformArguments};
use crate::error::CliError;
use crate::ui::Ui;
use crate::world::Place;

/// Put the platform on a cluster, or bring it to what the options say
///
/// Every step is idempotent: after a failure or an interruption, the same command goes on.
#[derive(Args, Debug)]
pub(crate) struct Bootstrap {
    #[command(flatten)]
    cluster: ClusterArguments,
    #[command(flatten)]
    platform: PlatformArguments,
}

impl Bootstrap {
    pub(crate) async fn run(self, ui: Ui) -> Result<(), CliError> {
        let deadline = Deadline::after(self.cluster.timeout);
        let place = Place::open(&self.cluster, &self.platform.registry).await?;
        let request = place.request(&self.cluster, &self.platform)?;
        let reporter = ui.reporter();
        let report = bootstrap(&request, &place.world, deadline, &*reporter, stop()).await;
        drop(reporter);
        place.close().await;
        conclude(ui, &report)
    }
}
