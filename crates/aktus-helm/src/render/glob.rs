//! Which paths does a pattern of `.Files.Glob` cover?
//!
//! The patterns of gobwas/glob v0.2.3 with `/` as separator: `*` and `?` stop at slashes, `**` does not,
//! `[abc]`, `[!abc]`, `[a-z]`, `{a,b}` nest, `\` takes the next rune as it is.
//! Matching is by the meaning of the pattern; gobwas itself misses some matches of alternatives that hold
//! more than one wildcard.

use std::collections::BTreeSet;

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Glob {
    pieces: Vec<Piece>,
}

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Text(Vec<char>),
    /// `*`
    Any,
    /// `**`
    Super,
    /// `?`
    Single,
    List {
        runes: Vec<char>,
        negated: bool,
    },
    Range {
        low: char,
        high: char,
        negated: bool,
    },
    Alternatives(Vec<Vec<Piece>>),
}

/// Alternatives inside alternatives; beyond this a pattern counts as malformed.
const NESTING: usize = 32;

impl Glob {
    /// The pattern, or nothing when gobwas refuses it.
    pub(super) fn compile(pattern: &str) -> Option<Self> {
        if pattern.contains(char::REPLACEMENT_CHARACTER) {
            return None;
        }
        // gobwas takes NUL for the end.
        let pattern = pattern.split('\0').next().unwrap_or(pattern);
        let mut compiler = Compiler { runes: pattern.chars().collect(), at: 0, depth: 0 };
        let pieces = compiler.sequence()?;
        Some(Self { pieces })
    }

    /// Whether it covers all of `path`.
    pub(super) fn matches(&self, path: &str) -> bool {
        let path: Vec<char> = path.chars().collect();
        advance(&self.pieces, &path, BTreeSet::from([0])).contains(&path.len())
    }
}

struct Compiler {
    runes: Vec<char>,
    at: usize,
    depth: usize,
}

impl Compiler {
    fn peek(&self) -> Option<char> {
        self.runes.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let rune = self.peek()?;
        self.at += 1;
        Some(rune)
    }

    /// Pieces up to the end, or inside alternatives up to `,` or `}`.
    fn sequence(&mut self) -> Option<Vec<Piece>> {
        let mut pieces = Vec::new();
        while let Some(rune) = self.peek() {
            match rune {
                ',' | '}' if self.depth > 0 => break,
                '{' => {
                    self.at += 1;
                    pieces.push(self.alternatives()?);
                }
                '[' => {
                    self.at += 1;
                    pieces.push(self.class()?);
                }
                '?' => {
                    self.at += 1;
                    pieces.push(Piece::Single);
                }
                '*' => {
                    self.at += 1;
                    if self.peek() == Some('*') {
                        self.at += 1;
                        pieces.push(Piece::Super);
                    } else {
                        pieces.push(Piece::Any);
                    }
                }
                _ => {
                    let breakers: &[char] =
                        if self.depth > 0 { &['?', '*', '[', '{', '}', ','] } else { &['?', '*', '[', '{'] };
                    let text = self.text(breakers);
                    pieces.push(Piece::Text(text));
                }
            }
        }
        Some(pieces)
    }

    fn text(&mut self, breakers: &[char]) -> Vec<char> {
        let mut text = Vec::new();
        while let Some(rune) = self.peek() {
            if breakers.contains(&rune) {
                break;
            }
            self.at += 1;
            if rune == '\\' {
                text.extend(self.next());
            } else {
                text.push(rune);
            }
        }
        text
    }

    fn alternatives(&mut self) -> Option<Piece> {
        self.depth += 1;
        if self.depth > NESTING {
            return None;
        }
        let mut alternatives = vec![self.sequence()?];
        while self.next() == Some(',') {
            alternatives.push(self.sequence()?);
        }
        self.depth -= 1;
        Some(Piece::Alternatives(alternatives))
    }

    fn class(&mut self) -> Option<Piece> {
        let negated = self.peek() == Some('!');
        if negated {
            self.at += 1;
        }
        let low = self.peek()?;
        if self.runes.get(self.at + 1) == Some(&'-') {
            self.at += 2;
            let high = self.next()?;
            return (self.next() == Some(']') && low <= high).then_some(Piece::Range { low, high, negated });
        }
        let runes = self.text(&[']']);
        (self.next() == Some(']') && !runes.is_empty()).then_some(Piece::List { runes, negated })
    }
}

/// The positions reached when `pieces` are matched from any of `positions`.
fn advance(pieces: &[Piece], path: &[char], positions: BTreeSet<usize>) -> BTreeSet<usize> {
    let mut positions = positions;
    for piece in pieces {
        if positions.is_empty() {
            break;
        }
        let one = |accepts: &dyn Fn(char) -> bool| -> BTreeSet<usize> {
            let reached = positions.iter().filter(|at| path.get(**at).is_some_and(|rune| accepts(*rune)));
            reached.map(|at| at + 1).collect()
        };
        positions = match piece {
            Piece::Text(text) => {
                positions.iter().filter(|at| path[**at..].starts_with(text)).map(|at| at + text.len()).collect()
            }
            Piece::Single => one(&|rune| rune != '/'),
            Piece::List { runes, negated } => one(&|rune| runes.contains(&rune) != *negated),
            Piece::Range { low, high, negated } => one(&|rune| (*low <= rune && rune <= *high) != *negated),
            Piece::Super => {
                let first = positions.first().copied().unwrap_or(path.len());
                (first..=path.len()).collect()
            }
            Piece::Any => {
                let mut reached = BTreeSet::new();
                for &at in &positions {
                    let mut at = at;
                    while reached.insert(at) && path.get(at).is_some_and(|rune| *rune != '/') {
                        at += 1;
                    }
                }
                reached
            }
            Piece::Alternatives(alternatives) => {
                alternatives.iter().flat_map(|pieces| advance(pieces, path, positions.clone())).collect()
            }
        };
    }
    positions
}

#[cfg(test)]
mod tests {
    use super::Glob;

    #[track_caller]
    fn check(pattern: &str, path: &str, expected: bool) {
        let glob = Glob::compile(pattern).expect("the pattern is valid");
        assert_eq!(glob.matches(path), expected, "{pattern} on {path}");
    }

    #[test]
    fn patterns() {
        check("*", "a.txt", true);
        check("*", "a/b.txt", false);
        check("**", "a/b.txt", true);
        check("a/*", "a/b", true);
        check("a/*", "a/b/c", false);
        check("a/**", "a/b/c", true);
        check("**/*.yaml", "x/y.yaml", true);
        check("**/*.yaml", "y.yaml", false);
        check("**.yaml", "y.yaml", true);
        check("*.{yaml,json}", "a.json", true);
        check("*.{yaml,json}", "a.txt", false);
        check("{a,b{c,d}}e", "bde", true);
        check("{a,b{c,d}}e", "be", false);
        check("?.txt", "a.txt", true);
        check("?.txt", "/.txt", false);
        check("[ab]", "b", true);
        check("[!ab]", "b", false);
        check("[!ab]", "c", true);
        check("[a-c]x", "bx", true);
        check("[!a-c]x", "bx", false);
        check("a\\*", "a*", true);
        check("a\\*", "ab", false);
        check("a,b}", "a,b}", true);
        check("{a,b", "b", true);
        check("", "", true);
        check("", "a", false);
    }

    #[test]
    fn malformed_patterns() {
        for pattern in ["[", "[]", "[a", "[z-a]", "[a-zA-Z]", "\u{fffd}"] {
            assert!(Glob::compile(pattern).is_none(), "{pattern}");
        }
    }

    #[test]
    fn hostile_patterns_end() {
        let path = "a".repeat(2_000);
        assert!(!Glob::compile(&"*a".repeat(200)).expect("valid").matches(&format!("{path}b")));
        let braces = format!("{}b", "{a,aa}".repeat(200));
        assert!(!Glob::compile(&braces).expect("valid").matches(&path));
        assert!(Glob::compile(&"{".repeat(100_000)).is_none());
    }
}
