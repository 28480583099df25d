//! What is wrong with a Service?

use std::collections::BTreeSet;

use serde_json::Value;

use super::{get, items, names, one_of, text};
use crate::kubernetes::status::FieldError;

pub(super) fn check(object: &Value, live: Option<&Value>, errors: &mut Vec<FieldError>) {
    let spec = get(object, "/spec");
    if let Some(live) = live {
        check_change(get(live, "/spec"), spec, errors);
    }
    let kind = text(spec, "type");
    let ports = items(spec, "ports");
    let headless = text(spec, "clusterIP") == "None";
    if ports.is_empty() && !headless && kind != "ExternalName" {
        errors.push(FieldError::required("spec.ports", ""));
    }
    if kind == "ExternalName" {
        let name = text(spec, "externalName");
        if name.is_empty() {
            errors.push(FieldError::required("spec.externalName", ""));
        } else {
            for problem in names::subdomain(name.trim_end_matches('.')) {
                errors.push(FieldError::invalid("spec.externalName", &name.into(), &problem));
            }
        }
    }
    if kind == "LoadBalancer" && headless {
        errors.push(FieldError::invalid(
            "spec.clusterIPs[0]",
            &"None".into(),
            "may not be set to 'None' for LoadBalancer services",
        ));
    }
    check_ports(ports, kind, errors);
    one_of(get(spec, "/sessionAffinity"), "spec.sessionAffinity", &["ClientIP", "None"], errors);
    super::metadata::labels(get(spec, "/selector"), "spec.selector", errors);
    one_of(get(spec, "/type"), "spec.type", &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"], errors);
    one_of(get(spec, "/externalTrafficPolicy"), "spec.externalTrafficPolicy", &["Cluster", "Local"], errors);
    if kind != "LoadBalancer" && spec.get("loadBalancerClass").is_some() {
        errors.push(FieldError::forbidden("spec.loadBalancerClass", "may only be used when `type` is 'LoadBalancer'"));
    }
}

fn check_change(before: &Value, spec: &Value, errors: &mut Vec<FieldError>) {
    let external = |spec: &Value| text(spec, "type") == "ExternalName";
    let (old, new) = (text(before, "clusterIP"), text(spec, "clusterIP"));
    if !external(before) && !external(spec) && !old.is_empty() && old != new {
        let value = Value::Array(items(spec, "clusterIPs").to_vec());
        errors.push(FieldError::invalid("spec.clusterIPs[0]", &value, "may not change once set"));
    }
    let balanced = |spec: &Value| text(spec, "type") == "LoadBalancer";
    let (old, new) = (get(before, "/loadBalancerClass"), get(spec, "/loadBalancerClass"));
    if balanced(before) && balanced(spec) && old != new {
        errors.push(FieldError::invalid("spec.loadBalancerClass", new, "may not change once set"));
    }
}

fn check_ports(ports: &[Value], kind: &str, errors: &mut Vec<FieldError>) {
    let mut seen_names = BTreeSet::new();
    let mut seen_ports = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        let path = format!("spec.ports[{index}]");
        let name = text(port, "name");
        if ports.len() > 1 && name.is_empty() {
            errors.push(FieldError::required(format!("{path}.name"), ""));
        } else if !name.is_empty() {
            for problem in names::label(name) {
                errors.push(FieldError::invalid(format!("{path}.name"), &name.into(), &problem));
            }
            if !seen_names.insert(name) {
                errors.push(FieldError::duplicate(format!("{path}.name"), &name.into()));
            }
        }
        let range = "must be between 1 and 65535, inclusive";
        let number = get(port, "/port");
        if !(1..=65535).contains(&number.as_i64().unwrap_or(0)) {
            errors.push(FieldError::invalid(format!("{path}.port"), number, range));
        }
        one_of(get(port, "/protocol"), &format!("{path}.protocol"), &["SCTP", "TCP", "UDP"], errors);
        let target = get(port, "/targetPort");
        let field = format!("{path}.targetPort");
        match target {
            Value::Number(number) if !(1..=65535).contains(&number.as_i64().unwrap_or(0)) => {
                errors.push(FieldError::invalid(field, target, range));
            }
            Value::String(name) => {
                for problem in names::port(name) {
                    errors.push(FieldError::invalid(field.as_str(), target, &problem));
                }
            }
            _ => {}
        }
        let node_port = get(port, "/nodePort").as_i64().unwrap_or(0);
        if kind == "ClusterIP" && node_port != 0 {
            errors
                .push(FieldError::forbidden(format!("{path}.nodePort"), "may not be used when `type` is 'ClusterIP'"));
        }
        if !seen_ports.insert((text(port, "protocol"), number.as_i64())) {
            let value = serde_json::json!({"protocol": text(port, "protocol"), "port": number});
            errors.push(FieldError::duplicate(path, &value));
        }
    }
}
