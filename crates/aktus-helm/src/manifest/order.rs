//! In which order are objects installed and removed?
//!
//! Upstream: Helm's `pkg/release/v1/util/kind_sorter.go` (4), `pkg/releaseutil` (3).

use std::cmp::Ordering;

use aktus_gotmpl::Profile;

/// Kinds in Helm 3's order of installation; Helm 4 has two more at the end.
const INSTALL: [&str; 38] = [
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// Kinds in Helm 4's order of removal; Helm 3 lacks the first two.
const UNINSTALL: [&str; 38] = [
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
    "APIService",
    "Ingress",
    "IngressClass",
    "Service",
    "CronJob",
    "Job",
    "StatefulSet",
    "HorizontalPodAutoscaler",
    "Deployment",
    "ReplicaSet",
    "ReplicationController",
    "Pod",
    "DaemonSet",
    "RoleBindingList",
    "RoleBinding",
    "RoleList",
    "Role",
    "ClusterRoleBindingList",
    "ClusterRoleBinding",
    "ClusterRoleList",
    "ClusterRole",
    "CustomResourceDefinition",
    "PersistentVolumeClaim",
    "PersistentVolume",
    "StorageClass",
    "ConfigMap",
    "SecretList",
    "Secret",
    "ServiceAccount",
    "PodDisruptionBudget",
    "PodSecurityPolicy",
    "LimitRange",
    "ResourceQuota",
    "NetworkPolicy",
    "Namespace",
    "PriorityClass",
];

/// Webhook configurations have a place of their own only in Helm 4.
const WEBHOOKS: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// Compares two kinds in the order of installation: known kinds first, others by name.
/// To be used with a stable sort, since objects of one kind keep their order.
///
/// ```
/// use aktus_helm::{Profile, install_order};
///
/// let mut kinds = ["Deployment", "Widget", "Service", "Gadget", "Namespace"];
/// kinds.sort_by(|left, right| install_order(left, right, Profile::Helm4));
/// assert_eq!(kinds, ["Namespace", "Service", "Deployment", "Gadget", "Widget"]);
/// ```
pub fn install_order(left: &str, right: &str, profile: Profile) -> Ordering {
    compare(&INSTALL, left, right, profile)
}

/// Compares two kinds in the order of removal: known kinds first, others by name.
pub fn uninstall_order(left: &str, right: &str, profile: Profile) -> Ordering {
    compare(&UNINSTALL, left, right, profile)
}

fn compare(order: &[&str], left: &str, right: &str, profile: Profile) -> Ordering {
    let rank = |kind: &str| {
        let known = profile == Profile::Helm4 || !WEBHOOKS.contains(&kind);
        order.iter().position(|candidate| known && *candidate == kind)
    };
    match (rank(left), rank(right)) {
        (Some(left), Some(right)) => left.cmp(&right),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => left.cmp(right),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webhook_configurations_come_last_in_helm_4_only() {
        let mut kinds = ["Zebra", "ValidatingWebhookConfiguration", "APIService", "Alpaca"];
        kinds.sort_by(|left, right| install_order(left, right, Profile::Helm4));
        assert_eq!(kinds, ["APIService", "ValidatingWebhookConfiguration", "Alpaca", "Zebra"]);
        kinds.sort_by(|left, right| install_order(left, right, Profile::Helm3));
        assert_eq!(kinds, ["APIService", "Alpaca", "ValidatingWebhookConfiguration", "Zebra"]);
        kinds.sort_by(|left, right| uninstall_order(left, right, Profile::Helm4));
        assert_eq!(kinds, ["ValidatingWebhookConfiguration", "APIService", "Alpaca", "Zebra"]);
    }

    #[test]
    fn removal_is_installation_backwards() {
        let mut backwards = UNINSTALL.to_vec();
        backwards.reverse();
        let mut install = INSTALL.to_vec();
        let mut uninstall = backwards.clone();
        install.sort_unstable();
        uninstall.sort_unstable();
        assert_eq!(install, uninstall, "both tables know the same kinds");
    }
}
