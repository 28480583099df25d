//! What does a record say about a hook, and about its last run?

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use crate::manifest::{self, HookEvent};

/// The policy of a hook that names none, once it has run.
const DEFAULT_DELETE_POLICY: &str = "before-hook-creation";

/// A hook as a record keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// `metadata.name`
    pub name: String,
    /// `kind`
    pub kind: String,
    /// The template it comes from, from the root chart's name down.
    pub path: String,
    /// The document.
    pub manifest: String,
    /// When it runs.
    pub events: Vec<HookEvent>,
    /// When it ran last.
    pub last_run: HookRun,
    /// Lighter hooks run first.
    pub weight: i64,
    /// When its object is deleted: `hook-succeeded`, `hook-failed`, `before-hook-creation`. Helm puts the last one
    /// here when a hook that names none runs.
    pub delete_policies: Vec<String>,
    /// When its log is shown: `hook-succeeded`, `hook-failed`.
    pub output_log_policies: Vec<String>,
}

/// The last run of a hook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HookRun {
    /// When its object was created.
    pub started_at: Option<Timestamp>,
    /// When it came to an end.
    pub completed_at: Option<Timestamp>,
    /// How far it came; nothing if it never ran.
    pub phase: Option<HookPhase>,
}

/// How far a hook came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookPhase {
    /// Nobody knows.
    Unknown,
    /// It runs.
    Running,
    /// It succeeded.
    Succeeded,
    /// It failed.
    Failed,
}

impl HookPhase {
    /// Helm's name for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "Unknown",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        }
    }
}

impl fmt::Display for HookPhase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for HookPhase {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let all = [Self::Unknown, Self::Running, Self::Succeeded, Self::Failed];
        all.into_iter().find(|phase| phase.as_str() == text).ok_or(())
    }
}

impl Hook {
    /// Whether it runs at `event`.
    pub fn runs_at(&self, event: HookEvent) -> bool {
        self.events.contains(&event)
    }

    /// Whether both are the same hook, whenever they ran last and whoever wrote the default policy down.
    pub fn same_definition(&self, other: &Self) -> bool {
        let policies = |hook: &Self| match hook.delete_policies.as_slice() {
            [] => vec![DEFAULT_DELETE_POLICY.to_owned()],
            policies => policies.to_vec(),
        };
        self.name == other.name
            && self.kind == other.kind
            && self.path == other.path
            && self.manifest == other.manifest
            && self.events == other.events
            && self.weight == other.weight
            && policies(self) == policies(other)
            && self.output_log_policies == other.output_log_policies
    }
}

impl From<&manifest::Hook> for Hook {
    fn from(hook: &manifest::Hook) -> Self {
        Self {
            name: hook.name.clone(),
            kind: hook.kind.clone(),
            path: hook.source.clone(),
            manifest: hook.content.clone(),
            events: hook.events.clone(),
            last_run: HookRun::default(),
            weight: hook.weight,
            delete_policies: hook.delete_policies.clone(),
            output_log_policies: hook.output_log_policies.clone(),
        }
    }
}
