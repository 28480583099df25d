//! The VPC, its subnets and their ways out.

use super::ids::{condition, parameter, resource};
use super::parts::{cluster_name, name_tag, sub_with};
use crate::model::{ConditionName, Expr, LogicalId, Resource, Template};

/// How many subnets the range is cut for; without private subnets the last two stay free.
const SUBNETS: i64 = 4;

pub(super) fn add(template: &mut Template) {
    // A sixth user or role could only be ignored. An invalid range stops the stack at its first resource, with words.
    let range = Expr::choose(
        condition::TooManyAdministrators,
        Expr::sub("${VpcCIDR}: AdditionalAdminUsers and AdditionalAdminRoles take at most 5 each"),
        Expr::reference(parameter::VpcCIDR),
    );
    template.add_resource(
        resource::VPC,
        Resource::new("AWS::EC2::VPC")
            .set("CidrBlock", range)
            .set("EnableDnsSupport", true)
            .set("EnableDnsHostnames", true)
            .set("Tags", list![name_tag("vpc")]),
    );
    template.add_resource(
        resource::InternetGateway,
        Resource::new("AWS::EC2::InternetGateway").set("Tags", list![name_tag("igw")]),
    );
    template.add_resource(
        resource::VPCGatewayAttachment,
        Resource::new("AWS::EC2::VPCGatewayAttachment")
            .set("VpcId", Expr::reference(resource::VPC))
            .set("InternetGatewayId", Expr::reference(resource::InternetGateway)),
    );
    template.add_resource(resource::PublicSubnet1, subnet(1, true));
    template.add_resource(resource::PublicSubnet2, subnet(2, true));
    template.add_resource(resource::PublicRouteTable, route_table("public"));
    template.add_resource(
        resource::PublicRoute,
        default_route(resource::PublicRouteTable)
            .set("GatewayId", Expr::reference(resource::InternetGateway))
            .after([resource::VPCGatewayAttachment]),
    );
    for (id, subnet) in [
        (resource::PublicSubnet1RouteTableAssociation, resource::PublicSubnet1),
        (resource::PublicSubnet2RouteTableAssociation, resource::PublicSubnet2),
    ] {
        template.add_resource(id, association(subnet, resource::PublicRouteTable));
    }
    private(template);
}

fn private(template: &mut Template) {
    const WHEN: ConditionName = condition::PrivateSubnets;
    template.add_resource(resource::PrivateSubnet1, subnet(1, false).when(WHEN));
    template.add_resource(resource::PrivateSubnet2, subnet(2, false).when(WHEN));
    template.add_resource(
        resource::NatGatewayAddress,
        Resource::new("AWS::EC2::EIP").set("Domain", "vpc").after([resource::VPCGatewayAttachment]).when(WHEN),
    );
    template.add_resource(
        resource::NatGateway,
        Resource::new("AWS::EC2::NatGateway")
            .set("AllocationId", Expr::attribute(resource::NatGatewayAddress, "AllocationId"))
            .set("SubnetId", Expr::reference(resource::PublicSubnet1))
            .set("Tags", list![name_tag("nat")])
            .after([resource::PublicRoute, resource::PublicSubnet1RouteTableAssociation])
            .when(WHEN),
    );
    template.add_resource(resource::PrivateRouteTable, route_table("private").when(WHEN));
    template.add_resource(
        resource::PrivateRoute,
        default_route(resource::PrivateRouteTable)
            .set("NatGatewayId", Expr::reference(resource::NatGateway))
            .when(WHEN),
    );
    for (id, subnet) in [
        (resource::PrivateSubnet1RouteTableAssociation, resource::PrivateSubnet1),
        (resource::PrivateSubnet2RouteTableAssociation, resource::PrivateSubnet2),
    ] {
        // After the route, so that whoever waits for the association has a way out, on deletion too.
        let association = association(subnet, resource::PrivateRouteTable).after([resource::PrivateRoute]);
        template.add_resource(id, association.when(WHEN));
    }
}

/// The `number`-th public or private subnet, with the tags by which load balancers find it.
fn subnet(number: u8, public: bool) -> Resource {
    let index = i64::from(number) - 1;
    let given = if number == 1 { parameter::AvailabilityZone1 } else { parameter::AvailabilityZone2 };
    let zone = Expr::choose(
        condition::ZonesProvided,
        Expr::reference(given),
        Expr::select(index, Expr::GetAzs(Box::new("".into()))),
    );
    let internal = map! {"Key": "kubernetes.io/role/internal-elb", "Value": "1"};
    let cluster = sub_with("kubernetes.io/cluster/${Name}", "Name", cluster_name());
    let shared = map! {"Key": cluster, "Value": "shared"};
    let (suffix, tags) = if public {
        // Internal load balancers stand in the public subnets when there are no others.
        let internal = Expr::choose(condition::PrivateSubnets, Expr::no_value(), internal);
        (format!("public-{number}"), vec![map! {"Key": "kubernetes.io/role/elb", "Value": "1"}, internal])
    } else {
        (format!("private-{number}"), vec![internal])
    };
    let tags = [name_tag(&suffix), shared].into_iter().chain(tags);
    let resource = Resource::new("AWS::EC2::Subnet")
        .set("VpcId", Expr::reference(resource::VPC))
        .set("AvailabilityZone", zone)
        .set("CidrBlock", block(if public { index } else { index + 2 }));
    let resource = if public { resource.set("MapPublicIpOnLaunch", true) } else { resource };
    resource.set("Tags", Expr::list(tags))
}

/// The range of a subnet. `Fn::Cidr` takes no `Fn::If`, so each prefix length has its own call.
fn block(index: i64) -> Expr {
    let cut = |host_bits: i64| {
        let [range, count, bits] =
            [Expr::reference(parameter::VpcCIDR), SUBNETS.into(), host_bits.into()].map(Box::new);
        Expr::select(index, Expr::Cidr(range, count, Some(bits)))
    };
    let lengths = [
        (condition::VpcPrefix22, 8),
        (condition::VpcPrefix21, 9),
        (condition::VpcPrefix20, 10),
        (condition::VpcPrefix19, 11),
    ];
    lengths
        .into_iter()
        .fold(cut(12), |otherwise, (condition, host_bits)| Expr::choose(condition, cut(host_bits), otherwise))
}

fn route_table(suffix: &str) -> Resource {
    Resource::new("AWS::EC2::RouteTable")
        .set("VpcId", Expr::reference(resource::VPC))
        .set("Tags", list![name_tag(suffix)])
}

fn default_route(table: LogicalId) -> Resource {
    Resource::new("AWS::EC2::Route")
        .set("RouteTableId", Expr::reference(table))
        .set("DestinationCidrBlock", "0.0.0.0/0")
}

fn association(subnet: LogicalId, table: LogicalId) -> Resource {
    Resource::new("AWS::EC2::SubnetRouteTableAssociation")
        .set("SubnetId", Expr::reference(subnet))
        .set("RouteTableId", Expr::reference(table))
}
