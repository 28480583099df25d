//! Every object of the release is ready, or the reason of each that is not is told.

use aktus_k8s::ObjectId;

use crate::context::{Context, StepResult};
use crate::report::Outcome;

pub(super) async fn run(context: &mut Context<'_>) -> StepResult {
    if context.chart.is_none() {
        return Ok(Outcome::Skipped("no chart is installed".to_owned()));
    }
    if context.planning() {
        return Ok(Outcome::Skipped("a plan waits for nothing".to_owned()));
    }
    let ids = release_objects(context);
    let until = context.until();
    let (ready, all) = context.wait_for(&ids, until).await?;
    Ok(Outcome::Unchanged(format!("{ready} of {all} ready")))
}

/// Everything that was decided on and still stands: the platform's objects and the release's.
pub(super) fn release_objects(context: &Context<'_>) -> Vec<ObjectId> {
    let Ok(objects) = context.objects.lock() else { return Vec::new() };
    let standing = objects.iter().filter(|object| !matches!(object.change, "delete" | "hold"));
    standing
        .map(|object| ObjectId {
            api_version: object.api_version.clone(),
            kind: object.kind.clone(),
            namespace: object.namespace.clone(),
            name: object.name.clone(),
        })
        .collect()
}
