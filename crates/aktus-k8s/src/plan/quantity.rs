//! Are two quantities (`1000m`, `1`, `1Gi`) the same amount?
//!
//! The API server writes quantities back in canonical form (apimachinery `resource.Quantity`), so what a manifest
//! says and what is stored differ in text.

use serde_json::Value;

/// An exact amount: `digits × 10^exponent × 2^(10 × binary)`, with the digits' trailing zeros moved to the exponent.
#[derive(Clone, Copy, Debug)]
struct Amount {
    digits: i128,
    exponent: i32,
    binary: u32,
}

/// Whether both values are quantities of the same amount. Numbers count as quantities without a suffix.
pub(super) fn same(left: &Value, right: &Value) -> bool {
    match (amount(left), amount(right)) {
        (Some(left), Some(right)) => left.canonical() == right.canonical() && left.canonical().is_some(),
        _ => false,
    }
}

fn amount(value: &Value) -> Option<Amount> {
    match value {
        Value::String(text) => parse(text),
        Value::Number(number) => parse(&number.to_string()),
        _ => None,
    }
}

/// `<sign><digits>[.<digits>][<suffix>]`, suffix one of n u m k M G T P E, Ki … Ei, or a decimal exponent.
fn parse(text: &str) -> Option<Amount> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
    let (number, suffix) = unsigned.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    let (scale, binary) = match suffix {
        "" => (0, 0),
        "n" => (-9, 0),
        "u" => (-6, 0),
        "m" => (-3, 0),
        "k" => (3, 0),
        "M" => (6, 0),
        "G" => (9, 0),
        "T" => (12, 0),
        "P" => (15, 0),
        "E" => (18, 0),
        "Ki" => (0, 1),
        "Mi" => (0, 2),
        "Gi" => (0, 3),
        "Ti" => (0, 4),
        "Pi" => (0, 5),
        "Ei" => (0, 6),
        exponent => (exponent.strip_prefix(['e', 'E'])?.parse::<i16>().ok()?.into(), 0),
    };
    let fraction = fraction.trim_end_matches('0');
    let digits: i128 = match [whole, fraction].concat().as_str() {
        "" => 0,
        digits => digits.parse().ok()?,
    };
    let digits = if negative { -digits } else { digits };
    let exponent = scale - i32::try_from(fraction.len()).ok()?;
    Some(Amount { digits, exponent, binary })
}

impl Amount {
    /// Digits without trailing zeros, and their exponent; `None` beyond 128 bits.
    fn canonical(self) -> Option<(i128, i32)> {
        let mut digits = self.digits.checked_mul(1_i128.checked_shl(10 * self.binary)?)?;
        let mut exponent = self.exponent;
        if digits == 0 {
            return Some((0, 0));
        }
        while digits % 10 == 0 {
            digits /= 10;
            exponent += 1;
        }
        Some((digits, exponent))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts() {
        let cases = [
            (json!("1000m"), json!("1"), true),
            (json!("0.5"), json!("500m"), true),
            (json!(".5"), json!("500m"), true),
            (json!(1), json!("1"), true),
            (json!(0.25), json!("250m"), true),
            (json!("1024Mi"), json!("1Gi"), true),
            (json!("1.5Gi"), json!("1536Mi"), true),
            (json!("1e3"), json!("1k"), true),
            (json!("1E3"), json!("1000"), true),
            (json!("1E"), json!("1e18"), true),
            (json!("+100"), json!("1e2"), true),
            (json!("0"), json!("0Gi"), true),
            (json!("-1"), json!("1"), false),
            (json!("1G"), json!("1Gi"), false),
            (json!("1"), json!("1m"), false),
            (json!("one"), json!("one"), false),
            (json!(""), json!(""), false),
            (json!("1.2.3"), json!("1.2.3"), false),
            (json!("."), json!("."), false),
            (json!("1K"), json!("1K"), false),
            (json!(true), json!(true), false),
            (json!("170141183460469231731687303715884105727Ei"), json!("1"), false),
        ];
        for (left, right, expected) in cases {
            assert_eq!(same(&left, &right), expected, "{left} {right}");
            assert_eq!(same(&right, &left), expected, "{right} {left}");
        }
    }
}
