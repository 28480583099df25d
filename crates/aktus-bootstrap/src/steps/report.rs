//! What happened, in one line; the rest of the report speaks for itself.

use crate::context::Context;
use crate::report::Outcome;

pub(super) fn run(context: &Context<'_>) -> Outcome {
    let (changed, objects) = context.counts();
    if context.planning() {
        return Outcome::Done(format!("{changed} of {objects} objects would be written"));
    }
    let summary = format!("{changed} of {objects} objects written");
    if changed == 0 { Outcome::Unchanged(summary) } else { Outcome::Done(summary) }
}
