//! What is wrong with the text of a template?

use std::ops::Range;

use aktus_diagnostics::{Diagnostic, SourceId, Span};

use crate::value::Str;

/// A text that is no template. Displays as Go's text: `template: FILE:LINE: MESSAGE`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("template: {file}:{line}: {message}")]
pub struct ParseError {
    file: Str,
    line: usize,
    message: String,
    range: Range<usize>,
    hints: Vec<String>,
}

impl ParseError {
    pub(crate) fn new(file: &Str, line: usize, message: String) -> Self {
        Self { file: file.clone(), line, message, range: 0..0, hints: Vec::new() }
    }

    pub(crate) fn at(mut self, range: Range<usize>) -> Self {
        self.range = range;
        self
    }

    pub(crate) fn hint(mut self, hint: String) -> Self {
        self.hints.push(hint);
        self
    }

    /// The name under which the text was to be parsed.
    pub fn file(&self) -> &Str {
        &self.file
    }

    /// The line Go names, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// What is wrong, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The bytes of the text it is about.
    pub fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// Next steps.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// Helm's text: `parse error at (FILE:LINE): MESSAGE`, where only what follows the last `": "` of the message stays.
    pub fn helm(&self) -> String {
        let text = self.to_string();
        let last = text.rsplit(": ").next().unwrap_or_default();
        let location = text.split(": ").nth(1).unwrap_or_default();
        format!("parse error at ({location}): {last}")
    }

    /// The error for people, in the text with the id `source`.
    pub fn diagnostic(&self, source: SourceId) -> Diagnostic {
        let mut diagnostic = Diagnostic::error(&self.message);
        if source != SourceId::DETACHED {
            diagnostic = diagnostic.at(Span::new(source, self.range.clone()));
        }
        for hint in &self.hints {
            diagnostic = diagnostic.hint(hint);
        }
        diagnostic
    }
}
