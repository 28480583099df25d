//! What is wrong with a pod? The answer to most questions of why something is not ready.

use serde_json::Value;

use super::kinds::{claim, condition};
use super::related::Related;
use crate::error::is_final_refusal;
use crate::object::Object;

/// Warnings about a pod that explain why its containers do not start.
const START_WARNINGS: &[&str] = &[
    "FailedMount",
    "FailedAttachVolume",
    "FailedCreatePodSandBox",
    "FailedMapVolume",
    "NetworkNotReady",
    "Failed",
    "FailedPreStopHook",
];

/// The trouble of the first pod of a workload that has any, naming the pod.
pub(super) fn of_pods(workload: &Object, related: &Related) -> Option<String> {
    let pods = related.pods_of(workload);
    let trouble = |pod: &&Object| Some(format!("pod {}: {}", pod.name(), of_pod(pod, related)?));
    pods.iter().find_map(trouble)
}

/// Why a workload has too few pods, if the controller said it could not create them.
///
/// Quotas and policies do not change by themselves: the second value says that it is one of these.
pub(super) fn of_creation(workload: &Object, related: &Related) -> Option<(String, bool)> {
    let warning = related.warning(workload, &["FailedCreate"])?;
    let is_final = is_final_refusal(&warning);
    Some((warning, is_final))
}

/// What keeps one pod from being ready; `None` if nothing does, or nothing is known.
pub(super) fn of_pod(pod: &Object, related: &Related) -> Option<String> {
    if pod.is_deleting() {
        return Some("it is being deleted".to_owned());
    }
    match pod.text("/status/phase") {
        Some("Succeeded") => return None,
        Some("Failed") => return Some(failed(pod)),
        _ => {}
    }
    if let Some(("False", reason, message)) = condition(pod, "PodScheduled") {
        let claims = unbound(pod, related);
        let message = if message.is_empty() { reason } else { message };
        return Some(match claims {
            Some(claims) => format!("unschedulable: {message}; {claims}"),
            None => format!("unschedulable: {message}"),
        });
    }
    let statuses = ["/status/initContainerStatuses", "/status/containerStatuses"];
    let mut containers = statuses.into_iter().flat_map(|pointer| pod.items(pointer));
    if let Some(trouble) = containers.find_map(|status| of_container(status, pod, related)) {
        return Some(trouble);
    }
    match condition(pod, "Ready") {
        Some(("True", ..)) => None,
        Some((_, _, message)) if !message.is_empty() => Some(message.to_owned()),
        _ => Some("it has not started yet".to_owned()),
    }
}

fn failed(pod: &Object) -> String {
    let exit = pod.items("/status/containerStatuses").find_map(|status| {
        let code = status.pointer("/state/terminated/exitCode")?.as_i64().filter(|code| *code != 0)?;
        Some(format!("container {} {}", name(status), exited(status.pointer("/state/terminated"), code)))
    });
    let text = |pointer: &str| pod.text(pointer).filter(|text| !text.is_empty());
    let words = text("/status/message").or_else(|| text("/status/reason")).map(str::to_owned);
    exit.or(words).unwrap_or_else(|| "it failed".to_owned())
}

fn name(status: &Value) -> &str {
    status.get("name").and_then(Value::as_str).unwrap_or("?")
}

fn exited(terminated: Option<&Value>, code: i64) -> String {
    let text = |field: &str| {
        terminated.and_then(|terminated| terminated.get(field)).and_then(Value::as_str).map_or("", str::trim)
    };
    let (reason, message) = (text("reason"), text("message"));
    let mut words = format!("ended with exit code {code}");
    if !reason.is_empty() && reason != "Error" {
        words.extend([" (", reason, ")"]);
    }
    if !message.is_empty() {
        words.extend([": ", message]);
    }
    words
}

fn of_container(status: &Value, pod: &Object, related: &Related) -> Option<String> {
    let text = |pointer: &str| status.pointer(pointer).and_then(Value::as_str).unwrap_or("");
    let name = name(status);
    let restarts = status.get("restartCount").and_then(Value::as_i64).unwrap_or(0);
    let last_exit = || {
        let terminated = status.pointer("/lastState/terminated")?;
        Some(exited(Some(terminated), terminated.get("exitCode")?.as_i64()?))
    };
    if let Some(waiting) = status.pointer("/state/waiting").filter(|waiting| !waiting.is_null()) {
        let reason = waiting.get("reason").and_then(Value::as_str).unwrap_or("");
        let message = waiting.get("message").and_then(Value::as_str).unwrap_or("");
        return Some(match reason {
            "ErrImagePull"
            | "ImagePullBackOff"
            | "InvalidImageName"
            | "ErrImageNeverPull"
            | "RegistryUnavailable"
            | "ImageInspectError" => {
                let detail = match message {
                    "" => related.warning(pod, &["Failed"]).unwrap_or_else(|| reason.to_owned()),
                    message => message.to_owned(),
                };
                format!("container {name} cannot pull its image {}: {detail}", text("/image"))
            }
            "CrashLoopBackOff" => {
                let exit = last_exit().unwrap_or_else(|| "ends".to_owned());
                format!("container {name} crashes again and again ({restarts} restarts): it {exit}")
            }
            "" | "ContainerCreating" | "PodInitializing" => {
                let warning = related.warning(pod, START_WARNINGS).or_else(|| unbound(pod, related));
                // Other containers may know more; what is left to say is that it starts.
                warning.unwrap_or_else(|| format!("container {name} is being created"))
            }
            _ if message.is_empty() => format!("container {name} cannot start: {reason}"),
            _ => format!("container {name} cannot start: {reason}: {message}"),
        });
    }
    if let Some(code) = status.pointer("/state/terminated/exitCode").and_then(Value::as_i64).filter(|code| *code != 0) {
        return Some(format!("container {name} {}", exited(status.pointer("/state/terminated"), code)));
    }
    let is_running = status.pointer("/state/running").is_some_and(|running| !running.is_null());
    let is_ready = status.get("ready").and_then(Value::as_bool).unwrap_or(false);
    let is_init = pod.items("/status/initContainerStatuses").any(|init| std::ptr::eq(init, status));
    if is_running && is_init && !is_ready {
        return Some(format!("init container {name} is still running"));
    }
    if is_running && !is_ready {
        let mut words = format!("container {name} runs but is not ready");
        if let Some(warning) = related.warning(pod, &["Unhealthy"]) {
            words.extend([": ", warning.strip_prefix("Unhealthy: ").unwrap_or(&warning)]);
        } else if let Some(exit) = last_exit() {
            words.extend([" after ", &restarts.to_string(), " restarts; before, it ", &exit]);
        }
        return Some(words);
    }
    None
}

/// The claims of a pod that are not bound, and why.
fn unbound(pod: &Object, related: &Related) -> Option<String> {
    let trouble = |object: &Object| {
        let reason = claim::trouble(object, related)?;
        Some(format!("volume claim {}: {reason}", object.name()))
    };
    related.claims_of(pod).find_map(trouble)
}
