//! What has to happen to one object? Decided without a cluster in sight.

use std::fmt;

use serde_json::Value;

use super::drift::drift;
use super::immutable::is_immutable;
use super::mask;
use crate::object::Object;

/// One field that differs. The values of Secrets are masked from the start.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldChange {
    /// The field's path: `spec.template.spec.containers[qdrant].image`.
    pub path: String,
    /// What is there, if anything is.
    pub live: Option<Value>,
    /// What should be there, if anything should.
    pub desired: Option<Value>,
}

impl FieldChange {
    pub(super) fn new(path: String, live: Option<&Value>, desired: Option<&Value>, secret: bool) -> Self {
        let (live, desired) = if secret { mask::pair(live, desired) } else { (live.cloned(), desired.cloned()) };
        Self { path, live, desired }
    }

    /// Nothing but who owns the fields.
    pub(super) fn ownership() -> Self {
        Self { path: "metadata.managedFields".to_owned(), live: None, desired: None }
    }
}

impl fmt::Display for FieldChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.live, &self.desired) {
            (None, None) => f.write_str(&self.path),
            (None, Some(desired)) => write!(f, "{}: + {desired}", self.path),
            (Some(live), None) => write!(f, "{}: - {live}", self.path),
            (Some(live), Some(desired)) => write!(f, "{}: {live} → {desired}", self.path),
        }
    }
}

/// What has to happen to one object.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// There is none yet.
    Create,
    /// It is there, and differs in these fields.
    Update {
        /// The fields; never empty.
        fields: Vec<FieldChange>,
    },
    /// It is there, and differs in a field that cannot be changed: only deleting and creating it again would help.
    Replace {
        /// The field that cannot be changed.
        immutable: String,
        /// All fields that differ.
        fields: Vec<FieldChange>,
    },
    /// It is as it should be; nothing is sent.
    Unchanged,
    /// It is ours and no longer wanted.
    Delete,
    /// It is no longer wanted, and stays all the same.
    Keep {
        /// Why.
        reason: String,
    },
}

impl Change {
    /// Whether carrying it out writes to the cluster.
    pub fn is_write(&self) -> bool {
        !matches!(self, Self::Unchanged | Self::Keep { .. })
    }

    /// One word for it: `create`, `update`, …
    pub fn word(&self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update { .. } => "update",
            Self::Replace { .. } => "replace",
            Self::Unchanged => "unchanged",
            Self::Delete => "delete",
            Self::Keep { .. } => "keep",
        }
    }
}

/// What has to happen so that the cluster holds `desired`, as applied by `field_manager`.
///
/// `live` is the object as the API server gives it in the same version, with its `managedFields`. The answer errs
/// towards [`Change::Update`]: where the two only seem to differ (defaults, spelling), a dry run tells, see
/// [`plan`](super::plan()). It never errs towards [`Change::Unchanged`].
///
/// ```
/// use aktus_k8s::{Change, Object, decide};
/// use serde_json::json;
///
/// let map = |value: &str| {
///     Object::new(json!({
///         "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"mode": value},
///     }))
/// };
/// let (desired, mut live) = (map("fast")?, map("slow")?.into_value());
/// live["metadata"]["managedFields"] = json!([{
///     "manager": "aktus", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1",
///     "fieldsV1": {"f:data": {"f:mode": {}}},
/// }]);
///
/// let Change::Update { fields } = decide(&desired, Some(&Object::new(live)?), "aktus") else { panic!() };
/// assert_eq!(fields[0].to_string(), r#"data.mode: "slow" → "fast""#);
/// assert_eq!(decide(&desired, None, "aktus"), Change::Create);
/// # Ok::<(), aktus_k8s::ObjectError>(())
/// ```
pub fn decide(desired: &Object, live: Option<&Object>, field_manager: &str) -> Change {
    let Some(live) = live else { return Change::Create };
    changed(live, drift(&desired.for_apply(), live, Some(field_manager)))
}

/// The decision that follows from the differences.
pub(super) fn changed(live: &Object, fields: Vec<FieldChange>) -> Change {
    if fields.is_empty() {
        return Change::Unchanged;
    }
    let id = live.id();
    match fields.iter().find(|field| is_immutable(id.group(), &id.kind, &field.path)) {
        Some(field) => Change::Replace { immutable: field.path.clone(), fields },
        None => Change::Update { fields },
    }
}

/// Whether `live` has everything that `sent` says, whoever owns it.
pub(crate) fn covers(live: &Object, sent: &Object) -> bool {
    drift(&sent.for_apply(), live, None).is_empty()
}
