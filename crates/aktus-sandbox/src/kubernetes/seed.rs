//! What does a new cluster hold before anybody writes to it?

use serde_json::{Value, json};

use super::api::Api;
use super::names;
use crate::{Mode, Options};

/// Who wrote what a cluster begins with.
const INSTALLER: &str = "eks";

/// The definitions that Auto Mode brings, with its own node class and pools.
const AUTO_MODE: &str = include_str!("seed/auto_mode.json");
/// The parts of the cluster that run as pods, with the add-ons that both modes have.
const ADD_ONS: &str = include_str!("seed/add_ons.json");
/// What only a cluster with a node group runs as pods.
const TRADITIONAL: &str = include_str!("seed/traditional.json");

/// What EKS puts on a new cluster besides nodes: definitions, node pools, drivers and the pods of its add-ons, in an
/// order in which they can be created.
pub fn initial_objects(mode: Mode) -> Vec<Value> {
    let lists = match mode {
        Mode::Auto => [AUTO_MODE, ADD_ONS],
        Mode::Traditional => [ADD_ONS, TRADITIONAL],
    };
    // The texts are ours, and the tests of this module look at every object of them.
    lists.into_iter().flat_map(|list| serde_json::from_str::<Vec<Value>>(list).unwrap_or_default()).collect()
}

/// Writes what every cluster has.
pub(crate) fn seed(api: &mut Api, options: &Options) {
    for name in ["default", "kube-system", "kube-public", "kube-node-lease"] {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        create(api, namespace);
        let account =
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": name}});
        create(api, account);
    }
    if !options.controllers {
        return;
    }
    create(
        api,
        json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "kubernetes", "namespace": "default", "labels": {"component": "apiserver", "provider": "kubernetes"}},
            "spec": {"clusterIP": "10.96.0.1", "ports": [{"name": "https", "port": 443, "targetPort": 443}]},
        }),
    );
    for object in initial_objects(options.mode) {
        create(api, object);
    }
    let instance = match options.mode {
        Mode::Auto => "m6i.xlarge",
        Mode::Traditional => &options.node_instance_type,
    };
    for number in 0..options.nodes {
        let labels = match options.mode {
            Mode::Auto => json!({
                "karpenter.sh/nodepool": "general-purpose",
                "eks.amazonaws.com/compute-type": "auto",
            }),
            Mode::Traditional => json!({
                "eks.amazonaws.com/nodegroup": format!("{}-nodes", options.cluster_name),
                "eks.amazonaws.com/capacityType": "ON_DEMAND",
            }),
        };
        let name = node_name(&format!("{}/{number}", options.cluster_name), &options.region);
        create(api, node(&name, instance, 0, &options.region, &labels, None));
    }
}

fn create(api: &mut Api, object: Value) {
    // What a cluster begins with is valid, which the tests of this module look at.
    drop(api.create_within(INSTALLER, object));
}

/// A node's name from what it is made for.
pub(crate) fn node_name(what: &str, region: &str) -> String {
    let domain = if region == "us-east-1" { "ec2".to_owned() } else { format!("{region}.compute") };
    format!("ip-10-0-{}-{}.{domain}.internal", names::number(what, 32), names::number(&format!("{what}/"), 250) + 4)
}

/// How many GPUs an instance type has.
pub(crate) fn gpus_of(instance: &str) -> i64 {
    let (family, size) = instance.split_once('.').unwrap_or((instance, ""));
    if !matches!(family.chars().next(), Some('g' | 'p')) {
        return 0;
    }
    match size {
        "12xlarge" | "24xlarge" => 4,
        "48xlarge" => 8,
        _ => 1,
    }
}

/// A node that is ready; `gpus` are those whose device plug-in runs.
pub(crate) fn node(
    name: &str,
    instance: &str,
    gpus: i64,
    region: &str,
    labels: &Value,
    taints: Option<&Value>,
) -> Value {
    let mut all = json!({
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "node.kubernetes.io/instance-type": instance,
        "topology.kubernetes.io/region": region,
        "topology.kubernetes.io/zone": format!("{region}a"),
    });
    for (key, value) in labels.as_object().into_iter().flatten() {
        all[key] = value.clone();
    }
    let mut capacity = json!({
        "cpu": "4",
        "memory": "16Gi",
        "ephemeral-storage": "80Gi",
        "pods": "58",
    });
    if gpus > 0 {
        capacity["nvidia.com/gpu"] = gpus.to_string().into();
    }
    let mut spec = json!({"providerID": format!("aws:///{region}a/i-{}", names::hexadecimal(name, 17))});
    if let Some(taints) = taints {
        spec["taints"] = taints.clone();
    }
    let condition = |kind: &str, status: &str, reason: &str, message: &str| json!({"type": kind, "status": status, "reason": reason, "message": message});
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": all},
        "spec": spec,
        "status": {
            "capacity": capacity,
            "allocatable": capacity,
            "addresses": [
                {"type": "InternalIP", "address": "10.0.0.10"},
                {"type": "InternalDNS", "address": name},
                {"type": "Hostname", "address": name},
            ],
            "conditions": [
                condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
                condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
                condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
                condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
            ],
            "nodeInfo": {
                "architecture": "amd64",
                "bootID": "",
                "containerRuntimeVersion": "containerd://2.1.4",
                "kernelVersion": "6.12.0",
                "kubeProxyVersion": "",
                "kubeletVersion": "v1.36.3-eks",
                "machineID": "",
                "operatingSystem": "linux",
                "osImage": "Amazon Linux 2023",
                "systemUUID": "",
            },
        },
    })
}
