//! Which object is meant?

use std::fmt;

/// The coordinates of one Kubernetes object: what it is and what it is called.
///
/// `namespace` is `None` for cluster-scoped objects and for namespaced ones whose namespace has not been decided
/// yet (see [`Cluster::locate`](crate::Cluster::locate)).
///
/// Displayed as `Kind/namespace/name` or `Kind/name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    /// Group and version as manifests write them: `v1`, `apps/v1`.
    pub api_version: String,
    /// `Deployment`, `Service`, …
    pub kind: String,
    /// The namespace, absent for cluster-scoped kinds.
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: String,
}

impl ObjectId {
    /// The id of a cluster-scoped object.
    pub fn cluster_scoped(api_version: &str, kind: &str, name: &str) -> Self {
        Self { api_version: api_version.to_owned(), kind: kind.to_owned(), namespace: None, name: name.to_owned() }
    }

    /// The id of an object in a namespace.
    pub fn namespaced(api_version: &str, kind: &str, namespace: &str, name: &str) -> Self {
        Self { namespace: Some(namespace.to_owned()), ..Self::cluster_scoped(api_version, kind, name) }
    }

    /// The API group; empty for the core group.
    pub fn group(&self) -> &str {
        group_of(&self.api_version)
    }

    /// The version inside the group: `v1`, `v1beta1`.
    pub fn version(&self) -> &str {
        self.api_version.split_once('/').map_or(self.api_version.as_str(), |(_, version)| version)
    }

    /// Whether both ids mean the same stored object: versions of one group are views of one thing.
    pub fn same_object(&self, other: &ObjectId) -> bool {
        self.key() == other.key()
    }

    /// What identifies the stored object, independent of the version it is read in.
    pub(crate) fn key(&self) -> (&str, &str, Option<&str>, &str) {
        (self.group(), &self.kind, self.namespace.as_deref(), &self.name)
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{}/{namespace}/{}", self.kind, self.name),
            None => write!(f, "{}/{}", self.kind, self.name),
        }
    }
}

/// The group of an `apiVersion`; empty for the core group.
pub(crate) fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_names_kind_namespace_and_name() {
        let deployment = ObjectId::namespaced("apps/v1", "Deployment", "aktus", "qdrant");
        assert_eq!(deployment.to_string(), "Deployment/aktus/qdrant");
        assert_eq!(ObjectId::cluster_scoped("v1", "Namespace", "aktus").to_string(), "Namespace/aktus");
    }

    #[test]
    fn versions_of_one_group_are_the_same_object() {
        let old = ObjectId::namespaced("apps/v1beta1", "Deployment", "aktus", "qdrant");
        let new = ObjectId::namespaced("apps/v1", "Deployment", "aktus", "qdrant");
        let core = ObjectId::namespaced("v1", "Deployment", "aktus", "qdrant");
        assert!(old.same_object(&new));
        assert!(!core.same_object(&new));
        assert_eq!((old.group(), old.version()), ("apps", "v1beta1"));
        assert_eq!((core.group(), core.version()), ("", "v1"));
    }
}
