//! What becomes of a volume before, during and after its claim?

use serde_json::{Value, json};

use super::Work;
use super::work::{MANAGER, has_finalizer, is_going};
use crate::kubernetes::api::{text, text_at};
use crate::kubernetes::store::Key;

const PROTECTION: &str = "kubernetes.io/pv-protection";

pub(super) fn look_at(work: &mut Work<'_>, key: &Key, volume: &Value) {
    let namespace = text_at(volume, "/spec/claimRef/namespace");
    let name = text_at(volume, "/spec/claimRef/name");
    let uid = text_at(volume, "/spec/claimRef/uid");
    let claim = work.get(&Key::new("persistentvolumeclaims", namespace, name));
    let held =
        claim.as_ref().is_some_and(|claim| text(claim, "uid") == uid && text_at(claim, "/spec/volumeName") == key.name);
    if is_going(volume) {
        if !held && has_finalizer(volume, PROTECTION) {
            work.release(MANAGER, key, PROTECTION);
        }
        return;
    }
    let phase = text_at(volume, "/status/phase");
    if uid.is_empty() {
        // Free, or kept for a claim that did not come yet.
        if phase != "Available" && work.after(key, "appearing", 1) {
            work.set_status(MANAGER, key, &json!({"phase": "Available"}));
        }
        return;
    }
    let same = claim.as_ref().is_some_and(|claim| text(claim, "uid") == uid);
    if same {
        return;
    }
    // Its claim is gone.
    let provisioned = volume
        .pointer("/metadata/annotations")
        .and_then(|annotations| annotations.get("pv.kubernetes.io/provisioned-by"))
        .is_some();
    if phase != "Released" {
        work.set_status(MANAGER, key, &json!({"phase": "Released"}));
        return;
    }
    let delete = text_at(volume, "/spec/persistentVolumeReclaimPolicy") == "Delete";
    if delete && provisioned && work.after(key, "reclaiming", 1) {
        work.delete(key);
    }
}
