//! Which fields does an object set?

use serde_json::Value;

use super::{Shape, element_of, shape_of};
use crate::kubernetes::fields::{Element, FieldSet};
use crate::kubernetes::schema::{Schema, TypeId};

/// The set of all fields in `value`.
pub(crate) fn to_set(schema: &Schema, id: TypeId, value: &Value) -> FieldSet {
    let mut set = FieldSet::default();
    walk(schema, id, value, &mut Vec::new(), &mut set);
    set
}

fn walk(schema: &Schema, id: TypeId, value: &Value, path: &mut Vec<Element>, set: &mut FieldSet) {
    match (shape_of(schema, id, value), value) {
        (Shape::Map, Value::Object(map)) => {
            for (name, child) in map {
                path.push(Element::Field(name.clone()));
                match schema.field(id, name) {
                    Some(below) => walk(schema, below, child, path, set),
                    None => set.insert(path),
                }
                let empty = match child {
                    Value::Null => true,
                    Value::Object(map) => map.is_empty(),
                    _ => false,
                };
                if empty || !schema.names_field(id, name) {
                    set.insert(path);
                }
                path.pop();
            }
        }
        (Shape::List { item, items }, Value::Array(list)) => {
            let elements: Vec<Option<Element>> =
                list.iter().map(|child| element_of(schema, item, items, child).ok()).collect();
            for (index, (child, element)) in list.iter().zip(&elements).enumerate() {
                let Some(element) = element else { continue };
                let duplicate =
                    elements.iter().enumerate().any(|(other, found)| other != index && found.as_ref() == Some(element));
                path.push(element.clone());
                // Items that share a key are owned together, as one leaf.
                if !duplicate {
                    walk(schema, item, child, path, set);
                }
                set.insert(path);
                path.pop();
            }
        }
        (Shape::List { .. }, _) => {}
        _ => set.insert(path),
    }
}
