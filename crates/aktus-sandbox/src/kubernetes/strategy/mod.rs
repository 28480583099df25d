//! Which rules does each kind have, beyond those that all kinds share?

pub(crate) mod convert;
pub(crate) mod defaults;
pub(crate) mod fit;
pub(crate) mod prepare;
pub(crate) mod quantity;
pub(crate) mod times;
pub(crate) mod validation;
pub(crate) mod written;

use serde_json::Value;

use super::fields::FieldSet;
use super::resources::Resource;
use super::store::Store;

/// What rules may look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    pub(crate) store: &'a Store,
    /// RFC 3339, seconds.
    pub(crate) now: &'a str,
}

/// The fields that an endpoint resets, and that nobody can own through it.
pub(crate) fn reset_fields(resource: &Resource, subresource: Option<&str>) -> FieldSet {
    match subresource {
        None if resource.has_subresource("status") => FieldSet::of_names(&[&["status"]]),
        Some("status") if resource.custom.is_some() => {
            let mut set = FieldSet::of_names(&[&["spec"]]);
            for field in ["name", "namespace", "labels", "annotations", "finalizers", "ownerReferences", "generateName"]
            {
                set = set.union(&FieldSet::of_names(&[&["metadata", field]]));
            }
            set
        }
        Some("status") => {
            let mut set = FieldSet::of_names(&[&["spec"]]);
            if resets_labels_on_status(resource) {
                set = set.union(&FieldSet::of_names(&[&["metadata", "labels"]]));
            }
            set
        }
        _ => FieldSet::default(),
    }
}

fn resets_labels_on_status(resource: &Resource) -> bool {
    resource.group == "apps" && resource.kind == "Deployment"
}

/// Kinds that are created by replacing them.
pub(crate) fn creates_on_update(resource: &Resource) -> bool {
    matches!(
        (resource.group.as_str(), resource.kind.as_str()),
        ("", "Endpoints" | "Event" | "LimitRange" | "PodTemplate")
            | ("coordination.k8s.io", "Lease")
            | ("rbac.authorization.k8s.io" | "events.k8s.io", _)
    )
}

/// Kinds that can be replaced without saying which version was read.
pub(crate) fn allows_unconditional(resource: &Resource) -> bool {
    resource.custom.is_none()
        && !matches!(
            (resource.group.as_str(), resource.kind.as_str()),
            ("coordination.k8s.io", "Lease")
                | ("apiextensions.k8s.io" | "apiregistration.k8s.io" | "admissionregistration.k8s.io", _)
                | ("storage.k8s.io", "StorageClass" | "CSIDriver" | "VolumeAttachment" | "CSINode")
                | ("policy", "PodDisruptionBudget")
        )
}

/// Kinds whose deletion answers with the object instead of a `Status`.
pub(crate) fn returns_deleted(resource: &Resource) -> bool {
    matches!(
        (resource.group.as_str(), resource.kind.as_str()),
        (
            "",
            "Namespace"
                | "PersistentVolume"
                | "PersistentVolumeClaim"
                | "Pod"
                | "PodTemplate"
                | "ResourceQuota"
                | "Service"
                | "ServiceAccount"
        ) | ("resource.k8s.io", _)
            | (
                "storage.k8s.io",
                "CSIDriver" | "CSINode" | "StorageClass" | "VolumeAttachment" | "VolumeAttributesClass"
            )
    )
}

/// Namespaces that the API never deletes.
pub(crate) fn is_fixed_namespace(name: &str) -> bool {
    matches!(name, "default" | "kube-system" | "kube-public")
}

/// How many seconds a deletion leaves the object to end.
pub(crate) fn grace_period(resource: &Resource, live: &Value, asked: Option<i64>) -> i64 {
    if resource.kind != "Pod" || !resource.group.is_empty() {
        return 0;
    }
    let unscheduled = live.pointer("/spec/nodeName").is_none();
    let ended = matches!(live.pointer("/status/phase").and_then(Value::as_str), Some("Succeeded" | "Failed"));
    if unscheduled || ended {
        return 0;
    }
    let own = live.pointer("/spec/terminationGracePeriodSeconds").and_then(Value::as_i64);
    asked.or(own).unwrap_or(30).max(0)
}

/// Whether a deleted object stays until its contents are gone.
pub(crate) fn waits_for_contents(resource: &Resource, live: &Value) -> bool {
    resource.kind == "Namespace"
        && resource.group.is_empty()
        && live.pointer("/spec/finalizers").and_then(Value::as_array).is_some_and(|list| !list.is_empty())
}

/// Whether nothing holds a deleted object any more.
pub(crate) fn can_go(object: &Value) -> bool {
    let empty = |pointer: &str| object.pointer(pointer).and_then(Value::as_array).is_none_or(Vec::is_empty);
    let grace = object.pointer("/metadata/deletionGracePeriodSeconds").and_then(Value::as_i64);
    empty("/metadata/finalizers")
        && grace.unwrap_or(0) == 0
        && (object.get("kind").and_then(Value::as_str) != Some("Namespace") || empty("/spec/finalizers"))
}
