//! Which tokens is a template made of? Go's scanner (`text/template/parse/lex.go`), its leniencies and error texts.

use std::ops::Range;

use memchr::{memchr, memchr_iter, memmem};

use crate::go::{strconv, unicode, utf8};

/// The kinds of tokens. Keywords come after all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TokenKind {
    Error,
    Bool,
    Char,
    CharConstant,
    Comment,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelimiter,
    LeftParenthesis,
    Number,
    Pipe,
    RawString,
    RightDelimiter,
    RightParenthesis,
    Space,
    String,
    Text,
    Variable,
    Keyword,
    Block,
    Break,
    Continue,
    Dot,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

/// A token: its kind and its bytes in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Token {
    pub(crate) const NONE: Self = Self { kind: TokenKind::Eof, start: 0, end: 0 };

    /// Its bytes in the source.
    pub(crate) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The line (from 1) it starts on.
    pub(crate) fn line(self, source: &[u8]) -> usize {
        1 + memchr_iter(b'\n', &source[..self.start as usize]).count()
    }
}

const LEFT: &[u8] = b"{{";
const RIGHT: &[u8] = b"}}";
/// A trim marker and the space beside it.
const MARKER: usize = 2;

/// Scans one template, token by token.
pub(crate) struct Lexer<'s> {
    source: &'s [u8],
    position: usize,
    start: usize,
    inside_action: bool,
    parentheses: usize,
    error: Option<String>,
    /// How many tokens may still come.
    tokens_left: usize,
    /// Whether comments are given out as tokens rather than skipped.
    comments: bool,
}

impl<'s> Lexer<'s> {
    pub(crate) fn new(source: &'s [u8]) -> Self {
        Self {
            source,
            position: 0,
            start: 0,
            inside_action: false,
            parentheses: 0,
            error: None,
            tokens_left: usize::MAX,
            comments: false,
        }
    }

    /// The same for at most so many tokens.
    pub(crate) fn with_limit(mut self, tokens: usize) -> Self {
        self.tokens_left = tokens;
        self
    }

    /// How many tokens may still come.
    pub(crate) fn tokens_left(&self) -> usize {
        self.tokens_left
    }

    /// The same giving out comments.
    #[cfg(test)]
    pub(crate) fn with_comments(mut self) -> Self {
        self.comments = true;
        self
    }

    /// The text of the error token.
    pub(crate) fn error(&self) -> &str {
        self.error.as_deref().unwrap_or_default()
    }

    /// The next token; after an error or at the end, the end again and again.
    pub(crate) fn next_token(&mut self) -> Token {
        if self.error.is_some() {
            return Token { kind: TokenKind::Eof, start: offset(self.start), end: offset(self.start) };
        }
        match self.tokens_left.checked_sub(1) {
            Some(left) => self.tokens_left = left,
            None => {
                return self.fail("the templates have more tokens than are allowed; see whether they were generated");
            }
        }
        if self.inside_action {
            return self.action();
        }
        loop {
            if let Some(token) = self.text() {
                return token;
            }
        }
    }

    fn rest(&self) -> &'s [u8] {
        &self.source[self.position..]
    }

    fn peek(&self) -> Option<char> {
        let rest = self.rest();
        let first = *rest.first()?;
        Some(if first.is_ascii() { char::from(first) } else { utf8::decode_rune(rest).0 })
    }

    fn token(&mut self, kind: TokenKind) -> Token {
        let token = Token { kind, start: offset(self.start), end: offset(self.position) };
        self.start = self.position;
        token
    }

    /// A token of so many bytes more.
    fn take(&mut self, kind: TokenKind, length: usize) -> Token {
        self.position += length;
        self.token(kind)
    }

    /// Skips so many bytes between tokens.
    fn skip(&mut self, length: usize) {
        self.position += length;
        self.start = self.position;
    }

    fn accept(&mut self, valid: &[u8]) -> bool {
        let accepted = self.rest().first().is_some_and(|byte| valid.contains(byte));
        self.position += usize::from(accepted);
        accepted
    }

    fn accept_run(&mut self, valid: &[u8]) {
        while self.accept(valid) {}
    }

    fn fail(&mut self, message: impl Into<String>) -> Token {
        self.error = Some(message.into());
        Token { kind: TokenKind::Error, start: offset(self.start), end: offset(self.start) }
    }

    /// The next token outside of actions, unless it is a comment that is skipped.
    fn text(&mut self) -> Option<Token> {
        let rest = self.rest();
        let Some(length) = find_left(rest) else {
            let kind = if rest.is_empty() { TokenKind::Eof } else { TokenKind::Text };
            return Some(self.take(kind, rest.len()));
        };
        if length > 0 {
            let trim = if has_left_marker(&rest[length + LEFT.len()..]) { trailing_space(&rest[..length]) } else { 0 };
            let token = self.take(TokenKind::Text, length - trim);
            self.skip(trim);
            if trim < length {
                return Some(token);
            }
        }
        self.left_delimiter()
    }

    fn left_delimiter(&mut self) -> Option<Token> {
        let rest = &self.rest()[LEFT.len()..];
        let marker = if has_left_marker(rest) { MARKER } else { 0 };
        if rest[marker..].starts_with(b"/*") {
            self.skip(LEFT.len() + marker);
            return self.comment();
        }
        let token = self.take(TokenKind::LeftDelimiter, LEFT.len());
        self.skip(marker);
        self.inside_action = true;
        self.parentheses = 0;
        Some(token)
    }

    fn comment(&mut self) -> Option<Token> {
        let Some(length) = memmem::find(&self.rest()[2..], b"*/") else {
            return Some(self.fail("unclosed comment"));
        };
        let length = 2 + length + 2;
        let after = &self.rest()[length..];
        let trim = has_right_marker(after) && after[MARKER..].starts_with(RIGHT);
        if !trim && !after.starts_with(RIGHT) {
            return Some(self.fail("comment ends before closing delimiter"));
        }
        let token = self.take(TokenKind::Comment, length);
        self.skip(if trim { MARKER + RIGHT.len() } else { RIGHT.len() });
        if trim {
            self.skip(leading_space(self.rest()));
        }
        self.comments.then_some(token)
    }

    fn right_delimiter(&mut self, trim: bool) -> Token {
        if self.parentheses > 0 {
            return self.fail("unclosed left paren");
        }
        if trim {
            self.skip(MARKER);
        }
        let token = self.take(TokenKind::RightDelimiter, RIGHT.len());
        if trim {
            self.skip(leading_space(self.rest()));
        }
        self.inside_action = false;
        token
    }

    fn action(&mut self) -> Token {
        let rest = self.rest();
        let Some((&byte, after)) = rest.split_first() else {
            return self.fail("unclosed action");
        };
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => self.space(rest),
            b'}' if after.first() == Some(&b'}') => self.right_delimiter(false),
            b'.' if after.first().is_some_and(|byte| !byte.is_ascii_digit()) => self.name(TokenKind::Field),
            b'$' => self.name(TokenKind::Variable),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.identifier(),
            b'"' => self.quoted(byte, TokenKind::String, "unterminated quoted string"),
            b'(' => {
                self.parentheses += 1;
                self.take(TokenKind::LeftParenthesis, 1)
            }
            b')' => {
                if self.parentheses == 0 {
                    return self.fail("unexpected right paren");
                }
                self.parentheses -= 1;
                self.take(TokenKind::RightParenthesis, 1)
            }
            b'|' => self.take(TokenKind::Pipe, 1),
            b':' if after.first() == Some(&b'=') => self.take(TokenKind::Declare, 2),
            b':' => self.fail("expected :="),
            b'=' => self.take(TokenKind::Assign, 1),
            b'.' | b'+' | b'-' | b'0'..=b'9' => self.number(),
            b'`' => match memchr(b'`', after) {
                Some(length) => self.take(TokenKind::RawString, 1 + length + 1),
                None => self.fail("unterminated raw quoted string"),
            },
            b'\'' => self.quoted(byte, TokenKind::CharConstant, "unterminated character constant"),
            byte if byte.is_ascii_graphic() => self.take(TokenKind::Char, 1),
            _ => match utf8::decode_rune(rest).0 {
                rune if is_alphanumeric(rune) => self.identifier(),
                rune => self.fail(format!("unrecognized character in action: {}", unicode_name(rune))),
            },
        }
    }

    fn space(&mut self, rest: &[u8]) -> Token {
        let spaces = leading_space(rest);
        // The last space may belong to a delimiter with trim marker.
        let marker = matches!(rest[spaces..], [b'-', b'}', b'}', ..]);
        match (marker, spaces) {
            (true, 1) => self.right_delimiter(true),
            (true, _) => self.take(TokenKind::Space, spaces - 1),
            (false, _) => self.take(TokenKind::Space, spaces),
        }
    }

    fn identifier(&mut self) -> Token {
        self.skip_alphanumeric();
        if !self.at_terminator() {
            return self.bad_character();
        }
        let kind = match &self.source[self.start..self.position] {
            b"block" => TokenKind::Block,
            b"break" => TokenKind::Break,
            b"continue" => TokenKind::Continue,
            b"define" => TokenKind::Define,
            b"else" => TokenKind::Else,
            b"end" => TokenKind::End,
            b"if" => TokenKind::If,
            b"range" => TokenKind::Range,
            b"nil" => TokenKind::Nil,
            b"template" => TokenKind::Template,
            b"with" => TokenKind::With,
            b"true" | b"false" => TokenKind::Bool,
            _ => TokenKind::Identifier,
        };
        self.token(kind)
    }

    /// A field or variable, with its `.` or `$`.
    fn name(&mut self, kind: TokenKind) -> Token {
        self.position += 1;
        if self.at_terminator() {
            return self.token(if kind == TokenKind::Variable { kind } else { TokenKind::Dot });
        }
        self.skip_alphanumeric();
        if !self.at_terminator() {
            return self.bad_character();
        }
        self.token(kind)
    }

    fn bad_character(&mut self) -> Token {
        let rune = self.peek().unwrap_or(utf8::RUNE_ERROR);
        self.fail(format!("bad character {}", unicode_name(rune)))
    }

    fn skip_alphanumeric(&mut self) {
        loop {
            let rest = self.rest();
            let ascii = rest.iter().take_while(|byte| WORD[usize::from(**byte)]).count();
            self.position += ascii;
            let Some(false) = rest.get(ascii).map(u8::is_ascii) else { return };
            let (rune, width) = utf8::decode_rune(&rest[ascii..]);
            if !is_alphanumeric(rune) {
                return;
            }
            self.position += width;
        }
    }

    /// Whether something that may follow a name is here.
    fn at_terminator(&self) -> bool {
        matches!(
            *self.rest(),
            [] | [b' ' | b'\t' | b'\r' | b'\n' | b'.' | b',' | b'|' | b':' | b')' | b'(', ..] | [b'}', b'}', ..]
        )
    }

    fn quoted(&mut self, quote: u8, kind: TokenKind, unterminated: &str) -> Token {
        let rest = self.rest();
        let mut length = 1;
        loop {
            match rest[length..] {
                [] | [b'\n', ..] | [b'\\'] | [b'\\', b'\n', ..] => return self.fail(unterminated),
                [b'\\', ..] => length += 2,
                [byte, ..] if byte == quote => return self.take(kind, length + 1),
                _ => length += 1,
            }
        }
    }

    fn number(&mut self) -> Token {
        let complex = |lexer: &mut Self| lexer.scan_number() && lexer.source[..lexer.position].last() == Some(&b'i');
        if !self.scan_number() {
            return self.bad_number();
        }
        if matches!(self.rest().first(), Some(b'+' | b'-')) {
            return if complex(self) { self.token(TokenKind::Complex) } else { self.bad_number() };
        }
        self.token(TokenKind::Number)
    }

    fn bad_number(&mut self) -> Token {
        let text = strconv::quote(&self.source[self.start..self.position]);
        self.fail(format!("bad number syntax: {text}"))
    }

    fn scan_number(&mut self) -> bool {
        const DECIMAL: &[u8] = b"0123456789_";
        const HEXADECIMAL: &[u8] = b"0123456789abcdefABCDEF_";
        self.accept(b"+-");
        let mut digits = DECIMAL;
        if self.accept(b"0") {
            // A leading 0 does not mean octal in floats.
            if self.accept(b"xX") {
                digits = HEXADECIMAL;
            } else if self.accept(b"oO") {
                digits = b"01234567_";
            } else if self.accept(b"bB") {
                digits = b"01_";
            }
        }
        self.accept_run(digits);
        if self.accept(b".") {
            self.accept_run(digits);
        }
        let exponent: &[u8] = match digits.len() {
            11 => b"eE",
            23 => b"pP",
            _ => b"",
        };
        if !exponent.is_empty() && self.accept(exponent) {
            self.accept(b"+-");
            self.accept_run(DECIMAL);
        }
        self.accept(b"i");
        if let Some(rune) = self.peek().filter(|rune| is_alphanumeric(*rune)) {
            self.position += rune.len_utf8();
            return false;
        }
        true
    }
}

/// Where the next action begins.
fn find_left(text: &[u8]) -> Option<usize> {
    memchr_iter(b'{', text).find(|at| text.get(at + 1) == Some(&b'{'))
}

/// Sources are shorter than 4 GiB, so offsets and counts of nodes fit.
pub(super) fn offset(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn is_space_byte(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// The bytes of ASCII that names are made of.
static WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 0x80 {
        table[byte as usize] = byte == b'_' || byte.is_ascii_alphanumeric();
        byte += 1;
    }
    table
};

fn is_alphanumeric(rune: char) -> bool {
    if rune.is_ascii() {
        return rune == '_' || rune.is_ascii_alphanumeric();
    }
    unicode::is_letter(rune) || unicode::is_digit(rune)
}

fn has_left_marker(rest: &[u8]) -> bool {
    matches!(rest, [b'-', space, ..] if is_space_byte(*space))
}

fn has_right_marker(rest: &[u8]) -> bool {
    matches!(rest, [space, b'-', ..] if is_space_byte(*space))
}

fn leading_space(text: &[u8]) -> usize {
    text.iter().take_while(|byte| is_space_byte(**byte)).count()
}

fn trailing_space(text: &[u8]) -> usize {
    text.iter().rev().take_while(|byte| is_space_byte(**byte)).count()
}

/// Go's `%#U`: `U+0021 '!'`, without the character if it does not print.
fn unicode_name(rune: char) -> String {
    let code = u32::from(rune);
    if unicode::is_print(rune) { format!("U+{code:04X} '{rune}'") } else { format!("U+{code:04X}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, expected: &[(TokenKind, &str)]) {
        let mut lexer = Lexer::new(source.as_bytes());
        let mut tokens = Vec::new();
        loop {
            let token = lexer.next_token();
            if token.kind == TokenKind::Eof {
                break;
            }
            tokens.push((token.kind, &source[token.range()]));
        }
        assert_eq!(tokens, expected);
    }

    #[test]
    fn a_marker_needs_its_space() {
        use TokenKind::{LeftDelimiter, Number, RightDelimiter, Text};
        check(
            "a {{-3}} b",
            &[(Text, "a "), (LeftDelimiter, "{{"), (Number, "-3"), (RightDelimiter, "}}"), (Text, " b")],
        );
        check(
            "a {{- 3 -}} b",
            &[(Text, "a"), (LeftDelimiter, "{{"), (Number, "3"), (RightDelimiter, "}}"), (Text, "b")],
        );
    }

    #[test]
    fn lines_are_those_of_the_start_of_a_token() {
        let source = b"a\n\n{{-\n.x\n}}";
        let mut lexer = Lexer::new(source);
        let lines: Vec<_> = std::iter::from_fn(|| Some(lexer.next_token()))
            .take_while(|token| token.kind != TokenKind::Eof)
            .map(|token| (token.kind, token.line(source)))
            .collect();
        assert_eq!(
            lines,
            [
                (TokenKind::Text, 1),
                (TokenKind::LeftDelimiter, 3),
                (TokenKind::Field, 4),
                (TokenKind::Space, 4),
                (TokenKind::RightDelimiter, 5),
            ]
        );
    }
}
