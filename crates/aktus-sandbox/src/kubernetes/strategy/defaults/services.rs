//! The defaults of Services.

use serde_json::{Map, Value, json};

use super::{absent, each, within};

/// Fills in a Service.
pub(super) fn fill(map: &mut Map<String, Value>) {
    let spec = within(map, "spec");
    absent(spec, "sessionAffinity", "None");
    match spec.get("sessionAffinity").and_then(Value::as_str) {
        Some("ClientIP") => {
            let config = json!({"clientIP": {"timeoutSeconds": 10800}});
            let set = spec
                .get("sessionAffinityConfig")
                .and_then(|config| config.pointer("/clientIP/timeoutSeconds"))
                .is_some();
            if !set {
                spec.insert("sessionAffinityConfig".to_owned(), config);
            }
        }
        _ => drop(spec.remove("sessionAffinityConfig")),
    }
    absent(spec, "type", "ClusterIP");
    for port in each(spec, "ports") {
        absent(port, "protocol", "TCP");
        let unset = match port.get("targetPort") {
            Some(Value::Number(number)) => number.as_i64() == Some(0),
            Some(Value::String(text)) => text.is_empty(),
            _ => true,
        };
        if unset {
            let number = port.get("port").cloned().unwrap_or(Value::Null);
            port.insert("targetPort".to_owned(), number);
        }
    }
    let kind = spec.get("type").and_then(Value::as_str).unwrap_or("").to_owned();
    let external = matches!(kind.as_str(), "NodePort" | "LoadBalancer")
        || (kind == "ClusterIP" && spec.contains_key("externalIPs"));
    if external {
        absent(spec, "externalTrafficPolicy", "Cluster");
    }
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer" | "ClusterIP") {
        absent(spec, "internalTrafficPolicy", "Cluster");
    }
    if kind == "LoadBalancer" {
        absent(spec, "allocateLoadBalancerNodePorts", true);
    }
}
