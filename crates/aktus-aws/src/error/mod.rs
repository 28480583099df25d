//! Why did AWS not answer, and what can be done? One class per kind of failure.

use std::error::Error as StdError;
use std::fmt;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_eks::config::http::HttpResponse;
use aws_sdk_eks::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_eks::operation::RequestId as _;

/// What kind of failure a call ended in, after all its attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Too many requests; the same call succeeds later.
    Throttled,
    /// The identity may not do this.
    Denied,
    /// The resource does not exist in this account and region.
    Absent,
    /// There are no credentials, or they are expired or wrong.
    Credentials,
    /// The service or the network failed; the same call may succeed later.
    Transient,
    /// Anything else: the same call fails again.
    Other,
}

impl Class {
    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_temporary(self) -> bool {
        matches!(self, Self::Throttled | Self::Transient)
    }
}

/// A call that failed after all its attempts.
#[derive(Debug)]
pub struct CallError {
    /// The action as IAM names it, such as `eks:DescribeCluster`.
    pub action: &'static str,
    /// What was asked about, in words, such as `cluster demo`.
    pub resource: Box<str>,
    /// The region that was asked.
    pub region: Box<str>,
    /// What kind of failure it is.
    pub class: Class,
    /// The error code of the service, when it answered with one.
    pub code: Option<Box<str>>,
    /// What the service or the SDK said.
    pub message: Box<str>,
    /// The id that AWS support asks for, when the service answered.
    pub request_id: Option<Box<str>>,
}

impl fmt::Display for CallError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { action, resource, region, class, message, .. } = self;
        match class {
            Class::Throttled => {
                write!(formatter, "{action} for {resource} in {region} is throttled: {message}; try again later")
            }
            Class::Denied => write!(
                formatter,
                "{action} for {resource} in {region} is denied: {message}; allow this action to \
                 this identity"
            ),
            Class::Absent => write!(
                formatter,
                "{action} finds no {resource} in {region}: {message}; check the name, the region \
                 and the account"
            ),
            Class::Credentials => write!(
                formatter,
                "{action} for {resource} in {region} has no valid AWS credentials: {message}; log \
                 in again or check the access key"
            ),
            Class::Transient => write!(
                formatter,
                "{action} for {resource} in {region} got no answer: {message}; check the network \
                 and try again"
            ),
            Class::Other => {
                write!(formatter, "{action} for {resource} in {region} failed: {message}")
            }
        }
    }
}

impl StdError for CallError {}

/// What a call was about, for its error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) action: &'static str,
    pub(crate) resource: &'a str,
    pub(crate) region: &'a str,
}

impl Call<'_> {
    /// The failure of this call.
    pub(crate) fn failed<E>(self, error: &SdkError<E, HttpResponse>) -> CallError
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let request_id = error.request_id().map(Box::from);
        let (class, code, message) = match error {
            SdkError::ServiceError(failure) => {
                let status = failure.raw().status().as_u16();
                let code = failure.err().code();
                let message = failure
                    .err()
                    .message()
                    .or(code)
                    .map_or_else(|| format!("the service answered {status} without saying why"), str::to_owned);
                (classify(code, status), code.map(Box::from), message)
            }
            SdkError::ResponseError(failure) => {
                let status = failure.raw().status().as_u16();
                let message = format!("the answer (status {status}) is unreadable: {}", chain(error));
                (class_of_status(status), None, message)
            }
            SdkError::TimeoutError(_) => (Class::Transient, None, chain(error)),
            SdkError::DispatchFailure(failure) => {
                let class = if is_about_credentials(error) {
                    Class::Credentials
                } else if failure.is_io() || failure.is_timeout() {
                    Class::Transient
                } else {
                    Class::Other
                };
                (class, None, chain(error))
            }
            _ => {
                let class = if is_about_credentials(error) { Class::Credentials } else { Class::Other };
                (class, None, chain(error))
            }
        };
        self.error(class, code, message, request_id)
    }

    /// A failure for want of credentials.
    pub(crate) fn no_credentials(self, message: String) -> CallError {
        self.error(Class::Credentials, None, message, None)
    }

    /// An answer that lacks what it must hold.
    pub(crate) fn incomplete(self, missing: &str) -> CallError {
        self.error(Class::Other, None, format!("the answer holds no {missing}"), None)
    }

    pub(crate) fn error(
        self,
        class: Class,
        code: Option<Box<str>>,
        message: String,
        request_id: Option<Box<str>>,
    ) -> CallError {
        CallError {
            action: self.action,
            resource: self.resource.into(),
            region: self.region.into(),
            class,
            code,
            message: message.into(),
            request_id,
        }
    }
}

/// The class of an error code, or of the status when the code says nothing.
pub(crate) fn classify(code: Option<&str>, status: u16) -> Class {
    match code {
        Some(
            "Throttling"
            | "ThrottlingException"
            | "ThrottledException"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "TooManyRequestsException"
            | "RequestLimitExceeded"
            | "SlowDown",
        ) => Class::Throttled,
        // Secrets Manager says so when the caller may not use the key of the secret.
        Some(
            "AccessDenied" | "AccessDeniedException" | "UnauthorizedException" | "OptInRequired" | "DecryptionFailure",
        ) => Class::Denied,
        Some(
            "ResourceNotFoundException"
            | "NotFoundException"
            | "FileSystemNotFound"
            | "MountTargetNotFound"
            | "RepositoryNotFoundException",
        ) => Class::Absent,
        Some(
            "ExpiredToken"
            | "ExpiredTokenException"
            | "RequestExpired"
            | "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "IncompleteSignature"
            | "IncompleteSignatureException"
            | "MissingAuthenticationToken"
            | "MissingAuthenticationTokenException"
            | "AuthFailure",
        ) => Class::Credentials,
        Some(
            "ServerException"
            | "ServiceUnavailable"
            | "ServiceUnavailableException"
            | "InternalServerError"
            | "InternalServiceError"
            | "InternalFailure"
            | "RequestTimeout"
            | "RequestTimeoutException",
        ) => Class::Transient,
        _ => class_of_status(status),
    }
}

fn class_of_status(status: u16) -> Class {
    match status {
        429 => Class::Throttled,
        401 | 403 => Class::Denied,
        408 | 500.. => Class::Transient,
        _ => Class::Other,
    }
}

/// The texts of an error and its causes, each once.
pub(crate) fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        source = cause.source();
    }
    text
}

fn is_about_credentials(error: &(dyn StdError + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<CredentialsError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{Class, classify};

    #[test]
    fn codes_come_before_the_status() {
        for (code, status, class) in [
            (Some("ThrottlingException"), 400, Class::Throttled),
            (Some("TooManyRequestsException"), 429, Class::Throttled),
            (None, 429, Class::Throttled),
            (Some("AccessDeniedException"), 400, Class::Denied),
            (Some("DecryptionFailure"), 400, Class::Denied),
            (None, 403, Class::Denied),
            (Some("ResourceNotFoundException"), 404, Class::Absent),
            (Some("ResourceNotFoundException"), 400, Class::Absent),
            (Some("FileSystemNotFound"), 404, Class::Absent),
            // Another service answers at this address: the resource may well exist.
            (None, 404, Class::Other),
            (Some("ExpiredTokenException"), 403, Class::Credentials),
            (Some("InvalidSignatureException"), 403, Class::Credentials),
            (Some("ServerException"), 500, Class::Transient),
            (Some("SomethingNew"), 503, Class::Transient),
            (None, 408, Class::Transient),
            (Some("InvalidParameterException"), 400, Class::Other),
        ] {
            assert_eq!(classify(code, status), class, "{code:?} {status}");
        }
    }

    #[test]
    fn only_throttling_and_failures_of_the_service_are_temporary() {
        for (class, temporary) in [
            (Class::Throttled, true),
            (Class::Transient, true),
            (Class::Denied, false),
            (Class::Absent, false),
            (Class::Credentials, false),
            (Class::Other, false),
        ] {
            assert_eq!(class.is_temporary(), temporary, "{class:?}");
        }
    }
}
