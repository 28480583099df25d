//! Is this bearer token good for the cluster? The checks of aws-iam-authenticator and of STS.
//!
//! Rules: aws-iam-authenticator `pkg/token/token.go`, `Verify`. A token is a pre-signed
//! `GetCallerIdentity` request in base64url without padding; it is good for 15 minutes from its
//! date, whatever its `X-Amz-Expires` says.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use thiserror::Error;

use super::facts::Facts;
use super::signature::{Signed, query_pairs, query_value, sign, split_credential};

const PREFIX: &str = "k8s-aws-v1.";
const LENGTH_LIMIT: usize = 4096;
const VALID_SECONDS: i64 = 15 * 60;
/// How far ahead of the server's clock STS lets a date be.
const SKEW_SECONDS: i64 = 5 * 60;
/// The query parameters that are allowed, in lower case.
const ALLOWED: [&str; 9] = [
    "action",
    "version",
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-security-token",
    "x-amz-signature",
    "x-amz-signedheaders",
];

/// Which rule a bearer token breaks.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TokenRefused {
    /// The token is too long.
    #[error("the token is longer than 4096 bytes")]
    TooLong,
    /// The token is not `k8s-aws-v1.` and base64url of a URL.
    #[error("the token is not k8s-aws-v1. and the base64url form of a URL")]
    Malformed,
    /// The URL is not `https://HOST/?QUERY`.
    #[error("the URL in the token must have scheme https and path /")]
    Url,
    /// The host is not a regional STS host.
    #[error("{0:?} is not the host of STS in the region of the signature")]
    Host(String),
    /// A query parameter is not one of the nine that are allowed, or comes twice.
    #[error("the query parameter {0:?} is not allowed here")]
    Parameter(String),
    /// The action is not `GetCallerIdentity`.
    #[error("the action must be GetCallerIdentity")]
    Action,
    /// The name of the cluster is not signed.
    #[error("the header x-k8s-aws-id must be signed")]
    Unsigned,
    /// `X-Amz-Expires` is not a number from 0 to 900.
    #[error("X-Amz-Expires must be from 0 to 900")]
    Expires,
    /// The date cannot be read.
    #[error("X-Amz-Date must be YYYYMMDDTHHMMSSZ")]
    Date,
    /// The token is too old.
    #[error("the token expired {seconds} seconds ago")]
    Expired {
        /// How long ago.
        seconds: i64,
    },
    /// The token comes from the future.
    #[error("the date of the token lies ahead")]
    Early,
    /// The key is not the account's.
    #[error("the access key is unknown")]
    UnknownKey,
    /// The signature is of other credentials, another cluster or another request.
    #[error("the signature does not match")]
    Signature,
}

/// Checks a token and returns the ARN of its caller.
pub(super) fn check(facts: &Facts, token: &str, cluster: &str, now: i64) -> Result<String, TokenRefused> {
    if token.len() > LENGTH_LIMIT {
        return Err(TokenRefused::TooLong);
    }
    let bytes =
        token.strip_prefix(PREFIX).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()).ok_or(TokenRefused::Malformed)?;
    let url = String::from_utf8(bytes).map_err(|_| TokenRefused::Malformed)?;
    let (host, query) = url.strip_prefix("https://").and_then(|rest| rest.split_once("/?")).ok_or(TokenRefused::Url)?;
    let mut query = query_pairs(query);
    for (index, (name, _)) in query.iter().enumerate() {
        let lower = name.to_ascii_lowercase();
        let twice = query.iter().take(index).any(|(other, _)| other.eq_ignore_ascii_case(name));
        if twice || !ALLOWED.contains(&lower.as_str()) {
            return Err(TokenRefused::Parameter(name.clone()));
        }
    }
    let value = |name: &str| query_value(&query, name).unwrap_or_default().to_owned();
    if value("Action") != "GetCallerIdentity" {
        return Err(TokenRefused::Action);
    }
    let credential = value("X-Amz-Credential");
    let (key_id, scope) = split_credential(&credential);
    let suffix = if facts.partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
    if scope.service != "sts" || host != format!("sts.{}.{suffix}", scope.region) {
        return Err(TokenRefused::Host(host.to_owned()));
    }
    let signed_headers = value("X-Amz-SignedHeaders");
    if !signed_headers.split(';').any(|name| name == "x-k8s-aws-id") {
        return Err(TokenRefused::Unsigned);
    }
    if !value("X-Amz-Expires").parse::<u32>().is_ok_and(|seconds| seconds <= 900) {
        return Err(TokenRefused::Expires);
    }
    let time = value("X-Amz-Date");
    let date = seconds(&time).ok_or(TokenRefused::Date)?;
    if now > date.saturating_add(VALID_SECONDS) {
        return Err(TokenRefused::Expired { seconds: now - date - VALID_SECONDS });
    }
    if date > now.saturating_add(SKEW_SECONDS) {
        return Err(TokenRefused::Early);
    }
    let session_token = query_value(&query, "X-Amz-Security-Token").map(str::to_owned);
    if key_id != facts.credentials.access_key_id || session_token != facts.credentials.session_token {
        return Err(TokenRefused::UnknownKey);
    }
    let signature = value("X-Amz-Signature");
    query.retain(|(name, _)| name != "X-Amz-Signature");
    let headers = signed_headers
        .split(';')
        .map(|name| {
            let value = match name {
                "host" => host,
                "x-k8s-aws-id" => cluster,
                _ => "",
            };
            (name, value.to_owned())
        })
        .collect();
    let signed = Signed { method: &Method::GET, path: "/", query, headers, payload: b"", time: &time, scope: &scope };
    if sign(&signed, &facts.credentials.secret_access_key) != signature {
        return Err(TokenRefused::Signature);
    }
    Ok(facts.caller_arn.clone())
}

/// Reads `YYYYMMDDTHHMMSSZ` as seconds since 1970.
fn seconds(time: &str) -> Option<i64> {
    let moment = DateTime::strptime("%Y%m%dT%H%M%SZ", time).ok()?;
    moment.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp().as_second())
}
