//! Which release, and how it is written.

use aktus_helm::Profile;

/// Which release, and how it is written.
#[derive(Clone, Debug)]
pub struct ReleaseOptions {
    /// The name of the release.
    pub name: String,
    /// The namespace of the release: where its records are, and its objects that name none.
    pub namespace: String,
    /// Which Helm's orders and record form are used.
    pub profile: Profile,
    /// Who owns the fields of the objects; Helm's is `helm`.
    pub field_manager: String,
    /// Whether fields that other managers own are taken over.
    pub force_conflicts: bool,
    /// How many revisions are kept; 0 keeps all. The latest deployed one is always kept.
    pub max_history: usize,
    /// How large a record may be, in bytes as the API server counts them (1,048,576 for a Secret).
    pub record_limit: usize,
}

impl ReleaseOptions {
    /// Helm 4's defaults: field manager `helm`, no force, ten revisions.
    pub fn new(name: &str, namespace: &str) -> Self {
        Self {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            profile: Profile::Helm4,
            field_manager: "helm".to_owned(),
            force_conflicts: false,
            max_history: 10,
            record_limit: 1_048_576,
        }
    }
}
