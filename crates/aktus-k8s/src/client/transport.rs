//! One request, tried until it is answered for good or the time is up.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request as HttpRequest, Response as HttpResponse, StatusCode};
use http_body_util::BodyExt as _;
use hyper_util::client::legacy::Error as ClientError;
use kube::client::Body;
use kube::{Client, Config};
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout_at};

use super::connect::{self, ConnectOptions, Connected, Settings};
use super::retry::{Again, Backoff, again};
use super::token::{TokenCache, TokenGeneration};
use crate::error::{ApiError, BoxError, Call, Status};

/// What error answers say about us in the server's audit log.
const AGENT: &str = concat!("aktus-k8s/", env!("CARGO_PKG_VERSION"));

/// The largest error answer that is read.
const ERROR_LIMIT: usize = 1024 * 1024;

/// One request, ready to be sent as often as needed.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Path and query, encoded.
    pub(crate) path: String,
    pub(crate) accept: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) body: Bytes,
}

impl Request {
    pub(crate) fn get(path: String) -> Self {
        Self { method: Method::GET, path, accept: "application/json", content_type: "", body: Bytes::new() }
    }
}

/// An error, and whether an earlier try may have had an effect: the error may be about our own doing.
pub(crate) struct Failure {
    pub(crate) error: ApiError,
    pub(crate) tried_before: bool,
}

/// The way to the API server, shared by all clones of a cluster.
pub(crate) struct Transport {
    client: RwLock<Client>,
    renew: Option<Config>,
    token: Option<TokenCache>,
    pub(crate) server: String,
    pub(crate) default_namespace: String,
    attempt: std::time::Duration,
    pub(crate) backoff: Backoff,
    answer_limit: usize,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Transport {
    pub(crate) async fn connect(options: ConnectOptions) -> Result<Self, connect::ConnectError> {
        let ConnectOptions { endpoint, attempt, backoff, answer_limit } = options;
        let Connected { client, server, default_namespace, token, renew } = connect::connect(endpoint).await?;
        Ok(Self {
            client: RwLock::new(client),
            renew,
            token: token.map(TokenCache::new),
            server,
            default_namespace,
            attempt,
            backoff,
            answer_limit,
        })
    }

    /// Sends the request until it is answered for good, `until` at the latest.
    pub(crate) async fn call(&self, call: &Call, request: &Request, until: Instant) -> Result<Value, Failure> {
        let mut tried_before = false;
        let mut renewed = false;
        let mut last: Option<ApiError> = None;
        for attempt in 1.. {
            if Instant::now() >= until {
                break;
            }
            let (error, used) = match self.attempt(call, request, until).await {
                Ok(value) => return Ok(value),
                Err(failed) => failed,
            };
            if is_unauthorized(&error) && !renewed && self.renew_credentials(used).await {
                renewed = true;
                continue;
            }
            let Again::After(asked) = again(&error) else {
                return Err(Failure { error, tried_before });
            };
            tried_before |= !matches!(error, ApiError::Unreachable { sent: false, .. });
            let wait = self.backoff.wait(attempt, &request.path, asked);
            tracing::debug!(call = %call, attempt, ?wait, error = %error, "trying again");
            last = Some(error);
            if Instant::now() + wait >= until {
                break;
            }
            sleep(wait).await;
        }
        let error = ApiError::Deadline { call: call.clone(), last: last.map(Box::new) };
        Err(Failure { error, tried_before })
    }

    async fn attempt(
        &self,
        call: &Call,
        request: &Request,
        until: Instant,
    ) -> Result<Value, (ApiError, Option<TokenGeneration>)> {
        let until = until.min(Instant::now() + self.attempt);
        let (response, used) = self.send(call, request, until).await?;
        let body = self.read(call, response, self.answer_limit, until).await.map_err(|error| (error, used))?;
        let value = serde_json::from_slice(&body)
            .map_err(|error| ApiError::Answer { call: call.clone(), problem: error.to_string() });
        value.map_err(|error| (error, used))
    }

    /// Opens a stream of lines (a watch). Not retried: a watch ends anyway, and whoever reads it begins again.
    pub(crate) async fn stream(
        &self,
        call: &Call,
        request: &Request,
        until: Instant,
    ) -> Result<HttpResponse<Body>, ApiError> {
        let mut renewed = false;
        loop {
            let attempt_until = until.min(Instant::now() + self.attempt);
            match self.send(call, request, attempt_until).await {
                Ok((response, _)) => return Ok(response),
                Err((error, used)) if is_unauthorized(&error) && !renewed && self.renew_credentials(used).await => {
                    renewed = true;
                }
                Err((error, _)) => return Err(error),
            }
        }
    }

    /// Sends once and reads the answer's head; the body too if it is an error.
    async fn send(
        &self,
        call: &Call,
        request: &Request,
        until: Instant,
    ) -> Result<(HttpResponse<Body>, Option<TokenGeneration>), (ApiError, Option<TokenGeneration>)> {
        let (headers, used) = self.headers(call, request, until).await.map_err(|error| (error, None))?;
        let failed = |error| (error, used);
        let mut message = HttpRequest::new(Body::from(request.body.clone()));
        *message.method_mut() = request.method.clone();
        *message.uri_mut() = request.path.parse().map_err(|_| {
            failed(ApiError::Unaddressable { call: call.clone(), problem: "its coordinates make no valid address" })
        })?;
        *message.headers_mut() = headers;
        let client = self.client.read().unwrap_or_else(PoisonError::into_inner).clone();
        let response = match timeout_at(until, client.send(message)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(failed(self.transport_error(call, error.into()))),
            Err(_) => {
                let error = self.lost(call, "no answer in time".into());
                return Err(failed(error));
            }
        };
        let code = response.status();
        if code.is_success() {
            return Ok((response, used));
        }
        let asked = retry_after(response.headers());
        let body = self.read(call, response, ERROR_LIMIT, until).await.map_err(failed)?;
        let mut status = Status::read(code.as_u16(), &body);
        status.retry_after = asked.or(status.retry_after);
        Err(failed(ApiError::Status { call: call.clone(), status: Box::new(status) }))
    }

    async fn headers(
        &self,
        call: &Call,
        request: &Request,
        until: Instant,
    ) -> Result<(HeaderMap, Option<TokenGeneration>), ApiError> {
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        headers.insert(ACCEPT, HeaderValue::from_static(request.accept));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if !request.content_type.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(request.content_type));
        }
        let Some(token) = &self.token else { return Ok((headers, None)) };
        let failed = |source| ApiError::Token { call: call.clone(), source };
        let (header, used) = match timeout_at(until, token.header()).await {
            Ok(header) => header.map_err(failed)?,
            Err(_) => return Err(failed("the token source gave none in time".into())),
        };
        headers.insert(AUTHORIZATION, header);
        Ok((headers, Some(used)))
    }

    /// Reads a body up to a limit.
    async fn read(
        &self,
        call: &Call,
        response: HttpResponse<Body>,
        limit: usize,
        until: Instant,
    ) -> Result<Vec<u8>, ApiError> {
        let mut body = response.into_body();
        let mut bytes = Vec::new();
        loop {
            let frame = match timeout_at(until, body.frame()).await {
                Ok(None) => return Ok(bytes),
                Ok(Some(Ok(frame))) => frame,
                Ok(Some(Err(error))) => return Err(self.lost(call, error.into())),
                Err(_) => return Err(self.lost(call, "the answer did not end in time".into())),
            };
            if let Ok(data) = frame.into_data() {
                if bytes.len() + data.len() > limit {
                    return Err(ApiError::AnswerTooLarge { call: call.clone(), limit });
                }
                bytes.extend_from_slice(&data);
            }
        }
    }

    /// Discards refused credentials; whether there may be better ones.
    async fn renew_credentials(&self, used: Option<TokenGeneration>) -> bool {
        if let (Some(token), Some(used)) = (&self.token, used) {
            token.discard(used).await;
            return true;
        }
        let Some(config) = &self.renew else { return false };
        let Ok(client) = connect::client(config.clone(), Settings::Kubeconfig).await else { return false };
        *self.client.write().unwrap_or_else(PoisonError::into_inner) = client;
        true
    }

    /// The connection broke after the request may have reached the server.
    pub(crate) fn lost(&self, call: &Call, source: BoxError) -> ApiError {
        ApiError::Unreachable { call: call.clone(), server: self.server.clone(), sent: true, source }
    }

    fn transport_error(&self, call: &Call, source: BoxError) -> ApiError {
        let (call, server) = (call.clone(), self.server.clone());
        let mut sent = true;
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&*source);
        let mut deepest = String::new();
        while let Some(error) = cause {
            if error.downcast_ref::<ClientError>().is_some_and(ClientError::is_connect) {
                sent = false;
            }
            if let Some(kube::client::AuthError::AuthExec(_) | kube::client::AuthError::AuthExecRun { .. }) =
                error.downcast_ref()
            {
                return ApiError::Token { call, source };
            }
            let wrapped = innermost(error);
            if wrapped.downcast_ref::<rustls::Error>().is_some_and(is_about_trust) {
                let source = wrapped.to_string().into();
                return ApiError::Untrusted { call, server, source };
            }
            deepest = error.to_string();
            cause = error.source();
        }
        // The outer layers only say that something below failed.
        ApiError::Unreachable { call, server, sent, source: deepest.into() }
    }
}

/// What I/O errors wrap, which they hide from `source`.
fn innermost<'a>(mut error: &'a (dyn std::error::Error + 'static)) -> &'a (dyn std::error::Error + 'static) {
    while let Some(wrapped) = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        error = wrapped;
    }
    error
}

/// Whether a TLS failure is one of certificates, which stays, rather than of the connection, which passes.
fn is_about_trust(error: &rustls::Error) -> bool {
    use rustls::{AlertDescription as Alert, Error};
    match error {
        Error::InvalidCertificate(_)
        | Error::NoCertificatesPresented
        | Error::UnsupportedNameType
        | Error::PeerIncompatible(_) => true,
        Error::AlertReceived(alert) => {
            matches!(
                alert,
                Alert::BadCertificate
                    | Alert::UnsupportedCertificate
                    | Alert::CertificateRevoked
                    | Alert::CertificateExpired
                    | Alert::CertificateUnknown
                    | Alert::UnknownCA
                    | Alert::AccessDenied
                    | Alert::CertificateRequired
                    | Alert::HandshakeFailure
                    | Alert::ProtocolVersion
            )
        }
        _ => false,
    }
}

fn is_unauthorized(error: &ApiError) -> bool {
    matches!(error, ApiError::Status { status, .. } if status.code == StatusCode::UNAUTHORIZED.as_u16())
}

/// `Retry-After` in seconds; dates and nonsense are ignored, our own waits apply then.
fn retry_after(headers: &HeaderMap) -> Option<std::time::Duration> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    (seconds > 0).then(|| std::time::Duration::from_secs(seconds))
}

/// A shared transport.
pub(crate) type SharedTransport = Arc<Transport>;
