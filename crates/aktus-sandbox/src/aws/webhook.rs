//! Who does the API server of an EKS cluster ask about a bearer token? A webhook that answers `TokenReview`s.
//!
//! `kube-apiserver --authentication-token-webhook-config-file` points at it, in version `v1`. A token that
//! [`super::Server::check_token`] accepts becomes a user; every other one is refused, which the API server answers
//! with 401.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use http::StatusCode;
use serde_json::{Value, json};

use super::{State, lock, token};
use crate::Clock;
use crate::hash::sha256_hex;
use crate::listener::{self, Listener, Reply, Request};

/// One question and what came of it. Holds no token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewRecord {
    /// The SHA-256 of the token, to tell tokens apart.
    pub token: String,
    /// When the question came, in seconds since 1970 by the webhook's clock.
    pub at: i64,
    /// The user it belongs to, or the rule it breaks.
    pub result: Result<String, String>,
}

/// The webhook on 127.0.0.1, stopped by dropping it.
pub struct TokenWebhook {
    reviews: Arc<Mutex<Vec<ReviewRecord>>>,
    listener: Listener,
}

impl fmt::Debug for TokenWebhook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TokenWebhook").field("listener", &self.listener).finish_non_exhaustive()
    }
}

impl TokenWebhook {
    /// Starts a webhook that lets the account's identity into `cluster`, as a member of `group`.
    pub(super) async fn start(
        state: Arc<Mutex<State>>,
        cluster: String,
        group: String,
        clock: Clock,
    ) -> io::Result<Self> {
        let reviews = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&reviews);
        let listener = Listener::start(move |request| {
            let Some(token) = token_of(&request) else {
                return Reply::Answer(listener::text(StatusCode::BAD_REQUEST, "expected a TokenReview of v1"));
            };
            let at = clock.now().as_second();
            let checked = token::check(&lock(&state).facts, &token, &cluster, at);
            let result = checked.map_err(|refused| refused.to_string());
            let answer = review(&result, &group);
            let record = ReviewRecord { token: sha256_hex(token.as_bytes()), at, result };
            log.lock().unwrap_or_else(PoisonError::into_inner).push(record);
            Reply::Answer(listener::response(StatusCode::OK, "application/json", answer.to_string()))
        })
        .await?;
        Ok(Self { reviews, listener })
    }

    /// `http://127.0.0.1:PORT`, the `server` in the API server's webhook configuration.
    pub fn url(&self) -> String {
        self.listener.url()
    }

    /// Every question so far, oldest first.
    pub fn reviews(&self) -> Vec<ReviewRecord> {
        self.reviews.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn token_of(request: &Request) -> Option<String> {
    let review: Value = serde_json::from_slice(&request.body).ok()?;
    if review.get("kind")? != "TokenReview" || review.get("apiVersion")? != "authentication.k8s.io/v1" {
        return None;
    }
    review.pointer("/spec/token")?.as_str().map(str::to_owned)
}

fn review(result: &Result<String, String>, group: &str) -> Value {
    let status = match result {
        // EKS names the user of an access entry by its ARN unless the entry says otherwise.
        Ok(arn) => json!({ "authenticated": true, "user": { "username": arn, "groups": [group] } }),
        Err(rule) => json!({ "authenticated": false, "error": rule }),
    };
    json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": status })
}
