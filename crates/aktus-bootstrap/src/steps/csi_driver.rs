//! The EFS CSI driver is healthy. It is looked at, never touched.

use aktus_k8s::{ObjectId, Readiness, wait};

use super::status::LOOK;
use crate::context::{Context, StepResult};
use crate::event::Event;
use crate::failure::api;
use crate::report::{Failure, FailureKind, Outcome};

/// Where EKS add-ons live.
const NAMESPACE: &str = "kube-system";
/// What the add-on runs.
const WORKLOADS: [(&str, &str); 2] = [("Deployment", "efs-csi-controller"), ("DaemonSet", "efs-csi-node")];

pub(super) async fn run(context: &mut Context<'_>) -> StepResult {
    let Some(cluster) = context.cluster.clone() else {
        return Ok(Outcome::Skipped("no cluster is asked".to_owned()));
    };
    let until = context.until();
    let waiting = |reason: String| context.waiting(reason);
    let addon = context.world.cloud.csi_driver(context.request, until, &waiting).await?;
    let ids = WORKLOADS.map(|(kind, name)| ObjectId::namespaced("apps/v1", kind, NAMESPACE, name));
    for id in &ids {
        if cluster.get(id, until).await.map_err(|error| api(&error))?.is_none() {
            return Err(Failure::new(FailureKind::Refused, "the EFS CSI driver is not installed")
                .about(id.to_string())
                .next("install the EKS add-on `aws-efs-csi-driver`, then run the same command again"));
        }
    }
    // A plan reports what it sees and waits for nothing.
    let until = if context.planning() { until.min(tokio::time::Instant::now() + LOOK) } else { until };
    let reporter = context.reporter;
    let verdicts = wait(&cluster, &ids, until, &mut |id, readiness| {
        if let Some(reason) = readiness.reason() {
            reporter.event(&Event::ObjectWaiting { object: id.to_string(), reason: reason.to_owned() });
        }
    })
    .await
    .map_err(|error| api(&error))?;
    for (id, readiness) in verdicts {
        if let Readiness::Pending(reason) | Readiness::Failed(reason) = readiness {
            if context.planning() {
                context.warn(format!("{id} is not ready: {reason}"));
                continue;
            }
            return Err(Failure::new(FailureKind::NotReady, reason)
                .about(id.to_string())
                .next("look at the pods of the driver in kube-system; they need nodes to run on"));
        }
    }
    Ok(Outcome::Unchanged(addon.unwrap_or_else(|| "controller and node pods are ready".to_owned())))
}
