//! How does an object look in another version of its kind?

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::written;
use crate::kubernetes::resources::Resource;

/// A kept object as `resource` shows it.
pub(crate) fn shown(resource: &Resource, object: &Arc<Value>) -> Arc<Value> {
    let api_version = resource.api_version();
    if object.get("apiVersion").and_then(Value::as_str) == Some(&api_version) {
        return Arc::clone(object);
    }
    let mut object = Value::clone(object);
    if let Some(map) = object.as_object_mut() {
        map.insert("apiVersion".to_owned(), api_version.into());
        match (resource.group.as_str(), resource.kind.as_str()) {
            ("events.k8s.io", "Event") => event_to_new(map),
            ("autoscaling", "HorizontalPodAutoscaler") => scaler_to_old(map),
            _ => {}
        }
    }
    if resource.custom.is_none() {
        written::normalize(&resource.typed.schema, resource.typed.root, &mut object);
    }
    Arc::new(object)
}

/// An object in the version of `resource` as it is kept.
pub(crate) fn kept(resource: &Resource, mut object: Value) -> Value {
    if resource.api_version() == resource.storage_version {
        return object;
    }
    if let Some(map) = object.as_object_mut() {
        map.insert("apiVersion".to_owned(), resource.storage_version.as_str().into());
        match (resource.group.as_str(), resource.kind.as_str()) {
            ("events.k8s.io", "Event") => event_to_old(map),
            ("autoscaling", "HorizontalPodAutoscaler") => scaler_to_new(map),
            _ => {}
        }
    }
    object
}

/// The fields of events that have other names in `events.k8s.io`.
const EVENT_FIELDS: [(&str, &str); 7] = [
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
];

fn event_to_new(map: &mut Map<String, Value>) {
    for (old, new) in EVENT_FIELDS {
        if let Some(value) = map.remove(old) {
            map.insert(new.to_owned(), value);
        }
    }
}

fn event_to_old(map: &mut Map<String, Value>) {
    for (old, new) in EVENT_FIELDS {
        if let Some(value) = map.remove(new) {
            map.insert(old.to_owned(), value);
        }
    }
}

fn is_cpu_target(metric: &Value) -> bool {
    metric.pointer("/resource/name").and_then(Value::as_str) == Some("cpu")
        && metric.pointer("/resource/target/averageUtilization").is_some()
}

/// `autoscaling/v1` knows one metric, the use of the CPU.
fn scaler_to_old(map: &mut Map<String, Value>) {
    let Some(spec) = map.get_mut("spec").and_then(Value::as_object_mut) else { return };
    let metrics = spec.remove("metrics");
    let list = metrics.as_ref().and_then(Value::as_array);
    if let Some(metric) = list.into_iter().flatten().find(|metric| is_cpu_target(metric))
        && let Some(percent) = metric.pointer("/resource/target/averageUtilization")
    {
        spec.insert("targetCPUUtilizationPercentage".to_owned(), percent.clone());
    }
    spec.remove("behavior");
    if let Some(status) = map.get_mut("status").and_then(Value::as_object_mut) {
        status.remove("conditions");
        status.remove("currentMetrics");
    }
}

fn scaler_to_new(map: &mut Map<String, Value>) {
    let Some(spec) = map.get_mut("spec").and_then(Value::as_object_mut) else { return };
    if let Some(percent) = spec.remove("targetCPUUtilizationPercentage") {
        spec.insert(
            "metrics".to_owned(),
            json!([{
                "type": "Resource",
                "resource": {
                    "name": "cpu",
                    "target": {"type": "Utilization", "averageUtilization": percent},
                },
            }]),
        );
    }
}
