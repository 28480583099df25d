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
    /// The proxy that an environment names, as every tool reads it: `HTTPS_PROXY` and `NO_PROXY`, in capitals or not.
    /// `variable` looks a variable up.
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let either = |capitals: &str| variable(capitals).or_else(|| variable(&capitals.to_ascii_lowercase()));
        let url = either("HTTPS_PROXY").filter(|url| !url.is_empty())?;
        Some(Self { url: url.into(), except: either("NO_PROXY").unwrap_or_default() })
    }

    /// The proxy as the HTTP client wants it. The address stays out of the error, since it may hold a password.
    pub(super) fn build(&self) -> Result<reqwest::Proxy, PullError> {
        let proxy = reqwest::Proxy::https(self.url.expose_secret())
            .map_err(|_| PullError::Client { cause: "the address of the proxy cannot be used".to_owned() })?;
        Ok(proxy.no_proxy(reqwest::NoProxy::from_string(&self.except)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(environment: &[(&str, &str)], expected: Option<(&str, &str)>) {
        let found = Proxy::of_environment(|name| {
            environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        });
        let found = found.as_ref().map(|proxy| (proxy.url.expose_secret(), proxy.except.as_str()));
        assert_eq!(found, expected);
    }

    #[test]
    fn proxies_of_environments() {
        check(&[], None);
        check(&[("HTTPS_PROXY", ""), ("NO_PROXY", "a")], None);
        check(&[("HTTP_PROXY", "http://p:1")], None);
        check(&[("HTTPS_PROXY", "http://p:1")], Some(("http://p:1", "")));
        check(&[("https_proxy", "http://p:1"), ("no_proxy", "a,b")], Some(("http://p:1", "a,b")));
        check(&[("HTTPS_PROXY", "http://p:1"), ("https_proxy", "http://q:2")], Some(("http://p:1", "")));
    }
}
