//! How is a set of fields written as `FieldsV1`?

use serde_json::{Map, Value};

use super::{Element, FieldSet, Node};

impl FieldSet {
    /// The `fieldsV1` object.
    pub(crate) fn to_json(&self) -> Value {
        Value::Object(self.to_map(false))
    }

    fn to_map(&self, include_self: bool) -> Map<String, Value> {
        let mut map = Map::new();
        if include_self {
            map.insert(".".to_owned(), Value::Object(Map::new()));
        }
        for (element, node) in &self.nodes {
            if !node.member && node.children.is_empty() {
                continue;
            }
            let below = node.children.to_map(node.member && !node.children.is_empty());
            map.insert(key(element), Value::Object(below));
        }
        map
    }

    /// Reads a `fieldsV1` object; keys of unknown form are dropped, as in Kubernetes.
    pub(crate) fn from_json(value: &Value) -> Self {
        let mut set = Self::default();
        let Value::Object(map) = value else { return set };
        for (text, below) in map {
            let Some(element) = element(text) else { continue };
            let below_map = below.as_object();
            let children = Self::from_json(below);
            let named = below_map.is_some_and(|map| map.contains_key("."));
            let member = named || children.nodes.is_empty();
            set.nodes.insert(element, Node { member, children });
        }
        set
    }
}

fn key(element: &Element) -> String {
    match element {
        Element::Field(name) => format!("f:{name}"),
        Element::Key(fields) => {
            let map: Map<String, Value> = fields.iter().cloned().collect();
            format!("k:{}", Value::Object(map))
        }
        Element::Value(value) => format!("v:{value}"),
        Element::Index(index) => format!("i:{index}"),
    }
}

fn element(text: &str) -> Option<Element> {
    let (kind, rest) = text.split_once(':')?;
    Some(match kind {
        "f" => Element::Field(rest.to_owned()),
        "k" => match serde_json::from_str(rest).ok()? {
            Value::Object(map) => Element::Key(map.into_iter().collect()),
            _ => return None,
        },
        "v" => Element::Value(serde_json::from_str(rest).ok()?),
        "i" => Element::Index(rest.parse().ok()?),
        _ => return None,
    })
}
