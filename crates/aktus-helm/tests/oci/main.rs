//! Pulling charts from registries that are right, wrong, slow and hostile. Each test breaks one thing.

#![expect(clippy::unwrap_used, reason = "a test whose setting cannot be made has failed")]

mod content;
mod dependencies;
mod login;
mod redirects;
mod schemas;
mod server;
mod silence;
mod tags;
mod tls;
mod world;
