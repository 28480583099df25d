//! What does a program get to hear? The Runtime API of one environment, version 2018-06-01.

use std::sync::{Arc, Weak};

use futures::FutureExt as _;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use serde_json::{Value, json};

use super::environment::{Desk, Environment, Job, Working};
use super::invocation::FunctionError;
use crate::Time;
use crate::listener::{Body, Reply, Request, response};

const ROOT: &str = "/2018-06-01/runtime/";
const ERROR_TYPE: &str = "lambda-runtime-function-error-type";

/// Answers one request of the program.
pub(super) fn answer(environment: &Weak<Environment>, time: &Time, request: &Request) -> Reply {
    let Some(environment) = environment.upgrade() else { return Reply::Disconnect };
    let path = request.path.strip_prefix(ROOT).unwrap_or_default();
    let parts: Vec<&str> = path.split('/').collect();
    match (&request.method, parts.as_slice()) {
        (&Method::GET, ["invocation", "next"]) => next(environment, time),
        (&Method::POST, ["invocation", id, "response"]) => end(&environment, id, Ok(payload(request))),
        (&Method::POST, ["invocation", id, "error"]) => {
            let error = FunctionError::told(payload(request), request.header(ERROR_TYPE));
            end(&environment, id, Err(error))
        }
        (&Method::POST, ["init", "error"]) => {
            environment.desk().init_error = Some(FunctionError::told(payload(request), request.header(ERROR_TYPE)));
            Reply::Answer(accepted())
        }
        _ => Reply::Answer(refused(StatusCode::NOT_FOUND, "NotFound", "no such call of the Runtime API")),
    }
}

fn payload(request: &Request) -> Value {
    let text = || Value::from(String::from_utf8_lossy(&request.body).into_owned());
    serde_json::from_slice(&request.body).unwrap_or_else(|_| text())
}

/// The program wants work: what it did before is over, and it waits for the next job.
fn next(environment: Arc<Environment>, time: &Time) -> Reply {
    {
        let mut guard = environment.desk();
        let desk: &mut Desk = &mut guard;
        match desk.working.take() {
            Some(working) if working.answer.is_none() => {
                desk.working = Some(working);
                let message = "the invocation before has no response";
                return Reply::Answer(refused(StatusCode::FORBIDDEN, "InvalidStateTransition", message));
            }
            Some(working) => desk.done = working.answer,
            None => {}
        }
        desk.waiting = true;
        if desk.job.is_none() {
            environment.freeze(desk);
        }
    }
    environment.notify();
    let time = time.clone();
    let wait = async move {
        let job = environment
            .wait(|desk| {
                let job = desk.job.take()?;
                desk.waiting = false;
                let end = time.elapsed().saturating_add(job.timeout);
                desk.working = Some(Working { request_id: job.request_id.clone(), end, answer: None });
                Some(job)
            })
            .await;
        environment.notify();
        Reply::Answer(invocation(&job, &time))
    };
    Reply::Later(wait.boxed())
}

fn invocation(job: &Job, time: &Time) -> Response<Body> {
    let mut response = response(StatusCode::OK, "application/json", job.payload.clone());
    let deadline = time.wall(job.timeout).as_millisecond().to_string();
    for (name, value) in [
        ("lambda-runtime-aws-request-id", job.request_id.as_str()),
        ("lambda-runtime-deadline-ms", &deadline),
        ("lambda-runtime-invoked-function-arn", &job.arn),
        ("lambda-runtime-trace-id", &job.trace),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}

fn end(environment: &Environment, id: &str, answer: Result<Value, FunctionError>) -> Reply {
    let mut desk = environment.desk();
    let Some(working) = desk.working.as_mut().filter(|working| working.request_id == id) else {
        let message = "this invocation is not under way";
        return Reply::Answer(refused(StatusCode::BAD_REQUEST, "InvalidRequestID", message));
    };
    if working.answer.is_some() {
        let message = "the invocation has its response";
        return Reply::Answer(refused(StatusCode::FORBIDDEN, "InvalidStateTransition", message));
    }
    working.answer = Some(answer);
    drop(desk);
    environment.notify();
    Reply::Answer(accepted())
}

fn accepted() -> Response<Body> {
    response(StatusCode::ACCEPTED, "application/json", json!({"status": "OK"}).to_string())
}

fn refused(status: StatusCode, kind: &str, message: &str) -> Response<Body> {
    response(status, "application/json", json!({"errorType": kind, "errorMessage": message}).to_string())
}
