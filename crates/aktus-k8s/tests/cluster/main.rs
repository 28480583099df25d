//! Against a Kubernetes API server: the sandbox's, in this process.

#![expect(clippy::unwrap_used, reason = "what these tests share may unwrap as the tests do")]

mod chart;
mod faults;
mod lease;
mod plan;
mod support;
mod verbs;
mod wait;
