//! How are values written out as text, plain or for a context? `print`, `printf`, `println`, `html`, `js`, `urlquery`.

use crate::function::{Context, Rest};
use crate::go::{fmt, unicode, utf8};
use crate::limits::LimitError;
use crate::value::{Str, Value};

pub(super) fn print(context: &mut Context<'_>, values: Rest<'_, Value>) -> Result<Str, crate::CallError> {
    Ok(fmt::sprint(context, values)?.into())
}

pub(super) fn println(context: &mut Context<'_>, values: Rest<'_, Value>) -> Result<Str, crate::CallError> {
    Ok(fmt::sprintln(context, values)?.into())
}

pub(super) fn printf(
    context: &mut Context<'_>,
    format: &Str,
    values: Rest<'_, Value>,
) -> Result<Str, crate::CallError> {
    Ok(fmt::sprintf(context, format, values)?.into())
}

/// The operands as a template prints them, joined as `print` joins.
fn joined(context: &mut Context<'_>, values: Rest<'_, Value>) -> Result<Vec<u8>, LimitError> {
    match values.get(0) {
        Some(Value::String(text)) if values.len() == 1 => Ok(text.to_vec()),
        _ => fmt::sprint_printable(context, values),
    }
}

pub(super) fn html(context: &mut Context<'_>, values: Rest<'_, Value>) -> Result<Vec<u8>, crate::CallError> {
    let text = joined(context, values)?;
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            0 => out.extend_from_slice("\u{FFFD}".as_bytes()),
            b'"' => out.extend_from_slice(b"&#34;"),
            b'\'' => out.extend_from_slice(b"&#39;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            other => out.push(other),
        }
    }
    Ok(out)
}

pub(super) fn js(context: &mut Context<'_>, values: Rest<'_, Value>) -> Result<Vec<u8>, crate::CallError> {
    let text = joined(context, values)?;
    let mut out = Vec::with_capacity(text.len());
    for (offset, rune, width) in utf8::runes(&text) {
        match rune {
            '\\' => out.extend_from_slice(b"\\\\"),
            '\'' => out.extend_from_slice(b"\\'"),
            '"' => out.extend_from_slice(b"\\\""),
            '<' | '>' | '&' | '=' => out.extend_from_slice(format!("\\u{:04X}", u32::from(rune)).as_bytes()),
            rune if rune < ' ' => out.extend_from_slice(format!("\\u{:04X}", u32::from(rune)).as_bytes()),
            rune if rune.is_ascii() || unicode::is_print(rune) => out.extend_from_slice(&text[offset..offset + width]),
            rune => out.extend_from_slice(format!("\\u{:04X}", u32::from(rune)).as_bytes()),
        }
    }
    Ok(out)
}

/// Go's `url.QueryEscape`.
pub(super) fn urlquery(context: &mut Context<'_>, values: Rest<'_, Value>) -> Result<Vec<u8>, crate::CallError> {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let text = joined(context, values)?;
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            b' ' => out.push(b'+'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte),
            other => out.extend_from_slice(&[b'%', DIGITS[usize::from(other >> 4)], DIGITS[usize::from(other & 15)]]),
        }
    }
    Ok(out)
}
