//! The steps, one file each. Reading this list is reading the product.

mod chart;
mod cluster;
mod csi_driver;
mod endpoints;
mod file_system;
mod gpu;
mod load_balancers;
mod namespace;
mod node_pool;
mod platform;
mod release;
mod report;
mod request;
pub(crate) mod status;
mod storage_class;
mod uninstall;
mod values;
mod volumes;
mod wait;

use crate::context::{Context, StepResult};
use crate::step::Step;

/// Carries one step out, or plans it.
pub(crate) async fn run(step: Step, context: &mut Context<'_>) -> StepResult {
    match step {
        Step::Request => request::run(context),
        Step::Cluster => cluster::run(context).await,
        Step::FileSystem => file_system::run(context).await,
        Step::CsiDriver => csi_driver::run(context).await,
        Step::StorageClass => storage_class::run(context).await,
        Step::Gpu => gpu::run(context).await,
        Step::Namespace => namespace::run(context).await,
        Step::Chart => chart::run(context).await,
        Step::Values => values::run(context).await,
        Step::Release => release::run(context).await,
        Step::Wait => wait::run(context).await,
        Step::Endpoints => endpoints::run(context).await,
        Step::Report => Ok(report::run(context)),
        Step::Uninstall => uninstall::run(context).await,
        Step::LoadBalancers => load_balancers::run(context).await,
        Step::Volumes => volumes::run(context).await,
        Step::NodePool => node_pool::run(context).await,
        Step::Platform => platform::run(context).await,
    }
}
