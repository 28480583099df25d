//! The structure of DER: all of it but what is random in keys and certificates.

use std::fmt::Write as _;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Numbers and bits up to this many bytes are compared as they are.
const LONGEST_PLAIN: usize = 8;

/// Everything in the bytes except long numbers, signatures, keys and their identifiers, of which it tells the size.
/// Of two moments in a row it tells how far they are apart.
pub(crate) fn shape(bytes: &[u8]) -> Option<String> {
    let mut walker = Walker { shape: String::new(), before: None };
    walker.all(bytes)?;
    Some(walker.shape)
}

struct Walker {
    shape: String,
    /// The moment that stood before.
    before: Option<i64>,
}

impl Walker {
    fn all(&mut self, mut bytes: &[u8]) -> Option<()> {
        while !bytes.is_empty() {
            let (tag, content, rest) = element(bytes)?;
            self.one(tag, content)?;
            bytes = rest;
        }
        Some(())
    }

    fn one(&mut self, tag: u8, content: &[u8]) -> Option<()> {
        const CONSTRUCTED: u8 = 0x20;
        let shape = &mut self.shape;
        match tag {
            _ if tag & CONSTRUCTED != 0 => {
                let _ = write!(shape, "{tag:02x}(");
                self.all(content)?;
                self.shape.push(')');
            }
            // A random number may have leading zeros.
            0x02 if content.len() > LONGEST_PLAIN => {
                let _ = write!(shape, "int~{} ", (content.len() + 8) / 16);
            }
            0x03 if content.len() > LONGEST_PLAIN => {
                shape.push_str("bits(");
                let inner = content.get(1..)?;
                let nested = inner.first() == Some(&0x30) && element(inner).is_some_and(|(_, _, rest)| rest.is_empty());
                if nested {
                    self.all(inner)?;
                } else {
                    let _ = write!(self.shape, "{}", inner.len());
                }
                self.shape.push(')');
            }
            0x04 => {
                let wraps = match content {
                    // Identifiers and keys of these lengths are random.
                    _ if content.len() == 20 || content.len() == 32 => false,
                    [0x30 | 0x03 | 0x04, ..] => element(content).is_some_and(|(_, _, rest)| rest.is_empty()),
                    _ => false,
                };
                if wraps {
                    shape.push_str("octets(");
                    self.all(content)?;
                    self.shape.push(')');
                } else {
                    let _ = write!(shape, "octets {} ", content.len());
                }
            }
            0x17 | 0x18 => {
                let moment = moment(tag, content)?;
                if let Some(before) = self.before.replace(moment) {
                    let _ = write!(shape, "{} seconds ", moment - before);
                }
            }
            0x80 if content.len() == 20 => shape.push_str("identifier "),
            _ => {
                let _ = write!(shape, "{tag:02x}:{} ", content.escape_ascii());
            }
        }
        Some(())
    }
}

/// The first element's tag and content, and what follows.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7F => (usize::from(length), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7F))?;
            (digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// A moment of either of ASN.1's kinds in seconds.
fn moment(tag: u8, content: &[u8]) -> Option<i64> {
    let digits = str::from_utf8(content).ok()?.strip_suffix('Z')?;
    let full = match tag {
        // X.509: two digits from 50 on are of the last century.
        0x17 if digits >= "50" => format!("19{digits}"),
        0x17 => format!("20{digits}"),
        _ => digits.to_owned(),
    };
    let moment = DateTime::strptime("%Y%m%d%H%M%S", full).ok()?;
    Some(moment.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}
