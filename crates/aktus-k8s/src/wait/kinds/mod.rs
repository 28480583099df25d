//! One file per kind, and which kind is judged by which.

pub(super) mod claim;
mod custom;
mod daemon_set;
mod definition;
mod deployment;
mod job;
mod namespace;
mod node_pool;
mod pod;
mod replica_set;
mod service;
mod stateful_set;
mod volume;

use serde_json::Value;

pub(super) use self::namespace::remaining;
use super::readiness::Readiness;
use super::related::Related;
use crate::id::ObjectId;
use crate::object::Object;

pub(super) fn judge(object: &Object, related: &Related) -> Readiness {
    let id = object.id();
    match (id.group(), id.kind.as_str()) {
        ("apps", "Deployment") => deployment::readiness(object, related),
        ("apps", "StatefulSet") => stateful_set::readiness(object, related),
        ("apps", "DaemonSet") => daemon_set::readiness(object, related),
        ("apps", "ReplicaSet") | ("", "ReplicationController") => replica_set::readiness(object, related),
        ("batch", "Job") => job::readiness(object, related),
        ("", "Pod") => pod::readiness(object, related),
        ("", "Service") => service::readiness(object, related),
        ("", "PersistentVolumeClaim") => claim::readiness(object, related),
        ("", "PersistentVolume") => volume::readiness(object),
        ("", "Namespace") => namespace::readiness(object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition::readiness(object),
        ("karpenter.sh", "NodePool") => node_pool::readiness(object),
        _ => custom::readiness(object),
    }
}

/// Whether an object of this kind is ready as soon as it is there, and stays so.
pub(super) fn is_static(id: &ObjectId) -> bool {
    match id.group() {
        "" => matches!(id.kind.as_str(), "ConfigMap" | "Secret" | "ServiceAccount" | "LimitRange" | "Endpoints"),
        "rbac.authorization.k8s.io"
        | "storage.k8s.io"
        | "scheduling.k8s.io"
        | "node.k8s.io"
        | "coordination.k8s.io" => true,
        "networking.k8s.io" => matches!(id.kind.as_str(), "NetworkPolicy" | "IngressClass"),
        "batch" => id.kind == "CronJob",
        _ => false,
    }
}

/// Whether pods, claims or events tell about objects of this kind.
pub(super) fn has_related(id: &ObjectId) -> bool {
    matches!(
        (id.group(), id.kind.as_str()),
        ("apps", _) | ("batch", "Job") | ("", "Pod" | "Service" | "PersistentVolumeClaim" | "ReplicationController")
    )
}

/// A condition's status, reason and message.
pub(super) fn condition<'a>(object: &'a Object, kind: &str) -> Option<(&'a str, &'a str, &'a str)> {
    let text = |condition: &'a Value, field: &str| condition.get(field).and_then(Value::as_str).unwrap_or("");
    object
        .items("/status/conditions")
        .find(|condition| text(condition, "type") == kind)
        .map(|condition| (text(condition, "status"), text(condition, "reason"), text(condition, "message")))
}

/// A condition's message, or its reason, or the words given.
fn words<'a>((_, reason, message): (&'a str, &'a str, &'a str), otherwise: &'a str) -> &'a str {
    [message, reason].into_iter().find(|text| !text.is_empty()).unwrap_or(otherwise)
}

/// Pending while the controller has not looked at the latest spec.
fn observed(object: &Object) -> Readiness {
    let observed = object.integer("/status/observedGeneration");
    if observed < object.generation() {
        return Readiness::Pending("its controller has not seen the latest spec yet".to_owned());
    }
    Readiness::Ready
}

/// Pending while fewer than wanted are in some state.
fn at_least(found: i64, wanted: i64, state: &str) -> Readiness {
    if found >= wanted {
        return Readiness::Ready;
    }
    let noun = if wanted == 1 { "replica" } else { "replicas" };
    Readiness::Pending(format!("{found} of {wanted} {noun} {state}"))
}

/// A number of the status; absent means none.
fn count(object: &Object, field: &str) -> i64 {
    object.get("/status").and_then(|status| status.get(field)).and_then(Value::as_i64).unwrap_or(0)
}
