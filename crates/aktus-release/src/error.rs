//! Why a release could not be read or written.

use aktus_helm::ManifestError;
use aktus_helm::record::RecordError;
use aktus_k8s::{ApiError, ApplyError, ObjectError, ObjectId, PlanError};

/// Why a release could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// The cluster could not be asked, or refused.
    #[error(transparent)]
    Api(Box<ApiError>),
    /// The plan could not be made; nothing was written.
    #[error(transparent)]
    Plan(Box<PlanError>),
    /// An object could not be written; the release is marked failed, and names what was done.
    #[error(transparent)]
    Apply(Box<ApplyError>),
    /// A rendered document is no object.
    #[error(transparent)]
    Manifest(Box<ManifestError>),
    /// A rendered document is an object without what every object needs.
    #[error("template {template}: {problem}")]
    Object {
        /// The template it comes from.
        template: String,
        /// What is missing.
        problem: ObjectError,
    },
    /// A record cannot be read or written.
    #[error("{id}: {problem}")]
    Record {
        /// The Secret.
        id: Box<ObjectId>,
        /// What is wrong.
        problem: RecordError,
    },
    /// An object exists and is somebody else's. The text is Helm's.
    #[error("{id} exists and cannot be imported into the current release: invalid ownership metadata; {missing}")]
    NotOurs {
        /// The object.
        id: Box<ObjectId>,
        /// What its metadata lacks.
        missing: String,
    },
    /// The record would be larger than the API server takes; nothing was written.
    #[error(
        "the record of revision {revision} would have {size} bytes, more than the {limit} that a Secret may hold: \
         templates {templates}, files {files}, values {values}, manifest {manifest} bytes before compression"
    )]
    TooLarge {
        /// The revision.
        revision: u32,
        /// Its size.
        size: usize,
        /// The limit.
        limit: usize,
        /// Bytes of templates.
        templates: usize,
        /// Bytes of other files of the chart.
        files: usize,
        /// Bytes of values.
        values: usize,
        /// Bytes of the manifest.
        manifest: usize,
    },
    /// A definition of the chart's `crds/` was created and is not served.
    #[error("{id} is not served: {reason}")]
    Definition {
        /// The definition.
        id: Box<ObjectId>,
        /// What is missing.
        reason: String,
    },
    /// A hook did not succeed; the release is marked failed.
    #[error("{event} hook {hook} failed: {reason}")]
    Hook {
        /// The event.
        event: &'static str,
        /// Kind and name.
        hook: String,
        /// Why.
        reason: String,
    },
    /// Two things went wrong: the work, and noting that it did.
    #[error("{work}; besides, the record of the release could not be marked failed: {record}")]
    Unrecorded {
        /// What went wrong first.
        work: Box<ReleaseError>,
        /// Why it could not be noted.
        record: Box<ReleaseError>,
    },
}

/// Boxed, so that a result of this crate stays small.
macro_rules! boxed {
    ($($variant:ident($error:ty)),*) => {
        $(impl From<$error> for ReleaseError {
            fn from(error: $error) -> Self {
                Self::$variant(Box::new(error))
            }
        })*
    };
}

boxed!(Api(ApiError), Plan(PlanError), Apply(ApplyError), Manifest(ManifestError));
