//! Which service and action is meant, may the caller do it, and what goes back?
//!
//! The service is told by the scope of the signature, since all share one host. Errors take the
//! form of the service's protocol: REST JSON (EKS, EFS), JSON 1.1 (ECR, Secrets Manager), query and
//! XML (STS).

use http::{HeaderName, Response, StatusCode};
use serde_json::{Value, json};

use super::faults::{Fault, take};
use super::signature::{self, Refused};
use super::{Facts, RequestRecord, State, ecr, efs, eks, secrets, sts};
use crate::listener::{self, Body, Reply, Request};

/// An action of a service and what it is about.
pub(super) struct Call {
    /// The action as IAM names it.
    pub(super) action: &'static str,
    /// The name, id or ARN in the request.
    pub(super) resource: String,
    /// The answer, worked out from the facts.
    pub(super) run: fn(&mut Facts, &Question<'_>) -> Answer,
}

/// What an action sees of its request.
pub(super) struct Question<'a> {
    pub(super) request: &'a Request,
    /// The region the request was signed for.
    pub(super) region: &'a str,
    /// As in [`Call`].
    pub(super) resource: &'a str,
}

/// A body, or an error of the service.
pub(super) type Answer = Result<Value, ServiceError>;

/// An error of a service before it takes the form of the protocol.
pub(super) struct ServiceError {
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) message: String,
}

impl ServiceError {
    pub(super) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into() }
    }
}

/// Answers one request and records it.
pub(super) fn answer(state: &mut State, request: &Request) -> Reply {
    let (signed, scope) = match signature::check(request, &state.facts.credentials) {
        Ok(scope) => (Ok(()), scope),
        Err(Refused { scope, code, message }) => (Err(ServiceError::new(403, code, message)), scope),
    };
    let service = scope.service.as_str();
    let call = match service {
        "eks" => eks::call(request),
        "elasticfilesystem" => efs::call(request),
        "ecr" => ecr::call(request),
        "secretsmanager" => secrets::call(request),
        "sts" => sts::call(request),
        _ => None,
    };
    let reply = reply(state, request, signed, call.as_ref(), service, &scope.region);
    let status = match &reply {
        Reply::Answer(response) => Some(response.status().as_u16()),
        Reply::Stall | Reply::Disconnect | Reply::Later(_) => None,
    };
    let (action, resource) = call.map_or_else(
        || (format!("{service}:unknown"), request.path.clone()),
        |call| (call.action.to_owned(), call.resource),
    );
    state.requests.push(RequestRecord { action, region: scope.region, resource, status });
    reply
}

fn reply(
    state: &mut State,
    request: &Request,
    signed: Result<(), ServiceError>,
    call: Option<&Call>,
    service: &str,
    region: &str,
) -> Reply {
    let action = call.map_or("", |call| call.action);
    let fault = take(&mut state.faults, action);
    let answer = match (signed, call, fault) {
        (_, _, Some(Fault::Disconnect)) => return Reply::Disconnect,
        (_, _, Some(Fault::Stall)) => return Reply::Stall,
        (_, _, Some(Fault::Error { status, code, message })) => Err(ServiceError { status, code, message }),
        (Err(refused), _, _) => Err(refused),
        (Ok(()), None, _) => {
            let message = format!("the sandbox does not know {} {}", request.method, request.path);
            Err(ServiceError::new(404, "UnknownOperationException", message))
        }
        (Ok(()), Some(call), Some(Fault::Deny)) => Err(denied(&state.facts, call)),
        (Ok(()), Some(_), Some(Fault::Body(body))) => {
            return Reply::Answer(listener::response(StatusCode::OK, content_type(service), body));
        }
        (Ok(()), Some(call), None) => {
            (call.run)(&mut state.facts, &Question { request, region, resource: &call.resource })
        }
    };
    Reply::Answer(match answer {
        // STS answers with XML text, the others with JSON.
        Ok(Value::String(xml)) => listener::response(StatusCode::OK, content_type(service), xml),
        Ok(body) => listener::response(StatusCode::OK, content_type(service), body.to_string()),
        Err(error) => error_response(service, &error),
    })
}

/// The words of IAM.
fn denied(facts: &Facts, call: &Call) -> ServiceError {
    let (caller, action) = (&facts.caller_arn, call.action);
    let resource = match action.split(':').next() {
        Some("eks") => facts.cluster_arn(&call.resource),
        Some("ecr" | "sts") => "*".to_owned(),
        _ => call.resource.clone(),
    };
    let message = format!(
        "User: {caller} is not authorized to perform: {action} on resource: {resource} because no \
         identity-based policy allows the {action} action"
    );
    ServiceError::new(403, "AccessDeniedException", message)
}

fn content_type(service: &str) -> &'static str {
    match service {
        "ecr" | "secretsmanager" => "application/x-amz-json-1.1",
        "sts" => "text/xml",
        _ => "application/json",
    }
}

fn error_response(service: &str, error: &ServiceError) -> Response<Body> {
    let ServiceError { status, code, message } = error;
    let body = match service {
        "ecr" | "secretsmanager" => json!({ "__type": code, "message": message }).to_string(),
        "elasticfilesystem" => json!({ "ErrorCode": code, "Message": message }).to_string(),
        "sts" => sts::error(code, message),
        _ => json!({ "message": message }).to_string(),
    };
    let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = listener::response(status, content_type(service), body);
    if !matches!(service, "sts") {
        listener::set_header(&mut response, HeaderName::from_static("x-amzn-errortype"), code);
    }
    listener::set_header(
        &mut response,
        HeaderName::from_static("x-amzn-requestid"),
        "00000000-0000-0000-0000-00000000a115",
    );
    response
}

/// One page of `names` after the one named by `token`, and the token of the next page.
pub(super) fn page<'a>(
    names: impl Iterator<Item = &'a str>,
    token: Option<&str>,
    asked: Option<usize>,
    most: usize,
) -> (Vec<&'a str>, Option<String>) {
    let mut rest = names.skip_while(|name| token.is_some_and(|token| *name <= token));
    let page: Vec<&str> = rest.by_ref().take(asked.unwrap_or(most).min(most)).collect();
    let next = page.last().map(|last| (*last).to_owned()).filter(|_| rest.next().is_some());
    (page, next)
}
