//! A trail of management events, when asked for. Calls to Kubernetes are in the cluster's audit log.

use super::ids::{condition, resource};
use super::parts::document;
use crate::model::{ConditionName, Expr, PseudoParameter, Resource, Template};

/// The condition of everything here.
const WHEN: ConditionName = condition::CloudTrail;

pub(super) fn add(template: &mut Template) {
    template.add_resource(resource::CloudTrailBucket, bucket());
    template.add_resource(
        resource::CloudTrailBucketPolicy,
        Resource::new("AWS::S3::BucketPolicy")
            .set("Bucket", Expr::reference(resource::CloudTrailBucket))
            .set("PolicyDocument", policy())
            .when(WHEN),
    );
    template.add_resource(
        resource::Trail,
        Resource::new("AWS::CloudTrail::Trail")
            .set("TrailName", Expr::reference(PseudoParameter::StackName))
            .set("S3BucketName", Expr::reference(resource::CloudTrailBucket))
            .set("IsLogging", true)
            .set("EnableLogFileValidation", true)
            .set("IncludeGlobalServiceEvents", true)
            .set("IsMultiRegionTrail", true)
            .after([resource::CloudTrailBucketPolicy])
            .when(WHEN),
    );
}

/// The bucket, kept when the stack goes: one with objects in it cannot be deleted, and evidence should stay.
fn bucket() -> Resource {
    let encryption = map! {"ServerSideEncryptionByDefault": map! {"SSEAlgorithm": "AES256"}};
    Resource::new("AWS::S3::Bucket")
        .retained()
        .set("BucketEncryption", map! {"ServerSideEncryptionConfiguration": list![encryption]})
        .set(
            "PublicAccessBlockConfiguration",
            map! {
                "BlockPublicAcls": true,
                "BlockPublicPolicy": true,
                "IgnorePublicAcls": true,
                "RestrictPublicBuckets": true,
            },
        )
        .set("VersioningConfiguration", map! {"Status": "Enabled"})
        .set("LifecycleConfiguration", map! {"Rules": list![map! {"Status": "Enabled", "ExpirationInDays": 365}]})
        .when(WHEN)
}

fn policy() -> Expr {
    let trail =
        || Expr::sub("arn:${AWS::Partition}:cloudtrail:${AWS::Region}:${AWS::AccountId}:trail/${AWS::StackName}");
    let service = || map! {"Service": "cloudtrail.amazonaws.com"};
    let arn = || Expr::attribute(resource::CloudTrailBucket, "Arn");
    let read = map! {
        "Effect": "Allow",
        "Principal": service(),
        "Action": "s3:GetBucketAcl",
        "Resource": arn(),
        "Condition": map! {"StringEquals": map! {"aws:SourceArn": trail()}},
    };
    let owner = map! {"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceArn": trail()};
    let write = map! {
        "Effect": "Allow",
        "Principal": service(),
        "Action": "s3:PutObject",
        "Resource": Expr::sub("${CloudTrailBucket.Arn}/AWSLogs/${AWS::AccountId}/*"),
        "Condition": map! {"StringEquals": owner},
    };
    let encrypted = map! {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": list![arn(), Expr::sub("${CloudTrailBucket.Arn}/*")],
        "Condition": map! {"Bool": map! {"aws:SecureTransport": "false"}},
    };
    document(vec![read, write, encrypted])
}
