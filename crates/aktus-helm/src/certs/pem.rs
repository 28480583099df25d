//! Which bytes does this PEM text hold? (Go's `encoding/pem`.)

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The first block of a PEM text.
#[derive(Debug)]
pub(super) struct Block<'a> {
    pub(super) kind: &'a str,
    pub(super) bytes: Vec<u8>,
}

/// Finds the first well-formed block; text around blocks and header lines inside them are skipped.
pub(super) fn decode(text: &str) -> Option<Block<'_>> {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("-----BEGIN ") {
        rest = after;
        let Some((kind, body)) = after.split_once("-----") else { break };
        let end = format!("-----END {kind}-----");
        let Some((body, _)) = body.split_once(&end) else { continue };
        let encoded: String = body
            .lines()
            .filter(|line| !line.contains(':'))
            .flat_map(str::chars)
            .filter(|character| !character.is_ascii_whitespace())
            .collect();
        if let Ok(bytes) = STANDARD.decode(encoded) {
            return Some(Block { kind, bytes });
        }
    }
    None
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
        let with_others = format!("text before\n-----BEGIN BROKEN-----\n{text}after");
        let block = decode(&with_others).unwrap();
        assert_eq!((block.kind, block.bytes), ("A KEY", bytes));
        let with_header = text.replacen("-----\n", "-----\nProc-Type: 4,ENCRYPTED\n\n", 1);
        assert_eq!(decode(&with_header).unwrap().bytes.len(), 100);
        for text in [
            "",
            "x",
            "-----BEGIN A-----",
            "-----BEGIN A-----\n!\n-----END A-----\n",
            "-----BEGIN A-----\nAAAA\n-----END B-----\n",
        ] {
            assert!(decode(text).is_none(), "{text}");
        }
    }
}
