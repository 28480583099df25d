//! Which fields does a manager own, according to `metadata.managedFields`?
//!
//! The format is `FieldsV1` of structured-merge-diff: `f:NAME` a field, `k:{…}` the item of a list with these keys,
//! `v:…` a value of a set, `.` the thing itself. It also tells what no manifest says: which lists are matched by
//! keys, and by which.

use serde_json::{Map, Value};

use crate::object::Object;

/// What one manager owns at one place of an object; nothing below a leaf.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Owned<'a>(Vec<&'a Map<String, Value>>);

impl<'a> Owned<'a> {
    /// What the manager owns by server-side apply; `None` if it never applied the object.
    pub(super) fn by(live: &'a Object, manager: &str) -> Option<Self> {
        let entries: Vec<_> = live
            .items("/metadata/managedFields")
            .filter(|entry| {
                let text = |field: &str| entry.get(field).and_then(Value::as_str).unwrap_or("");
                text("manager") == manager && text("operation") == "Apply" && text("subresource").is_empty()
            })
            .filter_map(|entry| entry.get("fieldsV1")?.as_object())
            .collect();
        (!entries.is_empty()).then_some(Self(entries))
    }

    /// What is owned of a field of this mapping.
    pub(super) fn field(&self, name: &str) -> Option<Self> {
        self.child(|key| key.strip_prefix("f:") == Some(name))
    }

    /// What is owned of the item of this list that `matches` its keys.
    pub(super) fn item(&self, matches: impl Fn(&Map<String, Value>) -> bool) -> Option<Self> {
        self.child(|key| item_keys(key).is_some_and(|keys| matches(&keys)))
    }

    /// Whether the value is owned as a whole: nothing inside it has an owner of its own.
    pub(super) fn is_leaf(&self) -> bool {
        self.0.iter().all(|map| map.keys().all(|key| key == "."))
    }

    /// The names by which the items of this list are told apart; `None` if they are not.
    pub(super) fn list_keys(&self) -> Option<Vec<String>> {
        let mut keys = self.entries().filter_map(|(key, _)| item_keys(key));
        Some(keys.next()?.into_iter().map(|(name, _)| name).collect())
    }

    /// Whether this list is a set of values.
    pub(super) fn is_set(&self) -> bool {
        self.entries().any(|(key, _)| key.starts_with("v:"))
    }

    /// Everything owned directly below, in the order of the keys.
    pub(super) fn children(&self) -> impl Iterator<Item = (Child, Owned<'a>)> {
        self.entries().filter_map(|(key, below)| {
            let child = if let Some(name) = key.strip_prefix("f:") {
                Child::Field(name.to_owned())
            } else if let Some(keys) = item_keys(key) {
                Child::Item(keys)
            } else {
                Child::Value(serde_json::from_str(key.strip_prefix("v:")?).ok()?)
            };
            Some((child, Owned(vec![below])))
        })
    }

    fn entries(&self) -> impl Iterator<Item = (&'a String, &'a Map<String, Value>)> {
        self.0.iter().flat_map(|map| map.iter()).filter_map(|(key, below)| Some((key, below.as_object()?)))
    }

    fn child(&self, wanted: impl Fn(&str) -> bool) -> Option<Self> {
        let found: Vec<_> = self.entries().filter(|(key, _)| wanted(key)).map(|(_, below)| below).collect();
        (!found.is_empty()).then_some(Self(found))
    }
}

/// Something owned inside a mapping or list.
#[derive(Clone, Debug)]
pub(super) enum Child {
    /// A field of a mapping.
    Field(String),
    /// An item of a list, by its keys.
    Item(Map<String, Value>),
    /// A value of a set.
    Value(Value),
}

fn item_keys(key: &str) -> Option<Map<String, Value>> {
    serde_json::from_str(key.strip_prefix("k:")?).ok()
}
