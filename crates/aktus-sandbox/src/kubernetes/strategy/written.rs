//! How does Go write an object back that it read?
//!
//! The API server keeps built-in objects as Go structs: zero values of fields with `omitempty`
//! disappear, fields without it appear, and quantities get their canonical form.

use serde_json::{Map, Value};

use super::quantity;
use super::times::{self, Form};
use crate::kubernetes::schema::{Field, Presence, Scalar, Schema, Type, TypeId};

/// Gives an object the form that Go would write it in.
pub(crate) fn normalize(schema: &Schema, id: TypeId, value: &mut Value) {
    match (schema.get(id), value) {
        (Type::Struct { fields, .. }, Value::Object(map)) => {
            for (name, field) in fields {
                match map.get_mut(name) {
                    Some(child) => {
                        normalize(schema, field.type_id, child);
                        let gone = match field.presence {
                            Presence::OmittedWhenZero => is_zero(child),
                            Presence::WhenSet => child.is_null(),
                            Presence::Always | Presence::NullWhenUnset => false,
                        };

                        if gone {
                            map.remove(name);
                        }
                    }
                    None => {
                        if let Some(value) = unset(schema, field) {
                            map.insert(name.clone(), value);
                        }
                    }
                }
            }
        }
        (Type::List { item, .. }, Value::Array(list)) => {
            for child in list {
                normalize(schema, *item, child);
            }
        }
        (Type::Map { item, .. }, Value::Object(map)) => {
            for child in map.values_mut() {
                normalize(schema, *item, child);
            }
        }
        (Type::Scalar(Scalar::Quantity), value) => {
            let text = match &*value {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            };
            if let Some(canonical) = text.and_then(|text| quantity::canonical(&text)) {
                *value = canonical.into();
            }
        }
        (Type::Scalar(scalar @ (Scalar::Time | Scalar::MicroTime)), value) => {
            let form = if *scalar == Scalar::Time { Form::Seconds } else { Form::Micro };
            let read = value.as_str().and_then(|text| times::parse(text, form).ok());
            if let Some(at) = read {
                *value = times::written(at, form).into();
            }
        }
        (Type::Scalar(Scalar::IntOrString), value) => {
            if let Some(number) = value.as_f64().filter(|_| value.is_f64()) {
                // Whole numbers only: the decoder has refused the rest.
                if let Ok(whole) = format!("{number:.0}").parse::<i64>() {
                    *value = whole.into();
                }
            }
        }
        _ => {}
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
    }
}

/// Turns empty lists and maps that are always written into null: what they are kept in has no
/// empty ones.
pub(crate) fn empty_to_null(schema: &Schema, id: TypeId, value: &mut Value) {
    match (schema.get(id), value) {
        (Type::Struct { fields, .. }, Value::Object(map)) => {
            for (name, child) in map {
                let Some(field) = fields.get(name) else { continue };
                let empty = match (schema.get(field.type_id), &*child) {
                    (Type::List { .. }, Value::Array(list)) => list.is_empty(),
                    (Type::Map { .. }, Value::Object(map)) => map.is_empty(),
                    _ => false,
                };
                if empty && field.presence == Presence::Always {
                    *child = Value::Null;
                } else {
                    empty_to_null(schema, field.type_id, child);
                }
            }
        }
        (Type::List { item, .. }, Value::Array(list)) => {
            for child in list {
                empty_to_null(schema, *item, child);
            }
        }
        (Type::Map { item, .. }, Value::Object(map)) => {
            for child in map.values_mut() {
                empty_to_null(schema, *item, child);
            }
        }
        _ => {}
    }
}

/// What Go writes for a field that was not set.
fn unset(schema: &Schema, field: &Field) -> Option<Value> {
    match field.presence {
        Presence::WhenSet | Presence::OmittedWhenZero => None,
        Presence::NullWhenUnset => Some(Value::Null),
        Presence::Always => Some(match schema.get(field.type_id) {
            Type::Scalar(Scalar::Bool) => false.into(),
            Type::Scalar(Scalar::Int32 | Scalar::Int64 | Scalar::Float | Scalar::IntOrString) => 0.into(),
            Type::Scalar(Scalar::Quantity) => "0".into(),
            Type::Scalar(Scalar::String) => "".into(),
            Type::Struct { .. } => {
                let mut value = Value::Object(Map::new());
                normalize(schema, field.type_id, &mut value);
                value
            }
            _ => Value::Null,
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn zero_values_go_and_required_ones_come() {
        let schema = Schema::built_in();
        let mut pod = json!({
            "containers": [{
                "name": "a",
                "tty": false,
                "args": [],
                "securityContext": {},
                "resources": {"limits": {"cpu": 1, "memory": "1024Mi"}},
            }],
            "hostNetwork": false,
            "terminationGracePeriodSeconds": 0,
        });
        normalize(schema, schema.named("core.v1.PodSpec").unwrap(), &mut pod);
        assert_eq!(
            pod,
            json!({
                "containers": [{
                    "name": "a",
                    "securityContext": {},
                    "resources": {"limits": {"cpu": "1", "memory": "1Gi"}},
                }],
                "terminationGracePeriodSeconds": 0,
            })
        );
    }
}
