//! Why does Go refuse this pattern?

use std::fmt;

/// Why a pattern is refused (`regexp/syntax.ErrorCode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ErrorCode {
    /// A class that ends before its range does, or an unknown class name.
    #[error("invalid character class range")]
    InvalidCharRange,
    /// An escape that means nothing.
    #[error("invalid escape sequence")]
    InvalidEscape,
    /// A group name that is none.
    #[error("invalid named capture")]
    InvalidNamedCapture,
    /// Such as look-around.
    #[error("invalid or unsupported Perl syntax")]
    InvalidPerlOp,
    /// Such as `a**`.
    #[error("invalid nested repetition operator")]
    InvalidRepeatOp,
    /// More than 1000, or from more to less.
    #[error("invalid repeat count")]
    InvalidRepeatSize,
    /// Bytes that are no UTF-8.
    #[error("invalid UTF-8")]
    InvalidUtf8,
    /// `[` without `]`.
    #[error("missing closing ]")]
    MissingBracket,
    /// `(` without `)`.
    #[error("missing closing )")]
    MissingParen,
    /// Nothing to repeat.
    #[error("missing argument to repetition operator")]
    MissingRepeatArgument,
    /// A backslash at the end.
    #[error("trailing backslash at end of expression")]
    TrailingBackslash,
    /// `)` without `(`.
    #[error("unexpected )")]
    UnexpectedParen,
    /// More than 100 levels.
    #[error("expression nests too deeply")]
    NestingDepth,
    /// A program too large to run.
    #[error("expression too large")]
    Large,
}

/// A pattern that is not of Go's syntax.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// What is wrong.
    pub code: ErrorCode,
    /// The part of the pattern that Go names.
    pub expression: Vec<u8>,
}

impl ParseError {
    /// Go's text, in which the pattern need not be UTF-8.
    pub fn message(&self) -> Vec<u8> {
        let mut message = format!("error parsing regexp: {}: `", self.code).into_bytes();
        message.extend_from_slice(&self.expression);
        message.push(b'`');
        message
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.message()))
    }
}

impl std::error::Error for ParseError {}
