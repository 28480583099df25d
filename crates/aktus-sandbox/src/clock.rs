//! What time is it in the sandbox?

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

/// A source of wall-clock time, given by whoever starts the sandbox.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// A clock that asks a function, such as `jiff::Timestamp::now`.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// A clock that stands at one moment.
    pub fn fixed(at: Timestamp) -> Self {
        Self::new(move || at)
    }

    /// The moment.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }

    /// The moment as Kubernetes writes it: `2026-01-01T00:00:00Z`.
    pub(crate) fn seconds(&self) -> String {
        self.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
    }
}
