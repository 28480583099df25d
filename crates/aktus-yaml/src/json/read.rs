//! JSON as encoding/json reads it.

use super::Error;
use crate::build::Build;
use crate::decode::shortened;
use crate::limits::{Bound, Limits, MAX_DEPTH};
use crate::text::lossy;
use std::borrow::Cow;

/// Reads the one value of `text`, as `json.Unmarshal` into `interface{}`. Of a key that comes twice,
/// the later value counts.
pub fn read<B: Build>(text: &[u8], build: &mut B, limits: &Limits) -> Result<B::Value, Error> {
    let mut reader = Reader::new(text, build, limits)?;
    let value = reader.value()?;
    reader.skip_space();
    if reader.at < text.len() {
        return Err(reader.unexpected("after top-level value"));
    }
    reader.finish(value)
}

/// Reads the first value of `text` and tells how many bytes it took, as `json.Decoder` does
/// (which says `EOF` and `unexpected EOF` where `json.Unmarshal` says `unexpected end of JSON input`).
pub fn read_first<B: Build>(text: &[u8], build: &mut B, limits: &Limits) -> Result<(B::Value, usize), Error> {
    let mut reader = Reader::new(text, build, limits)?;
    reader.end_of_input = "unexpected EOF";
    reader.skip_space();
    if reader.at == text.len() {
        reader.end_of_input = "EOF";
    }
    let value = reader.value()?;
    let used = reader.at;
    reader.finish(value).map(|value| (value, used))
}

/// What `json.Unmarshal` says where a text ends too early.
const END_OF_JSON: &str = "unexpected end of JSON input";

struct Reader<'t, 'b, B> {
    text: &'t [u8],
    at: usize,
    build: &'b mut B,
    depth: usize,
    max_depth: usize,
    nodes: usize,
    max_nodes: usize,
    end_of_input: &'static str,
    /// The first number that is too large. Go reports it if the rest is fine.
    number: Option<Error>,
}

impl<'t, 'b, B: Build> Reader<'t, 'b, B> {
    fn new(text: &'t [u8], build: &'b mut B, limits: &Limits) -> Result<Self, Error> {
        if text.len() > limits.bytes {
            return Err(Error::Limit { bound: Bound::Bytes, limit: limits.bytes });
        }
        Ok(Self {
            text,
            at: 0,
            build,
            depth: 0,
            max_depth: limits.depth.min(MAX_DEPTH),
            nodes: 0,
            max_nodes: limits.nodes,
            end_of_input: END_OF_JSON,
            number: None,
        })
    }

    fn finish(self, value: B::Value) -> Result<B::Value, Error> {
        self.number.map_or(Ok(value), Err)
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// The byte at the position is not what may stand there.
    fn unexpected(&self, context: &str) -> Error {
        let problem = match self.peek() {
            None => self.end_of_input.to_owned(),
            Some(byte) => format!("invalid character {} {context}", quote(byte)),
        };
        Error::Syntax { problem, offset: self.at }
    }

    /// [`unexpected`](Self::unexpected) inside a word, a number or an escape: `json.Unmarshal` tries
    /// a space at the end of its input, and complains about that.
    fn unexpected_within(&self, context: &str) -> Error {
        if self.peek().is_none() && self.end_of_input == END_OF_JSON {
            let problem = format!("invalid character ' ' {context}");
            return Error::Syntax { problem, offset: self.at };
        }
        self.unexpected(context)
    }

    fn value(&mut self) -> Result<B::Value, Error> {
        self.nodes += 1;
        if self.nodes > self.max_nodes {
            return Err(Error::Limit { bound: Bound::Nodes, limit: self.max_nodes });
        }
        self.skip_space();
        match self.peek() {
            Some(b'{') => self.map(),
            Some(b'[') => self.list(),
            Some(b'"') => {
                let text = self.string()?;
                Ok(self.build.string(text))
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word(b"true").map(|()| self.build.bool(true)),
            Some(b'f') => self.word(b"false").map(|()| self.build.bool(false)),
            Some(b'n') => self.word(b"null").map(|()| self.build.null()),
            _ => Err(self.unexpected("looking for beginning of value")),
        }
    }

    fn word(&mut self, word: &'static [u8]) -> Result<(), Error> {
        for &expected in word {
            if self.peek() != Some(expected) {
                let word = String::from_utf8_lossy(word);
                let expected = char::from(expected);
                return Err(self.unexpected_within(&format!("in literal {word} (expecting '{expected}')")));
            }
            self.at += 1;
        }
        Ok(())
    }

    fn enter(&mut self) -> Result<(), Error> {
        self.at += 1;
        self.depth += 1;
        if self.depth > self.max_depth {
            return Err(Error::Limit { bound: Bound::Depth, limit: self.max_depth });
        }
        self.skip_space();
        Ok(())
    }

    fn leave(&mut self) {
        self.at += 1;
        self.depth -= 1;
    }

    fn list(&mut self) -> Result<B::Value, Error> {
        self.enter()?;
        let mut list = self.build.list(0);
        if self.peek() != Some(b']') {
            loop {
                let item = self.value()?;
                self.build.push(&mut list, item);
                self.skip_space();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b']') => break,
                    _ => return Err(self.unexpected("after array element")),
                }
            }
        }
        self.leave();
        Ok(self.build.end_list(list))
    }

    fn map(&mut self) -> Result<B::Value, Error> {
        self.enter()?;
        let mut map = self.build.map(0);
        if self.peek() != Some(b'}') {
            loop {
                if self.peek() != Some(b'"') {
                    return Err(self.unexpected("looking for beginning of object key string"));
                }
                let key = self.string()?;
                self.skip_space();
                if self.peek() != Some(b':') {
                    return Err(self.unexpected("after object key"));
                }
                self.at += 1;
                let value = self.value()?;
                self.build.insert(&mut map, key, value);
                self.skip_space();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b'}') => break,
                    _ => return Err(self.unexpected("after object key:value pair")),
                }
                self.skip_space();
            }
        }
        self.leave();
        Ok(self.build.end_map(map))
    }

    fn number(&mut self) -> Result<B::Value, Error> {
        let start = self.at;
        let negative = self.peek() == Some(b'-');
        if negative {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits("in numeric literal")?;
        }
        let mut whole = true;
        if self.peek() == Some(b'.') {
            whole = false;
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            whole = false;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        let text = std::str::from_utf8(text).unwrap_or_default();
        // As a whole number -0 would lose its sign.
        if whole && text != "-0" {
            if let Ok(value) = text.parse() {
                return Ok(self.build.int(value));
            }
            if let Ok(value) = text.parse() {
                return Ok(self.build.uint(value));
            }
        }
        let value: f64 = text.parse().unwrap_or(f64::INFINITY);
        if !value.is_finite() {
            let number = shortened(text.to_owned());
            self.number.get_or_insert(Error::Number { number, offset: start });
            return Ok(self.build.null());
        }
        Ok(self.build.float(value))
    }

    /// One digit or more.
    fn digits(&mut self, context: &str) -> Result<(), Error> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.unexpected_within(context));
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn string(&mut self) -> Result<Cow<'t, str>, Error> {
        self.at += 1;
        let start = self.at;
        let rest = self.text.get(start..).unwrap_or_default();
        let plain = rest.iter().position(|&byte| byte == b'"' || byte == b'\\' || byte < 0x20);
        self.at += plain.unwrap_or(rest.len());
        if self.peek() == Some(b'"') {
            let text = self.text.get(start..self.at).unwrap_or_default();
            self.at += 1;
            return Ok(lossy(text));
        }
        let mut text = lossy(self.text.get(start..self.at).unwrap_or_default()).into_owned();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(text));
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.escape(&mut text)?;
                }
                Some(0x20..) => {
                    let from = self.at;
                    while matches!(self.peek(), Some(0x20..)) && !matches!(self.peek(), Some(b'"' | b'\\')) {
                        self.at += 1;
                    }
                    text.push_str(&lossy(self.text.get(from..self.at).unwrap_or_default()));
                }
                _ => return Err(self.unexpected("in string literal")),
            }
        }
    }

    fn escape(&mut self, text: &mut String) -> Result<(), Error> {
        let letter = match self.peek() {
            Some(letter @ (b'"' | b'\\' | b'/')) => char::from(letter),
            Some(b'b') => '\x08',
            Some(b'f') => '\x0c',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                let unit = self.unit()?;
                text.push(self.after_unit(unit)?);
                return Ok(());
            }
            _ => return Err(self.unexpected_within("in string escape code")),
        };
        self.at += 1;
        text.push(letter);
        Ok(())
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Result<u32, Error> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.unexpected_within("in \\u hexadecimal character escape"));
            };
            value = value << 4 | digit;
            self.at += 1;
        }
        Ok(value)
    }

    /// The character of a UTF-16 unit and, if it is half of a pair, of the escape that follows.
    fn after_unit(&mut self, unit: u32) -> Result<char, Error> {
        if let Some(letter) = char::from_u32(unit) {
            return Ok(letter);
        }
        let follows = self.text.get(self.at..).is_some_and(|rest| rest.starts_with(b"\\u"));
        if unit < 0xdc00 && follows {
            let before = self.at;
            self.at += 2;
            let second = self.unit()?;
            if (0xdc00..0xe000).contains(&second) {
                let letter = 0x1_0000 + ((unit - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(letter).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = before;
        }
        Ok(char::REPLACEMENT_CHARACTER)
    }
}

/// encoding/json's `quoteChar`, which takes the byte for a character.
fn quote(byte: u8) -> String {
    match byte {
        b'\'' => "'\\''".to_owned(),
        b'\\' => "'\\\\'".to_owned(),
        0x07 => "'\\a'".to_owned(),
        0x08 => "'\\b'".to_owned(),
        0x0b => "'\\v'".to_owned(),
        0x0c => "'\\f'".to_owned(),
        b'\n' => "'\\n'".to_owned(),
        b'\r' => "'\\r'".to_owned(),
        b'\t' => "'\\t'".to_owned(),
        0x20..=0x7e | 0xa1..=0xac | 0xae.. => format!("'{}'", char::from(byte)),
        0x80.. => format!("'\\u{byte:04x}'"),
        _ => format!("'\\x{byte:02x}'"),
    }
}
