//! What does a format string ask for? Verbs, flags, `*`, argument indexes, and what is printed when they do not fit:
//! `doPrintf` of Go's `fmt/print.go`.

use super::Printer;
use super::format::Flags;
use crate::function::Rest;
use crate::go::utf8;
use crate::value::Value;

/// Widths, precisions and argument numbers beyond this are wrong.
const TOO_LARGE: i64 = 1_000_000;

struct Format<'a> {
    text: &'a [u8],
    position: usize,
    arguments: Rest<'a, Value>,
    next: usize,
    /// Whether an argument index was used, which turns off the report of what is left over.
    reordered: bool,
    /// Whether the index of the verb under way is a good one.
    good_index: bool,
}

pub(super) fn printf(printer: &mut Printer<'_>, text: &[u8], arguments: Rest<'_, Value>) {
    let mut format = Format { text, position: 0, arguments, next: 0, reordered: false, good_index: true };
    while format.position < text.len() && printer.error.is_none() {
        let rest = &text[format.position..];
        let literal = memchr::memchr(b'%', rest).unwrap_or(rest.len());
        printer.push(&rest[..literal]);
        format.position += literal;
        if format.position >= text.len() {
            break;
        }
        format.position += 1;
        format.good_index = true;
        if !format.verb(printer) {
            break;
        }
    }
    if !format.reordered && format.next < arguments.len() {
        printer.flags = Flags::default();
        printer.push(b"%!(EXTRA ");
        for (index, value) in arguments.iter().skip(format.next).enumerate() {
            if index > 0 {
                printer.push(b", ");
            }
            if value.is_nil() {
                printer.push(b"<nil>");
            } else {
                printer.push(value.type_name().as_bytes());
                printer.push(b"=");
                printer.argument(value, 'v');
            }
        }
        printer.push(b")");
    }
}

impl Format<'_> {
    fn byte(&self) -> Option<u8> {
        self.text.get(self.position).copied()
    }

    /// Reads what follows a `%` and prints it; false at the end of the format.
    fn verb(&mut self, printer: &mut Printer<'_>) -> bool {
        let mut flags = Flags::default();
        while let Some(byte) = self.byte() {
            match byte {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => break,
            }
            self.position += 1;
        }
        let mut after_index = self.index();
        if self.byte() == Some(b'*') {
            self.position += 1;
            let width = self.number_argument();
            if width.is_none() {
                printer.push(b"%!(BADWIDTH)");
            }
            if width.is_some_and(|width| width < 0) {
                flags.minus = true;
                flags.zero = false;
            }
            flags.width = width.and_then(|width| usize::try_from(width.unsigned_abs()).ok());
            after_index = false;
        } else {
            flags.width = self.number();
            if after_index && flags.width.is_some() {
                self.good_index = false;
            }
        }
        if self.position + 1 < self.text.len() && self.byte() == Some(b'.') {
            self.position += 1;
            if after_index {
                self.good_index = false;
            }
            after_index = self.index();
            if self.byte() == Some(b'*') {
                self.position += 1;
                let precision = self.number_argument();
                flags.precision = precision.and_then(|precision| usize::try_from(precision).ok());
                if flags.precision.is_none() {
                    printer.push(b"%!(BADPREC)");
                }
                after_index = false;
            } else {
                flags.precision = Some(self.number().unwrap_or(0));
            }
        }
        if !after_index {
            self.index();
        }
        if self.position >= self.text.len() {
            printer.push(b"%!(NOVERB)");
            return false;
        }
        let (verb, width) = utf8::decode_rune(&self.text[self.position..]);
        self.position += width;
        if verb == 'v' || verb == 'w' {
            flags.sharp_v = std::mem::replace(&mut flags.sharp, false);
            flags.plus_v = std::mem::replace(&mut flags.plus, false);
        }
        printer.flags = flags;
        match self.arguments.get(self.next) {
            _ if verb == '%' => printer.push(b"%"),
            _ if !self.good_index => complain(printer, verb, "(BADINDEX)"),
            None => complain(printer, verb, "(MISSING)"),
            Some(value) => {
                printer.argument(value, verb);
                self.next += 1;
            }
        }
        true
    }

    /// A decimal number, if one is here. One that is too long swallows the rest of the format, as in Go.
    fn number(&mut self) -> Option<usize> {
        let (number, end) = parse_number(self.text, self.position, self.text.len());
        self.position = end;
        number
    }

    /// The next argument as a width or precision.
    fn number_argument(&mut self) -> Option<i64> {
        let value = self.arguments.get(self.next)?;
        self.next += 1;
        let number = value.as_int().or_else(|| i64::try_from(value.as_uint()?).ok())?;
        (-TOO_LARGE..=TOO_LARGE).contains(&number).then_some(number)
    }

    /// An argument index such as `[3]`, if one is here; whether there was one that makes sense.
    fn index(&mut self) -> bool {
        if self.byte() != Some(b'[') {
            return false;
        }
        self.reordered = true;
        let rest = &self.text[self.position..];
        let close = if rest.len() < 3 { None } else { memchr::memchr(b']', rest).filter(|close| *close >= 1) };
        let Some(close) = close else {
            self.position += 1;
            self.good_index = false;
            return false;
        };
        self.position += close + 1;
        let (number, end) = parse_number(rest, 1, close);
        let Some(number) = number.filter(|_| end == close) else {
            self.good_index = false;
            return false;
        };
        match number.checked_sub(1).filter(|index| *index < self.arguments.len()) {
            Some(index) => self.next = index,
            None => self.good_index = false,
        }
        true
    }
}

/// Go's `parsenum`: a number between `start` and `end`, and where it ends.
fn parse_number(text: &[u8], start: usize, end: usize) -> (Option<usize>, usize) {
    let mut number = None;
    let mut position = start;
    while position < end && text[position].is_ascii_digit() {
        let value: usize = number.unwrap_or(0);
        if value > 1_000_000 {
            return (None, end);
        }
        number = Some(value * 10 + usize::from(text[position] - b'0'));
        position += 1;
    }
    (number, position)
}

fn complain(printer: &mut Printer<'_>, verb: char, what: &str) {
    printer.push(b"%!");
    printer.push_char(verb);
    printer.push(what.as_bytes());
}
