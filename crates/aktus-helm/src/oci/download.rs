//! Which bytes lie at this address? For classic chart repositories, which are plain files behind HTTP.

use std::time::Instant;

use reqwest::Url;

use super::Puller;
use super::error::{PullError, printable};
use super::hosts::{host_and_port, without_query};

impl Puller {
    /// The body at an `https` address, by `until` at the latest and no more than `limit` bytes of it.
    ///
    /// Everything that holds for registries holds here: plain HTTP only to listed hosts, at most so many redirects and
    /// none to a weaker place, no content encodings. No credentials are sent.
    pub async fn download(&self, address: &str, limit: u64, until: Instant) -> Result<Vec<u8>, PullError> {
        let unusable = |cause: &str| PullError::Address { address: printable(address, 200), cause: cause.to_owned() };
        let url = Url::parse(address).map_err(|error| unusable(&error.to_string()))?;
        match url.scheme() {
            "https" => {}
            "http" if self.transport.rules.allows_plain_http(&url) => {}
            "http" => return Err(unusable("plain HTTP is spoken only to hosts that are listed for it")),
            other => return Err(unusable(&format!("{} is no scheme of a chart repository", printable(other, 20)))),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(unusable("it holds a user name or password"));
        }
        let until = tokio::time::Instant::from_std(until);
        let answer = self.transport.get(&url, None, None, until).await?;
        let status = answer.status().as_u16();
        if status == 200 {
            return answer.body(&without_query(&url), limit).await;
        }
        let wait = answer.retry_after();
        let host = host_and_port(&answer.url);
        let shown = without_query(&answer.url);
        let detail = answer.error_body(self.transport.limits.error_body).await.detail;
        Err(match status {
            429 => PullError::RateLimited { host, wait },
            408 | 500 | 502 | 503 | 504 => PullError::Server { host, status, detail, wait },
            _ => PullError::UnexpectedStatus { url: shown, status, detail },
        })
    }
}
