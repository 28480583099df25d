//! Which numbers in a values file are not printed as they are written?
//!
//! Every number in a values file is a Go `float64` in Helm: 1000000 prints as 1e+06, 0123 as 83, 1.10 as 1.1, and
//! whole numbers beyond 2^53 lose digits.

use std::fmt;

use aktus_gotmpl::{Frozen, Profile};

use super::written::{shown_path, written};
use crate::print;

/// A number that templates do not print as it is written. Displays as one sentence with the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LossyNumber {
    /// Where it lies in the values: `image.tag`, `ports[0]`.
    pub path: String,
    /// As it is written.
    pub written: String,
    /// As templates print it.
    pub printed: String,
    /// Its line, from 1.
    pub line: usize,
    /// Its column in bytes, from 1.
    pub column: usize,
    /// Whether `int64` in a template would print it as it is written.
    whole: bool,
}

impl fmt::Display for LossyNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, written, printed, whole, .. } = self;
        write!(formatter, "`{path}` is written {written}, but prints as {printed}; quote it")?;
        if *whole { formatter.write_str(", or print it with `int64`") } else { Ok(()) }
    }
}

/// The numbers in the text of a values file that lose their written form. None for a text that is no YAML: what is
/// wrong with it is said when it is merged.
///
/// ```
/// let numbers = aktus_helm::values::lossy_numbers(b"limit: 1000000\nport: 8080\ntag: 1.10\n");
/// let told: Vec<String> = numbers.iter().map(|number| format!("{}: {number}", number.line)).collect();
/// assert_eq!(told, [
///     "1: `limit` is written 1000000, but prints as 1e+06; quote it, or print it with `int64`",
///     "3: `tag` is written 1.10, but prints as 1.1; quote it",
/// ]);
/// ```
pub fn lossy_numbers(text: &[u8]) -> Vec<LossyNumber> {
    let values = written(text, Profile::Helm4);
    let lossy = values.into_iter().filter_map(|value| {
        let (text, number) = value.number?;
        let printed = print::plain(&Frozen::Float(number));
        #[expect(clippy::cast_possible_truncation, reason = "a number that is cut is not printed as it is written")]
        let whole = (number as i64).to_string() == text;
        (printed != text).then(|| LossyNumber {
            path: shown_path(&value.path),
            written: text,
            printed,
            line: value.line,
            column: value.column,
            whole,
        })
    });
    lossy.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(number: &str, printed: Option<&str>) {
        let found = lossy_numbers(format!("n: {number}\n").as_bytes());
        assert_eq!(found.first().map(|number| number.printed.as_str()), printed, "{number}");
    }

    #[test]
    fn numbers() {
        check("8080", None);
        check("1.5", None);
        check("-3", None);
        check("999999", None);
        check("'1000000'", None);
        check("v1.10", None);
        check("1000000", Some("1e+06"));
        check("1.10", Some("1.1"));
        check("1.0", Some("1"));
        check("0123", Some("83"));
        check("0x1f", Some("31"));
        check("1_000", Some("1000"));
        check("+5", Some("5"));
        check("1e3", Some("1000"));
        check("9007199254740993", Some("9.007199254740992e+15"));
        check("123456789012", Some("1.23456789012e+11"));
        check("20240101", Some("2.0240101e+07"));
    }

    #[test]
    fn int64_helps_where_no_digit_was_lost() {
        let told = |text: &str| lossy_numbers(text.as_bytes()).first().map(ToString::to_string).unwrap_or_default();
        assert!(told("n: 1000000").ends_with("or print it with `int64`"));
        assert!(told("n: 9007199254740993").ends_with("quote it"));
    }
}
