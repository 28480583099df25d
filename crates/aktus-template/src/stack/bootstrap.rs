//! The function that installs the platform, and the custom resource that calls it.

use super::Architecture;
use super::access::administrator;
use super::ids::{condition, parameter, resource};
use super::parts::{allow, document, role};
use crate::model::{ConditionName, Expr, LogicalId, PseudoParameter, Resource, Template};

pub(super) fn add(template: &mut Template, architecture: Architecture) {
    template.add_resource(
        resource::EKSConnectorLambdaLogGroup,
        Resource::new("AWS::Logs::LogGroup").removed().set("RetentionInDays", 30),
    );
    let mut function_role = role("lambda.amazonaws.com", false, Expr::List(Vec::new()));
    function_role.properties.shift_remove("ManagedPolicyArns");
    template.add_resource(resource::EKSConnectorLambdaRole, function_role);
    template.add_resource(
        resource::EKSConnectorLambda,
        Resource::new("AWS::Lambda::Function")
            .set("Description", Expr::sub("Bootstrap of the Aktus AI Platform in ${AWS::StackName}"))
            .set("Runtime", "provided.al2023")
            .set("Architectures", list![architecture.name()])
            .set("Handler", "bootstrap")
            .set("Timeout", 900)
            // The example chart takes a tenth of it; larger charts take more, and processor time comes with memory.
            .set("MemorySize", 512)
            .set("Role", Expr::attribute(resource::EKSConnectorLambdaRole, "Arn"))
            .set(
                "Code",
                map! {
                    "S3Bucket": Expr::reference(parameter::BootstrapCodeBucket),
                    "S3Key": Expr::reference(parameter::BootstrapCodeKey),
                },
            )
            .set(
                "LoggingConfig",
                map! {"LogGroup": Expr::reference(resource::EKSConnectorLambdaLogGroup), "LogFormat": "JSON"},
            ),
    );
    // Apart from the role, because it names the function, which names the role.
    template.add_resource(
        resource::EKSConnectorLambdaPolicy,
        Resource::new("AWS::IAM::Policy")
            .set("PolicyName", "bootstrap")
            .set("Roles", list![Expr::reference(resource::EKSConnectorLambdaRole)])
            .set("PolicyDocument", permissions()),
    );
    // Lambda would run a failed event twice more. Instead the function gets the record of a run that died,
    // and answers CloudFormation in its place.
    template.add_resource(
        resource::EKSConnectorLambdaInvokeConfig,
        Resource::new("AWS::Lambda::EventInvokeConfig")
            .set("FunctionName", Expr::reference(resource::EKSConnectorLambda))
            .set("Qualifier", "$LATEST")
            .set("MaximumRetryAttempts", 0)
            .set("MaximumEventAgeInSeconds", 300)
            .set(
                "DestinationConfig",
                map! {"OnFailure": map! {"Destination": Expr::attribute(resource::EKSConnectorLambda, "Arn")}},
            )
            .after([resource::EKSConnectorLambdaPolicy]),
    );
    template.add_resource(
        resource::LambdaRoleAccessEntry,
        administrator(Expr::attribute(resource::EKSConnectorLambdaRole, "Arn")),
    );
    template.add_resource(resource::EKSClusterStatus, custom_resource());
}

/// What the function may do, and nothing else: read what it waits for, pull one chart, call itself.
fn permissions() -> Expr {
    let only = |condition: ConditionName, statement: Expr| Expr::choose(condition, statement, Expr::no_value());
    let secret = |given: ConditionName, secret: LogicalId| {
        only(given, allow(&["secretsmanager:GetSecretValue"], Expr::reference(secret)))
    };
    let uri = |delimiter: &str, index: i64| {
        Expr::select(
            index,
            Expr::Split(delimiter.to_owned(), Box::new(Expr::reference(parameter::MarketplaceChartUri))),
        )
    };
    let repository = Expr::Sub(
        "arn:${AWS::Partition}:ecr:${Region}:${Account}:repository/${Name}".to_owned(),
        [("Account", uri(".", 0)), ("Region", uri(".", 3)), ("Name", uri(".amazonaws.com/", 1))]
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
    );
    let add_ons = Expr::sub("arn:${AWS::Partition}:eks:${AWS::Region}:${AWS::AccountId}:addon/${EKSCluster}/*");
    let chart = |statement: Expr| only(condition::EnableMarketplaceChartInstallation, statement);
    document(vec![
        allow(
            &["logs:CreateLogStream", "logs:PutLogEvents"],
            Expr::attribute(resource::EKSConnectorLambdaLogGroup, "Arn"),
        ),
        allow(&["eks:DescribeCluster", "eks:ListAddons"], Expr::attribute(resource::EKSCluster, "Arn")),
        allow(&["eks:DescribeAddon"], add_ons),
        allow(
            &["elasticfilesystem:DescribeFileSystems", "elasticfilesystem:DescribeMountTargets"],
            Expr::attribute(resource::EFSFileSystem, "Arn"),
        ),
        allow(&["lambda:InvokeFunction"], Expr::attribute(resource::EKSConnectorLambda, "Arn")),
        chart(allow(&["ecr:GetAuthorizationToken"], "*".into())),
        chart(allow(&["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], repository)),
        secret(condition::HasHuggingFaceToken, resource::HuggingFaceTokenSecret),
        secret(condition::HasOpenAIAPIKey, resource::OpenAIAPIKeySecret),
    ])
}

/// The custom resource. All that the bootstrap uses is created before it and deleted after it:
/// routes, mount targets, the rules for NFS, add-ons, nodes, access, permissions, the log group.
fn custom_resource() -> Resource {
    let arn = |given: ConditionName, secret: LogicalId| Expr::choose(given, Expr::reference(secret), "");
    // Traditional Mode has more to wait for.
    let auto_mode = Expr::choose(
        condition::AutoModeEnabled,
        "true",
        Expr::from("false").after([
            resource::EKSNodeGroup,
            resource::CoreDNSAddon,
            resource::PodIdentityAgentAddon,
            resource::EBSCSIDriverAddon,
            resource::EFSIngressFromNodes,
        ]),
    );
    Resource::new("Custom::AktusPlatform")
        .after([
            resource::PublicRoute,
            resource::PublicSubnet1RouteTableAssociation,
            resource::PublicSubnet2RouteTableAssociation,
            resource::EFSMountTarget1,
            resource::EFSMountTarget2,
            resource::EFSIngressFromCluster,
            resource::EFSCSIDriverAddon,
            resource::LambdaRoleAccessEntry,
            resource::EKSConnectorLambdaPolicy,
            resource::EKSConnectorLambdaInvokeConfig,
            resource::EKSConnectorLambdaLogGroup,
        ])
        .set("ServiceToken", Expr::attribute(resource::EKSConnectorLambda, "Arn"))
        .set("ServiceTimeout", 3600)
        .set("ClusterName", Expr::reference(resource::EKSCluster))
        .set("Region", Expr::reference(PseudoParameter::Region))
        .set("FileSystemId", Expr::reference(resource::EFSFileSystem))
        .set("Namespace", Expr::reference(parameter::MarketplaceChartNamespace))
        .set("EnableAutoMode", auto_mode)
        .set("EnableChart", Expr::choose(condition::EnableMarketplaceChartInstallation, "true", "false"))
        .set("ChartUri", Expr::reference(parameter::MarketplaceChartUri))
        .set("ChartVersion", Expr::reference(parameter::MarketplaceChartVersion))
        .set("DatabaseStorage", Expr::reference(parameter::DatabaseStorage))
        .set("LoadBalancerScheme", Expr::reference(parameter::LoadBalancerScheme))
        .set("ServiceAccountRoleArn", Expr::attribute(resource::PlatformServiceAccountRole, "Arn"))
        .set("HuggingFaceTokenArn", arn(condition::HasHuggingFaceToken, resource::HuggingFaceTokenSecret))
        .set("OpenAIAPIKeyArn", arn(condition::HasOpenAIAPIKey, resource::OpenAIAPIKeySecret))
        .set("GpuNodes", Expr::choose(condition::GpuInstance, "true", "false"))
        .set("ConfigRevision", Expr::reference(parameter::ConfigRevision))
}
