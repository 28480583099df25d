//! Which bytes does this PEM text hold? (Go's `encoding/pem`.)

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::general_purpose::{GeneralPurpose, PAD, STANDARD};
use memchr::memmem;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"\n-----END ";
const DASHES: &[u8] = b"-----";

/// As Go's `base64.StdEncoding`, which does not look at bits beyond the last byte.
const LENIENT: GeneralPurpose = GeneralPurpose::new(&ALPHABET, PAD.with_decode_allow_trailing_bits(true));

/// The first block of a PEM text.
#[derive(Debug)]
pub(super) struct Block<'a> {
    pub(super) kind: &'a [u8],
    pub(super) bytes: Vec<u8>,
}

/// Finds the first well-formed block; text around blocks and header lines at their beginning are skipped
/// (`pem.Decode`, whose every `continue` and `return nil` is here).
pub(super) fn decode(data: &[u8]) -> Option<Block<'_>> {
    let mut next = 0;
    loop {
        let from = next;
        let end = from + memmem::find(&data[from..], END)?;
        next = end + END.len();
        // Of several beginnings, the last before the end counts.
        let Some(begin) = memmem::rfind(&data[from..end], BEGIN).map(|offset| from + offset) else { continue };
        if begin > from && data[begin - 1] != b'\n' {
            continue;
        }
        let (first, mut body) = line(data, begin + BEGIN.len());
        let Some(kind) = first.strip_suffix(DASHES) else { continue };
        let mut has_headers = false;
        loop {
            if body == data.len() {
                return None;
            }
            let (text, after) = line(data, body);
            if !text.contains(&b':') {
                break;
            }
            has_headers = true;
            body = after;
        }
        if body > next {
            return None;
        }
        if has_headers && body > end {
            continue;
        }
        let Some(after) = data[next..].strip_prefix(kind).and_then(|rest| rest.strip_prefix(DASHES)) else { continue };
        if !line(after, 0).0.is_empty() {
            continue;
        }
        // Without a line between, the end follows at once.
        let encoded = data.get(body..end).unwrap_or_default();
        let encoded: Vec<u8> =
            encoded.iter().copied().filter(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).collect();
        if let Ok(bytes) = LENIENT.decode(encoded) {
            return Some(Block { kind, bytes });
        }
    }
}

/// The line from `at` on, without blanks at its end, and where the next one begins.
fn line(data: &[u8], at: usize) -> (&[u8], usize) {
    let rest = &data[at..];
    let (text, next) = match memchr::memchr(b'\n', rest) {
        Some(length) => (rest[..length].strip_suffix(b"\r").unwrap_or(&rest[..length]), at + length + 1),
        None => (rest, data.len()),
    };
    let blanks = text.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    (&text[..text.len() - blanks], next)
}

/// One block, in lines of 64 characters.
pub(super) fn encode(kind: &str, bytes: &[u8]) -> String {
    let encoded = STANDARD.encode(bytes);
    let mut text = format!("-----BEGIN {kind}-----\n");
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str("-----END ");
    text.push_str(kind);
    text.push_str("-----\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks() {
        let bytes: Vec<u8> = (0..100).collect();
        let text = encode("A KEY", &bytes);
        assert!(text.lines().all(|line| line.len() <= 64), "{text}");
        let with_others = [b"\xff before\n-----BEGIN BROKEN-----\n", text.as_bytes(), b"after \xff"].concat();
        let block = decode(&with_others).unwrap();
        assert_eq!((block.kind, block.bytes), (&b"A KEY"[..], bytes));
        let with_header = text.replacen("-----\n", "-----\nProc-Type: 4,ENCRYPTED\n\n", 1);
        assert_eq!(decode(with_header.as_bytes()).unwrap().bytes.len(), 100);
        for text in [
            "",
            "x",
            "-----BEGIN A-----",
            "-----BEGIN A-----\n!\n-----END A-----\n",
            "-----BEGIN A-----\nAAAA\n-----END B-----\n",
        ] {
            assert!(decode(text.as_bytes()).is_none(), "{text}");
        }
    }

    #[test]
    fn blocks_are_those_that_go_finds() {
        let check = |text: &str, expected: Option<(&str, &[u8])>| {
            let found = decode(text.as_bytes());
            let found = found.as_ref().map(|block| (block.kind, block.bytes.as_slice()));
            assert_eq!(found, expected.map(|(kind, bytes)| (kind.as_bytes(), bytes)), "{text:?}");
        };
        check("-----BEGIN A-----\nAAAA\n-----END A-----\n", Some(("A", &[0, 0, 0])));
        check("x-----BEGIN A-----\nAAAA\n-----END A-----\n", None);
        check("-----BEGIN A-----\r\nAA A\tA\r\n-----END A----- \t", Some(("A", &[0, 0, 0])));
        check("-----BEGIN A-----\nAAAA\n-----END A-----x\n", None);
        check("-----BEGIN A-----\nk: v\n-----END A-----\n", None);
        check("-----BEGIN A-----\nk: v\n\nAAAA\n-----END A-----\n", Some(("A", &[0, 0, 0])));
        check("-----BEGIN A-----\nAAAA\nk: v\n-----END A-----\n", None);
        check("-----BEGIN A-----\n-----END A-----\n", Some(("A", &[])));
        check("-----BEGIN A\n-----END A-----\n-----BEGIN B-----\nAB==\n-----END B-----", Some(("B", &[0])));
        check("-----BEGIN A-----\n-----BEGIN B-----\nAAAA\n-----END B-----\n", Some(("B", &[0, 0, 0])));
        check("-----BEGIN A:B-----\n-----END A:B-----\n", None);
    }
}
