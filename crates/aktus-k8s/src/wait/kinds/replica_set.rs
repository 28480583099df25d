//! A ReplicaSet or `ReplicationController` is ready when all its replicas are available.

use super::{at_least, condition, count, observed, words};
use crate::error::is_final_refusal;
use crate::object::Object;
use crate::wait::readiness::Readiness;
use crate::wait::related::Related;
use crate::wait::trouble;

pub(super) fn readiness(set: &Object, related: &Related) -> Readiness {
    let observed = observed(set);
    if !observed.is_ready() {
        return observed;
    }
    if let Some(failure @ ("True", ..)) = condition(set, "ReplicaFailure") {
        let reason = format!("its pods cannot be created: {}", words(failure, "ReplicaFailure"));
        return if is_final_refusal(&reason) { Readiness::Failed(reason) } else { Readiness::Pending(reason) };
    }
    let wanted = set.integer("/spec/replicas").unwrap_or(1);
    let verdict = at_least(count(set, "availableReplicas"), wanted, "available");
    if verdict.is_ready() { verdict } else { verdict.because(trouble::of_pods(set, related)) }
}
