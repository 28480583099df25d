//! Base64 and base32 as Go decodes them, with Go's messages about the byte that is wrong.

use data_encoding::{BASE32, BASE64};

/// A byte that the encoding does not allow where it stands
/// (`base64.CorruptInputError`, `base32.CorruptInputError`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("illegal {encoding} data at input byte {offset}")]
pub struct CorruptInputError {
    encoding: &'static str,
    /// Where it is.
    pub offset: usize,
}

/// Standard base64 with padding.
pub fn base64_encode(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// Standard base32 with padding.
pub fn base32_encode(bytes: &[u8]) -> String {
    BASE32.encode(bytes)
}

/// Standard base64; line breaks are skipped, padding is required
/// (`base64.StdEncoding.DecodeString`).
pub fn base64_decode(text: &[u8]) -> Result<Vec<u8>, CorruptInputError> {
    let corrupt = |offset| Err(CorruptInputError { encoding: "base64", offset });
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let mut group = [0_u8; 4];
    let mut filled = 0;
    let mut position = 0;
    let skip_breaks = |mut position: usize| {
        while matches!(text.get(position), Some(b'\n' | b'\r')) {
            position += 1;
        }
        position
    };
    while let Some(&byte) = text.get(position) {
        position += 1;
        match byte {
            b'\n' | b'\r' => continue,
            b'=' if filled >= 2 => {
                if filled == 2 {
                    position = skip_breaks(position);
                    match text.get(position) {
                        None => return corrupt(text.len()),
                        Some(b'=') => position += 1,
                        Some(_) => return corrupt(position - 1),
                    }
                }
                position = skip_breaks(position);
                if position < text.len() {
                    return corrupt(position);
                }
                group[filled..].fill(0);
                out.extend_from_slice(&join(group)[..filled - 1]);
                return Ok(out);
            }
            _ => match sextet(byte) {
                Some(value) => group[filled] = value,
                None => return corrupt(position - 1),
            },
        }
        filled += 1;
        if filled == 4 {
            out.extend_from_slice(&join(group));
            filled = 0;
        }
    }
    if filled > 0 { corrupt(text.len() - filled) } else { Ok(out) }
}

fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

fn join(group: [u8; 4]) -> [u8; 3] {
    [group[0] << 2 | group[1] >> 4, group[1] << 4 | group[2] >> 2, group[2] << 6 | group[3]]
}

/// Standard base32; line breaks are skipped, padding is required
/// (`base32.StdEncoding.DecodeString`).
pub fn base32_decode(text: &[u8]) -> Result<Vec<u8>, CorruptInputError> {
    let text: Vec<u8> = text.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let corrupt = |offset| Err(CorruptInputError { encoding: "base32", offset });
    let mut out = Vec::with_capacity(text.len() / 8 * 5);
    let mut start = 0;
    while start < text.len() {
        let mut group = [0_u8; 8];
        let mut filled = 0;
        while filled < 8 {
            let at = start + filled;
            let Some(&byte) = text.get(at) else {
                return corrupt(start);
            };
            let left = text.len() - at - 1;
            if byte == b'=' && filled >= 2 && left < 8 {
                if left + filled < 7 {
                    return corrupt(text.len());
                }
                let padding = &text[at + 1..];
                if let Some(wrong) = padding.iter().take(7 - filled).position(|&byte| byte != b'=') {
                    return corrupt(at + wrong);
                }
                if matches!(filled, 3 | 6) {
                    return corrupt(at);
                }
                break;
            }
            group[filled] = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'2'..=b'7' => byte - b'2' + 26,
                _ => return corrupt(at),
            };
            filled += 1;
        }
        let bits = group.iter().fold(0_u64, |bits, &value| bits << 5 | u64::from(value));
        out.extend_from_slice(&bits.to_be_bytes()[3..3 + filled * 5 / 8]);
        if filled < 8 {
            break;
        }
        start += 8;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::super::recorded;
    use super::*;

    #[test]
    fn decodes_as_go() {
        for row in recorded::rows(include_str!("../../tests/fixtures/go/encoding.tsv")) {
            let shown = |result: Result<Vec<u8>, CorruptInputError>| {
                result.unwrap_or_else(|error| error.to_string().into_bytes())
            };
            assert_eq!(shown(base64_decode(&row[0])), row[1], "base64 {:?}", recorded::show(&row[0]));
            assert_eq!(shown(base32_decode(&row[0])), row[2], "base32 {:?}", recorded::show(&row[0]));
            assert_eq!(base64_encode(&row[0]).as_bytes(), row[3]);
            assert_eq!(base32_encode(&row[0]).as_bytes(), row[4]);
        }
    }
}
