//! Masterminds/goutils, behind sprig's `wrap`, `abbrev`, `initials`, `nospace`, `untitle` and `swapcase`.
//!
//! Several of these take bytes for characters, as the original does: bytes above ASCII
//! are then written as the Latin-1 characters of their number.

use super::{unicode, utf8};

/// Breaks a line at spaces so that it has at most `length` bytes; longer words are cut only
/// if `cut_words` (`goutils.WrapCustom`). An empty `line_break` is a newline.
pub fn wrap(text: &[u8], length: i64, line_break: &[u8], cut_words: bool) -> Vec<u8> {
    let line_break = if line_break.is_empty() { b"\n" } else { line_break };
    let length = usize::try_from(length).unwrap_or(0).max(1);
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while rest.len() > length {
        if rest[0] == b' ' {
            rest = &rest[1..];
            continue;
        }
        if let Some(space) = rest[..=length].iter().rposition(|&byte| byte == b' ') {
            out.extend_from_slice(&rest[..space]);
            out.extend_from_slice(line_break);
            rest = &rest[space + 1..];
        } else if cut_words {
            out.extend_from_slice(&rest[..length]);
            out.extend_from_slice(line_break);
            rest = &rest[length..];
        } else if let Some(space) = rest[length..].iter().position(|&byte| byte == b' ') {
            out.extend_from_slice(&rest[..length + space]);
            out.extend_from_slice(line_break);
            rest = &rest[length + space + 1..];
        } else {
            break;
        }
    }
    out.extend_from_slice(rest);
    out
}

/// At most `width` bytes with an ellipsis at the end, and at the beginning if `offset` lies
/// far enough in (`goutils.AbbreviateFull`). Empty where the original has an error.
pub fn abbreviate(text: &[u8], offset: i64, width: i64) -> Vec<u8> {
    let Some(width) = usize::try_from(width).ok().filter(|&width| width >= 4) else {
        return Vec::new();
    };
    if text.len() <= width {
        return text.to_vec();
    }
    let kept = width - 3;
    // Negative offsets count as small ones.
    let mut offset = usize::try_from(offset).unwrap_or(0).min(text.len());
    if text.len() - offset < kept {
        offset = text.len() - kept;
    }
    if offset <= 4 {
        return [&text[..kept], b"..."].concat();
    }
    if width < 7 {
        return Vec::new();
    }
    let end = if offset + kept < text.len() {
        let width = i64::try_from(kept).unwrap_or(i64::MAX);
        abbreviate(&text[offset..], 0, width)
    } else {
        text[text.len() - kept..].to_vec()
    };
    [b"...", end.as_slice()].concat()
}

/// The first byte of each word (`goutils.Initials`).
pub fn initials(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut gap = true;
    for char in text.iter().map(|&byte| char::from(byte)) {
        if unicode::is_space(char) {
            gap = true;
        } else if std::mem::replace(&mut gap, false) {
            utf8::append_rune(&mut out, char);
        }
    }
    out
}

/// Without white space (`goutils.DeleteWhiteSpace`).
pub fn delete_white_space(text: &[u8]) -> Vec<u8> {
    let is_space = |byte: u8| unicode::is_space(char::from(byte));
    if !text.iter().any(|&byte| is_space(byte)) {
        return text.to_vec();
    }
    let mut out = Vec::with_capacity(text.len());
    for &byte in text.iter().filter(|&&byte| !is_space(byte)) {
        utf8::append_rune(&mut out, char::from(byte));
    }
    out
}

/// The first rune of each word in lower case (`goutils.Uncapitalize`).
pub fn uncapitalize(text: &[u8]) -> Vec<u8> {
    let mut starts_word = true;
    super::strings::map(text, |rune| {
        if unicode::is_space(rune) {
            starts_word = true;
            rune
        } else if std::mem::replace(&mut starts_word, false) {
            unicode::to_lower(rune)
        } else {
            rune
        }
    })
}

/// Upper for lower case and the other way round; the first letter of a word becomes
/// title case (`goutils.SwapCase`).
pub fn swap_case(text: &[u8]) -> Vec<u8> {
    let mut starts_word = true;
    super::strings::map(text, |rune| {
        if unicode::is_upper(rune) || unicode::is_title(rune) {
            starts_word = false;
            unicode::to_lower(rune)
        } else if unicode::is_lower(rune) {
            if std::mem::replace(&mut starts_word, false) { unicode::to_title(rune) } else { unicode::to_upper(rune) }
        } else {
            starts_word = unicode::is_space(rune);
            rune
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::recorded;
    use super::*;

    #[test]
    fn as_the_original() {
        for row in recorded::rows(include_str!("../../tests/fixtures/go/goutils.tsv")) {
            let (text, first, second) = (&row[0], recorded::number(&row[1]), recorded::number(&row[2]));
            let case = format!("{} {first} {second}", recorded::show(text));
            assert_eq!(wrap(text, first, b"", false), row[3], "wrap {case}");
            assert_eq!(wrap(text, first, b"<br>", true), row[4], "wrap custom {case}");
            assert_eq!(abbreviate(text, second, first), row[5], "abbreviate {case}");
            assert_eq!(initials(text), row[6], "initials {case}");
            assert_eq!(delete_white_space(text), row[7], "delete white space {case}");
            assert_eq!(uncapitalize(text), row[8], "uncapitalize {case}");
            assert_eq!(swap_case(text), row[9], "swap case {case}");
        }
    }
}
