//! Which fields cannot be changed on an existing object?
//!
//! After the validation rules of Kubernetes (`pkg/apis/*/validation`). The server has the last word: a plan asks it
//! by a dry run, and an apply that it refuses says so itself.

/// The immutable fields of a kind.
enum Rule {
    /// These, and what is inside them.
    Only(&'static [&'static str]),
    /// Everything in the first, but not the others.
    AllBut(&'static str, &'static [&'static str]),
}

fn rule(group: &str, kind: &str) -> Option<Rule> {
    let rule = match (group, kind) {
        ("storage.k8s.io", "StorageClass") => {
            Rule::Only(&["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"])
        }
        ("apps", "Deployment" | "DaemonSet" | "ReplicaSet") => Rule::Only(&["spec.selector"]),
        ("apps", "StatefulSet") => Rule::AllBut(
            "spec",
            &[
                "spec.replicas",
                "spec.ordinals",
                "spec.template",
                "spec.updateStrategy",
                "spec.revisionHistoryLimit",
                "spec.persistentVolumeClaimRetentionPolicy",
                "spec.minReadySeconds",
            ],
        ),
        ("batch", "Job") => Rule::Only(&[
            "spec.template",
            "spec.selector",
            "spec.completionMode",
            "spec.podFailurePolicy",
            "spec.successPolicy",
            "spec.backoffLimitPerIndex",
            "spec.managedBy",
        ]),
        ("", "PersistentVolumeClaim") => Rule::AllBut("spec", &["spec.resources", "spec.volumeAttributesClassName"]),
        ("", "PersistentVolume") => Rule::Only(&[
            "spec.csi",
            "spec.hostPath",
            "spec.local",
            "spec.nfs",
            "spec.awsElasticBlockStore",
            "spec.volumeMode",
            "spec.nodeAffinity",
        ]),
        ("", "Service") => Rule::Only(&["spec.clusterIP"]),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => Rule::Only(&["roleRef"]),
        ("scheduling.k8s.io", "PriorityClass") => Rule::Only(&["value", "preemptionPolicy"]),
        ("networking.k8s.io", "IngressClass") => Rule::Only(&["spec.controller"]),
        ("node.k8s.io", "RuntimeClass") => Rule::Only(&["handler"]),
        ("", "Secret") => Rule::Only(&["type"]),
        _ => return None,
    };
    Some(rule)
}

/// Whether the field at this path (`spec.template.spec`) cannot be changed.
pub(super) fn is_immutable(group: &str, kind: &str, path: &str) -> bool {
    match rule(group, kind) {
        None => false,
        Some(Rule::Only(fields)) => fields.iter().any(|field| is_within(path, field)),
        Some(Rule::AllBut(root, fields)) => is_within(path, root) && !fields.iter().any(|field| is_within(path, field)),
    }
}

fn is_within(path: &str, field: &str) -> bool {
    path.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn immutable_fields() {
        let cases = [
            ("storage.k8s.io", "StorageClass", "parameters.fileSystemId", true),
            ("storage.k8s.io", "StorageClass", "allowVolumeExpansion", false),
            ("storage.k8s.io", "StorageClass", "metadata.labels.parameters", false),
            ("apps", "Deployment", "spec.selector.matchLabels[app.kubernetes.io/name]", true),
            ("apps", "Deployment", "spec.selectors", false),
            ("apps", "StatefulSet", "spec.volumeClaimTemplates[0].spec", true),
            ("apps", "StatefulSet", "spec.template.spec.containers[db].image", false),
            ("apps", "StatefulSet", "metadata.labels.app", false),
            ("batch", "Job", "spec.template.spec.containers[init].image", true),
            ("batch", "CronJob", "spec.jobTemplate.spec.template", false),
            ("", "PersistentVolumeClaim", "spec.resources.requests.storage", false),
            ("", "PersistentVolumeClaim", "spec.storageClassName", true),
            ("example.com", "StatefulSet", "spec.serviceName", false),
        ];
        for (group, kind, path, expected) in cases {
            assert_eq!(is_immutable(group, kind, path), expected, "{kind} {path}");
        }
    }
}
