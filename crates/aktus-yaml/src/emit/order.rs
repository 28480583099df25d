//! The natural order of keys, after `sorter.go` of go-yaml.

use super::Dialect;
use super::letters::{is_digit, is_letter};

/// Sorts by `is_less`, which need not be consistent: go-yaml's is not for odd keys, and Rust's own
/// sort would panic. Equal items keep their order.
pub(super) fn sort<T>(items: &mut Vec<T>, is_less: impl Fn(&T, &T) -> bool) {
    if items.is_sorted_by(|left, right| !is_less(right, left)) {
        return;
    }
    let mut runs: Vec<Vec<T>> = items.drain(..).map(|item| vec![item]).collect();
    while runs.len() > 1 {
        let mut merged = Vec::with_capacity(runs.len().div_ceil(2));
        let mut pairs = runs.into_iter();
        while let Some(left) = pairs.next() {
            merged.push(match pairs.next() {
                Some(right) => merge(left, right, &is_less),
                None => left,
            });
        }
        runs = merged;
    }
    *items = runs.pop().unwrap_or_default();
}

fn merge<T>(left: Vec<T>, right: Vec<T>, is_less: &impl Fn(&T, &T) -> bool) -> Vec<T> {
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        merged.extend(if is_less(b, a) { right.next() } else { left.next() });
    }
    merged.extend(left);
    merged.extend(right);
    merged
}

/// Whether a key comes before another: letters by code, numbers within by value, and the rest before
/// letters (go-yaml v3: after letters that follow a digit).
pub(super) fn is_less(left: &str, right: &str, dialect: Dialect) -> bool {
    // Most keys differ in a letter.
    let differ = left.bytes().zip(right.bytes()).find(|(left, right)| left != right);
    if let Some((left, right)) = differ
        && left.is_ascii_alphabetic()
        && right.is_ascii_alphabetic()
    {
        return left < right;
    }
    // Up to the first difference, remembering the digits just before it.
    let mut after_digit = false;
    let mut significant = false;
    let (mut left, mut right) = (left.chars(), right.chars());
    let (a, b) = loop {
        let rest = (left.clone(), right.clone());
        match (left.next(), right.next()) {
            (Some(a), Some(b)) if a == b => {
                after_digit = is_digit(a);
                significant = after_digit && (significant || a != '0');
            }
            (Some(a), Some(b)) => {
                (left, right) = rest;
                break (a, b);
            }
            (left, _) => return left.is_none(),
        }
    };
    match (is_letter(a), is_letter(b)) {
        (true, true) => return a < b,
        (false, false) => {}
        (a_is_letter, b_is_letter) => {
            return if dialect == Dialect::V3 && after_digit { a_is_letter } else { b_is_letter };
        }
    }
    // Zeros after a significant digit count as digits of the same number.
    let start = i64::from(significant && (a == '0' || b == '0'));
    let (a_value, a_length) = number(left, start);
    let (b_value, b_length) = number(right, start);
    (a_value, a_length, a) < (b_value, b_length, b)
}

/// The value of the digits at the beginning, which continue `value`, and how many there are.
fn number(letters: std::str::Chars<'_>, mut value: i64) -> (i64, usize) {
    let mut length = 0;
    for letter in letters.take_while(|letter| is_digit(*letter)) {
        let digit = i64::from(u32::from(letter)) - i64::from(u32::from('0'));
        value = value.wrapping_mul(10).wrapping_add(digit);
        length += 1;
    }
    (value, length)
}
