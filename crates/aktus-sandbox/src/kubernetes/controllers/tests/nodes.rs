//! Node pools, GPUs and device plug-ins.

use serde_json::{Value, json};

use super::{Cluster, DEPLOYMENTS, condition, deployment};
use crate::Mode;

const POOLS: &str = "/apis/karpenter.sh/v1/nodepools";
const NODES: &str = "/api/v1/nodes";

fn gpu_pod() -> Value {
    json!({
        "containers": [{"name": "main", "image": "x", "resources": {"limits": {"nvidia.com/gpu": 1}}}],
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
    })
}

fn gpu_pool(limit: i64) -> Value {
    json!({
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": "gpu-nodepool"},
        "spec": {
            "disruption": {"consolidationPolicy": "WhenEmpty", "consolidateAfter": "60s"},
            "limits": {"nvidia.com/gpu": limit},
            "template": {"spec": {
                "nodeClassRef": {"group": "eks.amazonaws.com", "kind": "NodeClass", "name": "default"},
                "requirements": [
                    {"key": "eks.amazonaws.com/instance-category", "operator": "In", "values": ["g", "p"]},
                    {"key": "eks.amazonaws.com/instance-generation", "operator": "Gt", "values": ["4"]},
                ],
                "taints": [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}],
            }},
        },
    })
}

#[test]
fn a_node_pool_becomes_ready_with_its_class() {
    let mut cluster = Cluster::new(Mode::Auto);
    cluster.create(POOLS, &gpu_pool(4));
    let mut lost = gpu_pool(4);
    lost["metadata"]["name"] = "lost".into();
    lost["spec"]["template"]["spec"]["nodeClassRef"]["name"] = "none".into();
    cluster.create(POOLS, &lost);
    cluster.settle();
    let pool = cluster.get(&format!("{POOLS}/gpu-nodepool"));
    assert_eq!(condition(&pool, "Ready")["status"], "True");
    let pool = cluster.get(&format!("{POOLS}/lost"));
    assert_eq!(condition(&pool, "Ready")["status"], "False");
    assert_eq!(condition(&pool, "NodeClassReady")["reason"], "NodeClassNotFound");
}

#[test]
fn a_gpu_pod_gets_a_node_from_the_pool_up_to_its_limit_and_gives_it_back() {
    let mut cluster = Cluster::new(Mode::Auto);
    cluster.create(DEPLOYMENTS, &deployment("inference", 3, &gpu_pod()));
    cluster.settle();
    cluster.check(&format!("{DEPLOYMENTS}/inference"), "/status/readyReplicas", &Value::Null);
    cluster.create(POOLS, &gpu_pool(2));
    cluster.settle();
    cluster.check(&format!("{DEPLOYMENTS}/inference"), "/status/readyReplicas", &json!(2));
    assert_eq!(cluster.names(NODES).len(), 4);
    cluster.delete(&format!("{DEPLOYMENTS}/inference"));
    cluster.pass(std::time::Duration::from_mins(2));
    assert_eq!(cluster.names(NODES).len(), 2, "empty nodes go");
}

#[test]
fn a_node_pool_takes_its_nodes_with_it() {
    let mut cluster = Cluster::new(Mode::Auto);
    cluster.create(POOLS, &gpu_pool(1));
    cluster.create(DEPLOYMENTS, &deployment("inference", 1, &gpu_pod()));
    cluster.settle();
    assert_eq!(cluster.names("/apis/karpenter.sh/v1/nodeclaims").len(), 1);
    cluster.delete(&format!("{POOLS}/gpu-nodepool"));
    cluster.settle();
    assert!(cluster.names("/apis/karpenter.sh/v1/nodeclaims").is_empty());
    assert_eq!(cluster.names(NODES).len(), 2);
    cluster.check(&format!("{DEPLOYMENTS}/inference"), "/status/readyReplicas", &Value::Null);
}

#[test]
fn a_node_group_offers_gpus_once_the_device_plug_in_runs() {
    let mut cluster = Cluster::new(Mode::Traditional);
    cluster.create(DEPLOYMENTS, &deployment("inference", 1, &gpu_pod()));
    cluster.settle();
    let name = cluster.names("/api/v1/namespaces/default/pods").remove(0);
    cluster.check_event(&name, "Insufficient nvidia.com/gpu");
    cluster.create(
        "/apis/apps/v1/namespaces/kube-system/daemonsets",
        &json!({
            "metadata": {"name": "nvidia-device-plugin-daemonset"},
            "spec": {
                "selector": {"matchLabels": {"name": "nvidia"}},
                "template": {
                    "metadata": {"labels": {"name": "nvidia"}},
                    "spec": {"containers": [{"name": "plugin", "image": "nvcr.io/nvidia/k8s-device-plugin:v0.18.0"}]},
                },
            },
        }),
    );
    cluster.settle();
    cluster.check(&format!("{DEPLOYMENTS}/inference"), "/status/readyReplicas", &json!(1));
}
