//! From text to one's own values, as sigs.k8s.io/yaml's `Unmarshal` into `interface{}`.

use crate::build::Build;
use crate::decode;
use crate::error::Error;
use crate::limits::Limits;
use crate::parse::{Arena, Kind, parse};
use crate::resolve::{Scalar, resolve};
use crate::text::lossy;
use crate::value::{Json, JsonBuilder, SerdeBuilder};
use std::borrow::Cow;

/// Reads the first document of `text`, resolving as go-yaml v2 does and converting to what JSON can
/// say as sigs.k8s.io/yaml does. An empty text is null; later documents are not looked at.
pub fn read<B: Build>(text: &[u8], build: &mut B, limits: &Limits) -> Result<B::Value, Error> {
    let arena = parse(text, limits)?;
    if arena.nodes.is_empty() {
        return Ok(build.null());
    }
    read_node(&arena, 0, build, limits)
}

/// [`read`] as sigs.k8s.io/yaml's `UnmarshalStrict` into `interface{}`: a key that its map has already is refused with
/// [`Error::Repeated`], also one that came by a merge. Helm reads repository indexes and, in `lint`, `Chart.yaml` so.
///
/// ```
/// use aktus_yaml::{JsonBuilder, Limits, read_strict};
///
/// let error = read_strict(b"name: a\nname: b\n", &mut JsonBuilder, &Limits::default()).unwrap_err();
/// assert_eq!(error.go_yaml(), "yaml: unmarshal errors:\n  line 2: key \"name\" already set in map");
/// ```
pub fn read_strict<B: Build>(text: &[u8], build: &mut B, limits: &Limits) -> Result<B::Value, Error> {
    let arena = parse(text, limits)?;
    if arena.nodes.is_empty() {
        return Ok(build.null());
    }
    let value = decode::decode_strict(&arena, 0, limits)?;
    decode::check(&arena, 0, &value)?;
    Ok(decode::build(value, build))
}

/// [`read`] into the neutral tree, within the default limits.
pub fn read_json(text: &[u8]) -> Result<Json, Error> {
    read(text, &mut JsonBuilder, &Limits::default())
}

/// [`read`] into a [`serde_json::Value`], within the default limits; whole numbers stay whole.
pub fn to_serde_json(text: &[u8]) -> Result<serde_json::Value, Error> {
    read(text, &mut SerdeBuilder, &Limits::default())
}

/// The value of the node at `index`.
pub(crate) fn read_node<B: Build>(
    arena: &Arena<'_>,
    index: usize,
    build: &mut B,
    limits: &Limits,
) -> Result<B::Value, Error> {
    if !arena.has_references
        && let Some(value) = (Direct { arena, build }).value(index)
    {
        return Ok(value);
    }
    let value = decode::decode(arena, index, limits)?;
    decode::check(arena, index, &value)?;
    Ok(decode::build(value, build))
}

/// Builds values without Go values in between, as long as nothing is wrong.
struct Direct<'a, 't, B> {
    arena: &'a Arena<'t>,
    build: &'a mut B,
}

impl<B: Build> Direct<'_, '_, B> {
    /// Nothing if there is a mistake in it.
    fn value(&mut self, index: usize) -> Option<B::Value> {
        let arena = self.arena;
        let node = arena.node(index)?;
        Some(match node.kind {
            Kind::Scalar => {
                let text = arena.text(node.text);
                match resolve(arena.text(node.tag), text, node.implicit).ok()? {
                    Scalar::Null => self.build.null(),
                    Scalar::Bool(value) => self.build.bool(value),
                    Scalar::Int(value) => self.build.int(value),
                    Scalar::Uint(value) => self.build.uint(value),
                    Scalar::Float(value) if value.is_finite() => self.build.float(value),
                    Scalar::Float(_) => return None,
                    Scalar::String(value) => self.build.string(value),
                    Scalar::Binary(value) => self.build.string(lossy(&value)),
                }
            }
            Kind::List => {
                let mut list = self.build.list(node.count as usize);
                for item in arena.children(index) {
                    let item = self.value(item)?;
                    self.build.push(&mut list, item);
                }
                self.build.end_list(list)
            }
            Kind::Map => {
                let mut map = self.build.map(node.count as usize / 2);
                let mut children = arena.children(index);
                while let (Some(key), Some(value)) = (children.next(), children.next()) {
                    let key = plain_key(arena, key)?;
                    let value = self.value(value)?;
                    self.build.insert(&mut map, key, value);
                }
                self.build.end_map(map)
            }
            Kind::Alias => return None,
        })
    }
}

/// The key that the node at `index` makes; nothing if it makes none.
pub(crate) fn plain_key<'a>(arena: &'a Arena<'_>, index: usize) -> Option<Cow<'a, str>> {
    let node = arena.node(index).filter(|node| node.kind == Kind::Scalar)?;
    let text = arena.text(node.text);
    Some(match resolve(arena.text(node.tag), text, node.implicit).ok()? {
        Scalar::String(value) => value,
        Scalar::Bool(true) => Cow::Borrowed("true"),
        Scalar::Bool(false) => Cow::Borrowed("false"),
        Scalar::Int(value) => Cow::Owned(value.to_string()),
        Scalar::Float(value) => Cow::Owned(decode::float_key(value)),
        Scalar::Binary(value) => Cow::Owned(lossy(&value).into_owned()),
        Scalar::Null | Scalar::Uint(_) => return None,
    })
}
