//! Why a text was not read, or a value not written; the texts are Go's.

use crate::limits::Bound;
use aktus_diagnostics::{Diagnostic, SourceId, Span};
use std::ops::Range;

/// Why a YAML text was not read.
///
/// [`Display`](std::fmt::Display) gives the text of sigs.k8s.io/yaml's `Unmarshal`,
/// [`go_yaml`](Self::go_yaml) that of go-yaml alone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not YAML, or not the YAML that go-yaml v2 reads.
    #[error("error converting YAML to JSON: {}", self.go_yaml())]
    Syntax {
        /// go-yaml's words.
        problem: String,
        /// The line go-yaml names, counted from 1; often one off, and absent on the first line.
        line: Option<usize>,
        /// The bytes where it was noticed.
        range: Range<usize>,
    },
    /// The YAML has no Go value: a bad `!!int`, an alias in its own anchor, a list as a key.
    #[error("error converting YAML to JSON: {}", self.go_yaml())]
    Decode {
        /// go-yaml's words.
        problem: String,
        /// The bytes of the offending node.
        range: Range<usize>,
    },
    /// The Go value has no JSON: an infinite number, a null key.
    #[error("error converting YAML to JSON: {problem}")]
    Convert {
        /// Go's words.
        problem: String,
        /// The bytes of the offending node.
        range: Range<usize>,
    },
    /// The JSON does not fit the type asked for; only readers of a fixed type such as
    /// [`head`](crate::head()) raise it.
    #[error("error unmarshaling JSON: while decoding JSON: {problem}")]
    Type {
        /// encoding/json's words.
        problem: String,
        /// The bytes of the offending node.
        range: Range<usize>,
    },
    /// Maps have a key twice; only [`read_strict`](crate::read_strict) raises it.
    #[error("error converting YAML to JSON: {}", self.go_yaml())]
    Repeated {
        /// The second, third … occurrences in the order in which go-yaml meets them: at least one, at most 100.
        keys: Vec<RepeatedKey>,
    },
    /// The text exceeds one of the [`Limits`](crate::Limits).
    #[error("error converting YAML to JSON: yaml: document has more than {limit} {bound}")]
    Limit {
        /// Which limit.
        bound: Bound,
        /// Its value.
        limit: usize,
        /// The bytes where it was exceeded.
        range: Range<usize>,
    },
}

/// A key that its map has already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepeatedKey {
    /// The key in Go's syntax: `"name"`, `1`, `true`.
    pub key: String,
    /// The line of its value, counted from 1; that is the one go-yaml names.
    pub line: usize,
    /// The bytes of the key.
    pub range: Range<usize>,
}

impl Error {
    /// The text without what sigs.k8s.io/yaml puts before it, for example `yaml: line 3: …`.
    pub fn go_yaml(&self) -> String {
        match self {
            Self::Syntax { problem, line: Some(line), .. } => {
                format!("yaml: line {line}: {problem}")
            }
            Self::Syntax { problem, .. } | Self::Decode { problem, .. } => {
                format!("yaml: {problem}")
            }
            Self::Convert { problem, .. } | Self::Type { problem, .. } => problem.clone(),
            Self::Repeated { keys } => {
                let lines = keys
                    .iter()
                    .map(|RepeatedKey { key, line, .. }| format!("\n  line {line}: key {key} already set in map"));
                format!("yaml: unmarshal errors:{}", lines.collect::<String>())
            }
            Self::Limit { bound, limit, .. } => {
                format!("yaml: document has more than {limit} {bound}")
            }
        }
    }

    /// The bytes of the text that the error is about.
    pub fn range(&self) -> Range<usize> {
        match self {
            Self::Syntax { range, .. }
            | Self::Decode { range, .. }
            | Self::Convert { range, .. }
            | Self::Type { range, .. }
            | Self::Limit { range, .. } => range.clone(),
            Self::Repeated { keys } => keys.first().map_or(0..0, |first| first.range.clone()),
        }
    }

    /// The error as a diagnostic that points into `source`, the text that was read.
    pub fn diagnostic(&self, source: SourceId) -> Diagnostic {
        let (message, hint) = match self {
            Self::Syntax { problem, .. } | Self::Decode { problem, .. } => (problem.clone(), hint(problem)),
            Self::Convert { problem, .. } | Self::Type { problem, .. } => (problem.clone(), None),
            Self::Repeated { keys } => {
                let key = keys.first().map_or("", |first| &first.key);
                (format!("the key {key} is in its map already"), Some("remove one of the two"))
            }
            Self::Limit { bound, limit, .. } => {
                (format!("the document has more than {limit} {bound}"), Some("split the document, or raise the limit"))
            }
        };
        let diagnostic = Diagnostic::error(message).at(Span::new(source, self.range()));
        match hint {
            Some(hint) => diagnostic.hint(hint),
            None => diagnostic,
        }
    }
}

/// What usually helps against a problem in go-yaml's words.
fn hint(problem: &str) -> Option<&'static str> {
    Some(match problem {
        "mapping values are not allowed in this context" => {
            "quote the value if it contains `: `, or check the indentation of this line and the one before"
        }
        "could not find expected ':'" => "write `key: value`, or indent the line below the text it continues",
        "found character that cannot start any token" => {
            "quote a value that starts with `@`, `` ` `` or `%`, and indent with spaces, not tabs"
        }
        "did not find expected key" => "align the key with the others of its map",
        "did not find expected '-' indicator" => "align the item with the others of its list",
        "control characters are not allowed" => "write the character as an escape in double quotes",
        "found unknown escape character" => "use single quotes, or double the backslash",
        "found unexpected end of stream" => "close the quote",
        _ => return None,
    })
}

/// Why a value was not written; the text is Go's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// Go refuses such a value, for example `json: unsupported value: NaN`.
    #[error("{0}")]
    Unsupported(String),
    /// The JSON that sigs.k8s.io/yaml makes is not YAML to go-yaml, for example because a string
    /// holds U+007F or a key is longer than 1,024 characters.
    #[error("{0}")]
    Unreadable(String),
    /// The value is nested more deeply than we write; a value that contains itself ends here too.
    #[error("value is nested more than {limit} levels deep")]
    Depth {
        /// The number of levels.
        limit: usize,
    },
}
