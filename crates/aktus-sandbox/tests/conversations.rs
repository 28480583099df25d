//! Does the Kubernetes stand-in answer as a real API server?
//!
//! `tests/api` and `tests/controllers` hold conversations: requests, and the answers that
//! kube-apiserver v1.36.3 gave to them, alone or with kube-controller-manager. Each is held with a
//! fresh stand-in, and every status, body, event and warning must be the recorded one once times,
//! versions and identities are masked.

#[cfg(test)]
mod conversation;

use aktus_sandbox::kubernetes::Server;
use aktus_sandbox::{Clock, Options};

#[tokio::test]
async fn the_api_agrees_with_a_real_server() {
    check("tests/api", 80, false).await;
}

#[tokio::test]
async fn the_controllers_agree_with_real_ones() {
    check("tests/controllers", 18, true).await;
}

async fn check(folder: &str, least: usize, controllers: bool) {
    let mut differences = Vec::new();
    let conversations = conversation::load(folder);
    assert!(conversations.len() >= least, "only {} conversations", conversations.len());
    for (name, conversation) in conversations {
        let clock = Clock::fixed("2026-01-01T00:00:00Z".parse().unwrap());
        let options = Options { controllers, ..Options::new(clock) };
        let server = Server::start(&options).await.unwrap();
        let address = server.url().trim_start_matches("http://").to_owned();
        let found = tokio::task::spawn_blocking(move || conversation::hold(&address, &name, &conversation));
        differences.extend(found.await.unwrap());
    }
    let count = differences.len();
    assert!(differences.is_empty(), "{count} differences:\n{}", differences.join("\n"));
}
