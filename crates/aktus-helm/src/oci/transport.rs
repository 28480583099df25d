//! How does one GET get its answer, within bounds of time, size and trust?

use std::error::Error as _;
use std::time::Duration;

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, HeaderValue, LOCATION,
};
use reqwest::{StatusCode, Url};
use tokio::time::Instant;

use super::PullerOptions;
use super::digest::Digest;
use super::error::{ErrorBody, PullError, RedirectProblem};
use super::hosts::{HostRules, host_and_port, same_origin, without_query};
use super::limits::{PullLimits, Timeouts};

/// The HTTP client and the rules it keeps.
pub(super) struct Transport {
    client: reqwest::Client,
    pub(super) rules: HostRules,
    pub(super) limits: PullLimits,
    timeouts: Timeouts,
}

impl Transport {
    pub(super) fn new(options: &PullerOptions) -> Result<Transport, PullError> {
        let broken = |error: reqwest::Error| PullError::Client { cause: cause_of(&error) };
        // The environment's proxies are not ours to read, redirects are followed by hand, and bodies are hashed as
        // they are sent, so the client does none of that by itself.
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(options.timeouts.connect)
            .user_agent(options.user_agent.as_str());
        if let Some(proxy) = &options.proxy {
            builder = builder.proxy(proxy.build()?);
        }
        for pem in &options.certificate_authorities {
            for certificate in reqwest::Certificate::from_pem_bundle(pem).map_err(broken)? {
                builder = builder.add_root_certificate(certificate);
            }
        }
        Ok(Transport {
            client: builder.build().map_err(broken)?,
            rules: HostRules::new(&options.plain_http_hosts, &options.trusted_hosts),
            limits: options.limits.clone(),
            timeouts: options.timeouts.clone(),
        })
    }

    /// One GET, redirects included. `authorization` goes to the origin of `url` only: once a redirect has left it,
    /// it is not sent again, not even back to the origin.
    pub(super) async fn get(
        &self,
        url: &Url,
        accept: Option<&str>,
        authorization: Option<&HeaderValue>,
        until: Instant,
    ) -> Result<Answer, PullError> {
        let mut current = url.clone();
        let mut chain = vec![without_query(url)];
        let mut left_origin = false;
        loop {
            let mut request = self.client.get(current.clone()).header(ACCEPT_ENCODING, "identity");
            if let Some(accept) = accept {
                request = request.header(ACCEPT, accept);
            }
            if let Some(authorization) = authorization.filter(|_| !left_origin) {
                request = request.header(AUTHORIZATION, authorization);
            }
            let host = host_and_port(&current);
            let response = self
                .within(until, self.timeouts.header, &host, "waiting for its answer", request.send())
                .await?
                .map_err(|error| request_error(&error, &host, &self.timeouts))?;
            tracing::debug!(url = without_query(&current), status = response.status().as_u16(), "registry answered");

            if !is_redirect(response.status()) {
                return Ok(Answer { response, url: current, left_origin, until, idle: self.timeouts.idle });
            }
            let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
            let next = self.rules.redirect(&current, location).map_err(|(shown, problem)| PullError::Redirect {
                chain: chain.iter().cloned().chain((!shown.is_empty()).then_some(shown)).collect(),
                problem,
            })?;
            chain.push(without_query(&next));
            if chain.len() > self.limits.redirects + 1 {
                return Err(PullError::Redirect { chain, problem: RedirectProblem::TooMany });
            }
            left_origin |= !same_origin(url, &next);
            current = next;
        }
    }

    async fn within<T>(
        &self,
        until: Instant,
        limit: Duration,
        host: &str,
        activity: &'static str,
        work: impl Future<Output = T>,
    ) -> Result<T, PullError> {
        within(until, limit, host, activity, work).await
    }
}

/// Runs `work` for at most `limit` and not beyond `until`.
async fn within<T>(
    until: Instant,
    limit: Duration,
    host: &str,
    activity: &'static str,
    work: impl Future<Output = T>,
) -> Result<T, PullError> {
    let now = Instant::now();
    if until <= now {
        return Err(PullError::Deadline { registry: host.to_owned(), last: None });
    }
    let ours = now + limit;
    let at_deadline = until <= ours;
    tokio::time::timeout_at(ours.min(until), work).await.map_err(|_| {
        if at_deadline {
            PullError::Deadline { registry: host.to_owned(), last: None }
        } else {
            PullError::Timeout { host: host.to_owned(), activity, limit }
        }
    })
}

/// An answer whose body has not been read yet.
pub(super) struct Answer {
    response: reqwest::Response,
    pub(super) url: Url,
    /// A redirect led to another origin; credentials were not sent there.
    pub(super) left_origin: bool,
    until: Instant,
    idle: Duration,
}

impl Answer {
    pub(super) fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name).and_then(|value| value.to_str().ok())
    }

    pub(super) fn header_values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.response.headers().get_all(name).iter().filter_map(|value| value.to_str().ok())
    }

    pub(super) fn host(&self) -> String {
        host_and_port(&self.url)
    }

    /// The media type without parameters, in lower case.
    pub(super) fn media_type(&self) -> Option<String> {
        let value = self.header("content-type")?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }

    /// The whole body if it has at most `limit` bytes.
    pub(super) async fn body(mut self, what: &str, limit: u64) -> Result<Vec<u8>, PullError> {
        self.refuse_encoding(what)?;
        let mut body = Vec::new();
        while let Some(piece) = self.piece().await? {
            if body.len() as u64 + piece.len() as u64 > limit {
                return Err(PullError::TooLarge { what: what.to_owned(), limit });
            }
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }

    /// The body if it has exactly `size` bytes and this digest. Nothing is given out before both are known.
    pub(super) async fn verified(mut self, what: &str, digest: &Digest, size: u64) -> Result<Vec<u8>, PullError> {
        self.refuse_encoding(what)?;
        let size_mismatch = |found| PullError::SizeMismatch { what: what.to_owned(), expected: size, found };
        if let Some(announced) = self.announced_length() {
            // A longer body is not worth fetching; what is announced as a whole but shorter can never become right.
            if announced != size {
                return Err(size_mismatch(announced));
            }
        }
        let whole = self.announced_length().is_some();
        let mut body = Vec::new();
        let mut hasher = digest.hasher();
        while let Some(piece) = self.piece().await? {
            if body.len() as u64 + piece.len() as u64 > size {
                return Err(size_mismatch(size.saturating_add(1)));
            }
            hasher.update(&piece);
            body.extend_from_slice(&piece);
        }
        let received = body.len() as u64;
        if received != size && !whole {
            // Without an announced length this may as well be a connection that broke off.
            let cause = format!("{received} of {size} bytes of {what} arrived");
            return Err(PullError::Interrupted { host: self.host(), cause });
        }
        if received != size {
            return Err(size_mismatch(received));
        }
        let found = hasher.finish();
        if found != *digest {
            return Err(PullError::DigestMismatch { what: what.to_owned(), expected: digest.clone(), found });
        }
        Ok(body)
    }

    /// What an error answer says; its beginning is enough, and a body that breaks off is no further problem.
    pub(super) async fn error_body(mut self, limit: u64) -> ErrorBody {
        let mut body = Vec::new();
        while let Ok(Some(piece)) = self.piece().await {
            let room = usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(body.len());
            body.extend_from_slice(piece.get(..room).unwrap_or(&piece));
            if piece.len() >= room {
                break;
            }
        }
        ErrorBody::read(&body)
    }

    /// How long `Retry-After` asks to wait: seconds, or a date, which is compared with the answer's own `Date`.
    /// Anything else, negative numbers included, asks for nothing (RFC 9110, 10.2.3).
    pub(super) fn retry_after(&self) -> Option<Duration> {
        let text = self.header("retry-after")?.trim();
        if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() {
            // A number too large for u64 is a very long wait, not none.
            return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
        }
        let date = |text: &str| jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok();
        let wait = date(text)?.duration_since(date(self.header("date")?)?);
        Some(Duration::try_from(wait).unwrap_or_default())
    }

    fn announced_length(&self) -> Option<u64> {
        self.response.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
    }

    fn refuse_encoding(&self, what: &str) -> Result<(), PullError> {
        match self.response.headers().get(CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?")) {
            None | Some("" | "identity") => Ok(()),
            Some(found) => {
                Err(PullError::ContentEncoding { what: what.to_owned(), found: super::error::printable(found, 40) })
            }
        }
    }

    async fn piece(&mut self) -> Result<Option<bytes::Bytes>, PullError> {
        let host = host_and_port(&self.url);
        within(self.until, self.idle, &host, "sending its answer", self.response.chunk())
            .await?
            .map_err(|error| PullError::Interrupted { host, cause: cause_of(&error) })
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn request_error(error: &reqwest::Error, host: &str, timeouts: &Timeouts) -> PullError {
    let host = host.to_owned();
    let cause = cause_of(error);
    if is_tls(error) {
        PullError::Tls { host, cause }
    } else if error.is_timeout() {
        PullError::Timeout { host, activity: "being connected to", limit: timeouts.connect }
    } else if error.is_connect() {
        PullError::Unreachable { host, cause }
    } else {
        PullError::Interrupted { host, cause }
    }
}

/// Whether TLS is anywhere among the causes; the layers below wrap its error in one or more `io::Error`s.
fn is_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<rustls::Error>() {
            return true;
        }
        let inside = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match inside {
            Some(inside) => Some(inside),
            None => error.source(),
        };
    }
    false
}

/// The innermost causes, without reqwest's own line, which repeats the whole address.
fn cause_of(error: &reqwest::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = error.source();
    while let Some(error) = next {
        let text = super::error::printable(&error.to_string(), 200);
        // Wrappers often repeat what they wrap.
        if parts.last().is_none_or(|last| !last.contains(&text)) {
            parts.push(text);
        }
        next = error.source();
    }
    if parts.is_empty() { "the request failed".to_owned() } else { parts.join(": ") }
}

/// Reads a JSON object. serde would also take a list of the fields' values for a structure; a registry's client
/// should not.
pub(super) fn json_object<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err("it is not a JSON object".to_owned());
    }
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}
