//! Through which proxy are registries asked?

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

use super::error::PullError;

/// A forward proxy for every host that is spoken to in TLS.
#[derive(Clone)]
pub struct Proxy {
    /// Its address, `http://host:port`; it may hold a user name and a password.
    pub url: SecretString,
    /// Hosts that are asked directly, in the form of `NO_PROXY`: names, domains, addresses and networks, separated by
    /// commas.
    pub except: String,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Proxy").field("except", &self.except).finish_non_exhaustive()
    }
}

impl Proxy {
    /// The proxy as the HTTP client wants it. The address stays out of the error, since it may hold a password.
    pub(super) fn build(&self) -> Result<reqwest::Proxy, PullError> {
        let proxy = reqwest::Proxy::https(self.url.expose_secret())
            .map_err(|_| PullError::Client { cause: "the address of the proxy cannot be used".to_owned() })?;
        Ok(proxy.no_proxy(reqwest::NoProxy::from_string(&self.except)))
    }
}
