//! What the person who started the sandbox sees.

use std::sync::LazyLock;
use std::time::Instant;

static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Begins to count the time.
pub(super) fn begin() {
    LazyLock::force(&STARTED);
}

/// A chapter.
pub(super) fn title(text: &str) {
    eprintln!("\n== {text}");
}

/// Something that was done or seen, with the time since the start.
pub(super) fn step(text: &str) {
    eprintln!("[{:6.1} s] {text}", STARTED.elapsed().as_secs_f64());
}

/// What another program printed, set off from our own lines.
pub(super) fn quote(text: &str) {
    for line in text.trim_end().lines() {
        eprintln!("           | {line}");
    }
}
