//! What became of a revision?

use std::fmt;
use std::str::FromStr;

/// The status of a revision, as Helm's `pkg/release/common/status.go` names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Nobody knows.
    Unknown,
    /// It is what the cluster is meant to hold.
    Deployed,
    /// It was taken away; the history is kept.
    Uninstalled,
    /// A newer revision took its place.
    Superseded,
    /// It was not put in place wholly.
    Failed,
    /// It is being taken away.
    Uninstalling,
    /// It is being put in place, the first of its release.
    PendingInstall,
    /// It is being put in place.
    PendingUpgrade,
    /// It is being put in place again.
    PendingRollback,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Unknown,
        Self::Deployed,
        Self::Uninstalled,
        Self::Superseded,
        Self::Failed,
        Self::Uninstalling,
        Self::PendingInstall,
        Self::PendingUpgrade,
        Self::PendingRollback,
    ];

    /// Helm's name for it, as in records and in the label `status`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Deployed => "deployed",
            Self::Uninstalled => "uninstalled",
            Self::Superseded => "superseded",
            Self::Failed => "failed",
            Self::Uninstalling => "uninstalling",
            Self::PendingInstall => "pending-install",
            Self::PendingUpgrade => "pending-upgrade",
            Self::PendingRollback => "pending-rollback",
        }
    }

    /// Whether somebody is, or was when it was killed, putting it in place.
    pub const fn is_pending(self) -> bool {
        matches!(self, Self::PendingInstall | Self::PendingUpgrade | Self::PendingRollback)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Not one of Helm's statuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown release status {0:?}")]
pub struct UnknownStatus(String);

impl FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        let found = Self::ALL.into_iter().find(|status| status.as_str() == text);
        found.ok_or_else(|| UnknownStatus(text.chars().take(40).collect()))
    }
}
