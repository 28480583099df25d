//! Which objects does the API refuse, and with which words?
//!
//! The rules are those of `k8s.io/kubernetes/pkg/apis/*/validation` for the fields that charts
//! use.

mod custom;
mod definitions;
mod metadata;
mod names;
mod others;
mod pods;
mod services;
mod storage;
mod workloads;

use std::sync::Arc;

use serde_json::Value;

use super::Context;
use crate::kubernetes::merge::equal;
use crate::kubernetes::resources::Resource;
use crate::kubernetes::status::FieldError;

/// What is wrong with a new object.
pub(crate) fn create(context: &Context<'_>, resource: &Resource, object: &Value) -> Vec<FieldError> {
    let mut errors = metadata::create(resource, object);
    content(context, resource, object, None, &mut errors);
    errors
}

/// What is wrong with a changed object.
pub(crate) fn update(
    context: &Context<'_>,
    resource: &Resource,
    subresource: Option<&str>,
    live: &Arc<Value>,
    new: &Value,
) -> Vec<FieldError> {
    let mut errors = metadata::update(live, new);
    if subresource.is_none() {
        content(context, resource, new, Some(live), &mut errors);
    } else if let Some(custom) = &resource.custom {
        custom::check(&custom.schema, new, &mut errors);
    }
    // The server looks at metadata twice: once for all kinds and once for each.
    errors.extend(metadata::update(live, new));
    errors
}

/// What is wrong with what is not metadata.
fn content(
    context: &Context<'_>,
    resource: &Resource,
    object: &Value,
    live: Option<&Value>,
    errors: &mut Vec<FieldError>,
) {
    if let Some(custom) = &resource.custom {
        custom::check(&custom.schema, object, errors);
        return;
    }
    match (resource.group.as_str(), resource.kind.as_str()) {
        ("apps" | "batch", _) => workloads::check(resource, object, live, errors),
        ("", "Pod") => pods::check_pod(object, live, errors),
        ("", "Service") => services::check(object, live, errors),
        ("", "PersistentVolume" | "PersistentVolumeClaim") | ("storage.k8s.io", _) => {
            storage::check(resource, object, live, errors);
        }
        ("apiextensions.k8s.io", _) => definitions::check(object, live, errors),
        _ => others::check(context, resource, object, live, errors),
    }
}

/// A value at a JSON pointer, null where there is none.
fn get<'a>(object: &'a Value, pointer: &str) -> &'a Value {
    object.pointer(pointer).unwrap_or(&Value::Null)
}

/// The text of a field, empty where there is none.
fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or("")
}

/// The items of a field that is a list.
fn items<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Refuses a change of a field that cannot change; `field` is its name in messages.
fn immutable(live: &Value, new: &Value, pointer: &str, field: &str, errors: &mut Vec<FieldError>) {
    let (before, after) = (get(live, pointer), get(new, pointer));
    if !equal(before, after) {
        errors.push(FieldError::invalid(field, after, "field is immutable"));
    }
}

/// Refuses numbers below zero.
fn not_negative(object: &Value, pointer: &str, field: &str, errors: &mut Vec<FieldError>) {
    let value = get(object, pointer);
    if value.as_i64().is_some_and(|number| number < 0) {
        errors.push(FieldError::invalid(field, value, "must be greater than or equal to 0"));
    }
}

/// Refuses a text that is not one of a few.
fn one_of(value: &Value, field: &str, allowed: &[&str], errors: &mut Vec<FieldError>) {
    if let Some(found) = value.as_str()
        && !allowed.contains(&found)
    {
        errors.push(FieldError::not_supported(field, value, allowed));
    }
}
