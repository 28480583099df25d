//! Why was the chart not pulled, and what can be done?

use std::time::Duration;

use super::digest::Digest;
use super::reference::ReferenceError;

/// Why a chart could not be pulled. Messages name the object, the cause and the next step; they hold no
/// credentials, no query strings, and no control characters a registry sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PullError {
    /// The reference cannot be used.
    #[error(transparent)]
    Reference(#[from] ReferenceError),

    /// An address that is not asked.
    #[error("{address} is not asked: {cause}")]
    Address {
        /// The address.
        address: String,
        /// Why not.
        cause: String,
    },

    /// The HTTP client could not be set up, for instance because a certificate authority is not PEM.
    #[error("the registry client could not be set up: {cause}")]
    Client {
        /// What the HTTP library says.
        cause: String,
    },

    /// No connection: the name does not resolve, or nobody listens.
    #[error("registry host {host} cannot be reached: {cause}; check its name, the network and any firewall")]
    Unreachable {
        /// `host:port`.
        host: String,
        /// What the network says.
        cause: String,
    },

    /// The TLS handshake failed. Plain HTTP is never tried instead.
    #[error(
        "registry host {host} has no TLS certificate to trust: {cause}; add its certificate authority, or list the \
         host for plain HTTP if it offers no TLS"
    )]
    Tls {
        /// `host:port`.
        host: String,
        /// What TLS says.
        cause: String,
    },

    /// A host was silent for too long.
    #[error("{host} was silent for {limit:?} while {activity}; try again, or check the network")]
    Timeout {
        /// `host:port`.
        host: String,
        /// What was being done.
        activity: &'static str,
        /// The time that passed.
        limit: Duration,
    },

    /// The caller's deadline came first.
    #[error("time ran out while pulling from {registry}{}", last_problem(.last.as_deref()))]
    Deadline {
        /// The registry.
        registry: String,
        /// What had gone wrong before, if anything.
        last: Option<Box<PullError>>,
    },

    /// The connection ended in the middle of an answer, or the answer was not HTTP.
    #[error("{host} broke off its answer: {cause}; try again")]
    Interrupted {
        /// `host:port`.
        host: String,
        /// What was missing.
        cause: String,
    },

    /// The registry demands a login and there are no credentials.
    #[error("registry {registry} demands a login for {repository}{}; give credentials for it", quoted(.detail))]
    LoginRequired {
        /// The registry.
        registry: String,
        /// The repository.
        repository: String,
        /// What the registry says.
        detail: String,
    },

    /// The registry does not accept the credentials.
    #[error(
        "registry {registry} refused the credentials for {repository}{}; check user name and password, and that the \
         token is fresh and for this registry's region",
        quoted(.detail)
    )]
    LoginRefused {
        /// The registry.
        registry: String,
        /// The repository.
        repository: String,
        /// What the registry says.
        detail: String,
    },

    /// The keychain failed.
    #[error("no credentials for registry {registry}: {cause}")]
    Keychain {
        /// The registry.
        registry: String,
        /// What the keychain says.
        cause: String,
    },

    /// Credentials that HTTP cannot carry.
    #[error("the credentials for registry {registry} cannot be sent: {cause}")]
    UnusableCredentials {
        /// The registry.
        registry: String,
        /// What is wrong with them.
        cause: &'static str,
    },

    /// The login scheme is none this client speaks.
    #[error("registry {registry} offers no login this client speaks ({offered}); Basic and Bearer are understood")]
    UnsupportedLogin {
        /// The registry.
        registry: String,
        /// What it offers.
        offered: String,
    },

    /// The registry sends the caller to a token server elsewhere. Nothing was sent there.
    #[error(
        "token realm host {realm} is not trusted for registry {registry}; if it belongs to this registry, add it to \
         the trusted hosts"
    )]
    UntrustedRealm {
        /// Scheme, host and port of the realm, or the text if it is no address.
        realm: String,
        /// The registry.
        registry: String,
    },

    /// A token server answered with something else than a token.
    #[error("token server {host} of registry {registry} gave no usable token: {cause}")]
    Token {
        /// The registry.
        registry: String,
        /// `host:port` of the token server.
        host: String,
        /// What is wrong.
        cause: String,
    },

    /// Logged in, but not allowed.
    #[error(
        "registry {registry} denies permission to read {repository}{}; the account needs pull permission (for AWS \
         Marketplace charts a subscription)",
        quoted(.detail)
    )]
    Forbidden {
        /// The registry.
        registry: String,
        /// The repository.
        repository: String,
        /// What the registry says.
        detail: String,
    },

    /// The repository exists, the tag or digest does not.
    #[error("{repository} in registry {registry} has no {wanted}{}; check the version", quoted(.detail))]
    ManifestNotFound {
        /// The registry.
        registry: String,
        /// The repository.
        repository: String,
        /// The tag or digest.
        wanted: String,
        /// What the registry says.
        detail: String,
    },

    /// The registry knows no such repository.
    #[error("registry {registry} has no repository {repository}{}; check the path", quoted(.detail))]
    RepositoryNotFound {
        /// The registry.
        registry: String,
        /// The repository.
        repository: String,
        /// What the registry says.
        detail: String,
    },

    /// The manifest names content the registry does not have.
    #[error("registry {registry} has lost {what} {digest} of {repository}; push the chart again")]
    BlobNotFound {
        /// The registry.
        registry: String,
        /// The repository.
        repository: String,
        /// What the content is.
        what: &'static str,
        /// Its digest.
        digest: String,
    },

    /// Too many requests, even after waiting, or a longer wait than there is time for.
    #[error("registry host {host} limits the rate of requests{}; try again later", wait_asked(*.wait))]
    RateLimited {
        /// `host:port`.
        host: String,
        /// How long it asks to wait.
        wait: Option<Duration>,
    },

    /// The registry has an internal problem.
    #[error("registry host {host} failed with status {status}{}; try again later", quoted(.detail))]
    Server {
        /// `host:port`.
        host: String,
        /// The HTTP status.
        status: u16,
        /// What it says.
        detail: String,
        /// How long it asks to wait.
        wait: Option<Duration>,
    },

    /// A status that has no meaning here.
    #[error("{url} answered with status {status}{}", quoted(.detail))]
    UnexpectedStatus {
        /// The address without its query.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What the answer says.
        detail: String,
    },

    /// A redirect that is not followed.
    #[error("redirect not followed: {problem} ({})", .chain.join(" → "))]
    Redirect {
        /// The addresses so far, without their queries, the refused one last.
        chain: Vec<String>,
        /// Why.
        problem: RedirectProblem,
    },

    /// The content is not what its digest says. None of it was used.
    #[error("digest mismatch for {what}: want {expected}, got {found}; do not use this content, tell its publisher")]
    DigestMismatch {
        /// What the content is.
        what: String,
        /// The digest asked for.
        expected: Digest,
        /// The digest of what came.
        found: Digest,
    },

    /// The content is longer or shorter than its descriptor says.
    #[error("size mismatch for {what}: its descriptor says {expected} bytes, the registry sent {found}")]
    SizeMismatch {
        /// What the content is.
        what: String,
        /// Bytes announced.
        expected: u64,
        /// Bytes that came, `expected + 1` when reading stopped there.
        found: u64,
    },

    /// A header that should name the content's digest cannot be checked.
    #[error("the registry's Docker-Content-Digest \"{found}\" for {what} is not a digest")]
    DigestHeader {
        /// What the content is.
        what: String,
        /// The header, shortened.
        found: String,
    },

    /// Larger than a limit.
    #[error("{what} is larger than {limit} bytes; raise the limit if it is meant to be")]
    TooLarge {
        /// What the content is.
        what: String,
        /// The limit in bytes.
        limit: u64,
    },

    /// More items than a limit.
    #[error("{what} has more than {limit} {items}")]
    TooMany {
        /// What holds them.
        what: String,
        /// The limit.
        limit: usize,
        /// What is counted.
        items: &'static str,
    },

    /// Something else than expected, a login page for instance.
    #[error("{what}: expected {expected}, got {found}")]
    MediaType {
        /// What was asked for.
        what: String,
        /// What would do.
        expected: &'static str,
        /// The media type that came.
        found: String,
    },

    /// The answer is encoded (gzip, br), although this client asks for none; its digest cannot be checked.
    #[error("{what} came with Content-Encoding {found}; a proxy changes the registry's answers, go round it")]
    ContentEncoding {
        /// What was asked for.
        what: String,
        /// The encoding.
        found: String,
    },

    /// The manifest breaks the OCI image specification.
    #[error("{what} is not a usable manifest: {cause}")]
    Manifest {
        /// Which manifest.
        what: String,
        /// What is wrong.
        cause: String,
    },

    /// The tag list breaks the OCI distribution specification.
    #[error("{what} cannot be used: {cause}")]
    TagList {
        /// Which list.
        what: String,
        /// What is wrong.
        cause: String,
    },

    /// The manifest is not that of a Helm chart.
    #[error("{what} is not a Helm chart: {cause}")]
    NotAChart {
        /// Which manifest.
        what: String,
        /// Media types found.
        cause: String,
    },

    /// Reference and version disagree. The text is Helm's.
    #[error("chart reference and version mismatch: {version} is not {tag}")]
    VersionMismatch {
        /// The version asked for.
        version: String,
        /// The version in the reference.
        tag: String,
    },

    /// No tag is a version. The text is Helm's.
    #[error("unable to locate any tags in provided repository: {reference}")]
    NoVersions {
        /// The reference.
        reference: String,
    },

    /// No tag satisfies the constraint. The text is Helm's.
    #[error("could not locate a version matching provided version string {constraint}")]
    NoMatchingVersion {
        /// The constraint.
        constraint: String,
    },

    /// The version is neither a version nor a constraint. The text is Helm's.
    #[error("{cause}")]
    Constraint {
        /// The text.
        constraint: String,
        /// What is wrong with it.
        cause: String,
    },

    /// The tag stands for other content than the digest beside it. The text is Helm's.
    #[error("chart reference digest mismatch: {found} is not {expected}")]
    PinMismatch {
        /// The digest the tag has.
        found: Digest,
        /// The digest in the reference.
        expected: Digest,
    },
}

/// Why a redirect is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedirectProblem {
    /// More hops than the limit.
    #[error("too many redirects")]
    TooMany,
    /// A redirect status without a Location.
    #[error("there is no Location")]
    NoLocation,
    /// A Location that is no address.
    #[error("the Location is not a valid address")]
    BadLocation,
    /// A scheme other than https and http.
    #[error("the scheme is neither https nor http")]
    Scheme,
    /// From https to http.
    #[error("it leads from https to http")]
    Downgrade,
    /// To http on a host that is not listed for plain HTTP.
    #[error("it leads to plain http on a host that is not listed for it")]
    PlainHttp,
    /// An address with a user name or password in it.
    #[error("the address contains credentials")]
    Userinfo,
    /// To the machine itself, to its network, or to a cloud's metadata service.
    #[error("it leads to an internal address that is not among the trusted hosts")]
    InternalAddress,
}

/// Kinds of pull failure, for exit codes and decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PullClass {
    /// The caller's input: reference, version, settings.
    Input,
    /// The registry could not be reached or did not answer in time.
    Unreachable,
    /// No or wrong credentials.
    Login,
    /// Right credentials without permission.
    Permission,
    /// No such repository, version or content.
    NotFound,
    /// The registry is overloaded or broken.
    Registry,
    /// The content is not what it should be; refused for safety.
    Integrity,
    /// Beyond a limit.
    Limit,
}

impl PullError {
    /// The kind of failure.
    pub fn class(&self) -> PullClass {
        match self {
            PullError::Reference(_)
            | PullError::Client { .. }
            | PullError::Address { .. }
            | PullError::VersionMismatch { .. }
            | PullError::Constraint { .. } => PullClass::Input,
            PullError::Unreachable { .. }
            | PullError::Tls { .. }
            | PullError::Timeout { .. }
            | PullError::Deadline { .. }
            | PullError::Interrupted { .. } => PullClass::Unreachable,
            PullError::LoginRequired { .. }
            | PullError::LoginRefused { .. }
            | PullError::Keychain { .. }
            | PullError::UnusableCredentials { .. }
            | PullError::UnsupportedLogin { .. }
            | PullError::UntrustedRealm { .. }
            | PullError::Token { .. } => PullClass::Login,
            PullError::Forbidden { .. } => PullClass::Permission,
            PullError::ManifestNotFound { .. }
            | PullError::RepositoryNotFound { .. }
            | PullError::BlobNotFound { .. }
            | PullError::NoVersions { .. }
            | PullError::NoMatchingVersion { .. } => PullClass::NotFound,
            PullError::RateLimited { .. } | PullError::Server { .. } | PullError::UnexpectedStatus { .. } => {
                PullClass::Registry
            }
            PullError::Redirect { .. }
            | PullError::DigestMismatch { .. }
            | PullError::SizeMismatch { .. }
            | PullError::DigestHeader { .. }
            | PullError::MediaType { .. }
            | PullError::ContentEncoding { .. }
            | PullError::Manifest { .. }
            | PullError::TagList { .. }
            | PullError::NotAChart { .. }
            | PullError::PinMismatch { .. } => PullClass::Integrity,
            PullError::TooLarge { .. } | PullError::TooMany { .. } => PullClass::Limit,
        }
    }

    /// Whether the same request may succeed a little later.
    pub(super) fn is_transient(&self) -> bool {
        matches!(
            self,
            PullError::Unreachable { .. }
                | PullError::Timeout { .. }
                | PullError::Interrupted { .. }
                | PullError::RateLimited { .. }
                | PullError::Server { .. }
        )
    }

    /// How long the registry asks to wait.
    pub(super) fn wait(&self) -> Option<Duration> {
        match self {
            PullError::RateLimited { wait, .. } | PullError::Server { wait, .. } => *wait,
            _ => None,
        }
    }
}

fn last_problem(last: Option<&PullError>) -> String {
    last.map_or_else(String::new, |last| format!("; the last problem was: {last}"))
}

fn quoted(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(" (it says: {detail})") }
}

fn wait_asked(wait: Option<Duration>) -> String {
    wait.map_or_else(String::new, |wait| format!(" and asks to wait {} s", wait.as_secs()))
}

/// What an error body of the OCI distribution API says: `{"errors":[{"code","message"}]}`.
#[derive(Debug, Default, Clone)]
pub(super) struct ErrorBody {
    pub(super) codes: Vec<String>,
    pub(super) detail: String,
}

impl ErrorBody {
    /// Reads as much as there is; a body of another form gives an empty detail.
    pub(super) fn read(body: &[u8]) -> ErrorBody {
        #[derive(serde::Deserialize)]
        struct Envelope {
            #[serde(default)]
            errors: Vec<Problem>,
            #[serde(default)]
            details: Option<String>,
        }
        #[derive(serde::Deserialize)]
        struct Problem {
            #[serde(default)]
            code: String,
            #[serde(default)]
            message: String,
        }
        let Ok(envelope) = super::transport::json_object::<Envelope>(body) else { return ErrorBody::default() };
        let mut detail = String::new();
        for problem in envelope.errors.iter().take(3) {
            let separator = if detail.is_empty() { "" } else { "; " };
            detail.push_str(separator);
            detail.push_str(&printable(&problem.code, 60));
            if !problem.message.is_empty() {
                detail.push_str(": ");
                detail.push_str(&printable(&problem.message, 200));
            }
        }
        if detail.is_empty() {
            detail = envelope.details.as_deref().map(|text| printable(text, 200)).unwrap_or_default();
        }
        ErrorBody { codes: envelope.errors.into_iter().map(|problem| problem.code).take(16).collect(), detail }
    }

    pub(super) fn has(&self, code: &str) -> bool {
        self.codes.iter().any(|found| found == code)
    }

    /// Whether a refusal is about a token that has run out (ECR answers 400 or 403 then, not 401).
    pub(super) fn says_expired(&self) -> bool {
        self.detail.to_ascii_lowercase().contains("expired")
    }
}

/// Foreign text for a message: shortened, without control characters.
pub(super) fn printable(text: &str, longest: usize) -> String {
    let mut shown: String =
        text.chars().map(|character| if character.is_control() { ' ' } else { character }).take(longest).collect();
    if text.chars().nth(longest).is_some() {
        shown.push('…');
    }
    shown
}
