//! What is left of an object when fields are taken out?

use serde_json::{Map, Value};

use super::{Shape, element_of, shape_of};
use crate::kubernetes::fields::{Element, FieldSet};
use crate::kubernetes::schema::{Schema, TypeId};

/// `value` without the fields of `set`; containers that become empty stay as empty containers.
pub(crate) fn remove(schema: &Schema, id: TypeId, value: &Value, set: &FieldSet) -> Value {
    match (shape_of(schema, id, value), value) {
        (Shape::Map, Value::Object(map)) => {
            let mut out = Map::new();
            for (name, child) in map {
                let element = Element::Field(name.clone());
                if set.has(&element) {
                    continue;
                }
                let kept = match (set.below(&element), schema.field(id, name)) {
                    (Some(below), Some(child_id)) => remove(schema, child_id, child, below),
                    _ => child.clone(),
                };
                out.insert(name.clone(), kept);
            }
            Value::Object(out)
        }
        (Shape::List { item, items }, Value::Array(list)) => {
            let mut out = Vec::with_capacity(list.len());
            for child in list {
                let Ok(element) = element_of(schema, item, items, child) else {
                    out.push(child.clone());
                    continue;
                };
                if set.has(&element) {
                    continue;
                }
                out.push(match set.below(&element) {
                    Some(below) => remove(schema, item, child, below),
                    None => child.clone(),
                });
            }
            Value::Array(out)
        }
        (_, Value::Object(_)) => Value::Object(Map::new()),
        (_, Value::Array(_)) => Value::Array(Vec::new()),
        _ => value.clone(),
    }
}
