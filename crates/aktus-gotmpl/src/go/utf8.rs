//! How does Go read runes from bytes that need not be UTF-8?
//!
//! Go's strings are bytes; every function that looks at characters decodes one
//! rune at a time and takes an invalid byte for U+FFFD of width one.

/// What Go's decoder yields for an invalid byte (`utf8.RuneError`).
pub const RUNE_ERROR: char = '\u{FFFD}';

/// The first rune of `bytes` and its width: `('\u{FFFD}', 1)` for an invalid
/// byte, `('\u{FFFD}', 0)` for empty input (`utf8.DecodeRune`).
pub fn decode_rune(bytes: &[u8]) -> (char, usize) {
    let Some(&first) = bytes.first() else {
        return (RUNE_ERROR, 0);
    };
    if first < 0x80 {
        return (char::from(first), 1);
    }
    let width = match first {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return (RUNE_ERROR, 1),
    };
    let decoded = bytes.get(..width).and_then(|head| str::from_utf8(head).ok()).and_then(|text| text.chars().next());
    decoded.map_or((RUNE_ERROR, 1), |rune| (rune, width))
}

/// The last rune of `bytes` and its width (`utf8.DecodeLastRune`).
pub fn decode_last_rune(bytes: &[u8]) -> (char, usize) {
    let end = bytes.len();
    if end == 0 {
        return (RUNE_ERROR, 0);
    }
    for width in 1..=end.min(4) {
        let (rune, decoded) = decode_rune(&bytes[end - width..]);
        if decoded == width && (width == 1) == (bytes[end - 1] < 0x80) {
            return (rune, width);
        }
    }
    (RUNE_ERROR, 1)
}

/// Appends `rune` in UTF-8 (`utf8.AppendRune`).
pub fn append_rune(out: &mut Vec<u8>, rune: char) {
    out.extend_from_slice(rune.encode_utf8(&mut [0; 4]).as_bytes());
}

/// The number of runes, each invalid byte counting as one (`utf8.RuneCount`).
pub fn rune_count(bytes: &[u8]) -> usize {
    runes(bytes).count()
}

/// The runes of `bytes` as `for i, r := range s` sees them.
pub fn runes(bytes: &[u8]) -> Runes<'_> {
    Runes { bytes, position: 0 }
}

/// Iterator of [`runes`]: `(byte offset, rune, width)`.
#[derive(Debug, Clone)]
pub struct Runes<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl Iterator for Runes<'_> {
    type Item = (usize, char, usize);

    fn next(&mut self) -> Option<Self::Item> {
        let (rune, width) = decode_rune(&self.bytes[self.position..]);
        if width == 0 {
            return None;
        }
        let start = self.position;
        self.position += width;
        Some((start, rune, width))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expected: &[(char, usize)]) {
        let decoded: Vec<(char, usize)> = runes(bytes).map(|(_, rune, width)| (rune, width)).collect();
        assert_eq!(decoded, expected, "{bytes:x?}");
    }

    #[test]
    fn invalid_bytes_are_replacement_runes_of_width_one() {
        check(b"a\xffb", &[('a', 1), (RUNE_ERROR, 1), ('b', 1)]);
        check(b"\xc3\xa9", &[('\u{e9}', 2)]);
        check(b"\xc3", &[(RUNE_ERROR, 1)]);
        check(b"\xe2\x82", &[(RUNE_ERROR, 1), (RUNE_ERROR, 1)]);
        check(b"\xed\xa0\x80", &[(RUNE_ERROR, 1); 3]);
        check(b"\xc0\x80", &[(RUNE_ERROR, 1); 2]);
        check("\u{1F600}".as_bytes(), &[('\u{1F600}', 4)]);
        check("\u{FFFD}".as_bytes(), &[(RUNE_ERROR, 3)]);
    }

    #[test]
    fn last_rune() {
        assert_eq!(decode_last_rune("a\u{e9}".as_bytes()), ('\u{e9}', 2));
        assert_eq!(decode_last_rune(b"a\xa9"), (RUNE_ERROR, 1));
        assert_eq!(decode_last_rune(b"\xc3a"), ('a', 1));
        assert_eq!(decode_last_rune(b""), (RUNE_ERROR, 0));
        assert_eq!(decode_last_rune("\u{FFFD}".as_bytes()), (RUNE_ERROR, 3));
    }
}
