//! How do node pools become ready and make nodes for pods that fit nowhere else?
//!
//! A small Karpenter, as EKS Auto Mode runs it.

use serde_json::{Value, json};

use super::Work;
use super::pods::{node_fits, tolerates};
use super::work::{condition, has_finalizer, is_going, is_true, number};
use crate::kubernetes::api::{text, text_at};
use crate::kubernetes::names;
use crate::kubernetes::seed;
use crate::kubernetes::store::Key;

const MANAGER: &str = "karpenter";
pub(super) const POOLS: &str = "nodepools.karpenter.sh";
pub(super) const CLAIMS: &str = "nodeclaims.karpenter.sh";
pub(super) const CLASSES: &str = "nodeclasses.eks.amazonaws.com";
const FINALIZER: &str = "karpenter.sh/termination";
const GPU: &str = "nvidia.com/gpu";

/// A node class is ready once it was looked at.
pub(super) fn look_at_class(work: &mut Work<'_>, key: &Key, class: &Value) {
    if is_going(class) || !work.after(key, "readying", 1) {
        return;
    }
    let now = work.now();
    let held = class.get("status").cloned().unwrap_or(Value::Null);
    let ready = condition(&held, &now, "Ready", "True", "Ready", "");
    work.set_status(MANAGER, key, &json!({"conditions": [with_message(ready)]}));
}

/// Conditions of these kinds always have a message.
fn with_message(mut condition: Value) -> Value {
    if condition.get("message").is_none() {
        condition["message"] = "".into();
    }
    condition
}

pub(super) fn look_at_pool(work: &mut Work<'_>, key: &Key, pool: &Value) {
    if is_going(pool) {
        return;
    }
    if !work.after(key, "readying", 2) {
        return;
    }
    let now = work.now();
    let held = pool.get("status").cloned().unwrap_or(Value::Null);
    let class_name = text_at(pool, "/spec/template/spec/nodeClassRef/name");
    let class = work.get(&Key::new(CLASSES, "", class_name));
    let problem = requirement_problem(pool);
    let (class_ready, reason, message) = match &class {
        None => ("False", "NodeClassNotFound", "NodeClass not found on cluster"),
        Some(class) if !is_true(class, "Ready") => ("False", "NodeClassNotReady", "NodeClass is not ready"),
        Some(_) => ("True", "NodeClassReady", ""),
    };
    let (valid, invalid) = match &problem {
        None => ("True", ""),
        Some(problem) => ("False", problem.as_str()),
    };
    let ready = class_ready == "True" && problem.is_none();
    let conditions: Vec<Value> = [
        condition(&held, &now, "NodeClassReady", class_ready, reason, message),
        condition(
            &held,
            &now,
            "ValidationSucceeded",
            valid,
            if ready { "ValidationSucceeded" } else { "NodePoolValidationFailed" },
            invalid,
        ),
        condition(
            &held,
            &now,
            "Ready",
            if ready { "True" } else { "False" },
            if ready { "Ready" } else { "UnhealthyDependents" },
            if ready {
                ""
            } else if message.is_empty() {
                invalid
            } else {
                message
            },
        ),
    ]
    .into_iter()
    .map(with_message)
    .collect();
    let gpus: i64 = claims_of(work, key)
        .iter()
        .map(|claim| text_at(claim, "/status/capacity/nvidia.com~1gpu").parse().unwrap_or(0))
        .sum();
    let nodes = claims_of(work, key).len();
    let mut resources = json!({"nodes": nodes.to_string()});
    if gpus > 0 {
        resources[GPU] = gpus.to_string().into();
    }
    work.set_status(MANAGER, key, &json!({"conditions": conditions, "resources": resources}));
}

fn requirement_problem(pool: &Value) -> Option<String> {
    const OPERATORS: [&str; 6] = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"];
    let list = pool.pointer("/spec/template/spec/requirements").and_then(Value::as_array);
    list.into_iter().flatten().find_map(|requirement| {
        let operator = requirement.get("operator").and_then(Value::as_str).unwrap_or("");
        let key = requirement.get("key").and_then(Value::as_str).unwrap_or("");
        (!OPERATORS.contains(&operator)).then(|| format!("invalid operator: {operator:?} for requirement {key:?}"))
    })
}

fn claims_of(work: &Work<'_>, pool: &Key) -> Vec<std::sync::Arc<Value>> {
    work.list(CLAIMS, None)
        .into_iter()
        .map(|(_, claim)| claim)
        .filter(|claim| {
            let labels = claim.pointer("/metadata/labels");
            labels.and_then(|labels| labels.get("karpenter.sh/nodepool")).and_then(Value::as_str) == Some(&pool.name)
        })
        .collect()
}

/// Makes a node claim for a pod that fits on no node, from the first pool that would do.
pub(super) fn nominate(work: &mut Work<'_>, pod: &Value) {
    for (key, pool) in work.list(POOLS, None) {
        if is_going(&pool) || !is_true(&pool, "Ready") {
            continue;
        }
        let model = node_of(work, &pool, "");
        if !node_fits(pod, &model) || !tolerates(pod, &model) {
            continue;
        }
        let wants_gpu = super::pods::wants(pod, GPU);
        let has_gpu = model.pointer("/status/capacity/nvidia.com~1gpu").is_some();
        if wants_gpu != has_gpu {
            continue;
        }
        // A node that is on its way will do for the pod too.
        let coming = claims_of(work, &key).iter().any(|claim| !is_true(claim, "Ready"));
        if coming {
            return;
        }
        let limit = pool
            .pointer("/spec/limits")
            .and_then(|limits| limits.get(GPU))
            .and_then(|limit| limit.as_i64().or_else(|| limit.as_str()?.parse().ok()));
        let used = text_at(&pool, "/status/resources/nvidia.com~1gpu").parse().unwrap_or(0);
        if has_gpu && limit.is_some_and(|limit| used >= limit) {
            let message = format!("nodepool {:?} has reached its limit of {GPU}", key.name);
            work.event(pod, "Warning", "FailedScheduling", &message);
            continue;
        }
        make_claim(work, &key, &pool, pod);
        return;
    }
}

fn make_claim(work: &mut Work<'_>, key: &Key, pool: &Value, pod: &Value) {
    let name = format!("{}-{}", key.name, names::suffix(work.api.store.revision(), &key.name));
    let claim = json!({
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodeClaim",
        "metadata": {
            "name": name,
            "labels": {"karpenter.sh/nodepool": key.name},
            "finalizers": [FINALIZER],
            "ownerReferences": [{
                "apiVersion": "karpenter.sh/v1",
                "kind": "NodePool",
                "name": key.name,
                "uid": text(pool, "uid"),
                "blockOwnerDeletion": true,
            }],
        },
        "spec": {
            "nodeClassRef": pool.pointer("/spec/template/spec/nodeClassRef"),
            "requirements": pool.pointer("/spec/template/spec/requirements"),
            "taints": pool.pointer("/spec/template/spec/taints"),
        },
    });
    if work.create(MANAGER, claim).is_ok() {
        let message = format!("Pod should schedule on: nodeclaim/{name}");
        work.event(pod, "Normal", "Nominated", &message);
    }
}

/// The node that a pool makes.
fn node_of(work: &Work<'_>, pool: &Value, name: &str) -> Value {
    let requirements = pool.pointer("/spec/template/spec/requirements").and_then(Value::as_array);
    let mut instance = "m6i.xlarge";
    let mut gpus = 0;
    let mut labels = pool.pointer("/spec/template/metadata/labels").cloned().unwrap_or_else(|| json!({}));
    for requirement in requirements.into_iter().flatten() {
        let key = requirement.get("key").and_then(Value::as_str).unwrap_or("");
        let operator = requirement.get("operator").and_then(Value::as_str).unwrap_or("");
        let values = requirement.get("values").and_then(Value::as_array);
        let mut values = values.into_iter().flatten().filter_map(Value::as_str);
        let family = values.next().unwrap_or("");
        let gpu_family =
            key == "eks.amazonaws.com/instance-category" && operator == "In" && matches!(family, "g" | "p");
        let gpu_maker = key == "eks.amazonaws.com/instance-gpu-manufacturer";
        if gpu_family || gpu_maker {
            instance = "g6.xlarge";
            gpus = 1;
        }
        if operator == "In" && !family.is_empty() {
            labels[key] = family.into();
        }
    }
    let uid = text(pool, "name").to_owned();
    labels["karpenter.sh/nodepool"] = uid.into();
    labels["eks.amazonaws.com/compute-type"] = "auto".into();
    let taints = pool.pointer("/spec/template/spec/taints").cloned();
    seed::node(name, instance, gpus, &work.world.region, &labels, taints.as_ref())
}

pub(super) fn look_at_claim(work: &mut Work<'_>, key: &Key, claim: &Value) {
    let node_name = text_at(claim, "/status/nodeName").to_owned();
    if is_going(claim) {
        if !node_name.is_empty() {
            work.api.delete_at_once(&Key::new("nodes", "", &node_name));
        }
        if has_finalizer(claim, FINALIZER) && work.after(key, "ending", 1) {
            work.release(MANAGER, key, FINALIZER);
        }
        return;
    }
    if is_true(claim, "Ready") {
        consolidate(work, key, claim, &node_name);
        return;
    }
    if !work.after(key, "launching", 3) {
        return;
    }
    let labels = claim.pointer("/metadata/labels");
    let pool = labels.and_then(|labels| labels.get("karpenter.sh/nodepool")).and_then(Value::as_str).unwrap_or("");
    let Some(pool) = work.get(&Key::new(POOLS, "", pool)) else { return };
    let name = seed::node_name(&key.name, &work.world.region);
    let node = node_of(work, &pool, &name);
    let capacity = node.pointer("/status/capacity").cloned().unwrap_or(Value::Null);
    if work.get(&Key::new("nodes", "", &name)).is_none() && work.create(MANAGER, node).is_err() {
        return;
    }
    let now = work.now();
    let held = claim.get("status").cloned().unwrap_or(Value::Null);
    let conditions: Vec<Value> = ["Launched", "Registered", "Initialized", "Ready"]
        .iter()
        .map(|kind| with_message(condition(&held, &now, kind, "True", kind, "")))
        .collect();
    let status = json!({
        "nodeName": name,
        "providerID": format!("aws:///{}a/i-{}", work.world.region, names::hexadecimal(&name, 17)),
        "capacity": capacity,
        "allocatable": capacity,
        "conditions": conditions,
    });
    work.set_status(MANAGER, key, &status);
}

/// Ends a node that its pool says may go when it is empty.
fn consolidate(work: &mut Work<'_>, key: &Key, claim: &Value, node: &str) {
    let used = work.list("pods", None).iter().any(|(_, pod)| {
        let daemon = text_at(pod, "/metadata/ownerReferences/0/kind") == "DaemonSet";
        text_at(pod, "/spec/nodeName") == node && !daemon
    });
    if used {
        work.leave(key, "empty");
        return;
    }
    let labels = claim.pointer("/metadata/labels");
    let pool = labels.and_then(|labels| labels.get("karpenter.sh/nodepool")).and_then(Value::as_str).unwrap_or("");
    let Some(pool) = work.get(&Key::new(POOLS, "", pool)) else { return };
    let after = seconds_of(text_at(&pool, "/spec/disruption/consolidateAfter"));
    if let Some(after) = after
        && work.after_time(key, "empty", after)
    {
        work.delete(key);
    }
}

/// A duration such as `30s` or `5m`; `Never` is none.
fn seconds_of(text: &str) -> Option<std::time::Duration> {
    let mut total = 0_u64;
    let mut digits = String::new();
    for letter in text.chars() {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        let count: u64 = digits.parse().ok()?;
        digits.clear();
        let unit = match letter {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            _ => return None,
        };
        total = total.checked_add(count.checked_mul(unit)?)?;
    }
    (!text.is_empty() && digits.is_empty()).then(|| std::time::Duration::from_secs(total))
}

/// A device plug-in that serves on a node makes the node's devices known.
pub(super) fn device_plugin_runs(work: &mut Work<'_>, pod: &Value) {
    let containers = pod.pointer("/spec/containers").and_then(Value::as_array);
    let plugin = containers.into_iter().flatten().any(|container| {
        let image = container.get("image").and_then(Value::as_str).unwrap_or("");
        image.contains("k8s-device-plugin")
    });
    if !plugin {
        return;
    }
    let node = Key::new("nodes", "", text_at(pod, "/spec/nodeName"));
    let Some(found) = work.get(&node) else { return };
    let instance = found
        .pointer("/metadata/labels")
        .and_then(|labels| labels.get("node.kubernetes.io/instance-type"))
        .and_then(Value::as_str)
        .unwrap_or("")
        .to_owned();
    let gpus = seed::gpus_of(&instance);
    if gpus == 0 || number(&found, "/status/capacity/nvidia.com~1gpu") == gpus {
        return;
    }
    let mut status = found.get("status").cloned().unwrap_or(Value::Null);
    for field in ["capacity", "allocatable"] {
        status[field][GPU] = gpus.to_string().into();
    }
    work.set_status("kubelet", &node, &status);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::seconds_of;

    #[test]
    fn durations_are_read_as_go_writes_them() {
        assert_eq!(seconds_of("30s"), Some(Duration::from_secs(30)));
        assert_eq!(seconds_of("1h5m"), Some(Duration::from_mins(65)));
        assert_eq!(seconds_of("Never"), None);
        assert_eq!(seconds_of(""), None);
        assert_eq!(seconds_of("30"), None);
    }
}
