//! What the data-driven tests share: reading cases, making values of JSON, and collecting failures.
#![allow(dead_code, clippy::allow_attributes, reason = "each test uses a part of it")]

pub(crate) mod objects;

use std::fmt::Debug;

use aktus_gotmpl::{List, Map, Str, Value};
use serde_json::Value as Json;

/// The cases of a recorded file.
pub(crate) fn cases(text: &str) -> Vec<Json> {
    serde_json::from_str(text).expect("the recorded cases are a list")
}

/// A text of a case.
pub(crate) fn case_text<'a>(case: &'a Json, key: &str) -> &'a str {
    case[key].as_str().unwrap_or_default()
}

/// What integers of the JSON are to become.
#[derive(Clone, Copy)]
pub(crate) enum Integers {
    Float,
    Int,
    Int64,
}

/// A value for templates.
pub(crate) fn to_value(json: &Json, integers: Integers) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(value) => Value::Bool(*value),
        Json::String(text) => Value::from(text.as_str()),
        Json::Number(number) => match (integers, number.as_i64()) {
            (Integers::Int, Some(int)) => Value::Int(int),
            (Integers::Int64, Some(int)) => Value::Int64(int),
            _ => Value::Float(number.as_f64().expect("every number is a float")),
        },
        Json::Array(items) => Value::List(items.iter().map(|item| to_value(item, integers)).collect::<List>()),
        Json::Object(entries) => {
            Value::Map(entries.iter().map(|(key, value)| (Str::from(key), to_value(value, integers))).collect::<Map>())
        }
    }
}

/// Collects what differs, so that one run shows all of it.
#[derive(Default)]
pub(crate) struct Failures {
    seen: usize,
    failed: Vec<(usize, String)>,
}

impl Failures {
    pub(crate) fn check<T: PartialEq + Debug>(&mut self, id: usize, what: &str, expected: &T, found: &T) {
        self.seen += 1;
        if expected != found {
            self.failed.push((id, format!("#{id} {what:?}\n  expected {expected:?}\n  found    {found:?}")));
        }
    }

    /// Fails unless exactly the known cases failed. `least` guards against a file that lost its cases.
    #[track_caller]
    pub(crate) fn finish(self, least: usize, known: &[usize]) {
        assert!(self.seen >= least, "only {} of at least {least} cases were there", self.seen);
        let surprises: Vec<&str> =
            self.failed.iter().filter(|(id, _)| !known.contains(id)).map(|(_, text)| text.as_str()).collect();
        assert!(surprises.is_empty(), "{} of {} cases failed:\n{}", surprises.len(), self.seen, surprises.join("\n"));
        let mended: Vec<&usize> =
            known.iter().filter(|id| !self.failed.iter().any(|(failed, _)| failed == *id)).collect();
        assert!(mended.is_empty(), "these cases pass now and are no longer to be listed: {mended:?}");
    }
}
