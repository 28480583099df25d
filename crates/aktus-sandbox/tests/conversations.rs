//! Does the Kubernetes stand-in answer as a real API server?
//!
//! `tests/api` holds conversations: requests, and the answers that kube-apiserver v1.36.3 gave to
//! them. Each is held with a fresh stand-in, without controllers, and every status, body, event
//! and warning must be the recorded one once times, versions and identities are masked.

#[cfg(test)]
mod conversation;

use aktus_sandbox::kubernetes::Server;
use aktus_sandbox::{Clock, Options};

#[tokio::test]
async fn every_recorded_conversation_agrees() {
    let mut differences = Vec::new();
    let conversations = conversation::load("tests/api");
    assert!(conversations.len() >= 60, "only {} conversations", conversations.len());
    for (name, conversation) in conversations {
        let clock = Clock::fixed("2026-01-01T00:00:00Z".parse().unwrap());
        let mut options = Options::new(clock);
        options.controllers = false;
        let server = Server::start(&options).await.unwrap();
        let address = server.url().trim_start_matches("http://").to_owned();
        let found = tokio::task::spawn_blocking(move || conversation::hold(&address, &name, &conversation));
        differences.extend(found.await.unwrap());
    }
    let count = differences.len();
    assert!(differences.is_empty(), "{count} differences:\n{}", differences.join("\n"));
}
