//! The control plane: roles, log group, cluster.

use super::ids::{condition, parameter, resource};
use super::parts::{cluster_name, managed, name_tag, node_subnets, role, sub_with};
use crate::model::{Expr, Resource, Template};

pub(super) fn add(template: &mut Template) {
    let policies = ["Cluster", "Compute", "BlockStorage", "LoadBalancing", "Networking"];
    let policies = policies.map(|name| managed(&format!("AmazonEKS{name}Policy")));
    let policies = Expr::choose(condition::AutoModeEnabled, Expr::list(policies.clone()), list![policies[0].clone()]);
    template.add_resource(resource::EKSClusterRole, role("eks.amazonaws.com", true, policies));
    let policies = list![managed("AmazonEKSWorkerNodeMinimalPolicy"), managed("AmazonEC2ContainerRegistryPullOnly")];
    template.add_resource(
        resource::EKSAutoModeNodeRole,
        role("ec2.amazonaws.com", false, policies).when(condition::AutoModeEnabled),
    );
    // EKS writes into this group whether it exists or not; made here, it has an end.
    template.add_resource(
        resource::EKSClusterLogGroup,
        Resource::new("AWS::Logs::LogGroup")
            .removed()
            .set("LogGroupName", sub_with("/aws/eks/${Name}/cluster", "Name", cluster_name()))
            .set("RetentionInDays", 90),
    );
    template.add_resource(resource::EKSCluster, cluster());
}

/// The cluster. Load balancers and nodes use the routes as long as it lives, so it goes before them.
fn cluster() -> Resource {
    let enabled = || Expr::choose(condition::AutoModeEnabled, true, false);
    // All three blocks of Auto Mode are always there, as true or false: EKS refuses a change of only some.
    let compute = Expr::choose(
        condition::AutoModeEnabled,
        map! {
            "Enabled": true,
            "NodePools": list!["general-purpose", "system"],
            "NodeRoleArn": Expr::attribute(resource::EKSAutoModeNodeRole, "Arn"),
        },
        map! {"Enabled": false},
    );
    let network = map! {
        "SubnetIds": node_subnets(),
        "EndpointPublicAccess": true,
        "EndpointPrivateAccess": true,
        "PublicAccessCidrs": Expr::reference(parameter::PublicAccessCidrs),
    };
    let logs = ["api", "audit", "authenticator", "controllerManager", "scheduler"].map(|log| map! {"Type": log});
    Resource::new("AWS::EKS::Cluster")
        .after([
            resource::EKSClusterLogGroup,
            resource::PublicRoute,
            resource::PublicSubnet1RouteTableAssociation,
            resource::PublicSubnet2RouteTableAssociation,
        ])
        .set("Name", cluster_name())
        .set("Version", Expr::reference(parameter::EKSVersion))
        .set("RoleArn", Expr::attribute(resource::EKSClusterRole, "Arn"))
        // Both can never be changed, and Auto Mode refuses true here.
        .set("BootstrapSelfManagedAddons", false)
        .set("AccessConfig", map! {"AuthenticationMode": "API", "BootstrapClusterCreatorAdminPermissions": true})
        .set("UpgradePolicy", map! {"SupportType": "STANDARD"})
        .set("ResourcesVpcConfig", network)
        .set("Logging", map! {"ClusterLogging": map! {"EnabledTypes": Expr::list(logs)}})
        .set("ComputeConfig", compute)
        .set("KubernetesNetworkConfig", map! {"ElasticLoadBalancing": map! {"Enabled": enabled()}})
        .set("StorageConfig", map! {"BlockStorage": map! {"Enabled": enabled()}})
        .set("Tags", list![name_tag("cluster")])
}
