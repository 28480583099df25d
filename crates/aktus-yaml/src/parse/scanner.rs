//! Text to tokens, after the scanner of go-yaml v2 (`scannerc.go`).
//!
//! The order of checks, what is looked at ahead, and the tables of possible simple keys are those of
//! go-yaml, because its leniencies and its errors follow from them.

use super::characters::Steps;
use super::input::Careful;
use super::token::{Failure, Mark, Step, Text, Token, TokenKind, failed};
use std::cmp::Ordering;
use std::collections::VecDeque;

/// go-yaml's bound on flow levels and on indents.
const MAX_DEPTH: usize = 10_000;
/// How far after its start a simple key may end, in characters.
const MAX_SIMPLE_KEY: u32 = 1024;

/// A token that turns out to begin a key if a `:` follows.
#[derive(Clone, Copy, Debug, Default)]
struct SimpleKey {
    possible: bool,
    required: bool,
    token_number: usize,
    mark: Mark,
}

/// The scanner. `CAREFUL` says whether the steps of decoding are followed ([`Careful`]).
#[derive(Debug)]
pub(super) struct Scanner<'s, const CAREFUL: bool> {
    pub(super) text: &'s [u8],
    /// Text that had to be put together.
    pub(super) scratch: String,
    pub(super) position: usize,
    pub(super) line: u32,
    /// `position - line_base` is the column, in characters.
    pub(super) line_base: usize,
    /// `position - index_base` is the index, in characters.
    pub(super) index_base: usize,
    pub(super) steps: Steps<'s>,

    tokens: VecDeque<Token>,
    tokens_parsed: usize,
    token_available: bool,
    stream_start_produced: bool,
    pub(super) indent: i64,
    indents: Vec<i64>,
    pub(super) simple_key_allowed: bool,
    simple_keys: Vec<SimpleKey>,
    /// Numbers of tokens, ascending, and their entries in `simple_keys`. As in go-yaml one may be
    /// missing or stale.
    keys_by_token: VecDeque<(usize, usize)>,
    pub(super) flow_level: usize,
}

impl<'s, const CAREFUL: bool> Scanner<'s, CAREFUL> {
    pub(super) fn new(text: &'s str, careful: Option<&'s Careful>) -> Self {
        Self {
            text: text.as_bytes(),
            scratch: String::new(),
            position: 0,
            line: 0,
            line_base: 0,
            index_base: 0,
            steps: Steps::new(careful),
            tokens: VecDeque::with_capacity(16),
            tokens_parsed: 0,
            token_available: false,
            stream_start_produced: false,
            indent: -1,
            indents: Vec::new(),
            simple_key_allowed: false,
            simple_keys: Vec::new(),
            keys_by_token: VecDeque::new(),
            flow_level: 0,
        }
    }

    // ---- the queue

    /// The next token.
    pub(super) fn peek(&mut self) -> Step<Token> {
        if !self.token_available {
            self.fetch_more_tokens()?;
        }
        match self.tokens.front() {
            Some(token) => Ok(*token),
            None => self.fail(self.mark(), "unknown problem parsing YAML content"),
        }
    }

    /// Drops the token that [`peek`](Self::peek) gave.
    pub(super) fn advance(&mut self) {
        self.token_available = false;
        self.tokens_parsed += 1;
        self.tokens.pop_front();
    }

    fn push(&mut self, kind: TokenKind, start: Mark) {
        let end = self.offset();
        self.tokens.push_back(Token { kind, start, end });
    }

    /// Puts a token before the one with `number`, or at the end if that has gone already.
    fn insert(&mut self, number: Option<usize>, kind: TokenKind, mark: Mark) {
        let token = Token { kind, start: mark, end: mark.offset };
        match number.and_then(|number| number.checked_sub(self.tokens_parsed)) {
            Some(place) if place < self.tokens.len() => self.tokens.insert(place, token),
            _ => self.tokens.push_back(token),
        }
    }

    /// Fetches until the first token cannot be preceded by another any more.
    fn fetch_more_tokens(&mut self) -> Step<()> {
        loop {
            if !self.tokens.is_empty() {
                let Some(key) = self.key_of_first_token() else { break };
                if !self.simple_key_is_valid(key)? {
                    break;
                }
            }
            self.fetch_next_token()?;
        }
        self.token_available = true;
        Ok(())
    }

    /// The entry of `simple_keys` for the first token in the queue.
    fn key_of_first_token(&mut self) -> Option<usize> {
        while let Some((number, key)) = self.keys_by_token.front() {
            match number.cmp(&self.tokens_parsed) {
                Ordering::Less => {}
                Ordering::Equal => return Some(*key),
                Ordering::Greater => return None,
            }
            // Tokens that have gone do not come back.
            self.keys_by_token.pop_front();
        }
        None
    }

    fn forget_key(&mut self, number: usize) {
        // Keys are mostly forgotten in the order opposite to that in which they were saved.
        let place = self.keys_by_token.iter().rposition(|(known, _)| *known <= number);
        if let Some(place) = place
            && self.keys_by_token.get(place).is_some_and(|(known, _)| *known == number)
        {
            self.keys_by_token.remove(place);
        }
    }

    fn fetch_next_token(&mut self) -> Step<()> {
        self.need(1)?;
        if !self.stream_start_produced {
            self.fetch_stream_start();
            return Ok(());
        }
        self.scan_to_next_token()?;
        self.unroll_indent(i64::try_from(self.column()).unwrap_or(i64::MAX));
        self.need(4)?;

        let byte = self.byte(0);
        if byte == 0 {
            return self.fetch_stream_end();
        }
        if self.column() == 0 {
            if byte == b'%' {
                return self.fetch_directive();
            }
            if self.is_document_indicator(b'-') {
                return self.fetch_document_indicator(TokenKind::DocumentStart);
            }
            if self.is_document_indicator(b'.') {
                return self.fetch_document_indicator(TokenKind::DocumentEnd);
            }
        }
        let in_flow = self.flow_level > 0;
        match byte {
            b'[' => self.fetch_flow_start(TokenKind::FlowSequenceStart),
            b'{' => self.fetch_flow_start(TokenKind::FlowMappingStart),
            b']' => self.fetch_flow_end(TokenKind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(TokenKind::FlowMappingEnd),
            b',' => self.fetch_flow_entry(),
            b'-' if self.is_blank_or_end(1) => self.fetch_block_entry(),
            b'?' if in_flow || self.is_blank_or_end(1) => self.fetch_key(),
            b':' if in_flow || self.is_blank_or_end(1) => self.fetch_value(),
            b'*' | b'&' => self.fetch_anchor(),
            b'!' => self.fetch_tag(),
            b'|' | b'>' if !in_flow => self.fetch_block_scalar(byte == b'|'),
            b'\'' | b'"' => self.fetch_flow_scalar(byte == b'\''),
            b' ' | b'\t' | b'\r' | b'\n' | b'#' | b'|' | b'>' | b'%' | b'@' | b'`' => {
                self.fail(self.mark(), "found character that cannot start any token")
            }
            0xc2 | 0xe2 if self.is_break(0) => self.fail(self.mark(), "found character that cannot start any token"),
            // `-`, `?` and `:` before something else than a blank are among these.
            _ => self.fetch_plain_scalar(),
        }
    }

    /// Whether `---` or `...` stands at the beginning of a line here.
    pub(super) fn is_document_indicator(&self, mark: u8) -> bool {
        self.byte(0) == mark
            && self.byte(1) == mark
            && self.byte(2) == mark
            && self.is_blank_or_end(3)
            && self.column() == 0
    }

    // ---- simple keys

    fn simple_key_is_valid(&mut self, index: usize) -> Step<bool> {
        let now = self.mark();
        let Some(key) = self.simple_keys.get_mut(index) else { return Ok(false) };
        if !key.possible {
            return Ok(false);
        }
        // A key without `?` stays on one line and is not longer than 1,024 characters.
        if key.mark.line < now.line || key.mark.index + MAX_SIMPLE_KEY < now.index {
            let mark = key.mark;
            if key.required {
                return self.fail(mark, "could not find expected ':'");
            }
            key.possible = false;
            return Ok(false);
        }
        Ok(true)
    }

    fn save_simple_key(&mut self) -> Step<()> {
        let mark = self.mark();
        let required = self.flow_level == 0 && self.indent == i64::from(mark.column);
        if self.simple_key_allowed {
            let token_number = self.tokens_parsed + self.tokens.len();
            self.remove_simple_key()?;
            if let Some(last) = self.simple_keys.last_mut() {
                *last = SimpleKey { possible: true, required, token_number, mark };
            }
            let key = self.simple_keys.len().saturating_sub(1);
            match self.keys_by_token.back_mut() {
                Some(last) if last.0 == token_number => last.1 = key,
                _ => self.keys_by_token.push_back((token_number, key)),
            }
        }
        Ok(())
    }

    fn remove_simple_key(&mut self) -> Step<()> {
        let Some(last) = self.simple_keys.last_mut() else { return Ok(()) };
        if last.possible {
            if last.required {
                let mark = last.mark;
                return self.fail(mark, "could not find expected ':'");
            }
            last.possible = false;
            let number = last.token_number;
            self.forget_key(number);
        }
        Ok(())
    }

    fn increase_flow_level(&mut self) -> Step<()> {
        let mark = self.mark();
        let token_number = self.tokens_parsed + self.tokens.len();
        self.simple_keys.push(SimpleKey { token_number, mark, ..SimpleKey::default() });
        self.flow_level += 1;
        self.check_depth(self.flow_level)
    }

    fn decrease_flow_level(&mut self) {
        if self.flow_level > 0 {
            self.flow_level -= 1;
            // This may remove the entry of the key that holds the collection: `[]: x` is no map.
            if let Some(last) = self.simple_keys.pop() {
                self.forget_key(last.token_number);
            }
        }
    }

    fn check_depth(&self, depth: usize) -> Step<()> {
        if depth > MAX_DEPTH {
            let context = self.simple_keys.last().map_or_else(|| self.mark(), |key| key.mark);
            let problem = format!("exceeded max depth of {MAX_DEPTH}");
            return failed(Failure::scanner(problem, context, self.mark()));
        }
        Ok(())
    }

    // ---- indentation

    fn roll_indent(&mut self, column: u32, number: Option<usize>, kind: TokenKind, mark: Mark) -> Step<()> {
        let column = i64::from(column);
        if self.flow_level > 0 || self.indent >= column {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = column;
        self.check_depth(self.indents.len())?;
        self.insert(number, kind, mark);
        Ok(())
    }

    fn unroll_indent(&mut self, column: i64) {
        if self.flow_level > 0 {
            return;
        }
        while self.indent > column {
            self.insert(None, TokenKind::BlockEnd, self.mark());
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    // ---- fetching

    fn fetch_stream_start(&mut self) {
        self.indent = -1;
        self.simple_keys.push(SimpleKey::default());
        self.simple_key_allowed = true;
        self.stream_start_produced = true;
        self.push(TokenKind::StreamStart, self.mark());
    }

    fn fetch_stream_end(&mut self) -> Step<()> {
        if self.column() != 0 {
            self.line_base = self.position;
            self.line += 1;
        }
        self.leave_block()?;
        self.push(TokenKind::StreamEnd, self.mark());
        Ok(())
    }

    /// What the end of a document does to keys and indentation.
    fn leave_block(&mut self) -> Step<()> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        Ok(())
    }

    fn fetch_directive(&mut self) -> Step<()> {
        self.leave_block()?;
        let start = self.mark();
        let kind = self.scan_directive()?;
        self.push(kind, start);
        Ok(())
    }

    fn fetch_document_indicator(&mut self, kind: TokenKind) -> Step<()> {
        self.leave_block()?;
        let start = self.mark();
        self.skip();
        self.skip();
        self.skip();
        self.push(kind, start);
        Ok(())
    }

    fn fetch_flow_start(&mut self, kind: TokenKind) -> Step<()> {
        self.save_simple_key()?;
        self.increase_flow_level()?;
        self.simple_key_allowed = true;
        self.fetch_indicator(kind);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: TokenKind) -> Step<()> {
        self.remove_simple_key()?;
        self.decrease_flow_level();
        self.simple_key_allowed = false;
        self.fetch_indicator(kind);
        Ok(())
    }

    fn fetch_flow_entry(&mut self) -> Step<()> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.fetch_indicator(TokenKind::FlowEntry);
        Ok(())
    }

    fn fetch_indicator(&mut self, kind: TokenKind) {
        let start = self.mark();
        self.skip();
        self.push(kind, start);
    }

    fn fetch_block_entry(&mut self) -> Step<()> {
        // In flow context the parser finds the mistake.
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return self.fail(self.mark(), "block sequence entries are not allowed in this context");
            }
            let mark = self.mark();
            self.roll_indent(mark.column, None, TokenKind::BlockSequenceStart, mark)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.fetch_indicator(TokenKind::BlockEntry);
        Ok(())
    }

    fn fetch_key(&mut self) -> Step<()> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return self.fail(self.mark(), "mapping keys are not allowed in this context");
            }
            let mark = self.mark();
            self.roll_indent(mark.column, None, TokenKind::BlockMappingStart, mark)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.fetch_indicator(TokenKind::Key);
        Ok(())
    }

    fn fetch_value(&mut self) -> Step<()> {
        let index = self.simple_keys.len().saturating_sub(1);
        if self.simple_key_is_valid(index)? {
            let key = self.simple_keys.get(index).copied().unwrap_or_default();
            self.insert(Some(key.token_number), TokenKind::Key, key.mark);
            self.roll_indent(key.mark.column, Some(key.token_number), TokenKind::BlockMappingStart, key.mark)?;
            if let Some(key) = self.simple_keys.get_mut(index) {
                key.possible = false;
            }
            self.forget_key(key.token_number);
            self.simple_key_allowed = false;
        } else {
            // The `:` follows a complex key, or none.
            if self.flow_level == 0 {
                if !self.simple_key_allowed {
                    return self.fail(self.mark(), "mapping values are not allowed in this context");
                }
                let mark = self.mark();
                self.roll_indent(mark.column, None, TokenKind::BlockMappingStart, mark)?;
            }
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.fetch_indicator(TokenKind::Value);
        Ok(())
    }

    fn fetch_anchor(&mut self) -> Step<()> {
        self.begin_simple_key()?;
        let start = self.mark();
        let kind = self.scan_anchor()?;
        self.push(kind, start);
        Ok(())
    }

    fn fetch_tag(&mut self) -> Step<()> {
        self.begin_simple_key()?;
        let start = self.mark();
        let kind = self.scan_tag()?;
        self.push(kind, start);
        Ok(())
    }

    fn fetch_block_scalar(&mut self, literal: bool) -> Step<()> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        let token = self.scan_block_scalar(literal)?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_flow_scalar(&mut self, single: bool) -> Step<()> {
        self.begin_simple_key()?;
        let start = self.mark();
        let kind = self.scan_flow_scalar(single)?;
        self.push(kind, start);
        Ok(())
    }

    fn fetch_plain_scalar(&mut self) -> Step<()> {
        self.begin_simple_key()?;
        let token = self.scan_plain_scalar()?;
        self.tokens.push_back(token);
        Ok(())
    }

    /// What comes may be a key; after it none may come.
    fn begin_simple_key(&mut self) -> Step<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        Ok(())
    }

    fn scan_to_next_token(&mut self) -> Step<()> {
        loop {
            self.need(1)?;
            if self.column() == 0 && self.is_byte_order_mark() {
                self.skip();
            }
            self.need(1)?;
            // Tabs may not stand where indentation counts.
            while self.byte(0) == b' ' || (self.byte(0) == b'\t' && (self.flow_level > 0 || !self.simple_key_allowed)) {
                self.skip();
                self.need(1)?;
            }
            self.skip_comment()?;
            if !self.is_break(0) {
                return Ok(());
            }
            self.need(2)?;
            self.skip_break();
            if self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }

    /// A piece of text as the scanner has put it together.
    pub(super) fn scratch_from(&self, start: usize) -> Text {
        Text::in_scratch(start, self.scratch.len())
    }
}
