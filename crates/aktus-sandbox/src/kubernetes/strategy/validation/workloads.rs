//! What is wrong with a workload?

use serde_json::Value;

use super::{get, immutable, metadata, not_negative, one_of, pods, text};
use crate::kubernetes::merge::equal;
use crate::kubernetes::resources::Resource;
use crate::kubernetes::status::FieldError;

/// Checks a workload of the groups `apps` and `batch`.
pub(super) fn check(resource: &Resource, object: &Value, live: Option<&Value>, errors: &mut Vec<FieldError>) {
    match resource.kind.as_str() {
        "Deployment" => deployment(object, live, errors),
        "StatefulSet" => stateful_set(object, live, errors),
        "DaemonSet" => daemon_set(object, live, errors),
        "ReplicaSet" => replica_set(object, live, errors),
        "Job" => job(object, live, errors),
        "CronJob" => cron_job(object, errors),
        _ => {}
    }
}

fn selector(object: &Value, kind: &str, errors: &mut Vec<FieldError>) {
    let selector = get(object, "/spec/selector");
    if selector.is_null() {
        errors.push(FieldError::required("spec.selector", ""));
    } else if metadata::is_empty_selector(selector) {
        let detail = format!("empty selector is invalid for {kind}");
        errors.push(FieldError::invalid("spec.selector", selector, &detail));
    }
}

fn template(object: &Value, errors: &mut Vec<FieldError>) {
    let template = get(object, "/spec/template");
    let labels = get(template, "/metadata/labels");
    let selector = get(object, "/spec/selector");
    let unselective = metadata::is_empty_selector(selector);
    if !unselective && !metadata::fits(selector, labels) {
        errors.push(FieldError::invalid(
            "spec.template.metadata.labels",
            labels,
            "`selector` does not match template `labels`",
        ));
    }
    pods::check_template(template, "spec.template", errors);
    one_of(get(template, "/spec/restartPolicy"), "spec.template.spec.restartPolicy", &["Always"], errors);
    if template.pointer("/spec/activeDeadlineSeconds").is_some() {
        errors.push(FieldError::forbidden(
            "spec.template.spec.activeDeadlineSeconds",
            "activeDeadlineSeconds in ReplicaSet is not Supported",
        ));
    }
}

fn deployment(object: &Value, live: Option<&Value>, errors: &mut Vec<FieldError>) {
    not_negative(object, "/spec/replicas", "spec.replicas", errors);
    selector(object, "deployment", errors);
    template(object, errors);
    let strategy = get(object, "/spec/strategy");
    one_of(get(strategy, "/type"), "spec.strategy.type", &["Recreate", "RollingUpdate"], errors);
    if text(strategy, "type") == "Recreate" && strategy.get("rollingUpdate").is_some() {
        errors.push(FieldError::forbidden(
            "spec.strategy.rollingUpdate",
            "may not be specified when strategy `type` is 'Recreate'",
        ));
    }
    for field in ["minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"] {
        not_negative(object, &format!("/spec/{field}"), &format!("spec.{field}"), errors);
    }
    if let Some(live) = live {
        immutable(live, object, "/spec/selector", "spec.selector", errors);
    }
}

fn stateful_set(object: &Value, live: Option<&Value>, errors: &mut Vec<FieldError>) {
    if let Some(live) = live {
        const CHANGEABLE: [&str; 7] = [
            "replicas",
            "ordinals",
            "template",
            "updateStrategy",
            "revisionHistoryLimit",
            "persistentVolumeClaimRetentionPolicy",
            "minReadySeconds",
        ];
        let rest = |object: &Value| {
            let mut spec = get(object, "/spec").clone();
            if let Some(map) = spec.as_object_mut() {
                map.retain(|field, _| !CHANGEABLE.contains(&field.as_str()));
            }
            spec
        };
        if !equal(&rest(live), &rest(object)) {
            errors.push(FieldError::forbidden(
                "spec",
                "updates to statefulset spec for fields other than 'replicas', 'ordinals', \
                 'template', 'updateStrategy', 'revisionHistoryLimit', \
                 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
            ));
            return;
        }
    }
    not_negative(object, "/spec/replicas", "spec.replicas", errors);
    selector(object, "statefulset", errors);
    template(object, errors);
    one_of(get(object, "/spec/podManagementPolicy"), "spec.podManagementPolicy", &["OrderedReady", "Parallel"], errors);
    one_of(
        get(object, "/spec/updateStrategy/type"),
        "spec.updateStrategy.type",
        &["OnDelete", "RollingUpdate"],
        errors,
    );
}

fn daemon_set(object: &Value, live: Option<&Value>, errors: &mut Vec<FieldError>) {
    selector(object, "daemonset", errors);
    template(object, errors);
    one_of(
        get(object, "/spec/updateStrategy/type"),
        "spec.updateStrategy.type",
        &["OnDelete", "RollingUpdate"],
        errors,
    );
    if let Some(live) = live {
        immutable(live, object, "/spec/selector", "spec.selector", errors);
    }
}

fn replica_set(object: &Value, live: Option<&Value>, errors: &mut Vec<FieldError>) {
    not_negative(object, "/spec/replicas", "spec.replicas", errors);
    selector(object, "deployment", errors);
    template(object, errors);
    if let Some(live) = live {
        immutable(live, object, "/spec/selector", "spec.selector", errors);
    }
}

fn job(object: &Value, live: Option<&Value>, errors: &mut Vec<FieldError>) {
    for field in ["parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"] {
        not_negative(object, &format!("/spec/{field}"), &format!("spec.{field}"), errors);
    }
    let template = get(object, "/spec/template");
    pods::check_template(template, "spec.template", errors);
    job_restart_policy(template, "spec.template", errors);
    let Some(live) = live else { return };
    // Only an indexed job can be made larger.
    if !equal(get(live, "/spec/completions"), get(object, "/spec/completions"))
        && get(object, "/spec/completionMode") != "Indexed"
    {
        immutable(live, object, "/spec/completions", "spec.completions", errors);
    }
    immutable(live, object, "/spec/selector", "spec.selector", errors);
    let suspended = get(live, "/spec/suspend").as_bool() == Some(true);
    if !suspended {
        immutable(live, object, "/spec/template", "spec.template", errors);
    }
    for field in ["completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"] {
        immutable(live, object, &format!("/spec/{field}"), &format!("spec.{field}"), errors);
    }
}

fn job_restart_policy(template: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let policy = get(template, "/spec/restartPolicy");
    let field = format!("{path}.spec.restartPolicy");
    if policy == "Always" {
        let detail = "valid values: \"OnFailure\", \"Never\"";
        errors.push(FieldError::required(field, detail));
    } else {
        one_of(policy, &field, &["OnFailure", "Never"], errors);
    }
}

fn cron_job(object: &Value, errors: &mut Vec<FieldError>) {
    let schedule = get(object, "/spec/schedule");
    if schedule.as_str().unwrap_or("").is_empty() {
        errors.push(FieldError::required("spec.schedule", ""));
    } else if !schedule.as_str().is_some_and(is_schedule) {
        let fields = schedule.as_str().map_or(0, |text| text.split_whitespace().count());
        let detail = format!("expected exactly 5 fields, found {fields}: [{}]", schedule.as_str().unwrap_or(""));
        errors.push(FieldError::invalid("spec.schedule", schedule, &detail));
    }
    one_of(get(object, "/spec/concurrencyPolicy"), "spec.concurrencyPolicy", &["Allow", "Forbid", "Replace"], errors);
    let template = get(object, "/spec/jobTemplate/spec/template");
    pods::check_template(template, "spec.jobTemplate.spec.template", errors);
    job_restart_policy(template, "spec.jobTemplate.spec.template", errors);
}

/// Whether a text has the form of a schedule; the ranges of its numbers are not looked at.
fn is_schedule(text: &str) -> bool {
    text.starts_with('@') || text.split_whitespace().count() == 5
}
