//! How do a pod's containers start, and why do they not?

use serde_json::{Value, json};

use super::references::{Missing, missing};
use super::{KUBELET, Work, fault};
use crate::kubernetes::api::{text, text_at};
use crate::kubernetes::controllers::node_pools;
use crate::kubernetes::controllers::work::condition;
use crate::kubernetes::faults::PodFault;
use crate::kubernetes::names;
use crate::kubernetes::store::Key;

/// How the containers of a pod stand.
enum State {
    /// Not started: the reason, and what the kubelet says.
    Waiting(&'static str, String),
    /// Running, serving or not.
    Running { ready: bool },
    /// Ended with a code.
    Ended(i32),
    /// Ended with an error again and again.
    Crashing(i32),
}

pub(super) fn look_at(work: &mut Work<'_>, key: &Key, pod: &Value) {
    let state = state(work, key, pod);
    let status = status(work, pod, &state);
    let was_ready = super::is_ready(pod);
    work.set_status(KUBELET, key, &status);
    if matches!(state, State::Running { ready: true }) && !was_ready {
        node_pools::device_plugin_runs(work, pod);
    }
}

fn state(work: &mut Work<'_>, key: &Key, pod: &Value) -> State {
    match missing(work, &key.namespace, pod) {
        Some(Missing::Volume(volume, problem)) => {
            let message = format!("MountVolume.SetUp failed for volume {volume:?} : {problem}");
            work.event(pod, "Warning", "FailedMount", &message);
            work.leave(key, "starting");
            return State::Waiting("ContainerCreating", String::new());
        }
        Some(Missing::Container(container, problem)) => {
            let message = format!("Error: {problem}");
            work.event(pod, "Warning", "Failed", &message);
            work.leave(key, "starting");
            drop(container);
            return State::Waiting("CreateContainerConfigError", problem);
        }
        None => {}
    }
    let fault = fault(work, pod);
    if !work.after(key, "starting", 1) {
        return State::Waiting("ContainerCreating", String::new());
    }
    let image = pod.pointer("/spec/containers/0/image").and_then(Value::as_str).unwrap_or("");
    match fault {
        Some(PodFault::ImagePull) => {
            let refused = format!(
                "failed to pull and unpack image {image:?}: failed to resolve reference: {image}: \
                 not found"
            );
            work.event(pod, "Warning", "Failed", &format!("Failed to pull image {image:?}: {refused}"));
            if work.after(key, "pulling", 1) {
                let message = format!("Back-off pulling image {image:?}");
                work.event(pod, "Warning", "BackOff", &message);
                return State::Waiting("ImagePullBackOff", format!("{message}: ErrImagePull: {refused}"));
            }
            return State::Waiting("ErrImagePull", refused);
        }
        Some(PodFault::CrashLoop) => {
            let name = text(pod, "name");
            let message = format!("Back-off restarting failed container in pod {name}");
            work.event(pod, "Warning", "BackOff", &message);
            return State::Crashing(1);
        }
        _ => {}
    }
    let restarts = text_at(pod, "/spec/restartPolicy");
    if let Some(PodFault::Exit(code)) = fault {
        if !work.after(key, "running", 1) {
            return State::Running { ready: true };
        }
        return if restarts == "Always" || (restarts == "OnFailure" && code != 0) {
            State::Crashing(code)
        } else {
            State::Ended(code)
        };
    }
    if restarts != "Always" && work.after(key, "running", 1) && fault != Some(PodFault::NeverReady) {
        return State::Ended(0);
    }
    let ready = fault != Some(PodFault::NeverReady) && (restarts != "Always" || work.after(key, "readying", 1));
    State::Running { ready }
}

fn status(work: &Work<'_>, pod: &Value, state: &State) -> Value {
    let now = work.now();
    let held = pod.get("status").cloned().unwrap_or(Value::Null);
    let (phase, initialized, ready) = match state {
        State::Waiting(..) => ("Pending", true, false),
        State::Running { ready } => ("Running", true, *ready),
        State::Crashing(_) => ("Running", true, false),
        State::Ended(0) => ("Succeeded", true, false),
        State::Ended(_) => ("Failed", true, false),
    };
    let truth = |flag: bool| if flag { "True" } else { "False" };
    let unready: Vec<&str> = names_of(pod, "containers");
    let unready = format!("containers with unready status: [{}]", unready.join(" "));
    let (reason, message) = match (ready, state) {
        (true, _) => ("", ""),
        (false, State::Ended(0)) => ("PodCompleted", ""),
        (false, State::Ended(_)) => ("PodFailed", ""),
        (false, _) => ("ContainersNotReady", unready.as_str()),
    };
    let uid = text(pod, "uid");
    let ended = matches!(state, State::Ended(0));
    let mut status = json!({
        "phase": phase,
        "qosClass": held.get("qosClass"),
        "hostIP": "10.0.0.10",
        "hostIPs": [{"ip": "10.0.0.10"}],
        "startTime": held.get("startTime").and_then(Value::as_str).unwrap_or(&now),
        "conditions": [
            condition(&held, &now, "PodReadyToStartContainers", truth(!matches!(state, State::Ended(_))), "", ""),
            condition(&held, &now, "Initialized", truth(initialized), if ended { "PodCompleted" } else { "" }, ""),
            condition(&held, &now, "Ready", truth(ready), reason, message),
            condition(&held, &now, "ContainersReady", truth(ready), reason, message),
            condition(&held, &now, "PodScheduled", "True", "", ""),
        ],
        "containerStatuses": containers(pod, "containers", state, &held, &now),
    });
    if !matches!(state, State::Waiting(..)) {
        let address = format!("10.0.{}.{}", names::number(uid, 250), names::number(&format!("{uid}/"), 250) + 2);
        status["podIP"] = address.as_str().into();
        status["podIPs"] = json!([{"ip": address}]);
    }
    if !names_of(pod, "initContainers").is_empty() {
        let state = match state {
            State::Waiting(reason, message) => State::Waiting(reason, message.clone()),
            _ => State::Ended(0),
        };
        status["initContainerStatuses"] = containers(pod, "initContainers", &state, &held, &now);
    }
    status
}

fn names_of<'a>(pod: &'a Value, list: &str) -> Vec<&'a str> {
    let containers = pod.pointer(&format!("/spec/{list}")).and_then(Value::as_array);
    containers.into_iter().flatten().filter_map(|container| container.get("name").and_then(Value::as_str)).collect()
}

fn containers(pod: &Value, list: &str, state: &State, held: &Value, now: &str) -> Value {
    let uid = text(pod, "uid");
    let containers = pod.pointer(&format!("/spec/{list}")).and_then(Value::as_array);
    let started = |name: &str| -> String {
        let statuses = held.get("containerStatuses").and_then(Value::as_array);
        statuses
            .into_iter()
            .flatten()
            .find(|status| status.get("name").and_then(Value::as_str) == Some(name))
            .and_then(|status| status.pointer("/state/running/startedAt"))
            .and_then(Value::as_str)
            .unwrap_or(now)
            .to_owned()
    };
    containers
        .into_iter()
        .flatten()
        .map(|container| {
            let name = container.get("name").and_then(Value::as_str).unwrap_or("");
            let image = container.get("image").and_then(Value::as_str).unwrap_or("");
            let id = format!("containerd://{}", names::hexadecimal(&format!("{uid}/{name}"), 64));
            let terminated = |code: i32| {
                json!({"terminated": {
                    "exitCode": code,
                    "reason": if code == 0 { "Completed" } else { "Error" },
                    "startedAt": started(name),
                    "finishedAt": now,
                    "containerID": id,
                }})
            };
            let mut status = json!({
                "name": name,
                "image": image,
                "imageID": "",
                "restartCount": 0,
                "ready": matches!(state, State::Running { ready: true } | State::Ended(0)) && (list == "initContainers" || matches!(state, State::Running { .. })),
                "started": matches!(state, State::Running { .. }),
                "lastState": {},
            });
            match state {
                State::Waiting(reason, message) => {
                    let mut waiting = json!({"reason": reason});
                    if !message.is_empty() {
                        waiting["message"] = message.as_str().into();
                    }
                    status["state"] = json!({"waiting": waiting});
                }
                State::Running { .. } => {
                    status["state"] = json!({"running": {"startedAt": started(name)}});
                    status["containerID"] = id.as_str().into();
                    status["imageID"] = image_id(image).into();
                }
                State::Ended(code) => {
                    status["state"] = terminated(*code);
                    status["containerID"] = id.as_str().into();
                    status["imageID"] = image_id(image).into();
                }
                State::Crashing(code) => {
                    let message = format!(
                        "back-off 10s restarting failed container={name} pod={}_{}({uid})",
                        text(pod, "name"),
                        text(pod, "namespace")
                    );
                    status["state"] =
                        json!({"waiting": {"reason": "CrashLoopBackOff", "message": message}});
                    status["lastState"] = terminated(*code);
                    status["restartCount"] = 1.into();
                    status["containerID"] = id.as_str().into();
                    status["imageID"] = image_id(image).into();
                }
            }
            status
        })
        .collect()
}

fn image_id(image: &str) -> String {
    format!("{image}@sha256:{}", names::hexadecimal(image, 64))
}
