//! Quoting text as a Go literal (`strconv.Quote`, the `%q` verb).

use std::fmt::Write as _;

use super::super::{unicode, utf8};

/// `text` as a double-quoted Go string literal (`strconv.Quote`).
pub fn quote(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    quote_into(&mut out, text, false);
    out
}

/// `text` as a double-quoted literal of ASCII only (`strconv.QuoteToASCII`).
pub fn quote_ascii(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    quote_into(&mut out, text, true);
    out
}

/// Appends [`quote`] or, if `ascii_only`, [`quote_ascii`] of `text`.
pub fn quote_into(out: &mut String, text: &[u8], ascii_only: bool) {
    out.push('"');
    for chunk in text.utf8_chunks() {
        let valid = chunk.valid();
        // Whole runs that need no escape are copied at once.
        let mut copied = 0;
        for (offset, rune) in valid.char_indices() {
            if matches!(rune, ' '..='~') && rune != '"' && rune != '\\' {
                continue;
            }
            out.push_str(&valid[copied..offset]);
            escape_rune(out, rune, '"', ascii_only);
            copied = offset + rune.len_utf8();
        }
        out.push_str(&valid[copied..]);
        for byte in chunk.invalid() {
            push_hex(out, 'x', 2, u32::from(*byte));
        }
    }
    out.push('"');
}

/// Appends `rune` as a single-quoted Go character literal (`strconv.QuoteRune`).
/// A code that is no rune reads as U+FFFD.
pub fn quote_rune_into(out: &mut String, rune: u32, ascii_only: bool) {
    out.push('\'');
    escape_rune(out, char::from_u32(rune).unwrap_or(utf8::RUNE_ERROR), '\'', ascii_only);
    out.push('\'');
}

/// Can `text` be written unchanged between back quotes (`strconv.CanBackquote`)?
pub fn can_backquote(text: &[u8]) -> bool {
    utf8::runes(text).all(|(_, rune, width)| {
        if width > 1 {
            // A byte order mark is invisible and would be lost.
            rune != '\u{FEFF}'
        } else {
            rune != utf8::RUNE_ERROR && (rune == '\t' || (rune >= ' ' && rune != '`' && rune != '\u{7F}'))
        }
    })
}

fn escape_rune(out: &mut String, rune: char, quote: char, ascii_only: bool) {
    if rune == quote || rune == '\\' {
        out.push('\\');
        out.push(rune);
        return;
    }
    if unicode::is_print(rune) && (rune.is_ascii() || !ascii_only) {
        out.push(rune);
        return;
    }
    match rune {
        '\u{07}' => out.push_str("\\a"),
        '\u{08}' => out.push_str("\\b"),
        '\u{0C}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{0B}' => out.push_str("\\v"),
        '\0'..' ' | '\u{7F}' => push_hex(out, 'x', 2, u32::from(rune)),
        '\u{80}'..='\u{FFFF}' => push_hex(out, 'u', 4, u32::from(rune)),
        _ => push_hex(out, 'U', 8, u32::from(rune)),
    }
}

fn push_hex(out: &mut String, kind: char, width: usize, code: u32) {
    // Writing to a String cannot fail.
    let _written = write!(out, "\\{kind}{code:0width$x}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &[u8], quoted: &str, ascii: &str) {
        assert_eq!(quote(text), quoted);
        assert_eq!(quote_ascii(text), ascii);
    }

    #[test]
    fn strings() {
        check(b"", r#""""#, r#""""#);
        check(b"\x07\x08\x0c\r\n\t\x0b", r#""\a\b\f\r\n\t\v""#, r#""\a\b\f\r\n\t\v""#);
        check(b"\\", r#""\\""#, r#""\\""#);
        check(b"abc\xffdef", r#""abc\xffdef""#, r#""abc\xffdef""#);
        check("\u{263a}".as_bytes(), "\"\u{263a}\"", r#""\u263a""#);
        check("\u{10ffff}".as_bytes(), r#""\U0010ffff""#, r#""\U0010ffff""#);
        check(b"\x04\x7f", r#""\x04\x7f""#, r#""\x04\x7f""#);
        check("!\u{a0}!\u{2000}!\u{3000}!".as_bytes(), r#""!\u00a0!\u2000!\u3000!""#, r#""!\u00a0!\u2000!\u3000!""#);
        check(b"it's \"q\"", r#""it's \"q\"""#, r#""it's \"q\"""#);
        check("e\u{301}".as_bytes(), "\"e\u{301}\"", r#""e\u0301""#);
    }

    #[track_caller]
    fn check_rune(rune: u32, quoted: &str, ascii: &str) {
        for (ascii_only, expected) in [(false, quoted), (true, ascii)] {
            let mut out = String::new();
            quote_rune_into(&mut out, rune, ascii_only);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn runes() {
        check_rune(u32::from('a'), "'a'", "'a'");
        check_rune(u32::from('\''), r"'\''", r"'\''");
        check_rune(u32::from('"'), "'\"'", "'\"'");
        check_rune(0x263a, "'\u{263a}'", r"'\u263a'");
        check_rune(0xfffd, "'\u{fffd}'", r"'\ufffd'");
        check_rune(0xd800, "'\u{fffd}'", r"'\ufffd'");
        check_rune(0x0010_ffff, r"'\U0010ffff'", r"'\U0010ffff'");
        check_rune(0xfeff, r"'\ufeff'", r"'\ufeff'");
        check_rune(0, r"'\x00'", r"'\x00'");
    }

    #[test]
    fn back_quotes() {
        assert!(can_backquote(b"a\tb \\ \""));
        assert!(!can_backquote(b"`"));
        assert!(!can_backquote(b"a\nb"));
        assert!(!can_backquote(b"\x7f"));
        assert!(!can_backquote(b"\xff"));
        assert!(!can_backquote("\u{feff}".as_bytes()));
        assert!(can_backquote("\u{fffd}\u{1F600}".as_bytes()));
    }
}
