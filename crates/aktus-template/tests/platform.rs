//! The platform's own template: what it creates for which parameters, in which order, and whether it is whole.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

use std::collections::{BTreeMap, BTreeSet};

use aktus_template::stack::{ANSWERS, Architecture, Code, INLINE_LIMIT};
use aktus_template::{EvaluateError, Expr, LogicalId, Pseudo, ResourceGraph, Value, evaluate, platform, platform_with};

const AUTO_ONLY: [&str; 1] = ["EKSAutoModeNodeRole"];
const TRADITIONAL_ONLY: [&str; 11] = [
    "CoreDNSAddon",
    "EBSCSIDriverAddon",
    "EBSCSIDriverRole",
    "EFSIngressFromNodes",
    "EKSNodeGroup",
    "EKSNodeRole",
    "KubeProxyAddon",
    "NodeLaunchTemplate",
    "NodeSecurityGroup",
    "PodIdentityAgentAddon",
    "VpcCniAddon",
];
const PRIVATE_ONLY: [&str; 8] = [
    "NatGateway",
    "NatGatewayAddress",
    "PrivateRoute",
    "PrivateRouteTable",
    "PrivateSubnet1",
    "PrivateSubnet1RouteTableAssociation",
    "PrivateSubnet2",
    "PrivateSubnet2RouteTableAssociation",
];
const TRAIL_ONLY: [&str; 3] = ["CloudTrailBucket", "CloudTrailBucketPolicy", "Trail"];
/// What the custom resource needs on creation and on deletion, in both modes.
const NEEDED: [&str; 15] = [
    "EFSCSIDriverAddon",
    "EFSIngressFromCluster",
    "EFSMountTarget1",
    "EFSMountTarget2",
    "EKSCluster",
    "EKSConnectorLambdaInvokeConfig",
    "EKSConnectorLambdaLogGroup",
    "EKSConnectorLambdaPolicy",
    "InternetGateway",
    "LambdaRoleAccessEntry",
    "PlatformServiceAccountRole",
    "PublicRoute",
    "PublicSubnet1RouteTableAssociation",
    "PublicSubnet2RouteTableAssociation",
    "VPCGatewayAttachment",
];

fn try_graph(given: &[(&str, &str)]) -> Result<ResourceGraph, EvaluateError> {
    let code = [("BootstrapCodeBucket", "code"), ("BootstrapCodeKey", "bootstrap.zip")];
    let all: BTreeMap<_, _> =
        code.iter().chain(given).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    evaluate(&platform(), &all, &Pseudo::new("ai", "eu-central-1", "111122223333"))
}

#[track_caller]
fn graph(given: &[(&str, &str)]) -> ResourceGraph {
    try_graph(given).unwrap()
}

/// Everything a resource needs, directly or through others.
fn reachable<'g>(graph: &'g ResourceGraph, from: &str) -> BTreeSet<&'g str> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&str> = graph.resources[from].needs.iter().map(LogicalId::as_str).collect();
    while let Some(name) = open.pop() {
        if seen.insert(name) {
            open.extend(graph.resources[name].needs.iter().map(LogicalId::as_str));
        }
    }
    seen
}

#[track_caller]
fn before(graph: &ResourceGraph, first: &str, then: &str) {
    assert!(reachable(graph, then).contains(first), "{then} does not wait for {first}");
}

/// A property as JSON, by a path of keys and indexes.
#[track_caller]
fn property(graph: &ResourceGraph, resource: &str, path: &str) -> serde_json::Value {
    let resource = &graph.resources[resource];
    let all = Value::Map(resource.properties.clone()).to_json(false);
    all.pointer(path).unwrap_or_else(|| panic!("no {path} in {all}")).clone()
}

/// The optional resources that exist, out of those of the modes, the private network and the trail.
#[track_caller]
fn exactly(given: &[(&str, &str)], optional: &[&[&str]]) -> ResourceGraph {
    let graph = graph(given);
    let expected: BTreeSet<_> = optional.iter().flat_map(|group| group.iter().copied()).collect();
    let all = AUTO_ONLY.iter().chain(&TRADITIONAL_ONLY).chain(&PRIVATE_ONLY).chain(&TRAIL_ONLY);
    let found: BTreeSet<_> = all.copied().filter(|name| graph.resources.contains_key(*name)).collect();
    assert_eq!(found, expected);
    for name in NEEDED {
        before(&graph, name, "EKSClusterStatus");
    }
    for name in ["PublicRoute", "PublicSubnet1RouteTableAssociation", "EKSClusterLogGroup"] {
        before(&graph, name, "EKSCluster");
    }
    for name in TRADITIONAL_ONLY.iter().filter(|name| graph.resources.contains_key(**name)) {
        before(&graph, name, "EKSClusterStatus");
    }
    graph
}

#[test]
fn auto_mode_is_the_default() {
    let graph = exactly(&[], &[&AUTO_ONLY]);
    assert_eq!(property(&graph, "EKSCluster", "/ComputeConfig/Enabled"), true);
    assert_eq!(property(&graph, "EKSCluster", "/StorageConfig/BlockStorage/Enabled"), true);
    assert_eq!(property(&graph, "EKSCluster", "/KubernetesNetworkConfig/ElasticLoadBalancing/Enabled"), true);
    assert_eq!(property(&graph, "EKSClusterRole", "/ManagedPolicyArns").as_array().unwrap().len(), 5);
    assert_eq!(property(&graph, "EKSCluster", "/Name"), "aktus-platform-ai");
    assert_eq!(property(&graph, "EKSClusterLogGroup", "/LogGroupName"), "/aws/eks/aktus-platform-ai/cluster");
}

#[test]
fn the_custom_resource_says_what_was_asked_for() {
    let auto = graph(&[]);
    let properties = Value::Map(auto.resources["EKSClusterStatus"].properties.clone()).to_json(true);
    let expected = serde_json::json!({
        "ServiceToken": "${EKSConnectorLambda.Arn}", "ServiceTimeout": "3600", "ClusterName": "${EKSCluster}",
        "Region": "eu-central-1", "FileSystemId": "${EFSFileSystem}", "Namespace": "aktus-ai-platform-dev",
        "EnableAutoMode": "true", "EnableChart": "true",
        "ChartUri": "709825985650.dkr.ecr.us-east-1.amazonaws.com/aktus-ai/aktus-ai-platform-aws-marketplace-ecr",
        "ChartVersion": "1.0.5", "DatabaseStorage": "ebs", "LoadBalancerScheme": "internet-facing",
        "ServiceAccountRoleArn": "${PlatformServiceAccountRole.Arn}", "HuggingFaceTokenArn": "",
        "OpenAIAPIKeyArn": "", "GpuNodes": "false", "ConfigRevision": "0",
    });
    assert_eq!(properties, expected);
    let other = graph(&[("EnableAutoMode", "false"), ("NodeInstanceType", "g5.xlarge"), ("ConfigRevision", "7")]);
    assert_eq!(property(&other, "EKSClusterStatus", "/EnableAutoMode"), "false");
    assert_eq!(property(&other, "EKSClusterStatus", "/GpuNodes"), "true");
    assert_eq!(property(&other, "EKSClusterStatus", "/ConfigRevision"), "7");
}

#[test]
fn traditional_mode_orders_its_add_ons_around_the_nodes() {
    let graph = exactly(&[("EnableAutoMode", "false"), ("NumberOfNodes", "3")], &[&TRADITIONAL_ONLY]);
    for (first, then) in [
        ("VpcCniAddon", "EKSNodeGroup"),
        ("KubeProxyAddon", "EKSNodeGroup"),
        ("EKSNodeGroup", "CoreDNSAddon"),
        ("EKSNodeGroup", "EFSCSIDriverAddon"),
        ("PodIdentityAgentAddon", "EFSCSIDriverAddon"),
        ("PodIdentityAgentAddon", "EBSCSIDriverAddon"),
    ] {
        before(&graph, first, then);
    }
    assert_eq!(property(&graph, "EKSCluster", "/ComputeConfig"), serde_json::json!({"Enabled": false}));
    assert_eq!(property(&graph, "EKSCluster", "/StorageConfig/BlockStorage/Enabled"), false);
    assert_eq!(property(&graph, "EKSClusterRole", "/ManagedPolicyArns").as_array().unwrap().len(), 1);
    assert_eq!(property(&graph, "EKSNodeGroup", "/AmiType"), "AL2023_x86_64_STANDARD");
    assert_eq!(property(&graph, "EKSNodeGroup", "/ScalingConfig/MaxSize"), "3");
    assert_eq!(property(&graph, "EFSCSIDriverAddon", "/AddonName"), "aws-efs-csi-driver");
    let groups = serde_json::json!(["${EKSCluster.ClusterSecurityGroupId}", "${NodeSecurityGroup.GroupId}"]);
    assert_eq!(property(&graph, "NodeLaunchTemplate", "/LaunchTemplateData/SecurityGroupIds"), groups);
    assert!(property(&graph, "NodeLaunchTemplate", "/LaunchTemplateData").get("KeyName").is_none());
}

#[test]
fn gpu_types_take_the_nvidia_image_in_traditional_mode_only() {
    for (kind, gpu) in [("g4dn.xlarge", true), ("g5.2xlarge", true), ("g6.12xlarge", true), ("m6i.xlarge", false)] {
        let nodes = graph(&[("EnableAutoMode", "false"), ("NodeInstanceType", kind)]);
        let image = property(&nodes, "EKSNodeGroup", "/AmiType");
        assert_eq!(image == "AL2023_x86_64_NVIDIA", gpu, "{kind}");
        assert!(!graph(&[("NodeInstanceType", kind)]).conditions["GpuInstance"]);
    }
}

#[test]
fn private_subnets_hold_the_nodes_and_have_a_way_out() {
    let graph = exactly(&[("EnablePrivateSubnets", "true")], &[&AUTO_ONLY, &PRIVATE_ONLY]);
    let subnets = serde_json::json!(["${PrivateSubnet1}", "${PrivateSubnet2}"]);
    assert_eq!(property(&graph, "EKSCluster", "/ResourcesVpcConfig/SubnetIds"), subnets);
    assert_eq!(property(&graph, "EFSMountTarget2", "/SubnetId"), "${PrivateSubnet2}");
    for name in PRIVATE_ONLY {
        before(&graph, name, "EKSCluster");
    }
    let tags = property(&graph, "PublicSubnet1", "/Tags").to_string();
    assert!(tags.contains("role/elb") && !tags.contains("internal-elb"), "{tags}");

    let traditional =
        exactly(&[("EnablePrivateSubnets", "true"), ("EnableAutoMode", "false")], &[&TRADITIONAL_ONLY, &PRIVATE_ONLY]);
    assert_eq!(property(&traditional, "EKSNodeGroup", "/Subnets"), subnets);
}

#[test]
fn subnets_are_cut_out_of_every_range() {
    for (range, first, last) in [
        ("10.0.0.0/16", "10.0.0.0/20", "10.0.48.0/20"),
        ("10.0.0.0/17", "10.0.0.0/20", "10.0.48.0/20"),
        ("10.0.0.0/18", "10.0.0.0/20", "10.0.48.0/20"),
        ("10.0.0.0/19", "10.0.0.0/21", "10.0.24.0/21"),
        ("10.0.0.0/20", "10.0.0.0/22", "10.0.12.0/22"),
        ("10.0.0.0/21", "10.0.0.0/23", "10.0.6.0/23"),
        ("172.16.4.0/22", "172.16.4.0/24", "172.16.7.0/24"),
    ] {
        let graph = graph(&[("VpcCIDR", range), ("EnablePrivateSubnets", "true")]);
        assert_eq!(property(&graph, "PublicSubnet1", "/CidrBlock"), first, "{range}");
        assert_eq!(property(&graph, "PrivateSubnet2", "/CidrBlock"), last, "{range}");
        assert_eq!(property(&graph, "VPC", "/CidrBlock"), range);
    }
}

#[test]
fn without_the_chart_the_cluster_is_still_prepared() {
    let graph = exactly(&[("EnableMarketplaceChart", "false")], &[&AUTO_ONLY]);
    assert_eq!(property(&graph, "EKSClusterStatus", "/EnableChart"), "false");
    let permissions = property(&graph, "EKSConnectorLambdaPolicy", "/PolicyDocument").to_string();
    assert!(!permissions.contains("ecr:"), "{permissions}");
}

/// The principals of the access entries for users, or for roles.
fn principals(kind: &str, value: &str) -> Vec<String> {
    let graph = graph(&[(if kind == "User" { "AdditionalAdminUsers" } else { "AdditionalAdminRoles" }, value)]);
    let prefix = format!("Admin{kind}AccessEntry");
    let names = graph.resources.keys().map(LogicalId::as_str);
    let names: Vec<_> = names.filter(|name| name.starts_with("Admin")).collect();
    assert!(names.iter().all(|name| name.starts_with(&prefix)), "{names:?}");
    names.iter().map(|name| property(&graph, name, "/PrincipalArn").as_str().unwrap().to_owned()).collect()
}

#[test]
fn no_one_and_five_administrators_all_deploy() {
    assert_eq!(principals("User", ""), [""; 0]);
    assert_eq!(principals("User", "alice"), ["arn:aws:iam::111122223333:user/alice"]);
    assert_eq!(principals("User", "a,b,c,d,e").len(), 5);
    assert_eq!(principals("Role", "").len(), 0);
    assert_eq!(principals("Role", "ops/Admin"), ["arn:aws:iam::111122223333:role/ops/Admin"]);
    let other = "arn:aws:iam::999988887777:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_x";
    assert_eq!(
        principals("Role", &format!("a, {other},c,d,e")),
        [
            "arn:aws:iam::111122223333:role/a",
            other,
            "arn:aws:iam::111122223333:role/c",
            "arn:aws:iam::111122223333:role/d",
            "arn:aws:iam::111122223333:role/e",
        ]
    );
}

#[track_caller]
fn refused(given: &[(&str, &str)], words: &str) {
    let error = try_graph(given).unwrap_err().to_string();
    assert!(error.contains(words), "{error}");
}

#[test]
fn values_that_cannot_work_are_refused() {
    refused(&[("AdditionalAdminUsers", "a,b,c,d,e,f")], "has 6 items, at most 5 are possible");
    refused(&[("AdditionalAdminRoles", "arn:aws:iam::1:role/x")], "names or ARNs of IAM roles");
    refused(&[("AdditionalAdminRoles", "arn:aws:iam::111122223333:user/x")], "names or ARNs of IAM roles");
    refused(&[("VpcCIDR", "10.0.0.0/23")], "from /16 to /22");
    refused(&[("VpcCIDR", "10.0.0.0/8")], "from /16 to /22");
    refused(&[("AvailabilityZone1", "us-east-1a")], "two different zones");
    refused(&[("AvailabilityZone1", "us-east-1a"), ("AvailabilityZone2", "us-east-1a")], "two different zones");
    refused(&[("EKSVersion", "1.31")], "is not one of 1.34, 1.35, 1.36");
    refused(&[("NumberOfNodes", "11")], "is more than 10");
    refused(&[("MarketplaceChartUri", "oci://example.com/chart")], "without scheme and tag");
    refused(&[("MarketplaceChartNamespace", "Upper")], "lower-case");
    refused(&[("BootstrapCodeBucket", "b")], "the name of a bucket");
    refused(&[("EnableAutomode", "true")], "did you mean `EnableAutoMode`?");
    let error = evaluate(&platform(), &BTreeMap::new(), &Pseudo::new("s", "us-east-1", "1")).unwrap_err();
    assert_eq!(error.to_string(), "parameter `BootstrapCodeBucket` has no default and no value was given");
}

#[test]
fn cloudformation_itself_stops_a_sixth_administrator_at_the_first_resource() {
    let mut template = platform();
    for name in ["AdditionalAdminUsers", "AdditionalAdminRoles"] {
        template.parameters[name].max_items = None;
        let given = [("BootstrapCodeBucket", "code"), ("BootstrapCodeKey", "k"), (name, "a,b,c,d,e,f")];
        let given = given.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let graph = evaluate(&template, &given, &Pseudo::new("s", "us-east-1", "1")).unwrap();
        assert_eq!(graph.resources.keys().next().unwrap(), "VPC");
        let range = property(&graph, "VPC", "/CidrBlock");
        assert!(range.as_str().unwrap().ends_with("take at most 5 each"), "{range}");
    }
}

#[test]
fn ssh_opens_only_with_key_pair_and_range() {
    let traditional = ("EnableAutoMode", "false");
    let (key, range) = (("KeyPairName", "ops"), ("SSHAccessCidr", "192.0.2.0/24"));
    for (given, open) in [
        (vec![traditional, key, range], true),
        (vec![traditional, key], false),
        (vec![traditional, range], false),
        (vec![key, range], false),
    ] {
        assert_eq!(graph(&given).resources.contains_key("NodeSSHIngress"), open, "{given:?}");
    }
    let graph = graph(&[traditional, key, range]);
    assert_eq!(property(&graph, "NodeLaunchTemplate", "/LaunchTemplateData/KeyName"), "ops");
    assert_eq!(property(&graph, "NodeSSHIngress", "/CidrIp"), "192.0.2.0/24");
    assert_eq!(property(&graph, "NodeSSHIngress", "/GroupId"), "${NodeSecurityGroup.GroupId}");
}

#[test]
fn the_trail_waits_for_the_policy_of_its_bucket() {
    let graph = exactly(&[("EnableCloudTrail", "true")], &[&AUTO_ONLY, &TRAIL_ONLY]);
    before(&graph, "CloudTrailBucketPolicy", "Trail");
    let policy = property(&graph, "CloudTrailBucketPolicy", "/PolicyDocument").to_string();
    assert!(policy.contains("arn:aws:cloudtrail:eu-central-1:111122223333:trail/ai"), "{policy}");
}

#[test]
fn the_key_of_the_file_system_can_be_left_to_aws() {
    let own = graph(&[]);
    assert_eq!(property(&own, "EFSFileSystem", "/KmsKeyId"), "${EFSKey.Arn}");
    let aws = graph(&[("EnableKmsEncryption", "false")]);
    assert!(!aws.resources.contains_key("EFSKey"));
    assert!(!aws.resources["EFSFileSystem"].properties.contains_key("KmsKeyId"));
    assert_eq!(property(&aws, "EFSFileSystem", "/Encrypted"), true);
}

#[test]
fn keys_are_secrets_and_only_their_arns_are_passed_on() {
    let (token, key) = ("hf-not-to-be-seen", "sk-not-to-be-seen");
    let graph = graph(&[("HuggingFaceToken", token), ("OpenAIAPIKey", key)]);
    assert_eq!(property(&graph, "EKSClusterStatus", "/HuggingFaceTokenArn"), "${HuggingFaceTokenSecret}");
    assert_eq!(property(&graph, "EKSClusterStatus", "/OpenAIAPIKeyArn"), "${OpenAIAPIKeySecret}");
    let permissions = property(&graph, "EKSConnectorLambdaPolicy", "/PolicyDocument").to_string();
    assert_eq!(permissions.matches("secretsmanager:GetSecretValue").count(), 2);
    for (name, resource) in &graph.resources {
        let seen = Value::Map(resource.properties.clone()).to_json(false).to_string().contains("not-to-be-seen");
        assert_eq!(seen, resource.kind == "AWS::SecretsManager::Secret", "{name}");
    }
    let outputs = graph.outputs.values().map(|value| value.to_json(false).to_string()).collect::<String>();
    assert!(!outputs.contains("not-to-be-seen"), "{outputs}");
}

#[test]
fn zones_and_cluster_name_can_be_given() {
    let given = [
        ("AvailabilityZone1", "eu-central-1c"),
        ("AvailabilityZone2", "eu-central-1a"),
        ("EKSClusterName", "mine"),
        ("PublicAccessCidrs", "192.0.2.0/24,198.51.100.0/24"),
    ];
    let graph = graph(&given);
    assert_eq!(property(&graph, "PublicSubnet1", "/AvailabilityZone"), "eu-central-1c");
    assert_eq!(property(&graph, "PublicSubnet2", "/AvailabilityZone"), "eu-central-1a");
    assert_eq!(property(&graph, "EKSCluster", "/Name"), "mine");
    assert_eq!(property(&graph, "PublicSubnet1", "/Tags/1/Key"), "kubernetes.io/cluster/mine");
    let open = property(&graph, "EKSCluster", "/ResourcesVpcConfig/PublicAccessCidrs");
    assert_eq!(open, serde_json::json!(["192.0.2.0/24", "198.51.100.0/24"]));
}

#[test]
fn the_trust_of_the_service_account_has_no_scheme_in_its_keys() {
    let graph = graph(&[("MarketplaceChartNamespace", "ai")]);
    let trust = property(&graph, "PlatformServiceAccountRole", "/AssumeRolePolicyDocument");
    let trust: serde_json::Value = serde_json::from_str(trust.as_str().unwrap()).unwrap();
    let subject = &trust["Statement"][0]["Condition"]["StringEquals"];
    let issuer = "${part 1 of EKSCluster.OpenIdConnectIssuerUrl}";
    assert_eq!(subject[format!("{issuer}:sub")], "system:serviceaccount:ai:aktus-ai-platform-sa");
    assert_eq!(subject[format!("{issuer}:aud")], "sts.amazonaws.com");
}

#[test]
fn permissions_name_the_one_repository() {
    let given = [("MarketplaceChartUri", "999988887777.dkr.ecr.eu-west-1.amazonaws.com/team/chart")];
    let policy = property(&graph(&given), "EKSConnectorLambdaPolicy", "/PolicyDocument").to_string();
    assert!(policy.contains("\"arn:aws:ecr:eu-west-1:999988887777:repository/team/chart\""), "{policy}");
    for (index, statement) in property(&graph(&[]), "EKSConnectorLambdaPolicy", "/PolicyDocument/Statement")
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
    {
        let everything = statement["Resource"] == "*";
        assert_eq!(everything, statement["Action"] == "ecr:GetAuthorizationToken", "statement {index}");
    }
}

#[test]
fn a_run_that_died_is_answered_by_the_function_itself() {
    let graph = graph(&[]);
    let config = "EKSConnectorLambdaInvokeConfig";
    assert_eq!(property(&graph, config, "/MaximumRetryAttempts"), 0);
    assert_eq!(property(&graph, config, "/DestinationConfig/OnFailure/Destination"), "${EKSConnectorLambda.Arn}");
    // The destination and the hops of a long run are calls by the function's own role.
    before(&graph, "EKSConnectorLambdaPolicy", config);
    let statements = property(&graph, "EKSConnectorLambdaPolicy", "/PolicyDocument/Statement");
    let own = serde_json::json!({
        "Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "${EKSConnectorLambda.Arn}",
    });
    assert!(statements.as_array().unwrap().contains(&own), "{statements:#}");
}

#[test]
fn the_function_runs_natively_for_as_long_as_lambda_lets_it() {
    let graph = graph(&[]);
    let function = Value::Map(graph.resources["EKSConnectorLambda"].properties.clone()).to_json(false);
    let expected = serde_json::json!({
        "Description": "Bootstrap of the Aktus AI Platform in ai", "Runtime": "provided.al2023",
        "Architectures": ["arm64"], "Handler": "bootstrap", "Timeout": 900, "MemorySize": 512,
        "Role": "${EKSConnectorLambdaRole.Arn}", "Code": {"S3Bucket": "code", "S3Key": "bootstrap.zip"},
        "LoggingConfig": {"LogGroup": "${EKSConnectorLambdaLogGroup}", "LogFormat": "JSON"},
    });
    assert_eq!(function, expected);
}

#[test]
fn whoever_publishes_the_template_fills_the_code_in() {
    let code = Code {
        bucket: Some("releases".to_owned()),
        key: Some("bootstrap-1.zip".to_owned()),
        architecture: Architecture::X86_64,
    };
    let template = platform_with(&code);
    let graph = evaluate(&template, &BTreeMap::new(), &Pseudo::new("ai", "us-east-1", "111122223333")).unwrap();
    let expected = serde_json::json!({"S3Bucket": "releases", "S3Key": "bootstrap-1.zip"});
    assert_eq!(property(&graph, "EKSConnectorLambda", "/Code"), expected);
    assert_eq!(property(&graph, "EKSConnectorLambda", "/Architectures"), serde_json::json!(["x86_64"]));
    let filled = template.to_yaml();
    assert!(filled.len() < INLINE_LIMIT, "{} bytes", filled.len());
    // Nothing else differs.
    let mut open = template;
    for name in ["BootstrapCodeBucket", "BootstrapCodeKey"] {
        open.parameters[name].default = None;
    }
    let function = &mut open.resources["EKSConnectorLambda"];
    function.properties["Architectures"] = Expr::list(["arm64"]);
    assert_eq!(open, platform());
}

#[test]
fn states_are_told_by_the_custom_resource() {
    let template = platform();
    let mut asked = BTreeSet::new();
    for output in template.outputs.values() {
        output.value.visit(&mut |expr| match expr {
            Expr::GetAtt(resource, attribute) if resource == "EKSClusterStatus" => {
                asked.insert(attribute.clone());
            }
            Expr::Sub(text, _) if text.contains("${EKSClusterStatus.DashboardUrl}") => {
                asked.insert("DashboardUrl".to_owned());
            }
            _ => {}
        });
    }
    assert_eq!(asked, ANSWERS.iter().map(|name| (*name).to_owned()).collect());
    assert_eq!(template.outputs.len(), 13);
    assert_eq!(template.outputs.values().filter(|output| output.export.is_some()).count(), 10);
}

#[test]
fn everything_declared_is_used_and_explained() {
    let template = platform();
    let (mut parameters, mut conditions) = (BTreeSet::new(), BTreeSet::new());
    for condition in template.conditions.values() {
        conditions.extend(condition.names());
        parameters.extend(condition.values().into_iter().flat_map(Expr::references));
    }
    for resource in template.resources.values() {
        conditions.extend(&resource.condition);
        for expr in resource.properties.values() {
            parameters.extend(expr.references());
            conditions.extend(expr.conditions());
        }
    }
    let unused: Vec<_> = template.parameters.keys().filter(|name| !parameters.contains(name.as_str())).collect();
    assert_eq!(unused, [""; 0]);
    let unused: Vec<_> = template.conditions.keys().filter(|name| !conditions.contains(name)).collect();
    assert_eq!(unused, [""; 0]);
    let labelled = template.interface.iter().flat_map(|group| &group.parameters);
    let labelled: Vec<_> = labelled.map(|(name, _)| name).collect();
    assert_eq!(labelled, template.parameters.keys().collect::<Vec<_>>());
    for name in ["NodeInstanceType", "NumberOfNodes", "NodeVolumeSize", "KeyPairName", "SSHAccessCidr"] {
        assert!(template.parameters[name].description.ends_with("Auto Mode ignores it."), "{name}");
    }
}

#[test]
fn nothing_has_a_name_of_its_own_that_could_clash() {
    for (id, resource) in &platform().resources {
        for name in ["RoleName", "FunctionName", "NodegroupName", "LaunchTemplateName", "BucketName"] {
            let other = resource.kind == "AWS::Lambda::EventInvokeConfig";
            assert!(other || !resource.properties.contains_key(name), "{id} has a {name}");
        }
    }
}

#[test]
fn every_parameter_combination_evaluates() {
    let switches =
        ["EnableAutoMode", "EnablePrivateSubnets", "EnableMarketplaceChart", "EnableCloudTrail", "EnableKmsEncryption"];
    for bits in 0_u32..64 {
        let value = |bit: usize| if bits >> bit & 1 == 1 { "true" } else { "false" };
        let mut given: Vec<_> = switches.iter().enumerate().map(|(bit, name)| (*name, value(bit))).collect();
        if bits >> 5 & 1 == 1 {
            given.extend([("OpenAIAPIKey", "k"), ("KeyPairName", "k"), ("NodeInstanceType", "g6.xlarge")]);
        }
        let graph = graph(&given);
        assert_eq!(graph.resources.keys().next_back().unwrap(), "EKSClusterStatus", "{given:?}");
        for name in NEEDED {
            before(&graph, name, "EKSClusterStatus");
        }
    }
}

#[test]
fn rendered_it_fits_and_is_always_the_same() {
    let yaml = platform().to_yaml();
    assert!(yaml.len() < INLINE_LIMIT, "{} bytes", yaml.len());
    assert_eq!(yaml, platform().to_yaml());
    assert_eq!(platform().to_json(), platform().to_json());
    assert!(yaml.is_ascii() && !yaml.contains("Transform") && !yaml.contains("arn:aws:"));
}
