//! The values of the user, the file system and the known addresses; the chart rendered with them.

use aktus_k8s::ObjectId;
use aktus_release::history;

use super::release::options;
use crate::context::{Context, RenderedChart, StepResult};
use crate::failure::{api, release};
use crate::render::manifests;
use crate::report::{Failure, Outcome};

/// The Service whose address the assistant's browser side needs.
pub(crate) const RESEARCH: &str = "aktus-research";
/// The Service that people open in a browser.
pub(crate) const ASSISTANT: &str = "aktus-knowledge-assistant";

pub(super) async fn run(context: &mut Context<'_>) -> StepResult {
    let Some(loaded) = &context.chart else {
        return Ok(Outcome::Skipped("no chart is installed".to_owned()));
    };
    let until = context.until();
    let mut current = 0;
    let mut host = None;
    if let Some(cluster) = &context.cluster {
        let history = history(cluster, &options(context.request), until).await.map_err(|error| release(&error))?;
        current = history.deployed().map_or(0, |record| record.version);
        // Addresses that are known already belong to the values, so that nothing changed means no new revision.
        if current > 0 {
            host = balancer(context, RESEARCH).await?;
        }
    }
    let values = loaded.places.overlay(&context.request.values, &context.request.file_system_id, host.as_deref());
    let file_systems = loaded.places.file_systems.len();
    // As the revision that is deployed: only then can it turn out that nothing changed.
    let revision = current.max(1);
    let (manifests, notes) = manifests(context, &values, revision).await?;
    let summary = format!(
        "{} objects, {} hooks, file system set in {file_systems} places{}",
        manifests.documents.len(),
        manifests.hooks.len(),
        match notes.len() {
            0 => String::new(),
            count => format!(", {count} changes for this cluster"),
        }
    );
    if file_systems == 0 {
        context.warn("the chart has no `efs.fileSystemId` in its values, so it does not use the file system");
    }
    for note in notes {
        tracing::info!("{note}");
    }
    context.rendered = Some(RenderedChart { values, manifests, revision });
    context.research_host = host;
    Ok(Outcome::Done(summary))
}

/// The host name of a Service's load balancer, if it has one.
pub(super) async fn balancer(context: &Context<'_>, service: &str) -> Result<Option<String>, Failure> {
    let Some(cluster) = &context.cluster else { return Ok(None) };
    let id = ObjectId::namespaced("v1", "Service", &context.request.namespace, service);
    let live = cluster.get(&id, context.until()).await.map_err(|error| api(&error))?;
    Ok(live.filter(|live| !live.is_deleting()).and_then(|live| {
        let ingress = live.get("/status/loadBalancer/ingress/0")?;
        let host = ingress.get("hostname").or_else(|| ingress.get("ip"))?;
        host.as_str().filter(|host| !host.is_empty()).map(str::to_owned)
    }))
}
