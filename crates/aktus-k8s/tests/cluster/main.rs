//! Against a Kubernetes API server: the sandbox's, in this process.

mod chart;
mod faults;
mod lease;
mod plan;
mod support;
mod verbs;
mod wait;
