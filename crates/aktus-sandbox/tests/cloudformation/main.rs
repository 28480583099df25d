//! Does the CloudFormation stand-in ask as the real service does, and see every broken rule?
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod answers;
mod endpoint;
mod operations;
mod toy;
