//! What happened between CloudFormation and the function, line by line?

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::Time;

/// One thing that happened. Holds neither an address of an answer nor a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The nominal time since the beginning.
    pub at: Duration,
    /// Whose it is: the name of a function or of a stack.
    pub who: String,
    /// What happened.
    pub text: String,
}

/// What happened, in order; `Display` prints one line for each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transcript {
    /// The lines.
    pub lines: Vec<Line>,
}

impl fmt::Display for Transcript {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.lines.iter().map(|line| line.who.chars().count()).max().unwrap_or(0);
        for line in &self.lines {
            writeln!(formatter, "{:>10.3} s  {:width$}  {}", line.at.as_secs_f64(), line.who, line.text)?;
        }
        Ok(())
    }
}

/// Writes a transcript.
#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    time: Time,
    lines: Arc<Mutex<Vec<Line>>>,
}

impl Recorder {
    pub(crate) fn new(time: Time) -> Self {
        Self { time, lines: Arc::default() }
    }

    pub(crate) fn say(&self, who: &str, text: String) {
        let line = Line { at: self.time.elapsed(), who: who.to_owned(), text };
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    pub(crate) fn transcript(&self) -> Transcript {
        Transcript { lines: self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone() }
    }
}
