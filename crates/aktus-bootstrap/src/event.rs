//! What happens, as it happens.

use std::time::Duration;

use crate::report::Outcome;
use crate::step::Step;

/// One thing that happened. An enum, so that a new one makes every reporter take a position.
#[derive(Clone, Debug)]
pub enum Event {
    /// A step begins.
    StepStarted {
        /// The step.
        step: Step,
    },
    /// A step waits for something outside; repeated when the reason changes.
    StepWaiting {
        /// The step.
        step: Step,
        /// Why, in words.
        reason: String,
    },
    /// An object was decided on (in a plan) or written (in a run).
    Object {
        /// The step.
        step: Step,
        /// Kind, namespace and name.
        object: String,
        /// `create`, `update`, `replace`, `delete`, `unchanged`, `keep`.
        change: &'static str,
        /// The fields that differ, or why it is kept; may be empty.
        detail: String,
    },
    /// An object is not ready yet; repeated when the reason changes.
    ObjectWaiting {
        /// Kind, namespace and name.
        object: String,
        /// Why, in words.
        reason: String,
    },
    /// An object is ready.
    ObjectReady {
        /// Kind, namespace and name.
        object: String,
    },
    /// Worth knowing, and no failure.
    Warning {
        /// The step.
        step: Step,
        /// The warning.
        message: String,
    },
    /// A step has ended.
    StepFinished {
        /// The step.
        step: Step,
        /// How.
        outcome: Outcome,
        /// How long it took.
        took: Duration,
    },
}

/// Somebody who is told what happens. Called in order, from one task at a time; must not block.
pub trait Reporter: Send + Sync {
    /// Takes note of one event.
    fn event(&self, event: &Event);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Reporter for Silent {
    fn event(&self, _: &Event) {}
}

impl<F: Fn(&Event) + Send + Sync> Reporter for F {
    fn event(&self, event: &Event) {
        self(event);
    }
}
