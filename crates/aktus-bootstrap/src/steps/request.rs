//! Everything asked for is validated before anything is touched; all problems are told together.

use crate::context::{Context, StepResult};
use crate::report::{Failure, FailureKind, Outcome};

pub(super) fn run(context: &mut Context<'_>) -> StepResult {
    let problems = context.request.problems();
    if problems.is_empty() {
        let request = context.request;
        return Ok(Outcome::Done(format!(
            "release {} in namespace {}, {} mode",
            request.release,
            request.namespace,
            request.mode.name()
        )));
    }
    let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
    Err(Failure::new(FailureKind::Request, lines.join("\n")).next("correct the request; nothing was changed"))
}
