//! Each rule with a small template that makes it fire, and the same without the fault.

use std::collections::{BTreeMap, BTreeSet};

use aktus_diagnostics::Sources;
use aktus_template::{Day, Pseudo, RULES, check, check_with, parse};

const TODAY: Day = Day::new(2026, 11, 22);

/// What is found in a template: `rule line` for each, sorted.
fn found(text: &str) -> Vec<String> {
    let mut sources = Sources::new();
    let source = sources.add("template", text);
    let parsed = parse(text.as_bytes(), source).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let line = |finding: &aktus_template::Finding| {
        let diagnostic = finding.diagnostic(&parsed);
        assert!(!diagnostic.hints.is_empty() && !diagnostic.hints[0].is_empty(), "{finding:?} has no fix");
        sources.position(diagnostic.span).map_or(0, |at| at.line)
    };
    let findings = check(&parsed.template, TODAY, Some(parsed.bytes));
    let mut all: Vec<_> = findings.iter().map(|finding| format!("{} {}", finding.rule, line(finding))).collect();
    all.sort();
    all
}

/// Faulty templates, each with what is found in it and nothing else.
const FAULTS: [(&str, &[&str]); 42] = [
    // Names.
    ("Resources:\n  A:\n    Type: T\n    Properties: {X: !Ref Bee}\n  Bees: {Type: T}\n", &["dangling-reference 4"]),
    ("Resources:\n  A:\n    Type: T\n    Properties:\n      X: !GetAtt B.Arn\n", &["dangling-reference 5"]),
    (
        "Resources:\n  A:\n    Type: T\n    Properties:\n      X: !Sub 'a ${B} ${AWS::Region} ${!C}'\n",
        &["dangling-reference 5"],
    ),
    ("Resources:\n  A:\n    Type: T\n    DependsOn: B\n", &["dangling-reference 4"]),
    ("Resources:\n  A:\n    Type: T\n    Condition: C\n", &["dangling-reference 4"]),
    ("Resources:\n  A:\n    Type: T\n    Properties:\n      X: !If [C, 1, 2]\n", &["dangling-reference 5"]),
    ("Resources:\n  A:\n    Type: T\n    Properties:\n      X: !FindInMap [M, a, b]\n", &["dangling-reference 5"]),
    (
        "Conditions:\n  C: !Equals [!Ref AWS::Region, nowhere]\nResources:\n  B: {Type: T, Condition: C}\n  A:\n    Type: T\n    Properties:\n      X: !Ref B\n",
        &["dangling-reference 8"],
    ),
    ("Conditions:\n  C: !Equals [!Ref R, x]\nResources:\n  R: {Type: T, Condition: C}\n", &["dangling-reference 2"]),
    ("Parameters:\n  P: {Type: String}\nResources:\n  A: {Type: T}\n", &["unused-parameter 2"]),
    // T8: the condition is there, and nothing hangs on it.
    (
        "Parameters:\n  KeyPairName: {Type: String, Default: ''}\nConditions:\n  KeyPairProvided: !Not [!Equals [!Ref KeyPairName, '']]\nResources:\n  A: {Type: T}\n",
        &["unused-condition 4", "unused-parameter 2"],
    ),
    ("Mappings:\n  M: {a: {b: c}}\nResources:\n  A: {Type: T}\n", &["unused-mapping 2"]),
    // Evaluation. T2: one administrator, and the second is asked for.
    (
        "Parameters:\n  Admins: {Type: CommaDelimitedList, Default: ''}\nConditions:\n  HasAdmins: !Not [!Equals [!Join ['', !Ref Admins], '']]\nResources:\n  Second:\n    Type: AWS::EKS::AccessEntry\n    Condition: HasAdmins\n    Properties:\n      PrincipalArn: !Select [1, !Ref Admins]\n",
        &["select-out-of-range 10"],
    ),
    (
        "Resources:\n  A:\n    Type: T\n    Properties:\n      X: !Select [5, !Cidr [10.0.0.0/16, 4, 8]]\n",
        &["select-out-of-range 5"],
    ),
    ("Resources:\n  A:\n    Type: T\n    Properties:\n      X: !Cidr [10.0.0.0/28, 4, 8]\n", &["function-argument 5"]),
    ("Resources:\n  A:\n    Type: T\n    Properties: {X: !Ref B}\n  B:\n    Type: T\n    DependsOn: A\n", &["cycle 2"]),
    (
        "Conditions:\n  C: !Not [!Condition D]\n  D: !Not [!Condition C]\nResources:\n  A: {Type: T, Condition: C}\n",
        &["cycle 2"],
    ),
    // Limits and names.
    ("Resources:\n  A:\n    Type: T\n    Properties: {X: !Ref A_B}\n", &["dangling-reference 4"]),
    ("Resources:\n  A:\n    Type: T\n    Properties:\n      X: !GetAtt A-B.Arn\n", &["dangling-reference 5"]),
    ("Resources:\n  A:\n    Type: T\n    DependsOn:\n    - B.C\n", &["dangling-reference 4"]),
    ("Resources:\n  A:\n    Type: T\n    Properties:\n      X: !If ['', 1, 2]\n", &["dangling-reference 5"]),
    // T15: a fixed name, and one that long names of stacks make too long.
    (
        "Resources:\n  Role:\n    Type: AWS::IAM::Role\n    Properties:\n      RoleName: !Sub 'aktus-platform-${AWS::StackName}-eks-automode-node-role'\n      AssumeRolePolicyDocument: {Statement: []}\n",
        &["fixed-name 5", "name-too-long 5"],
    ),
    (
        "Resources:\n  Function:\n    Type: AWS::Lambda::Function\n    Properties: {FunctionName: one}\n",
        &["fixed-name 4"],
    ),
    // IAM. T1: the attribute has the scheme in front.
    (
        "Resources:\n  Cluster: {Type: AWS::EKS::Cluster}\n  Role:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument: !Sub |\n        {\"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"Federated\": \"x\"}, \"Action\": \"sts:AssumeRoleWithWebIdentity\",\n          \"Condition\": {\"StringEquals\": {\"${Cluster.OpenIdConnectIssuerUrl}:sub\": \"y\"}}}]}\n",
        &["trust-key-with-scheme 6"],
    ),
    (
        "Resources:\n  Role:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument:\n        Statement:\n          Effect: Allow\n          Action: sts:AssumeRoleWithWebIdentity\n          Condition: {StringEquals: {'https://oidc.example/id/1:sub': x}}\n",
        &["trust-key-with-scheme 9"],
    ),
    (
        "Resources:\n  Policy:\n    Type: AWS::IAM::Policy\n    Properties:\n      PolicyDocument:\n        Statement:\n          - Effect: Allow\n            Action: ['ec2:*']\n            Resource: arn:x\n",
        &["wildcard-action 8"],
    ),
    (
        "Resources:\n  Policy:\n    Type: AWS::IAM::Policy\n    Properties:\n      PolicyDocument:\n        Statement:\n          - Effect: Allow\n            NotAction: iam:DeleteRole\n            Resource: arn:x\n",
        &["wildcard-action 8"],
    ),
    (
        "Resources:\n  Role:\n    Type: AWS::IAM::Role\n    Properties:\n      Policies:\n        - PolicyDocument:\n            Statement:\n              Effect: Allow\n              Action: [ecr:GetAuthorizationToken, sts:AssumeRole]\n              Resource: '*'\n",
        &["wildcard-resource 10"],
    ),
    (
        "Resources:\n  Queue:\n    Type: AWS::SQS::QueuePolicy\n    Properties:\n      PolicyDocument:\n        Statement:\n          Effect: Allow\n          Principal: {AWS: '*'}\n          Action: sqs:SendMessage\n          Resource: arn:x\n",
        &["open-principal 8"],
    ),
    // Secrets.
    (
        "Parameters:\n  Key: {Type: String, NoEcho: true}\nResources:\n  A: {Type: T}\nOutputs:\n  O:\n    Value: !Sub 'key ${Key}'\n",
        &["secret-in-output 7"],
    ),
    (
        "Parameters:\n  Key: {Type: String, NoEcho: true}\nResources:\n  A:\n    Type: T\n    Metadata: {Note: !Ref Key}\n",
        &["secret-in-metadata 6"],
    ),
    ("Resources:\n  A:\n    Type: T\n    Properties:\n      X: id AKIAABCDEFGHIJKLMNOP\n", &["secret-in-metadata 5"]),
    (
        "Parameters:\n  Key: {Type: String, NoEcho: true, Default: secret}\nResources:\n  A:\n    Type: AWS::SecretsManager::Secret\n    Properties: {SecretString: !Ref Key}\n",
        &["secret-in-metadata 2"],
    ),
    (
        "Parameters:\n  Key: {Type: String, NoEcho: true}\nResources:\n  A:\n    Type: Custom::Thing\n    Properties: {Key: !Ref Key}\n",
        &["secret-in-event 6"],
    ),
    // Data and partitions.
    (
        "Resources:\n  Files:\n    Type: AWS::EFS::FileSystem\n    DeletionPolicy: Retain\n",
        &["stateful-without-retention 2"],
    ),
    ("Resources:\n  A:\n    Type: T\n    Properties:\n      X: arn:aws:s3:::b\n", &["hard-coded-partition 5"]),
    // Versions. T5 and T6.
    (
        "Parameters:\n  Version: {Type: String, Default: '1.35', AllowedValues: ['1.35', '1.30']}\nResources:\n  Cluster:\n    Type: AWS::EKS::Cluster\n    Properties: {Version: !Ref Version}\n",
        &["end-of-life 2"],
    ),
    (
        "Resources:\n  Nodes:\n    Type: AWS::EKS::Nodegroup\n    Properties: {AmiType: AL2_x86_64}\n",
        &["end-of-life 4"],
    ),
    (
        "Resources:\n  Function:\n    Type: AWS::Lambda::Function\n    Properties: {Runtime: python3.8}\n",
        &["end-of-life 4"],
    ),
    // T7: rules name a group that no node has.
    (
        "Resources:\n  Nodes: {Type: AWS::EC2::SecurityGroup}\n  Files: {Type: AWS::EC2::SecurityGroup}\n  Target:\n    Type: AWS::EFS::MountTarget\n    Properties: {SecurityGroups: [!Ref Files]}\n  Ingress:\n    Type: AWS::EC2::SecurityGroupIngress\n    Properties: {GroupId: !Ref Files, SourceSecurityGroupId: !Ref Nodes}\n",
        &["unattached-security-group 2"],
    ),
    // T12: on deletion the route goes while load balancers still have addresses.
    (
        "Resources:\n  Gateway: {Type: AWS::EC2::InternetGateway}\n  Attachment:\n    Type: AWS::EC2::VPCGatewayAttachment\n    Properties: {InternetGatewayId: !Ref Gateway}\n  Subnet: {Type: AWS::EC2::Subnet}\n  Table: {Type: AWS::EC2::RouteTable}\n  Route:\n    Type: AWS::EC2::Route\n    DependsOn: Attachment\n    Properties: {RouteTableId: !Ref Table, GatewayId: !Ref Gateway}\n  Association:\n    Type: AWS::EC2::SubnetRouteTableAssociation\n    Properties: {RouteTableId: !Ref Table, SubnetId: !Ref Subnet}\n  Cluster:\n    Type: AWS::EKS::Cluster\n    Properties: {ResourcesVpcConfig: {SubnetIds: [!Ref Subnet]}}\n",
        &["network-deleted-first 15"],
    ),
    // T13: the function loses its rights, its add-on and the file system's targets before it has cleaned up.
    (
        "Resources:\n  Cluster: {Type: AWS::EKS::Cluster}\n  Role: {Type: AWS::IAM::Role}\n  Policy:\n    Type: AWS::IAM::Policy\n    Properties: {Roles: [!Ref Role]}\n  Entry:\n    Type: AWS::EKS::AccessEntry\n    Properties: {ClusterName: !Ref Cluster, PrincipalArn: !GetAtt Role.Arn}\n  Addon:\n    Type: AWS::EKS::Addon\n    Properties: {ClusterName: !Ref Cluster}\n  Function:\n    Type: AWS::Lambda::Function\n    Properties: {Role: !GetAtt Role.Arn}\n  Status:\n    Type: Custom::Status\n    DependsOn: Entry\n    Properties: {ServiceToken: !GetAtt Function.Arn, Cluster: !Ref Cluster}\n",
        &["needs-deleted-first 16"],
    ),
];

#[test]
fn faults_are_found_where_they_are() {
    let wrong = FAULTS.iter().map(|(text, expected)| (text, found(text), expected));
    let wrong: Vec<_> = wrong.filter(|(_, found, expected)| found != *expected).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_rule_fires_somewhere() {
    let fired: BTreeSet<_> = FAULTS.iter().flat_map(|(_, found)| *found).map(|found| found.split(' ').next()).collect();
    for rule in RULES {
        // Sizes and counts need large ones: `limits_are_counted`.
        assert!(matches!(rule.name, "body-size" | "limit") || fired.contains(&Some(rule.name)), "{}", rule.name);
        assert!(!rule.about.is_empty());
    }
}

/// What looks like a fault and is none.
const SOUND: [&str; 15] = [
    // A module brings resources of its own; an endpoint is open to its VPC only.
    "Resources: {M: {Type: My::Own::MODULE}, A: {Type: T, Properties: {X: !Ref MBucket}}}",
    "Resources: {E: {Type: AWS::EC2::VPCEndpoint, Properties: {PolicyDocument: {Statement: [{Effect: Allow, Principal: '*', Action: s3:GetObject, Resource: '*'}]}}}}",
    // The zones of a region are as many as it has, and what AWS knows may have any number of parts.
    "Resources: {A: {Type: T, Properties: {X: !Select [3, !GetAZs ''], Y: !Select [4, !Split ['/', !GetAtt B.Arn]]}}, B: {Type: T}}",
    // A list padded to its longest.
    "Parameters: {P: {Type: CommaDelimitedList, Default: ''}}\nResources: {A: {Type: T, Properties: {X: !Select [1, !Split [',', !Join ['', [!Join [',', !Ref P], ',,']]]]}}}",
    // A reference on a branch that is taken only when it holds.
    "Conditions: {C: !Equals [!Ref AWS::Region, x]}\nResources: {B: {Type: T, Condition: C}, A: {Type: T, Properties: {X: !If [C, !Ref B, !Ref AWS::NoValue]}}}",
    // A condition used by another, a parameter used in a rule, a mapping by computed name.
    "Parameters: {P: {Type: String}}\nRules: {R: {Assertions: [{Assert: !Equals [!Ref P, x]}]}}\nMappings: {M: {a: {b: c}}}\nConditions: {C: !Equals [a, b], D: !Not [!Condition C]}\nResources: {A: {Type: T, Condition: D, Properties: {X: !FindInMap [!Ref AWS::Region, a, b, {DefaultValue: 1}]}}}",
    // A macro may bring everything.
    "Transform: Macro\nParameters: {P: {Type: String}}\nResources: {A: {Type: T, Properties: {X: !Ref Unknown, Y: !GetAtt Unknown.Arn}}}",
    // The scheme is cut off.
    "Resources:\n  Cluster: {Type: AWS::EKS::Cluster}\n  Role:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument: !Sub\n        - '{\"Statement\": [{\"Condition\": {\"StringEquals\": {\"${Issuer}:sub\": \"y\"}}}]}'\n        - Issuer: !Select [1, !Split ['//', !GetAtt Cluster.OpenIdConnectIssuerUrl]]",
    // No resource can be named; a denial may be for all; a key's own policy speaks of that key.
    "Resources: {P: {Type: AWS::IAM::Policy, Properties: {PolicyDocument: {Statement: [{Effect: Allow, Action: [ecr:GetAuthorizationToken, ec2:DescribeVpcs], Resource: '*'}, {Effect: Deny, Action: '*', Resource: '*'}]}}}}",
    "Resources: {K: {Type: AWS::KMS::Key, DeletionPolicy: Delete, UpdateReplacePolicy: Delete, Properties: {KeyPolicy: {Statement: [{Effect: Allow, Principal: {AWS: root}, Action: 'kms:*', Resource: '*'}]}}}}",
    // Everybody, but only through a mount target.
    "Resources: {F: {Type: AWS::EFS::FileSystem, DeletionPolicy: Retain, UpdateReplacePolicy: Retain, Properties: {FileSystemPolicy: {Statement: [{Effect: Allow, Principal: {AWS: '*'}, Action: elasticfilesystem:ClientMount, Condition: {Bool: {x: true}}}]}}}}",
    // Whether a key was given is no secret.
    "Parameters: {Key: {Type: String, NoEcho: true, Default: ''}}\nConditions: {Has: !Not [!Equals [!Ref Key, '']]}\nResources: {A: {Type: T}}\nOutputs: {O: {Value: !If [Has, given, none]}}",
    // The key of AWS's own documentation.
    "Resources: {A: {Type: T, Properties: {X: AKIAIOSFODNN7EXAMPLE}}}",
    // A group that other stacks attach.
    "Resources: {G: {Type: AWS::EC2::SecurityGroup}}\nOutputs: {O: {Value: !GetAtt G.GroupId}}",
    // A short name beside the stack's.
    "Resources: {C: {Type: AWS::EKS::Cluster, Properties: {Name: !Sub 'aktus-${AWS::StackName}', Version: '1.36'}}}",
];

#[test]
fn what_is_sound_is_left_alone() {
    for text in SOUND {
        assert_eq!(found(text), [""; 0], "{text}");
    }
}

#[test]
fn age_is_judged_on_the_day_that_is_given() {
    let text = "Resources: {C: {Type: AWS::EKS::Cluster, Properties: {Version: '1.34'}}}";
    let mut sources = Sources::new();
    let source = sources.add("template", text);
    let template = parse(text.as_bytes(), source).expect("a template").template;
    let said = |today| check(&template, today, None).into_iter().map(|finding| finding.message).collect::<Vec<_>>();
    assert_eq!(said(Day::new(2026, 12, 1)), [""; 0]);
    assert!(said(Day::new(2026, 12, 2))[0].contains("extended support"));
    assert!(said(Day::new(2027, 12, 2))[0].contains("no longer offers"));
}

#[test]
fn limits_are_counted() {
    let many = |section: &str, count: usize, entry: &str| {
        let entries: Vec<_> = (0..count).map(|index| format!("X{index}: {entry}")).collect();
        format!("{section}: {{{}}}\n", entries.join(", "))
    };
    assert_eq!(found(&many("Resources", 500, "{Type: T}")), [""; 0]);
    assert_eq!(found(&many("Resources", 501, "{Type: T}")), ["limit 1"]);
    let outputs = many("Outputs", 201, "{Value: v}") + &many("Resources", 1, "{Type: T}");
    assert_eq!(found(&outputs), ["limit 1"]);
    let body = |size: usize| format!("{:#<size$}", "Resources: {A: {Type: T}}\n");
    assert_eq!(found(&body(51_200)), [""; 0]);
    assert_eq!(found(&body(51_201)), ["body-size 1"]);
    let long = format!("Description: {}\nResources: {{A: {{Type: T}}}}\n", "x".repeat(1025));
    assert_eq!(found(&long), ["limit 1"]);
}

#[test]
fn with_given_parameters_only_those_are_looked_at() {
    let text = FAULTS.iter().find(|(_, found)| found[0].starts_with("select-out-of-range")).expect("a fault").0;
    let mut sources = Sources::new();
    let source = sources.add("template", text);
    let template = parse(text.as_bytes(), source).expect("a template").template;
    let found = |admins: &str| {
        let given = BTreeMap::from([("Admins".to_owned(), admins.to_owned())]);
        let pseudo = Pseudo::new("s", "us-east-1", "111122223333");
        let found = check_with(&template, &given, &pseudo, TODAY, None).expect("a check");
        found.into_iter().map(|finding| finding.rule).collect::<Vec<_>>()
    };
    assert_eq!(found(""), [""; 0]);
    assert_eq!(found("one"), ["select-out-of-range"]);
    assert_eq!(found("one,two"), [""; 0]);
    // Everything is told at once, not only the first thing.
    let both = FAULTS.iter().find(|(_, found)| found[0].starts_with("fixed-name")).expect("a fault").0;
    let both = format!("{both}  Other:\n    Type: T\n    Properties: {{X: !Select [1, [a]], Y: !Select [2, [a]]}}\n");
    let mut sources = Sources::new();
    let source = sources.add("template", &both);
    let read = parse(both.as_bytes(), source).expect("a template").template;
    let all = check_with(&read, &BTreeMap::new(), &Pseudo::new("s", "us-east-1", "1"), TODAY, None).expect("a check");
    let all: Vec<_> = all.into_iter().map(|finding| finding.rule).collect();
    assert_eq!(all, ["select-out-of-range", "select-out-of-range", "name-too-long", "fixed-name"]);
    let unknown = BTreeMap::from([("Nobody".to_owned(), String::new())]);
    assert!(check_with(&template, &unknown, &Pseudo::new("s", "us-east-1", "1"), TODAY, None).is_err());
}
