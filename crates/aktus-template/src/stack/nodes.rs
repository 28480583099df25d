//! Traditional Mode: the node group, and the add-ons that Auto Mode has built in.

use super::ids::{condition, parameter, resource};
use super::parts::{add_on, managed, name_tag, node_subnets, pod_identity, pod_role, role, security_group};
use crate::model::{ConditionName, Expr, Resource, Template};

/// The condition of everything here.
const WHEN: ConditionName = condition::AutoModeDisabled;

pub(super) fn add(template: &mut Template) {
    let policies = list![
        managed("AmazonEKSWorkerNodePolicy"),
        managed("AmazonEKS_CNI_Policy"),
        managed("AmazonEC2ContainerRegistryPullOnly"),
    ];
    template.add_resource(resource::EKSNodeRole, role("ec2.amazonaws.com", false, policies).when(WHEN));
    template.add_resource(
        resource::NodeSecurityGroup,
        security_group("Nodes: NFS to the file system, and SSH when asked for", "nodes").when(WHEN),
    );
    template.add_resource(
        resource::NodeSSHIngress,
        Resource::new("AWS::EC2::SecurityGroupIngress")
            .set("GroupId", Expr::attribute(resource::NodeSecurityGroup, "GroupId"))
            .set("IpProtocol", "tcp")
            .set("FromPort", 22)
            .set("ToPort", 22)
            .set("CidrIp", Expr::reference(parameter::SSHAccessCidr))
            .set("Description", "SSH to the nodes")
            .when(condition::SSHAccess),
    );
    // Nodes become ready with these two; the others are Deployments, which need ready nodes.
    template.add_resource(resource::VpcCniAddon, add_on("vpc-cni").when(WHEN));
    template.add_resource(resource::KubeProxyAddon, add_on("kube-proxy").when(WHEN));
    template.add_resource(resource::NodeLaunchTemplate, launch_template());
    template.add_resource(resource::EKSNodeGroup, node_group());
    template.add_resource(resource::CoreDNSAddon, add_on("coredns").after([resource::EKSNodeGroup]).when(WHEN));
    template.add_resource(
        resource::PodIdentityAgentAddon,
        add_on("eks-pod-identity-agent").after([resource::EKSNodeGroup]).when(WHEN),
    );
    template.add_resource(resource::EBSCSIDriverRole, pod_role("service-role/AmazonEBSCSIDriverPolicy").when(WHEN));
    template.add_resource(
        resource::EBSCSIDriverAddon,
        add_on("aws-ebs-csi-driver")
            .set("PodIdentityAssociations", pod_identity("ebs-csi-controller-sa", resource::EBSCSIDriverRole))
            .after([resource::PodIdentityAgentAddon])
            .when(WHEN),
    );
}

fn launch_template() -> Resource {
    let volume = map! {
        "VolumeSize": Expr::reference(parameter::NodeVolumeSize),
        "VolumeType": "gp3",
        "Encrypted": true,
        "DeleteOnTermination": true,
    };
    // EKS leaves its own security group out when a launch template names any.
    let groups = list![
        Expr::attribute(resource::EKSCluster, "ClusterSecurityGroupId"),
        Expr::attribute(resource::NodeSecurityGroup, "GroupId"),
    ];
    let data = map! {
        "KeyName": Expr::choose(condition::KeyPairProvided, Expr::reference(parameter::KeyPairName), Expr::no_value()),
        "SecurityGroupIds": groups,
        "MetadataOptions": map! {"HttpTokens": "required", "HttpPutResponseHopLimit": 2},
        "BlockDeviceMappings": list![map! {"DeviceName": "/dev/xvda", "Ebs": volume}],
        "TagSpecifications": list![map! {"ResourceType": "instance", "Tags": list![name_tag("node")]}],
    };
    Resource::new("AWS::EC2::LaunchTemplate").set("LaunchTemplateData", data).when(WHEN)
}

/// The node group. It has no name, so that a change of type or image can replace it.
fn node_group() -> Resource {
    let number = || Expr::reference(parameter::NumberOfNodes);
    Resource::new("AWS::EKS::Nodegroup")
        .set("ClusterName", Expr::reference(resource::EKSCluster))
        .set("NodeRole", Expr::attribute(resource::EKSNodeRole, "Arn"))
        .set("AmiType", Expr::choose(condition::GpuInstance, "AL2023_x86_64_NVIDIA", "AL2023_x86_64_STANDARD"))
        .set("InstanceTypes", list![Expr::reference(parameter::NodeInstanceType)])
        .set(
            "LaunchTemplate",
            map! {
                "Id": Expr::reference(resource::NodeLaunchTemplate),
                "Version": Expr::attribute(resource::NodeLaunchTemplate, "LatestVersionNumber"),
            },
        )
        .set("ScalingConfig", map! {"MinSize": number(), "MaxSize": number(), "DesiredSize": number()})
        .set("Subnets", node_subnets())
        .after([resource::VpcCniAddon, resource::KubeProxyAddon])
        .when(WHEN)
}
