//! Which bytes of a URL are written as `%XX`, depending on where they stand?

use super::UrlErrorCause;

/// A part of a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Path,
    PathSegment,
    Host,
    Zone,
    UserPassword,
    QueryComponent,
    Fragment,
}

impl Part {
    /// Whether a byte of this part is written as it is.
    pub(super) fn keeps(self, byte: u8) -> bool {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => true,
            b'$' | b'&' | b'+' | b'=' => self != Self::QueryComponent,
            b',' | b';' => !matches!(self, Self::QueryComponent | Self::PathSegment),
            b':' => matches!(self, Self::Path | Self::PathSegment | Self::Host | Self::Zone | Self::Fragment),
            b'!' | b'(' | b')' | b'*' => matches!(self, Self::Host | Self::Zone | Self::Fragment),
            b'/' => matches!(self, Self::Path | Self::Fragment),
            b'?' => self == Self::Fragment,
            b'@' => matches!(self, Self::Path | Self::PathSegment | Self::Fragment),
            b'"' | b'\'' | b'<' | b'>' | b'[' | b']' => matches!(self, Self::Host | Self::Zone),
            _ => false,
        }
    }

    pub(super) fn escape(self, text: &[u8]) -> Vec<u8> {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        let mut out = Vec::with_capacity(text.len());
        for &byte in text {
            if self.keeps(byte) {
                out.push(byte);
            } else if byte == b' ' && self == Self::QueryComponent {
                out.push(b'+');
            } else {
                out.extend_from_slice(&[b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
            }
        }
        out
    }

    pub(super) fn unescape(self, text: &[u8]) -> Result<Vec<u8>, UrlErrorCause> {
        let mut out = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some((&byte, tail)) = rest.split_first() {
            rest = tail;
            match byte {
                b'%' => {
                    let sequence = [b"%", &tail[..tail.len().min(2)]].concat();
                    let invalid = || UrlErrorCause::Escape(sequence.clone());
                    let [high, low, after @ ..] = tail else { return Err(invalid()) };
                    let (high, low) = hex(*high).zip(hex(*low)).ok_or_else(invalid)?;
                    let value = high << 4 | low;
                    let allowed = match self {
                        // Only what could not be written otherwise.
                        Self::Host => value >= 0x80 || value == b'%',
                        Self::Zone => value == b'%' || value == b' ' || Self::Host.keeps(value),
                        _ => true,
                    };
                    if !allowed {
                        return Err(invalid());
                    }
                    out.push(value);
                    rest = after;
                }
                b'+' if self == Self::QueryComponent => out.push(b' '),
                _ if matches!(self, Self::Host | Self::Zone) && byte < 0x80 && !self.keeps(byte) => {
                    return Err(UrlErrorCause::HostCharacter(byte));
                }
                _ => out.push(byte),
            }
        }
        Ok(out)
    }

    /// Whether a text could be the escaped form of something (`validEncoded`).
    pub(super) fn is_escaped(self, text: &[u8]) -> bool {
        text.iter().all(|&byte| {
            matches!(byte, b'!' | b'$' | b'&'..=b',' | b';' | b'=' | b':' | b'@' | b'[' | b']' | b'%')
                || self.keeps(byte)
        })
    }
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
