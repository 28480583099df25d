//! What does Amazon EKS answer? Clusters, add-ons and access entries over REST JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::answer::{Answer, Call, Question, ServiceError, page};
use super::facts::{Cluster, Facts, HealthIssue};
use crate::listener::{Request, unescape};

/// A moment for every time stamp: 2026-11-22T12:00:00Z.
const CREATED_AT: i64 = 1_795_348_800;

/// The action behind a path, when it is one that the sandbox knows.
pub(super) fn call(request: &Request) -> Option<Call> {
    if request.method != http::Method::GET {
        return None;
    }
    let segments: Vec<String> =
        request.path.trim_start_matches('/').split('/').map(|part| unescape(part, false)).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let call = |action, resource: &str, run| Some(Call { action, resource: resource.to_owned(), run });
    match segments.as_slice() {
        ["clusters"] => call("eks:ListClusters", "", list_clusters),
        ["clusters", name] => call("eks:DescribeCluster", name, describe_cluster),
        ["clusters", name, "addons"] => call("eks:ListAddons", name, list_add_ons),
        ["clusters", name, "addons", add_on] => call("eks:DescribeAddon", &format!("{name}/{add_on}"), describe_add_on),
        ["clusters", name, "access-entries"] => call("eks:ListAccessEntries", name, list_access_entries),
        ["clusters", name, "access-entries", principal] => {
            call("eks:DescribeAccessEntry", &format!("{name}/{principal}"), describe_access_entry)
        }
        _ => None,
    }
}

fn not_found(message: String) -> ServiceError {
    ServiceError::new(404, "ResourceNotFoundException", message)
}

fn find<'a>(facts: &'a mut Facts, region: &str, name: &str) -> Result<&'a mut Cluster, ServiceError> {
    let here = facts.region == region;
    facts
        .clusters
        .get_mut(name)
        .filter(|_| here)
        .ok_or_else(|| not_found(format!("No cluster found for name: {name}.")))
}

/// The first part of a resource such as `CLUSTER/ADD-ON`, and the rest.
fn split(resource: &str) -> (&str, &str) {
    resource.split_once('/').unwrap_or((resource, ""))
}

fn issues(issues: &[HealthIssue], id_field: &str) -> Vec<Value> {
    issues
        .iter()
        .map(|issue| json!({ "code": issue.code, "message": issue.message, id_field: issue.resource_ids }))
        .collect()
}

fn list(question: &Question<'_>, field: &str, names: Vec<&str>, most: usize) -> Value {
    let token = question.request.query_value("nextToken");
    let asked = question.request.query_value("maxResults").and_then(|value| value.parse().ok());
    let (names, next) = page(names.into_iter(), token.as_deref(), asked, most);
    json!({ field: names, "nextToken": next })
}

#[expect(clippy::unnecessary_wraps, reason = "every action has this signature")]
fn list_clusters(facts: &mut Facts, question: &Question<'_>) -> Answer {
    let here = facts.region == question.region;
    let names = facts.clusters.keys().map(String::as_str).filter(|_| here).collect();
    Ok(list(question, "clusters", names, facts.page_size))
}

fn describe_cluster(facts: &mut Facts, question: &Question<'_>) -> Answer {
    let name = question.resource;
    let cluster = find(facts, question.region, name)?;
    let status = cluster.status.ask();
    let cluster = cluster.clone();
    let mut body = json!({
        "name": name,
        "arn": facts.cluster_arn(name),
        "createdAt": CREATED_AT,
        "version": cluster.version,
        "platformVersion": "eks.1",
        "status": status,
        "roleArn": format!("arn:{}:iam::{}:role/eks-cluster", facts.partition, facts.account),
        "resourcesVpcConfig": {
            "vpcId": cluster.vpc_id,
            "subnetIds": cluster.subnet_ids,
            "securityGroupIds": [],
            "clusterSecurityGroupId": "sg-0a000000000000000",
            "endpointPublicAccess": cluster.public_endpoint,
            "endpointPrivateAccess": true,
            "publicAccessCidrs": ["0.0.0.0/0"],
        },
        "kubernetesNetworkConfig": {
            "serviceIpv4Cidr": "172.20.0.0/16",
            "ipFamily": "ipv4",
            "elasticLoadBalancing": { "enabled": cluster.auto_mode },
        },
        "accessConfig": { "authenticationMode": "API" },
        "computeConfig": { "enabled": cluster.auto_mode },
        "storageConfig": { "blockStorage": { "enabled": cluster.auto_mode } },
        "certificateAuthority": {},
        "health": { "issues": [] },
        "tags": {},
    });
    // A cluster that is being created has no API server yet.
    if status != "CREATING" && status != "PENDING" {
        let authority = STANDARD.encode(&cluster.certificate_authority);
        body["endpoint"] = Value::from(cluster.endpoint);
        body["certificateAuthority"] = json!({ "data": authority });
    }
    if status != "ACTIVE" {
        body["health"] = json!({ "issues": issues(&cluster.issues, "resourceIds") });
    }
    Ok(json!({ "cluster": body }))
}

fn list_add_ons(facts: &mut Facts, question: &Question<'_>) -> Answer {
    let most = facts.page_size;
    let cluster = find(facts, question.region, question.resource)?;
    Ok(list(question, "addons", cluster.add_ons.keys().map(String::as_str).collect(), most))
}

fn describe_add_on(facts: &mut Facts, question: &Question<'_>) -> Answer {
    let (cluster_name, name) = split(question.resource);
    let arn =
        format!("arn:{}:eks:{}:{}:addon/{cluster_name}/{name}/00c0ffee", facts.partition, facts.region, facts.account);
    let cluster = find(facts, question.region, cluster_name)?;
    let add_on = cluster
        .add_ons
        .get_mut(name)
        .ok_or_else(|| not_found(format!("No addon: {name} found in cluster: {cluster_name}")))?;
    let status = add_on.status.ask();
    let issues = if status == "ACTIVE" { Vec::new() } else { issues(&add_on.issues, "resourceIds") };
    Ok(json!({
        "addon": {
            "addonName": name,
            "clusterName": cluster_name,
            "status": status,
            "addonVersion": add_on.version,
            "health": { "issues": issues },
            "addonArn": arn,
            "createdAt": CREATED_AT,
            "modifiedAt": CREATED_AT,
            "tags": {},
        }
    }))
}

fn list_access_entries(facts: &mut Facts, question: &Question<'_>) -> Answer {
    let most = facts.page_size;
    let cluster = find(facts, question.region, question.resource)?;
    let mut names: Vec<&str> = cluster.access_entries.iter().map(String::as_str).collect();
    names.sort_unstable();
    Ok(list(question, "accessEntries", names, most))
}

fn describe_access_entry(facts: &mut Facts, question: &Question<'_>) -> Answer {
    let (cluster_name, principal) = split(question.resource);
    let cluster = find(facts, question.region, cluster_name)?;
    if !cluster.access_entries.iter().any(|entry| entry == principal) {
        let message = format!(
            "The specified principalArn could not be found. You can view your available access \
             entries with 'list-access-entries'. ({principal})"
        );
        return Err(not_found(message));
    }
    Ok(json!({
        "accessEntry": {
            "clusterName": cluster_name,
            "principalArn": principal,
            "kubernetesGroups": [],
            "accessEntryArn": format!("{}/access-entry", facts.cluster_arn(cluster_name)),
            "createdAt": CREATED_AT,
            "modifiedAt": CREATED_AT,
            "tags": {},
            "username": principal,
            "type": "STANDARD",
        }
    }))
}
