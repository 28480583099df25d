//! Hooks: objects that run at an event, one after the other, lightest first.

use aktus_helm::HookEvent;
use aktus_helm::record::{self, HookPhase, HookRun, Record};
use aktus_k8s::{Cluster, DeleteOptions};
use aktus_k8s::{Object, ObjectId, Plan, Readiness, wait, wait_gone};

use crate::carry_out::{Work, apply};
use crate::error::ReleaseError;
use crate::event::{OnEvent, ReleaseEvent};
use crate::scope;

const BEFORE_CREATION: &str = "before-hook-creation";
const SUCCEEDED: &str = "hook-succeeded";
const FAILED: &str = "hook-failed";

/// Runs the hooks of an event, and keeps in the record how they went.
///
/// As in Helm (`hookByWeight` in `pkg/action/hooks.go`): by weight, equal weights by name, equal names in the order
/// of the manifest; what an earlier run left is deleted before, what succeeded is deleted at the end in reverse order when its policy says so; definitions are
/// never deleted. Only Jobs and Pods are waited for.
pub(crate) async fn run(
    work: &Work<'_>,
    record: &mut Record,
    event: HookEvent,
    on_event: &mut OnEvent<'_>,
) -> Result<(), ReleaseError> {
    let mut order: Vec<usize> = (0..record.hooks.len()).filter(|index| record.hooks[*index].runs_at(event)).collect();
    order.sort_by(|left, right| {
        let key = |index: &usize| (record.hooks[*index].weight, record.hooks[*index].name.as_str());
        key(left).cmp(&key(right))
    });
    let mut done = Vec::new();
    for index in order {
        let Some(object) = object(&record.hooks[index], work)? else { continue };
        let id = object.id();
        let title = id.to_string();
        on_event(ReleaseEvent::Hook { hook: title.clone(), event: event.name() });
        let policies = record.hooks[index].delete_policies.clone();
        let has = |policy: &str| policies.iter().any(|known| known == policy);
        if policies.is_empty() || has(BEFORE_CREATION) {
            remove(work, &id).await?;
        }
        let started_at = Some((work.clock)());
        record.hooks[index].last_run = HookRun { started_at, completed_at: None, phase: Some(HookPhase::Running) };
        work.update(record, on_event).await?;
        let plan = Plan::creating(vec![object], &work.options.field_manager)?;
        let verdict = match apply(work, &plan, on_event).await {
            Ok(_) => finished(work.cluster, &id, work).await,
            Err(error) => Err(error.to_string()),
        };
        let phase = if verdict.is_ok() { HookPhase::Succeeded } else { HookPhase::Failed };
        record.hooks[index].last_run = HookRun { started_at, completed_at: Some((work.clock)()), phase: Some(phase) };
        match verdict {
            Ok(()) => done.push((id, has(SUCCEEDED))),
            Err(reason) => {
                if has(FAILED) {
                    remove(work, &id).await?;
                }
                remove_succeeded(work, done).await?;
                return Err(ReleaseError::Hook { event: event.name(), hook: title, reason });
            }
        }
    }
    remove_succeeded(work, done).await
}

async fn remove_succeeded(work: &Work<'_>, done: Vec<(ObjectId, bool)>) -> Result<(), ReleaseError> {
    for (id, remove_it) in done.into_iter().rev() {
        if remove_it {
            remove(work, &id).await?;
        }
    }
    Ok(())
}

fn object(hook: &record::Hook, work: &Work<'_>) -> Result<Option<Object>, ReleaseError> {
    let value = aktus_helm::manifest_json(&hook.manifest)?;
    if value.is_null() {
        return Ok(None);
    }
    let problem = |problem| ReleaseError::Object { template: hook.path.clone(), problem };
    let mut object = Object::new(value).map_err(problem)?;
    if object.namespace().is_none() && scope::is_namespaced(&object.id()) {
        object.set_namespace(Some(&work.options.namespace));
    }
    Ok(Some(object))
}

/// Waits until a Job or Pod has ended; every other kind is done once it exists.
async fn finished(cluster: &Cluster, id: &ObjectId, work: &Work<'_>) -> Result<(), String> {
    if !matches!(id.kind.as_str(), "Job" | "Pod") {
        return Ok(());
    }
    let verdicts = wait(cluster, std::slice::from_ref(id), work.until, &mut |_, _| {}).await;
    match verdicts.map_err(|error| error.to_string())?.into_iter().next() {
        Some((_, Readiness::Pending(reason) | Readiness::Failed(reason))) => Err(reason),
        _ => Ok(()),
    }
}

/// Deletes what an earlier run of the hook left, and waits until it is gone.
async fn remove(work: &Work<'_>, id: &ObjectId) -> Result<(), ReleaseError> {
    if id.kind == "CustomResourceDefinition" {
        return Ok(());
    }
    let Some(live) = work.cluster.get(id, work.until).await? else { return Ok(()) };
    work.cluster.delete(id, &DeleteOptions::exactly(&live), work.until).await?;
    let target = [(id.clone(), live.uid().map(str::to_owned))];
    let left = wait_gone(work.cluster, &target, work.until, &mut |_| {}).await?;
    match left.into_iter().next() {
        None => Ok(()),
        Some(left) => Err(ReleaseError::Hook { event: "deletion of", hook: id.to_string(), reason: left.to_string() }),
    }
}
