//! A Pod is ready when its Ready condition says so, or when it ended well.

use super::condition;
use crate::object::Object;
use crate::wait::readiness::Readiness;
use crate::wait::related::Related;
use crate::wait::trouble;

pub(super) fn readiness(pod: &Object, related: &Related) -> Readiness {
    let trouble = || trouble::of_pod(pod, related).unwrap_or_else(|| "it is not ready".to_owned());
    match (pod.text("/status/phase"), condition(pod, "Ready")) {
        (Some("Succeeded"), _) | (Some("Running"), Some(("True", ..))) => Readiness::Ready,
        (Some("Failed"), _) => Readiness::Failed(trouble()),
        _ => Readiness::Pending(trouble()),
    }
}
