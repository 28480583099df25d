//! The plain block documents that nearly all YAML is made of, straight to nodes.
//!
//! One pass by lines, without tokens and states, is several times as fast as the scanner. It gives up as soon as
//! something is not certain to mean what the scanner and the parser make of it, which then start over: errors, anchors,
//! tags, directives, several documents, tabs, unusual line breaks, nested flow collections and rare escapes are theirs.

#[cfg(test)]
mod tests;

use super::compose::Composer;
use super::parser::{Event, EventKind, Properties};
use super::token::{Style, Text};
use memchr::{memchr, memchr2, memchr2_iter, memchr3};

/// Longer keys are left to the scanner, which counts their characters.
const LONGEST_KEY: usize = 128;

/// Most keys and many values end within so many bytes; looking for several bytes at once pays only after that.
const NEAR: usize = 16;

/// Bytes that may stand anywhere in a plain scalar. A colon or a number sign may too, unless a blank is beside it.
const PLAIN: [bool; 256] = {
    let mut table = [true; 256];
    table[b':' as usize] = false;
    table[b'#' as usize] = false;
    table[b'\t' as usize] = false;
    table[b'\n' as usize] = false;
    table
};

/// A block list or map around the position.
#[derive(Clone, Copy, Debug)]
struct Open {
    column: usize,
    is_map: bool,
    /// A list at the column of the map that holds it.
    indentless: bool,
    /// Something must follow a `:` or `-`; where nothing would stand if nothing does.
    pending: Option<usize>,
}

/// Why the plain text of a line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// At a `:` before a blank.
    Colon,
    Comment,
    Line,
}

/// The plain text of a line: its end without blanks, and where and why it stops.
#[derive(Clone, Copy, Debug)]
struct Line {
    end: usize,
    stop: Stop,
    at: usize,
}

/// The text after a line break: where it begins, its column, and after how many breaks it stands.
#[derive(Clone, Copy, Debug)]
struct Following {
    first: usize,
    column: usize,
    breaks: usize,
}

struct Blocks<'c, 's, 'l> {
    composer: &'c mut Composer<'s, 'l, false>,
    text: &'s [u8],
    at: usize,
    /// Where the current line begins.
    line: usize,
    open: Vec<Open>,
    has_tabs: bool,
}

/// Reads the whole document; nothing if that is left to the scanner. Then the composer is of no use any more.
pub(super) fn read(composer: &mut Composer<'_, '_, false>) -> Option<()> {
    let text = composer.text.as_bytes();
    if memchr(b'\r', text).is_some() || has_other_breaks(text) {
        return None;
    }
    let has_tabs = memchr(b'\t', text).is_some();
    Blocks { composer, text, at: 0, line: 0, open: Vec::new(), has_tabs }.document()
}

fn small(offset: usize) -> Option<u32> {
    u32::try_from(offset).ok()
}

/// Whether NEL, LS or PS is in the text.
fn has_other_breaks(text: &[u8]) -> bool {
    memchr2_iter(0xc2, 0xe2, text).any(|at| {
        let next = |ahead: usize| text.get(at + ahead).copied().unwrap_or(0);
        match text.get(at) {
            Some(0xc2) => next(1) == 0x85,
            _ => next(1) == 0x80 && matches!(next(2), 0xa8 | 0xa9),
        }
    })
}

impl Blocks<'_, '_, '_> {
    fn document(mut self) -> Option<()> {
        if self.next_line()? && self.is_marker(b'-') {
            self.at += 3;
            self.end_of_line(self.at)?;
        } else {
            self.at = self.line;
        }
        while self.next_line()? {
            self.block_line()?;
        }
        while !self.open.is_empty() {
            self.close()?;
        }
        // A document without nodes has rules of its own.
        (!self.composer.nodes.is_empty()).then_some(())
    }

    /// The byte at a place; 0, which is no text, past the end.
    fn byte(&self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or(0)
    }

    fn is_blank_or_end(&self, at: usize) -> bool {
        matches!(self.byte(at), b' ' | b'\t' | b'\n' | 0)
    }

    fn after_spaces(&self, mut at: usize) -> usize {
        const SPACES: u64 = u64::from_le_bytes([b' '; 8]);
        // Indentation is long, so that it pays to look at eight bytes at once.
        while let Some(chunk) = self.text.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
            let others = u64::from_le_bytes(*chunk) ^ SPACES;
            if others != 0 {
                return at + (others.trailing_zeros() / 8) as usize;
            }
            at += chunk.len();
        }
        while self.byte(at) == b' ' {
            at += 1;
        }
        at
    }

    /// The first byte from `at` on that may end a plain scalar, or the end of the text.
    fn after_plain(&self, at: usize) -> Option<usize> {
        let rest = self.text.get(at..)?;
        let special = |bytes: &[u8]| bytes.iter().position(|&byte| !PLAIN[usize::from(byte)]);
        let (near, far) = rest.split_at(rest.len().min(NEAR));
        if let Some(length) = special(near) {
            return Some(at + length);
        }
        let length = if self.has_tabs { special(far) } else { memchr3(b':', b'#', b'\n', far) };
        Some(at + near.len() + length.unwrap_or(far.len()))
    }

    fn line_end(&self, at: usize) -> usize {
        self.text.get(at..).and_then(|rest| memchr(b'\n', rest)).map_or(self.text.len(), |length| at + length)
    }

    /// `---` or `...` where a document may begin or end.
    fn is_marker(&self, mark: u8) -> bool {
        self.at == self.line
            && self.byte(self.at) == mark
            && self.byte(self.at + 1) == mark
            && self.byte(self.at + 2) == mark
            && self.is_blank_or_end(self.at + 3)
    }

    fn is_entry(&self) -> bool {
        self.byte(self.at) == b'-' && self.is_blank_or_end(self.at + 1)
    }

    /// Goes to the first byte of the next line with content.
    fn next_line(&mut self) -> Option<bool> {
        loop {
            self.line = self.at;
            let first = self.after_spaces(self.at);
            match self.byte(first) {
                0 => return Some(false),
                b'\n' => self.at = first + 1,
                b'#' => self.at = self.line_end(first) + 1,
                b'\t' => return None,
                _ => {
                    self.at = first;
                    return Some(true);
                }
            }
            if self.at >= self.text.len() {
                return Some(false);
            }
        }
    }

    /// Goes past the end of the line, where only a comment may stand.
    fn end_of_line(&mut self, at: usize) -> Option<()> {
        let after = self.after_spaces(at);
        match self.byte(after) {
            0 | b'\n' => self.at = after + 1,
            b'#' if after > at => self.at = self.line_end(after) + 1,
            _ => return None,
        }
        Some(())
    }

    fn add(&mut self, kind: EventKind, start: usize, end: usize) -> Option<()> {
        self.composer.add(Event { kind, start: small(start)?, end: small(end)? }).ok()
    }

    fn scalar(&mut self, text: Text, style: Style, start: usize, end: usize) -> Option<()> {
        if self.composer.scratch_length() > self.composer.longest_scratch() {
            return None;
        }
        let implicit = style == Style::Plain;
        self.composer.scalar(small(start)?..small(end)?, Properties::default(), text, style, implicit).ok()
    }

    fn empty(&mut self, pending: Option<usize>) -> Option<()> {
        match pending {
            Some(at) => self.scalar(Text::default(), Style::Plain, at, at),
            None => Some(()),
        }
    }

    /// Ends the innermost block.
    fn close(&mut self) -> Option<()> {
        let top = self.open.pop()?;
        self.empty(top.pending)?;
        // Where a block ends follows from its last node.
        self.add(if top.is_map { EventKind::MappingEnd } else { EventKind::SequenceEnd }, 0, 0)
    }

    fn begin(&mut self, is_map: bool, indentless: bool, column: usize) -> Option<()> {
        let (properties, style) = (Properties::default(), Style::Block);
        let kind = if is_map {
            EventKind::MappingStart { properties, style }
        } else {
            EventKind::SequenceStart { properties, style }
        };
        self.add(kind, self.at, self.at + usize::from(indentless))?;
        self.open.push(Open { column, is_map, indentless, pending: None });
        Some(())
    }

    /// A line, with the position at its first byte.
    fn block_line(&mut self) -> Option<()> {
        if self.is_marker(b'-') || self.is_marker(b'.') {
            return None;
        }
        let column = self.at - self.line;
        let is_entry = self.is_entry();
        while let Some(top) = self.open.last()
            && (top.column > column || (top.column == column && top.indentless && !is_entry))
        {
            self.close()?;
        }
        match self.open.last_mut() {
            None if self.composer.nodes.is_empty() => self.node(column),
            Some(top) if top.column < column => {
                top.pending.take()?;
                self.node(column)
            }
            Some(top) if top.is_map && is_entry => {
                top.pending.take()?;
                self.begin(false, true, column)?;
                self.entry()
            }
            Some(top) if top.is_map => {
                let pending = top.pending.take();
                self.empty(pending)?;
                let is_key = self.key(None)?;
                is_key.then_some(())
            }
            Some(top) if is_entry => {
                let pending = top.pending.take();
                self.empty(pending)?;
                self.entry()
            }
            _ => None,
        }
    }

    /// A node that may be a block of its own.
    fn node(&mut self, column: usize) -> Option<()> {
        if self.is_entry() {
            self.begin(false, false, column)?;
            return self.entry();
        }
        if self.key(Some(column))? { Some(()) } else { self.value() }
    }

    /// An item of a list, with the position at its dash.
    fn entry(&mut self) -> Option<()> {
        let after = self.at + 1;
        let first = self.after_spaces(after);
        match self.byte(first) {
            0 | b'\n' | b'#' => {
                self.open.last_mut()?.pending = Some(after);
                self.end_of_line(after)
            }
            b'\t' => None,
            _ => {
                self.at = first;
                self.node(first - self.line)
            }
        }
    }

    /// A key and what follows it on its line, if a key stands here. `column`: of the map that it opens.
    fn key(&mut self, column: Option<usize>) -> Option<bool> {
        let start = self.at;
        let (text, style, colon) = match self.byte(start) {
            quote @ (b'"' | b'\'') => {
                let rest = self.text.get(start + 1..)?;
                let length = memchr3(quote, b'\\', b'\n', rest)?;
                let end = start + 1 + length;
                if self.byte(end) != quote || self.byte(end + 1) != b':' || !self.is_blank_or_end(end + 2) {
                    return Some(false);
                }
                let style = if quote == b'"' { Style::DoubleQuoted } else { Style::SingleQuoted };
                (Text::in_source(start + 1, end), style, end + 1)
            }
            b'[' | b'{' | b'|' | b'>' => return Some(false),
            _ => {
                let line = self.plain_line(start)?;
                if line.stop != Stop::Colon {
                    return Some(false);
                }
                if !self.begins_plain(start) || line.end != line.at {
                    return None;
                }
                (Text::in_source(start, line.end), Style::Plain, line.end)
            }
        };
        if colon - start > LONGEST_KEY {
            return None;
        }
        if let Some(column) = column {
            self.begin(true, false, column)?;
        }
        self.scalar(text, style, start, colon)?;
        let first = self.after_spaces(colon + 1);
        match self.byte(first) {
            0 | b'\n' | b'#' => {
                self.open.last_mut()?.pending = Some(colon + 1);
                self.end_of_line(colon + 1)?;
            }
            b'-' if self.is_blank_or_end(first + 1) => return None,
            _ => {
                self.at = first;
                self.value()?;
            }
        }
        Some(true)
    }

    /// Whether a plain scalar begins here, as far as we are sure.
    fn begins_plain(&self, at: usize) -> bool {
        match self.byte(at) {
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'0'..=b'9'
            | 0x80..
            | b'_'
            | b'.'
            | b'/'
            | b'$'
            | b'('
            | b')'
            | b'+'
            | b'<'
            | b'='
            | b'~'
            | b'^'
            | b';'
            | b'\\' => true,
            b'-' | b':' | b'?' => !self.is_blank_or_end(at + 1),
            _ => false,
        }
    }

    fn plain_line(&self, start: usize) -> Option<Line> {
        let mut at = start;
        let stop = loop {
            at = self.after_plain(at)?;
            match self.byte(at) {
                b':' if self.is_blank_or_end(at + 1) => break Stop::Colon,
                b'#' if at == start || self.byte(at - 1) == b' ' => break Stop::Comment,
                b':' | b'#' => at += 1,
                b'\t' => return None,
                _ => break Stop::Line,
            }
        };
        let line = self.text.get(start..at)?;
        let blanks = line.iter().rev().take_while(|&&byte| byte == b' ').count();
        Some(Line { end: at - blanks, stop, at })
    }

    /// A scalar or a flow collection, to the end of its line or lines.
    fn value(&mut self) -> Option<()> {
        // A document that is no block is left to the scanner.
        let indent = self.open.last()?.column + 1;
        match self.byte(self.at) {
            quote @ (b'"' | b'\'') => self.quoted(quote),
            b'|' => self.block_scalar(indent, true),
            b'>' => self.block_scalar(indent, false),
            b'[' => self.flow_list(),
            b'{' => {
                let (start, end) = (self.at, self.after_spaces(self.at + 1));
                if self.byte(end) != b'}' {
                    return None;
                }
                let (properties, style) = (Properties::default(), Style::Flow);
                self.add(EventKind::MappingStart { properties, style }, start, start + 1)?;
                self.add(EventKind::MappingEnd, end, end + 1)?;
                self.end_of_line(end + 1)
            }
            _ => self.plain(indent),
        }
    }

    fn plain(&mut self, indent: usize) -> Option<()> {
        let start = self.at;
        if !self.begins_plain(start) {
            return None;
        }
        let mut line = self.plain_line(start)?;
        let mut begin = start;
        let mut scratch = None;
        loop {
            if line.stop == Stop::Colon {
                return None;
            }
            if line.stop != Stop::Line {
                break;
            }
            let Following { first, column, breaks } = self.following(line.at)?;
            let begins_another = matches!(self.byte(first), 0 | b'#') || column < indent;
            if begins_another {
                break;
            }
            scratch.get_or_insert(self.composer.parser.scanner.scratch.len());
            self.put(begin, line.end)?;
            self.fold(breaks);
            begin = first;
            line = self.plain_line(first)?;
        }
        let text = match scratch {
            None => Text::in_source(start, line.end),
            Some(from) => {
                self.put(begin, line.end)?;
                self.composer.parser.scanner.scratch_from(from)
            }
        };
        self.at = self.line_end(line.at) + 1;
        self.scalar(text, Style::Plain, start, line.end)
    }

    /// The next text after the line break `at`; nothing after a tab.
    fn following(&self, at: usize) -> Option<Following> {
        let (mut line, mut breaks) = (at + 1, 1);
        loop {
            let first = self.after_spaces(line);
            match self.byte(first) {
                b'\n' => {
                    line = first + 1;
                    breaks += 1;
                }
                b'\t' => return None,
                _ => return Some(Following { first, column: first - line, breaks }),
            }
        }
    }

    /// Appends the source between two places to the scratch buffer.
    fn put(&mut self, from: usize, to: usize) -> Option<()> {
        let run = self.composer.text.get(from..to)?;
        self.composer.parser.scanner.scratch.push_str(run);
        Some(())
    }

    fn put_breaks(&mut self, count: usize) {
        self.composer.parser.scanner.scratch.extend(std::iter::repeat_n('\n', count));
    }

    /// One line break becomes a space, of several the first is dropped.
    fn fold(&mut self, breaks: usize) {
        match breaks {
            1 => self.composer.parser.scanner.scratch.push(' '),
            _ => self.put_breaks(breaks - 1),
        }
    }

    fn quoted(&mut self, quote: u8) -> Option<()> {
        let start = self.at;
        let is_single = quote == b'\'';
        let mut begin = start + 1;
        let mut at = begin;
        let mut scratch = None;
        let end = loop {
            let rest = self.text.get(at..)?;
            at += if is_single { memchr2(quote, b'\n', rest)? } else { memchr3(quote, b'\\', b'\n', rest)? };
            let byte = self.byte(at);
            let next = self.byte(at + 1);
            if byte == quote && !(is_single && next == quote) {
                break at;
            }
            scratch.get_or_insert(self.composer.parser.scanner.scratch.len());
            if byte == b'\n' {
                let line = self.text.get(begin..at)?;
                let blanks = line.iter().rev().take_while(|&&byte| byte == b' ').count();
                if line.iter().rev().nth(blanks) == Some(&b'\t') {
                    return None;
                }
                self.put(begin, at - blanks)?;
                let Following { first, column, breaks } = self.following(at)?;
                // It might be a marker.
                if column == 0 && matches!(self.byte(first), b'-' | b'.') {
                    return None;
                }
                at = first;
                self.fold(breaks);
                begin = at;
                continue;
            }
            if is_single {
                // The first of the two quotes is text.
                self.put(begin, at + 1)?;
            } else {
                self.put(begin, at)?;
                let letter = match next {
                    b'n' => '\n',
                    b't' => '\t',
                    b' ' => ' ',
                    b'"' => '"',
                    b'\\' => '\\',
                    _ => return None,
                };
                self.composer.parser.scanner.scratch.push(letter);
            }
            at += 2;
            begin = at;
        };
        let text = match scratch {
            None => Text::in_source(begin, end),
            Some(from) => {
                self.put(begin, end)?;
                self.composer.parser.scanner.scratch_from(from)
            }
        };
        self.end_of_line(end + 1)?;
        let style = if is_single { Style::SingleQuoted } else { Style::DoubleQuoted };
        self.scalar(text, style, start, end + 1)
    }

    /// `[a, "b", 'c']` on one line.
    fn flow_list(&mut self) -> Option<()> {
        let start = self.at;
        let (properties, style) = (Properties::default(), Style::Flow);
        self.add(EventKind::SequenceStart { properties, style }, start, start + 1)?;
        let mut at = self.after_spaces(start + 1);
        if self.byte(at) != b']' {
            loop {
                at = self.flow_item(at)?;
                at = self.after_spaces(at);
                match self.byte(at) {
                    b',' => at = self.after_spaces(at + 1),
                    b']' => break,
                    _ => return None,
                }
            }
        }
        self.add(EventKind::SequenceEnd, at, at + 1)?;
        self.end_of_line(at + 1)
    }

    /// A scalar in a flow list; gives back what follows it.
    fn flow_item(&mut self, start: usize) -> Option<usize> {
        let rest = self.text.get(start..)?;
        if let quote @ (b'"' | b'\'') = self.byte(start) {
            let end = start + 1 + memchr3(quote, b'\\', b'\n', rest.get(1..)?)?;
            if self.byte(end) != quote || self.byte(end + 1) == quote {
                return None;
            }
            let style = if quote == b'"' { Style::DoubleQuoted } else { Style::SingleQuoted };
            self.scalar(Text::in_source(start + 1, end), style, start, end + 1)?;
            return Some(end + 1);
        }
        if !self.begins_plain(start) {
            return None;
        }
        let special = |byte: &u8| matches!(byte, b',' | b']' | b'[' | b'{' | b'}' | b':' | b'#' | b'?' | b'\t' | b'\n');
        let length = rest.iter().position(special)?;
        let text = rest.get(..length)?;
        if !matches!(self.byte(start + length), b',' | b']') {
            return None;
        }
        let end = start + length - text.iter().rev().take_while(|&&byte| byte == b' ').count();
        self.scalar(Text::in_source(start, end), Style::Plain, start, end)?;
        Some(start + length)
    }

    /// `|` or `>` and the lines below, as the scanner reads them.
    fn block_scalar(&mut self, least: usize, literal: bool) -> Option<()> {
        let start = self.at;
        let (keeps, strips) = (self.byte(start + 1) == b'+', self.byte(start + 1) == b'-');
        let header = start + 1 + usize::from(keeps || strips);
        if self.byte(header) != b'\n' {
            return None;
        }
        let from = self.composer.parser.scanner.scratch.len();
        let mut lines = Lines { at: header + 1, column: 0, indent: 0, breaks: 0, end: 0 };
        self.skip_breaks(&mut lines, least)?;
        let mut after_line = false;
        let mut leading_blank = false;
        while lines.column == lines.indent && lines.at < self.text.len() {
            let blank = matches!(self.byte(lines.at), b' ' | b'\t');
            if after_line {
                if literal || leading_blank || blank {
                    self.put_breaks(1);
                } else if lines.breaks == 0 {
                    self.fold(1);
                }
            }
            self.put_breaks(lines.breaks);
            lines.breaks = 0;
            leading_blank = blank;
            let end = self.line_end(lines.at);
            self.put(lines.at, end)?;
            after_line = end < self.text.len();
            lines.at = if after_line { end + 1 } else { end };
            self.skip_breaks(&mut lines, least)?;
        }
        if after_line && !strips {
            self.put_breaks(1);
        }
        if keeps {
            self.put_breaks(lines.breaks);
        }
        let text = self.composer.parser.scanner.scratch_from(from);
        let style = if literal { Style::Literal } else { Style::Folded };
        self.at = lines.end;
        self.scalar(text, style, start, lines.end)
    }

    /// Goes past indentation and empty lines; finds out the indentation if it is not known (0).
    fn skip_breaks(&self, lines: &mut Lines, least: usize) -> Option<()> {
        let mut deepest = 0;
        loop {
            lines.end = lines.at;
            let spaces = self.after_spaces(lines.at) - lines.at;
            lines.column = if lines.indent == 0 { spaces } else { spaces.min(lines.indent) };
            lines.at += lines.column;
            deepest = deepest.max(lines.column);
            match self.byte(lines.at) {
                b'\t' if lines.indent == 0 || lines.column < lines.indent => return None,
                b'\n' => {
                    lines.breaks += 1;
                    lines.at += 1;
                }
                _ => break,
            }
        }
        if lines.indent == 0 {
            lines.indent = deepest.max(least);
        }
        Some(())
    }
}

/// Where in a block scalar we are.
struct Lines {
    at: usize,
    column: usize,
    indent: usize,
    /// Line breaks not written yet.
    breaks: usize,
    /// The beginning of the line.
    end: usize,
}
