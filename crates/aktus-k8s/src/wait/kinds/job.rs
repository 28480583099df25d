//! A Job is ready when it is complete.

use super::{condition, count, words};
use crate::object::Object;
use crate::wait::readiness::Readiness;
use crate::wait::related::Related;
use crate::wait::trouble;

pub(super) fn readiness(job: &Object, related: &Related) -> Readiness {
    if matches!(condition(job, "Complete"), Some(("True", ..))) {
        return Readiness::Ready;
    }
    if let Some(failure @ ("True", ..)) = condition(job, "Failed") {
        return Readiness::Failed(words(failure, "the Job failed").to_owned()).because(trouble::of_pods(job, related));
    }
    if matches!(condition(job, "Suspended"), Some(("True", ..))) {
        return Readiness::Pending("it is suspended".to_owned());
    }
    if let Some((reason, is_final)) = trouble::of_creation(job, related).filter(|_| count(job, "active") == 0) {
        let reason = format!("its pods cannot be created: {reason}");
        return if is_final { Readiness::Failed(reason) } else { Readiness::Pending(reason) };
    }
    let wanted = job.integer("/spec/completions").or_else(|| job.integer("/spec/parallelism")).unwrap_or(1);
    let (succeeded, failed) = (count(job, "succeeded"), count(job, "failed"));
    let progress = match failed {
        0 => format!("{succeeded} of {wanted} completions"),
        _ => format!("{succeeded} of {wanted} completions, {failed} failed tries"),
    };
    Readiness::Pending(progress).because(trouble::of_pods(job, related))
}
