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
            .filter(|entry| is_by(entry, manager, "Apply"))
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

/// Whether a record of ownership is the manager's own, by this operation, of the object itself.
fn is_by(entry: &Value, manager: &str, operation: &str) -> bool {
    let text = |field: &str| entry.get(field).and_then(Value::as_str).unwrap_or("");
    text("manager") == manager && text("operation") == operation && text("subresource").is_empty()
}

/// Whether the manager owns fields by other writes than applies. To the server that is another owner, who keeps
/// fields that an apply gives up, and conflicts with it.
pub(super) fn owns_by_update(live: &Object, manager: &str) -> bool {
    live.items("/metadata/managedFields").any(|entry| is_by(entry, manager, "Update"))
}

/// The records of ownership with everything that the manager owns by updates made its own by apply; `None` if it
/// owns nothing by updates.
///
/// As client-go does when a client changes over to server-side apply (`csaupgrade.UpgradeManagedFields`).
pub(crate) fn owned_by_apply(live: &Object, manager: &str) -> Option<Vec<Value>> {
    let is_update = |entry: &&Value| is_by(entry, manager, "Update");
    let version = |entry: &Value| entry.get("apiVersion").cloned();
    let entries: Vec<&Value> = live.items("/metadata/managedFields").collect();
    let first = entries.iter().copied().find(is_update)?;
    let applied = entries.iter().copied().find(|entry| is_by(entry, manager, "Apply"));
    let mut own = applied.unwrap_or(first).clone();
    own["operation"] = Value::from("Apply");
    let version_kept = version(&own);
    for update in entries.iter().copied().filter(is_update).filter(|update| version(update) == version_kept) {
        if let (Some(fields), Some(more)) = (own.get_mut("fieldsV1"), update.get("fieldsV1")) {
            unite(fields, more);
        }
    }
    let others = entries.iter().copied().filter(|entry| !is_update(entry) && Some(*entry) != applied);
    Some(std::iter::once(own).chain(others.cloned()).collect())
}

/// Adds the fields of one record to another's.
fn unite(fields: &mut Value, more: &Value) {
    let (Value::Object(fields), Value::Object(more)) = (fields, more) else { return };
    for (key, below) in more {
        match fields.get_mut(key) {
            Some(known) => unite(known, below),
            None => {
                fields.insert(key.clone(), below.clone());
            }
        }
    }
}

fn item_keys(key: &str) -> Option<Map<String, Value>> {
    serde_json::from_str(key.strip_prefix("k:")?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(manager: &str, operation: &str, version: &str, fields: &Value) -> Value {
        json!({"manager": manager, "operation": operation, "apiVersion": version, "fieldsV1": fields})
    }

    #[track_caller]
    fn check(entries: &[Value], expected: Option<&[Value]>) {
        let live = json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "a", "managedFields": entries}});
        let live = Object::new(live).unwrap();
        assert_eq!(owned_by_apply(&live, "us").as_deref(), expected);
        assert_eq!(owns_by_update(&live, "us"), expected.is_some());
    }

    #[test]
    fn updates_become_applies() {
        let (x, y) = (json!({"f:data": {"f:x": {}}}), json!({"f:data": {"f:y": {}, "f:z": {}}}));
        let both = json!({"f:data": {"f:x": {}, "f:y": {}, "f:z": {}}});
        let theirs = entry("them", "Update", "v1", &x);
        check(&[], None);
        check(&[theirs.clone(), entry("us", "Apply", "v1", &x)], None);
        let mut status = entry("us", "Update", "v1", &x);
        status["subresource"] = json!("status");
        check(&[status], None);
        check(
            &[theirs.clone(), entry("us", "Update", "v1", &x)],
            Some(&[entry("us", "Apply", "v1", &x), theirs.clone()]),
        );
        check(
            &[entry("us", "Update", "v1", &y), theirs.clone(), entry("us", "Apply", "v1", &x)],
            Some(&[entry("us", "Apply", "v1", &both), theirs]),
        );
        // What is recorded for another version is not comparable.
        check(
            &[entry("us", "Apply", "v1", &x), entry("us", "Update", "v2", &y)],
            Some(&[entry("us", "Apply", "v1", &x)]),
        );
    }
}
