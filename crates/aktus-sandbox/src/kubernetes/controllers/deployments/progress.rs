//! How does a Deployment tell how far it has come?
//!
//! The rules are those of `syncRolloutStatus` and `calculateStatus` of the real controller.

use std::time::Duration;

use serde_json::{Value, json};

use super::{REVISION, Work};
use crate::kubernetes::api::text_at;
use crate::kubernetes::controllers::work::{MANAGER, find_condition, is_going, number};
use crate::kubernetes::store::Key;

/// Writes a Deployment's status and, with it, its revision.
pub(super) fn report(work: &mut Work<'_>, key: &Key, current: &Key, revision: &str, made: bool) {
    let Some(deployment) = work.get(key) else { return };
    let sets = work.controlled(&deployment, "replicasets.apps");
    let sum = |field: &str| -> i64 { sets.iter().map(|(_, set)| number(set, &format!("/status/{field}"))).sum() };
    let set = work.get(current);
    let set = set.as_deref().unwrap_or(&Value::Null);
    let counts = Counts {
        wanted: number(&deployment, "/spec/replicas"),
        replicas: sum("replicas"),
        updated: number(set, "/status/replicas"),
        ready: sum("readyReplicas"),
        available: sum("availableReplicas"),
    };
    let ending = work
        .list("pods", Some(&key.namespace))
        .iter()
        .filter(|(_, pod)| {
            let owner = text_at(pod, "/metadata/ownerReferences/0/name");
            is_going(pod) && sets.iter().any(|(set, _)| set.name == owner)
        })
        .count();
    let now = work.now();
    let held = deployment.get("status").cloned().unwrap_or(Value::Null);
    let mut conditions = Conditions::of(&held, &now);
    if made {
        let message = format!("Created new replica set {:?}", current.name);
        conditions.set("Progressing", "True", "NewReplicaSetCreated", &message);
    } else if find_condition(&held, "Progressing").is_none() {
        let message = format!("Found new replica set {:?}", current.name);
        conditions.set("Progressing", "True", "FoundNewReplicaSet", &message);
    }
    if counts.available >= counts.wanted - unavailable_allowed(&deployment, counts.wanted) {
        let message = "Deployment has minimum availability.";
        conditions.set("Available", "True", "MinimumReplicasAvailable", message);
    } else {
        let message = "Deployment does not have minimum availability.";
        conditions.set("Available", "False", "MinimumReplicasUnavailable", message);
    }
    progress(work, key, &deployment, &counts, current, &mut conditions);
    match find_condition(set.get("status").unwrap_or(&Value::Null), "ReplicaFailure") {
        Some(failure) => {
            let text = |field: &str| failure.get(field).and_then(Value::as_str).unwrap_or("");
            conditions.set("ReplicaFailure", text("status"), text("reason"), text("message"));
        }
        None => conditions.remove("ReplicaFailure"),
    }
    let mut status = json!({
        "observedGeneration": number(&deployment, "/metadata/generation"),
        "terminatingReplicas": ending,
        "conditions": conditions.list,
    });
    for (field, count) in [
        ("replicas", counts.replicas),
        ("updatedReplicas", counts.updated),
        ("readyReplicas", counts.ready),
        ("availableReplicas", counts.available),
        ("unavailableReplicas", counts.wanted - counts.available),
    ] {
        if count > 0 {
            status[field] = count.into();
        }
    }
    // The revision comes along with the status, so that it makes no new generation.
    work.api.change_within(MANAGER, key, Some("status"), |object| {
        object["status"] = status;
        let annotations = &mut object["metadata"]["annotations"];
        if !annotations.is_object() {
            *annotations = json!({});
        }
        annotations[REVISION] = revision.into();
    });
}

/// The pods of a Deployment, counted.
struct Counts {
    wanted: i64,
    replicas: i64,
    updated: i64,
    ready: i64,
    available: i64,
}

fn progress(
    work: &mut Work<'_>,
    key: &Key,
    deployment: &Value,
    counts: &Counts,
    current: &Key,
    conditions: &mut Conditions<'_>,
) {
    let complete =
        counts.updated == counts.wanted && counts.replicas == counts.wanted && counts.available == counts.wanted;
    let reason = conditions.reason("Progressing");
    if reason == "NewReplicaSetAvailable" && counts.replicas == counts.updated {
        work.leave(key, "progressing");
        return;
    }
    if complete {
        work.leave(key, "progressing");
        let message = format!("ReplicaSet {:?} has successfully progressed.", current.name);
        conditions.set("Progressing", "True", "NewReplicaSetAvailable", &message);
        return;
    }
    let before = |field: &str| number(deployment, &format!("/status/{field}"));
    let progressing = counts.updated > before("updatedReplicas")
        || counts.ready > before("readyReplicas")
        || counts.available > before("availableReplicas")
        || counts.replicas - counts.updated < before("replicas") - before("updatedReplicas");
    if progressing {
        work.leave(key, "progressing");
        let message = format!("ReplicaSet {:?} is progressing.", current.name);
        conditions.set("Progressing", "True", "ReplicaSetUpdated", &message);
    }
    let seconds = number(deployment, "/spec/progressDeadlineSeconds").max(1);
    let limit = Duration::from_secs(u64::try_from(seconds).unwrap_or(600));
    if work.after_time(key, "progressing", limit) {
        let message = format!("ReplicaSet {:?} has timed out progressing.", current.name);
        conditions.set("Progressing", "False", "ProgressDeadlineExceeded", &message);
    }
}

/// The conditions of a Deployment in the order of their last change.
struct Conditions<'a> {
    list: Vec<Value>,
    now: &'a str,
}

impl<'a> Conditions<'a> {
    fn of(status: &Value, now: &'a str) -> Self {
        let list = status.get("conditions").and_then(Value::as_array).cloned().unwrap_or_default();
        Self { list, now }
    }

    fn find(&self, kind: &str) -> Option<&Value> {
        self.list.iter().find(|condition| condition.get("type").and_then(Value::as_str) == Some(kind))
    }

    fn reason(&self, kind: &str) -> String {
        let found = self.find(kind).and_then(|condition| condition.get("reason")).and_then(Value::as_str);
        found.unwrap_or("").to_owned()
    }

    fn remove(&mut self, kind: &str) {
        self.list.retain(|condition| condition.get("type").and_then(Value::as_str) != Some(kind));
    }

    /// Sets a condition; one of the same status and reason is left as it is.
    fn set(&mut self, kind: &str, value: &str, reason: &str, message: &str) {
        let mut since = self.now.to_owned();
        if let Some(held) = self.find(kind) {
            let text = |field: &str| held.get(field).and_then(Value::as_str).unwrap_or("");
            if text("status") == value && text("reason") == reason {
                return;
            }
            if text("status") == value {
                text("lastTransitionTime").clone_into(&mut since);
            }
        }
        self.remove(kind);
        self.list.push(json!({
            "type": kind,
            "status": value,
            "reason": reason,
            "message": message,
            "lastUpdateTime": self.now,
            "lastTransitionTime": since,
        }));
    }
}

/// How many replicas may be missing while the Deployment still counts as available.
fn unavailable_allowed(deployment: &Value, wanted: i64) -> i64 {
    if text_at(deployment, "/spec/strategy/type") == "Recreate" {
        return 0;
    }
    match deployment.pointer("/spec/strategy/rollingUpdate/maxUnavailable") {
        Some(Value::Number(count)) => count.as_i64().unwrap_or(0),
        Some(Value::String(text)) => {
            let percent: i64 = text.strip_suffix('%').and_then(|text| text.parse().ok()).unwrap_or(0);
            wanted * percent / 100
        }
        _ => 0,
    }
}
