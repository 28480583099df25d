//! The four kinds of scalars.

use super::characters::ordinary_except;
use super::scanner::Scanner;
use super::token::{Mark, Step, Style, Text, Token, TokenKind};

/// Characters that never end a plain scalar in block context, unless spaces end the line.
const PLAIN: [bool; 256] = ordinary_except(b":#");
/// The same in flow context.
const FLOW_PLAIN: [bool; 256] = ordinary_except(b":#,?[]{}");
/// Characters that mean themselves between quotes, unless spaces end the line.
const QUOTED: [bool; 256] = ordinary_except(b"'\"\\");

/// A scalar being read: a run of the source as long as that will do, then the scratch buffer.
struct Piece {
    /// Where this scalar begins in the scratch buffer, once it needs it.
    scratch: Option<usize>,
    /// The run of source not copied yet.
    run: std::ops::Range<usize>,
}

impl Piece {
    fn at(position: usize) -> Self {
        Self { scratch: None, run: position..position }
    }

    /// Adds the source between `from` and `to`.
    fn extend(&mut self, source: &[u8], scratch: &mut String, from: usize, to: usize) {
        if self.run.is_empty() && self.scratch.is_none() {
            self.run = from..to;
        } else if self.run.end == from {
            self.run.end = to;
        } else {
            self.flush(source, scratch);
            self.run = from..to;
        }
    }

    /// Copies the run to the scratch buffer.
    fn flush(&mut self, source: &[u8], scratch: &mut String) {
        if self.scratch.is_none() {
            self.scratch = Some(scratch.len());
        }
        let run = source.get(self.run.clone()).unwrap_or_default();
        // The source is valid and runs end between characters, so this never loses anything.
        scratch.push_str(std::str::from_utf8(run).unwrap_or_default());
        self.run = self.run.end..self.run.end;
    }

    fn finish(mut self, source: &[u8], scratch: &mut String) -> Text {
        match self.scratch {
            None => Text::in_source(self.run.start, self.run.end),
            Some(start) => {
                self.flush(source, scratch);
                Text::in_scratch(start, scratch.len())
            }
        }
    }
}

/// The line breaks between two lines of a scalar.
#[derive(Default)]
struct Breaks {
    first: &'static str,
    rest: String,
}

impl<const CAREFUL: bool> Scanner<'_, CAREFUL> {
    fn extend(&mut self, piece: &mut Piece, from: usize) {
        piece.extend(self.text, &mut self.scratch, from, self.position);
    }

    fn append(&mut self, piece: &mut Piece, text: &str) {
        if !text.is_empty() {
            piece.flush(self.text, &mut self.scratch);
            self.scratch.push_str(text);
        }
    }

    fn finish(&mut self, piece: Piece) -> Text {
        piece.finish(self.text, &mut self.scratch)
    }

    /// Joins two lines: one line break becomes a space, of several the first is dropped.
    fn fold(&mut self, piece: &mut Piece, breaks: &mut Breaks) {
        if breaks.first == "\n" {
            if breaks.rest.is_empty() {
                self.append(piece, " ");
            } else {
                self.append(piece, &breaks.rest);
            }
        } else {
            self.append(piece, breaks.first);
            self.append(piece, &breaks.rest);
        }
        breaks.first = "";
        breaks.rest.clear();
    }

    pub(super) fn scan_plain_scalar(&mut self) -> Step<Token> {
        let start = self.mark();
        let mut end = start.offset;
        let mut piece = Piece::at(self.position);
        let mut breaks = Breaks::default();
        let mut leading_blanks = false;
        let mut blanks: Option<usize> = None;
        let indent = self.indent + 1;
        loop {
            self.need(4)?;
            if self.is_document_indicator(b'-') || self.is_document_indicator(b'.') {
                break;
            }
            if self.byte(0) == b'#' {
                break;
            }
            let word = self.position;
            while !self.is_blank_or_end(0) {
                let byte = self.byte(0);
                if byte == b':' && self.is_blank_or_end(1) {
                    break;
                }
                if self.flow_level > 0 && matches!(byte, b',' | b'?' | b'[' | b']' | b'{' | b'}') {
                    break;
                }
                self.skip();
                self.skip_ordinary(if self.flow_level > 0 { &FLOW_PLAIN } else { &PLAIN });
                self.need(2)?;
            }
            if self.position > word {
                let mut from = word;
                if leading_blanks {
                    self.fold(&mut piece, &mut breaks);
                    leading_blanks = false;
                } else if let Some(blank) = blanks {
                    from = blank;
                }
                blanks = None;
                self.extend(&mut piece, from);
                end = self.offset();
            }
            if !(self.is_blank(0) || self.is_break(0)) {
                break;
            }
            self.need(1)?;
            while self.is_blank(0) || self.is_break(0) {
                if self.is_blank(0) {
                    if leading_blanks
                        && i64::try_from(self.column()).is_ok_and(|column| column < indent)
                        && self.byte(0) == b'\t'
                    {
                        return self.fail(start, "found a tab character that violates indentation");
                    }
                    if !leading_blanks && blanks.is_none() {
                        blanks = Some(self.position);
                    }
                    self.skip();
                } else {
                    self.need(2)?;
                    let text = self.skip_break();
                    if leading_blanks {
                        breaks.rest.push_str(text);
                    } else {
                        blanks = None;
                        breaks.first = text;
                        leading_blanks = true;
                    }
                }
                self.need(1)?;
            }
            if self.flow_level == 0 && i64::try_from(self.column()).is_ok_and(|column| column < indent) {
                break;
            }
        }
        if leading_blanks {
            self.simple_key_allowed = true;
        }
        let text = self.finish(piece);
        Ok(Token { kind: TokenKind::Scalar { text, style: Style::Plain }, start, end })
    }

    pub(super) fn scan_flow_scalar(&mut self, single: bool) -> Step<TokenKind> {
        let start = self.mark();
        self.skip();
        let quote = if single { b'\'' } else { b'"' };
        let mut piece = Piece::at(self.position);
        let mut breaks = Breaks::default();
        loop {
            self.need(4)?;
            if self.is_document_indicator(b'-') || self.is_document_indicator(b'.') {
                return self.fail(start, "found unexpected document indicator");
            }
            if self.byte(0) == 0 {
                return self.fail(start, "found unexpected end of stream");
            }
            let mut leading_blanks = false;
            while !self.is_blank_or_end(0) {
                let byte = self.byte(0);
                if single && byte == b'\'' && self.byte(1) == b'\'' {
                    let from = self.position;
                    self.skip();
                    self.extend(&mut piece, from);
                    self.skip();
                } else if byte == quote {
                    break;
                } else if !single && byte == b'\\' && self.is_break(1) {
                    self.need(3)?;
                    self.skip();
                    self.skip_break();
                    leading_blanks = true;
                    break;
                } else if !single && byte == b'\\' {
                    self.scan_escape(&mut piece, start)?;
                } else {
                    let from = self.position;
                    self.skip();
                    self.skip_ordinary(&QUOTED);
                    self.extend(&mut piece, from);
                }
                self.need(2)?;
            }
            self.need(1)?;
            if self.byte(0) == quote {
                break;
            }
            let blanks = self.position;
            let mut blanks_end = blanks;
            while self.is_blank(0) || self.is_break(0) {
                if self.is_blank(0) {
                    self.skip();
                    if !leading_blanks {
                        blanks_end = self.position;
                    }
                } else {
                    self.need(2)?;
                    let text = self.skip_break();
                    if leading_blanks {
                        breaks.rest.push_str(text);
                    } else {
                        breaks.first = text;
                        leading_blanks = true;
                    }
                }
                self.need(1)?;
            }
            if leading_blanks {
                self.fold(&mut piece, &mut breaks);
            } else {
                piece.extend(self.text, &mut self.scratch, blanks, blanks_end);
            }
        }
        self.skip();
        let style = if single { Style::SingleQuoted } else { Style::DoubleQuoted };
        Ok(TokenKind::Scalar { text: self.finish(piece), style })
    }

    fn scan_escape(&mut self, piece: &mut Piece, start: Mark) -> Step<()> {
        let (text, digits) = match self.byte(1) {
            b'0' => ("\0", 0),
            b'a' => ("\x07", 0),
            b'b' => ("\x08", 0),
            b't' | b'\t' => ("\t", 0),
            b'n' => ("\n", 0),
            b'v' => ("\x0b", 0),
            b'f' => ("\x0c", 0),
            b'r' => ("\r", 0),
            b'e' => ("\x1b", 0),
            b' ' => (" ", 0),
            b'"' => ("\"", 0),
            b'\'' => ("'", 0),
            b'\\' => ("\\", 0),
            b'N' => ("\u{85}", 0),
            b'_' => ("\u{a0}", 0),
            b'L' => ("\u{2028}", 0),
            b'P' => ("\u{2029}", 0),
            b'x' => ("", 2),
            b'u' => ("", 4),
            b'U' => ("", 8),
            _ => return self.fail(start, "found unknown escape character"),
        };
        self.append(piece, text);
        self.skip();
        self.skip();
        if digits > 0 {
            self.need(digits)?;
            let mut value = 0u32;
            for ahead in 0..digits {
                let Some(digit) = char::from(self.byte(ahead)).to_digit(16) else {
                    return self.fail(start, "did not find expected hexdecimal number");
                };
                value = value.wrapping_shl(4) | digit;
            }
            let Some(letter) = char::from_u32(value) else {
                return self.fail(start, "found invalid Unicode character escape code");
            };
            self.append(piece, letter.encode_utf8(&mut [0; 4]));
            for _ in 0..digits {
                self.skip();
            }
        }
        Ok(())
    }

    pub(super) fn scan_block_scalar(&mut self, literal: bool) -> Step<Token> {
        let start = self.mark();
        self.skip();
        self.need(1)?;
        let mut chomping = 0;
        let mut increment = 0;
        // Chomping and indentation may come in either order.
        if matches!(self.byte(0), b'+' | b'-') {
            chomping = self.scan_chomping();
            self.need(1)?;
            increment = self.scan_increment(start)?;
        } else if self.byte(0).is_ascii_digit() {
            increment = self.scan_increment(start)?;
            self.need(1)?;
            chomping = self.scan_chomping();
        }
        self.skip_blanks()?;
        self.skip_comment()?;
        if !self.is_break_or_end(0) {
            return self.fail(start, "did not find expected comment or line break");
        }
        if self.is_break(0) {
            self.need(2)?;
            self.skip_break();
        }
        let mut end = self.offset();
        let mut indent = if increment > 0 { self.indent.max(0) + increment } else { 0 };

        let text_start = self.scratch.len();
        let mut first_break = "";
        let mut breaks = String::new();
        self.scan_block_scalar_breaks(&mut indent, &mut breaks, start, &mut end)?;
        self.need(1)?;
        let mut leading_blank = false;
        while i64::try_from(self.column()).is_ok_and(|column| column == indent) && self.byte(0) != 0 {
            let trailing_blank = self.is_blank(0);
            if !literal && !leading_blank && !trailing_blank && first_break == "\n" {
                if breaks.is_empty() {
                    self.scratch.push(' ');
                }
            } else {
                self.scratch.push_str(first_break);
            }
            self.scratch.push_str(&breaks);
            breaks.clear();
            leading_blank = self.is_blank(0);

            let line = self.position;
            self.skip_line()?;
            let line = self.text.get(line..self.position).unwrap_or_default();
            self.scratch.push_str(std::str::from_utf8(line).unwrap_or_default());
            self.need(2)?;
            first_break = self.skip_break();
            self.scan_block_scalar_breaks(&mut indent, &mut breaks, start, &mut end)?;
        }
        if chomping != -1 {
            self.scratch.push_str(first_break);
        }
        if chomping == 1 {
            self.scratch.push_str(&breaks);
        }
        let style = if literal { Style::Literal } else { Style::Folded };
        let text = self.scratch_from(text_start);
        Ok(Token { kind: TokenKind::Scalar { text, style }, start, end })
    }

    fn scan_chomping(&mut self) -> i8 {
        let chomping = match self.byte(0) {
            b'+' => 1,
            b'-' => -1,
            _ => return 0,
        };
        self.skip();
        chomping
    }

    fn scan_increment(&mut self, start: Mark) -> Step<i64> {
        let byte = self.byte(0);
        if byte == b'0' {
            return self.fail(start, "found an indentation indicator equal to 0");
        }
        if !byte.is_ascii_digit() {
            return Ok(0);
        }
        self.skip();
        Ok(i64::from(byte - b'0'))
    }

    /// Goes past indentation and empty lines; finds out the indentation if it is not known (0).
    fn scan_block_scalar_breaks(
        &mut self,
        indent: &mut i64,
        breaks: &mut String,
        start: Mark,
        end: &mut u32,
    ) -> Step<()> {
        *end = self.offset();
        let mut max_indent = 0;
        loop {
            self.need(1)?;
            let mut column = i64::try_from(self.column()).unwrap_or(i64::MAX);
            while (*indent == 0 || column < *indent) && self.byte(0) == b' ' {
                self.skip();
                column += 1;
                self.need(1)?;
            }
            max_indent = max_indent.max(column);
            if (*indent == 0 || column < *indent) && self.byte(0) == b'\t' {
                return self.fail(start, "found a tab character where an indentation space is expected");
            }
            if !self.is_break(0) {
                break;
            }
            self.need(2)?;
            breaks.push_str(self.skip_break());
            *end = self.offset();
        }
        if *indent == 0 {
            *indent = max_indent.max(self.indent + 1).max(1);
        }
        Ok(())
    }
}
