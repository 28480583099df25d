//! Which tokens is a template made of? Go's scanner (`text/template/parse/lex.go`), its leniencies and error texts.

use memchr::memchr_iter;
use memchr::memmem::{self, Finder};

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

/// A token: its kind, its bytes in the source, and the line (from 1) it starts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) line: usize,
}

impl Token {
    pub(crate) const NONE: Self = Self { kind: TokenKind::Eof, start: 0, end: 0, line: 0 };
}

const LEFT: &[u8] = b"{{";
const RIGHT: &[u8] = b"}}";
/// A trim marker and the space beside it.
const MARKER: usize = 2;

/// Scans one template, token by token.
pub(crate) struct Lexer<'s> {
    source: &'s [u8],
    left: Finder<'static>,
    position: usize,
    start: usize,
    line: usize,
    start_line: usize,
    at_end: bool,
    inside_action: bool,
    parentheses: usize,
    error: Option<String>,
    /// How many tokens may still come.
    tokens_left: usize,
    /// Whether comments are given out as tokens rather than skipped.
    comments: bool,
}

enum State {
    Text,
    Action,
}

impl<'s> Lexer<'s> {
    pub(crate) fn new(source: &'s [u8]) -> Self {
        Self {
            source,
            left: Finder::new(LEFT),
            position: 0,
            start: 0,
            line: 1,
            start_line: 1,
            at_end: false,
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
            return Token { kind: TokenKind::Eof, start: 0, end: 0, line: self.start_line };
        }
        match self.tokens_left.checked_sub(1) {
            Some(left) => self.tokens_left = left,
            None => {
                return self.fail("the templates have more tokens than are allowed; see whether they were generated");
            }
        }
        let mut state = if self.inside_action { State::Action } else { State::Text };
        loop {
            let step = match state {
                State::Text => self.text(),
                State::Action => Ok(self.action()),
            };
            match step {
                Ok(token) => return token,
                Err(next) => state = next,
            }
        }
    }

    fn rest(&self) -> &'s [u8] {
        &self.source[self.position.min(self.source.len())..]
    }

    fn advance(&mut self) -> Option<char> {
        let rest = self.rest();
        let Some(&byte) = rest.first() else {
            self.at_end = true;
            return None;
        };
        let (rune, width) = if byte.is_ascii() { (char::from(byte), 1) } else { utf8::decode_rune(rest) };
        self.position += width;
        if rune == '\n' {
            self.line += 1;
        }
        Some(rune)
    }

    fn peek(&mut self) -> Option<char> {
        match self.rest().first() {
            None => {
                self.at_end = true;
                None
            }
            Some(&byte) if byte.is_ascii() => Some(char::from(byte)),
            Some(_) => Some(utf8::decode_rune(self.rest()).0),
        }
    }

    /// Skips bytes, which must be whole characters without line breaks, as long as they are wanted.
    fn skip_while(&mut self, wanted: impl Fn(u8) -> bool) {
        self.position += self.rest().iter().take_while(|byte| wanted(**byte)).count();
    }

    /// Steps back one rune, unless the end was reached: then, as in Go, it stays there.
    fn back_up(&mut self) {
        if self.at_end || self.position == 0 {
            return;
        }
        let (rune, width) = utf8::decode_last_rune(&self.source[..self.position]);
        self.position -= width;
        if rune == '\n' {
            self.line -= 1;
        }
    }

    fn token(&mut self, kind: TokenKind) -> Token {
        let token = Token { kind, start: self.start, end: self.position, line: self.start_line };
        self.start = self.position;
        self.start_line = self.line;
        token
    }

    fn count_lines(&mut self) {
        self.line += memchr_iter(b'\n', &self.source[self.start..self.position]).count();
    }

    /// Skips what is pending and was not counted by [`Lexer::advance`].
    fn ignore(&mut self) {
        self.count_lines();
        self.start = self.position;
        self.start_line = self.line;
    }

    fn accept(&mut self, valid: &[u8]) -> bool {
        if self.rest().first().is_some_and(|byte| valid.contains(byte)) {
            self.position += 1;
            return true;
        }
        if self.rest().is_empty() {
            self.at_end = true;
        }
        false
    }

    fn accept_run(&mut self, valid: &[u8]) {
        while self.accept(valid) {}
    }

    fn fail(&mut self, message: impl Into<String>) -> Token {
        self.error = Some(message.into());
        Token { kind: TokenKind::Error, start: self.start, end: self.start, line: self.start_line }
    }

    fn text(&mut self) -> Result<Token, State> {
        let rest = self.rest();
        let Some(offset) = self.left.find(rest) else {
            self.position = self.source.len();
            if self.position > self.start {
                self.count_lines();
                return Ok(self.token(TokenKind::Text));
            }
            return Ok(self.token(TokenKind::Eof));
        };
        if offset > 0 {
            self.position += offset;
            let trim = if has_left_marker(&rest[offset + LEFT.len()..]) {
                trailing_space(&self.source[self.start..self.position])
            } else {
                0
            };
            self.position -= trim;
            self.count_lines();
            let token = self.token(TokenKind::Text);
            self.position += trim;
            self.ignore();
            if token.start < token.end {
                return Ok(token);
            }
        }
        self.left_delimiter()
    }

    fn left_delimiter(&mut self) -> Result<Token, State> {
        self.position += LEFT.len();
        let marker = if has_left_marker(self.rest()) { MARKER } else { 0 };
        if self.rest()[marker..].starts_with(b"/*") {
            self.position += marker;
            self.ignore();
            return self.comment();
        }
        let token = self.token(TokenKind::LeftDelimiter);
        self.inside_action = true;
        self.position += marker;
        self.ignore();
        self.parentheses = 0;
        Ok(token)
    }

    fn comment(&mut self) -> Result<Token, State> {
        self.position += 2;
        let Some(offset) = memmem::find(self.rest(), b"*/") else {
            return Ok(self.fail("unclosed comment"));
        };
        self.position += offset + 2;
        let Some(trim) = self.at_right_delimiter() else {
            return Ok(self.fail("comment ends before closing delimiter"));
        };
        self.count_lines();
        let token = self.token(TokenKind::Comment);
        if trim {
            self.position += MARKER;
        }
        self.position += RIGHT.len();
        if trim {
            self.position += leading_space(self.rest());
        }
        self.ignore();
        if self.comments { Ok(token) } else { Err(State::Text) }
    }

    /// Whether a right delimiter is here, and if so whether it has a trim marker.
    fn at_right_delimiter(&self) -> Option<bool> {
        let rest = self.rest();
        if has_right_marker(rest) && rest[MARKER..].starts_with(RIGHT) {
            return Some(true);
        }
        rest.starts_with(RIGHT).then_some(false)
    }

    fn right_delimiter(&mut self, trim: bool) -> Token {
        if trim {
            self.position += MARKER;
            self.ignore();
        }
        self.position += RIGHT.len();
        let token = self.token(TokenKind::RightDelimiter);
        if trim {
            self.position += leading_space(self.rest());
            self.ignore();
        }
        self.inside_action = false;
        token
    }

    fn action(&mut self) -> Token {
        if let Some(trim) = self.at_right_delimiter() {
            if self.parentheses == 0 {
                return self.right_delimiter(trim);
            }
            return self.fail("unclosed left paren");
        }
        let Some(rune) = self.advance() else {
            return self.fail("unclosed action");
        };
        match rune {
            ' ' | '\t' | '\r' | '\n' => {
                self.back_up();
                self.space()
            }
            '=' => self.token(TokenKind::Assign),
            ':' => {
                if self.advance() == Some('=') {
                    self.token(TokenKind::Declare)
                } else {
                    self.fail("expected :=")
                }
            }
            '|' => self.token(TokenKind::Pipe),
            '"' => self.quoted('"', TokenKind::String, "unterminated quoted string"),
            '`' => self.raw_quoted(),
            '\'' => self.quoted('\'', TokenKind::CharConstant, "unterminated character constant"),
            '$' => {
                if self.at_terminator() {
                    self.token(TokenKind::Variable)
                } else {
                    self.name(TokenKind::Variable)
                }
            }
            '.' if self.rest().first().is_some_and(|byte| !byte.is_ascii_digit()) => self.name(TokenKind::Field),
            '.' | '+' | '-' | '0'..='9' => {
                self.back_up();
                self.number()
            }
            '(' => {
                self.parentheses += 1;
                self.token(TokenKind::LeftParenthesis)
            }
            ')' => {
                if self.parentheses == 0 {
                    self.fail("unexpected right paren")
                } else {
                    self.parentheses -= 1;
                    self.token(TokenKind::RightParenthesis)
                }
            }
            rune if is_alphanumeric(rune) => {
                self.back_up();
                self.identifier()
            }
            rune if rune.is_ascii_graphic() => self.token(TokenKind::Char),
            rune => self.fail(format!("unrecognized character in action: {}", unicode_name(rune))),
        }
    }

    fn space(&mut self) -> Token {
        let spaces = leading_space(self.rest());
        self.position += spaces;
        self.line += memchr_iter(b'\n', &self.source[self.start..self.position]).count();
        // Sets the mark that the end was seen.
        self.peek();
        // The last space may belong to a delimiter with trim marker.
        let last = &self.source[self.position - 1..];
        if has_right_marker(last) && last[MARKER..].starts_with(RIGHT) {
            // Go's `backup` does nothing at the end of the text, which is not here: the delimiter follows.
            self.back_up();
            if spaces == 1 {
                return self.right_delimiter(true);
            }
        }
        self.token(TokenKind::Space)
    }

    fn identifier(&mut self) -> Token {
        self.skip_alphanumeric();
        let rune = self.peek();
        if !self.at_terminator() {
            return self.fail(format!("bad character {}", unicode_name(rune.unwrap_or(utf8::RUNE_ERROR))));
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

    /// A field or variable whose `.` or `$` was read.
    fn name(&mut self, kind: TokenKind) -> Token {
        if self.at_terminator() {
            return self.token(if kind == TokenKind::Variable { kind } else { TokenKind::Dot });
        }
        self.skip_alphanumeric();
        let rune = self.peek();
        if !self.at_terminator() {
            return self.fail(format!("bad character {}", unicode_name(rune.unwrap_or(utf8::RUNE_ERROR))));
        }
        self.token(kind)
    }

    fn skip_alphanumeric(&mut self) {
        loop {
            self.skip_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            match self.peek() {
                Some(rune) if is_alphanumeric(rune) => drop(self.advance()),
                _ => break,
            }
        }
    }

    /// Whether something that may follow a name is here.
    fn at_terminator(&mut self) -> bool {
        match self.peek() {
            None | Some(' ' | '\t' | '\r' | '\n' | '.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(_) => self.rest().starts_with(RIGHT),
        }
    }

    fn quoted(&mut self, quote: char, kind: TokenKind, unterminated: &str) -> Token {
        loop {
            self.skip_while(|byte| byte != b'\\' && byte != b'\n' && char::from(byte) != quote);
            match self.advance() {
                Some('\\') => {
                    if matches!(self.advance(), None | Some('\n')) {
                        return self.fail(unterminated);
                    }
                }
                None | Some('\n') => return self.fail(unterminated),
                Some(_) => return self.token(kind),
            }
        }
    }

    fn raw_quoted(&mut self) -> Token {
        loop {
            match self.advance() {
                None => return self.fail("unterminated raw quoted string"),
                Some('`') => return self.token(TokenKind::RawString),
                Some(_) => {}
            }
        }
    }

    fn number(&mut self) -> Token {
        let complex = |lexer: &mut Self| lexer.scan_number() && lexer.source[..lexer.position].last() == Some(&b'i');
        if !self.scan_number() {
            return self.bad_number();
        }
        if matches!(self.peek(), Some('+' | '-')) {
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
        if self.peek().is_some_and(is_alphanumeric) {
            self.advance();
            return false;
        }
        true
    }
}

fn is_space_byte(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

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
            tokens.push((token.kind, &source[token.start..token.end]));
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
        let mut lexer = Lexer::new(b"a\n\n{{-\n.x\n}}");
        let lines: Vec<_> = std::iter::from_fn(|| Some(lexer.next_token()))
            .take_while(|token| token.kind != TokenKind::Eof)
            .map(|token| (token.kind, token.line))
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
