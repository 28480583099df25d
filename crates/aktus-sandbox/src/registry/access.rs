//! Who may read from the registry? Nobody asked, Basic, or Bearer with a token endpoint.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{StatusCode, header};
use serde_json::json;

use crate::listener::{self, Body, Request};

/// How the registry decides who may read. Its `Debug` form shows no password.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum Authentication {
    /// Everybody may read.
    #[default]
    None,
    /// One user by Basic authentication; Amazon ECR works like this with the user `AWS`.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
    /// A token from the token endpoint, which itself asks for this user by Basic authentication, or
    /// for nobody when `login` is `None`, as public registries do.
    Bearer {
        /// The user and password the token endpoint asks for.
        login: Option<(String, String)>,
    },
}

impl std::fmt::Debug for Authentication {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => formatter.write_str("None"),
            Self::Basic { user, .. } => formatter.debug_struct("Basic").field("user", user).finish_non_exhaustive(),
            Self::Bearer { login } => {
                let user = login.as_ref().map(|(user, _)| user);
                formatter.debug_struct("Bearer").field("user", &user).finish_non_exhaustive()
            }
        }
    }
}

/// The rule in force and the tokens issued under it.
#[derive(Default)]
pub(super) struct Access {
    authentication: Authentication,
    realm: Option<String>,
    /// Each valid token with the scope it was issued for.
    tokens: BTreeMap<String, String>,
    issued: u64,
}

/// Why a request may not pass, as the challenge the registry answers with.
pub(super) struct Challenge {
    pub(super) header: String,
}

impl Access {
    pub(super) fn set(&mut self, authentication: Authentication) {
        self.authentication = authentication;
        self.tokens.clear();
    }

    pub(super) fn set_realm(&mut self, realm: Option<String>) {
        self.realm = realm;
    }

    pub(super) fn expire_tokens(&mut self) {
        self.tokens.clear();
    }

    /// Whether the request may read `repository` (`None` for `/v2/`), or the challenge to answer.
    pub(super) fn check(&self, request: &Request, repository: Option<&str>, token_url: &str) -> Result<(), Challenge> {
        match &self.authentication {
            Authentication::None => Ok(()),
            Authentication::Basic { user, password } => {
                if is_basic(request, user, password) {
                    return Ok(());
                }
                Err(Challenge { header: "Basic realm=\"registry\"".to_owned() })
            }
            Authentication::Bearer { .. } => {
                let scope = repository.map(scope);
                let granted = bearer(request).and_then(|token| self.tokens.get(token));
                if granted.is_some_and(|granted| scope.as_ref().is_none_or(|scope| scope == granted)) {
                    return Ok(());
                }
                let realm = self.realm.clone().unwrap_or_else(|| format!("{token_url}/token"));
                let mut header = format!("Bearer realm=\"{realm}\",service=\"registry\"");
                if let Some(scope) = scope {
                    header.extend([",scope=\"", &scope, "\""]);
                }
                if bearer(request).is_some() {
                    header.push_str(",error=\"invalid_token\"");
                }
                Err(Challenge { header })
            }
        }
    }

    /// The token endpoint: a token for the scope in the query, once the login is right.
    pub(super) fn issue(&mut self, request: &Request) -> http::Response<Body> {
        let Authentication::Bearer { login } = &self.authentication else {
            return listener::text(StatusCode::NOT_FOUND, "this registry issues no tokens");
        };
        if let Some((user, password)) = login
            && !is_basic(request, user, password)
        {
            let mut response = listener::response(
                StatusCode::UNAUTHORIZED,
                "application/json",
                r#"{"errors":[{"code":"UNAUTHORIZED","message":"incorrect username or password"}]}"#,
            );
            listener::set_header(&mut response, header::WWW_AUTHENTICATE, "Basic realm=\"registry\"");
            return response;
        }
        if request.query_value("service").as_deref() != Some("registry") {
            return listener::text(StatusCode::BAD_REQUEST, "the query names no service or another one");
        }
        self.issued += 1;
        let token = format!("sandbox-token-{}", self.issued);
        let scope = request.query_value("scope").unwrap_or_default();
        self.tokens.insert(token.clone(), scope);
        let body = json!({ "token": token, "access_token": token, "expires_in": 300 }).to_string();
        listener::response(StatusCode::OK, "application/json", body)
    }
}

/// The scope that reading a repository needs.
fn scope(repository: &str) -> String {
    format!("repository:{repository}:pull")
}

fn is_basic(request: &Request, user: &str, password: &str) -> bool {
    let expected = STANDARD.encode(format!("{user}:{password}"));
    request.header("authorization").and_then(|value| value.strip_prefix("Basic ")) == Some(expected.as_str())
}

fn bearer(request: &Request) -> Option<&str> {
    request.header("authorization").and_then(|value| value.strip_prefix("Bearer "))
}
