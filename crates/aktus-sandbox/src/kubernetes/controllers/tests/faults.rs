//! What goes wrong with pods, and what is told about it.

use serde_json::{Value, json};

use super::{Cluster, DEPLOYMENTS, PODS, condition, deployment, pod_spec};
use crate::Mode;
use crate::kubernetes::faults::PodFault;

fn only_pod(cluster: &mut Cluster) -> Value {
    let list = cluster.get(PODS);
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 1);
    items[0].clone()
}

fn waiting(pod: &Value) -> &Value {
    &pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"]
}

#[test]
fn faults_show_where_kubernetes_shows_them() {
    for (fault, reason, event) in [
        (PodFault::ImagePull, "ImagePullBackOff", "Back-off pulling image \"example/app:1\""),
        (PodFault::CrashLoop, "CrashLoopBackOff", "Back-off restarting failed container"),
    ] {
        let mut cluster = Cluster::new(Mode::Auto);
        cluster.fault("web", fault);
        cluster.create(DEPLOYMENTS, &deployment("web", 1, &pod_spec()));
        cluster.settle();
        let pod = only_pod(&mut cluster);
        assert_eq!(waiting(&pod), reason);
        assert_eq!(condition(&pod, "Ready")["status"], "False");
        cluster.check_event(pod["metadata"]["name"].as_str().unwrap(), event);
        cluster.check(&format!("{DEPLOYMENTS}/web"), "/status/unavailableReplicas", &json!(1));
    }
}

#[test]
fn a_pod_recovers_when_its_fault_is_gone() {
    let mut cluster = Cluster::new(Mode::Auto);
    cluster.fault("example/app", PodFault::Unschedulable);
    cluster.create(DEPLOYMENTS, &deployment("web", 1, &pod_spec()));
    cluster.settle();
    let pod = only_pod(&mut cluster);
    assert_eq!(condition(&pod, "PodScheduled")["reason"], "Unschedulable");
    cluster.world.pod_faults.clear();
    cluster.controllers.restart();
    cluster.settle();
    cluster.check(&format!("{DEPLOYMENTS}/web"), "/status/readyReplicas", &json!(1));
}

#[test]
fn what_a_pod_names_must_be_there() {
    let mut cluster = Cluster::new(Mode::Auto);
    let mut by_variable = pod_spec();
    by_variable["containers"][0]["env"] = json!([
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "TOKEN"}}},
        {"name": "MAYBE", "valueFrom": {"configMapKeyRef": {"name": "none", "key": "x", "optional": true}}},
    ]);
    cluster.create(PODS, &json!({"metadata": {"name": "variable"}, "spec": by_variable}));
    let mut by_volume = pod_spec();
    by_volume["volumes"] = json!([{"name": "settings", "configMap": {"name": "settings"}}]);
    cluster.create(PODS, &json!({"metadata": {"name": "volume"}, "spec": by_volume}));
    cluster.settle();
    let pod = cluster.get(&format!("{PODS}/variable"));
    assert_eq!(waiting(&pod), "CreateContainerConfigError");
    cluster.check_event("variable", "secret \"keys\" not found");
    let pod = cluster.get(&format!("{PODS}/volume"));
    assert_eq!(waiting(&pod), "ContainerCreating");
    cluster
        .check_event("volume", "MountVolume.SetUp failed for volume \"settings\" : configmap \"settings\" not found");

    let secrets = "/api/v1/namespaces/default/secrets";
    cluster.create(secrets, &json!({"metadata": {"name": "keys"}, "stringData": {"OTHER": "x"}}));
    cluster.settle();
    cluster.check_event("variable", "couldn't find key TOKEN in Secret default/keys");
    cluster.patch(&format!("{secrets}/keys"), &json!({"stringData": {"TOKEN": ""}}));
    cluster.create("/api/v1/namespaces/default/configmaps", &json!({"metadata": {"name": "settings"}}));
    cluster.settle();
    for name in ["variable", "volume"] {
        let pod = cluster.get(&format!("{PODS}/{name}"));
        assert_eq!(condition(&pod, "Ready")["status"], "True", "{name}");
    }
}

#[test]
fn pods_that_are_refused_are_told_by_their_owner() {
    let mut cluster = Cluster::new(Mode::Auto);
    let mut spec = pod_spec();
    spec["serviceAccountName"] = "late".into();
    cluster.create(DEPLOYMENTS, &deployment("web", 1, &spec));
    cluster.settle();
    let web = cluster.get(&format!("{DEPLOYMENTS}/web"));
    let failure = condition(&web, "ReplicaFailure");
    assert_eq!(failure["reason"], "FailedCreate");
    assert!(failure["message"].as_str().unwrap().contains("serviceaccount \"late\" not found"));
    let accounts = "/api/v1/namespaces/default/serviceaccounts";
    cluster.create(accounts, &json!({"metadata": {"name": "late"}}));
    cluster.settle();
    let web = cluster.get(&format!("{DEPLOYMENTS}/web"));
    assert_eq!(web["status"]["readyReplicas"], 1);
    assert_eq!(condition(&web, "ReplicaFailure"), Value::Null);
}

#[test]
fn a_deployment_that_does_not_progress_says_so_after_its_deadline() {
    let mut cluster = Cluster::new(Mode::Auto);
    let mut slow = deployment("web", 1, &pod_spec());
    slow["spec"]["progressDeadlineSeconds"] = 2.into();
    slow["spec"]["template"]["metadata"]["annotations"] = json!({"sandbox.aktus.ai/pod": "never-ready"});
    cluster.create(DEPLOYMENTS, &slow);
    cluster.settle();
    let web = cluster.get(&format!("{DEPLOYMENTS}/web"));
    assert_eq!(condition(&web, "Progressing")["reason"], "ProgressDeadlineExceeded");
}
