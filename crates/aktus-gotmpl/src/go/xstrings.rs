//! huandu/xstrings v1.5, behind sprig's `camelcase`, `snakecase`, `kebabcase` and `shuffle`.

use super::unicode;
use super::utf8::{self, RUNE_ERROR};

/// Words joined with their first letters in upper case: `http_server` becomes
/// `HttpServer` (`xstrings.ToPascalCase`).
pub fn to_pascal_case(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut runes = utf8::runes(text).map(|(_, rune, _)| rune);
    // Connectors at the beginning stay.
    let mut current = loop {
        match runes.next() {
            None => {
                // The last connector is written twice: it is also the last rune.
                if let Some((_, last, _)) = utf8::runes(text).last() {
                    utf8::append_rune(&mut out, last);
                }
                return out;
            }
            Some(rune) if is_connector(rune) => utf8::append_rune(&mut out, rune),
            Some(rune) => break rune,
        }
    };
    let mut first_is_upper = unicode::is_upper(current);
    current = unicode::to_upper(current);
    for rune in runes {
        let before = std::mem::replace(&mut current, rune);
        if is_connector(current) && is_connector(before) {
            utf8::append_rune(&mut out, before);
        } else if is_connector(before) {
            first_is_upper = unicode::is_upper(current);
            current = unicode::to_upper(current);
        } else {
            if first_is_upper {
                if unicode::is_upper(current) {
                    current = unicode::to_lower(current);
                } else {
                    first_is_upper = false;
                }
            }
            utf8::append_rune(&mut out, before);
        }
    }
    utf8::append_rune(&mut out, current);
    out
}

/// Words in lower case joined by `connector`: `HTTPServer` becomes `http_server`
/// (`xstrings.ToSnakeCase`, `ToKebabCase`).
pub fn to_delimited_case(text: &[u8], connector: u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 8);
    let mut word = Word::first(text);
    while !word.rest.is_empty() {
        if word.kind != WordKind::Connector {
            word.write(&mut out, connector);
        }
        let before = word;
        word = Word::first(before.rest);
        match before.kind {
            WordKind::Number => {
                word = word.write_tail(&mut out, connector);
            }
            WordKind::Connector => before.write(&mut out, connector),
            WordKind::Punctuation => {}
            _ if word.kind != WordKind::Number => {
                if !matches!(word.kind, WordKind::Connector | WordKind::Punctuation) {
                    out.push(connector);
                }
            }
            _ if word.rest.is_empty() => {}
            _ => {
                let number = word;
                word = Word::first(number.rest);
                if word.kind == WordKind::Alphabet {
                    // Lower case after a number: a word of its own, as in "HTTP2xx".
                    out.push(connector);
                    number.write(&mut out, connector);
                    word = word.write_tail(&mut out, connector);
                } else {
                    // Part of the word before, as in "Bld4Floor".
                    number.write(&mut out, connector);
                    if !matches!(word.kind, WordKind::Connector | WordKind::Punctuation) {
                        out.push(connector);
                    }
                }
            }
        }
    }
    word.write(&mut out, connector);
    out
}

fn is_connector(rune: char) -> bool {
    rune == '-' || rune == '_' || unicode::is_space(rune)
}

fn is_alphabet(rune: char) -> bool {
    if !unicode::is_letter(rune) {
        return false;
    }
    // Chinese characters are not taken for letters.
    !matches!(u32::from(rune), 0x3400..=0x4D85 | 0x4E00..=0x9FCC | 0x20000..=0x2B81D)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WordKind {
    Invalid,
    Number,
    UpperCase,
    Alphabet,
    Connector,
    Punctuation,
    Other,
}

/// A run of runes of one kind, and what follows.
#[derive(Debug, Clone, Copy)]
struct Word<'t> {
    kind: WordKind,
    text: &'t [u8],
    rest: &'t [u8],
}

impl<'t> Word<'t> {
    fn first(text: &'t [u8]) -> Self {
        let (rune, width) = next_valid_rune(text, RUNE_ERROR);
        if rune == RUNE_ERROR {
            let (word, rest) = text.split_at(width);
            return Self { kind: WordKind::Invalid, text: word, rest };
        }
        let run = |mut length: usize, mut rune: char, belongs: &dyn Fn(char) -> bool| {
            while length < text.len() {
                let (next, width) = next_valid_rune(&text[length..], rune);
                if !belongs(next) {
                    break;
                }
                rune = next;
                length += width;
            }
            length
        };
        let lower = |rune: char| is_alphabet(rune) && !unicode::is_upper(rune);
        let (kind, length) = if is_connector(rune) {
            (WordKind::Connector, run(width, rune, &is_connector))
        } else if unicode::is_punct(rune) {
            (WordKind::Punctuation, run(width, rune, &unicode::is_punct))
        } else if unicode::is_upper(rune) {
            (WordKind::UpperCase, upper_case_word(text, rune, width, &run))
        } else if is_alphabet(rune) {
            (WordKind::Alphabet, run(width, rune, &lower))
        } else if unicode::is_number(rune) {
            (WordKind::Number, run(width, rune, &unicode::is_number))
        } else {
            let other = |rune: char| {
                !is_connector(rune) && !is_alphabet(rune) && !unicode::is_number(rune) && !unicode::is_punct(rune)
            };
            (WordKind::Other, run(width, rune, &other))
        };
        let (word, rest) = text.split_at(length);
        Self { kind, text: word, rest }
    }

    fn write(self, out: &mut Vec<u8>, connector: u8) {
        if !matches!(self.kind, WordKind::UpperCase | WordKind::Connector) {
            out.extend_from_slice(self.text);
            return;
        }
        for (_, rune, _) in utf8::runes(self.text) {
            if is_connector(rune) {
                out.push(connector);
            } else {
                utf8::append_rune(out, if unicode::is_upper(rune) { unicode::to_lower(rune) } else { rune });
            }
        }
    }

    /// Writes the letters and numbers from here on and yields the word after them.
    fn write_tail(mut self, out: &mut Vec<u8>, connector: u8) -> Self {
        while matches!(self.kind, WordKind::Alphabet | WordKind::Number) {
            self.write(out, connector);
            self = Self::first(self.rest);
        }
        if !matches!(self.kind, WordKind::Invalid | WordKind::Connector | WordKind::Punctuation) {
            out.push(connector);
        }
        self
    }
}

/// Finds the end of a run of runes that belong together.
type Run<'r> = &'r dyn Fn(usize, char, &dyn Fn(char) -> bool) -> usize;

/// `HTTPServer` is `HTTP` and `Server`; `Server` is one word.
fn upper_case_word(text: &[u8], first: char, width: usize, run: Run<'_>) -> usize {
    if width == text.len() {
        return width;
    }
    let (second, second_width) = next_valid_rune(&text[width..], first);
    if unicode::is_upper(second) {
        let mut length = width + second_width;
        let mut last_width = second_width;
        let mut rune = second;
        while length < text.len() {
            let (next, next_width) = next_valid_rune(&text[length..], rune);
            rune = next;
            if !unicode::is_upper(next) {
                break;
            }
            last_width = next_width;
            length += next_width;
        }
        if length < text.len() && is_alphabet(rune) {
            length -= last_width;
        }
        length
    } else if is_alphabet(second) {
        run(width + second_width, second, &|rune| is_alphabet(rune) && !unicode::is_upper(rune))
    } else {
        width
    }
}

/// The next rune that is not invalid and the bytes up to its end; `before` at the end.
fn next_valid_rune(text: &[u8], before: char) -> (char, usize) {
    let mut size = 0;
    for (_, rune, width) in utf8::runes(text) {
        size += width;
        if rune != RUNE_ERROR {
            return (rune, size);
        }
    }
    (before, size)
}

/// The runes in an order that `random` decides, which gives a number below its argument
/// (`xstrings.Shuffle`).
pub fn shuffle(text: &[u8], mut random: impl FnMut(usize) -> usize) -> Vec<u8> {
    let mut runes: Vec<char> = utf8::runes(text).map(|(_, rune, _)| rune).collect();
    for index in (1..runes.len()).rev() {
        runes.swap(index, random(index + 1).min(index));
    }
    let mut out = Vec::with_capacity(text.len());
    for rune in runes {
        utf8::append_rune(&mut out, rune);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::recorded;
    use super::*;

    #[test]
    fn as_the_original() {
        for row in recorded::rows(include_str!("../../tests/fixtures/go/xstrings.tsv")) {
            let case = recorded::show(&row[0]);
            assert_eq!(recorded::show(&to_pascal_case(&row[0])), recorded::show(&row[1]), "pascal {case}");
            assert_eq!(recorded::show(&to_delimited_case(&row[0], b'_')), recorded::show(&row[2]), "snake {case}");
            assert_eq!(recorded::show(&to_delimited_case(&row[0], b'-')), recorded::show(&row[3]), "kebab {case}");
        }
    }

    #[test]
    fn shuffling_keeps_the_runes() {
        assert_eq!(shuffle(b"abc", |below| below - 1), b"abc");
        assert_eq!(shuffle("a\u{e9}c".as_bytes(), |_| 0), "\u{e9}ca".as_bytes());
    }
}
