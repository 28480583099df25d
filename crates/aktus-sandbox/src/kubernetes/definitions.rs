//! How do custom resource definitions add kinds to the API, and take them away?

use std::sync::Arc;

use serde_json::{Value, json};

use super::api::{Api, text, text_at};
use super::fields::FieldSet;
use super::managed::Writer;
use super::resources::{Custom, Resource};
use super::schema::crd;
use super::store::Key;

/// Where definitions are kept.
pub(crate) const STORAGE: &str = "customresourcedefinitions.apiextensions.k8s.io";
/// Holds a definition until its objects are gone.
pub(crate) const FINALIZER: &str = "customresourcecleanup.apiextensions.k8s.io";

/// The verbs of custom resources, in discovery's order.
const CUSTOM_VERBS: [&str; 8] = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];

/// Serves what all kept definitions say.
pub(crate) fn load_all(api: &mut Api) {
    let definitions: Vec<Arc<Value>> = api.store.list(STORAGE, None).map(|(_, object)| Arc::clone(object)).collect();
    for definition in definitions {
        serve(api, &definition);
    }
}

/// Follows a write; the objects of other kinds change nothing here.
pub(crate) fn refresh(api: &mut Api, resource: &Resource, object: &Arc<Value>) {
    if resource.storage != STORAGE {
        return;
    }
    serve(api, object);
    let name = text(object, "name").to_owned();
    if is_terminating(object) {
        clean_up(api, &name);
    } else if api.establishes_at_once {
        establish(api, &name);
    }
}

/// Follows the removal of an object: a definition, or the last object that held one.
pub(crate) fn forget(api: &mut Api, key: &Key) {
    if key.storage == STORAGE {
        api.resources.set_custom(&key.name, Vec::new());
    } else if let Some(definition) = api.store.get(&Key::new(STORAGE, "", &key.storage))
        && is_terminating(definition)
    {
        let name = key.storage.clone();
        clean_up(api, &name);
    }
}

fn is_terminating(object: &Value) -> bool {
    !text(object, "deletionTimestamp").is_empty()
}

/// Whether a condition of the definition is true.
fn is_true(definition: &Value, condition: &str) -> bool {
    let conditions = definition.pointer("/status/conditions").and_then(Value::as_array);
    conditions.into_iter().flatten().any(|found| {
        found.get("type").and_then(Value::as_str) == Some(condition)
            && found.get("status").and_then(Value::as_str) == Some("True")
    })
}

/// Accepts the names of every definition that waits for it.
pub(crate) fn establish_all(api: &mut Api) {
    let names: Vec<String> = api.store.list(STORAGE, None).map(|(key, _)| key.name.clone()).collect();
    for name in names {
        establish(api, &name);
    }
}

/// Accepts a definition's names and serves it.
fn establish(api: &mut Api, name: &str) {
    let key = Key::new(STORAGE, "", name);
    let Some(live) = api.store.get(&key).map(Arc::clone) else { return };
    if is_true(&live, "Established") || is_terminating(&live) {
        return;
    }
    let now = api.clock.seconds();
    let mut new = Value::clone(&live);
    let names = new.pointer("/spec/names").cloned().unwrap_or(Value::Null);
    let condition = |kind: &str, reason: &str, message: &str| {
        json!({
            "type": kind,
            "status": "True",
            "reason": reason,
            "message": message,
            "lastTransitionTime": now,
        })
    };
    if let Some(status) = new.get_mut("status").and_then(Value::as_object_mut) {
        status.insert("acceptedNames".to_owned(), names);
        status.insert(
            "conditions".to_owned(),
            json!([
                condition("NamesAccepted", "NoConflicts", "no conflicts found"),
                condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
            ]),
        );
    }
    if let Some(resource) = api.resources.of_storage(STORAGE) {
        let writer = Writer {
            manager: "kube-apiserver",
            api_version: &resource.api_version(),
            subresource: "status",
            now: &now,
            typed: &resource.typed,
            reset: &FieldSet::default(),
        };
        writer.update(&live, &mut new);
    }
    let stored = api.store.put(key, new);
    serve(api, &stored);
}

/// Marks a definition as going, before its objects go.
pub(crate) fn mark_terminating(object: &mut Value, now: &str) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert("deletionTimestamp".to_owned(), now.into());
        let finalizers = metadata.entry("finalizers").or_insert_with(|| json!([]));
        if let Some(list) = finalizers.as_array_mut()
            && !list.iter().any(|finalizer| finalizer == FINALIZER)
        {
            list.push(FINALIZER.into());
        }
    }
    let condition = json!({
        "type": "Terminating",
        "status": "True",
        "reason": "InstanceDeletionPending",
        "message": "CustomResourceDefinition marked for deletion; CustomResource deletion will \
                    begin soon",
        "lastTransitionTime": now,
    });
    if let Some(status) = object.get_mut("status").and_then(Value::as_object_mut) {
        let conditions = status.entry("conditions").or_insert_with(|| json!([]));
        if !conditions.is_array() {
            *conditions = json!([]);
        }
        if let Some(list) = conditions.as_array_mut() {
            list.push(condition);
        }
    }
}

/// Deletes the objects of a definition that is going, and then the definition.
fn clean_up(api: &mut Api, name: &str) {
    let objects: Vec<Key> = api.store.list(name, None).map(|(key, _)| key.clone()).collect();
    for key in objects {
        api.delete_as_controller(&key);
    }
    let key = Key::new(STORAGE, "", name);
    let Some(live) = api.store.get(&key).map(Arc::clone) else { return };
    if api.store.list(name, None).next().is_some() {
        return;
    }
    let mut new = Value::clone(&live);
    let finalizers = new.pointer_mut("/metadata/finalizers").and_then(Value::as_array_mut);
    let rest = finalizers.map_or(0, |list| {
        list.retain(|finalizer| finalizer != FINALIZER);
        list.len()
    });
    if rest == 0 {
        api.remove(&key);
    } else if new != *live {
        api.store.put(key, new);
    }
}

fn serve(api: &mut Api, definition: &Value) {
    let name = text(definition, "name").to_owned();
    let kinds = if is_true(definition, "Established") { kinds(definition) } else { Vec::new() };
    api.resources.set_custom(&name, kinds);
}

/// The resources of an established definition, one for each served version.
fn kinds(definition: &Value) -> Vec<Resource> {
    let group = text_at(definition, "/spec/group");
    let storage = text(definition, "name");
    let versions = definition.pointer("/spec/versions").and_then(Value::as_array);
    let versions: Vec<&Value> = versions.into_iter().flatten().collect();
    let flag = |version: &Value, name: &str| version.get(name).and_then(Value::as_bool).unwrap_or(false);
    let stored =
        versions.iter().find(|version| flag(version, "storage")).map_or("", |version| text_at(version, "/name"));
    let words = |pointer: &str| -> Vec<String> {
        let list = definition.pointer(pointer).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    versions
        .iter()
        .filter(|version| flag(version, "served"))
        .map(|version| {
            let empty = json!({"x-kubernetes-preserve-unknown-fields": true});
            let schema = version.pointer("/schema/openAPIV3Schema").unwrap_or(&empty);
            let subresources = version.get("subresources").and_then(Value::as_object);
            let subresources = subresources.into_iter().flatten().map(|(name, _)| name.clone());
            Resource {
                group: group.to_owned(),
                version: text_at(version, "/name").to_owned(),
                plural: text_at(definition, "/spec/names/plural").to_owned(),
                singular: text_at(definition, "/spec/names/singular").to_owned(),
                kind: text_at(definition, "/spec/names/kind").to_owned(),
                list_kind: text_at(definition, "/spec/names/listKind").to_owned(),
                namespaced: text_at(definition, "/spec/scope") == "Namespaced",
                verbs: CUSTOM_VERBS.iter().map(|verb| (*verb).to_owned()).collect(),
                subresources: subresources.collect(),
                short_names: words("/spec/names/shortNames"),
                categories: words("/spec/names/categories"),
                typed: crd::typed(schema),
                storage: storage.to_owned(),
                storage_version: format!("{group}/{stored}"),
                custom: Some(Custom { schema: Arc::new(schema.clone()) }),
            }
        })
        .collect()
}
