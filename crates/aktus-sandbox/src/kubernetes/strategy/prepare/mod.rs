//! What does the server itself set when an object is written?
//!
//! The rules are those of the `PrepareForCreate` and `PrepareForUpdate` functions of
//! `k8s.io/kubernetes/pkg/registry`.

mod services;

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{Context, resets_labels_on_status, written};
use crate::kubernetes::merge::equal;
use crate::kubernetes::resources::Resource;

/// Before an object is created.
pub(crate) fn create(context: &Context<'_>, resource: &Resource, object: &mut Value) {
    let uid = text(object, "/metadata/uid");
    let name = text(object, "/metadata/name");
    let Some(map) = object.as_object_mut() else { return };
    if resource.has_subresource("status") && !keeps_status_on_create(resource) {
        map.remove("status");
    }
    match (resource.group.as_str(), resource.kind.as_str()) {
        _ if resource.custom.is_some() => {}
        ("", "Namespace") => {
            map.insert("spec".to_owned(), json!({"finalizers": ["kubernetes"]}));
            map.insert("status".to_owned(), json!({"phase": "Active"}));
        }
        ("", "Pod") => {
            let class = quality_of_service(map.get("spec").unwrap_or(&Value::Null));
            map.insert("status".to_owned(), json!({"phase": "Pending", "qosClass": class}));
        }
        ("", "PersistentVolume") => {
            let status = json!({"phase": "Pending", "lastPhaseTransitionTime": context.now});
            map.insert("status".to_owned(), status);
        }
        ("", "PersistentVolumeClaim") => {
            map.insert("status".to_owned(), json!({"phase": "Pending"}));
        }
        ("", "Service") => services::create(context, map),
        ("apps", "DaemonSet") => set_template_generation(map, 1),
        ("batch", "Job") => select_own_pods(map, &uid, &name),
        ("apiextensions.k8s.io", _) => {
            let status = json!({
                "acceptedNames": {"kind": "", "plural": ""},
                "conditions": null,
                "storedVersions": stored_versions(map),
            });
            map.insert("status".to_owned(), status);
        }
        _ => {}
    }
    if let Some(metadata) = map.get_mut("metadata").and_then(Value::as_object_mut) {
        if !resource.namespaced {
            metadata.remove("namespace");
        }
        if has_generation(resource) {
            metadata.insert("generation".to_owned(), 1.into());
        } else {
            metadata.remove("generation");
        }
    }
    normalize(resource, object);
}

fn normalize(resource: &Resource, object: &mut Value) {
    if resource.custom.is_none()
        && let Some(stored) = resource.stored_type()
    {
        written::normalize(&stored.schema, stored.root, object);
        written::empty_to_null(&stored.schema, stored.root, object);
    }
}

fn text(object: &Value, pointer: &str) -> String {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or("").to_owned()
}

/// Kinds whose creator may say what their status is.
fn keeps_status_on_create(resource: &Resource) -> bool {
    matches!((resource.group.as_str(), resource.kind.as_str()), ("", "Node") | ("apiregistration.k8s.io", _))
}

/// Kinds whose changes are counted.
fn has_generation(resource: &Resource) -> bool {
    resource.custom.is_some()
        || matches!(
            (resource.group.as_str(), resource.kind.as_str()),
            ("", "Pod" | "ReplicationController")
                | ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
                | ("networking.k8s.io", "Ingress" | "IngressClass" | "NetworkPolicy")
                | (
                    "batch"
                        | "admissionregistration.k8s.io"
                        | "apiextensions.k8s.io"
                        | "policy"
                        | "flowcontrol.apiserver.k8s.io"
                        | "discovery.k8s.io",
                    _
                )
                | ("scheduling.k8s.io", "PriorityClass")
        )
}

/// The class of a pod by its requests and limits.
fn quality_of_service(spec: &Value) -> &'static str {
    let containers =
        ["containers", "initContainers"].iter().filter_map(|list| spec.get(*list).and_then(Value::as_array)).flatten();
    let (mut any, mut guaranteed) = (false, true);
    for container in containers {
        let value =
            |kind: &str, name: &str| container.pointer(&format!("/resources/{kind}/{name}")).and_then(Value::as_str);
        for name in ["cpu", "memory"] {
            let (request, limit) = (value("requests", name), value("limits", name));
            any |= request.is_some() || limit.is_some();
            guaranteed &= limit.is_some() && request.is_none_or(|request| Some(request) == limit);
        }
    }
    match (any, guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

fn entry<'a>(map: &'a mut Map<String, Value>, field: &str) -> Option<&'a mut Map<String, Value>> {
    let slot = map.entry(field).or_insert_with(|| Value::Object(Map::new()));
    if slot.is_null() {
        *slot = Value::Object(Map::new());
    }
    slot.as_object_mut()
}

/// The count of template changes, which an older version of the kind had as a field.
fn set_template_generation(map: &mut Map<String, Value>, generation: i64) {
    let annotations = entry(map, "metadata").and_then(|metadata| entry(metadata, "annotations"));
    if let Some(annotations) = annotations {
        let key = "deprecated.daemonset.template.generation".to_owned();
        annotations.insert(key, generation.to_string().into());
    }
}

/// A Job's selector and the labels it selects by.
fn select_own_pods(map: &mut Map<String, Value>, uid: &str, name: &str) {
    let manual = map.get("spec").and_then(|spec| spec.get("manualSelector"));
    if manual.and_then(Value::as_bool) == Some(true) {
        return;
    }
    let labels = [
        ("batch.kubernetes.io/controller-uid", uid),
        ("batch.kubernetes.io/job-name", name),
        ("controller-uid", uid),
        ("job-name", name),
    ];
    let Some(spec) = entry(map, "spec") else { return };
    spec.insert("selector".to_owned(), json!({"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}));
    let template = entry(spec, "template").and_then(|template| entry(template, "metadata"));
    if let Some(held) = template.and_then(|metadata| entry(metadata, "labels")) {
        for (key, value) in labels {
            held.insert(key.to_owned(), value.into());
        }
    }
    if let Some(held) = entry(map, "metadata").and_then(|metadata| entry(metadata, "labels")) {
        for (key, value) in labels {
            held.insert(key.to_owned(), value.into());
        }
    }
}

/// The versions that a definition stores.
fn stored_versions(map: &Map<String, Value>) -> Vec<Value> {
    let versions = map.get("spec").and_then(|spec| spec.get("versions")).and_then(Value::as_array);
    versions
        .into_iter()
        .flatten()
        .filter(|version| version.get("storage").and_then(Value::as_bool) == Some(true))
        .filter_map(|version| version.get("name").cloned())
        .collect()
}

/// Before an object is changed.
pub(crate) fn update(
    context: &Context<'_>,
    resource: &Resource,
    subresource: Option<&str>,
    live: &Arc<Value>,
    new: &mut Value,
) {
    let Some(old) = live.as_object() else { return };
    let Some(map) = new.as_object_mut() else { return };
    match subresource {
        Some("status") => update_status(context, resource, old, map),
        _ => update_main(context, resource, old, map),
    }
    normalize(resource, new);
}

fn keep(map: &mut Map<String, Value>, old: &Map<String, Value>, field: &str) {
    match old.get(field) {
        Some(value) => drop(map.insert(field.to_owned(), value.clone())),
        None => drop(map.remove(field)),
    }
}

fn metadata(map: &Map<String, Value>, field: &str) -> Value {
    map.get("metadata").and_then(|metadata| metadata.get(field)).cloned().unwrap_or(Value::Null)
}

fn update_status(context: &Context<'_>, resource: &Resource, old: &Map<String, Value>, map: &mut Map<String, Value>) {
    if resource.custom.is_some() {
        // Of a custom object only the status changes, and who owns it.
        let managed = metadata(map, "managedFields");
        let status = map.get("status").cloned();
        map.clone_from(old);
        if let Some(held) = entry(map, "metadata") {
            if managed.is_null() {
                held.remove("managedFields");
            } else {
                held.insert("managedFields".to_owned(), managed);
            }
        }
        match status {
            Some(status) => drop(map.insert("status".to_owned(), status)),
            None => drop(map.remove("status")),
        }
        return;
    }
    keep(map, old, "spec");
    if resets_labels_on_status(resource) {
        let labels = metadata(old, "labels");
        if let Some(held) = entry(map, "metadata") {
            if labels.is_null() {
                held.remove("labels");
            } else {
                held.insert("labels".to_owned(), labels);
            }
        }
    }
    if resource.kind == "PersistentVolume" {
        let get =
            |map: &Map<String, Value>, field: &str| map.get("status").and_then(|status| status.get(field)).cloned();
        let since = if get(map, "phase") == get(old, "phase") {
            get(old, "lastPhaseTransitionTime")
        } else {
            Some(context.now.into())
        };
        if let (Some(status), Some(since)) = (entry(map, "status"), since) {
            status.insert("lastPhaseTransitionTime".to_owned(), since);
        }
    }
}

fn update_main(context: &Context<'_>, resource: &Resource, old: &Map<String, Value>, map: &mut Map<String, Value>) {
    if resource.has_subresource("status") {
        keep(map, old, "status");
    }
    match (resource.group.as_str(), resource.kind.as_str()) {
        _ if resource.custom.is_some() => {}
        ("", "Namespace") => keep(map, old, "spec"),
        ("", "Service") => services::update(context, old, map),
        ("apps", "DaemonSet") => update_template_generation(old, map),
        ("apiextensions.k8s.io", _) => store_another_version(map),
        _ => {}
    }
    if !has_generation(resource) {
        return;
    }
    let generation = metadata(old, "generation").as_i64().unwrap_or(1);
    let next = if is_another_generation(resource, old, map) { generation + 1 } else { generation };
    if let Some(metadata) = entry(map, "metadata") {
        metadata.insert("generation".to_owned(), next.into());
    }
}

fn is_another_generation(resource: &Resource, old: &Map<String, Value>, map: &Map<String, Value>) -> bool {
    let differs = |field: &str| {
        let null = Value::Null;
        !equal(old.get(field).unwrap_or(&null), map.get(field).unwrap_or(&null))
    };
    if resource.custom.is_some() {
        let counted = |map: &Map<String, Value>| {
            let mut map = map.clone();
            map.remove("metadata");
            map.remove("apiVersion");
            if resource.has_subresource("status") {
                map.remove("status");
            }
            Value::Object(map)
        };
        return !equal(&counted(old), &counted(map));
    }
    match (resource.group.as_str(), resource.kind.as_str()) {
        ("apps", "Deployment") => {
            differs("spec") || !equal(&metadata(old, "annotations"), &metadata(map, "annotations"))
        }
        ("admissionregistration.k8s.io", kind) if kind.ends_with("WebhookConfiguration") => differs("webhooks"),
        ("discovery.k8s.io", _) => {
            differs("endpoints") || differs("ports") || !equal(&metadata(old, "labels"), &metadata(map, "labels"))
        }
        ("scheduling.k8s.io", _) => false,
        _ => differs("spec"),
    }
}

fn update_template_generation(old: &Map<String, Value>, map: &mut Map<String, Value>) {
    let template = |map: &Map<String, Value>| {
        map.get("spec").and_then(|spec| spec.get("template")).cloned().unwrap_or(Value::Null)
    };
    let held = metadata(old, "annotations")
        .get("deprecated.daemonset.template.generation")
        .and_then(Value::as_str)
        .and_then(|text| text.parse().ok())
        .unwrap_or(1);
    let changed = !equal(&template(old), &template(map));
    set_template_generation(map, if changed { held + 1 } else { held });
}

/// Adds a newly stored version to those that a definition has stored.
fn store_another_version(map: &mut Map<String, Value>) {
    let stored = stored_versions(map);
    let Some(status) = entry(map, "status") else { return };
    let held = status.entry("storedVersions").or_insert_with(|| Value::Array(Vec::new()));
    if let Some(held) = held.as_array_mut() {
        for version in stored {
            if !held.contains(&version) {
                held.push(version);
            }
        }
    }
}
