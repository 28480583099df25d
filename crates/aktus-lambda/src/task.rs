//! What do the function and the process that does its work say to each other?
//!
//! The task goes in as one line of JSON, messages come back as lines of JSON, the last of them the conclusion. These
//! are types of their own: nothing inside the bootstrap has to be fit for the wire.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// Install the platform, or bring it to what the properties say.
    Install,
    /// Take away what a physical id stands for.
    Remove,
}

/// One piece of work. Holds the properties, so it is never shown or logged.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// What is to be done.
    pub verb: Verb,
    /// The properties of the custom resource.
    pub properties: Map<String, Value>,
    /// The ARN of the stack.
    pub stack_id: String,
    /// The name of the resource in the template.
    pub logical_resource_id: String,
    /// CloudFormation's id of the request, the same for every delivery.
    pub request_id: String,
    /// The id of the resource: of an installation the one it will have, of a removal the one that was given.
    pub physical_id: String,
    /// Whether CloudFormation used that id itself.
    pub confirmed: bool,
    /// Whether the resource goes by another id until this has succeeded.
    pub moves: bool,
    /// Who holds the Lease: different for every delivery, the same for all runs that one of them takes.
    pub holder: String,
    /// Whether the run before this one left its Lease held for it.
    pub continues: bool,
    /// When the first run for the request began.
    pub began: Timestamp,
    /// How long this run may work, in milliseconds.
    pub run_ms: u64,
    /// How long the work may take with all the runs that may follow, in milliseconds; as `run_ms` when none may.
    pub work_ms: u64,
    /// The log stream, named in every reason; may be empty.
    pub log_stream: String,
    /// Lambda's id of this run, for the log.
    pub aws_request_id: String,
}

impl std::fmt::Debug for Task {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Task")
            .field("verb", &self.verb)
            .field("request_id", &self.request_id)
            .finish_non_exhaustive()
    }
}

impl Task {
    /// Whose installation it is: one custom resource of one stack.
    pub fn owner(&self) -> String {
        format!("{} of {}", self.logical_resource_id, self.stack_id)
    }

    /// Whether another run may go on where this one stops.
    pub fn may_continue(&self) -> bool {
        self.work_ms > self.run_ms
    }
}

/// What the working process tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// A step began.
    Step(String),
    /// The step waits.
    Waiting(String),
    /// An object is ready.
    Ready(String),
    /// An object is not ready, and why.
    NotReady {
        /// Kind, namespace and name.
        object: String,
        /// Why, in words.
        reason: String,
    },
    /// The work ended: the last message.
    Ended(Conclusion),
}

/// How the work ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conclusion {
    /// The resource is as asked.
    Succeeded(Success),
    /// It is not.
    Failed(Failed),
    /// The time of this run is over, and another may go on.
    Unfinished {
        /// Whether the Lease is held for it.
        held: bool,
    },
    /// Another delivery of the same request is being worked on, and will be answered.
    Elsewhere,
}

/// What to say about a success. Also what the Lease keeps, so no secret is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Success {
    /// Something worth saying; may be empty.
    pub reason: String,
    /// What `Fn::GetAtt` can read.
    pub data: BTreeMap<String, String>,
}

/// What to say about a failure. Also what the Lease keeps, so no secret is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failed {
    /// Object, cause, next step.
    pub reason: String,
    /// Whether the cluster may have been written to.
    pub touched: bool,
}

/// How far the work is, as its messages tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    step: Option<String>,
    waiting: Option<String>,
    ready: BTreeSet<String>,
    seen: BTreeSet<String>,
}

impl Progress {
    /// Takes note of a message.
    pub fn note(&mut self, message: &Message) {
        match message {
            Message::Step(step) => (self.step, self.waiting) = (Some(step.clone()), None),
            Message::Waiting(reason) => self.waiting = Some(reason.clone()),
            Message::Ready(object) => {
                self.seen.insert(object.clone());
                self.ready.insert(object.clone());
            }
            Message::NotReady { object, reason } => {
                self.seen.insert(object.clone());
                self.ready.remove(object);
                self.waiting = Some(format!("{object}: {reason}"));
            }
            Message::Ended(_) => {}
        }
    }

    /// Whether any step but the first, which only reads the request, began.
    pub fn began(&self) -> bool {
        self.step.as_deref().is_some_and(|step| step != "request")
    }

    /// The step that began last, what it waits for and how many objects are ready, in words; empty before the first.
    pub fn words(&self) -> String {
        let Some(step) = &self.step else { return String::new() };
        let mut words = format!("; last step {step}");
        if let Some(reason) = &self.waiting {
            words.push_str(", waiting for: ");
            words.push_str(reason);
        }
        if !self.seen.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(words, "; {} of {} objects ready", self.ready.len(), self.seen.len());
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_in_words() {
        let mut progress = Progress::default();
        assert_eq!((progress.words().as_str(), progress.began()), ("", false));
        progress.note(&Message::Step("request".into()));
        assert!(!progress.began());
        for message in [
            Message::Step("wait".into()),
            Message::NotReady { object: "Deployment/a".into(), reason: "0 of 1 pods".into() },
            Message::NotReady { object: "Deployment/b".into(), reason: "0 of 1 pods".into() },
            Message::Ready("Deployment/a".into()),
        ] {
            progress.note(&message);
        }
        assert!(progress.began());
        assert_eq!(progress.words(), "; last step wait, waiting for: Deployment/b: 0 of 1 pods; 1 of 2 objects ready");
    }

    #[test]
    fn messages_are_one_line() {
        let message = Message::Ended(Conclusion::Failed(Failed { reason: "a\nb".into(), touched: true }));
        let line = serde_json::to_string(&message).unwrap();
        assert!(!line.contains('\n'));
        assert_eq!(serde_json::from_str::<Message>(&line).unwrap(), message);
    }
}
