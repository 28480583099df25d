//! What is this rune to Go: letter, space, printable, and what is its other case?
//!
//! Categories are those of Unicode 15.0, which Go's `unicode` package carries;
//! runes assigned later are nothing to it. Case mappings are the simple ones, one
//! rune to one rune, unlike Rust's.

use std::sync::LazyLock;

/// A sorted set of code point ranges.
#[derive(Debug)]
struct Set(Vec<(char, char)>);

impl Set {
    fn parse(class: &str) -> Self {
        let pattern = format!(r"[{class}&&\p{{Age=15.0}}]");
        let ranges = match regex_syntax::parse(&pattern).map(regex_syntax::hir::Hir::into_kind) {
            Ok(regex_syntax::hir::HirKind::Class(regex_syntax::hir::Class::Unicode(class))) => {
                class.ranges().iter().map(|range| (range.start(), range.end())).collect()
            }
            _ => Vec::new(),
        };
        Self(ranges)
    }

    fn contains(&self, rune: char) -> bool {
        let after = self.0.partition_point(|&(start, _)| start <= rune);
        after > 0 && rune <= self.0[after - 1].1
    }
}

static ASSIGNED: LazyLock<Set> = LazyLock::new(|| Set::parse(r"\p{Any}"));
static LETTER: LazyLock<Set> = LazyLock::new(|| Set::parse(r"\p{L}"));
static UPPER: LazyLock<Set> = LazyLock::new(|| Set::parse(r"\p{Lu}"));
static LOWER: LazyLock<Set> = LazyLock::new(|| Set::parse(r"\p{Ll}"));
static TITLE: LazyLock<Set> = LazyLock::new(|| Set::parse(r"\p{Lt}"));
static DIGIT: LazyLock<Set> = LazyLock::new(|| Set::parse(r"\p{Nd}"));
static NUMBER: LazyLock<Set> = LazyLock::new(|| Set::parse(r"\p{N}"));
static PUNCTUATION: LazyLock<Set> = LazyLock::new(|| Set::parse(r"\p{P}"));
static PRINTABLE: LazyLock<Set> = LazyLock::new(|| Set::parse(r"[\p{L}\p{M}\p{N}\p{P}\p{S}]"));

/// Category L (`unicode.IsLetter`).
pub fn is_letter(rune: char) -> bool {
    if rune.is_ascii() { rune.is_ascii_alphabetic() } else { LETTER.contains(rune) }
}

/// Category Lu (`unicode.IsUpper`).
pub fn is_upper(rune: char) -> bool {
    if rune.is_ascii() { rune.is_ascii_uppercase() } else { UPPER.contains(rune) }
}

/// Category Ll (`unicode.IsLower`).
pub fn is_lower(rune: char) -> bool {
    if rune.is_ascii() { rune.is_ascii_lowercase() } else { LOWER.contains(rune) }
}

/// Category Lt (`unicode.IsTitle`).
pub fn is_title(rune: char) -> bool {
    !rune.is_ascii() && TITLE.contains(rune)
}

/// Category Nd (`unicode.IsDigit`).
pub fn is_digit(rune: char) -> bool {
    if rune.is_ascii() { rune.is_ascii_digit() } else { DIGIT.contains(rune) }
}

/// Category N (`unicode.IsNumber`).
pub fn is_number(rune: char) -> bool {
    if rune.is_ascii() { rune.is_ascii_digit() } else { NUMBER.contains(rune) }
}

/// Category P (`unicode.IsPunct`), to which ASCII's symbols such as `$` and `+` do not belong.
pub fn is_punct(rune: char) -> bool {
    if rune.is_ascii() {
        rune.is_ascii_punctuation() && !matches!(rune, '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~')
    } else {
        PUNCTUATION.contains(rune)
    }
}

/// White space (`unicode.IsSpace`).
pub fn is_space(rune: char) -> bool {
    rune.is_whitespace()
}

/// Letters, marks, numbers, punctuation, symbols and the ASCII space
/// (`unicode.IsPrint`, `strconv.IsPrint`).
pub fn is_print(rune: char) -> bool {
    if rune.is_ascii() { matches!(rune, ' '..='~') } else { PRINTABLE.contains(rune) }
}

/// The simple upper case (`unicode.ToUpper`).
pub fn to_upper(rune: char) -> char {
    if rune.is_ascii() {
        return rune.to_ascii_uppercase();
    }
    // Rust expands these to two letters; their simple upper case is the title case.
    if let Some(upper) = greek_with_iota(rune) {
        return upper;
    }
    known(rune, rune.to_uppercase())
}

/// The simple lower case (`unicode.ToLower`).
pub fn to_lower(rune: char) -> char {
    match rune {
        _ if rune.is_ascii() => rune.to_ascii_lowercase(),
        '\u{130}' => 'i',
        _ => known(rune, rune.to_lowercase()),
    }
}

/// The simple title case (`unicode.ToTitle`): the upper case but for the
/// digraphs that have a title case of their own, and Georgian, which has none.
pub fn to_title(rune: char) -> char {
    match rune {
        '\u{1C4}'..='\u{1C6}' => '\u{1C5}',
        '\u{1C7}'..='\u{1C9}' => '\u{1C8}',
        '\u{1CA}'..='\u{1CC}' => '\u{1CB}',
        '\u{1F1}'..='\u{1F3}' => '\u{1F2}',
        '\u{10D0}'..='\u{10FA}' | '\u{10FD}'..='\u{10FF}' => rune,
        _ => to_upper(rune),
    }
}

fn greek_with_iota(rune: char) -> Option<char> {
    let code = u32::from(rune);
    let upper = match code {
        0x1F80..=0x1FAF => code | 8,
        0x1FB3 | 0x1FC3 | 0x1FF3 => code + 9,
        0x1FBC | 0x1FCC | 0x1FFC => code,
        _ => return None,
    };
    char::from_u32(upper)
}

/// The mapping, if it is one rune that Unicode 15.0 knows; otherwise `rune` itself.
fn known(rune: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(one), None) if one == rune || ASSIGNED.contains(one) => one,
        _ => rune,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn cases(rune: char, upper: char, lower: char, title: char) {
        assert_eq!((to_upper(rune), to_lower(rune), to_title(rune)), (upper, lower, title), "{rune:?}");
    }

    #[test]
    fn case_mappings_are_simple_ones() {
        cases('a', 'A', 'a', 'A');
        cases('\u{e9}', '\u{c9}', '\u{e9}', '\u{c9}');
        cases('\u{df}', '\u{df}', '\u{df}', '\u{df}');
        cases('\u{130}', '\u{130}', 'i', '\u{130}');
        cases('\u{131}', 'I', '\u{131}', 'I');
        cases('\u{1c6}', '\u{1c4}', '\u{1c6}', '\u{1c5}');
        cases('\u{1f80}', '\u{1f88}', '\u{1f80}', '\u{1f88}');
        cases('\u{1fbc}', '\u{1fbc}', '\u{1fb3}', '\u{1fbc}');
        cases('\u{10d0}', '\u{1c90}', '\u{10d0}', '\u{10d0}');
        cases('\u{3c2}', '\u{3a3}', '\u{3c2}', '\u{3a3}');
    }

    #[test]
    fn runes_assigned_after_unicode_15_are_unknown() {
        // U+A7DC came with Unicode 16 as the capital of U+019B.
        cases('\u{19b}', '\u{19b}', '\u{19b}', '\u{19b}');
        assert!(!is_print('\u{a7dc}'));
        assert!(!is_letter('\u{a7dc}'));
    }

    #[test]
    fn categories_are_those_of_the_unicode_package() {
        assert!(is_lower('\u{df}') && !is_lower('\u{aa}') && is_letter('\u{aa}'));
        assert!(!is_upper('\u{2160}') && is_number('\u{2160}') && !is_digit('\u{2160}'));
        assert!(is_title('\u{1c5}') && is_digit('\u{661}'));
        assert!(is_punct('-') && is_punct('_') && !is_punct('$') && is_punct('\u{2014}'));
        assert!(is_print('\u{e9}') && !is_print('\u{a0}') && !is_print('\u{ad}') && !is_print('\u{feff}'));
        assert!(is_space('\u{85}') && is_space('\u{a0}') && is_space('\u{b}') && !is_space('\u{200b}'));
    }
}
