//! JSON as encoding/json writes it.

use super::Style;
use crate::error::WriteError;
use crate::limits::MAX_DEPTH;
use crate::number::{format_general, format_json};
use crate::tree::{Shape, Target, Tree};
use std::borrow::Cow;
use std::fmt::Write as _;

/// Writes `tree` as `json.Marshal` does, with sorted keys; no line break at the end.
#[expect(clippy::needless_pass_by_value, reason = "a Tree is a handle, usually a reference")]
pub fn write<T: Tree>(tree: T, style: Style) -> Result<String, WriteError> {
    write_handle(&tree, style)
}

/// [`write`] for a handle that is needed again.
pub(crate) fn write_handle<T: Tree>(tree: &T, style: Style) -> Result<String, WriteError> {
    let mut writer = Writer { out: String::new(), style, depth: 0 };
    writer.value(tree)?;
    Ok(writer.out)
}

struct Writer {
    out: String,
    style: Style,
    depth: usize,
}

impl Writer {
    fn value<T: Tree>(&mut self, tree: &T) -> Result<(), WriteError> {
        tree.shape(Target::Json, |shape| self.shape(shape))
    }

    fn shape<T: Tree>(&mut self, shape: Shape<'_, T>) -> Result<(), WriteError> {
        match shape {
            Shape::Null => self.out.push_str("null"),
            Shape::Bool(value) => self.out.push_str(if value { "true" } else { "false" }),
            Shape::Int(value) => self.number(format_args!("{value}")),
            Shape::Uint(value) => self.number(format_args!("{value}")),
            Shape::Float(value) => match format_json(value) {
                Some(text) => self.out.push_str(&text),
                None => return Err(unsupported_float(value)),
            },
            Shape::String(bytes) => self.string(&bytes),
            Shape::Plain(text) => self.string(text.as_bytes()),
            Shape::List(items) => {
                self.enter()?;
                self.out.push('[');
                let mut empty = true;
                for item in items {
                    self.separate(&mut empty);
                    self.value(&item)?;
                }
                self.leave(empty, ']');
            }
            Shape::Map(entries) => self.entries(&mut sorted(entries).into_iter())?,
            Shape::Fields(entries) => self.entries(entries)?,
            Shape::Unsupported(text) => return Err(WriteError::Unsupported(text)),
        }
        Ok(())
    }

    fn entries<T: Tree>(&mut self, entries: &mut dyn Iterator<Item = (Cow<'_, [u8]>, T)>) -> Result<(), WriteError> {
        self.enter()?;
        self.out.push('{');
        let mut empty = true;
        for (key, value) in entries {
            self.separate(&mut empty);
            self.string(&key);
            self.out.push_str(if self.style == Style::Pretty { ": " } else { ":" });
            self.value(&value)?;
        }
        self.leave(empty, '}');
        Ok(())
    }

    fn enter(&mut self) -> Result<(), WriteError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(WriteError::Depth { limit: MAX_DEPTH }) } else { Ok(()) }
    }

    /// What comes before an item.
    fn separate(&mut self, empty: &mut bool) {
        if !std::mem::replace(empty, false) {
            self.out.push(',');
        }
        self.new_line();
    }

    fn leave(&mut self, empty: bool, close: char) {
        self.depth -= 1;
        if !empty {
            self.new_line();
        }
        self.out.push(close);
    }

    fn new_line(&mut self) {
        if self.style == Style::Pretty {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n("  ", self.depth));
        }
    }

    fn number(&mut self, number: std::fmt::Arguments<'_>) {
        let written = self.out.write_fmt(number);
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
    }

    fn string(&mut self, bytes: &[u8]) {
        write_string(&mut self.out, bytes, self.style != Style::CompactRaw);
    }
}

/// encoding/json's error for an infinity or NaN.
pub(crate) fn unsupported_float(value: f64) -> WriteError {
    WriteError::Unsupported(format!("json: unsupported value: {}", format_general(value)))
}

/// The entries by key, as Go sorts them: by bytes.
pub(crate) fn sorted<'a, T>(entries: &mut dyn Iterator<Item = (Cow<'a, [u8]>, T)>) -> Vec<(Cow<'a, [u8]>, T)> {
    let mut entries: Vec<_> = entries.collect();
    if !entries.is_sorted_by(|left, right| left.0 <= right.0) {
        entries.sort_by(|left, right| left.0.cmp(&right.0));
    }
    entries
}

/// Appends a string with quotes; what is not UTF-8 becomes U+FFFD.
pub(crate) fn write_string(out: &mut String, bytes: &[u8], escape_html: bool) {
    out.push('"');
    for chunk in bytes.utf8_chunks() {
        write_escaped(out, chunk.valid(), escape_html);
        for _ in chunk.invalid() {
            out.push_str("\\ufffd");
        }
    }
    out.push('"');
}

/// Whether a byte may need an escape; 0xe2 begins U+2028 and U+2029.
const fn may_need_escape(byte: u8) -> bool {
    matches!(byte, 0..0x20 | b'"' | b'\\' | b'<' | b'>' | b'&' | 0xe2)
}

/// [`may_need_escape`] for every byte.
const SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "counts to 255")]
        {
            table[byte] = may_need_escape(byte as u8);
        }
        byte += 1;
    }
    table
};

fn write_escaped(out: &mut String, text: &str, escape_html: bool) {
    let mut rest = text;
    while let Some(place) = rest.bytes().position(|byte| SPECIAL[usize::from(byte)]) {
        let Some((plain, from)) = rest.split_at_checked(place) else { break };
        out.push_str(plain);
        let mut letters = from.chars();
        let Some(letter) = letters.next() else { break };
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '<' | '>' | '&' if !escape_html => out.push(letter),
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            '\0'..'\x20' => {
                let written = write!(out, "\\u{:04x}", u32::from(letter));
                debug_assert!(written.is_ok(), "writing to a string cannot fail");
            }
            _ => out.push(letter),
        }
        rest = letters.as_str();
    }
    out.push_str(rest);
}
