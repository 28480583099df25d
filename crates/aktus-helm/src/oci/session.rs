//! How does one pull log in, ask, and ask again?

use base64::Engine as _;
use reqwest::Url;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;

use super::challenge::{Challenge, trusted_realm};
use super::credentials::{Credentials, Keychain};
use super::digest::Digest;
use super::error::{ErrorBody, PullError, printable};
use super::hosts::host_and_port;
use super::limits::RetryPolicy;
use super::manifest::{self, Content, Document};
use super::reference::Reference;
use super::transport::{Answer, Transport, json_object};

/// The conversation of one pull: one registry, one repository, one login.
pub(super) struct Session<'a> {
    transport: &'a Transport,
    retry: &'a RetryPolicy,
    reference: &'a Reference,
    keychain: &'a dyn Keychain,
    until: Instant,
    base: Url,
    login: Login,
}

/// What is sent as Authorization, and what is still possible when it is refused.
#[derive(Default)]
struct Login {
    authorization: Option<HeaderValue>,
    credentials: Option<Credentials>,
    /// The authorization has been accepted at least once, so a later 401 means that it ran out.
    proven: bool,
    /// The one refresh of a proven token has been used.
    refreshed: bool,
    /// The one request for newer credentials has been used.
    renewed: bool,
}

/// A manifest document with the digest of its bytes.
pub(super) struct Fetched {
    pub(super) digest: Digest,
    pub(super) document: Document,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        transport: &'a Transport,
        retry: &'a RetryPolicy,
        reference: &'a Reference,
        keychain: &'a dyn Keychain,
        until: Instant,
    ) -> Result<Session<'a>, PullError> {
        let base = transport.rules.registry_url(reference.host()).ok_or_else(|| PullError::Client {
            cause: format!("the registry {} is no address", reference.registry()),
        })?;
        Ok(Session { transport, retry, reference, keychain, until, base, login: Login::default() })
    }

    /// The manifest or index under a tag or digest, verified against the digest if that is what was asked for and
    /// against the registry's `Docker-Content-Digest`.
    pub(super) async fn manifest(&mut self, wanted: &str) -> Result<Fetched, PullError> {
        let path = format!("manifests/{wanted}");
        let what = format!("manifest {wanted} of {}", self.reference.repository());
        let mut tries = Tries::new(self.retry, self.until, &path);
        loop {
            match self.manifest_once(&path, wanted, &what).await {
                Ok(fetched) => return Ok(fetched),
                Err(error) => tries.pause(self.reference.registry(), error).await?,
            }
        }
    }

    async fn manifest_once(&mut self, path: &str, wanted: &str, what: &str) -> Result<Fetched, PullError> {
        let answer = self.get(path, Some(manifest::ACCEPT)).await?;
        if !answer.status().is_success() {
            return Err(self.refusal(answer, Wanted::Manifest(wanted)).await);
        }
        let header = answer.header("docker-content-digest").map(str::to_owned).filter(|header| !header.is_empty());
        let content_type = answer.media_type();
        let limits = &self.transport.limits;
        let bytes = answer.body(what, limits.manifest).await?;

        let own = Digest::sha256(&bytes);
        let mismatch =
            |expected: Digest, found: Digest| PullError::DigestMismatch { what: what.to_owned(), expected, found };
        // A tag has no colon, a digest always has one.
        let pinned = wanted.contains(':').then(|| Digest::parse(wanted)).and_then(Result::ok);
        let digest = match pinned {
            Some(pinned) => {
                let found = pinned.of_same_kind(&bytes);
                if found != pinned {
                    return Err(mismatch(pinned, found));
                }
                pinned
            }
            None => own,
        };
        if let Some(header) = header {
            let claimed = Digest::parse(&header)
                .map_err(|_| PullError::DigestHeader { what: what.to_owned(), found: printable(&header, 100) })?;
            let found = claimed.of_same_kind(&bytes);
            if found != claimed {
                return Err(mismatch(claimed, found));
            }
        }
        let document = manifest::read(what, &bytes, content_type.as_deref(), limits)?;
        Ok(Fetched { digest, document })
    }

    /// Content named by a manifest, verified before it is given out.
    pub(super) async fn blob(&mut self, what: &'static str, content: &Content) -> Result<Vec<u8>, PullError> {
        let path = format!("blobs/{}", content.digest);
        let mut tries = Tries::new(self.retry, self.until, &path);
        loop {
            match self.blob_once(&path, what, content).await {
                Ok(bytes) => return Ok(bytes),
                Err(error) => tries.pause(self.reference.registry(), error).await?,
            }
        }
    }

    async fn blob_once(&mut self, path: &str, what: &'static str, content: &Content) -> Result<Vec<u8>, PullError> {
        let answer = self.get(path, None).await?;
        if !answer.status().is_success() {
            return Err(self.refusal(answer, Wanted::Blob(what, &content.digest)).await);
        }
        let shown = format!("{what} of {}", self.reference.repository());
        answer.verified(&shown, &content.digest, content.size).await
    }

    /// Every tag of the repository, as the registry orders them.
    pub(super) async fn tags(&mut self) -> Result<Vec<String>, PullError> {
        let what = format!("the tag list of {}", self.reference.repository());
        let limits = &self.transport.limits;
        let mut tags = Vec::new();
        let mut path = "tags/list?n=1000".to_owned();
        for _page in 0..limits.tag_pages {
            let mut tries = Tries::new(self.retry, self.until, &path);
            let (names, next) = loop {
                match self.tag_page(&path, &what).await {
                    Ok(page) => break page,
                    Err(error) => tries.pause(self.reference.registry(), error).await?,
                }
            };
            tags.extend(names);
            if tags.len() > limits.tags {
                return Err(PullError::TooMany { what, limit: limits.tags, items: "tags" });
            }
            match next {
                Some(next) => path = next,
                None => return Ok(tags),
            }
        }
        Err(PullError::TooMany { what, limit: limits.tag_pages, items: "pages" })
    }

    async fn tag_page(&mut self, path: &str, what: &str) -> Result<(Vec<String>, Option<String>), PullError> {
        #[derive(serde::Deserialize)]
        struct Page {
            #[serde(default)]
            tags: Option<Vec<String>>,
        }
        let answer = self.get(path, Some("application/json")).await?;
        if !answer.status().is_success() {
            return Err(self.refusal(answer, Wanted::Tags).await);
        }
        let next = answer.header("link").and_then(next_link).map(str::to_owned);
        let answered_at = answer.url.clone();
        let body = answer.body(what, self.transport.limits.tag_page).await?;
        let page: Page = json_object(&body).map_err(|cause| PullError::TagList { what: what.to_owned(), cause })?;
        let next = match next {
            None => None,
            Some(next) => Some(self.same_list(&answered_at, &next).ok_or_else(|| PullError::TagList {
                what: what.to_owned(),
                cause: format!("its next page is {}, which is not on this registry", printable(&next, 100)),
            })?),
        };
        Ok((page.tags.unwrap_or_default(), next))
    }

    /// The next page's address, relative to the repository, if it is this registry's tag list.
    fn same_list(&self, current: &Url, next: &str) -> Option<String> {
        let next = current.join(next).ok()?;
        if !super::hosts::same_origin(&next, &self.base) {
            return None;
        }
        let prefix = format!("/v2/{}/", self.reference.repository());
        let rest = next.path().strip_prefix(&prefix).filter(|rest| *rest == "tags/list")?;
        Some(format!("{rest}?{}", next.query().unwrap_or_default()))
    }

    /// One GET below `/v2/REPOSITORY/`, with a login if the registry asks for one.
    async fn get(&mut self, path: &str, accept: Option<&str>) -> Result<Answer, PullError> {
        let address = format!("v2/{}/{path}", self.reference.repository());
        let url = self.base.join(&address).map_err(|error| PullError::Client { cause: error.to_string() })?;
        loop {
            let answer = self.transport.get(&url, accept, self.login.authorization.as_ref(), self.until).await?;
            if answer.left_origin {
                // Where content lies elsewhere, the address itself carries the permission; ours is not offered.
                return Ok(answer);
            }
            match answer.status().as_u16() {
                401 => {
                    let challenges = super::challenge::parse(answer.header_values("www-authenticate"));
                    let said = answer.error_body(self.transport.limits.error_body).await;
                    self.log_in(&challenges, &said).await?;
                }
                400 | 403 if self.login.authorization.is_some() && !self.login.renewed => {
                    let status = answer.status().as_u16();
                    let host = answer.host();
                    let shown = super::hosts::without_query(&answer.url);
                    let said = answer.error_body(self.transport.limits.error_body).await;
                    if !(said.says_expired() && self.renew().await?) {
                        return Err(self.denied(status, host, shown, said));
                    }
                }
                status => {
                    self.login.proven |= self.login.authorization.is_some() && (200..300).contains(&status);
                    return Ok(answer);
                }
            }
        }
    }

    /// Answers a 401. Each way to log in is tried once; what is then still refused is an error.
    async fn log_in(&mut self, challenges: &[Challenge], said: &ErrorBody) -> Result<(), PullError> {
        if self.login.authorization.is_some() {
            let ran_out = self.login.proven && !self.login.refreshed;
            let bearer = challenges.iter().any(|challenge| matches!(challenge, Challenge::Bearer { .. }));
            if ran_out && bearer {
                // The token has run out; the credentials behind it may still be good.
                self.login.refreshed = true;
            } else if !self.ask_for_newer_credentials().await? {
                return Err(self.login_refused(&said.detail));
            }
            self.login.authorization = None;
            self.login.proven = false;
        }
        loop {
            match self.authorize(challenges).await {
                Ok(authorization) => {
                    self.login.authorization = Some(authorization);
                    return Ok(());
                }
                // A token server may know sooner than the registry that credentials have run out.
                Err(error @ PullError::LoginRefused { .. }) => {
                    if !self.ask_for_newer_credentials().await? {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Replaces expired Basic credentials. False when there are no newer ones.
    async fn renew(&mut self) -> Result<bool, PullError> {
        if !self.ask_for_newer_credentials().await? {
            return Ok(false);
        }
        // The next 401 tells which scheme to use.
        self.login.authorization = None;
        self.login.proven = false;
        Ok(true)
    }

    async fn ask_for_newer_credentials(&mut self) -> Result<bool, PullError> {
        if std::mem::replace(&mut self.login.renewed, true) {
            return Ok(false);
        }
        let registry = self.reference.registry();
        match self.keychain.renewed(registry).await {
            Ok(Some(credentials)) => {
                self.login.credentials = Some(credentials);
                Ok(true)
            }
            Ok(None) => Ok(false),
            Err(error) => Err(PullError::Keychain { registry: registry.to_owned(), cause: error.message }),
        }
    }

    async fn authorize(&mut self, challenges: &[Challenge]) -> Result<HeaderValue, PullError> {
        let registry = self.reference.registry();
        if self.login.credentials.is_none() {
            let credentials = self
                .keychain
                .credentials(registry)
                .await
                .map_err(|error| PullError::Keychain { registry: registry.to_owned(), cause: error.message })?;
            self.login.credentials = Some(credentials);
        }
        let credentials = self.login.credentials.clone().unwrap_or(Credentials::Anonymous);
        let bearer = challenges.iter().find_map(|challenge| match challenge {
            Challenge::Bearer { realm, service } => Some((realm, service)),
            Challenge::Basic | Challenge::Other(_) => None,
        });
        if let Some((realm, service)) = bearer {
            return self.token(realm, service.as_deref(), &credentials).await;
        }
        if !challenges.contains(&Challenge::Basic) {
            let offered: Vec<&str> = challenges
                .iter()
                .filter_map(|challenge| match challenge {
                    Challenge::Other(scheme) => Some(scheme.as_str()),
                    Challenge::Basic | Challenge::Bearer { .. } => None,
                })
                .collect();
            return Err(PullError::UnsupportedLogin {
                registry: registry.to_owned(),
                offered: if offered.is_empty() { "none".to_owned() } else { printable(&offered.join(", "), 100) },
            });
        }
        basic(registry, &credentials)?.ok_or_else(|| self.login_refused(""))
    }

    /// A token for reading this repository, from the registry's token server (the distribution project's token
    /// authentication). The scope is always ours, never the one the registry proposes.
    async fn token(
        &self,
        realm: &str,
        service: Option<&str>,
        credentials: &Credentials,
    ) -> Result<HeaderValue, PullError> {
        #[derive(serde::Deserialize)]
        struct Token {
            token: Option<String>,
            access_token: Option<String>,
        }
        let registry = self.reference.registry();
        let mut url = trusted_realm(realm, &self.base, &self.transport.rules)
            .map_err(|realm| PullError::UntrustedRealm { realm, registry: registry.to_owned() })?;
        url.query_pairs_mut()
            .extend_pairs(service.map(|service| ("service", service)))
            .append_pair("scope", &format!("repository:{}:pull", self.reference.repository()));
        let host = host_and_port(&url);
        let unusable = |cause: String| PullError::Token { registry: registry.to_owned(), host: host.clone(), cause };

        let authorization = basic(registry, credentials)?;
        let limits = &self.transport.limits;
        let answer = self.transport.get(&url, Some("application/json"), authorization.as_ref(), self.until).await?;
        match answer.status().as_u16() {
            200..300 => {}
            400 | 401 | 403 => {
                let said = answer.error_body(limits.error_body).await;
                return Err(self.login_refused(&said.detail));
            }
            _ => return Err(self.refusal(answer, Wanted::Token).await),
        }
        let body = answer.body("the token server's answer", limits.token).await?;
        // serde_json's message quotes what it met, which may be a token.
        let answer: Token =
            json_object(&body).map_err(|_| unusable("it is not a JSON object with a token".to_owned()))?;
        let token = answer
            .token
            .or(answer.access_token)
            .filter(|token| !token.is_empty())
            .map(SecretString::from)
            .ok_or_else(|| unusable("it has no token".to_owned()))?;
        sensitive(&format!("Bearer {}", token.expose_secret()))
            .ok_or_else(|| unusable("the token has characters no header can carry".to_owned()))
    }

    fn login_refused(&self, detail: &str) -> PullError {
        let registry = self.reference.registry().to_owned();
        let repository = self.reference.repository().to_owned();
        let detail = detail.to_owned();
        if matches!(self.login.credentials, Some(Credentials::Basic { .. })) {
            PullError::LoginRefused { registry, repository, detail }
        } else {
            PullError::LoginRequired { registry, repository, detail }
        }
    }

    /// Turns an unsuccessful answer into its error.
    async fn refusal(&self, answer: Answer, wanted: Wanted<'_>) -> PullError {
        let status = answer.status().as_u16();
        let host = answer.host();
        let shown = super::hosts::without_query(&answer.url);
        let wait = answer.retry_after();
        let elsewhere = answer.left_origin;
        let said = answer.error_body(self.transport.limits.error_body).await;
        let registry = self.reference.registry().to_owned();
        let repository = self.reference.repository().to_owned();
        match (status, wanted) {
            (429, _) => PullError::RateLimited { host, wait },
            _ if said.has("TOOMANYREQUESTS") => PullError::RateLimited { host, wait },
            (408 | 500 | 502 | 503 | 504, _) => PullError::Server { host, status, detail: said.detail, wait },
            (404, Wanted::Manifest(_) | Wanted::Tags) if said.has("NAME_UNKNOWN") => {
                PullError::RepositoryNotFound { registry, repository, detail: said.detail }
            }
            (404, Wanted::Tags) => PullError::RepositoryNotFound { registry, repository, detail: said.detail },
            (404, Wanted::Manifest(wanted)) => {
                PullError::ManifestNotFound { registry, repository, wanted: wanted.to_owned(), detail: said.detail }
            }
            (404, Wanted::Blob(what, digest)) if !elsewhere => {
                PullError::BlobNotFound { registry, repository, what, digest: digest.to_string() }
            }
            (status, Wanted::Manifest(_) | Wanted::Tags | Wanted::Blob(..)) if !elsewhere => {
                self.denied(status, host, shown, said)
            }
            (status, _) => PullError::UnexpectedStatus { url: shown, status, detail: said.detail },
        }
    }

    fn denied(&self, status: u16, host: String, url: String, said: ErrorBody) -> PullError {
        let registry = self.reference.registry().to_owned();
        let repository = self.reference.repository().to_owned();
        match status {
            _ if said.has("TOOMANYREQUESTS") => PullError::RateLimited { host, wait: None },
            400 | 403 if said.says_expired() => PullError::LoginRefused { registry, repository, detail: said.detail },
            403 => PullError::Forbidden { registry, repository, detail: said.detail },
            _ if said.has("DENIED") => PullError::Forbidden { registry, repository, detail: said.detail },
            status => PullError::UnexpectedStatus { url, status, detail: said.detail },
        }
    }
}

/// What was asked for, so that a 404 is named rightly.
#[derive(Clone, Copy)]
enum Wanted<'a> {
    Manifest(&'a str),
    Blob(&'static str, &'a Digest),
    Tags,
    Token,
}

/// `Basic base64(user:password)`, or nothing for anonymous callers.
fn basic(registry: &str, credentials: &Credentials) -> Result<Option<HeaderValue>, PullError> {
    let Credentials::Basic { username, password } = credentials else { return Ok(None) };
    let unusable = |cause| PullError::UnusableCredentials { registry: registry.to_owned(), cause };
    if username.contains(':') {
        return Err(unusable("the user name contains a colon"));
    }
    let password = password.expose_secret();
    if username.chars().chain(password.chars()).any(char::is_control) {
        return Err(unusable("user name or password contains a control character, for instance a line end"));
    }
    let pair = SecretString::from(format!("{username}:{password}"));
    let encoded = base64::engine::general_purpose::STANDARD.encode(pair.expose_secret());
    sensitive(&format!("Basic {encoded}")).map(Some).ok_or_else(|| unusable("they make no valid header"))
}

/// A header value that the HTTP client never shows.
fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The address in `Link: <address>; rel="next"` (RFC 8288, as far as registries use it).
fn next_link(header: &str) -> Option<&str> {
    header.split(',').find_map(|link| {
        let (address, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = parameters.split(';').any(|parameter| {
            parameter.trim().split_once('=').is_some_and(|(name, value)| {
                name.trim().eq_ignore_ascii_case("rel") && value.trim().trim_matches('"') == "next"
            })
        });
        is_next.then_some(address)
    })
}

/// How often one request has been tried, and when it may be again.
struct Tries<'a> {
    policy: &'a RetryPolicy,
    until: Instant,
    done: u32,
    seed: u64,
}

impl<'a> Tries<'a> {
    fn new(policy: &'a RetryPolicy, until: Instant, path: &str) -> Tries<'a> {
        // FNV-1a; requests for different things pause for different times, and runs repeat.
        let seed = path
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Tries { policy, until, done: 0, seed }
    }

    /// Waits until the request may be tried again, or gives the error back.
    async fn pause(&mut self, registry: &str, error: PullError) -> Result<(), PullError> {
        self.done += 1;
        if let PullError::Deadline { .. } = error {
            return Err(PullError::Deadline { registry: registry.to_owned(), last: None });
        }
        if !error.is_transient() || self.done >= self.policy.tries {
            return Err(error);
        }
        let ours = self.policy.first_pause.saturating_mul(1 << (self.done - 1).min(16)).min(self.policy.longest_pause);
        // Between half of the pause and all of it.
        let jitter = (self.seed.rotate_left(self.done * 7) % 512) as u32;
        let ours = ours / 2 + ours / 1024 * jitter;
        let pause = error.wait().map_or(ours, |asked| asked.max(ours));
        let fits = Instant::now().checked_add(pause).is_some_and(|then| then < self.until);
        if !fits {
            // A wait the registry asked for is the better message; our own pause is cut short by the deadline.
            return Err(match error {
                PullError::RateLimited { wait: Some(_), .. } | PullError::Server { wait: Some(_), .. } => error,
                error => PullError::Deadline { registry: registry.to_owned(), last: Some(Box::new(error)) },
            });
        }
        tracing::debug!(registry, %error, ?pause, "trying again");
        tokio::time::sleep(pause).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_the_next_page() {
        for (header, expected) in [
            ("</v2/a/tags/list?n=2&last=b>; rel=\"next\"", Some("/v2/a/tags/list?n=2&last=b")),
            ("<x>; rel=next", Some("x")),
            ("<x>; rel=\"prev\", <y>; title=\"t\"; rel=\"next\"", Some("y")),
            ("<x>; rel=\"prev\"", None),
            ("<x>", None),
            ("x; rel=\"next\"", None),
            ("", None),
        ] {
            assert_eq!(next_link(header), expected, "{header}");
        }
    }

    #[test]
    fn basic_credentials() {
        let basic_of = |username: &str, password: &str| {
            let password = SecretString::from(password.to_owned());
            basic("r", &Credentials::Basic { username: username.to_owned(), password })
        };
        let value = basic_of("AWS", "pa:ss wört").unwrap().unwrap();
        assert_eq!(value.to_str().unwrap(), "Basic QVdTOnBhOnNzIHfDtnJ0");
        assert!(!format!("{value:?}").contains("QVdT"));
        assert!(basic_of("a:b", "c").is_err());
        assert!(basic_of("a", "c\r\nX-Header: 1").is_err());
        assert!(basic("r", &Credentials::Anonymous).unwrap().is_none());
    }
}
