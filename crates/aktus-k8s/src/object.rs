//! What is a Kubernetes object to us? JSON that has an id.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value};

use crate::id::ObjectId;

/// How deep an object may be nested: as deep as answers of the API server are read.
const DEPTH: usize = 127;

/// How deep `List`s inside `List`s may go before they are refused.
const LIST_DEPTH: usize = 8;

/// Why a JSON value is not a Kubernetes object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// The value is not a mapping.
    #[error("a Kubernetes object must be a mapping, found {found}")]
    NotAMapping {
        /// The JSON type that was found.
        found: &'static str,
    },
    /// A field that every object has is absent, empty or not text.
    #[error("{object} has no `{field}`; give it as non-empty text")]
    Field {
        /// As much of the object's coordinates as could be read.
        object: String,
        /// The field's path.
        field: &'static str,
    },
    /// The object is nested too deeply.
    #[error("{object} is nested more than {limit} levels deep")]
    Depth {
        /// As much of the object's coordinates as could be read.
        object: String,
        /// The deepest nesting allowed.
        limit: usize,
    },
    /// `List`s are nested too deeply.
    #[error("lists of objects are nested more than {limit} deep")]
    ListDepth {
        /// The deepest nesting allowed.
        limit: usize,
    },
}

/// One Kubernetes object as JSON, known to have `apiVersion`, `kind` and `metadata.name`.
///
/// `Debug` and `Display` print the id only: objects may hold secrets.
#[derive(Clone, PartialEq)]
pub struct Object(Value);

impl Object {
    /// Accepts a JSON mapping that has `apiVersion`, `kind` and `metadata.name`.
    pub fn new(value: Value) -> Result<Self, ObjectError> {
        if !value.is_object() {
            return Err(ObjectError::NotAMapping { found: type_name(&value) });
        }
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or("");
        let describe = || {
            let (kind, name) = (text("/kind"), text("/metadata/name"));
            match (kind, name) {
                ("", "") => "an object".to_owned(),
                ("", name) => format!("the object named `{name}`"),
                (kind, "") => format!("a {kind}"),
                (kind, name) => format!("{kind}/{name}"),
            }
        };
        for (field, pointer) in [("apiVersion", "/apiVersion"), ("kind", "/kind"), ("metadata.name", "/metadata/name")]
        {
            if text(pointer).is_empty() {
                return Err(ObjectError::Field { object: describe(), field });
            }
        }
        if !is_shallow(&value, DEPTH) {
            return Err(ObjectError::Depth { object: describe(), limit: DEPTH });
        }
        Ok(Self(value))
    }

    /// Accepts one object or a `List` of them (any kind ending in `List` with `items`), as manifests may hold.
    pub fn flatten(value: Value) -> Result<Vec<Self>, ObjectError> {
        let mut objects = Vec::new();
        flatten_into(value, LIST_DEPTH, &mut objects)?;
        Ok(objects)
    }

    /// The object's coordinates.
    pub fn id(&self) -> ObjectId {
        ObjectId {
            api_version: self.api_version().to_owned(),
            kind: self.kind().to_owned(),
            namespace: self.namespace().map(str::to_owned),
            name: self.name().to_owned(),
        }
    }

    /// Group and version: `v1`, `apps/v1`.
    pub fn api_version(&self) -> &str {
        self.text("/apiVersion").unwrap_or("")
    }

    /// `Deployment`, `Service`, …
    pub fn kind(&self) -> &str {
        self.text("/kind").unwrap_or("")
    }

    /// `metadata.name`.
    pub fn name(&self) -> &str {
        self.text("/metadata/name").unwrap_or("")
    }

    /// `metadata.namespace`, if it is there and not empty.
    pub fn namespace(&self) -> Option<&str> {
        self.text("/metadata/namespace").filter(|namespace| !namespace.is_empty())
    }

    /// Sets or removes `metadata.namespace`.
    pub fn set_namespace(&mut self, namespace: Option<&str>) {
        let Some(metadata) = self.metadata_mut() else { return };
        match namespace {
            Some(namespace) => {
                metadata.insert("namespace".to_owned(), Value::String(namespace.to_owned()));
            }
            None => {
                metadata.remove("namespace");
            }
        }
    }

    /// `metadata.uid`, which the API server gives.
    pub fn uid(&self) -> Option<&str> {
        self.text("/metadata/uid")
    }

    /// `metadata.resourceVersion`, which the API server gives.
    pub fn resource_version(&self) -> Option<&str> {
        self.text("/metadata/resourceVersion")
    }

    /// `metadata.generation`, which grows with each change of the spec.
    pub fn generation(&self) -> Option<i64> {
        self.integer("/metadata/generation")
    }

    /// Whether the object is on its way out: it has a deletion time stamp.
    pub fn is_deleting(&self) -> bool {
        self.text("/metadata/deletionTimestamp").is_some()
    }

    /// `metadata.finalizers`: who still has to agree before a deletion is finished.
    pub fn finalizers(&self) -> impl Iterator<Item = &str> {
        self.items("/metadata/finalizers").filter_map(Value::as_str)
    }

    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.0.get("metadata")?.get("labels")?.get(key)?.as_str()
    }

    /// The value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.0.get("metadata")?.get("annotations")?.get(key)?.as_str()
    }

    /// Sets a label.
    pub fn set_label(&mut self, key: &str, value: &str) {
        self.metadata_entry("labels", key, value);
    }

    /// Sets an annotation.
    pub fn set_annotation(&mut self, key: &str, value: &str) {
        self.metadata_entry("annotations", key, value);
    }

    /// The value at a JSON pointer (`/spec/replicas`).
    pub fn get(&self, pointer: &str) -> Option<&Value> {
        self.0.pointer(pointer).filter(|value| !value.is_null())
    }

    /// The text at a JSON pointer.
    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.get(pointer)?.as_str()
    }

    /// The whole number at a JSON pointer.
    pub fn integer(&self, pointer: &str) -> Option<i64> {
        self.get(pointer)?.as_i64()
    }

    /// The items of the list at a JSON pointer; none when there is no list.
    pub fn items(&self, pointer: &str) -> impl Iterator<Item = &Value> {
        self.get(pointer).and_then(Value::as_array).into_iter().flatten()
    }

    /// The whole JSON value.
    pub fn as_value(&self) -> &Value {
        &self.0
    }

    /// The JSON value, given away.
    pub fn into_value(self) -> Value {
        self.0
    }

    /// Whether the values inside must not be shown: the object is a core `Secret`.
    pub fn is_secret(&self) -> bool {
        self.kind() == "Secret" && self.api_version() == "v1"
    }

    /// The object as a server-side apply sends it.
    ///
    /// Without what only the server may set (`managedFields`, `resourceVersion`, `uid`, `creationTimestamp`, …),
    /// and with the `stringData` of a `Secret` moved into `data`: the server would do that anyway, but would record
    /// the ownership of a field that is then gone, so that a key dropped later would stay for ever.
    #[must_use]
    pub fn for_apply(&self) -> Value {
        let mut value = self.0.clone();
        if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
            for field in ["managedFields", "resourceVersion", "uid", "creationTimestamp", "generation", "selfLink"] {
                metadata.remove(field);
            }
        }
        if self.is_secret() {
            encode_string_data(&mut value);
        }
        value
    }

    fn metadata_mut(&mut self) -> Option<&mut Map<String, Value>> {
        map_at(self.0.as_object_mut()?, "metadata")
    }

    fn metadata_entry(&mut self, field: &str, key: &str, value: &str) {
        if let Some(entries) = self.metadata_mut().and_then(|metadata| map_at(metadata, field)) {
            entries.insert(key.to_owned(), Value::String(value.to_owned()));
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id().fmt(f)
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Object({})", self.id())
    }
}

impl TryFrom<Value> for Object {
    type Error = ObjectError;

    fn try_from(value: Value) -> Result<Self, ObjectError> {
        Self::new(value)
    }
}

/// The mapping at `key`, made if something else or nothing is there; never `None`.
fn map_at<'a>(map: &'a mut Map<String, Value>, key: &str) -> Option<&'a mut Map<String, Value>> {
    let entry = map.entry(key.to_owned()).or_insert_with(|| Value::Object(Map::new()));
    if !entry.is_object() {
        *entry = Value::Object(Map::new());
    }
    entry.as_object_mut()
}

/// Whether the value is nested at most `limit` deep; looks with a stack of its own.
fn is_shallow(value: &Value, limit: usize) -> bool {
    let mut open = vec![(value, 1)];
    while let Some((value, depth)) = open.pop() {
        if depth > limit {
            return false;
        }
        match value {
            Value::Array(items) => open.extend(items.iter().map(|item| (item, depth + 1))),
            Value::Object(map) => open.extend(map.values().map(|item| (item, depth + 1))),
            _ => {}
        }
    }
    true
}

fn flatten_into(value: Value, depth: usize, objects: &mut Vec<Object>) -> Result<(), ObjectError> {
    let is_list = value.get("kind").and_then(Value::as_str).is_some_and(|kind| kind.ends_with("List"));
    if !(is_list && value.get("items").is_some_and(Value::is_array)) {
        objects.push(Object::new(value)?);
        return Ok(());
    }
    let Some(depth) = depth.checked_sub(1) else {
        return Err(ObjectError::ListDepth { limit: LIST_DEPTH });
    };
    let Value::Object(mut list) = value else { return Ok(()) };
    let Some(Value::Array(items)) = list.remove("items") else { return Ok(()) };
    items.into_iter().try_for_each(|item| flatten_into(item, depth, objects))
}

fn encode_string_data(value: &mut Value) {
    let Value::Object(object) = value else { return };
    let Some(Value::Object(plain)) = object.remove("stringData") else { return };
    let Some(data) = map_at(object, "data") else { return };
    for (key, text) in plain {
        if let Value::String(text) = text {
            data.insert(key, Value::String(BASE64.encode(text)));
        } else {
            // Not text: left for the server to refuse with its own words.
            data.insert(key, text);
        }
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn refused(value: Value, message: &str) {
        assert_eq!(Object::new(value).unwrap_err().to_string(), message);
    }

    #[test]
    fn what_is_not_an_object() {
        refused(json!([]), "a Kubernetes object must be a mapping, found a list");
        refused(json!(null), "a Kubernetes object must be a mapping, found nothing");
        refused(json!({}), "an object has no `apiVersion`; give it as non-empty text");
        refused(
            json!({"apiVersion": "v1", "metadata": {"name": "a"}}),
            "the object named `a` has no `kind`; give it as non-empty text",
        );
        refused(
            json!({"apiVersion": "v1", "kind": "Service"}),
            "a Service has no `metadata.name`; give it as non-empty text",
        );
        refused(
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": 5}}),
            "a Service has no `metadata.name`; give it as non-empty text",
        );
    }

    #[test]
    fn depth_is_limited() {
        let nested = |depth: usize| {
            let inner = (0..depth).fold(json!(1), |inner, _| json!([inner]));
            Object::new(json!({"apiVersion": "v1", "kind": "A", "metadata": {"name": "a"}, "spec": inner}))
        };
        assert!(nested(DEPTH - 2).is_ok());
        assert_eq!(nested(DEPTH - 1).unwrap_err().to_string(), "A/a is nested more than 127 levels deep");
    }

    #[test]
    fn debug_shows_no_content() {
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"},
            "stringData": {"token": "hf_123"}});
        let secret = Object::new(secret).unwrap();
        assert_eq!(format!("{secret:?} {secret}"), "Object(Secret/keys) Secret/keys");
    }

    #[test]
    fn lists_are_flattened_up_to_a_depth() {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}});
        let mut nested = json!({"apiVersion": "v1", "kind": "List", "items": [pod, pod]});
        assert_eq!(Object::flatten(nested.clone()).unwrap().len(), 2);
        for _ in 0..LIST_DEPTH {
            nested = json!({"kind": "PodList", "items": [nested]});
        }
        assert_eq!(Object::flatten(nested).unwrap_err(), ObjectError::ListDepth { limit: LIST_DEPTH });
    }

    #[test]
    fn an_apply_sends_nothing_that_only_the_server_sets() {
        let live = json!({"apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": "keys", "uid": "1", "resourceVersion": "2", "creationTimestamp": null,
                "managedFields": []},
            "data": {"old": "b2xk"}, "stringData": {"new": "new"}});
        assert_eq!(
            Object::new(live).unwrap().for_apply(),
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"},
                "data": {"old": "b2xk", "new": "bmV3"}})
        );
    }

    #[test]
    fn labels_replace_what_is_not_a_mapping() {
        let mut pod = Object::new(json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "a", "labels": null}}))
        .unwrap();
        pod.set_label("app", "x");
        pod.set_annotation("note", "y");
        pod.set_namespace(Some("aktus"));
        assert_eq!((pod.label("app"), pod.annotation("note"), pod.namespace()), (Some("x"), Some("y"), Some("aktus")));
    }
}
