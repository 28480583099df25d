//! What goes before those that need it, and what nobody has.
//!
//! CloudFormation deletes in the order of creation, backwards: what a resource does not wait for when it is created,
//! it cannot count on when it is deleted.

use std::collections::BTreeSet;

use super::{Findings, Subject};
use crate::eval::ResourceGraph;
use crate::model::{LogicalId, Place, Step};

/// The resources of a type that name `target` in a property.
fn with<'g>(graph: &'g ResourceGraph, kind: &str, property: &str, target: &str) -> Vec<&'g str> {
    let all = graph.resources.iter().filter(|(_, resource)| resource.kind == kind);
    all.filter(|(id, _)| named(graph, id.as_str(), property).contains(target)).map(|(id, _)| id.as_str()).collect()
}

/// The resources that a property of a resource names.
fn named<'g>(graph: &'g ResourceGraph, id: &str, property: &str) -> BTreeSet<&'g str> {
    let edges = graph.resources.get(id).into_iter().flat_map(|resource| &resource.edges);
    let here = edges.filter(|edge| matches!(edge.place.0.get(3), Some(Step::Key(key)) if key == property));
    here.map(|edge| edge.to.as_str()).collect()
}

fn of_kind<'g>(graph: &ResourceGraph, ids: &BTreeSet<&'g str>, kind: &str) -> Vec<&'g str> {
    ids.iter().copied().filter(|id| graph.resources.get(*id).is_some_and(|resource| resource.kind == kind)).collect()
}

/// The routes, associations and gateways by which the subnets among these resources reach the world.
fn ways_out<'g>(graph: &'g ResourceGraph, needed: &BTreeSet<&'g str>) -> BTreeSet<&'g str> {
    let mut ways = BTreeSet::new();
    for subnet in of_kind(graph, needed, "AWS::EC2::Subnet") {
        for association in with(graph, "AWS::EC2::SubnetRouteTableAssociation", "SubnetId", subnet) {
            ways.insert(association);
            for table in named(graph, association, "RouteTableId") {
                for route in with(graph, "AWS::EC2::Route", "RouteTableId", table) {
                    ways.insert(route);
                    for gateway in named(graph, route, "GatewayId") {
                        ways.extend(with(graph, "AWS::EC2::VPCGatewayAttachment", "InternetGatewayId", gateway));
                    }
                }
            }
        }
    }
    ways
}

pub(super) fn network(_: &Subject<'_>, graph: &ResourceGraph, findings: &mut Findings) {
    for (id, resource) in &graph.resources {
        let id = id.as_str();
        if !matches!(resource.kind.as_str(), "AWS::EKS::Cluster" | "AWS::EKS::Nodegroup") {
            continue;
        }
        let needed = graph.needed_by(id);
        let ways = ways_out(graph, &needed);
        // A gateway in a public subnet is itself the way out of others.
        let missing: Vec<_> = ways
            .into_iter()
            .filter(|way| !needed.contains(way) && *way != id && !graph.needed_by(way).contains(id))
            .collect();
        if !missing.is_empty() {
            findings.add(
                Place::of(&["Resources", id]),
                format!(
                    "`{id}` does not wait for {}: on deletion they go while its addresses are still mapped",
                    missing.join(", ")
                ),
                format!("add `DependsOn: [{}]`", missing.join(", ")),
            );
        }
    }
}

pub(super) fn custom_resources(_: &Subject<'_>, graph: &ResourceGraph, findings: &mut Findings) {
    for (id, resource) in &graph.resources {
        let id = id.as_str();
        let custom = resource.kind.starts_with("Custom::") || resource.kind == "AWS::CloudFormation::CustomResource";
        if !custom {
            continue;
        }
        let needed = graph.needed_by(id);
        let mut wanted = BTreeSet::new();
        for function in named(graph, id, "ServiceToken") {
            wanted.extend(with(graph, "AWS::Lambda::EventInvokeConfig", "FunctionName", function));
            wanted.extend(named(graph, function, "LoggingConfig"));
            for role in named(graph, function, "Role") {
                wanted.extend(with(graph, "AWS::IAM::Policy", "Roles", role));
                wanted.extend(with(graph, "AWS::IAM::RolePolicy", "RoleName", role));
                wanted.extend(with(graph, "AWS::EKS::AccessEntry", "PrincipalArn", role));
            }
        }
        let clusters = of_kind(graph, &needed, "AWS::EKS::Cluster");
        for cluster in &clusters {
            wanted.extend(with(graph, "AWS::EKS::Nodegroup", "ClusterName", cluster));
            wanted.extend(with(graph, "AWS::EKS::Addon", "ClusterName", cluster));
        }
        if !clusters.is_empty() {
            wanted.extend(ways_out(graph, &needed));
            for system in
                of_kind(graph, &graph.resources.keys().map(LogicalId::as_str).collect(), "AWS::EFS::FileSystem")
            {
                for target in with(graph, "AWS::EFS::MountTarget", "FileSystemId", system) {
                    wanted.insert(target);
                    for group in named(graph, target, "SecurityGroups") {
                        wanted.extend(with(graph, "AWS::EC2::SecurityGroupIngress", "GroupId", group));
                    }
                }
            }
        }
        let missing: Vec<_> = wanted.into_iter().filter(|wanted| !needed.contains(wanted)).collect();
        if !missing.is_empty() {
            findings.add(
                Place::of(&["Resources", id]),
                format!(
                    "`{id}` does not wait for {}: it may be created before they are, and lose them before it is deleted",
                    missing.join(", ")
                ),
                "add them to `DependsOn`; those with a condition go into a property, as `Ref` inside `Fn::If`",
            );
        }
    }
}

pub(super) fn unattached_groups(subject: &Subject<'_>, graph: &ResourceGraph, findings: &mut Findings) {
    let put_out: BTreeSet<&str> =
        subject.template.outputs.values().flat_map(|output| output.value.references()).collect();
    for (id, _) in graph.resources.iter().filter(|(_, resource)| resource.kind == "AWS::EC2::SecurityGroup") {
        let attached = graph.resources.iter().any(|(other, resource)| {
            let rule = matches!(
                resource.kind.as_str(),
                "AWS::EC2::SecurityGroup" | "AWS::EC2::SecurityGroupIngress" | "AWS::EC2::SecurityGroupEgress"
            );
            other != id
                && !rule
                && resource
                    .edges
                    .iter()
                    .any(|edge| edge.to == *id && edge.place.0.get(2) == Some(&Step::Key("Properties".to_owned())))
        });
        if !attached && !put_out.contains(id.as_str()) {
            findings.add(
                Place::of(&["Resources", id.as_str()]),
                format!("nothing has the security group `{id}`, so that rules which name it let nobody in"),
                "attach it, as with `SecurityGroupIds` of a launch template, or name the group that the nodes have",
            );
        }
    }
}
