//! What goes wrong on purpose?

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Notify;

/// One thing that goes wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The request is answered with this status and not carried out.
    Status {
        /// The HTTP status code.
        code: u16,
        /// The text of the `Retry-After` header, if there is to be one; any text is sent as it is.
        retry_after: Option<String>,
    },
    /// The request is answered with a status of this code and message, as by a webhook or a quota,
    /// and not carried out.
    Refuse {
        /// The HTTP status code.
        code: u16,
        /// The message of the `Status` object.
        message: String,
    },
    /// The connection closes before the request is carried out.
    Disconnect,
    /// The request is carried out and the connection closes without an answer.
    DisconnectAfter,
    /// The connection stays open and nothing comes; the request is not carried out.
    Stall,
    /// The request is carried out after a delay.
    Slow(Duration),
}

/// Which requests a fault befalls.
#[derive(Clone, Debug)]
pub struct FaultRule {
    /// Only requests with this method, such as `PATCH`.
    pub method: Option<String>,
    /// Only requests whose path and query contain this text.
    pub path_contains: Option<String>,
    /// How many requests that fit are let through first.
    pub skip: u64,
    /// How many requests are befallen after that; `None` for all.
    pub times: Option<u64>,
    /// What happens to them.
    pub fault: Fault,
}

impl FaultRule {
    /// A rule that befalls every request.
    pub fn every(fault: Fault) -> Self {
        Self { method: None, path_contains: None, skip: 0, times: None, fault }
    }

    /// A rule that befalls the `n`th request from now on, counted from 1.
    pub fn nth(n: u64, fault: Fault) -> Self {
        Self { skip: n.saturating_sub(1), times: Some(1), ..Self::every(fault) }
    }
}

/// One thing that goes wrong with a pod.
///
/// A pod can ask for it itself, by the annotation `sandbox.aktus.ai/pod` with the value in
/// parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodFault {
    /// No node has room for it (`unschedulable`).
    Unschedulable,
    /// Its image cannot be pulled (`image-pull`).
    ImagePull,
    /// Its containers end with an error again and again (`crash-loop`).
    CrashLoop,
    /// Its containers run and never serve (`never-ready`).
    NeverReady,
    /// Its containers end with this code (`exit-1`).
    Exit(i32),
}

impl PodFault {
    /// Reads the value of the annotation.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "unschedulable" => Self::Unschedulable,
            "image-pull" => Self::ImagePull,
            "crash-loop" => Self::CrashLoop,
            "never-ready" => Self::NeverReady,
            other => Self::Exit(other.strip_prefix("exit-")?.parse().ok()?),
        })
    }
}

#[derive(Debug, Default)]
struct State {
    rules: Vec<FaultRule>,
    tokens: Vec<SecretString>,
    definition_delay: Duration,
    pods: Vec<(String, PodFault)>,
}

/// The switches for faults; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    state: Arc<Mutex<State>>,
    /// Wakes the controllers when pods have other faults than before.
    pub(crate) pods_changed: Arc<Notify>,
}

impl Faults {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on a fault befalls pods whose name, or an image of theirs, contains a text.
    pub fn befall_pods(&self, part: &str, fault: PodFault) {
        self.state().pods.push((part.to_owned(), fault));
        self.pods_changed.notify_one();
    }

    pub(crate) fn pods(&self) -> Vec<(String, PodFault)> {
        self.state().pods.clone()
    }

    /// Adds a rule; the first that fits a request befalls it.
    pub fn add(&self, rule: FaultRule) {
        self.state().rules.push(rule);
    }

    /// Takes all rules and delays back; required tokens stay.
    pub fn clear(&self) {
        let mut state = self.state();
        state.rules.clear();
        state.pods.clear();
        state.definition_delay = Duration::ZERO;
        drop(state);
        self.pods_changed.notify_one();
    }

    /// From now on requests need one of these bearer tokens; none means that all are let in.
    pub fn require_tokens(&self, tokens: Vec<SecretString>) {
        self.state().tokens = tokens;
    }

    /// How long a new definition takes to be established and served.
    pub fn delay_definitions(&self, delay: Duration) {
        self.state().definition_delay = delay;
    }

    pub(crate) fn definition_delay(&self) -> Duration {
        self.state().definition_delay
    }

    /// Whether an `Authorization` header lets its request in.
    pub(crate) fn lets_in(&self, authorization: Option<&str>) -> bool {
        let state = self.state();
        let token = authorization.and_then(|text| text.strip_prefix("Bearer "));
        state.tokens.is_empty() || state.tokens.iter().any(|allowed| token == Some(allowed.expose_secret()))
    }

    /// The fault that befalls a request.
    pub(crate) fn befalling(&self, method: &str, target: &str) -> Option<Fault> {
        let mut state = self.state();
        let fits = |rule: &FaultRule| {
            rule.method.as_deref().is_none_or(|wanted| wanted == method)
                && rule.path_contains.as_deref().is_none_or(|part| target.contains(part))
        };
        for rule in state.rules.iter_mut().filter(|rule| fits(rule)) {
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            match &mut rule.times {
                Some(0) => {}
                Some(times) => {
                    *times -= 1;
                    return Some(rule.fault.clone());
                }
                None => return Some(rule.fault.clone()),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_count_the_requests_that_fit() {
        let faults = Faults::default();
        let fault = Fault::Disconnect;
        let rule = FaultRule { method: Some("PATCH".to_owned()), ..FaultRule::nth(2, fault.clone()) };
        faults.add(rule);
        assert_eq!(faults.befalling("GET", "/a"), None);
        assert_eq!(faults.befalling("PATCH", "/a"), None);
        assert_eq!(faults.befalling("PATCH", "/a"), Some(fault));
        assert_eq!(faults.befalling("PATCH", "/a"), None);
    }

    #[test]
    fn tokens_are_required_once_given() {
        let faults = Faults::default();
        assert!(faults.lets_in(None));
        faults.require_tokens(vec!["t".into()]);
        assert!(!faults.lets_in(None));
        assert!(!faults.lets_in(Some("Bearer x")));
        assert!(faults.lets_in(Some("Bearer t")));
    }
}
