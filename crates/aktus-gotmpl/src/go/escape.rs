//! How does `text/template` escape text for HTML and JavaScript?

use super::{unicode, utf8};

/// For HTML text and attributes (`template.HTMLEscapeString`).
pub fn html(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 8);
    for &byte in text {
        let escaped: &[u8] = match byte {
            0 => "\u{FFFD}".as_bytes(),
            b'"' => b"&#34;",
            b'\'' => b"&#39;",
            b'&' => b"&amp;",
            b'<' => b"&lt;",
            b'>' => b"&gt;",
            _ => {
                out.push(byte);
                continue;
            }
        };
        out.extend_from_slice(escaped);
    }
    out
}

/// For JavaScript strings (`template.JSEscapeString`).
pub fn js(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 8);
    for (start, rune, width) in utf8::runes(text) {
        match rune {
            '\\' | '\'' | '"' => {
                out.push(b'\\');
                utf8::append_rune(&mut out, rune);
            }
            '<' | '>' | '&' | '=' | '\0'..' ' => {
                out.extend_from_slice(format!("\\u{:04X}", u32::from(rune)).as_bytes());
            }
            _ if rune.is_ascii() || unicode::is_print(rune) => out.extend_from_slice(&text[start..start + width]),
            _ => out.extend_from_slice(format!("\\u{:04X}", u32::from(rune)).as_bytes()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::recorded;
    use super::*;

    #[test]
    fn escapes_as_go() {
        for row in recorded::rows(include_str!("../../tests/fixtures/go/escape.tsv")) {
            assert_eq!(html(&row[0]), row[1], "html {}", recorded::show(&row[0]));
            assert_eq!(js(&row[0]), row[2], "js {}", recorded::show(&row[0]));
        }
    }
}
