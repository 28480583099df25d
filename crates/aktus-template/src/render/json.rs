//! JSON with long intrinsics.

use serde_json::{Map, Value, json};

use super::Node;
use crate::model::long_name;

pub(super) fn value(node: &Node<'_>) -> Value {
    match node {
        Node::Null => Value::Null,
        Node::Bool(value) => json!(value),
        Node::Integer(value) => json!(value),
        Node::Float(value) => number(*value),
        Node::Text(text) => json!(text),
        Node::Owned(text) => json!(text),
        Node::List(items) => items.iter().map(value).collect(),
        Node::Map(entries) => {
            Value::Object(entries.iter().map(|(key, entry)| ((*key).to_owned(), value(entry))).collect())
        }
        Node::Long(name, argument) => Value::Object(Map::from_iter([(name.clone(), value(argument))])),
        Node::Call(name, argument) => {
            let argument = match (*name, value(argument)) {
                // The long form takes resource and attribute apart.
                ("GetAtt", Value::String(text)) => match text.split_once('.') {
                    Some((resource, attribute)) => json!([resource, attribute]),
                    None => json!(text),
                },
                (_, argument) => argument,
            };
            Value::Object(Map::from_iter([(long_name(name), argument)]))
        }
    }
}

/// A number as people write it: 3, not 3.0.
fn number(value: f64) -> Value {
    let text = super::decimal(value);
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}
