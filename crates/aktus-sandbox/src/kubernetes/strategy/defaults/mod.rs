//! Which fields does Kubernetes fill in when it reads an object?
//!
//! The rules are those of the `SetDefaults_…` functions of `k8s.io/kubernetes/pkg/apis`.

mod pods;
mod services;
mod workloads;

use base64::Engine as _;
use serde_json::{Map, Value, json};

use crate::kubernetes::resources::Resource;
use crate::kubernetes::schema::{Schema, Type, TypeId};

/// Fills in the defaults of an object's kind.
pub(crate) fn fill(resource: &Resource, object: &mut Value) {
    if resource.custom.is_some() {
        fill_by_schema(&resource.typed.schema, resource.typed.root, object);
        return;
    }
    let Some(map) = object.as_object_mut() else { return };
    match (resource.group.as_str(), resource.kind.as_str()) {
        ("apps" | "batch", _) | ("", "ReplicationController") => workloads::fill(resource, map),
        ("", "Pod") => {
            if let Some(spec) = at(map, "spec") {
                pods::fill(spec);
                pods::fill_pod(spec);
            }
        }
        ("", "PodTemplate") => {
            if let Some(spec) = at(map, "template").and_then(|template| at(template, "spec")) {
                pods::fill(spec);
            }
        }
        ("", "Service") => services::fill(map),
        ("", _) => core(resource, map),
        _ => others(resource, map),
    }
}

fn core(resource: &Resource, map: &mut Map<String, Value>) {
    match resource.kind.as_str() {
        "Secret" => {
            absent(map, "type", "Opaque");
            // What was given as text is kept as bytes.
            if let Some(Value::Object(texts)) = map.remove("stringData") {
                for (key, value) in texts {
                    let bytes = value.as_str().unwrap_or("");
                    let encoded = base64::engine::general_purpose::STANDARD.encode(bytes);
                    within(map, "data").insert(key, encoded.into());
                }
            }
        }
        "Namespace" => {
            let metadata = within(map, "metadata");
            let name = metadata.get("name").and_then(Value::as_str).unwrap_or("").to_owned();
            if !name.is_empty() {
                within(metadata, "labels").insert("kubernetes.io/metadata.name".to_owned(), name.into());
            }
            absent(within(map, "status"), "phase", "Active");
        }
        "PersistentVolume" => {
            absent(within(map, "status"), "phase", "Pending");
            let spec = within(map, "spec");
            absent(spec, "persistentVolumeReclaimPolicy", "Retain");
            absent(spec, "volumeMode", "Filesystem");
            if let Some(path) = at(spec, "hostPath") {
                absent(path, "type", "");
            }
        }
        "PersistentVolumeClaim" => fill_claim(map),
        "Endpoints" => {
            for subset in each(map, "subsets") {
                for port in each(subset, "ports") {
                    absent(port, "protocol", "TCP");
                }
            }
        }
        "LimitRange" => {
            let spec = within(map, "spec");
            for item in each(spec, "limits") {
                fill_limit(item);
            }
        }
        "Node" => {
            let status = within(map, "status");
            if let (None, Some(capacity)) = (status.get("allocatable"), status.get("capacity")) {
                let capacity = capacity.clone();
                status.insert("allocatable".to_owned(), capacity);
            }
        }
        _ => {}
    }
}

fn fill_claim(map: &mut Map<String, Value>) {
    absent(within(map, "status"), "phase", "Pending");
    absent(within(map, "spec"), "volumeMode", "Filesystem");
}

fn fill_limit(item: &mut Map<String, Value>) {
    if item.get("type").and_then(Value::as_str) != Some("Container") {
        return;
    }
    for (source, target) in [("max", "default"), ("default", "defaultRequest"), ("min", "defaultRequest")] {
        let values = item.get(source).and_then(Value::as_object).cloned().unwrap_or_default();
        for (name, value) in values {
            within(item, target).entry(name).or_insert(value);
        }
    }
}

fn others(resource: &Resource, map: &mut Map<String, Value>) {
    match (resource.group.as_str(), resource.kind.as_str()) {
        ("storage.k8s.io", "StorageClass") => {
            absent(map, "reclaimPolicy", "Delete");
            absent(map, "volumeBindingMode", "Immediate");
        }
        ("storage.k8s.io", "CSIDriver") => {
            let spec = within(map, "spec");
            absent(spec, "attachRequired", true);
            absent(spec, "fsGroupPolicy", "ReadWriteOnceWithFSType");
            for field in ["podInfoOnMount", "requiresRepublish", "seLinuxMount", "storageCapacity"] {
                absent(spec, field, false);
            }
            absent(spec, "volumeLifecycleModes", json!(["Persistent"]));
        }
        ("networking.k8s.io", "NetworkPolicy") => fill_network_policy(within(map, "spec")),
        ("networking.k8s.io", "IngressClass") => {
            if let Some(parameters) = at(map, "spec").and_then(|spec| at(spec, "parameters")) {
                absent(parameters, "scope", "Cluster");
            }
        }
        ("autoscaling", _) => {
            let spec = within(map, "spec");
            absent(spec, "minReplicas", 1);
            let metric = json!([{
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
            }]);
            if resource.version == "v2" {
                absent(spec, "metrics", metric);
                fill_behavior(spec);
            }
        }
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            absent(within(map, "roleRef"), "apiGroup", "rbac.authorization.k8s.io");
            for subject in each(map, "subjects") {
                if subject.get("kind").and_then(Value::as_str) != Some("ServiceAccount") {
                    absent(subject, "apiGroup", "rbac.authorization.k8s.io");
                }
            }
        }
        ("scheduling.k8s.io", "PriorityClass") => {
            absent(map, "preemptionPolicy", "PreemptLowerPriority");
        }
        ("apiextensions.k8s.io", _) => fill_definition(map),
        ("admissionregistration.k8s.io", kind) => fill_webhooks(kind, map),
        ("discovery.k8s.io", _) => {
            for port in each(map, "ports") {
                absent(port, "name", "");
                absent(port, "protocol", "TCP");
            }
        }
        _ => {}
    }
}

/// Once a scaler says how it behaves in one direction, it says so in both.
fn fill_behavior(spec: &mut Map<String, Value>) {
    let Some(behavior) = at(spec, "behavior") else { return };
    let up = within(behavior, "scaleUp");
    absent(up, "stabilizationWindowSeconds", 0);
    absent(up, "selectPolicy", "Max");
    absent(
        up,
        "policies",
        json!([
            {"type": "Pods", "value": 4, "periodSeconds": 15},
            {"type": "Percent", "value": 100, "periodSeconds": 15},
        ]),
    );
    let down = within(behavior, "scaleDown");
    absent(down, "selectPolicy", "Max");
    absent(down, "policies", json!([{"type": "Percent", "value": 100, "periodSeconds": 15}]));
}

fn fill_network_policy(spec: &mut Map<String, Value>) {
    for (rules, _) in [("ingress", "from"), ("egress", "to")] {
        for rule in each(spec, rules) {
            for port in each(rule, "ports") {
                absent(port, "protocol", "TCP");
            }
        }
    }
    let egress = spec.get("egress").and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    let types = if egress { json!(["Ingress", "Egress"]) } else { json!(["Ingress"]) };
    absent(spec, "policyTypes", types);
}

fn fill_definition(map: &mut Map<String, Value>) {
    let spec = within(map, "spec");
    let kind = spec.get("names").and_then(|names| names.get("kind")).and_then(Value::as_str).unwrap_or("").to_owned();
    absent(within(spec, "conversion"), "strategy", "None");
    let names = within(spec, "names");
    absent(names, "singular", kind.to_lowercase());
    if !kind.is_empty() {
        absent(names, "listKind", format!("{kind}List"));
    }
}

fn fill_webhooks(kind: &str, map: &mut Map<String, Value>) {
    for hook in each(map, "webhooks") {
        absent(hook, "failurePolicy", "Fail");
        absent(hook, "matchPolicy", "Equivalent");
        absent(hook, "namespaceSelector", json!({}));
        absent(hook, "objectSelector", json!({}));
        absent(hook, "timeoutSeconds", 10);
        if kind.starts_with("Mutating") {
            absent(hook, "reinvocationPolicy", "Never");
        }
        for rule in each(hook, "rules") {
            absent(rule, "scope", "*");
        }
        if let Some(service) = at(hook, "clientConfig").and_then(|config| at(config, "service")) {
            absent(service, "port", 443);
        }
    }
}

/// The `default`s of a custom resource's schema, at every place that has none.
fn fill_by_schema(schema: &Schema, id: TypeId, value: &mut Value) {
    match (schema.get(id), value) {
        (Type::Struct { fields, .. }, Value::Object(map)) => {
            for (name, field) in fields {
                if let Some(default) = &field.default
                    && map.get(name).is_none_or(Value::is_null)
                {
                    map.insert(name.clone(), default.clone());
                }
                if let Some(child) = map.get_mut(name) {
                    fill_by_schema(schema, field.type_id, child);
                }
            }
        }
        (Type::List { item, .. }, Value::Array(list)) => {
            for child in list {
                fill_by_schema(schema, *item, child);
            }
        }
        (Type::Map { item, .. }, Value::Object(map)) => {
            for child in map.values_mut() {
                fill_by_schema(schema, *item, child);
            }
        }
        _ => {}
    }
}

/// Sets a field that is not there.
fn absent(map: &mut Map<String, Value>, field: &str, value: impl Into<Value>) {
    let unset = match map.get(field) {
        None | Some(Value::Null) => true,
        Some(Value::Array(list)) => list.is_empty(),
        Some(Value::String(text)) => text.is_empty(),
        Some(_) => false,
    };
    if unset {
        map.insert(field.to_owned(), value.into());
    }
}

/// Sets a number that is zero or not there.
fn zero(map: &mut Map<String, Value>, field: &str, value: i64) {
    if map.get(field).and_then(Value::as_i64).unwrap_or(0) == 0 {
        map.insert(field.to_owned(), value.into());
    }
}

/// A field that is a map, made where it is not there; a value of another kind was refused before.
fn within<'a>(map: &'a mut Map<String, Value>, field: &str) -> &'a mut Map<String, Value> {
    let slot = map.entry(field).or_insert(Value::Null);
    if !slot.is_object() {
        *slot = Value::Object(Map::new());
    }
    match slot {
        Value::Object(map) => map,
        _ => unreachable!("it was made an object just now"),
    }
}

/// A field that is a map, if it is there.
fn at<'a>(map: &'a mut Map<String, Value>, field: &str) -> Option<&'a mut Map<String, Value>> {
    map.get_mut(field).and_then(Value::as_object_mut)
}

/// The maps in a list.
fn each<'a>(map: &'a mut Map<String, Value>, field: &str) -> impl Iterator<Item = &'a mut Map<String, Value>> {
    map.get_mut(field).and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut)
}
