//! What was done?

use std::fmt;

use crate::id::ObjectId;

/// What was done to one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// It was created.
    Created,
    /// Fields of it were changed.
    Updated,
    /// It was deleted and created again.
    Replaced,
    /// It was as it should be; nothing was sent.
    Unchanged,
    /// It was deleted.
    Deleted,
    /// Its deletion has begun and waits for finalizers or owned objects.
    DeletionStarted,
    /// It was gone already.
    Absent,
    /// It is no longer wanted, and stays all the same.
    Kept {
        /// Why.
        reason: String,
    },
}

impl Action {
    /// Whether the cluster was changed.
    pub fn is_write(&self) -> bool {
        !matches!(self, Self::Unchanged | Self::Absent | Self::Kept { .. })
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Created => f.write_str("created"),
            Self::Updated => f.write_str("updated"),
            Self::Replaced => f.write_str("deleted and created again"),
            Self::Unchanged => f.write_str("unchanged"),
            Self::Deleted => f.write_str("deleted"),
            Self::DeletionStarted => f.write_str("being deleted"),
            Self::Absent => f.write_str("gone already"),
            Self::Kept { reason } => write!(f, "kept: {reason}"),
        }
    }
}

/// One object and what was done to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The object.
    pub id: ObjectId,
    /// What was done to it.
    pub action: Action,
    /// Its uid, if it is known.
    pub uid: Option<String>,
}

/// What carrying out a plan came to, in the order in which it happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeSet {
    /// One entry per object.
    pub entries: Vec<Applied>,
}

impl ChangeSet {
    /// Whether nothing was written.
    pub fn is_unchanged(&self) -> bool {
        self.writes().next().is_none()
    }

    /// The objects that were changed.
    pub fn writes(&self) -> impl Iterator<Item = &Applied> {
        self.entries.iter().filter(|applied| applied.action.is_write())
    }

    /// Adds what another run did.
    pub fn extend(&mut self, other: ChangeSet) {
        self.entries.extend(other.entries);
    }
}

/// One line per object.
impl fmt::Display for ChangeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entries.iter().try_for_each(|applied| writeln!(f, "{} {}", applied.id, applied.action))
    }
}
