//! The platform's own objects, as they are sent.

use aktus_k8s::Object;
use aktus_k8s::platform::{
    EbsProvisioner, GpuLimits, HUGGING_FACE_SECRET, HUGGING_FACE_TOKEN, Owner, device_plugin, ebs_storage_class,
    efs_storage_class, gpu_node_pool, namespace, secret, service_account,
};
use serde_json::{Value, json};

fn owner() -> Owner {
    Owner { instance: "aktus-ai-platform".to_owned() }
}

#[track_caller]
fn check(object: Result<Object, aktus_k8s::ObjectError>, mut expected: Value) {
    let labels = &mut expected["metadata"]["labels"];
    labels["app.kubernetes.io/managed-by"] = json!("aktus");
    labels["app.kubernetes.io/instance"] = json!("aktus-ai-platform");
    let object = object.expect("an object");
    assert_eq!(object.as_value(), &expected);
    assert_eq!(owner().ownership().missing(&object), None);
}

#[test]
fn shared_files() {
    check(
        efs_storage_class(&owner(), "fs-0123"),
        json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "efs-sc"},
            "provisioner": "efs.csi.aws.com",
            "parameters": {"provisioningMode": "efs-ap", "fileSystemId": "fs-0123", "directoryPerms": "700"},
            "reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"}),
    );
}

#[test]
fn databases() {
    for (provisioner, name) in
        [(EbsProvisioner::AutoMode, "ebs.csi.eks.amazonaws.com"), (EbsProvisioner::Driver, "ebs.csi.aws.com")]
    {
        check(
            ebs_storage_class(&owner(), provisioner),
            json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "aktus-ebs"},
                "provisioner": name, "parameters": {"type": "gp3", "encrypted": "true"}, "reclaimPolicy": "Delete",
                "allowVolumeExpansion": true, "volumeBindingMode": "WaitForFirstConsumer"}),
        );
    }
}

#[test]
fn gpu_nodes() {
    let pool = gpu_node_pool(&owner(), GpuLimits { gpus: 2, ..GpuLimits::default() }).unwrap();
    assert_eq!(pool.get("/spec/limits/nvidia.com~1gpu"), Some(&json!("2")));
    assert_eq!(
        pool.get("/spec/template/spec/taints"),
        Some(&json!([{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}]))
    );
    let requirements: Vec<String> = pool
        .items("/spec/template/spec/requirements")
        .map(|r| format!("{} {} {}", r["key"].as_str().unwrap(), r["operator"].as_str().unwrap(), r["values"]))
        .collect();
    assert_eq!(
        requirements,
        [
            r#"karpenter.sh/capacity-type In ["on-demand"]"#,
            r#"eks.amazonaws.com/instance-category In ["g","p"]"#,
            r#"eks.amazonaws.com/instance-generation Gt ["4"]"#,
            r#"eks.amazonaws.com/instance-gpu-manufacturer In ["nvidia"]"#,
            r#"kubernetes.io/arch In ["amd64"]"#,
        ]
    );
    assert_eq!(pool.text("/spec/disruption/consolidationPolicy"), Some("WhenEmpty"));
    assert_eq!(pool.text("/spec/template/spec/nodeClassRef/name"), Some("default"));
}

#[test]
fn device_plugins_select_their_own_pods() {
    let set = device_plugin(&owner(), "kube-system", "nvcr.io/nvidia/k8s-device-plugin:v0.17.4").unwrap();
    assert_eq!(set.get("/spec/selector/matchLabels"), set.get("/spec/template/metadata/labels"));
    assert_eq!(set.id().to_string(), "DaemonSet/kube-system/aktus-nvidia-device-plugin");
    assert_eq!(set.text("/spec/template/spec/containers/0/image"), Some("nvcr.io/nvidia/k8s-device-plugin:v0.17.4"));
}

#[test]
fn the_workspace() {
    check(
        namespace(&owner(), "aktus"),
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "aktus"}}),
    );
    check(
        service_account(&owner(), "aktus", "sa", Some("arn:aws:iam::123456789012:role/r")),
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "sa", "namespace": "aktus",
            "annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/r"}}}),
    );
    check(
        service_account(&owner(), "aktus", "sa", None),
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "sa", "namespace": "aktus"}}),
    );
    let token = |value: Option<&str>| {
        let value = value.map(Into::into);
        secret(&owner(), "aktus", HUGGING_FACE_SECRET, HUGGING_FACE_TOKEN, value.as_ref())
    };
    let expected = |encoded: &str| {
        json!({"apiVersion": "v1", "kind": "Secret", "type": "Opaque",
            "metadata": {"name": "huggingface-credentials", "namespace": "aktus"}, "data": {"HF_TOKEN": encoded}})
    };
    check(token(Some("hf_123")), expected("aGZfMTIz"));
    check(token(None), expected(""));
    assert_eq!(format!("{:?}", token(Some("hf_123")).unwrap()), "Object(Secret/aktus/huggingface-credentials)");
}

#[test]
fn ownership_is_told_in_words() {
    let owner = owner();
    let mut object = namespace(&owner, "aktus").unwrap();
    assert_eq!(owner.selector(), "app.kubernetes.io/managed-by=aktus,app.kubernetes.io/instance=aktus-ai-platform");
    object.set_label("app.kubernetes.io/instance", "other");
    assert_eq!(
        owner.ownership().missing(&object).unwrap(),
        "its label `app.kubernetes.io/instance` is `other`, not `aktus-ai-platform`"
    );
    let bare = Object::new(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}})).unwrap();
    assert_eq!(owner.ownership().missing(&bare).unwrap(), "it has no label `app.kubernetes.io/managed-by: aktus`");
}

#[test]
fn names_are_needed() {
    assert_eq!(
        namespace(&owner(), "").unwrap_err().to_string(),
        "a Namespace has no `metadata.name`; give it as non-empty text"
    );
}
