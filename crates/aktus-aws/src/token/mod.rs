//! With which bearer token does the API server of an EKS cluster let me in?
//!
//! A token is a `GetCallerIdentity` request to STS, signed but not sent, with the name of the
//! cluster in a signed header; the API server sends it and so learns who made it. The rules are
//! those of aws-iam-authenticator `pkg/token/token.go` and of `aws eks get-token`: the server
//! accepts a token for 15 minutes from its date, whatever `X-Amz-Expires` says, and clients make a
//! new one after 14.

use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::SecretString;
use thiserror::Error;
use tokio::sync::Mutex;

use crate::arn::Partition;
use crate::config::Clock;
use crate::error::{Call, CallError, Class, chain};
use crate::{Aws, Cluster};

/// What every token begins with.
const PREFIX: &str = "k8s-aws-v1.";
/// The header that names the cluster.
const CLUSTER_HEADER: &str = "x-k8s-aws-id";
/// What `X-Amz-Expires` says; the server does not heed it.
const EXPIRES: Duration = Duration::from_mins(1);
/// After how long a token is made anew; the server refuses it one minute later.
const REFRESH_AFTER: Duration = Duration::from_mins(14);
/// How long before the credentials expire a token made with them is no longer used.
const CREDENTIALS_MARGIN: Duration = Duration::from_mins(1);
/// The longest token that the server reads, in bytes.
const LENGTH_LIMIT: usize = 4096;
/// What is escaped in a query: all but the unreserved characters.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The order of the query parameters in a token, that of botocore's signer.
const ORDER: [&str; 7] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
];

/// A bearer token and how long to use it.
#[derive(Debug, Clone)]
pub struct Token {
    /// The token, for `Authorization: Bearer …`.
    pub value: SecretString,
    /// When to make a new one: 14 minutes after this one was made, or a minute before the
    /// credentials it was made with expire.
    pub refresh_at: SystemTime,
    made_at: SystemTime,
}

/// Why there is no token. Holds nothing of the credentials.
#[derive(Debug, Error)]
pub enum TokenError {
    /// There are no credentials.
    #[error(transparent)]
    Credentials(#[from] CallError),
    /// The request cannot be signed.
    #[error("a token for cluster {cluster} cannot be signed: {cause}; check its name and region")]
    Signing {
        /// The cluster.
        cluster: String,
        /// What the signer said.
        cause: String,
    },
    /// The token is too long for the server.
    #[error(
        "the token for cluster {cluster} has {length} bytes, and API servers read {LENGTH_LIMIT}; \
         use credentials with a shorter session token"
    )]
    TooLong {
        /// The cluster.
        cluster: String,
        /// Its length in bytes.
        length: usize,
    },
}

impl TokenError {
    /// What kind of failure it is.
    pub fn class(&self) -> Class {
        match self {
            Self::Credentials(error) => error.class,
            _ => Class::Other,
        }
    }
}

/// Makes a token for a cluster. Needs no connection and no permission.
///
/// `cluster` is the name of the cluster, `time` the moment of the signature, to the second. The
/// host is that of STS in the region. Errors when the name or region cannot stand in a request, or
/// the token becomes too long.
pub fn make(
    credentials: &Credentials,
    region: &str,
    cluster: &str,
    time: SystemTime,
) -> Result<SecretString, TokenError> {
    let refuse = |cause: String| TokenError::Signing { cluster: cluster.to_owned(), cause };
    let is_region = !region.is_empty() && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_region {
        return Err(refuse(format!("{region:?} is not a region")));
    }
    let suffix = Partition::of_region(region).dns_suffix();
    let mut url = format!("https://sts.{region}.{suffix}/?Action=GetCallerIdentity&Version=2011-06-15");

    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(EXPIRES);
    let identity = credentials.clone().into();
    let parameters = SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("sts")
        .time(time)
        .settings(settings)
        .build()
        .map_err(|error| refuse(chain(&error)))?
        .into();
    let headers = std::iter::once((CLUSTER_HEADER, cluster));
    let request = SignableRequest::new("GET", url.as_str(), headers, SignableBody::Bytes(&[]))
        .map_err(|error| refuse(chain(&error)))?;
    let signed = sign(request, &parameters).map_err(|error| refuse(chain(&error)))?;
    let (instructions, _) = signed.into_parts();
    let (_, mut parameters) = instructions.into_parts();

    parameters.sort_by_key(|(name, _)| ORDER.iter().position(|known| known == name));
    for (name, value) in &parameters {
        let value: Cow<'_, str> = utf8_percent_encode(value, ESCAPED).into();
        url.extend(["&", name, "=", &value]);
    }
    let mut token = String::from(PREFIX);
    URL_SAFE_NO_PAD.encode_string(url, &mut token);
    if token.len() > LENGTH_LIMIT {
        return Err(TokenError::TooLong { cluster: cluster.to_owned(), length: token.len() });
    }
    Ok(SecretString::from(token))
}

/// Tokens for one cluster: keeps one until it is due and then makes another.
pub struct ClusterToken {
    credentials: SharedCredentialsProvider,
    region: String,
    cluster: String,
    clock: Clock,
    kept: Mutex<Option<Token>>,
}

impl fmt::Debug for ClusterToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ClusterToken")
            .field("cluster", &self.cluster)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

impl ClusterToken {
    /// A token that is good for at least another minute.
    ///
    /// Asks for credentials only when a new token is due; callers that come meanwhile wait for the
    /// same one. Errors when there are no credentials or they cannot sign.
    pub async fn token(&self) -> Result<Token, TokenError> {
        let mut kept = self.kept.lock().await;
        let now = self.clock.now();
        // A clock that was set back makes the token one of the future, which STS refuses.
        if let Some(token) = kept.as_ref()
            && now < token.refresh_at
            && now >= token.made_at
        {
            return Ok(token.clone());
        }
        let resource = format!("cluster {}", self.cluster);
        let action = "sts:GetCallerIdentity";
        let call = Call { action, resource: &resource, region: &self.region };
        let credentials = self.credentials.provide_credentials().await;
        let credentials = credentials.map_err(|error| call.no_credentials(chain(&error)))?;
        let value = make(&credentials, &self.region, &self.cluster, now)?;
        // At the ends of time, a token that is due at once is the safe answer.
        let due = now.checked_add(REFRESH_AFTER).unwrap_or(now);
        let refresh_at = match credentials.expiry() {
            Some(expiry) => due.min(expiry.checked_sub(CREDENTIALS_MARGIN).unwrap_or(now)),
            None => due,
        };
        let token = Token { value, refresh_at, made_at: now };
        *kept = Some(token.clone());
        Ok(token)
    }

    /// Forgets the kept token, because the server refused it; the next one is made anew.
    pub async fn forget(&self) {
        *self.kept.lock().await = None;
    }
}

impl Aws {
    /// Tokens for a cluster, with the credentials and the clock of the configuration.
    pub fn cluster_token(&self, cluster: &Cluster) -> ClusterToken {
        ClusterToken {
            credentials: self.config.credentials().clone(),
            region: cluster.region().to_owned(),
            cluster: cluster.token_audience.clone(),
            clock: self.config.clock().clone(),
            kept: Mutex::new(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use aws_credential_types::Credentials;
    use secrecy::ExposeSecret as _;

    use super::{TokenError, make};

    const VECTORS: &str = include_str!("../../tests/fixtures/eks-token-vectors.json");
    /// 2026-11-22T12:00:00Z, the moment of the vectors.
    const NOON: u64 = 1_795_348_800;

    fn noon() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(NOON)
    }

    fn credentials(id: &str, session_token: Option<&str>) -> Credentials {
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        Credentials::new(id, secret, session_token.map(str::to_owned), None, "test")
    }

    #[test]
    fn recorded_tokens_are_reproduced_exactly() {
        let vectors: Vec<serde_json::Value> = serde_json::from_str(VECTORS).unwrap();
        assert_eq!(vectors.len(), 2);
        for vector in vectors {
            assert_eq!(vector["time"], "2026-11-22T12:00:00Z");
            assert_eq!(vector["expires_seconds"], 60);
            let text = |name: &str| vector[name].as_str().unwrap();
            let credentials = Credentials::new(
                text("access_key_id"),
                text("secret_access_key"),
                vector["session_token"].as_str().map(str::to_owned),
                None,
                "test",
            );
            let time = noon();
            let token = make(&credentials, text("region"), text("cluster"), time).unwrap();
            assert_eq!(token.expose_secret(), text("token"));
        }
    }

    #[test]
    fn what_cannot_stand_in_a_request_is_refused() {
        let time = noon();
        let keys = credentials("AKIDEXAMPLE", None);
        for (region, cluster) in
            [("", "demo"), ("us-west-2/", "demo"), ("us-west-2.evil.example#", "demo"), ("us-west-2", "de\nmo")]
        {
            let error = make(&keys, region, cluster, time).unwrap_err();
            assert!(matches!(error, TokenError::Signing { .. }), "{region:?} {cluster:?}");
        }
    }

    #[test]
    fn a_token_that_no_server_reads_is_refused() {
        let time = noon();
        let session = "s3cr3t".repeat(600);
        let error = make(&credentials("ASIAEXAMPLE", Some(&session)), "us-west-2", "demo", time);
        let error = error.unwrap_err();
        assert!(matches!(error, TokenError::TooLong { length, .. } if length > 4096));
        assert!(!format!("{error:?} {error}").contains("s3cr3t"));
    }
}
