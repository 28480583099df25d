//! Undoing: the release is uninstalled.

use aktus_release::{ReleaseEvent, uninstall};

use super::release::options;
use crate::context::{Context, StepResult, action};
use crate::failure::release;
use crate::report::Outcome;

pub(super) async fn run(context: &mut Context<'_>) -> StepResult {
    let (cluster, until) = (context.cluster()?, context.until());
    let options = options(context.request);
    let this: &Context<'_> = context;
    let clock = this.world.clock.clone();
    let done = uninstall(&cluster, &options, &|| clock(), until, &mut |event| match event {
        ReleaseEvent::Written { applied } => {
            let detail = match &applied.action {
                aktus_k8s::Action::Kept { reason } => reason.clone(),
                _ => String::new(),
            };
            this.note(&applied.id, action(&applied.action), detail);
        }
        ReleaseEvent::Hook { hook, event } => this.waiting(format!("{event} hook {hook} to finish")),
        ReleaseEvent::Waiting { reason } => this.waiting(reason),
        _ => {}
    })
    .await
    .map_err(|error| release(&error))?;
    if !done.existed {
        return Ok(Outcome::Unchanged("there is no release".to_owned()));
    }
    Ok(Outcome::Done(format!("{} objects deleted", done.changes.writes().count())))
}
