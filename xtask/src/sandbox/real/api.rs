//! The administrator's own view of the API server: plain JSON over HTTPS, to play the cloud and to look.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Certificate, Client, Method};
use serde_json::Value;

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A client with a fixed token.
#[derive(Clone)]
pub(super) struct Api {
    client: Client,
    url: String,
    token: String,
}

impl Api {
    pub(super) fn new(url: &str, authority: &str, token: &str) -> Result<Self> {
        let authority = Certificate::from_pem(authority.as_bytes())?;
        let client = Client::builder().tls_certs_only([authority]).no_proxy().timeout(TIMEOUT).build()?;
        Ok(Self { client, url: url.to_owned(), token: token.to_owned() })
    }

    /// The same with another token.
    pub(super) fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// The status and the body of a request.
    pub(super) async fn send(&self, method: Method, path: &str, body: Option<(&str, &Value)>) -> Result<(u16, Value)> {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.url))
            .header(AUTHORIZATION, format!("Bearer {}", self.token));
        if let Some((content_type, body)) = body {
            request = request.header(CONTENT_TYPE, content_type).body(body.to_string());
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await?;
        Ok((status, serde_json::from_slice(&bytes).unwrap_or_default()))
    }

    /// An object, or nothing.
    pub(super) async fn get(&self, path: &str) -> Result<Option<Value>> {
        match self.send(Method::GET, path, None).await? {
            (404, _) => Ok(None),
            answer => good(path, answer).map(Some),
        }
    }

    /// The objects of a list; none where the kind does not exist.
    pub(super) async fn list(&self, path: &str) -> Result<Vec<Value>> {
        let list = self.get(path).await?.unwrap_or_default();
        Ok(list.get("items").and_then(Value::as_array).cloned().unwrap_or_default())
    }

    /// Creates an object; one that exists stays as it is.
    pub(super) async fn create(&self, path: &str, object: &Value) -> Result<()> {
        match self.send(Method::POST, path, Some(("application/json", object))).await? {
            (409, _) => Ok(()),
            answer => good(path, answer).map(drop),
        }
    }

    /// Merges into an object; one that is gone, or that somebody else changed meanwhile, is left alone.
    pub(super) async fn merge(&self, path: &str, patch: &Value) -> Result<()> {
        match self.send(Method::PATCH, path, Some(("application/merge-patch+json", patch))).await? {
            (404 | 409, _) => Ok(()),
            answer => good(path, answer).map(drop),
        }
    }

    /// Deletes an object, if it is there.
    pub(super) async fn delete(&self, path: &str) -> Result<()> {
        match self.send(Method::DELETE, path, None).await? {
            (404 | 409, _) => Ok(()),
            answer => good(path, answer).map(drop),
        }
    }
}

fn good(path: &str, (status, body): (u16, Value)) -> Result<Value> {
    if (200..300).contains(&status) {
        return Ok(body);
    }
    bail!("{path} was answered with {status}: {}", text(&body, "/message"))
}

/// The text at a place in an object; the empty text where there is none.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The items of a list in an object.
pub(super) fn items<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Whether a condition of an object is true.
pub(super) fn is_true(object: &Value, condition: &str) -> bool {
    items(object, "/status/conditions")
        .iter()
        .any(|found| text(found, "/type") == condition && text(found, "/status") == "True")
}

/// Whether somebody has asked for the object to be deleted.
pub(super) fn is_going(object: &Value) -> bool {
    object.pointer("/metadata/deletionTimestamp").is_some()
}

/// A merge patch that takes a finalizer away, unless the object was changed since it was read.
pub(super) fn without_finalizer(object: &Value, finalizer: &str) -> Value {
    let rest: Vec<&Value> = items(object, "/metadata/finalizers").iter().filter(|found| *found != finalizer).collect();
    let version = text(object, "/metadata/resourceVersion");
    serde_json::json!({ "metadata": { "finalizers": rest, "resourceVersion": version } })
}

/// Reads JSON that a program printed.
pub(super) fn parse(what: &str, output: &str) -> Result<Value> {
    serde_json::from_str(output).with_context(|| format!("{what} is no JSON: {output}"))
}
