//! How does JSON get in and out? `toJson`, `mustToJson`, `fromJson`, `fromJsonArray`.

use aktus_yaml::{Limits, json};

use super::convert::{ValueBuilder, does_not_fit, write_json};
use crate::function::{CallError, Context};
use crate::value::{List, Map, Str, Type, Value};

/// JSON on one line; nothing if the value has none.
pub(super) fn to_json(context: &mut Context<'_>, value: &Value) -> Result<String, CallError> {
    Ok(write_json(context, value, json::Style::Compact)?.unwrap_or_default())
}

/// JSON on one line; an error if the value has none.
pub(super) fn must_to_json(context: &mut Context<'_>, value: &Value) -> Result<String, CallError> {
    write_json(context, value, json::Style::Compact)?.map_err(CallError::Message)
}

/// The map that a text is JSON of; with the error under `Error` if it is not.
pub(super) fn from_json(text: &Str) -> Map {
    match json::read(text, &mut ValueBuilder, &Limits::JSON) {
        Ok(value) => into_map(value),
        Err(error) => Err(refusal(&error, text, Type::ANY_MAP)),
    }
    .unwrap_or_else(error_map)
}

/// The list that a text is JSON of; with the error as its only element if it is not.
pub(super) fn from_json_array(text: &Str) -> List {
    match json::read(text, &mut ValueBuilder, &Limits::JSON) {
        Ok(value) => into_list(value),
        Err(error) => Err(refusal(&error, text, Type::ANY_LIST)),
    }
    .unwrap_or_else(error_list)
}

/// The text of an error. Go does not look at the size of a number where it wants something else.
fn refusal(error: &json::Error, text: &[u8], wanted: Type) -> String {
    let first = text.trim_ascii_start().first();
    match error {
        json::Error::Number { .. } if first.is_none_or(|first| !matches!(first, b'{' | b'[')) => {
            does_not_fit(&Value::Float(0.0), wanted)
        }
        _ => error.to_string(),
    }
}

/// The value as the map that Go reads into; null makes it nil.
pub(super) fn into_map(value: Value) -> Result<Map, String> {
    match value {
        Value::Map(map) => Ok(map),
        Value::Nil => Ok(Map::nil(&Type::Any)),
        other => Err(does_not_fit(&other, Type::ANY_MAP)),
    }
}

/// The value as the list that Go reads into; null makes it nil.
pub(super) fn into_list(value: Value) -> Result<List, String> {
    match value {
        Value::List(list) => Ok(list),
        Value::Nil => Ok(List::nil(&Type::Any)),
        other => Err(does_not_fit(&other, Type::ANY_LIST)),
    }
}

pub(super) fn error_map(error: String) -> Map {
    [(Str::from("Error"), Value::from(error))].into_iter().collect()
}

pub(super) fn error_list(error: String) -> List {
    List::new(vec![Value::from(error)])
}
