//! How do functions die and events repeat on demand?

use http::StatusCode;

/// How an event is delivered twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twice {
    /// Both at once, in two environments.
    Parallel,
    /// Again when the first delivery is over, retries included.
    AfterCompletion,
}

/// What kills an environment, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trigger {
    /// A line of its log that contains this.
    Text(String),
    /// This many more lines.
    Lines(usize),
}

/// Whether a line of the log sets off a trigger; those that went off are gone.
pub(super) fn set_off(triggers: &mut Vec<Trigger>, line: &str) -> bool {
    let before = triggers.len();
    triggers.retain_mut(|trigger| match trigger {
        Trigger::Text(text) => !line.contains(text.as_str()),
        Trigger::Lines(left) => {
            *left = left.saturating_sub(1);
            *left > 0
        }
    });
    triggers.len() < before
}

/// How the Invoke API refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) times: u32,
    pub(super) status: StatusCode,
    pub(super) code: String,
}

/// The first refusal that is left, one use of it taken away.
pub(super) fn take(refusals: &mut Vec<Refusal>) -> Option<Refusal> {
    refusals.retain(|refusal| refusal.times > 0);
    let first = refusals.first_mut()?;
    first.times -= 1;
    Some(first.clone())
}
