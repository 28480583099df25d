//! How does a template stop the render, or ask the cluster? `fail`, `required`, `lookup`.

use crate::function::{CallError, Context};
use crate::value::{Map, Str, Value};

/// Ends the render with a message; while linting, does nothing.
pub(super) fn fail(context: &mut Context<'_>, message: &Str) -> Result<Str, CallError> {
    if context.is_lint() {
        return Ok(Str::default());
    }
    Err(CallError::Raised(message.to_string()))
}

/// The value, unless it is nil or the empty string: that ends the render with a message. Zero, false and empty lists
/// pass.
pub(super) fn required(context: &mut Context<'_>, message: &Str, value: &Value) -> Result<Value, CallError> {
    let missing = match value {
        Value::Nil => true,
        Value::String(text) => text.is_empty(),
        _ => false,
    };
    match (missing, context.is_lint()) {
        (false, _) => Ok(value.clone()),
        (true, true) => Ok(Value::from("")),
        (true, false) => Err(CallError::Raised(message.to_string())),
    }
}

/// The object in the cluster, or the empty map.
pub(super) fn lookup(
    context: &mut Context<'_>,
    api_version: &Str,
    kind: &Str,
    namespace: &Str,
    name: &Str,
) -> Result<Map, CallError> {
    if context.is_lint() {
        return Ok(Map::new());
    }
    let [api_version, kind, namespace, name] = [api_version, kind, namespace, name].map(|text| text.to_text());
    let found = context.host().lookup(&api_version, &kind, &namespace, &name)?;
    Ok(found.as_map().unwrap_or_default())
}
