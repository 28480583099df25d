//! What may be shown of a Secret? That a value is there, and whether it changes.

use serde_json::Value;

/// Stands for a value that is not shown.
const MASK: &str = "***";

/// Both sides of a difference, masked so that a change is still seen as one.
pub(super) fn pair(live: Option<&Value>, desired: Option<&Value>) -> (Option<Value>, Option<Value>) {
    match (live, desired) {
        (Some(live), Some(desired)) if live != desired => {
            (Some(Value::from("*** (before)")), Some(Value::from("*** (after)")))
        }
        (live, desired) => (live.map(|_| Value::from(MASK)), desired.map(|_| Value::from(MASK))),
    }
}

/// The object as it may be shown: the values of a core `Secret` masked, everything else as it is.
pub fn masked(object: &crate::Object) -> Value {
    let mut value = object.as_value().clone();
    if object.is_secret() {
        for field in ["data", "stringData"] {
            match value.get_mut(field) {
                Some(Value::Object(entries)) => {
                    entries.values_mut().for_each(|entry| *entry = Value::from(MASK));
                }
                Some(other) => *other = Value::from(MASK),
                None => {}
            }
        }
        // kubectl keeps a copy of what it applied.
        let copy = "kubectl.kubernetes.io/last-applied-configuration";
        if let Some(copy) = value.pointer_mut("/metadata/annotations").and_then(|notes| notes.get_mut(copy)) {
            *copy = Value::from(MASK);
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Object;

    #[test]
    fn secrets_are_masked_and_others_are_not() {
        let object = |kind: &str| {
            Object::new(json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "a", "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": "s3cret", "note": "n"}},
                "data": {"key": "s3cret"}, "stringData": "s3cret"}))
            .unwrap()
        };
        let shown = masked(&object("Secret"));
        assert!(!shown.to_string().contains("s3cret"), "{shown}");
        assert_eq!(shown["data"]["key"], "***");
        assert_eq!(shown["metadata"]["annotations"]["note"], "n");
        assert_eq!(masked(&object("ConfigMap"))["data"]["key"], "s3cret");
    }
}
