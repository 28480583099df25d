//! How do templates calculate? Whatever they are given becomes an `int64` or a `float64` first, after the rules of
//! spf13/cast, and zero if it is no number.

use crate::function::{CallError, Context, Function, Int64, Rest};
use crate::functions;
use crate::go::decimal::{Decimal, DecimalError};
use crate::go::fmt;
use crate::go::strconv::{NumberErrorCause, atoi as parse_decimal, format_int, parse_float, parse_int};
use crate::value::{List, Str, Value};

pub(super) static FUNCTIONS: &[Function] = functions! {
    "add" => (..Value) add;
    "add1" => (Value) add1;
    "add1f" => (Value) add1f;
    "addf" => context (..Value) addf;
    "atoi" => (Str) atoi;
    "biggest" => (Value, ..Value) max;
    "ceil" => (Value) ceil;
    "div" => (Value, Value) div;
    "divf" => context (Value, ..Value) divf;
    "float64" => (Value) to_float;
    "floor" => (Value) floor;
    "int" => (Value) to_int;
    "int64" => (Value) to_int64;
    "max" => (Value, ..Value) max;
    "maxf" => (Value, ..Value) maxf;
    "min" => (Value, ..Value) min;
    "minf" => (Value, ..Value) minf;
    "mod" => (Value, Value) modulo;
    "mul" => (Value, ..Value) mul;
    "mulf" => context (Value, ..Value) mulf;
    "randInt" => context (i64, i64) rand_int;
    "round" => (Value, i64, ..f64) round;
    "seq" => context (..i64) seq;
    "sub" => (Value, Value) sub;
    "subf" => context (Value, ..Value) subf;
    "toDecimal" => context (Value) to_decimal;
    "until" => context (i64) until;
    "untilStep" => context (i64, i64, i64) until_step;
};

/// The integer that cast makes of a value: floats lose their fraction, strings are read as Go source writes integers
/// (`012` is ten) after a trailing `.0` is gone, booleans are one and zero, and anything else is zero.
pub(super) fn to_int(value: &Value) -> i64 {
    match value {
        Value::Bool(value) => i64::from(*value),
        Value::Float(value) => truncated(*value),
        Value::Float32(value) => truncated(f64::from(*value)),
        Value::String(text) => parse_int(without_zero_decimals(text), 0, 64).unwrap_or(0),
        Value::Object(_) => date_part(value).unwrap_or(0),
        _ => value.as_int().or_else(|| value.as_uint().map(u64::cast_signed)).unwrap_or(0),
    }
}

/// The float that cast makes of a value: strings are read as Go source writes floats, and the rest is as for integers.
#[expect(clippy::cast_precision_loss, reason = "Go's float64(n)")]
fn to_float(value: &Value) -> f64 {
    match value {
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::Float(value) => *value,
        Value::Float32(value) => f64::from(*value),
        Value::String(text) => parse_float(text).unwrap_or(0.0),
        Value::Object(_) => date_part(value).unwrap_or(0) as f64,
        _ => match (value.as_int(), value.as_uint()) {
            (Some(value), _) => value as f64,
            (_, Some(value)) => value as f64,
            _ => 0.0,
        },
    }
}

/// Of all named types, cast knows only a month and a weekday.
fn date_part(value: &Value) -> Option<i64> {
    matches!(&*value.type_name(), "time.Month" | "time.Weekday").then(|| value.as_int())?
}

/// Go's `int64(f)` on x86-64: what does not fit becomes the smallest integer.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked, and the fraction is to go")]
pub(super) fn truncated(value: f64) -> i64 {
    const END: f64 = 9_223_372_036_854_775_808.0;
    if (-END..END).contains(&value) { value as i64 } else { i64::MIN }
}

/// Without a trailing point and zeros: `1.0` and `1.00` read as integers, `1.5` does not.
fn without_zero_decimals(text: &[u8]) -> &[u8] {
    let zeros = text.iter().rev().take_while(|&&byte| byte == b'0').count();
    match text[..text.len() - zeros].split_last() {
        Some((b'.', whole)) if zeros > 0 => whole,
        _ => text,
    }
}

fn to_int64(value: &Value) -> Int64 {
    Int64(to_int(value))
}

/// The text of a value read as an octal number, or zero.
fn to_decimal(context: &mut Context<'_>, value: &Value) -> Result<Int64, CallError> {
    Ok(Int64(parse_int(&fmt::to_text(context, value)?, 8, 64).unwrap_or(0)))
}

/// A decimal number, or zero. What is too large becomes the largest, as Go's `Atoi` returns besides its error.
fn atoi(text: &Str) -> i64 {
    parse_decimal(text).unwrap_or_else(|error| match error.cause {
        NumberErrorCause::Range if text.starts_with(b"-") => i64::MIN,
        NumberErrorCause::Range => i64::MAX,
        _ => 0,
    })
}

fn add(values: Rest<'_, Value>) -> Int64 {
    Int64(values.iter().map(to_int).fold(0, i64::wrapping_add))
}

fn add1(value: &Value) -> Int64 {
    Int64(to_int(value).wrapping_add(1))
}

fn sub(left: &Value, right: &Value) -> Int64 {
    Int64(to_int(left).wrapping_sub(to_int(right)))
}

fn mul(first: &Value, others: Rest<'_, Value>) -> Int64 {
    Int64(others.iter().map(to_int).fold(to_int(first), i64::wrapping_mul))
}

fn div(left: &Value, right: &Value) -> Result<Int64, CallError> {
    Ok(Int64(to_int(left).wrapping_div(divisor(right)?)))
}

fn modulo(left: &Value, right: &Value) -> Result<Int64, CallError> {
    Ok(Int64(to_int(left).wrapping_rem(divisor(right)?)))
}

fn divisor(value: &Value) -> Result<i64, CallError> {
    match to_int(value) {
        0 => Err("runtime error: integer divide by zero".into()),
        divisor => Ok(divisor),
    }
}

fn max(first: &Value, others: Rest<'_, Value>) -> Int64 {
    Int64(others.iter().map(to_int).fold(to_int(first), i64::max))
}

fn min(first: &Value, others: Rest<'_, Value>) -> Int64 {
    Int64(others.iter().map(to_int).fold(to_int(first), i64::min))
}

fn maxf(first: &Value, others: Rest<'_, Value>) -> f64 {
    others.iter().map(to_float).fold(to_float(first), |left, right| -lesser(-left, -right))
}

fn minf(first: &Value, others: Rest<'_, Value>) -> f64 {
    others.iter().map(to_float).fold(to_float(first), lesser)
}

/// Go's `math.Min`: negative infinity before NaN, NaN before the numbers, and `-0` below `0`.
fn lesser(left: f64, right: f64) -> f64 {
    if left == f64::NEG_INFINITY || right == f64::NEG_INFINITY {
        f64::NEG_INFINITY
    } else if left.is_nan() || right.is_nan() {
        f64::NAN
    } else if left < right || right >= left && left.is_sign_negative() {
        left
    } else {
        right
    }
}

fn add1f(value: &Value) -> Result<f64, CallError> {
    let sum = decimal(value)?.add(&decimal(&Value::Int(1))?);
    Ok(sum.to_float())
}

fn addf(context: &mut Context<'_>, values: Rest<'_, Value>) -> Result<f64, CallError> {
    calculate(context, &Value::Float(0.0), values, |left, right| Ok(left.add(right)))
}

fn subf(context: &mut Context<'_>, first: &Value, others: Rest<'_, Value>) -> Result<f64, CallError> {
    calculate(context, first, others, |left, right| Ok(left.sub(right)))
}

fn mulf(context: &mut Context<'_>, first: &Value, others: Rest<'_, Value>) -> Result<f64, CallError> {
    calculate(context, first, others, |left, right| Ok(left.mul(right)))
}

fn divf(context: &mut Context<'_>, first: &Value, others: Rest<'_, Value>) -> Result<f64, CallError> {
    calculate(context, first, others, Decimal::div)
}

/// Calculates in decimal from left to right.
fn calculate(
    context: &mut Context<'_>,
    first: &Value,
    others: Rest<'_, Value>,
    operation: fn(&Decimal, &Decimal) -> Result<Decimal, DecimalError>,
) -> Result<f64, CallError> {
    let mut result = decimal(first)?;
    for (index, other) in others.iter().enumerate() {
        // Products and quotients grow with every operand.
        context.step(index as u64)?;
        result = operation(&result, &decimal(other)?).map_err(|error| error.to_string())?;
    }
    Ok(result.to_float())
}

fn decimal(value: &Value) -> Result<Decimal, CallError> {
    Decimal::from_float(to_float(value)).map_err(|error| CallError::Message(error.to_string()))
}

fn ceil(value: &Value) -> f64 {
    to_float(value).ceil()
}

fn floor(value: &Value) -> f64 {
    to_float(value).floor()
}

/// Rounds to so many places, up if the fraction left is at least `.5` or what is given. The fraction of a negative
/// number is negative, and so these are rounded down.
fn round(value: &Value, places: i64, round_on: Rest<'_, f64>) -> f64 {
    let power = power_of_ten(places);
    let shifted = power * to_float(value);
    let rounded = if shifted.fract() >= round_on.get(0).unwrap_or(0.5) { shifted.ceil() } else { shifted.floor() };
    rounded / power
}

/// Go's `math.Pow(10, y)`, which is not always the nearest float.
fn power_of_ten(exponent: i64) -> f64 {
    /// Ten is this times two to the fourth.
    const FRACTION: f64 = 0.625;
    const SHIFT: i64 = 4;
    let (mut fraction, mut shift) = (1.0, 0);
    let (mut square, mut square_shift) = (FRACTION, SHIFT);
    let mut left = exponent.unsigned_abs();
    while left != 0 {
        if square_shift > 1 << 12 {
            shift += square_shift;
            break;
        }
        if left & 1 == 1 {
            fraction *= square;
            shift += square_shift;
        }
        square *= square;
        square_shift *= 2;
        if square < 0.5 {
            square += square;
            square_shift -= 1;
        }
        left >>= 1;
    }
    if exponent < 0 { scaled(1.0 / fraction, -shift) } else { scaled(fraction, shift) }
}

/// A positive number not far from one, times a power of two (`math.Ldexp`).
fn scaled(fraction: f64, shift: i64) -> f64 {
    const MANTISSA: u32 = 52;
    const BIAS: i64 = 1023;
    let bits = fraction.to_bits();
    let exponent = (bits >> MANTISSA).cast_signed() - BIAS + shift;
    let with_exponent =
        |exponent: i64| f64::from_bits(bits & ((1 << MANTISSA) - 1) | (exponent + BIAS).cast_unsigned() << MANTISSA);
    match exponent {
        ..-1075 => 0.0,
        // Subnormal: rounded once, by the multiplication.
        -1075..-1022 => with_exponent(exponent + 53) * (f64::EPSILON / 2.0),
        -1022..=1023 => with_exponent(exponent),
        _ => f64::INFINITY,
    }
}

/// A random number from `min` up to but not including `max`, all equally likely.
fn rand_int(context: &mut Context<'_>, min: i64, max: i64) -> Result<i64, CallError> {
    let range = max.wrapping_sub(min);
    if range <= 0 {
        return Err("invalid argument to Intn".into());
    }
    let range = range.cast_unsigned();
    let fair = u64::MAX - u64::MAX % range;
    loop {
        context.step(1)?;
        let mut bytes = [0; 8];
        context.host().random(&mut bytes);
        let random = u64::from_le_bytes(bytes);
        if random < fair {
            return Ok(min.wrapping_add((random % range).cast_signed()));
        }
    }
}

/// The integers from zero up to `count`, or down to it if it is negative, without it.
fn until(context: &mut Context<'_>, count: i64) -> Result<List, CallError> {
    until_step(context, 0, count, if count < 0 { -1 } else { 1 })
}

fn until_step(context: &mut Context<'_>, start: i64, stop: i64, step: i64) -> Result<List, CallError> {
    Ok(List::ints(progression(context, start, stop, step)?))
}

/// The integers from `start` to `stop`, without it; none if the step leads away from it. Like Go's, the sum wraps
/// around.
fn progression(context: &mut Context<'_>, start: i64, stop: i64, step: i64) -> Result<Vec<i64>, CallError> {
    let down = stop < start;
    if step == 0 || down != (step < 0) {
        return Ok(Vec::new());
    }
    let mut numbers = Vec::new();
    let mut paid_for = 0;
    let mut number = start;
    while if down { number > stop } else { number < stop } {
        if numbers.len() == paid_for {
            paid_for = (paid_for * 2).max(16);
            context.spend_items(paid_for)?;
        }
        numbers.push(number);
        number = number.wrapping_add(step);
    }
    Ok(numbers)
}

/// The integers from one to the first number, from one number to another, or the same with a step between; the last
/// belongs to them. Separated by spaces.
fn seq(context: &mut Context<'_>, numbers: Rest<'_, i64>) -> Result<String, CallError> {
    let (start, step, end) = match (numbers.len(), numbers.get(0), numbers.get(1), numbers.get(2)) {
        (1, Some(end), ..) => (1, direction(1, end), end),
        (2, Some(start), Some(end), _) => (start, direction(start, end), end),
        (3, Some(start), Some(step), Some(end)) if end >= start || step <= 0 => (start, step, end),
        _ => return Ok(String::new()),
    };
    let stop = end.wrapping_add(direction(start, end));
    let numbers = progression(context, start, stop, step)?;
    // An integer has up to twenty characters, about as many as the items that were paid for have bytes.
    context.spend_items(numbers.len())?;
    let mut text = String::new();
    for (index, number) in numbers.into_iter().enumerate() {
        if index > 0 {
            text.push(' ');
        }
        text.push_str(&format_int(number, 10));
    }
    Ok(text)
}

fn direction(start: i64, end: i64) -> i64 {
    if end < start { -1 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::super::recorded::{check_table, run};

    #[test]
    fn as_sprig() {
        check_table(include_str!("../../tests/fixtures/sprig/numeric.tsv"));
        check_table(include_str!("../../tests/fixtures/sprig/numeric-random.tsv"));
    }

    #[test]
    fn random_integers_are_within_bounds_and_reach_them() {
        let text = run("{{ range until 200 }}{{ randInt -2 2 }} {{ end }}").unwrap();
        let mut seen: Vec<&str> = text.split_whitespace().collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, ["-1", "-2", "0", "1"]);
    }

    #[track_caller]
    fn meets_a_limit(template: &str) {
        let error = run(template).unwrap_err();
        assert!(error.contains("more than the 33554432 allowed"), "{error}");
    }

    #[test]
    fn endless_lists_meet_the_limit() {
        meets_a_limit("{{ until 9223372036854775807 }}");
        meets_a_limit("{{ untilStep -9223372036854775807 0 1 }}");
        meets_a_limit("{{ seq 1 -9223372036854775800 }}");
    }
}
