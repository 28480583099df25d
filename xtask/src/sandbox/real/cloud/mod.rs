//! The part of AWS that acts on a cluster from outside, played: load balancers, volumes, nodes.
//!
//! It looks at the cluster again and again and does what the controllers of EKS would do. Pods, claims, services and
//! nodes themselves are the business of the real control plane.

mod load_balancers;
mod nodes;
mod volumes;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::task::JoinHandle;

pub(super) use self::nodes::node;
use super::Mode;
use super::api::{Api, text};

/// The region that is played.
pub(super) const REGION: &str = "us-east-1";
/// The pause between two looks.
const INTERVAL: Duration = Duration::from_millis(150);

/// The cloud, acting until it is dropped.
pub(super) struct Cloud {
    task: JoinHandle<()>,
    problem: Arc<Mutex<Option<String>>>,
}

impl Cloud {
    pub(super) fn start(api: Api, mode: Mode) -> Self {
        let problem = Arc::new(Mutex::new(None));
        let last = Arc::clone(&problem);
        let task = tokio::spawn(async move {
            let mut player = Player { api, mode, seen: BTreeMap::new() };
            loop {
                let result = player.look().await;
                *last.lock().unwrap_or_else(PoisonError::into_inner) = result.err().map(|error| format!("{error:#}"));
                tokio::time::sleep(INTERVAL).await;
            }
        });
        Self { task, problem }
    }

    /// Why the last look failed, if it did.
    pub(super) fn problem(&self) -> Option<String> {
        self.problem.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Player {
    api: Api,
    mode: Mode,
    /// When something began, by what it is and the object's UID.
    seen: BTreeMap<String, Instant>,
}

impl Player {
    async fn look(&mut self) -> Result<()> {
        load_balancers::look(self).await?;
        volumes::look(self).await?;
        nodes::look(self).await
    }

    /// Whether `what` began to happen to this object at least `after` ago; it begins with the first question.
    fn has_passed(&mut self, what: &str, object: &Value, after: Duration) -> bool {
        let key = format!("{what} {}", text(object, "/metadata/uid"));
        self.seen.entry(key).or_insert_with(Instant::now).elapsed() >= after
    }
}

/// Bytes as hexadecimal digits.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    let mut digits = String::new();
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

/// `length` hexadecimal digits that belong to a text.
fn digits_of(text: &str, length: usize) -> String {
    let mut digits = hexadecimal(&Sha256::digest(text.as_bytes()));
    digits.truncate(length);
    digits
}

fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Conditions of these kinds, all true, as Karpenter's objects have them.
fn conditions(kinds: &[&str]) -> Value {
    let now = now();
    kinds
        .iter()
        .map(|kind| json!({"type": kind, "status": "True", "reason": kind, "message": "", "lastTransitionTime": now}))
        .collect()
}
