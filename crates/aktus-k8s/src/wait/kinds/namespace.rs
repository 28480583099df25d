//! A Namespace is ready while it is active.

use super::words;
use crate::object::Object;
use crate::wait::readiness::Readiness;

pub(super) fn readiness(namespace: &Object) -> Readiness {
    if namespace.text("/status/phase") != Some("Terminating") {
        return Readiness::Ready;
    }
    let why = remaining(namespace);
    let reason = if why.is_empty() { String::new() } else { format!(": {}", why.join("; ")) };
    Readiness::Pending(format!("it is being deleted{reason}"))
}

/// What keeps a namespace from going away, in the server's words.
pub(in crate::wait) fn remaining(namespace: &Object) -> Vec<String> {
    let text = |condition: &serde_json::Value, field: &str| {
        condition.get(field).and_then(serde_json::Value::as_str).unwrap_or("").to_owned()
    };
    let holds =
        |kind: &str| kind.starts_with("Namespace") && (kind.ends_with("Remaining") || kind.ends_with("Failure"));
    let conditions = namespace.items("/status/conditions");
    conditions
        .filter(|condition| text(condition, "status") == "True" && holds(&text(condition, "type")))
        .map(|condition| {
            let (reason, message) = (text(condition, "reason"), text(condition, "message"));
            words(("", &reason, &message), "something is left in it").to_owned()
        })
        .collect()
}
