//! Texts by number, and places in them.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// The number of a text in a [`Sources`]. Numbers of different [`Sources`] must not be mixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(u32);

impl SourceId {
    /// The id of no text: for values that were made, not read.
    pub const DETACHED: Self = Self(u32::MAX);

    /// The id with this number, for readers of one text that have no [`Sources`] of their own.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }
}

/// A range of bytes in one text: `start` inclusive, `end` exclusive, both counted from 0.
///
/// Small and `Copy`, so that every node can carry one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The text.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span of nothing, so that nobody is tempted by `Option<Span>`.
    pub const DETACHED: Self = Self { source: SourceId::DETACHED, start: 0, end: 0 };

    /// A span over `range` of `source`; offsets beyond 4 GiB are held at the end.
    pub fn new(source: SourceId, range: Range<usize>) -> Self {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { source, start: clamp(range.start), end: clamp(range.end) }
    }

    /// Whether this is the span of nothing.
    pub fn is_detached(self) -> bool {
        self.source == SourceId::DETACHED
    }

    /// The smallest span that covers both; a detached side, or one of another text, is ignored.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        if self.is_detached() {
            return other;
        }
        if other.source != self.source {
            return self;
        }
        Self { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The bytes as a range for slicing.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

struct Source {
    name: Arc<str>,
    text: Arc<[u8]>,
}

/// The texts a program has read, by number. Texts are bytes: templates need not be UTF-8.
#[derive(Default)]
pub struct Sources {
    sources: Vec<Source>,
}

impl fmt::Debug for Sources {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.sources.iter().map(|source| &source.name)).finish()
    }
}

/// A place in words: the name of the text, line and column, all counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position<'a> {
    /// The name the text was added under.
    pub name: &'a str,
    /// Line, from 1.
    pub line: u32,
    /// Column in bytes, from 1.
    pub column: u32,
}

impl fmt::Display for Position<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}", self.name, self.line, self.column)
    }
}

impl Sources {
    /// No texts yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text under a name that a reader recognises, usually its path.
    pub fn add(&mut self, name: impl Into<Arc<str>>, text: impl AsRef<[u8]>) -> SourceId {
        let id = SourceId(u32::try_from(self.sources.len()).unwrap_or(u32::MAX - 1));
        self.sources.push(Source { name: name.into(), text: text.as_ref().into() });
        id
    }

    /// A span over `range` of `source`.
    pub fn span(&self, source: SourceId, range: Range<usize>) -> Span {
        Span::new(source, range)
    }

    /// The name of a text, or nothing for a detached or foreign id.
    pub fn name(&self, source: SourceId) -> Option<&str> {
        self.get(source).map(|source| &*source.name)
    }

    /// The bytes of a text, or nothing for a detached or foreign id.
    pub fn text(&self, source: SourceId) -> Option<&[u8]> {
        self.get(source).map(|source| &*source.text)
    }

    /// Where a span begins, or nothing when it is detached or lies outside its text.
    pub fn position(&self, span: Span) -> Option<Position<'_>> {
        let source = self.get(span.source)?;
        let before = source.text.get(..span.start as usize)?;
        let line = before.split(|byte| *byte == b'\n').count() - 1;
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count();
        let from_one = |count: usize| u32::try_from(count).unwrap_or(u32::MAX - 1) + 1;
        Some(Position { name: &source.name, line: from_one(line), column: from_one(column) })
    }

    fn get(&self, source: SourceId) -> Option<&Source> {
        self.sources.get(source.0 as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, offset: usize, expected: Option<(u32, u32)>) {
        let mut sources = Sources::new();
        let id = sources.add("a.yaml", text);
        let position = sources.position(Span::new(id, offset..offset));
        assert_eq!(position.map(|position| (position.line, position.column)), expected);
    }

    #[test]
    fn positions() {
        check("", 0, Some((1, 1)));
        check("ab\ncd", 1, Some((1, 2)));
        check("ab\ncd", 3, Some((2, 1)));
        check("ab\ncd", 5, Some((2, 3)));
        check("ab\ncd", 6, None);
    }

    #[test]
    fn a_detached_span_has_no_position() {
        assert_eq!(Sources::new().position(Span::DETACHED), None);
    }

    #[test]
    fn joining_keeps_to_one_text() {
        let here = Span::new(SourceId::new(0), 4..6);
        let there = Span::new(SourceId::new(1), 0..9);
        assert_eq!(here.to(Span::new(SourceId::new(0), 1..2)).range(), 1..6);
        assert_eq!(here.to(there), here);
        assert_eq!(Span::DETACHED.to(here), here);
        assert_eq!(here.to(Span::DETACHED), here);
    }
}
