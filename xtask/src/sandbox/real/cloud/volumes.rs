//! Claims of the EBS and EFS classes get volumes, and released volumes go, as the CSI drivers do it.
//!
//! A class that waits for the first consumer is served once the scheduler has chosen a node; binding, protection and
//! phases are the real controllers' work.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Value, json};

use super::super::Mode;
use super::super::api::{is_going, text};
use super::{Player, digits_of};

const EBS: [&str; 2] = ["ebs.csi.eks.amazonaws.com", "ebs.csi.aws.com"];
const EFS: &str = "efs.csi.aws.com";
/// Who a volume was made by.
const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";
/// The node that the scheduler chose, on a claim.
const SELECTED_NODE: &str = "/metadata/annotations/volume.kubernetes.io~1selected-node";
const ZONE: &str = "topology.kubernetes.io/zone";

pub(super) async fn look(player: &mut Player) -> Result<()> {
    let api = &player.api;
    let classes = api.list("/apis/storage.k8s.io/v1/storageclasses").await?;
    let classes: BTreeMap<&str, &Value> = classes.iter().map(|class| (text(class, "/metadata/name"), class)).collect();
    for claim in api.list("/api/v1/persistentvolumeclaims").await? {
        let class = classes.get(text(&claim, "/spec/storageClassName"));
        if let Some(class) = class
            && text(&claim, "/spec/volumeName").is_empty()
            && !is_going(&claim)
            && is_served(player.mode, text(class, "/provisioner"))
        {
            provision(player, &claim, class).await?;
        }
    }
    for volume in api.list("/api/v1/persistentvolumes").await? {
        let driver = text(&volume, "/spec/csi/driver");
        let made = text(&volume, &format!("/metadata/annotations/{}", PROVISIONED_BY.replace('/', "~1"))) == driver;
        let released = text(&volume, "/status/phase") == "Released";
        if made && released && text(&volume, "/spec/persistentVolumeReclaimPolicy") == "Delete" && !is_going(&volume) {
            api.delete(&format!("/api/v1/persistentvolumes/{}", text(&volume, "/metadata/name"))).await?;
        }
    }
    for attachment in api.list("/apis/storage.k8s.io/v1/volumeattachments").await? {
        let attached = attachment.pointer("/status/attached") == Some(&Value::Bool(true));
        if EBS.contains(&text(&attachment, "/spec/attacher")) && !attached {
            let name = text(&attachment, "/metadata/name");
            let path = format!("/apis/storage.k8s.io/v1/volumeattachments/{name}/status");
            api.merge(&path, &json!({"status": {"attached": true}})).await?;
        }
    }
    Ok(())
}

/// Whether a provisioner runs in a cluster of this mode.
fn is_served(mode: Mode, provisioner: &str) -> bool {
    let [auto, driver] = EBS;
    provisioner == EFS || provisioner == if mode == Mode::Auto { auto } else { driver }
}

async fn provision(player: &Player, claim: &Value, class: &Value) -> Result<()> {
    let node = text(claim, SELECTED_NODE);
    if text(class, "/volumeBindingMode") == "WaitForFirstConsumer" && node.is_empty() {
        return Ok(());
    }
    let provisioner = text(class, "/provisioner");
    let uid = text(claim, "/metadata/uid");
    let handle = if provisioner == EFS {
        format!("{}::fsap-{}", text(class, "/parameters/fileSystemId"), digits_of(uid, 17))
    } else {
        format!("vol-{}", digits_of(uid, 17))
    };
    let mut volume = json!({
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": format!("pvc-{uid}"), "annotations": {PROVISIONED_BY: provisioner}},
        "spec": {
            "capacity": {"storage": claim.pointer("/spec/resources/requests/storage")},
            "accessModes": claim.pointer("/spec/accessModes"),
            "volumeMode": claim.pointer("/spec/volumeMode"),
            "persistentVolumeReclaimPolicy": class.get("reclaimPolicy"),
            "storageClassName": text(class, "/metadata/name"),
            "csi": {"driver": provisioner, "volumeHandle": handle},
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": text(claim, "/metadata/namespace"),
                "name": text(claim, "/metadata/name"),
                "uid": uid,
            },
        },
    });
    if !node.is_empty()
        && let Some(node) = player.api.get(&format!("/api/v1/nodes/{node}")).await?
    {
        // An EBS volume can be attached in its zone only.
        let zone = text(&node, &format!("/metadata/labels/{}", ZONE.replace('/', "~1")));
        let term = json!({"matchExpressions": [{"key": ZONE, "operator": "In", "values": [zone]}]});
        volume["spec"]["nodeAffinity"] = json!({"required": {"nodeSelectorTerms": [term]}});
    }
    player.api.create("/api/v1/persistentvolumes", &volume).await
}
