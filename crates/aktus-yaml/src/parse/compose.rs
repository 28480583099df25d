//! Events to nodes, as the tree builder of go-yaml v2 (`decode.go`).

use super::blocks;
use super::input::{Careful, prepare};
use super::parser::{Event, EventKind, Parser, Properties};
use super::scanner::Scanner;
use super::token::{Failure, Style, Text};
use crate::error::Error;
use crate::limits::{Bound, Limits, MAX_DEPTH};
use crate::resolve::{Scalar, resolve_plain};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Scalar,
    List,
    Map,
    Alias,
}

/// A node. Its children follow it, and `skip` leads past them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawNode {
    pub(crate) kind: Kind,
    pub(crate) style: Style,
    /// For scalars: the kind follows from the text.
    pub(crate) implicit: bool,
    /// The tag, resolved; empty when there is none.
    pub(crate) tag: Text,
    /// The text of a scalar, the name of an alias.
    pub(crate) text: Text,
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// The index after the last descendant.
    pub(crate) skip: u32,
    /// The number of children (for a map: keys and values), or the node an alias stands for.
    pub(crate) count: u32,
}

/// The nodes of a document, in the order of the text.
#[derive(Clone, Debug)]
pub(crate) struct Arena<'t> {
    source: Cow<'t, str>,
    scratch: String,
    pub(crate) nodes: Vec<RawNode>,
    /// Whether there are aliases or merge keys, so that values depend on more than their own text.
    pub(crate) has_references: bool,
    /// Whether values can be trusted without looking: there are neither references, tags, numbers
    /// that may be infinite, nor keys that may be no strings. It may be false without reason.
    pub(crate) is_plain: bool,
    place: Place,
}

impl Arena<'_> {
    pub(crate) fn text(&self, text: Text) -> &str {
        text.resolve(&self.source, &self.scratch)
    }

    pub(crate) fn node(&self, index: usize) -> Option<&RawNode> {
        self.nodes.get(index)
    }

    /// The bytes of a node in the text that was given.
    pub(crate) fn range(&self, node: &RawNode) -> Range<usize> {
        self.place.range(&self.source, node.start as usize..node.end as usize)
    }

    /// The line where a node begins, counted from 1 as go-yaml counts.
    pub(crate) fn line(&self, node: &RawNode) -> usize {
        let before = self.source.get(..node.start as usize).unwrap_or_default();
        let breaks = before.char_indices().filter(|&(at, letter)| match letter {
            '\r' => self.source.as_bytes().get(at + 1) != Some(&b'\n'),
            letter => matches!(letter, '\n' | '\u{85}' | '\u{2028}' | '\u{2029}'),
        });
        1 + breaks.count()
    }

    /// The indices of a node's children.
    pub(crate) fn children(&self, index: usize) -> Children<'_> {
        let (next, left) = match self.nodes.get(index) {
            Some(node) if matches!(node.kind, Kind::List | Kind::Map) => (index + 1, node.count),
            _ => (index, 0),
        };
        Children { nodes: &self.nodes, next, left: left as usize }
    }
}

/// The children of a node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Children<'a> {
    nodes: &'a [RawNode],
    next: usize,
    left: usize,
}

impl Iterator for Children<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        let index = self.next;
        self.next = self.nodes.get(index)?.skip as usize;
        Some(index)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

/// Reads the first document of `raw`; no nodes if there is none.
pub(crate) fn parse<'t>(raw: &'t [u8], limits: &Limits) -> Result<Arena<'t>, Error> {
    parse_wanted(raw, limits, None)
}

/// [`parse`] for those who want only some entries of the outermost map. Of the values of others there may be no more
/// than their own nodes, if the arena [is plain](Arena::is_plain).
pub(crate) fn parse_entries<'t>(raw: &'t [u8], limits: &Limits, wanted: Wanted) -> Result<Arena<'t>, Error> {
    parse_wanted(raw, limits, Some(wanted))
}

fn parse_wanted<'t>(raw: &'t [u8], limits: &Limits, wanted: Option<Wanted>) -> Result<Arena<'t>, Error> {
    let bytes = limits.bytes.min(MAX_BYTES);
    if raw.len() > bytes {
        return Err(Error::Limit { bound: Bound::Bytes, limit: bytes, range: bytes..raw.len() });
    }
    let input = prepare(raw);
    let composer = match &input.careful {
        None => match compose_blocks(&input.text, limits, wanted) {
            Some(composed) if wanted.is_none() || composed.is_plain => Ok(composed),
            // What a value means may depend on what was left out.
            Some(_) => compose_blocks(&input.text, limits, None)
                .map_or_else(|| compose::<false>(&input.text, None, limits), Ok),
            None => compose::<false>(&input.text, None, limits),
        },
        Some(careful) => compose::<true>(&input.text, Some(careful), limits),
    };
    let place = Place { shift: input.shift, wide: input.wide };
    match composer {
        Ok(composer) => Ok(Arena {
            source: input.text,
            scratch: composer.scratch,
            nodes: composer.nodes,
            has_references: composer.has_references,
            is_plain: composer.is_plain,
            place,
        }),
        Err(error) => Err(placed(error, &input.text, place)),
    }
}

/// Offsets are kept in 32 bits.
const MAX_BYTES: usize = 1 << 30;

/// Where the text lies in the bytes that were given.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Bytes before the text, which positions do not count.
    shift: usize,
    /// The bytes were UTF-16.
    wide: bool,
}

impl Place {
    fn range(self, text: &str, range: Range<usize>) -> Range<usize> {
        let at = |offset: usize| {
            let before = if self.wide {
                let before = text.get(..offset).unwrap_or(text);
                2 * before.chars().map(char::len_utf16).sum::<usize>()
            } else {
                offset
            };
            self.shift + before
        };
        at(range.start)..at(range.end)
    }
}

/// The error with its place counted from the beginning of the bytes that were given.
fn placed(mut error: Error, text: &str, place: Place) -> Error {
    let (Error::Syntax { range, .. }
    | Error::Decode { range, .. }
    | Error::Convert { range, .. }
    | Error::Type { range, .. }
    | Error::Limit { range, .. }) = &mut error
    else {
        return error;
    };
    *range = place.range(text, range.clone());
    error
}

/// Which keys of the outermost map matter.
type Wanted = fn(&str) -> bool;

/// The quick way, for documents that it is meant for.
pub(super) fn compose_blocks(text: &str, limits: &Limits, wanted: Option<Wanted>) -> Option<Composed> {
    let mut composer = Composer::new(text, Scanner::new(text, None), limits);
    if wanted.is_none() {
        composer.nodes.reserve(expected_nodes(text, limits));
    }
    composer.wanted = wanted;
    blocks::read(&mut composer)?;
    Some(composer.finish())
}

/// Real documents have a node for every 15 bytes or so.
fn expected_nodes(text: &str, limits: &Limits) -> usize {
    (text.len() / 15 + 1).min(limits.nodes)
}

pub(super) fn compose<const CAREFUL: bool>(
    text: &str,
    careful: Option<&Careful>,
    limits: &Limits,
) -> Result<Composed, Error> {
    let mut composer = Composer::new(text, Scanner::<CAREFUL>::new(text, careful), limits);
    composer.nodes.reserve(expected_nodes(text, limits));
    composer.run()?;
    Ok(composer.finish())
}

pub(super) struct Composed {
    pub(super) nodes: Vec<RawNode>,
    pub(super) has_references: bool,
    pub(super) is_plain: bool,
    pub(super) scratch: String,
}

pub(super) struct Composer<'s, 'l, const CAREFUL: bool> {
    pub(super) text: &'s str,
    pub(super) parser: Parser<'s, CAREFUL>,
    limits: &'l Limits,
    pub(super) nodes: Vec<RawNode>,
    /// The lists and maps around the position.
    open: Vec<usize>,
    anchors: BTreeMap<String, u32>,
    aliases: usize,
    merges: bool,
    /// A scalar was met that is not plain in the sense of [`Arena::is_plain`].
    odd: bool,
    /// The end of the last node.
    last_end: u32,
    /// Which entries of the outermost map are kept; all without it.
    wanted: Option<Wanted>,
    /// The value at hand belongs to an entry that is not kept.
    unwanted: bool,
    /// How many nodes were not kept.
    dropped: usize,
    /// How much text was put together for them.
    dropped_scratch: usize,
}

impl<'s, 'l, const CAREFUL: bool> Composer<'s, 'l, CAREFUL> {
    fn new(text: &'s str, scanner: Scanner<'s, CAREFUL>, limits: &'l Limits) -> Self {
        Self {
            text,
            parser: Parser::new(text, scanner),
            limits,
            nodes: Vec::new(),
            open: Vec::new(),
            anchors: BTreeMap::new(),
            aliases: 0,
            merges: false,
            odd: false,
            last_end: 0,
            wanted: None,
            unwanted: false,
            dropped: 0,
            dropped_scratch: 0,
        }
    }

    fn finish(self) -> Composed {
        let has_references = self.aliases > 0 || self.merges;
        Composed {
            nodes: self.nodes,
            has_references,
            is_plain: !has_references && !self.odd,
            scratch: self.parser.scanner.scratch,
        }
    }

    fn run(&mut self) -> Result<(), Error> {
        self.next()?;
        if matches!(self.next()?.kind, EventKind::StreamEnd) {
            return Ok(());
        }
        loop {
            let event = self.next()?;
            // Text that was put together, which a long %TAG prefix can multiply.
            if self.scratch_length() > self.longest_scratch() {
                return Err(self.limit(Bound::ScalarBytes, self.limits.scalar_bytes, event.start));
            }
            self.add(event)?;
            if self.open.is_empty() {
                break;
            }
        }
        // go-yaml looks beyond the document for its end, and may find a mistake there.
        self.next()?;
        Ok(())
    }

    /// How long text that was put together may become.
    pub(super) fn longest_scratch(&self) -> usize {
        self.limits.scalar_bytes.min(MAX_BYTES)
    }

    /// How much text was put together.
    pub(super) fn scratch_length(&self) -> usize {
        self.dropped_scratch + self.parser.scanner.scratch.len()
    }

    /// Whether nodes at the position are not kept.
    fn drops(&self) -> bool {
        self.unwanted && self.open.len() >= 2
    }

    fn next(&mut self) -> Result<Event, Error> {
        self.parser.next_event().map_err(|failure| {
            let Failure { problem, line, offset } = *failure;
            Error::Syntax { problem: problem.into_owned(), line, range: self.one_at(offset) }
        })
    }

    /// The range of the character at `offset`, or nothing at the end.
    fn one_at(&self, offset: usize) -> Range<usize> {
        let letter = self.text.get(offset..).and_then(|rest| rest.chars().next());
        offset..offset + letter.map_or(0, char::len_utf8)
    }

    pub(super) fn add(&mut self, event: Event) -> Result<(), Error> {
        match event.kind {
            EventKind::Scalar { properties, text, style, implicit } => {
                self.scalar(event.start..event.end, properties, text, style, implicit)?;
            }
            EventKind::Alias(name) => {
                let name_text = name.resolve(self.text, &self.parser.scanner.scratch);
                let Some(&target) = self.anchors.get(name_text) else {
                    return Err(Error::Decode {
                        problem: format!("unknown anchor '{name_text}' referenced"),
                        range: event.start as usize..event.end as usize,
                    });
                };
                self.aliases += 1;
                if self.aliases > self.limits.aliases {
                    return Err(self.limit(Bound::Aliases, self.limits.aliases, event.start));
                }
                self.push(event.start..event.end, Kind::Alias, Style::Plain, Properties::default(), name)?;
                if let Some(node) = self.nodes.last_mut() {
                    node.count = target;
                }
                self.close(false);
            }
            EventKind::SequenceStart { properties, style } => {
                self.open(event, Kind::List, style, properties)?;
            }
            EventKind::MappingStart { properties, style } => {
                self.open(event, Kind::Map, style, properties)?;
            }
            EventKind::SequenceEnd | EventKind::MappingEnd => {
                let Some(open) = self.open.pop() else { return Ok(()) };
                if self.unwanted && self.open.len() == 1 {
                    self.drop_nodes(open + 1);
                }
                let skip = self.length();
                if let Some(node) = self.nodes.get_mut(open) {
                    node.skip = skip;
                    // A block ends with its last node, not where the next one begins.
                    node.end = if node.style == Style::Flow { event.end } else { self.last_end.max(node.end) };
                    self.last_end = node.end;
                }
                if self.drops() {
                    self.drop_nodes(open);
                }
            }
            EventKind::StreamStart | EventKind::StreamEnd | EventKind::DocumentStart | EventKind::DocumentEnd => {}
        }
        Ok(())
    }

    /// A scalar of these bytes of the text.
    #[inline]
    pub(super) fn scalar(
        &mut self,
        range: Range<u32>,
        properties: Properties,
        text: Text,
        style: Style,
        implicit: bool,
    ) -> Result<(), Error> {
        if implicit || properties.tag.is_some() {
            self.look_at(text, implicit, properties);
        }
        if self.drops() {
            return self.drop_scalar(range, text);
        }
        self.push(range, Kind::Scalar, style, properties, text)?;
        self.close(implicit);
        self.choose(text);
        Ok(())
    }

    /// Notes whether a scalar that is not merely text needs attention later.
    fn look_at(&mut self, text: Text, implicit: bool, properties: Properties) {
        let text = text.resolve(self.text, &self.parser.scanner.scratch);
        let is_key = self
            .open
            .last()
            .and_then(|&open| self.nodes.get(open))
            .is_some_and(|parent| parent.kind == Kind::Map && parent.count % 2 == 0);
        match text.as_bytes() {
            _ if properties.tag.is_some() => {
                self.odd = true;
                self.merges |= text == "<<";
            }
            b"<<" => self.merges |= implicit,
            [b'.', ..] | [b'+' | b'-', b'.', ..] => {
                self.odd |= matches!(resolve_plain(text), Scalar::Float(value) if !value.is_finite());
            }
            // Most keys begin with a letter that no null and no number begins with.
            [b'a'..=b'm' | b'o'..=b'z' | b'A'..=b'M' | b'O'..=b'Z', ..] => {}
            _ if is_key => {
                self.odd |= matches!(resolve_plain(text), Scalar::Null | Scalar::Uint(_));
            }
            _ => {}
        }
    }

    fn open(&mut self, event: Event, kind: Kind, style: Style, properties: Properties) -> Result<(), Error> {
        let depth = self.limits.depth.min(MAX_DEPTH);
        if self.open.len() >= depth {
            return Err(self.limit(Bound::Depth, depth, event.start));
        }
        let index = self.nodes.len();
        if let Some(parent) = self.open.last().and_then(|&open| self.nodes.get(open))
            && parent.kind == Kind::Map
            && parent.count % 2 == 0
        {
            self.odd = true;
        }
        self.push(event.start..event.end, kind, style, properties, Text::default())?;
        self.open.push(index);
        Ok(())
    }

    fn push(
        &mut self,
        range: Range<u32>,
        kind: Kind,
        style: Style,
        properties: Properties,
        text: Text,
    ) -> Result<(), Error> {
        if self.nodes.len() + self.dropped >= self.limits.nodes {
            return Err(self.limit(Bound::Nodes, self.limits.nodes, range.start));
        }
        let index = self.length();
        if let Some(anchor) = properties.anchor {
            let name = anchor.resolve(self.text, &self.parser.scanner.scratch);
            self.anchors.insert(name.to_owned(), index);
        }
        if let Some(parent) = self.open.last().and_then(|&open| self.nodes.get_mut(open)) {
            parent.count += 1;
        }
        self.nodes.push(RawNode {
            kind,
            style,
            implicit: false,
            tag: properties.tag.unwrap_or_default(),
            text,
            start: range.start,
            end: range.end,
            skip: index + 1,
            count: 0,
        });
        Ok(())
    }

    /// Keeps only so many nodes.
    fn drop_nodes(&mut self, kept: usize) {
        self.dropped += self.nodes.len().saturating_sub(kept);
        self.nodes.truncate(kept);
    }

    /// Counts a scalar that is not kept.
    fn drop_scalar(&mut self, range: Range<u32>, text: Text) -> Result<(), Error> {
        if self.nodes.len() + self.dropped >= self.limits.nodes {
            return Err(self.limit(Bound::Nodes, self.limits.nodes, range.start));
        }
        self.dropped += 1;
        if let Some(parent) = self.open.last().and_then(|&open| self.nodes.get_mut(open)) {
            parent.count += 1;
        }
        self.last_end = range.end;
        if let Some(from) = text.scratch_start() {
            self.dropped_scratch += self.parser.scanner.scratch.len().saturating_sub(from);
            self.parser.scanner.scratch.truncate(from);
        }
        Ok(())
    }

    /// After a scalar: whether it is a key of the outermost map whose entry is not kept.
    fn choose(&mut self, text: Text) {
        let (Some(wanted), [root]) = (self.wanted, self.open.as_slice()) else { return };
        let is_key = self.nodes.get(*root).is_some_and(|root| root.kind == Kind::Map && root.count % 2 == 1);
        self.unwanted = is_key && !wanted(text.resolve(self.text, &self.parser.scanner.scratch));
    }

    /// Completes the node just pushed.
    fn close(&mut self, implicit: bool) {
        if let Some(node) = self.nodes.last_mut() {
            node.implicit = implicit;
            self.last_end = node.end;
        }
    }

    fn length(&self) -> u32 {
        u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)
    }

    fn limit(&self, bound: Bound, limit: usize, at: u32) -> Error {
        Error::Limit { bound, limit, range: self.one_at(at as usize) }
    }
}
