//! Which style a scalar can have, after `yaml_emitter_analyze_scalar`.

use super::Dialect;

/// The styles of scalars that are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

/// What a text allows.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent answers about one text, as in go-yaml")]
pub(super) struct Analysis {
    pub(super) multiline: bool,
    plain_allowed: bool,
    single_quoted_allowed: bool,
    block_allowed: bool,
}

impl Analysis {
    /// The style to take when `wanted` was asked for.
    pub(super) fn select(self, wanted: Style, empty: bool, simple_key: bool) -> Style {
        let mut style = wanted;
        if simple_key && self.multiline {
            style = Style::DoubleQuoted;
        }
        if style == Style::Plain && (!self.plain_allowed || (empty && simple_key)) {
            style = Style::SingleQuoted;
        }
        if style == Style::SingleQuoted && !self.single_quoted_allowed {
            style = Style::DoubleQuoted;
        }
        if style == Style::Literal && (!self.block_allowed || simple_key) {
            style = Style::DoubleQuoted;
        }
        style
    }
}

/// Whether the character at `at` is a line break.
pub(super) fn is_break(bytes: &[u8], at: usize) -> bool {
    let byte = |ahead: usize| bytes.get(at + ahead).copied().unwrap_or(0);
    match byte(0) {
        b'\r' | b'\n' => true,
        0xc2 => byte(1) == 0x85,
        0xe2 => byte(1) == 0x80 && matches!(byte(2), 0xa8 | 0xa9),
        _ => false,
    }
}

/// Whether the character at `at` needs no escape.
pub(super) fn is_printable(bytes: &[u8], at: usize) -> bool {
    let byte = |ahead: usize| bytes.get(at + ahead).copied().unwrap_or(0);
    match byte(0) {
        b'\n' | b' '..=b'~' | 0xc3..=0xec | 0xee => true,
        0xc2 => byte(1) >= 0xa0,
        0xed => byte(1) < 0xa0,
        // All but the byte order mark, U+FFFE and U+FFFF.
        0xef => !matches!((byte(1), byte(2)), (0xbb, 0xbf) | (0xbf, 0xbe | 0xbf)),
        _ => false,
    }
}

/// Whether the JSON of a text may be read differently by go-yaml: control characters that JSON leaves
/// alone, NEL, byte order marks, and keys that may be too long in JSON.
pub(super) fn is_odd(text: &str, as_key: bool) -> bool {
    // An escape has six characters, and a key may have 1,024 with its quotes.
    if as_key && text.len() > 1_000 / 6 {
        return true;
    }
    if text.is_ascii() {
        return memchr::memchr(0x7f, text.as_bytes()).is_some();
    }
    text.bytes().any(|byte| matches!(byte, 0x7f | 0xc2 | 0xef))
        && text.chars().any(|letter| matches!(letter, '\u{7f}'..='\u{9f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'))
}

/// Whether a text is a word that every dialect writes as it stands, as nearly all keys are.
pub(super) fn is_word(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes.first() {
        // With these begin the words that are no strings, of which none is longer than `false`.
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O') if bytes.len() <= 5 => false,
        Some(b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'/') => {
            bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/'))
        }
        _ => false,
    }
}

/// [`analyze`] for one line of printable ASCII, as most texts are; nothing for others.
fn analyze_line(bytes: &[u8]) -> Option<Analysis> {
    let mut indicators = bytes.starts_with(b"---") || bytes.starts_with(b"...");
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(b' ');
    let first = byte(0);
    indicators |= match first {
        b',' | b'[' | b']' | b'{' | b'}' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%' | b'@' | b'`'
        | b'#' => true,
        b'?' | b'-' => byte(1) == b' ',
        _ => false,
    };
    let mut at = 0;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        match rest.iter().position(|&byte| !matches!(byte, b' '..=b'"' | b'$'..=b'9' | b';'..=b'~')) {
            None => break,
            Some(ahead) => at += ahead,
        }
        match byte(at) {
            b':' => indicators |= byte(at + 1) == b' ',
            b'#' => indicators |= at > 0 && byte(at - 1) == b' ',
            _ => return None,
        }
        at += 1;
    }
    let trailing_space = bytes.last() == Some(&b' ');
    Some(Analysis {
        multiline: false,
        plain_allowed: !(indicators || trailing_space || first == b' '),
        single_quoted_allowed: true,
        block_allowed: !trailing_space,
    })
}

/// Looks at a text once.
pub(super) fn analyze(text: &str, dialect: Dialect) -> Analysis {
    let bytes = text.as_bytes();
    if bytes.is_empty() {
        return Analysis { multiline: false, plain_allowed: true, single_quoted_allowed: true, block_allowed: false };
    }
    analyze_line(bytes).unwrap_or_else(|| analyze_thoroughly(bytes, dialect))
}

fn analyze_thoroughly(bytes: &[u8], dialect: Dialect) -> Analysis {
    let mut indicators = bytes.starts_with(b"---") || bytes.starts_with(b"...");
    let mut line_breaks = false;
    let mut special = false;
    let mut tabs = false;
    let mut edge_blank = false;
    let mut trailing_space = false;
    let mut break_space = false;
    let mut space_break = false;
    let mut preceded_by_whitespace = true;
    let mut previous_space = false;
    let mut previous_break = false;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let width = crate::parse::width(byte);
        let next = bytes.get(at + width);
        let followed_by_whitespace = matches!(next, None | Some(b' ' | b'\t'));
        indicators |= match byte {
            b':' => followed_by_whitespace,
            b'#' if preceded_by_whitespace => true,
            b',' | b'[' | b']' | b'{' | b'}' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%' | b'@' | b'`' => {
                at == 0
            }
            b'?' | b'-' => at == 0 && followed_by_whitespace,
            _ => false,
        };
        if byte == b'\t' && dialect == Dialect::V3 {
            tabs = true;
        } else if !is_printable(bytes, at) {
            special = true;
        }
        if byte == b' ' {
            edge_blank |= at == 0;
            trailing_space |= next.is_none();
            break_space |= previous_break;
            (previous_space, previous_break) = (true, false);
        } else if is_break(bytes, at) {
            line_breaks = true;
            edge_blank |= at == 0 || next.is_none();
            space_break |= previous_space;
            (previous_space, previous_break) = (false, true);
        } else {
            (previous_space, previous_break) = (false, false);
        }
        preceded_by_whitespace = matches!(byte, b' ' | b'\t' | 0) || is_break(bytes, at);
        at += width;
    }
    let broken = break_space || space_break || special || tabs;
    Analysis {
        multiline: line_breaks,
        plain_allowed: !(edge_blank || trailing_space || broken || line_breaks || indicators),
        single_quoted_allowed: !broken,
        block_allowed: !(trailing_space || space_break || special),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_analyzed_as_all_texts_are() {
        const PIECES: [&str; 20] =
            ["a", "B9", " ", ":", "#", "-", "?", "---", "...", "'", "\"", "[", "}", "&", "!", "|", "%", "@", ",", "~"];
        let show = |analysis: Analysis| format!("{analysis:?}");
        for first in PIECES {
            for second in PIECES {
                for third in PIECES {
                    let text = [first, second, third].concat();
                    let found = analyze_line(text.as_bytes()).expect("it is a line");
                    for dialect in [Dialect::V2, Dialect::V3] {
                        assert_eq!(show(found), show(analyze_thoroughly(text.as_bytes(), dialect)), "{text:?}");
                    }
                    if is_word(&text) {
                        assert!(found.plain_allowed && crate::resolve::reads_as_string(&text), "{text:?}");
                    }
                }
            }
        }
        for text in ["a\n", "\t", "\u{7f}", "\u{e9}"] {
            assert!(analyze_line(text.as_bytes()).is_none(), "{text:?}");
        }
        for word in ["y", "No", "null", "TRUE", "off", "1", "", "~"] {
            assert!(!is_word(word), "{word:?}");
        }
    }
}
