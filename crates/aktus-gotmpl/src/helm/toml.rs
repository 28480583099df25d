//! How does TOML get in and out? `toToml`, `mustToToml`, `fromToml`.

use super::json::error_map;
use crate::function::{CallError, Context};
use crate::go::toml::{self, EncodeError};
use crate::limits::LimitError;
use crate::value::{Map, Str, Value};

/// TOML of a value, or the error's text if it has none.
pub(super) fn to_toml(context: &mut Context<'_>, value: &Value) -> Result<Vec<u8>, CallError> {
    Ok(write(context, value)?.unwrap_or_else(String::into_bytes))
}

/// TOML of a value; an error if it has none.
pub(super) fn must_to_toml(context: &mut Context<'_>, value: &Value) -> Result<Vec<u8>, CallError> {
    write(context, value)?.map_err(CallError::Message)
}

/// The inner error is Go's, for callers that turn it into text.
fn write(context: &mut Context<'_>, value: &Value) -> Result<Result<Vec<u8>, String>, CallError> {
    let limit = context.limits().value_bytes;
    match toml::encode(value, limit) {
        Ok(text) => {
            context.spend(text.len())?;
            Ok(Ok(text))
        }
        Err(EncodeError::Value(text)) => Ok(Err(text)),
        Err(EncodeError::Panic(text)) => Err(text.into()),
        Err(EncodeError::Length(limit)) => {
            Err(LimitError::Value { wanted: limit as u64 + 1, limit: limit as u64 }.into())
        }
        Err(EncodeError::Depth) => Err(LimitError::Depth(Value::DEPTH).into()),
    }
}

/// The map that a text is TOML of; with the error under `Error` if it is not.
pub(super) fn from_toml(context: &mut Context<'_>, text: &Str) -> Result<Map, CallError> {
    context.step(text.len() as u64 / 8)?;
    Ok(toml::decode(text, &crate::sprig::now_of(context)).unwrap_or_else(error_map))
}
