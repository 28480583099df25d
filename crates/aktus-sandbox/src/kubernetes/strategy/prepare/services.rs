//! Which addresses and ports does a Service get?

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::entry;
use crate::kubernetes::strategy::Context;

/// The first address that is given to a Service, in 10.96.0.0/16; those before it are the API's.
const FIRST_ADDRESS: u32 = 20;
const NODE_PORTS: std::ops::RangeInclusive<i64> = 30000..=32767;

fn spec(map: &mut Map<String, Value>) -> Option<&mut Map<String, Value>> {
    entry(map, "spec")
}

fn kind(spec: &Map<String, Value>) -> &str {
    spec.get("type").and_then(Value::as_str).unwrap_or("")
}

/// Addresses and ports of a new Service.
pub(super) fn create(context: &Context<'_>, map: &mut Map<String, Value>) {
    let Some(spec) = spec(map) else { return };
    if kind(spec) == "ExternalName" {
        return;
    }
    give_address(context, spec);
    give_families(spec);
    give_ports(context, spec);
}

/// Addresses and ports of a changed Service: what it had it keeps, as long as its type needs it.
pub(super) fn update(context: &Context<'_>, old: &Map<String, Value>, map: &mut Map<String, Value>) {
    let empty = Map::new();
    let before = old.get("spec").and_then(Value::as_object).unwrap_or(&empty);
    if map.get("spec").and_then(|spec| spec.get("type")).and_then(Value::as_str) != Some("LoadBalancer")
        && kind(before) == "LoadBalancer"
    {
        map.insert("status".to_owned(), json!({"loadBalancer": {}}));
    }
    let Some(spec) = spec(map) else { return };
    if kind(spec) == "ExternalName" {
        if kind(before) != "ExternalName" {
            for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
                if spec.get(field) == before.get(field) {
                    spec.remove(field);
                }
            }
        }
        return;
    }
    for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
        if !spec.contains_key(field)
            && let Some(value) = before.get(field)
        {
            spec.insert(field.to_owned(), value.clone());
        }
    }
    // One of the two forms of the address may have been changed alone.
    let changed = |field: &str, spec: &Map<String, Value>| spec.get(field) != before.get(field);
    if changed("clusterIP", spec) && !changed("clusterIPs", spec) {
        spec.remove("clusterIPs");
    }
    give_address(context, spec);
    give_families(spec);
    keep_ports(before, spec);
    give_ports(context, spec);
    drop_unneeded(before, spec);
}

/// What a type that a Service no longer has left behind, unless the writer set it anew.
fn drop_unneeded(before: &Map<String, Value>, spec: &mut Map<String, Value>) {
    let kind = kind(spec).to_owned();
    if kind == self::kind(before) {
        return;
    }
    if kind != "LoadBalancer" {
        for field in ["allocateLoadBalancerNodePorts", "loadBalancerClass"] {
            if spec.get(field) == before.get(field) {
                spec.remove(field);
            }
        }
    }
    if kind == "ClusterIP" {
        for field in ["externalTrafficPolicy", "healthCheckNodePort"] {
            if spec.get(field) == before.get(field) {
                spec.remove(field);
            }
        }
        let ports = spec.get_mut("ports").and_then(Value::as_array_mut);
        for port in ports.into_iter().flatten().filter_map(Value::as_object_mut) {
            port.remove("nodePort");
        }
    }
}

fn give_address(context: &Context<'_>, spec: &mut Map<String, Value>) {
    let single = spec.get("clusterIP").and_then(Value::as_str).unwrap_or("").to_owned();
    let listed = spec.get("clusterIPs").and_then(|list| list.get(0)).and_then(Value::as_str).unwrap_or("").to_owned();
    let address = match (single.as_str(), listed.as_str()) {
        ("", "") => free_address(context),
        ("", listed) => listed.to_owned(),
        (single, _) => single.to_owned(),
    };
    if listed.is_empty() {
        spec.insert("clusterIPs".to_owned(), json!([address]));
    }
    if single.is_empty() {
        spec.insert("clusterIP".to_owned(), address.into());
    }
}

fn free_address(context: &Context<'_>) -> String {
    let used: BTreeSet<&str> = context
        .store
        .list("services", None)
        .filter_map(|(_, service)| service.pointer("/spec/clusterIP").and_then(Value::as_str))
        .collect();
    (FIRST_ADDRESS..65_000)
        .map(|number| format!("10.96.{}.{}", number / 256, number % 256))
        .find(|address| !used.contains(address.as_str()))
        .unwrap_or_default()
}

fn give_families(spec: &mut Map<String, Value>) {
    let headless = spec.get("clusterIP").and_then(Value::as_str) == Some("None");
    let selects = spec.get("selector").and_then(Value::as_object).is_some_and(|map| !map.is_empty());
    if !spec.contains_key("ipFamilies") {
        let both = headless && !selects;
        let families = if both { json!(["IPv4", "IPv6"]) } else { json!(["IPv4"]) };
        spec.insert("ipFamilies".to_owned(), families);
        if both && !spec.contains_key("ipFamilyPolicy") {
            spec.insert("ipFamilyPolicy".to_owned(), "RequireDualStack".into());
        }
    }
    spec.entry("ipFamilyPolicy").or_insert_with(|| "SingleStack".into());
}

/// Ports that stay keep their node ports.
fn keep_ports(before: &Map<String, Value>, spec: &mut Map<String, Value>) {
    let old = before.get("ports").and_then(Value::as_array).cloned().unwrap_or_default();
    if kind(spec) == "ClusterIP" {
        return;
    }
    let ports = spec.get_mut("ports").and_then(Value::as_array_mut);
    for port in ports.into_iter().flatten().filter_map(Value::as_object_mut) {
        if port.contains_key("nodePort") {
            continue;
        }
        let same = old
            .iter()
            .find(|held| held.get("port") == port.get("port") && held.get("protocol") == port.get("protocol"));
        if let Some(number) = same.and_then(|held| held.get("nodePort")) {
            port.insert("nodePort".to_owned(), number.clone());
        }
    }
}

fn give_ports(context: &Context<'_>, spec: &mut Map<String, Value>) {
    let wanted = match kind(spec) {
        "NodePort" => true,
        "LoadBalancer" => spec.get("allocateLoadBalancerNodePorts").and_then(Value::as_bool) != Some(false),
        _ => false,
    };
    if !wanted {
        return;
    }
    let mut used: BTreeSet<i64> = context
        .store
        .list("services", None)
        .filter_map(|(_, service)| service.pointer("/spec/ports").and_then(Value::as_array))
        .flatten()
        .filter_map(|port| port.get("nodePort").and_then(Value::as_i64))
        .collect();
    let balanced = kind(spec) == "LoadBalancer";
    let local = spec.get("externalTrafficPolicy").and_then(Value::as_str) == Some("Local");
    let ports = spec.get_mut("ports").and_then(Value::as_array_mut);
    for port in ports.into_iter().flatten().filter_map(Value::as_object_mut) {
        if port.get("nodePort").and_then(Value::as_i64).unwrap_or(0) == 0
            && let Some(number) = NODE_PORTS.clone().find(|number| !used.contains(number))
        {
            used.insert(number);
            port.insert("nodePort".to_owned(), number.into());
        }
    }
    if balanced
        && local
        && !spec.contains_key("healthCheckNodePort")
        && let Some(number) = NODE_PORTS.clone().find(|number| !used.contains(number))
    {
        spec.insert("healthCheckNodePort".to_owned(), number.into());
    }
}
