//! What the scanner hands to the parser.

use std::borrow::Cow;

/// A place in the text, in every measure that the grammar needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// Bytes before it.
    pub(super) offset: u32,
    /// Characters before it.
    pub(super) index: u32,
    /// Line breaks before it.
    pub(super) line: u32,
    /// Characters before it on its line.
    pub(super) column: u32,
}

/// A piece of text: a range of the source, or, if it had to be put together, of the scratch buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text {
    start: u32,
    /// The length; the highest bit says that it is in the scratch buffer.
    length: u32,
}

const IN_SCRATCH: u32 = 1 << 31;

impl Text {
    /// Offsets fit because texts are limited to 1 GiB and put-together text is not much longer.
    fn new(start: usize, end: usize) -> Self {
        let clamp = |value: usize| u32::try_from(value).unwrap_or(u32::MAX) & !IN_SCRATCH;
        Self { start: clamp(start), length: clamp(end.saturating_sub(start)) }
    }

    pub(super) fn in_source(start: usize, end: usize) -> Self {
        Self::new(start, end)
    }

    pub(super) fn in_scratch(start: usize, end: usize) -> Self {
        let text = Self::new(start, end);
        Self { length: text.length | IN_SCRATCH, ..text }
    }

    /// Where it begins in the scratch buffer, if it is there.
    pub(super) fn scratch_start(self) -> Option<usize> {
        (self.length & IN_SCRATCH != 0).then_some(self.start as usize)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.length & !IN_SCRATCH == 0
    }

    pub(crate) fn resolve<'a>(self, source: &'a str, scratch: &'a str) -> &'a str {
        let start = self.start as usize;
        let end = start + (self.length & !IN_SCRATCH) as usize;
        let holder = if self.length & IN_SCRATCH == 0 { source } else { scratch };
        holder.get(start..end).unwrap_or_default()
    }
}

/// How a node was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A scalar without quotes; also one that is not there.
    Plain,
    /// `'…'`
    SingleQuoted,
    /// `"…"`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
    /// A list or map by indentation.
    Block,
    /// `[…]` or `{…}`
    Flow,
}

/// The kinds of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    StreamStart,
    StreamEnd,
    VersionDirective { major: u8, minor: u8 },
    TagDirective { handle: Text, prefix: Text },
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(Text),
    Anchor(Text),
    Tag { handle: Text, suffix: Text },
    Scalar { text: Text, style: Style },
}

/// A token and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: Mark,
    /// The byte after it.
    pub(super) end: u32,
}

/// Why scanning or parsing stopped.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) problem: Cow<'static, str>,
    /// The line that go-yaml names.
    pub(super) line: Option<usize>,
    pub(super) offset: usize,
}

impl Failure {
    /// From the reader, which knows no lines.
    pub(super) fn reader(problem: &'static str, offset: usize) -> Self {
        Self { problem: problem.into(), line: None, offset }
    }

    /// From the scanner: go-yaml counts its line from 1, but leaves the first line out.
    pub(super) fn scanner(problem: impl Into<Cow<'static, str>>, context: Mark, at: Mark) -> Self {
        let line = if at.line != 0 { at.line + 1 } else { context.line };
        Self::new(problem.into(), line, at)
    }

    /// From the parser: go-yaml names the line before, as its marks count from 0.
    pub(super) fn parser(problem: &'static str, context: Mark, at: Mark) -> Self {
        let line = if at.line != 0 { at.line } else { context.line };
        Self::new(problem.into(), line, at)
    }

    fn new(problem: Cow<'static, str>, line: u32, at: Mark) -> Self {
        let line = (line != 0).then_some(line as usize);
        Self { problem, line, offset: at.offset as usize }
    }
}

/// What a step of scanning or parsing gives.
pub(super) type Step<T> = Result<T, Box<Failure>>;

/// The step that ends in `failure`.
pub(super) fn failed<T>(failure: Failure) -> Step<T> {
    Err(Box::new(failure))
}
