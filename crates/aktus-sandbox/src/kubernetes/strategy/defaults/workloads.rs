//! The defaults of what makes pods.

use serde_json::{Map, Value};

use super::{absent, at, each, fill_claim, pods, within};
use crate::kubernetes::resources::Resource;

/// Fills in a workload and the template of its pods.
pub(super) fn fill(resource: &Resource, map: &mut Map<String, Value>) {
    if resource.kind == "ReplicationController" {
        fill_replication_controller(map);
    }
    if resource.kind == "DaemonSet" {
        // An older version of the kind had the count of template changes as a field.
        let annotations = within(within(map, "metadata"), "annotations");
        absent(annotations, "deprecated.daemonset.template.generation", "0");
    }
    let Some(spec) = at(map, "spec") else { return };
    match resource.kind.as_str() {
        "Deployment" => {
            absent(spec, "replicas", 1);
            absent(spec, "revisionHistoryLimit", 10);
            absent(spec, "progressDeadlineSeconds", 600);
            let strategy = within(spec, "strategy");
            absent(strategy, "type", "RollingUpdate");
            if is(strategy, "type", "RollingUpdate") {
                let update = within(strategy, "rollingUpdate");
                absent(update, "maxUnavailable", "25%");
                absent(update, "maxSurge", "25%");
            }
        }
        "StatefulSet" => fill_stateful_set(spec),
        "DaemonSet" => {
            absent(spec, "revisionHistoryLimit", 10);
            let strategy = within(spec, "updateStrategy");
            absent(strategy, "type", "RollingUpdate");
            if is(strategy, "type", "RollingUpdate") {
                let update = within(strategy, "rollingUpdate");
                absent(update, "maxUnavailable", 1);
                absent(update, "maxSurge", 0);
            }
        }
        "ReplicaSet" | "ReplicationController" => absent(spec, "replicas", 1),
        "Job" => fill_job(spec),
        "CronJob" => {
            absent(spec, "concurrencyPolicy", "Allow");
            absent(spec, "suspend", false);
            absent(spec, "successfulJobsHistoryLimit", 3);
            absent(spec, "failedJobsHistoryLimit", 1);
            if let Some(spec) = at(spec, "jobTemplate").and_then(|template| at(template, "spec")) {
                fill_template(spec);
            }
        }
        _ => {}
    }
    fill_template(spec);
}

fn is(map: &Map<String, Value>, field: &str, text: &str) -> bool {
    map.get(field).and_then(Value::as_str) == Some(text)
}

fn fill_template(spec: &mut Map<String, Value>) {
    if let Some(spec) = at(spec, "template").and_then(|template| at(template, "spec")) {
        pods::fill(spec);
    }
}

fn fill_stateful_set(spec: &mut Map<String, Value>) {
    absent(spec, "podManagementPolicy", "OrderedReady");
    absent(spec, "replicas", 1);
    absent(spec, "revisionHistoryLimit", 10);
    let strategy = within(spec, "updateStrategy");
    absent(strategy, "type", "RollingUpdate");
    if is(strategy, "type", "RollingUpdate") {
        absent(within(strategy, "rollingUpdate"), "partition", 0);
    }
    let retention = within(spec, "persistentVolumeClaimRetentionPolicy");
    absent(retention, "whenDeleted", "Retain");
    absent(retention, "whenScaled", "Retain");
    for claim in each(spec, "volumeClaimTemplates") {
        claim.insert("apiVersion".to_owned(), "v1".into());
        claim.insert("kind".to_owned(), "PersistentVolumeClaim".into());
        fill_claim(claim);
    }
}

fn fill_job(spec: &mut Map<String, Value>) {
    if spec.get("parallelism").is_none() && spec.get("completions").is_none() {
        absent(spec, "completions", 1);
    }
    absent(spec, "parallelism", 1);
    let indexed = spec.contains_key("backoffLimitPerIndex");
    absent(spec, "backoffLimit", if indexed { i64::from(i32::MAX) } else { 6 });
    absent(spec, "completionMode", "NonIndexed");
    absent(spec, "suspend", false);
    absent(spec, "manualSelector", false);
    let replacement = if spec.contains_key("podFailurePolicy") { "Failed" } else { "TerminatingOrFailed" };
    absent(spec, "podReplacementPolicy", replacement);
}

fn fill_replication_controller(map: &mut Map<String, Value>) {
    let labels = map
        .get("spec")
        .and_then(|spec| spec.get("template"))
        .and_then(|template| template.get("metadata"))
        .and_then(|metadata| metadata.get("labels"))
        .cloned();
    let Some(labels) = labels else { return };
    absent(within(map, "spec"), "selector", labels.clone());
    absent(within(map, "metadata"), "labels", labels);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_job_with_parallelism_alone_has_no_number_of_completions() {
        let mut spec = json!({"parallelism": 3});
        fill_job(spec.as_object_mut().unwrap());
        assert_eq!(spec.get("completions"), None);
        assert_eq!(spec["backoffLimit"], 6);
    }
}
