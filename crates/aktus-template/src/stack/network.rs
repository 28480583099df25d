//! The VPC, its subnets and their ways out.

use super::parts::{cluster_name, name_tag, sub_with};
use crate::model::{Expr, Resource, Template};

/// How many subnets the range is cut for; without private subnets the last two stay free.
const SUBNETS: i64 = 4;

pub(super) fn add(template: &mut Template) {
    // A sixth user or role could only be ignored. An invalid range stops the stack at its first resource, with words.
    let range = Expr::choose(
        "TooManyAdministrators",
        Expr::sub("${VpcCIDR}: AdditionalAdminUsers and AdditionalAdminRoles take at most 5 each"),
        Expr::reference("VpcCIDR"),
    );
    template.add_resource(
        "VPC",
        Resource::new("AWS::EC2::VPC")
            .set("CidrBlock", range)
            .set("EnableDnsSupport", true)
            .set("EnableDnsHostnames", true)
            .set("Tags", list![name_tag("vpc")]),
    );
    template.add_resource(
        "InternetGateway",
        Resource::new("AWS::EC2::InternetGateway").set("Tags", list![name_tag("igw")]),
    );
    template.add_resource(
        "VPCGatewayAttachment",
        Resource::new("AWS::EC2::VPCGatewayAttachment")
            .set("VpcId", Expr::reference("VPC"))
            .set("InternetGatewayId", Expr::reference("InternetGateway")),
    );
    template.add_resource("PublicSubnet1", subnet(1, true));
    template.add_resource("PublicSubnet2", subnet(2, true));
    template.add_resource("PublicRouteTable", route_table("public"));
    template.add_resource(
        "PublicRoute",
        default_route("PublicRouteTable")
            .set("GatewayId", Expr::reference("InternetGateway"))
            .after(&["VPCGatewayAttachment"]),
    );
    for number in 1..=2 {
        template.add_resource(
            &format!("PublicSubnet{number}RouteTableAssociation"),
            association(&format!("PublicSubnet{number}"), "PublicRouteTable"),
        );
    }
    private(template);
}

fn private(template: &mut Template) {
    let when = "PrivateSubnets";
    template.add_resource("PrivateSubnet1", subnet(1, false).when(when));
    template.add_resource("PrivateSubnet2", subnet(2, false).when(when));
    template.add_resource(
        "NatGatewayAddress",
        Resource::new("AWS::EC2::EIP").set("Domain", "vpc").after(&["VPCGatewayAttachment"]).when(when),
    );
    template.add_resource(
        "NatGateway",
        Resource::new("AWS::EC2::NatGateway")
            .set("AllocationId", Expr::attribute("NatGatewayAddress", "AllocationId"))
            .set("SubnetId", Expr::reference("PublicSubnet1"))
            .set("Tags", list![name_tag("nat")])
            .after(&["PublicRoute", "PublicSubnet1RouteTableAssociation"])
            .when(when),
    );
    template.add_resource("PrivateRouteTable", route_table("private").when(when));
    template.add_resource(
        "PrivateRoute",
        default_route("PrivateRouteTable").set("NatGatewayId", Expr::reference("NatGateway")).when(when),
    );
    for number in 1..=2 {
        // After the route, so that whoever waits for the association has a way out, on deletion too.
        template.add_resource(
            &format!("PrivateSubnet{number}RouteTableAssociation"),
            association(&format!("PrivateSubnet{number}"), "PrivateRouteTable").after(&["PrivateRoute"]).when(when),
        );
    }
}

/// The `number`-th public or private subnet, with the tags by which load balancers find it.
fn subnet(number: u8, public: bool) -> Resource {
    let index = i64::from(number) - 1;
    let zone = Expr::choose(
        "ZonesProvided",
        Expr::reference(&format!("AvailabilityZone{number}")),
        Expr::select(index, Expr::GetAzs(Box::new("".into()))),
    );
    let internal = map! {"Key": "kubernetes.io/role/internal-elb", "Value": "1"};
    let cluster = sub_with("kubernetes.io/cluster/${Name}", "Name", cluster_name());
    let shared = map! {"Key": cluster, "Value": "shared"};
    let (suffix, tags) = if public {
        // Internal load balancers stand in the public subnets when there are no others.
        let internal = Expr::choose("PrivateSubnets", Expr::no_value(), internal);
        (format!("public-{number}"), vec![map! {"Key": "kubernetes.io/role/elb", "Value": "1"}, internal])
    } else {
        (format!("private-{number}"), vec![internal])
    };
    let tags = [name_tag(&suffix), shared].into_iter().chain(tags);
    let resource = Resource::new("AWS::EC2::Subnet")
        .set("VpcId", Expr::reference("VPC"))
        .set("AvailabilityZone", zone)
        .set("CidrBlock", block(if public { index } else { index + 2 }));
    let resource = if public { resource.set("MapPublicIpOnLaunch", true) } else { resource };
    resource.set("Tags", Expr::list(tags))
}

/// The range of a subnet. `Fn::Cidr` takes no `Fn::If`, so each prefix length has its own call.
fn block(index: i64) -> Expr {
    let cut = |host_bits: i64| {
        let [range, count, bits] = [Expr::reference("VpcCIDR"), SUBNETS.into(), host_bits.into()].map(Box::new);
        Expr::select(index, Expr::Cidr(range, count, Some(bits)))
    };
    let lengths = [("VpcPrefix22", 8), ("VpcPrefix21", 9), ("VpcPrefix20", 10), ("VpcPrefix19", 11)];
    lengths
        .into_iter()
        .fold(cut(12), |otherwise, (condition, host_bits)| Expr::choose(condition, cut(host_bits), otherwise))
}

fn route_table(suffix: &str) -> Resource {
    Resource::new("AWS::EC2::RouteTable").set("VpcId", Expr::reference("VPC")).set("Tags", list![name_tag(suffix)])
}

fn default_route(table: &str) -> Resource {
    Resource::new("AWS::EC2::Route")
        .set("RouteTableId", Expr::reference(table))
        .set("DestinationCidrBlock", "0.0.0.0/0")
}

fn association(subnet: &str, table: &str) -> Resource {
    Resource::new("AWS::EC2::SubnetRouteTableAssociation")
        .set("SubnetId", Expr::reference(subnet))
        .set("RouteTableId", Expr::reference(table))
}
