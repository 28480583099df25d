//! A document as it is written: nodes with their place, tag and style.
//!
//! For those to whom it matters where something stands (a diagnostic that points into a values file)
//! or how it is tagged (`!Ref` in a CloudFormation template). Aliases are followed everywhere.
//!
//! ```
//! use aktus_diagnostics::Sources;
//! use aktus_yaml::{Limits, node::Document};
//!
//! let text = "Resources:\n  Role:\n    Arn: !GetAtt Cluster.Arn\n";
//! let mut sources = Sources::new();
//! let source = sources.add("template.yaml", text);
//!
//! let document = Document::parse(text.as_bytes(), source, &Limits::default())?;
//! let root = document.root().expect("the text is not empty");
//! let arn = root.find("Resources.Role.Arn").expect("it stands there");
//! assert_eq!((arn.tag().as_deref(), arn.text()), (Some("!GetAtt"), Some("Cluster.Arn")));
//! assert_eq!(sources.position(arn.span()).map(|place| (place.line, place.column)), Some((3, 10)));
//! # Ok::<(), aktus_yaml::Error>(())
//! ```

use crate::build::Build;
use crate::decode::is_merge;
use crate::error::Error;
use crate::limits::Limits;
pub use crate::parse::Style;
use crate::parse::{Arena, Children, Kind as RawKind, RawNode, parse};
use crate::read::{plain_key, read_node};
pub use crate::resolve::Scalar;
use crate::resolve::{resolve, short_tag};
use aktus_diagnostics::{SourceId, Span};
use std::borrow::Cow;

/// The nodes of the first document of a text.
#[derive(Clone, Debug)]
pub struct Document<'t> {
    arena: Arena<'t>,
    source: SourceId,
    limits: Limits,
}

impl<'t> Document<'t> {
    /// Reads `text`, which the spans will call `source`. Scalars are not resolved yet, so that
    /// a bad `!!int` is found only by [`Node::scalar`] and [`Node::build`].
    pub fn parse(text: &'t [u8], source: SourceId, limits: &Limits) -> Result<Self, Error> {
        Ok(Self { arena: parse(text, limits)?, source, limits: limits.clone() })
    }

    /// The outermost node; [`None`] if the text holds no document.
    pub fn root(&self) -> Option<Node<'_>> {
        Node::at(&self.arena, self.source, &self.limits, 0)
    }
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text, a number, null, …
    Scalar,
    /// A list.
    List,
    /// A map.
    Map,
}

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathStep<'a> {
    /// To the value of a key.
    Key(&'a str),
    /// To an item of a list, counted from 0.
    Index(usize),
}

/// A node of a [`Document`].
#[derive(Clone, Copy, Debug)]
pub struct Node<'d> {
    arena: &'d Arena<'d>,
    source: SourceId,
    limits: &'d Limits,
    index: usize,
    raw: &'d RawNode,
    /// Where an alias stands that led here.
    written: &'d RawNode,
}

impl<'d> Node<'d> {
    fn at(arena: &'d Arena<'d>, source: SourceId, limits: &'d Limits, index: usize) -> Option<Self> {
        let written = arena.node(index)?;
        let index = if written.kind == RawKind::Alias { written.count as usize } else { index };
        Some(Self { arena, source, limits, index, raw: arena.node(index)?, written })
    }

    fn child(&self, index: usize) -> Option<Self> {
        Self::at(self.arena, self.source, self.limits, index)
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        match self.raw.kind {
            RawKind::List => Kind::List,
            RawKind::Map => Kind::Map,
            RawKind::Scalar | RawKind::Alias => Kind::Scalar,
        }
    }

    /// How it is written.
    pub fn style(&self) -> Style {
        self.raw.style
    }

    /// Its tag, as it is usually written: `!Ref`, `!!str`.
    pub fn tag(&self) -> Option<Cow<'d, str>> {
        let tag = self.arena.text(self.raw.tag);
        (!tag.is_empty()).then(|| short_tag(tag))
    }

    /// Where it stands; for the value of an alias, where the alias stands.
    pub fn span(&self) -> Span {
        Span::new(self.source, self.arena.range(self.written))
    }

    /// Where its contents stand, even if an alias led here.
    pub fn content_span(&self) -> Span {
        Span::new(self.source, self.arena.range(self.raw))
    }

    /// The text of a scalar, quotes and escapes resolved.
    pub fn text(&self) -> Option<&'d str> {
        (self.kind() == Kind::Scalar).then(|| self.arena.text(self.raw.text))
    }

    /// The meaning of a scalar as go-yaml v2 resolves it; [`None`] for lists and maps.
    pub fn scalar(&self) -> Option<Result<Scalar<'d>, Error>> {
        let text = self.text()?;
        let value = resolve(self.arena.text(self.raw.tag), text, self.raw.implicit);
        Some(value.map_err(|problem| Error::Decode { problem, range: self.arena.range(self.raw) }))
    }

    /// The items of a list, in order; none for others.
    pub fn items(&self) -> Items<'d> {
        Items { node: *self, children: self.children(RawKind::List) }
    }

    /// Keys and values of a map in the order of the text, duplicates and `<<` included; none for others.
    pub fn entries(&self) -> Entries<'d> {
        Entries { node: *self, children: self.children(RawKind::Map) }
    }

    fn children(&self, kind: RawKind) -> Children<'d> {
        if self.raw.kind == kind { self.arena.children(self.index) } else { Children::default() }
    }

    /// The key and the value for `name`: of duplicates the last, with merge keys counted in as
    /// go-yaml v2 does.
    pub fn entry(&self, name: &str) -> Option<(Node<'d>, Node<'d>)> {
        let mut budget = self.limits.expanded_nodes;
        self.entry_within(name, self.limits.depth, &mut budget)
    }

    /// `budget`: how many entries may be looked at, so that maps merged many times over end, too.
    fn entry_within(&self, name: &str, depth: usize, budget: &mut usize) -> Option<(Node<'d>, Node<'d>)> {
        let depth = depth.checked_sub(1)?;
        let mut found = None;
        let mut children = self.children(RawKind::Map);
        while let (Some(key), Some(value)) = (children.next(), children.next()) {
            *budget = budget.checked_sub(1)?;
            let (Some(key_node), Some(value_node)) = (self.child(key), self.child(value)) else { continue };
            if is_merge(self.arena, key_node.written) {
                let merged = match value_node.kind() {
                    Kind::Map => value_node.entry_within(name, depth, budget),
                    // Earlier items count more.
                    _ => value_node.items().find_map(|item| item.entry_within(name, depth, budget)),
                };
                found = merged.or(found);
            } else if plain_key(self.arena, key_node.index).as_deref() == Some(name) {
                found = Some((key_node, value_node));
            }
        }
        found
    }

    /// The value for `name` in a map.
    pub fn get(&self, name: &str) -> Option<Node<'d>> {
        self.entry(name).map(|(_, value)| value)
    }

    /// The node that `path` leads to.
    pub fn follow(&self, path: &[PathStep<'_>]) -> Option<Node<'d>> {
        let (node, steps) = self.follow_far(path);
        (steps == path.len()).then_some(node)
    }

    /// The last node on `path` that exists, and how many steps lead to it.
    pub fn follow_far(&self, path: &[PathStep<'_>]) -> (Node<'d>, usize) {
        let mut node = *self;
        for (taken, step) in path.iter().enumerate() {
            let next = match step {
                PathStep::Key(name) => node.get(name),
                PathStep::Index(index) => node.items().nth(*index),
            };
            match next {
                Some(next) => node = next,
                None => return (node, taken),
            }
        }
        (node, path.len())
    }

    /// [`follow`](Self::follow) for a path such as `image.ports[0].name`, for keys without dots.
    pub fn find(&self, path: &str) -> Option<Node<'d>> {
        let mut steps = Vec::new();
        for part in path.split('.') {
            let (name, indices) = part.split_at(part.find('[').unwrap_or(part.len()));
            if !name.is_empty() {
                steps.push(PathStep::Key(name));
            }
            for index in indices.split('[').skip(1) {
                steps.push(PathStep::Index(index.strip_suffix(']')?.parse().ok()?));
            }
        }
        self.follow(&steps)
    }

    /// One's own value of this node and what belongs to it, as [`read`](crate::read()) makes it.
    pub fn build<B: Build>(&self, build: &mut B) -> Result<B::Value, Error> {
        read_node(self.arena, self.index, build, self.limits)
    }
}

/// The items of a list: [`Node::items`].
#[derive(Clone, Debug)]
pub struct Items<'d> {
    node: Node<'d>,
    children: Children<'d>,
}

impl<'d> Iterator for Items<'d> {
    type Item = Node<'d>;

    fn next(&mut self) -> Option<Node<'d>> {
        self.node.child(self.children.next()?)
    }
}

/// Keys and values of a map: [`Node::entries`].
#[derive(Clone, Debug)]
pub struct Entries<'d> {
    node: Node<'d>,
    children: Children<'d>,
}

impl<'d> Iterator for Entries<'d> {
    type Item = (Node<'d>, Node<'d>);

    fn next(&mut self) -> Option<(Node<'d>, Node<'d>)> {
        let (key, value) = (self.children.next()?, self.children.next()?);
        Some((self.node.child(key)?, self.node.child(value)?))
    }
}
