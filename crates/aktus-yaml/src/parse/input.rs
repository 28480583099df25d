//! Bytes to text, as go-yaml's reader takes them.
//!
//! go-yaml decodes its input in steps of 512 bytes and notices a bad character when it decodes the
//! step that holds it, even if the parser has not got there. So a bad character is reported before a
//! mistake in the grammar that stands a little ahead of it, and after one that stands well ahead.
//! Texts with a bad character are therefore scanned with the steps in mind ([`Careful`]), and so are
//! those with a byte order mark in their midst, which go-yaml looks for at the beginning of its buffer.

use std::borrow::Cow;

/// The text to scan.
#[derive(Debug)]
pub(super) struct Input<'t> {
    /// The text, as far as it is valid, without the byte order mark.
    pub(super) text: Cow<'t, str>,
    /// How many bytes of the original stood before the text.
    pub(super) shift: usize,
    /// The original was UTF-16.
    pub(super) wide: bool,
    /// What a careful scan needs to know; absent for nearly every text.
    pub(super) careful: Option<Careful>,
}

/// The steps in which go-yaml decodes a text, and what stops it.
#[derive(Debug, Default)]
pub(super) struct Careful {
    /// The end of each step, in bytes of the decoded text.
    pub(super) ends: Vec<usize>,
    /// Why the step after the last failed.
    pub(super) problem: Option<&'static str>,
}

/// The size of go-yaml's raw buffer.
const STEP: usize = 512;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Decodes and checks `raw`.
pub(super) fn prepare(raw: &[u8]) -> Input<'_> {
    match raw {
        [0xff, 0xfe, ..] => return decode(raw, Encoding::Utf16 { low: 0 }),
        [0xfe, 0xff, ..] => return decode(raw, Encoding::Utf16 { low: 1 }),
        _ => {}
    }
    let bytes = raw.strip_prefix(BOM).unwrap_or(raw);
    let Ok(text) = std::str::from_utf8(bytes) else { return decode(raw, Encoding::Utf8) };
    if is_suspicious(bytes) && text.chars().any(|letter| letter == '\u{feff}' || !is_allowed(letter)) {
        return decode(raw, Encoding::Utf8);
    }
    Input { text: Cow::Borrowed(text), shift: raw.len() - bytes.len(), wide: false, careful: None }
}

/// Whether a closer look is needed: a quick check without branches over all bytes.
#[expect(clippy::needless_bitwise_bool, reason = "lazy operators would be branches")]
fn is_suspicious(bytes: &[u8]) -> bool {
    bytes.chunks(64).any(|chunk| {
        chunk.iter().fold(false, |found, &byte| {
            found
                | ((byte < 0x20) & (byte != b'\n') & (byte != b'\t') & (byte != b'\r'))
                | (byte == 0x7f)
                | (byte == 0xc2)
                | (byte == 0xef)
        })
    })
}

/// The characters that YAML allows outside escapes.
fn is_allowed(letter: char) -> bool {
    matches!(letter,
        '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..)
}

#[derive(Clone, Copy)]
enum Encoding {
    Utf8,
    /// `low` is the place of the low byte of a unit.
    Utf16 {
        low: usize,
    },
}

/// What stands at a place of the raw bytes.
enum Decoded {
    Letter(char, usize),
    /// The buffer ends within a character.
    Cut(&'static str),
    Bad(&'static str),
}

/// Decodes step by step, up to the first bad character.
fn decode(raw: &[u8], encoding: Encoding) -> Input<'_> {
    let shift = match encoding {
        Encoding::Utf8 if raw.starts_with(BOM) => 3,
        Encoding::Utf8 => 0,
        Encoding::Utf16 { .. } => 2,
    };
    let mut careful = Careful::default();
    let mut converted = String::new();
    let mut at = shift;
    let mut limit = raw.len().min(STEP);
    'steps: loop {
        let mut cut = None;
        while at < limit && cut.is_none() {
            let rest = raw.get(at..limit).unwrap_or_default();
            let letter = match encoding {
                Encoding::Utf8 => decode_utf8(rest),
                Encoding::Utf16 { low } => decode_utf16(rest, low),
            };
            match letter {
                Decoded::Letter(letter, width) if is_allowed(letter) => {
                    converted.push(letter);
                    at += width;
                }
                Decoded::Letter(..) => {
                    careful.problem = Some("control characters are not allowed");
                    break 'steps;
                }
                Decoded::Bad(problem) => {
                    careful.problem = Some(problem);
                    break 'steps;
                }
                Decoded::Cut(problem) => cut = Some(problem),
            }
        }
        careful.ends.push(converted.len());
        if limit == raw.len() {
            // A character cut off by the end is noticed by the step after.
            careful.problem = cut;
            break;
        }
        // What is left of this step is kept at the beginning of the next.
        limit = raw.len().min(at + STEP);
    }
    let wide = matches!(encoding, Encoding::Utf16 { .. });
    Input { text: Cow::Owned(converted), shift, wide, careful: Some(careful) }
}

fn decode_utf8(bytes: &[u8]) -> Decoded {
    let Some(&lead) = bytes.first() else { return Decoded::Cut("incomplete UTF-8 octet sequence") };
    let (width, bits, least) = match lead {
        0x00..=0x7f => return Decoded::Letter(char::from(lead), 1),
        0xc0..=0xdf => (2, lead & 0x1f, 0x80),
        0xe0..=0xef => (3, lead & 0x0f, 0x800),
        0xf0..=0xf7 => (4, lead & 0x07, 0x1_0000),
        _ => return Decoded::Bad("invalid leading UTF-8 octet"),
    };
    let Some(trail) = bytes.get(1..width) else {
        return Decoded::Cut("incomplete UTF-8 octet sequence");
    };
    let mut value = u32::from(bits);
    for &octet in trail {
        if octet & 0xc0 != 0x80 {
            return Decoded::Bad("invalid trailing UTF-8 octet");
        }
        value = (value << 6) + u32::from(octet & 0x3f);
    }
    if value < least {
        return Decoded::Bad("invalid length of a UTF-8 sequence");
    }
    match char::from_u32(value) {
        Some(letter) => Decoded::Letter(letter, width),
        None => Decoded::Bad("invalid Unicode character"),
    }
}

fn decode_utf16(bytes: &[u8], low: usize) -> Decoded {
    let unit = |at: usize| Some(u32::from(*bytes.get(at + low)?) | u32::from(*bytes.get(at + 1 - low)?) << 8);
    let Some(value) = unit(0) else { return Decoded::Cut("incomplete UTF-16 character") };
    if value & 0xfc00 == 0xdc00 {
        return Decoded::Bad("unexpected low surrogate area");
    }
    if value & 0xfc00 != 0xd800 {
        return char::from_u32(value)
            .map_or(Decoded::Bad("invalid Unicode character"), |letter| Decoded::Letter(letter, 2));
    }
    let Some(second) = unit(2) else { return Decoded::Cut("incomplete UTF-16 surrogate pair") };
    if second & 0xfc00 != 0xdc00 {
        return Decoded::Bad("expected low surrogate area");
    }
    let letter = 0x1_0000 + ((value & 0x3ff) << 10) + (second & 0x3ff);
    char::from_u32(letter).map_or(Decoded::Bad("invalid Unicode character"), |letter| Decoded::Letter(letter, 4))
}
