//! How do custom resource definitions add kinds to the API?

use std::sync::Arc;

use serde_json::{Value, json};

use super::api::{Api, text, text_at};
use super::resources::{ALL_VERBS, Custom, Resource};
use super::schema::crd;
use super::store::Key;

/// Where definitions are kept.
pub(crate) const STORAGE: &str = "customresourcedefinitions.apiextensions.k8s.io";

/// Serves what all kept definitions say.
pub(crate) fn load_all(api: &mut Api) {
    let definitions: Vec<Arc<Value>> =
        api.store.list(STORAGE, None).map(|(_, object)| Arc::clone(object)).collect();
    for definition in definitions {
        serve(api, &definition);
    }
}

/// Serves a definition that was written; the objects of other kinds change nothing.
pub(crate) fn refresh(api: &mut Api, resource: &Resource, object: &Arc<Value>) {
    if resource.storage == STORAGE {
        serve(api, object);
    }
}

/// Stops serving a definition that is gone.
pub(crate) fn forget(api: &mut Api, key: &Key) {
    if key.storage == STORAGE {
        api.resources.set_custom(&key.name, Vec::new());
    }
}

/// Whether a condition of the definition is true.
fn is_true(definition: &Value, condition: &str) -> bool {
    let conditions = definition.pointer("/status/conditions").and_then(Value::as_array);
    conditions.into_iter().flatten().any(|found| {
        found.get("type").and_then(Value::as_str) == Some(condition)
            && found.get("status").and_then(Value::as_str) == Some("True")
    })
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
    let flag =
        |version: &Value, name: &str| version.get(name).and_then(Value::as_bool).unwrap_or(false);
    let stored = versions
        .iter()
        .find(|version| flag(version, "storage"))
        .map_or("", |version| text_at(version, "/name"));
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
            Resource {
                group: group.to_owned(),
                version: text_at(version, "/name").to_owned(),
                plural: text_at(definition, "/spec/names/plural").to_owned(),
                singular: text_at(definition, "/spec/names/singular").to_owned(),
                kind: text_at(definition, "/spec/names/kind").to_owned(),
                list_kind: text_at(definition, "/spec/names/listKind").to_owned(),
                namespaced: text_at(definition, "/spec/scope") == "Namespaced",
                verbs: ALL_VERBS.iter().map(|verb| (*verb).to_owned()).collect(),
                subresources: subresources
                    .into_iter()
                    .flatten()
                    .map(|(name, _)| name.clone())
                    .collect(),
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
