//! A DaemonSet is ready when every node that should run its pod runs the latest one. No such node is fine.

use super::{count, observed};
use crate::object::Object;
use crate::wait::readiness::Readiness;
use crate::wait::related::Related;
use crate::wait::trouble;

pub(super) fn readiness(set: &Object, related: &Related) -> Readiness {
    let observed = observed(set);
    if !observed.is_ready() {
        return observed;
    }
    let wanted = count(set, "desiredNumberScheduled");
    let on_nodes = |found: i64, state: &str| {
        if found >= wanted {
            return Readiness::Ready;
        }
        let noun = if wanted == 1 { "node" } else { "nodes" };
        Readiness::Pending(format!("{state} on {found} of {wanted} {noun}"))
    };
    let verdict = on_nodes(count(set, "currentNumberScheduled"), "scheduled")
        .and(|| match set.text("/spec/updateStrategy/type") {
            Some("OnDelete") => Readiness::Ready,
            _ => on_nodes(count(set, "updatedNumberScheduled"), "updated"),
        })
        .and(|| on_nodes(count(set, "numberAvailable"), "available"));
    if verdict.is_ready() {
        return verdict;
    }
    if count(set, "currentNumberScheduled") < wanted
        && let Some((reason, is_final)) = trouble::of_creation(set, related)
    {
        let reason = format!("its pods cannot be created: {reason}");
        return if is_final { Readiness::Failed(reason) } else { Readiness::Pending(reason) };
    }
    verdict.because(trouble::of_pods(set, related))
}
