//! Which tokens does this TOML text have?
//!
//! The states are those of the original, because its messages depend on them.

use std::collections::VecDeque;

use super::super::{strconv, unicode, utf8};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Eof,
    Text,
    String,
    /// A string with escapes in it.
    EscapedString,
    RawString,
    MultilineString,
    RawMultilineString,
    Bool,
    Integer,
    Float,
    Datetime,
    Array,
    ArrayEnd,
    TableStart,
    TableEnd,
    ArrayTableStart,
    ArrayTableEnd,
    KeyStart,
    KeyEnd,
    CommentStart,
    InlineTableStart,
    InlineTableEnd,
}

/// A token: its text and the line it ends on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind,
    pub(super) text: &'t [u8],
    pub(super) line: usize,
}

/// What is wrong with the text, and on which line.
#[derive(Debug, Clone)]
pub(super) struct LexError {
    pub(super) message: String,
    pub(super) line: usize,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Top,
    TopEnd,
    TableStart,
    TableEnd,
    ArrayTableEnd,
    TableNameStart,
    TableNameEnd,
    BareName,
    QuotedName,
    KeyStart,
    KeyNameStart,
    KeyEnd,
    Value,
    ArrayValue,
    ArrayValueEnd,
    InlineTableValue,
    InlineTableValueEnd,
    String,
    MultilineString,
    RawString,
    MultilineRawString,
    NumberOrDateStart,
    NumberOrDate,
    Datetime,
    /// An integer of another base, whose digits are given.
    BaseInteger(fn(char) -> bool),
    DecimalNumber,
    Float,
    CommentStart,
    Comment,
}

/// The end of the text, as a character.
const EOF: char = '\0';

pub(super) struct Lexer<'t> {
    text: &'t [u8],
    start: usize,
    position: usize,
    line: usize,
    at_end: bool,
    escaped: bool,
    state: Option<State>,
    stack: Vec<State>,
    tokens: VecDeque<Token<'t>>,
    error: Option<LexError>,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t [u8]) -> Self {
        Self {
            text,
            start: 0,
            position: 0,
            line: 1,
            at_end: false,
            escaped: false,
            state: Some(State::Top),
            stack: Vec::new(),
            tokens: VecDeque::new(),
            error: None,
        }
    }

    pub(super) fn next_token(&mut self) -> Result<Token<'t>, LexError> {
        loop {
            if let Some(token) = self.tokens.pop_front() {
                return Ok(token);
            }
            if let Some(error) = &self.error {
                return Err(error.clone());
            }
            self.state = match self.state {
                Some(state) => self.step(state),
                None => return Ok(Token { kind: Kind::Eof, text: b"", line: self.line }),
            };
        }
    }

    fn current(&self) -> &'t [u8] {
        &self.text[self.start.min(self.position)..self.position]
    }

    fn emit(&mut self, kind: Kind) {
        if self.error.is_none() {
            self.tokens.push_back(Token { kind, text: self.current(), line: self.line });
            self.start = self.position;
        }
    }

    fn next(&mut self) -> char {
        if self.error.is_some() {
            return utf8::RUNE_ERROR;
        }
        let rest = &self.text[self.position..];
        let Some(&first) = rest.first() else {
            self.at_end = true;
            return EOF;
        };
        if first == b'\n' {
            self.line += 1;
        }
        let (rune, width) = utf8::decode_rune(rest);
        if rune == utf8::RUNE_ERROR && width == 1 {
            self.fail_at(self.line, format!("invalid UTF-8 byte: 0x{first:02x}"));
            return utf8::RUNE_ERROR;
        }
        let control = rune.is_ascii_control() && !matches!(rune, '\t' | '\r' | '\n');
        if control || rune == '\r' && rest.get(1) != Some(&b'\n') {
            let message = format!("TOML files cannot contain control characters: '0x{:02x}'", u32::from(rune));
            self.fail_at(self.line, message);
            return utf8::RUNE_ERROR;
        }
        self.position += width;
        rune
    }

    fn backup(&mut self) {
        if self.at_end {
            self.at_end = false;
            return;
        }
        if self.error.is_some() {
            return;
        }
        let (_, width) = utf8::decode_last_rune(&self.text[..self.position]);
        self.position -= width;
        if self.text.get(self.position) == Some(&b'\n') {
            self.line -= 1;
        }
    }

    fn accept(&mut self, wanted: char) -> bool {
        if self.next() == wanted {
            return true;
        }
        self.backup();
        false
    }

    fn peek(&mut self) -> char {
        let rune = self.next();
        self.backup();
        rune
    }

    fn ignore(&mut self) {
        self.start = self.position;
    }

    fn skip_white_space(&mut self) {
        while is_white_space(self.next()) {}
        self.backup();
        self.ignore();
    }

    fn pop(&mut self) -> Option<State> {
        self.stack.pop()
    }

    /// Only the first error counts.
    fn fail_at(&mut self, line: usize, message: String) {
        if self.error.is_none() {
            self.error = Some(LexError { message, line });
        }
    }

    /// The original's `errorf`.
    fn fail(&mut self, message: impl Into<String>) -> Option<State> {
        let after_line = self.at_end && self.position > 0 && self.text[self.position - 1] == b'\n';
        self.fail_at(self.line - usize::from(after_line), message.into());
        None
    }

    /// The original's `error`, which looks at the line before when the text has ended.
    fn fail_plainly(&mut self, message: String) -> Option<State> {
        self.fail_at(self.line - usize::from(self.at_end), message);
        None
    }

    /// The original's `errorPrevLine`.
    fn fail_on_line_before(&mut self, message: String) -> Option<State> {
        self.fail_at(self.line.saturating_sub(1), message);
        None
    }

    fn skip_to(&mut self, state: State) -> State {
        self.ignore();
        state
    }

    fn comment(&mut self, back: State) -> State {
        self.stack.push(back);
        State::CommentStart
    }

    fn emit_and_pop(&mut self, kind: Kind) -> Option<State> {
        self.backup();
        self.emit(kind);
        self.pop()
    }

    fn step(&mut self, state: State) -> Option<State> {
        match state {
            State::Top => match self.next() {
                '\t' | ' ' | '\n' | '\r' => Some(self.skip_to(State::Top)),
                '#' => Some(self.comment(State::Top)),
                '[' => Some(State::TableStart),
                EOF if self.position > self.start => self.fail("unexpected EOF"),
                EOF => {
                    self.emit(Kind::Eof);
                    None
                }
                _ => {
                    self.backup();
                    self.stack.push(State::TopEnd);
                    Some(State::KeyStart)
                }
            },
            State::TopEnd => match self.next() {
                '#' => Some(self.comment(State::Top)),
                '\t' | ' ' => Some(State::TopEnd),
                '\n' | '\r' => Some(self.skip_to(State::Top)),
                EOF => {
                    self.emit(Kind::Eof);
                    None
                }
                rune => self.fail(format!(
                    "expected a top-level item to end with a newline, comment, or EOF, but got {} instead",
                    quoted(rune)
                )),
            },
            State::TableStart
            | State::TableEnd
            | State::ArrayTableEnd
            | State::TableNameStart
            | State::TableNameEnd => self.table(state),
            State::BareName => {
                while is_bare_key(self.next()) {}
                self.emit_and_pop(Kind::Text)
            }
            State::QuotedName => match self.next() {
                '"' => Some(self.skip_to(State::String)),
                '\'' => Some(self.skip_to(State::RawString)),
                // Both entries to this state have seen the quote already.
                rune => self.fail(format!("expected value but found {} instead", quoted(rune))),
            },
            State::KeyStart | State::KeyNameStart | State::KeyEnd => self.key(state),
            State::Value => self.value(),
            State::ArrayValue | State::ArrayValueEnd => self.array(state),
            State::InlineTableValue | State::InlineTableValueEnd => self.inline_table(state),
            State::String => self.string(),
            State::RawString => self.raw_string(),
            State::MultilineString => self.multiline_string(),
            State::MultilineRawString => self.multiline_raw_string(),
            State::NumberOrDateStart
            | State::NumberOrDate
            | State::Datetime
            | State::BaseInteger(_)
            | State::DecimalNumber
            | State::Float => self.number(state),
            State::CommentStart => {
                self.ignore();
                self.emit(Kind::CommentStart);
                Some(State::Comment)
            }
            State::Comment => {
                while !matches!(self.next(), '\n' | '\r' | EOF) && self.error.is_none() {}
                self.emit_and_pop(Kind::Text)
            }
        }
    }

    fn table(&mut self, state: State) -> Option<State> {
        match state {
            State::TableStart => {
                if self.peek() == '[' {
                    self.next();
                    self.emit(Kind::ArrayTableStart);
                    self.stack.push(State::ArrayTableEnd);
                } else {
                    self.emit(Kind::TableStart);
                    self.stack.push(State::TableEnd);
                }
                Some(State::TableNameStart)
            }
            State::TableEnd => {
                self.emit(Kind::TableEnd);
                Some(State::TopEnd)
            }
            State::ArrayTableEnd => match self.next() {
                ']' => {
                    self.emit(Kind::ArrayTableEnd);
                    Some(State::TopEnd)
                }
                rune => self
                    .fail(format!("expected end of table array name delimiter ']', but got {} instead", quoted(rune))),
            },
            State::TableNameStart => {
                self.skip_white_space();
                match self.peek() {
                    ']' | EOF => self.fail("unexpected end of table name (table names cannot be empty)"),
                    '.' => self.fail("unexpected table separator (table names cannot be empty)"),
                    rune => {
                        self.stack.push(State::TableNameEnd);
                        Some(if matches!(rune, '"' | '\'') { State::QuotedName } else { State::BareName })
                    }
                }
            }
            _ => {
                self.skip_white_space();
                match self.next() {
                    '.' => Some(self.skip_to(State::TableNameStart)),
                    ']' => self.pop(),
                    rune => {
                        self.fail(format!("expected '.' or ']' to end table name, but got {} instead", quoted(rune)))
                    }
                }
            }
        }
    }

    fn key(&mut self, state: State) -> Option<State> {
        self.skip_white_space();
        match state {
            State::KeyStart => match self.peek() {
                '=' | EOF => self.fail("unexpected '=': key name appears blank"),
                '.' => self.fail("unexpected '.': keys cannot start with a '.'"),
                _ => {
                    self.emit(Kind::KeyStart);
                    Some(State::KeyNameStart)
                }
            },
            State::KeyNameStart => match self.peek() {
                '=' | EOF => self.fail("unexpected '='"),
                '.' => self.fail("unexpected '.'"),
                rune => {
                    self.stack.push(State::KeyEnd);
                    Some(if matches!(rune, '"' | '\'') { State::QuotedName } else { State::BareName })
                }
            },
            _ => match self.next() {
                EOF => self.fail("unexpected EOF; expected key separator '='"),
                '.' => Some(self.skip_to(State::KeyNameStart)),
                '=' => {
                    self.emit(Kind::KeyEnd);
                    Some(self.skip_to(State::Value))
                }
                rune => {
                    let message = format!("expected '.' or '=', but got {} instead", quoted(rune));
                    if rune == '\n' { self.fail_on_line_before(message) } else { self.fail(message) }
                }
            },
        }
    }

    fn value(&mut self) -> Option<State> {
        let rune = self.next();
        match rune {
            '\t' | ' ' => return Some(self.skip_to(State::Value)),
            '0'..='9' => {
                self.backup();
                return Some(State::NumberOrDateStart);
            }
            '[' => {
                self.ignore();
                self.emit(Kind::Array);
                return Some(State::ArrayValue);
            }
            '{' => {
                self.ignore();
                self.emit(Kind::InlineTableStart);
                return Some(State::InlineTableValue);
            }
            '"' | '\'' => {
                let (single, multiple) = if rune == '"' {
                    (State::String, State::MultilineString)
                } else {
                    (State::RawString, State::MultilineRawString)
                };
                if self.accept(rune) {
                    if self.accept(rune) {
                        return Some(self.skip_to(multiple));
                    }
                    self.backup();
                }
                return Some(self.skip_to(single));
            }
            '.' => return self.fail("floats must start with a digit, not '.'"),
            'i' | 'n' if self.accept('n') && self.accept('f') || self.accept('a') && self.accept('n') => {
                self.emit(Kind::Float);
                return self.pop();
            }
            '-' | '+' => return self.signed_number(),
            _ => {}
        }
        if unicode::is_letter(rune) {
            self.backup();
            return self.bool();
        }
        match rune {
            EOF => self.fail("unexpected EOF; expected value"),
            '\n' => self.fail_on_line_before(format!("expected value but found {} instead", quoted(rune))),
            _ => self.fail(format!("expected value but found {} instead", quoted(rune))),
        }
    }

    fn array(&mut self, state: State) -> Option<State> {
        match (self.next(), state) {
            ('\t' | ' ' | '\n' | '\r', _) => Some(self.skip_to(state)),
            ('#', _) => Some(self.comment(state)),
            (']', _) => {
                self.ignore();
                self.emit(Kind::ArrayEnd);
                self.pop()
            }
            (',', State::ArrayValue) => self.fail("unexpected comma"),
            (_, State::ArrayValue) => {
                self.backup();
                self.stack.push(State::ArrayValueEnd);
                Some(State::Value)
            }
            (',', _) => Some(self.skip_to(State::ArrayValue)),
            (rune, _) => {
                self.fail(format!("expected a comma (',') or array terminator (']'), but got {}", rune_or_end(rune)))
            }
        }
    }

    fn inline_table(&mut self, state: State) -> Option<State> {
        match (self.next(), state) {
            ('\t' | ' ' | '\n' | '\r', _) => Some(self.skip_to(state)),
            ('#', _) => Some(self.comment(state)),
            ('}', _) => {
                self.ignore();
                self.emit(Kind::InlineTableEnd);
                self.pop()
            }
            (',', State::InlineTableValue) => self.fail("unexpected comma"),
            (_, State::InlineTableValue) => {
                self.backup();
                self.stack.push(State::InlineTableValueEnd);
                Some(State::KeyStart)
            }
            (',', _) => {
                self.ignore();
                self.skip_white_space();
                Some(if self.peek() == '}' { State::InlineTableValueEnd } else { State::InlineTableValue })
            }
            (rune, _) => self.fail(format!(
                "expected a comma or an inline table terminator '}}', but got {} instead",
                rune_or_end(rune)
            )),
        }
    }

    fn string(&mut self) -> Option<State> {
        loop {
            match self.next() {
                EOF => return self.fail(r#"unexpected EOF; expected '"'"#),
                '\n' | '\r' => return self.fail_on_line_before("strings cannot contain newlines".to_owned()),
                '\\' => self.escape()?,
                '"' => {
                    self.backup();
                    let escaped = std::mem::take(&mut self.escaped);
                    self.emit(if escaped { Kind::EscapedString } else { Kind::String });
                    self.next();
                    self.ignore();
                    return self.pop();
                }
                _ if self.error.is_some() => return None,
                _ => {}
            }
        }
    }

    fn raw_string(&mut self) -> Option<State> {
        loop {
            match self.next() {
                EOF => return self.fail(r#"unexpected EOF; expected "'""#),
                '\n' | '\r' => return self.fail_on_line_before("strings cannot contain newlines".to_owned()),
                '\'' => {
                    self.backup();
                    self.emit(Kind::RawString);
                    self.next();
                    self.ignore();
                    return self.pop();
                }
                _ if self.error.is_some() => return None,
                _ => {}
            }
        }
    }

    fn multiline_string(&mut self) -> Option<State> {
        loop {
            match self.next() {
                EOF => return self.fail(r#"unexpected EOF; expected '"""'"#),
                '\\' if !matches!(self.next(), '\n' | '\r') => {
                    self.backup();
                    self.escape()?;
                }
                '"' if self.end_of_multiline('"')? => {
                    self.escaped = false;
                    return self.close_multiline(Kind::MultilineString);
                }
                _ if self.error.is_some() => return None,
                _ => {}
            }
        }
    }

    fn multiline_raw_string(&mut self) -> Option<State> {
        loop {
            match self.next() {
                EOF => return self.fail(r#"unexpected EOF; expected "'''""#),
                '\'' if self.end_of_multiline('\'')? => {
                    return self.close_multiline(Kind::RawMultilineString);
                }
                _ if self.error.is_some() => return None,
                _ => {}
            }
        }
    }

    /// Behind a quote: whether it and the next two end the text. More quotes belong to the
    /// text, but at most two of them.
    fn end_of_multiline(&mut self, quote: char) -> Option<bool> {
        if !self.accept(quote) {
            return Some(false);
        }
        if !self.accept(quote) {
            self.backup();
            return Some(false);
        }
        if self.peek() == quote {
            let (five, escaped): (&[u8], &[u8]) =
                if quote == '"' { (br#"""""""#, br#"\""""""#) } else { (b"'''''", b"") };
            let text = self.current();
            if text.ends_with(five) && (escaped.is_empty() || !text.ends_with(escaped)) {
                self.fail(if quote == '"' { r#"unexpected '""""""'"# } else { r#"unexpected "''''''""# });
                return None;
            }
            self.backup();
            self.backup();
            return Some(false);
        }
        Some(true)
    }

    fn close_multiline(&mut self, kind: Kind) -> Option<State> {
        for _ in 0..3 {
            self.backup();
        }
        self.emit(kind);
        for _ in 0..3 {
            self.next();
        }
        self.ignore();
        self.pop()
    }

    /// Behind a backslash.
    fn escape(&mut self) -> Option<()> {
        self.escaped = true;
        let (digits, name, letter) = match self.next() {
            'e' | 'b' | 't' | 'n' | 'f' | 'r' | '"' | ' ' | '\t' | '\\' => return Some(()),
            'x' => (2, "two", 'x'),
            'u' => (4, "four", 'u'),
            'U' => (8, "eight", 'U'),
            rune => {
                self.fail_plainly(format!("invalid escape in string '\\{rune}'"));
                return None;
            }
        };
        for _ in 0..digits {
            if !is_hexadecimal(self.next()) {
                let text = strconv::quote(self.current());
                self.fail(format!("expected {name} hexadecimal digits after '\\{letter}', but got {text} instead"));
                return None;
            }
        }
        Some(())
    }

    fn number(&mut self, state: State) -> Option<State> {
        match state {
            State::NumberOrDateStart => {
                if self.next() == '0' {
                    self.base_number()
                } else {
                    Some(State::NumberOrDate)
                }
            }
            State::NumberOrDate => match self.next() {
                '0'..='9' => Some(state),
                '-' | ':' => Some(State::Datetime),
                '_' => Some(State::DecimalNumber),
                '.' | 'e' | 'E' => Some(State::Float),
                _ => self.emit_and_pop(Kind::Integer),
            },
            State::Datetime => {
                let belongs = |rune| matches!(rune, '0'..='9' | '-' | ':' | 'T' | 't' | ' ' | '.' | 'Z' | 'z' | '+');
                while belongs(self.next()) {}
                self.emit_and_pop(Kind::Datetime)
            }
            State::BaseInteger(is_digit) => {
                loop {
                    let rune = self.next();
                    if !is_digit(rune) && rune != '_' {
                        break;
                    }
                }
                self.emit_and_pop(Kind::Integer)
            }
            State::DecimalNumber => match self.next() {
                '0'..='9' | '_' => Some(state),
                '.' | 'e' | 'E' => Some(State::Float),
                _ => self.emit_and_pop(Kind::Integer),
            },
            _ => {
                while matches!(self.next(), '0'..='9' | '_' | '.' | '-' | '+' | 'e' | 'E') {}
                self.emit_and_pop(Kind::Float)
            }
        }
    }

    /// Behind a leading zero.
    fn base_number(&mut self) -> Option<State> {
        let (digits, name): (fn(char) -> bool, &str) = match self.next() {
            '0'..='9' => return Some(State::NumberOrDate),
            '_' => return Some(State::DecimalNumber),
            '.' | 'e' | 'E' => return Some(State::Float),
            'b' => (|rune| matches!(rune, '0' | '1'), "a binary"),
            'o' => (|rune| matches!(rune, '0'..='7'), "an octal"),
            'x' => (is_hexadecimal, "a hexadecimal"),
            _ => return self.emit_and_pop(Kind::Integer),
        };
        let rune = self.peek();
        if !digits(rune) {
            let text = String::from_utf8_lossy(self.current());
            return self.fail(format!("not {name} number: '{text}{rune}'"));
        }
        Some(State::BaseInteger(digits))
    }

    /// Behind a sign.
    fn signed_number(&mut self) -> Option<State> {
        let rune = self.next();
        match rune {
            'i' | 'n' => {
                let (second, third) = if rune == 'i' { ('n', 'f') } else { ('a', 'n') };
                if !self.accept(second) || !self.accept(third) {
                    let text = String::from_utf8_lossy(self.current());
                    return self.fail(format!("invalid float: '{text}'"));
                }
                self.emit(Kind::Float);
                self.pop()
            }
            '0' if matches!(self.peek(), 'b' | 'o' | 'x') => {
                let text = String::from_utf8_lossy(self.current());
                let base = self.peek();
                self.fail(format!("cannot use sign with non-decimal numbers: '{text}{base}'"))
            }
            '.' => self.fail("floats must start with a digit, not '.'"),
            '0'..='9' => Some(State::DecimalNumber),
            _ => self.fail(format!("expected a digit but got {}", quoted(rune))),
        }
    }

    fn bool(&mut self) -> Option<State> {
        // Not always where the token starts: an "i" or "n" may have been read before.
        let start = self.position;
        while unicode::is_letter(self.next()) {}
        self.backup();
        match &self.text[start..self.position] {
            b"true" | b"false" => {
                self.emit(Kind::Bool);
                self.pop()
            }
            word => {
                let word = strconv::quote(word);
                self.fail(format!("expected value but found {word} instead"))
            }
        }
    }
}

fn is_white_space(rune: char) -> bool {
    matches!(rune, '\t' | ' ')
}

fn is_bare_key(rune: char) -> bool {
    rune.is_ascii_alphanumeric() || matches!(rune, '_' | '-')
}

fn is_hexadecimal(rune: char) -> bool {
    rune.is_ascii_hexdigit()
}

/// A rune as `%q` prints it.
fn quoted(rune: char) -> String {
    let mut out = String::new();
    strconv::quote_rune_into(&mut out, u32::from(rune), false);
    out
}

fn rune_or_end(rune: char) -> String {
    if rune == EOF { "end of file".to_owned() } else { format!("'{rune}'") }
}
