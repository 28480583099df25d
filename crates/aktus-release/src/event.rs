//! What happens while a release is written.

use std::fmt;

use aktus_k8s::{Applied, Step};

/// One thing that happened, as it happens.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReleaseEvent<'a> {
    /// A write is about to happen.
    Writing {
        /// What.
        step: &'a Step,
    },
    /// An object is written, or found as it should be.
    Written {
        /// What was done.
        applied: &'a Applied,
    },
    /// A hook runs.
    Hook {
        /// Its kind and name.
        hook: String,
        /// The event it runs at.
        event: &'static str,
    },
    /// Something must happen in the cluster before the next write.
    Waiting {
        /// To what, and why.
        reason: String,
    },
    /// A record of the release changed its status, or was created or purged.
    Record {
        /// The revision.
        revision: u32,
        /// The new status, or `purged`.
        status: &'static str,
    },
}

impl fmt::Display for ReleaseEvent<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Writing { step } => write!(formatter, "{} {}", step.change.word(), step.id),
            Self::Written { applied } => write!(formatter, "{}: {}", applied.id, applied.action),
            Self::Hook { hook, event } => write!(formatter, "{event} hook {hook}"),
            Self::Waiting { reason } => write!(formatter, "waiting for {reason}"),
            Self::Record { revision, status } => write!(formatter, "revision {revision} is {status}"),
        }
    }
}

/// Who is told.
pub(crate) type OnEvent<'a> = dyn FnMut(ReleaseEvent<'_>) + Send + 'a;
