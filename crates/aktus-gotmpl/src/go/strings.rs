//! Go's `strings` on bytes: what depends on characters rather than bytes, and how Go splits.

use super::{unicode, utf8};

/// Maps every rune; bytes that are no UTF-8 become U+FFFD (`strings.Map`).
pub fn map(text: &[u8], mut mapping: impl FnMut(char) -> char) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for (_, rune, _) in utf8::runes(text) {
        utf8::append_rune(&mut out, mapping(rune));
    }
    out
}

/// Upper case, rune by rune (`strings.ToUpper`).
pub fn to_upper(text: &[u8]) -> Vec<u8> {
    if text.is_ascii() { text.to_ascii_uppercase() } else { map(text, unicode::to_upper) }
}

/// Lower case, rune by rune (`strings.ToLower`).
pub fn to_lower(text: &[u8]) -> Vec<u8> {
    if text.is_ascii() { text.to_ascii_lowercase() } else { map(text, unicode::to_lower) }
}

/// The first letter of each word in title case, the rest as it is (`strings.Title`).
pub fn title(text: &[u8]) -> Vec<u8> {
    let mut before = ' ';
    map(text, |rune| {
        let starts_word = is_separator(before);
        before = rune;
        if starts_word { unicode::to_title(rune) } else { rune }
    })
}

fn is_separator(rune: char) -> bool {
    if rune.is_ascii() {
        !rune.is_ascii_alphanumeric() && rune != '_'
    } else {
        !unicode::is_letter(rune) && !unicode::is_digit(rune) && unicode::is_space(rune)
    }
}

/// Without white space at both ends (`strings.TrimSpace`).
pub fn trim_space(text: &[u8]) -> &[u8] {
    trim_matching(text, unicode::is_space)
}

/// Without the runes of `cutset` at both ends (`strings.Trim`).
pub fn trim<'t>(text: &'t [u8], cutset: &[u8]) -> &'t [u8] {
    let cutset: Vec<char> = utf8::runes(cutset).map(|(_, rune, _)| rune).collect();
    trim_matching(text, |rune| cutset.contains(&rune))
}

fn trim_matching(mut text: &[u8], matches: impl Fn(char) -> bool) -> &[u8] {
    loop {
        let (rune, width) = utf8::decode_rune(text);
        if width == 0 || !matches(rune) {
            break;
        }
        text = &text[width..];
    }
    loop {
        let (rune, width) = utf8::decode_last_rune(text);
        if width == 0 || !matches(rune) {
            return text;
        }
        text = &text[..text.len() - width];
    }
}

/// The pieces between separators, or the runes if the separator is empty
/// (`strings.Split`).
pub fn split<'t>(text: &'t [u8], separator: &[u8]) -> Vec<&'t [u8]> {
    split_n(text, separator, -1)
}

/// At most `count` pieces, the last one being the unsplit rest; -1 is no limit and 0 no
/// pieces (`strings.SplitN`).
pub fn split_n<'t>(text: &'t [u8], separator: &[u8], count: i64) -> Vec<&'t [u8]> {
    let limit = match usize::try_from(count) {
        Ok(0) => return Vec::new(),
        Ok(count) => count,
        Err(_) => usize::MAX,
    };
    let mut pieces = Vec::new();
    let mut rest = text;
    while pieces.len() < limit - 1 {
        if separator.is_empty() {
            let (_, width) = utf8::decode_rune(rest);
            if width == 0 || width == rest.len() {
                break;
            }
            pieces.push(&rest[..width]);
            rest = &rest[width..];
        } else {
            let Some(at) = memchr::memmem::find(rest, separator) else { break };
            pieces.push(&rest[..at]);
            rest = &rest[at + separator.len()..];
        }
    }
    // The empty text has no runes.
    if !separator.is_empty() || !text.is_empty() {
        pieces.push(rest);
    }
    pieces
}

/// Every `old` replaced by `new`; an empty `old` matches between all runes and at both
/// ends (`strings.ReplaceAll`).
pub fn replace_all(text: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    if old.is_empty() {
        for (start, _, width) in utf8::runes(text) {
            out.extend_from_slice(new);
            out.extend_from_slice(&text[start..start + width]);
        }
        out.extend_from_slice(new);
        return out;
    }
    let mut copied = 0;
    for at in memchr::memmem::find_iter(text, old) {
        out.extend_from_slice(&text[copied..at]);
        out.extend_from_slice(new);
        copied = at + old.len();
    }
    out.extend_from_slice(&text[copied..]);
    out
}

/// How many times `old` would be replaced (`strings.Count`).
pub fn count(text: &[u8], old: &[u8]) -> usize {
    if old.is_empty() { utf8::rune_count(text) + 1 } else { memchr::memmem::find_iter(text, old).count() }
}

#[cfg(test)]
mod tests {
    use super::super::recorded;
    use super::*;

    fn joined(pieces: &[&[u8]]) -> Vec<u8> {
        pieces.join(&b"\x00"[..])
    }

    #[test]
    fn as_go() {
        for row in recorded::rows(include_str!("../../tests/fixtures/go/strings.tsv")) {
            let (text, other) = (&row[0], &row[1]);
            let case = format!("{} {}", recorded::show(text), recorded::show(other));
            assert_eq!(to_upper(text), row[2], "upper {case}");
            assert_eq!(to_lower(text), row[3], "lower {case}");
            assert_eq!(title(text), row[4], "title {case}");
            assert_eq!(trim_space(text), row[5], "trim space {case}");
            assert_eq!(trim(text, other), row[6], "trim {case}");
            assert_eq!(joined(&split(text, other)), row[7], "split {case}");
            assert_eq!(joined(&split_n(text, other, 2)), row[8], "split n {case}");
            assert_eq!(replace_all(text, other, b"<\xC3\xA9>"), row[9], "replace {case}");
            assert_eq!(count(text, other).to_string().as_bytes(), row[10], "count {case}");
        }
    }

    #[test]
    fn how_many_pieces() {
        assert_eq!(split(b"", b"").len(), 0);
        assert_eq!(split(b"", b","), [b""]);
        assert_eq!(split_n(b"a,b", b",", 0).len(), 0);
        assert_eq!(split_n(b"a,b", b",", 1), [b"a,b"]);
        assert_eq!(split_n("\u{e9}b".as_bytes(), b"", 1), ["\u{e9}b".as_bytes()]);
    }
}
