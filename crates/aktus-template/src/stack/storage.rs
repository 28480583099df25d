//! The shared file system and the driver that mounts it.

use super::ids::{condition, resource};
use super::parts::{add_on, document, name_tag, pod_identity, pod_role, port_from, security_group};
use crate::model::{Expr, PseudoParameter, Resource, Template};

/// NFS.
const PORT: i64 = 2049;

pub(super) fn add(template: &mut Template) {
    template.add_resource(resource::EFSKey, key());
    template.add_resource(resource::EFSFileSystem, file_system());
    template.add_resource(resource::EFSSecurityGroup, security_group("File system: NFS from the cluster", "efs"));
    let from_cluster = port_from(
        resource::EFSSecurityGroup,
        PORT,
        Expr::attribute(resource::EKSCluster, "ClusterSecurityGroupId"),
        "NFS from everything in the cluster",
    );
    template.add_resource(resource::EFSIngressFromCluster, from_cluster);
    let from_nodes = port_from(
        resource::EFSSecurityGroup,
        PORT,
        Expr::attribute(resource::NodeSecurityGroup, "GroupId"),
        "NFS from the nodes",
    );
    template.add_resource(resource::EFSIngressFromNodes, from_nodes.when(condition::AutoModeDisabled));
    for (id, private, public) in [
        (resource::EFSMountTarget1, resource::PrivateSubnet1, resource::PublicSubnet1),
        (resource::EFSMountTarget2, resource::PrivateSubnet2, resource::PublicSubnet2),
    ] {
        let subnet = Expr::choose(condition::PrivateSubnets, Expr::reference(private), Expr::reference(public));
        template.add_resource(
            id,
            Resource::new("AWS::EFS::MountTarget")
                .set("FileSystemId", Expr::reference(resource::EFSFileSystem))
                .set("SubnetId", subnet)
                .set("SecurityGroups", list![Expr::attribute(resource::EFSSecurityGroup, "GroupId")]),
        );
    }
    template.add_resource(resource::EFSCSIDriverRole, pod_role("service-role/AmazonEFSCSIDriverPolicy"));
    // Its controller is a Deployment: it needs nodes, and the agent that hands out the role. Auto Mode has both.
    let name = Expr::from("aws-efs-csi-driver");
    let ready = Expr::choose(
        condition::AutoModeDisabled,
        name.clone().after([resource::EKSNodeGroup, resource::PodIdentityAgentAddon]),
        name,
    );
    template.add_resource(
        resource::EFSCSIDriverAddon,
        add_on("aws-efs-csi-driver")
            .set("AddonName", ready)
            .set("PodIdentityAssociations", pod_identity("efs-csi-controller-sa", resource::EFSCSIDriverRole)),
    );
}

/// A key for the file system; it is kept as long as the file system could be.
fn key() -> Resource {
    let root = Expr::sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root");
    let account = map! {
        "Sid": "Account", "Effect": "Allow", "Principal": map! {"AWS": root}, "Action": "kms:*", "Resource": "*",
    };
    let actions = ["Encrypt", "Decrypt", "ReEncrypt*", "GenerateDataKey*", "CreateGrant", "DescribeKey"];
    let only = map! {
        "kms:CallerAccount": Expr::reference(PseudoParameter::AccountId),
        "kms:ViaService": Expr::sub("elasticfilesystem.${AWS::Region}.amazonaws.com"),
    };
    let through = map! {
        "Sid": "ThroughEFS",
        "Effect": "Allow",
        "Principal": map! {"AWS": "*"},
        "Action": Expr::list(actions.map(|action| format!("kms:{action}"))),
        "Resource": "*",
        "Condition": map! {"StringEquals": only},
    };
    Resource::new("AWS::KMS::Key")
        .retained()
        .set("Description", Expr::sub("File system of ${AWS::StackName}"))
        .set("EnableKeyRotation", true)
        .set("KeyPolicy", document(vec![account, through]))
        .when(condition::Kms)
}

/// The file system, kept when the stack goes: models and documents are in it.
fn file_system() -> Resource {
    let actions = ["ClientMount", "ClientWrite", "ClientRootAccess"];
    let mount = map! {
        "Effect": "Allow",
        "Principal": map! {"AWS": "*"},
        "Action": Expr::list(actions.map(|action| format!("elasticfilesystem:{action}"))),
        "Resource": "*",
        "Condition": map! {"Bool": map! {"elasticfilesystem:AccessedViaMountTarget": "true"}},
    };
    let encrypted = map! {
        "Effect": "Deny",
        "Principal": map! {"AWS": "*"},
        "Action": "*",
        "Resource": "*",
        "Condition": map! {"Bool": map! {"aws:SecureTransport": "false"}},
    };
    Resource::new("AWS::EFS::FileSystem")
        .retained()
        .set("Encrypted", true)
        .set("KmsKeyId", Expr::choose(condition::Kms, Expr::attribute(resource::EFSKey, "Arn"), Expr::no_value()))
        .set("PerformanceMode", "generalPurpose")
        .set("ThroughputMode", "provisioned")
        .set("ProvisionedThroughputInMibps", 50)
        .set("BackupPolicy", map! {"Status": "ENABLED"})
        .set("FileSystemPolicy", document(vec![mount, encrypted]))
        .set("FileSystemTags", list![name_tag("efs")])
}
