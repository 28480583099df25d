//! A Deployment is ready when all its replicas run the latest template and are available.

use super::{at_least, condition, count, observed, words};
use crate::error::is_final_refusal;
use crate::object::Object;
use crate::wait::readiness::Readiness;
use crate::wait::related::Related;
use crate::wait::trouble;

pub(super) fn readiness(deployment: &Object, related: &Related) -> Readiness {
    if deployment.get("/spec/paused").and_then(serde_json::Value::as_bool) == Some(true) {
        // As in Helm: a paused rollout goes nowhere, and nobody should wait for it.
        return Readiness::Ready;
    }
    let observed = observed(deployment);
    if !observed.is_ready() {
        return observed;
    }
    if let Some(failure @ ("True", ..)) = condition(deployment, "ReplicaFailure") {
        let reason = format!("its pods cannot be created: {}", words(failure, "ReplicaFailure"));
        return if is_final_refusal(&reason) { Readiness::Failed(reason) } else { Readiness::Pending(reason) };
    }
    let trouble = || trouble::of_pods(deployment, related);
    if let Some(progress @ ("False", "ProgressDeadlineExceeded", _)) = condition(deployment, "Progressing") {
        let reason = words(progress, "it makes no progress").to_owned();
        return Readiness::Failed(reason).because(trouble());
    }
    let wanted = deployment.integer("/spec/replicas").unwrap_or(1);
    let updated = count(deployment, "updatedReplicas");
    let old = count(deployment, "replicas") - updated;
    let verdict = at_least(updated, wanted, "updated")
        .and(|| at_least(count(deployment, "availableReplicas"), wanted, "available"))
        .and(|| match old {
            1.. => Readiness::Pending(format!("{old} old replicas are still there")),
            _ => Readiness::Ready,
        });
    if verdict.is_ready() { verdict } else { verdict.because(trouble()) }
}
