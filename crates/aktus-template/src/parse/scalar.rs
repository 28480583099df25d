//! What a scalar without quotes means: YAML 1.1, as the readers of CloudFormation and cfn-lint take it.

use crate::model::Expr;

/// The value of a plain scalar. What only some readers take for a number is text: `1e3`, `190:20:30`, dates,
/// numbers with a zero in front that are not octal, and whole numbers beyond 64 bits.
pub(super) fn plain(text: &str) -> Expr {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Expr::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => return Expr::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => return Expr::Bool(false),
        _ => {}
    }
    whole(text).map(Expr::Integer).or_else(|| decimal(text)).unwrap_or_else(|| Expr::Text(text.to_owned()))
}

fn whole(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    if !digits.starts_with(|letter: char| letter.is_ascii_digit()) {
        return None;
    }
    let (digits, radix) = match digits.get(..2) {
        Some("0x") => (digits.get(2..)?, 16),
        Some("0b") => (digits.get(2..)?, 2),
        _ if digits.len() > 1 && digits.starts_with('0') => (digits.get(1..)?, 8),
        _ => (digits, 10),
    };
    let digits = digits.replace('_', "");
    let value = i64::from_str_radix(&digits, radix).ok().filter(|_| !digits.starts_with(['+', '-']))?;
    Some(if negative { -value } else { value })
}

fn decimal(text: &str) -> Option<Expr> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (before, after) = unsigned.split_once('.')?;
    let (fraction, exponent) = match after.find(['e', 'E']) {
        Some(at) => (after.get(..at)?, after.get(at + 1..)?),
        None => (after, "0"),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let power = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    let is_number = digits(before)
        && digits(fraction)
        && !power.is_empty()
        && power.bytes().all(|byte| byte.is_ascii_digit())
        && (before.starts_with(|letter: char| letter.is_ascii_digit())
            || before.is_empty() && fraction.starts_with(|letter: char| letter.is_ascii_digit()));
    if !is_number {
        return None;
    }
    let value: f64 = text.replace('_', "").parse().ok()?;
    value.is_finite().then(|| number(value))
}

/// A number; one without a fraction is whole.
fn number(value: f64) -> Expr {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        // Small enough to be exact.
        #[expect(clippy::cast_possible_truncation, reason = "below 2^53 and without a fraction")]
        return Expr::Integer(value as i64);
    }
    Expr::Float(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expected: &Expr, all: &[&str]) {
        for text in all {
            assert_eq!(&plain(text), expected, "{text}");
        }
    }

    #[test]
    fn plain_scalars() {
        check(&Expr::Null, &["", "~", "null"]);
        check(&Expr::Bool(true), &["yes", "On", "TRUE"]);
        check(&Expr::Integer(12), &["12", "+12", "0xc", "014", "1_2", "12.0", "0b1100"]);
        check(&Expr::Integer(-3), &["-3"]);
        check(&Expr::Integer(123_456_789_012), &["123456789012"]);
        check(&Expr::Float(1.5), &["1.5", "+1.5", "1.5e0", "15.0e-1"]);
        for text in [
            "y",
            "n",
            "1e3",
            "012345678901",
            "2010-09-09",
            "22:22",
            "1.2.3",
            "-",
            "+",
            ".",
            "0x",
            "1.5e",
            "a.b",
            "99999999999999999999",
        ] {
            assert_eq!(plain(text), Expr::Text(text.to_owned()));
        }
    }
}
