//! How does a DaemonSet keep one pod on each node that fits?

use serde_json::{Value, json};

use super::Work;
use super::pods::{has_ended, is_ready, node_fits, tolerates};
use super::replica_sets::pod_of;
use super::stateful_sets::revision;
use super::work::{MANAGER, is_going, number};
use crate::kubernetes::api::{text, text_at};
use crate::kubernetes::store::Key;

const REVISION: &str = "controller-revision-hash";

const REQUIRED: &str = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution";

/// What every pod of a DaemonSet bears.
const TOLERATED: [(&str, &str); 6] = [
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];

pub(super) fn look_at(work: &mut Work<'_>, key: &Key, set: &Value) {
    if is_going(set) {
        return;
    }
    let revision = revision(work, key, set, "DaemonSet");
    let model = pod(set, key, "");
    let nodes: Vec<String> = work
        .list("nodes", None)
        .into_iter()
        .filter(|(_, node)| node_fits(&model, node) && tolerates(&model, node))
        .map(|(_, node)| text(&node, "name").to_owned())
        .collect();
    let pods = work.controlled(set, "pods");
    let wanted_node = |pod: &Value| -> String {
        let bound = format!("{REQUIRED}/nodeSelectorTerms/0/matchFields/0/values/0");
        text_at(pod, &bound).to_owned()
    };
    for (pod_key, pod) in &pods {
        let stays = nodes.contains(&wanted_node(pod)) && !has_ended(pod);
        if !stays && !is_going(pod) {
            work.delete(pod_key);
        }
    }
    for node in &nodes {
        let there = pods.iter().any(|(_, pod)| wanted_node(pod) == *node);
        if there {
            continue;
        }
        let mut pod = pod(set, key, node);
        pod["metadata"]["labels"][REVISION] = revision.as_str().into();
        if let Err(status) = work.create(MANAGER, pod) {
            let message = format!("Error creating: {}", status.message);
            work.event(set, "Warning", "FailedCreate", &message);
        }
    }
    roll(work, set, &revision);
    report(work, key, set, &revision, nodes.len());
}

/// A pod of the set, bound to a node by affinity as the real controller does.
fn pod(set: &Value, key: &Key, node: &str) -> Value {
    let mut pod = pod_of(set, &format!("{}-", key.name), &key.namespace);
    let mut tolerations = pod.pointer("/spec/tolerations").and_then(Value::as_array).cloned().unwrap_or_default();
    for (name, effect) in TOLERATED {
        tolerations.push(json!({"key": name, "operator": "Exists", "effect": effect}));
    }
    pod["spec"]["tolerations"] = tolerations.into();
    if !node.is_empty() {
        pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] = json!({
            "nodeSelectorTerms": [{
                "matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}],
            }],
        });
    }
    pod
}

/// Replaces pods of an older template one at a time.
fn roll(work: &mut Work<'_>, set: &Value, revision: &str) {
    if text_at(set, "/spec/updateStrategy/type") == "OnDelete" {
        return;
    }
    let pods = work.controlled(set, "pods");
    let is_new =
        |pod: &Value| pod.pointer("/metadata/labels").and_then(|labels| labels.get(REVISION)) == Some(&revision.into());
    if pods.iter().any(|(_, pod)| is_going(pod) || (is_new(pod) && !is_ready(pod))) {
        return;
    }
    if let Some((key, _)) = pods.iter().find(|(_, pod)| !is_new(pod)) {
        work.delete(key);
    }
}

fn report(work: &mut Work<'_>, key: &Key, set: &Value, revision: &str, wanted: usize) {
    let pods: Vec<_> = work.controlled(set, "pods").into_iter().filter(|(_, pod)| !is_going(pod)).collect();
    let ready = pods.iter().filter(|(_, pod)| is_ready(pod)).count();
    let updated = pods
        .iter()
        .filter(|(_, pod)| {
            let labels = pod.pointer("/metadata/labels");
            labels.and_then(|labels| labels.get(REVISION)) == Some(&revision.into())
        })
        .count();
    let mut status = json!({
        "observedGeneration": number(set, "/metadata/generation"),
        "currentNumberScheduled": pods.len(),
        "desiredNumberScheduled": wanted,
        "numberMisscheduled": 0,
        "numberReady": ready,
    });
    let unavailable = wanted.saturating_sub(ready);
    for (field, count) in
        [("updatedNumberScheduled", updated), ("numberAvailable", ready), ("numberUnavailable", unavailable)]
    {
        if count > 0 {
            status[field] = count.into();
        }
    }
    work.set_status(MANAGER, key, &status);
}
