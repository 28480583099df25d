//! What is hostile, and how must it end?

use std::fmt;

/// One hostile idea.
#[derive(Clone, Copy)]
pub struct Row {
    /// Its number in the list of what must be survived, for example `T3`.
    pub id: &'static str,
    /// What is tried, for the page.
    pub input: &'static str,
    /// What comes of it, for the page.
    pub outcome: &'static str,
    /// What is tried, made inside the row's own process.
    pub cases: Option<fn() -> Vec<Case>>,
    /// Other tests that prove it: file from the root of the repository, name of the function.
    pub tests: Tests,
}

/// Tests: file from the root of the repository, name of the function.
pub type Tests = &'static [(&'static str, &'static str)];

impl Row {
    /// A row of cases.
    pub const fn run(id: &'static str, input: &'static str, outcome: &'static str, cases: fn() -> Vec<Case>) -> Self {
        Self { id, input, outcome, cases: Some(cases), tests: &[] }
    }

    /// A row that other tests prove; with no tests one that does not concern us, and the outcome says why.
    pub const fn elsewhere(id: &'static str, input: &'static str, outcome: &'static str, tests: Tests) -> Self {
        Self { id, input, outcome, cases: None, tests }
    }

    /// The same row, which other tests prove as well.
    #[must_use]
    pub const fn and(mut self, tests: Tests) -> Self {
        self.tests = tests;
        self
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Row").field("id", &self.id).field("tests", &self.tests).finish_non_exhaustive()
    }
}

/// One hostile input.
pub struct Case {
    pub(crate) name: String,
    pub(crate) run: Box<dyn FnOnce() -> Result<String, String> + Send>,
    pub(crate) expected: Expected,
}

/// How a case must end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// In an error that contains this text.
    Refused(String),
    /// In exactly this answer.
    Answers(String),
}

/// In an error that contains `text`.
pub fn refused(text: impl Into<String>) -> Expected {
    Expected::Refused(text.into())
}

/// In exactly this answer.
pub fn answers(text: impl Into<String>) -> Expected {
    Expected::Answers(text.into())
}

impl Case {
    /// A case: what it is called in a failure, what it does, how that must end.
    pub fn new<T: fmt::Display, E: fmt::Display>(
        name: impl Into<String>,
        run: impl FnOnce() -> Result<T, E> + Send + 'static,
        expected: Expected,
    ) -> Self {
        let run = move || run().map(|answer| answer.to_string()).map_err(|error| error.to_string());
        Self { name: name.into(), run: Box::new(run), expected }
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Case")
            .field("name", &self.name)
            .field("expected", &self.expected)
            .finish_non_exhaustive()
    }
}

impl Expected {
    /// What is wrong with an outcome.
    pub(crate) fn judge(&self, outcome: &Result<String, String>) -> Option<String> {
        match (self, outcome) {
            (Self::Refused(text), Err(error)) if error.contains(text) => None,
            (Self::Answers(text), Ok(answer)) if answer == text => None,
            (Self::Refused(text), Err(error)) => Some(format!("{} does not say {text:?}", shown(error))),
            (Self::Refused(text), Ok(answer)) => {
                Some(format!("it answered {} instead of refusing with {text:?}", shown(answer)))
            }
            (Self::Answers(text), Ok(answer)) => Some(format!("it answered {}, not {}", shown(answer), shown(text))),
            (Self::Answers(_), Err(error)) => Some(format!("it was refused: {}", shown(error))),
        }
    }
}

/// The end of a text, where the cause of an error stands.
pub(crate) fn shown(text: &str) -> String {
    let start = text.len().saturating_sub(300);
    let end = text.as_bytes().get(start..).unwrap_or_default().escape_ascii().to_string();
    format!("{}\"{end}\" ({} bytes)", if start > 0 { "…" } else { "" }, text.len())
}

#[cfg(test)]
mod tests {
    use super::{answers, refused};

    #[test]
    fn outcomes_are_judged() {
        let ok = |text: &str| Ok(text.to_owned());
        let err = |text: &str| Err(text.to_owned());
        assert_eq!(refused("b").judge(&err("abc")), None);
        assert!(refused("b").judge(&err("xyz")).is_some());
        assert!(refused("b").judge(&ok("b")).is_some());
        assert_eq!(answers("b").judge(&ok("b")), None);
        assert!(answers("b").judge(&ok("abc")).is_some());
        assert!(answers("b").judge(&err("b")).is_some());
    }
}
