//! What goes with its owner, and what holds an owner that goes?
//!
//! The garbage collector: background, foreground and orphaning deletion.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Work;
use super::work::{MANAGER, has_finalizer, is_going};
use crate::kubernetes::api::{Api, text};
use crate::kubernetes::store::Key;

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

/// Who depends on whom, by the owner's uid.
#[derive(Debug, Default)]
pub(super) struct Owners {
    dependents: BTreeMap<String, BTreeSet<Key>>,
    owners: BTreeMap<Key, Vec<String>>,
}

impl Owners {
    pub(super) fn note(&mut self, key: &Key, object: &Value) {
        let uids: Vec<String> = references(object).iter().map(|reference| field(reference, "uid").to_owned()).collect();
        if self.owners.get(key) == Some(&uids) || (uids.is_empty() && !self.owners.contains_key(key)) {
            return;
        }
        self.remove(key);
        for uid in &uids {
            self.dependents.entry(uid.clone()).or_default().insert(key.clone());
        }
        self.owners.insert(key.clone(), uids);
    }

    pub(super) fn forget(&mut self, key: &Key) {
        self.remove(key);
    }

    fn remove(&mut self, key: &Key) {
        for uid in self.owners.remove(key).into_iter().flatten() {
            if let Some(keys) = self.dependents.get_mut(&uid) {
                keys.remove(key);
            }
        }
    }

    /// The objects that name an owner.
    pub(super) fn dependents(&self, uid: &str) -> impl Iterator<Item = &Key> {
        self.dependents.get(uid).into_iter().flatten()
    }
}

fn references(object: &Value) -> &[Value] {
    let list = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}

fn field<'a>(reference: &'a Value, name: &str) -> &'a str {
    reference.get(name).and_then(Value::as_str).unwrap_or("")
}

/// Where the owner that a reference names would be.
fn key_of(api: &Api, namespace: &str, reference: &Value) -> Option<Key> {
    let resource = api.resources.of_kind(field(reference, "apiVersion"), field(reference, "kind"))?;
    let namespace = if resource.namespaced { namespace } else { "" };
    Some(Key::new(&resource.storage, namespace, field(reference, "name")))
}

/// The owners of an object.
pub(super) fn of(api: &Api, object: &Value) -> Vec<Key> {
    let namespace = text(object, "namespace");
    references(object).iter().filter_map(|reference| key_of(api, namespace, reference)).collect()
}

/// Collects an object whose owners are gone, and carries out the deletion of one that goes with
/// or without its dependents; `true` where nothing else is to be done with the object.
pub(super) fn collect(work: &mut Work<'_>, key: &Key, object: &Value) -> bool {
    if is_going(object) {
        if has_finalizer(object, ORPHAN) {
            orphan(work, key, object);
        } else if has_finalizer(object, FOREGROUND) {
            foreground(work, key, object);
        }
        return false;
    }
    let references = references(object);
    if references.is_empty() {
        return false;
    }
    let namespace = text(object, "namespace");
    let mut waiting = false;
    let mut living = Vec::new();
    for reference in references {
        // An owner of a kind that is not served cannot be looked up, so it is not given up.
        let Some(owner) = key_of(work.api, namespace, reference) else {
            living.push(reference.clone());
            continue;
        };
        let owner = work.get(&owner).filter(|owner| text(owner, "uid") == field(reference, "uid"));
        if let Some(owner) = owner {
            if is_going(&owner) && has_finalizer(&owner, FOREGROUND) {
                waiting = true;
            } else {
                living.push(reference.clone());
            }
        }
    }
    if living.len() == references.len() {
        return false;
    }
    if living.is_empty() {
        let dependents = work.owners.dependents(text(object, "uid")).next().is_some();
        if waiting && dependents {
            work.api.delete_in_foreground(key);
        } else {
            work.delete(key);
        }
        return true;
    }
    work.change(MANAGER, key, |object| {
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("ownerReferences".to_owned(), Value::Array(living));
        }
    });
    false
}

/// Lets the dependents of an object stay.
fn orphan(work: &mut Work<'_>, key: &Key, object: &Value) {
    let uid = text(object, "uid").to_owned();
    let dependents: Vec<Key> = work.owners.dependents(&uid).cloned().collect();
    for dependent in dependents {
        work.change(MANAGER, &dependent, |object| {
            let list = object.pointer_mut("/metadata/ownerReferences").and_then(Value::as_array_mut);
            if let Some(list) = list {
                list.retain(|reference| field(reference, "uid") != uid);
            }
        });
    }
    work.release(MANAGER, key, ORPHAN);
}

/// Deletes the dependents of an object, and the object after those that block it.
fn foreground(work: &mut Work<'_>, key: &Key, object: &Value) {
    let uid = text(object, "uid").to_owned();
    let dependents: Vec<Key> = work.owners.dependents(&uid).cloned().collect();
    let mut blocked = false;
    for dependent in dependents {
        let Some(found) = work.get(&dependent) else { continue };
        let blocks = references(&found).iter().any(|reference| {
            field(reference, "uid") == uid && reference.get("blockOwnerDeletion").and_then(Value::as_bool) == Some(true)
        });
        blocked |= blocks;
        if !is_going(&found) {
            collect(work, &dependent, &found);
        }
        if work.get(&dependent).is_none() && blocks {
            blocked =
                work.owners.dependents(&uid).any(|other| *other != dependent && work.api.store.get(other).is_some());
        }
    }
    if !blocked {
        work.release(MANAGER, key, FOREGROUND);
    }
}
