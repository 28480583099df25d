//! Reading quoted Go literals (`strconv.Unquote`, `strconv.UnquoteChar`).

use memchr::memchr3;

use super::super::utf8;
use super::SyntaxError;

/// One character of a quoted literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnquotedChar<'a> {
    /// The character, or the byte of a `\x` or octal escape.
    pub value: u32,
    /// Whether the value is to be written in UTF-8 rather than as one byte.
    pub multibyte: bool,
    /// What follows it.
    pub rest: &'a [u8],
}

/// The text that the Go literal `literal` stands for, in double, single or back
/// quotes (`strconv.Unquote`).
pub fn unquote(literal: &[u8]) -> Result<Vec<u8>, SyntaxError> {
    if let Some(text) = unquote_plain(literal) {
        return Ok(text.to_vec());
    }
    let (&quote, body) = literal.split_first().ok_or(SyntaxError)?;
    match quote {
        b'`' => {
            let (last, inner) = body.split_last().ok_or(SyntaxError)?;
            if *last != b'`' || inner.contains(&b'`') {
                return Err(SyntaxError);
            }
            // Go drops carriage returns from raw strings.
            Ok(inner.iter().copied().filter(|&byte| byte != b'\r').collect())
        }
        b'"' | b'\'' => {
            let mut out = Vec::with_capacity(body.len());
            let mut rest = body;
            loop {
                match rest.first() {
                    None | Some(b'\n') => return Err(SyntaxError),
                    Some(&byte) if byte == quote => break,
                    Some(_) => {}
                }
                let char = unquote_char(rest, quote)?;
                rest = char.rest;
                match char::from_u32(char.value) {
                    Some(rune) if char.multibyte => utf8::append_rune(&mut out, rune),
                    _ => out.push(u8::try_from(char.value).map_err(|_| SyntaxError)?),
                }
                if quote == b'\'' {
                    break;
                }
            }
            // Exactly the closing quote must be left; '' is no character.
            if rest != [quote] || quote == b'\'' && out.is_empty() {
                return Err(SyntaxError);
            }
            Ok(out)
        }
        _ => Err(SyntaxError),
    }
}

/// What [`unquote`] gives, where the literal is in double quotes and shows it as it is, as most do.
pub(crate) fn unquote_plain(literal: &[u8]) -> Option<&[u8]> {
    let [b'"', text @ .., b'"'] = literal else { return None };
    (text.is_ascii() && memchr3(b'"', b'\\', b'\n', text).is_none()).then_some(text)
}

/// The first character of a literal's inside, which is quoted with `quote`
/// (`strconv.UnquoteChar`).
pub fn unquote_char(text: &[u8], quote: u8) -> Result<UnquotedChar<'_>, SyntaxError> {
    let (&first, tail) = text.split_first().ok_or(SyntaxError)?;
    if first == quote && matches!(quote, b'\'' | b'"') {
        return Err(SyntaxError);
    }
    if first >= 0x80 {
        let (rune, width) = utf8::decode_rune(text);
        return Ok(UnquotedChar { value: u32::from(rune), multibyte: true, rest: &text[width..] });
    }
    if first != b'\\' {
        return Ok(UnquotedChar { value: u32::from(first), multibyte: false, rest: tail });
    }
    let (&escape, tail) = tail.split_first().ok_or(SyntaxError)?;
    let single = |value: u8| Ok(UnquotedChar { value: u32::from(value), multibyte: false, rest: tail });
    match escape {
        b'a' => single(0x07),
        b'b' => single(0x08),
        b'f' => single(0x0C),
        b'n' => single(b'\n'),
        b'r' => single(b'\r'),
        b't' => single(b'\t'),
        b'v' => single(0x0B),
        b'\\' => single(b'\\'),
        b'\'' | b'"' if escape == quote => single(escape),
        b'x' => {
            let (value, rest) = digits(tail, 2, 16)?;
            Ok(UnquotedChar { value, multibyte: false, rest })
        }
        b'u' | b'U' => {
            let (value, rest) = digits(tail, if escape == b'u' { 4 } else { 8 }, 16)?;
            if char::from_u32(value).is_none() {
                return Err(SyntaxError);
            }
            Ok(UnquotedChar { value, multibyte: true, rest })
        }
        b'0'..=b'7' => {
            let (low, rest) = digits(tail, 2, 8)?;
            let value = u32::from(escape - b'0') * 64 + low;
            if value > 255 {
                return Err(SyntaxError);
            }
            Ok(UnquotedChar { value, multibyte: false, rest })
        }
        _ => Err(SyntaxError),
    }
}

fn digits(text: &[u8], count: usize, base: u32) -> Result<(u32, &[u8]), SyntaxError> {
    let (head, rest) = text.split_at_checked(count).ok_or(SyntaxError)?;
    let mut value = 0_u32;
    for &byte in head {
        let digit = char::from(byte).to_digit(base).ok_or(SyntaxError)?;
        value = value.checked_mul(base).and_then(|value| value.checked_add(digit)).ok_or(SyntaxError)?;
    }
    Ok((value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(literal: &[u8], expected: &[u8]) {
        assert_eq!(unquote(literal).as_deref(), Ok(expected), "{}", String::from_utf8_lossy(literal));
    }

    #[track_caller]
    fn refuse(literal: &[u8]) {
        assert_eq!(unquote(literal), Err(SyntaxError), "{}", String::from_utf8_lossy(literal));
    }

    #[test]
    fn literals() {
        check(br#""""#, b"");
        check(br#""\u1234""#, "\u{1234}".as_bytes());
        check(br#""\U00010111\U0001011111""#, "\u{10111}\u{10111}11".as_bytes());
        check(br#""\a\b\f\n\r\t\v\\\"""#, b"\x07\x08\x0c\n\r\t\x0b\\\"");
        check(br#""'""#, b"'");
        check(br#""\xff\377""#, b"\xff\xff");
        check(b"\"\xff\"", "\u{fffd}".as_bytes());
        check(b"'a'", b"a");
        check("'\u{263a}'".as_bytes(), "\u{263a}".as_bytes());
        check(br"'\x10'", b"\x10");
        check(br"'\377'", b"\xff");
        check(br"'\''", b"'");
        check(b"'\"'", b"\"");
        check(b"``", b"");
        check(b"`a\r\nb\\n`", b"a\nb\\n");
    }

    #[test]
    fn what_is_refused() {
        for literal in [
            &b""[..],
            b"\"",
            b"\"a",
            b"\"'",
            b"b\"",
            b"\"\\\"",
            b"\"\\9\"",
            b"\"\\19\"",
            b"\"\\129\"",
            b"'\\'",
            b"'\\9'",
            b"'ab'",
            b"\"\\x1!\"",
            b"\"\\U12345678\"",
            b"\"\\z\"",
            b"`",
            b"`xxx",
            b"``x\r",
            b"`\"",
            b"\"\\'\"",
            b"'\\\"'",
            b"\"\n\"",
            b"''",
            b"'\n'",
            b"\"\\uD800\"",
            b"\"a\"b",
        ] {
            refuse(literal);
        }
    }
}
