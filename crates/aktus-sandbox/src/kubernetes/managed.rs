//! Who owns which field after a write, and which writes conflict?
//!
//! The rules are those of `merge.Updater` in `sigs.k8s.io/structured-merge-diff` and of the
//! managers that the API server wraps around it (`k8s.io/apimachinery/pkg/util/managedfields`).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::fields::{FieldSet, path_text};
use super::merge::{self, Comparison};
use super::schema::Typed;
use super::status::{Cause, Status};
use super::strategy::written;

/// After this many updating managers the oldest are joined under one name.
const MAX_UPDATE_MANAGERS: usize = 10;
const OLD_UPDATES: &str = "ancient-changes";
const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// What tells managers apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Id {
    manager: String,
    applied: bool,
    /// Only updates are kept apart by version.
    api_version: String,
    subresource: String,
}

#[derive(Clone, Debug)]
struct Owned {
    api_version: String,
    time: Option<String>,
    set: FieldSet,
}

type Managers = BTreeMap<Id, Owned>;

/// A write as ownership sees it.
pub(crate) struct Writer<'a> {
    pub(crate) manager: &'a str,
    pub(crate) api_version: &'a str,
    pub(crate) subresource: &'a str,
    /// RFC 3339, seconds.
    pub(crate) now: &'a str,
    pub(crate) typed: &'a Typed,
    /// Fields that this endpoint resets and so nobody can own through it.
    pub(crate) reset: &'a FieldSet,
}

/// The fields every object has that are never owned.
fn never_owned() -> FieldSet {
    FieldSet::of_names(&[
        &["apiVersion"],
        &["kind"],
        &["metadata"],
        &["metadata", "name"],
        &["metadata", "namespace"],
        &["metadata", "creationTimestamp"],
        &["metadata", "selfLink"],
        &["metadata", "uid"],
        &["metadata", "clusterName"],
        &["metadata", "generation"],
        &["metadata", "managedFields"],
        &["metadata", "resourceVersion"],
    ])
}

/// Takes `metadata.managedFields` out of an object.
pub(crate) fn take(object: &mut Value) -> Value {
    object
        .get_mut("metadata")
        .and_then(Value::as_object_mut)
        .and_then(|metadata| metadata.remove("managedFields"))
        .unwrap_or(Value::Null)
}

fn put(object: &mut Value, managers: &Managers) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        if managers.is_empty() {
            metadata.remove("managedFields");
        } else {
            metadata.insert("managedFields".to_owned(), encode(managers));
        }
    }
}

impl Writer<'_> {
    /// Records the owner of every field that an update changed: `new` gets its `managedFields`.
    ///
    /// `live` is an empty object for a create.
    pub(crate) fn update(&self, live: &Value, new: &mut Value) {
        let asked = take(new);
        let mut live = live.clone();
        let held = take(&mut live);
        // An empty list is the way to reset managed fields; none means "as they are".
        let asked_entries = asked.as_array().filter(|_| self.subresource.is_empty());
        let mut managers = match asked_entries {
            Some(entries) if resets(entries) => Managers::new(),
            Some(entries) => decode(entries)
                .filter(|managers| !managers.is_empty())
                .unwrap_or_else(|| held.as_array().and_then(|entries| decode(entries)).unwrap_or_default()),
            None => held.as_array().and_then(|entries| decode(entries)).unwrap_or_default(),
        };
        let created = live.pointer("/metadata/uid").is_none();
        if created {
            live = self.empty();
        }
        if managers.is_empty() && !created {
            return;
        }
        self.record(&live, new, &mut managers, self.manager);
        cap(&mut managers);
        put(new, &managers);
    }

    /// An object of the kind without any field set, as Go writes it.
    fn empty(&self) -> Value {
        let mut empty = json!({});
        written::normalize(&self.typed.schema, self.typed.root, &mut empty);
        empty
    }

    fn record(&self, live: &Value, new: &Value, managers: &mut Managers, manager: &str) {
        let comparison = self.compare(live, new);
        take_over(managers, None, &comparison);
        let set =
            comparison.modified.union(&comparison.added).recursive_difference(self.reset).difference(&never_owned());
        if set.is_empty() {
            return;
        }
        let id = Id {
            manager: manager.to_owned(),
            applied: false,
            api_version: self.api_version.to_owned(),
            subresource: self.subresource.to_owned(),
        };
        let previous = managers.remove(&id).map(|owned| owned.set).unwrap_or_default();
        let owned = Owned {
            api_version: self.api_version.to_owned(),
            time: Some(self.now.to_owned()),
            set: set.union(&previous),
        };
        managers.insert(id, owned);
    }

    fn compare(&self, left: &Value, right: &Value) -> Comparison {
        let schema = &self.typed.schema;
        let mut comparison = merge::compare(schema, self.typed.root, left, right);
        comparison.removed = comparison.removed.recursive_difference(self.reset);
        comparison.modified = comparison.modified.recursive_difference(self.reset);
        comparison.added = comparison.added.recursive_difference(self.reset);
        comparison
    }

    /// Server-side apply: the live object with `config` laid over it and with what this manager
    /// no longer applies taken out.
    pub(crate) fn apply(&self, live: &Value, config: &Value, force: bool) -> Result<Value, Status> {
        let schema = &self.typed.schema;
        let root = self.typed.root;
        if config.pointer("/metadata/managedFields").is_some_and(|value| !value.is_null()) {
            return Err(Status::bad_request("metadata.managedFields must be nil"));
        }
        let problems = merge::validate(schema, root, config);
        if !problems.is_empty() {
            return Err(Status::unknown(format!(
                "failed to create typed patch object ({}): {}",
                identity(config),
                merge::problems_text(&problems)
            )));
        }
        let mut live = live.clone();
        let held = take(&mut live);
        let mut managers = match held.as_array() {
            Some(entries) => decode(entries).ok_or_else(|| Status::unknown("failed to decode managed fields"))?,
            None => Managers::new(),
        };
        if managers.is_empty() && live.pointer("/metadata/uid").is_some() {
            let empty = self.empty();
            self.record(&empty, &live, &mut managers, BEFORE_FIRST_APPLY);
        }
        let id = Id {
            manager: self.manager.to_owned(),
            applied: true,
            api_version: String::new(),
            subresource: self.subresource.to_owned(),
        };
        let last = managers.remove(&id);
        let set = merge::to_set(schema, root, config).recursive_difference(self.reset);
        let merged = merge::merge(schema, root, &live, config);
        let applied = Owned {
            api_version: self.api_version.to_owned(),
            time: last.as_ref().and_then(|last| last.time.clone()),
            set,
        };
        managers.insert(id.clone(), applied);
        let mut new = match &last {
            Some(last) if !last.set.is_empty() => self.prune(&merged, &managers, &last.set),
            _ => merged,
        };
        let comparison = self.compare(&live, &new);
        if !force {
            refuse_conflicts(&managers, &id, &comparison)?;
        }
        take_over(&mut managers, Some(&id), &comparison);
        let unchanged = merge::equal(&live, &new);
        if let Some(mut owned) = managers.remove(&id) {
            owned.set = owned.set.difference(&never_owned());
            if !unchanged {
                owned.time = Some(self.now.to_owned());
            }
            if !owned.set.is_empty() {
                managers.insert(id, owned);
            }
        }
        put(&mut new, &managers);
        Ok(new)
    }

    /// Takes out what the manager applied last time and not this time, unless somebody else owns
    /// it.
    fn prune(&self, merged: &Value, managers: &Managers, last: &FieldSet) -> Value {
        let schema = &self.typed.schema;
        let root = self.typed.root;
        let last = last.with_named_parents(schema, root);
        let merged_set = merge::to_set(schema, root, merged).with_named_parents(schema, root);
        let pruned = merge::remove(schema, root, merged, &last);
        // Fields that another manager, or this one's new configuration, owns come back …
        let owned = managers
            .values()
            .fold(FieldSet::default(), |all, owned| all.union(&owned.set))
            .with_named_parents(schema, root);
        let pruned_set = merge::to_set(schema, root, &pruned).with_named_parents(schema, root);
        let pruned = merge::remove(schema, root, merged, &merged_set.difference(&pruned_set.union(&owned)));
        // … and so do fields that the manager never owned.
        let pruned_set = merge::to_set(schema, root, &pruned).with_named_parents(schema, root);
        let gone = merged_set.difference(&pruned_set).intersection(&last);
        merge::remove(schema, root, merged, &gone)
    }
}

/// `namespace/name; group/version, Kind=K`, as errors about typed objects name an object.
pub(crate) fn identity(object: &Value) -> String {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or("");
    format!(
        "{}/{}; {}, Kind={}",
        text("/metadata/namespace"),
        text("/metadata/name"),
        match text("/apiVersion") {
            version if version.contains('/') => version.to_owned(),
            version => format!("/{version}"),
        },
        text("/kind")
    )
}

fn refuse_conflicts(managers: &Managers, id: &Id, comparison: &Comparison) -> Result<(), Status> {
    let changed = comparison.modified.union(&comparison.added);
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for (other, owned) in managers.iter().filter(|(other, _)| *other != id) {
        let paths: Vec<String> = owned.set.intersection(&changed).paths().iter().map(|path| path_text(path)).collect();
        if !paths.is_empty() {
            groups.push((printed(other, owned), paths));
        }
    }
    let count: usize = groups.iter().map(|(_, paths)| paths.len()).sum();
    if count == 0 {
        return Ok(());
    }
    let causes = groups
        .iter()
        .flat_map(|(manager, paths)| {
            paths.iter().map(move |path| Cause {
                reason: "FieldManagerConflict".to_owned(),
                message: format!("conflict with {manager}"),
                field: path.clone(),
            })
        })
        .collect();
    let message = match groups.as_slice() {
        [(manager, paths)] if count == 1 => format!(
            "Apply failed with 1 conflict: conflict with {manager}: {}",
            paths.first().map_or("", String::as_str)
        ),
        many => {
            let lines: Vec<String> = many
                .iter()
                .flat_map(|(manager, paths)| {
                    std::iter::once(format!("conflicts with {manager}:"))
                        .chain(paths.iter().map(|path| format!("- {path}")))
                })
                .collect();
            format!("Apply failed with {count} conflicts: {}", lines.join("\n"))
        }
    };
    Err(Status::apply_conflict(message, causes))
}

/// A manager as conflict messages print it.
fn printed(id: &Id, owned: &Owned) -> String {
    let mut text = format!("{:?}", id.manager);
    if !id.subresource.is_empty() {
        text = format!("{text} with subresource {:?}", id.subresource);
    }
    if !id.applied {
        text = format!("{text} using {}", owned.api_version);
    }
    text
}

/// What was changed or removed belongs to nobody else any more.
fn take_over(managers: &mut Managers, writer: Option<&Id>, comparison: &Comparison) {
    let changed = comparison.modified.union(&comparison.added);
    managers.retain(|id, owned| {
        if Some(id) != writer {
            let conflicts = owned.set.intersection(&changed);
            owned.set = owned.set.difference(&conflicts).difference(&comparison.removed);
        }
        !owned.set.is_empty()
    });
}

fn cap(managers: &mut Managers) {
    let mut updaters: Vec<(Option<String>, Id)> =
        managers.iter().filter(|(id, _)| !id.applied).map(|(id, owned)| (owned.time.clone(), id.clone())).collect();
    updaters.sort();
    let mut length = updaters.len();
    let mut first_of_version: BTreeMap<String, Id> = BTreeMap::new();
    for (time, id) in updaters {
        if length <= MAX_UPDATE_MANAGERS {
            return;
        }
        let bucket = Id {
            manager: OLD_UPDATES.to_owned(),
            applied: false,
            api_version: id.api_version.clone(),
            subresource: String::new(),
        };
        let Some(first) = first_of_version.get(&id.api_version) else {
            first_of_version.insert(id.api_version.clone(), id);
            continue;
        };
        if !managers.contains_key(&bucket)
            && let Some(owned) = managers.remove(first)
        {
            managers.insert(bucket.clone(), owned);
        }
        if let Some(owned) = managers.remove(&id) {
            let old = managers.entry(bucket).or_insert_with(|| Owned {
                api_version: owned.api_version.clone(),
                time: None,
                set: FieldSet::default(),
            });
            old.set = old.set.union(&owned.set);
            old.time = time;
            length -= 1;
        }
    }
}

fn resets(entries: &[Value]) -> bool {
    match entries {
        [] => true,
        [only] => only.as_object().is_some_and(Map::is_empty),
        _ => false,
    }
}

fn decode(entries: &[Value]) -> Option<Managers> {
    let mut managers = Managers::new();
    for entry in entries {
        let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
        let applied = match text("operation").as_str() {
            "Apply" => true,
            "Update" => false,
            _ => return None,
        };
        let api_version = text("apiVersion");
        if api_version.is_empty() || text("fieldsType") != "FieldsV1" {
            return None;
        }
        let id = Id {
            manager: text("manager"),
            applied,
            api_version: if applied { String::new() } else { api_version.clone() },
            subresource: text("subresource"),
        };
        let owned = Owned {
            api_version,
            time: entry.get("time").and_then(Value::as_str).map(str::to_owned),
            set: FieldSet::from_json(entry.get("fieldsV1").unwrap_or(&Value::Null)),
        };
        managers.insert(id, owned);
    }
    Some(managers)
}

fn encode(managers: &Managers) -> Value {
    let mut entries: Vec<(&Id, &Owned)> = managers.iter().collect();
    entries.sort_by(|(a_id, a), (b_id, b)| {
        b_id.applied
            .cmp(&a_id.applied)
            .then_with(|| a.time.cmp(&b.time))
            .then_with(|| a_id.manager.cmp(&b_id.manager))
            .then_with(|| a.api_version.cmp(&b.api_version))
            .then_with(|| a_id.subresource.cmp(&b_id.subresource))
    });
    let entries = entries
        .into_iter()
        .map(|(id, owned)| {
            let mut entry = json!({
                "manager": id.manager,
                "operation": if id.applied { "Apply" } else { "Update" },
                "apiVersion": owned.api_version,
                "fieldsType": "FieldsV1",
                "fieldsV1": owned.set.to_json(),
            });
            if let Value::Object(map) = &mut entry {
                if let Some(time) = &owned.time {
                    map.insert("time".to_owned(), time.as_str().into());
                }
                if !id.subresource.is_empty() {
                    map.insert("subresource".to_owned(), id.subresource.as_str().into());
                }
            }
            entry
        })
        .collect();
    Value::Array(entries)
}
