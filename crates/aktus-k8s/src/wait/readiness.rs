//! The verdict on one object.

use std::fmt;

use super::kinds;
use super::related::Related;
use crate::object::Object;

/// Whether an object does what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It does.
    Ready,
    /// Not yet; why, in words.
    Pending(String),
    /// It will not without help; why, in words.
    Failed(String),
}

impl Readiness {
    /// Whether it is ready.
    pub fn is_ready(&self) -> bool {
        *self == Self::Ready
    }

    /// Why it is not ready.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Ready => None,
            Self::Pending(reason) | Self::Failed(reason) => Some(reason),
        }
    }

    /// This verdict, or the other if this one is ready.
    #[must_use]
    pub fn and(self, other: impl FnOnce() -> Self) -> Self {
        if self.is_ready() { other() } else { self }
    }

    /// The same verdict with more about its reason.
    #[must_use]
    pub(super) fn because(self, detail: Option<String>) -> Self {
        let add = |reason: String| match detail {
            Some(detail) => format!("{reason}; {detail}"),
            None => reason,
        };
        match self {
            Self::Ready => Self::Ready,
            Self::Pending(reason) => Self::Pending(add(reason)),
            Self::Failed(reason) => Self::Failed(add(reason)),
        }
    }
}

impl fmt::Display for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready => f.write_str("ready"),
            Self::Pending(reason) => write!(f, "not ready: {reason}"),
            Self::Failed(reason) => write!(f, "failed: {reason}"),
        }
    }
}

/// The verdict on an object, given the pods, claims and events around it.
///
/// After kstatus (`sigs.k8s.io/cli-utils`), which Helm 4 waits by, with two differences: a Job is ready when it is
/// complete, and every verdict has a reason that comes from where the trouble is.
///
/// ```
/// use aktus_k8s::{Object, Readiness, Related, readiness};
/// use serde_json::json;
///
/// let claim = Object::new(json!({
///     "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "aktus"},
///     "status": {"phase": "Bound"},
/// }))?;
/// assert_eq!(readiness(&claim, &Related::default()), Readiness::Ready);
/// # Ok::<(), aktus_k8s::ObjectError>(())
/// ```
pub fn readiness(object: &Object, related: &Related) -> Readiness {
    if object.is_deleting() {
        let finalizers: Vec<_> = object.finalizers().collect();
        let held = if finalizers.is_empty() { String::new() } else { format!(", held by {}", finalizers.join(", ")) };
        return Readiness::Pending(format!("it is being deleted{held}"));
    }
    kinds::judge(object, related)
}
