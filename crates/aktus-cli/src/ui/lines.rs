//! One greppable line per change of state: for pipes and logs.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::sync::Mutex;

use aktus_bootstrap::{Event, Outcome, Reporter};

use super::printable;
use super::report::seconds;

/// Writes lines to stderr; the same reason for waiting is told once.
#[derive(Debug, Default)]
pub(super) struct Lines {
    told: Mutex<BTreeMap<String, String>>,
}

impl Lines {
    /// Whether this is new of `subject`.
    fn new_of(&self, subject: &str, text: &str) -> bool {
        let Ok(mut told) = self.told.lock() else { return true };
        let old = told.insert(subject.to_owned(), text.to_owned());
        old.as_deref() != Some(text)
    }
}

impl Reporter for Lines {
    fn event(&self, event: &Event) {
        if let Some(line) = line(event, |subject, text| self.new_of(subject, text)) {
            let _closed = writeln!(io::stderr(), "{}", printable(&line));
        }
    }
}

/// The line of an event, or nothing when it says nothing new.
pub(super) fn line(event: &Event, new_of: impl Fn(&str, &str) -> bool) -> Option<String> {
    let text = match event {
        Event::StepStarted { step } => format!("{step}: started"),
        Event::StepWaiting { step, reason } => {
            if !new_of(step.name(), reason) {
                return None;
            }
            format!("{step}: waiting, {reason}")
        }
        Event::Object { step, object, change, detail } if detail.is_empty() => format!("{step}: {change} {object}"),
        Event::Object { step, object, change, detail } => format!("{step}: {change} {object} ({detail})"),
        Event::ObjectWaiting { object, reason } => {
            if !new_of(object, reason) {
                return None;
            }
            format!("{object}: waiting, {reason}")
        }
        Event::ObjectReady { object } => {
            if !new_of(object, "") {
                return None;
            }
            format!("{object}: ready")
        }
        Event::Warning { step, message } => format!("{step}: warning, {message}"),
        Event::StepFinished { step, outcome, took } => {
            let word = match outcome {
                Outcome::Done(_) => "done",
                other => other.name(),
            };
            format!("{step}: {word} in {}, {}", seconds(*took), outcome.summary())
        }
    };
    Some(text)
}
