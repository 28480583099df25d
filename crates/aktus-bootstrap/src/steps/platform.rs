//! Undoing: storage classes, secrets, service account and namespace are gone.

use aktus_k8s::ObjectId;
use aktus_k8s::platform::{DEVICE_PLUGIN, EBS_STORAGE_CLASS, EFS_STORAGE_CLASS, HUGGING_FACE_SECRET, OPENAI_SECRET};

use super::load_balancers::{exactly, gone};
use super::namespace::SERVICE_ACCOUNT;
use super::volumes::delete;
use crate::context::{Context, StepResult};
use crate::failure::api;
use crate::report::{Failure, Outcome};

pub(super) async fn run(context: &mut Context<'_>) -> StepResult {
    let (cluster, until) = (context.cluster()?, context.until());
    let home = context.request.namespace.clone();
    let ids = [
        ObjectId::namespaced("apps/v1", "DaemonSet", &home, DEVICE_PLUGIN),
        ObjectId::cluster_scoped("storage.k8s.io/v1", "StorageClass", EFS_STORAGE_CLASS),
        ObjectId::cluster_scoped("storage.k8s.io/v1", "StorageClass", EBS_STORAGE_CLASS),
        ObjectId::namespaced("v1", "Secret", &home, HUGGING_FACE_SECRET),
        ObjectId::namespaced("v1", "Secret", &home, OPENAI_SECRET),
        ObjectId::namespaced("v1", "ServiceAccount", &home, SERVICE_ACCOUNT),
        ObjectId::cluster_scoped("v1", "Namespace", &home),
    ];
    let mut targets = Vec::new();
    for id in ids {
        let Some(live) = cluster.get(&id, until).await.map_err(|error| api(&error))? else { continue };
        if let Some(reason) = context.owner.ownership().missing(&live) {
            context.warn(format!("{id} stays: {reason}"));
            continue;
        }
        delete(context, &live).await?;
        targets.push(exactly(&live));
    }
    if targets.is_empty() {
        return Ok(Outcome::Unchanged("nothing of the platform is left".to_owned()));
    }
    gone(context, &targets, "see what holds it; finalizers are never removed by force").await?;
    Ok(Outcome::Done(format!("{} objects are gone", targets.len())))
}

/// Whether the namespace exists because of us.
pub(super) async fn namespace_is_ours(context: &Context<'_>) -> Result<bool, Failure> {
    let id = ObjectId::cluster_scoped("v1", "Namespace", &context.request.namespace);
    let live = context.cluster()?.get(&id, context.until()).await.map_err(|error| api(&error))?;
    Ok(live.is_some_and(|live| context.owner.ownership().missing(&live).is_none()))
}
