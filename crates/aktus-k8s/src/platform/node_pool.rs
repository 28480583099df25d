//! The pool of GPU nodes of a cluster in Auto Mode. The built-in pools never provide GPUs.

use serde_json::json;

use super::Owner;
use crate::object::{Object, ObjectError};

/// The name of the pool.
pub const GPU_NODE_POOL: &str = "gpu-nodepool";

/// What the pool may use at most. The GPUs bound the cost: a single p5 node has eight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GpuLimits {
    /// GPUs.
    pub gpus: u32,
    /// CPU cores.
    pub cpus: u32,
    /// Memory in GiB.
    pub memory_gib: u32,
}

impl Default for GpuLimits {
    /// 4 GPUs, 192 cores, 768 GiB: four of the largest single-GPU nodes of the g families.
    fn default() -> Self {
        Self { gpus: 4, cpus: 192, memory_gib: 768 }
    }
}

/// The NodePool `gpu-nodepool`: NVIDIA nodes on demand, of families that Auto Mode supports with a generation above
/// 4, tainted so that only pods that want a GPU run there, and removed when empty.
///
/// The operating system is not a requirement that Auto Mode documents, so it is left out.
pub fn gpu_node_pool(owner: &Owner, limits: GpuLimits) -> Result<Object, ObjectError> {
    let requirement =
        |key: &str, operator: &str, values: &[&str]| json!({"key": key, "operator": operator, "values": values});
    let pool = json!({
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": GPU_NODE_POOL},
        "spec": {
            "template": {
                "metadata": {"labels": {"aktus.ai/node-type": "gpu"}},
                "spec": {
                    "nodeClassRef": {"group": "eks.amazonaws.com", "kind": "NodeClass", "name": "default"},
                    "requirements": [
                        requirement("karpenter.sh/capacity-type", "In", &["on-demand"]),
                        requirement("eks.amazonaws.com/instance-category", "In", &["g", "p"]),
                        requirement("eks.amazonaws.com/instance-generation", "Gt", &["4"]),
                        requirement("eks.amazonaws.com/instance-gpu-manufacturer", "In", &["nvidia"]),
                        requirement("kubernetes.io/arch", "In", &["amd64"]),
                    ],
                    "taints": [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}],
                },
            },
            "limits": {
                "cpu": limits.cpus.to_string(),
                "memory": format!("{}Gi", limits.memory_gib),
                "nvidia.com/gpu": limits.gpus.to_string(),
            },
            "disruption": {
                "consolidationPolicy": "WhenEmpty",
                "consolidateAfter": "1h",
                "budgets": [{"nodes": "10%"}],
            },
        },
    });
    Ok(owner.label(Object::new(pool)?))
}
