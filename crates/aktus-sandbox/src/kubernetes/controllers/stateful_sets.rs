//! How does a StatefulSet keep its numbered pods and their claims?

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::Work;
use super::pods::{has_ended, is_ready};
use super::replica_sets::pod_of;
use super::work::{MANAGER, controller_reference, is_going, number};
use crate::kubernetes::api::{text, text_at};
use crate::kubernetes::names;
use crate::kubernetes::store::Key;

const REVISION: &str = "controller-revision-hash";

pub(super) fn look_at(work: &mut Work<'_>, key: &Key, set: &Value) {
    if is_going(set) {
        return;
    }
    let revision = revision(work, key, set, "StatefulSet");
    let mut pods: BTreeMap<i64, (Key, Arc<Value>)> = work
        .controlled(set, "pods")
        .into_iter()
        .filter_map(|(pod, object)| Some((ordinal(&key.name, &pod.name)?, (pod, object))))
        .collect();
    let wanted = number(set, "/spec/replicas");
    let first = number(set, "/spec/ordinals/start");
    let ordered = text_at(set, "/spec/podManagementPolicy") != "Parallel";
    let ended: Vec<i64> =
        pods.iter().filter(|(_, (_, pod))| has_ended(pod) && !is_going(pod)).map(|(number, _)| *number).collect();
    for number in ended {
        if let Some((pod, _)) = pods.remove(&number) {
            work.delete(&pod);
        }
    }
    create(work, key, set, &pods, &revision, (first, wanted, ordered));
    shrink(work, &pods, first + wanted, ordered);
    roll(work, set, &pods, &revision, (first, wanted));
    report(work, key, set, &revision);
}

fn ordinal(set: &str, pod: &str) -> Option<i64> {
    pod.strip_prefix(set)?.strip_prefix('-')?.parse().ok()
}

/// The name of the present template's revision, which is kept as an object.
pub(super) fn revision(work: &mut Work<'_>, key: &Key, set: &Value, kind: &str) -> String {
    let template = set.pointer("/spec/template").cloned().unwrap_or(Value::Null);
    let hash = names::hash(&template.to_string());
    let name = format!("{}-{hash}", key.name);
    let held = Key::new("controllerrevisions.apps", &key.namespace, &name);
    if work.get(&held).is_none() {
        let number = work
            .controlled(set, "controllerrevisions.apps")
            .iter()
            .map(|(_, revision)| number(revision, "/revision"))
            .max()
            .unwrap_or(0);
        let labels = set.pointer("/spec/selector/matchLabels").cloned();
        let mut labels = labels.unwrap_or_else(|| json!({}));
        labels[REVISION] = hash.as_str().into();
        let object = json!({
            "apiVersion": "apps/v1",
            "kind": "ControllerRevision",
            "metadata": {
                "name": name,
                "namespace": key.namespace,
                "labels": labels,
                "ownerReferences": [controller_reference(set)],
            },
            "data": {"spec": {"template": template}},
            "revision": number + 1,
        });
        if let Err(status) = work.create(MANAGER, object) {
            let message = format!("cannot keep a revision of {kind} {}: {}", key.name, status.message);
            work.event(set, "Warning", "FailedCreate", &message);
        }
    }
    name
}

fn create(
    work: &mut Work<'_>,
    key: &Key,
    set: &Value,
    pods: &BTreeMap<i64, (Key, Arc<Value>)>,
    revision: &str,
    (first, wanted, ordered): (i64, i64, bool),
) {
    for number in first..first + wanted {
        match pods.get(&number) {
            Some((_, pod)) if ordered && !is_ready(pod) => return,
            Some(_) => continue,
            None => {}
        }
        let name = format!("{}-{number}", key.name);
        let claims = claims(work, key, set, number);
        let mut pod = pod_of(set, &name, &key.namespace);
        let labels = &mut pod["metadata"]["labels"];
        labels["apps.kubernetes.io/pod-index"] = number.to_string().into();
        labels["statefulset.kubernetes.io/pod-name"] = name.as_str().into();
        labels[REVISION] = revision.into();
        pod["spec"]["hostname"] = name.as_str().into();
        pod["spec"]["subdomain"] = set.pointer("/spec/serviceName").cloned().unwrap_or_default();
        let mut volumes = pod.pointer("/spec/volumes").and_then(Value::as_array).cloned().unwrap_or_default();
        for (volume, claim) in claims {
            volumes.retain(|held| held.get("name").and_then(Value::as_str) != Some(&volume));
            volumes.push(json!({"name": volume, "persistentVolumeClaim": {"claimName": claim}}));
        }
        if !volumes.is_empty() {
            pod["spec"]["volumes"] = volumes.into();
        }
        match work.create(MANAGER, pod) {
            Ok(_) => {
                let message = format!("create Pod {name} in StatefulSet {} successful", key.name);
                work.event(set, "Normal", "SuccessfulCreate", &message);
            }
            Err(status) => {
                let message = format!("create Pod {name} in StatefulSet {} failed error: {}", key.name, status.message);
                work.event(set, "Warning", "FailedCreate", &message);
                return;
            }
        }
        if ordered {
            return;
        }
    }
}

/// Makes the claims of a pod that are not there; answers with volumes and the claims they use.
fn claims(work: &mut Work<'_>, key: &Key, set: &Value, number: i64) -> Vec<(String, String)> {
    let templates = set.pointer("/spec/volumeClaimTemplates").and_then(Value::as_array);
    let mut claims = Vec::new();
    for template in templates.into_iter().flatten() {
        let volume = text(template, "name").to_owned();
        let name = format!("{volume}-{}-{number}", key.name);
        if work.get(&Key::new("persistentvolumeclaims", &key.namespace, &name)).is_none() {
            let mut labels = template.pointer("/metadata/labels").cloned().unwrap_or_else(|| json!({}));
            let selected = set.pointer("/spec/selector/matchLabels").and_then(Value::as_object);
            for (label, value) in selected.into_iter().flatten() {
                labels[label] = value.clone();
            }
            let claim = json!({
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": {
                    "name": name,
                    "namespace": key.namespace,
                    "labels": labels,
                    "annotations": template.pointer("/metadata/annotations"),
                },
                "spec": template.get("spec"),
            });
            if let Err(status) = work.create(MANAGER, claim) {
                let message = format!("create Claim {name} failed error: {}", status.message);
                work.event(set, "Warning", "FailedCreate", &message);
            }
        }
        claims.push((volume, name));
    }
    claims
}

/// Deletes pods beyond the wanted number, the highest first.
fn shrink(work: &mut Work<'_>, pods: &BTreeMap<i64, (Key, Arc<Value>)>, end: i64, ordered: bool) {
    for (pod, object) in pods.range(end..).rev().map(|(_, found)| found) {
        if !is_going(object) {
            work.delete(pod);
        }
        if ordered {
            return;
        }
    }
}

/// Replaces pods of an older template, the highest first, one at a time.
fn roll(
    work: &mut Work<'_>,
    set: &Value,
    pods: &BTreeMap<i64, (Key, Arc<Value>)>,
    revision: &str,
    (first, wanted): (i64, i64),
) {
    if text_at(set, "/spec/updateStrategy/type") == "OnDelete" {
        return;
    }
    let partition = number(set, "/spec/updateStrategy/rollingUpdate/partition").max(first);
    for (pod, object) in pods.range(partition..first + wanted).rev().map(|(_, found)| found) {
        let held = object.pointer("/metadata/labels").and_then(|labels| labels.get(REVISION));
        if held.and_then(Value::as_str) == Some(revision) {
            if !is_ready(object) {
                return;
            }
            continue;
        }
        if !is_going(object) {
            work.delete(pod);
        }
        return;
    }
}

fn report(work: &mut Work<'_>, key: &Key, set: &Value, revision: &str) {
    let pods: Vec<Arc<Value>> =
        work.controlled(set, "pods").into_iter().map(|(_, pod)| pod).filter(|pod| !is_going(pod)).collect();
    let ready = pods.iter().filter(|pod| is_ready(pod)).count();
    let updated = pods
        .iter()
        .filter(|pod| {
            let held = pod.pointer("/metadata/labels").and_then(|labels| labels.get(REVISION));
            held.and_then(Value::as_str) == Some(revision)
        })
        .count();
    let wanted = usize::try_from(number(set, "/spec/replicas")).unwrap_or(0);
    let held = text_at(set, "/status/currentRevision");
    let complete = updated == wanted && ready == wanted;
    let current = if complete || held.is_empty() { revision } else { held };
    let mut status = json!({
        "observedGeneration": number(set, "/metadata/generation"),
        "replicas": pods.len(),
        "availableReplicas": ready,
        "currentRevision": current,
        "updateRevision": revision,
        "collisionCount": 0,
    });
    let on_current = if current == revision { updated } else { pods.len() - updated };
    for (field, count) in [("readyReplicas", ready), ("updatedReplicas", updated), ("currentReplicas", on_current)] {
        if count > 0 {
            status[field] = count.into();
        }
    }
    work.set_status(MANAGER, key, &status);
}
