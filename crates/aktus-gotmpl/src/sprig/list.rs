//! What can be done with lists? They are never changed: `append`, `reverse` and the others give a new one.
//!
//! Every function comes in two names; the one with `must` returns its error where the other panics, which
//! `text/template` reports alike.

use crate::function::{CallError, Context, Function, Rest};
use crate::functions;
use crate::value::{List, Type, Underlying, Value};

use super::numeric::{to_int, truncated};
use super::text::{string_value, string_values};

pub(super) static FUNCTIONS: &[Function] = functions! {
    "append" => context (Value, Value) append;
    "chunk" => context (i64, Value) chunk;
    "compact" => context (Value) compact;
    "concat" => context (..Value) concat;
    "first" => (Value) first;
    "has" => context (Value, Value) has;
    "initial" => context (Value) initial;
    "last" => (Value) last;
    "list" => context (..Value) list;
    "mustAppend" => context (Value, Value) append;
    "mustChunk" => context (i64, Value) chunk;
    "mustCompact" => context (Value) compact;
    "mustFirst" => (Value) first;
    "mustHas" => context (Value, Value) has;
    "mustInitial" => context (Value) initial;
    "mustLast" => (Value) last;
    "mustPrepend" => context (Value, Value) prepend;
    "mustPush" => context (Value, Value) append;
    "mustRest" => context (Value) rest;
    "mustReverse" => context (Value) reverse;
    "mustSlice" => context (Value, ..Value) slice;
    "mustUniq" => context (Value) uniq;
    "mustWithout" => context (Value, ..Value) without;
    "prepend" => context (Value, Value) prepend;
    "push" => context (Value, Value) append;
    "rest" => context (Value) rest;
    "reverse" => context (Value) reverse;
    "slice" => context (Value, ..Value) slice;
    "sortAlpha" => context (Value) sort_alpha;
    "tuple" => context (..Value) list;
    "uniq" => context (Value) uniq;
    "without" => context (Value, ..Value) without;
};

/// Go's panic when a function looks at the type of nil.
const NIL_POINTER: &str = "runtime error: invalid memory address or nil pointer dereference";

/// Go's panic when a slice is cut where it has no items.
const OUT_OF_BOUNDS: &str = "reflect.Value.Slice: slice index out of bounds";

/// Go's panic when a slice of an impossible length is made.
const BAD_LENGTH: &str = "runtime error: makeslice: len out of range";

/// The value as a list of any type, or sprig's refusal and the kind of the value.
fn expect_list(value: &Value, refusal: &str) -> Result<List, CallError> {
    match value {
        Value::Nil => Err(NIL_POINTER.into()),
        _ => value.as_list().ok_or_else(|| CallError::Message(format!("{refusal} {}", value.kind()))),
    }
}

fn list(context: &mut Context<'_>, values: Rest<'_, Value>) -> Result<List, CallError> {
    context.spend_items(values.len())?;
    Ok(List::new(values.to_vec()))
}

fn append(context: &mut Context<'_>, list: &Value, value: &Value) -> Result<List, CallError> {
    let list = expect_list(list, "Cannot push on type")?;
    context.spend_items(list.len() + 1)?;
    Ok(list.iter().chain([value.clone()]).collect())
}

fn prepend(context: &mut Context<'_>, list: &Value, value: &Value) -> Result<List, CallError> {
    let list = expect_list(list, "Cannot prepend on type")?;
    context.spend_items(list.len() + 1)?;
    Ok([value.clone()].into_iter().chain(list.iter()).collect())
}

/// Calculates the number of chunks in floating point as sprig does, which decides what sizes below one give.
#[expect(clippy::cast_precision_loss, reason = "Go's float64(n)")]
fn chunk(context: &mut Context<'_>, size: i64, list: &Value) -> Result<List, CallError> {
    let list = expect_list(list, "Cannot chunk type")?;
    let length = list.len();
    let chunks = truncated(((length as f64 - 1.0) / size as f64).floor() + 1.0);
    let chunks = usize::try_from(chunks).map_err(|_| BAD_LENGTH)?;
    context.spend_items(chunks.saturating_add(length))?;
    let items = list.to_vec();
    let mut rows = Vec::with_capacity(chunks);
    for index in 0..chunks {
        let of_last = truncated((length as f64 % size as f64).floor());
        let count = if index + 1 == chunks && of_last != 0 { of_last } else { size };
        let count = usize::try_from(count).map_err(|_| BAD_LENGTH)?;
        // A size below zero gets here only for the first chunk.
        let start = index.saturating_mul(usize::try_from(size).unwrap_or(0));
        let row = items.get(start..start.saturating_add(count)).ok_or("reflect: slice index out of range")?;
        rows.push(Value::List(List::new(row.to_vec())));
    }
    Ok(List::of(&Type::ANY_LIST, rows))
}

fn last(list: &Value) -> Result<Value, CallError> {
    let list = expect_list(list, "Cannot find last on type")?;
    Ok(list.iter().next_back().unwrap_or_default())
}

fn first(list: &Value) -> Result<Value, CallError> {
    let list = expect_list(list, "Cannot find first on type")?;
    Ok(list.get(0).unwrap_or_default())
}

/// All but the first; of an empty list the nil list.
fn rest(context: &mut Context<'_>, list: &Value) -> Result<List, CallError> {
    let list = expect_list(list, "Cannot find rest on type")?;
    if list.is_empty() {
        return Ok(List::nil(&Type::Any));
    }
    context.spend_items(list.len())?;
    Ok(list.iter().skip(1).collect())
}

/// All but the last; of an empty list the nil list.
fn initial(context: &mut Context<'_>, list: &Value) -> Result<List, CallError> {
    let list = expect_list(list, "Cannot find initial on type")?;
    let Some(count) = list.len().checked_sub(1) else { return Ok(List::nil(&Type::Any)) };
    context.spend_items(count)?;
    Ok(list.iter().take(count).collect())
}

/// The items as texts, sorted by bytes. A `[]string` is sorted itself.
fn sort_alpha(context: &mut Context<'_>, list: &Value) -> Result<List, CallError> {
    if let Value::List(strings) = list
        && *strings.element_type() == Type::String
    {
        context.spend_items(strings.len())?;
        strings.sort_strings();
        return Ok(strings.clone());
    }
    let mut texts = match list {
        Value::Nil => vec![string_value(context, list)?],
        _ => string_values(context, list)?,
    };
    texts.sort_unstable();
    Ok(List::strings(texts))
}

fn reverse(context: &mut Context<'_>, list: &Value) -> Result<List, CallError> {
    let list = expect_list(list, "Cannot find reverse on type")?;
    context.spend_items(list.len())?;
    Ok(list.iter().rev().collect())
}

/// The items that are not empty.
fn compact(context: &mut Context<'_>, list: &Value) -> Result<List, CallError> {
    let list = expect_list(list, "Cannot compact on type")?;
    context.spend_items(list.len())?;
    Ok(list.iter().filter(|item| !item.is_empty()).collect())
}

fn uniq(context: &mut Context<'_>, list: &Value) -> Result<List, CallError> {
    let list = expect_list(list, "Cannot find uniq on type")?;
    context.spend_items(list.len())?;
    let mut items: Vec<Value> = Vec::new();
    for item in list.iter() {
        if !contains(context, items.iter(), &item)? {
            items.push(item);
        }
    }
    Ok(List::new(items))
}

fn without(context: &mut Context<'_>, list: &Value, omitted: Rest<'_, Value>) -> Result<List, CallError> {
    let list = expect_list(list, "Cannot find without on type")?;
    context.spend_items(list.len())?;
    let mut items = Vec::new();
    for item in list.iter() {
        if !contains(context, omitted.iter(), &item)? {
            items.push(item);
        }
    }
    Ok(List::new(items))
}

/// Nothing is in nil.
fn has(context: &mut Context<'_>, needle: &Value, list: &Value) -> Result<bool, CallError> {
    if list.is_nil() {
        return Ok(false);
    }
    let list = expect_list(list, "Cannot find has on type")?;
    match list.as_slice() {
        Some(items) => contains(context, items.iter(), needle),
        None => contains(context, list.to_vec().iter(), needle),
    }
}

fn contains<'v>(
    context: &mut Context<'_>,
    items: impl Iterator<Item = &'v Value>,
    needle: &Value,
) -> Result<bool, CallError> {
    for item in items {
        if context.deep_equal(item, needle)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The items from one index up to another, which default to the ends; a list of the same type. Nil for an empty list,
/// whatever the indices.
fn slice(context: &mut Context<'_>, whole: &Value, indices: Rest<'_, Value>) -> Result<Value, CallError> {
    let list = expect_list(whole, "list should be type of slice or array but")?;
    if list.is_empty() {
        return Ok(Value::Nil);
    }
    let start = indices.get(0).map_or(Ok(0), |index| usize::try_from(to_int(index)));
    let end = indices.get(1).map_or(Ok(list.len()), |index| usize::try_from(to_int(index)));
    let (Ok(start), Ok(end)) = (start, end) else { return Err(OUT_OF_BOUNDS.into()) };
    if start > end || end > list.len() {
        return Err(OUT_OF_BOUNDS.into());
    }
    if end - start == list.len() {
        return Ok(whole.clone());
    }
    context.spend_items(end - start)?;
    let part = match (list.as_bytes(), list.as_slice()) {
        (Some(bytes), _) => List::bytes(&bytes[start..end]),
        (None, items) => List::of(list.element_type(), items.unwrap_or_default()[start..end].to_vec()),
    };
    // A part of a named list has the same name.
    let named = match whole {
        Value::Object(object) => object.get().copied(Underlying::List(part.clone())),
        _ => None,
    };
    Ok(named.unwrap_or(Value::List(part)))
}

/// The items of several lists. Of no items at all it makes the nil list.
fn concat(context: &mut Context<'_>, lists: Rest<'_, Value>) -> Result<Value, CallError> {
    let mut items = Vec::new();
    for list in lists.iter() {
        let Some(more) = list.as_list() else {
            return Err(match list {
                Value::Nil => NIL_POINTER.into(),
                _ => CallError::Message(format!("Cannot concat type {} as list", list.kind())),
            });
        };
        context.spend_items(items.len() + more.len())?;
        items.extend(more.iter());
    }
    Ok(Value::List(if items.is_empty() { List::nil(&Type::Any) } else { List::new(items) }))
}

#[cfg(test)]
mod tests {
    use super::super::recorded::{check_table, run};

    #[test]
    fn as_sprig() {
        check_table(include_str!("../../tests/fixtures/sprig/list.tsv"));
    }

    #[test]
    fn a_list_that_doubles_in_a_loop_meets_the_limit() {
        let error = run("{{ $l := list 1 2 }}{{ range until 60 }}{{ $l = concat $l $l }}{{ end }}").unwrap_err();
        assert!(error.contains("more than the 33554432 allowed"), "{error}");
    }
}
