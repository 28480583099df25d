//! `aktus plan`

use aktus_bootstrap::{Access, Deadline, Silent, plan};
use clap::Args;

use super::conclude;
use crate::cli::{ClusterArguments, PlatformArguments};
use crate::error::CliError;
use crate::ui::Ui;
use crate::world::Place;

/// Say what bootstrap would do, and do nothing
#[derive(Args, Debug)]
pub(crate) struct Plan {
    #[command(flatten)]
    cluster: ClusterArguments,
    #[command(flatten)]
    platform: PlatformArguments,

    /// Ask no cluster and no AWS: everything counts as new
    #[arg(long, conflicts_with_all = ["kubeconfig", "cluster", "context"])]
    offline: bool,
}

impl Plan {
    pub(crate) async fn run(self, ui: Ui) -> Result<(), CliError> {
        let deadline = Deadline::after(self.cluster.timeout);
        let mut place = if self.offline {
            Place::offline(&self.cluster, &self.platform.registry).await?
        } else {
            Place::open(&self.cluster, &self.platform.registry).await?
        };
        if self.offline {
            place.world.access = Access::None;
            place.world.cloud = aktus_bootstrap::Cloud::Local;
        }
        let request = place.request(&self.cluster, &self.platform).await?;
        let report = plan(&request, &place.world, deadline, &Silent).await;
        place.close().await;
        conclude(ui, &report)
    }
}
