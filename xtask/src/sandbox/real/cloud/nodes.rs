//! Node pools become ready and make nodes for pods that want GPUs; device plug-ins make GPUs known.
//!
//! A small Karpenter and a small driver: the objects are the real ones, with the schemas of Karpenter's own
//! definitions.

use anyhow::Result;
use serde_json::{Value, json};

use super::super::Mode;
use super::super::api::{is_going, is_true, items, text, without_finalizer};
use super::{Player, REGION, conditions, digits_of};

const POOLS: &str = "/apis/karpenter.sh/v1/nodepools";
const CLAIMS: &str = "/apis/karpenter.sh/v1/nodeclaims";
const CLASSES: &str = "/apis/eks.amazonaws.com/v1/nodeclasses";
const FINALIZER: &str = "karpenter.sh/termination";
const POOL_LABEL: &str = "karpenter.sh/nodepool";
const GPU: &str = "nvidia.com/gpu";
const GPU_CAPACITY: &str = "/status/capacity/nvidia.com~1gpu";

pub(super) async fn look(player: &Player) -> Result<()> {
    match player.mode {
        Mode::Auto => {
            ready(player).await?;
            nominate(player).await?;
            launch(player).await
        }
        Mode::Traditional => devices(player).await,
    }
}

/// A node as it registers, without conditions: those are the kubelet's.
pub(in super::super) fn node(name: &str, zone: &str, instance: &str, labels: &Value, gpus: u32) -> Value {
    let mut all = json!({
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "node.kubernetes.io/instance-type": instance,
        "topology.kubernetes.io/region": REGION,
        "topology.kubernetes.io/zone": zone,
    });
    for (key, value) in labels.as_object().into_iter().flatten() {
        all[key] = value.clone();
    }
    let mut capacity = json!({"cpu": "8", "memory": "32Gi", "ephemeral-storage": "80Gi", "pods": "58"});
    if gpus > 0 {
        capacity[GPU] = gpus.to_string().into();
    }
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": all},
        "spec": {"providerID": format!("aws:///{zone}/i-{}", digits_of(name, 17))},
        "status": {"capacity": capacity, "allocatable": capacity},
    })
}

/// Node classes, and pools whose class is ready, are ready.
async fn ready(player: &Player) -> Result<()> {
    let classes = player.api.list(CLASSES).await?;
    for class in classes.iter().filter(|class| !is_true(class, "Ready") && !is_going(class)) {
        let path = format!("{CLASSES}/{}/status", text(class, "/metadata/name"));
        player.api.merge(&path, &json!({"status": {"conditions": conditions(&["Ready"])}})).await?;
    }
    for pool in player.api.list(POOLS).await? {
        let class = text(&pool, "/spec/template/spec/nodeClassRef/name");
        let served = classes.iter().any(|found| text(found, "/metadata/name") == class && is_true(found, "Ready"));
        if served && !is_true(&pool, "Ready") && !is_going(&pool) {
            let path = format!("{POOLS}/{}/status", text(&pool, "/metadata/name"));
            let conditions = conditions(&["NodeClassReady", "ValidationSucceeded", "Ready"]);
            player.api.merge(&path, &json!({"status": {"conditions": conditions}})).await?;
        }
    }
    Ok(())
}

/// Makes a node claim when a pod wants a GPU that no node has, from the first ready pool for GPUs.
async fn nominate(player: &Player) -> Result<()> {
    let pods = player.api.list("/api/v1/pods").await?;
    let limit = "/resources/limits/nvidia.com~1gpu";
    let wanting: Vec<&Value> = pods
        .iter()
        .filter(|pod| {
            !is_going(pod) && items(pod, "/spec/containers").iter().any(|found| found.pointer(limit).is_some())
        })
        .collect();
    let waits = wanting.iter().any(|pod| {
        items(pod, "/status/conditions").iter().any(|condition| {
            text(condition, "/type") == "PodScheduled" && text(condition, "/reason") == "Unschedulable"
        })
    });
    if !waits {
        return Ok(());
    }
    let claims = player.api.list(CLAIMS).await?;
    for pool in player.api.list(POOLS).await? {
        let name = text(&pool, "/metadata/name");
        let requirements = items(&pool, "/spec/template/spec/requirements");
        let gpus = requirements.iter().any(|found| text(found, "/key").ends_with("/instance-gpu-manufacturer"));
        let mine = claims.iter().filter(|claim| label(claim, POOL_LABEL) == name);
        let limit: usize = text(&pool, "/spec/limits/nvidia.com~1gpu").parse().unwrap_or(usize::MAX);
        let coming = mine.clone().any(|claim| !is_true(claim, "Ready"));
        if !gpus || !is_true(&pool, "Ready") || is_going(&pool) || coming || mine.count() >= limit.min(wanting.len()) {
            continue;
        }
        let spec = "/spec/template/spec";
        let claim = json!({
            "apiVersion": "karpenter.sh/v1",
            "kind": "NodeClaim",
            "metadata": {
                "generateName": format!("{name}-"),
                "labels": {POOL_LABEL: name},
                "finalizers": [FINALIZER],
                "ownerReferences": [{
                    "apiVersion": "karpenter.sh/v1",
                    "kind": "NodePool",
                    "name": name,
                    "uid": text(&pool, "/metadata/uid"),
                    "blockOwnerDeletion": true,
                }],
            },
            "spec": {
                "nodeClassRef": pool.pointer(&format!("{spec}/nodeClassRef")),
                "requirements": requirements,
                "taints": items(&pool, &format!("{spec}/taints")),
            },
        });
        return player.api.create(CLAIMS, &claim).await;
    }
    Ok(())
}

/// Makes the nodes of claims, and takes them away with their claims.
async fn launch(player: &Player) -> Result<()> {
    for claim in player.api.list(CLAIMS).await? {
        let path = format!("{CLAIMS}/{}", text(&claim, "/metadata/name"));
        let name = format!("i-{}.ec2.internal", digits_of(text(&claim, "/metadata/uid"), 17));
        if is_going(&claim) {
            end(player, &name).await?;
            player.api.merge(&path, &without_finalizer(&claim, FINALIZER)).await?;
            continue;
        }
        if is_true(&claim, "Ready") {
            continue;
        }
        let labels = json!({
            POOL_LABEL: label(&claim, POOL_LABEL),
            "eks.amazonaws.com/compute-type": "auto",
            "eks.amazonaws.com/instance-category": "g",
            "eks.amazonaws.com/instance-gpu-manufacturer": "nvidia",
        });
        let mut node = node(&name, &format!("{REGION}a"), "g6.2xlarge", &labels, 1);
        node["spec"]["taints"] = claim.pointer("/spec/taints").cloned().unwrap_or_default();
        player.api.create("/api/v1/nodes", &node).await?;
        let status = json!({
            "nodeName": name,
            "providerID": node["spec"]["providerID"],
            "capacity": node["status"]["capacity"],
            "allocatable": node["status"]["allocatable"],
            "conditions": conditions(&["Launched", "Registered", "Initialized", "Ready"]),
        });
        player.api.merge(&format!("{path}/status"), &json!({"status": status})).await?;
    }
    Ok(())
}

/// Ends a node, and the pods on it: without a kubelet nobody else would for a minute.
async fn end(player: &Player, name: &str) -> Result<()> {
    player.api.delete(&format!("/api/v1/nodes/{name}")).await?;
    for pod in player.api.list("/api/v1/pods").await? {
        if text(&pod, "/spec/nodeName") == name {
            let (namespace, pod) = (text(&pod, "/metadata/namespace"), text(&pod, "/metadata/name"));
            let path = format!("/api/v1/namespaces/{namespace}/pods/{pod}?gracePeriodSeconds=0");
            player.api.delete(&path).await?;
        }
    }
    Ok(())
}

/// A device plug-in that runs on a node of a GPU instance type makes its GPU known.
async fn devices(player: &Player) -> Result<()> {
    for pod in player.api.list("/api/v1/pods").await? {
        let plugin =
            items(&pod, "/spec/containers").iter().any(|found| text(found, "/image").contains("device-plugin"));
        let node = text(&pod, "/spec/nodeName");
        if !plugin || node.is_empty() || text(&pod, "/status/phase") != "Running" {
            continue;
        }
        let path = format!("/api/v1/nodes/{node}");
        let Some(found) = player.api.get(&path).await? else { continue };
        if label(&found, "node.kubernetes.io/instance-type").starts_with('g') && found.pointer(GPU_CAPACITY).is_none() {
            let gpus = json!({GPU: "1"});
            player
                .api
                .merge(&format!("{path}/status"), &json!({"status": {"capacity": gpus, "allocatable": gpus}}))
                .await?;
        }
    }
    Ok(())
}

fn label<'a>(object: &'a Value, name: &str) -> &'a str {
    text(object, &format!("/metadata/labels/{}", name.replace('/', "~1")))
}
