//! Who are we? Bearer tokens that are refreshed before they expire, and once when the server refuses them.

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;
use http::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::error::BoxError;

/// A bearer token and the time from which a new one should be used.
#[derive(Clone, Debug)]
pub struct Token {
    /// The token, without `Bearer `.
    pub value: SecretString,
    /// When to ask the source again; `None` for tokens that do not expire. Choose it well before the real expiry:
    /// an EKS token lives 15 minutes and is refreshed at 14 or earlier.
    pub refresh_at: Option<Instant>,
}

/// Gives bearer tokens, for example signed requests for EKS.
pub trait TokenSource: Send + Sync {
    /// A new token. Its errors reach people: they must not contain the token or the keys it is made with.
    fn token(&self) -> BoxFuture<'_, Result<Token, BoxError>>;
}

/// A token that stays the same.
#[derive(Clone, Debug)]
pub struct StaticToken(pub SecretString);

impl TokenSource for StaticToken {
    fn token(&self) -> BoxFuture<'_, Result<Token, BoxError>> {
        let token = Token { value: self.0.clone(), refresh_at: None };
        Box::pin(std::future::ready(Ok(token)))
    }
}

/// The current token of a source, shared by all requests.
pub(crate) struct TokenCache {
    source: Arc<dyn TokenSource>,
    current: Mutex<Cached>,
}

#[derive(Default)]
struct Cached {
    generation: u64,
    token: Option<(HeaderValue, Option<Instant>)>,
}

/// Which token a request carried, so that a refusal discards that one and not its successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TokenGeneration(u64);

impl TokenCache {
    pub(crate) fn new(source: Arc<dyn TokenSource>) -> Self {
        Self { source, current: Mutex::default() }
    }

    /// The `Authorization` header to send now.
    pub(crate) async fn header(&self) -> Result<(HeaderValue, TokenGeneration), BoxError> {
        let mut cached = self.current.lock().await;
        let now = Instant::now();
        if let Some((header, refresh_at)) = &cached.token
            && refresh_at.is_none_or(|refresh_at| now < refresh_at)
        {
            return Ok((header.clone(), TokenGeneration(cached.generation)));
        }
        let token = self.source.token().await?;
        // The one place where a token is opened.
        let mut header = HeaderValue::try_from(format!("Bearer {}", token.value.expose_secret()))
            .map_err(|_| "the token contains bytes that a header cannot carry")?;
        header.set_sensitive(true);
        cached.generation += 1;
        cached.token = Some((header.clone(), token.refresh_at));
        Ok((header, TokenGeneration(cached.generation)))
    }

    /// Forgets the token that a refused request carried.
    pub(crate) async fn discard(&self, used: TokenGeneration) {
        let mut cached = self.current.lock().await;
        if cached.generation == used.0 {
            cached.token = None;
        }
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenCache")
    }
}
