//! The function that installs the platform, and the custom resource that calls it.

use super::Architecture;
use super::access::administrator;
use super::parts::{allow, document, role};
use crate::model::{Expr, Resource, Template};

pub(super) fn add(template: &mut Template, architecture: Architecture) {
    template.add_resource(
        "EKSConnectorLambdaLogGroup",
        Resource::new("AWS::Logs::LogGroup").removed().set("RetentionInDays", 30),
    );
    let mut function_role = role("lambda.amazonaws.com", false, Expr::List(Vec::new()));
    function_role.properties.shift_remove("ManagedPolicyArns");
    template.add_resource("EKSConnectorLambdaRole", function_role);
    template.add_resource(
        "EKSConnectorLambda",
        Resource::new("AWS::Lambda::Function")
            .set("Description", Expr::sub("Bootstrap of the Aktus AI Platform in ${AWS::StackName}"))
            .set("Runtime", "provided.al2023")
            .set("Architectures", list![architecture.name()])
            .set("Handler", "bootstrap")
            .set("Timeout", 900)
            // The example chart takes a tenth of it; larger charts take more, and processor time comes with memory.
            .set("MemorySize", 512)
            .set("Role", Expr::attribute("EKSConnectorLambdaRole", "Arn"))
            .set(
                "Code",
                map! {
                    "S3Bucket": Expr::reference("BootstrapCodeBucket"),
                    "S3Key": Expr::reference("BootstrapCodeKey"),
                },
            )
            .set(
                "LoggingConfig",
                map! {"LogGroup": Expr::reference("EKSConnectorLambdaLogGroup"), "LogFormat": "JSON"},
            ),
    );
    // Apart from the role, because it names the function, which names the role.
    template.add_resource(
        "EKSConnectorLambdaPolicy",
        Resource::new("AWS::IAM::Policy")
            .set("PolicyName", "bootstrap")
            .set("Roles", list![Expr::reference("EKSConnectorLambdaRole")])
            .set("PolicyDocument", permissions()),
    );
    // Lambda would run a failed event twice more. Instead the function gets the record of a run that died,
    // and answers CloudFormation in its place.
    template.add_resource(
        "EKSConnectorLambdaInvokeConfig",
        Resource::new("AWS::Lambda::EventInvokeConfig")
            .set("FunctionName", Expr::reference("EKSConnectorLambda"))
            .set("Qualifier", "$LATEST")
            .set("MaximumRetryAttempts", 0)
            .set("MaximumEventAgeInSeconds", 300)
            .set(
                "DestinationConfig",
                map! {"OnFailure": map! {"Destination": Expr::attribute("EKSConnectorLambda", "Arn")}},
            )
            .after(&["EKSConnectorLambdaPolicy"]),
    );
    template.add_resource("LambdaRoleAccessEntry", administrator(Expr::attribute("EKSConnectorLambdaRole", "Arn")));
    template.add_resource("EKSClusterStatus", custom_resource());
}

/// What the function may do, and nothing else: read what it waits for, pull one chart, call itself.
fn permissions() -> Expr {
    let only = |condition: &str, statement: Expr| Expr::choose(condition, statement, Expr::no_value());
    let secret = |key: &str| {
        only(&format!("Has{key}"), allow(&["secretsmanager:GetSecretValue"], Expr::reference(&format!("{key}Secret"))))
    };
    let uri = |delimiter: &str, index: i64| {
        Expr::select(index, Expr::Split(delimiter.to_owned(), Box::new(Expr::reference("MarketplaceChartUri"))))
    };
    let repository = Expr::Sub(
        "arn:${AWS::Partition}:ecr:${Region}:${Account}:repository/${Name}".to_owned(),
        [("Account", uri(".", 0)), ("Region", uri(".", 3)), ("Name", uri(".amazonaws.com/", 1))]
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
    );
    let add_ons = Expr::sub("arn:${AWS::Partition}:eks:${AWS::Region}:${AWS::AccountId}:addon/${EKSCluster}/*");
    let chart = "EnableMarketplaceChartInstallation";
    document(vec![
        allow(&["logs:CreateLogStream", "logs:PutLogEvents"], Expr::attribute("EKSConnectorLambdaLogGroup", "Arn")),
        allow(&["eks:DescribeCluster", "eks:ListAddons"], Expr::attribute("EKSCluster", "Arn")),
        allow(&["eks:DescribeAddon"], add_ons),
        allow(
            &["elasticfilesystem:DescribeFileSystems", "elasticfilesystem:DescribeMountTargets"],
            Expr::attribute("EFSFileSystem", "Arn"),
        ),
        allow(&["lambda:InvokeFunction"], Expr::attribute("EKSConnectorLambda", "Arn")),
        only(chart, allow(&["ecr:GetAuthorizationToken"], "*".into())),
        only(chart, allow(&["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], repository)),
        secret("HuggingFaceToken"),
        secret("OpenAIAPIKey"),
    ])
}

/// The custom resource. All that the bootstrap uses is created before it and deleted after it:
/// routes, mount targets, the rules for NFS, add-ons, nodes, access, permissions, the log group.
fn custom_resource() -> Resource {
    let arn = |key: &str| Expr::choose(&format!("Has{key}"), Expr::reference(&format!("{key}Secret")), "");
    let parameter = Expr::reference;
    // Traditional Mode has more to wait for.
    let auto_mode = Expr::choose(
        "AutoModeEnabled",
        "true",
        Expr::from("false").after(&[
            "EKSNodeGroup",
            "CoreDNSAddon",
            "PodIdentityAgentAddon",
            "EBSCSIDriverAddon",
            "EFSIngressFromNodes",
        ]),
    );
    Resource::new("Custom::AktusPlatform")
        .after(&[
            "PublicRoute",
            "PublicSubnet1RouteTableAssociation",
            "PublicSubnet2RouteTableAssociation",
            "EFSMountTarget1",
            "EFSMountTarget2",
            "EFSIngressFromCluster",
            "EFSCSIDriverAddon",
            "LambdaRoleAccessEntry",
            "EKSConnectorLambdaPolicy",
            "EKSConnectorLambdaInvokeConfig",
            "EKSConnectorLambdaLogGroup",
        ])
        .set("ServiceToken", Expr::attribute("EKSConnectorLambda", "Arn"))
        .set("ServiceTimeout", 3600)
        .set("ClusterName", Expr::reference("EKSCluster"))
        .set("Region", Expr::reference("AWS::Region"))
        .set("FileSystemId", Expr::reference("EFSFileSystem"))
        .set("Namespace", parameter("MarketplaceChartNamespace"))
        .set("EnableAutoMode", auto_mode)
        .set("EnableChart", Expr::choose("EnableMarketplaceChartInstallation", "true", "false"))
        .set("ChartUri", parameter("MarketplaceChartUri"))
        .set("ChartVersion", parameter("MarketplaceChartVersion"))
        .set("DatabaseStorage", parameter("DatabaseStorage"))
        .set("LoadBalancerScheme", parameter("LoadBalancerScheme"))
        .set("ServiceAccountRoleArn", Expr::attribute("PlatformServiceAccountRole", "Arn"))
        .set("HuggingFaceTokenArn", arn("HuggingFaceToken"))
        .set("OpenAIAPIKeyArn", arn("OpenAIAPIKey"))
        .set("GpuNodes", Expr::choose("GpuInstance", "true", "false"))
        .set("ConfigRevision", parameter("ConfigRevision"))
}
