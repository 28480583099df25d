//! What is wrong with a custom object, by the schema of its definition?

use serde_json::Value;

use super::items;
use crate::kubernetes::status::{FieldError, FieldErrorKind};

/// Checks an object against its `openAPIV3Schema`; patterns, formats and CEL rules are not
/// evaluated.
pub(super) fn check(schema: &Value, object: &Value, errors: &mut Vec<FieldError>) {
    walk(schema, object, "", errors);
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn fits(wanted: &str, value: &Value) -> bool {
    match wanted {
        "" => true,
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|n| n.fract() == 0.0),
        wanted => wanted == kind_of(value),
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn walk(schema: &Value, value: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let flag = |name: &str| schema.get(name).and_then(Value::as_bool).unwrap_or(false);
    if value.is_null() && flag("nullable") {
        return;
    }
    if flag("x-kubernetes-int-or-string") {
        if !(value.is_string() || value.is_i64() || value.is_u64()) {
            wrong_type(path, "integer,string", value, errors);
        }
        return;
    }
    let wanted = schema.get("type").and_then(Value::as_str).unwrap_or("");
    if !fits(wanted, value) {
        wrong_type(path, wanted, value, errors);
        return;
    }
    check_enum(schema, value, path, errors);
    match value {
        Value::Object(map) => {
            for name in items(schema, "required").iter().filter_map(Value::as_str) {
                if !map.contains_key(name) {
                    errors.push(FieldError::required(join(path, name), ""));
                }
            }
            let additional = schema.get("additionalProperties").filter(|rest| rest.is_object());
            for (name, child) in map {
                if path.is_empty() && matches!(name.as_str(), "metadata" | "apiVersion" | "kind") {
                    continue;
                }
                let property = schema.get("properties").and_then(|all| all.get(name));
                if let Some(schema) = property.or(additional) {
                    walk(schema, child, &join(path, name), errors);
                }
            }
        }
        Value::Array(list) => {
            count(schema, list.len(), path, errors);
            if let Some(schema) = schema.get("items") {
                for (index, child) in list.iter().enumerate() {
                    walk(schema, child, &format!("{path}[{index}]"), errors);
                }
            }
        }
        Value::String(text) => {
            let length = text.chars().count();
            if let Some(limit) = limit(schema, "maxLength")
                && length > limit
            {
                errors.push(FieldError::too_long(path, limit));
            }
            if let Some(least) = limit(schema, "minLength")
                && length < least
            {
                let detail = format!("{path} in body should be at least {least} chars long");
                errors.push(FieldError::invalid(path, value, &detail));
            }
        }
        Value::Number(_) => bounds(schema, value, path, errors),
        _ => {}
    }
}

fn wrong_type(path: &str, wanted: &str, value: &Value, errors: &mut Vec<FieldError>) {
    let kind = kind_of(value);
    errors.push(FieldError {
        kind: FieldErrorKind::TypeInvalid,
        field: path.to_owned(),
        body: format!("Invalid value: {kind:?}: {path} in body must be of type {wanted}: {kind:?}"),
    });
}

fn check_enum(schema: &Value, value: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let allowed = items(schema, "enum");
    if allowed.is_empty() || allowed.iter().any(|item| crate::kubernetes::merge::equal(item, value)) {
        return;
    }
    let texts: Vec<String> =
        allowed.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect();
    let quoted: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
    errors.push(FieldError {
        kind: FieldErrorKind::NotSupported,
        field: path.to_owned(),
        body: format!("Unsupported value: {value}: supported values: {}", quoted.join(", ")),
    });
}

fn limit(schema: &Value, name: &str) -> Option<usize> {
    schema.get(name).and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok())
}

fn count(schema: &Value, length: usize, path: &str, errors: &mut Vec<FieldError>) {
    if let Some(limit) = limit(schema, "maxItems")
        && length > limit
    {
        errors.push(FieldError {
            kind: FieldErrorKind::TooMany,
            field: path.to_owned(),
            body: format!("Too many: {length}: must have at most {limit} items"),
        });
    }
    if let Some(least) = limit(schema, "minItems")
        && length < least
    {
        let detail = format!("{path} in body should have at least {least} items");
        errors.push(FieldError::invalid(path, &Value::from(length), &detail));
    }
}

fn bounds(schema: &Value, value: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let Some(number) = value.as_f64() else { return };
    let exclusive = |name: &str| schema.get(name).and_then(Value::as_bool).unwrap_or(false);
    if let Some(most) = schema.get("maximum")
        && let Some(bound) = most.as_f64()
        && (number > bound || (exclusive("exclusiveMaximum") && number >= bound))
    {
        let words = if exclusive("exclusiveMaximum") { "less than" } else { "less than or equal to" };
        let detail = format!("{path} in body should be {words} {most}");
        errors.push(FieldError::invalid(path, value, &detail));
    }
    if let Some(least) = schema.get("minimum")
        && let Some(bound) = least.as_f64()
        && (number < bound || (exclusive("exclusiveMinimum") && number <= bound))
    {
        let words = if exclusive("exclusiveMinimum") { "greater than" } else { "greater than or equal to" };
        let detail = format!("{path} in body should be {words} {least}");
        errors.push(FieldError::invalid(path, value, &detail));
    }
}
