//! Is a request signed by the account's key? Signature Version 4, in headers or in the query.
//!
//! Written from AWS's description of the algorithm and independent of the SDK's signer, so that
//! each checks the other. The age of a signature is not checked here: the sandbox has no clock.

use http::Method;

use super::facts::Credentials;
use crate::hash::{hex, hmac, sha256_hex};
use crate::listener::{Request, unescape};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What a signature is good for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) region: String,
    pub(crate) service: String,
}

/// Why a request is refused, with the scope it claims.
pub(crate) struct Refused {
    pub(super) scope: Scope,
    pub(crate) code: &'static str,
    pub(crate) message: &'static str,
}

/// What is signed, from wherever it comes.
pub(crate) struct Signed<'a> {
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    /// Names and values with their escapes resolved, the signature itself left out.
    pub(crate) query: Vec<(String, String)>,
    /// The signed headers with their values, in the order of the list of signed headers.
    pub(crate) headers: Vec<(&'a str, String)>,
    pub(crate) payload: &'a [u8],
    /// `YYYYMMDDTHHMMSSZ`.
    pub(crate) time: &'a str,
    pub(crate) scope: &'a Scope,
}

/// Checks the signature of a request and returns its scope.
pub(crate) fn check(request: &Request, credentials: &Credentials) -> Result<Scope, Refused> {
    let mut query = query_pairs(&request.query);
    let parts = if let Some(header) = request.header("authorization") {
        from_header(header).map(|(credential, headers, signature)| {
            let time = request.header("x-amz-date").unwrap_or_default().to_owned();
            let token = request.header("x-amz-security-token").map(str::to_owned);
            (credential, headers, signature, time, token)
        })
    } else {
        let value = |name: &str| query_value(&query, name).map(str::to_owned);
        let parts = value("X-Amz-Credential").zip(value("X-Amz-SignedHeaders")).zip(value("X-Amz-Signature")).map(
            |((credential, headers), signature)| {
                let time = value("X-Amz-Date").unwrap_or_default();
                (credential, headers, signature, time, value("X-Amz-Security-Token"))
            },
        );
        query.retain(|(name, _)| name != "X-Amz-Signature");
        parts
    };
    let Some((credential, signed_headers, signature, time, token)) = parts else {
        return Err(Refused {
            scope: Scope::default(),
            code: "MissingAuthenticationTokenException",
            message: "Missing Authentication Token",
        });
    };
    let (key_id, scope) = split_credential(&credential);
    let refuse = |code, message| Refused { scope: scope.clone(), code, message };
    if key_id != credentials.access_key_id || token != credentials.session_token {
        let message = "The security token included in the request is invalid.";
        return Err(refuse("UnrecognizedClientException", message));
    }
    let headers = signed_headers.split(';').map(|name| (name, header_value(request, name))).collect();
    let signed = Signed {
        method: &request.method,
        path: &request.path,
        query,
        headers,
        payload: &request.body,
        time: &time,
        scope: &scope,
    };
    if sign(&signed, &credentials.secret_access_key) != signature {
        let message = "The request signature we calculated does not match the signature you \
                       provided. Check your AWS Secret Access Key and signing method.";
        return Err(refuse("InvalidSignatureException", message));
    }
    Ok(scope)
}

/// The signature of a request in hexadecimal.
pub(crate) fn sign(signed: &Signed<'_>, secret_access_key: &str) -> String {
    let mut query: Vec<(String, String)> =
        signed.query.iter().map(|(name, value)| (escape(name, false), escape(value, false))).collect();
    query.sort();
    let query: Vec<String> = query.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let names: Vec<&str> = signed.headers.iter().map(|(name, _)| *name).collect();
    let headers: String = signed.headers.iter().flat_map(|(name, value)| [name, ":", value.as_str(), "\n"]).collect();
    let path = if signed.path.is_empty() { "/" } else { signed.path };
    let canonical = [
        signed.method.as_str(),
        // The escapes of the path are escaped once more for every service but S3.
        &escape(path, true),
        &query.join("&"),
        &headers,
        &names.join(";"),
        &sha256_hex(signed.payload),
    ]
    .join("\n");
    let Scope { region, service } = signed.scope;
    let date = signed.time.get(..8).unwrap_or_default();
    let scope = format!("{date}/{region}/{service}/aws4_request");
    let to_sign = [ALGORITHM, signed.time, &scope, &sha256_hex(canonical.as_bytes())].join("\n");
    let first = format!("AWS4{secret_access_key}");
    let key = [date, region, service, "aws4_request"]
        .iter()
        .fold(first.into_bytes(), |key, part| hmac(&key, part.as_bytes()).to_vec());
    hex(&hmac(&key, to_sign.as_bytes()))
}

/// Splits a query into names and values with their escapes resolved.
pub(super) fn query_pairs(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (unescape(name, false), unescape(value, false))
        })
        .collect()
}

/// The value of a query parameter.
pub(super) fn query_value<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// Splits `KEY/DATE/REGION/SERVICE/aws4_request` into the key id and the scope.
pub(super) fn split_credential(credential: &str) -> (&str, Scope) {
    let mut parts = credential.split('/');
    let key_id = parts.next().unwrap_or_default();
    let mut parts = parts.skip(1).map(str::to_owned);
    let region = parts.next().unwrap_or_default();
    let service = parts.next().unwrap_or_default();
    (key_id, Scope { region, service })
}

/// The credential, the signed headers and the signature of an `Authorization` header.
fn from_header(header: &str) -> Option<(String, String, String)> {
    let fields = header.strip_prefix(ALGORITHM)?;
    let field = |name: &str| {
        fields.split(',').find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('=')).map(str::to_owned)
    };
    Some((field("Credential")?, field("SignedHeaders")?, field("Signature")?))
}

/// The values of a header joined by commas, runs of spaces made one.
fn header_value(request: &Request, name: &str) -> String {
    let values: Vec<String> = request
        .headers
        .get_all(name)
        .iter()
        .map(|value| {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            text.split(' ').filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
        })
        .collect();
    values.join(",")
}

/// Percent-encodes everything but the unreserved characters, and slashes when `path`.
fn escape(text: &str, path: bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                escaped.push(char::from(byte));
            }
            b'/' if path => escaped.push('/'),
            _ => {
                escaped.push('%');
                escaped.push_str(&hex(&[byte]).to_ascii_uppercase());
            }
        }
    }
    escaped
}
