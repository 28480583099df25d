//! NVIDIA's device plug-in for clusters with GPU node groups. Auto Mode brings its own.

use serde_json::json;

use super::Owner;
use crate::object::{Object, ObjectError};

/// The name of the DaemonSet.
pub const DEVICE_PLUGIN: &str = "aktus-nvidia-device-plugin";

/// The DaemonSet that makes the GPUs of nodes known as `nvidia.com/gpu`.
///
/// It runs on every node, tainted for GPUs or not, and does nothing on those without one. `image` is NVIDIA's, for
/// example `nvcr.io/nvidia/k8s-device-plugin:v0.17.4`. The settings are those of NVIDIA's own manifest.
pub fn device_plugin(owner: &Owner, namespace: &str, image: &str) -> Result<Object, ObjectError> {
    let selector = json!({"app.kubernetes.io/name": DEVICE_PLUGIN});
    let directory = "/var/lib/kubelet/device-plugins";
    let set = json!({
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": DEVICE_PLUGIN, "namespace": namespace, "labels": selector},
        "spec": {
            "selector": {"matchLabels": selector},
            "updateStrategy": {"type": "RollingUpdate"},
            "template": {
                "metadata": {"labels": selector},
                "spec": {
                    "priorityClassName": "system-node-critical",
                    "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
                    "containers": [{
                        "name": "device-plugin",
                        "image": image,
                        "env": [{"name": "FAIL_ON_INIT_ERROR", "value": "false"}],
                        "securityContext": {
                            "allowPrivilegeEscalation": false,
                            "capabilities": {"drop": ["ALL"]},
                        },
                        "volumeMounts": [{"name": "device-plugins", "mountPath": directory}],
                    }],
                    "volumes": [{
                        "name": "device-plugins",
                        "hostPath": {"path": directory, "type": "Directory"},
                    }],
                },
            },
        },
    });
    Ok(owner.label(Object::new(set)?))
}
