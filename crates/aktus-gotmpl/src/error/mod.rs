//! What went wrong with a template, where, and through which calls?
//!
//! Errors are data: Go's one-line text, Helm 4's text of several lines and our own [`Diagnostic`] are made from the same
//! [`ExecError`] at the edge.

mod helm;
mod parse;

use std::fmt;
use std::ops::Range;

use aktus_diagnostics::{Diagnostic, SourceId, Span};

use crate::function::CallError;
use crate::go::strconv;
use crate::limits::LimitError;
use crate::value::Str;

pub use parse::ParseError;

/// Where in which template an error arose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The name under which the text was parsed.
    pub file: Str,
    /// The template that ran; the same as the file unless it is a `define`.
    pub template: Str,
    /// Line, from 1.
    pub line: usize,
    /// Column in bytes, from 0, as Go counts.
    pub column: usize,
    /// The bytes of the node in the text.
    pub range: Range<usize>,
    /// The node as Go prints it.
    pub node: String,
}

/// How one template ran another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// `include` of a name.
    Include {
        /// The name.
        name: Str,
    },
    /// `tpl` of a text.
    Tpl {
        /// The text.
        text: Str,
    },
}

/// What went wrong in the innermost place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Go's own error, for example `nil pointer evaluating interface {}.b`.
    Message(String),
    /// A `range` over a value that cannot be gone over, or not with two variables.
    CannotRange {
        /// The value as Go prints it in this error. It may be a secret; [`ExecError::diagnostic`] leaves it out.
        value: String,
        /// Its type.
        go_type: String,
        /// Whether two variables were the problem.
        two_variables: bool,
    },
    /// A function or method returned an error.
    Calling {
        /// Its name.
        function: String,
        /// The error.
        error: CallError,
    },
    /// A limit was reached.
    Limit(LimitError),
    /// The template to execute does not exist.
    NoTemplate {
        /// Its name.
        name: Str,
        /// The name of the set, `gotpl` in Helm.
        set: Str,
    },
}

/// An error of an execution. Displays as Go's text, on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecError(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    /// The calls on the way, outermost first.
    steps: Vec<(Place, Step)>,
    /// The innermost place; nothing when no template was running.
    place: Option<Place>,
    cause: Cause,
    hints: Vec<String>,
}

impl ExecError {
    pub(crate) fn new(place: Option<Place>, cause: Cause) -> Self {
        Self(Box::new(Inner { steps: Vec::new(), place, cause, hints: Vec::new() }))
    }

    pub(crate) fn with_hint(mut self, hint: Option<String>) -> Self {
        self.0.hints.extend(hint);
        self
    }

    /// Adds the calls on the way, innermost first, as they are met when unwinding.
    pub(crate) fn with_steps(mut self, mut steps: Vec<(Place, Step)>) -> Self {
        steps.reverse();
        self.0.steps = steps;
        self
    }

    /// The calls on the way to the error, outermost first.
    pub fn steps(&self) -> &[(Place, Step)] {
        &self.0.steps
    }

    /// The innermost place; nothing when the template to execute does not exist.
    pub fn place(&self) -> Option<&Place> {
        self.0.place.as_ref()
    }

    /// The outermost place: in the file that was being rendered.
    pub fn outermost(&self) -> Option<&Place> {
        self.0.steps.first().map(|(place, _)| place).or(self.0.place.as_ref())
    }

    /// What went wrong.
    pub fn cause(&self) -> &Cause {
        &self.0.cause
    }

    /// The error for people: a span in the innermost template, the calls on the way, and hints.
    ///
    /// Unlike Go's text it does not show the value that a `range` could not go over, nor the text given to `tpl`: both
    /// may hold a secret.
    ///
    /// `source` gives the id of the text of a file name; [`SourceId::DETACHED`] if there is none.
    pub fn diagnostic(&self, source: impl Fn(&Str) -> SourceId) -> Diagnostic {
        let span = |place: &Place| match source(&place.file) {
            SourceId::DETACHED => Span::DETACHED,
            id => Span::new(id, place.range.clone()),
        };
        let message = match &self.0.cause {
            Cause::CannotRange { go_type, two_variables: false, .. } => {
                format!("`range` cannot go over a value of type {go_type}")
            }
            Cause::CannotRange { go_type, two_variables: true, .. } => {
                format!("`range` over a value of type {go_type} has one variable only")
            }
            Cause::Calling { function, error: CallError::Message(message) } => {
                // The text given to `tpl` is shown in full by Go; what is wrong with it comes last.
                let brief =
                    message.strip_prefix("cannot parse template ").and_then(|_| message.rsplit_once(": template: "));
                format!("`{function}`: {}", brief.map_or(message.as_str(), |(_, brief)| brief))
            }
            Cause::Calling { error: CallError::Raised(message), .. } => message.clone(),
            Cause::Calling { error: CallError::Limit(limit), .. } => limit.to_string(),
            other => other.to_string(),
        };
        let mut diagnostic = Diagnostic::error(message);
        if let Some(place) = &self.0.place {
            diagnostic = diagnostic.at(span(place));
        }
        for (place, step) in self.0.steps.iter().rev() {
            let what = match step {
                Step::Include { name } => format!("including `{name}`"),
                Step::Tpl { .. } => "running a text with `tpl`".to_owned(),
            };
            diagnostic = diagnostic.through(span(place), what);
        }
        for hint in &self.0.hints {
            diagnostic = diagnostic.hint(hint);
        }
        diagnostic
    }
}

impl Place {
    /// `template: FILE:LINE:COLUMN: executing "TEMPLATE" at <NODE>: `
    fn write(&self, formatter: &mut impl fmt::Write) -> fmt::Result {
        let template = strconv::quote(&self.template);
        write!(
            formatter,
            "template: {}:{}:{}: executing {template} at <{}>: ",
            self.file, self.line, self.column, self.node
        )
    }
}

impl Step {
    fn write(&self, formatter: &mut impl fmt::Write) -> fmt::Result {
        match self {
            Self::Include { .. } => formatter.write_str("error calling include: "),
            Self::Tpl { text } => {
                let text = strconv::quote(text);
                write!(formatter, "error calling tpl: error during tpl function execution for {text}: ")
            }
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(message) => formatter.write_str(message),
            Self::CannotRange { value, two_variables: false, .. } => {
                write!(formatter, "range can't iterate over {value}")
            }
            Self::CannotRange { value, two_variables: true, .. } => {
                write!(formatter, "can't use {value} to iterate over more than one variable")
            }
            Self::Calling { function, error } => write!(formatter, "error calling {function}: {error}"),
            Self::Limit(limit) => write!(formatter, "{limit}"),
            Self::NoTemplate { name, set } => {
                let (name, set) = (strconv::quote(name), strconv::quote(set));
                write!(formatter, "template: no template {name} associated with template {set}")
            }
        }
    }
}

impl fmt::Display for ExecError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, step) in &self.0.steps {
            place.write(formatter)?;
            step.write(formatter)?;
        }
        if let Some(place) = &self.0.place {
            place.write(formatter)?;
        }
        self.0.cause.fmt(formatter)
    }
}

impl std::error::Error for ExecError {}
