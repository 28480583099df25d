//! What does Go's `regexp` find in this text?
//!
//! Patterns are read by Go's own rules (RE2 syntax) into the intermediate form
//! of `regex-syntax` and searched by `regex-automata`, in time linear in the
//! text. Matches are leftmost-first as in Go.

mod class;
mod error;
mod parse;

use std::borrow::Cow;
use std::ops::Range;

use regex_automata::util::captures::Captures;
use regex_automata::{Input, meta};
use regex_syntax::hir::Hir;

use super::{strconv, unicode, utf8};
pub use error::{ErrorCode, ParseError};

/// The most memory one compiled pattern may take, in bytes.
const COMPILED_SIZE_LIMIT: usize = 32 << 20;

/// The most memory that searching may take for each of a pattern's tables, in bytes.
const SEARCH_SIZE: usize = 512 << 10;

/// A compiled pattern.
#[derive(Debug, Clone)]
pub struct Regexp {
    regex: meta::Regex,
    /// Names of the groups, the whole match being the first.
    names: Vec<Option<String>>,
    empty_pattern: bool,
}

impl Regexp {
    /// Reads and compiles `pattern` (`regexp.Compile`).
    ///
    /// # Errors
    /// The pattern is not of Go's syntax, nests deeper than 100 levels (Go: 1000), or
    /// compiles to more than 32 MiB.
    pub fn compile(pattern: &[u8]) -> Result<Self, ParseError> {
        let parsed = parse::parse(pattern)?;
        let mut compiled = Self::from_hir(&parsed.hir)
            .ok_or_else(|| ParseError { code: ErrorCode::Large, expression: pattern.to_vec() })?;
        compiled.names = parsed.names;
        compiled.empty_pattern = pattern.is_empty();
        Ok(compiled)
    }

    /// Compiles a pattern that was read elsewhere; none if it is too large.
    pub(super) fn from_hir(hir: &Hir) -> Option<Self> {
        let config = meta::Config::new()
            .nfa_size_limit(Some(COMPILED_SIZE_LIMIT))
            .hybrid_cache_capacity(SEARCH_SIZE)
            // Making a whole automaton takes longer than templates ever search.
            .dfa(false)
            .utf8_empty(true);
        let regex = meta::Builder::new().configure(config).build_from_hir(hir).ok()?;
        Some(Self { regex, names: Vec::new(), empty_pattern: false })
    }

    /// About how many bytes the pattern takes, compiled, with what it needs for searching.
    pub fn memory_usage(&self) -> usize {
        self.regex.memory_usage() + SEARCH_SIZE
    }

    /// Does the text hold a match (`MatchString`)?
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.regex.is_match(Haystack::new(text).as_bytes())
    }

    /// The leftmost match (`FindStringIndex`).
    pub fn find(&self, text: &[u8]) -> Option<Range<usize>> {
        let haystack = Haystack::new(text);
        let found = self.regex.find(haystack.as_bytes())?;
        Some(haystack.original(found.range()))
    }

    /// The matches that do not overlap, at most `limit`
    /// (`FindAllStringIndex`, where -1 is no limit).
    pub fn find_all(&self, text: &[u8], limit: Option<usize>) -> Vec<Range<usize>> {
        let haystack = Haystack::new(text);
        let bytes = haystack.as_bytes();
        let limit = limit.unwrap_or(usize::MAX);
        let mut matches = Vec::new();
        let mut position = 0;
        let mut previous_end = None;
        while matches.len() < limit && position <= bytes.len() {
            let Some(found) = self.regex.find(Input::new(bytes).range(position..)) else {
                break;
            };
            // An empty match right after a match does not count.
            let accept = !(found.is_empty() && previous_end == Some(found.start()) && found.end() == position);
            if found.end() == position {
                let (_, width) = utf8::decode_rune(&bytes[position..]);
                position = if width > 0 { position + width } else { bytes.len() + 1 };
            } else {
                position = found.end();
            }
            previous_end = Some(found.end());
            if accept {
                matches.push(haystack.original(found.range()));
            }
        }
        matches
    }

    /// Replaces every match by `template`, in which `$1`, `${1}`, `$name` and `$$`
    /// are expanded (`ReplaceAllString`). None if the result would be longer than `limit`.
    pub fn replace_all(&self, text: &[u8], template: &[u8], limit: usize) -> Option<Vec<u8>> {
        self.replace(text, template, template.contains(&b'$'), limit)
    }

    /// Replaces every match by `replacement` as it stands (`ReplaceAllLiteralString`). None
    /// if the result would be longer than `limit`.
    pub fn replace_all_literal(&self, text: &[u8], replacement: &[u8], limit: usize) -> Option<Vec<u8>> {
        self.replace(text, replacement, false, limit)
    }

    fn replace(&self, text: &[u8], replacement: &[u8], expand: bool, limit: usize) -> Option<Vec<u8>> {
        let haystack = Haystack::new(text);
        let bytes = haystack.as_bytes();
        let mut captures = if expand { Some(self.regex.create_captures()) } else { None };
        let mut out = Vec::with_capacity(bytes.len().min(limit));
        let mut last_end = 0;
        let mut position = 0;
        while position <= bytes.len() {
            let input = Input::new(bytes).range(position..);
            let found = match &mut captures {
                Some(captures) => {
                    self.regex.search_captures(&input, captures);
                    captures.get_match()
                }
                None => self.regex.search(&input),
            };
            let Some(found) = found else { break };
            push(&mut out, haystack.slice(last_end..found.start()), limit)?;
            // An empty match right after a match is not replaced.
            if found.end() > last_end || found.start() == 0 {
                match &captures {
                    Some(captures) => self.expand(&mut out, replacement, &haystack, captures, limit)?,
                    None => push(&mut out, replacement, limit)?,
                }
            }
            last_end = found.end();
            let (_, width) = utf8::decode_rune(&bytes[position..]);
            position = if position + width > found.end() {
                position + width
            } else if position + 1 > found.end() {
                position + 1
            } else {
                found.end()
            };
        }
        push(&mut out, haystack.slice(last_end..bytes.len()), limit)?;
        Some(out)
    }

    fn expand(
        &self,
        out: &mut Vec<u8>,
        template: &[u8],
        haystack: &Haystack<'_>,
        captures: &Captures,
        limit: usize,
    ) -> Option<()> {
        let group = |index: usize| captures.get_group(index).map(|span| span.range());
        let mut rest = template;
        while let Some(dollar) = memchr::memchr(b'$', rest) {
            push(out, &rest[..dollar], limit)?;
            rest = &rest[dollar + 1..];
            if let [b'$', tail @ ..] = rest {
                push(out, b"$", limit)?;
                rest = tail;
                continue;
            }
            let Some(reference) = Reference::read(rest) else {
                // No reference at all: an ordinary dollar.
                push(out, b"$", limit)?;
                continue;
            };
            rest = reference.rest;
            let range = match reference.number {
                Some(number) => group(number),
                None => (self.names.iter().enumerate())
                    .filter(|(_, name)| name.as_ref().is_some_and(|name| name.as_bytes() == reference.name))
                    .find_map(|(index, _)| group(index)),
            };
            if let Some(range) = range {
                push(out, haystack.slice(range), limit)?;
            }
        }
        push(out, rest, limit)
    }

    /// The text between the matches, at most `count` pieces, the last one being
    /// the unsplit rest; -1 is no limit and 0 no pieces (`Split`).
    pub fn split<'t>(&self, text: &'t [u8], count: i64) -> Vec<&'t [u8]> {
        let limit = match usize::try_from(count) {
            Ok(0) => return Vec::new(),
            Ok(count) => Some(count),
            Err(_) => None,
        };
        if !self.empty_pattern && text.is_empty() {
            return vec![b""];
        }
        let mut pieces = Vec::new();
        let mut start = 0;
        let mut end = 0;
        for found in self.find_all(text, limit) {
            if limit.is_some_and(|limit| pieces.len() == limit - 1) {
                break;
            }
            end = found.start;
            if found.end != 0 {
                pieces.push(&text[start..end]);
            }
            start = found.end;
        }
        if end != text.len() {
            pieces.push(&text[start..]);
        }
        pieces
    }
}

/// Appends, unless the text becomes too long.
fn push(out: &mut Vec<u8>, bytes: &[u8], limit: usize) -> Option<()> {
    if bytes.len() > limit.saturating_sub(out.len()) {
        return None;
    }
    out.extend_from_slice(bytes);
    Some(())
}

/// `text` with every character escaped that means something in a pattern
/// (`regexp.QuoteMeta`).
pub fn quote_meta(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        if br"\.+*?()|[]{}^$".contains(&byte) {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out
}

/// The text that Go panics with when a program cannot do without the pattern
/// (`regexp.MustCompile`).
pub fn must_compile_message(pattern: &[u8], error: &ParseError) -> Vec<u8> {
    let mut message = b"regexp: Compile(".to_vec();
    if strconv::can_backquote(pattern) {
        message.push(b'`');
        message.extend_from_slice(pattern);
        message.push(b'`');
    } else {
        message.extend_from_slice(strconv::quote(pattern).as_bytes());
    }
    message.extend_from_slice(b"): ");
    message.extend_from_slice(&error.message());
    message
}

/// `$1`, `${1}` or `$name` in a replacement, without its dollar.
struct Reference<'a> {
    name: &'a [u8],
    number: Option<usize>,
    rest: &'a [u8],
}

impl<'a> Reference<'a> {
    fn read(text: &'a [u8]) -> Option<Self> {
        let (brace, body) = match text {
            [b'{', body @ ..] => (true, body),
            _ => (false, text),
        };
        let length = utf8::runes(body)
            .take_while(|&(_, rune, _)| unicode::is_letter(rune) || unicode::is_digit(rune) || rune == '_')
            .map(|(_, _, width)| width)
            .sum();
        let (name, mut rest) = body.split_at(length);
        if name.is_empty() {
            return None;
        }
        if brace {
            rest = rest.strip_prefix(b"}")?;
        }
        let leading_zero = name.len() > 1 && name[0] == b'0';
        let number = if leading_zero || name.len() > 9 || !name.iter().all(u8::is_ascii_digit) {
            None
        } else {
            str::from_utf8(name).ok().and_then(|digits| digits.parse().ok())
        };
        Some(Self { name, number, rest })
    }
}

/// The text as the search sees it: Go reads every byte that is no UTF-8 as
/// U+FFFD, so such text is searched in that form and offsets are mapped back.
struct Haystack<'t> {
    text: &'t [u8],
    searched: Cow<'t, [u8]>,
    /// Where, in `searched`, each replaced byte ends.
    replaced: Vec<usize>,
}

impl<'t> Haystack<'t> {
    fn new(text: &'t [u8]) -> Self {
        if str::from_utf8(text).is_ok() {
            return Self { text, searched: Cow::Borrowed(text), replaced: Vec::new() };
        }
        let mut searched = Vec::with_capacity(text.len() + 16);
        let mut replaced = Vec::new();
        for chunk in text.utf8_chunks() {
            searched.extend_from_slice(chunk.valid().as_bytes());
            for _ in chunk.invalid() {
                utf8::append_rune(&mut searched, utf8::RUNE_ERROR);
                replaced.push(searched.len());
            }
        }
        Self { text, searched: Cow::Owned(searched), replaced }
    }

    fn as_bytes(&self) -> &[u8] {
        &self.searched
    }

    fn original(&self, range: Range<usize>) -> Range<usize> {
        // Three bytes stand for one.
        let offset = |offset: usize| offset - 2 * self.replaced.partition_point(|&end| end <= offset);
        offset(range.start)..offset(range.end)
    }

    fn slice(&self, range: Range<usize>) -> &'t [u8] {
        &self.text[self.original(range)]
    }
}

#[cfg(test)]
mod tests;
