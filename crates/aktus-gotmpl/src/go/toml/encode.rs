//! How is this value laid out as TOML?

use std::cell::Cell;

use crate::value::{JsonForm, Kind, List, Object, Str, Underlying, Value};

use super::super::strconv::{FloatSize, format_float};
use super::super::time::{Location, RFC3339_NANO, Time};
use super::parse::Key;

/// Why a value has no TOML form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EncodeError {
    /// Go's error.
    #[error("{0}")]
    Value(String),
    /// Go's panic.
    #[error("{0}")]
    Panic(&'static str),
    /// Longer than what is allowed.
    #[error("the TOML text would be longer than {0} bytes")]
    Length(usize),
    /// Nested deeper than [`Value::DEPTH`].
    #[error("the value is nested too deeply")]
    Depth,
}

type Result<T> = std::result::Result<T, EncodeError>;

/// Lays a value out; at most `limit` bytes (`toml.Encoder.Encode`).
pub(crate) fn encode(value: &Value, limit: usize) -> Result<Vec<u8>> {
    let mut encoder = Encoder { out: Vec::new(), limit, looks: Cell::new(limit) };
    if value.is_nil() {
        return Err(EncodeError::Panic("reflect: call of reflect.Value.Type on zero Value"));
    }
    if matches!(value, Value::Complex(_)) {
        return Err(EncodeError::Value(format!("unsupported type for key '': {}", value.kind())));
    }
    encoder.encode(&Key::default(), value)?;
    Ok(encoder.out)
}

/// What a value is in TOML, as far as the layout depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Scalar,
    Array,
    Table,
    Tables,
}

struct Encoder {
    out: Vec<u8>,
    limit: usize,
    /// How many more values may be looked at: a small list can hold another many times over.
    looks: Cell<usize>,
}

impl Encoder {
    fn push(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.len() > self.limit - self.out.len() {
            return Err(EncodeError::Length(self.limit));
        }
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    fn newline(&mut self) -> Result<()> {
        if self.out.is_empty() { Ok(()) } else { self.push(b"\n") }
    }

    /// Two spaces for every name of a key but the first.
    fn indent(&mut self, key: &Key) -> Result<()> {
        self.push(&b"  ".repeat(key.0.len().saturating_sub(1)))
    }

    fn encode(&mut self, key: &Key, value: &Value) -> Result<()> {
        if key.0.len() > Value::DEPTH {
            return Err(EncodeError::Depth);
        }
        match self.form(value, Value::DEPTH)? {
            None => Ok(()),
            Some(Form::Scalar | Form::Array) => self.key_value(key, value, false),
            Some(Form::Tables) => self.tables(key, value),
            Some(Form::Table) => {
                if key.0.len() == 1 {
                    self.newline()?;
                }
                if !key.0.is_empty() {
                    self.indent(key)?;
                    self.push(format!("[{key}]").as_bytes())?;
                    self.newline()?;
                }
                self.entries(key, value)
            }
        }
    }

    fn tables(&mut self, key: &Key, value: &Value) -> Result<()> {
        if key.0.is_empty() {
            return Err(EncodeError::Value("toml: top-level values must be Go maps or structs".to_owned()));
        }
        let Some(list) = value.as_list() else { return Ok(()) };
        for table in list.iter() {
            self.newline()?;
            self.indent(key)?;
            self.push(format!("[[{key}]]").as_bytes())?;
            self.newline()?;
            self.entries(key, &table)?;
        }
        Ok(())
    }

    /// The entries of a table: those that are no tables come first.
    fn entries(&mut self, key: &Key, value: &Value) -> Result<()> {
        let (direct, sub) = self.divided(value)?;
        for (name, value) in direct.iter().chain(&sub) {
            if !is_nil(value) {
                let mut key = key.clone();
                key.0.push(name.clone());
                self.encode(&key, value)?;
            }
        }
        Ok(())
    }

    fn key_value(&mut self, key: &Key, value: &Value, inline: bool) -> Result<()> {
        let Some(name) = key.0.last() else {
            return self.element(value, Value::DEPTH);
        };
        if !inline {
            self.indent(key)?;
        }
        self.push(&key_name(name))?;
        self.push(b" = ")?;
        self.element(value, Value::DEPTH)?;
        if inline { Ok(()) } else { self.newline() }
    }

    fn element(&mut self, value: &Value, depth: usize) -> Result<()> {
        let depth = depth.checked_sub(1).ok_or(EncodeError::Depth)?;
        match value {
            Value::Nil => Err(EncodeError::Panic("reflect: call of reflect.Value.Interface on zero Value")),
            Value::Bool(value) => self.push(if *value { b"true" } else { b"false" }),
            Value::Float(value) => self.push(float(*value, FloatSize::Bits64).as_bytes()),
            Value::Float32(value) => self.push(float(f64::from(*value), FloatSize::Bits32).as_bytes()),
            Value::String(text) => self.push(&quoted(text)),
            Value::List(_) => self.inline_list(value, depth),
            Value::Map(_) => self.inline_table(value, depth),
            Value::Object(object) => {
                if let Some(time) = value.downcast::<Time>() {
                    return self.push(&time_text(time));
                }
                let object = object.get();
                if is_text(object) {
                    let text = object.text().unwrap_or_default();
                    return self.push(&quoted(text.as_bytes()));
                }
                match object.underlying() {
                    Underlying::Scalar(inner) => self.element(&inner, depth),
                    Underlying::List(_) => self.inline_list(value, depth),
                    Underlying::Map(_) | Underlying::Struct => self.inline_table(value, depth),
                }
            }
            other => match (other.as_int(), other.as_uint()) {
                (Some(value), _) => self.push(value.to_string().as_bytes()),
                (_, Some(value)) => self.push(value.to_string().as_bytes()),
                _ => Err(EncodeError::Value(format!("unexpected type: {}", other.type_name()))),
            },
        }
    }

    fn inline_list(&mut self, value: &Value, depth: usize) -> Result<()> {
        self.push(b"[")?;
        if let Some(list) = value.as_list() {
            for (index, item) in list.iter().enumerate() {
                self.push(if index > 0 { b", " } else { b"" })?;
                self.element(&item, depth)?;
            }
        }
        self.push(b"]")
    }

    fn inline_table(&mut self, value: &Value, depth: usize) -> Result<()> {
        let (direct, sub) = self.divided(value)?;
        self.push(b"{")?;
        for (entries, more_follow) in [(&direct, !sub.is_empty()), (&sub, false)] {
            for (index, (name, value)) in entries.iter().enumerate() {
                if is_nil(value) {
                    continue;
                }
                self.push(&key_name(name))?;
                self.push(b" = ")?;
                self.element(value, depth)?;
                // Nil entries count here, although they are not written.
                if more_follow || index + 1 < entries.len() {
                    self.push(b", ")?;
                }
            }
        }
        self.push(b"}")
    }

    fn form(&self, value: &Value, depth: usize) -> Result<Option<Form>> {
        let depth = depth.checked_sub(1).ok_or(EncodeError::Depth)?;
        self.looks.set(self.looks.get().checked_sub(1).ok_or(EncodeError::Length(self.limit))?);
        if is_nil(value) {
            return Ok(None);
        }
        if value.downcast::<Time>().is_some() {
            return Ok(Some(Form::Scalar));
        }
        if let Value::Object(object) = value
            && is_text(object.get())
        {
            return Ok(Some(Form::Scalar));
        }
        Ok(Some(match value.kind() {
            Kind::Map | Kind::Struct | Kind::Pointer => Form::Table,
            Kind::Slice => {
                let list = value.as_list().unwrap_or_else(|| List::new(Vec::new()));
                let mut tables = !list.is_empty();
                if list.as_bytes().is_some() {
                    tables = false;
                } else {
                    for item in list.iter() {
                        match self.form(&item, depth)? {
                            None => {
                                let message = "toml: cannot encode array with nil element";
                                return Err(EncodeError::Value(message.to_owned()));
                            }
                            Some(form) => tables &= form == Form::Table,
                        }
                    }
                }
                if tables { Form::Tables } else { Form::Array }
            }
            Kind::Complex128 | Kind::Func | Kind::Interface | Kind::Invalid => {
                return Err(EncodeError::Value(format!("unsupported type: {}", value.kind())));
            }
            _ => Form::Scalar,
        }))
    }

    /// The entries of a map or struct: those that are no tables, and those that are.
    fn divided(&self, value: &Value) -> Result<(Entries, Entries)> {
        let entries = match (value.as_map(), value) {
            (Some(map), _) => map.entries(),
            (None, Value::Object(object)) => {
                object.get().exported_fields().into_iter().map(|(name, value)| (Str::from(name), value)).collect()
            }
            (None, _) => Vec::new(),
        };
        let (mut direct, mut sub) = (Vec::new(), Vec::new());
        for (name, value) in entries {
            let table = matches!(self.form(&value, Value::DEPTH)?, Some(Form::Table | Form::Tables));
            if table { sub.push((name, value)) } else { direct.push((name, value)) }
        }
        Ok((direct, sub))
    }
}

/// Nil lists and maps are as good as nil.
fn is_nil(value: &Value) -> bool {
    match value {
        Value::Nil => true,
        Value::List(list) => list.is_nil(),
        Value::Map(map) => map.is_nil(),
        _ => false,
    }
}

/// Types that say themselves how they are written, as versions do.
fn is_text(object: &dyn Object) -> bool {
    matches!(object.underlying(), Underlying::Struct)
        && matches!(object.json(), JsonForm::Value(Value::String(_)))
        && object.text().is_some()
}

type Entries = Vec<(Str, Value)>;

fn float(value: f64, size: FloatSize) -> String {
    if value.is_nan() {
        return if value.is_sign_negative() { "-nan" } else { "nan" }.to_owned();
    }
    if value.is_infinite() {
        return if value < 0.0 { "-inf" } else { "inf" }.to_owned();
    }
    let mut text = format_float(value, b'g', None, size);
    // A number on either side of the point, unless there is an exponent.
    if !text.contains(['e', '.']) {
        text.push_str(".0");
    }
    text
}

/// Times that were read without an offset are written without one.
fn time_text(time: &Time) -> Vec<u8> {
    let layout = match time.location().name() {
        "datetime-local" => "2006-01-02T15:04:05.999999999",
        "date-local" => "2006-01-02",
        "time-local" => "15:04:05.999999999",
        _ => return time.format(RFC3339_NANO.as_bytes()),
    };
    time.in_location(Location::Utc).format(layout.as_bytes())
}

/// A key as it is written: bare where that is possible.
pub(super) fn key_name(name: &[u8]) -> Vec<u8> {
    let bare = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !name.is_empty() && name.iter().all(bare) { name.to_vec() } else { quoted(name) }
}

fn quoted(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    out.push(b'"');
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            8 => out.extend_from_slice(b"\\b"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            0x0C => out.extend_from_slice(b"\\f"),
            b'\r' => out.extend_from_slice(b"\\r"),
            0..0x20 | 0x7F => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
    out
}
