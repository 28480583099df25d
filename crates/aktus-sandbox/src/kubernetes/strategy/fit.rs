//! Does an object fit its kind's fields and types, as Kubernetes' decoder demands?

use std::fmt::Write as _;

use serde_json::Value;

use crate::kubernetes::api::FieldValidation;
use crate::kubernetes::resources::Resource;
use crate::kubernetes::schema::{Scalar, Schema, Type, TypeId};
use crate::kubernetes::status::Status;

/// Checks types, drops nulls and unknown fields; unknown fields are refused or warned of as asked.
pub(crate) fn fit(
    resource: &Resource,
    object: &mut Value,
    validation: FieldValidation,
) -> Result<Vec<String>, Status> {
    let unknown = unknown_fields(resource, object, validation)?;
    if resource.custom.is_some() {
        return Ok(unknown);
    }
    let schema = &resource.typed.schema;
    if let Some(problem) = wrong_type(schema, resource.typed.root, object, &resource.kind, "") {
        return Err(Status::bad_request(format!(
            "{} in version {:?} cannot be handled as a {}: {problem}",
            resource.kind, resource.version, resource.kind
        )));
    }
    Ok(unknown)
}

/// Drops fields that the kind does not have.
pub(crate) fn unknown_fields(
    resource: &Resource,
    object: &mut Value,
    validation: FieldValidation,
) -> Result<Vec<String>, Status> {
    let mut unknown = Vec::new();
    prune(&resource.typed.schema, resource.typed.root, object, &mut String::new(), &mut unknown);
    let texts: Vec<String> = unknown.iter().map(|path| format!("unknown field {path:?}")).collect();
    match validation {
        FieldValidation::Strict if !texts.is_empty() => Err(Status::bad_request(format!(
            "{} in version {:?} cannot be handled as a {}: strict decoding error: {}",
            resource.kind,
            resource.version,
            resource.kind,
            texts.join(", ")
        ))),
        FieldValidation::Warn => Ok(texts),
        _ => Ok(Vec::new()),
    }
}

fn prune(
    schema: &Schema,
    id: TypeId,
    value: &mut Value,
    path: &mut String,
    unknown: &mut Vec<String>,
) {
    match value {
        Value::Object(map) => {
            let nulls = matches!(schema.get(id), Type::Struct { .. });
            map.retain(|name, child| {
                let Some(below) = schema.field(id, name) else {
                    if matches!(schema.get(id), Type::Struct { .. }) {
                        unknown.push(join(path, name));
                        return false;
                    }
                    return true;
                };
                if nulls && child.is_null() && schema.names_field(id, name) {
                    return false;
                }
                let length = path.len();
                *path = join(path, name);
                prune(schema, below, child, path, unknown);
                path.truncate(length);
                true
            });
        }
        Value::Array(list) => {
            let Type::List { item, .. } = schema.get(id) else { return };
            for (index, child) in list.iter_mut().enumerate() {
                let length = path.len();
                // Writing to a string cannot fail.
                let _written = write!(path, "[{index}]");
                prune(schema, *item, child, path, unknown);
                path.truncate(length);
            }
        }
        _ => {}
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// A JSON value's kind as Go's decoder names it.
pub(crate) fn json_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The first value that does not fit its type, in the words of Go's decoder.
fn wrong_type(
    schema: &Schema,
    id: TypeId,
    value: &Value,
    owner: &str,
    path: &str,
) -> Option<String> {
    let complain = |go_type: &str| {
        Some(format!(
            "json: cannot unmarshal {} into Go struct field {owner}.{path} of type {go_type}",
            json_kind(value)
        ))
    };
    match (schema.get(id), value) {
        (_, Value::Null) | (Type::Any | Type::Deduced, _) => None,
        (Type::Scalar(scalar), value) => {
            let fits = match scalar {
                Scalar::String | Scalar::Bytes | Scalar::Time => value.is_string(),
                Scalar::Bool => value.is_boolean(),
                Scalar::Int32 | Scalar::Int64 => value.is_i64() || value.is_u64(),
                Scalar::Float => value.is_number(),
                Scalar::IntOrString | Scalar::Quantity => value.is_string() || value.is_number(),
            };
            if fits { None } else { complain(scalar.go_type()) }
        }
        (Type::List { item, .. }, Value::Array(list)) => {
            list.iter().find_map(|child| wrong_type(schema, *item, child, owner, path))
        }
        (Type::List { .. }, _) => complain("[]interface {}"),
        (Type::Struct { name: owner, .. }, Value::Object(map)) => {
            map.iter().find_map(|(name, child)| {
                let below = schema.field(id, name)?;
                wrong_type(schema, below, child, owner, &join(path, name))
            })
        }
        (Type::Map { item, .. }, Value::Object(map)) => {
            map.values().find_map(|child| wrong_type(schema, *item, child, owner, path))
        }
        (Type::Struct { name, .. }, _) => complain(&format!("v1.{name}")),
        (Type::Map { .. }, _) => complain("map[string]string"),
    }
}
