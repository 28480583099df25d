//! A StatefulSet is ready when all its replicas are ready and those beyond the partition run the latest template.

use super::{at_least, count, observed};
use crate::object::Object;
use crate::wait::readiness::Readiness;
use crate::wait::related::Related;
use crate::wait::trouble;

pub(super) fn readiness(set: &Object, related: &Related) -> Readiness {
    let observed = observed(set);
    if !observed.is_ready() {
        return observed;
    }
    let wanted = set.integer("/spec/replicas").unwrap_or(1);
    let verdict = at_least(count(set, "replicas"), wanted, "created")
        .and(|| at_least(count(set, "readyReplicas"), wanted, "ready"))
        .and(|| {
            if set.text("/spec/updateStrategy/type") == Some("OnDelete") {
                // Pods are updated when somebody deletes them, not before.
                return Readiness::Ready;
            }
            let partition = set.integer("/spec/updateStrategy/rollingUpdate/partition").unwrap_or(0);
            if partition == 0 && set.text("/status/currentRevision") == set.text("/status/updateRevision") {
                return Readiness::Ready;
            }
            at_least(count(set, "updatedReplicas"), (wanted - partition).max(0), "updated")
        });
    if verdict.is_ready() {
        return verdict;
    }
    if count(set, "replicas") < wanted
        && let Some((reason, is_final)) = trouble::of_creation(set, related)
    {
        let reason = format!("its pods cannot be created: {reason}");
        return if is_final { Readiness::Failed(reason) } else { Readiness::Pending(reason) };
    }
    verdict.because(trouble::of_pods(set, related))
}
