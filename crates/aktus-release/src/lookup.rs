//! `lookup` of templates against a live cluster, and against objects that are only planned.

use std::collections::BTreeMap;
use std::sync::Mutex;

use aktus_helm::Lookup;
use aktus_k8s::{Class, Cluster, ObjectId, Selector};
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::time::Instant;

/// Answers `lookup`: planned objects first, then the cluster, if there is one.
///
/// Synchronous, as templates are: use it on a thread that may block (`spawn_blocking`), never on one that runs the
/// Tokio runtime itself. Answers are kept, so that one rendering sees one state.
pub struct ClusterLookup {
    cluster: Option<(Cluster, Handle, Instant)>,
    planned: Vec<Value>,
    known: Mutex<BTreeMap<[String; 4], Value>>,
}

impl std::fmt::Debug for ClusterLookup {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ClusterLookup").field("planned", &self.planned.len()).finish_non_exhaustive()
    }
}

impl ClusterLookup {
    /// Asks a cluster, `until` at the latest, through the runtime of `handle`.
    pub fn live(cluster: Cluster, handle: Handle, until: Instant) -> Self {
        Self { cluster: Some((cluster, handle, until)), planned: Vec::new(), known: Mutex::default() }
    }

    /// Asks nobody: only planned objects exist.
    pub fn offline() -> Self {
        Self { cluster: None, planned: Vec::new(), known: Mutex::default() }
    }

    /// The same with objects that earlier steps would create; they hide those of the cluster.
    #[must_use]
    pub fn with_planned(mut self, planned: Vec<Value>) -> Self {
        self.planned = planned;
        self
    }

    fn planned(&self, api_version: &str, kind: &str, namespace: &str) -> impl Iterator<Item = &Value> {
        let text = |object: &Value, pointer: &str| object.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        self.planned.iter().filter(move |object| {
            text(object, "/apiVersion").as_deref() == Some(api_version)
                && text(object, "/kind").as_deref() == Some(kind)
                && (namespace.is_empty() || text(object, "/metadata/namespace").as_deref() == Some(namespace))
        })
    }

    fn ask(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Result<Value, String> {
        let named = |object: &&Value| object.pointer("/metadata/name").and_then(Value::as_str) == Some(name);
        if !name.is_empty()
            && let Some(object) = self.planned(api_version, kind, namespace).find(named)
        {
            return Ok(object.clone());
        }
        let live = match &self.cluster {
            None => Value::Null,
            Some((cluster, handle, until)) => {
                handle.block_on(live(cluster, api_version, kind, namespace, name, *until))?
            }
        };
        if !name.is_empty() {
            return Ok(live);
        }
        let mut list = live;
        if list.is_null() {
            list = json!({"apiVersion": api_version, "kind": format!("{kind}List"), "metadata": {}, "items": []});
        }
        if let Some(items) = list.get_mut("items").and_then(Value::as_array_mut) {
            for object in self.planned(api_version, kind, namespace) {
                let same = |item: &Value| item.pointer("/metadata/name") == object.pointer("/metadata/name");
                items.retain(|item| !same(item));
                items.push(object.clone());
            }
        }
        // Without a cluster and without planned objects, Helm's answer is an empty map.
        let empty = self.cluster.is_none() && list["items"].as_array().is_none_or(Vec::is_empty);
        Ok(if empty { Value::Null } else { list })
    }
}

async fn live(
    cluster: &Cluster,
    api_version: &str,
    kind: &str,
    namespace: &str,
    name: &str,
    until: Instant,
) -> Result<Value, String> {
    let absent = |class: Class| matches!(class, Class::NotFound | Class::NamespaceMissing);
    if name.is_empty() {
        let place = Some(namespace).filter(|namespace| !namespace.is_empty());
        return match cluster.list(api_version, kind, place, &Selector::default(), until).await {
            Ok(objects) => {
                let items: Vec<Value> = objects.into_iter().map(aktus_k8s::Object::into_value).collect();
                Ok(json!({"apiVersion": api_version, "kind": format!("{kind}List"), "metadata": {}, "items": items}))
            }
            Err(error) if absent(error.class()) => Ok(Value::Null),
            Err(error) => Err(error.to_string()),
        };
    }
    let mut id = ObjectId::cluster_scoped(api_version, kind, name);
    if !namespace.is_empty() {
        id.namespace = Some(namespace.to_owned());
    }
    match cluster.get(&id, until).await {
        Ok(found) => Ok(found.map_or(Value::Null, aktus_k8s::Object::into_value)),
        Err(error) if absent(error.class()) => Ok(Value::Null),
        Err(error) => Err(error.to_string()),
    }
}

impl Lookup for ClusterLookup {
    fn lookup(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Result<Value, String> {
        let question = [api_version, kind, namespace, name].map(str::to_owned);
        let Ok(mut known) = self.known.lock() else { return self.ask(api_version, kind, namespace, name) };
        if let Some(answer) = known.get(&question) {
            return Ok(answer.clone());
        }
        let answer = self.ask(api_version, kind, namespace, name)?;
        known.insert(question, answer.clone());
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned() -> ClusterLookup {
        let class = json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "efs-sc"}});
        ClusterLookup::offline().with_planned(vec![class])
    }

    #[track_caller]
    fn check(lookup: &ClusterLookup, question: [&str; 4], pointer: &str, expected: &Value) {
        let [api_version, kind, namespace, name] = question;
        let answer = lookup.lookup(api_version, kind, namespace, name).unwrap();
        assert_eq!(answer.pointer(pointer).unwrap_or(&Value::Null), expected);
    }

    #[test]
    fn planned_objects_answer() {
        let lookup = planned();
        let class = ["storage.k8s.io/v1", "StorageClass", "", "efs-sc"];
        check(&lookup, class, "/metadata/name", &json!("efs-sc"));
        check(&lookup, ["storage.k8s.io/v1", "StorageClass", "", "other"], "", &Value::Null);
        check(&lookup, ["v1", "Secret", "a", ""], "", &Value::Null);
        check(&lookup, ["storage.k8s.io/v1", "StorageClass", "", ""], "/items/0/metadata/name", &json!("efs-sc"));
    }
}
