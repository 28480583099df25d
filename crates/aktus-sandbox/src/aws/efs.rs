//! What does Amazon EFS answer? File systems and mount targets over REST JSON.

use serde_json::{Value, json};

use super::answer::{Answer, Call, Question, ServiceError, page};
use super::facts::{Facts, FileSystem};
use crate::listener::Request;

/// A moment for every time stamp: 2026-11-22T12:00:00Z.
const CREATED_AT: i64 = 1_795_348_800;

/// The action behind a path, when it is one that the sandbox knows.
pub(super) fn call(request: &Request) -> Option<Call> {
    if request.method != http::Method::GET {
        return None;
    }
    let resource = request.query_value("FileSystemId").unwrap_or_default();
    match request.path.as_str() {
        "/2015-02-01/file-systems" => {
            let action = "elasticfilesystem:DescribeFileSystems";
            Some(Call { action, resource, run: describe_file_systems })
        }
        "/2015-02-01/mount-targets" => {
            let action = "elasticfilesystem:DescribeMountTargets";
            Some(Call { action, resource, run: describe_mount_targets })
        }
        _ => None,
    }
}

fn not_found(id: &str) -> ServiceError {
    ServiceError::new(404, "FileSystemNotFound", format!("File system '{id}' does not exist."))
}

fn find<'a>(facts: &'a mut Facts, question: &Question<'_>) -> Result<&'a mut FileSystem, ServiceError> {
    let here = facts.region == question.region;
    facts.file_systems.get_mut(question.resource).filter(|_| here).ok_or_else(|| not_found(question.resource))
}

fn describe_file_systems(facts: &mut Facts, question: &Question<'_>) -> Answer {
    if question.resource.is_empty() {
        let message = "the sandbox describes one file system at a time: give its id";
        return Err(ServiceError::new(400, "BadRequest", message));
    }
    let owner = facts.account.clone();
    let arn =
        format!("arn:{}:elasticfilesystem:{}:{owner}:file-system/{}", facts.partition, facts.region, question.resource);
    let file_system = find(facts, question)?;
    let state = file_system.state.ask();
    Ok(json!({
        "FileSystems": [{
            "FileSystemId": question.resource,
            "FileSystemArn": arn,
            "OwnerId": owner,
            "CreationToken": "sandbox",
            "CreationTime": CREATED_AT,
            "LifeCycleState": state,
            "NumberOfMountTargets": file_system.mount_targets.len(),
            "SizeInBytes": { "Value": 6144 },
            "PerformanceMode": "generalPurpose",
            "ThroughputMode": "provisioned",
            "ProvisionedThroughputInMibps": 50.0,
            "Encrypted": true,
            "Tags": [],
        }]
    }))
}

fn describe_mount_targets(facts: &mut Facts, question: &Question<'_>) -> Answer {
    let (owner, most) = (facts.account.clone(), facts.page_size);
    let file_system = find(facts, question)?;
    let marker = question.request.query_value("Marker");
    let asked = question.request.query_value("MaxItems").and_then(|value| value.parse().ok());
    let names: Vec<String> = file_system.mount_targets.iter().map(|target| target.id.clone()).collect();
    let (names, next) = page(names.iter().map(String::as_str), marker.as_deref(), asked, most);
    let targets: Vec<Value> = file_system
        .mount_targets
        .iter_mut()
        .filter(|target| names.contains(&target.id.as_str()))
        .map(|target| {
            json!({
                "OwnerId": owner,
                "MountTargetId": target.id,
                "FileSystemId": question.resource,
                "SubnetId": target.subnet_id,
                "LifeCycleState": target.state.ask(),
                "IpAddress": target.ip_address,
                "AvailabilityZoneName": target.zone,
                "VpcId": target.vpc_id,
            })
        })
        .collect();
    Ok(json!({ "MountTargets": targets, "NextMarker": next }))
}
