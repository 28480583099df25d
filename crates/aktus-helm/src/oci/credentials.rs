//! Who asks the registry?

use std::collections::BTreeMap;

use futures::future::BoxFuture;
use secrecy::SecretString;

/// What a registry is told about the caller. The password never appears in `Debug`.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// Nothing.
    Anonymous,
    /// A user name and a password or token. Amazon ECR's user name is `AWS`.
    Basic {
        /// The user name; a colon in it is refused, because Basic authentication cannot carry one.
        username: String,
        /// The password.
        password: SecretString,
    },
}

/// Why a keychain has no answer.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct KeychainError {
    /// What went wrong and what to do, without any secret.
    pub message: String,
}

/// Where credentials come from. One keychain may serve many registries.
///
/// A pull asks [`credentials`](Keychain::credentials) only after the registry has demanded a login, and
/// [`renewed`](Keychain::renewed) at most once, after the registry has refused what it was given.
pub trait Keychain: Send + Sync {
    /// The credentials for this registry (`host` or `host:port`).
    fn credentials<'a>(&'a self, registry: &'a str) -> BoxFuture<'a, Result<Credentials, KeychainError>>;

    /// Newer credentials than those given before, or `None` when there are none. Amazon ECR's tokens end after
    /// twelve hours; a keychain that caches them fetches another here.
    fn renewed<'a>(&'a self, registry: &'a str) -> BoxFuture<'a, Result<Option<Credentials>, KeychainError>> {
        let _ = registry;
        Box::pin(async { Ok(None) })
    }
}

/// The same credentials for every registry.
impl Keychain for Credentials {
    fn credentials<'a>(&'a self, _registry: &'a str) -> BoxFuture<'a, Result<Credentials, KeychainError>> {
        Box::pin(async { Ok(self.clone()) })
    }
}

/// Credentials by registry (`host` or `host:port`, lower case); every other registry is asked anonymously.
impl Keychain for BTreeMap<String, Credentials> {
    fn credentials<'a>(&'a self, registry: &'a str) -> BoxFuture<'a, Result<Credentials, KeychainError>> {
        let credentials = self.get(registry).cloned().unwrap_or(Credentials::Anonymous);
        Box::pin(async { Ok(credentials) })
    }
}
