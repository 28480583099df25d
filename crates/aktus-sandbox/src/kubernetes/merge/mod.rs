//! How do two objects of one type merge, compare and shrink, field by field?
//!
//! The rules follow the `typed` package of `sigs.k8s.io/structured-merge-diff`.

mod combine;
mod compare;
mod remove;
mod to_set;
mod validate;

use serde_json::Value;

pub(crate) use combine::merge;
pub(crate) use compare::{Comparison, compare};
pub(crate) use remove::remove;
pub(crate) use to_set::to_set;
pub(crate) use validate::{go_kind, go_value, problems_text, validate};

use super::fields::Element;
use super::schema::{Items, Schema, Type, TypeId};

/// Objects nested deeper than this are refused before any walk starts.
pub(crate) const MAX_DEPTH: usize = 100;

/// The shape that a walk takes at one place: the type's, narrowed to what the value is.
enum Shape<'a> {
    /// One value, owned as a whole.
    Leaf,
    /// A list whose items are told apart.
    List { item: TypeId, items: &'a Items },
    /// A map or struct walked key by key.
    Map,
}

fn shape_of<'a>(schema: &'a Schema, id: TypeId, value: &Value) -> Shape<'a> {
    match (schema.get(id), value) {
        (Type::List { item, items }, Value::Array(_) | Value::Null) => match items {
            Items::Atomic => Shape::Leaf,
            items => Shape::List { item: *item, items },
        },
        (Type::Struct { atomic: false, .. } | Type::Map { atomic: false, .. } | Type::Deduced, Value::Object(_)) => {
            Shape::Map
        }
        _ => Shape::Leaf,
    }
}

/// The path element of a list item, or why it has none.
fn element_of(schema: &Schema, item: TypeId, items: &Items, value: &Value) -> Result<Element, String> {
    match items {
        Items::Atomic => Err("invalid indexing of non-associative list".to_owned()),
        Items::Set => match value {
            Value::Object(_) => Err("associative list without keys has an element that's a map type".to_owned()),
            Value::Array(_) => Err("not supported: associative list with lists as elements".to_owned()),
            Value::Null => Err("associative list without keys has an element that's an explicit null".to_owned()),
            scalar => Ok(Element::Value(scalar.clone())),
        },
        Items::Map(keys) => {
            let map = match value {
                Value::Object(map) => map,
                Value::Null => {
                    return Err("associative list with keys may not have a null element".to_owned());
                }
                _ => {
                    return Err("associative list with keys may not have non-map elements".to_owned());
                }
            };
            let mut fields = Vec::with_capacity(keys.len());
            for key in keys {
                if let Some(value) = map.get(key) {
                    fields.push((key.clone(), value.clone()));
                } else if let Type::Struct { fields: named, .. } = schema.get(item)
                    && let Some(default) = named.get(key).and_then(|field| field.default.clone())
                {
                    fields.push((key.clone(), default));
                }
            }
            if fields.is_empty() {
                let keys: Vec<String> = keys.iter().map(|key| format!("{key:?}")).collect();
                return Err(format!(
                    "associative list with keys has an element that omits all key fields [{}] \
                     (and doesn't have default values for any key fields)",
                    keys.join(" ")
                ));
            }
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            Ok(Element::Key(fields))
        }
    }
}

/// Equality of values as the merge rules see it: 1 equals 1.0.
pub(crate) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a == b,
            _ => a == b || a.as_f64() == b.as_f64(),
        },
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((a_key, a), (b_key, b))| a_key == b_key && equal(a, b))
        }
        _ => a == b,
    }
}
