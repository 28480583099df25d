//! JSON Merge Patch (RFC 7386).

use serde_json::{Map, Value};

/// `target` with `patch` laid over it: null removes, maps merge, the rest replaces.
pub(crate) fn apply(target: &Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else { return patch.clone() };
    let mut out = match target {
        Value::Object(map) => map.clone(),
        _ => Map::new(),
    };
    for (name, value) in patch {
        if value.is_null() {
            out.remove(name);
        } else {
            let before = out.get(name).unwrap_or(&Value::Null);
            let after = apply(before, value);
            out.insert(name.clone(), after);
        }
    }
    Value::Object(out)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn null_removes_and_maps_merge() {
        let target = json!({"a": {"b": 1, "c": 2}, "d": [1, 2]});
        let patch = json!({"a": {"b": null, "x": {"y": null, "z": 1}}, "d": [3]});
        assert_eq!(apply(&target, &patch), json!({"a": {"c": 2, "x": {"z": 1}}, "d": [3]}));
    }
}
