//! Directives, anchors, aliases and tags.

use super::characters::{is_alpha, width};
use super::scanner::Scanner;
use super::token::{Mark, Step, Text, TokenKind};

impl<const CAREFUL: bool> Scanner<'_, CAREFUL> {
    pub(super) fn scan_directive(&mut self) -> Step<TokenKind> {
        let start = self.mark();
        self.skip();
        let name = self.scan_word()?;
        if name.is_empty() {
            return self.fail(start, "could not find expected directive name");
        }
        if !self.is_blank_or_end(0) {
            return self.fail(start, "found unexpected non-alphabetical character");
        }
        let kind = match self.text.get(name) {
            Some(b"YAML") => {
                self.skip_blanks()?;
                let major = self.scan_version_number(start)?;
                if self.byte(0) != b'.' {
                    return self.fail(start, "did not find expected digit or '.' character");
                }
                self.skip();
                let minor = self.scan_version_number(start)?;
                TokenKind::VersionDirective { major, minor }
            }
            Some(b"TAG") => self.scan_tag_directive(start)?,
            _ => return self.fail(start, "found unknown directive name"),
        };
        self.skip_blanks()?;
        self.skip_comment()?;
        if !self.is_break_or_end(0) {
            return self.fail(start, "did not find expected comment or line break");
        }
        if self.is_break(0) {
            self.need(2)?;
            self.skip_break();
        }
        Ok(kind)
    }

    /// Goes past letters, digits, `_` and `-`.
    fn scan_word(&mut self) -> Step<std::ops::Range<usize>> {
        let start = self.position;
        self.need(1)?;
        while is_alpha(self.byte(0)) {
            self.skip();
            self.need(1)?;
        }
        Ok(start..self.position)
    }

    fn scan_version_number(&mut self, start: Mark) -> Step<u8> {
        self.need(1)?;
        let mut value = 0;
        let mut length = 0;
        while self.byte(0).is_ascii_digit() {
            length += 1;
            if length > 2 {
                return self.fail(start, "found extremely long version number");
            }
            value = value * 10 + (self.byte(0) - b'0');
            self.skip();
            self.need(1)?;
        }
        if length == 0 {
            return self.fail(start, "did not find expected version number");
        }
        Ok(value)
    }

    fn scan_tag_directive(&mut self, start: Mark) -> Step<TokenKind> {
        self.skip_blanks()?;
        let handle = self.scan_tag_handle(true, start)?;
        self.need(1)?;
        if !self.is_blank(0) {
            return self.fail(start, "did not find expected whitespace");
        }
        self.skip_blanks()?;
        let prefix = self.scan_tag_uri(None, start)?;
        self.need(1)?;
        if !self.is_blank_or_end(0) {
            return self.fail(start, "did not find expected whitespace or line break");
        }
        Ok(TokenKind::TagDirective { handle: Text::in_source(handle.start, handle.end), prefix })
    }

    pub(super) fn scan_anchor(&mut self) -> Step<TokenKind> {
        let is_anchor = self.byte(0) == b'&';
        let start = self.mark();
        self.skip();
        let name = self.scan_word()?;
        let ends =
            self.is_blank_or_end(0) || matches!(self.byte(0), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if name.is_empty() || !ends {
            return self.fail(start, "did not find expected alphabetic or numeric character");
        }
        let name = Text::in_source(name.start, name.end);
        Ok(if is_anchor { TokenKind::Anchor(name) } else { TokenKind::Alias(name) })
    }

    pub(super) fn scan_tag(&mut self) -> Step<TokenKind> {
        let start = self.mark();
        self.need(2)?;
        let mut handle = Text::default();
        let mut suffix;
        if self.byte(1) == b'<' {
            self.skip();
            self.skip();
            suffix = self.scan_tag_uri(None, start)?;
            if self.byte(0) != b'>' {
                return self.fail(start, "did not find the expected '>'");
            }
            self.skip();
        } else {
            let head = self.scan_tag_handle(false, start)?;
            if head.len() > 1 && self.text.get(head.end - 1) == Some(&b'!') {
                handle = Text::in_source(head.start, head.end);
                suffix = self.scan_tag_uri(None, start)?;
            } else {
                // No handle after all, but the beginning of a tag with the handle `!`.
                suffix = self.scan_tag_uri(Some(head.clone()), start)?;
                let mark = Text::in_source(head.start, head.start + 1);
                if suffix.is_empty() {
                    suffix = mark;
                } else {
                    handle = mark;
                }
            }
        }
        self.need(1)?;
        if !self.is_blank_or_end(0) {
            return self.fail(start, "did not find expected whitespace or line break");
        }
        Ok(TokenKind::Tag { handle, suffix })
    }

    fn scan_tag_handle(&mut self, directive: bool, start: Mark) -> Step<std::ops::Range<usize>> {
        self.need(1)?;
        if self.byte(0) != b'!' {
            return self.fail(start, "did not find expected '!'");
        }
        let from = self.position;
        self.skip();
        self.scan_word()?;
        if self.byte(0) == b'!' {
            self.skip();
        } else if directive && self.position != from + 1 {
            return self.fail(start, "did not find expected '!'");
        }
        Ok(from..self.position)
    }

    /// Scans the rest of a tag; of `head`, which stands before it, all but the `!` belongs to it.
    fn scan_tag_uri(&mut self, head: Option<std::ops::Range<usize>>, start: Mark) -> Step<Text> {
        let mut found = head.is_some();
        let from = head.map_or(self.position, |head| head.start + 1);
        let mut escaped: Option<Vec<u8>> = None;
        self.need(1)?;
        loop {
            let byte = self.byte(0);
            if byte == b'%' {
                let before = self.text.get(from..self.position).unwrap_or_default();
                let decoded = escaped.get_or_insert_with(|| before.to_vec());
                let mut octets = Vec::with_capacity(4);
                self.scan_uri_escapes(&mut octets, start)?;
                decoded.extend(octets);
            } else if is_alpha(byte) || b";/?:@&=+$,.!~*'()[]".contains(&byte) {
                if let Some(decoded) = &mut escaped {
                    decoded.push(byte);
                }
                self.skip();
            } else {
                break;
            }
            self.need(1)?;
            found = true;
        }
        if !found {
            return self.fail(start, "did not find expected tag URI");
        }
        Ok(match escaped {
            None => Text::in_source(from, self.position),
            Some(decoded) => {
                let start = self.scratch.len();
                self.scratch.push_str(&String::from_utf8_lossy(&decoded));
                self.scratch_from(start)
            }
        })
    }

    /// Decodes the `%XX` of one character.
    fn scan_uri_escapes(&mut self, octets: &mut Vec<u8>, start: Mark) -> Step<()> {
        let mut left = 1;
        while left > 0 {
            self.need(3)?;
            let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            let (b'%', Some(high), Some(low)) = (self.byte(0), digit(self.byte(1)), digit(self.byte(2))) else {
                return self.fail(start, "did not find URI escaped octet");
            };
            let octet = high << 4 | low;
            if octets.is_empty() {
                if matches!(octet, 0x80..=0xbf | 0xf8..) {
                    return self.fail(start, "found an incorrect leading UTF-8 octet");
                }
                left = width(octet);
            } else if octet & 0xc0 != 0x80 {
                return self.fail(start, "found an incorrect trailing UTF-8 octet");
            }
            octets.push(octet);
            self.skip();
            self.skip();
            self.skip();
            left -= 1;
        }
        Ok(())
    }
}
