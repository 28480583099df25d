//! YAML as go-yaml lays it out.
//!
//! A state of the emitter of libyaml (column, indentation, what was written last) is kept, because the
//! layout follows from it; the events and their queue are not needed, as a tree is at hand.

mod letters;
mod order;
mod scalar;
mod style;

use crate::error::{Error, WriteError};
use crate::json::{self, unsupported_float, write_handle};
use crate::limits::{Limits, MAX_DEPTH};
use crate::number::{Whole, format_general, format_json, parse_whole};
use crate::read::read;
use crate::resolve::{encode_base64, reads_as_string};
use crate::text::{into_lossy, lossy};
use crate::tree::{Shape, Target, Tree};
use crate::value::JsonBuilder;
use std::borrow::Cow;
use style::{Style, analyze};

/// Whose layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    /// go-yaml v2 behind sigs.k8s.io/yaml.
    V2,
    /// go-yaml v3 with an indent of 2.
    V3,
}

impl Dialect {
    fn target(self) -> Target {
        match self {
            Self::V2 => Target::Json,
            Self::V3 => Target::YamlV3,
        }
    }

    /// The column after which lines are folded.
    fn width(self) -> usize {
        match self {
            Self::V2 => 80,
            Self::V3 => usize::MAX,
        }
    }
}

/// Writes as sigs.k8s.io/yaml's `Marshal`, Helm's `toYaml`: the value goes through JSON and is laid
/// out by go-yaml v2. Ends with a line break (Helm cuts it).
///
/// ```
/// use aktus_yaml::{read_json, write_v2};
///
/// let value = read_json(b"{size: 1e6, list: [a, 'yes'], empty: {}, script: \"a\\nb\\n\"}")?;
/// assert_eq!(write_v2(&value)?, "empty: {}\nlist:\n- a\n- \"yes\"\nscript: |\n  a\n  b\nsize: 1000000\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[expect(clippy::needless_pass_by_value, reason = "a Tree is a handle, usually a reference")]
pub fn write_v2<T: Tree>(tree: T) -> Result<String, WriteError> {
    match write(&tree, Dialect::V2, true) {
        Ok(text) => Ok(text),
        Err(Trouble::Refused(error)) => Err(error),
        Err(Trouble::Odd) => through_json(&tree),
    }
}

/// Writes as go-yaml v3's encoder with an indent of 2, Helm's `toYamlPretty`. Ends with a line break.
///
/// ```
/// use aktus_yaml::{read_json, write_v3};
///
/// let value = read_json(b"{size: 1e6, list: [a, 'yes']}")?;
/// assert_eq!(write_v3(&value)?, "list:\n  - a\n  - \"yes\"\nsize: 1e+06\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[expect(clippy::needless_pass_by_value, reason = "a Tree is a handle, usually a reference")]
pub fn write_v3<T: Tree>(tree: T) -> Result<String, WriteError> {
    write(&tree, Dialect::V3, false).map_err(Trouble::into_error)
}

/// What sigs.k8s.io/yaml does, to the letter: writes JSON, reads that as YAML, writes the result.
fn through_json<T: Tree>(tree: &T) -> Result<String, WriteError> {
    const LIMITS: Limits = Limits {
        bytes: usize::MAX,
        depth: MAX_DEPTH,
        nodes: usize::MAX,
        aliases: 0,
        expanded_nodes: usize::MAX,
        scalar_bytes: usize::MAX,
    };
    let text = write_handle(tree, json::Style::Compact)?;
    let value = read(text.as_bytes(), &mut JsonBuilder, &LIMITS).map_err(|error| match error {
        Error::Limit { limit, .. } => WriteError::Depth { limit },
        error => WriteError::Unreadable(error.go_yaml()),
    })?;
    write(&&value, Dialect::V2, false).map_err(Trouble::into_error)
}

/// Why a tree was not written.
enum Trouble {
    Refused(WriteError),
    /// The JSON of a string may not be read back as the same string.
    Odd,
}

impl Trouble {
    fn into_error(self) -> WriteError {
        match self {
            Self::Refused(error) => error,
            Self::Odd => WriteError::Unsupported("yaml: unknown problem generating YAML content".to_owned()),
        }
    }
}

impl From<WriteError> for Trouble {
    fn from(error: WriteError) -> Self {
        Self::Refused(error)
    }
}

/// `wary`: whether odd strings are an error.
fn write<T: Tree>(tree: &T, dialect: Dialect, wary: bool) -> Result<String, Trouble> {
    let mut emitter = Emitter {
        out: String::new(),
        dialect,
        wary,
        column: 0,
        indent: -1,
        whitespace: true,
        indention: true,
        depth: 0,
    };
    emitter.node(tree, false)?;
    emitter.write_indent();
    Ok(emitter.out)
}

/// The state of the emitter, named as in `emitterc.go`.
struct Emitter {
    out: String,
    dialect: Dialect,
    wary: bool,
    /// Characters on the current line.
    column: usize,
    /// The indentation of the current collection; -1 outside of all.
    indent: i64,
    /// The last character was white space, or nothing was written yet.
    whitespace: bool,
    /// Only indentation and indicators such as `-` stand on the line.
    indention: bool,
    depth: usize,
}

/// A key, and its bytes if they are not UTF-8.
struct Key<'a> {
    text: Cow<'a, str>,
    bytes: Option<Cow<'a, [u8]>>,
}

impl<'a> Key<'a> {
    fn new(bytes: Cow<'a, [u8]>, dialect: Dialect) -> Self {
        // Through JSON the bytes are lost.
        if dialect == Dialect::V3 && std::str::from_utf8(&bytes).is_err() {
            return Self { text: Cow::Owned(lossy(&bytes).into_owned()), bytes: Some(bytes) };
        }
        Self { text: into_lossy(bytes), bytes: None }
    }
}

impl Emitter {
    fn node<T: Tree>(&mut self, tree: &T, in_mapping: bool) -> Result<(), Trouble> {
        tree.shape(self.dialect.target(), |shape| self.shape(shape, in_mapping))
    }

    fn shape<T: Tree>(&mut self, shape: Shape<'_, T>, in_mapping: bool) -> Result<(), Trouble> {
        match shape {
            Shape::Null => self.write_plain("null"),
            Shape::Bool(value) => self.write_plain(if value { "true" } else { "false" }),
            Shape::Int(value) => self.write_plain(&value.to_string()),
            Shape::Uint(value) => self.write_plain(&value.to_string()),
            Shape::Float(value) => {
                let text = self.float(value)?;
                self.write_plain(&text);
            }
            Shape::String(bytes) => self.string(bytes)?,
            Shape::Plain(text) if self.dialect == Dialect::V2 => self.text(&text, false)?,
            Shape::Plain(text) => self.write_scalar(&text, Style::Plain, false),
            Shape::List(items) => self.sequence(items, in_mapping)?,
            Shape::Map(entries) => {
                let mut entries: Vec<_> = self.keyed(entries);
                let dialect = self.dialect;
                order::sort(&mut entries, |left, right| order::is_less(&left.0.text, &right.0.text, dialect));
                self.mapping(&mut entries.into_iter())?;
            }
            Shape::Fields(entries) if self.dialect == Dialect::V2 => {
                return self.shape(Shape::Map(entries), in_mapping);
            }
            Shape::Fields(entries) => {
                let entries = self.keyed(entries);
                self.mapping(&mut entries.into_iter())?;
            }
            Shape::Unsupported(text) => return Err(WriteError::Unsupported(text).into()),
        }
        Ok(())
    }

    fn keyed<'a, T>(&self, entries: &mut dyn Iterator<Item = (Cow<'a, [u8]>, T)>) -> Vec<(Key<'a>, T)> {
        entries.map(|(key, value)| (Key::new(key, self.dialect), value)).collect()
    }

    /// A number as it comes out; through JSON whole ones are written out.
    fn float(&self, value: f64) -> Result<String, Trouble> {
        if self.dialect == Dialect::V3 {
            return Ok(match format_general(value).as_str() {
                "+Inf" => ".inf".to_owned(),
                "-Inf" => "-.inf".to_owned(),
                "NaN" => ".nan".to_owned(),
                other => other.to_owned(),
            });
        }
        // What a float64 holds exactly and JSON writes without an exponent.
        if value.fract().abs() <= 0.0 && value.abs() < 1e15 {
            #[expect(clippy::cast_possible_truncation, reason = "it is whole and small enough")]
            return Ok((value as i64).to_string());
        }
        let json = format_json(value).ok_or_else(|| unsupported_float(value))?;
        Ok(match parse_whole(&json) {
            Some(Whole::Int(value)) => value.to_string(),
            Some(Whole::Uint(value)) => value.to_string(),
            None => format_general(value),
        })
    }

    fn string(&mut self, bytes: Cow<'_, [u8]>) -> Result<(), Trouble> {
        let key = Key::new(bytes, self.dialect);
        match &key.bytes {
            Some(bytes) => self.binary(bytes, false),
            None => self.text(&key.text, false)?,
        }
        Ok(())
    }

    fn text(&mut self, text: &str, as_key: bool) -> Result<(), Trouble> {
        if !as_key && style::is_word(text) {
            self.write_plain(text);
            return Ok(());
        }
        if self.wary && style::is_odd(text, as_key) {
            return Err(Trouble::Odd);
        }
        let style = if text.contains('\n') {
            Style::Literal
        } else if reads_as_string(text) {
            Style::Plain
        } else {
            Style::DoubleQuoted
        };
        self.write_scalar(text, style, as_key);
        Ok(())
    }

    /// What is not UTF-8 is written in base64 with a tag.
    fn binary(&mut self, bytes: &[u8], as_key: bool) {
        let text = wrapped_base64(bytes);
        self.write_indicator("!!binary", true, false, false);
        let style = if text.contains('\n') { Style::Literal } else { Style::Plain };
        self.write_scalar(&text, style, as_key);
    }

    fn enter(&mut self) -> Result<(), Trouble> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(WriteError::Depth { limit: MAX_DEPTH }.into());
        }
        Ok(())
    }

    fn sequence<T: Tree>(&mut self, items: &mut dyn Iterator<Item = T>, in_mapping: bool) -> Result<(), Trouble> {
        let Some(first) = items.next() else {
            self.write_indicator("[", true, true, false);
            self.write_indicator("]", false, false, false);
            return Ok(());
        };
        self.enter()?;
        let outer = self.indent;
        // go-yaml v2 does not indent the items of a list in a map.
        let indentless = self.dialect == Dialect::V2 && in_mapping && !self.indention;
        self.increase_indent(false, indentless);
        for item in std::iter::once(first).chain(items) {
            self.write_indent();
            self.write_indicator("-", true, false, true);
            self.node(&item, false)?;
        }
        self.indent = outer;
        self.depth -= 1;
        Ok(())
    }

    fn mapping<T: Tree>(&mut self, entries: &mut dyn Iterator<Item = (Key<'_>, T)>) -> Result<(), Trouble> {
        let Some(first) = entries.next() else {
            self.write_indicator("{", true, true, false);
            self.write_indicator("}", false, false, false);
            return Ok(());
        };
        self.enter()?;
        let outer = self.indent;
        self.increase_indent(false, false);
        for (key, value) in std::iter::once(first).chain(entries) {
            self.write_indent();
            if self.key(&key)? {
                self.write_indicator(":", false, false, false);
            } else {
                self.write_indent();
                self.write_indicator(":", true, false, true);
            }
            self.node(&value, true)?;
        }
        self.indent = outer;
        self.depth -= 1;
        Ok(())
    }

    /// Writes a key, and says whether it is a simple one.
    fn key(&mut self, key: &Key<'_>) -> Result<bool, Trouble> {
        const LONGEST: usize = 128;
        if let Some(bytes) = &key.bytes {
            let text = wrapped_base64(bytes);
            let simple = !text.contains('\n') && text.len() + "!!binary".len() <= LONGEST;
            self.begin_key(simple);
            self.binary(bytes, simple);
            return Ok(simple);
        }
        if key.text.len() <= LONGEST && style::is_word(&key.text) {
            self.write_plain(&key.text);
            return Ok(true);
        }
        let simple = key.text.len() <= LONGEST && !analyze(&key.text, self.dialect).multiline;
        self.begin_key(simple);
        if self.wary && style::is_odd(&key.text, true) {
            return Err(Trouble::Odd);
        }
        self.text(&key.text, simple)?;
        Ok(simple)
    }

    fn begin_key(&mut self, simple: bool) {
        if !simple {
            self.write_indicator("?", true, false, true);
        }
    }
}

/// Base64 as go-yaml breaks it: lines of 70 characters if there is more than one.
fn wrapped_base64(bytes: &[u8]) -> String {
    const LINE: usize = 70;
    let text = encode_base64(bytes);
    if text.len() < LINE {
        return text;
    }
    let mut wrapped = String::with_capacity(text.len() + text.len() / LINE + 1);
    for line in text.as_bytes().chunks(LINE) {
        wrapped.push_str(&lossy(line));
        wrapped.push('\n');
    }
    wrapped
}
