//! The cluster is there, active, and lets us in.

use aktus_k8s::{Class, Cluster, ConnectOptions};

use crate::context::{Context, StepResult};
use crate::failure::{api, connect};
use crate::report::{FailureKind, Outcome};
use crate::run::lease_options;
use crate::world::Access;

/// How long to wait before a cluster that lets nobody in is asked again.
const LOOK_AGAIN: std::time::Duration = std::time::Duration::from_secs(5);

pub(super) async fn run(context: &mut Context<'_>) -> StepResult {
    let until = context.until();
    let mut hint = None;
    let options = match &context.world.access {
        Access::None => {
            let lease = lease_options(context.request, context.world).id();
            context.note(&lease, "hold", "for the time of the run".to_owned());
            return Ok(Outcome::Skipped("no cluster is asked, so everything counts as new".to_owned()));
        }
        Access::Direct(options) => options.clone(),
        Access::Cloud => {
            let waiting = |reason: String| context.waiting(reason);
            let (endpoint, if_unreachable) = context.world.cloud.cluster(context.request, until, &waiting).await?;
            hint = if_unreachable;
            ConnectOptions::new(endpoint)
        }
    };
    let cluster = Cluster::connect(options).await.map_err(|error| connect(&error))?;
    // An access entry spreads within a minute or two (F3), so a refusal may pass by itself.
    let patience = tokio::time::Instant::now() + std::time::Duration::from_mins(2);
    let version = loop {
        match cluster.server_version(until).await {
            Ok(version) => break version,
            Err(error)
                if matches!(context.world.access, Access::Cloud)
                    && matches!(error.class(), Class::Unauthorized | Class::Forbidden)
                    && tokio::time::Instant::now() + LOOK_AGAIN < patience.min(until) =>
            {
                context.waiting(format!("the cluster does not let us in yet: {error}"));
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            Err(error) => {
                let failure = api(&error).about(format!("cluster {}", cluster.server()));
                return Err(match (hint, error.class()) {
                    (Some(hint), _) if failure.kind == FailureKind::Unreachable => failure.next(hint),
                    (_, Class::Unauthorized) if matches!(context.world.access, Access::Cloud) => failure.next(
                        "check that the role has an access entry of the cluster, and that the clock here is right",
                    ),
                    _ => failure,
                });
            }
        }
    };
    let summary = format!("Kubernetes {} at {}", version.git_version, cluster.server());
    context.cluster = Some(cluster);
    if context.planning() {
        let lease = lease_options(context.request, context.world).id();
        context.note(&lease, "hold", "for the time of the run".to_owned());
    }
    Ok(Outcome::Done(summary))
}
