//! Tokens to events, after the parser of go-yaml v2 (`parserc.go`).

use super::scanner::Scanner;
use super::token::{Failure, Mark, Step, Style, Text, Token, TokenKind, failed};

/// What to expect next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    StreamStart,
    ImplicitDocumentStart,
    DocumentStart,
    DocumentContent,
    DocumentEnd,
    BlockNode,
    BlockSequenceFirstEntry,
    BlockSequenceEntry,
    IndentlessSequenceEntry,
    BlockMappingFirstKey,
    BlockMappingKey,
    BlockMappingValue,
    FlowSequenceFirstEntry,
    FlowSequenceEntry,
    FlowSequenceEntryMappingKey,
    FlowSequenceEntryMappingValue,
    FlowSequenceEntryMappingEnd,
    FlowMappingFirstKey,
    FlowMappingKey,
    FlowMappingValue,
    FlowMappingEmptyValue,
    End,
}

/// Anchor and tag of a node.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Properties {
    pub(super) anchor: Option<Text>,
    /// The tag with its handle resolved.
    pub(super) tag: Option<Text>,
}

/// What the parser finds.
#[derive(Clone, Copy, Debug)]
pub(super) enum EventKind {
    StreamStart,
    StreamEnd,
    DocumentStart,
    DocumentEnd,
    Alias(Text),
    /// `implicit`: the kind follows from the text, as there is neither a quote nor a tag.
    Scalar {
        properties: Properties,
        text: Text,
        style: Style,
        implicit: bool,
    },
    SequenceStart {
        properties: Properties,
        style: Style,
    },
    SequenceEnd,
    MappingStart {
        properties: Properties,
        style: Style,
    },
    MappingEnd,
}

/// An event and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    pub(super) kind: EventKind,
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Event {
    fn new(kind: EventKind, start: Mark, end: u32) -> Self {
        Self { kind, start: start.offset, end }
    }

    fn empty_scalar(offset: u32) -> Self {
        let kind = EventKind::Scalar {
            properties: Properties::default(),
            text: Text::default(),
            style: Style::Plain,
            implicit: true,
        };
        Self { kind, start: offset, end: offset }
    }
}

/// The parser. `CAREFUL` as in [`Scanner`].
#[derive(Debug)]
pub(super) struct Parser<'s, const CAREFUL: bool> {
    pub(super) scanner: Scanner<'s, CAREFUL>,
    source: &'s str,
    state: State,
    states: Vec<State>,
    marks: Vec<Mark>,
    tag_directives: Vec<(String, String)>,
}

impl<'s, const CAREFUL: bool> Parser<'s, CAREFUL> {
    pub(super) fn new(source: &'s str, scanner: Scanner<'s, CAREFUL>) -> Self {
        Self {
            scanner,
            source,
            state: State::StreamStart,
            states: Vec::new(),
            marks: Vec::new(),
            tag_directives: Vec::new(),
        }
    }

    pub(super) fn next_event(&mut self) -> Step<Event> {
        match self.state {
            State::StreamStart => {
                let token = self.scanner.peek()?;
                self.state = State::ImplicitDocumentStart;
                Ok(self.take(EventKind::StreamStart, token))
            }
            State::ImplicitDocumentStart => self.document_start(true),
            State::DocumentStart => self.document_start(false),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => self.document_end(),
            State::BlockNode => self.node(true, false),
            State::BlockSequenceFirstEntry => self.block_sequence_entry(true),
            State::BlockSequenceEntry => self.block_sequence_entry(false),
            State::IndentlessSequenceEntry => self.indentless_sequence_entry(),
            State::BlockMappingFirstKey => self.block_mapping_key(true),
            State::BlockMappingKey => self.block_mapping_key(false),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequenceFirstEntry => self.flow_sequence_entry(true),
            State::FlowSequenceEntry => self.flow_sequence_entry(false),
            State::FlowSequenceEntryMappingKey => self.flow_sequence_entry_mapping_key(),
            State::FlowSequenceEntryMappingValue => self.flow_sequence_entry_mapping_value(),
            State::FlowSequenceEntryMappingEnd => {
                let token = self.scanner.peek()?;
                self.state = State::FlowSequenceEntry;
                Ok(Event::new(EventKind::MappingEnd, token.start, token.start.offset))
            }
            State::FlowMappingFirstKey => self.flow_mapping_key(true),
            State::FlowMappingKey => self.flow_mapping_key(false),
            State::FlowMappingValue => self.flow_mapping_value(false),
            State::FlowMappingEmptyValue => self.flow_mapping_value(true),
            State::End => {
                let mark = self.scanner.mark();
                Ok(Event::new(EventKind::StreamEnd, mark, mark.offset))
            }
        }
    }

    /// Drops the token and makes an event of it.
    fn take(&mut self, kind: EventKind, token: Token) -> Event {
        self.scanner.advance();
        Event::new(kind, token.start, token.end)
    }

    fn pop_state(&mut self) {
        self.state = self.states.pop().unwrap_or(State::End);
    }

    /// Drops the token and looks at the next.
    fn following(&mut self) -> Step<Token> {
        self.scanner.advance();
        self.scanner.peek()
    }

    fn empty_scalar(&mut self, next: State, offset: u32) -> Event {
        self.state = next;
        Event::empty_scalar(offset)
    }

    fn child(&mut self, after: State, block: bool, indentless: bool) -> Step<Event> {
        self.states.push(after);
        self.node(block, indentless)
    }

    fn document_start(&mut self, implicit: bool) -> Step<Event> {
        let mut token = self.scanner.peek()?;
        if !implicit {
            while token.kind == TokenKind::DocumentEnd {
                token = self.following()?;
            }
        }
        let explicit = matches!(
            token.kind,
            TokenKind::VersionDirective { .. } | TokenKind::TagDirective { .. } | TokenKind::DocumentStart
        );
        if token.kind == TokenKind::StreamEnd {
            self.state = State::End;
            return Ok(self.take(EventKind::StreamEnd, token));
        }
        let start = token.start;
        self.directives()?;
        self.states.push(State::DocumentEnd);
        if implicit && !explicit {
            self.state = State::BlockNode;
            return Ok(Event::new(EventKind::DocumentStart, start, token.end));
        }
        let token = self.scanner.peek()?;
        if token.kind != TokenKind::DocumentStart {
            let problem = "did not find expected <document start>";
            return failed(Failure::parser(problem, Mark::default(), token.start));
        }
        self.state = State::DocumentContent;
        self.scanner.advance();
        Ok(Event::new(EventKind::DocumentStart, start, token.end))
    }

    fn document_content(&mut self) -> Step<Event> {
        let token = self.scanner.peek()?;
        match token.kind {
            TokenKind::VersionDirective { .. }
            | TokenKind::TagDirective { .. }
            | TokenKind::DocumentStart
            | TokenKind::DocumentEnd
            | TokenKind::StreamEnd => {
                self.pop_state();
                Ok(Event::empty_scalar(token.start.offset))
            }
            _ => self.node(true, false),
        }
    }

    fn document_end(&mut self) -> Step<Event> {
        let token = self.scanner.peek()?;
        let mut end = token.start.offset;
        if token.kind == TokenKind::DocumentEnd {
            end = token.end;
            self.scanner.advance();
        }
        self.tag_directives.clear();
        self.state = State::DocumentStart;
        Ok(Event::new(EventKind::DocumentEnd, token.start, end))
    }

    fn directives(&mut self) -> Step<()> {
        let mut token = self.scanner.peek()?;
        let mut version = false;
        let fail = |problem, token: Token| failed(Failure::parser(problem, Mark::default(), token.start));
        loop {
            match token.kind {
                TokenKind::VersionDirective { .. } if version => {
                    return fail("found duplicate %YAML directive", token);
                }
                TokenKind::VersionDirective { major: 1, minor: 1 } => version = true,
                TokenKind::VersionDirective { .. } => {
                    return fail("found incompatible YAML document", token);
                }
                TokenKind::TagDirective { handle, prefix } => {
                    let handle = self.text(handle).to_owned();
                    let prefix = self.text(prefix).to_owned();
                    if self.tag_directives.iter().any(|(known, _)| *known == handle) {
                        return fail("found duplicate %TAG directive", token);
                    }
                    self.tag_directives.push((handle, prefix));
                }
                _ => return Ok(()),
            }
            token = self.following()?;
        }
    }

    fn text(&self, text: Text) -> &str {
        text.resolve(self.source, &self.scanner.scratch)
    }

    /// The tag that a handle and a suffix stand for.
    fn tag(&mut self, handle: Text, suffix: Text) -> Option<Text> {
        if handle.is_empty() {
            return (!suffix.is_empty()).then_some(suffix);
        }
        let name = self.text(handle);
        let prefix = match self.tag_directives.iter().find(|(known, _)| known == name) {
            Some((_, prefix)) => prefix.clone(),
            None if name == "!" => "!".to_owned(),
            None if name == "!!" => "tag:yaml.org,2002:".to_owned(),
            None => return None,
        };
        let tag = prefix + self.text(suffix);
        let start = self.scanner.scratch.len();
        self.scanner.scratch.push_str(&tag);
        (!tag.is_empty()).then(|| self.scanner.scratch_from(start))
    }

    fn node(&mut self, block: bool, indentless: bool) -> Step<Event> {
        let mut token = self.scanner.peek()?;
        if let TokenKind::Alias(name) = token.kind {
            self.pop_state();
            return Ok(self.take(EventKind::Alias(name), token));
        }
        let start = token.start;
        let mut end = token.start.offset;
        let mut properties = Properties::default();
        let mut written_tag = None;
        // An anchor and a tag, in either order, each at most once.
        for _ in 0..2 {
            match token.kind {
                TokenKind::Anchor(name) if properties.anchor.is_none() => properties.anchor = Some(name),
                TokenKind::Tag { handle, suffix } if written_tag.is_none() => {
                    written_tag = Some((handle, suffix, token.start));
                }
                _ => break,
            }
            end = token.end;
            token = self.following()?;
        }
        if let Some((handle, suffix, mark)) = written_tag {
            properties.tag = self.tag(handle, suffix);
            if properties.tag.is_none() && !handle.is_empty() {
                return failed(Failure::parser("found undefined tag handle", start, mark));
            }
        }
        let (kind, end) = match token.kind {
            TokenKind::BlockEntry if indentless => {
                self.state = State::IndentlessSequenceEntry;
                (EventKind::SequenceStart { properties, style: Style::Block }, token.end)
            }
            TokenKind::Scalar { text, style } => {
                let implicit = match properties.tag {
                    None => style == Style::Plain,
                    Some(tag) => self.text(tag) == "!",
                };
                self.pop_state();
                self.scanner.advance();
                (EventKind::Scalar { properties, text, style, implicit }, token.end)
            }
            TokenKind::FlowSequenceStart => {
                self.state = State::FlowSequenceFirstEntry;
                (EventKind::SequenceStart { properties, style: Style::Flow }, token.end)
            }
            TokenKind::FlowMappingStart => {
                self.state = State::FlowMappingFirstKey;
                (EventKind::MappingStart { properties, style: Style::Flow }, token.end)
            }
            TokenKind::BlockSequenceStart if block => {
                self.state = State::BlockSequenceFirstEntry;
                (EventKind::SequenceStart { properties, style: Style::Block }, token.end)
            }
            TokenKind::BlockMappingStart if block => {
                self.state = State::BlockMappingFirstKey;
                (EventKind::MappingStart { properties, style: Style::Block }, token.end)
            }
            _ if properties.anchor.is_some() || properties.tag.is_some() => {
                self.pop_state();
                let implicit = properties.tag.is_none();
                let style = Style::Plain;
                (EventKind::Scalar { properties, text: Text::default(), style, implicit }, end)
            }
            _ => {
                return failed(Failure::parser("did not find expected node content", start, token.start));
            }
        };
        Ok(Event::new(kind, start, end))
    }

    fn remember(&mut self, first: bool) -> Step<()> {
        if first {
            let token = self.scanner.peek()?;
            self.marks.push(token.start);
            self.scanner.advance();
        }
        Ok(())
    }

    fn fail<T>(&self, problem: &'static str, token: Token) -> Step<T> {
        let context = self.marks.last().copied().unwrap_or_default();
        failed(Failure::parser(problem, context, token.start))
    }

    fn end(&mut self, kind: EventKind, token: Token) -> Event {
        self.pop_state();
        self.marks.pop();
        self.take(kind, token)
    }

    fn block_sequence_entry(&mut self, first: bool) -> Step<Event> {
        self.remember(first)?;
        let token = self.scanner.peek()?;
        match token.kind {
            TokenKind::BlockEntry => {
                let next = self.following()?;
                if matches!(next.kind, TokenKind::BlockEntry | TokenKind::BlockEnd) {
                    return Ok(self.empty_scalar(State::BlockSequenceEntry, token.end));
                }
                self.child(State::BlockSequenceEntry, true, false)
            }
            TokenKind::BlockEnd => Ok(self.end(EventKind::SequenceEnd, token)),
            _ => self.fail("did not find expected '-' indicator", token),
        }
    }

    fn indentless_sequence_entry(&mut self) -> Step<Event> {
        let token = self.scanner.peek()?;
        if token.kind == TokenKind::BlockEntry {
            let next = self.following()?;
            if matches!(next.kind, TokenKind::BlockEntry | TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd) {
                return Ok(self.empty_scalar(State::IndentlessSequenceEntry, token.end));
            }
            return self.child(State::IndentlessSequenceEntry, true, false);
        }
        self.pop_state();
        Ok(Event::new(EventKind::SequenceEnd, token.start, token.start.offset))
    }

    fn block_mapping_key(&mut self, first: bool) -> Step<Event> {
        self.remember(first)?;
        let token = self.scanner.peek()?;
        match token.kind {
            TokenKind::Key => {
                let next = self.following()?;
                if matches!(next.kind, TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd) {
                    return Ok(self.empty_scalar(State::BlockMappingValue, token.end));
                }
                self.child(State::BlockMappingValue, true, true)
            }
            TokenKind::BlockEnd => Ok(self.end(EventKind::MappingEnd, token)),
            _ => self.fail("did not find expected key", token),
        }
    }

    fn block_mapping_value(&mut self) -> Step<Event> {
        let token = self.scanner.peek()?;
        if token.kind != TokenKind::Value {
            return Ok(self.empty_scalar(State::BlockMappingKey, token.start.offset));
        }
        let next = self.following()?;
        if matches!(next.kind, TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd) {
            return Ok(self.empty_scalar(State::BlockMappingKey, token.end));
        }
        self.child(State::BlockMappingKey, true, true)
    }

    fn flow_sequence_entry(&mut self, first: bool) -> Step<Event> {
        self.remember(first)?;
        let mut token = self.scanner.peek()?;
        if token.kind != TokenKind::FlowSequenceEnd {
            if !first {
                if token.kind != TokenKind::FlowEntry {
                    return self.fail("did not find expected ',' or ']'", token);
                }
                token = self.following()?;
            }
            if token.kind == TokenKind::Key {
                self.state = State::FlowSequenceEntryMappingKey;
                let properties = Properties::default();
                return Ok(self.take(EventKind::MappingStart { properties, style: Style::Flow }, token));
            }
            if token.kind != TokenKind::FlowSequenceEnd {
                return self.child(State::FlowSequenceEntry, false, false);
            }
        }
        Ok(self.end(EventKind::SequenceEnd, token))
    }

    fn flow_sequence_entry_mapping_key(&mut self) -> Step<Event> {
        let token = self.scanner.peek()?;
        if matches!(token.kind, TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowSequenceEnd) {
            self.scanner.advance();
            return Ok(self.empty_scalar(State::FlowSequenceEntryMappingValue, token.end));
        }
        self.child(State::FlowSequenceEntryMappingValue, false, false)
    }

    fn flow_sequence_entry_mapping_value(&mut self) -> Step<Event> {
        let token = self.scanner.peek()?;
        if token.kind == TokenKind::Value {
            let next = self.following()?;
            if !matches!(next.kind, TokenKind::FlowEntry | TokenKind::FlowSequenceEnd) {
                return self.child(State::FlowSequenceEntryMappingEnd, false, false);
            }
        }
        Ok(self.empty_scalar(State::FlowSequenceEntryMappingEnd, token.start.offset))
    }

    fn flow_mapping_key(&mut self, first: bool) -> Step<Event> {
        self.remember(first)?;
        let mut token = self.scanner.peek()?;
        if token.kind != TokenKind::FlowMappingEnd {
            if !first {
                if token.kind != TokenKind::FlowEntry {
                    return self.fail("did not find expected ',' or '}'", token);
                }
                token = self.following()?;
            }
            if token.kind == TokenKind::Key {
                token = self.following()?;
                if matches!(token.kind, TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowMappingEnd) {
                    return Ok(self.empty_scalar(State::FlowMappingValue, token.start.offset));
                }
                return self.child(State::FlowMappingValue, false, false);
            }
            if token.kind != TokenKind::FlowMappingEnd {
                return self.child(State::FlowMappingEmptyValue, false, false);
            }
        }
        Ok(self.end(EventKind::MappingEnd, token))
    }

    fn flow_mapping_value(&mut self, empty: bool) -> Step<Event> {
        let token = self.scanner.peek()?;
        if !empty && token.kind == TokenKind::Value {
            let next = self.following()?;
            if !matches!(next.kind, TokenKind::FlowEntry | TokenKind::FlowMappingEnd) {
                return self.child(State::FlowMappingKey, false, false);
            }
        }
        Ok(self.empty_scalar(State::FlowMappingKey, token.start.offset))
    }
}
