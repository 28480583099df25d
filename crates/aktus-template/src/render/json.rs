//! JSON with long intrinsics.

use serde_json::{Map, Value, json};

use super::Node;

pub(super) fn value(node: &Node<'_>) -> Value {
    match node {
        Node::Bool(value) => json!(value),
        Node::Integer(value) => json!(value),
        Node::Text(text) => json!(text),
        Node::Owned(text) => json!(text),
        Node::List(items) => items.iter().map(value).collect(),
        Node::Map(entries) => {
            Value::Object(entries.iter().map(|(key, entry)| ((*key).to_owned(), value(entry))).collect())
        }
        Node::Call(name, argument) => {
            let argument = match (*name, value(argument)) {
                // The long form takes resource and attribute apart.
                ("GetAtt", Value::String(text)) => match text.split_once('.') {
                    Some((resource, attribute)) => json!([resource, attribute]),
                    None => json!(text),
                },
                (_, argument) => argument,
            };
            Value::Object(Map::from_iter([(long(name), argument)]))
        }
    }
}

/// The long name of an intrinsic function.
pub(super) fn long(name: &str) -> String {
    if matches!(name, "Ref" | "Condition") { name.to_owned() } else { format!("Fn::{name}") }
}
