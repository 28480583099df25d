//! How is a recorded conversation held with a Kubernetes API, and where do the answers differ?
//!
//! A conversation is a list of requests and the answers of a real API server, with times,
//! versions and identities masked. The same list is held with the stand-in, in its tests, and with
//! a real server, by whoever records it again; so one cannot drift from the other unseen.
//!
//! ```
//! use aktus_sandbox::conversation::{Conversation, Request, Response, Transport};
//!
//! struct Nothing;
//!
//! impl Transport for Nothing {
//!     fn send(&mut self, _request: &Request<'_>) -> std::io::Result<Response> {
//!         Ok(Response { status: 404, body: "nothing here".to_owned(), warnings: Vec::new() })
//!     }
//!     fn again(&mut self, _attempts: u32) -> bool {
//!         false
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let text = r#"{"situation": "there is nothing", "steps": [
//!     {"do": "GET /nothing", "answer": {"status": 404, "text": "something"}}
//! ]}"#;
//! let held = Conversation::parse(text)?.hold("nothing", &mut Nothing)?;
//! assert_eq!(held.differences.len(), 1);
//! assert!(held.conversation.to_text().contains("nothing here"));
//! # Ok(())
//! # }
//! ```

mod compare;
mod http;
mod mask;
mod text;

use std::collections::BTreeMap;
use std::io;

use serde_json::{Map, Value, json};

pub use http::exchange;

/// A request, as a conversation words it.
#[derive(Debug)]
pub struct Request<'a> {
    /// The method, such as `PATCH`.
    pub method: &'a str,
    /// Path and query.
    pub target: &'a str,
    /// Headers that are part of the conversation.
    pub headers: Vec<(&'a str, &'a str)>,
    /// The body; empty where there is none.
    pub body: &'a str,
}

/// What was answered.
#[derive(Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: String,
    /// The texts of `Warning` headers.
    pub warnings: Vec<String>,
}

/// The way to an API, and the patience with it.
pub trait Transport {
    /// Sends a request and takes the answer.
    fn send(&mut self, request: &Request<'_>) -> io::Result<Response>;

    /// Waits a moment before a question is asked again; false when it was asked often enough.
    fn again(&mut self, attempts: u32) -> bool;
}

/// Why a conversation could not be held.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConversationError {
    /// The file is not JSON.
    #[error("the conversation is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The file is no conversation.
    #[error("the conversation is malformed: {0}")]
    Malformed(String),
    /// The API could not be asked.
    #[error("{step}: the request was not answered: {source}")]
    Unanswered {
        /// The number of the step and its first line.
        step: String,
        /// What went wrong.
        source: io::Error,
    },
}

/// Requests and the masked answers to them.
#[derive(Clone, Debug)]
pub struct Conversation {
    situation: String,
    steps: Vec<Map<String, Value>>,
}

/// A conversation that was held.
#[derive(Debug)]
pub struct Held {
    /// The same requests with the answers that were given now.
    pub conversation: Conversation,
    /// Where these differ from the answers that were recorded.
    pub differences: Vec<String>,
    /// What the conversation demands of its answers among themselves, and did not get.
    pub broken: Vec<String>,
}

impl Conversation {
    /// Reads the text of a file.
    pub fn parse(text: &str) -> Result<Self, ConversationError> {
        let mut value: Value = serde_json::from_str(text)?;
        let malformed = |what: &str| ConversationError::Malformed(what.to_owned());
        let situation = value.get("situation").and_then(Value::as_str).ok_or_else(|| malformed("no `situation`"))?;
        let situation = situation.to_owned();
        let Some(Value::Array(steps)) = value.get_mut("steps").map(Value::take) else {
            return Err(malformed("no list of `steps`"));
        };
        let steps = steps.into_iter().map(|step| match step {
            Value::Object(step) => Ok(step),
            other => Err(ConversationError::Malformed(format!("the step {other} is no object"))),
        });
        Ok(Self { situation, steps: steps.collect::<Result<_, _>>()? })
    }

    /// Which behaviour it shows.
    pub fn situation(&self) -> &str {
        &self.situation
    }

    /// How many requests it makes; one that waits counts once.
    pub fn requests(&self) -> usize {
        self.steps.len()
    }

    /// Holds it in a namespace of its own, `api-NAME`, which must not exist yet.
    pub fn hold(&self, name: &str, transport: &mut impl Transport) -> Result<Held, ConversationError> {
        let namespace = format!("api-{name}");
        let body = json!({"metadata": {"name": namespace}}).to_string();
        let headers = vec![("content-type", "application/json"), ("user-agent", "recorder/1")];
        let create = Request { method: "POST", target: "/api/v1/namespaces", headers, body: &body };
        let created = transport.send(&create).map_err(|source| {
            let step = format!("{name}, namespace {namespace}");
            ConversationError::Unanswered { step, source }
        })?;
        let mut variables = BTreeMap::from([("namespace".to_owned(), namespace.clone())]);
        let mut held = Held { conversation: self.clone(), differences: Vec::new(), broken: Vec::new() };
        if created.status != 201 {
            held.broken.push(format!("{name}: namespace {namespace} was not created: {}", created.body));
        }
        for (number, step) in held.conversation.steps.iter_mut().enumerate() {
            let line = step.get("do").and_then(Value::as_str).unwrap_or("no `do`");
            let place = format!("{name}, step {number} ({line})");
            let taken = Step { step, place: &place }.take(transport, &mut variables, &mut held.broken)?;
            let mut differences = Vec::new();
            compare::compare("", step.get("answer").unwrap_or(&Value::Null), &taken, &mut differences);
            held.differences.extend(differences.into_iter().map(|difference| format!("{place}: {difference}")));
            step.insert("answer".to_owned(), taken);
        }
        Ok(held)
    }

    /// The text of a file, which lists fields in one order and has one line for each.
    pub fn to_text(&self) -> String {
        text::write(&self.situation, &self.steps)
    }
}

/// One request of a conversation.
struct Step<'a> {
    step: &'a Map<String, Value>,
    place: &'a str,
}

impl Step<'_> {
    /// Sends the request, until what is awaited is so, and masks the answer.
    fn take(
        &self,
        transport: &mut impl Transport,
        variables: &mut BTreeMap<String, String>,
        broken: &mut Vec<String>,
    ) -> Result<Value, ConversationError> {
        let substitute = |value: &Value, variables: &BTreeMap<String, String>| {
            substitute(value, variables)
                .map_err(|name| ConversationError::Malformed(format!("{}: no variable `{name}`", self.place)))
        };
        let line = substitute(self.step.get("do").unwrap_or(&Value::Null), variables)?;
        let Some((method, target)) = line.as_str().and_then(|line| line.split_once(' ')) else {
            return Err(ConversationError::Malformed(format!("{}: `do` is not METHOD PATH", self.place)));
        };
        let body = match self.step.get("body").map(|body| substitute(body, variables)).transpose()? {
            None => None,
            Some(Value::String(text)) => Some(text),
            Some(other) => Some(other.to_string()),
        };
        let headers = self.headers(method, body.is_some());
        let request = Request { method, target, headers, body: body.as_deref().unwrap_or("") };
        let mut attempts = 0;
        let (response, parsed) = loop {
            let response = transport
                .send(&request)
                .map_err(|source| ConversationError::Unanswered { step: self.place.to_owned(), source })?;
            let parsed: Value = serde_json::from_str(&response.body).unwrap_or(Value::Null);
            let mut reached = true;
            for (pointer, expected) in self.map("until") {
                let found = if pointer == "status" { json!(response.status) } else { at(&parsed, pointer) };
                reached &= found == substitute(expected, variables)?;
            }
            if reached {
                break (response, parsed);
            }
            attempts += 1;
            if !transport.again(attempts) {
                broken.push(format!("{}: what it waits for did not come; last {}", self.place, response.body));
                break (response, parsed);
            }
        };
        for (field, should_equal) in [("equals", true), ("differs", false)] {
            for (pointer, expected) in self.map(field) {
                let expected = substitute(expected, variables)?;
                let found = at(&parsed, pointer);
                if (found == expected) != should_equal {
                    broken.push(format!("{}: {pointer} is {found}, against {field} {expected}", self.place));
                }
            }
        }
        for (variable, pointer) in self.map("save") {
            let value = at(&parsed, pointer.as_str().unwrap_or_default());
            variables.insert(variable.clone(), value.as_str().unwrap_or_default().to_owned());
        }
        Ok(self.answer(target, response, &parsed))
    }

    fn headers(&self, method: &str, has_body: bool) -> Vec<(&str, &str)> {
        let text = |field: &str| self.step.get(field).and_then(Value::as_str);
        let content_type = text("type").unwrap_or(match method {
            "PATCH" => "application/apply-patch+yaml",
            _ => "application/json",
        });
        let mut headers = vec![("user-agent", text("agent").unwrap_or("conversation/1.0"))];
        if has_body {
            headers.push(("content-type", content_type));
        }
        headers.extend(text("accept").map(|accept| ("accept", accept)));
        headers
    }

    /// The answer without what differs from run to run.
    fn answer(&self, target: &str, response: Response, parsed: &Value) -> Value {
        let mut answer = json!({"status": response.status});
        if self.step.contains_key("brief") {
            // Only the status counts.
        } else if target.contains("watch=true") && response.status == 200 {
            let events = response.body.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| line.into()));
            let bookmarks = self.step.contains_key("bookmarks");
            let events = events.filter(|event: &Value| bookmarks || at(event, "/type") != "BOOKMARK");
            answer["events"] = events.map(|event| mask::value(&event, "")).collect();
        } else if parsed.is_null() {
            answer["text"] = response.body.into();
        } else {
            answer["body"] = mask::value(parsed, "");
        }
        if !response.warnings.is_empty() {
            let mut warnings: Vec<String> = response.warnings.iter().map(|warning| mask::text(warning)).collect();
            warnings.sort();
            answer["warnings"] = warnings.into();
        }
        answer
    }

    /// A field that is an object; nothing when it is absent.
    fn map(&self, field: &str) -> impl Iterator<Item = (&String, &Value)> {
        self.step.get(field).and_then(Value::as_object).into_iter().flatten()
    }
}

fn at(value: &Value, pointer: &str) -> Value {
    value.pointer(pointer).cloned().unwrap_or(Value::Null)
}

/// Puts the values of `${variable}` and `${fill:N}` (N letters) into every text; errs with the name
/// of a variable that is not known.
fn substitute(value: &Value, variables: &BTreeMap<String, String>) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => substitute_text(text, variables)?.into(),
        Value::Array(list) => {
            list.iter().map(|item| substitute(item, variables)).collect::<Result<Vec<_>, _>>()?.into()
        }
        Value::Object(map) => {
            let fields = map
                .iter()
                .map(|(key, item)| Ok::<_, String>((substitute_text(key, variables)?, substitute(item, variables)?)));
            Value::Object(fields.collect::<Result<_, _>>()?)
        }
        other => other.clone(),
    })
}

fn substitute_text(text: &str, variables: &BTreeMap<String, String>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, tail) = after.split_once('}').ok_or(after)?;
        out.push_str(before);
        match name.strip_prefix("fill:").and_then(|count| count.parse().ok()) {
            Some(count) => out.push_str(&"a".repeat(count)),
            None => out.push_str(variables.get(name).ok_or(name)?),
        }
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}
