//! Writing scalars, after the `yaml_emitter_write_…` functions of `emitterc.go`.

use super::style::{Style, analyze, is_break, is_printable};
use super::{Dialect, Emitter};
use crate::parse::width;

/// go-yaml's step of indentation, v3 asked for the same.
const STEP: i64 = 2;

impl Emitter {
    pub(super) fn increase_indent(&mut self, flow: bool, indentless: bool) {
        if self.indent < 0 {
            self.indent = if flow { STEP } else { 0 };
        } else if !indentless {
            self.indent += STEP;
        }
    }

    fn put(&mut self, letter: char) {
        self.out.push(letter);
        self.column += 1;
    }

    /// Text on one line.
    fn put_text(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += if text.is_ascii() { text.len() } else { text.chars().count() };
    }

    fn put_break(&mut self) {
        self.out.push('\n');
        self.column = 0;
        if self.dialect == Dialect::V3 {
            self.indention = true;
        }
    }

    /// The indentation as a column.
    fn indent_column(&self) -> usize {
        usize::try_from(self.indent).unwrap_or(0)
    }

    pub(super) fn write_indent(&mut self) {
        let indent = self.indent_column();
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.put_break();
        }
        while self.column < indent {
            self.put(' ');
        }
        self.whitespace = true;
        if self.dialect == Dialect::V2 {
            self.indention = true;
        }
    }

    pub(super) fn write_indicator(
        &mut self,
        indicator: &str,
        need_whitespace: bool,
        is_whitespace: bool,
        is_indention: bool,
    ) {
        if need_whitespace && !self.whitespace {
            self.put(' ');
        }
        self.put_text(indicator);
        self.whitespace = is_whitespace;
        self.indention = self.indention && is_indention;
    }

    /// Writes a number, a truth value or null.
    pub(super) fn write_plain(&mut self, text: &str) {
        if !self.whitespace {
            self.put(' ');
        }
        self.put_text(text);
        self.whitespace = false;
        self.indention = false;
    }

    pub(super) fn write_scalar(&mut self, text: &str, wanted: Style, simple_key: bool) {
        let style = analyze(text, self.dialect).select(wanted, text.is_empty(), simple_key);
        let outer = self.indent;
        self.increase_indent(true, false);
        match style {
            Style::Plain => self.write_plain_scalar(text, !simple_key),
            Style::SingleQuoted => self.write_single_quoted(text, !simple_key),
            Style::DoubleQuoted => self.write_double_quoted(text, !simple_key),
            Style::Literal => self.write_literal(text),
        }
        self.indent = outer;
    }

    /// Whether the space at `at` may become a line break.
    fn folds(&self, bytes: &[u8], at: usize, spaces: bool) -> bool {
        !spaces && self.column > self.dialect.width() && bytes.get(at + 1) != Some(&b' ')
    }

    /// The character at `at`, written as it is; gives back where the next one begins.
    fn copy(&mut self, text: &str, at: usize) -> usize {
        let next = at + width(text.as_bytes().get(at).copied().unwrap_or(0));
        self.out.push_str(text.get(at..next).unwrap_or_default());
        self.column += 1;
        next
    }

    /// The character at `at` and the ASCII after it that no quotes change.
    fn copy_run(&mut self, text: &str, at: usize) -> usize {
        let after = self.copy(text, at);
        let rest = text.as_bytes().get(after..).unwrap_or_default();
        let is_special = |byte: &u8| !matches!(byte, b'!' | b'#'..=b'&' | b'('..=b'[' | b']'..=b'~');
        let run = rest.iter().position(is_special).unwrap_or(rest.len());
        self.put_text(text.get(after..after + run).unwrap_or_default());
        after + run
    }

    /// The line break at `at`; gives back where the next character begins.
    fn write_break(&mut self, text: &str, at: usize) -> usize {
        if text.as_bytes().get(at) == Some(&b'\n') {
            self.put_break();
            return at + 1;
        }
        let next = self.copy(text, at);
        self.column = 0;
        if self.dialect == Dialect::V3 {
            self.indention = true;
        }
        next
    }

    fn write_plain_scalar(&mut self, text: &str, allow_breaks: bool) {
        if !self.whitespace && (self.dialect == Dialect::V2 || !text.is_empty()) {
            self.put(' ');
        }
        let bytes = text.as_bytes();
        // Plain scalars have no line breaks; what cannot reach the width is copied whole.
        if !allow_breaks || self.column.saturating_add(bytes.len()) <= self.dialect.width() {
            self.put_text(text);
        } else {
            let mut spaces = false;
            let mut at = 0;
            while at < bytes.len() {
                let run = memchr::memchr(b' ', bytes.get(at..).unwrap_or_default()).unwrap_or(bytes.len() - at);
                if run > 0 {
                    self.put_text(text.get(at..at + run).unwrap_or_default());
                    self.indention = false;
                    spaces = false;
                    at += run;
                    continue;
                }
                if self.folds(bytes, at, spaces) {
                    self.write_indent();
                    at += 1;
                } else {
                    at = self.copy(text, at);
                }
                spaces = true;
            }
        }
        if self.dialect == Dialect::V2 || !text.is_empty() {
            self.whitespace = false;
        }
        self.indention = false;
    }

    fn write_single_quoted(&mut self, text: &str, allow_breaks: bool) {
        self.write_indicator("'", true, false, false);
        let bytes = text.as_bytes();
        let mut spaces = false;
        let mut breaks = false;
        let mut at = 0;
        while at < bytes.len() {
            let byte = bytes.get(at).copied().unwrap_or(0);
            if byte == b' ' {
                let inside = at > 0 && at + 1 < bytes.len();
                if allow_breaks && inside && self.folds(bytes, at, spaces) {
                    self.write_indent();
                    at += 1;
                } else {
                    at = self.copy(text, at);
                }
                spaces = true;
            } else if is_break(bytes, at) {
                if !breaks && byte == b'\n' {
                    self.put_break();
                }
                at = self.write_break(text, at);
                if self.dialect == Dialect::V2 {
                    self.indention = true;
                }
                breaks = true;
            } else {
                if breaks {
                    self.write_indent();
                }
                if byte == b'\'' {
                    self.put('\'');
                }
                at = self.copy_run(text, at);
                self.indention = false;
                spaces = false;
                breaks = false;
            }
        }
        self.write_indicator("'", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn write_double_quoted(&mut self, text: &str, allow_breaks: bool) {
        self.write_indicator("\"", true, false, false);
        let bytes = text.as_bytes();
        // go-yaml looks for a byte order mark at the beginning of the text, whatever the position.
        let escape_all = bytes.starts_with(b"\xef\xbb\xbf");
        let mut spaces = false;
        let mut at = 0;
        while at < bytes.len() {
            let byte = bytes.get(at).copied().unwrap_or(0);
            if escape_all || !is_printable(bytes, at) || is_break(bytes, at) || matches!(byte, b'"' | b'\\') {
                let letter = text.get(at..).and_then(|rest| rest.chars().next()).unwrap_or('\0');
                self.write_escape(letter);
                at += letter.len_utf8();
                spaces = false;
            } else if byte == b' ' {
                let inside = at > 0 && at + 1 < bytes.len();
                if allow_breaks && !spaces && inside && self.column > self.dialect.width() {
                    self.write_indent();
                    if bytes.get(at + 1) == Some(&b' ') {
                        self.put('\\');
                    }
                    at += 1;
                } else {
                    at = self.copy(text, at);
                }
                spaces = true;
            } else {
                at = self.copy_run(text, at);
                spaces = false;
            }
        }
        self.write_indicator("\"", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn write_escape(&mut self, letter: char) {
        let short = match letter {
            '\0' => '0',
            '\x07' => 'a',
            '\x08' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\x0b' => 'v',
            '\x0c' => 'f',
            '\r' => 'r',
            '\x1b' => 'e',
            '"' | '\\' => letter,
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let code = u32::from(letter);
                let escape = match code {
                    0..=0xff => format!("\\x{code:02X}"),
                    0x100..=0xffff => format!("\\u{code:04X}"),
                    _ => format!("\\U{code:08X}"),
                };
                return self.put_text(&escape);
            }
        };
        self.put('\\');
        self.put(short);
    }

    fn write_literal(&mut self, text: &str) {
        self.write_indicator("|", true, false, false);
        self.write_hints(text);
        self.put_break();
        if self.dialect == Dialect::V2 {
            self.indention = true;
        }
        self.whitespace = true;
        let bytes = text.as_bytes();
        let is_ascii = text.is_ascii();
        let mut breaks = true;
        let mut at = 0;
        while at < bytes.len() {
            if is_break(bytes, at) {
                at = self.write_break(text, at);
                if self.dialect == Dialect::V2 {
                    self.indention = true;
                }
                breaks = true;
                continue;
            }
            if breaks {
                self.write_indent();
            }
            // All up to the next byte that may begin a line break.
            let rest = bytes.get(at + 1..).unwrap_or_default();
            let run = if is_ascii {
                memchr::memchr2(b'\r', b'\n', rest)
            } else {
                rest.iter().position(|byte| matches!(byte, b'\r' | b'\n' | 0xc2 | 0xe2))
            };
            let end = run.map_or(bytes.len(), |run| at + 1 + run);
            // The first character may have several bytes.
            let end = end.max(at + width(bytes.get(at).copied().unwrap_or(0)));
            self.put_text(text.get(at..end).unwrap_or_default());
            at = end;
            self.indention = false;
            breaks = false;
        }
    }

    /// The indentation, if the text does not show it, and what to do with the line breaks at the end.
    fn write_hints(&mut self, text: &str) {
        let bytes = text.as_bytes();
        if bytes.first() == Some(&b' ') || is_break(bytes, 0) {
            self.write_indicator("2", false, false, false);
        }
        let breaks = text.char_indices().rev().take(2).take_while(|(at, _)| is_break(bytes, *at)).count();
        let chomping = match breaks {
            0 => "-",
            // A lone line break is kept, too.
            1 if text.chars().nth(1).is_some() => "",
            _ => "+",
        };
        if !chomping.is_empty() {
            self.write_indicator(chomping, false, false, false);
        }
    }
}
