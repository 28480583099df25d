//! When is a request tried again, and after how long?

use std::time::Duration;

use crate::error::{ApiError, Class};

/// How long to wait between tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Before the second try; doubled for each further one.
    pub first: Duration,
    /// The longest of our own waits.
    pub longest: Duration,
    /// The longest wait that a server may ask for; what it asks beyond that is not waited for.
    pub longest_asked: Duration,
}

impl Default for Backoff {
    /// 100 ms, 200 ms, … 5 s; a server may ask for up to 30 s.
    fn default() -> Self {
        Self {
            first: Duration::from_millis(100),
            longest: Duration::from_secs(5),
            longest_asked: Duration::from_secs(30),
        }
    }
}

impl Backoff {
    /// The wait before try `attempt + 1` (the first try is number 1), with up to a quarter added so that clients
    /// that were cut off together do not come back together; `seed` decides how much.
    pub(crate) fn wait(&self, attempt: u32, seed: &str, asked: Option<Duration>) -> Duration {
        if let Some(asked) = asked {
            return asked.min(self.longest_asked);
        }
        let doubled = self.first.saturating_mul(1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX));
        let wait = doubled.min(self.longest);
        wait + wait / 4 * jitter(seed, attempt) / 256
    }
}

/// 0 to 255, from FNV-1a of the seed and the attempt: spread without a source of randomness.
fn jitter(seed: &str, attempt: u32) -> u32 {
    let bytes = seed.bytes().chain(attempt.to_le_bytes());
    let hash = bytes.fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash >> 16) & 0xff
}

/// Whether to try again after an error, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// No: it would come to the same.
    No,
    /// Yes, after our own wait, or after what the server asked for.
    After(Option<Duration>),
}

/// Whether to try again after `error`.
///
/// Every call of this crate may be repeated: reads, applies, patches and deletions by nature, creations and
/// replacements because a lost answer is followed by a look at the object.
pub(crate) fn again(error: &ApiError) -> Again {
    match error.class() {
        Class::Retry { after } => Again::After(after),
        Class::Unreachable => Again::After(None),
        _ => Again::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let backoff = Backoff::default();
        let waits: Vec<_> = [1, 2, 3, 6, 7, 40, u32::MAX].map(|n| backoff.wait(n, "a", None).as_millis()).into();
        for (wait, (low, high)) in waits.iter().zip([
            (100, 125),
            (200, 250),
            (400, 500),
            (3200, 4000),
            (5000, 6250),
            (5000, 6250),
            (5000, 6250),
        ]) {
            assert!((low..=high).contains(wait), "{waits:?}");
        }
        assert_ne!(backoff.wait(7, "a", None), backoff.wait(7, "b", None));
    }

    #[test]
    fn a_server_may_ask_within_reason() {
        let backoff = Backoff::default();
        assert_eq!(backoff.wait(1, "a", Some(Duration::from_secs(2))), Duration::from_secs(2));
        assert_eq!(backoff.wait(1, "a", Some(Duration::from_secs(100_000))), Duration::from_secs(30));
    }
}
