//! Integers as text (`strconv.ParseInt`, `strconv.FormatInt`, `strconv.Atoi`).

use super::{NumberError, NumberErrorCause, underscores_allowed};

/// An unsigned number of at most `bits` bits in `base`; base 0 takes the base
/// from a prefix `0x`, `0o`, `0b` or `0` and allows underscores
/// (`strconv.ParseUint`).
pub fn parse_uint(text: &[u8], base: u32, bits: u32) -> Result<u64, NumberError> {
    unsigned(text, base, bits).map_err(|cause| NumberError::new("ParseUint", text, cause))
}

/// As [`parse_uint`], with a sign (`strconv.ParseInt`).
pub fn parse_int(text: &[u8], base: u32, bits: u32) -> Result<i64, NumberError> {
    signed(text, base, bits).map_err(|cause| NumberError::new("ParseInt", text, cause))
}

/// A decimal number of 64 bits (`strconv.Atoi`).
pub fn atoi(text: &[u8]) -> Result<i64, NumberError> {
    signed(text, 10, 64).map_err(|cause| NumberError::new("Atoi", text, cause))
}

/// `value` in `base`, which is 2 to 36 (`strconv.FormatInt`).
pub fn format_int(value: i64, base: u32) -> String {
    let digits = format_uint(value.unsigned_abs(), base);
    if value < 0 { format!("-{digits}") } else { digits }
}

/// `value` in `base`, which is 2 to 36 (`strconv.FormatUint`).
pub fn format_uint(mut value: u64, base: u32) -> String {
    if base == 10 {
        return value.to_string();
    }
    let base = base.clamp(2, 36);
    let mut digits = Vec::new();
    loop {
        // The remainder is below 36.
        let digit = u32::try_from(value % u64::from(base)).ok().and_then(|digit| char::from_digit(digit, base));
        digits.extend(digit);
        value /= u64::from(base);
        if value == 0 {
            break;
        }
    }
    digits.into_iter().rev().collect()
}

fn signed(text: &[u8], base: u32, bits: u32) -> Result<i64, NumberErrorCause> {
    let (negative, magnitude) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let magnitude = unsigned(magnitude, base, bits)?;
    let limit = 1_u64 << (bits.clamp(1, 64) - 1);
    if negative {
        if magnitude > limit {
            return Err(NumberErrorCause::Range);
        }
        Ok(0_i64.wrapping_sub_unsigned(magnitude))
    } else {
        if magnitude >= limit {
            return Err(NumberErrorCause::Range);
        }
        i64::try_from(magnitude).map_err(|_| NumberErrorCause::Range)
    }
}

fn unsigned(text: &[u8], base: u32, bits: u32) -> Result<u64, NumberErrorCause> {
    if text.is_empty() {
        return Err(NumberErrorCause::Syntax);
    }
    let (base, digits, prefixed) = match (base, text) {
        (2..=36, _) => (base, text, false),
        (0, [b'0', b'b' | b'B', rest @ ..]) if !rest.is_empty() => (2, rest, true),
        (0, [b'0', b'o' | b'O', rest @ ..]) if !rest.is_empty() => (8, rest, true),
        (0, [b'0', b'x' | b'X', rest @ ..]) if !rest.is_empty() => (16, rest, true),
        (0, [b'0', rest @ ..]) => (8, rest, true),
        (0, _) => (10, text, true),
        _ => return Err(NumberErrorCause::Base(base)),
    };
    let maximum = if bits >= 64 { u64::MAX } else { (1 << bits.max(1)) - 1 };
    let mut value = Some(0_u64);
    let mut underscores = false;
    for &byte in digits {
        if byte == b'_' && prefixed {
            underscores = true;
            continue;
        }
        let digit = char::from(byte).to_digit(base).ok_or(NumberErrorCause::Syntax)?;
        value = value
            .and_then(|value| value.checked_mul(u64::from(base)))
            .and_then(|value| value.checked_add(u64::from(digit)))
            .filter(|&value| value <= maximum);
        // Go stops at the first digit too many, before it sees a wrong one.
        if value.is_none() {
            return Err(NumberErrorCause::Range);
        }
    }
    if underscores && !underscores_allowed(text) {
        return Err(NumberErrorCause::Syntax);
    }
    value.ok_or(NumberErrorCause::Range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, base: u32, expected: Result<i64, &str>) {
        let read = parse_int(text.as_bytes(), base, 64).map_err(|error| error.to_string());
        assert_eq!(read, expected.map_err(str::to_owned));
    }

    #[test]
    fn decimal() {
        check("0", 10, Ok(0));
        check("-0", 10, Ok(0));
        check("+12345", 10, Ok(12345));
        check("-9223372036854775808", 10, Ok(i64::MIN));
        check("9223372036854775808", 10, Err(r#"strconv.ParseInt: parsing "9223372036854775808": value out of range"#));
        check("", 10, Err(r#"strconv.ParseInt: parsing "": invalid syntax"#));
        check("1_2", 10, Err(r#"strconv.ParseInt: parsing "1_2": invalid syntax"#));
        check("12\u{e9}", 10, Err("strconv.ParseInt: parsing \"12\u{e9}\": invalid syntax"));
        check("-", 10, Err(r#"strconv.ParseInt: parsing "-": invalid syntax"#));
        check("1", 1, Err(r#"strconv.ParseInt: parsing "1": invalid base 1"#));
        check("7777", 8, Ok(4095));
        check("8", 8, Err(r#"strconv.ParseInt: parsing "8": invalid syntax"#));
    }

    #[test]
    fn base_from_the_prefix() {
        check("012", 0, Ok(10));
        check("0", 0, Ok(0));
        check("0x1F", 0, Ok(31));
        check("-0X10", 0, Ok(-16));
        check("0b101", 0, Ok(5));
        check("0o17", 0, Ok(15));
        check("1_000", 0, Ok(1000));
        check("0_8", 0, Err(r#"strconv.ParseInt: parsing "0_8": invalid syntax"#));
        check("0_7", 0, Ok(7));
        check("0x_1", 0, Ok(1));
        check("1__0", 0, Err(r#"strconv.ParseInt: parsing "1__0": invalid syntax"#));
        check("_1", 0, Err(r#"strconv.ParseInt: parsing "_1": invalid syntax"#));
        check("1_", 0, Err(r#"strconv.ParseInt: parsing "1_": invalid syntax"#));
        check("0x", 0, Err(r#"strconv.ParseInt: parsing "0x": invalid syntax"#));
        check("08", 0, Err(r#"strconv.ParseInt: parsing "08": invalid syntax"#));
    }

    #[test]
    fn unsigned_and_small() {
        assert_eq!(parse_uint(b"18446744073709551615", 10, 64), Ok(u64::MAX));
        assert!(parse_uint(b"18446744073709551616", 10, 64).is_err());
        assert!(parse_uint(b"-1", 10, 64).is_err());
        assert_eq!(parse_uint(b"255", 10, 8), Ok(255));
        assert!(parse_uint(b"256", 10, 8).is_err());
        assert_eq!(parse_int(b"-128", 10, 8), Ok(-128));
        assert!(parse_int(b"128", 10, 8).is_err());
        assert_eq!(
            atoi(b"x").map_err(|error| error.to_string()),
            Err(r#"strconv.Atoi: parsing "x": invalid syntax"#.into())
        );
    }

    #[test]
    fn writing() {
        assert_eq!(format_int(i64::MIN, 10), "-9223372036854775808");
        assert_eq!(format_int(-255, 16), "-ff");
        assert_eq!(format_uint(u64::MAX, 2), "1".repeat(64));
        assert_eq!(format_uint(0, 8), "0");
    }
}
