//! What does a function get besides its arguments? The host, the level of compatibility, and what is left of the
//! limits.

use std::fmt;

use crate::host::Host;
use crate::limits::{LimitError, Limits};
use crate::sprig::Patterns;
use crate::templates::ParsedTexts;
use crate::trace::{Origin, Trace};
use crate::value::Value;

/// Which Helm to be identical to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Profile {
    /// Helm 3.21.
    Helm3,
    /// Helm 4.2.
    #[default]
    Helm4,
}

/// One render under way: what functions may use, and what it has used up so far.
///
/// Make one for each render and execute all its files with it, so that the limits hold for them together.
pub struct Context<'h> {
    host: &'h dyn Host,
    profile: Profile,
    limits: Limits,
    lint: bool,
    steps: u64,
    written: usize,
    /// Bytes made since memory was weighed last.
    made: usize,
    /// So many bytes made call for weighing.
    weigh_at: usize,
    /// Parsed texts of `tpl`.
    pub(crate) parsed: ParsedTexts,
    /// Compiled regular expressions.
    pub(crate) patterns: Patterns,
    /// Who writes what, if somebody wants to know.
    pub(crate) trace: Option<Box<Trace>>,
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Context")
            .field("profile", &self.profile)
            .field("steps", &self.steps)
            .finish_non_exhaustive()
    }
}

/// After so many bytes made, what is in use is weighed.
const WEIGH_AFTER: usize = 32 << 20;

impl<'h> Context<'h> {
    /// A render with default limits.
    pub fn new(host: &'h dyn Host, profile: Profile) -> Self {
        Self {
            host,
            profile,
            limits: Limits::default(),
            lint: false,
            steps: 0,
            written: 0,
            made: 0,
            weigh_at: WEIGH_AFTER,
            parsed: ParsedTexts::default(),
            patterns: Patterns::default(),
            trace: None,
        }
    }

    /// The same within other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The same as `helm lint` renders: `required` and `fail` do not fail.
    #[must_use]
    pub fn linting(mut self) -> Self {
        self.lint = true;
        self
    }

    /// The same noting which line of which template makes each line of output.
    #[must_use]
    pub fn tracing(mut self) -> Self {
        self.trace = Some(Box::default());
        self
    }

    /// For each line of the last output where it comes from, if that was noted. A line that no template wrote, such as
    /// the empty one after the last line break, may come from nowhere.
    pub fn take_trace(&mut self) -> Vec<Option<Origin>> {
        self.trace.as_mut().map(|trace| std::mem::take(&mut trace.lines)).unwrap_or_default()
    }

    /// The host.
    pub fn host(&self) -> &'h dyn Host {
        self.host
    }

    /// The level of compatibility.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether this is a `helm lint`.
    pub fn is_lint(&self) -> bool {
        self.lint
    }

    /// How many steps were taken so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Counts steps of work.
    pub fn step(&mut self, steps: u64) -> Result<(), LimitError> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > self.limits.steps { Err(LimitError::Steps(self.limits.steps)) } else { Ok(()) }
    }

    /// Asks for `bytes` bytes of text. To be called before making text whose length is not bounded by that of the
    /// arguments: `repeat`, `indent`, `printf "%*d"`, `randAlphaNum` …
    pub fn spend(&mut self, bytes: usize) -> Result<(), LimitError> {
        let limit = self.limits.value_bytes;
        if bytes > limit {
            return Err(LimitError::Value { wanted: bytes as u64, limit: limit as u64 });
        }
        self.produce(bytes)
    }

    /// Counts bytes that were written or copied.
    pub(crate) fn produce(&mut self, bytes: usize) -> Result<(), LimitError> {
        self.made = self.made.saturating_add(bytes);
        self.step(bytes as u64 / 64)
    }

    /// Counts instructions, each of which may have made something small.
    pub(crate) fn tick(&mut self, instructions: u32) -> Result<(), LimitError> {
        self.made = self.made.saturating_add(instructions as usize * 64);
        self.step(u64::from(instructions))
    }

    /// Whether enough was made since the last time that [`Context::weighed`] is due.
    pub(crate) fn is_weighing_due(&self) -> bool {
        self.made >= self.weigh_at
    }

    /// Takes note of what is in use: bytes, and parts looked at to know them.
    #[cold]
    pub(crate) fn weighed(&mut self, bytes: usize, parts: u64) -> Result<(), LimitError> {
        self.made = 0;
        // Looking takes time, too: not more often than what is in use doubles, in the long run.
        self.weigh_at = WEIGH_AFTER.max(bytes / 2);
        self.step(parts / 16)?;
        let limit = self.limits.live_bytes;
        if bytes > limit { Err(LimitError::Live(limit as u64)) } else { Ok(()) }
    }

    /// Counts output; the error is the limit on all of it.
    pub(crate) fn write(&mut self, bytes: usize) -> Result<(), LimitError> {
        self.written = self.written.saturating_add(bytes);
        let limit = self.limits.total_bytes;
        if self.written > limit { Err(LimitError::Total(limit as u64)) } else { Ok(()) }
    }

    /// [`Value::deep_equal`], counting every part it looks at as work.
    pub fn deep_equal(&mut self, left: &Value, right: &Value) -> Result<bool, LimitError> {
        let mut left_over = self.limits.steps.saturating_sub(self.steps).saturating_mul(16);
        let before = left_over;
        let equal = left.deep_equal_within(right, &mut left_over);
        self.step((before - left_over) / 16)?;
        equal.ok_or(LimitError::Steps(self.limits.steps))
    }

    /// Asks for a list of `items` items; [`Context::spend`] for lists.
    pub fn spend_items(&mut self, items: usize) -> Result<(), LimitError> {
        self.spend(items.saturating_mul(size_of::<Value>()))
    }
}
