//! Does the Lambda stand-in run functions as the real service does?
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod closures;
mod programs;
mod toy;

use std::time::Duration;

use aktus_sandbox::lambda::Service;
use aktus_sandbox::{Clock, Time};

/// How long anything may take before a test fails instead of hanging.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A service whose time passes by hand only.
async fn manual() -> (Service, Time) {
    let time = Time::manual(Clock::fixed("2026-01-01T00:00:00Z".parse().unwrap()));
    (Service::start(time.clone()).await.unwrap(), time)
}
