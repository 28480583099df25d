//! Data that should outlive the stack, and text that holds in one partition only.

use super::names::every_value;
use super::{Findings, Subject};
use crate::model::{Expr, Place, Resource};

/// Types that hold data nobody can make again. Log groups, queues and secrets are left out: what is in them is a copy,
/// on its way, or given with the stack.
const STATEFUL: [&str; 24] = [
    "AWS::Backup::BackupVault",
    "AWS::Cognito::UserPool",
    "AWS::DocDB::DBCluster",
    "AWS::DocDB::DBInstance",
    "AWS::DynamoDB::GlobalTable",
    "AWS::DynamoDB::Table",
    "AWS::EC2::Volume",
    "AWS::ECR::Repository",
    "AWS::EFS::FileSystem",
    "AWS::ElastiCache::CacheCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::Elasticsearch::Domain",
    "AWS::FSx::FileSystem",
    "AWS::KMS::Key",
    "AWS::Kinesis::Stream",
    "AWS::Neptune::DBCluster",
    "AWS::Neptune::DBInstance",
    "AWS::OpenSearchService::Domain",
    "AWS::QLDB::Ledger",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::Redshift::Cluster",
    "AWS::S3::Bucket",
    "AWS::SDB::Domain",
];

pub(super) fn retention(subject: &Subject<'_>, findings: &mut Findings) {
    let decided = |resource: &Resource, policy: &str| resource.attributes.contains_key(policy);
    for (id, resource) in &subject.template.resources {
        if !STATEFUL.contains(&resource.kind.as_str()) {
            continue;
        }
        let deletion = resource.deletion_policy.is_some() || decided(resource, "DeletionPolicy");
        let replacement = resource.update_replace_policy.is_some() || decided(resource, "UpdateReplacePolicy");
        let missing = match (deletion, replacement) {
            (true, true) => continue,
            (false, false) => "`DeletionPolicy` and `UpdateReplacePolicy`",
            (false, true) => "`DeletionPolicy`",
            (true, false) => "`UpdateReplacePolicy`",
        };
        findings.add(
            Place::of(&["Resources", id.as_str()]),
            format!("`{id}` holds data, and has no {missing}"),
            format!("add {missing}: Retain keeps the data, Delete says that it may go"),
        );
    }
}

pub(super) fn partition(subject: &Subject<'_>, findings: &mut Findings) {
    every_value(subject.template, &mut |value, path| {
        if let Expr::Text(text) | Expr::Sub(text, _) = value
            && text.contains("arn:aws:")
        {
            findings.add(
                path.place(),
                "`arn:aws:` is wrong outside of the commercial partition",
                "write `arn:${AWS::Partition}:` in `Fn::Sub`",
            );
        }
    });
}
