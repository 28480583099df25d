//! What is the live object with the applied one laid over it?

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{Shape, element_of, shape_of};
use crate::kubernetes::fields::Element;
use crate::kubernetes::schema::{Items, Schema, TypeId};

/// Lays `right` over `left`: maps merge by key, lists by their items' keys, the rest is replaced.
pub(crate) fn merge(schema: &Schema, id: TypeId, left: &Value, right: &Value) -> Value {
    combine(schema, id, Some(left), Some(right)).unwrap_or(Value::Null)
}

fn combine(schema: &Schema, id: TypeId, left: Option<&Value>, right: Option<&Value>) -> Option<Value> {
    let (left, right) = match (left, right) {
        (None, None) => return None,
        // One side alone is kept as it is.
        (Some(only), None) | (None, Some(only)) => return Some(only.clone()),
        (Some(left), Some(right)) => (left, right),
    };
    match (left, right) {
        (Value::Object(left_map), Value::Object(right_map))
            if matches!(shape_of(schema, id, right), Shape::Map) && !(left_map.is_empty() && right_map.is_empty()) =>
        {
            let names: BTreeSet<&String> = left_map.keys().chain(right_map.keys()).collect();
            let mut out = Map::new();
            for name in names {
                let (left, right) = (left_map.get(name), right_map.get(name));
                let merged = match schema.field(id, name) {
                    Some(below) => combine(schema, below, left, right),
                    None => right.or(left).cloned(),
                };
                if let Some(merged) = merged {
                    out.insert(name.clone(), merged);
                }
            }
            Some(Value::Object(out))
        }
        // An explicit null laid over a map or list that merges leaves it as it is.
        (Value::Object(map), Value::Null) if matches!(shape_of(schema, id, left), Shape::Map) && !map.is_empty() => {
            Some(left.clone())
        }
        (Value::Array(left_list), Value::Array(right_list)) if !(left_list.is_empty() && right_list.is_empty()) => {
            match shape_of(schema, id, right) {
                Shape::List { item, items } => Some(Value::Array(lists(schema, item, items, left_list, right_list))),
                _ => Some(right.clone()),
            }
        }
        _ => Some(right.clone()),
    }
}

/// Merges two keyed lists; the order is that of `right`, with items only `left` has kept where
/// they stood between shared ones.
fn lists(schema: &Schema, item: TypeId, items: &Items, left: &[Value], right: &[Value]) -> Vec<Value> {
    let index = |list: &[Value]| -> Vec<(Element, usize)> {
        list.iter()
            .enumerate()
            .filter_map(|(at, value)| Some((element_of(schema, item, items, value).ok()?, at)))
            .collect()
    };
    let (left_elements, right_elements) = (index(left), index(right));
    // A key that occurs twice is not merged with the other side.
    let observe = |elements: &[(Element, usize)]| -> BTreeMap<Element, Option<usize>> {
        let mut seen = BTreeMap::new();
        for (element, at) in elements {
            seen.entry(element.clone()).and_modify(|slot| *slot = None).or_insert(Some(*at));
        }
        seen
    };
    let (left_seen, right_seen) = (observe(&left_elements), observe(&right_elements));
    let left_value = |element: &Element| left_seen.get(element).copied().flatten().and_then(|at| left.get(at));
    let right_value = |element: &Element| right_seen.get(element).copied().flatten().and_then(|at| right.get(at));
    let mut shared = right_elements.iter().map(|(element, _)| element).filter(|e| left_seen.contains_key(*e));
    let mut next_shared = shared.next();
    let mut merged: BTreeSet<&Element> = BTreeSet::new();
    let mut out = Vec::with_capacity(left.len().max(right.len()));
    let (mut l, mut r) = (0, 0);
    loop {
        match (left_elements.get(l), right_elements.get(r)) {
            (None, None) => break,
            (Some((element, _)), Some((other, _))) if element == other => {
                merged.insert(other);
                out.extend(combine(schema, item, left_value(element), right_value(element)));
                l += 1;
                r += 1;
                next_shared = shared.next();
                continue;
            }
            (Some((element, _)), Some(_))
                if right_seen.contains_key(element) && next_shared.is_some_and(|next| next != element) =>
            {
                // Shared, but its turn comes later.
                l += 1;
                continue;
            }
            _ => {}
        }
        if let Some((element, at)) = left_elements.get(l) {
            if !right_seen.contains_key(element) {
                out.extend(combine(schema, item, left.get(*at), None));
                l += 1;
                continue;
            }
            if merged.contains(element) {
                l += 1;
            }
        }
        if let Some((element, _)) = right_elements.get(r) {
            merged.insert(element);
            out.extend(combine(schema, item, left_value(element), right_value(element)));
            r += 1;
            if next_shared == Some(element) {
                next_shared = shared.next();
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(name: &str, left: &Value, right: &Value, expected: &Value) {
        let schema = Schema::built_in();
        let id = schema.named(name).unwrap();
        assert_eq!(merge(schema, id, left, right), *expected);
    }

    #[test]
    fn containers_merge_by_name_and_keep_what_only_the_live_object_has() {
        check(
            "core.v1.PodSpec",
            &json!({"containers": [{"name": "side", "image": "s"}, {"name": "main", "image": "1", "tty": true}]}),
            &json!({"containers": [{"name": "main", "image": "2"}]}),
            &json!({"containers": [{"name": "side", "image": "s"}, {"name": "main", "image": "2", "tty": true}]}),
        );
    }

    #[test]
    fn the_applied_order_wins_for_shared_items() {
        check(
            "core.v1.PodSpec",
            &json!({"volumes": [{"name": "a"}, {"name": "b"}, {"name": "x"}]}),
            &json!({"volumes": [{"name": "b"}, {"name": "new"}, {"name": "a"}]}),
            &json!({"volumes": [{"name": "b"}, {"name": "x"}, {"name": "new"}, {"name": "a"}]}),
        );
    }

    #[test]
    fn atomic_lists_and_maps_are_replaced() {
        check(
            "core.v1.Container",
            &json!({"command": ["a", "b"]}),
            &json!({"command": ["c"]}),
            &json!({"command": ["c"]}),
        );
        check(
            "core.v1.ServiceSpec",
            &json!({"selector": {"a": "1"}}),
            &json!({"selector": {"b": "2"}}),
            &json!({"selector": {"b": "2"}}),
        );
    }

    #[test]
    fn a_port_without_protocol_is_the_tcp_port() {
        check(
            "core.v1.ServiceSpec",
            &json!({"ports": [{"port": 80, "protocol": "TCP", "nodePort": 30000}]}),
            &json!({"ports": [{"port": 80}]}),
            &json!({"ports": [{"port": 80, "protocol": "TCP", "nodePort": 30000}]}),
        );
    }
}
