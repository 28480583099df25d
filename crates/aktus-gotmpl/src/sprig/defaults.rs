//! What stands in for a value that is missing or empty? And, from the same file of sprig, JSON in its own manner.

use aktus_yaml::{Limits, json};

use crate::function::{CallError, Context, Function, Rest};
use crate::functions;
use crate::helm::{ValueBuilder, write_json};
use crate::value::{Str, Value};

pub(super) static FUNCTIONS: &[Function] = functions! {
    "all" => (..Value) all;
    "any" => (..Value) any;
    "coalesce" => (..Value) coalesce;
    "default" => (Value, ..Value) default;
    "empty" => (Value) empty;
    "mustFromJson" => context (Str) must_from_json;
    "mustToPrettyJson" => context (Value) must_to_pretty_json;
    "mustToRawJson" => context (Value) to_raw_json;
    "ternary" => (Value, Value, bool) ternary;
    "toPrettyJson" => context (Value) to_pretty_json;
    "toRawJson" => context (Value) to_raw_json;
};

/// The default if nothing was given, or something empty. More than one given value is no error; only the first counts.
fn default(default: &Value, given: Rest<'_, Value>) -> Value {
    given.get(0).filter(|given| !given.is_empty()).unwrap_or(default).clone()
}

fn empty(value: &Value) -> bool {
    value.is_empty()
}

/// The first value that is not empty, or nil.
fn coalesce(values: Rest<'_, Value>) -> Value {
    values.iter().find(|value| !value.is_empty()).cloned().unwrap_or_default()
}

fn all(values: Rest<'_, Value>) -> bool {
    values.iter().all(|value| !value.is_empty())
}

fn any(values: Rest<'_, Value>) -> bool {
    values.iter().any(|value| !value.is_empty())
}

fn ternary(when_true: &Value, when_false: &Value, condition: bool) -> Value {
    if condition { when_true.clone() } else { when_false.clone() }
}

/// What a text is JSON of, be it a map or not.
fn must_from_json(context: &mut Context<'_>, text: &Str) -> Result<Value, CallError> {
    context.spend(text.len())?;
    json::read(text, &mut ValueBuilder, &Limits::JSON).map_err(|error| CallError::new(error.to_string()))
}

/// JSON with an indentation of two spaces; nothing if the value has none.
fn to_pretty_json(context: &mut Context<'_>, value: &Value) -> Result<String, CallError> {
    Ok(write_json(context, value, json::Style::Pretty)?.unwrap_or_default())
}

fn must_to_pretty_json(context: &mut Context<'_>, value: &Value) -> Result<String, CallError> {
    write_json(context, value, json::Style::Pretty)?.map_err(CallError::Message)
}

/// JSON in which `<`, `>` and `&` stay as they are. Unlike `toJson`, it fails if the value has none.
fn to_raw_json(context: &mut Context<'_>, value: &Value) -> Result<String, CallError> {
    write_json(context, value, json::Style::CompactRaw)?.map_err(CallError::Message)
}

#[cfg(test)]
mod tests {
    use super::super::recorded::check_table;

    #[test]
    fn as_sprig() {
        check_table(include_str!("../../tests/fixtures/sprig/defaults.tsv"));
    }
}
