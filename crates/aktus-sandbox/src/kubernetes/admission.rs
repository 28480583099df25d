//! Which writes do the built-in admission plug-ins refuse or complete?

use std::sync::Arc;

use serde_json::{Value, json};

use super::api::{Api, Target, text, text_at};
use super::names;
use super::status::Status;
use super::store::Key;
use super::strategy::quantity;

/// Before a new object is validated.
pub(crate) fn create(api: &Api, target: &Target, object: &mut Value) -> Result<(), Status> {
    let resource = &target.resource;
    if let Some(namespace) = &target.namespace {
        let Some(found) = api.store.get(&Key::new("namespaces", "", namespace)) else {
            return Err(Status::not_found("", "namespaces", namespace));
        };
        if !text(found, "deletionTimestamp").is_empty() {
            let why = format!(
                "unable to create new content in namespace {namespace} because it is being \
                 terminated"
            );
            let name = named(object);
            let mut status = Status::forbidden(&resource.group, &resource.plural, name, &why);
            if let Some(details) = &mut status.details {
                details.causes = vec![super::status::Cause {
                    reason: "NamespaceTerminating".to_owned(),
                    message: format!("namespace {namespace} is being terminated"),
                    field: "metadata.namespace".to_owned(),
                }];
            }
            return Err(status);
        }
    }
    match (resource.group.as_str(), resource.kind.as_str()) {
        ("", "PersistentVolumeClaim") => {
            protect(object, "kubernetes.io/pvc-protection");
            default_class(api, object);
        }
        ("", "PersistentVolume") => protect(object, "kubernetes.io/pv-protection"),
        ("", "Pod") => return pod(api, target, object),
        _ => {}
    }
    Ok(())
}

/// An object's name, or the start of one that is made up later.
fn named(object: &Value) -> &str {
    match text(object, "name") {
        "" => text(object, "generateName"),
        name => name,
    }
}

/// Holds an object that is in use.
fn protect(object: &mut Value, finalizer: &str) {
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    let list = metadata.entry("finalizers").or_insert_with(|| json!([]));
    if let Some(list) = list.as_array_mut()
        && !list.iter().any(|found| found == finalizer)
    {
        list.push(finalizer.into());
    }
}

/// Gives a claim that names no class the default one.
fn default_class(api: &Api, object: &mut Value) {
    const DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";
    let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) else { return };
    if spec.contains_key("storageClassName") {
        return;
    }
    let class = api
        .store
        .list("storageclasses.storage.k8s.io", None)
        .filter(|(_, class)| {
            let annotations = class.pointer("/metadata/annotations");
            annotations.and_then(|map| map.get(DEFAULT)).and_then(Value::as_str) == Some("true")
        })
        .map(|(key, _)| key.name.clone())
        .next();
    if let Some(class) = class {
        spec.insert("storageClassName".to_owned(), class.into());
    }
}

/// Gives a pod its account, priority and tolerations.
fn pod(api: &Api, target: &Target, object: &mut Value) -> Result<(), Status> {
    let namespace = target.namespace.as_deref().unwrap_or("");
    let name = named(object).to_owned();
    let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) else { return Ok(()) };
    let account = spec.get("serviceAccountName").and_then(Value::as_str).unwrap_or("default");
    let account = if account.is_empty() { "default" } else { account }.to_owned();
    let found = api.store.get(&Key::new("serviceaccounts", namespace, &account));
    let Some(found) = found else {
        let why = format!(
            "error looking up service account {namespace}/{account}: serviceaccount {account:?} \
             not found"
        );
        return Err(Status::forbidden("", "pods", &name, &why));
    };
    spec.insert("serviceAccountName".to_owned(), account.as_str().into());
    spec.insert("serviceAccount".to_owned(), account.into());
    let wants_token =
        spec.get("automountServiceAccountToken").or(found.get("automountServiceAccountToken")).and_then(Value::as_bool);
    if wants_token != Some(false) {
        mount_token(api, &name, spec);
    }
    if let Some(secrets) = found.get("imagePullSecrets")
        && spec.get("imagePullSecrets").and_then(Value::as_array).is_none_or(Vec::is_empty)
    {
        spec.insert("imagePullSecrets".to_owned(), secrets.clone());
    }
    give_priority(api, spec);
    let tolerations = spec.entry("tolerations").or_insert_with(|| json!([]));
    if let Some(list) = tolerations.as_array_mut() {
        for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
            let tolerated = list.iter().any(|found| {
                let found_key = found.get("key").and_then(Value::as_str).unwrap_or("");
                let effect = found.get("effect").and_then(Value::as_str).unwrap_or("");
                (found_key == key || found_key.is_empty()) && matches!(effect, "NoExecute" | "")
            });
            if !tolerated {
                list.push(json!({
                    "key": key,
                    "operator": "Exists",
                    "effect": "NoExecute",
                    "tolerationSeconds": 300,
                }));
            }
        }
    }
    Ok(())
}

/// The volume with the account's token, and where each container finds it.
fn mount_token(api: &Api, name: &str, spec: &mut serde_json::Map<String, Value>) {
    const PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
    let volume = format!("kube-api-access-{}", names::suffix(api.store.revision(), name));
    let mut used = false;
    for list in ["containers", "initContainers"] {
        let containers = spec.get_mut(list).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten().filter_map(Value::as_object_mut) {
            let mounts = container.entry("volumeMounts").or_insert_with(|| json!([]));
            if let Some(mounts) = mounts.as_array_mut()
                && !mounts.iter().any(|mount| mount.get("mountPath").and_then(Value::as_str) == Some(PATH))
            {
                mounts.push(json!({"name": volume, "readOnly": true, "mountPath": PATH}));
                used = true;
            }
        }
    }
    let volumes = spec.entry("volumes").or_insert_with(|| json!([]));
    if let Some(volumes) = volumes.as_array_mut()
        && used
    {
        let namespace =
            json!({"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}});
        volumes.push(json!({
            "name": volume,
            "projected": {
                "defaultMode": 420,
                "sources": [
                    {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                    {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
                    {"downwardAPI": {"items": [namespace]}},
                ],
            },
        }));
    }
}

fn give_priority(api: &Api, spec: &mut serde_json::Map<String, Value>) {
    let class = spec.get("priorityClassName").and_then(Value::as_str).unwrap_or("");
    let found = api.store.get(&Key::new("priorityclasses.scheduling.k8s.io", "", class));
    let value = found.and_then(|class| class.get("value")).cloned().unwrap_or_else(|| 0.into());
    let preemption = found.and_then(|class| class.get("preemptionPolicy")).cloned();
    spec.insert("priority".to_owned(), value);
    spec.entry("preemptionPolicy").or_insert_with(|| preemption.unwrap_or_else(|| "PreemptLowerPriority".into()));
}

/// Before a changed object is validated.
pub(crate) fn update(api: &Api, target: &Target, live: &Arc<Value>, new: &Value) -> Result<(), Status> {
    if target.resource.storage != "persistentvolumeclaims" || target.subresource.is_some() {
        return Ok(());
    }
    let size = |claim: &Value| quantity::milli(text_at(claim, "/spec/resources/requests/storage"));
    if size(new) <= size(live) || text_at(live, "/status/phase") != "Bound" {
        return Ok(());
    }
    let class = Key::new("storageclasses.storage.k8s.io", "", text_at(live, "/spec/storageClassName"));
    let grows = api.store.get(&class).and_then(|class| class.get("allowVolumeExpansion")).and_then(Value::as_bool);
    if grows == Some(true) {
        return Ok(());
    }
    let why = "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must \
               support resize";
    Err(Status::forbidden("", "persistentvolumeclaims", text(live, "name"), why))
}
