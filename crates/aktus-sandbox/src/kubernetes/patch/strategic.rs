//! Kubernetes' strategic merge patch: lists merge by the key that their type names.

use serde_json::{Map, Value};

use crate::kubernetes::merge::{equal, go_value};
use crate::kubernetes::schema::{PatchStrategy, Schema, Type, TypeId, Typed};

/// `target` with `patch` laid over it.
pub(crate) fn apply(typed: &Typed, target: &Value, patch: &Value) -> Result<Value, String> {
    let (Value::Object(target), Value::Object(patch)) = (target, patch) else {
        return Err("the body of a strategic merge patch must be an object".to_owned());
    };
    maps(&typed.schema, typed.root, target, patch).map(Value::Object)
}

fn strategy(schema: &Schema, id: TypeId, name: &str) -> Option<PatchStrategy> {
    match schema.get(id) {
        Type::Struct { fields, .. } => fields.get(name).map(|field| field.patch.clone()),
        _ => None,
    }
}

fn maps(
    schema: &Schema,
    id: TypeId,
    target: &Map<String, Value>,
    patch: &Map<String, Value>,
) -> Result<Map<String, Value>, String> {
    match patch.get("$patch").and_then(Value::as_str) {
        Some("replace") => {
            let mut out = patch.clone();
            out.remove("$patch");
            return Ok(out);
        }
        Some("delete") => return Ok(Map::new()),
        Some("merge") | None => {}
        Some(other) => return Err(format!("unrecognized directive {other:?} in $patch")),
    }
    let mut out = target.clone();
    if let Some(kept) = patch.get("$retainKeys").and_then(Value::as_array) {
        out.retain(|name, _| kept.iter().any(|key| key.as_str() == Some(name)));
    }
    for (name, value) in patch {
        if name == "$patch" || name == "$retainKeys" || name.starts_with("$setElementOrder/") {
            continue;
        }
        if let Some(field) = name.strip_prefix("$deleteFromPrimitiveList/") {
            let gone = value.as_array().map_or(&[][..], Vec::as_slice);
            if let Some(Value::Array(list)) = out.get_mut(field) {
                list.retain(|item| !gone.iter().any(|value| equal(value, item)));
            }
            continue;
        }
        if value.is_null() {
            out.remove(name);
            continue;
        }
        let below = schema.field(id, name);
        let merged = match (out.get(name), value) {
            (Some(Value::Object(old)), Value::Object(new)) => match below {
                Some(below) => Value::Object(maps(schema, below, old, new)?),
                None => value.clone(),
            },
            (None, Value::Object(new)) => match below {
                Some(below) => Value::Object(maps(schema, below, &Map::new(), new)?),
                None => value.clone(),
            },
            (old, Value::Array(new)) => {
                let how = strategy(schema, id, name).unwrap_or_default();
                let order = patch.get(&format!("$setElementOrder/{name}"));
                let old = old.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                lists(schema, below, &how, old, new, order)?
            }
            _ => value.clone(),
        };
        out.insert(name.clone(), merged);
    }
    // An order alone sorts what is there.
    for (name, order) in patch {
        if let Some(field) = name.strip_prefix("$setElementOrder/")
            && !patch.contains_key(field)
            && let Some(Value::Array(list)) = out.get_mut(field)
        {
            let key = strategy(schema, id, field).and_then(|how| how.key);
            sort(list, order, key.as_deref());
        }
    }
    Ok(out)
}

fn lists(
    schema: &Schema,
    id: Option<TypeId>,
    how: &PatchStrategy,
    old: &[Value],
    new: &[Value],
    order: Option<&Value>,
) -> Result<Value, String> {
    let directive = |item: &Value| item.get("$patch").and_then(Value::as_str).map(str::to_owned);
    if new.iter().any(|item| directive(item).as_deref() == Some("replace")) {
        let rest = new.iter().filter(|item| directive(item).as_deref() != Some("replace"));
        return Ok(Value::Array(rest.cloned().collect()));
    }
    if !how.merge {
        return Ok(Value::Array(new.to_vec()));
    }
    let mut out = old.to_vec();
    let Some(key) = &how.key else {
        for item in new {
            if !out.iter().any(|old| equal(old, item)) {
                out.push(item.clone());
            }
        }
        if let Some(order) = order {
            sort(&mut out, order, None);
        }
        return Ok(Value::Array(out));
    };
    let item_type = id.and_then(|id| match schema.get(id) {
        Type::List { item, .. } => Some(*item),
        _ => None,
    });
    // What the patch names comes in its order; what only the object has is kept between.
    let identity = |item: &Value| item.get(key).cloned().unwrap_or(Value::Null);
    let mut named = Vec::with_capacity(new.len());
    for item in new {
        if item.get(key).is_none() {
            return Err(format!("map: {} does not contain declared merge key: {key}", go_value(item)));
        }
        let same = |old: &&Value| equal(&identity(old), &identity(item));
        if directive(item).as_deref() == Some("delete") {
            out.retain(|old| !same(&old));
            continue;
        }
        let merged = match (out.iter().find(same), item_type, item) {
            (Some(Value::Object(before)), Some(item_type), Value::Object(change)) => {
                Value::Object(maps(schema, item_type, before, change)?)
            }
            (None, Some(item_type), Value::Object(change)) => {
                Value::Object(maps(schema, item_type, &Map::new(), change)?)
            }
            _ => item.clone(),
        };
        named.push(merged);
    }
    let (mut kept, mut moved): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
    for item in &out {
        let is_named = named.iter().any(|other| equal(&identity(other), &identity(item)));
        let ordered = order
            .and_then(Value::as_array)
            .is_some_and(|order| order.iter().any(|wanted| equal(&identity(wanted), &identity(item))));
        match (is_named, ordered) {
            (true, _) => {}
            (false, true) => moved.push(item.clone()),
            (false, false) => kept.push(item.clone()),
        }
    }
    named.extend(moved);
    if let Some(order) = order {
        sort(&mut named, order, Some(key));
    }
    let place = |item: &Value| old.iter().position(|o| equal(&identity(o), &identity(item)));
    let mut merged = Vec::with_capacity(named.len() + kept.len());
    let (mut left, mut right) = (named.into_iter().peekable(), kept.into_iter().peekable());
    loop {
        let right_first = match (left.peek(), right.peek()) {
            (Some(l), Some(r)) => {
                matches!((place(l), place(r)), (Some(l), Some(r)) if r < l)
            }
            (None, Some(_)) => true,
            _ => false,
        };
        let Some(item) = (if right_first { right.next() } else { left.next() }) else { break };
        merged.push(item);
    }
    Ok(Value::Array(merged))
}

/// Sorts what the order names to where it names it; the rest keeps its place at the end.
fn sort(list: &mut [Value], order: &Value, key: Option<&str>) {
    let Value::Array(order) = order else { return };
    let place = |item: &Value| {
        order
            .iter()
            .position(|wanted| match key {
                Some(key) => match (wanted.get(key), item.get(key)) {
                    (Some(a), Some(b)) => equal(a, b),
                    _ => false,
                },
                None => equal(wanted, item),
            })
            .unwrap_or(order.len())
    };
    list.sort_by_key(place);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(target: &Value, patch: &Value, expected: &Value) {
        let typed = Typed::built_in("core.v1.PodSpec");
        assert_eq!(apply(&typed, target, patch).unwrap(), *expected);
    }

    #[test]
    fn containers_merge_by_name() {
        check(
            &json!({"containers": [{"name": "a", "image": "1", "args": ["x"]}, {"name": "b"}]}),
            &json!({"containers": [{"name": "a", "image": "2", "args": ["y"]}, {"name": "b", "$patch": "delete"}, {"name": "c"}]}),
            &json!({"containers": [{"name": "a", "image": "2", "args": ["y"]}, {"name": "c"}]}),
        );
    }

    #[test]
    fn directives_replace_delete_and_order() {
        check(
            &json!({"volumes": [{"name": "a", "emptyDir": {}}, {"name": "b"}]}),
            &json!({"volumes": [{"name": "a", "hostPath": {"path": "/x"}, "$retainKeys": ["name", "hostPath"]}], "$setElementOrder/volumes": [{"name": "b"}, {"name": "a"}]}),
            &json!({"volumes": [{"name": "b"}, {"name": "a", "hostPath": {"path": "/x"}}]}),
        );
        check(
            &json!({"nodeSelector": {"a": "1"}}),
            &json!({"nodeSelector": {"$patch": "replace", "b": "2"}}),
            &json!({"nodeSelector": {"b": "2"}}),
        );
    }
}
