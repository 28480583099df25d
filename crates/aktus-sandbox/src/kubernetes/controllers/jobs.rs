//! How does a Job run its pods to completion, or give up?

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::Work;
use super::pods::{has_ended, is_ready};
use super::replica_sets::pod_of;
use super::work::{MANAGER, condition, find_condition, is_going, number};
use crate::kubernetes::api::{text, text_at};
use crate::kubernetes::store::Key;

pub(super) fn look_at(work: &mut Work<'_>, key: &Key, job: &Value) {
    if is_going(job) {
        return;
    }
    let status = job.get("status").cloned().unwrap_or(Value::Null);
    let done = ["Complete", "Failed"].iter().any(|kind| find_condition(&status, kind).is_some());
    if done {
        expire(work, key, job);
        return;
    }
    if job.pointer("/spec/suspend").and_then(Value::as_bool) == Some(true) {
        let now = work.now();
        let mut suspended = condition(&status, &now, "Suspended", "True", "JobSuspended", "Job suspended");
        suspended["lastProbeTime"] = suspended.get("lastTransitionTime").cloned().unwrap_or_default();
        let status = json!({
            "conditions": [suspended],
            "ready": 0,
            "terminating": 0,
            "uncountedTerminatedPods": {},
        });
        work.set_status(MANAGER, key, &status);
        return;
    }
    let pods = work.controlled(job, "pods");
    let phase = |wanted: &str| pods.iter().filter(|(_, pod)| text_at(pod, "/status/phase") == wanted).count();
    let (succeeded, failed) = (phase("Succeeded"), phase("Failed"));
    let restarts: i64 = pods.iter().map(|(_, pod)| number(pod, "/status/containerStatuses/0/restartCount")).sum();
    let active: Vec<&(Key, Arc<Value>)> = pods.iter().filter(|(_, pod)| !has_ended(pod) && !is_going(pod)).collect();
    let completions = job.pointer("/spec/completions").and_then(Value::as_u64);
    let wanted = usize::try_from(completions.unwrap_or(1)).unwrap_or(1);
    let parallel = usize::try_from(number(job, "/spec/parallelism")).unwrap_or(0);
    let limit = number(job, "/spec/backoffLimit");
    let failures = i64::try_from(failed).unwrap_or(i64::MAX) + restarts;
    let seconds = number(job, "/spec/activeDeadlineSeconds");
    let deadline = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    let late = seconds > 0 && work.after_time(key, "active", deadline);
    if succeeded >= wanted {
        finish(work, key, job, (0, succeeded, failed), None);
        return;
    }
    let verdict = if late {
        Some(("DeadlineExceeded", "Job was active longer than specified deadline"))
    } else if failures > limit {
        Some(("BackoffLimitExceeded", "Job has reached the specified backoff limit"))
    } else {
        None
    };
    if let Some(verdict) = verdict {
        for (pod, _) in &active {
            work.delete(pod);
        }
        finish(work, key, job, (0, succeeded, failed), Some(verdict));
        return;
    }
    let missing = parallel.min(wanted - succeeded).saturating_sub(active.len());
    // After a failure the next try waits a little.
    let may_create = failed == 0 || work.after(key, "backing off", 2);
    let mut started = active.len();
    if may_create {
        for _ in 0..missing {
            match work.create(MANAGER, pod_of(job, &format!("{}-", key.name), &key.namespace)) {
                Ok(pod) => {
                    started += 1;
                    let message = format!("Created pod: {}", text(&pod, "name"));
                    work.event(job, "Normal", "SuccessfulCreate", &message);
                }
                Err(status) => {
                    let message = format!("Error creating: {}", status.message);
                    work.event(job, "Warning", "FailedCreate", &message);
                    break;
                }
            }
        }
        if missing > 0 {
            work.leave(key, "backing off");
        }
    }
    let ready = active.iter().filter(|(_, pod)| is_ready(pod)).count();
    let status = counted(work, job, (started, succeeded, failed), ready);
    work.set_status(MANAGER, key, &status);
}

fn counted(work: &Work<'_>, job: &Value, (active, succeeded, failed): (usize, usize, usize), ready: usize) -> Value {
    let now = work.now();
    let held = text_at(job, "/status/startTime");
    let mut status = json!({
        "startTime": if held.is_empty() { now.as_str() } else { held },
        "ready": ready,
        "terminating": 0,
        "uncountedTerminatedPods": {},
    });
    for (field, count) in [("active", active), ("succeeded", succeeded), ("failed", failed)] {
        if count > 0 {
            status[field] = count.into();
        }
    }
    status
}

fn finish(work: &mut Work<'_>, key: &Key, job: &Value, counts: (usize, usize, usize), failure: Option<(&str, &str)>) {
    let now = work.now();
    let held = job.get("status").cloned().unwrap_or(Value::Null);
    let mut status = counted(work, job, counts, 0);
    let (before, after, reason, message) = match failure {
        None => ("SuccessCriteriaMet", "Complete", "CompletionsReached", "Reached expected number of succeeded pods"),
        Some((reason, message)) => ("FailureTarget", "Failed", reason, message),
    };
    let conditions: Vec<Value> = [before, after]
        .iter()
        .map(|kind| {
            let mut condition = condition(&held, &now, kind, "True", reason, message);
            condition["lastProbeTime"] = now.as_str().into();
            condition
        })
        .collect();
    status["conditions"] = conditions.into();
    if failure.is_none() {
        status["completionTime"] = now.as_str().into();
        work.event(job, "Normal", "Completed", "Job completed");
    } else {
        work.event(job, "Warning", reason, message);
    }
    work.set_status(MANAGER, key, &status);
}

/// Deletes a finished job once its time is over.
fn expire(work: &mut Work<'_>, key: &Key, job: &Value) {
    let Some(seconds) = job.pointer("/spec/ttlSecondsAfterFinished").and_then(Value::as_u64) else {
        return;
    };
    if work.after_time(key, "finished", Duration::from_secs(seconds)) {
        work.delete(key);
    }
}
