//! What changes between two templates, or under other parameters, in plain sentences.

use std::collections::BTreeMap;

use aktus_diagnostics::Sources;
use aktus_template::{Effect, Pseudo, ResourceGraph, Template, diff, evaluate, parse, platform};

fn graph(template: &Template, given: &[(&str, &str)]) -> ResourceGraph {
    let code = [("BootstrapCodeBucket", "code"), ("BootstrapCodeKey", "bootstrap.zip")];
    let code = code.iter().filter(|(name, _)| template.parameters.contains_key(*name));
    let given: BTreeMap<_, _> =
        code.chain(given).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    evaluate(template, &given, &Pseudo::new("ai", "eu-central-1", "111122223333")).expect("a graph")
}

/// The sentences on what another set of parameters changes in the platform.
fn between(old: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<String> {
    let template = platform();
    let difference = diff(&graph(&template, old), &graph(&template, new));
    difference.resources.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn check(old: &[(&str, &str)], new: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(between(old, new), expected);
}

#[test]
fn nothing_changes_by_itself() {
    let template = platform();
    assert!(diff(&graph(&template, &[]), &graph(&template, &[])).is_empty());
}

#[test]
fn parameters_change_what_hangs_on_them() {
    check(
        &[("EKSVersion", "1.35")],
        &[("EKSVersion", "1.36")],
        &["`EKSCluster` (AWS::EKS::Cluster) is changed in place: Version"],
    );
    check(&[], &[("AdditionalAdminUsers", "a")], &["`AdminUserAccessEntry0` (AWS::EKS::AccessEntry) is created"]);
    check(
        &[("AdditionalAdminUsers", "a,b")],
        &[("AdditionalAdminUsers", "c")],
        &[
            "`AdminUserAccessEntry0` (AWS::EKS::AccessEntry) is replaced, since PrincipalArn cannot be changed: \
             a new one is created, then the old one is deleted",
            "`AdminUserAccessEntry1` (AWS::EKS::AccessEntry) is deleted",
        ],
    );
    check(
        &[],
        &[("LoadBalancerScheme", "internal"), ("MarketplaceChartVersion", "1.0.6")],
        &["`EKSClusterStatus` (Custom::AktusPlatform) is updated by its function: ChartVersion, LoadBalancerScheme"],
    );
    check(
        &[("EnableKmsEncryption", "false")],
        &[],
        &[
            "`EFSKey` (AWS::KMS::Key) is created",
            "`EFSFileSystem` (AWS::EFS::FileSystem) is replaced, since KmsKeyId cannot be changed: a new one is \
             created, the old one stays in the account",
            "`EFSMountTarget1` (AWS::EFS::MountTarget) is replaced, since FileSystemId cannot be changed: a new one is \
             created, then the old one is deleted; it follows `EFSFileSystem`",
            "`EFSMountTarget2` (AWS::EFS::MountTarget) is replaced, since FileSystemId cannot be changed: a new one is \
             created, then the old one is deleted; it follows `EFSFileSystem`",
            "`EKSConnectorLambdaPolicy` (AWS::IAM::Policy) is changed in place: PolicyDocument.Statement; it follows \
             `EFSFileSystem`",
            "`EKSClusterStatus` (Custom::AktusPlatform) is updated by its function: FileSystemId; it follows \
             `EFSFileSystem`",
        ],
    );
    check(
        &[("EnableKmsEncryption", "true")],
        &[("EnableKmsEncryption", "false")],
        &[
            "`EFSFileSystem` (AWS::EFS::FileSystem) is replaced, since KmsKeyId cannot be changed: a new one is \
             created, the old one stays in the account",
            "`EFSMountTarget1` (AWS::EFS::MountTarget) is replaced, since FileSystemId cannot be changed: a new one is \
             created, then the old one is deleted; it follows `EFSFileSystem`",
            "`EFSMountTarget2` (AWS::EFS::MountTarget) is replaced, since FileSystemId cannot be changed: a new one is \
             created, then the old one is deleted; it follows `EFSFileSystem`",
            "`EKSConnectorLambdaPolicy` (AWS::IAM::Policy) is changed in place: PolicyDocument.Statement; it follows \
             `EFSFileSystem`",
            "`EKSClusterStatus` (Custom::AktusPlatform) is updated by its function: FileSystemId; it follows \
             `EFSFileSystem`",
            "`EFSKey` (AWS::KMS::Key) leaves the stack and stays in the account",
        ],
    );
}

#[test]
fn another_cluster_name_replaces_the_cluster_and_all_that_is_in_it() {
    let template = platform();
    let difference = diff(&graph(&template, &[]), &graph(&template, &[("EKSClusterName", "other")]));
    let effect = |id: &str| difference.resources.iter().find(|change| change.id == id).map(|change| change.effect);
    for id in [
        "EKSCluster",
        "EKSClusterLogGroup",
        "OIDCProvider",
        "LambdaRoleAccessEntry",
        "EFSCSIDriverAddon",
        "EFSIngressFromCluster",
    ] {
        assert_eq!(effect(id), Some(Effect::Replaced), "{id}");
    }
    assert_eq!(effect("EKSClusterStatus"), Some(Effect::Changed));
    assert_eq!((effect("VPC"), effect("EFSFileSystem"), effect("EKSConnectorLambda")), (None, None, None));
}

#[track_caller]
fn of_texts(old: &str, new: &str, expected: &[&str]) {
    let read = |text: &str| {
        let mut sources = Sources::new();
        let source = sources.add("template", text);
        graph(&parse(text.as_bytes(), source).expect("a template").template, &[])
    };
    let difference = diff(&read(old), &read(new));
    let outputs = difference.outputs.iter().map(|output| format!("output {}", output.path));
    let found: Vec<_> = difference.resources.iter().map(ToString::to_string).chain(outputs).collect();
    assert_eq!(found, expected);
}

#[test]
fn templates_are_compared_by_what_they_create() {
    // Layout, order, forms of functions and kinds of scalars are no changes.
    of_texts(
        "Resources: {A: {Type: AWS::S3::Bucket, Properties: {X: '1', Y: {Fn::Join: ['-', [a, b]]}}}, B: {Type: T}}",
        "Resources: {B: {Type: T}, A: {Type: AWS::S3::Bucket, Properties: {Y: a-b, X: 1}}}",
        &[],
    );
    of_texts(
        "Resources: {A: {Type: AWS::S3::Bucket}, B: {Type: AWS::EC2::VPC}}\nOutputs: {O: {Value: a}, P: {Value: b}}",
        "Resources: {A: {Type: AWS::SQS::Queue}, C: {Type: AWS::IAM::Role}}\nOutputs: {O: {Value: b}, Q: {Value: c}}",
        &[
            "`A` (AWS::SQS::Queue) is replaced, since its type changes: a new one is created, then the old one is deleted",
            "`C` (AWS::IAM::Role) is created",
            "`B` (AWS::EC2::VPC) is deleted",
            "output O",
            "output Q",
            "output P",
        ],
    );
    of_texts(
        "Resources: {A: {Type: Some::Other::Type, Properties: {X: 1}}, B: {Type: AWS::EC2::VPC}}",
        "Resources: {A: {Type: Some::Other::Type, Properties: {X: 2}}, B: {Type: AWS::EC2::VPC, Properties: {InstanceTenancy: dedicated}}}",
        &[
            "`A` (Some::Other::Type) is changed in place or replaced, as its service decides: X",
            "`B` (AWS::EC2::VPC) is changed in place or replaced, as its service decides: InstanceTenancy",
        ],
    );
}
