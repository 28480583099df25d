//! The file system and its mount targets are available in the cluster's network.

use crate::context::{Context, StepResult};

pub(super) async fn run(context: &mut Context<'_>) -> StepResult {
    let until = context.until();
    let waiting = |reason: String| context.waiting(reason);
    context.world.cloud.file_system(context.request, until, &waiting).await
}
