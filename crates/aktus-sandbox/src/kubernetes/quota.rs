//! What may a namespace still hold?
//!
//! Counts of objects, and the processors and memory that pods ask for.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::api::{Api, text_at};
use super::resources::Resource;
use super::status::Status;
use super::store::{Key, Store};
use super::strategy::quantity;

/// Where quotas are kept.
pub(crate) const STORAGE: &str = "resourcequotas";

/// Kinds whose plural alone is the name of their count.
const COUNTED: [&str; 7] =
    ["configmaps", "persistentvolumeclaims", "pods", "replicationcontrollers", "resourcequotas", "secrets", "services"];

/// What one object uses, in thousandths, by the names that quotas give to it.
fn usage(storage: &str, object: &Value) -> BTreeMap<String, i128> {
    let mut used = BTreeMap::new();
    let mut add = |name: &str, amount: i128| *used.entry(name.to_owned()).or_default() += amount;
    add(&format!("count/{storage}"), 1000);
    if COUNTED.contains(&storage) && !super::controllers::has_ended(object) {
        add(storage, 1000);
    }
    match storage {
        "services" => match text_at(object, "/spec/type") {
            "LoadBalancer" => {
                add("services.loadbalancers", 1000);
                add("services.nodeports", 1000);
            }
            "NodePort" => add("services.nodeports", 1000),
            _ => {}
        },
        "persistentvolumeclaims" => {
            add("requests.storage", quantity::milli(text_at(object, "/spec/resources/requests/storage")));
        }
        "pods" if !super::controllers::has_ended(object) => {
            let containers = object.pointer("/spec/containers").and_then(Value::as_array);
            for container in containers.into_iter().flatten() {
                for (kind, bare) in [("requests", true), ("limits", false)] {
                    let amounts = container.pointer(&format!("/resources/{kind}")).and_then(Value::as_object);
                    for (name, amount) in amounts.into_iter().flatten() {
                        let amount = amount.as_str().map_or(0, quantity::milli);
                        add(&format!("{kind}.{name}"), amount);
                        if bare && matches!(name.as_str(), "cpu" | "memory") {
                            add(name, amount);
                        }
                    }
                }
            }
        }
        _ => {}
    }
    used
}

/// An amount in thousandths as objects write it: bytes with binary suffixes, the rest with decimal ones.
fn written(name: &str, milli: i128) -> String {
    let bytes = milli / 1000;
    let binary = name.ends_with("memory") || name.ends_with("storage");
    let text =
        if binary && bytes != 0 && bytes % 1024 == 0 { format!("{}Ki", bytes / 1024) } else { format!("{milli}m") };
    quantity::canonical(&text).unwrap_or_else(|| "0".to_owned())
}

/// What a namespace uses of what a quota limits.
pub(crate) fn used(store: &Store, namespace: &str, hard: &Map<String, Value>) -> Map<String, Value> {
    let totals = totals(store, namespace, hard);
    hard.keys()
        .map(|name| {
            let total = totals.get(name).copied().unwrap_or(0);
            (name.clone(), written(name, total).into())
        })
        .collect()
}

fn totals(store: &Store, namespace: &str, hard: &Map<String, Value>) -> BTreeMap<String, i128> {
    let mut totals: BTreeMap<String, i128> = BTreeMap::new();
    for (key, object) in store.all().filter(|(key, _)| key.namespace == namespace) {
        for (name, amount) in usage(&key.storage, object) {
            if hard.contains_key(&name) {
                *totals.entry(name).or_default() += amount;
            }
        }
    }
    totals
}

/// Refuses a new object that a quota of its namespace has no room for.
pub(crate) fn admit(store: &Store, resource: &Resource, key: &Key, object: &Value) -> Result<(), Status> {
    let wanted = usage(&resource.storage, object);
    for (quota_key, quota) in store.list(STORAGE, Some(&key.namespace)) {
        let Some(hard) = quota.pointer("/spec/hard").and_then(Value::as_object) else { continue };
        if let Some(why) = unspecified(&resource.storage, object, hard) {
            let why = format!("failed quota: {}: must specify {why}", quota_key.name);
            return Err(Status::forbidden(&resource.group, &resource.plural, &key.name, &why));
        }
        let totals = totals(store, &key.namespace, hard);
        let mut exceeded: Vec<(&String, i128, i128)> = Vec::new();
        for (name, limit) in hard {
            let Some(amount) = wanted.get(name) else { continue };
            let total = totals.get(name).copied().unwrap_or(0);
            if total + amount > quantity::milli(limit.as_str().unwrap_or("0")) {
                exceeded.push((name, *amount, total));
            }
        }
        if exceeded.is_empty() {
            continue;
        }
        let list = |text: &dyn Fn(&(&String, i128, i128)) -> String| -> String {
            exceeded.iter().map(text).collect::<Vec<_>>().join(",")
        };
        let limit = |name: &str| hard.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
        let why = format!(
            "exceeded quota: {}, requested: {}, used: {}, limited: {}",
            quota_key.name,
            list(&|(name, amount, _)| format!("{name}={}", written(name, *amount))),
            list(&|(name, _, total)| format!("{name}={}", written(name, *total))),
            list(&|(name, ..)| format!("{name}={}", limit(name))),
        );
        return Err(Status::forbidden(&resource.group, &resource.plural, &key.name, &why));
    }
    Ok(())
}

/// What a quota limits and a pod's containers do not say: `requests.cpu for: a,b`.
fn unspecified(storage: &str, object: &Value, hard: &Map<String, Value>) -> Option<String> {
    if storage != "pods" {
        return None;
    }
    let containers = object.pointer("/spec/containers").and_then(Value::as_array);
    let mut problems = Vec::new();
    for name in hard.keys() {
        let (kind, resource) = match name.split_once('.') {
            Some((kind @ ("requests" | "limits"), resource)) => (kind, resource),
            None => ("requests", name.as_str()),
            Some(_) => continue,
        };
        if !matches!(resource, "cpu" | "memory") {
            continue;
        }
        let silent: Vec<&str> = containers
            .into_iter()
            .flatten()
            .filter(|container| container.pointer(&format!("/resources/{kind}/{resource}")).is_none())
            .filter_map(|container| container.get("name").and_then(Value::as_str))
            .collect();
        if !silent.is_empty() {
            problems.push(format!("{name} for: {}", silent.join(",")));
        }
    }
    (!problems.is_empty()).then(|| problems.join("; "))
}

/// Counts a new object in the quotas of its namespace, as the API server does when it admits one.
pub(crate) fn count(api: &mut Api, namespace: &str) {
    if namespace.is_empty() {
        return;
    }
    let quotas: Vec<(Key, Map<String, Value>)> = api
        .store
        .list(STORAGE, Some(namespace))
        .filter_map(|(key, quota)| {
            let hard = quota.pointer("/status/hard").and_then(Value::as_object)?;
            Some((key.clone(), used(&api.store, namespace, hard)))
        })
        .collect();
    for (key, used) in quotas {
        api.within_cluster(|api| {
            api.change_within("kube-apiserver", &key, Some("status"), |quota| {
                if let Some(status) = quota.get_mut("status").and_then(Value::as_object_mut) {
                    status.insert("used".to_owned(), Value::Object(used));
                }
            })
        });
    }
}
