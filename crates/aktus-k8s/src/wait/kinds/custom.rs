//! Any other kind is judged by its conditions, as kstatus does: Stalled, Reconciling, Ready. Without conditions it is
//! ready as soon as it is there.

use super::{condition, words};
use crate::object::Object;
use crate::wait::readiness::Readiness;

pub(super) fn readiness(object: &Object) -> Readiness {
    if let (Some(observed), Some(generation)) = (object.integer("/status/observedGeneration"), object.generation())
        && observed < generation
    {
        return Readiness::Pending("its controller has not seen the latest spec yet".to_owned());
    }
    if let Some(stalled @ ("True", ..)) = condition(object, "Stalled") {
        return Readiness::Failed(words(stalled, "it is stalled").to_owned());
    }
    if let Some(reconciling @ ("True", ..)) = condition(object, "Reconciling") {
        return Readiness::Pending(words(reconciling, "it is being reconciled").to_owned());
    }
    match condition(object, "Ready") {
        None | Some(("True", ..)) => Readiness::Ready,
        Some(other) => Readiness::Pending(words(other, "it is not ready").to_owned()).because(detail(object)),
    }
}

/// The other conditions that are not met: a summary like Ready often only says that something is wrong.
fn detail(object: &Object) -> Option<String> {
    let conditions = object.items("/status/conditions");
    let unmet = conditions.filter_map(|condition| {
        let text = |field: &str| condition.get(field).and_then(serde_json::Value::as_str).unwrap_or("");
        let is_unmet = text("status") == "False" && !matches!(text("type"), "Ready" | "Stalled" | "Reconciling");
        is_unmet.then(|| format!("{}: {}", text("type"), words(("", text("reason"), text("message")), "not met")))
    });
    let unmet: Vec<_> = unmet.collect();
    (!unmet.is_empty()).then(|| unmet.join("; "))
}
