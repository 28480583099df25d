//! What do an Amazon Resource Name and a region say about where a thing lives?

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A partition of AWS: a set of regions with its own accounts and host names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partition {
    /// The commercial regions.
    Aws,
    /// China.
    China,
    /// AWS European Sovereign Cloud.
    EuropeanSovereign,
    /// The regions of the United States government, `us-gov-…`.
    UsGov,
    /// The isolated regions `us-iso-…`.
    Iso,
    /// The isolated regions `us-isob-…`.
    IsoB,
    /// The isolated regions `eu-isoe-…`.
    IsoE,
    /// The isolated regions `us-isof-…`.
    IsoF,
}

impl Partition {
    /// Every partition.
    pub const ALL: [Self; 8] =
        [Self::Aws, Self::China, Self::EuropeanSovereign, Self::UsGov, Self::Iso, Self::IsoB, Self::IsoE, Self::IsoF];

    /// The partition of a region; an unknown region counts as commercial, as in the SDKs.
    pub fn of_region(region: &str) -> Self {
        // The longer prefix of two that fit comes first nowhere: none begins another.
        Self::ALL
            .into_iter()
            .find(|partition| partition.region_prefix().is_some_and(|prefix| region.starts_with(prefix)))
            .unwrap_or(Self::Aws)
    }

    /// The name in ARNs and in `AWS::Partition`.
    pub fn id(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::China => "aws-cn",
            Self::EuropeanSovereign => "aws-eusc",
            Self::UsGov => "aws-us-gov",
            Self::Iso => "aws-iso",
            Self::IsoB => "aws-iso-b",
            Self::IsoE => "aws-iso-e",
            Self::IsoF => "aws-iso-f",
        }
    }

    /// What the host names of services end in.
    pub fn dns_suffix(self) -> &'static str {
        match self {
            Self::Aws | Self::UsGov => "amazonaws.com",
            Self::China => "amazonaws.com.cn",
            Self::EuropeanSovereign => "amazonaws.eu",
            Self::Iso => "c2s.ic.gov",
            Self::IsoB => "sc2s.sgov.gov",
            Self::IsoE => "cloud.adc-e.uk",
            Self::IsoF => "csp.hci.ic.gov",
        }
    }

    /// What the dual-stack host names of ECR registries end in, where there are any.
    pub fn dual_stack_registry_suffix(self) -> Option<&'static str> {
        match self {
            Self::Aws | Self::UsGov => Some("on.aws"),
            Self::China => Some("on.amazonwebservices.com.cn"),
            Self::EuropeanSovereign => Some("on.amazonwebservices.eu"),
            Self::Iso | Self::IsoB | Self::IsoE | Self::IsoF => None,
        }
    }

    /// What the names of its regions begin with; the commercial ones have nothing in common.
    fn region_prefix(self) -> Option<&'static str> {
        match self {
            Self::Aws => None,
            Self::China => Some("cn-"),
            Self::EuropeanSovereign => Some("eusc-"),
            Self::UsGov => Some("us-gov-"),
            Self::Iso => Some("us-iso-"),
            Self::IsoB => Some("us-isob-"),
            Self::IsoE => Some("eu-isoe-"),
            Self::IsoF => Some("us-isof-"),
        }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.id())
    }
}

/// An Amazon Resource Name, `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arn {
    /// The partition, such as `aws`.
    pub partition: String,
    /// The service, such as `eks`.
    pub service: String,
    /// The region; empty for global services.
    pub region: String,
    /// The account, twelve digits; empty for some services and `aws` for AWS's own.
    pub account: String,
    /// The rest, such as `cluster/demo`; it may hold more colons.
    pub resource: String,
}

/// A text that is no ARN.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is not an ARN; write arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE")]
pub struct ArnError {
    /// The text.
    pub text: String,
}

impl FromStr for Arn {
    type Err = ArnError;

    fn from_str(text: &str) -> Result<Self, ArnError> {
        let refuse = || ArnError { text: text.to_owned() };
        if text.chars().any(|character| character.is_whitespace() || character.is_control()) {
            return Err(refuse());
        }
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next().map(str::to_owned).ok_or_else(refuse);
        let (scheme, partition, service) = (next()?, next()?, next()?);
        let (region, account, resource) = (next()?, next()?, next()?);
        if scheme != "arn" || partition.is_empty() || service.is_empty() || resource.is_empty() {
            return Err(refuse());
        }
        Ok(Self { partition, service, region, account, resource })
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, service, region, account, resource } = self;
        write!(formatter, "arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}

#[cfg(test)]
mod tests {
    use super::{Arn, Partition};

    #[test]
    fn an_arn_is_read_and_written_unchanged() {
        for text in [
            "arn:aws:eks:us-west-2:123456789012:cluster/demo",
            "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:a/b:c-AbCdEf",
            "arn:aws:iam::123456789012:role/path/name",
            "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
            "arn:aws:s3:::bucket/key",
        ] {
            assert_eq!(text.parse::<Arn>().unwrap().to_string(), text);
        }
        let arn: Arn = "arn:aws:secretsmanager:eu-west-1:1:secret:a:b".parse().unwrap();
        assert_eq!((arn.region.as_str(), arn.resource.as_str()), ("eu-west-1", "secret:a:b"));
    }

    #[test]
    fn what_is_no_arn_is_refused() {
        for text in [
            "",
            "arn",
            "arn:aws:eks:us-west-2:1",
            "arn:aws:eks:us-west-2:1:",
            "arn::eks:us-west-2:1:cluster/a",
            "arn:aws::us-west-2:1:cluster/a",
            "ARN:aws:eks:us-west-2:1:cluster/a",
            "arn:aws:eks:us-west-2:1:cluster/a b",
            "arn:aws:eks:us-west-2:1:cluster/a\n",
            "my-secret",
        ] {
            let error = text.parse::<Arn>().unwrap_err();
            assert_eq!(error.text, text);
        }
    }

    #[test]
    fn a_region_belongs_to_one_partition() {
        for (region, partition, suffix) in [
            ("us-east-1", Partition::Aws, "amazonaws.com"),
            ("eu-central-2", Partition::Aws, "amazonaws.com"),
            ("mx-central-1", Partition::Aws, "amazonaws.com"),
            ("cn-northwest-1", Partition::China, "amazonaws.com.cn"),
            ("us-gov-west-1", Partition::UsGov, "amazonaws.com"),
            ("eusc-de-east-1", Partition::EuropeanSovereign, "amazonaws.eu"),
            ("us-iso-east-1", Partition::Iso, "c2s.ic.gov"),
            ("us-isob-east-1", Partition::IsoB, "sc2s.sgov.gov"),
            ("eu-isoe-west-1", Partition::IsoE, "cloud.adc-e.uk"),
            ("us-isof-south-1", Partition::IsoF, "csp.hci.ic.gov"),
            ("mars-east-1", Partition::Aws, "amazonaws.com"),
        ] {
            assert_eq!(Partition::of_region(region), partition, "{region}");
            assert_eq!(partition.dns_suffix(), suffix, "{region}");
        }
    }
}
