//! Progress on a terminal: finished steps stay, the running one is redrawn with the reason it waits.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use aktus_bootstrap::{Event, Outcome, Reporter};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::printable;
use super::report::seconds;

/// Draws on stderr.
#[derive(Debug)]
pub(super) struct Live {
    bar: ProgressBar,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Objects that are waited for, and why they are not ready.
    waiting: BTreeMap<String, String>,
    ready: usize,
}

impl Live {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("  {spinner} {prefix:<14} {wide_msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar, state: Mutex::new(State::default()) }
    }

    fn say(&self, line: &str) {
        self.bar.println(printable(line));
    }

    /// Updates the objects and shows one that is waited for.
    fn objects(&self, update: impl FnOnce(&mut State)) {
        let Ok(mut state) = self.state.lock() else { return };
        update(&mut state);
        let all = state.ready + state.waiting.len();
        let message = match state.waiting.iter().next() {
            Some((object, reason)) => format!("{} of {all} ready; {object}: {reason}", state.ready),
            None => format!("{} of {all} ready", state.ready),
        };
        self.bar.set_message(printable(&message));
    }
}

impl Reporter for Live {
    fn event(&self, event: &Event) {
        match event {
            Event::StepStarted { step } => {
                if let Ok(mut state) = self.state.lock() {
                    *state = State::default();
                }
                self.bar.set_prefix(step.name());
                self.bar.set_message("");
                self.bar.reset_elapsed();
            }
            Event::StepWaiting { reason, .. } => self.bar.set_message(printable(reason)),
            Event::Object { object, change, .. } => self.bar.set_message(printable(&format!("{change} {object}"))),
            Event::ObjectWaiting { object, reason } => {
                self.objects(|state| {
                    state.waiting.insert(object.clone(), reason.clone());
                });
            }
            Event::ObjectReady { object } => self.objects(|state| {
                state.waiting.remove(object);
                state.ready += 1;
            }),
            Event::Warning { message, .. } => self.say(&format!("  ! {message}")),
            Event::StepFinished { step, outcome, took } => {
                let mark = match outcome {
                    Outcome::Done(_) => '✓',
                    Outcome::Unchanged(_) => '=',
                    Outcome::Skipped(_) => '-',
                    Outcome::Failed(_) => '✗',
                };
                self.say(&format!("  {mark} {step:<14} {}  {}", outcome.summary(), seconds(*took)));
            }
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
