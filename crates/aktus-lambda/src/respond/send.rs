//! The one PUT, tried until it is taken or the time is over.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Client, StatusCode, redirect};
use thiserror::Error;
use tokio::time::{Instant, sleep};
use tracing::warn;

use super::Answer;
use crate::event::ResponseUrl;

/// Sends answers.
#[derive(Clone, Debug)]
pub struct Responder {
    /// How many times an answer is tried at most.
    pub tries: u32,
    /// The wait after the first try that failed; it doubles from there.
    pub first_backoff: Duration,
    /// How long one try may take.
    pub try_timeout: Duration,
}

impl Default for Responder {
    /// Five tries of at most 4 s, 0.5 s, 1 s, 2 s and 4 s apart.
    fn default() -> Self {
        Self { tries: 5, first_backoff: Duration::from_millis(500), try_timeout: Duration::from_secs(4) }
    }
}

/// Why an answer did not arrive; the stack now waits until its `ServiceTimeout`. Never shows the address.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SendError {
    /// There is no HTTP client.
    #[error("the answer could not be sent: no HTTP client: {cause}; check that the system has certificate authorities")]
    Client {
        /// Why.
        cause: String,
    },
    /// Trying again makes no sense.
    #[error(
        "the answer was refused with status {status}; its address may have expired, so the stack waits until its timeout"
    )]
    Refused {
        /// The HTTP status.
        status: u16,
    },
    /// All tries failed.
    #[error(
        "the answer could not be sent in {tries} tries, the last one: {cause}; check the function's network path to S3"
    )]
    Unsent {
        /// How many there were.
        tries: u32,
        /// Why the last one failed.
        cause: String,
    },
}

impl Responder {
    /// Sends an answer, ending before `until`. At least one try is made.
    ///
    /// An answer is tried again after a connection that failed and after the statuses 408, 429 and 5xx; every other
    /// refusal would only come again.
    pub async fn send(&self, url: &ResponseUrl, answer: &Answer, until: Instant) -> Result<(), SendError> {
        let client = Client::builder().redirect(redirect::Policy::none()).no_proxy().build();
        let client = client.map_err(|error| SendError::Client { cause: describe(error) })?;
        let body = answer.body();
        let mut backoff = self.first_backoff;
        let mut tries = 0;
        loop {
            tries += 1;
            // The content type is part of the signature, and signed as empty.
            let request = client.put(url.url()).header(CONTENT_TYPE, HeaderValue::from_static("")).body(body.clone());
            let left = until.saturating_duration_since(Instant::now());
            let timeout = self.try_timeout.min(left.max(Duration::from_millis(500)));
            let cause = match request.timeout(timeout).send().await {
                Ok(response) if response.status().is_success() => return Ok(()),
                Ok(response) => {
                    let status = response.status();
                    if !is_temporary(status) {
                        return Err(SendError::Refused { status: status.as_u16() });
                    }
                    format!("status {}", status.as_u16())
                }
                Err(error) => describe(error),
            };
            warn!(tries, cause, "the answer was not taken");
            if tries >= self.tries || Instant::now() + backoff >= until {
                return Err(SendError::Unsent { tries, cause });
            }
            sleep(backoff).await;
            backoff *= 2;
        }
    }
}

fn is_temporary(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
}

/// An error of the client with its causes and without the address.
fn describe(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
