//! Which files of a chart directory are not part of the chart? `.helmignore`, with its oddities.
//!
//! Upstream: Helm's `pkg/ignore`. Patterns are Go's `filepath.Match`; `!` ignores everything that does
//! **not** match; `**` is an error; the first rule that applies wins.

use crate::path::{self, BadPattern};

/// The rules of one `.helmignore`, the default rule last.
#[derive(Debug, Default)]
pub(super) struct Rules {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    pattern: Pattern,
    target: Target,
    negated: bool,
    directories_only: bool,
}

/// A pattern; most are a name or an ending, and every file is held against all of them.
#[derive(Debug)]
enum Pattern {
    /// Nothing in it is special.
    Name(String),
    /// What follows a `*`, with nothing special in it.
    Ending(String),
    Other(String),
}

impl Pattern {
    fn new(pattern: &str) -> Self {
        const SPECIAL: [char; 4] = ['*', '?', '[', '\\'];
        match pattern.strip_prefix('*') {
            _ if !pattern.contains(SPECIAL) => Self::Name(pattern.to_owned()),
            Some(ending) if !ending.contains(SPECIAL) => Self::Ending(ending.to_owned()),
            _ => Self::Other(pattern.to_owned()),
        }
    }

    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Name(pattern) => pattern == name,
            Self::Ending(ending) => name.strip_suffix(ending.as_str()).is_some_and(|begin| !begin.contains('/')),
            Self::Other(pattern) => path::matches(pattern, name).unwrap_or(false),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Path,
    BaseName,
}

/// A `.helmignore` that Helm refuses; the texts are Helm's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IgnoreError {
    /// `**` occurs in a rule.
    #[error("double-star (**) syntax is not supported")]
    DoubleStar,
    /// A rule is no valid pattern.
    #[error("syntax error in pattern")]
    Pattern,
}

impl From<BadPattern> for IgnoreError {
    fn from(_: BadPattern) -> Self {
        Self::Pattern
    }
}

impl Rules {
    /// The rules of a `.helmignore`, if there is one, and the rule that Helm always adds.
    pub(super) fn read(text: Option<&[u8]>) -> Result<Self, IgnoreError> {
        let mut rules = Self::default();
        let text = text.unwrap_or_default();
        let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        for line in text.split(|byte| *byte == b'\n') {
            rules.add(&String::from_utf8_lossy(line))?;
        }
        rules.add("templates/.?*")?;
        Ok(rules)
    }

    fn add(&mut self, line: &str) -> Result<(), IgnoreError> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        if line.contains("**") {
            return Err(IgnoreError::DoubleStar);
        }
        path::matches(line, "abc")?;
        let (negated, line) = match line.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let (directories_only, line) = match line.strip_suffix('/') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let (target, pattern) = match line.strip_prefix('/') {
            Some(rest) => (Target::Path, rest),
            None if line.contains('/') => (Target::Path, line),
            None => (Target::BaseName, line),
        };
        self.rules.push(Rule { pattern: Pattern::new(pattern), target, negated, directories_only });
        Ok(())
    }

    /// Whether the file or directory at `path`, relative to the chart, is left out.
    pub(super) fn ignore(&self, path: &str, is_directory: bool) -> bool {
        if matches!(path, "" | "." | "./") {
            return false;
        }
        for rule in &self.rules {
            let name = match rule.target {
                Target::Path => path,
                Target::BaseName => path::base(path),
            };
            let matched = rule.pattern.matches(name);
            if rule.negated {
                if (rule.directories_only && !is_directory) || !matched {
                    return true;
                }
            } else if matched && (is_directory || !rule.directories_only) {
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::{IgnoreError, Rules};

    #[track_caller]
    fn check(rule: &str, path: &str, is_directory: bool, expected: bool) {
        let rules = Rules::read(Some(rule.as_bytes())).expect("the rule is valid");
        assert_eq!(rules.ignore(path, is_directory), expected, "{rule} on {path}");
    }

    /// Rows of Helm's `pkg/ignore/rules_test.go`, and what Go's `filepath.Match` makes of names and endings.
    #[test]
    fn rules() {
        check("helm.txt", "helm.txt", false, true);
        check("helm.*", "helm.txt", false, true);
        check("helm.*", "rudder.txt", false, false);
        check("*.txt", "tiller.txt", false, true);
        check("*.txt", "cargo/a.txt", false, true);
        check("cargo/*.txt", "cargo/a.txt", false, true);
        check("cargo/*.*", "cargo/a.txt", false, true);
        check("cargo/*.txt", "mast/a.txt", false, false);
        check("ru[c-e]?er.txt", "rudder.txt", false, true);
        check("templates/.?*", "templates/.dotfile", false, true);
        check(".*", ".", true, false);
        check(".*", "./", true, false);
        check(".*", ".joonix", false, true);
        check(".*", "helm.txt", false, false);
        check(".*", "", true, false);
        check("cargo/", "cargo", true, true);
        check("cargo/", "cargo/", true, true);
        check("cargo/", "mast/", true, false);
        check("helm.txt/", "helm.txt", false, false);
        check("/*.txt", "tiller.txt", false, true);
        check("/*.txt", "cargo/a.txt", false, false);
        check("/*", "cargo/a.txt", false, false);
        check("*", "cargo/a.txt", false, true);
        check("*xt", "é.txt", false, true);
        check("\\*.txt", "*.txt", false, true);
        check("\\*.txt", "a.txt", false, false);
        check("!helm.txt", "helm.txt", false, false);
        check("!helm.txt", "tiller.txt", false, true);
        check("!*.txt", "cargo", true, true);
        check("!cargo/", "mast/", true, true);
        check("/a.txt", "a.txt", false, true);
        check("/a.txt", "cargo/a.txt", false, false);
        check("/cargo/a.txt", "cargo/a.txt", false, true);
    }

    #[test]
    fn dot_files_in_templates_are_left_out_without_any_rule() {
        let rules = Rules::read(None).expect("no rules are valid");
        assert!(rules.ignore("templates/.x.yaml", false));
        assert!(!rules.ignore("templates/d/.x.yaml", false));
    }

    #[test]
    fn refused_rules() {
        assert_eq!(Rules::read(Some(b"foo/**/bar")).err(), Some(IgnoreError::DoubleStar));
        assert_eq!(Rules::read(Some(b"[z-")).err(), Some(IgnoreError::Pattern));
    }
}
