//! What a scalar means, after `resolve.go` of go-yaml v2.

use crate::number::{Whole, parse_decimal, parse_digits, parse_whole, underscores_are_fine};
use std::borrow::Cow;

/// The value of a scalar.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar<'a> {
    /// `~`, `null`, or nothing.
    Null,
    /// `yes`, `on`, `true`, `y` and their opposites.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number above [`i64::MAX`].
    Uint(u64),
    /// Any other number; `.inf` and `.nan` are among them.
    Float(f64),
    /// Text; timestamps are text too.
    String(Cow<'a, str>),
    /// What a `!!binary` holds.
    Binary(Vec<u8>),
}

const PREFIX: &str = "tag:yaml.org,2002:";

/// The tag as it is usually written: `!!str` for `tag:yaml.org,2002:str`.
pub(crate) fn short_tag(tag: &str) -> Cow<'_, str> {
    match tag.strip_prefix(PREFIX) {
        Some(rest) => Cow::Owned(format!("!!{rest}")),
        None => Cow::Borrowed(tag),
    }
}

/// Resolves a plain scalar without a tag.
pub(crate) fn resolve_plain(text: &str) -> Scalar<'_> {
    let Some(&first) = text.as_bytes().first() else { return Scalar::Null };
    match first {
        b'0'..=b'9' | b'+' | b'-' => resolve_number(text),
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => resolve_word(text),
        b'.' => resolve_dot(text),
        _ => Scalar::String(Cow::Borrowed(text)),
    }
}

fn resolve_word(text: &str) -> Scalar<'_> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Scalar::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Scalar::Bool(false),
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        _ => Scalar::String(Cow::Borrowed(text)),
    }
}

fn resolve_dot(text: &str) -> Scalar<'_> {
    match text {
        ".nan" | ".NaN" | ".NAN" => return Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" => return Scalar::Float(f64::INFINITY),
        _ => {}
    }
    // Here go-yaml asks strconv, which minds where underscores stand.
    let number = if text.contains('_') {
        underscores_are_fine(text).then(|| parse_decimal(&text.replace('_', ""))).flatten()
    } else {
        parse_decimal(text)
    };
    number.map_or(Scalar::String(Cow::Borrowed(text)), Scalar::Float)
}

fn resolve_number(text: &str) -> Scalar<'_> {
    match text {
        "+.inf" | "+.Inf" | "+.INF" => return Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Scalar::Float(f64::NEG_INFINITY),
        _ => {}
    }
    // Letters that no number has; most versions, quantities and addresses end here.
    let odd = |byte: &u8| !matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F' | b'x' | b'X' | b'o' | b'O' | b'_' | b'.' | b'+' | b'-');
    if text.as_bytes().iter().any(odd) {
        return Scalar::String(Cow::Borrowed(text));
    }
    // Here go-yaml drops the underscores, wherever they stand.
    let plain = if text.contains('_') { Cow::Owned(text.replace('_', "")) } else { Cow::Borrowed(text) };
    let number = match parse_whole(&plain) {
        Some(whole) => Some(whole.into()),
        None => parse_decimal(&plain).map(Scalar::Float).or_else(|| parse_binary(&plain).map(Into::into)),
    };
    number.unwrap_or(Scalar::String(Cow::Borrowed(text)))
}

/// go-yaml's own reading of `0b…`, which accepts a sign after the prefix.
fn parse_binary(text: &str) -> Option<Whole> {
    if let Some(digits) = text.strip_prefix("-0b") {
        return parse_digits(Some(true), digits, 2);
    }
    let digits = text.strip_prefix("0b")?;
    match digits.as_bytes().first()? {
        b'-' => parse_digits(Some(true), digits.get(1..)?, 2),
        b'+' => parse_digits(Some(false), digits.get(1..)?, 2),
        _ => parse_digits(None, digits, 2),
    }
}

impl From<Whole> for Scalar<'_> {
    fn from(whole: Whole) -> Self {
        match whole {
            Whole::Int(value) => Self::Int(value),
            Whole::Uint(value) => Self::Uint(value),
        }
    }
}

/// Resolves a scalar with a tag (empty for none) that go-yaml gives a meaning to; the error is
/// go-yaml's. `implicit`: the scalar is plain and without a tag, or has the tag `!`.
pub(crate) fn resolve<'a>(tag: &str, text: &'a str, implicit: bool) -> Result<Scalar<'a>, String> {
    if tag.is_empty() {
        return Ok(if implicit { resolve_plain(text) } else { Scalar::String(Cow::Borrowed(text)) });
    }
    let string = Scalar::String(Cow::Borrowed(text));
    let wanted = match tag.strip_prefix(PREFIX) {
        Some("binary") => {
            return decode_base64(text)
                .map(Scalar::Binary)
                .ok_or_else(|| "!!binary value contains invalid base64 data".to_owned());
        }
        Some(wanted @ ("bool" | "int" | "float" | "null" | "timestamp")) => wanted,
        _ => return Ok(string),
    };
    let mut value = resolve_plain(text);
    if wanted == "timestamp" && is_timestamp(text) {
        return Ok(string);
    }
    let found = match value {
        Scalar::Null => "null",
        Scalar::Bool(_) => "bool",
        Scalar::Int(number) if wanted == "float" => {
            #[expect(clippy::cast_precision_loss, reason = "Go converts to float64 as well")]
            let number = number as f64;
            value = Scalar::Float(number);
            "float"
        }
        Scalar::Int(_) | Scalar::Uint(_) => "int",
        Scalar::Float(_) => "float",
        Scalar::String(_) | Scalar::Binary(_) => "str",
    };
    if found == wanted { Ok(value) } else { Err(format!("cannot decode !!{found} `{text}` as a !!{wanted}")) }
}

/// Whether a string written without quotes would be read as a string again by go-yaml v2.
pub(crate) fn reads_as_string(text: &str) -> bool {
    matches!(resolve_plain(text), Scalar::String(_)) && !is_timestamp(text) && !is_base_60(text)
}

/// Whether go-yaml takes the text for a timestamp: one of four layouts of Go's `time.Parse`.
pub(crate) fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    let year = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if year != 4 || bytes.get(4) != Some(&b'-') {
        return false;
    }
    let year = text.get(..4).and_then(|year| year.parse::<u32>().ok()).unwrap_or(0);
    parse_date(year, bytes.get(5..).unwrap_or_default()).is_some()
}

/// One or two digits.
fn number<'a>(bytes: &mut &'a [u8]) -> Option<u32> {
    let digits = bytes.iter().take(2).take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest): (&'a [u8], _) = bytes.split_at_checked(digits)?;
    *bytes = rest;
    (digits > 0).then(|| number.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0')))
}

fn expect(bytes: &mut &[u8], mark: u8) -> Option<()> {
    *bytes = bytes.strip_prefix(&[mark])?;
    Some(())
}

/// Month, day, and what may follow; nothing if this is no date.
fn parse_date(year: u32, mut rest: &[u8]) -> Option<()> {
    let month = number(&mut rest).filter(|month| (1..=12).contains(month))?;
    expect(&mut rest, b'-')?;
    let day = number(&mut rest)?;
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if !(1..=days).contains(&day) {
        return None;
    }
    match rest.first() {
        None => return Some(()),
        Some(b'T' | b't') => {
            rest = parse_time(rest.get(1..)?)?;
            match rest {
                [b'Z'] => {}
                [b'+' | b'-', hour @ .., b':', minute_tens, minute_ones] => {
                    let [tens, ones] = hour else { return None };
                    let two = |tens: u8, ones: u8| {
                        (tens.is_ascii_digit() && ones.is_ascii_digit())
                            .then(|| u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
                    };
                    // Go allows offsets of 24 hours and 60 minutes.
                    if two(*tens, *ones)? > 24 || two(*minute_tens, *minute_ones)? > 60 {
                        return None;
                    }
                }
                _ => return None,
            }
        }
        Some(b' ') => {
            let time = rest.iter().take_while(|byte| **byte == b' ').count();
            if !parse_time(rest.get(time..)?)?.is_empty() {
                return None;
            }
        }
        Some(_) => return None,
    }
    Some(())
}

/// Hours, minutes, seconds and fractions; gives back what follows.
fn parse_time(mut rest: &[u8]) -> Option<&[u8]> {
    number(&mut rest).filter(|hour| *hour < 24)?;
    expect(&mut rest, b':')?;
    number(&mut rest).filter(|minute| *minute < 60)?;
    expect(&mut rest, b':')?;
    number(&mut rest).filter(|second| *second < 60)?;
    if let [b'.' | b',', digit, ..] = rest
        && digit.is_ascii_digit()
    {
        let digits = rest.iter().skip(1).take_while(|byte| byte.is_ascii_digit()).count();
        rest = rest.get(1 + digits..)?;
    }
    Some(rest)
}

/// Whether the text is a number in base 60, which YAML 1.1 knew: `190:20:30`.
fn is_base_60(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut parts = text.split(':');
    let head = parts.next().unwrap_or_default();
    if !head.starts_with(|first: char| first.is_ascii_digit())
        || !head.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
    {
        return false;
    }
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return false;
    }
    while let Some(part) = parts.next() {
        // Only the last part may have a fraction.
        let (part, fraction) = match part.split_once('.') {
            Some((part, fraction)) if parts.peek().is_none() => (part, fraction),
            Some(_) => return false,
            None => (part, ""),
        };
        let fits = match part.as_bytes() {
            [ones] => ones.is_ascii_digit(),
            [tens, ones] => (b'0'..=b'5').contains(tens) && ones.is_ascii_digit(),
            _ => false,
        };
        if !fits || !fraction.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_') {
            return false;
        }
    }
    true
}

/// Go's `base64.StdEncoding.DecodeString`: padded, line breaks ignored.
pub(crate) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len() / 4 * 3);
    let mut letters = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n'));
    loop {
        let Some(first) = letters.next() else { return Some(decoded) };
        let mut value = sextet(first)?;
        value = value << 6 | sextet(letters.next()?)?;
        let (third, fourth) = (letters.next()?, letters.next()?);
        let octets = if third == b'=' {
            if fourth != b'=' {
                return None;
            }
            value <<= 12;
            1
        } else {
            value = value << 6 | sextet(third)?;
            if fourth == b'=' {
                value <<= 6;
                2
            } else {
                value = value << 6 | sextet(fourth)?;
                3
            }
        };
        let [_, bytes @ ..] = value.to_be_bytes();
        decoded.extend(bytes.iter().take(octets));
        if octets < 3 {
            // Nothing may follow the padding.
            return letters.next().is_none().then_some(decoded);
        }
    }
}

fn sextet(letter: u8) -> Option<u32> {
    Some(u32::from(match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}

/// Go's `base64.StdEncoding.EncodeToString`.
pub(crate) fn encode_base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let octet = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let value = octet(0) << 16 | octet(1) << 8 | octet(2);
        for place in 0..4 {
            let letter = (value >> (18 - 6 * place)) & 0x3f;
            let known = LETTERS.get(letter as usize).copied().unwrap_or(b'=');
            text.push(if place <= chunk.len() { char::from(known) } else { '=' });
        }
    }
    text
}
