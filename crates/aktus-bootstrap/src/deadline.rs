//! One deadline, handed down: nobody below invents a timeout.

use std::time::Duration;
use tokio::time::Instant;

/// When the whole work must have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    until: Instant,
}

impl Deadline {
    /// `duration` from now.
    pub fn after(duration: Duration) -> Self {
        Self { until: Instant::now() + duration }
    }

    /// The same, ending earlier by `reserve`: time kept back to answer.
    #[must_use]
    pub fn keep_back(self, reserve: Duration) -> Self {
        Self { until: self.until.checked_sub(reserve).unwrap_or(self.until) }
    }

    /// The moment itself.
    pub fn until(self) -> Instant {
        self.until
    }

    /// What is left; zero when it has passed.
    pub fn remaining(self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// The moment by which a step that may use `percent` of what is left must end.
    pub fn share(self, percent: u32) -> Instant {
        Instant::now() + self.remaining() * percent.min(100) / 100
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn shares_shrink_with_what_is_left() {
        let deadline = Deadline::after(Duration::from_secs(100)).keep_back(Duration::from_secs(20));
        assert_eq!(deadline.remaining(), Duration::from_secs(80));
        assert_eq!(deadline.share(50) - Instant::now(), Duration::from_secs(40));
        tokio::time::advance(Duration::from_mins(1)).await;
        assert_eq!(deadline.share(50) - Instant::now(), Duration::from_secs(10));
        tokio::time::advance(Duration::from_mins(1)).await;
        assert_eq!(deadline.remaining(), Duration::ZERO);
    }
}
