//! Does an object fit its kind's fields and types, as Kubernetes' decoder demands?

use std::fmt::Write as _;

use base64::Engine as _;
use serde_json::Value;

use super::times::{self, Form};
use super::{quantity, written};
use crate::kubernetes::api::FieldValidation;
use crate::kubernetes::merge::go_kind;
use crate::kubernetes::resources::Resource;
use crate::kubernetes::schema::{Scalar, Schema, Type, TypeId};

/// Where an object comes from, which decides what is said about values that do not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A request's body.
    Body,
    /// The result of a server-side apply.
    Apply,
}

/// Checks types, drops nulls and unknown fields; unknown fields are refused or warned of as asked.
///
/// Answers with the warnings, or with what Go's decoder would say.
pub(crate) fn fit(
    resource: &Resource,
    object: &mut Value,
    validation: FieldValidation,
    source: Source,
) -> Result<Vec<String>, String> {
    let schema = &resource.typed.schema;
    let mut unknown = Vec::new();
    prune(schema, resource.typed.root, object, &mut String::new(), &mut unknown);
    let texts: Vec<String> = unknown.iter().map(|path| format!("unknown field {path:?}")).collect();
    if resource.custom.is_none() {
        if source == Source::Apply {
            wrap_numbers(schema, resource.typed.root, object);
        }
        if let Some(problem) = wrong_type(schema, resource.typed.root, object, &resource.kind, "", source) {
            return Err(problem);
        }
        written::normalize(schema, resource.typed.root, object);
    }
    match validation {
        FieldValidation::Strict if !texts.is_empty() => Err(format!("strict decoding error: {}", texts.join(", "))),
        FieldValidation::Warn => Ok(texts),
        _ => Ok(Vec::new()),
    }
}

fn prune(schema: &Schema, id: TypeId, value: &mut Value, path: &mut String, unknown: &mut Vec<String>) {
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

/// Numbers beyond 32 bits lose what does not fit, as Go's conversions do.
fn wrap_numbers(schema: &Schema, id: TypeId, value: &mut Value) {
    match (schema.get(id), value) {
        (Type::Scalar(Scalar::Int32), value) => {
            if let Some(number) = value.as_i64().filter(|number| i32::try_from(*number).is_err()) {
                let low = number.rem_euclid(1 << 32);
                *value = if low >= 1 << 31 { (low - (1 << 32)).into() } else { low.into() };
            }
        }
        (Type::Struct { .. } | Type::Map { .. }, Value::Object(map)) => {
            for (name, child) in map {
                if let Some(below) = schema.field(id, name) {
                    wrap_numbers(schema, below, child);
                }
            }
        }
        (Type::List { item, .. }, Value::Array(list)) => {
            for child in list {
                wrap_numbers(schema, *item, child);
            }
        }
        _ => {}
    }
}

/// The first value that does not fit its type, in the words of Go's decoder.
fn wrong_type(schema: &Schema, id: TypeId, value: &Value, owner: &str, path: &str, source: Source) -> Option<String> {
    let complain = |go_type: &str| {
        if source == Source::Apply {
            return Some(format!("cannot convert {} to {go_type}", go_kind(value)));
        }
        // Numbers that are no integers are shown, other values are not.
        let shown = match (go_type, value) {
            ("int32" | "int64", Value::Number(number)) => format!("number {number}"),
            _ => json_kind(value).to_owned(),
        };
        Some(format!("json: cannot unmarshal {shown} into Go struct field {owner}.{path} of type {go_type}"))
    };
    match (schema.get(id), value) {
        (_, Value::Null) | (Type::Any | Type::Deduced, _) => None,
        (Type::Scalar(Scalar::Quantity), Value::String(text)) if !quantity::is_quantity(text) => Some(
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'".to_owned(),
        ),
        (Type::Scalar(Scalar::Bytes), Value::String(text)) => {
            let decoded = base64::engine::general_purpose::STANDARD.decode(text);
            let problem = decoded.err().map(|error| base64_problem(&error, text))?;
            let prefix = if source == Source::Apply { "error decoding from json: " } else { "" };
            Some(format!("{prefix}{problem}"))
        }
        (Type::Scalar(Scalar::Time), Value::String(text)) => times::parse(text, Form::Seconds).err(),
        (Type::Scalar(Scalar::MicroTime), Value::String(text)) => times::parse(text, Form::Micro).err(),
        (Type::Scalar(Scalar::IntOrString), Value::Number(number)) => {
            let fits = number.as_i64().is_some_and(|number| i32::try_from(number).is_ok());
            if fits { None } else { complain("int32") }
        }
        (Type::Scalar(scalar), value) => {
            let fits = match scalar {
                Scalar::String | Scalar::Bytes | Scalar::Time | Scalar::MicroTime | Scalar::IntOrString => {
                    value.is_string()
                }
                Scalar::Bool => value.is_boolean(),
                Scalar::Int32 => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
                Scalar::Int64 => value.is_i64(),
                Scalar::Float => value.is_number(),
                Scalar::Quantity => value.is_string() || value.is_number(),
            };
            if fits { None } else { complain(scalar.go_type()) }
        }
        (Type::List { item, .. }, Value::Array(list)) => {
            list.iter().find_map(|child| wrong_type(schema, *item, child, owner, path, source))
        }
        (Type::Struct { name: owner, .. }, Value::Object(map)) => map.iter().find_map(|(name, child)| {
            let below = schema.field(id, name)?;
            wrong_type(schema, below, child, owner, &join(path, name), source)
        }),
        (Type::Map { item, .. }, Value::Object(map)) => {
            map.values().find_map(|child| wrong_type(schema, *item, child, owner, path, source))
        }
        (_, _) => complain(&go_type(schema, id)),
    }
}

/// A type as Go names it.
fn go_type(schema: &Schema, id: TypeId) -> String {
    match schema.get(id) {
        Type::Scalar(scalar) => scalar.go_type().to_owned(),
        Type::List { item, .. } => format!("[]{}", go_type(schema, *item)),
        Type::Map { item, .. } => format!("map[string]{}", go_type(schema, *item)),
        Type::Struct { name, .. } => format!("v1.{name}"),
        Type::Any | Type::Deduced => "interface {}".to_owned(),
    }
}

fn base64_problem(error: &base64::DecodeError, text: &str) -> String {
    let at = match error {
        base64::DecodeError::InvalidByte(at, _) | base64::DecodeError::InvalidLastSymbol(at, _) => *at,
        _ => text.len(),
    };
    format!("illegal base64 data at input byte {at}")
}
