//! How fast does time pass for functions and stacks?
//!
//! Every time-out is written as in the real service: 900 s for a function, 3,600 s for a custom
//! resource. [`Time`] decides how long that takes here.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::Clock;

/// The pace of nominal time: as fast as real time, faster, or only by [`Time::advance`].
///
/// ```
/// use std::time::Duration;
/// use aktus_sandbox::{Clock, Time};
///
/// let time = Time::manual(Clock::fixed("2026-01-01T00:00:00Z".parse().expect("a time")));
/// time.advance(Duration::from_mins(15));
/// assert_eq!(time.elapsed(), Duration::from_mins(15));
/// ```
#[derive(Clone)]
pub struct Time(Arc<Inner>);

struct Inner {
    clock: Clock,
    /// Nominal seconds in a real one; zero when time passes by hand only.
    speed: f64,
    begun: Instant,
    jumped: watch::Sender<Duration>,
}

impl Time {
    /// Time that passes as it does.
    pub fn real(clock: Clock) -> Self {
        Self::scaled(clock, 1.0)
    }

    /// Time that passes `speed` times as fast: at 300, a function of 900 s has 3 s. A speed that is
    /// no positive number stops it.
    pub fn scaled(clock: Clock, speed: f64) -> Self {
        let speed = if speed.is_finite() && speed > 0.0 { speed } else { 0.0 };
        Self(Arc::new(Inner { clock, speed, begun: Instant::now(), jumped: watch::Sender::new(Duration::ZERO) }))
    }

    /// Time that stands still until [`Time::advance`].
    pub fn manual(clock: Clock) -> Self {
        Self::scaled(clock, 0.0)
    }

    /// Jumps ahead by a nominal duration.
    pub fn advance(&self, by: Duration) {
        self.0.jumped.send_modify(|jumped| *jumped = jumped.saturating_add(by));
    }

    /// The nominal time since the beginning.
    pub fn elapsed(&self) -> Duration {
        let passed = if self.0.speed > 0.0 {
            let seconds = self.0.begun.elapsed().as_secs_f64() * self.0.speed;
            Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
        } else {
            Duration::ZERO
        };
        passed.saturating_add(*self.0.jumped.borrow())
    }

    /// Waits until that much nominal time has passed.
    pub async fn sleep(&self, duration: Duration) {
        self.sleep_until(self.elapsed().saturating_add(duration)).await;
    }

    /// Waits until the nominal time since the beginning is `end`.
    pub async fn sleep_until(&self, end: Duration) {
        let mut jumps = self.0.jumped.subscribe();
        loop {
            jumps.borrow_and_update();
            let left = end.saturating_sub(self.elapsed());
            if left.is_zero() {
                return;
            }
            // The sender lives as long as this does, so a wait for a jump ends with a jump only.
            if self.0.speed > 0.0 {
                let _ = tokio::time::timeout(self.shrink(left), jumps.changed()).await;
            } else {
                let _ = jumps.changed().await;
            }
        }
    }

    /// The wall clock.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The moment of the wall clock at which that much nominal time will have passed; when time
    /// passes by hand only, as if it passed at its real pace.
    pub(crate) fn wall(&self, ahead: Duration) -> Timestamp {
        let ahead = if self.0.speed > 0.0 { self.shrink(ahead) } else { ahead };
        SignedDuration::try_from(ahead)
            .ok()
            .and_then(|ahead| self.now().checked_add(ahead).ok())
            .unwrap_or(Timestamp::MAX)
    }

    /// How long a nominal duration really takes.
    fn shrink(&self, nominal: Duration) -> Duration {
        // Later than any test ends, and still a moment that a timer can name.
        const FAR: Duration = Duration::from_secs(1_000_000_000);
        Duration::try_from_secs_f64(nominal.as_secs_f64() / self.0.speed).unwrap_or(FAR).min(FAR)
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Time").field("speed", &self.0.speed).field("elapsed", &self.elapsed()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> Clock {
        Clock::fixed("2026-01-01T00:00:00Z".parse().unwrap())
    }

    #[tokio::test]
    async fn a_sleep_by_hand_ends_with_the_jump_that_reaches_it() {
        let time = Time::manual(clock());
        let sleeper = tokio::spawn({
            let time = time.clone();
            async move { time.sleep(Duration::from_secs(10)).await }
        });
        tokio::task::yield_now().await;
        time.advance(Duration::from_secs(9));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        time.advance(Duration::from_secs(1));
        sleeper.await.unwrap();
        assert_eq!(time.elapsed(), Duration::from_secs(10));
    }

    #[tokio::test(start_paused = true)]
    async fn a_faster_time_sleeps_a_shorter_real_time() {
        let time = Time::scaled(clock(), 300.0);
        let before = Instant::now();
        time.sleep(Duration::from_mins(15)).await;
        assert!(before.elapsed() >= Duration::from_secs(3) && before.elapsed() < Duration::from_millis(3_010));
        assert_eq!(time.wall(Duration::from_mins(15)).to_string(), "2026-01-01T00:00:03Z");
    }

    #[tokio::test(start_paused = true)]
    async fn a_jump_shortens_a_sleep_that_runs() {
        let time = Time::real(clock());
        let before = Instant::now();
        tokio::join!(time.sleep(Duration::from_mins(1)), async { time.advance(Duration::from_secs(50)) });
        assert!(before.elapsed() >= Duration::from_secs(10) && before.elapsed() < Duration::from_millis(10_010));
    }

    #[test]
    fn no_speed_and_no_duration_is_too_much() {
        for speed in [f64::NAN, f64::INFINITY, -1.0, 0.0, f64::MIN_POSITIVE, f64::MAX] {
            let time = Time::scaled(clock(), speed);
            time.advance(Duration::MAX);
            assert_eq!(time.elapsed(), Duration::MAX);
            assert!(time.wall(Duration::MAX) >= clock().now());
        }
    }
}
