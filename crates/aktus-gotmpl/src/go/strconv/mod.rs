//! How does Go turn numbers and quoted text into strings and back?
//!
//! Follows Go's `strconv`: the same digits, the same accepted spellings, the
//! same error texts.

mod float;
mod integer;
mod quote;
mod unquote;

use std::fmt;

pub use float::{FloatSize, format_float, parse_float};
pub use integer::{atoi, format_int, format_uint, parse_int, parse_uint};
pub use quote::{can_backquote, quote, quote_ascii, quote_into, quote_rune_into};
pub(crate) use unquote::unquote_plain;
pub use unquote::{UnquotedChar, unquote, unquote_char};

/// Text that is no valid quoted literal (`strconv.ErrSyntax`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("invalid syntax")]
pub struct SyntaxError;

/// Why a text is no number (`strconv.NumError`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberError {
    /// The Go function that Go's message names, such as `ParseInt`.
    pub function: &'static str,
    /// The text that was read.
    pub input: Vec<u8>,
    /// What is wrong with it.
    pub cause: NumberErrorCause,
}

/// What is wrong with the text of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberErrorCause {
    /// No number is written like this.
    #[error("invalid syntax")]
    Syntax,
    /// A number, but too large for its type.
    #[error("value out of range")]
    Range,
    /// The base is neither 0 nor 2 to 36.
    #[error("invalid base {0}")]
    Base(u32),
}

impl NumberError {
    fn new(function: &'static str, input: &[u8], cause: NumberErrorCause) -> Self {
        Self { function, input: input.to_vec(), cause }
    }
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "strconv.{}: parsing {}: {}", self.function, quote(&self.input), self.cause)
    }
}

impl std::error::Error for NumberError {}

/// Are the underscores of a number where Go allows them: only between digits, or
/// between a base prefix and a digit?
fn underscores_allowed(text: &[u8]) -> bool {
    // What came before: '^' the start, '0' a digit, '_', or '!' anything else.
    let mut before = b'^';
    let mut rest = text;
    if let [b'+' | b'-', tail @ ..] = rest {
        rest = tail;
    }
    let mut hexadecimal = false;
    if let [b'0', prefix, tail @ ..] = rest
        && matches!(prefix.to_ascii_lowercase(), b'b' | b'o' | b'x')
    {
        before = b'0';
        hexadecimal = prefix.eq_ignore_ascii_case(&b'x');
        rest = tail;
    }
    for &byte in rest {
        if byte.is_ascii_digit() || hexadecimal && byte.is_ascii_hexdigit() {
            before = b'0';
        } else if byte == b'_' {
            if before != b'0' {
                return false;
            }
            before = b'_';
        } else {
            if before == b'_' {
                return false;
            }
            before = b'!';
        }
    }
    before != b'_'
}
