//! The names that the chapters refer to, so that one that is spelt wrong does not compile.
//!
//! Each constant is called what it is called in the template.

use super::ADMINISTRATORS;
use crate::model::{ConditionName, LogicalId};

/// A module of constants, each called what it holds.
macro_rules! names {
    ($(#[$about:meta])* $module:ident: $kind:ident by $make:ident; $($name:ident)*) => {
        $(#[$about])*
        pub(super) mod $module {
            #![expect(non_upper_case_globals, reason = "the names are those in the template")]

            $(pub(in crate::stack) const $name: $crate::model::$kind = $crate::$make!(stringify!($name));)*
        }
    };
}

names! {
    /// What the deployer decides.
    parameter: LogicalId by logical_id;
    VpcCIDR VpcPrefix AvailabilityZone1 AvailabilityZone2 EnablePrivateSubnets PublicAccessCidrs EnableAutoMode
    EKSClusterName EKSVersion NodeInstanceType NumberOfNodes NodeVolumeSize KeyPairName SSHAccessCidr
    AdditionalAdminUsers AdditionalAdminRoles EnableMarketplaceChart MarketplaceChartUri MarketplaceChartVersion
    MarketplaceChartNamespace DatabaseStorage LoadBalancerScheme HuggingFaceToken OpenAIAPIKey EnableCloudTrail
    EnableKmsEncryption BootstrapCodeBucket BootstrapCodeKey ConfigRevision
}

names! {
    /// What the parameters mean.
    condition: ConditionName by condition_name;
    AutoModeEnabled AutoModeDisabled EKSClusterNameProvided ZonesProvided KeyPairProvided SSHAccess
    HasHuggingFaceToken HasOpenAIAPIKey EnableMarketplaceChartInstallation PrivateSubnets CloudTrail Kms
    GpuInstance VpcPrefix19 VpcPrefix20 VpcPrefix21 VpcPrefix22 TooManyAdministrators
}

names! {
    /// What is created.
    resource: LogicalId by logical_id;
    VPC InternetGateway VPCGatewayAttachment PublicSubnet1 PublicSubnet2 PublicRouteTable PublicRoute
    PublicSubnet1RouteTableAssociation PublicSubnet2RouteTableAssociation PrivateSubnet1 PrivateSubnet2
    NatGatewayAddress NatGateway PrivateRouteTable PrivateRoute PrivateSubnet1RouteTableAssociation
    PrivateSubnet2RouteTableAssociation EKSClusterRole EKSAutoModeNodeRole EKSClusterLogGroup EKSCluster
    EKSNodeRole NodeSecurityGroup NodeSSHIngress VpcCniAddon KubeProxyAddon NodeLaunchTemplate EKSNodeGroup
    CoreDNSAddon PodIdentityAgentAddon EBSCSIDriverRole EBSCSIDriverAddon EFSKey EFSFileSystem EFSSecurityGroup
    EFSIngressFromCluster EFSIngressFromNodes EFSMountTarget1 EFSMountTarget2 EFSCSIDriverRole EFSCSIDriverAddon
    OIDCProvider PlatformServiceAccountRole HuggingFaceTokenSecret OpenAIAPIKeySecret CloudTrailBucket
    CloudTrailBucketPolicy Trail EKSConnectorLambdaLogGroup EKSConnectorLambdaRole EKSConnectorLambda
    EKSConnectorLambdaPolicy EKSConnectorLambdaInvokeConfig LambdaRoleAccessEntry EKSClusterStatus
}

/// One place for an administrator, in order.
pub(super) struct Administrator {
    /// Whether somebody is named for it.
    pub(super) given: ConditionName,
    /// Whether who is named is so by ARN.
    pub(super) is_arn: ConditionName,
    /// The access entry.
    pub(super) entry: LogicalId,
}

/// The places for administrators of a kind.
pub(super) struct Administrators {
    /// `user` or `role`.
    pub(super) kind: &'static str,
    /// The parameter that names them.
    pub(super) parameter: LogicalId,
    /// The places.
    pub(super) places: [Administrator; ADMINISTRATORS],
}

macro_rules! places {
    ($kind:literal: $($index:literal)*) => {
        [$(Administrator {
            given: crate::condition_name!(concat!("Has", $kind, $index)),
            is_arn: crate::condition_name!(concat!($kind, $index, "IsArn")),
            entry: crate::logical_id!(concat!("Admin", $kind, "AccessEntry", $index)),
        }),*]
    };
}

/// Users and roles that become administrators.
pub(super) const KINDS: [Administrators; 2] = [
    Administrators { kind: "user", parameter: parameter::AdditionalAdminUsers, places: places!("User": 0 1 2 3 4) },
    Administrators { kind: "role", parameter: parameter::AdditionalAdminRoles, places: places!("Role": 0 1 2 3 4) },
];
