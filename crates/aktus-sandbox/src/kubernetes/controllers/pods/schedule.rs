//! Which node does a pod get, and why does it get none?

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{SCHEDULER, claims_of, fault, has_ended};
use crate::kubernetes::api::{text, text_at};
use crate::kubernetes::controllers::node_pools;
use crate::kubernetes::controllers::work::{Work, condition};
use crate::kubernetes::faults::PodFault;
use crate::kubernetes::store::Key;
use crate::kubernetes::strategy::quantity;

/// The annotation that tells a provisioner where the volume of a claim is wanted.
pub(in crate::kubernetes::controllers) const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";

pub(super) fn look_at(work: &mut Work<'_>, key: &Key, pod: &Value) {
    if !work.after(key, "scheduling", 1) {
        return;
    }
    let nodes = work.list("nodes", None);
    let total = nodes.len();
    if let Some(problem) = claim_problem(work, key, pod) {
        let message = format!("0/{total} nodes are available: {problem}");
        refuse(work, key, pod, &message);
        return;
    }
    if fault(work, pod) == Some(PodFault::Unschedulable) {
        let message = format!("0/{total} nodes are available: {total} Insufficient cpu.");
        refuse(work, key, pod, &message);
        return;
    }
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let mut chosen = None;
    for (_, node) in &nodes {
        match obstacle(work, pod, node) {
            None => {
                chosen = Some(text(node, "name").to_owned());
                break;
            }
            Some(reason) => *reasons.entry(reason).or_default() += 1,
        }
    }
    let Some(node) = chosen else {
        let reasons: Vec<String> = reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        let message = format!("0/{total} nodes are available: {}.", reasons.join(", "));
        refuse(work, key, pod, &message);
        node_pools::nominate(work, pod);
        return;
    };
    if wants_volumes(work, key, pod, &node) {
        return;
    }
    let now = work.now();
    work.api.within_cluster(|api| {
        api.change_within(SCHEDULER, key, None, |pod| {
            if let Some(spec) = pod.get_mut("spec").and_then(Value::as_object_mut) {
                spec.insert("nodeName".to_owned(), node.as_str().into());
            }
        });
    });
    let status = pod.get("status").cloned().unwrap_or(Value::Null);
    let scheduled = condition(&status, &now, "PodScheduled", "True", "", "");
    let mut status = status;
    status["conditions"] = json!([scheduled]);
    work.set_status(SCHEDULER, key, &status);
    let message = format!("Successfully assigned {}/{} to {node}", key.namespace, key.name);
    work.event(pod, "Normal", "Scheduled", &message);
}

fn refuse(work: &mut Work<'_>, key: &Key, pod: &Value, message: &str) {
    let now = work.now();
    let status = pod.get("status").cloned().unwrap_or(Value::Null);
    let refused = condition(&status, &now, "PodScheduled", "False", "Unschedulable", message);
    let mut status = status;
    status["conditions"] = json!([refused]);
    work.set_status(SCHEDULER, key, &status);
    work.event(pod, "Warning", "FailedScheduling", message);
}

/// What is wrong with a pod's claims; one that waits for its first consumer is not wrong.
fn claim_problem(work: &Work<'_>, key: &Key, pod: &Value) -> Option<String> {
    for claim in claims_of(pod, &key.namespace) {
        let Some(found) = work.get(&claim) else {
            return Some(format!("persistentvolumeclaim {:?} not found.", claim.name));
        };
        let bound = text_at(&found, "/status/phase") == "Bound";
        if text_at(&found, "/status/phase") == "Lost" {
            return Some(format!(
                "persistentvolumeclaim {:?} bound to non-existent persistentvolume {:?}.",
                claim.name,
                text_at(&found, "/spec/volumeName")
            ));
        }
        if !bound && !waits_for_consumer(work, &found) {
            return Some("pod has unbound immediate PersistentVolumeClaims.".to_owned());
        }
    }
    None
}

fn waits_for_consumer(work: &Work<'_>, claim: &Value) -> bool {
    let class = text_at(claim, "/spec/storageClassName");
    let class = work.get(&Key::new("storageclasses.storage.k8s.io", "", class));
    class.is_some_and(|class| text_at(&class, "/volumeBindingMode") == "WaitForFirstConsumer")
        && text_at(claim, "/spec/volumeName").is_empty()
}

/// Tells the provisioner where volumes are wanted; `true` while they are not there.
fn wants_volumes(work: &mut Work<'_>, key: &Key, pod: &Value, node: &str) -> bool {
    let mut waiting = false;
    for claim in claims_of(pod, &key.namespace) {
        let Some(found) = work.get(&claim) else { continue };
        if text_at(&found, "/status/phase") == "Bound" {
            continue;
        }
        waiting = true;
        work.change(SCHEDULER, &claim, |claim| {
            let Some(metadata) = claim.get_mut("metadata").and_then(Value::as_object_mut) else {
                return;
            };
            let annotations = metadata.entry("annotations").or_insert_with(|| json!({}));
            if let Some(annotations) = annotations.as_object_mut() {
                annotations.entry(SELECTED_NODE).or_insert_with(|| node.into());
            }
        });
    }
    waiting
}

/// Why a node does not do for a pod.
fn obstacle(work: &Work<'_>, pod: &Value, node: &Value) -> Option<String> {
    if node.pointer("/spec/unschedulable").and_then(Value::as_bool) == Some(true) {
        return Some("node(s) were unschedulable".to_owned());
    }
    if let Some(taint) = untolerated(pod, node) {
        let value = taint.get("value").and_then(Value::as_str).unwrap_or("");
        let key = taint.get("key").and_then(Value::as_str).unwrap_or("");
        return Some(format!("node(s) had untolerated taint(s) {{{key}: {value}}}"));
    }
    if !node_fits(pod, node) {
        return Some("node(s) didn't match Pod's node affinity/selector".to_owned());
    }
    insufficient(work, pod, node).map(|name| format!("Insufficient {name}"))
}

/// Whether a pod bears all taints of a node.
pub(in crate::kubernetes::controllers) fn tolerates(pod: &Value, node: &Value) -> bool {
    untolerated(pod, node).is_none()
}

fn untolerated<'a>(pod: &Value, node: &'a Value) -> Option<&'a Value> {
    let tolerations = pod.pointer("/spec/tolerations").and_then(Value::as_array);
    let taints = node.pointer("/spec/taints").and_then(Value::as_array);
    taints.into_iter().flatten().find(|taint| {
        let effect = text_of(taint, "effect");
        effect != "PreferNoSchedule"
            && !tolerations.into_iter().flatten().any(|toleration| {
                let same_effect =
                    matches!(text_of(toleration, "effect"), "") || text_of(toleration, "effect") == effect;
                let key = text_of(toleration, "key");
                let same_key = key.is_empty() || key == text_of(taint, "key");
                let same_value = text_of(toleration, "operator") == "Exists"
                    || text_of(toleration, "value") == text_of(taint, "value");
                same_effect && same_key && same_value
            })
    })
}

fn text_of<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or("")
}

/// Whether a node has the labels that a pod wants by selector or required affinity.
pub(in crate::kubernetes::controllers) fn node_fits(pod: &Value, node: &Value) -> bool {
    let labels = node.pointer("/metadata/labels").cloned().unwrap_or(Value::Null);
    let selected = pod.pointer("/spec/nodeSelector").and_then(Value::as_object);
    if !selected.into_iter().flatten().all(|(key, value)| labels.get(key) == Some(value)) {
        return false;
    }
    let terms = pod
        .pointer("/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms")
        .and_then(Value::as_array);
    terms.is_none_or(|terms| terms.iter().any(|term| term_fits(term, node, &labels)))
}

fn term_fits(term: &Value, node: &Value, labels: &Value) -> bool {
    let requirements = |field: &str| term.get(field).and_then(Value::as_array).map_or(&[][..], Vec::as_slice).iter();
    let fits = |requirement: &Value, found: Option<&str>| {
        let values = requirement.get("values").and_then(Value::as_array);
        let values: Vec<&str> = values.into_iter().flatten().filter_map(Value::as_str).collect();
        let number = |text: Option<&str>| text.and_then(|text| text.parse::<i64>().ok());
        let bound = number(values.first().copied());
        match text_of(requirement, "operator") {
            "In" => found.is_some_and(|found| values.contains(&found)),
            "NotIn" => found.is_none_or(|found| !values.contains(&found)),
            "Exists" => found.is_some(),
            "DoesNotExist" => found.is_none(),
            "Gt" => matches!((number(found), bound), (Some(found), Some(bound)) if found > bound),
            "Lt" => matches!((number(found), bound), (Some(found), Some(bound)) if found < bound),
            _ => false,
        }
    };
    requirements("matchExpressions").all(|requirement| {
        let found = labels.get(text_of(requirement, "key")).and_then(Value::as_str);
        fits(requirement, found)
    }) && requirements("matchFields").all(|requirement| {
        let name = (text_of(requirement, "key") == "metadata.name").then(|| text(node, "name"));
        fits(requirement, name)
    })
}

/// The first device that a node has too few of; processors and memory are not counted.
fn insufficient(work: &Work<'_>, pod: &Value, node: &Value) -> Option<String> {
    let name = text(node, "name");
    devices(pod)
        .into_iter()
        .find(|(device, wanted)| {
            let capacity = node
                .pointer("/status/allocatable")
                .and_then(|allocatable| allocatable.get(device))
                .and_then(Value::as_str)
                .map_or(0, quantity::milli);
            let used: i128 = work
                .api
                .store
                .list("pods", None)
                .filter(|(_, other)| text_at(other, "/spec/nodeName") == name && !has_ended(other))
                .filter_map(|(_, other)| devices(other).remove(device))
                .sum();
            used + wanted > capacity
        })
        .map(|(device, _)| device)
}

/// The devices that a pod asks for, in thousandths.
pub(in crate::kubernetes::controllers) fn devices(pod: &Value) -> BTreeMap<String, i128> {
    let mut devices = BTreeMap::new();
    let containers = pod.pointer("/spec/containers").and_then(Value::as_array);
    for container in containers.into_iter().flatten() {
        let limits = container.pointer("/resources/limits").and_then(Value::as_object);
        for (name, value) in limits.into_iter().flatten() {
            if name.contains('/') {
                let count = value.as_str().map_or(0, quantity::milli);
                *devices.entry(name.clone()).or_default() += count;
            }
        }
    }
    devices
}
