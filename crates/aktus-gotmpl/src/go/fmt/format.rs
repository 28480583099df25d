//! How are numbers and strings laid out under flags, width and precision? Go's `fmt/format.go`.

use super::Printer;
use crate::go::{strconv, unicode, utf8};
use strconv::FloatSize;

const LOWER: &[u8; 17] = b"0123456789abcdefx";
const UPPER: &[u8; 17] = b"0123456789ABCDEFX";
const MAX_RUNE: u64 = 0x0010_FFFF;

/// The flags, width and precision of a verb.
#[derive(Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "Go's flags are independent of each other")]
pub(super) struct Flags {
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
    pub(super) minus: bool,
    pub(super) plus: bool,
    pub(super) sharp: bool,
    pub(super) space: bool,
    pub(super) zero: bool,
    /// `%+v`
    pub(super) plus_v: bool,
    /// `%#v`
    pub(super) sharp_v: bool,
}

impl Printer<'_> {
    fn padding(&mut self, count: usize) {
        if count > 0 && self.room(count) {
            let byte = if self.flags.zero && !self.flags.minus { b'0' } else { b' ' };
            self.out.resize(self.out.len() + count, byte);
        }
    }

    pub(super) fn pad(&mut self, text: &[u8]) {
        let Some(width) = self.flags.width.filter(|width| *width > 0) else { return self.push(text) };
        let missing = width.saturating_sub(utf8::rune_count(text));
        if self.flags.minus {
            self.push(text);
            self.padding(missing);
        } else {
            self.padding(missing);
            self.push(text);
        }
    }

    fn without_zero(&mut self, print: impl FnOnce(&mut Self)) {
        let zero = std::mem::replace(&mut self.flags.zero, false);
        print(self);
        self.flags.zero = zero;
    }

    /// `%t`
    pub(super) fn boolean(&mut self, value: bool) {
        self.pad(if value { b"true" } else { b"false" });
    }

    /// `%U`
    pub(super) fn unicode(&mut self, value: u64) {
        let digits = format!("{value:04X}");
        let zeros = self.flags.precision.unwrap_or(0).saturating_sub(digits.len());
        if !self.room(zeros) {
            return;
        }
        let mut text = format!("U+{}{digits}", "0".repeat(zeros));
        if self.flags.sharp
            && value <= MAX_RUNE
            && let Some(rune) = u32::try_from(value).ok().and_then(char::from_u32)
            && unicode::is_print(rune)
        {
            text.push_str(" '");
            text.push(rune);
            text.push('\'');
        }
        self.without_zero(|printer| printer.pad(text.as_bytes()));
    }

    /// Integers in base 2, 8, 10 or 16. `value` holds a signed one as its bits.
    pub(super) fn integer(&mut self, value: u64, base: u64, signed: bool, verb: char, upper: bool) {
        let negative = signed && value.cast_signed() < 0;
        let magnitude = if negative { value.wrapping_neg() } else { value };
        let flags = self.flags;
        let mut least = 0;
        if let Some(precision) = flags.precision {
            least = precision;
            if precision == 0 && magnitude == 0 {
                let width = flags.width.unwrap_or(0);
                return self.without_zero(|printer| printer.padding(width));
            }
        } else if flags.zero
            && !flags.minus
            && let Some(width) = flags.width
        {
            least = width;
            if negative || flags.plus || flags.space {
                least = least.saturating_sub(1);
            }
        }
        let table = if upper { UPPER } else { LOWER };
        // 64 binary digits are the most there can be.
        let mut buffer = [0_u8; 64];
        let mut start = buffer.len();
        let mut rest = magnitude;
        loop {
            start -= 1;
            buffer[start] = table[usize::try_from(rest % base).unwrap_or(0)];
            rest /= base;
            if rest == 0 {
                break;
            }
        }
        let digits = &buffer[start..];
        if flags.width.is_none() && least == 0 && !flags.sharp && !flags.plus && !flags.space && verb != 'O' {
            if negative {
                self.push(b"-");
            }
            return self.push(digits);
        }
        let zeros = least.saturating_sub(digits.len());
        if !self.room(zeros) {
            return;
        }
        let mut text = Vec::with_capacity(zeros + digits.len() + 4);
        if negative {
            text.push(b'-');
        } else if flags.plus {
            text.push(b'+');
        } else if flags.space {
            text.push(b' ');
        }
        if verb == 'O' {
            text.extend_from_slice(b"0o");
        }
        if flags.sharp {
            match base {
                2 => text.extend_from_slice(b"0b"),
                8 if zeros == 0 && digits.first() != Some(&b'0') => text.push(b'0'),
                16 => text.extend_from_slice(&[b'0', table[16]]),
                _ => {}
            }
        }
        text.resize(text.len() + zeros, b'0');
        text.extend_from_slice(digits);
        self.without_zero(|printer| printer.pad(&text));
    }

    fn truncate<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        match self.flags.precision {
            None => text,
            Some(count) => utf8::runes(text).nth(count).map_or(text, |(offset, _, _)| &text[..offset]),
        }
    }

    /// `%s`
    pub(super) fn string(&mut self, text: &[u8]) {
        let text = self.truncate(text);
        self.pad(text);
    }

    /// `%x` and `%X` of strings and bytes.
    pub(super) fn hexadecimal(&mut self, text: &[u8], upper: bool) {
        let table = if upper { UPPER } else { LOWER };
        let length = self.flags.precision.map_or(text.len(), |precision| precision.min(text.len()));
        if length == 0 {
            return self.padding(self.flags.width.unwrap_or(0));
        }
        let mut width = 2 * length;
        if self.flags.space {
            if self.flags.sharp {
                width *= 2;
            }
            width += length - 1;
        } else if self.flags.sharp {
            width += 2;
        }
        let missing = self.flags.width.unwrap_or(0).saturating_sub(width);
        if !self.flags.minus {
            self.padding(missing);
        }
        if !self.room(width) {
            return;
        }
        for (index, byte) in text[..length].iter().enumerate() {
            if self.flags.space && index > 0 {
                self.out.push(b' ');
            }
            if self.flags.sharp && (self.flags.space || index == 0) {
                self.out.extend_from_slice(&[b'0', table[16]]);
            }
            self.out.extend_from_slice(&[table[usize::from(byte >> 4)], table[usize::from(byte & 15)]]);
        }
        if self.flags.minus {
            self.padding(missing);
        }
    }

    /// `%q` of strings.
    pub(super) fn quoted(&mut self, text: &[u8]) {
        let text = self.truncate(text);
        if !self.room(text.len()) {
            return;
        }
        if self.flags.sharp && strconv::can_backquote(text) {
            self.pad(&[b"`", text, b"`"].concat());
        } else {
            let mut quoted = String::with_capacity(text.len() + 2);
            strconv::quote_into(&mut quoted, text, self.flags.plus);
            self.pad(quoted.as_bytes());
        }
    }

    /// `%c`
    pub(super) fn character(&mut self, value: u64) {
        let rune = u32::try_from(value).ok().and_then(char::from_u32).unwrap_or(utf8::RUNE_ERROR);
        self.pad(rune.encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// `%q` of integers.
    pub(super) fn quoted_character(&mut self, value: u64) {
        let mut quoted = String::new();
        let rune = u32::try_from(value).unwrap_or(u32::from(utf8::RUNE_ERROR));
        strconv::quote_rune_into(&mut quoted, rune, self.flags.plus);
        self.pad(quoted.as_bytes());
    }

    /// `%e`, `%f`, `%g` and their kin; `precision` counts if the flags have none.
    pub(super) fn float(&mut self, value: f64, size: FloatSize, verb: u8, precision: Option<usize>) {
        let flags = self.flags;
        let precision = flags.precision.or(precision);
        if !self.room(precision.unwrap_or(0)) {
            return;
        }
        let text = float_text(value, size, verb, precision);
        let mut number = Vec::with_capacity(text.len() + 1);
        if !text.starts_with(['+', '-']) {
            number.push(b'+');
        }
        number.extend_from_slice(text.as_bytes());
        if flags.space && number[0] == b'+' && !flags.plus {
            number[0] = b' ';
        }
        if matches!(number.get(1), Some(b'I' | b'N')) {
            if number.get(1) == Some(&b'N') && !flags.space && !flags.plus {
                number.remove(0);
            }
            // Infinity and NaN are not padded with zeros.
            return self.without_zero(|printer| printer.pad(&number));
        }
        if flags.sharp && verb != b'b' {
            alternate(&mut number, verb, precision);
        }
        if flags.plus || number[0] != b'+' {
            if flags.zero && !flags.minus && flags.width.is_some_and(|width| width > number.len()) {
                let width = flags.width.unwrap_or(0);
                self.push(&number[..1]);
                self.padding(width - number.len());
                return self.push(&number[1..]);
            }
            return self.pad(&number);
        }
        self.pad(&number[1..]);
    }
}

/// The text of a float. No float has more digits than this many, so the zeros beyond are put in here.
fn float_text(value: f64, size: FloatSize, verb: u8, precision: Option<usize>) -> String {
    const MOST: usize = 1_100;
    let Some(zeros) = precision.and_then(|precision| precision.checked_sub(MOST)).filter(|zeros| *zeros > 0) else {
        return strconv::format_float(value, verb, precision, size);
    };
    let mut text = strconv::format_float(value, verb, Some(MOST), size);
    let exponent = match verb {
        b'x' | b'X' => text.find(['p', 'P']),
        b'e' | b'E' => text.find(['e', 'E']),
        b'f' if value.is_finite() => Some(text.len()),
        _ => None,
    };
    if let Some(exponent) = exponent {
        text.insert_str(exponent, &"0".repeat(zeros));
    }
    text
}

/// The `#` flag of floats: always a decimal point, and no trailing zeros removed.
fn alternate(number: &mut Vec<u8>, verb: u8, precision: Option<usize>) {
    let mut digits = match verb {
        b'v' | b'g' | b'G' | b'x' => precision.map_or(6, |precision| i64::try_from(precision).unwrap_or(i64::MAX)),
        _ => 0,
    };
    let hexadecimal = matches!(verb, b'x' | b'X');
    let mut tail = Vec::new();
    let mut has_point = false;
    let mut saw_nonzero = false;
    let mut index = 1;
    while index < number.len() {
        match number[index] {
            b'.' => has_point = true,
            b'p' | b'P' => tail = number.split_off(index),
            b'e' | b'E' if !hexadecimal => tail = number.split_off(index),
            digit => {
                saw_nonzero |= digit != b'0';
                if saw_nonzero {
                    digits -= 1;
                }
            }
        }
        index += 1;
    }
    if !has_point {
        // A lone 0 is a significant digit.
        if number.len() == 2 && number[1] == b'0' {
            digits -= 1;
        }
        number.push(b'.');
    }
    let zeros = usize::try_from(digits).unwrap_or(0);
    number.resize(number.len() + zeros, b'0');
    number.extend_from_slice(&tail);
}
