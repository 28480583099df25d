//! Claims, volumes and classes.

use serde_json::{Value, json};

use super::{CLAIMS, Cluster, PODS, condition};
use crate::Mode;

const CLASSES: &str = "/apis/storage.k8s.io/v1/storageclasses";
const VOLUMES: &str = "/api/v1/persistentvolumes";

fn claim(name: &str, class: &str, volume: &str) -> Value {
    let mut claim = json!({
        "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteMany"],
            "storageClassName": class,
            "resources": {"requests": {"storage": "5Gi"}},
        },
    });
    if !volume.is_empty() {
        claim["spec"]["volumeName"] = volume.into();
    }
    claim
}

fn volume(name: &str, class: &str) -> Value {
    json!({
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": "5Gi"},
            "accessModes": ["ReadWriteMany"],
            "storageClassName": class,
            "csi": {"driver": "efs.csi.aws.com", "volumeHandle": "fs-1"},
        },
    })
}

fn pod_with(claim: &str) -> Value {
    json!({
        "metadata": {"name": format!("uses-{claim}")},
        "spec": {
            "containers": [{"name": "main", "image": "x", "volumeMounts": [{"name": "v", "mountPath": "/v"}]}],
            "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": claim}}],
        },
    })
}

#[test]
fn a_claim_is_bound_to_the_volume_it_names() {
    let mut cluster = Cluster::new(Mode::Auto);
    cluster.create(CLAIMS, &claim("data", "efs-sc", "efs-volume"));
    cluster.create(PODS, &pod_with("data"));
    cluster.settle();
    cluster.check(&format!("{CLAIMS}/data"), "/status/phase", &json!("Pending"));
    let pod = cluster.get(&format!("{PODS}/uses-data"));
    assert_eq!(condition(&pod, "PodScheduled")["reason"], "Unschedulable");
    cluster.check_event("uses-data", "unbound immediate PersistentVolumeClaims");
    cluster.create(VOLUMES, &volume("efs-volume", "efs-sc"));
    cluster.settle();
    cluster.check(&format!("{CLAIMS}/data"), "/status/phase", &json!("Bound"));
    cluster.check(&format!("{VOLUMES}/efs-volume"), "/status/phase", &json!("Bound"));
    cluster.check(&format!("{VOLUMES}/efs-volume"), "/spec/claimRef/name", &json!("data"));
    let pod = cluster.get(&format!("{PODS}/uses-data"));
    assert_eq!(condition(&pod, "Ready")["status"], "True");
}

#[test]
fn a_volume_of_another_class_or_claim_is_not_bound() {
    let mut cluster = Cluster::new(Mode::Auto);
    cluster.create(VOLUMES, &volume("other", "other-class"));
    cluster.create(CLAIMS, &claim("data", "efs-sc", "other"));
    cluster.settle();
    cluster.check(&format!("{CLAIMS}/data"), "/status/phase", &json!("Pending"));
    cluster.check(&format!("{VOLUMES}/other"), "/status/phase", &json!("Available"));
    cluster.check_event("data", "storageClassName does not match");
    cluster.create(CLAIMS, &claim("fits", "other-class", ""));
    cluster.settle();
    cluster.check(&format!("{CLAIMS}/fits"), "/spec/volumeName", &json!("other"));
}

#[test]
fn a_class_makes_volumes_at_once_or_for_the_first_pod() {
    let mut cluster = Cluster::new(Mode::Auto);
    cluster.create(
        CLASSES,
        &json!({
            "metadata": {"name": "efs-sc"},
            "provisioner": "efs.csi.aws.com",
            "parameters": {"provisioningMode": "efs-ap", "fileSystemId": "fs-0123", "directoryPerms": "700"},
        }),
    );
    cluster.create(
        CLASSES,
        &json!({
            "metadata": {"name": "ebs"},
            "provisioner": "ebs.csi.eks.amazonaws.com",
            "volumeBindingMode": "WaitForFirstConsumer",
        }),
    );
    cluster.create(CLAIMS, &claim("shared", "efs-sc", ""));
    cluster.create(CLAIMS, &claim("own", "ebs", ""));
    cluster.settle();
    cluster.check(&format!("{CLAIMS}/shared"), "/status/phase", &json!("Bound"));
    cluster.check(&format!("{CLAIMS}/own"), "/status/phase", &json!("Pending"));
    cluster.check_event("own", "waiting for first consumer");
    cluster.create(PODS, &pod_with("own"));
    cluster.settle();
    cluster.check(&format!("{CLAIMS}/own"), "/status/phase", &json!("Bound"));
    let pod = cluster.get(&format!("{PODS}/uses-own"));
    assert_eq!(condition(&pod, "Ready")["status"], "True");
}

#[test]
fn a_class_without_its_provisioner_makes_nothing() {
    let mut cluster = Cluster::new(Mode::Traditional);
    cluster.create(CLASSES, &json!({"metadata": {"name": "auto"}, "provisioner": "ebs.csi.eks.amazonaws.com"}));
    cluster.create(CLASSES, &json!({"metadata": {"name": "empty"}, "provisioner": "efs.csi.aws.com", "parameters": {"fileSystemId": "fs-"}}));
    cluster.create(CLAIMS, &claim("waits", "auto", ""));
    cluster.create(CLAIMS, &claim("lost", "none", ""));
    cluster.create(CLAIMS, &claim("free", "", ""));
    cluster.settle();
    cluster.check_event("waits", "external provisioner 'ebs.csi.eks.amazonaws.com'");
    cluster.check_event("lost", "storageclass.storage.k8s.io \"none\" not found");
    cluster.check_event("free", "no storage class is set");
}

#[test]
fn a_volume_is_reclaimed_as_its_policy_says() {
    let mut cluster = Cluster::new(Mode::Auto);
    for (class, policy) in [("kept", "Retain"), ("gone", "Delete")] {
        cluster.create(
            CLASSES,
            &json!({
                "metadata": {"name": class},
                "provisioner": "ebs.csi.eks.amazonaws.com",
                "reclaimPolicy": policy,
            }),
        );
        cluster.create(CLAIMS, &claim(class, class, ""));
    }
    cluster.create(VOLUMES, &volume("static", "static"));
    cluster.create(CLAIMS, &claim("static", "static", "static"));
    cluster.settle();
    let kept = cluster.at(&format!("{CLAIMS}/kept"), "/spec/volumeName");
    let gone = cluster.at(&format!("{CLAIMS}/gone"), "/spec/volumeName");
    for name in ["kept", "gone", "static"] {
        cluster.delete(&format!("{CLAIMS}/{name}"));
    }
    cluster.settle();
    assert!(cluster.names(CLAIMS).is_empty());
    cluster.check(&format!("{VOLUMES}/{}", kept.as_str().unwrap()), "/status/phase", &json!("Released"));
    assert_eq!(cluster.find(&format!("{VOLUMES}/{}", gone.as_str().unwrap())), None);
    cluster.check(&format!("{VOLUMES}/static"), "/status/phase", &json!("Released"));
    cluster.delete(&format!("{VOLUMES}/static"));
    cluster.settle();
    assert_eq!(cluster.find(&format!("{VOLUMES}/static")), None);
}

#[test]
fn a_claim_in_use_and_a_bound_volume_stay() {
    let mut cluster = Cluster::new(Mode::Auto);
    cluster.create(VOLUMES, &volume("v", "c"));
    cluster.create(CLAIMS, &claim("data", "c", "v"));
    cluster.create(PODS, &pod_with("data"));
    cluster.settle();
    cluster.delete(&format!("{CLAIMS}/data"));
    cluster.delete(&format!("{VOLUMES}/v"));
    cluster.settle();
    assert!(cluster.find(&format!("{CLAIMS}/data")).is_some());
    assert!(cluster.find(&format!("{VOLUMES}/v")).is_some());
    cluster.delete(&format!("{PODS}/uses-data"));
    cluster.settle();
    assert_eq!(cluster.find(&format!("{CLAIMS}/data")), None);
    assert_eq!(cluster.find(&format!("{VOLUMES}/v")), None);
}
