//! How does a claim get its volume?

use std::sync::Arc;

use serde_json::{Value, json};

use super::Work;
use super::pods::claims_of;
use super::work::{MANAGER, has_finalizer, is_going};
use crate::Mode;
use crate::kubernetes::api::{text, text_at};
use crate::kubernetes::names;
use crate::kubernetes::selector::Selector;
use crate::kubernetes::store::Key;
use crate::kubernetes::strategy::quantity;

const PROTECTION: &str = "kubernetes.io/pvc-protection";
const BOUND: &str = "pv.kubernetes.io/bind-completed";
const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";
const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
const CLASSES: &str = "storageclasses.storage.k8s.io";

pub(super) fn look_at(work: &mut Work<'_>, key: &Key, claim: &Value) {
    if is_going(claim) {
        let used = work
            .list("pods", Some(&key.namespace))
            .iter()
            .any(|(_, pod)| claims_of(pod, &key.namespace).contains(key) && !super::pods::has_ended(pod));
        if !used && has_finalizer(claim, PROTECTION) {
            work.release(MANAGER, key, PROTECTION);
        }
        return;
    }
    let volume = text_at(claim, "/spec/volumeName").to_owned();
    if !volume.is_empty() {
        bind_named(work, key, claim, &volume);
        return;
    }
    if let Some((volume, object)) = matching(work, claim) {
        if work.after(key, "binding", 1) {
            bind(work, key, claim, &volume, &object, true);
        }
        return;
    }
    provision(work, key, claim);
}

/// Binds a claim that names its volume.
fn bind_named(work: &mut Work<'_>, key: &Key, claim: &Value, name: &str) {
    let volume_key = Key::new("persistentvolumes", "", name);
    let bound = text_at(claim, "/status/phase") == "Bound";
    let Some(volume) = work.get(&volume_key) else {
        if bound {
            set_phase(work, key, claim, "Lost");
            work.event(claim, "Warning", "ClaimLost", "Bound claim has lost its PersistentVolume.");
        }
        return;
    };
    let other = text_at(&volume, "/spec/claimRef/uid");
    if !other.is_empty() && other != text(claim, "uid") {
        let message = format!("volume {name:?} already bound to a different claim.");
        work.event(claim, "Warning", "FailedBinding", &message);
        return;
    }
    let reserved = (text_at(&volume, "/spec/claimRef/namespace"), text_at(&volume, "/spec/claimRef/name"));
    if !reserved.1.is_empty() && reserved != (&key.namespace, &key.name) {
        let message = format!("volume {name:?} already bound to a different claim.");
        work.event(claim, "Warning", "FailedBinding", &message);
        return;
    }
    if !bound && let Some(problem) = misfit(claim, &volume) {
        let message = format!("Cannot bind to requested volume {name:?}: {problem}");
        work.event(claim, "Warning", "VolumeMismatch", &message);
        return;
    }
    if bound || work.after(key, "binding", 1) {
        bind(work, key, claim, &volume_key, &volume, false);
    }
}

/// Why a volume does not do for a claim.
fn misfit(claim: &Value, volume: &Value) -> Option<&'static str> {
    let size = |object: &Value, pointer: &str| quantity::milli(text_at(object, pointer));
    if size(volume, "/spec/capacity/storage") < size(claim, "/spec/resources/requests/storage") {
        return Some("requested PV is too small");
    }
    if text_at(claim, "/spec/storageClassName") != text_at(volume, "/spec/storageClassName") {
        return Some("storageClassName does not match");
    }
    if text_at(claim, "/spec/volumeMode") != text_at(volume, "/spec/volumeMode") {
        return Some("incompatible volumeMode");
    }
    let modes = |object: &Value| -> Vec<Value> {
        object.pointer("/spec/accessModes").and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let offered = modes(volume);
    if !modes(claim).iter().all(|mode| offered.contains(mode)) {
        return Some("incompatible accessMode");
    }
    None
}

/// The smallest free volume that does for a claim, one kept for it first.
fn matching(work: &Work<'_>, claim: &Value) -> Option<(Key, Arc<Value>)> {
    let selector = claim.pointer("/spec/selector").map(Selector::of_object);
    let mine = |volume: &Value| {
        text_at(volume, "/spec/claimRef/name") == text(claim, "name")
            && text_at(volume, "/spec/claimRef/namespace") == text(claim, "namespace")
    };
    let mut volumes: Vec<(Key, Arc<Value>)> = work
        .list("persistentvolumes", None)
        .into_iter()
        .filter(|(_, volume)| {
            let reserved = text_at(volume, "/spec/claimRef/name");
            let holder = text_at(volume, "/spec/claimRef/uid");
            let free = reserved.is_empty() || (mine(volume) && (holder.is_empty() || holder == text(claim, "uid")));
            let selected = match &selector {
                None => true,
                Some(selector) => selector.as_ref().is_some_and(|s| s.matches(volume)),
            };
            free && selected && !is_going(volume) && misfit(claim, volume).is_none()
        })
        .collect();
    volumes.sort_by_key(|(key, volume)| {
        (!mine(volume), quantity::milli(text_at(volume, "/spec/capacity/storage")), key.clone())
    });
    volumes.into_iter().next()
}

fn annotate(object: &mut Value, name: &str, value: &str) {
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    let annotations = metadata.entry("annotations").or_insert_with(|| json!({}));
    if let Some(annotations) = annotations.as_object_mut() {
        annotations.insert(name.to_owned(), value.into());
    }
}

/// Joins a claim and a volume, on both sides.
fn bind(work: &mut Work<'_>, key: &Key, claim: &Value, volume_key: &Key, volume: &Value, found: bool) {
    let reference = json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "namespace": key.namespace,
        "name": key.name,
        "uid": text(claim, "uid"),
        "resourceVersion": text(claim, "resourceVersion"),
    });
    let held = text_at(volume, "/spec/claimRef/uid") == text(claim, "uid");
    let reserved = !text_at(volume, "/spec/claimRef/name").is_empty();
    if !held {
        work.change(MANAGER, volume_key, |volume| {
            volume["spec"]["claimRef"] = reference;
            if !reserved {
                annotate(volume, BOUND_BY_CONTROLLER, "yes");
            }
        });
    }
    work.set_status(MANAGER, volume_key, &json!({"phase": "Bound"}));
    work.change(MANAGER, key, |claim| {
        claim["spec"]["volumeName"] = volume_key.name.as_str().into();
        annotate(claim, BOUND, "yes");
        if found {
            annotate(claim, BOUND_BY_CONTROLLER, "yes");
        }
    });
    let status = json!({
        "phase": "Bound",
        "accessModes": volume.pointer("/spec/accessModes"),
        "capacity": volume.pointer("/spec/capacity"),
    });
    work.set_status(MANAGER, key, &status);
}

fn set_phase(work: &mut Work<'_>, key: &Key, claim: &Value, phase: &str) {
    let mut status = claim.get("status").cloned().unwrap_or_else(|| json!({}));
    status["phase"] = phase.into();
    work.set_status(MANAGER, key, &status);
}

/// Makes a volume for a claim whose class has a provisioner here.
fn provision(work: &mut Work<'_>, key: &Key, claim: &Value) {
    let class_name = text_at(claim, "/spec/storageClassName").to_owned();
    if class_name.is_empty() {
        let message = "no persistent volumes available for this claim and no storage class is set";
        work.event(claim, "Normal", "FailedBinding", message);
        return;
    }
    let Some(class) = work.get(&Key::new(CLASSES, "", &class_name)) else {
        let message = format!("storageclass.storage.k8s.io {class_name:?} not found");
        work.event(claim, "Warning", "ProvisioningFailed", &message);
        return;
    };
    let waits = text_at(&class, "/volumeBindingMode") == "WaitForFirstConsumer";
    let annotations = claim.pointer("/metadata/annotations");
    let selected = annotations.and_then(|annotations| annotations.get(SELECTED_NODE)).is_some();
    if waits && !selected {
        let message = "waiting for first consumer to be created before binding";
        work.event(claim, "Normal", "WaitForFirstConsumer", message);
        return;
    }
    let provisioner = text_at(&class, "/provisioner").to_owned();
    if !runs(work, &provisioner) {
        let message = format!(
            "Waiting for a volume to be created either by the external provisioner \
             '{provisioner}' or manually by the system administrator. If volume creation is \
             delayed, please verify that the provisioner is running and correctly registered."
        );
        work.event(claim, "Normal", "ExternalProvisioning", &message);
        return;
    }
    if !work.after(key, "provisioning", 2) {
        return;
    }
    let file_system = text_at(&class, "/parameters/fileSystemId").to_owned();
    let file_systems = provisioner == "efs.csi.aws.com";
    if file_systems && !file_system.starts_with("fs-") {
        let message = format!(
            "failed to provision volume with StorageClass {class_name:?}: rpc error: code = \
             InvalidArgument desc = Missing fileSystemId parameter"
        );
        work.event(claim, "Warning", "ProvisioningFailed", &message);
        return;
    }
    let uid = text(claim, "uid");
    let handle = if file_systems {
        format!("{file_system}::fsap-{}", names::hexadecimal(uid, 17))
    } else {
        format!("vol-{}", names::hexadecimal(uid, 17))
    };
    let volume = json!({
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": format!("pvc-{uid}"),
            "annotations": {PROVISIONED_BY: provisioner},
        },
        "spec": {
            "capacity": {"storage": claim.pointer("/spec/resources/requests/storage")},
            "accessModes": claim.pointer("/spec/accessModes"),
            "volumeMode": claim.pointer("/spec/volumeMode"),
            "persistentVolumeReclaimPolicy": class.get("reclaimPolicy"),
            "mountOptions": class.get("mountOptions"),
            "storageClassName": class_name,
            "csi": {"driver": provisioner, "volumeHandle": handle},
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": key.namespace,
                "name": key.name,
                "uid": uid,
            },
        },
    });
    match work.create(&provisioner, volume) {
        Ok(volume) => {
            let name = text(&volume, "name").to_owned();
            let message = format!("Successfully provisioned volume {name}");
            work.event(claim, "Normal", "ProvisioningSucceeded", &message);
            bind(work, key, claim, &Key::new("persistentvolumes", "", &name), &volume, true);
        }
        Err(status) => work.event(claim, "Warning", "ProvisioningFailed", &status.message),
    }
}

/// Whether a provisioner runs in this cluster: each mode has its own for block storage.
fn runs(work: &Work<'_>, provisioner: &str) -> bool {
    match provisioner {
        "ebs.csi.eks.amazonaws.com" => work.world.mode == Mode::Auto,
        "ebs.csi.aws.com" => {
            work.world.mode == Mode::Traditional
                || work.get(&Key::new("deployments.apps", "kube-system", "ebs-csi-controller")).is_some()
        }
        "efs.csi.aws.com" => work.get(&Key::new("deployments.apps", "kube-system", "efs-csi-controller")).is_some(),
        _ => false,
    }
}
