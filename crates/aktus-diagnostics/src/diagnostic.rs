//! One thing worth saying about a text.

use crate::source::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Works, but probably not as meant.
    Warning,
    /// Does not work.
    Error,
}

/// One step on the way to the place: an `include`, a `tpl`, a parent chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Where the step was taken.
    pub span: Span,
    /// What was done there, for example ``including `app.labels` ``.
    pub what: String,
}

/// What is wrong, where, how one got there, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// One lower-case sentence without full stop; names in backticks.
    pub message: String,
    /// Where; [`Span::DETACHED`] when there is no text.
    pub span: Span,
    /// The way there, outermost step first.
    pub trace: Vec<Trace>,
    /// Next steps, each a sentence fragment.
    pub hints: Vec<String>,
}

impl Diagnostic {
    /// An error without a place yet.
    pub fn error(message: impl Into<String>) -> Self {
        Self::new(Severity::Error, message)
    }

    /// A warning without a place yet.
    pub fn warning(message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, message)
    }

    /// A diagnostic without a place yet.
    pub fn new(severity: Severity, message: impl Into<String>) -> Self {
        Self { severity, message: message.into(), span: Span::DETACHED, trace: Vec::new(), hints: Vec::new() }
    }

    /// The same at `span`.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span = span;
        self
    }

    /// The same with one more next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The same reached through one more, outer, step.
    #[must_use]
    pub fn through(mut self, span: Span, what: impl Into<String>) -> Self {
        self.trace.insert(0, Trace { span, what: what.into() });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;

    #[test]
    fn outer_steps_come_first() {
        let span = Span::new(SourceId::new(0), 0..1);
        let diagnostic = Diagnostic::error("no").through(span, "inner").through(span, "outer");
        let way: Vec<_> = diagnostic.trace.iter().map(|step| step.what.as_str()).collect();
        assert_eq!(way, ["outer", "inner"]);
    }
}
