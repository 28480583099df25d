//! What Helm wants to know of every rendered document, and nothing more.

use crate::decode::{self, Go, decode, key_text};
use crate::error::Error;
use crate::limits::Limits;
use crate::number::format_general_32;
use crate::parse::{Arena, Kind, parse_entries};
use crate::read::plain_key;
use crate::text::lossy;
use std::collections::BTreeMap;
use std::ops::Range;

/// The part of a manifest that decides what it is and when it is applied: Helm's `SimpleHead`.
///
/// Fields that the document leaves out are empty, as Go leaves them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `metadata`, unless it is missing or null.
    pub metadata: Option<HeadMetadata>,
}

/// The part of `metadata` that Helm looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeadMetadata {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.annotations`; [`None`] when missing or null. Numbers and truth values are text here.
    pub annotations: Option<BTreeMap<String, String>>,
}

/// Reads the head of the first document in `text` as `yaml.Unmarshal` into Helm 4's
/// `util.SimpleHead` does: the whole document must be valid, the fields must be strings.
///
/// As in Go, the names of the fields are matched without regard to case.
///
/// ```
/// use aktus_yaml::{Limits, head};
///
/// let head = head(b"apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  annotations: {x: 1}\n", &Limits::default())?;
/// assert_eq!(head.kind, "Pod");
/// assert_eq!(head.metadata.unwrap().annotations.unwrap()["x"], "1");
/// # Ok::<(), aktus_yaml::Error>(())
/// ```
pub fn head(text: &[u8], limits: &Limits) -> Result<Head, Error> {
    head_as(text, "util.SimpleHead", limits)
}

/// [`head`] with the name of the Go type in errors; Helm 3 calls it `releaseutil.SimpleHead`.
pub fn head_as(text: &[u8], type_name: &str, limits: &Limits) -> Result<Head, Error> {
    let arena = parse_entries(text, limits, |key| Field::named(key).is_some())?;
    let Some(root) = arena.node(0) else { return Ok(Head::default()) };
    let mut reader = Reader { head: Head::default(), problem: None };
    if root.kind == Kind::Map && arena.is_plain {
        // Only the fields are looked at; where keys differ in case, Go takes them in order.
        let mut fields = BTreeMap::new();
        each_entry(&arena, 0, |key, value| {
            if let Some(field) = Field::named(&key) {
                fields.insert(key, (field, value));
            }
        });
        for (field, index) in fields.into_values() {
            let range = arena.node(index).map_or(0..0, |node| arena.range(node));
            match arena.node(index).map(|node| node.kind) {
                Some(Kind::Map) if field == Field::Metadata => {
                    let mut inner = BTreeMap::new();
                    each_entry(&arena, index, |key, value| {
                        if is_name(&key, "name") || is_name(&key, "annotations") {
                            inner.insert(key, value);
                        }
                    });
                    reader.begin_metadata();
                    for (key, index) in inner {
                        reader.metadata_field(&key, &decode(&arena, index, limits)?, &range);
                    }
                }
                _ => reader.field(field, &decode(&arena, index, limits)?, &range),
            }
        }
        return reader.finish();
    }
    let mut value = decode(&arena, 0, limits)?;
    decode::check_keys(&arena, &value)?;
    coerce(&mut value);
    decode::check_numbers(&arena, 0, &value)?;
    let range = arena.range(root);
    match &value {
        Go::Nil => return Ok(Head::default()),
        Go::Map(map) => {
            for (key, value) in sorted(map) {
                if let Some(field) = Field::named(&key) {
                    reader.field(field, value, &range);
                }
            }
        }
        other => {
            let problem = format!("json: cannot unmarshal {} into Go value of type {type_name}", json_type(other));
            return Err(Error::Type { problem, range });
        }
    }
    reader.finish()
}

/// Calls `visit` with the keys and the values' indices of the map at `index`.
fn each_entry(arena: &Arena<'_>, index: usize, mut visit: impl FnMut(String, usize)) {
    let mut children = arena.children(index);
    while let (Some(key), Some(value)) = (children.next(), children.next()) {
        if let Some(key) = plain_key(arena, key) {
            visit(key.into_owned(), value);
        }
    }
}

/// The entries by key, as encoding/json writes and so reads them.
fn sorted(map: &decode::GoMap) -> BTreeMap<String, &Go> {
    map.entries.iter().map(|entry| (key_text(&entry.key).into_owned(), &entry.value)).collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    ApiVersion,
    Kind,
    Metadata,
}

impl Field {
    fn named(key: &str) -> Option<Self> {
        if is_name(key, "apiVersion") {
            Some(Self::ApiVersion)
        } else if is_name(key, "kind") {
            Some(Self::Kind)
        } else if is_name(key, "metadata") {
            Some(Self::Metadata)
        } else {
            None
        }
    }
}

/// Whether encoding/json takes `key` for the field `name`: without regard to case, where the long s
/// and the sign for Kelvin count as letters, too.
fn is_name(key: &str, name: &str) -> bool {
    if key.is_ascii() {
        return key.eq_ignore_ascii_case(name);
    }
    let folded = key.chars().map(|letter| match letter {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    });
    folded.eq(name.chars().map(|letter| letter.to_ascii_lowercase()))
}

/// encoding/json's name for a kind of value.
fn json_type(value: &Go) -> &'static str {
    match value {
        Go::Nil => "null",
        Go::Bool(_) => "bool",
        Go::Int(_) | Go::Uint(_) | Go::Float(_) => "number",
        Go::String(_) => "string",
        Go::List(_) => "array",
        Go::Map(_) => "object",
    }
}

/// What sigs.k8s.io/yaml makes of a value that is to be a string; nothing for null.
fn string_of(value: &Go) -> Result<Option<String>, &'static str> {
    Ok(Some(match value {
        Go::Nil => return Ok(None),
        Go::String(bytes) => lossy(bytes).into_owned(),
        Go::Bool(value) => value.to_string(),
        Go::Int(value) => value.to_string(),
        Go::Uint(value) => value.to_string(),
        Go::Float(value) => format_general_32(*value),
        Go::List(_) | Go::Map(_) => return Err(json_type(value)),
    }))
}

/// Makes strings of what is to be strings, so that an infinity there does not fail as a number.
fn coerce(value: &mut Go) {
    let Go::Map(map) = value else { return };
    for entry in &mut map.entries {
        let key = key_text(&entry.key);
        match Field::named(&key) {
            Some(Field::Metadata) => {
                let Go::Map(metadata) = &mut entry.value else { continue };
                for entry in &mut metadata.entries {
                    let key = key_text(&entry.key);
                    if is_name(&key, "name") {
                        coerce_one(&mut entry.value);
                    } else if is_name(&key, "annotations")
                        && let Go::Map(annotations) = &mut entry.value
                    {
                        annotations.entries.iter_mut().for_each(|entry| coerce_one(&mut entry.value));
                    }
                }
            }
            Some(_) => coerce_one(&mut entry.value),
            None => {}
        }
    }
}

fn coerce_one(value: &mut Go) {
    if let Ok(Some(text)) = string_of(value) {
        *value = Go::String(text.into_bytes());
    }
}

/// Fills a head as `json.Unmarshal` fills the struct; the first mistake is remembered.
struct Reader {
    head: Head,
    problem: Option<Error>,
}

impl Reader {
    fn finish(self) -> Result<Head, Error> {
        self.problem.map_or(Ok(self.head), Err)
    }

    fn mismatch(&mut self, found: &str, field: &str, type_name: &str, range: &Range<usize>) {
        self.problem.get_or_insert_with(|| Error::Type {
            problem: format!("json: cannot unmarshal {found} into Go struct field {field} of type {type_name}"),
            range: range.clone(),
        });
    }

    fn string(&mut self, value: &Go, field: &str, range: &Range<usize>) -> Option<String> {
        match string_of(value) {
            Ok(text) => text,
            Err(found) => {
                self.mismatch(found, field, "string", range);
                None
            }
        }
    }

    fn field(&mut self, field: Field, value: &Go, range: &Range<usize>) {
        match field {
            Field::ApiVersion => {
                if let Some(text) = self.string(value, "SimpleHead.apiVersion", range) {
                    self.head.api_version = text;
                }
            }
            Field::Kind => {
                if let Some(text) = self.string(value, "SimpleHead.kind", range) {
                    self.head.kind = text;
                }
            }
            Field::Metadata => match value {
                Go::Nil => self.head.metadata = None,
                Go::Map(map) => {
                    self.begin_metadata();
                    for (key, value) in sorted(map) {
                        self.metadata_field(&key, value, range);
                    }
                }
                other => self.mismatch(json_type(other), "SimpleHead.metadata", METADATA_TYPE, range),
            },
        }
    }

    /// A second `metadata` adds to the first.
    fn begin_metadata(&mut self) {
        self.head.metadata.get_or_insert_default();
    }

    fn metadata_field(&mut self, key: &str, value: &Go, range: &Range<usize>) {
        if is_name(key, "name") {
            if let Some(text) = self.string(value, ".metadata.name", range)
                && let Some(metadata) = &mut self.head.metadata
            {
                metadata.name = text;
            }
        } else if is_name(key, "annotations") {
            self.annotations(value, range);
        }
    }

    fn annotations(&mut self, value: &Go, range: &Range<usize>) {
        const FIELD: &str = ".metadata.annotations";
        match value {
            Go::Nil => {
                if let Some(metadata) = &mut self.head.metadata {
                    metadata.annotations = None;
                }
            }
            Go::Map(map) => {
                let known = self.head.metadata.as_mut().and_then(|metadata| metadata.annotations.take());
                let mut annotations = known.unwrap_or_default();
                for (key, value) in sorted(map) {
                    // Null and mismatches leave an empty string.
                    let text = self.string(value, &format!("{FIELD}.{key}"), range).unwrap_or_default();
                    annotations.insert(key, text);
                }
                if let Some(metadata) = &mut self.head.metadata {
                    metadata.annotations = Some(annotations);
                }
            }
            other => self.mismatch(json_type(other), FIELD, "map[string]string", range),
        }
    }
}

/// How Go prints the type of `SimpleHead.Metadata`.
const METADATA_TYPE: &str =
    "struct { Name string \"json:\\\"name\\\"\"; Annotations map[string]string \"json:\\\"annotations\\\"\" }";
