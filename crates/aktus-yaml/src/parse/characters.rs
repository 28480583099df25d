//! The characters of a text, one after the other, and what go-yaml would have decoded of them.

use super::input::Careful;
use super::scanner::Scanner;
use super::token::{Failure, Mark, Step, failed};

/// Where go-yaml's buffer begins and how much it holds.
#[derive(Debug, Default)]
pub(super) struct Steps<'s> {
    careful: Option<&'s Careful>,
    next: usize,
    loaded: usize,
    window: usize,
    unread: usize,
}

impl<'s> Steps<'s> {
    pub(super) fn new(careful: Option<&'s Careful>) -> Self {
        Self { careful, ..Self::default() }
    }
}

/// A table of the printable ASCII characters, space included, without `others`.
pub(super) const fn ordinary_except(others: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0x20;
    while byte < 0x7f {
        table[byte] = true;
        byte += 1;
    }
    let mut place = 0;
    while place < others.len() {
        table[others[place] as usize] = false;
        place += 1;
    }
    table
}

/// Letters, digits, `_` and `-`: what anchors and tag handles are made of.
pub(super) fn is_alpha(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// How many bytes the character that begins with `byte` has.
pub(crate) fn width(byte: u8) -> usize {
    match byte {
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0.. => 4,
        _ => 1,
    }
}

impl<const CAREFUL: bool> Scanner<'_, CAREFUL> {
    /// The byte `ahead` of the position; 0 past the end, where go-yaml has put a NUL.
    #[inline]
    pub(super) fn byte(&self, ahead: usize) -> u8 {
        self.text.get(self.position + ahead).copied().unwrap_or(0)
    }

    pub(super) fn is_blank(&self, ahead: usize) -> bool {
        matches!(self.byte(ahead), b' ' | b'\t')
    }

    /// Whether a line break stands `ahead`: CR, LF, NEL, LS or PS.
    #[inline]
    pub(super) fn is_break(&self, ahead: usize) -> bool {
        match self.byte(ahead) {
            b'\r' | b'\n' => true,
            0xc2 => self.byte(ahead + 1) == 0x85,
            0xe2 => self.byte(ahead + 1) == 0x80 && matches!(self.byte(ahead + 2), 0xa8 | 0xa9),
            _ => false,
        }
    }

    pub(super) fn is_break_or_end(&self, ahead: usize) -> bool {
        self.byte(ahead) == 0 || self.is_break(ahead)
    }

    #[inline]
    pub(super) fn is_blank_or_end(&self, ahead: usize) -> bool {
        match self.byte(ahead) {
            0 | b' ' | b'\t' | b'\r' | b'\n' => true,
            0xc2 | 0xe2 => self.is_break(ahead),
            _ => false,
        }
    }

    #[inline]
    pub(super) fn column(&self) -> usize {
        self.position - self.line_base
    }

    /// The position as marks have it.
    pub(super) fn offset(&self) -> u32 {
        u32::try_from(self.position).unwrap_or(u32::MAX)
    }

    pub(super) fn mark(&self) -> Mark {
        let small = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        Mark {
            offset: small(self.position),
            index: small(self.position - self.index_base),
            line: self.line,
            column: small(self.column()),
        }
    }

    /// Makes sure that go-yaml would have decoded `count` characters ahead.
    #[inline]
    pub(super) fn need(&mut self, count: usize) -> Step<()> {
        if CAREFUL { self.load(count) } else { Ok(()) }
    }

    fn load(&mut self, count: usize) -> Step<()> {
        if self.steps.unread >= count {
            return Ok(());
        }
        self.steps.window = self.position;
        while self.steps.unread < count {
            let Some(careful) = self.steps.careful else { return Ok(()) };
            let Some(&end) = careful.ends.get(self.steps.next) else {
                if let Some(problem) = careful.problem {
                    return failed(Failure::reader(problem, self.text.len()));
                }
                // The NUL at the end.
                self.steps.unread += 1;
                break;
            };
            let step = self.text.get(self.steps.loaded..end).unwrap_or_default();
            self.steps.unread += step.iter().filter(|&&byte| byte & 0xc0 != 0x80).count();
            self.steps.loaded = end;
            self.steps.next += 1;
        }
        Ok(())
    }

    /// go-yaml looks for a byte order mark at the beginning of its buffer, not at the position.
    pub(super) fn is_byte_order_mark(&self) -> bool {
        CAREFUL && self.text.get(self.steps.window..).is_some_and(|rest| rest.starts_with(b"\xef\xbb\xbf"))
    }

    /// Goes past one character that is no line break.
    #[inline]
    pub(super) fn skip(&mut self) {
        let width = width(self.byte(0));
        self.position += width;
        self.line_base += width - 1;
        self.index_base += width - 1;
        if CAREFUL {
            self.steps.unread = self.steps.unread.saturating_sub(1);
        }
    }

    /// Goes past a line break, if one stands here, and gives back what go-yaml reads it as.
    pub(super) fn skip_break(&mut self) -> &'static str {
        let (width, characters, text) = match (self.byte(0), self.byte(1), self.byte(2)) {
            (b'\r', b'\n', _) => (2, 2, "\n"),
            (b'\r' | b'\n', ..) => (1, 1, "\n"),
            (0xc2, 0x85, _) => (2, 1, "\n"),
            (0xe2, 0x80, 0xa8) => (3, 1, "\u{2028}"),
            (0xe2, 0x80, 0xa9) => (3, 1, "\u{2029}"),
            _ => return "",
        };
        self.position += width;
        self.index_base += width - characters;
        self.line_base = self.position;
        self.line += 1;
        if CAREFUL {
            self.steps.unread = self.steps.unread.saturating_sub(characters);
        }
        text
    }

    pub(super) fn skip_blanks(&mut self) -> Step<()> {
        self.need(1)?;
        while self.is_blank(0) {
            self.skip();
            self.need(1)?;
        }
        Ok(())
    }

    pub(super) fn skip_comment(&mut self) -> Step<()> {
        if self.byte(0) == b'#' {
            self.skip_line()?;
        }
        Ok(())
    }

    /// Goes to the end of the line.
    pub(super) fn skip_line(&mut self) -> Step<()> {
        if !CAREFUL {
            let rest = self.text.get(self.position..).unwrap_or_default();
            let length = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
            // Other line breaks are not ASCII.
            if rest.get(..length).is_some_and(<[u8]>::is_ascii) {
                self.position += length;
                return Ok(());
            }
        }
        while !self.is_break_or_end(0) {
            self.skip();
            self.need(1)?;
        }
        Ok(())
    }

    /// Goes past bytes for which `is_ordinary` has been made, all of them ASCII, and back over spaces
    /// at their end. Careful scans go character by character.
    #[inline]
    pub(super) fn skip_ordinary(&mut self, is_ordinary: &[bool; 256]) {
        if CAREFUL {
            return;
        }
        let rest = self.text.get(self.position..).unwrap_or_default();
        let run = rest.iter().position(|&byte| !is_ordinary[usize::from(byte)]).unwrap_or(rest.len());
        let run = rest.get(..run).unwrap_or_default();
        let spaces = run.iter().rev().take_while(|&&byte| byte == b' ').count();
        self.position += run.len() - spaces;
    }

    pub(super) fn fail<T>(&self, context: Mark, problem: &'static str) -> Step<T> {
        failed(Failure::scanner(problem, context, self.mark()))
    }
}
