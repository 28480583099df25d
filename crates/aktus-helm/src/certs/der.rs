//! How are certificates and keys written in DER, and how is a field found in one?
//!
//! Only what X.509 certificates and private keys need (ITU-T X.690): definite lengths, single-byte tags.

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const UTF8_STRING: u8 = 0x0c;
pub(super) const PRINTABLE_STRING: u8 = 0x13;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// A constructed, context-specific tag.
pub(super) const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// One element: tag, length, the parts one after another.
pub(super) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut bytes = vec![tag];
    if length < 0x80 {
        bytes.push(length.to_le_bytes()[0]);
    } else {
        let digits = length.to_be_bytes();
        let significant = digits.iter().position(|digit| *digit != 0).map_or(&digits[..], |first| &digits[first..]);
        bytes.push(0x80 | significant.len().to_le_bytes()[0]);
        bytes.extend_from_slice(significant);
    }
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}

/// A non-negative integer from its big-endian bytes.
pub(super) fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let significant = bytes.iter().position(|byte| *byte != 0).map_or(&[0][..], |first| &bytes[first..]);
    let sign: &[u8] = if significant.first().is_some_and(|first| first & 0x80 != 0) { &[0] } else { &[] };
    element(INTEGER, &[sign, significant])
}

/// A bit string of whole bytes, or of fewer bits.
pub(super) fn bits(bytes: &[u8], unused: u8) -> Vec<u8> {
    element(BIT_STRING, &[&[unused], bytes])
}

/// One element that was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    /// Tag and length included.
    pub(super) whole: &'a [u8],
}

/// Reads elements one after another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    /// The next element, if the bytes are well-formed and there is one.
    pub(super) fn next(&mut self) -> Option<Element<'a>> {
        let (&tag, after_tag) = self.rest.split_first()?;
        let (&first, mut rest) = after_tag.split_first()?;
        let mut length = usize::from(first);
        if first & 0x80 != 0 {
            let count = usize::from(first & 0x7f);
            if count == 0 || count > 4 {
                return None;
            }
            let digits = rest.get(..count)?;
            rest = &rest[count..];
            length = digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit));
        }
        let content = rest.get(..length)?;
        let end = self.rest.len() - rest.len() + length;
        let (whole, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(Element { tag, content, whole })
    }

    /// The next element, if it has this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Option<Element<'a>> {
        self.next().filter(|element| element.tag == tag)
    }

    /// The next element if it has this tag; otherwise it stays to be read.
    pub(super) fn optional(&mut self, tag: u8) -> Option<Element<'a>> {
        let mut ahead = *self;
        let element = ahead.expect(tag)?;
        *self = ahead;
        Some(element)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}

/// The content of the one element these bytes are.
pub(super) fn only(bytes: &[u8], tag: u8) -> Option<Reader<'_>> {
    let mut reader = Reader::new(bytes);
    let element = reader.expect(tag)?;
    reader.is_empty().then(|| Reader::new(element.content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let content = vec![7; length];
            let bytes = element(OCTET_STRING, &[&content]);
            let mut reader = Reader::new(&bytes);
            let found = reader.expect(OCTET_STRING).unwrap();
            assert_eq!(found.content, content);
            assert_eq!(found.whole, bytes);
            assert!(reader.is_empty());
        }
        assert_eq!(element(NULL, &[]), [5, 0]);
        assert_eq!(unsigned(&[]), [2, 1, 0]);
        assert_eq!(unsigned(&[0, 0]), [2, 1, 0]);
        assert_eq!(unsigned(&[0, 0x7f]), [2, 1, 0x7f]);
        assert_eq!(unsigned(&[0x80]), [2, 2, 0, 0x80]);
    }

    #[test]
    fn malformed_elements_are_refused() {
        for bytes in [
            &[][..],
            &[0x30],
            &[0x30, 1],
            &[0x30, 0x80],
            &[0x30, 0x81],
            &[0x30, 0x85, 0, 0, 0, 0, 0],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert!(Reader::new(bytes).next().is_none(), "{bytes:?}");
        }
        assert!(only(&[0x30, 0, 0], SEQUENCE).is_none());
    }
}
