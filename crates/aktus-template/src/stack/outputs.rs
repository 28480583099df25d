//! What the deployer and other stacks want to know. States come from the custom resource's answer.

use super::ids::resource;
use crate::logical_id;
use crate::model::{Expr, Output, Template};

/// What the custom resource answers in `Data`, as flat text, on every success; outputs read it by `Fn::GetAtt`.
///
/// `Status` says in a line how the bootstrap ended, `AutoMode` is `true` or `false` as found in the cluster,
/// `ChartStatus` and `SecretsStatus` say what is installed and which keys are set, and `DashboardUrl` is the
/// address of the knowledge assistant, or the reason why there is none.
pub const ANSWERS: [&str; 5] = ["Status", "AutoMode", "ChartStatus", "SecretsStatus", "DashboardUrl"];

pub(super) fn add(template: &mut Template) {
    let answer = |name: &str| Expr::attribute(resource::EKSClusterStatus, name);
    let subnets = Expr::Join(
        ",".to_owned(),
        Box::new(list![Expr::reference(resource::PublicSubnet1), Expr::reference(resource::PublicSubnet2)]),
    );
    let connection = "aws eks update-kubeconfig --region ${AWS::Region} --name ${EKSCluster}\n\
                      kubectl get nodes\n\
                      kubectl get pods --namespace ${MarketplaceChartNamespace}\n\
                      kubectl get secrets --namespace ${MarketplaceChartNamespace}";
    let dashboard = "Knowledge assistant: ${EKSClusterStatus.DashboardUrl}\n\
                     Without a load balancer: kubectl port-forward --namespace ${MarketplaceChartNamespace} \
                     service/aktus-knowledge-assistant 8080:8080, then http://localhost:8080";
    // Those that other stacks import come first, and are exported.
    let exported = [
        (logical_id!("EKSClusterName"), "Name of the cluster", Expr::reference(resource::EKSCluster)),
        (
            logical_id!("EKSClusterEndpoint"),
            "Address of the cluster's API",
            Expr::attribute(resource::EKSCluster, "Endpoint"),
        ),
        (logical_id!("EKSClusterArn"), "ARN of the cluster", Expr::attribute(resource::EKSCluster, "Arn")),
        (logical_id!("VPCId"), "The VPC", Expr::reference(resource::VPC)),
        (logical_id!("PublicSubnets"), "The public subnets, with a comma between", subnets),
        (logical_id!("EFSFileSystemId"), "The shared file system", Expr::reference(resource::EFSFileSystem)),
        (logical_id!("OIDCProviderArn"), "The cluster's identity provider", Expr::reference(resource::OIDCProvider)),
        (logical_id!("ConnectionInstructions"), "How to reach the cluster", Expr::sub(connection)),
        (logical_id!("NexusDashboardInstructions"), "How to reach the knowledge assistant", Expr::sub(dashboard)),
        (logical_id!("APISecretsStatus"), "Which API keys are set in the cluster", answer("SecretsStatus")),
    ];
    let told = [
        (logical_id!("EKSClusterStatus"), "How the bootstrap ended", answer("Status")),
        (logical_id!("AutoModeEnabled"), "Whether the cluster runs in Auto Mode", answer("AutoMode")),
        (logical_id!("MarketplaceChartStatus"), "What is installed of the platform", answer("ChartStatus")),
    ];
    for (index, (name, description, value)) in exported.into_iter().chain(told).enumerate() {
        let export = (index < 10).then(|| Expr::sub(&format!("${{AWS::StackName}}-{name}")));
        let output = Output { description: description.to_owned(), condition: None, value, export };
        template.outputs.insert(name, output);
    }
}
