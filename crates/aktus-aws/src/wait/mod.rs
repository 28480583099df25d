//! How does a wait ask again, until when, and what does it tell?

use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

use crate::OnWait;

/// One wait: asks again at an interval until its deadline and tells each new reason once.
pub(crate) struct Wait<'a> {
    until: Instant,
    interval: Duration,
    tell: OnWait<'a>,
    reason: String,
}

impl<'a> Wait<'a> {
    /// A wait until `until` whose only reason so far is that `action` was not answered.
    pub(crate) fn new(action: &str, until: Instant, interval: Duration, on_wait: OnWait<'a>) -> Self {
        Self { until, interval, tell: on_wait, reason: format!("{action} got no answer in the time that was left") }
    }

    /// The outcome of one question, or `None` when the deadline came first.
    pub(crate) async fn ask<T>(&self, question: impl Future<Output = T>) -> Option<T> {
        timeout_at(self.until, question).await.ok()
    }

    /// Tells the reason when it is new, and pauses. False when the deadline comes first.
    pub(crate) async fn pause(&mut self, reason: String) -> bool {
        if reason != self.reason {
            (self.tell)(&reason);
            self.reason = reason;
        }
        let next = Instant::now().checked_add(self.interval).unwrap_or(self.until);
        sleep_until(next.min(self.until)).await;
        next < self.until
    }

    /// The last reason.
    pub(crate) fn into_reason(self) -> String {
        self.reason
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Wait;

    #[tokio::test]
    async fn each_new_reason_is_told_once() {
        let mut told = Vec::new();
        let mut on_wait = |reason: &str| told.push(reason.to_owned());
        let until = Instant::now() + Duration::from_mins(1);
        let mut wait = Wait::new("eks:DescribeCluster", until, Duration::ZERO, &mut on_wait);
        for reason in ["a", "a", "b", "a"] {
            assert!(wait.pause(reason.to_owned()).await);
        }
        assert_eq!(wait.into_reason(), "a");
        assert_eq!(told, ["a", "b", "a"]);
    }

    #[tokio::test]
    async fn a_deadline_ends_a_pause_and_a_question() {
        let until = Instant::now();
        let mut on_wait = |_: &str| ();
        let mut wait = Wait::new("eks:DescribeCluster", until, Duration::MAX, &mut on_wait);
        assert_eq!(wait.ask(std::future::pending::<()>()).await, None);
        assert!(!wait.pause("reason".to_owned()).await);
        assert_eq!(wait.into_reason(), "reason");
    }
}
