//! What stands around an object and tells how it is doing: pods, claims, events.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::object::Object;

type Store = BTreeMap<(Option<String>, String), Object>;

/// Pods, volume claims and events, by namespace and name. Anything else is ignored.
#[derive(Clone, Debug, Default)]
pub struct Related {
    pods: Store,
    claims: Store,
    events: Store,
}

impl Related {
    pub(super) const KINDS: [&'static str; 3] = ["Pod", "PersistentVolumeClaim", "Event"];

    /// Everything in one go.
    pub fn new(objects: impl IntoIterator<Item = Object>) -> Self {
        let mut related = Self::default();
        objects.into_iter().for_each(|object| related.insert(object));
        related
    }

    /// Adds an object, or its newer state.
    pub fn insert(&mut self, object: Object) {
        let key = key(&object);
        if let Some(store) = self.store(object.kind()) {
            store.insert(key, object);
        }
    }

    /// Removes an object.
    pub fn remove(&mut self, object: &Object) {
        let key = key(object);
        if let Some(store) = self.store(object.kind()) {
            store.remove(&key);
        }
    }

    /// Replaces everything of one kind in one namespace.
    pub(super) fn reset(&mut self, kind: &str, namespace: Option<&str>, objects: Vec<Object>) {
        if let Some(store) = self.store(kind) {
            store.retain(|(other, _), _| other.as_deref() != namespace);
            store.extend(objects.into_iter().map(|object| (key(&object), object)));
        }
    }

    fn store(&mut self, kind: &str) -> Option<&mut Store> {
        match kind {
            "Pod" => Some(&mut self.pods),
            "PersistentVolumeClaim" => Some(&mut self.claims),
            "Event" => Some(&mut self.events),
            _ => None,
        }
    }

    /// The pods that a workload's selector matches, youngest first.
    pub(super) fn pods_of(&self, workload: &Object) -> Vec<&Object> {
        let mut pods: Vec<&Object> =
            in_namespace(&self.pods, workload.namespace()).filter(|pod| selects(workload, pod)).collect();
        pods.sort_by_key(|pod| std::cmp::Reverse(pod.text("/metadata/creationTimestamp").unwrap_or("")));
        pods
    }

    pub(super) fn claim(&self, namespace: Option<&str>, name: &str) -> Option<&Object> {
        self.claims.get(&(namespace.map(str::to_owned), name.to_owned()))
    }

    /// The claims that a pod mounts.
    pub(super) fn claims_of<'a>(&'a self, pod: &'a Object) -> impl Iterator<Item = &'a Object> {
        let names = pod
            .items("/spec/volumes")
            .filter_map(|volume| volume.pointer("/persistentVolumeClaim/claimName")?.as_str());
        names.filter_map(|name| self.claim(pod.namespace(), name))
    }

    /// The latest warning about an object, `REASON: message`, among the reasons asked for (all if none).
    pub(super) fn warning(&self, object: &Object, reasons: &[&str]) -> Option<String> {
        let about = |event: &&Object| {
            let text = |field: &str| event.get("/involvedObject").and_then(|o| o.get(field)).and_then(Value::as_str);
            let same_uid = match (text("uid"), object.uid()) {
                (Some(event), Some(object)) if !event.is_empty() => event == object,
                _ => true,
            };
            same_uid
                && text("kind") == Some(object.kind())
                && text("name") == Some(object.name())
                && event.text("/type") == Some("Warning")
                && (reasons.is_empty() || event.text("/reason").is_some_and(|reason| reasons.contains(&reason)))
        };
        let event = in_namespace(&self.events, object.namespace()).filter(about).max_by_key(|event| when(event))?;
        let (reason, message) = (event.text("/reason").unwrap_or(""), event.text("/message").unwrap_or(""));
        Some(if reason.is_empty() { message.to_owned() } else { format!("{reason}: {message}") })
    }
}

fn key(object: &Object) -> (Option<String>, String) {
    (object.namespace().map(str::to_owned), object.name().to_owned())
}

fn in_namespace<'a>(store: &'a Store, namespace: Option<&str>) -> impl Iterator<Item = &'a Object> {
    let start = (namespace.map(str::to_owned), String::new());
    let namespace = start.0.clone();
    store.range(start..).take_while(move |((other, _), _)| *other == namespace).map(|(_, object)| object)
}

/// When an event was last seen. Its times are written in one form, so that text order is time order.
fn when(event: &Object) -> &str {
    ["/series/lastObservedTime", "/lastTimestamp", "/eventTime", "/metadata/creationTimestamp"]
        .into_iter()
        .find_map(|pointer| event.text(pointer))
        .unwrap_or("")
}

/// Whether the pod belongs to the workload: by its owner if that tells, else by the workload's selector.
fn selects(workload: &Object, pod: &Object) -> bool {
    let controller =
        pod.items("/metadata/ownerReferences").find(|owner| owner.get("controller") == Some(&Value::Bool(true)));
    if let Some(controller) = controller {
        let text = |field: &str| controller.get(field).and_then(Value::as_str);
        if workload.kind() != "Deployment" {
            return text("uid") == workload.uid();
        }
        // A Deployment owns its pods through a ReplicaSet; its selector says which.
        if text("kind") != Some("ReplicaSet") {
            return false;
        }
    }
    let labels = |pointer: &str| workload.get(pointer).and_then(Value::as_object);
    let exact = labels("/spec/selector/matchLabels");
    let expressions = workload.get("/spec/selector/matchExpressions").and_then(Value::as_array);
    if exact.is_none_or(serde_json::Map::is_empty) && expressions.is_none_or(Vec::is_empty) {
        return false;
    }
    let exact = exact.into_iter().flatten();
    let expressions = expressions.into_iter().flatten();
    exact.into_iter().all(|(name, value)| pod.label(name) == value.as_str())
        && expressions.into_iter().all(|expression| meets(expression, pod))
}

fn meets(expression: &Value, pod: &Object) -> bool {
    let text = |field: &str| expression.get(field).and_then(Value::as_str).unwrap_or("");
    let label = pod.label(text("key"));
    let among = || {
        let values = expression.get("values").and_then(Value::as_array).into_iter().flatten();
        label.is_some_and(|label| values.into_iter().any(|value| value == label))
    };
    match text("operator") {
        "In" => among(),
        "NotIn" => !among(),
        "Exists" => label.is_some(),
        "DoesNotExist" => label.is_none(),
        _ => false,
    }
}
