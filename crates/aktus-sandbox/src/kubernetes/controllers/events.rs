//! How does the cluster tell what happens to its objects?

use serde_json::{Value, json};

use super::Work;
use crate::kubernetes::api::text;
use crate::kubernetes::names;
use crate::kubernetes::store::Key;

/// Writes an event, or counts one that says the same.
pub(super) fn tell(work: &mut Work<'_>, object: &Value, kind: &str, reason: &str, message: &str) {
    let namespace = match text(object, "namespace") {
        "" => "default",
        namespace => namespace,
    }
    .to_owned();
    let uid = text(object, "uid");
    let hash = names::hexadecimal(&format!("{uid}/{reason}/{message}"), 16);
    let name = format!("{}.{hash}", text(object, "name"));
    let key = Key::new("events", &namespace, &name);
    if work.get(&key).is_some() {
        return;
    }
    let component = match reason {
        "FailedScheduling" | "Scheduled" => "default-scheduler",
        "Pulling" | "Pulled" | "Failed" | "BackOff" | "Created" | "Started" | "FailedMount" | "Killing" => "kubelet",
        "WaitForFirstConsumer"
        | "FailedBinding"
        | "ExternalProvisioning"
        | "ProvisioningSucceeded"
        | "ProvisioningFailed" => "persistentvolume-controller",
        "EnsuringLoadBalancer" | "EnsuredLoadBalancer" | "DeletingLoadBalancer" | "DeletedLoadBalancer" => {
            "service-controller"
        }
        "Nominated" | "DisruptionBlocked" => "karpenter",
        _ => "controller-manager",
    };
    let now = work.now();
    let event = json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": namespace},
        "involvedObject": {
            "apiVersion": object.get("apiVersion"),
            "kind": object.get("kind"),
            "name": text(object, "name"),
            "namespace": object.pointer("/metadata/namespace"),
            "uid": uid,
            "resourceVersion": text(object, "resourceVersion"),
        },
        "type": kind,
        "reason": reason,
        "message": message,
        "source": {"component": component},
        "reportingComponent": component,
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    });
    // A namespace that goes takes no events, and then nobody waits for them.
    drop(work.create(component, event));
}
