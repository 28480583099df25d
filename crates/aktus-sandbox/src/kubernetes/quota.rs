//! What may a namespace still hold?
//!
//! Counts of objects, and the processors and memory that pods ask for.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::api::text_at;
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

/// An amount in thousandths as objects write it.
fn written(milli: i128) -> Value {
    quantity::canonical(&format!("{milli}m")).unwrap_or_else(|| "0".to_owned()).into()
}

/// What a namespace uses of what a quota limits.
pub(crate) fn used(store: &Store, namespace: &str, hard: &Map<String, Value>) -> Map<String, Value> {
    let totals = totals(store, namespace, hard);
    hard.keys()
        .map(|name| {
            let total = totals.get(name).copied().unwrap_or(0);
            let binary = matches!(name.as_str(), "memory" | "requests.memory" | "limits.memory" | "requests.storage");
            let text = if binary { binary_text(total) } else { written(total) };
            (name.clone(), text)
        })
        .collect()
}

/// Bytes with the largest binary suffix that leaves no fraction.
fn binary_text(milli: i128) -> Value {
    let bytes = milli / 1000;
    if bytes % 1024 == 0 && bytes > 0 {
        return quantity::canonical(&format!("{}Ki", bytes / 1024)).unwrap_or_default().into();
    }
    written(milli)
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
        let plain = |value: &Value| value.as_str().unwrap_or("").to_owned();
        let why = format!(
            "exceeded quota: {}, requested: {}, used: {}, limited: {}",
            quota_key.name,
            list(&|(name, amount, _)| format!("{name}={}", plain(&written(*amount)))),
            list(&|(name, _, total)| format!("{name}={}", plain(&written(*total)))),
            list(&|(name, ..)| format!("{name}={}", hard.get(*name).map(plain).unwrap_or_default())),
        );
        return Err(Status::forbidden(&resource.group, &resource.plural, &key.name, &why));
    }
    Ok(())
}
