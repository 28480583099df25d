//! How do sprig's functions make text of what they are given? `strval` and `strslice` of its `strings.go`.

use crate::function::{CallError, Context};
use crate::go::fmt;
use crate::value::{Str, Value};

/// A value as text: a `[]byte` is its bytes, everything else is as `%v` prints it.
pub(super) fn string_value(context: &mut Context<'_>, value: &Value) -> Result<Str, CallError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::List(list) => match list.as_bytes() {
            Some(bytes) => Ok(bytes.into()),
            None => Ok(fmt::to_text(context, value)?.into()),
        },
        _ => Ok(fmt::to_text(context, value)?.into()),
    }
}

/// The items of a list as texts, without those that are nil. What is not a list counts as a list of itself.
pub(super) fn string_values(context: &mut Context<'_>, value: &Value) -> Result<Vec<Str>, CallError> {
    match (value.as_list(), value) {
        (Some(list), _) => {
            context.spend_items(list.len())?;
            list.iter().filter(|item| !item.is_nil()).map(|item| string_value(context, &item)).collect()
        }
        (None, Value::Nil) => Ok(Vec::new()),
        (None, _) => Ok(vec![string_value(context, value)?]),
    }
}
