//! Which small resources are shown on the card of another.

/// Types of small resources, and the types they belong to: the first one that is a neighbour counts.
const BELONGS_TO: [(&str, &[&str]); 23] = [
    ("AWS::EC2::EIP", &["AWS::EC2::NatGateway"]),
    ("AWS::EC2::LaunchTemplate", &["AWS::EKS::Nodegroup", "AWS::AutoScaling::AutoScalingGroup"]),
    ("AWS::EC2::Route", &["AWS::EC2::RouteTable"]),
    ("AWS::EC2::SecurityGroup", &["AWS::EC2::LaunchTemplate", "AWS::EFS::MountTarget", "AWS::Lambda::Function"]),
    ("AWS::EC2::SecurityGroupEgress", &["AWS::EC2::SecurityGroup"]),
    ("AWS::EC2::SecurityGroupIngress", &["AWS::EC2::SecurityGroup"]),
    ("AWS::EC2::SubnetRouteTableAssociation", &["AWS::EC2::RouteTable"]),
    ("AWS::EC2::VPCGatewayAttachment", &["AWS::EC2::InternetGateway"]),
    ("AWS::EFS::AccessPoint", &["AWS::EFS::FileSystem"]),
    ("AWS::EFS::MountTarget", &["AWS::EFS::FileSystem"]),
    ("AWS::IAM::InstanceProfile", &["AWS::IAM::Role"]),
    ("AWS::IAM::ManagedPolicy", &["AWS::IAM::Role"]),
    ("AWS::IAM::Policy", &["AWS::IAM::Role"]),
    ("AWS::IAM::Role", &["AWS::EKS::Cluster", "AWS::EKS::Nodegroup", "AWS::EKS::Addon", "AWS::Lambda::Function"]),
    ("AWS::KMS::Alias", &["AWS::KMS::Key"]),
    ("AWS::Lambda::Alias", &["AWS::Lambda::Function"]),
    ("AWS::Lambda::EventInvokeConfig", &["AWS::Lambda::Function"]),
    ("AWS::Lambda::Permission", &["AWS::Lambda::Function"]),
    ("AWS::Lambda::Version", &["AWS::Lambda::Function"]),
    ("AWS::Logs::LogGroup", &["AWS::EKS::Cluster", "AWS::Lambda::Function"]),
    ("AWS::S3::BucketPolicy", &["AWS::S3::Bucket"]),
    ("AWS::SNS::Subscription", &["AWS::SNS::Topic"]),
    ("AWS::SQS::QueuePolicy", &["AWS::SQS::Queue"]),
];

/// The types a small resource may belong to, best first; none for what deserves a card.
pub(super) fn hosts(kind: &str) -> &'static [&'static str] {
    BELONGS_TO.iter().find(|(small, _)| *small == kind).map_or(&[], |(_, hosts)| hosts)
}
