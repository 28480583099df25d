//! Which identities and random-looking names does the server make up?
//!
//! All of them follow from the resource version, so that runs repeat.

use sha2::{Digest as _, Sha256};

/// The letters of generated names, which spell no words.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

fn digest(parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.finalize().into()
}

/// A uid.
pub(crate) fn uid(revision: u64, storage: &str, name: &str) -> String {
    let bytes = digest(&["uid", &revision.to_string(), storage, name]);
    let hex: String = bytes.iter().take(16).fold(String::new(), |mut text, byte| {
        text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
        text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        text
    });
    // The version and variant of a random UUID.
    format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
}

/// Five letters for `generateName`.
pub(crate) fn suffix(revision: u64, base: &str) -> String {
    letters(&digest(&["suffix", &revision.to_string(), base]), 5)
}

/// Ten letters that follow from a text, for the names of replica sets and revisions.
pub(crate) fn hash(text: &str) -> String {
    letters(&digest(&["hash", text]), 10)
}

/// Hexadecimal digits that follow from a text.
pub(crate) fn hexadecimal(text: &str, length: usize) -> String {
    let bytes = digest(&["hexadecimal", text]);
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .take(length)
        .collect()
}

/// A number below `bound` that follows from a text.
pub(crate) fn number(text: &str, bound: u32) -> u32 {
    let bytes = digest(&["number", text]);
    let value = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    value % bound.max(1)
}

fn letters(bytes: &[u8], length: usize) -> String {
    bytes
        .iter()
        .take(length)
        .filter_map(|byte| LETTERS.get(usize::from(*byte) % LETTERS.len()))
        .map(|letter| char::from(*letter))
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn identities_have_their_forms() {
        let uid = super::uid(7, "pods", "a");
        assert_eq!(uid.len(), 36);
        assert_eq!(uid.as_bytes()[14], b'4');
        assert_eq!(super::suffix(7, "a-").len(), 5);
        assert_ne!(super::suffix(7, "a-"), super::suffix(8, "a-"));
    }
}
