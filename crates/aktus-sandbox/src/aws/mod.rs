//! What does AWS say in the sandbox? Amazon EKS, EFS, ECR, STS and Secrets Manager behind one URL.
//!
//! An AWS SDK whose endpoint is overridden with [`Server::url`] finds here what it finds at the
//! real services, with the credentials of [`Facts`]: every request must be signed and the signature
//! is checked. What the services answer is in [`Facts`], which tests change at any time; a state
//! such as `CREATING` may pass after so many questions (see [`Timeline`]). Requests are logged, and
//! actions throttle, refuse or break on demand (see [`Faults`]).

mod answer;
mod ecr;
mod efs;
mod eks;
mod facts;
mod faults;
mod secrets;
mod signature;
mod sts;
mod token;
mod webhook;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use facts::{AddOn, Cluster, Credentials, Facts, FileSystem, HealthIssue, MountTarget, SecretValue, Timeline};
pub use faults::{Fault, FaultRule, Faults};
pub use token::TokenRefused;
pub use webhook::{ReviewRecord, TokenWebhook};

#[cfg(unix)]
pub(crate) use signature::check as check_signature;
#[cfg(all(test, unix))]
pub(crate) use signature::{Scope, Signed, sign};

use crate::Clock;
use crate::listener::Listener;

/// One request as AWS saw it. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestRecord {
    /// The action as IAM names it, such as `eks:DescribeCluster`.
    pub action: String,
    /// The region the request was signed for.
    pub region: String,
    /// What was asked about: the name, id or ARN in the request, empty when there is none.
    pub resource: String,
    /// The status answered; `None` when a fault sent no answer.
    pub status: Option<u16>,
}

/// What the server knows and does.
struct State {
    facts: Facts,
    faults: Vec<FaultRule>,
    requests: Vec<RequestRecord>,
}

impl fmt::Debug for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("State")
            .field("facts", &self.facts)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

/// The AWS services on 127.0.0.1, stopped by dropping it.
#[derive(Debug)]
pub struct Server {
    state: Arc<Mutex<State>>,
    listener: Listener,
}

impl Server {
    /// Starts the services with these facts.
    ///
    /// Errors when no port can be opened. Must be called inside a Tokio runtime.
    pub async fn start(facts: Facts) -> io::Result<Self> {
        let state = Arc::new(Mutex::new(State { facts, faults: Vec::new(), requests: Vec::new() }));
        let shared = Arc::clone(&state);
        let listener = Listener::start(move |request| answer::answer(&mut lock(&shared), &request)).await?;
        Ok(Self { state, listener })
    }

    /// `http://127.0.0.1:PORT`, the endpoint of every service.
    pub fn url(&self) -> String {
        self.listener.url()
    }

    /// Reads or changes the facts; the next request sees the change.
    pub fn change<R>(&self, change: impl FnOnce(&mut Facts) -> R) -> R {
        change(&mut lock(&self.state).facts)
    }

    /// The switch for faults.
    pub fn faults(&self) -> Faults<'_> {
        Faults::new(&self.state)
    }

    /// Every request so far, oldest first.
    pub fn requests(&self) -> Vec<RequestRecord> {
        lock(&self.state).requests.clone()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        lock(&self.state).requests.clear();
    }

    /// Checks a bearer token for `cluster` as the API server of an EKS cluster does, at `now`
    /// (seconds since 1970), and returns the ARN of the caller.
    ///
    /// The rules are those of aws-iam-authenticator `pkg/token/token.go` and of STS. Errors name
    /// the rule that the token breaks.
    pub fn check_token(&self, token: &str, cluster: &str, now: i64) -> Result<String, TokenRefused> {
        token::check(&lock(&self.state).facts, token, cluster, now)
    }

    /// Starts a webhook that a real API server asks about bearer tokens for `cluster`: those that
    /// [`Self::check_token`] accepts by `clock` become users in `group`.
    ///
    /// Errors when no port can be opened. Must be called inside a Tokio runtime.
    pub async fn token_webhook(&self, cluster: &str, group: &str, clock: Clock) -> io::Result<TokenWebhook> {
        TokenWebhook::start(Arc::clone(&self.state), cluster.to_owned(), group.to_owned(), clock).await
    }
}

/// Locks the state; a panic elsewhere cannot leave it half-written, since every change is one step.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
