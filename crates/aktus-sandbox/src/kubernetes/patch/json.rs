//! JSON Patch (RFC 6902).

use serde_json::Value;

/// Why a patch does not apply.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// The document is no patch.
    Malformed(String),
    /// An operation does not fit the object.
    Failed(String),
}

/// `target` after all operations of `patch`.
pub(crate) fn apply(target: &Value, patch: &Value) -> Result<Value, Problem> {
    let Value::Array(operations) = patch else {
        return Err(Problem::Malformed(
            "json: cannot unmarshal object into Go value of type jsonpatch.Patch".to_owned(),
        ));
    };
    let mut out = target.clone();
    for operation in operations {
        step(&mut out, operation)?;
    }
    Ok(out)
}

fn step(target: &mut Value, operation: &Value) -> Result<(), Problem> {
    let text = |name: &str| operation.get(name).and_then(Value::as_str);
    let missing = |name: &str| Problem::Failed(format!("operation has no {name}"));
    let path = text("path").ok_or_else(|| missing("path"))?;
    let value = || operation.get("value").cloned().unwrap_or(Value::Null);
    match text("op").unwrap_or("") {
        "add" => add(target, path, value()),
        "remove" => remove(target, path).map(drop),
        "replace" => {
            let slot = target.pointer_mut(path).ok_or_else(|| absent("replace", path))?;
            *slot = value();
            Ok(())
        }
        "move" => {
            let from = text("from").ok_or_else(|| missing("from"))?;
            let moved = remove(target, from)?;
            add(target, path, moved)
        }
        "copy" => {
            let from = text("from").ok_or_else(|| missing("from"))?;
            let copied = target.pointer(from).cloned().ok_or_else(|| absent("copy", from))?;
            add(target, path, copied)
        }
        "test" => {
            let found = target.pointer(path).unwrap_or(&Value::Null);
            if crate::kubernetes::merge::equal(found, &value()) {
                Ok(())
            } else {
                Err(Problem::Failed(format!("testing value {path} failed")))
            }
        }
        other => Err(Problem::Failed(format!("Unexpected kind: {other}"))),
    }
}

fn absent(operation: &str, path: &str) -> Problem {
    Problem::Failed(format!("{operation} operation does not apply: doc is missing path: {path}: missing value"))
}

fn split(path: &str) -> Option<(&str, String)> {
    let (parent, last) = path.rsplit_once('/')?;
    Some((parent, last.replace("~1", "/").replace("~0", "~")))
}

fn add(target: &mut Value, path: &str, value: Value) -> Result<(), Problem> {
    if path.is_empty() {
        *target = value;
        return Ok(());
    }
    let (parent, last) = split(path).ok_or_else(|| absent("add", path))?;
    match target.pointer_mut(parent) {
        Some(Value::Object(map)) => {
            map.insert(last, value);
            Ok(())
        }
        Some(Value::Array(list)) => {
            let at = if last == "-" { Some(list.len()) } else { last.parse().ok() };
            match at.filter(|at| *at <= list.len()) {
                Some(at) => {
                    list.insert(at, value);
                    Ok(())
                }
                None => Err(absent("add", path)),
            }
        }
        _ => Err(absent("add", path)),
    }
}

fn remove(target: &mut Value, path: &str) -> Result<Value, Problem> {
    let (parent, last) = split(path).ok_or_else(|| absent("remove", path))?;
    let removed = match target.pointer_mut(parent) {
        Some(Value::Object(map)) => map.remove(&last),
        Some(Value::Array(list)) => last.parse::<usize>().ok().filter(|at| *at < list.len()).map(|at| list.remove(at)),
        _ => None,
    };
    removed.ok_or_else(|| absent("remove", path))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn operations_apply_in_order() {
        let target = json!({"a": [1, 2], "b/c": {"~": 1}});
        let patch = json!([
            {"op": "test", "path": "/b~1c/~0", "value": 1.0},
            {"op": "add", "path": "/a/-", "value": 3},
            {"op": "remove", "path": "/a/0"},
            {"op": "move", "from": "/a", "path": "/list"},
            {"op": "copy", "from": "/list/0", "path": "/first"},
            {"op": "replace", "path": "/b~1c", "value": null},
        ]);
        let expected = json!({"list": [2, 3], "first": 2, "b/c": null});
        assert_eq!(apply(&target, &patch).unwrap(), expected);
    }

    #[test]
    fn an_operation_that_does_not_fit_fails() {
        let patch = json!([{"op": "remove", "path": "/x"}]);
        assert!(matches!(apply(&json!({}), &patch), Err(Problem::Failed(_))));
        assert!(matches!(apply(&json!({}), &json!({})), Err(Problem::Malformed(_))));
    }
}
