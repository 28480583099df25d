//! How do Helm 3 and Helm 4 print an error of an execution? After `pkg/engine/engine.go` of both.

use std::fmt::Write as _;

use super::{Cause, ExecError, Place};

const START: &str = "HELM_ERR_START";
const END: &str = "HELM_ERR_END";

impl ExecError {
    /// Helm 3's text (`cleanupExecError`): Go's line, or for `fail` and `required` only the outermost position and the
    /// message.
    pub fn helm3(&self) -> String {
        self.raised().unwrap_or_else(|| self.to_string())
    }

    /// Helm 4's text (`reformatExecErrorMsg`): one block of lines for each level, provided that every level has the form
    /// of a template error; else Go's line.
    pub fn helm4(&self) -> String {
        let line = || self.to_string();
        if self.place().is_none() {
            return line();
        }
        if let Some(raised) = self.raised() {
            return raised;
        }
        let mut blocks: Vec<Traceable> = Vec::new();
        for text in self.levels() {
            let Some(block) = Traceable::parse(&text) else { return line() };
            if blocks.last() != Some(&block) {
                blocks.push(block);
            }
        }
        let mut text = String::new();
        for block in blocks {
            block.write(&mut text);
        }
        text.trim().to_owned()
    }

    /// `execution error at (FILE:LINE:COLUMN): MESSAGE`, if the text has Helm's markers in it.
    fn raised(&self) -> Option<String> {
        let text = self.to_string();
        let mut tokens = text.splitn(3, ": ");
        let (location, rest) = (tokens.nth(1)?, tokens.next()?);
        let start = rest.find(START)? + START.len();
        let end = rest.rfind(END).filter(|end| *end >= start)?;
        Some(format!("execution error at ({location}): {}", &rest[start..end]))
    }

    /// The texts along Go's chain of wrapped errors. A level ends where the next one, which begins with `template:`,
    /// would be cut off anyway.
    fn levels(&self) -> Vec<String> {
        let level = |place: &Place, rest: &dyn std::fmt::Display| {
            let mut text = String::new();
            // Writing to a String does not fail.
            let _ = place.write(&mut text);
            let _ = write!(text, "{rest}");
            text
        };
        let mut levels = Vec::new();
        for (place, step) in self.steps() {
            let mut rest = String::new();
            let _ = step.write(&mut rest);
            levels.push(level(place, &format_args!("{rest}template:")));
            if let Some(own) = rest.strip_prefix("error calling tpl: ") {
                levels.push(own.to_owned());
            }
        }
        if let Some(place) = self.place() {
            levels.push(level(place, self.cause()));
            if let Cause::Calling { error, .. } = self.cause() {
                levels.push(error.to_string());
            }
        } else {
            levels.push(self.cause().to_string());
        }
        levels
    }
}

/// One level as Helm takes it apart.
#[derive(PartialEq, Eq)]
struct Traceable {
    location: String,
    executed: String,
    message: String,
}

impl Traceable {
    fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("template: ")?;
        if rest.starts_with("no template ") {
            return Some(Self { location: String::new(), executed: String::new(), message: text.to_owned() });
        }
        if let Some((location, after)) = rest.split_once(": executing ") {
            return Self::parse_executing(location, after).or_else(|| Self::parse_simple(rest));
        }
        Self::parse_simple(rest)
    }

    fn parse_executing(location: &str, after: &str) -> Option<Self> {
        let (function, after) = after.strip_prefix('"')?.split_once('"')?;
        let (node, message) = after.strip_prefix(" at <")?.split_once(">: ")?;
        Some(Self {
            location: location.to_owned(),
            executed: format!("executing \"{function}\" at <{node}>:"),
            message: cut(message),
        })
    }

    fn parse_simple(rest: &str) -> Option<Self> {
        let (location, message) = rest.rsplit_once(": ")?;
        Some(Self { location: location.to_owned(), executed: String::new(), message: cut(message) })
    }

    fn write(&self, text: &mut String) {
        if !self.location.is_empty() {
            text.push_str(&self.location);
            text.push_str("\n  ");
        }
        if !self.executed.is_empty() {
            text.push_str(&self.executed);
            text.push_str("\n    ");
        }
        if !self.message.is_empty() {
            text.push_str(&self.message);
            text.push('\n');
        }
    }
}

/// The message without the next error in the chain.
fn cut(message: &str) -> String {
    message.split_once(" template:").map_or(message, |(own, _)| own).to_owned()
}
