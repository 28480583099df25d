//! What the deployer decides, with defaults, rules and words that say the effect.

use super::ids::parameter::{self, AvailabilityZone1, AvailabilityZone2};
use super::{ADMINISTRATORS, Code};
use crate::logical_id;
use crate::model::ParameterType::{CommaDelimitedList, Number, String};
use crate::model::{Assertion, Condition, Expr, Parameter, ParameterType, Rule, Template};

/// The instance types offered in Traditional Mode; the last three families have a GPU.
const INSTANCE_TYPES: [&str; 30] = [
    "t3.medium",
    "t3.large",
    "t3.xlarge",
    "t3.2xlarge",
    "c5.large",
    "c5.xlarge",
    "c5.2xlarge",
    "c5.4xlarge",
    "m5.large",
    "m5.xlarge",
    "m5.2xlarge",
    "m5.4xlarge",
    "m6i.large",
    "m6i.xlarge",
    "m6i.2xlarge",
    "m6i.4xlarge",
    "m6i.8xlarge",
    "g4dn.xlarge",
    "g4dn.2xlarge",
    "g4dn.4xlarge",
    "g4dn.8xlarge",
    "g4dn.12xlarge",
    "g5.xlarge",
    "g5.2xlarge",
    "g5.4xlarge",
    "g5.12xlarge",
    "g6.xlarge",
    "g6.2xlarge",
    "g6.4xlarge",
    "g6.12xlarge",
];

fn of(kind: ParameterType, description: &str, default: &str) -> Parameter {
    Parameter::new(kind, description).default(default)
}

fn text(description: &str, default: &str) -> Parameter {
    of(String, description, default)
}

fn switch(description: &str, default: bool) -> Parameter {
    let values = if default { ["true", "false"] } else { ["false", "true"] };
    text(description, values[0]).allowed(&values)
}

fn administrators(kind: &str) -> Parameter {
    let description = format!(
        "IAM {kind}s that become cluster administrators, at most {ADMINISTRATORS}, as names (with path) or as full \
         ARNs (other accounts). Leave out whoever creates the stack: the creator is an administrator already."
    );
    let word = "[A-Za-z0-9_+=.@-]+";
    let pattern = format!("^((arn:[a-z-]+:iam::[0-9]{{12}}:{kind}/)?({word}/)*{word})?$");
    of(CommaDelimitedList, &description, "")
        .pattern(&pattern, &format!("names or ARNs of IAM {kind}s, with commas between"))
        .at_most(ADMINISTRATORS)
}

pub(super) fn add(template: &mut Template, code: &Code) {
    let zone = "A zone for the subnets; give both zones or neither. Empty: the first two of the region. \
                EKS cannot use the zone ids use1-az3, usw1-az2 and cac1-az3.";
    let zone = || text(zone, "").pattern("^([a-z]{2}(-[a-z]+)+-[0-9][a-z])?$", "a zone such as us-east-1a, or empty");
    template.add_parameters("Network", [
        (
            parameter::VpcCIDR,
            "Address range",
            text("Address range of the VPC, /16 to /22. The subnets are cut out of it; /16 gives /20.", "10.0.0.0/16")
                .pattern(r"^([0-9]{1,3}\.){3}[0-9]{1,3}/(1[6-9]|2[0-2])$", "a range such as 10.0.0.0/16, from /16 to /22"),
        ),
        (
            parameter::VpcPrefix,
            "Name prefix",
            text("Beginning of Name tags and of a derived cluster name.", "aktus-platform")
                .pattern("^[A-Za-z0-9][A-Za-z0-9-]{0,29}$", "1 to 30 letters, digits and hyphens"),
        ),
        (AvailabilityZone1, "First zone", zone()),
        (AvailabilityZone2, "Second zone", zone()),
        (
            parameter::EnablePrivateSubnets,
            "Private nodes",
            switch("true adds two private subnets with a NAT gateway and puts the nodes there.", false),
        ),
        (
            parameter::PublicAccessCidrs,
            "API endpoint open to",
            of(
                CommaDelimitedList,
                "Who may reach the public API endpoint; nodes use the private one. The bootstrap function calls from \
                 addresses of AWS Lambda, so a narrower range is for after the deployment.",
                "0.0.0.0/0",
            )
            .pattern(r"^([0-9]{1,3}\.){3}[0-9]{1,3}/[0-9]{1,2}$", "IPv4 ranges with commas between"),
        ),
    ]);
    template.add_parameters(
        "Cluster",
        [
            (
                parameter::EnableAutoMode,
                "Auto Mode",
                switch(
                    "true: EKS runs nodes, storage and load balancing itself (Auto Mode). false: a managed node group \
                 (Traditional Mode). Decide at creation; change it by a new stack.",
                    true,
                ),
            ),
            (
                parameter::EKSClusterName,
                "Cluster name",
                text("Name of the cluster; empty: made of prefix and stack name.", "").pattern(
                    "^([A-Za-z0-9][A-Za-z0-9_-]{0,99})?$",
                    "up to 100 letters, digits, hyphens and underscores",
                ),
            ),
            (
                parameter::EKSVersion,
                "Kubernetes version",
                text("Kubernetes version, in standard support.", "1.35").allowed(&["1.34", "1.35", "1.36"]),
            ),
        ],
    );
    template.add_parameters(
        "Nodes (Traditional Mode only)",
        [
            (
                parameter::NodeInstanceType,
                "Instance type",
                text(
                    "Type of the nodes; g4dn, g5 and g6 have a GPU and take the NVIDIA image. Auto Mode ignores it.",
                    "t3.xlarge",
                )
                .allowed(&INSTANCE_TYPES),
            ),
            (
                parameter::NumberOfNodes,
                "Number of nodes",
                of(Number, "How many nodes there always are. Auto Mode ignores it.", "2").between(1, 10),
            ),
            (
                parameter::NodeVolumeSize,
                "Node volume (GiB)",
                of(Number, "Size of a node's encrypted gp3 volume in GiB. Auto Mode ignores it.", "50")
                    .between(20, 500),
            ),
            (
                parameter::KeyPairName,
                "SSH key pair",
                text("EC2 key pair for the nodes; empty: none. Auto Mode ignores it.", ""),
            ),
            (
                parameter::SSHAccessCidr,
                "SSH open to",
                text(
                    "Range from which SSH is open, once a key pair is given; empty: closed. Auto Mode ignores it.",
                    "",
                )
                .pattern(
                    r"^(([0-9]{1,3}\.){3}[0-9]{1,3}/[0-9]{1,2})?$",
                    "an IPv4 range such as 192.0.2.0/24, or empty",
                ),
            ),
        ],
    );
    template.add_parameters(
        "Access",
        [
            (parameter::AdditionalAdminUsers, "Administrators: users", administrators("user")),
            (parameter::AdditionalAdminRoles, "Administrators: roles", administrators("role")),
        ],
    );
    template.add_parameters("AI platform", [
        (
            parameter::EnableMarketplaceChart,
            "Install the platform",
            switch("false: cluster, storage and GPU nodes are prepared, and no chart is installed.", true),
        ),
        (
            parameter::MarketplaceChartUri,
            "Chart repository",
            text(
                "Repository of the platform's chart in Amazon ECR; the account must be subscribed to the product.",
                "709825985650.dkr.ecr.us-east-1.amazonaws.com/aktus-ai/aktus-ai-platform-aws-marketplace-ecr",
            )
            .pattern(
                r"^[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/[a-z0-9][a-z0-9._/-]*$",
                "a repository such as 111122223333.dkr.ecr.us-east-1.amazonaws.com/name, without scheme and tag",
            ),
        ),
        (
            parameter::MarketplaceChartVersion,
            "Chart version",
            text("Version of the chart.", "1.0.5").pattern("^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$", "a version such as 1.0.5"),
        ),
        (
            parameter::MarketplaceChartNamespace,
            "Namespace",
            text("Namespace of the platform; the role of its service account is bound to it.", "aktus-ai-platform-dev")
                .pattern("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", "1 to 63 lower-case letters, digits and hyphens"),
        ),
        (
            parameter::DatabaseStorage,
            "Database volumes",
            text(
                "ebs: the databases' volumes are EBS volumes, which outlive nodes. chart: as the chart says, on the node.",
                "ebs",
            )
            .allowed(&["ebs", "chart"]),
        ),
        (
            parameter::LoadBalancerScheme,
            "Load balancers",
            text("Whether the platform's load balancers are reachable from the internet.", "internet-facing")
                .allowed(&["internet-facing", "internal"]),
        ),
    ]);
    let key = |owner: &str| {
        let description = format!("{owner}, kept in Secrets Manager; the bootstrap is told only where. Empty: none.");
        text(&description, "").no_echo()
    };
    template.add_parameters(
        "API keys",
        [
            (parameter::HuggingFaceToken, "Hugging Face token", key("Token for Hugging Face")),
            (parameter::OpenAIAPIKey, "OpenAI API key", key("Key for the OpenAI API")),
        ],
    );
    template.add_parameters(
        "Audit and encryption",
        [
            (
                parameter::EnableCloudTrail,
                "CloudTrail",
                switch("true adds a trail of management events with a bucket that outlives the stack.", false),
            ),
            (
                parameter::EnableKmsEncryption,
                "Own KMS key",
                switch("true encrypts the file system with a key of this account, which outlives the stack.", true),
            ),
        ],
    );
    let archive = |what: &str, pattern: &str, constraint: &str, default: Option<&str>| Parameter {
        default: default.map(str::to_owned),
        ..Parameter::new(String, what).pattern(pattern, constraint)
    };
    template.add_parameters(
        "Bootstrap",
        [
            (
                parameter::BootstrapCodeBucket,
                "Code bucket",
                archive(
                    "Bucket, in the stack's region, with the bootstrap function's code.",
                    "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
                    "the name of a bucket",
                    code.bucket.as_deref(),
                ),
            ),
            (
                parameter::BootstrapCodeKey,
                "Code key",
                archive("Key of the code in that bucket.", "^.+$", "not empty", code.key.as_deref()),
            ),
            (
                parameter::ConfigRevision,
                "Configuration revision",
                text("Any text; a change runs the bootstrap again, as after a new value of a secret.", "0"),
            ),
        ],
    );
    template.rules.insert(
        logical_id!("BothZonesOrNeither"),
        Rule {
            when: None,
            assertions: vec![Assertion {
                assert: Condition::Or(vec![
                    Condition::And(vec![
                        Condition::equals(AvailabilityZone1, ""),
                        Condition::equals(AvailabilityZone2, ""),
                    ]),
                    Condition::And(vec![
                        Condition::given(AvailabilityZone1),
                        Condition::given(AvailabilityZone2),
                        Condition::Equals(Expr::reference(AvailabilityZone1), Expr::reference(AvailabilityZone2))
                            .negate(),
                    ]),
                ]),
                description: "AvailabilityZone1 and AvailabilityZone2: give two different zones, or none".to_owned(),
            }],
        },
    );
}
