//! What is wrong with Secrets, configuration maps and the rest?

use base64::Engine as _;
use serde_json::Value;

use super::{get, items, names, one_of, text};
use crate::kubernetes::merge::equal;
use crate::kubernetes::resources::Resource;
use crate::kubernetes::status::FieldError;
use crate::kubernetes::strategy::Context;

/// What the values of a Secret or `ConfigMap` may have together, in bytes.
const DATA_LIMIT: usize = 1024 * 1024;

pub(super) fn check(
    _context: &Context<'_>,
    resource: &Resource,
    object: &Value,
    live: Option<&Value>,
    errors: &mut Vec<FieldError>,
) {
    match (resource.group.as_str(), resource.kind.as_str()) {
        ("", "Secret") => secret(object, live, errors),
        ("", "ConfigMap") => config_map(object, live, errors),
        ("coordination.k8s.io", "Lease") => lease(object, errors),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            binding(object, live, errors);
        }
        ("networking.k8s.io", "Ingress") => ingress(object, errors),
        ("policy", "PodDisruptionBudget") => {
            let spec = get(object, "/spec");
            if spec.get("minAvailable").is_some() && spec.get("maxUnavailable").is_some() {
                errors.push(FieldError::invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set"));
            }
        }
        ("autoscaling", _) => scaler(object, errors),
        _ => {}
    }
}

fn keys(object: &Value, field: &str, errors: &mut Vec<FieldError>) {
    for key in get(object, &format!("/{field}")).as_object().into_iter().flatten().map(|(key, _)| key) {
        for problem in names::config_key(key) {
            let field = format!("{field}[{key}]");
            errors.push(FieldError::invalid(field, &key.as_str().into(), &problem));
        }
    }
}

fn decoded(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap_or("");
    base64::engine::general_purpose::STANDARD.decode(text).unwrap_or_default()
}

fn frozen(live: &Value, object: &Value, fields: &[&str], errors: &mut Vec<FieldError>) {
    if get(live, "/immutable").as_bool() != Some(true) {
        return;
    }
    let detail = "field is immutable when `immutable` is set";
    if get(object, "/immutable").as_bool() != Some(true) {
        errors.push(FieldError::forbidden("immutable", detail));
    }
    for field in fields {
        let pointer = format!("/{field}");
        if !equal(get(live, &pointer), get(object, &pointer)) {
            errors.push(FieldError::forbidden(*field, detail));
        }
    }
}

fn secret(object: &Value, live: Option<&Value>, errors: &mut Vec<FieldError>) {
    if let Some(live) = live {
        super::immutable(live, object, "/type", "type", errors);
        frozen(live, object, &["data"], errors);
    }
    keys(object, "data", errors);
    let data = get(object, "/data");
    let size: usize = data.as_object().into_iter().flatten().map(|(_, value)| decoded(value).len()).sum();
    if size > DATA_LIMIT {
        errors.push(FieldError::too_long("data", DATA_LIMIT));
    }
    let mut wanted = |key: &str| {
        if data.get(key).is_none() {
            errors.push(FieldError::required(format!("data[{key}]"), ""));
            return false;
        }
        true
    };
    match text(object, "type") {
        "kubernetes.io/tls" => {
            wanted("tls.crt");
            wanted("tls.key");
        }
        "kubernetes.io/ssh-auth" => {
            wanted("ssh-privatekey");
        }
        "kubernetes.io/basic-auth" if data.get("username").is_none() && data.get("password").is_none() => {
            errors.push(FieldError::required("data[username]", ""));
            errors.push(FieldError::required("data[password]", ""));
        }
        kind @ ("kubernetes.io/dockerconfigjson" | "kubernetes.io/dockercfg") => {
            let key = format!(".{}", kind.trim_start_matches("kubernetes.io/"));
            if wanted(&key)
                && let Err(problem) = serde_json::from_slice::<Value>(&decoded(get(data, &format!("/{key}"))))
            {
                let bytes = decoded(get(data, &format!("/{key}")));
                let detail = crate::kubernetes::api::json_problem(&problem, &bytes);
                let value = Value::from("<secret contents redacted>");
                errors.push(FieldError::invalid(format!("data[{key}]"), &value, &detail));
            }
        }
        _ => {}
    }
}

fn config_map(object: &Value, live: Option<&Value>, errors: &mut Vec<FieldError>) {
    if let Some(live) = live {
        frozen(live, object, &["data", "binaryData"], errors);
    }
    keys(object, "data", errors);
    keys(object, "binaryData", errors);
    let binary = get(object, "/binaryData");
    let mut size = 0;
    for (key, value) in get(object, "/data").as_object().into_iter().flatten() {
        if binary.get(key).is_some() {
            let field = format!("data[{key}]");
            let detail = "duplicate of key present in binaryData";
            errors.push(FieldError::invalid(field, &key.as_str().into(), detail));
        }
        size += value.as_str().map_or(0, str::len);
    }
    size += binary.as_object().into_iter().flatten().map(|(_, value)| decoded(value).len()).sum::<usize>();
    if size > DATA_LIMIT {
        errors.push(FieldError::too_long("[]", DATA_LIMIT));
    }
}

fn lease(object: &Value, errors: &mut Vec<FieldError>) {
    let seconds = get(object, "/spec/leaseDurationSeconds");
    if seconds.as_i64().is_some_and(|seconds| seconds <= 0) {
        let field = "spec.leaseDurationSeconds";
        errors.push(FieldError::invalid(field, seconds, "must be greater than 0"));
    }
    let transitions = get(object, "/spec/leaseTransitions");
    if transitions.as_i64().is_some_and(|count| count < 0) {
        let detail = "must be greater than or equal to 0";
        errors.push(FieldError::invalid("spec.leaseTransitions", transitions, detail));
    }
}

fn binding(object: &Value, live: Option<&Value>, errors: &mut Vec<FieldError>) {
    let role = get(object, "/roleRef");
    if let Some(live) = live
        && !equal(get(live, "/roleRef"), role)
    {
        errors.push(FieldError::invalid("roleRef", &go_role(role), "cannot change roleRef"));
    }
    if text(role, "name").is_empty() {
        errors.push(FieldError::required("roleRef.name", ""));
    }
    for (index, subject) in items(object, "subjects").iter().enumerate() {
        let path = format!("subjects[{index}]");
        if text(subject, "name").is_empty() {
            errors.push(FieldError::required(format!("{path}.name"), ""));
        }
        if text(subject, "kind") == "ServiceAccount"
            && text(subject, "namespace").is_empty()
            && text(object, "kind") == "ClusterRoleBinding"
        {
            errors.push(FieldError::required(format!("{path}.namespace"), ""));
        }
    }
}

/// A role reference with the field names that Kubernetes prints.
fn go_role(role: &Value) -> Value {
    serde_json::json!({
        "APIGroup": text(role, "apiGroup"),
        "Kind": text(role, "kind"),
        "Name": text(role, "name"),
    })
}

fn ingress(object: &Value, errors: &mut Vec<FieldError>) {
    let spec = get(object, "/spec");
    if items(spec, "rules").is_empty() && spec.get("defaultBackend").is_none() {
        let detail = "either `defaultBackend` or `rules` must be specified";
        errors.push(FieldError::invalid("spec", spec, detail));
    }
    for (index, rule) in items(spec, "rules").iter().enumerate() {
        for (place, path) in items(get(rule, "/http"), "paths").iter().enumerate() {
            let field = format!("spec.rules[{index}].http.paths[{place}].pathType");
            match path.get("pathType") {
                None => errors.push(FieldError::required(field, "pathType must be specified")),
                Some(kind) => {
                    let kinds = ["Exact", "ImplementationSpecific", "Prefix"];
                    one_of(kind, &field, &kinds, errors);
                }
            }
        }
    }
}

fn scaler(object: &Value, errors: &mut Vec<FieldError>) {
    let spec = get(object, "/spec");
    let most = get(spec, "/maxReplicas");
    let least = get(spec, "/minReplicas").as_i64().unwrap_or(1);
    if least < 1 {
        let value = get(spec, "/minReplicas");
        errors.push(FieldError::invalid("spec.minReplicas", value, "must be greater than or equal to 1"));
    }
    if most.as_i64().unwrap_or(0) < 1 {
        errors.push(FieldError::invalid("spec.maxReplicas", most, "must be greater than 0"));
    } else if most.as_i64().unwrap_or(0) < least {
        errors.push(FieldError::invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`"));
    }
}
