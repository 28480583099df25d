//! What does every namespace have, and how does one go?

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Work;
use super::work::{MANAGER, condition, is_going};
use crate::kubernetes::store::Key;

pub(super) fn look_at(work: &mut Work<'_>, key: &Key, namespace: &Value) {
    if is_going(namespace) {
        empty(work, key, namespace);
        return;
    }
    let name = &key.name;
    if work.get(&Key::new("serviceaccounts", name, "default")).is_none() {
        let account = json!({
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "default", "namespace": name},
        });
        drop(work.create(MANAGER, account));
    }
}

/// Deletes what is in a namespace; once nothing is left the namespace goes.
fn empty(work: &mut Work<'_>, key: &Key, namespace: &Value) {
    let mut storages: Vec<String> = work
        .api
        .resources
        .iter()
        .filter(|resource| resource.namespaced)
        .map(|resource| resource.storage.clone())
        .collect();
    storages.sort();
    storages.dedup();
    for storage in &storages {
        for (key, object) in work.list(storage, Some(&key.name)) {
            if !is_going(&object) {
                work.delete(&key);
            }
        }
    }
    let mut left: BTreeMap<String, usize> = BTreeMap::new();
    let mut finalizers: BTreeMap<String, usize> = BTreeMap::new();
    for storage in &storages {
        for (_, object) in work.list(storage, Some(&key.name)) {
            // The core group has an empty name.
            let name = if storage.contains('.') { storage.clone() } else { format!("{storage}.") };
            *left.entry(name).or_default() += 1;
            let list = object.pointer("/metadata/finalizers").and_then(Value::as_array);
            for finalizer in list.into_iter().flatten().filter_map(Value::as_str) {
                *finalizers.entry(finalizer.to_owned()).or_default() += 1;
            }
        }
    }
    if left.is_empty() {
        let held = namespace.pointer("/metadata/finalizers").and_then(Value::as_array);
        if held.is_none_or(Vec::is_empty) && work.after(key, "emptied", 1) {
            work.api.remove(key);
        }
        return;
    }
    work.leave(key, "emptied");
    report(work, key, namespace, &left, &finalizers);
}

/// Tells what a namespace still waits for.
fn report(
    work: &mut Work<'_>,
    key: &Key,
    namespace: &Value,
    left: &BTreeMap<String, usize>,
    finalizers: &BTreeMap<String, usize>,
) {
    let now = work.now();
    let status = namespace.get("status").cloned().unwrap_or(Value::Null);
    let counted = |counts: &BTreeMap<String, usize>, word: &str| -> String {
        let parts: Vec<String> =
            counts.iter().map(|(name, count)| format!("{name} {word} {count} resource instances")).collect();
        parts.join(", ")
    };
    let fine = |kind: &str, reason: &str, message: &str| condition(&status, &now, kind, "False", reason, message);
    let mut conditions = vec![
        fine("NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered"),
        fine(
            "NamespaceDeletionGroupVersionParsingFailure",
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed",
        ),
        fine(
            "NamespaceDeletionContentFailure",
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization",
        ),
        condition(
            &status,
            &now,
            "NamespaceContentRemaining",
            "True",
            "SomeResourcesRemain",
            &format!("Some resources are remaining: {}", counted(left, "has")),
        ),
    ];
    if !finalizers.is_empty() {
        let message = format!("Some content in the namespace has finalizers remaining: {}", counted(finalizers, "in"));
        conditions.push(condition(
            &status,
            &now,
            "NamespaceFinalizersRemaining",
            "True",
            "SomeFinalizersRemain",
            &message,
        ));
    }
    work.set_status(MANAGER, key, &json!({"phase": "Terminating", "conditions": conditions}));
}
