//! What happened, told once at the end.

mod json;

use std::fmt;
use std::time::Duration;

use crate::step::Step;
use crate::ticket::Refusal;

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did something: what.
    Done(String),
    /// There was nothing to do: what was found.
    Unchanged(String),
    /// It does not apply: why.
    Skipped(String),
    /// It failed.
    Failed(Failure),
}

impl Outcome {
    /// `done`, `unchanged`, `skipped` or `failed`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Unchanged(_) => "unchanged",
            Self::Skipped(_) => "skipped",
            Self::Failed(_) => "failed",
        }
    }

    /// The words that go with it.
    pub fn summary(&self) -> String {
        match self {
            Self::Done(text) | Self::Unchanged(text) | Self::Skipped(text) => text.clone(),
            Self::Failed(failure) => failure.to_string(),
        }
    }
}

/// What kind of failure it is; decides the exit code of the CLI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The request itself is wrong.
    Request,
    /// The chart cannot be loaded or rendered.
    Chart,
    /// The cluster, AWS or the registry answered, and said no.
    Refused,
    /// The cluster, AWS or the registry did not answer.
    Unreachable,
    /// Not everything became ready in time.
    NotReady,
    /// Stopped by the caller.
    Interrupted,
    /// A fault of this program.
    Internal,
}

impl FailureKind {
    /// A word for JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Chart => "chart",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::NotReady => "not-ready",
            Self::Interrupted => "interrupted",
            Self::Internal => "internal",
        }
    }
}

/// Why a step failed: object, cause, next step. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind.
    pub kind: FailureKind,
    /// The object it is about: an object of the cluster, a chart, a file, a property.
    pub object: Option<String>,
    /// The cause, a lower-case fragment; may have several lines.
    pub cause: String,
    /// What the reader can do now.
    pub next: Option<String>,
}

impl Failure {
    /// A failure without object and next step.
    pub fn new(kind: FailureKind, cause: impl Into<String>) -> Self {
        Self { kind, object: None, cause: cause.into(), next: None }
    }

    /// The same about `object`.
    #[must_use]
    pub fn about(mut self, object: impl Into<String>) -> Self {
        self.object = Some(object.into());
        self
    }

    /// The same with a next step.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.object {
            Some(object) => write!(formatter, "{object}: {}", self.cause),
            None => formatter.write_str(&self.cause),
        }
    }
}

impl std::error::Error for Failure {}

/// One step in the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepReport {
    /// The step.
    pub step: Step,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took.
    pub took: Duration,
}

/// One object in the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectReport {
    /// The step that decided on it.
    pub step: Step,
    /// apiVersion of the object.
    pub api_version: String,
    /// Kind of the object.
    pub kind: String,
    /// Its namespace, unless it belongs to the cluster.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// `create`, `update`, `replace`, `delete`, `unchanged`, `keep`; `hold` for the Lease, which a run creates and
    /// deletes again.
    pub change: &'static str,
    /// The fields that differ, or why it is kept; may be empty.
    pub detail: String,
    /// Whether it is ready, and if not why; nothing when nobody waited for it.
    pub ready: Option<Result<(), String>>,
}

impl ObjectReport {
    /// Whether it was, or would be, written.
    pub fn is_written(&self) -> bool {
        !matches!(self.change, "unchanged" | "keep" | "hold")
    }

    /// `Kind/namespace/name`, or `Kind/name` for an object of the cluster.
    pub fn title(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{}/{namespace}/{}", self.kind, self.name),
            None => format!("{}/{}", self.kind, self.name),
        }
    }
}

/// The release in the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseReport {
    /// Name of the release.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Its revision; in a plan the revision it would get.
    pub revision: u32,
    /// Helm's status word.
    pub status: String,
    /// Name and version of the chart, `aktus-platform-1.0.0`.
    pub chart: String,
    /// Digest of the chart's archive, when it came from a registry.
    pub digest: Option<String>,
}

/// One address in the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointReport {
    /// The Service.
    pub service: String,
    /// The host name of its load balancer; nothing while it is not known.
    pub host: Option<String>,
    /// The address for a browser.
    pub url: Option<String>,
}

/// What a run did, or what a plan would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// `true` for a plan: nothing was written.
    pub planned: bool,
    /// The steps, in order; the last one may have failed.
    pub steps: Vec<StepReport>,
    /// Every object that was decided on, in order.
    pub objects: Vec<ObjectReport>,
    /// The release, when there is a chart.
    pub release: Option<ReleaseReport>,
    /// The addresses.
    pub endpoints: Vec<EndpointReport>,
    /// Everything worth knowing that is no failure.
    pub warnings: Vec<String>,
    /// Why a run with a ticket was not let in, or not let go on.
    pub refusal: Option<Refusal>,
    /// How long it took altogether.
    pub took: Duration,
}

impl Report {
    /// Why it failed, if it did.
    pub fn failure(&self) -> Option<(Step, &Failure)> {
        self.steps.iter().find_map(|report| match &report.outcome {
            Outcome::Failed(failure) => Some((report.step, failure)),
            _ => None,
        })
    }

    /// How many of the objects that were waited for are ready, and how many were waited for.
    pub fn ready(&self) -> (usize, usize) {
        let waited: Vec<_> = self.objects.iter().filter_map(|object| object.ready.as_ref()).collect();
        (waited.iter().filter(|ready| ready.is_ok()).count(), waited.len())
    }

    /// How many objects were, or would be, written.
    pub fn changed(&self) -> usize {
        self.objects.iter().filter(|object| object.is_written()).count()
    }
}
