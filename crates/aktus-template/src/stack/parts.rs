//! Small things that many chapters need.

use indexmap::IndexMap;

use super::ids::{condition, parameter, resource};
use crate::model::{Expr, LogicalId, Resource};

/// The ARN of a policy that AWS manages.
pub(super) fn managed(policy: &str) -> Expr {
    Expr::sub(&format!("arn:${{AWS::Partition}}:iam::aws:policy/{policy}"))
}

/// A role for an AWS service, with managed policies; `session_tags` allows `sts:TagSession`, which EKS needs.
pub(super) fn role(service: &str, session_tags: bool, policies: Expr) -> Resource {
    let actions = if session_tags { list!["sts:AssumeRole", "sts:TagSession"] } else { "sts:AssumeRole".into() };
    let statement = map! {"Effect": "Allow", "Principal": map! {"Service": service}, "Action": actions};
    Resource::new("AWS::IAM::Role")
        .set("AssumeRolePolicyDocument", document(vec![statement]))
        .set("ManagedPolicyArns", policies)
}

/// A policy document of these statements.
pub(super) fn document(statements: Vec<Expr>) -> Expr {
    map! {"Version": "2012-10-17", "Statement": Expr::List(statements)}
}

/// A statement that allows actions on a resource.
pub(super) fn allow(actions: &[&str], resource: Expr) -> Expr {
    let actions = match actions {
        [one] => Expr::from(*one),
        many => Expr::list(many.iter().copied()),
    };
    map! {"Effect": "Allow", "Action": actions, "Resource": resource}
}

/// The `Name` tag, `PREFIX-suffix`.
pub(super) fn name_tag(suffix: &str) -> Expr {
    map! {"Key": "Name", "Value": Expr::sub(&format!("${{VpcPrefix}}-{suffix}"))}
}

/// A managed add-on in its default version; settings that somebody changed by hand are set back.
pub(super) fn add_on(name: &str) -> Resource {
    Resource::new("AWS::EKS::Addon")
        .set("ClusterName", Expr::reference(resource::EKSCluster))
        .set("AddonName", name)
        .set("ResolveConflicts", "OVERWRITE")
}

/// A role that pods of an add-on take by Pod Identity.
pub(super) fn pod_role(policy: &str) -> Resource {
    role("pods.eks.amazonaws.com", true, list![managed(policy)])
}

/// Which service account of an add-on takes which role.
pub(super) fn pod_identity(service_account: &str, role: LogicalId) -> Expr {
    list![map! {"ServiceAccount": service_account, "RoleArn": Expr::attribute(role, "Arn")}]
}

/// `Fn::Sub` with one variable of its own.
pub(super) fn sub_with(template: &str, variable: &str, value: Expr) -> Expr {
    Expr::Sub(template.to_owned(), IndexMap::from([(variable.to_owned(), value)]))
}

/// The cluster's name: the one given, or one made of prefix and stack name.
pub(super) fn cluster_name() -> Expr {
    Expr::choose(
        condition::EKSClusterNameProvided,
        Expr::reference(parameter::EKSClusterName),
        Expr::sub("${VpcPrefix}-${AWS::StackName}"),
    )
}

/// The subnets that nodes are in, and over which the cluster talks to them.
///
/// Private ones wait for their way out; the default route is before the association.
pub(super) fn node_subnets() -> Expr {
    let private = list![
        Expr::reference(resource::PrivateSubnet1).after([resource::PrivateSubnet1RouteTableAssociation]),
        Expr::reference(resource::PrivateSubnet2).after([resource::PrivateSubnet2RouteTableAssociation]),
    ];
    let public = list![Expr::reference(resource::PublicSubnet1), Expr::reference(resource::PublicSubnet2)];
    Expr::choose(condition::PrivateSubnets, private, public)
}

/// A security group in the VPC that lets everything out and, by itself, nothing in.
pub(super) fn security_group(description: &str, suffix: &str) -> Resource {
    Resource::new("AWS::EC2::SecurityGroup")
        .set("GroupDescription", description)
        .set("VpcId", Expr::reference(resource::VPC))
        .set("Tags", list![name_tag(suffix)])
}

/// A rule of a security group that lets one port in from another group.
pub(super) fn port_from(group: LogicalId, port: i64, source: Expr, description: &str) -> Resource {
    Resource::new("AWS::EC2::SecurityGroupIngress")
        .set("GroupId", Expr::attribute(group, "GroupId"))
        .set("IpProtocol", "tcp")
        .set("FromPort", port)
        .set("ToPort", port)
        .set("SourceSecurityGroupId", source)
        .set("Description", description)
}

/// Item `index` of a list parameter, empty when the list is shorter: the list is padded, so nothing is out of range.
pub(super) fn item(parameter: LogicalId, index: usize) -> Expr {
    let joined = Expr::Join(",".to_owned(), Box::new(Expr::reference(parameter)));
    let padding = ",".repeat(super::ADMINISTRATORS);
    let padded = Expr::Join(String::new(), Box::new(list![joined, padding]));
    Expr::select(i64::try_from(index).unwrap_or(i64::MAX), Expr::Split(",".to_owned(), Box::new(padded)))
}
