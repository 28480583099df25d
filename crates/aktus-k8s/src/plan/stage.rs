//! In which order must kinds exist?

use crate::id::ObjectId;

/// The stages of a plan, in their order. Within a stage the given order stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Custom resource definitions: before any object of the kinds they define.
    Definitions,
    /// Namespaces: before anything inside them.
    Namespaces,
    /// Cluster-scoped classes (storage, priority, runtime, ingress): objects name them.
    Classes,
    /// Everything else.
    Objects,
    /// What is no longer wanted, after everything else succeeded.
    Deletions,
}

/// The stage in which an object is created or changed.
pub(super) fn stage(id: &ObjectId) -> Stage {
    match (id.group(), id.kind.as_str()) {
        ("apiextensions.k8s.io", "CustomResourceDefinition") => Stage::Definitions,
        ("", "Namespace") => Stage::Namespaces,
        ("storage.k8s.io", "StorageClass" | "VolumeAttributesClass")
        | ("scheduling.k8s.io", "PriorityClass")
        | ("node.k8s.io", "RuntimeClass")
        | ("networking.k8s.io", "IngressClass") => Stage::Classes,
        _ => Stage::Objects,
    }
}
