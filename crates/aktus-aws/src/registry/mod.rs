//! How do I log in to this Amazon ECR registry?
//!
//! A login is good for every registry that the identity may read, but only in the region it was
//! made in; so the region is read from the registry's host name, as every AWS tool does.

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use thiserror::Error;

use crate::Aws;
use crate::arn::Partition;
use crate::error::{Call, CallError, Class};

/// The host name of a private ECR registry, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryHost {
    /// The account that owns the registry, twelve digits.
    pub account: String,
    /// The region.
    pub region: String,
    /// The partition.
    pub partition: Partition,
    /// Whether it is a FIPS endpoint.
    pub fips: bool,
    /// Whether it is a dual-stack endpoint.
    pub dual_stack: bool,
}

/// A host name that is no private ECR registry.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{host:?} is not the host of an Amazon ECR registry; those look like \
     123456789012.dkr.ecr.us-east-1.amazonaws.com"
)]
pub struct RegistryHostError {
    /// The host name.
    pub host: String,
}

impl FromStr for RegistryHost {
    type Err = RegistryHostError;

    /// Reads `ACCOUNT.dkr.ecr.REGION.SUFFIX` and the dual-stack form `ACCOUNT.dkr-ecr.REGION.SUFFIX`,
    /// each also with `-fips` after `ecr`, for every partition. A port or path is refused.
    fn from_str(host: &str) -> Result<Self, RegistryHostError> {
        let refuse = || RegistryHostError { host: host.to_owned() };
        // Host names know no case.
        let lower = host.to_ascii_lowercase();
        let (account, rest) = lower.split_once('.').ok_or_else(refuse)?;
        if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refuse());
        }
        let forms = [
            ("dkr.ecr.", false, false),
            ("dkr.ecr-fips.", true, false),
            ("dkr-ecr.", false, true),
            ("dkr-ecr-fips.", true, true),
        ];
        let (rest, fips, dual_stack) = forms
            .into_iter()
            .find_map(|(form, fips, dual)| Some((rest.strip_prefix(form)?, fips, dual)))
            .ok_or_else(refuse)?;
        let (region, suffix) = rest.split_once('.').ok_or_else(refuse)?;
        let is_name = !region.is_empty() && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let partition = Partition::of_region(region);
        let expected = if dual_stack { partition.dual_stack_registry_suffix() } else { Some(partition.dns_suffix()) };
        if !is_name || expected != Some(suffix) {
            return Err(refuse());
        }
        Ok(Self { account: account.to_owned(), region: region.to_owned(), partition, fips, dual_stack })
    }
}

impl fmt::Display for RegistryHost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { account, region, partition, fips, dual_stack } = self;
        let separator = if *dual_stack { '-' } else { '.' };
        let fips = if *fips { "-fips" } else { "" };
        let suffix = match partition.dual_stack_registry_suffix() {
            Some(suffix) if *dual_stack => suffix,
            _ => partition.dns_suffix(),
        };
        write!(formatter, "{account}.dkr{separator}ecr{fips}.{region}.{suffix}")
    }
}

/// A login for the registries of one region, for Basic authentication.
#[derive(Debug, Clone)]
pub struct Login {
    /// The user, `AWS`.
    pub username: String,
    /// The password.
    pub password: SecretString,
    /// When the password expires, twelve hours after it was made.
    pub expires_at: SystemTime,
    /// The region it is good for.
    pub region: String,
}

/// Why there is no login.
#[derive(Debug, Error)]
pub enum LoginError {
    /// AWS did not answer.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The login that AWS gave cannot be read.
    #[error("the login that ECR gave for {host} {problem}; ask again")]
    Unreadable {
        /// The registry.
        host: String,
        /// What is wrong with it, as a verb phrase.
        problem: &'static str,
    },
}

impl LoginError {
    /// What kind of failure it is, as far as AWS's answer tells.
    pub fn class(&self) -> Class {
        match self {
            Self::Call(error) => error.class,
            Self::Unreadable { .. } => Class::Other,
        }
    }
}

impl Aws {
    /// Makes a login for a registry, in the region of its host name.
    ///
    /// The identity needs `ecr:GetAuthorizationToken` here, and `ecr:BatchGetImage` and
    /// `ecr:GetDownloadUrlForLayer` to pull. Errors when AWS does not answer or its answer cannot
    /// be read.
    pub async fn registry_login(&self, host: &RegistryHost) -> Result<Login, LoginError> {
        let resource = format!("registry {host}");
        let action = "ecr:GetAuthorizationToken";
        let call = Call { action, resource: &resource, region: &host.region };
        let client = aws_sdk_ecr::Client::new(&self.config.in_region(&host.region, host.fips));
        let answer = client.get_authorization_token().send().await;
        let answer = answer.map_err(|error| call.failed(&error))?;
        let data = answer.authorization_data().first();
        let data = data.ok_or_else(|| call.incomplete("authorization data"))?;
        let token = data.authorization_token().ok_or_else(|| call.incomplete("token"))?;
        let expires_at = data.expires_at().ok_or_else(|| call.incomplete("time of expiry"))?;

        let unreadable = |problem| LoginError::Unreadable { host: host.to_string(), problem };
        let text = STANDARD.decode(token).map_err(|_| unreadable("is not base64"))?;
        let text = String::from_utf8(text).map_err(|_| unreadable("is not UTF-8"))?;
        let (username, password) = text.split_once(':').ok_or_else(|| unreadable("holds no user and password"))?;
        Ok(Login {
            username: username.to_owned(),
            password: SecretString::from(password),
            expires_at: SystemTime::try_from(*expires_at).map_err(|_| unreadable("expires at no time we can tell"))?,
            region: host.region.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Partition, RegistryHost};

    #[test]
    fn a_registry_host_tells_account_region_and_partition() {
        for (host, region, partition, fips, dual_stack) in [
            ("709825985650.dkr.ecr.us-east-1.amazonaws.com", "us-east-1", Partition::Aws, false, false),
            ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1", Partition::UsGov, true, false),
            ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1", Partition::China, false, false),
            ("123456789012.dkr-ecr.eu-west-1.on.aws", "eu-west-1", Partition::Aws, false, true),
            ("123456789012.dkr-ecr-fips.us-east-2.on.aws", "us-east-2", Partition::Aws, true, true),
            (
                "123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn",
                "cn-north-1",
                Partition::China,
                false,
                true,
            ),
            (
                "123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu",
                "eusc-de-east-1",
                Partition::EuropeanSovereign,
                false,
                false,
            ),
            ("123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov", "us-iso-east-1", Partition::Iso, false, false),
            ("123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1", Partition::IsoB, false, false),
            ("123456789012.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk", "eu-isoe-west-1", Partition::IsoE, false, false),
            ("123456789012.dkr.ecr.us-isof-south-1.csp.hci.ic.gov", "us-isof-south-1", Partition::IsoF, false, false),
        ] {
            let found: RegistryHost = host.parse().unwrap();
            let account = host.split('.').next().unwrap().to_owned();
            let region = region.to_owned();
            assert_eq!(found, RegistryHost { account, region, partition, fips, dual_stack });
            assert_eq!(found.to_string(), host);
        }
        let upper: RegistryHost = "123456789012.DKR.ECR.US-EAST-1.amazonaws.com".parse().unwrap();
        assert_eq!(upper.region, "us-east-1");
    }

    #[test]
    fn other_hosts_are_refused() {
        for host in [
            "",
            "public.ecr.aws",
            "docker.io",
            "127.0.0.1:5000",
            "12345678901.dkr.ecr.us-east-1.amazonaws.com",
            "1234567890123.dkr.ecr.us-east-1.amazonaws.com",
            "aws.dkr.ecr.us-east-1.amazonaws.com",
            "123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.example",
            "123456789012.dkr.ecr.us-east-1.amazonaws.com:443",
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/repository",
            "123456789012.dkr.ecr.us-east-1.amazonaws.com.cn",
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com",
            "123456789012.dkr.ecr..amazonaws.com",
            "123456789012.dkr.ecr.evil/.amazonaws.com",
            "123456789012.dkr-ecr.us-east-1.amazonaws.com",
            "123456789012.dkr.ecr.us-east-1.on.aws",
            "evil.123456789012.dkr.ecr.us-east-1.amazonaws.com",
        ] {
            assert_eq!(host.parse::<RegistryHost>().unwrap_err().host, host);
        }
    }
}
