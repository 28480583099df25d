//! What is wrong with an object's metadata?

use serde_json::{Map, Value};

use super::{get, items, names, text};
use crate::kubernetes::merge::equal;
use crate::kubernetes::resources::Resource;
use crate::kubernetes::status::FieldError;

/// The bytes that all annotations of an object may have together.
const ANNOTATIONS_LIMIT: usize = 256 * 1024;

pub(super) fn create(resource: &Resource, object: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let metadata = get(object, "/metadata");
    let name = text(metadata, "name");
    if name.is_empty() {
        errors.push(FieldError::required("metadata.name", "name or generateName is required"));
    } else {
        for problem in names::object(resource, name) {
            errors.push(FieldError::invalid("metadata.name", &name.into(), &problem));
        }
    }
    common(metadata, "metadata", &mut errors);
    errors
}

fn common(metadata: &Value, path: &str, errors: &mut Vec<FieldError>) {
    labels(get(metadata, "/labels"), &format!("{path}.labels"), errors);
    annotations(get(metadata, "/annotations"), &format!("{path}.annotations"), errors);
    owners(metadata, path, errors);
    for finalizer in items(metadata, "finalizers") {
        let finalizer = finalizer.as_str().unwrap_or("");
        for problem in names::qualified(finalizer) {
            let field = format!("{path}.finalizers");
            errors.push(FieldError::invalid(field, &finalizer.into(), &problem));
        }
    }
}

/// Labels of an object or of a template.
pub(super) fn labels(labels: &Value, path: &str, errors: &mut Vec<FieldError>) {
    for (key, value) in labels.as_object().into_iter().flatten() {
        for problem in names::qualified(key) {
            errors.push(FieldError::invalid(path, &key.as_str().into(), &problem));
        }
        let value = value.as_str().unwrap_or("");
        for problem in names::label_value(value) {
            errors.push(FieldError::invalid(path, &value.into(), &problem));
        }
    }
}

fn annotations(annotations: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let mut size = 0;
    for (key, value) in annotations.as_object().into_iter().flatten() {
        for problem in names::qualified(&key.to_lowercase()) {
            errors.push(FieldError::invalid(path, &key.as_str().into(), &problem));
        }
        size += key.len() + value.as_str().map_or(0, str::len);
    }
    if size > ANNOTATIONS_LIMIT {
        errors.push(FieldError::too_long(path, ANNOTATIONS_LIMIT));
    }
}

fn owners(metadata: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let owners = items(metadata, "ownerReferences");
    let path = format!("{path}.ownerReferences");
    for owner in owners {
        let mut empty = |field: &str, detail: &str| {
            if text(owner, field).is_empty() {
                let field = format!("{path}.{field}");
                errors.push(FieldError::invalid(field, &"".into(), detail));
            }
        };
        empty("apiVersion", "version must not be empty");
        empty("kind", "must not be empty");
        empty("name", "must not be empty");
        empty("uid", "must not be empty");
    }
    let mut controllers = owners.iter().filter(|owner| get(owner, "/controller").as_bool() == Some(true));
    if let (Some(first), Some(second)) = (controllers.next(), controllers.next()) {
        let name = |owner: &Value| format!("{}/{}", text(owner, "kind"), text(owner, "name"));
        let detail = format!(
            "Only one reference can have Controller set to true. Found \"true\" in references for \
             {} and {}",
            name(first),
            name(second)
        );
        let value = Value::Array(owners.to_vec());
        errors.push(FieldError::invalid(path.as_str(), &value, &detail));
    }
}

pub(super) fn update(live: &Value, new: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let (old, metadata) = (get(live, "/metadata"), get(new, "/metadata"));
    if !text(old, "deletionTimestamp").is_empty() {
        let held = items(old, "finalizers");
        let added: Vec<String> = items(metadata, "finalizers")
            .iter()
            .filter(|finalizer| !held.contains(finalizer))
            .filter_map(Value::as_str)
            .map(|finalizer| format!("{finalizer:?}"))
            .collect();
        if !added.is_empty() {
            let detail = format!(
                "no new finalizers can be added if the object is being deleted, found new \
                 finalizers []string{{{}}}",
                added.join(", ")
            );
            errors.push(FieldError::forbidden("metadata.finalizers", &detail));
        }
    }
    for field in ["name", "namespace", "uid", "deletionTimestamp", "deletionGracePeriodSeconds"] {
        let (before, after) = (old.get(field).unwrap_or(&Value::Null), metadata.get(field).unwrap_or(&Value::Null));
        if !equal(before, after) {
            let field = format!("metadata.{field}");
            errors.push(FieldError::invalid(field, after, "field is immutable"));
        }
    }
    common(metadata, "metadata", &mut errors);
    errors
}

/// Whether every label that a selector wants is there; a selector that cannot be read fits none.
pub(super) fn fits(selector: &Value, labels: &Value) -> bool {
    crate::kubernetes::selector::Selector::of_object(selector).is_some_and(|selector| selector.matches_labels(labels))
}

/// Whether a `metav1.LabelSelector` selects everything.
pub(super) fn is_empty_selector(selector: &Value) -> bool {
    let empty = |field: &str| match selector.get(field) {
        Some(Value::Object(map)) => map.is_empty(),
        Some(Value::Array(list)) => list.is_empty(),
        _ => true,
    };
    selector.as_object().is_some_and(|_: &Map<String, Value>| empty("matchLabels") && empty("matchExpressions"))
}
