//! Which Secrets and configuration maps does a pod need, and are they there?

use serde_json::Value;

use super::Work;
use crate::kubernetes::store::Key;

/// Something that a pod names and that is not there.
pub(super) enum Missing {
    /// A container cannot be made: its name, and what is missing.
    Container(String, String),
    /// A volume cannot be mounted: its name, and what is missing.
    Volume(String, String),
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or("")
}

fn is_optional(reference: &Value) -> bool {
    reference.get("optional").and_then(Value::as_bool).unwrap_or(false)
}

/// The first thing that a pod needs and that is not there.
pub(super) fn missing(work: &Work<'_>, namespace: &str, pod: &Value) -> Option<Missing> {
    let volumes = pod.pointer("/spec/volumes").and_then(Value::as_array);
    for volume in volumes.into_iter().flatten() {
        if let Some(problem) = missing_of_volume(work, namespace, volume) {
            return Some(Missing::Volume(text(volume, "name").to_owned(), problem));
        }
    }
    for list in ["initContainers", "containers"] {
        let containers = pod.pointer(&format!("/spec/{list}")).and_then(Value::as_array);
        for container in containers.into_iter().flatten() {
            if let Some(problem) = missing_of_container(work, namespace, container) {
                return Some(Missing::Container(text(container, "name").to_owned(), problem));
            }
        }
    }
    None
}

fn missing_of_volume(work: &Work<'_>, namespace: &str, volume: &Value) -> Option<String> {
    let check = |storage: &str, word: &str, name: &str, source: &Value| {
        if is_optional(source) {
            return None;
        }
        let Some(found) = work.get(&Key::new(storage, namespace, name)) else {
            return Some(format!("{word} {name:?} not found"));
        };
        let items = source.get("items").and_then(Value::as_array);
        items
            .into_iter()
            .flatten()
            .map(|item| text(item, "key"))
            .find(|key| !has_key(&found, key))
            .map(|key| format!("references non-existent {word} key: {key}"))
    };
    if let Some(secret) = volume.get("secret") {
        return check("secrets", "secret", text(secret, "secretName"), secret);
    }
    if let Some(map) = volume.get("configMap") {
        return check("configmaps", "configmap", text(map, "name"), map);
    }
    let sources = volume.pointer("/projected/sources").and_then(Value::as_array);
    sources.into_iter().flatten().find_map(|source| {
        if let Some(secret) = source.get("secret") {
            return check("secrets", "secret", text(secret, "name"), secret);
        }
        let map = source.get("configMap")?;
        check("configmaps", "configmap", text(map, "name"), map)
    })
}

fn has_key(object: &Value, key: &str) -> bool {
    ["data", "binaryData"].iter().any(|field| object.get(*field).is_some_and(|data| data.get(key).is_some()))
}

fn missing_of_container(work: &Work<'_>, namespace: &str, container: &Value) -> Option<String> {
    let check = |reference: &Value, storage: &str, word: &str, kind: &str, keyed: bool| {
        if is_optional(reference) {
            return None;
        }
        let name = text(reference, "name");
        let Some(found) = work.get(&Key::new(storage, namespace, name)) else {
            return Some(format!("{word} {name:?} not found"));
        };
        let key = text(reference, "key");
        (keyed && !has_key(&found, key)).then(|| format!("couldn't find key {key} in {kind} {namespace}/{name}"))
    };
    let variables = container.get("env").and_then(Value::as_array);
    for variable in variables.into_iter().flatten() {
        let Some(source) = variable.get("valueFrom") else { continue };
        let problem = if let Some(secret) = source.get("secretKeyRef") {
            check(secret, "secrets", "secret", "Secret", true)
        } else if let Some(map) = source.get("configMapKeyRef") {
            check(map, "configmaps", "configmap", "ConfigMap", true)
        } else {
            None
        };
        if problem.is_some() {
            return problem;
        }
    }
    let sources = container.get("envFrom").and_then(Value::as_array);
    sources.into_iter().flatten().find_map(|source| {
        if let Some(secret) = source.get("secretRef") {
            return check(secret, "secrets", "secret", "Secret", false);
        }
        let map = source.get("configMapRef")?;
        check(map, "configmaps", "configmap", "ConfigMap", false)
    })
}
