//! What does the contract demand of an answer?
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/crpg-ref.html>, and what
//! CloudFormation does to those who break it.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

use super::record::{Answer, Put, RequestRecord, RequestType};
use crate::lambda::Kind;

/// The longest answer, in bytes.
const MAX_BODY: usize = 4_096;
/// The longest physical id, in bytes.
const MAX_PHYSICAL_RESOURCE_ID: usize = 1_024;

/// A rule of the contract that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// No answer came before the time-out of the service.
    NoAnswer,
    /// An answer came after it.
    LateAnswer,
    /// More answers than deliveries.
    SecondAnswer,
    /// A later answer says something else than the first.
    ContradictoryAnswer,
    /// The answer is too long.
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// The answer is no JSON object.
    NotJson,
    /// The status is neither `SUCCESS` nor `FAILED`.
    BadStatus,
    /// A field does not repeat the request.
    NotRepeated {
        /// `StackId`, `RequestId` or `LogicalResourceId`.
        field: &'static str,
    },
    /// There is no physical id, or an empty one.
    NoPhysicalResourceId,
    /// The physical id is too long.
    LongPhysicalResourceId {
        /// How long it is.
        bytes: usize,
    },
    /// A failure has no reason.
    NoReason,
    /// The data is no map of texts, numbers and booleans.
    BadData,
    /// `NoEcho` is no boolean.
    BadNoEcho,
    /// A Delete is answered with another physical id.
    ChangedIdOnDelete,
    /// An Update that changes nothing of the identity is answered with another physical id.
    ChangedId,
    /// S3 refuses the request.
    RefusedPut {
        /// Why.
        why: &'static str,
    },
    /// Something came to an address that was never given out.
    UnknownAddress,
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer => formatter.write_str("no answer came before the time-out"),
            Self::LateAnswer => formatter.write_str("an answer came after the time-out"),
            Self::SecondAnswer => formatter.write_str("more answers came than there were deliveries"),
            Self::ContradictoryAnswer => formatter.write_str("a later answer contradicts the first"),
            Self::TooLong { bytes } => write!(formatter, "the answer has {bytes} bytes, {MAX_BODY} are allowed"),
            Self::NotJson => formatter.write_str("the answer is no JSON object"),
            Self::BadStatus => formatter.write_str("the status is neither SUCCESS nor FAILED"),
            Self::NotRepeated { field } => write!(formatter, "{field} is not the one of the request"),
            Self::NoPhysicalResourceId => formatter.write_str("the PhysicalResourceId is missing or empty"),
            Self::LongPhysicalResourceId { bytes } => {
                write!(formatter, "the PhysicalResourceId has {bytes} bytes, {MAX_PHYSICAL_RESOURCE_ID} are allowed")
            }
            Self::NoReason => formatter.write_str("a failure has no reason"),
            Self::BadData => formatter.write_str("the data is no map of texts, numbers and booleans"),
            Self::BadNoEcho => formatter.write_str("NoEcho is no boolean"),
            Self::ChangedIdOnDelete => formatter.write_str("a Delete changed the PhysicalResourceId"),
            Self::ChangedId => formatter.write_str("the PhysicalResourceId changed although the identity did not"),
            Self::RefusedPut { why } => write!(formatter, "the answer was not sent as S3 demands: {why}"),
            Self::UnknownAddress => formatter.write_str("something came to an address that was never given out"),
        }
    }
}

/// A broken rule and the request it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The name of the stack; empty when no request can be told.
    pub stack: String,
    /// What was asked.
    pub request_type: Option<RequestType>,
    /// The id of the request.
    pub request_id: String,
    /// The rule.
    pub rule: Rule,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(request_type) = self.request_type {
            write!(formatter, "{} of {} ({}): ", request_type.name(), self.stack, self.request_id)?;
        }
        self.rule.fmt(formatter)
    }
}

/// A run of the function for a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) kind: Kind,
    pub(super) started: Duration,
}

/// The rules that a request and its answers break, in the order of the answers.
///
/// A request that was delivered several times may be answered as often, with the same status, id and
/// data. A run for an `OnFailure` record cannot know whether the run before it was able to answer,
/// and CloudFormation listens to the first: what it says after an answer is not held against it.
pub(super) fn broken(record: &RequestRecord, runs: &[Run], over: bool) -> Vec<Rule> {
    let mut rules = Vec::new();
    let rescue = runs.iter().filter(|run| run.kind == Kind::OnFailure).map(|run| run.started).min();
    let stored: Vec<&Put> = record.puts.iter().filter(|put| put.stored).collect();
    let first = stored.first().map(|put| understand(record, put));
    let mut counted = 0;
    let mut unacknowledged = 0;
    for put in &record.puts {
        rules.extend(put.refused.map(|why| Rule::RefusedPut { why }));
        if !put.stored {
            continue;
        }
        rules.extend(of_answer(record, &put.body));
        if record.timed_out.is_some_and(|end| put.at >= end) {
            rules.push(Rule::LateAnswer);
        }
        if counted > 0 && rescue.is_some_and(|started| put.at >= started) {
            continue;
        }
        counted += 1;
        // Whoever saw the connection break sends the answer again.
        unacknowledged += usize::from(put.status.is_none());
        let answer = understand(record, put);
        let same = first.as_ref().is_none_or(|first| {
            (first.success, &first.physical_resource_id, &first.data)
                == (answer.success, &answer.physical_resource_id, &answer.data)
        });
        if !same {
            rules.push(Rule::ContradictoryAnswer);
        }
    }
    if counted > runs.len().max(1) + unacknowledged {
        rules.push(Rule::SecondAnswer);
    }
    let late = record.timed_out.is_some_and(|end| stored.first().is_none_or(|put| put.at >= end));
    let waiting = record.timed_out.is_none() && stored.is_empty();
    if record.delivered.is_some() && (late || waiting && over) {
        rules.push(Rule::NoAnswer);
    }
    rules
}

/// The rules that one answer breaks by what it says.
pub(super) fn of_answer(record: &RequestRecord, body: &[u8]) -> Vec<Rule> {
    let mut rules = Vec::new();
    if body.len() > MAX_BODY {
        rules.push(Rule::TooLong { bytes: body.len() });
    }
    let Ok(Value::Object(answer)) = serde_json::from_slice(body) else {
        rules.push(Rule::NotJson);
        return rules;
    };
    let text = |name: &str| answer.get(name).and_then(Value::as_str);
    match text("Status") {
        Some("FAILED") if text("Reason").is_none_or(str::is_empty) => rules.push(Rule::NoReason),
        Some("SUCCESS" | "FAILED") => {}
        _ => rules.push(Rule::BadStatus),
    }
    for (field, expected) in [
        ("StackId", &record.stack_id),
        ("RequestId", &record.request_id),
        ("LogicalResourceId", &record.logical_resource_id),
    ] {
        if text(field) != Some(expected) {
            rules.push(Rule::NotRepeated { field });
        }
    }
    let id = text("PhysicalResourceId").unwrap_or_default();
    if id.is_empty() {
        rules.push(Rule::NoPhysicalResourceId);
    } else if id.len() > MAX_PHYSICAL_RESOURCE_ID {
        rules.push(Rule::LongPhysicalResourceId { bytes: id.len() });
    }
    match answer.get("Data") {
        None | Some(Value::Null) => {}
        Some(Value::Object(data))
            if data.values().all(|value| value.is_string() || value.is_number() || value.is_boolean()) => {}
        Some(_) => rules.push(Rule::BadData),
    }
    if answer.get("NoEcho").is_some_and(|echo| !echo.is_boolean()) {
        rules.push(Rule::BadNoEcho);
    }
    if !id.is_empty() && record.physical_resource_id.as_deref().is_some_and(|sent| sent != id) {
        match record.request_type {
            RequestType::Delete => rules.push(Rule::ChangedIdOnDelete),
            RequestType::Update if record.keeps_id => rules.push(Rule::ChangedId),
            RequestType::Update | RequestType::Create => {}
        }
    }
    rules
}

/// The answer as CloudFormation takes it: one that cannot be used is a failure with a reason of its
/// own.
pub(super) fn understand(record: &RequestRecord, put: &Put) -> Answer {
    let fields = match serde_json::from_slice(&put.body) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let unusable = of_answer(record, &put.body).into_iter().find(|rule| {
        // These are accepted, and hurt later.
        !matches!(rule, Rule::NoReason | Rule::ChangedIdOnDelete | Rule::ChangedId | Rule::BadNoEcho)
    });
    let id = text("PhysicalResourceId");
    Answer {
        at: put.at,
        success: unusable.is_none() && text("Status") == "SUCCESS",
        reason: unusable.map_or_else(|| text("Reason"), |rule| format!("invalid response: {rule}")),
        physical_resource_id: if id.len() > MAX_PHYSICAL_RESOURCE_ID { String::new() } else { id },
        data: fields.get("Data").and_then(Value::as_object).cloned().unwrap_or_default(),
        bytes: put.body.len(),
    }
}
