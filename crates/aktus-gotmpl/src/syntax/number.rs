//! Which number does a literal stand for? Integer, float or complex, each if it fits: Go's `newNumber`.

use super::lexer::TokenKind;
use crate::go::strconv;

/// A number literal as every kind of number it can be.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Number {
    pub(crate) int: Option<i64>,
    pub(crate) uint: Option<u64>,
    pub(crate) float: Option<f64>,
    pub(crate) complex: Option<(f64, f64)>,
}

impl Number {
    /// Reads a literal of one of the kinds `CharConstant`, `Complex` or `Number`. The error is Go's text.
    pub(crate) fn parse(text: &[u8], kind: TokenKind) -> Result<Self, String> {
        match kind {
            TokenKind::CharConstant => Self::parse_char(text),
            TokenKind::Complex => Self::parse_complex(text),
            _ => Self::parse_plain(text),
        }
    }

    fn parse_char(text: &[u8]) -> Result<Self, String> {
        let (quote, body) = text.split_first().ok_or("invalid syntax")?;
        let character = strconv::unquote_char(body, *quote).map_err(|error| error.to_string())?;
        if character.rest != b"'" {
            return Err(format!("malformed character constant: {}", String::from_utf8_lossy(text)));
        }
        let value = character.value;
        Ok(Self {
            int: Some(i64::from(value)),
            uint: Some(u64::from(value)),
            float: Some(f64::from(value)),
            complex: None,
        })
    }

    /// `1+2i`: the sign that is not an exponent's parts the two.
    fn parse_complex(text: &[u8]) -> Result<Self, String> {
        const SYNTAX: &str = "syntax error scanning complex number";
        let body = text.strip_suffix(b"i").ok_or(SYNTAX)?;
        let split = (1..body.len())
            .rev()
            .find(|index| matches!(body[*index], b'+' | b'-') && !matches!(body[index - 1], b'e' | b'E' | b'p' | b'P'))
            .ok_or(SYNTAX)?;
        // Go's scanner of complex numbers knows neither of these; the rest is up to the reader of floats.
        let is_odd = |text: &[u8]| {
            let digits = text.strip_prefix(b"+").or(text.strip_prefix(b"-")).unwrap_or(text);
            matches!(digits, [b'0', b'b' | b'B' | b'o' | b'O', ..])
        };
        if split + 1 == body.len() || is_odd(&body[..split]) || is_odd(&body[split..]) {
            return Err(SYNTAX.to_owned());
        }
        let part = |text: &[u8]| strconv::parse_float(text).map_err(|error| error.to_string());
        Ok(Self::from_complex(part(&body[..split])?, part(&body[split..])?))
    }

    fn from_complex(real: f64, imaginary: f64) -> Self {
        let mut number = Self { complex: Some((real, imaginary)), ..Self::default() };
        if imaginary == 0.0 {
            number.float = Some(real);
            number.int = exact_int(real);
            number.uint = exact_uint(real);
        }
        number
    }

    fn parse_plain(text: &[u8]) -> Result<Self, String> {
        // Imaginary constants can only be complex unless they are zero.
        if let Some(body) = text.strip_suffix(b"i")
            && let Ok(imaginary) = strconv::parse_float(body)
        {
            return Ok(Self::from_complex(0.0, imaginary));
        }
        let mut number = Self {
            uint: strconv::parse_uint(text, 0, 64).ok(),
            int: strconv::parse_int(text, 0, 64).ok(),
            ..Self::default()
        };
        if number.int == Some(0) {
            // -0 is no unsigned number to `parse_uint`.
            number.uint = Some(0);
        }
        #[expect(clippy::cast_precision_loss, reason = "Go's float64(n)")]
        if let Some(int) = number.int {
            number.float = Some(int as f64);
        } else if let Some(uint) = number.uint {
            number.float = Some(uint as f64);
        } else if let Ok(float) = strconv::parse_float(text) {
            // What looks like an integer and only parses as a float is too large for one.
            if !text.iter().any(|byte| b".eEpP".contains(byte)) {
                return Err(format!("integer overflow: {}", strconv::quote(text)));
            }
            number.float = Some(float);
            number.int = exact_int(float);
            number.uint = exact_uint(float);
        } else {
            return Err(format!("illegal number syntax: {}", strconv::quote(text)));
        }
        Ok(number)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "Go's test for a whole number"
)]
fn exact_int(float: f64) -> Option<i64> {
    // Rust's cast saturates where Go's wraps to the least integer; at the upper end both must say no.
    let int = float as i64;
    (int != i64::MAX && int as f64 == float).then_some(int)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    reason = "Go's test for a whole number"
)]
fn exact_uint(float: f64) -> Option<u64> {
    let uint = float as u64;
    (uint != u64::MAX && uint as f64 == float).then_some(uint)
}
