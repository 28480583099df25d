//! Nodes to Go values to JSON values, step by step as go-yaml v2 and sigs.k8s.io/yaml do it.
//!
//! This is the way for documents with aliases and merge keys, and for those with a mistake, where the
//! order of the steps decides which mistake is reported.

use crate::build::Build;
use crate::error::{Error, RepeatedKey};
use crate::limits::{Bound, Limits, MAX_DEPTH};
use crate::number::{format_general, format_general_32};
use crate::parse::{Arena, Kind, RawNode};
use crate::resolve::{Scalar, resolve};
use crate::text::lossy;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

/// A Go value as go-yaml v2 decodes it into `interface{}`.
#[derive(Clone, Debug)]
pub(crate) enum Go {
    Nil,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    /// A Go string; only `!!binary` makes one that is not UTF-8.
    String(Vec<u8>),
    List(Vec<Go>),
    Map(GoMap),
}

/// A `map[interface{}]interface{}`, in the order in which keys were first set.
#[derive(Clone, Debug, Default)]
pub(crate) struct GoMap {
    pub(crate) entries: Vec<Entry>,
    places: BTreeMap<Vec<u8>, usize>,
}

/// An entry of a map, and the node of its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: Go,
    pub(crate) value: Go,
    node: usize,
}

impl GoMap {
    /// What a key is told from others by; nothing for NaN, of which every one is a key of its own.
    fn place(key: &Go) -> Option<Vec<u8>> {
        Some(match key {
            Go::Nil | Go::List(_) | Go::Map(_) => vec![0],
            Go::Bool(value) => vec![1, u8::from(*value)],
            Go::Int(value) => [&[2][..], &value.to_be_bytes()].concat(),
            Go::Uint(value) => [&[3][..], &value.to_be_bytes()].concat(),
            // 0 and -0 are one key.
            Go::Float(value) if value.is_nan() => return None,
            Go::Float(value) => [&[4][..], &(value + 0.0).to_bits().to_be_bytes()].concat(),
            Go::String(value) => [&[5][..], value].concat(),
        })
    }

    fn has(&self, key: &Go) -> bool {
        Self::place(key).is_some_and(|place| self.places.contains_key(&place))
    }

    fn set(&mut self, key: Go, value: Go, node: usize) {
        let Some(place) = Self::place(&key) else {
            self.entries.push(Entry { key, value, node });
            return;
        };
        if let Some(entry) = self.places.get(&place).and_then(|&at| self.entries.get_mut(at)) {
            entry.value = value;
            entry.node = node;
        } else {
            self.places.insert(place, self.entries.len());
            self.entries.push(Entry { key, value, node });
        }
    }
}

/// Decodes the node at `index` and what belongs to it.
pub(crate) fn decode(arena: &Arena<'_>, index: usize, limits: &Limits) -> Result<Go, Error> {
    Decoder::new(arena, limits, None).value(index)
}

/// [`decode`], refusing keys that their map has already.
pub(crate) fn decode_strict(arena: &Arena<'_>, index: usize, limits: &Limits) -> Result<Go, Error> {
    let mut decoder = Decoder::new(arena, limits, Some(Vec::new()));
    let value = decoder.value(index)?;
    match decoder.repeated {
        Some(keys) if !keys.is_empty() => Err(Error::Repeated { keys }),
        _ => Ok(value),
    }
}

/// So many keys are named that are there already.
const MOST_REPEATED: usize = 100;

struct Decoder<'a, 't> {
    arena: &'a Arena<'t>,
    limits: &'a Limits,
    /// The keys that their map has already, for strict readers.
    repeated: Option<Vec<RepeatedKey>>,
    /// The aliases being expanded.
    active: Vec<usize>,
    decoded: usize,
    aliased: usize,
    scalar_bytes: usize,
    depth: usize,
}

/// The share of nodes that may come from aliases, by the number of nodes.
fn allowed_alias_share(decoded: usize) -> f64 {
    const LOW: usize = 400_000;
    const HIGH: usize = 4_000_000;
    #[expect(clippy::cast_precision_loss, reason = "Go computes with float64 as well")]
    match decoded {
        0..=LOW => 0.99,
        HIGH.. => 0.10,
        _ => 0.99 - 0.89 * ((decoded - LOW) as f64 / (HIGH - LOW) as f64),
    }
}

impl<'a, 't> Decoder<'a, 't> {
    fn new(arena: &'a Arena<'t>, limits: &'a Limits, repeated: Option<Vec<RepeatedKey>>) -> Self {
        // go-yaml counts the document as well.
        let decoded = 1;
        Self { arena, limits, repeated, active: Vec::new(), decoded, aliased: 0, scalar_bytes: 0, depth: 0 }
    }

    fn node(&self, index: usize) -> Result<&RawNode, Error> {
        self.arena
            .node(index)
            .ok_or_else(|| Error::Decode { problem: "unknown problem parsing YAML content".to_owned(), range: 0..0 })
    }

    fn range(&self, index: usize) -> Range<usize> {
        self.arena.node(index).map_or(0..0, |node| self.arena.range(node))
    }

    fn fail<T>(&self, index: usize, problem: impl Into<String>) -> Result<T, Error> {
        Err(Error::Decode { problem: shortened(problem.into()), range: self.range(index) })
    }

    fn limit<T>(&self, index: usize, bound: Bound, limit: usize) -> Result<T, Error> {
        Err(Error::Limit { bound, limit, range: self.range(index) })
    }

    /// Counts a node, as go-yaml's `unmarshal` does on entry.
    fn count(&mut self, index: usize) -> Result<(), Error> {
        self.decoded += 1;
        if !self.active.is_empty() {
            self.aliased += 1;
        }
        #[expect(clippy::cast_precision_loss, reason = "Go computes with float64 as well")]
        let share = self.aliased as f64 / self.decoded as f64;
        if self.aliased > 100 && self.decoded > 1000 && share > allowed_alias_share(self.decoded) {
            return self.fail(index, "document contains excessive aliasing");
        }
        if self.decoded > self.limits.expanded_nodes.max(self.limits.nodes) {
            return self.limit(index, Bound::ExpandedNodes, self.limits.expanded_nodes);
        }
        Ok(())
    }

    fn value(&mut self, index: usize) -> Result<Go, Error> {
        self.count(index)?;
        let node = *self.node(index)?;
        match node.kind {
            Kind::Alias => self.expand(index, node, Self::value),
            Kind::Scalar => self.scalar(index, node),
            Kind::List => {
                self.enter(index)?;
                let mut items = Vec::with_capacity(node.count as usize);
                for item in self.arena.children(index) {
                    items.push(self.value(item)?);
                }
                self.depth -= 1;
                Ok(Go::List(items))
            }
            Kind::Map => {
                let mut map = GoMap::default();
                self.fill(index, &mut map)?;
                Ok(Go::Map(map))
            }
        }
    }

    fn enter(&mut self, index: usize) -> Result<(), Error> {
        let limit = self.limits.depth.min(MAX_DEPTH);
        if self.depth >= limit {
            return self.limit(index, Bound::Depth, limit);
        }
        self.depth += 1;
        Ok(())
    }

    /// Does `what` with the node that the alias at `index` stands for.
    fn expand<T>(
        &mut self,
        index: usize,
        node: RawNode,
        what: impl FnOnce(&mut Self, usize) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if self.active.contains(&index) {
            let name = self.arena.text(node.text).to_owned();
            return self.fail(index, format!("anchor '{name}' value contains itself"));
        }
        self.active.push(index);
        let value = what(self, node.count as usize);
        self.active.pop();
        value
    }

    fn scalar(&mut self, index: usize, node: RawNode) -> Result<Go, Error> {
        let text = self.arena.text(node.text);
        self.scalar_bytes += text.len();
        if self.scalar_bytes > self.limits.scalar_bytes {
            return self.limit(index, Bound::ScalarBytes, self.limits.scalar_bytes);
        }
        match resolve(self.arena.text(node.tag), text, node.implicit) {
            Ok(Scalar::Null) => Ok(Go::Nil),
            Ok(Scalar::Bool(value)) => Ok(Go::Bool(value)),
            Ok(Scalar::Int(value)) => Ok(Go::Int(value)),
            Ok(Scalar::Uint(value)) => Ok(Go::Uint(value)),
            Ok(Scalar::Float(value)) => Ok(Go::Float(value)),
            Ok(Scalar::String(value)) => Ok(Go::String(value.into_owned().into_bytes())),
            Ok(Scalar::Binary(value)) => Ok(Go::String(value)),
            Err(problem) => self.fail(index, problem),
        }
    }

    /// Sets the entries of the map at `index` in `map`, which may have some already.
    fn fill(&mut self, index: usize, map: &mut GoMap) -> Result<(), Error> {
        self.enter(index)?;
        let mut children = self.arena.children(index);
        while let (Some(key_index), Some(value_index)) = (children.next(), children.next()) {
            let key_node = *self.node(key_index)?;
            if is_merge(self.arena, &key_node) {
                self.merge(value_index, map)?;
                continue;
            }
            let key = self.value(key_index)?;
            if matches!(key, Go::List(_) | Go::Map(_)) {
                let problem = format!("invalid map key: {}", go_syntax(&key));
                return self.fail(key_index, problem);
            }
            let value = self.value(value_index)?;
            if self.repeated.is_some() && map.has(&key) {
                self.repeat(key_index, value_index, &key);
            } else {
                map.set(key, value, value_index);
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Notes a key that its map has already.
    fn repeat(&mut self, key_index: usize, value_index: usize, key: &Go) {
        if self.repeated.as_ref().is_none_or(|repeated| repeated.len() >= MOST_REPEATED) {
            return;
        }
        let line = self.arena.node(value_index).map_or(0, |node| self.arena.line(node));
        let key = RepeatedKey { key: shortened(go_syntax(key)), line, range: self.range(key_index) };
        if let Some(repeated) = &mut self.repeated {
            repeated.push(key);
        }
    }

    fn merge(&mut self, index: usize, map: &mut GoMap) -> Result<(), Error> {
        let node = *self.node(index)?;
        match node.kind {
            Kind::Map | Kind::Alias => self.merge_one(index, map),
            Kind::List => {
                // From the last to the first, so that earlier ones count more.
                let items: Vec<usize> = self.arena.children(index).collect();
                items.into_iter().rev().try_for_each(|item| self.merge_one(item, map))
            }
            Kind::Scalar => self.fail(index, WANT_MAP),
        }
    }

    fn merge_one(&mut self, index: usize, map: &mut GoMap) -> Result<(), Error> {
        let node = *self.node(index)?;
        match node.kind {
            Kind::Map => {
                self.count(index)?;
                self.fill(index, map)
            }
            Kind::Alias if self.node(node.count as usize)?.kind == Kind::Map => {
                self.count(index)?;
                self.expand(index, node, |decoder, target| {
                    decoder.count(target)?;
                    decoder.fill(target, map)
                })
            }
            _ => self.fail(index, WANT_MAP),
        }
    }
}

const WANT_MAP: &str = "map merge requires map or sequence of maps as the value";

/// Whether a key is `<<` in its special meaning.
pub(crate) fn is_merge(arena: &Arena<'_>, key: &RawNode) -> bool {
    key.kind == Kind::Scalar
        && arena.text(key.text) == "<<"
        && (key.implicit || arena.text(key.tag) == "tag:yaml.org,2002:merge")
}

/// Whether sigs.k8s.io/yaml can make JSON of a value: keys first, then numbers.
pub(crate) fn check(arena: &Arena<'_>, root: usize, value: &Go) -> Result<(), Error> {
    check_keys(arena, value)?;
    check_numbers(arena, root, value)
}

/// Whether all keys can be made strings.
pub(crate) fn check_keys(arena: &Arena<'_>, value: &Go) -> Result<(), Error> {
    match value {
        Go::List(items) => items.iter().try_for_each(|item| check_keys(arena, item)),
        Go::Map(map) => map.entries.iter().try_for_each(|Entry { key, value, node }| {
            let kind = match key {
                Go::Nil => "%!s(<nil>)",
                Go::Uint(_) => "uint64",
                _ => return check_keys(arena, value),
            };
            let (key, value) = (go_syntax(key), go_syntax(value));
            let problem = format!("unsupported map key of type: {kind}, key: {key}, value: {value}");
            Err(Error::Convert { problem: shortened(problem), range: range(arena, *node) })
        }),
        _ => Ok(()),
    }
}

/// Whether all numbers are finite.
pub(crate) fn check_numbers(arena: &Arena<'_>, node: usize, value: &Go) -> Result<(), Error> {
    match value {
        Go::Float(number) if !number.is_finite() => {
            let problem = format!("json: unsupported value: {}", format_general(*number));
            Err(Error::Convert { problem, range: range(arena, node) })
        }
        Go::List(items) => items.iter().try_for_each(|item| check_numbers(arena, node, item)),
        Go::Map(map) => {
            // encoding/json goes by the order of the keys.
            let mut entries: Vec<_> = map.entries.iter().map(|entry| (key_text(&entry.key), entry)).collect();
            entries.sort_by(|left, right| left.0.cmp(&right.0));
            entries.iter().try_for_each(|(_, entry)| check_numbers(arena, entry.node, &entry.value))
        }
        _ => Ok(()),
    }
}

fn range(arena: &Arena<'_>, node: usize) -> Range<usize> {
    arena.node(node).map_or(0..0, |node| arena.range(node))
}

/// The key that sigs.k8s.io/yaml makes of a key.
pub(crate) fn key_text(key: &Go) -> Cow<'_, str> {
    match key {
        Go::String(bytes) => lossy(bytes),
        Go::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
        Go::Int(value) => Cow::Owned(value.to_string()),
        Go::Uint(value) => Cow::Owned(value.to_string()),
        Go::Float(value) => Cow::Owned(float_key(*value)),
        Go::Nil | Go::List(_) | Go::Map(_) => Cow::Borrowed("null"),
    }
}

/// The key that a number becomes: it goes through a float32.
pub(crate) fn float_key(value: f64) -> String {
    match format_general_32(value).as_str() {
        "+Inf" => ".inf".to_owned(),
        "-Inf" => "-.inf".to_owned(),
        "NaN" => ".nan".to_owned(),
        other => other.to_owned(),
    }
}

/// Builds one's own value from a Go value that [`check`] has passed.
pub(crate) fn build<B: Build>(value: Go, build: &mut B) -> B::Value {
    match value {
        Go::Nil => build.null(),
        Go::Bool(value) => build.bool(value),
        Go::Int(value) => build.int(value),
        Go::Uint(value) => build.uint(value),
        Go::Float(value) => build.float(value),
        Go::String(bytes) => build.string(lossy(&bytes)),
        Go::List(items) => {
            let mut list = build.list(items.len());
            for item in items {
                let item = self::build(item, build);
                build.push(&mut list, item);
            }
            build.end_list(list)
        }
        Go::Map(entries) => {
            let mut map = build.map(entries.entries.len());
            for Entry { key, value, .. } in entries.entries {
                let value = self::build(value, build);
                build.insert(&mut map, key_text(&key), value);
            }
            build.end_map(map)
        }
    }
}

/// Errors quote values; of one that fills pages the beginning will do.
pub(crate) fn shortened(mut problem: String) -> String {
    const LONGEST: usize = 16 << 10;
    if problem.len() > LONGEST {
        problem.truncate(problem.floor_char_boundary(LONGEST));
        problem.push('…');
    }
    problem
}

/// A value as Go's `%#v` prints it.
fn go_syntax(value: &Go) -> String {
    let mut text = String::new();
    write_go_syntax(&mut text, value, true);
    text
}

fn write_go_syntax(text: &mut String, value: &Go, outermost: bool) {
    match value {
        Go::Nil if outermost => text.push_str("<nil>"),
        Go::Nil => text.push_str("interface {}(nil)"),
        Go::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Go::Int(value) => text.push_str(&value.to_string()),
        Go::Uint(value) => {
            let written = write!(text, "{value:#x}");
            debug_assert!(written.is_ok(), "writing to a string cannot fail");
        }
        Go::Float(value) => text.push_str(&format_general(*value)),
        Go::String(bytes) => write_quoted(text, bytes),
        Go::List(items) => {
            text.push_str("[]interface {}{");
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    text.push_str(", ");
                }
                write_go_syntax(text, item, false);
            }
            text.push('}');
        }
        Go::Map(map) => {
            let mut entries: Vec<&Entry> = map.entries.iter().collect();
            entries.sort_by(|left, right| compare_keys(&left.key, &right.key));
            text.push_str("map[interface {}]interface {}{");
            for (place, entry) in entries.into_iter().enumerate() {
                if place > 0 {
                    text.push_str(", ");
                }
                write_go_syntax(text, &entry.key, false);
                text.push(':');
                write_go_syntax(text, &entry.value, false);
            }
            text.push('}');
        }
    }
}

/// The order in which Go prints keys; among different types it is not defined there.
fn compare_keys(left: &Go, right: &Go) -> std::cmp::Ordering {
    // As it happens to be in the binaries of Helm: the order of types is an accident of the linker.
    let rank = |key: &Go| match key {
        Go::Nil => 0,
        Go::String(_) => 1,
        Go::Int(_) => 2,
        Go::Uint(_) => 3,
        Go::Float(_) => 4,
        _ => 5,
    };
    match (left, right) {
        (Go::Bool(left), Go::Bool(right)) => left.cmp(right),
        (Go::Int(left), Go::Int(right)) => left.cmp(right),
        (Go::Uint(left), Go::Uint(right)) => left.cmp(right),
        (Go::Float(left), Go::Float(right)) => left.total_cmp(right),
        (Go::String(left), Go::String(right)) => left.cmp(right),
        _ => rank(left).cmp(&rank(right)),
    }
}

/// `strconv.Quote`
fn write_quoted(text: &mut String, bytes: &[u8]) {
    let escape = |text: &mut String, arguments: std::fmt::Arguments<'_>| {
        let written = text.write_fmt(arguments);
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
    };
    text.push('"');
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '"' => text.push_str("\\\""),
                '\\' => text.push_str("\\\\"),
                '\x07' => text.push_str("\\a"),
                '\x08' => text.push_str("\\b"),
                '\x0c' => text.push_str("\\f"),
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                '\t' => text.push_str("\\t"),
                '\x0b' => text.push_str("\\v"),
                ' '..='~' => text.push(letter),
                '\0'..='\x7f' => escape(text, format_args!("\\x{:02x}", u32::from(letter))),
                // Rust escapes what has no glyph, as Go does.
                _ if letter.escape_debug().len() == 1 => text.push(letter),
                '\u{80}'..='\u{ffff}' => escape(text, format_args!("\\u{:04x}", u32::from(letter))),
                _ => escape(text, format_args!("\\U{:08x}", u32::from(letter))),
            }
        }
        for byte in chunk.invalid() {
            escape(text, format_args!("\\x{byte:02x}"));
        }
    }
    text.push('"');
}
