//! What may a controller do while it looks at an object?

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::owners::Owners;
use super::{World, events};
use crate::kubernetes::api::{Api, text};
use crate::kubernetes::status::Status;
use crate::kubernetes::store::Key;

/// The name that the built-in controllers write under.
pub(crate) const MANAGER: &str = "kube-controller-manager";

/// The tools of one look.
pub(crate) struct Work<'a> {
    pub(super) api: &'a mut Api,
    pub(super) world: &'a World,
    pub(super) moment: Duration,
    pub(super) timers: &'a mut BTreeSet<(Duration, Key)>,
    pub(super) stages: &'a mut BTreeMap<Key, BTreeMap<&'static str, Duration>>,
    pub(super) owners: &'a Owners,
}

impl Work<'_> {
    pub(super) fn get(&self, key: &Key) -> Option<Arc<Value>> {
        self.api.store.get(key).map(Arc::clone)
    }

    pub(super) fn list(&self, storage: &str, namespace: Option<&str>) -> Vec<(Key, Arc<Value>)> {
        let objects = self.api.store.list(storage, namespace);
        objects.map(|(key, object)| (key.clone(), Arc::clone(object))).collect()
    }

    /// The time as objects write it.
    pub(super) fn now(&self) -> String {
        self.api.clock.seconds()
    }

    /// The objects of a kind that an object controls, by name.
    pub(super) fn controlled(&self, owner: &Value, storage: &str) -> Vec<(Key, Arc<Value>)> {
        self.owners
            .dependents(text(owner, "uid"))
            .filter(|key| key.storage == storage)
            .filter_map(|key| Some((key.clone(), self.get(key)?)))
            .collect()
    }

    /// Whether an object has been in a stage for a number of steps; looks again when it will be.
    pub(super) fn after(&mut self, key: &Key, stage: &'static str, steps: u32) -> bool {
        let delay = self.world.step * steps;
        self.after_time(key, stage, delay)
    }

    /// Whether an object has been in a stage for a time.
    pub(super) fn after_time(&mut self, key: &Key, stage: &'static str, delay: Duration) -> bool {
        let stages = self.stages.entry(key.clone()).or_default();
        let since = *stages.entry(stage).or_insert(self.moment);
        let at = since + delay;
        if at <= self.moment {
            return true;
        }
        self.timers.insert((at, key.clone()));
        false
    }

    /// Starts a stage anew the next time.
    pub(super) fn leave(&mut self, key: &Key, stage: &'static str) {
        if let Some(stages) = self.stages.get_mut(key) {
            stages.remove(stage);
        }
    }

    pub(super) fn create(&mut self, manager: &str, object: Value) -> Result<Arc<Value>, Status> {
        self.api.create_within(manager, object)
    }

    /// Changes an object's specification or metadata.
    pub(super) fn change(&mut self, manager: &str, key: &Key, change: impl FnOnce(&mut Value)) {
        self.api.change_within(manager, key, None, change);
    }

    /// Replaces fields of an object's status.
    pub(super) fn set_status(&mut self, manager: &str, key: &Key, status: &Value) {
        self.api.change_within(manager, key, Some("status"), |object| {
            if let Some(object) = object.as_object_mut() {
                object.insert("status".to_owned(), status.clone());
            }
        });
    }

    pub(super) fn delete(&mut self, key: &Key) {
        self.api.delete_as_controller(key);
    }

    /// Takes a finalizer off an object, which may end it.
    pub(super) fn release(&mut self, manager: &str, key: &Key, finalizer: &str) {
        self.change(manager, key, |object| {
            let list = object.pointer_mut("/metadata/finalizers").and_then(Value::as_array_mut);
            if let Some(list) = list {
                list.retain(|found| found != finalizer);
            }
        });
    }

    /// Tells what happened to an object.
    pub(super) fn event(&mut self, object: &Value, kind: &str, reason: &str, message: &str) {
        events::tell(self, object, kind, reason, message);
    }
}

/// Whether an object is being deleted.
pub(super) fn is_going(object: &Value) -> bool {
    !text(object, "deletionTimestamp").is_empty()
}

/// Whether an object has a finalizer.
pub(super) fn has_finalizer(object: &Value, finalizer: &str) -> bool {
    let list = object.pointer("/metadata/finalizers").and_then(Value::as_array);
    list.into_iter().flatten().any(|found| found == finalizer)
}

/// A number at a JSON pointer, 0 where there is none.
pub(super) fn number(object: &Value, pointer: &str) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or(0)
}

/// A reference by which an object controls another.
pub(super) fn controller_reference(owner: &Value) -> Value {
    json!({
        "apiVersion": owner.get("apiVersion"),
        "kind": owner.get("kind"),
        "name": text(owner, "name"),
        "uid": text(owner, "uid"),
        "controller": true,
        "blockOwnerDeletion": true,
    })
}

/// A condition, with the time of its last change kept where its status is what it was.
pub(super) fn condition(status: &Value, now: &str, kind: &str, value: &str, reason: &str, message: &str) -> Value {
    let held = find_condition(status, kind);
    let same = held.filter(|held| held.get("status").and_then(Value::as_str) == Some(value));
    let since = same.and_then(|held| held.get("lastTransitionTime")).and_then(Value::as_str);
    let mut condition = json!({
        "type": kind,
        "status": value,
        "lastTransitionTime": since.unwrap_or(now),
    });
    for (field, text) in [("reason", reason), ("message", message)] {
        if !text.is_empty() {
            condition[field] = text.into();
        }
    }
    condition
}

/// A condition of a status by its type.
pub(super) fn find_condition<'a>(status: &'a Value, kind: &str) -> Option<&'a Value> {
    let conditions = status.get("conditions").and_then(Value::as_array);
    conditions.into_iter().flatten().find(|condition| condition.get("type").and_then(Value::as_str) == Some(kind))
}

/// Whether a condition of an object is true.
pub(super) fn is_true(object: &Value, kind: &str) -> bool {
    object
        .get("status")
        .and_then(|status| find_condition(status, kind))
        .and_then(|condition| condition.get("status"))
        .and_then(Value::as_str)
        == Some("True")
}
