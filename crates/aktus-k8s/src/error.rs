//! What did the API server refuse, and what is to be done about it?
//!
//! [`ApiError`] says what happened; [`Class`] says what to do. Retries, exit codes and recovery look at the class
//! only. The taxonomy is one function, [`Status::class`], with one table of tests.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

/// A boxed cause.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What was being done, and to what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// `get`, `apply`, `delete`, …
    pub verb: &'static str,
    /// `Deployment/aktus/qdrant`, `deployments in aktus`, `the server version`, …
    pub target: String,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.target)
    }
}

/// A request to the API server that did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The API server answered with an error.
    #[error("{call}: {status}")]
    Status {
        /// What was being done.
        call: Call,
        /// The server's answer.
        status: Box<Status>,
    },
    /// The API server could not be reached, or the connection broke.
    #[error("{call}: no answer from the API server at {server}")]
    Unreachable {
        /// What was being done.
        call: Call,
        /// The server's address.
        server: String,
        /// Whether the server may have seen the request: if so, its effect is unknown.
        sent: bool,
        /// Why.
        source: BoxError,
    },
    /// The server's certificate was not accepted, or ours was not.
    #[error("{call}: no trusted connection to the API server at {server}")]
    Untrusted {
        /// What was being done.
        call: Call,
        /// The server's address.
        server: String,
        /// Why.
        source: BoxError,
    },
    /// The token source gave no token.
    #[error("{call}: no token for the API server")]
    Token {
        /// What was being done.
        call: Call,
        /// The token source's own words.
        source: BoxError,
    },
    /// The server does not serve this kind.
    #[error("{call}: the API server knows no kind `{kind}` in `{api_version}`")]
    UnknownKind {
        /// What was being done.
        call: Call,
        /// Group and version.
        api_version: String,
        /// The kind.
        kind: String,
    },
    /// The object cannot be addressed: no such place can exist.
    #[error("{call}: {problem}")]
    Unaddressable {
        /// What was being done.
        call: Call,
        /// What is wrong with the coordinates.
        problem: &'static str,
    },
    /// The time given was used up.
    #[error("{call}: out of time{}", after(last.as_deref()))]
    Deadline {
        /// What was being done.
        call: Call,
        /// The last failure before time ran out.
        last: Option<Box<ApiError>>,
    },
    /// The answer is not what the Kubernetes API promises.
    #[error("{call}: the answer is not what the Kubernetes API promises: {problem}")]
    Answer {
        /// What was being done.
        call: Call,
        /// What is wrong with it.
        problem: String,
    },
    /// The run that wanted to write holds its lease no longer, or was asked to stop.
    #[error("{call}: not written, because {reason}")]
    Fenced {
        /// What was to be done.
        call: Call,
        /// Why.
        reason: String,
    },
    /// The answer is larger than we are willing to read.
    #[error("{call}: the answer is larger than {limit} bytes")]
    AnswerTooLarge {
        /// What was being done.
        call: Call,
        /// The limit in bytes.
        limit: usize,
    },
}

fn after(last: Option<&ApiError>) -> String {
    last.map(|last| match last {
        ApiError::Unreachable { source, .. } => format!("; before that: {last}: {source}"),
        last => format!("; before that: {last}"),
    })
    .unwrap_or_default()
}

/// What to do about an [`ApiError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Passes by itself: try again, not earlier than `after` if the server said so.
    Retry {
        /// What the server asked for.
        after: Option<Duration>,
    },
    /// The server does not know us: get a new token, once.
    Unauthorized,
    /// The server knows us, and we may not.
    Forbidden,
    /// A quota or limit of the namespace is used up.
    Quota,
    /// An admission policy or webhook said no.
    Policy,
    /// There is no such object.
    NotFound,
    /// The namespace does not exist.
    NamespaceMissing,
    /// The namespace, or an older object of the same name, is still being deleted.
    Terminating,
    /// The server does not serve this kind (yet).
    UnknownKind,
    /// The object to be created is there already.
    AlreadyExists,
    /// Another field manager owns a field that we would change.
    Conflict,
    /// The object changed between our read and our write: read again.
    Race,
    /// The resource version to watch from is no longer known: list again.
    Gone,
    /// The request or object is larger than the server takes.
    TooLarge,
    /// The field cannot be changed on an existing object.
    Immutable,
    /// The server does not accept the object as it is.
    Invalid,
    /// Nobody answers; may pass by itself.
    Unreachable,
    /// The connection is refused for reasons of trust; does not pass by itself.
    Untrusted,
    /// The time given was used up.
    Deadline,
    /// Another run acts now.
    Fenced,
    /// The server failed, or answered with nonsense.
    Internal,
}

impl ApiError {
    /// What to do about it.
    pub fn class(&self) -> Class {
        match self {
            Self::Status { status, .. } => status.class(),
            Self::Unreachable { .. } => Class::Unreachable,
            Self::Untrusted { .. } => Class::Untrusted,
            Self::Token { .. } => Class::Unauthorized,
            Self::UnknownKind { .. } => Class::UnknownKind,
            Self::Unaddressable { .. } => Class::Invalid,
            Self::Deadline { .. } => Class::Deadline,
            Self::Fenced { .. } => Class::Fenced,
            Self::Answer { .. } | Self::AnswerTooLarge { .. } => Class::Internal,
        }
    }

    /// What was being done.
    pub fn call(&self) -> &Call {
        match self {
            Self::Status { call, .. }
            | Self::Unreachable { call, .. }
            | Self::Untrusted { call, .. }
            | Self::Token { call, .. }
            | Self::UnknownKind { call, .. }
            | Self::Unaddressable { call, .. }
            | Self::Deadline { call, .. }
            | Self::Fenced { call, .. }
            | Self::Answer { call, .. }
            | Self::AnswerTooLarge { call, .. } => call,
        }
    }

    /// The server's answer, if it answered; for a missed deadline, the last answer before it.
    pub fn status(&self) -> Option<&Status> {
        match self {
            Self::Status { status, .. } => Some(status),
            Self::Deadline { last: Some(last), .. } => last.status(),
            _ => None,
        }
    }

    /// The fields that other managers own, when that is what the server complained about.
    pub fn conflicts(&self) -> Vec<FieldConflict> {
        self.status().map(Status::conflicts).unwrap_or_default()
    }

    /// What a person can do next, if there is something to say.
    pub fn advice(&self) -> Option<String> {
        let advice = match self.class() {
            Class::Unauthorized => "check the credentials: the cluster does not know this identity",
            Class::Forbidden => {
                "give this identity the missing permission, on EKS through an access entry with a policy"
            }
            Class::Quota => "raise the quota or limit of the namespace, or ask for less",
            Class::Policy => "change the object as the policy demands, or exempt the namespace",
            Class::NamespaceMissing => "create the namespace first",
            Class::Terminating => "wait until the deletion has finished; finalizers may hold it back",
            Class::UnknownKind => "install the custom resource definition that serves this kind, or check `apiVersion`",
            Class::AlreadyExists => "somebody else created it: adopt it or choose another name",
            Class::Conflict => "let the other manager give up the field, or force the conflict to take it over",
            Class::Race => "somebody changes the object at the same time: try again",
            Class::TooLarge => "make the object smaller: etcd takes at most about 1.5 MiB, a Secret 1 MiB",
            Class::Immutable => "keep the field as it is, or allow the object to be deleted and created again",
            Class::Unreachable => "check the address, the network path and whether the cluster is up",
            Class::Untrusted => "check the certificate authority given for the cluster",
            _ => return None,
        };
        Some(advice.to_owned())
    }
}

/// One field that another manager owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldConflict {
    /// The manager that owns it, as the server names it.
    pub manager: String,
    /// The field's path: `.spec.replicas`.
    pub field: String,
}

impl fmt::Display for FieldConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is managed by `{}`", self.field, self.manager)
    }
}

/// One of the problems an error answer lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    /// A machine-readable reason: `FieldValueInvalid`, `FieldManagerConflict`, …
    pub reason: String,
    /// Words.
    pub message: String,
    /// The field's path.
    pub field: String,
}

/// An error answer of the API server (`metav1.Status`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The HTTP status code.
    pub code: u16,
    /// A machine-readable reason: `NotFound`, `Conflict`, …; empty if the answer was no Status.
    pub reason: String,
    /// Words.
    pub message: String,
    /// The plural name of the resource that the error is about.
    pub details_kind: String,
    /// The name of the object that the error is about.
    pub details_name: String,
    /// The single problems.
    pub causes: Vec<Cause>,
    /// How long the server asks us to wait.
    pub retry_after: Option<Duration>,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let conflicts = self.conflicts();
        if !conflicts.is_empty() {
            f.write_str("other managers own fields that would change: ")?;
            for (index, conflict) in conflicts.iter().enumerate() {
                let separator = if index == 0 { "" } else { ", " };
                write!(f, "{separator}{conflict}")?;
            }
            return Ok(());
        }
        match (self.message.trim(), self.reason.as_str()) {
            ("", "") => write!(f, "status {}", self.code),
            ("", reason) => write!(f, "{reason} (status {})", self.code),
            (message, _) => write!(f, "{message} (status {})", self.code),
        }
    }
}

/// Words in a 500 that say the failure passes by itself.
const TRANSIENT_TEXTS: &[&str] = &[
    "etcdserver: leader changed",
    "etcdserver: request timed out",
    "raft proposal dropped",
    "failed calling webhook",
    "conversion webhook",
    "the server is currently unable to handle the request",
    "apiserver not ready",
];

/// Words in a 500 that say the object is at fault: server-side apply answers so to what does not fit the schema.
const INVALID_TEXTS: &[&str] = &[
    "failed to create typed patch object",
    "failed to create typed live object",
    "field not declared in schema",
    "duplicate entries for key",
];

/// Words that say an object is too large, whatever the code.
const TOO_LARGE_TEXTS: &[&str] =
    &["Request entity too large", "request is too large", "Too long: ", "limit is 3145728"];

/// Words with which validation refuses to change a field of an existing object.
const IMMUTABLE_TEXTS: &[&str] = &[
    "immutable",
    "may not change once set",
    "may not change fields other than",
    "for fields other than",
    "updates to parameters are forbidden",
    "updates to provisioner are forbidden",
    "updates to reclaimPolicy are forbidden",
    "cannot change roleRef",
    "primary clusterIP can not be unset",
];

/// Words of a refusal because the namespace's limits are used up.
const QUOTA_TEXTS: &[&str] = &["exceeded quota", "usage per Container is", "usage per Pod is", "failed quota"];

/// Words of a refusal by policy.
const POLICY_TEXTS: &[&str] = &["violates PodSecurity", "denied the request", "ValidatingAdmissionPolicy"];

/// Whether a controller's words mean that the namespace's limits or policies refuse its pods: waiting does not help.
pub(crate) fn is_final_refusal(words: &str) -> bool {
    QUOTA_TEXTS.iter().chain(POLICY_TEXTS).any(|text| words.contains(text))
}

impl Status {
    /// Reads an error answer; a body that is no `Status` is kept as text, shortened.
    pub fn read(code: u16, body: &[u8]) -> Self {
        match serde_json::from_slice::<Value>(body) {
            Ok(value) if value.get("kind").and_then(Value::as_str) == Some("Status") => Self::from_json(code, &value),
            _ => {
                let text = String::from_utf8_lossy(body);
                let message = text.trim().chars().take(300).collect();
                Self { code, message, ..Self::default() }
            }
        }
    }

    /// Reads a `Status` object; `code` is used where the object has none.
    pub fn from_json(code: u16, value: &Value) -> Self {
        let text = |value: &Value, field: &str| value.get(field).and_then(Value::as_str).unwrap_or("").to_owned();
        let details = value.get("details").unwrap_or(&Value::Null);
        let causes = details.get("causes").and_then(Value::as_array).into_iter().flatten();
        Self {
            code: value.get("code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok()).unwrap_or(code),
            reason: text(value, "reason"),
            message: text(value, "message"),
            details_kind: text(details, "kind"),
            details_name: text(details, "name"),
            causes: causes
                .map(|cause| Cause {
                    reason: text(cause, "reason"),
                    message: text(cause, "message"),
                    field: text(cause, "field"),
                })
                .collect(),
            retry_after: details
                .get("retryAfterSeconds")
                .and_then(Value::as_u64)
                .filter(|s| *s > 0)
                .map(Duration::from_secs),
        }
    }

    /// What to do about it. The one place where codes, reasons and words become a decision.
    pub fn class(&self) -> Class {
        let says = |texts: &[&str]| {
            texts
                .iter()
                .any(|text| self.message.contains(text) || self.causes.iter().any(|cause| cause.message.contains(text)))
        };
        if self.code >= 400 && says(TOO_LARGE_TEXTS) {
            return Class::TooLarge;
        }
        match self.code {
            401 => Class::Unauthorized,
            403 if says(&["because it is being terminated"]) => Class::Terminating,
            403 if says(QUOTA_TEXTS) => Class::Quota,
            400 | 403 | 422 if says(POLICY_TEXTS) => Class::Policy,
            403 => Class::Forbidden,
            404 if self.details_kind == "namespaces" && self.message.starts_with("namespaces ") => {
                Class::NamespaceMissing
            }
            404 if self.details_name.is_empty() => Class::UnknownKind,
            404 => Class::NotFound,
            408 | 429 | 502 | 503 | 504 => Class::Retry { after: self.retry_after },
            409 if self.causes.iter().any(|cause| cause.reason == "FieldManagerConflict") => Class::Conflict,
            409 if says(&["object is being deleted"]) => Class::Terminating,
            409 if self.reason == "AlreadyExists" => Class::AlreadyExists,
            409 => Class::Race,
            410 => Class::Gone,
            413 => Class::TooLarge,
            422 if says(IMMUTABLE_TEXTS) => Class::Immutable,
            400..=499 => Class::Invalid,
            500 if self.reason == "ServerTimeout" || says(TRANSIENT_TEXTS) => Class::Retry { after: self.retry_after },
            500 if says(INVALID_TEXTS) => Class::Invalid,
            _ => Class::Internal,
        }
    }

    /// The fields that other managers own, when that is what the server complains about.
    pub fn conflicts(&self) -> Vec<FieldConflict> {
        let ours = |cause: &&Cause| cause.reason == "FieldManagerConflict";
        self.causes
            .iter()
            .filter(ours)
            .map(|cause| FieldConflict {
                // conflict with "kubectl" using apps/v1 at …
                manager: cause.message.split('"').nth(1).unwrap_or(&cause.message).to_owned(),
                field: cause.field.clone(),
            })
            .collect()
    }

    /// The field that cannot be changed, when that is what the server complains about.
    pub fn immutable_field(&self) -> Option<&str> {
        let says = |text: &str| IMMUTABLE_TEXTS.iter().any(|words| text.contains(words));
        let cause = self.causes.iter().find(|cause| says(&cause.message));
        cause.map(|cause| cause.field.as_str()).filter(|field| !field.is_empty())
    }
}
