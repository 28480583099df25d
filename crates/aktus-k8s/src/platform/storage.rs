//! Storage classes: shared files on EFS, databases on EBS.

use serde_json::json;

use super::Owner;
use crate::object::{Object, ObjectError};

/// The class that the chart's shared volumes name.
pub const EFS_STORAGE_CLASS: &str = "efs-sc";

/// The class for the chart's databases.
pub const EBS_STORAGE_CLASS: &str = "aktus-ebs";

/// Who provisions EBS volumes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EbsProvisioner {
    /// EKS Auto Mode itself.
    AutoMode,
    /// The EBS CSI driver add-on of a cluster with node groups.
    Driver,
}

impl EbsProvisioner {
    /// The name in a StorageClass.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AutoMode => "ebs.csi.eks.amazonaws.com",
            Self::Driver => "ebs.csi.aws.com",
        }
    }
}

/// The class `efs-sc`: one EFS access point per volume on this file system.
///
/// Its parameters cannot be changed: for another file system the class is deleted and created again, see
/// [`PlanOptions::recreate`](crate::PlanOptions::recreate). Volumes that exist keep what they were made with.
pub fn efs_storage_class(owner: &Owner, file_system_id: &str) -> Result<Object, ObjectError> {
    let class = json!({
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": EFS_STORAGE_CLASS},
        "provisioner": "efs.csi.aws.com",
        "parameters": {
            "provisioningMode": "efs-ap",
            "fileSystemId": file_system_id,
            "directoryPerms": "700",
        },
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "Immediate",
    });
    Ok(owner.label(Object::new(class)?))
}

/// The class `aktus-ebs` for the databases: encrypted gp3 volumes, made where the pod runs.
pub fn ebs_storage_class(owner: &Owner, provisioner: EbsProvisioner) -> Result<Object, ObjectError> {
    let class = json!({
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": EBS_STORAGE_CLASS},
        "provisioner": provisioner.as_str(),
        "parameters": {"type": "gp3", "encrypted": "true"},
        "reclaimPolicy": "Delete",
        "allowVolumeExpansion": true,
        // A volume belongs to a zone: it must be the zone of the pod.
        "volumeBindingMode": "WaitForFirstConsumer",
    });
    Ok(owner.label(Object::new(class)?))
}
