//! How much CloudFormation takes, and how long names may be.

use super::{Findings, Subject};
use crate::eval::{ResourceGraph, Value};
use crate::model::Place;
use crate::stack::INLINE_LIMIT;

/// What CloudFormation takes from a bucket, in bytes.
const BUCKET_LIMIT: usize = 1 << 20;
/// A name should leave room for a stack's name of half the 128 letters that it may have.
const STACK_NAME: usize = 64;

/// Types, the property that names a resource of it, and how long that name may be.
const NAMES: [(&str, &str, usize); 24] = [
    ("AWS::CloudTrail::Trail", "TrailName", 128),
    ("AWS::DynamoDB::Table", "TableName", 255),
    ("AWS::EC2::LaunchTemplate", "LaunchTemplateName", 128),
    ("AWS::EC2::SecurityGroup", "GroupName", 255),
    ("AWS::ECR::Repository", "RepositoryName", 256),
    ("AWS::EKS::Cluster", "Name", 100),
    ("AWS::EKS::Nodegroup", "NodegroupName", 63),
    ("AWS::ElastiCache::CacheCluster", "ClusterName", 50),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Name", 32),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "Name", 32),
    ("AWS::Events::Rule", "Name", 64),
    ("AWS::IAM::Group", "GroupName", 128),
    ("AWS::IAM::InstanceProfile", "InstanceProfileName", 128),
    ("AWS::IAM::ManagedPolicy", "ManagedPolicyName", 128),
    ("AWS::IAM::Role", "RoleName", 64),
    ("AWS::IAM::User", "UserName", 64),
    ("AWS::KMS::Alias", "AliasName", 256),
    ("AWS::Lambda::Function", "FunctionName", 64),
    ("AWS::Logs::LogGroup", "LogGroupName", 512),
    ("AWS::RDS::DBInstance", "DBInstanceIdentifier", 63),
    ("AWS::S3::Bucket", "BucketName", 63),
    ("AWS::SNS::Topic", "TopicName", 256),
    ("AWS::SQS::Queue", "QueueName", 80),
    ("AWS::StepFunctions::StateMachine", "StateMachineName", 80),
];

/// Those whose name stands in the way of a replacement: CloudFormation creates the new one before it deletes the old.
const IN_THE_WAY: [&str; 10] = [
    "AWS::EC2::LaunchTemplate",
    "AWS::EC2::SecurityGroup",
    "AWS::EKS::Nodegroup",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::IAM::InstanceProfile",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Role",
    "AWS::IAM::User",
    "AWS::Lambda::Function",
];

pub(super) fn counts(subject: &Subject<'_>, findings: &mut Findings) {
    let template = subject.template;
    let sections = [
        ("Parameters", template.parameters.len(), 200),
        ("Mappings", template.mappings.len(), 200),
        ("Resources", template.resources.len(), 500),
        ("Outputs", template.outputs.len(), 200),
    ];
    for (section, count, most) in sections {
        if count > most {
            let fix = "split the template into nested stacks";
            findings.add(Place::of(&[section]), format!("{count} {section}, and {most} are possible"), fix);
        }
    }
    let mut long = |place: &[&str], length: usize, most: usize| {
        if length > most {
            let message = format!("{length} bytes, and {most} are possible");
            findings.add(Place::of(place), message, format!("shorten it to {most} bytes"));
        }
    };
    long(&["Description"], template.description.len(), 1024);
    for (name, parameter) in &template.parameters {
        let name = name.as_str();
        long(&["Parameters", name, "Description"], parameter.description.len(), 4000);
        long(&["Parameters", name, "Default"], parameter.default.as_ref().map_or(0, String::len), 4096);
    }
    for (name, output) in &template.outputs {
        long(&["Outputs", name.as_str(), "Description"], output.description.len(), 1024);
    }
}

pub(super) fn body(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(bytes) = subject.bytes else { return };
    let (limit, how) = if bytes > BUCKET_LIMIT { (BUCKET_LIMIT, "at all") } else { (INLINE_LIMIT, "without a bucket") };
    if bytes > limit {
        findings.add(
            Place::default(),
            format!("the template has {bytes} bytes, and CloudFormation takes {limit} {how}"),
            "take code and long texts out of it, or split it",
        );
    }
}

/// The names that a graph gives to resources: logical id, property, name, and how long one may be.
fn names(graph: &ResourceGraph) -> impl Iterator<Item = (&str, &'static str, &Value, &str, usize)> {
    graph.resources.iter().filter_map(|(id, resource)| {
        let (kind, property, most) = NAMES.iter().find(|(kind, ..)| *kind == resource.kind)?;
        Some((id.as_str(), *property, resource.properties.get(*property)?, *kind, *most))
    })
}

pub(super) fn long_names(subject: &Subject<'_>, graph: &ResourceGraph, findings: &mut Findings) {
    for (id, property, name, _, most) in names(graph) {
        let Value::Text(name) = name else { continue };
        if name.contains("${") {
            continue;
        }
        let place = Place::of(&["Resources", id, "Properties", property]);
        let length = name.chars().count();
        if length > most {
            findings.add(place, format!("`{name}` has {length} letters, and {most} are possible"), "shorten the name");
            continue;
        }
        let written = subject.template.resources.get(id).and_then(|resource| resource.properties.get(property));
        let of_stack = written.is_some_and(|name| name.references().contains("AWS::StackName"));
        if of_stack && name.contains(subject.stack_name) {
            let rest = length - subject.stack_name.chars().count();
            let room = most - rest.min(most);
            if room < STACK_NAME {
                let message = format!("the name is too long for a stack whose own name has more than {room} letters");
                findings.add(
                    place,
                    message,
                    format!("leave `{property}` out, or put less before and after the stack's name"),
                );
            }
        }
    }
}

pub(super) fn fixed_names(_: &Subject<'_>, graph: &ResourceGraph, findings: &mut Findings) {
    for (id, property, _, kind, _) in names(graph).filter(|(.., kind, _)| IN_THE_WAY.contains(kind)) {
        let message =
            format!("`{id}` has a name of its own, so that a change that replaces it fails: the name is taken");
        let fix = match kind {
            "AWS::IAM::Role" | "AWS::IAM::User" | "AWS::IAM::ManagedPolicy" | "AWS::IAM::InstanceProfile" => {
                format!("leave `{property}` out; the stack then also does without CAPABILITY_NAMED_IAM")
            }
            _ => format!("leave `{property}` out"),
        };
        findings.add(Place::of(&["Resources", id, "Properties", property]), message, fix);
    }
}
