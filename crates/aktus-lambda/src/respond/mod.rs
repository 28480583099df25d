//! How is CloudFormation told, in at most 4,096 bytes?

mod fit;
mod send;

use std::collections::BTreeMap;

use serde::Serialize;

pub use send::{Responder, SendError};

pub(crate) use fit::keep_tail;
use fit::{escaped, keep_head};

use crate::event::Address;

/// The longest answer CloudFormation takes, in bytes.
pub const MAX_BODY: usize = 4_096;

/// Room for each repeated field, in bytes of JSON. Real ones are shorter, and together they leave more than a
/// kilobyte for what the reader wants to know.
const MAX_STACK_ID: usize = 1_024;
const MAX_REQUEST_ID: usize = 128;
const MAX_LOGICAL_RESOURCE_ID: usize = 255;
/// CloudFormation's own limit.
const MAX_PHYSICAL_RESOURCE_ID: usize = 1_024;
/// `"":"",` around a name and a value.
const ENTRY: usize = 6;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Status {
    /// The resource is as asked.
    #[serde(rename = "SUCCESS")]
    Success,
    /// It is not.
    #[serde(rename = "FAILED")]
    Failed,
}

/// The answer. Its body always fits: what is too long is cut when it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Answer {
    status: Status,
    reason: String,
    physical_resource_id: String,
    stack_id: String,
    request_id: String,
    logical_resource_id: String,
    no_echo: bool,
    data: BTreeMap<String, String>,
}

impl Answer {
    /// The resource is as asked; `data` is what `Fn::GetAtt` can read, in the order of names.
    pub fn success(address: &Address, physical_id: &str, data: BTreeMap<String, String>, reason: String) -> Self {
        Self { data, ..Self::new(Status::Success, address, physical_id, reason) }
    }

    /// The resource is not as asked, and why. Of a reason that is too long the end is kept.
    pub fn failed(address: &Address, physical_id: &str, reason: String) -> Self {
        Self::new(Status::Failed, address, physical_id, reason)
    }

    fn new(status: Status, address: &Address, physical_id: &str, reason: String) -> Self {
        // CloudFormation takes no empty id.
        let physical_id = if physical_id.is_empty() { "unknown" } else { physical_id };
        Self {
            status,
            reason,
            physical_resource_id: keep_head(physical_id, MAX_PHYSICAL_RESOURCE_ID).into_owned(),
            stack_id: keep_head(&address.stack_id, MAX_STACK_ID).into_owned(),
            request_id: keep_head(&address.request_id, MAX_REQUEST_ID).into_owned(),
            logical_resource_id: keep_head(&address.logical_resource_id, MAX_LOGICAL_RESOURCE_ID).into_owned(),
            no_echo: false,
            data: BTreeMap::new(),
        }
    }

    /// How it ended.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Why, before it is cut to fit.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The id of the resource.
    pub fn physical_resource_id(&self) -> &str {
        &self.physical_resource_id
    }

    /// The JSON of the answer: at most [`MAX_BODY`] bytes.
    ///
    /// The data keeps all its names, so that no `Fn::GetAtt` fails, and the beginning of each value; the reason gets
    /// what the data leaves, at least half of the room, and keeps its end.
    pub fn body(&self) -> Vec<u8> {
        let empty = Self { reason: String::new(), data: BTreeMap::new(), ..self.clone() };
        let room = MAX_BODY.saturating_sub(write(&empty).len());
        let data = self.data.iter().map(|(name, value)| ENTRY + escaped(name) + escaped(value)).sum::<usize>();
        let reason = keep_tail(&self.reason, room.saturating_sub(data).max(room / 2));
        let data = fit::entries(&self.data, room - escaped(&reason));
        write(&Self { reason: reason.into_owned(), data, ..empty })
    }
}

fn write(answer: &Answer) -> Vec<u8> {
    // Text, a boolean and a map with names of text: writing them to memory cannot fail.
    serde_json::to_vec(answer).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn address() -> Address {
        Address {
            stack_id: "arn:aws:cloudformation:us-east-1:111122223333:stack/aktus/4a2c".to_owned(),
            request_id: "r-1".to_owned(),
            logical_resource_id: "Bootstrap".to_owned(),
        }
    }

    #[track_caller]
    fn check(answer: &Answer) -> Value {
        let body = answer.body();
        assert!(body.len() <= MAX_BODY, "{} bytes", body.len());
        let value: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(value.as_object().unwrap().len(), 8);
        assert!(!value["PhysicalResourceId"].as_str().unwrap().is_empty());
        value
    }

    const TEXTS: [&str; 8] = ["", "a", "\"", "\\\n", "\u{0}", "é", "🦀", "\u{7f}\u{2028}"];

    #[test]
    fn every_answer_fits() {
        for text in TEXTS {
            for times in [1, 100, 2_000, 4_096, 100_000] {
                let long = text.repeat(times);
                check(&Answer::failed(&address(), "id", long.clone()));
                check(&Answer::failed(&address(), &long, long.clone()));
                let same =
                    Address { stack_id: long.clone(), request_id: long.clone(), logical_resource_id: long.clone() };
                check(&Answer::failed(&same, &long, long.clone()));
                for entries in [1, 7, 200, 2_000] {
                    // 20 MB of data say no more than 2 do.
                    let value = text.repeat(times.min(2_000_000 / entries / 4));
                    let data = (0..entries).map(|n| (format!("Name{n}"), value.clone())).collect();
                    check(&Answer::success(&same, &long, data, long.clone()));
                }
                let data = BTreeMap::from([(long.clone(), long.clone())]);
                check(&Answer::success(&address(), "id", data, String::new()));
            }
        }
    }

    #[test]
    fn the_end_of_the_reason_stays() {
        let value = check(&Answer::failed(&address(), "id", format!("begin{}end", "🦀".repeat(250_000))));
        let reason = value["Reason"].as_str().unwrap();
        assert!(reason.starts_with("…🦀") && reason.ends_with("🦀end"), "{reason}");
        assert!(reason.len() > 3_500, "{}", reason.len());
    }

    #[test]
    fn the_data_keeps_all_its_names_and_short_values() {
        let mut data: BTreeMap<_, _> = (0..6).map(|n| (format!("Short{n}"), n.to_string())).collect();
        data.insert("Long".to_owned(), "x".repeat(9_000));
        let value = check(&Answer::success(&address(), "id", data, "r".repeat(9_000)));
        for n in 0..6 {
            assert_eq!(value["Data"][format!("Short{n}")], n.to_string());
        }
        let long = value["Data"]["Long"].as_str().unwrap();
        assert!(long.len() > 1_000 && long.ends_with('…'), "{}", long.len());
        assert!(value["Reason"].as_str().unwrap().len() > 1_000);
    }

    #[test]
    fn a_short_answer_is_written_as_it_is() {
        let data = BTreeMap::from([("Ready".to_owned(), "3/3".to_owned())]);
        let value = check(&Answer::success(&address(), "id", data, "done".to_owned()));
        let expected = serde_json::json!({
            "Status": "SUCCESS", "Reason": "done", "PhysicalResourceId": "id", "NoEcho": false,
            "StackId": address().stack_id, "RequestId": "r-1", "LogicalResourceId": "Bootstrap",
            "Data": {"Ready": "3/3"},
        });
        assert_eq!(value, expected);
    }
}
