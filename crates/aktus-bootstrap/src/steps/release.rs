//! The release is installed or upgraded, or found as it should be.

use aktus_helm::Profile;
use aktus_release::{Action, Decision, Desired, ReleaseEvent, ReleaseOptions, carry_out, decide};

use crate::context::{Context, StepResult, detail};
use crate::failure::release;
use crate::render::manifests;
use crate::report::{Failure, FailureKind, Outcome, ReleaseReport};
use crate::request::Request;

/// Which release, written as Helm writes it.
pub(crate) fn options(request: &Request) -> ReleaseOptions {
    let mut options = ReleaseOptions::new(&request.release, &request.namespace);
    options.profile = request.profile;
    if request.profile == Profile::Helm3 {
        tracing::debug!("records are written in the form of Helm 3");
    }
    options
}

pub(super) async fn run(context: &mut Context<'_>) -> StepResult {
    if context.chart.is_none() {
        return Ok(Outcome::Skipped("no chart is installed".to_owned()));
    }
    bring(context).await
}

/// Brings the release to what was rendered. Used again once the addresses are known.
pub(super) async fn bring(context: &mut Context<'_>) -> StepResult {
    let options = options(context.request);
    let until = context.until();
    let mut decision = decided(context, &options, until).await?;
    let rendered_for = context.rendered.as_ref().map_or(0, |rendered| rendered.revision);
    if decision.action != Action::Nothing && decision.revision != rendered_for {
        // A template may print the revision: what is applied and stored must be that of the new one.
        let values = context.rendered.as_ref().map(|rendered| rendered.values.clone()).unwrap_or_default();
        let (manifests, _) = manifests(context, &values, decision.revision).await?;
        if let Some(rendered) = &mut context.rendered {
            (rendered.manifests, rendered.revision) = (manifests, decision.revision);
        }
        decision = decided(context, &options, until).await?;
    }
    describe(context, &decision, "deployed");
    let revision = decision.revision;
    if context.planning() {
        for step in &decision.plan.steps {
            context.note(&step.id, step.change.word(), detail(&step.change));
        }
        if let Some(id) = &decision.record_id {
            context.note(id, "create", format!("record of revision {revision}"));
        }
        return Ok(match decision.action {
            Action::Nothing => Outcome::Unchanged(format!("revision {revision} stays")),
            action => {
                let count = decision.writes().count();
                Outcome::Done(format!("{} as revision {revision}, {count} objects to write", action.name()))
            }
        });
    }
    if decision.is_nothing() {
        for id in decision.objects() {
            context.note(id, "unchanged", String::new());
        }
        return Ok(Outcome::Unchanged(format!("revision {revision} is as it should be")));
    }
    let (action, plan, record_id) = (decision.action, decision.plan.clone(), decision.record_id.clone());
    let cluster = context.cluster()?;
    let this: &Context<'_> = context;
    let clock = this.world.clock.clone();
    let result = carry_out(&cluster, decision, &options, &|| clock(), until, &mut |event| match event {
        ReleaseEvent::Written { applied } => this.applied(&plan, applied),
        ReleaseEvent::Hook { hook, event } => this.waiting(format!("{event} hook {hook} to finish")),
        ReleaseEvent::Waiting { reason } => this.waiting(reason),
        ReleaseEvent::Record { revision: written, status } if written == revision => {
            if let Some(id) = &record_id {
                this.note(id, "create", format!("record of revision {revision}, {status}"));
            }
        }
        _ => {}
    })
    .await;
    let outcome = result.map_err(|error| release(&error))?;
    let written = outcome.changes.writes().count();
    Ok(Outcome::Done(match action {
        Action::Install => format!("revision {} installed, {written} objects written", outcome.revision),
        Action::Upgrade => format!("upgraded to revision {}, {written} objects written", outcome.revision),
        Action::Nothing => format!("revision {} is as it should be, old records put right", outcome.revision),
    }))
}

async fn decided(
    context: &Context<'_>,
    options: &ReleaseOptions,
    until: tokio::time::Instant,
) -> Result<Decision, Failure> {
    let (Some(loaded), Some(rendered)) = (&context.chart, &context.rendered) else {
        return Err(Failure::new(FailureKind::Internal, "nothing is rendered"));
    };
    let desired =
        Desired { chart: loaded.chart.clone(), values: rendered.values.clone(), manifests: rendered.manifests.clone() };
    decide(context.cluster.as_ref(), &desired, options, until).await.map_err(|error| release(&error))
}

fn describe(context: &mut Context<'_>, decision: &Decision, status: &str) {
    let Some(loaded) = &context.chart else { return };
    context.report.release = Some(ReleaseReport {
        name: context.request.release.clone(),
        namespace: context.request.namespace.clone(),
        revision: decision.revision,
        status: if context.planning() { "planned".to_owned() } else { status.to_owned() },
        chart: format!("{}-{}", loaded.chart.name(), loaded.chart.metadata().version),
        digest: loaded.digest.clone(),
    });
}
