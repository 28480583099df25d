//! Numbers as Go's strconv writes and reads them.

/// The fewest decimal digits that read back as the same number: of those the nearest, and of two that are as near the
/// even ones, as Go's strconv has them (`ftoadbox.go`) and Rust's own texts do not. Without its sign the number is
/// `0.DIGITS × 10^point`.
///
/// ```
/// use aktus_yaml::Shortest;
///
/// assert_eq!(Shortest::of(-0.25), Shortest { digits: "25".to_owned(), point: 0 });
/// assert_eq!(Shortest::of(100.0), Shortest { digits: "1".to_owned(), point: 3 });
/// assert_eq!(Shortest::of(0.0), Shortest { digits: "0".to_owned(), point: 1 });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortest {
    /// The digits, without zeros before or behind them; `0` of zero.
    pub digits: String,
    /// How many of them stand before the point.
    pub point: i32,
}

impl Shortest {
    /// Of a float64, which must be finite.
    pub fn of(value: f64) -> Self {
        Self::read(zmij::Buffer::new().format_finite(value.abs()))
    }

    /// Of a float32, which must be finite.
    pub fn of_32(value: f32) -> Self {
        Self::read(zmij::Buffer::new().format_finite(value.abs()))
    }

    fn read(text: &str) -> Self {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        let significant = digits.trim_start_matches('0');
        let zeros = digits.len() - significant.len();
        let length = |text: usize| i32::try_from(text).unwrap_or(i32::MAX);
        match significant.trim_end_matches('0') {
            "" => Self { digits: "0".to_owned(), point: 1 },
            significant => Self {
                digits: significant.to_owned(),
                point: exponent.parse::<i32>().unwrap_or(0) + length(whole.len()) - length(zeros),
            },
        }
    }

    /// The sign of a number, with room for its text.
    fn start(&self, negative: bool) -> String {
        let mut text = String::with_capacity(self.digits.len() + 8);
        if negative {
            text.push('-');
        }
        text
    }

    /// Format `e`; `padded` for at least two digits of exponent.
    fn exponential(&self, negative: bool, padded: bool) -> String {
        let mut text = self.start(negative);
        let (first, rest) = self.digits.split_at(1.min(self.digits.len()));
        text.push_str(first);
        if !rest.is_empty() {
            text.push('.');
            text.push_str(rest);
        }
        let exponent = self.point - 1;
        text.push_str(if exponent < 0 { "e-" } else { "e+" });
        let size = exponent.unsigned_abs().to_string();
        if padded && size.len() < 2 {
            text.push('0');
        }
        text.push_str(&size);
        text
    }

    /// Format `f`.
    fn fixed(&self, negative: bool) -> String {
        let mut text = self.start(negative);
        match usize::try_from(self.point) {
            Ok(point) if point > 0 => {
                let (before, after) = self.digits.split_at(point.min(self.digits.len()));
                text.push_str(before);
                text.extend(std::iter::repeat_n('0', point - before.len()));
                if !after.is_empty() {
                    text.push('.');
                    text.push_str(after);
                }
            }
            _ => {
                text.push_str("0.");
                text.extend(std::iter::repeat_n('0', self.point.unsigned_abs() as usize));
                text.push_str(&self.digits);
            }
        }
        text
    }

    /// Format `g`: fixed for exponents from -4 to 5.
    fn general(&self, negative: bool) -> String {
        if (-3..=6).contains(&self.point) { self.fixed(negative) } else { self.exponential(negative, true) }
    }
}

/// `strconv.FormatFloat(value, 'g', -1, 64)`
pub(crate) fn format_general(value: f64) -> String {
    special(value).unwrap_or_else(|| Shortest::of(value).general(value.is_sign_negative()))
}

/// `strconv.FormatFloat(value, 'g', -1, 32)`, which is what becomes of a float64 key.
pub(crate) fn format_general_32(value: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "rounding to float32 is what Go does here")]
    let narrow = value as f32;
    special(f64::from(narrow)).unwrap_or_else(|| Shortest::of_32(narrow).general(narrow.is_sign_negative()))
}

fn special(value: f64) -> Option<String> {
    if value.is_nan() {
        Some("NaN".to_owned())
    } else if value.is_infinite() {
        Some(if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned())
    } else {
        None
    }
}

/// A float64 as encoding/json writes it; [`None`] for infinities and NaN.
pub(crate) fn format_json(value: f64) -> Option<String> {
    if !value.is_finite() {
        return None;
    }
    let shortest = Shortest::of(value);
    let size = value.abs();
    let exponential = size != 0.0 && !(1e-6..1e21).contains(&size);
    let negative = value.is_sign_negative();
    Some(if exponential { shortest.exponential(negative, false) } else { shortest.fixed(negative) })
}

/// A whole number that Go's `ParseInt` or `ParseUint` with base 0 has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whole {
    Int(i64),
    Uint(u64),
}

/// `strconv.ParseInt(text, 0, 64)`, then `ParseUint`, for text without underscores.
pub(crate) fn parse_whole(text: &str) -> Option<Whole> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'+' => (Some(false), text.get(1..)?),
        b'-' => (Some(true), text.get(1..)?),
        _ => (None, text),
    };
    let (base, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, digits.get(2..)?),
        [b'0', b'b' | b'B', ..] => (2, digits.get(2..)?),
        [b'0', b'o' | b'O', ..] => (8, digits.get(2..)?),
        [b'0', _, ..] => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    parse_digits(sign, digits, base)
}

/// `strconv.ParseInt` with a sign already taken off, then `ParseUint` if there was none.
pub(crate) fn parse_digits(sign: Option<bool>, digits: &str, base: u32) -> Option<Whole> {
    // Rust would accept another sign.
    if !digits.as_bytes().first()?.is_ascii_hexdigit() {
        return None;
    }
    let size = u64::from_str_radix(digits, base).ok()?;
    match (sign, i64::try_from(size)) {
        (Some(true), _) if size <= 1 << 63 => Some(Whole::Int(0i64.wrapping_sub_unsigned(size))),
        (Some(false) | None, Ok(value)) => Some(Whole::Int(value)),
        (None, Err(_)) => Some(Whole::Uint(size)),
        _ => None,
    }
}

/// Whether underscores stand where Go's `ParseFloat` allows them: between digits.
pub(crate) fn underscores_are_fine(text: &str) -> bool {
    let mut last = b'^';
    for byte in text.bytes() {
        let class = match byte {
            b'0'..=b'9' => b'0',
            b'_' => b'_',
            _ => b'!',
        };
        if (class == b'_' && last != b'0') || (class == b'!' && last == b'_') {
            return false;
        }
        last = class;
    }
    last != b'_'
}

/// Reads a decimal number `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`; nothing if the text
/// is not of that form or is beyond what a float64 holds.
pub(crate) fn parse_decimal(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let mut at = usize::from(matches!(bytes.first(), Some(b'-' | b'+')));
    let skip_digits = |at: &mut usize| {
        let from = *at;
        while bytes.get(*at).is_some_and(u8::is_ascii_digit) {
            *at += 1;
        }
        *at > from
    };
    let mut digits = skip_digits(&mut at);
    if bytes.get(at) == Some(&b'.') {
        at += 1;
        digits |= skip_digits(&mut at);
    }
    if !digits {
        return None;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1;
        at += usize::from(matches!(bytes.get(at), Some(b'-' | b'+')));
        if !skip_digits(&mut at) {
            return None;
        }
    }
    if at != bytes.len() {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: f64, general: &str, general_32: &str, json: &str) {
        assert_eq!(format_general(value), general);
        assert_eq!(format_general_32(value), general_32);
        assert_eq!(format_json(value).unwrap(), json);
    }

    #[test]
    fn floats_print_as_in_go() {
        check(0.0, "0", "0", "0");
        check(-0.0, "-0", "-0", "-0");
        check(1.0, "1", "1", "1");
        check(100_000.0, "100000", "100000", "100000");
        check(1_000_000.0, "1e+06", "1e+06", "1000000");
        check(123_456_789.5, "1.234567895e+08", "1.2345679e+08", "123456789.5");
        check(0.0001, "0.0001", "0.0001", "0.0001");
        check(0.00001, "1e-05", "1e-05", "0.00001");
        check(1e-7, "1e-07", "1e-07", "1e-7");
        check(1e-10, "1e-10", "1e-10", "1e-10");
        check(1e20, "1e+20", "1e+20", "100000000000000000000");
        check(1e21, "1e+21", "1e+21", "1e+21");
        check(-65535.5, "-65535.5", "-65535.5", "-65535.5");
        check(1e300, "1e+300", "+Inf", "1e+300");
        check(5e-324, "5e-324", "0", "5e-324");
        check(0.1, "0.1", "0.1", "0.1");
        // Two texts are as near.
        check(1_501_199_875_790_165.0 + 0.25, "1.5011998757901652e+15", "1.5011999e+15", "1501199875790165.2");
        check(1_501_199_875_790_165.0 + 0.75, "1.5011998757901658e+15", "1.5011999e+15", "1501199875790165.8");
    }

    #[test]
    fn infinities_are_no_json() {
        assert_eq!(format_json(f64::INFINITY), None);
        assert_eq!(format_json(f64::NAN), None);
        assert_eq!(format_general(f64::NEG_INFINITY), "-Inf");
    }

    #[test]
    fn whole_numbers_in_every_base() {
        assert_eq!(parse_whole("0x1F"), Some(Whole::Int(31)));
        assert_eq!(parse_whole("-0b11"), Some(Whole::Int(-3)));
        assert_eq!(parse_whole("+010"), Some(Whole::Int(8)));
        assert_eq!(parse_whole("0o17"), Some(Whole::Int(15)));
        assert_eq!(parse_whole("-9223372036854775808"), Some(Whole::Int(i64::MIN)));
        assert_eq!(parse_whole("-9223372036854775809"), None);
        assert_eq!(parse_whole("9223372036854775808"), Some(Whole::Uint(1 << 63)));
        assert_eq!(parse_whole("+9223372036854775808"), None);
        assert_eq!(parse_whole("08"), None);
        assert_eq!(parse_whole("0x"), None);
        assert_eq!(parse_whole("--1"), None);
        assert_eq!(parse_whole(""), None);
    }
}
