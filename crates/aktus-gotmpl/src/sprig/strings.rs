//! The string functions of sprig 3.3.0.
//!
//! Like the originals they count bytes where Go counts bytes, so that `trunc` can cut a
//! character in two.

use super::text::{string_value, string_values};
use crate::function::{CallError, Context, Function, Rest};
use crate::functions;
use crate::go::{fmt, goutils, strconv, strings, xstrings};
use crate::limits::LimitError;
use crate::value::{List, Map, Str, Type, Value};

pub(super) static FUNCTIONS: &[Function] = functions! {
    "abbrev" => (i64, Str) abbrev;
    "abbrevboth" => (i64, i64, Str) abbrevboth;
    "camelcase" => (Str) camelcase;
    "cat" => context (..Value) cat;
    "contains" => (Str, Str) contains;
    "hasPrefix" => (Str, Str) has_prefix;
    "hasSuffix" => (Str, Str) has_suffix;
    "indent" => context (i64, Str) indent;
    "initials" => (Str) initials;
    "join" => context (Str, Value) join;
    "kebabcase" => (Str) kebabcase;
    "lower" => (Str) lower;
    "nindent" => context (i64, Str) nindent;
    "nospace" => (Str) nospace;
    "plural" => (Str, Str, i64) plural;
    "quote" => context (..Value) quote;
    "repeat" => context (i64, Str) repeat;
    "replace" => context (Str, Str, Str) replace;
    "snakecase" => (Str) snakecase;
    "split" => context (Str, Str) split;
    "splitList" => context (Str, Str) split_list;
    "splitn" => context (Str, i64, Str) splitn;
    "squote" => context (..Value) squote;
    "substr" => (i64, i64, Str) substr;
    "swapcase" => (Str) swapcase;
    "title" => (Str) title;
    "toString" => context (Value) string_value;
    "toStrings" => context (Value) to_strings;
    "trim" => (Str) trim;
    "trimAll" => (Str, Str) trim_all;
    "trimall" => (Str, Str) trim_all;
    "trimPrefix" => (Str, Str) trim_prefix;
    "trimSuffix" => (Str, Str) trim_suffix;
    "trunc" => (i64, Str) trunc;
    "untitle" => (Str) untitle;
    "upper" => (Str) upper;
    "wrap" => (i64, Str) wrap;
    "wrapWith" => context (i64, Str, Str) wrap_with;
};

fn abbrev(width: i64, text: &Str) -> Str {
    if width < 4 { text.clone() } else { goutils::abbreviate(text, 0, width).into() }
}

fn abbrevboth(left: i64, right: i64, text: &Str) -> Str {
    if right < 4 || left > 0 && right < 7 { text.clone() } else { goutils::abbreviate(text, left, right).into() }
}

fn camelcase(text: &Str) -> Vec<u8> {
    xstrings::to_pascal_case(text)
}

fn cat(context: &mut Context<'_>, values: Rest<'_, Value>) -> Result<Vec<u8>, CallError> {
    let mut out = Vec::new();
    for (index, value) in values.iter().filter(|value| !value.is_nil()).enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        fmt::append(context, &mut out, value)?;
        context.spend(out.len())?;
    }
    Ok(out)
}

fn contains(part: &Str, text: &Str) -> bool {
    memchr::memmem::find(text, part).is_some()
}

fn has_prefix(prefix: &Str, text: &Str) -> bool {
    text.starts_with(prefix)
}

fn has_suffix(suffix: &Str, text: &Str) -> bool {
    text.ends_with(suffix)
}

/// `strings.Repeat`, whose complaint about negative counts `indent` passes on.
fn repeat(context: &mut Context<'_>, count: i64, text: &Str) -> Result<Vec<u8>, CallError> {
    let count = usize::try_from(count).map_err(|_| "strings: negative Repeat count")?;
    context.spend(count.saturating_mul(text.len()))?;
    Ok(text.repeat(count))
}

fn indent(context: &mut Context<'_>, spaces: i64, text: &Str) -> Result<Vec<u8>, CallError> {
    indented(context, b"", spaces, text)
}

fn nindent(context: &mut Context<'_>, spaces: i64, text: &Str) -> Result<Vec<u8>, CallError> {
    indented(context, b"\n", spaces, text)
}

fn indented(context: &mut Context<'_>, before: &[u8], spaces: i64, text: &Str) -> Result<Vec<u8>, CallError> {
    let spaces = usize::try_from(spaces).map_err(|_| "strings: negative Repeat count")?;
    let lines = memchr::memchr_iter(b'\n', text).count() + 1;
    let length = lines.saturating_mul(spaces).saturating_add(text.len() + before.len());
    context.spend(length)?;
    let mut out = Vec::with_capacity(length);
    out.extend_from_slice(before);
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        out.resize(out.len() + spaces, b' ');
        out.extend_from_slice(line);
    }
    // Also behind the last newline.
    if text.last().is_none_or(|&last| last == b'\n') {
        out.resize(out.len() + spaces, b' ');
    }
    Ok(out)
}

fn initials(text: &Str) -> Vec<u8> {
    goutils::initials(text)
}

fn join(context: &mut Context<'_>, separator: &Str, value: &Value) -> Result<Vec<u8>, CallError> {
    let parts = string_values(context, value)?;
    let length =
        parts.iter().fold(0_usize, |length, part| length.saturating_add(part.len()).saturating_add(separator.len()));
    context.spend(length)?;
    let mut out = Vec::with_capacity(length);
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            out.extend_from_slice(separator);
        }
        out.extend_from_slice(part);
    }
    Ok(out)
}

fn kebabcase(text: &Str) -> Vec<u8> {
    xstrings::to_delimited_case(text, b'-')
}

fn lower(text: &Str) -> Vec<u8> {
    strings::to_lower(text)
}

fn nospace(text: &Str) -> Vec<u8> {
    goutils::delete_white_space(text)
}

fn plural(one: &Str, many: &Str, count: i64) -> Str {
    if count == 1 { one.clone() } else { many.clone() }
}

fn quote(context: &mut Context<'_>, values: Rest<'_, Value>) -> Result<String, CallError> {
    let mut out = String::new();
    for value in values.iter().filter(|value| !value.is_nil()) {
        if !out.is_empty() {
            out.push(' ');
        }
        let text = string_value(context, value)?;
        strconv::quote_into(&mut out, &text, false);
        context.spend(out.len())?;
    }
    Ok(out)
}

fn squote(context: &mut Context<'_>, values: Rest<'_, Value>) -> Result<Vec<u8>, CallError> {
    let mut out = Vec::new();
    for value in values.iter().filter(|value| !value.is_nil()) {
        if !out.is_empty() {
            out.push(b' ');
        }
        out.push(b'\'');
        fmt::append(context, &mut out, value)?;
        out.push(b'\'');
        context.spend(out.len())?;
    }
    Ok(out)
}

fn replace(context: &mut Context<'_>, old: &Str, new: &Str, text: &Str) -> Result<Str, CallError> {
    let count = strings::count(text, old);
    if count == 0 {
        return Ok(text.clone());
    }
    context.spend(count.saturating_mul(new.len()).saturating_add(text.len()))?;
    Ok(strings::replace_all(text, old, new).into())
}

fn snakecase(text: &Str) -> Vec<u8> {
    xstrings::to_delimited_case(text, b'_')
}

/// The pieces of a text, after asking for the room that so many take.
fn pieces<'t>(
    context: &mut Context<'_>,
    separator: &Str,
    count: i64,
    text: &'t Str,
) -> Result<Vec<&'t [u8]>, LimitError> {
    let most = usize::try_from(count).unwrap_or(usize::MAX).min(strings::count(text, separator) + 1);
    context.spend_items(most)?;
    Ok(strings::split_n(text, separator, count))
}

/// Pieces under the names `_0`, `_1` …
fn numbered(pieces: &[&[u8]]) -> Map {
    let entries = pieces
        .iter()
        .enumerate()
        .map(|(index, piece)| (Str::from(format!("_{index}")), Value::String(Str::new(piece))));
    Map::collect(&Type::String, entries)
}

fn split(context: &mut Context<'_>, separator: &Str, text: &Str) -> Result<Map, CallError> {
    Ok(numbered(&pieces(context, separator, -1, text)?))
}

fn splitn(context: &mut Context<'_>, separator: &Str, count: i64, text: &Str) -> Result<Map, CallError> {
    Ok(numbered(&pieces(context, separator, count, text)?))
}

fn split_list(context: &mut Context<'_>, separator: &Str, text: &Str) -> Result<List, CallError> {
    Ok(List::strings(pieces(context, separator, -1, text)?))
}

fn substr(start: i64, end: i64, text: &Str) -> Result<Str, CallError> {
    let length = text.len();
    let part = match (usize::try_from(start), usize::try_from(end)) {
        (Err(_), Err(_)) => return Err(out_of_range(&format!("[:{end}]"))),
        (Err(_), Ok(end)) => text.get(..end).ok_or_else(|| out_of_range(&format!("[:{end}] with length {length}")))?,
        (Ok(start), Ok(end)) if end <= length => {
            text.get(start..end).ok_or_else(|| out_of_range(&format!("[{start}:{end}]")))?
        }
        (Ok(start), _) => text.get(start..).ok_or_else(|| out_of_range(&format!("[{start}:{length}]")))?,
    };
    Ok(part.into())
}

/// What Go panics with.
fn out_of_range(range: &str) -> CallError {
    CallError::Message(format!("runtime error: slice bounds out of range {range}"))
}

fn swapcase(text: &Str) -> Vec<u8> {
    goutils::swap_case(text)
}

fn title(text: &Str) -> Vec<u8> {
    strings::title(text)
}

fn to_strings(context: &mut Context<'_>, value: &Value) -> Result<List, CallError> {
    match value {
        Value::List(list) if *list.element_type() == Type::String => Ok(list.clone()),
        _ => Ok(List::strings(string_values(context, value)?)),
    }
}

/// The same text if nothing was cut off, else a copy of the part.
fn part_of(text: &Str, part: &[u8]) -> Str {
    if part.len() == text.len() { text.clone() } else { part.into() }
}

fn trim(text: &Str) -> Str {
    part_of(text, strings::trim_space(text))
}

fn trim_all(cutset: &Str, text: &Str) -> Str {
    part_of(text, strings::trim(text, cutset))
}

fn trim_prefix(prefix: &Str, text: &Str) -> Str {
    part_of(text, text.strip_prefix(prefix.as_bytes()).unwrap_or(text))
}

fn trim_suffix(suffix: &Str, text: &Str) -> Str {
    part_of(text, text.strip_suffix(suffix.as_bytes()).unwrap_or(text))
}

fn trunc(count: i64, text: &Str) -> Str {
    let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    if wanted >= text.len() {
        text.clone()
    } else if count < 0 {
        text[text.len() - wanted..].into()
    } else {
        text[..wanted].into()
    }
}

fn untitle(text: &Str) -> Vec<u8> {
    goutils::uncapitalize(text)
}

fn upper(text: &Str) -> Vec<u8> {
    strings::to_upper(text)
}

fn wrap(length: i64, text: &Str) -> Vec<u8> {
    goutils::wrap(text, length, b"", false)
}

fn wrap_with(context: &mut Context<'_>, length: i64, line_break: &Str, text: &Str) -> Result<Vec<u8>, CallError> {
    let length_of_line = usize::try_from(length).unwrap_or(0).max(1);
    let breaks = text.len() / length_of_line + memchr::memchr_iter(b' ', text).count();
    context.spend(breaks.saturating_mul(line_break.len()).saturating_add(text.len()))?;
    Ok(goutils::wrap(text, length, line_break, true))
}

#[cfg(test)]
mod tests {
    use super::super::recorded::check_table;

    #[test]
    fn as_recorded_from_sprig() {
        check_table(include_str!("../../tests/fixtures/sprig/strings.tsv"));
    }
}
