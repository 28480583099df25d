//! What does this TOML text mean?

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::value::{List, Map, Str, Type, Value};

use super::super::strconv::{self, NumberErrorCause};
use super::super::time::{Location, RFC3339_NANO, Time};
use super::super::utf8;
use super::lex::{Kind, LexError, Lexer, Token};

/// How many names a key, and how many levels arrays and inline tables may have; the
/// original has no bounds.
const MAXIMUM_DEPTH: usize = 200;

/// Reads TOML as the original does into a `map[string]interface{}`. Times without an offset
/// are in the local one of `now`. The error is Go's text.
pub(crate) fn decode(text: &[u8], now: &Time) -> Result<Map, String> {
    let text = match text {
        [0xFF, 0xFE, rest @ ..] | [0xFE, 0xFF, rest @ ..] | [0xEF, 0xBB, 0xBF, rest @ ..] => rest,
        _ => text,
    };
    if text.iter().take(6).any(|&byte| byte == 0) {
        return Err(
            "toml: line 1: files cannot contain NULL bytes; probably using UTF-16; TOML files must be UTF-8".to_owned()
        );
    }
    let mut parser = Parser {
        lexer: Lexer::new(text),
        now,
        context: Key::default(),
        current: None,
        line: 1,
        root: Table::new(),
        arrays: BTreeMap::new(),
        implicit: BTreeSet::new(),
        depth: 0,
    };
    parser.run().map_err(|error| error.to_string())?;
    Ok(into_map(parser.root))
}

/// The original's `ParseError`, or one of its bugs.
struct ParseError {
    message: String,
    line: usize,
    last_key: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "toml: line {}", self.line)?;
        if !self.last_key.is_empty() {
            write!(f, " (last key {})", strconv::quote(self.last_key.as_bytes()))?;
        }
        write!(f, ": {}", self.message)
    }
}

/// The names of a key. Displays with dots, names quoted where they must be.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(pub(super) Vec<Str>);

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.iter().enumerate() {
            f.write_str(if index > 0 { "." } else { "" })?;
            f.write_str(&String::from_utf8_lossy(&super::encode::key_name(name)))?;
        }
        Ok(())
    }
}

impl Key {
    fn with(&self, name: &Str) -> Self {
        let mut names = self.0.clone();
        names.push(name.clone());
        Self(names)
    }
}

type Table = BTreeMap<Str, Node>;

#[derive(Debug, Clone)]
enum Node {
    Value(Value),
    Table(Table),
    Tables(Vec<Table>),
}

/// What a value is to the tables: inline tables are built there at the same time.
#[derive(Debug, Clone)]
enum Parsed {
    Value(Value),
    Table(Table),
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    now: &'t Time,
    /// The table in scope.
    context: Key,
    /// The last name of the key being read.
    current: Option<Str>,
    /// Where the last key or table name is.
    line: usize,
    root: Table,
    /// Whether keys hold arrays.
    arrays: BTreeMap<String, bool>,
    /// Tables that exist only because tables in them do.
    implicit: BTreeSet<String>,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn error<T>(&self, line: usize, message: impl Into<String>) -> Result<T, ParseError> {
        Err(ParseError { message: message.into(), line, last_key: self.last_key() })
    }

    /// An error at the last key.
    fn key_error<T>(&self, message: impl Into<String>) -> Result<T, ParseError> {
        self.error(self.line, message)
    }

    fn last_key(&self) -> String {
        match &self.current {
            None => self.context.to_string(),
            Some(name) if name.is_empty() => self.context.to_string(),
            Some(name) if self.context.0.is_empty() => name.to_string(),
            Some(name) => format!("{}.{name}", self.context),
        }
    }

    fn next(&mut self) -> Result<Token<'t>, ParseError> {
        self.lexer.next_token().or_else(|LexError { message, line }| self.error(line, message))
    }

    fn run(&mut self) -> Result<(), ParseError> {
        loop {
            let token = self.next()?;
            match token.kind {
                Kind::Eof => return Ok(()),
                Kind::CommentStart => {
                    self.next()?;
                }
                Kind::TableStart => {
                    let key = self.key(Kind::TableEnd)?;
                    self.enter(&key, false)?;
                    self.set_type(None, false);
                }
                Kind::ArrayTableStart => {
                    let key = self.key(Kind::ArrayTableEnd)?;
                    self.enter(&key, true)?;
                    self.set_type(None, false);
                }
                _ => {
                    let outer = self.context.clone();
                    self.assignment(None)?;
                    self.context = outer;
                    self.current = None;
                }
            }
        }
    }

    /// The names up to the token that ends them.
    fn key(&mut self, end: Kind) -> Result<Key, ParseError> {
        let mut key = Key::default();
        let mut token = self.next()?;
        self.line = token.line;
        while token.kind != end && token.kind != Kind::Eof {
            if key.0.len() == MAXIMUM_DEPTH {
                return self.error(token.line, format!("keys of more than {MAXIMUM_DEPTH} names are not supported"));
            }
            let name = match token.kind {
                Kind::Text => Str::new(token.text),
                _ => match self.value(token, false)? {
                    (Parsed::Value(Value::String(name)), _) => name,
                    _ => return self.error(token.line, "a key must be a name or a string"),
                },
            };
            key.0.push(name);
            token = self.next()?;
        }
        Ok(key)
    }

    /// A key behind its start, its value, and their place in the tables; in the inline table
    /// `hash` too, if there is one.
    fn assignment(&mut self, hash: Option<&mut Table>) -> Result<(), ParseError> {
        let outer = self.context.clone();
        let mut key = self.key(Kind::KeyEnd)?;
        let Some(name) = key.0.pop() else {
            return self.key_error("unexpected '=': key name appears blank");
        };
        self.current = Some(name.clone());
        for parent in &key.0 {
            let parent = self.context.with(parent);
            self.implicit.insert(parent.to_string());
            self.enter(&parent, false)?;
        }
        let token = self.next()?;
        let (value, is_array) = self.value(token, false)?;
        self.set_value(&name, value.clone())?;
        self.set_type(Some(&name), is_array);
        if let Some(mut hash) = hash {
            for parent in key.0 {
                let node = hash.entry(parent).or_insert_with(|| Node::Table(Table::new()));
                hash = match node {
                    Node::Table(table) => table,
                    Node::Value(_) | Node::Tables(_) => {
                        let context = strconv::quote(self.context.to_string().as_bytes());
                        return self.key_error(format!("{context} is not a table"));
                    }
                };
            }
            hash.insert(name, node_of(value));
            self.context = outer;
        }
        Ok(())
    }

    /// A value, and whether it is an array.
    fn value(&mut self, token: Token<'t>, in_array: bool) -> Result<(Parsed, bool), ParseError> {
        let text = token.text;
        let string = |text: &[u8]| Value::String(Str::new(text));
        let value = match token.kind {
            Kind::String | Kind::RawString => string(text),
            Kind::EscapedString => string(&self.unescape(token, text)?),
            Kind::MultilineString => {
                let text = without_escaped_newlines(without_first_newline(text));
                string(&self.unescape(token, &text)?)
            }
            Kind::RawMultilineString => string(without_first_newline(text)),
            Kind::Bool => Value::Bool(text == b"true"),
            Kind::Integer => self.integer(token)?,
            Kind::Float => self.float(token)?,
            Kind::Datetime => self.datetime(token)?,
            Kind::Array | Kind::InlineTableStart => {
                if self.depth == MAXIMUM_DEPTH {
                    return self
                        .error(token.line, format!("arrays of more than {MAXIMUM_DEPTH} levels are not supported"));
                }
                self.depth += 1;
                let value = if token.kind == Kind::Array {
                    (Parsed::Value(self.array()?), true)
                } else {
                    (Parsed::Table(self.inline_table(in_array)?), false)
                };
                self.depth -= 1;
                return Ok(value);
            }
            _ => return self.error(token.line, "unexpected value"),
        };
        Ok((Parsed::Value(value), false))
    }

    fn integer(&self, token: Token<'_>) -> Result<Value, ParseError> {
        let text = token.text;
        if !underscores_fit(text) {
            let text = strconv::quote(text);
            return self.error(token.line, format!("Invalid integer {text}: underscores must be surrounded by digits"));
        }
        if has_leading_zero(text) {
            let text = strconv::quote(text);
            return self.error(token.line, format!("Invalid integer {text}: cannot have leading zeroes"));
        }
        match strconv::parse_int(text, 0, 64) {
            Ok(value) => Ok(Value::Int64(value)),
            Err(error) if error.cause == NumberErrorCause::Range => {
                self.error(token.line, format!("{} is out of range for int64", String::from_utf8_lossy(text)))
            }
            Err(error) => self.error(token.line, error.to_string()),
        }
    }

    fn float(&self, token: Token<'_>) -> Result<Value, ParseError> {
        let text = token.text;
        let invalid = |reason: &str| self.error(token.line, format!("Invalid float {}{reason}", strconv::quote(text)));
        let mut parts =
            text.split(|byte| matches!(byte, b'.' | b'e' | b'E')).filter(|part| !part.is_empty()).peekable();
        let leading_zero = parts.peek().is_some_and(|part| has_leading_zero(part));
        if !parts.all(underscores_fit) {
            return invalid(": underscores must be surrounded by digits");
        }
        if leading_zero {
            return invalid(": cannot have leading zeroes");
        }
        let mut after_point = text.split(|&byte| byte == b'.').skip(1);
        if !after_point.all(|part| part.first().is_some_and(u8::is_ascii_digit)) {
            return invalid(": '.' must be followed by one or more digits");
        }
        let digits: Vec<u8> = text.iter().copied().filter(|&byte| byte != b'_').collect();
        let (nan, negative) = match digits.as_slice() {
            b"+nan" => (true, false),
            b"-nan" => (true, true),
            _ => (false, false),
        };
        if nan {
            return Ok(Value::Float(f64::NAN.copysign(if negative { -1.0 } else { 1.0 })));
        }
        match strconv::parse_float(&digits) {
            Ok(value) => Ok(Value::Float(value)),
            Err(error) if error.cause == NumberErrorCause::Range => {
                self.error(token.line, format!("{} is out of range for float64", String::from_utf8_lossy(text)))
            }
            Err(_) => self.error(token.line, format!("Invalid float value: {}", strconv::quote(text))),
        }
    }

    fn datetime(&self, token: Token<'_>) -> Result<Value, ParseError> {
        let text: Vec<u8> = token
            .text
            .iter()
            .map(|&byte| match byte {
                b'z' => b'Z',
                b't' | b' ' => b'T',
                _ => byte,
            })
            .collect();
        let offset = i32::try_from(self.now.zone().1).unwrap_or(0);
        let fixed = |name: &str| Location::Fixed { name: name.into(), offset };
        let here = self.now.location().clone();
        let layouts = [
            (RFC3339_NANO, here.clone()),
            ("2006-01-02T15:04:05.999999999", fixed("datetime-local")),
            ("2006-01-02", fixed("date-local")),
            ("15:04:05.999999999", fixed("time-local")),
            ("2006-01-02T15:04Z07:00", here),
            ("2006-01-02T15:04", fixed("datetime-local")),
            ("15:04", fixed("time-local")),
        ];
        let found = layouts.iter().find_map(|(layout, location)| {
            let time = Time::parse(layout.as_bytes(), &text, location).ok()?;
            Some((time, layout))
        });
        match found {
            Some((time, layout)) if !misses_leading_zero(&text, layout.as_bytes()) => Ok(Value::object(time)),
            _ => self.error(token.line, format!("invalid datetime: {}", strconv::quote(&text))),
        }
    }

    fn array(&mut self) -> Result<Value, ParseError> {
        let name = self.current.clone();
        self.set_type(name.as_ref(), true);
        let mut items = Vec::new();
        loop {
            let token = self.next()?;
            match token.kind {
                Kind::ArrayEnd => return Ok(Value::list(items)),
                Kind::CommentStart => {
                    self.next()?;
                }
                _ => items.push(match self.value(token, true)?.0 {
                    Parsed::Value(value) => value,
                    Parsed::Table(table) => Value::Map(into_map(table)),
                }),
            }
        }
    }

    fn inline_table(&mut self, in_array: bool) -> Result<Table, ParseError> {
        let mut table = Table::new();
        let outer = self.context.clone();
        let outer_name = self.current.take();
        let key = self.context.with(&outer_name.clone().unwrap_or_default());
        self.context = key.clone();
        self.implicit.insert(key.to_string());
        self.enter(&key, in_array)?;
        loop {
            let token = self.next()?;
            match token.kind {
                Kind::InlineTableEnd => break,
                Kind::CommentStart => {
                    self.next()?;
                }
                _ => self.assignment(Some(&mut table))?,
            }
        }
        self.context = outer;
        self.current = outer_name;
        Ok(table)
    }

    /// Makes the table of this key the one in scope, creating it and those around it
    /// (`addContext`).
    fn enter(&mut self, key: &Key, array: bool) -> Result<(), ParseError> {
        let Some((last, parents)) = key.0.split_last() else {
            return self.key_error("table names cannot be empty");
        };
        let mut path = Key::default();
        let mut table = Some(&mut self.root);
        for name in parents {
            path.0.push(name.clone());
            let Some(inside) = table else { break };
            if !inside.contains_key(name) {
                self.implicit.insert(path.to_string());
                inside.insert(name.clone(), Node::Table(Table::new()));
            }
            table = inside.get_mut(name).and_then(Node::table);
        }
        let Some(table) = table else {
            return self.key_error(format!("Key '{path}' was already created as a hash."));
        };
        let parent = Key(parents.to_vec());
        if array {
            match table.entry(last.clone()).or_insert_with(|| Node::Tables(Vec::new())) {
                Node::Tables(tables) => tables.push(Table::new()),
                Node::Value(_) | Node::Table(_) => {
                    self.context = parent;
                    return self.key_error(format!("Key '{key}' was already created and cannot be used as an array."));
                }
            }
            self.context = parent;
        } else {
            self.context = parent;
            self.set_value(last, Parsed::Table(Table::new()))?;
        }
        self.context.0.push(last.clone());
        Ok(())
    }

    /// Sets a key of the table in scope (`setValue`).
    fn set_value(&mut self, name: &Str, value: Parsed) -> Result<(), ParseError> {
        let mut path = Key::default();
        let mut table = Some(&mut self.root);
        for part in &self.context.0 {
            let Some(inside) = table else { break };
            path.0.push(part.clone());
            table = inside.get_mut(part).and_then(Node::table);
        }
        let Some(table) = table else {
            return self.key_error(format!("Key '{path}' has already been defined."));
        };
        let full = self.context.with(name);
        let text = full.to_string();
        if table.contains_key(name) {
            if !self.implicit.remove(&text) {
                return self.key_error(format!("Key '{full}' has already been defined."));
            }
            // A table that was created on the way stays; an array replaces what was collected for it.
            if self.arrays.get(&text) == Some(&true) {
                table.insert(name.clone(), node_of(value));
            }
            return Ok(());
        }
        table.insert(name.clone(), node_of(value));
        Ok(())
    }

    fn set_type(&mut self, name: Option<&Str>, is_array: bool) {
        let key = match name {
            Some(name) if !name.is_empty() => self.context.with(name),
            _ if self.context.0.is_empty() => Key(vec![Str::default()]),
            _ => self.context.clone(),
        };
        self.arrays.insert(key.to_string(), is_array);
    }

    fn unescape(&self, token: Token<'_>, text: &[u8]) -> Result<Vec<u8>, ParseError> {
        let mut out = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(backslash) = memchr::memchr(b'\\', rest) {
            out.extend_from_slice(&rest[..backslash]);
            let escape = rest.get(backslash + 1).copied().unwrap_or(b' ');
            rest = rest.get(backslash + 2..).unwrap_or_default();
            match escape {
                b'b' => out.push(8),
                b't' => out.push(b'\t'),
                b'n' => out.push(b'\n'),
                b'f' => out.push(0x0C),
                b'r' => out.push(b'\r'),
                b'e' => out.push(0x1B),
                b'"' | b'\\' => out.push(escape),
                b'x' | b'u' | b'U' => {}
                _ => return self.error(token.line, format!("invalid escape: '\\{}'", char::from(escape))),
            }
            let count = match escape {
                b'x' => 2,
                b'u' => 4,
                b'U' => 8,
                _ => continue,
            };
            let (digits, tail) = rest.split_at_checked(count).unwrap_or((rest, b""));
            rest = tail;
            let digits = String::from_utf8_lossy(digits);
            let Some(rune) = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32) else {
                return self.error(token.line, format!("Escaped character '\\u{digits}' is not valid UTF-8."));
            };
            utf8::append_rune(&mut out, rune);
        }
        out.extend_from_slice(rest);
        Ok(out)
    }
}

impl Node {
    /// The table, or the last one of several.
    fn table(&mut self) -> Option<&mut Table> {
        match self {
            Self::Table(table) => Some(table),
            Self::Tables(tables) => tables.last_mut(),
            Self::Value(_) => None,
        }
    }
}

fn node_of(value: Parsed) -> Node {
    match value {
        Parsed::Value(value) => Node::Value(value),
        Parsed::Table(table) => Node::Table(table),
    }
}

fn into_map(table: Table) -> Map {
    table
        .into_iter()
        .map(|(name, node)| {
            let value = match node {
                Node::Value(value) => value,
                Node::Table(table) => Value::Map(into_map(table)),
                Node::Tables(tables) => {
                    let tables = tables.into_iter().map(|table| Value::Map(into_map(table))).collect();
                    Value::List(List::of(&Type::ANY_MAP, tables))
                }
            };
            (name, value)
        })
        .collect()
}

fn has_leading_zero(text: &[u8]) -> bool {
    match text {
        [b'0', second, ..] => !matches!(second, b'b' | b'o' | b'x'),
        [b'-' | b'+', b'0', _, ..] => true,
        _ => false,
    }
}

fn underscores_fit(text: &[u8]) -> bool {
    if matches!(text, b"nan" | b"+nan" | b"-nan" | b"inf" | b"-inf" | b"+inf") {
        return true;
    }
    let mut digit_before = false;
    for &byte in text {
        if byte == b'_' && !digit_before {
            return false;
        }
        digit_before = byte.is_ascii_hexdigit();
    }
    digit_before
}

/// Whether a date has fewer digits somewhere than its layout, which Go's parser accepts.
fn misses_leading_zero(text: &[u8], layout: &[u8]) -> bool {
    for (index, &byte) in layout.iter().enumerate() {
        if matches!(byte, b'.' | b'Z') {
            return false;
        }
        if !byte.is_ascii_digit() && text.get(index) != Some(&byte) {
            return true;
        }
    }
    false
}

fn without_first_newline(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\n").or_else(|| text.strip_prefix(b"\r\n")).unwrap_or(text)
}

/// Without backslashes at the ends of lines and the white space behind them.
fn without_escaped_newlines(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut index = 0;
    while index < text.len() {
        if text[index] != b'\\' {
            out.push(text[index]);
            index += 1;
            continue;
        }
        if text.get(index + 1) == Some(&b'\\') {
            out.extend_from_slice(b"\\\\");
            index += 2;
            continue;
        }
        let white = text[index + 1..].iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
        if text[index + 1..index + 1 + white].contains(&b'\n') {
            index += 1 + white;
        } else {
            out.push(b'\\');
            index += 1;
        }
    }
    out
}
