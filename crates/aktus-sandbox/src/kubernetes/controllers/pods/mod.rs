//! How does a pod find a node, start, run and end? The scheduler and the kubelets.

mod references;
mod schedule;
mod start;

use serde_json::{Value, json};

use super::Work;
use super::work::is_going;
use crate::kubernetes::api::text;
use crate::kubernetes::faults::PodFault;
use crate::kubernetes::store::Key;

pub(super) use schedule::{node_fits, tolerates};

const SCHEDULER: &str = "kube-scheduler";
const KUBELET: &str = "kubelet";

/// The annotation by which a pod says what goes wrong with it.
const ANNOTATION: &str = "sandbox.aktus.ai/pod";

pub(super) fn look_at(work: &mut Work<'_>, key: &Key, pod: &Value) {
    let node = pod.pointer("/spec/nodeName").and_then(Value::as_str).unwrap_or("").to_owned();
    if is_going(pod) {
        // A pod that has a node is given a moment to end there.
        if node.is_empty() || work.after(key, "ending", 1) {
            work.api.delete_at_once(key);
        }
        return;
    }
    if node.is_empty() {
        schedule::look_at(work, key, pod);
        return;
    }
    if work.get(&Key::new("nodes", "", &node)).is_none() {
        work.api.delete_at_once(key);
        return;
    }
    if !has_ended(pod) {
        publish_authority(work, &key.namespace);
        start::look_at(work, key, pod);
    }
}

/// Makes the map that every account's volume has a part of; namespaces without pods do without.
fn publish_authority(work: &mut Work<'_>, namespace: &str) {
    if work.get(&Key::new("configmaps", namespace, "kube-root-ca.crt")).is_none() {
        let map = json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "kube-root-ca.crt", "namespace": namespace},
            "data": {"ca.crt": ""},
        });
        // In a namespace that goes the pod goes too.
        drop(work.create(super::work::MANAGER, map));
    }
}

/// Whether a pod's containers ran to their end.
pub(crate) fn has_ended(pod: &Value) -> bool {
    let phase = pod.pointer("/status/phase").and_then(Value::as_str);
    matches!(phase, Some("Succeeded" | "Failed"))
}

/// Whether a pod serves.
pub(super) fn is_ready(pod: &Value) -> bool {
    !is_going(pod) && super::work::is_true(pod, "Ready")
}

/// What goes wrong with a pod, by its annotation or by a switch.
fn fault(work: &Work<'_>, pod: &Value) -> Option<PodFault> {
    let annotations = pod.pointer("/metadata/annotations");
    let annotated = annotations
        .and_then(|annotations| annotations.get(ANNOTATION))
        .and_then(Value::as_str)
        .and_then(PodFault::parse);
    if annotated.is_some() {
        return annotated;
    }
    let name = text(pod, "name");
    let containers = pod.pointer("/spec/containers").and_then(Value::as_array);
    let images: Vec<&str> = containers
        .into_iter()
        .flatten()
        .filter_map(|container| container.get("image").and_then(Value::as_str))
        .collect();
    work.world
        .pod_faults
        .iter()
        .find(|(part, _)| name.contains(part) || images.iter().any(|image| image.contains(part)))
        .map(|(_, fault)| *fault)
}

/// Whether a pod asks for a device.
pub(super) fn wants(pod: &Value, device: &str) -> bool {
    schedule::devices(pod).contains_key(device)
}

/// The claims that a pod's volumes name.
pub(super) fn claims_of(pod: &Value, namespace: &str) -> Vec<Key> {
    let volumes = pod.pointer("/spec/volumes").and_then(Value::as_array);
    volumes
        .into_iter()
        .flatten()
        .filter_map(|volume| volume.pointer("/persistentVolumeClaim/claimName"))
        .filter_map(Value::as_str)
        .map(|name| Key::new("persistentvolumeclaims", namespace, name))
        .collect()
}
