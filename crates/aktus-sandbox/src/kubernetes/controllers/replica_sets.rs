//! How does a ReplicaSet keep its number of pods?

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::Work;
use super::pods::{has_ended, is_ready};
use super::work::{MANAGER, condition, controller_reference, is_going, number};
use crate::kubernetes::api::text;
use crate::kubernetes::store::Key;

pub(super) fn look_at(work: &mut Work<'_>, key: &Key, set: &Value) {
    let wanted = if is_going(set) { None } else { Some(number(set, "/spec/replicas")) };
    let mut pods = living(work, set);
    let mut failure = None;
    if let Some(wanted) = wanted {
        let wanted = usize::try_from(wanted).unwrap_or(0);
        while pods.len() < wanted {
            match work.create(MANAGER, pod_of(set, &format!("{}-", key.name), &key.namespace)) {
                Ok(pod) => {
                    let message = format!("Created pod: {}", text(&pod, "name"));
                    work.event(set, "Normal", "SuccessfulCreate", &message);
                    let pod_key = Key::new("pods", &key.namespace, text(&pod, "name"));
                    pods.push((pod_key, pod));
                }
                Err(status) => {
                    let message = format!("Error creating: {}", status.message);
                    work.event(set, "Warning", "FailedCreate", &message);
                    failure = Some(status.message);
                    break;
                }
            }
        }
        if pods.len() > wanted {
            // Pods that do not serve go first, then the youngest.
            pods.sort_by_key(|(_, pod)| (!is_ready(pod), number(pod, "/metadata/generation")));
            pods.sort_by_key(|(_, pod)| is_ready(pod));
            for (pod, _) in pods.drain(..pods.len() - wanted).collect::<Vec<_>>() {
                let message = format!("Deleted pod: {}", pod.name);
                work.event(set, "Normal", "SuccessfulDelete", &message);
                work.delete(&pod);
            }
        }
    }
    let ready = pods.iter().filter(|(_, pod)| is_ready(pod)).count();
    let ending = work.controlled(set, "pods").iter().filter(|(_, pod)| is_going(pod)).count();
    let mut status = json!({
        "terminatingReplicas": ending,
        "replicas": pods.len(),
        "observedGeneration": number(set, "/metadata/generation"),
    });
    if !pods.is_empty() {
        status["fullyLabeledReplicas"] = pods.len().into();
    }
    if ready > 0 {
        status["readyReplicas"] = ready.into();
        status["availableReplicas"] = ready.into();
    }
    if let Some(message) = failure {
        let held = set.get("status").cloned().unwrap_or(Value::Null);
        let now = work.now();
        let failed = condition(&held, &now, "ReplicaFailure", "True", "FailedCreate", &message);
        status["conditions"] = json!([failed]);
    }
    work.set_status(MANAGER, key, &status);
}

/// The pods of an owner that neither ended nor are about to.
pub(super) fn living(work: &Work<'_>, owner: &Value) -> Vec<(Key, Arc<Value>)> {
    let pods = work.controlled(owner, "pods");
    pods.into_iter().filter(|(_, pod)| !is_going(pod) && !has_ended(pod)).collect()
}

/// A pod from an owner's template; `name` is its name, or the start of it with a final hyphen.
pub(super) fn pod_of(owner: &Value, name: &str, namespace: &str) -> Value {
    let template = owner.pointer("/spec/template").cloned().unwrap_or(Value::Null);
    let mut metadata = template.get("metadata").and_then(Value::as_object).cloned().unwrap_or_else(Map::new);
    let field = if name.ends_with('-') { "generateName" } else { "name" };
    metadata.insert(field.to_owned(), name.into());
    metadata.insert("namespace".to_owned(), namespace.into());
    metadata.insert("ownerReferences".to_owned(), json!([controller_reference(owner)]));
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": template.get("spec"),
    })
}
