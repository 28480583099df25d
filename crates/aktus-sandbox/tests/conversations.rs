//! Does the Kubernetes stand-in answer as a real API server?
//!
//! `tests/api` and `tests/controllers` hold conversations: requests, and the answers that
//! kube-apiserver v1.36.3 gave to them, alone or with kube-controller-manager. Each is held with a
//! fresh stand-in, and every status, body, event and warning must be the recorded one once times,
//! versions and identities are masked.

#[cfg(test)]
mod conversation;

#[tokio::test]
async fn the_api_agrees_with_a_real_server() {
    conversation::check("tests/api", 92, false).await;
}

#[tokio::test]
async fn the_controllers_agree_with_real_ones() {
    conversation::check("tests/controllers", 19, true).await;
}
