//! Does this path match that glob?
//!
//! Follows gobwas/glob, which Helm uses for `.Files.Glob`: `*`, `**`, `?`, `[abc]`, `[!a-z]`,
//! `{a,b}` and `\x`, in which `*` and `?` do not match separators.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, Look, Repetition};

use super::regexp::Regexp;

/// A compiled pattern.
#[derive(Debug, Clone)]
pub struct Glob(Regexp);

/// A pattern that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GlobError {
    /// Not UTF-8, or a U+FFFD.
    #[error("could not read rune")]
    Rune,
    /// `[` without `]`.
    #[error("unexpected end of input")]
    UnexpectedEnd,
    /// More in a range than two ends.
    #[error("expected close range character")]
    RangeClose,
    /// A range from more to less.
    #[error("hi character '{high}' should be greater than lo '{low}'")]
    RangeOrder {
        /// The first end.
        low: char,
        /// The second end.
        high: char,
    },
    /// `[]`.
    #[error("could not parse range")]
    Range,
    /// Nested deeper than 100 braces, or far too long; our own limits.
    #[error("pattern too large")]
    Large,
}

/// How deep braces may nest.
const MAXIMUM_DEPTH: usize = 100;

impl Glob {
    /// Reads a pattern (`glob.Compile`).
    pub fn compile(pattern: &[u8], separators: &[char]) -> Result<Self, GlobError> {
        let text = str::from_utf8(pattern).map_err(|_| GlobError::Rune)?;
        if text.contains('\u{FFFD}') {
            return Err(GlobError::Rune);
        }
        // A zero byte ends the pattern, as the original's lexer has it.
        let text = text.split('\0').next().unwrap_or_default();
        let ranges = separators.iter().map(|&separator| ClassUnicodeRange::new(separator, separator));
        let mut not_separator = ClassUnicode::new(ranges);
        not_separator.negate();
        let body = Parser { text, not_separator }.parse()?;
        let hir = Hir::concat(vec![Hir::look(Look::Start), body, Hir::look(Look::End)]);
        Regexp::from_hir(&hir).map(Self).ok_or(GlobError::Large)
    }

    /// Does the text match as a whole?
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.0.is_match(text)
    }
}

struct Parser<'p> {
    text: &'p str,
    not_separator: ClassUnicode,
}

/// Braces that are open: their alternatives so far, and the one being read.
#[derive(Default)]
struct Level {
    alternatives: Vec<Hir>,
    sequence: Vec<Hir>,
}

impl Level {
    fn finish(mut self) -> Hir {
        self.alternatives.push(Hir::concat(self.sequence));
        Hir::alternation(self.alternatives)
    }
}

impl Parser<'_> {
    fn parse(mut self) -> Result<Hir, GlobError> {
        let mut levels: Vec<Level> = Vec::new();
        let mut level = Level::default();
        while let Some(first) = self.next() {
            let node = match first {
                '{' => {
                    if levels.len() == MAXIMUM_DEPTH {
                        return Err(GlobError::Large);
                    }
                    levels.push(std::mem::take(&mut level));
                    continue;
                }
                ',' if !levels.is_empty() => {
                    let sequence = std::mem::take(&mut level.sequence);
                    level.alternatives.push(Hir::concat(sequence));
                    continue;
                }
                '}' if let Some(outer) = levels.pop() => std::mem::replace(&mut level, outer).finish(),
                '[' => Hir::class(Class::Unicode(self.range()?)),
                '?' => self.not_separator(false),
                '*' if self.text.starts_with('*') => {
                    self.next();
                    repeated(ClassUnicode::new([ClassUnicodeRange::new('\0', char::MAX)]))
                }
                '*' => self.not_separator(true),
                // A backslash at the end means nothing.
                '\\' => match self.next() {
                    Some(escaped) => literal(escaped),
                    None => continue,
                },
                _ => literal(first),
            };
            level.sequence.push(node);
        }
        // Braces left open close at the end.
        while let Some(outer) = levels.pop() {
            let inner = std::mem::replace(&mut level, outer).finish();
            level.sequence.push(inner);
        }
        Ok(level.finish())
    }

    fn next(&mut self) -> Option<char> {
        let rune = self.text.chars().next()?;
        self.text = &self.text[rune.len_utf8()..];
        Some(rune)
    }

    fn not_separator(&self, repeat: bool) -> Hir {
        let class = self.not_separator.clone();
        if repeat { repeated(class) } else { Hir::class(Class::Unicode(class)) }
    }

    /// `[abc]`, `[a-z]` or one of them negated by `!`.
    fn range(&mut self) -> Result<ClassUnicode, GlobError> {
        let mut first = self.next().ok_or(GlobError::UnexpectedEnd)?;
        let negated = first == '!';
        if negated {
            first = self.next().ok_or(GlobError::UnexpectedEnd)?;
        }
        let mut class = ClassUnicode::empty();
        if self.text.starts_with('-') {
            self.next();
            let high = self.next().ok_or(GlobError::UnexpectedEnd)?;
            match self.next() {
                Some(']') => {}
                Some(_) => return Err(GlobError::RangeClose),
                None => return Err(GlobError::UnexpectedEnd),
            }
            if high < first {
                return Err(GlobError::RangeOrder { low: first, high });
            }
            class.push(ClassUnicodeRange::new(first, high));
        } else {
            let mut rune = first;
            let mut count = 0;
            while rune != ']' {
                if rune == '\\' {
                    rune = self.next().ok_or(GlobError::UnexpectedEnd)?;
                }
                class.push(ClassUnicodeRange::new(rune, rune));
                count += 1;
                rune = self.next().ok_or(GlobError::UnexpectedEnd)?;
            }
            if count == 0 {
                return Err(GlobError::Range);
            }
        }
        if negated {
            class.negate();
        }
        Ok(class)
    }
}

fn literal(rune: char) -> Hir {
    Hir::literal(rune.encode_utf8(&mut [0; 4]).as_bytes())
}

fn repeated(class: ClassUnicode) -> Hir {
    let sub = Box::new(Hir::class(Class::Unicode(class)));
    Hir::repetition(Repetition { min: 0, max: None, greedy: true, sub })
}

#[cfg(test)]
mod tests {
    use super::super::recorded;
    use super::*;

    #[test]
    fn as_the_original() {
        for row in recorded::rows(include_str!("../../tests/fixtures/go/glob.tsv")) {
            let result = match Glob::compile(&row[0], &['/']) {
                Ok(glob) => glob.is_match(&row[1]).to_string(),
                Err(error) => error.to_string(),
            };
            assert_eq!(result.as_bytes(), row[2], "{} {}", recorded::show(&row[0]), recorded::show(&row[1]));
        }
    }

    #[test]
    fn deep_braces_are_refused() {
        assert_eq!(Glob::compile("{".repeat(100_000).as_bytes(), &['/']).err(), Some(GlobError::Large));
    }
}
