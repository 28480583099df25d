//! What does CloudFormation ask, and where does the answer go?
//!
//! The event is taken apart by hand and in order: first what an answer needs, then what the work needs, so that an
//! event with a fault in it is still answered.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;
use url::Url;

/// What is to be done with the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestType {
    /// Make it.
    Create,
    /// Bring it to new properties.
    Update,
    /// Take it away.
    Delete,
}

impl RequestType {
    /// CloudFormation's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Update => "Update",
            Self::Delete => "Delete",
        }
    }

    fn of(name: &str) -> Option<Self> {
        [Self::Create, Self::Update, Self::Delete].into_iter().find(|kind| kind.name() == name)
    }
}

/// The pre-signed address for the answer. Whoever knows it can answer, so it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ResponseUrl(Url);

impl ResponseUrl {
    /// Reads an address: `https`, or `http` on this machine for a simulated CloudFormation.
    pub fn parse(text: &str) -> Result<Self, EventError> {
        let url = Url::parse(text).map_err(|error| EventError::BadResponseUrl { cause: error.to_string() })?;
        let local = match url.host() {
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            _ => false,
        };
        match url.scheme() {
            "https" => Ok(Self(url)),
            "http" if local => Ok(Self(url)),
            _ => Err(EventError::BadResponseUrl { cause: "it does not begin with https".to_owned() }),
        }
    }

    pub(crate) fn url(&self) -> Url {
        self.0.clone()
    }
}

impl fmt::Debug for ResponseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ResponseUrl(..)")
    }
}

/// What an answer repeats, so that CloudFormation knows what it belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// The ARN of the stack.
    pub stack_id: String,
    /// Unique for every request.
    pub request_id: String,
    /// The name of the resource in the template.
    pub logical_resource_id: String,
}

/// The field by which one run of the function tells the next how far the request is.
const CONTINUATION: &str = "AktusContinuation";
/// How long CloudFormation waits when nobody says otherwise.
const SERVICE_TIMEOUT: Duration = Duration::from_hours(1);

/// What a run that goes on for another one has to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Continuation {
    /// The how manieth run after the first it is.
    pub hop: u32,
    /// When the first one began.
    pub began: Timestamp,
    /// Who holds the Lease for all of them.
    pub holder: String,
    /// Whether it is held.
    pub held: bool,
}

/// One request of CloudFormation that can be answered, though perhaps with a refusal.
#[derive(Clone)]
pub struct Event {
    /// Where the answer goes.
    pub response_url: ResponseUrl,
    /// What the answer repeats; a field that the event lacks is empty.
    pub address: Address,
    /// What to do; nothing when the event does not say, and then `problems` does.
    pub request_type: Option<RequestType>,
    /// The id we gave to the resource, or one CloudFormation made up when it never heard of ours.
    pub physical_resource_id: Option<String>,
    /// What the run before this one says; nothing when this is the first.
    pub continuation: Option<Continuation>,
    /// What is wrong with the event, by field; empty when it can be worked on.
    pub problems: Vec<String>,
    properties: Map<String, Value>,
    whole: Map<String, Value>,
}

/// An event that nobody can be answered about.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum EventError {
    /// It is no JSON object.
    #[error(
        "the event is not an object, so it names no address for an answer; only CloudFormation should invoke this function"
    )]
    NotAnObject,
    /// It has no address.
    #[error(
        "the event has no ResponseURL of text, so it cannot be answered; only CloudFormation should invoke this function"
    )]
    NoResponseUrl,
    /// Its address cannot be used.
    #[error("the ResponseURL of the event cannot be used, so it cannot be answered: {cause}")]
    BadResponseUrl {
        /// Why; never the address itself.
        cause: String,
    },
}

impl Event {
    /// Takes an event apart. Errs only when no answer can be sent; every other fault is in `problems`.
    pub fn read(event: Value) -> Result<Self, EventError> {
        let Value::Object(mut fields) = event else { return Err(EventError::NotAnObject) };
        let mut whole = fields.clone();
        whole.remove(CONTINUATION);
        let Some(Value::String(url)) = fields.remove("ResponseURL") else { return Err(EventError::NoResponseUrl) };
        let response_url = ResponseUrl::parse(&url)?;
        let mut problems = Vec::new();
        let mut text = |name: &str| match fields.remove(name) {
            Some(Value::String(text)) if !text.is_empty() => text,
            Some(Value::String(_)) | None => {
                problems.push(format!("{name}: required, but missing or empty"));
                String::new()
            }
            Some(_) => {
                problems.push(format!("{name}: expected a string"));
                String::new()
            }
        };
        let address = Address {
            stack_id: text("StackId"),
            request_id: text("RequestId"),
            logical_resource_id: text("LogicalResourceId"),
        };
        let name = text("RequestType");
        let request_type = RequestType::of(&name);
        if request_type.is_none() && !name.is_empty() {
            problems.push("RequestType: not one of `Create`, `Update`, `Delete`".to_owned());
        }
        let physical_resource_id = match fields.remove("PhysicalResourceId") {
            Some(Value::String(id)) if !id.is_empty() => Some(id),
            None | Some(Value::Null) if request_type == Some(RequestType::Create) => None,
            _ => {
                if matches!(request_type, Some(RequestType::Update | RequestType::Delete)) {
                    problems.push("PhysicalResourceId: expected a string that is not empty".to_owned());
                }
                None
            }
        };
        let properties = if let Some(Value::Object(properties)) = fields.remove("ResourceProperties") {
            properties
        } else {
            problems.push("ResourceProperties: expected a map".to_owned());
            Map::new()
        };
        let continuation = fields.remove(CONTINUATION).and_then(|value| {
            let read = serde_json::from_value(value);
            if read.is_err() {
                problems.push(format!("{CONTINUATION}: not what a run of this function writes"));
            }
            read.ok()
        });
        Ok(Self {
            response_url,
            address,
            request_type,
            physical_resource_id,
            continuation,
            problems,
            properties,
            whole,
        })
    }

    /// The ARN of the stack.
    pub fn stack_id(&self) -> &str {
        &self.address.stack_id
    }

    /// How long CloudFormation waits for the answer.
    pub fn service_timeout(&self) -> Duration {
        let seconds = match self.properties.get("ServiceTimeout") {
            Some(Value::String(text)) => text.parse().ok(),
            Some(Value::Number(number)) => number.as_u64(),
            _ => None,
        };
        seconds.map_or(SERVICE_TIMEOUT, |seconds| Duration::from_secs(seconds).min(SERVICE_TIMEOUT))
    }

    /// The same event for the next run of the function. It holds everything CloudFormation sent, so it is never
    /// shown.
    pub fn continued(&self, continuation: &Continuation) -> Vec<u8> {
        let mut whole = self.whole.clone();
        whole.insert(CONTINUATION.to_owned(), serde_json::to_value(continuation).unwrap_or_default());
        Value::Object(whole).to_string().into_bytes()
    }

    /// The properties of the resource, as CloudFormation sends them. They may hold values that nobody should log.
    pub fn properties(&self) -> &Map<String, Value> {
        &self.properties
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Event")
            .field("address", &self.address)
            .field("request_type", &self.request_type)
            .field("problems", &self.problems)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn good() -> Value {
        json!({
            "RequestType": "Update", "ResponseURL": "https://example.com/a%2Bb//c?X=1+2", "StackId": "arn:s",
            "RequestId": "r", "LogicalResourceId": "L", "PhysicalResourceId": "p", "ResourceType": "Custom::X",
            "ResourceProperties": {"A": "b"}, "OldResourceProperties": {},
        })
    }

    #[track_caller]
    fn check(field: &str, value: Option<Value>, expected: Result<&[&str], EventError>) {
        let mut event = good();
        match value {
            Some(value) => event[field] = value,
            None => {
                event.as_object_mut().unwrap().remove(field);
            }
        }
        let read = Event::read(event).map(|event| event.problems);
        assert_eq!(read, expected.map(|problems| problems.iter().map(ToString::to_string).collect()));
    }

    #[test]
    fn a_whole_event_has_no_problems() {
        check("ResourceType", Some(json!("Custom::Y")), Ok(&[]));
    }

    #[test]
    fn every_missing_field_is_named() {
        check("ResponseURL", None, Err(EventError::NoResponseUrl));
        for field in ["StackId", "RequestId", "LogicalResourceId", "RequestType"] {
            check(field, None, Ok(&[&format!("{field}: required, but missing or empty")]));
            check(field, Some(json!("")), Ok(&[&format!("{field}: required, but missing or empty")]));
        }
        check("PhysicalResourceId", None, Ok(&["PhysicalResourceId: expected a string that is not empty"]));
        check("ResourceProperties", None, Ok(&["ResourceProperties: expected a map"]));
    }

    #[test]
    fn every_wrong_type_is_named() {
        for wrong in [json!(5), json!(null), json!([1]), json!({"a": 1}), json!(true)] {
            check("ResponseURL", Some(wrong.clone()), Err(EventError::NoResponseUrl));
            for field in ["StackId", "RequestId", "LogicalResourceId", "RequestType"] {
                check(field, Some(wrong.clone()), Ok(&[&format!("{field}: expected a string")]));
            }
            check("PhysicalResourceId", Some(wrong), Ok(&["PhysicalResourceId: expected a string that is not empty"]));
        }
        check("ResourceProperties", Some(json!("text")), Ok(&["ResourceProperties: expected a map"]));
        check("RequestType", Some(json!("Read")), Ok(&["RequestType: not one of `Create`, `Update`, `Delete`"]));
    }

    #[test]
    fn addresses_that_cannot_be_used() {
        let bad = |cause: &str| Err(EventError::BadResponseUrl { cause: cause.to_owned() });
        check("ResponseURL", Some(json!("not an address")), bad("relative URL without a base"));
        check("ResponseURL", Some(json!("http://example.com/")), bad("it does not begin with https"));
        check("ResponseURL", Some(json!("file:///etc/passwd")), bad("it does not begin with https"));
        check("ResponseURL", Some(json!("http://127.0.0.1:1/")), Ok(&[]));
        for event in [json!(null), json!([]), json!("text"), json!(1)] {
            assert_eq!(Event::read(event).unwrap_err(), EventError::NotAnObject);
        }
    }

    #[test]
    fn a_create_needs_no_id() {
        let mut event = good();
        event["RequestType"] = json!("Create");
        event.as_object_mut().unwrap().remove("PhysicalResourceId");
        let event = Event::read(event).unwrap();
        assert_eq!((event.problems.as_slice(), event.physical_resource_id.as_deref()), (&[] as &[String], None));
    }

    #[test]
    fn the_next_run_gets_the_same_event_and_a_cursor() {
        let continuation = Continuation { hop: 1, began: Timestamp::UNIX_EPOCH, holder: "h".to_owned(), held: true };
        let first = Event::read(good()).unwrap();
        assert_eq!(first.continuation, None);
        let next: Value = serde_json::from_slice(&first.continued(&continuation)).unwrap();
        let mut expected = good();
        expected[CONTINUATION] = json!({"Hop": 1, "Began": "1970-01-01T00:00:00Z", "Holder": "h", "Held": true});
        assert_eq!(next, expected);
        let next = Event::read(next).unwrap();
        assert_eq!((next.continuation.as_ref(), next.problems.len()), (Some(&continuation), 0));
        let after = Continuation { hop: 2, ..continuation };
        let after: Value = serde_json::from_slice(&next.continued(&after)).unwrap();
        assert_eq!(after[CONTINUATION]["Hop"], 2);
        check(
            CONTINUATION,
            Some(json!({"Hop": "x"})),
            Ok(&["AktusContinuation: not what a run of this function writes"]),
        );
    }

    #[test]
    fn patience_is_a_property() {
        for (value, seconds) in [(json!("900"), 900), (json!(60), 60), (json!("9000"), 3600), (json!("x"), 3600)] {
            let mut event = good();
            event["ResourceProperties"]["ServiceTimeout"] = value;
            assert_eq!(Event::read(event).unwrap().service_timeout(), Duration::from_secs(seconds));
        }
    }

    #[test]
    fn debug_shows_neither_address_nor_properties() {
        let text = format!("{:?}", Event::read(good()).unwrap());
        assert!(!text.contains("example.com") && !text.contains("\"b\""), "{text}");
    }
}
