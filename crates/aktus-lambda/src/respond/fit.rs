//! Text that fits into a number of bytes of JSON, cut between characters.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::ENTRY;

/// Stands where something was cut off.
const CUT: &str = "…";

/// How many bytes a character takes inside a JSON string, as `serde_json` writes it.
fn size(c: char) -> usize {
    match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        c if c < ' ' => 6,
        c => c.len_utf8(),
    }
}

/// How many bytes a text takes inside a JSON string, without the quotes.
pub(super) fn escaped(text: &str) -> usize {
    text.chars().map(size).sum()
}

/// The text, or its beginning and an ellipsis, in at most `room` bytes of JSON.
pub(super) fn keep_head(text: &str, room: usize) -> Cow<'_, str> {
    if escaped(text) <= room {
        return Cow::Borrowed(text);
    }
    let Some(mut left) = room.checked_sub(CUT.len()) else { return Cow::Borrowed("") };
    let end = text.char_indices().find(|(_, c)| !take(&mut left, *c)).map_or(text.len(), |(at, _)| at);
    Cow::Owned(format!("{}{CUT}", &text[..end]))
}

/// The text, or an ellipsis and its end, in at most `room` bytes of JSON.
pub(crate) fn keep_tail(text: &str, room: usize) -> Cow<'_, str> {
    if escaped(text) <= room {
        return Cow::Borrowed(text);
    }
    let Some(mut left) = room.checked_sub(CUT.len()) else { return Cow::Borrowed("") };
    let begin = text.char_indices().rev().find(|(_, c)| !take(&mut left, *c)).map_or(0, |(at, c)| at + c.len_utf8());
    Cow::Owned(format!("{CUT}{}", &text[begin..]))
}

fn take(left: &mut usize, c: char) -> bool {
    let rest = left.checked_sub(size(c));
    *left = rest.unwrap_or(*left);
    rest.is_some()
}

/// The entries in at most `room` bytes of JSON: all names as long as they fit, short values whole, and what is left
/// shared evenly by the long ones.
pub(super) fn entries(data: &BTreeMap<String, String>, room: usize) -> BTreeMap<String, String> {
    let mut left = room;
    let mut kept: Vec<_> = data
        .iter()
        .filter(|(name, _)| {
            let rest = left.checked_sub(ENTRY + escaped(name));
            left = rest.unwrap_or(left);
            rest.is_some()
        })
        .map(|(name, value)| (escaped(value), name, value))
        .collect();
    kept.sort_unstable();
    let mut fitted = BTreeMap::new();
    let count = kept.len();
    for (index, (_, name, value)) in kept.into_iter().enumerate() {
        let value = keep_head(value, left / (count - index));
        left -= escaped(&value);
        fitted.insert(name.clone(), value.into_owned());
    }
    fitted
}
