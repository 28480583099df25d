//! How does AWS misbehave on demand? Each rule names an action, how often and what.

use std::sync::Mutex;

use super::{State, lock};

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Answers with an error of the service.
    Error {
        /// The HTTP status.
        status: u16,
        /// The error code, such as `ThrottlingException`.
        code: String,
        /// The sentence.
        message: String,
    },
    /// Answers 403 in the words of IAM.
    Deny,
    /// Answers 200 with this body, whatever it is.
    Body(String),
    /// Closes the connection without an answer.
    Disconnect,
    /// Sends nothing and keeps the connection open.
    Stall,
}

/// A fault, the action it applies to and how often it still does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultRule {
    /// The action as IAM names it, such as `eks:DescribeCluster`, or `*`.
    pub action: String,
    /// How many more times; `None` is always.
    pub times: Option<u32>,
    /// What happens.
    pub fault: Fault,
}

/// Switches faults on and off.
#[derive(Debug)]
pub struct Faults<'a> {
    state: &'a Mutex<State>,
}

impl<'a> Faults<'a> {
    pub(super) fn new(state: &'a Mutex<State>) -> Self {
        Self { state }
    }

    /// Throttles the action the next `times` times.
    pub fn throttle(&self, action: &str, times: u32) {
        let fault =
            Fault::Error { status: 429, code: "ThrottlingException".to_owned(), message: "Rate exceeded".to_owned() };
        self.add(FaultRule { action: action.to_owned(), times: Some(times), fault });
    }

    /// Refuses the action every time, as a missing permission does.
    pub fn deny(&self, action: &str) {
        self.add(FaultRule { action: action.to_owned(), times: None, fault: Fault::Deny });
    }

    /// Adds a fault that happens the next `times` times.
    pub fn next(&self, action: &str, times: u32, fault: Fault) {
        self.add(FaultRule { action: action.to_owned(), times: Some(times), fault });
    }

    /// Adds a rule. Earlier rules win; a used-up rule is gone.
    pub fn add(&self, rule: FaultRule) {
        lock(self.state).faults.push(rule);
    }

    /// Removes all rules.
    pub fn clear(&self) {
        lock(self.state).faults.clear();
    }
}

/// The first rule for this action, one use of it taken away.
pub(super) fn take(rules: &mut Vec<FaultRule>, action: &str) -> Option<Fault> {
    let applies = |rule: &FaultRule| (rule.action == action || rule.action == "*") && rule.times != Some(0);
    let index = rules.iter().position(applies)?;
    let rule = rules.get_mut(index)?;
    match &mut rule.times {
        Some(1) => Some(rules.remove(index).fault),
        Some(times) => {
            *times -= 1;
            Some(rule.fault.clone())
        }
        None => Some(rule.fault.clone()),
    }
}
