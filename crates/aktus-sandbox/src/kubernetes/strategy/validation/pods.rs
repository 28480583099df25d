//! What is wrong with a pod, or with the template of one?

use std::collections::BTreeSet;

use serde_json::Value;

use super::{get, items, metadata, names, one_of, text};
use crate::kubernetes::merge::equal;
use crate::kubernetes::status::{FieldError, FieldErrorKind};
use crate::kubernetes::strategy::quantity;

/// A pod itself.
pub(super) fn check_pod(object: &Value, live: Option<&Value>, errors: &mut Vec<FieldError>) {
    let spec = get(object, "/spec");
    if let Some(live) = live {
        let before = changeable_blanked(get(live, "/spec"));
        if !equal(&before, &changeable_blanked(spec)) {
            errors.push(FieldError::forbidden(
                "spec",
                "pod updates may not change fields other than \
                 `spec.containers[*].image`,`spec.initContainers[*].image`,\
                 `spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing \
                 tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it \
                 was previously negative)",
            ));
        }
        return;
    }
    check_spec(spec, "spec", errors);
}

/// A pod's specification without what may change.
fn changeable_blanked(spec: &Value) -> Value {
    let mut spec = spec.clone();
    for list in ["containers", "initContainers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(container) = container.as_object_mut() {
                container.remove("image");
            }
        }
    }
    if let Some(spec) = spec.as_object_mut() {
        for field in ["activeDeadlineSeconds", "tolerations", "schedulingGates", "nodeName"] {
            spec.remove(field);
        }
    }
    spec
}

/// The template of a workload's pods.
pub(super) fn check_template(template: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let labels = get(template, "/metadata/labels");
    metadata::labels(labels, &format!("{path}.metadata.labels"), errors);
    check_spec(get(template, "/spec"), &format!("{path}.spec"), errors);
}

fn check_spec(spec: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let mut volumes = BTreeSet::new();
    for (index, volume) in items(spec, "volumes").iter().enumerate() {
        let path = format!("{path}.volumes[{index}]");
        check_volume(volume, &path, &mut volumes, errors);
    }
    let containers = items(spec, "containers");
    if containers.is_empty() {
        errors.push(FieldError::required(format!("{path}.containers"), ""));
    }
    let mut seen = BTreeSet::new();
    for list in ["containers", "initContainers"] {
        for (index, container) in items(spec, list).iter().enumerate() {
            let path = format!("{path}.{list}[{index}]");
            check_container(container, &path, &volumes, &mut seen, errors);
        }
    }
    one_of(get(spec, "/restartPolicy"), &format!("{path}.restartPolicy"), &["Always", "OnFailure", "Never"], errors);
    one_of(
        get(spec, "/dnsPolicy"),
        &format!("{path}.dnsPolicy"),
        &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"],
        errors,
    );
    let account = text(spec, "serviceAccountName");
    if !account.is_empty() {
        for problem in names::subdomain(account) {
            let field = format!("{path}.serviceAccountName");
            errors.push(FieldError::invalid(field, &account.into(), &problem));
        }
    }
    metadata::labels(get(spec, "/nodeSelector"), &format!("{path}.nodeSelector"), errors);
}

fn check_volume<'a>(volume: &'a Value, path: &str, seen: &mut BTreeSet<&'a str>, errors: &mut Vec<FieldError>) {
    let name = text(volume, "name");
    let field = format!("{path}.name");
    if name.is_empty() {
        errors.push(FieldError::required(field, ""));
    } else {
        let problems = names::label(name);
        for problem in &problems {
            errors.push(FieldError::invalid(field.as_str(), &name.into(), problem));
        }
        if problems.is_empty() && !seen.insert(name) {
            errors.push(FieldError::duplicate(field, &name.into()));
        }
    }
    let required =
        [("secret", "secretName"), ("configMap", "name"), ("persistentVolumeClaim", "claimName"), ("hostPath", "path")];
    for (source, wanted) in required {
        if let Some(source_value) = volume.get(source)
            && text(source_value, wanted).is_empty()
        {
            errors.push(FieldError::required(format!("{path}.{source}.{wanted}"), ""));
        }
    }
    let sources = volume.as_object().map_or(0, |map| map.keys().filter(|key| *key != "name").count());
    if sources > 1 {
        let second = volume.as_object().into_iter().flatten().filter(|(key, _)| *key != "name");
        for (source, _) in second.skip(1) {
            errors.push(FieldError::forbidden(format!("{path}.{source}"), "may not specify more than 1 volume type"));
        }
    }
}

fn check_container<'a>(
    container: &'a Value,
    path: &str,
    volumes: &BTreeSet<&str>,
    seen: &mut BTreeSet<&'a str>,
    errors: &mut Vec<FieldError>,
) {
    let name = text(container, "name");
    let field = format!("{path}.name");
    if name.is_empty() {
        errors.push(FieldError::required(field.as_str(), ""));
    } else {
        for problem in names::label(name) {
            errors.push(FieldError::invalid(field.as_str(), &name.into(), &problem));
        }
    }
    if !name.is_empty() && !seen.insert(name) {
        errors.push(FieldError::duplicate(field, &name.into()));
    }
    if text(container, "image").is_empty() {
        errors.push(FieldError::required(format!("{path}.image"), ""));
    }
    check_ports(container, path, errors);
    check_variables(container, path, errors);
    for (index, mount) in items(container, "volumeMounts").iter().enumerate() {
        let path = format!("{path}.volumeMounts[{index}]");
        let name = text(mount, "name");
        if name.is_empty() {
            errors.push(FieldError::required(format!("{path}.name"), ""));
        }
        if !volumes.contains(name) {
            errors.push(FieldError {
                kind: FieldErrorKind::NotFound,
                field: format!("{path}.name"),
                body: format!("Not found: {name:?}"),
            });
        }
        if text(mount, "mountPath").is_empty() {
            errors.push(FieldError::required(format!("{path}.mountPath"), ""));
        }
    }
    one_of(
        get(container, "/imagePullPolicy"),
        &format!("{path}.imagePullPolicy"),
        &["Always", "IfNotPresent", "Never"],
        errors,
    );
    check_resources(get(container, "/resources"), &format!("{path}.resources"), errors);
}

fn check_ports(container: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let mut seen = BTreeSet::new();
    for (index, port) in items(container, "ports").iter().enumerate() {
        let path = format!("{path}.ports[{index}]");
        let name = text(port, "name");
        if !name.is_empty() {
            let problems = names::port(name);
            for problem in &problems {
                errors.push(FieldError::invalid(format!("{path}.name"), &name.into(), problem));
            }
            if problems.is_empty() && !seen.insert(name) {
                errors.push(FieldError::duplicate(format!("{path}.name"), &name.into()));
            }
        }
        let number = get(port, "/containerPort");
        match number.as_i64().unwrap_or(0) {
            0 => errors.push(FieldError::required(format!("{path}.containerPort"), "")),
            1..=65535 => {}
            _ => errors.push(FieldError::invalid(
                format!("{path}.containerPort"),
                number,
                "must be between 1 and 65535, inclusive",
            )),
        }
        one_of(get(port, "/protocol"), &format!("{path}.protocol"), &["SCTP", "TCP", "UDP"], errors);
    }
}

fn check_variables(container: &Value, path: &str, errors: &mut Vec<FieldError>) {
    for (index, variable) in items(container, "env").iter().enumerate() {
        let path = format!("{path}.env[{index}]");
        let name = text(variable, "name");
        if name.is_empty() {
            errors.push(FieldError::required(format!("{path}.name"), ""));
        } else {
            for problem in names::variable(name) {
                errors.push(FieldError::invalid(format!("{path}.name"), &name.into(), &problem));
            }
        }
        let Some(source) = variable.get("valueFrom") else { continue };
        let field = format!("{path}.valueFrom");
        let sources = source.as_object().map_or(0, serde_json::Map::len);
        if !text(variable, "value").is_empty() {
            if sources > 0 {
                let detail = "may not be specified when `value` is not empty";
                errors.push(FieldError::invalid(field, &"".into(), detail));
            }
        } else if sources == 0 {
            errors.push(FieldError::invalid(
                field,
                &"".into(),
                "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, \
                 `secretKeyRef` or `fileKeyRef`",
            ));
        } else if sources > 1 {
            let detail = "may not have more than one field specified at a time";
            errors.push(FieldError::invalid(field, &"".into(), detail));
        }
        for reference in ["secretKeyRef", "configMapKeyRef"] {
            let Some(reference_value) = source.get(reference) else { continue };
            for wanted in ["name", "key"] {
                if text(reference_value, wanted).is_empty() && wanted == "key" {
                    let field = format!("{path}.valueFrom.{reference}.{wanted}");
                    errors.push(FieldError::required(field, ""));
                }
            }
        }
    }
}

/// Requests up to limits; whole devices only.
fn check_resources(resources: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let limits = get(resources, "/limits");
    for (name, request) in get(resources, "/requests").as_object().into_iter().flatten() {
        let request = request.as_str().unwrap_or("0");
        let Some(limit) = limits.get(name).and_then(Value::as_str) else {
            if is_extended(name) {
                let detail = "Limit must be set for non overcommitable resources";
                errors.push(FieldError::required(format!("{path}.limits"), detail));
            }
            continue;
        };
        let (wanted, allowed) = (quantity::milli(request), quantity::milli(limit));
        if is_extended(name) && wanted != allowed {
            let detail = format!("must be equal to {name} limit of {limit}");
            let field = format!("{path}.requests");
            errors.push(FieldError::invalid(field, &request.into(), &detail));
        } else if wanted > allowed {
            let detail = format!("must be less than or equal to {name} limit of {limit}");
            let field = format!("{path}.requests");
            errors.push(FieldError::invalid(field, &request.into(), &detail));
        }
    }
}

/// Whether a resource is counted in devices, such as `nvidia.com/gpu`.
fn is_extended(name: &str) -> bool {
    name.contains('/') && !name.contains("kubernetes.io/")
}
