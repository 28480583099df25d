//! Which kinds belong to the cluster and not to a namespace, as far as one knows without asking.

use aktus_k8s::ObjectId;

/// Kubernetes' own kinds that belong to the cluster, by group.
const CLUSTER_SCOPED: [(&str, &[&str]); 13] = [
    ("", &["ComponentStatus", "Namespace", "Node", "PersistentVolume"]),
    (
        "admissionregistration.k8s.io",
        &[
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        ],
    ),
    ("apiextensions.k8s.io", &["CustomResourceDefinition"]),
    ("apiregistration.k8s.io", &["APIService"]),
    ("certificates.k8s.io", &["CertificateSigningRequest", "ClusterTrustBundle"]),
    ("flowcontrol.apiserver.k8s.io", &["FlowSchema", "PriorityLevelConfiguration"]),
    ("karpenter.sh", &["NodeClaim", "NodePool"]),
    ("eks.amazonaws.com", &["NodeClass"]),
    ("networking.k8s.io", &["IPAddress", "IngressClass", "ServiceCIDR"]),
    ("node.k8s.io", &["RuntimeClass"]),
    ("rbac.authorization.k8s.io", &["ClusterRole", "ClusterRoleBinding"]),
    ("scheduling.k8s.io", &["PriorityClass"]),
    ("storage.k8s.io", &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"]),
];

/// Whether a kind belongs to namespaces; kinds nobody knows are taken for namespaced.
pub(crate) fn is_namespaced(id: &ObjectId) -> bool {
    !CLUSTER_SCOPED.iter().any(|(group, kinds)| *group == id.group() && kinds.contains(&id.kind.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes() {
        #[track_caller]
        fn check(api_version: &str, kind: &str, expected: bool) {
            assert_eq!(is_namespaced(&ObjectId::cluster_scoped(api_version, kind, "x")), expected, "{kind}");
        }
        check("v1", "Pod", true);
        check("v1", "PersistentVolume", false);
        check("v1", "PersistentVolumeClaim", true);
        check("storage.k8s.io/v1", "StorageClass", false);
        check("storage.k8s.io/v1", "CSIStorageCapacity", true);
        check("example.com/v1", "Node", true);
    }
}
