//! Floating-point numbers as text (`strconv.FormatFloat`, `strconv.ParseFloat`).

use std::fmt::Write as _;

use aktus_yaml::Shortest;

use super::{NumberError, NumberErrorCause, underscores_allowed};

/// Which of Go's floating-point types a number has; the shortest digits that
/// read back as the same number depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FloatSize {
    /// `float32`.
    Bits32,
    /// `float64`.
    Bits64,
}

/// No double has more significant digits or more digits after the point than this.
const MOST_DIGITS: usize = 1100;

/// The decimal digits of a number, `0.d1d2d3… × 10^point`; no digits for zero.
struct Decimal {
    digits: Vec<u8>,
    point: i32,
}

impl Decimal {
    /// Reads Rust's `d.ddde±x` and `d.ddd`.
    fn from_text(text: &str) -> Self {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        let zeros = digits.iter().take_while(|&&digit| digit == b'0').count();
        digits.drain(..zeros);
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        if digits.is_empty() {
            return Self { digits, point: 0 };
        }
        let length = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        Self { digits, point: exponent.parse::<i32>().unwrap_or(0) + length(whole.len()) - length(zeros) }
    }

    #[expect(clippy::cast_possible_truncation, reason = "a float32 was widened to a float64")]
    fn shortest(magnitude: f64, size: FloatSize) -> Self {
        let Shortest { digits, point } = match size {
            FloatSize::Bits64 => Shortest::of(magnitude),
            FloatSize::Bits32 => Shortest::of_32(magnitude as f32),
        };
        if digits == "0" { Self { digits: Vec::new(), point: 0 } } else { Self { digits: digits.into_bytes(), point } }
    }

    /// Rounded to `count` significant digits, half to even as both languages do.
    fn significant(magnitude: f64, count: usize) -> Self {
        let after_point = count.clamp(1, MOST_DIGITS) - 1;
        Self::from_text(&format!("{magnitude:.after_point$e}"))
    }

    /// Rounded to `count` digits after the point.
    fn fixed(magnitude: f64, count: usize) -> Self {
        Self::from_text(&format!("{magnitude:.*}", count.min(MOST_DIGITS)))
    }

    fn len(&self) -> i32 {
        i32::try_from(self.digits.len()).unwrap_or(i32::MAX)
    }

    fn digit(&self, index: i32) -> char {
        usize::try_from(index).ok().and_then(|index| self.digits.get(index)).map_or('0', |&digit| char::from(digit))
    }
}

/// `value` in one of Go's formats (`strconv.FormatFloat`): `e`, `E`, `f`, `g`, `G`,
/// `b`, `x`, `X`. A `precision` of `None` means as many digits as are needed to
/// read the same number back. An unknown format yields `%` and its letter.
pub fn format_float(value: f64, format: u8, precision: Option<usize>, size: FloatSize) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let mut out = String::new();
    match format {
        b'b' => return binary(value, size),
        b'x' | b'X' => return hexadecimal(value, format, precision, size),
        b'e' | b'E' | b'f' | b'g' | b'G' => {}
        _ => return format!("%{}", char::from(format)),
    }
    if value.is_sign_negative() {
        out.push('-');
    }
    let magnitude = value.abs();
    let decimal = match (format, precision) {
        (_, None) => Decimal::shortest(magnitude, size),
        (b'e' | b'E', Some(precision)) => Decimal::significant(magnitude, precision.saturating_add(1)),
        (b'f', Some(precision)) => Decimal::fixed(magnitude, precision),
        (_, Some(precision)) => Decimal::significant(magnitude, precision.max(1)),
    };
    let length = decimal.len();
    let precision = precision.map(|precision| i32::try_from(precision).unwrap_or(i32::MAX));
    match format {
        b'e' | b'E' => exponent_form(&mut out, &decimal, precision.unwrap_or(length - 1), format),
        b'f' => plain_form(&mut out, &decimal, precision.unwrap_or((length - decimal.point).max(0))),
        _ => {
            let digits = precision.map_or(length, |precision| precision.max(1));
            let threshold = match precision {
                None => 6,
                Some(_) if digits > length && length >= decimal.point => length,
                Some(_) => digits,
            };
            let exponent = decimal.point - 1;
            if exponent < -4 || exponent >= threshold {
                // %e with as many digits as there are, at most those asked for.
                exponent_form(&mut out, &decimal, digits.min(length) - 1, if format == b'G' { b'E' } else { b'e' });
            } else {
                plain_form(&mut out, &decimal, (length - decimal.point).max(0));
            }
        }
    }
    out
}

/// `d.ddde±dd`.
fn exponent_form(out: &mut String, decimal: &Decimal, precision: i32, letter: u8) {
    out.push(decimal.digit(0));
    if precision > 0 {
        out.push('.');
        out.extend((1..=precision).map(|index| decimal.digit(index)));
    }
    let exponent = if decimal.digits.is_empty() { 0 } else { decimal.point - 1 };
    let sign = if exponent < 0 { '-' } else { '+' };
    let _written = write!(out, "{}{sign}{:02}", char::from(letter), exponent.unsigned_abs());
}

/// `ddd.ddd`.
fn plain_form(out: &mut String, decimal: &Decimal, precision: i32) {
    if decimal.point > 0 {
        out.extend((0..decimal.point).map(|index| decimal.digit(index)));
    } else {
        out.push('0');
    }
    if precision > 0 {
        out.push('.');
        out.extend((0..precision).map(|index| decimal.digit(decimal.point.saturating_add(index))));
    }
}

/// The parts of a finite number: mantissa × 2^exponent, with the mantissa's
/// leading bit at `bits`.
fn binary_parts(value: f64, size: FloatSize) -> (u64, i32, u32) {
    let (raw, bits, bias) = match size {
        FloatSize::Bits64 => (value.to_bits(), 52, 1023),
        #[expect(clippy::cast_possible_truncation, reason = "the number came from a float32")]
        FloatSize::Bits32 => (u64::from((value as f32).to_bits()), 23, 127),
    };
    let exponent_bits = match size {
        FloatSize::Bits64 => 11,
        FloatSize::Bits32 => 8,
    };
    let mantissa = raw & ((1 << bits) - 1);
    let exponent = i32::try_from((raw >> bits) & ((1 << exponent_bits) - 1)).unwrap_or(0);
    if exponent == 0 { (mantissa, 1 - bias, bits) } else { (mantissa | 1 << bits, exponent - bias, bits) }
}

/// `mantissa p exponent`, both decimal.
fn binary(value: f64, size: FloatSize) -> String {
    let (mantissa, exponent, bits) = binary_parts(value, size);
    let exponent = exponent - i32::try_from(bits).unwrap_or(0);
    let sign = if value.is_sign_negative() { "-" } else { "" };
    format!("{sign}{mantissa}p{exponent:+}")
}

/// `0x1.hhhp±dd`.
fn hexadecimal(value: f64, format: u8, precision: Option<usize>, size: FloatSize) -> String {
    let (mut mantissa, mut exponent, bits) = binary_parts(value, size);
    if mantissa == 0 {
        exponent = 0;
    }
    // One leading digit and fifteen after the point.
    mantissa <<= 60 - bits;
    while mantissa != 0 && mantissa & (1 << 60) == 0 {
        mantissa <<= 1;
        exponent -= 1;
    }
    if let Some(precision) = precision.filter(|&precision| precision < 15) {
        let shift = precision * 4;
        let extra = (mantissa << shift) & ((1 << 60) - 1);
        mantissa >>= 60 - shift;
        if extra | (mantissa & 1) > 1 << 59 {
            mantissa += 1;
        }
        mantissa <<= 60 - shift;
        if mantissa & (1 << 61) != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let mut out = String::new();
    if value.is_sign_negative() {
        out.push('-');
    }
    out.push_str(if mantissa >> 60 & 1 == 0 { "0x0" } else { "0x1" });
    mantissa <<= 4;
    let digits = format!("{mantissa:016x}");
    let digits = match precision {
        None => digits.trim_end_matches('0').to_owned(),
        Some(precision) => format!("{:0<precision$}", &digits[..precision.min(16)]),
    };
    if !digits.is_empty() {
        out.push('.');
        out.push_str(&digits);
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    let _written = write!(out, "p{sign}{:02}", exponent.unsigned_abs());
    if format == b'X' { out.to_ascii_uppercase() } else { out }
}

/// The `float64` nearest to a decimal or hexadecimal Go literal, an infinity or
/// NaN; underscores may part digits (`strconv.ParseFloat`).
pub fn parse_float(text: &[u8]) -> Result<f64, NumberError> {
    let failed = |cause| NumberError::new("ParseFloat", text, cause);
    if let Some(value) = special(text) {
        return Ok(value);
    }
    let literal = Literal::read(text).ok_or_else(|| failed(NumberErrorCause::Syntax))?;
    let magnitude = literal.magnitude();
    if magnitude.is_infinite() {
        return Err(failed(NumberErrorCause::Range));
    }
    Ok(if literal.negative { -magnitude } else { magnitude })
}

fn special(text: &[u8]) -> Option<f64> {
    let (sign, word) = match text {
        [b'+', rest @ ..] => (Some(1.0), rest),
        [b'-', rest @ ..] => (Some(-1.0), rest),
        _ => (None, text),
    };
    if word.eq_ignore_ascii_case(b"inf") || word.eq_ignore_ascii_case(b"infinity") {
        return Some(f64::INFINITY * sign.unwrap_or(1.0));
    }
    (sign.is_none() && word.eq_ignore_ascii_case(b"nan")).then_some(f64::NAN)
}

/// A number as it is written.
struct Literal {
    negative: bool,
    hexadecimal: bool,
    /// Digits before and after the point, without underscores.
    whole: Vec<u8>,
    fraction: Vec<u8>,
    exponent: i32,
}

impl Literal {
    fn read(text: &[u8]) -> Option<Self> {
        let (negative, mut rest) = match text {
            [b'+', rest @ ..] => (false, rest),
            [b'-', rest @ ..] => (true, rest),
            _ => (false, text),
        };
        let hexadecimal = matches!(rest, [b'0', b'x' | b'X', _, ..]);
        if hexadecimal {
            rest = &rest[2..];
        }
        let mut literal = Self { negative, hexadecimal, whole: Vec::new(), fraction: Vec::new(), exponent: 0 };
        let mut point = false;
        let mut underscores = false;
        while let [byte, tail @ ..] = rest {
            match byte {
                b'_' => underscores = true,
                b'.' if point => break,
                b'.' => point = true,
                _ if byte.is_ascii_digit() || hexadecimal && byte.is_ascii_hexdigit() => {
                    if point {
                        literal.fraction.push(*byte);
                    } else {
                        literal.whole.push(*byte);
                    }
                }
                _ => break,
            }
            rest = tail;
        }
        if literal.whole.is_empty() && literal.fraction.is_empty() {
            return None;
        }
        match rest {
            [b'e' | b'E', tail @ ..] if !hexadecimal => rest = literal.read_exponent(tail, &mut underscores)?,
            [b'p' | b'P', tail @ ..] if hexadecimal => rest = literal.read_exponent(tail, &mut underscores)?,
            // A hexadecimal number must have an exponent.
            _ if hexadecimal => return None,
            _ => {}
        }
        (rest.is_empty() && (!underscores || underscores_allowed(text))).then_some(literal)
    }

    fn read_exponent<'a>(&mut self, text: &'a [u8], underscores: &mut bool) -> Option<&'a [u8]> {
        let (sign, mut rest) = match text {
            [b'+', rest @ ..] => (1, rest),
            [b'-', rest @ ..] => (-1, rest),
            _ => (1, text),
        };
        if !rest.first()?.is_ascii_digit() {
            return None;
        }
        let mut exponent = 0_i32;
        while let [byte, tail @ ..] = rest {
            match byte {
                b'_' => *underscores = true,
                // Larger ones overflow or vanish whatever the digits are.
                b'0'..=b'9' if exponent < 100_000_000 => exponent = exponent * 10 + i32::from(byte - b'0'),
                b'0'..=b'9' => {}
                _ => break,
            }
            rest = tail;
        }
        self.exponent = sign * exponent;
        Some(rest)
    }

    fn magnitude(&self) -> f64 {
        if self.hexadecimal {
            return self.hexadecimal_magnitude();
        }
        let mut text = String::with_capacity(self.whole.len() + self.fraction.len() + 16);
        text.extend(self.whole.iter().map(|&digit| char::from(digit)));
        text.push('.');
        text.extend(self.fraction.iter().map(|&digit| char::from(digit)));
        let _written = write!(text, "e{}", self.exponent);
        // Only digits, a point and an exponent: always a number to Rust, rounded correctly.
        text.parse().unwrap_or(0.0)
    }

    fn hexadecimal_magnitude(&self) -> f64 {
        // The first bits exactly, the rest as one sticky bit.
        let mut mantissa = 0_u64;
        let mut exponent = i64::from(self.exponent) - 4 * i64::try_from(self.fraction.len()).unwrap_or(0);
        for &digit in self.whole.iter().chain(&self.fraction) {
            let digit = u64::from(char::from(digit).to_digit(16).unwrap_or(0));
            if mantissa >> 58 == 0 {
                mantissa = mantissa << 4 | digit;
            } else {
                mantissa |= u64::from(digit != 0);
                exponent += 4;
            }
        }
        if mantissa == 0 {
            return 0.0;
        }
        // The leading bit to bit 63.
        let shift = mantissa.leading_zeros();
        mantissa <<= shift;
        exponent += 63 - i64::from(shift);
        if exponent > 1023 {
            return f64::INFINITY;
        }
        // 53 bits stay of a normal number, fewer below the smallest exponent.
        let dropped = 11 + u32::try_from((-1022 - exponent).clamp(0, 64)).unwrap_or(64);
        let rounded = if dropped > 64 { 0 } else { round_half_even(mantissa, dropped) };
        #[expect(clippy::cast_precision_loss, reason = "at most 53 bits, or 2^53 after rounding up")]
        let rounded = rounded as f64;
        let power = exponent.max(-1022) - 52;
        // Two steps, since 2^-1074 itself is the smallest number.
        rounded * exp2(power / 2) * exp2(power - power / 2)
    }
}

fn round_half_even(value: u64, dropped: u32) -> u64 {
    let value = u128::from(value);
    let half = 1_u128 << (dropped - 1);
    let kept = value >> dropped;
    let rest = value & ((1 << dropped) - 1);
    let up = rest > half || rest == half && kept & 1 == 1;
    u64::try_from(kept).unwrap_or(u64::MAX) + u64::from(up)
}

fn exp2(power: i64) -> f64 {
    f64::from_bits(u64::try_from(power + 1023).unwrap_or(0) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from Go: value, format, precision, `strconv.FormatFloat(value, format, precision, 64)`.
    const FORMATTED: &str = include_str!("../../../tests/fixtures/go/format-float.tsv");

    #[test]
    fn formats_as_go() {
        for line in FORMATTED.lines() {
            let [value, format, precision, expected] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("{line}")
            };
            let precision = precision.parse().ok();
            let actual = format_float(value.parse().unwrap(), format.as_bytes()[0], precision, FloatSize::Bits64);
            assert_eq!(actual, expected, "{value} {format} {precision:?}");
        }
    }

    #[test]
    fn single_precision() {
        let formatted = |text: &str| {
            let value: f32 = text.parse().unwrap();
            format_float(f64::from(value), b'g', None, FloatSize::Bits32)
        };
        assert_eq!(formatted("1.10"), "1.1");
        assert_eq!(formatted("1.23456789"), "1.2345679");
        assert_eq!(formatted("1e10"), "1e+10");
        assert_eq!(formatted("20240101"), "2.02401e+07");
    }

    #[test]
    fn not_numbers() {
        assert_eq!(format_float(f64::NAN, b'g', None, FloatSize::Bits64), "NaN");
        assert_eq!(format_float(f64::INFINITY, b'e', Some(3), FloatSize::Bits64), "+Inf");
        assert_eq!(format_float(f64::NEG_INFINITY, b'x', None, FloatSize::Bits64), "-Inf");
        assert_eq!(format_float(1.0, b'q', None, FloatSize::Bits64), "%q");
    }

    #[test]
    fn a_large_precision_pads_with_zeros() {
        let text = format_float(0.5, b'f', Some(100_000), FloatSize::Bits64);
        assert_eq!(text.len(), 100_002);
        assert!(text.starts_with("0.50000"));
    }

    #[track_caller]
    fn reads(text: &str, expected: f64) {
        let value = parse_float(text.as_bytes()).unwrap();
        assert_eq!(value.to_bits(), expected.to_bits(), "{text}: {value:e}");
    }

    #[track_caller]
    fn refuses(text: &str, cause: &str) {
        let error = parse_float(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(error, format!("strconv.ParseFloat: parsing {text:?}: {cause}"));
    }

    #[test]
    fn reads_as_go() {
        reads("1", 1.0);
        reads("+1", 1.0);
        reads("-0", -0.0);
        reads(".5", 0.5);
        reads("5.", 5.0);
        reads("1e3", 1000.0);
        reads("1_000", 1000.0);
        reads("1_0e1_0", 1e11);
        reads("1e23", 1e23);
        reads("1.00000000000000011102230246251565404236316680908203125", 1.0);
        reads("1.00000000000000011102230246251565404236316680908203124", 1.0);
        reads("1.00000000000000011102230246251565404236316680908203126", 1.000_000_000_000_000_2);
        reads("4.9e-324", f64::from_bits(1));
        reads("1e-400", 0.0);
        reads("inf", f64::INFINITY);
        reads("-Infinity", f64::NEG_INFINITY);
        reads("0x1p0", 1.0);
        reads("0x1.8p1", 3.0);
        reads("0X_1P-2", 0.25);
        reads("0x1p-1074", f64::from_bits(1));
        reads("0x1p-1075", 0.0);
        reads("0x1.8p-1075", f64::from_bits(1));
        reads("0x1.fffffffffffff8p1", 4.0);
        reads("0x1.fffffffffffffp1023", f64::MAX);
        reads("0x0.0000000000000000000000001p100", 1.0);
        assert!(parse_float(b"nan").unwrap().is_nan());
    }

    #[test]
    fn refuses_as_go() {
        for text in [
            "", "x", "1x", "1.1.", "1e", "1e+", ".e-1", "0x", "0x1", "0x1.8", "1__0", "_1", "1_", "+nan", "infin",
            "1p2", "0x1e2", "-", "e5", " 1",
        ] {
            refuses(text, "invalid syntax");
        }
        for text in ["1e309", "-1e309", "1.8e308", "0x1p1024", "0x1.fffffffffffff8p1023", "1e99999999999"] {
            refuses(text, "value out of range");
        }
    }
}
