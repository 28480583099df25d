//! How does Go read this pattern?
//!
//! A parser of Go's (RE2's) syntax with Go's leniencies, refusals and error
//! texts; follows `regexp/syntax.Parse` with the flags of `regexp.Compile`.

use regex_syntax::hir::{Capture, Class, ClassUnicode, ClassUnicodeRange, Hir, Look, Repetition};

use super::super::utf8;
use super::class;
use super::error::{ErrorCode, ParseError};

/// How deep groups and repetitions may nest. Go's limit is 1000; the compiler
/// behind us walks the levels recursively, and the stack must bear it.
const MAXIMUM_HEIGHT: u32 = 100;

/// The largest program Go would compile, in its instructions.
const MAXIMUM_SIZE: u64 = (128 << 20) / (5 * 8);

/// The longest pattern, in bytes; Go would need hundreds of megabytes for longer ones.
const MAXIMUM_LENGTH: usize = 1 << 20;

/// The largest repeat count, nested ones multiplied.
const MAXIMUM_REPEAT: u64 = 1000;

fn error<T>(code: ErrorCode, expression: &[u8]) -> Result<T, ParseError> {
    Err(ParseError { code, expression: expression.to_vec() })
}

/// A pattern that has been read.
pub(super) struct Parsed {
    pub(super) hir: Hir,
    pub(super) names: Vec<Option<String>>,
}

#[derive(Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent of each other")]
struct Flags {
    fold_case: bool,
    multi_line: bool,
    dot_matches_newline: bool,
    non_greedy: bool,
}

/// A part of the expression with what Go's limits need to know about it.
struct Node {
    hir: Hir,
    height: u32,
    size: u64,
    /// The product of nested repeat counts.
    repeats: u64,
}

impl Node {
    fn leaf(hir: Hir) -> Self {
        Self { hir, height: 1, size: 1, repeats: 1 }
    }

    fn class(class: ClassUnicode) -> Self {
        Self::leaf(Hir::class(Class::Unicode(class)))
    }

    /// Several nodes as one, in a row or as alternatives.
    fn join(mut nodes: Vec<Self>, build: fn(Vec<Hir>) -> Hir) -> Self {
        if nodes.len() == 1
            && let Some(only) = nodes.pop()
        {
            return only;
        }
        let height = 1 + nodes.iter().map(|node| node.height).max().unwrap_or(0);
        let size = nodes.iter().fold(0_u64, |size, node| size.saturating_add(node.size)).max(1);
        let repeats = nodes.iter().map(|node| node.repeats).max().unwrap_or(1);
        Self { hir: build(nodes.into_iter().map(|node| node.hir).collect()), height, size, repeats }
    }
}

/// An open group.
struct Group {
    /// The flags to return to after it.
    flags: Flags,
    /// Its number, if it captures.
    index: Option<u32>,
    /// The alternatives that are complete.
    alternatives: Vec<Node>,
    /// The alternative being read.
    sequence: Vec<Node>,
}

impl Group {
    fn new(flags: Flags, index: Option<u32>) -> Self {
        Self { flags, index, alternatives: Vec::new(), sequence: Vec::new() }
    }

    fn end_alternative(&mut self) {
        let sequence = std::mem::take(&mut self.sequence);
        self.alternatives.push(Node::join(sequence, Hir::concat));
    }

    fn finish(mut self) -> Node {
        self.end_alternative();
        Node::join(self.alternatives, Hir::alternation)
    }
}

struct Parser<'p> {
    pattern: &'p [u8],
    flags: Flags,
    /// The group being read and those around it.
    group: Group,
    outer: Vec<Group>,
    names: Vec<Option<String>>,
}

pub(super) fn parse(pattern: &[u8]) -> Result<Parsed, ParseError> {
    if pattern.len() > MAXIMUM_LENGTH {
        return error(ErrorCode::Large, pattern);
    }
    let flags = Flags::default();
    let mut parser = Parser { pattern, flags, group: Group::new(flags, None), outer: Vec::new(), names: vec![None] };
    parser.run()?;
    if !parser.outer.is_empty() {
        return error(ErrorCode::MissingParen, pattern);
    }
    let Parser { group, names, .. } = parser;
    let root = group.finish();
    check_limits(&root, pattern)?;
    Ok(Parsed { hir: root.hir, names })
}

fn check_limits(node: &Node, pattern: &[u8]) -> Result<(), ParseError> {
    if node.size > MAXIMUM_SIZE {
        return error(ErrorCode::Large, pattern);
    }
    if node.height > MAXIMUM_HEIGHT {
        return error(ErrorCode::NestingDepth, pattern);
    }
    Ok(())
}

impl<'p> Parser<'p> {
    fn run(&mut self) -> Result<(), ParseError> {
        let mut rest = self.pattern;
        // The repetition that was just read: another one must not follow.
        let mut last_repeat: Option<&[u8]> = None;
        while let Some(&first) = rest.first() {
            let mut repeat = None;
            match first {
                b'(' if rest.get(1) == Some(&b'?') => rest = self.perl_flags(rest)?,
                b'(' => {
                    self.open_group(true, None);
                    rest = &rest[1..];
                }
                b'|' => {
                    self.group.end_alternative();
                    rest = &rest[1..];
                }
                b')' => {
                    self.close_group()?;
                    rest = &rest[1..];
                }
                b'^' => {
                    self.look(if self.flags.multi_line { Look::StartLF } else { Look::Start });
                    rest = &rest[1..];
                }
                b'$' => {
                    self.look(if self.flags.multi_line { Look::EndLF } else { Look::End });
                    rest = &rest[1..];
                }
                b'.' => {
                    let class = if self.flags.dot_matches_newline {
                        class::ranges(&[('\0', char::MAX)])
                    } else {
                        class::ranges(&[('\0', '\t'), ('\u{B}', char::MAX)])
                    };
                    self.push(Node::class(class));
                    rest = &rest[1..];
                }
                b'[' => rest = self.class(rest)?,
                b'*' | b'+' | b'?' => {
                    let (minimum, maximum) = match first {
                        b'*' => (0, None),
                        b'+' => (1, None),
                        _ => (0, Some(1)),
                    };
                    repeat = Some(rest);
                    rest = self.repeat(minimum, maximum, false, rest, &rest[1..], last_repeat)?;
                }
                b'{' => match counts(rest) {
                    // Not a repetition, so an ordinary brace.
                    None => {
                        self.literal('{');
                        rest = &rest[1..];
                    }
                    Some(counts) => {
                        let (minimum, maximum) = counts.bounds.ok_or(()).or_else(|()| {
                            error(ErrorCode::InvalidRepeatSize, &rest[..rest.len() - counts.after.len()])
                        })?;
                        repeat = Some(rest);
                        rest = self.repeat(minimum, maximum, true, rest, counts.after, last_repeat)?;
                    }
                },
                b'\\' => rest = self.escape(rest)?,
                _ => {
                    let (rune, tail) = next_rune(rest)?;
                    self.literal(rune);
                    rest = tail;
                }
            }
            last_repeat = repeat;
        }
        Ok(())
    }

    fn push(&mut self, node: Node) {
        self.group.sequence.push(node);
    }

    fn look(&mut self, look: Look) {
        self.push(Node::leaf(Hir::look(look)));
    }

    fn literal(&mut self, rune: char) {
        if self.flags.fold_case {
            let mut class = class::ranges(&[(rune, rune)]);
            class::fold(&mut class);
            self.push(Node::class(class));
        } else {
            self.push(Node::leaf(Hir::literal(rune.encode_utf8(&mut [0; 4]).as_bytes())));
        }
    }

    fn literal_code(&mut self, code: u32) {
        match char::from_u32(code) {
            Some(rune) => self.literal(rune),
            // Half of a surrogate pair: no text holds it.
            None => self.push(Node::leaf(Hir::fail())),
        }
    }

    fn open_group(&mut self, captures: bool, name: Option<String>) {
        let index = captures.then(|| u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        if captures {
            self.names.push(name);
        }
        let group = std::mem::replace(&mut self.group, Group::new(self.flags, index));
        self.outer.push(group);
    }

    fn close_group(&mut self) -> Result<(), ParseError> {
        let Some(outer) = self.outer.pop() else {
            return error(ErrorCode::UnexpectedParen, self.pattern);
        };
        let group = std::mem::replace(&mut self.group, outer);
        self.flags = group.flags;
        let index = group.index;
        let mut node = group.finish();
        if let Some(index) = index {
            node.hir = Hir::capture(Capture { index, name: None, sub: Box::new(node.hir) });
            node.height += 1;
            node.size = node.size.saturating_add(2);
        }
        check_limits(&node, self.pattern)?;
        self.push(node);
        Ok(())
    }

    /// Applies a repetition to the last thing read. `before` starts at its
    /// operator, `after` behind it.
    fn repeat(
        &mut self,
        minimum: u32,
        maximum: Option<u32>,
        counted: bool,
        before: &'p [u8],
        after: &'p [u8],
        last_repeat: Option<&'p [u8]>,
    ) -> Result<&'p [u8], ParseError> {
        let mut greedy = !self.flags.non_greedy;
        let mut after = after;
        if let [b'?', tail @ ..] = after {
            after = tail;
            greedy = !greedy;
        }
        if let Some(last) = last_repeat {
            return error(ErrorCode::InvalidRepeatOp, &last[..last.len() - after.len()]);
        }
        let operator = &before[..before.len() - after.len()];
        let Some(sub) = self.group.sequence.pop() else {
            return error(ErrorCode::MissingRepeatArgument, operator);
        };
        let times = u64::from(maximum.unwrap_or(minimum));
        let mut node = Node {
            height: sub.height + 1,
            size: sub.size.saturating_mul(times.max(1)).saturating_add(2),
            repeats: match (counted, times, maximum) {
                (true, _, Some(0)) => 1,
                (true, 1.., _) => sub.repeats.saturating_mul(times),
                _ => sub.repeats,
            },
            hir: Hir::empty(),
        };
        if counted && times >= 2 && node.repeats > MAXIMUM_REPEAT {
            return error(ErrorCode::InvalidRepeatSize, operator);
        }
        check_limits(&node, self.pattern)?;
        node.hir = Hir::repetition(Repetition { min: minimum, max: maximum, greedy, sub: Box::new(sub.hir) });
        self.push(node);
        Ok(after)
    }

    /// `(?i)`, `(?i:`, `(?:`, `(?P<name>` or `(?<name>`.
    fn perl_flags(&mut self, text: &'p [u8]) -> Result<&'p [u8], ParseError> {
        let name_start = match text {
            [_, _, b'P', b'<', _, ..] => Some(4),
            [_, _, b'<', _, ..] => Some(3),
            _ => None,
        };
        if let Some(name_start) = name_start {
            let Some(end) = memchr::memchr(b'>', text) else {
                check_utf8(text)?;
                return error(ErrorCode::InvalidNamedCapture, text);
            };
            let name = &text[name_start.min(end)..end];
            check_utf8(name)?;
            if name.is_empty() || !name.iter().all(|&byte| byte == b'_' || byte.is_ascii_alphanumeric()) {
                return error(ErrorCode::InvalidNamedCapture, &text[..=end]);
            }
            self.open_group(true, Some(String::from_utf8_lossy(name).into_owned()));
            return Ok(&text[end + 1..]);
        }
        let mut rest = &text[2..];
        let mut flags = self.flags;
        let mut value = true;
        let mut saw_flag = false;
        while !rest.is_empty() {
            let (rune, tail) = next_rune(rest)?;
            rest = tail;
            match rune {
                'i' => flags.fold_case = value,
                'm' => flags.multi_line = value,
                's' => flags.dot_matches_newline = value,
                'U' => flags.non_greedy = value,
                '-' if value => {
                    value = false;
                    saw_flag = false;
                    continue;
                }
                ':' | ')' if value || saw_flag => {
                    if rune == ':' {
                        self.open_group(false, None);
                    }
                    self.flags = flags;
                    return Ok(rest);
                }
                _ => break,
            }
            saw_flag = true;
        }
        error(ErrorCode::InvalidPerlOp, &text[..text.len() - rest.len()])
    }

    /// Anything that starts with a backslash, outside a class.
    fn escape(&mut self, text: &'p [u8]) -> Result<&'p [u8], ParseError> {
        if let [_, kind, rest @ ..] = text {
            let look = match kind {
                b'A' => Some(Look::Start),
                b'b' => Some(Look::WordAscii),
                b'B' => Some(Look::WordAsciiNegate),
                b'z' => Some(Look::End),
                _ => None,
            };
            if let Some(look) = look {
                self.look(look);
                return Ok(rest);
            }
            match kind {
                b'C' => return error(ErrorCode::InvalidEscape, &text[..2]),
                b'Q' => {
                    let end = memchr::memmem::find(rest, br"\E");
                    let (mut quoted, rest) =
                        end.map_or((rest, &rest[rest.len()..]), |end| (&rest[..end], &rest[end + 2..]));
                    while !quoted.is_empty() {
                        let (rune, tail) = next_rune(quoted)?;
                        self.literal(rune);
                        quoted = tail;
                    }
                    return Ok(rest);
                }
                _ => {}
            }
        }
        if let Some((class, rest)) = self.escaped_class(text)? {
            self.push(Node::class(class));
            return Ok(rest);
        }
        let (code, rest) = escaped_rune(text)?;
        self.literal_code(code);
        Ok(rest)
    }

    /// `\p{…}`, `\pL`, `\d` and their like, if the text starts with one.
    fn escaped_class(&self, text: &'p [u8]) -> Result<Option<(ClassUnicode, &'p [u8])>, ParseError> {
        let [b'\\', kind, tail @ ..] = text else {
            return Ok(None);
        };
        if !matches!(kind, b'p' | b'P') {
            return Ok(class::perl(*kind, self.flags.fold_case).map(|class| (class, tail)));
        }
        let (rune, after) = next_rune(tail)?;
        let (name, rest) = if rune == '{' {
            let Some(end) = memchr::memchr(b'}', text) else {
                check_utf8(text)?;
                return error(ErrorCode::InvalidCharRange, text);
            };
            (&text[3..end], &text[end + 1..])
        } else {
            (&tail[..tail.len() - after.len()], after)
        };
        check_utf8(name)?;
        let sequence = &text[..text.len() - rest.len()];
        let (caret, name) = match name {
            [b'^', name @ ..] => (true, name),
            _ => (false, name),
        };
        let negated = (*kind == b'P') != caret;
        match str::from_utf8(name).ok().and_then(|name| class::unicode(name, negated, self.flags.fold_case)) {
            Some(class) => Ok(Some((class, rest))),
            None => error(ErrorCode::InvalidCharRange, sequence),
        }
    }

    /// `[…]`.
    fn class(&mut self, text: &'p [u8]) -> Result<&'p [u8], ParseError> {
        let mut rest = &text[1..];
        let negated = rest.first() == Some(&b'^');
        if negated {
            rest = &rest[1..];
        }
        let mut class = ClassUnicode::empty();
        let mut first = true;
        while first || rest.first() != Some(&b']') {
            first = false;
            if rest.len() > 2
                && let [b'[', b':', tail @ ..] = rest
                && let Some(end) = memchr::memmem::find(tail, b":]")
            {
                let Some(named) = class::posix(&tail[..end], self.flags.fold_case) else {
                    return error(ErrorCode::InvalidCharRange, &rest[..end + 4]);
                };
                class.union(&named);
                rest = &tail[end + 2..];
                continue;
            }
            if let Some((escaped, tail)) = self.escaped_class(rest)? {
                class.union(&escaped);
                rest = tail;
                continue;
            }
            let range = rest;
            let (low, tail) = class_char(rest, text)?;
            rest = tail;
            let mut high = low;
            if let [b'-', tail @ ..] = rest
                && tail.first().is_some_and(|&byte| byte != b']')
            {
                (high, rest) = class_char(tail, text)?;
                if high < low {
                    return error(ErrorCode::InvalidCharRange, &range[..range.len() - rest.len()]);
                }
            }
            let mut part = codes(low, high);
            if self.flags.fold_case {
                class::fold(&mut part);
            }
            class.union(&part);
        }
        if negated {
            class.negate();
        }
        self.push(Node::class(class));
        Ok(&rest[1..])
    }
}

/// The characters from one code point to another, without the surrogates.
fn codes(low: u32, high: u32) -> ClassUnicode {
    let mut class = ClassUnicode::empty();
    for (low, high) in [(low, high.min(0xD7FF)), (low.max(0xE000), high)] {
        if low <= high
            && let (Some(low), Some(high)) = (char::from_u32(low), char::from_u32(high))
        {
            class.push(ClassUnicodeRange::new(low, high));
        }
    }
    class
}

fn check_utf8(text: &[u8]) -> Result<(), ParseError> {
    match str::from_utf8(text) {
        Ok(_) => Ok(()),
        Err(invalid) => error(ErrorCode::InvalidUtf8, &text[invalid.valid_up_to()..]),
    }
}

fn next_rune(text: &[u8]) -> Result<(char, &[u8]), ParseError> {
    let (rune, width) = utf8::decode_rune(text);
    if rune == utf8::RUNE_ERROR && width == 1 {
        return error(ErrorCode::InvalidUtf8, text);
    }
    Ok((rune, &text[width..]))
}

fn class_char<'p>(text: &'p [u8], class: &[u8]) -> Result<(u32, &'p [u8]), ParseError> {
    match text.first() {
        None => error(ErrorCode::MissingBracket, class),
        Some(b'\\') => escaped_rune(text),
        Some(_) => next_rune(text).map(|(rune, rest)| (u32::from(rune), rest)),
    }
}

/// An escape that stands for one character, which may be a surrogate.
fn escaped_rune(text: &[u8]) -> Result<(u32, &[u8]), ParseError> {
    let tail = &text[1..];
    if tail.is_empty() {
        return error(ErrorCode::TrailingBackslash, b"");
    }
    let (rune, mut rest) = next_rune(tail)?;
    let octal =
        |rest: &[u8]| rest.first().filter(|byte| matches!(byte, b'0'..=b'7')).map(|byte| u32::from(byte - b'0'));
    let value = match rune {
        '0' => Some(()),
        // One digit alone would be a back-reference.
        '1'..='7' => octal(rest).map(|_| ()),
        _ => None,
    };
    if value.is_some() {
        let mut code = u32::from(rune) - u32::from('0');
        for _ in 0..2 {
            let Some(digit) = octal(rest) else { break };
            code = code * 8 + digit;
            rest = &rest[1..];
        }
        return Ok((code, rest));
    }
    let single = match rune {
        'a' => Some('\u{7}'),
        'f' => Some('\u{C}'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'v' => Some('\u{B}'),
        _ if rune.is_ascii() && !rune.is_ascii_alphanumeric() => Some(rune),
        _ => None,
    };
    if let Some(single) = single {
        return Ok((u32::from(single), rest));
    }
    if rune == 'x'
        && let Some(code) = hexadecimal(&mut rest)?
    {
        return Ok((code, rest));
    }
    error(ErrorCode::InvalidEscape, &text[..text.len() - rest.len()])
}

/// The code of `\x7F` or `\x{10FFFF}`, behind its `x`. Without a value, `rest` is
/// where Go stopped reading.
fn hexadecimal(rest: &mut &[u8]) -> Result<Option<u32>, ParseError> {
    if rest.is_empty() {
        return Ok(None);
    }
    let mut next = || {
        let (rune, tail) = next_rune(rest)?;
        *rest = tail;
        Ok(rune)
    };
    let first = next()?;
    if first != '{' {
        let second = next()?;
        return Ok(first.to_digit(16).zip(second.to_digit(16)).map(|(high, low)| high * 16 + low));
    }
    let mut code = 0;
    let mut digits = 0;
    loop {
        if rest.is_empty() {
            return Ok(None);
        }
        let (rune, tail) = next_rune(rest)?;
        *rest = tail;
        if rune == '}' {
            return Ok((digits > 0).then_some(code));
        }
        let Some(digit) = rune.to_digit(16) else {
            return Ok(None);
        };
        code = code * 16 + digit;
        digits += 1;
        if code > u32::from(char::MAX) {
            return Ok(None);
        }
    }
}

/// `{n}`, `{n,}` or `{n,m}`.
struct Counts<'p> {
    /// None if a number is too large or they are the wrong way round.
    bounds: Option<(u32, Option<u32>)>,
    after: &'p [u8],
}

fn counts(text: &[u8]) -> Option<Counts<'_>> {
    let (minimum, rest) = count(text.strip_prefix(b"{")?)?;
    let (maximum, rest) = match rest {
        [b',', b'}', ..] => (None, &rest[1..]),
        [b',', tail @ ..] => {
            let (maximum, rest) = count(tail)?;
            (Some(maximum), rest)
        }
        _ => (Some(minimum), rest),
    };
    let after = rest.strip_prefix(b"}")?;
    let in_range = |count: u32| count <= 1000;
    let bounds = (in_range(minimum) && maximum.is_none_or(|maximum| in_range(maximum) && minimum <= maximum))
        .then_some((minimum, maximum));
    Some(Counts { bounds, after })
}

/// A decimal number without leading zeros; a very large one reads as the maximum.
fn count(text: &[u8]) -> Option<(u32, &[u8])> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(length);
    if digits.is_empty() || digits.len() >= 2 && digits[0] == b'0' {
        return None;
    }
    let value = digits
        .iter()
        .try_fold(0_u32, |value, digit| value.checked_mul(10)?.checked_add(u32::from(digit - b'0')))
        .unwrap_or(u32::MAX);
    Some((value, rest))
}
