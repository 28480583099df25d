//! The Invoke API, as an AWS SDK sees it.

use http::Method;
use serde_json::{Value, json};

use super::{Function, Kind, Service};
use crate::aws::{Scope, Signed, sign};
use crate::listener::client::{Answer, send};
use crate::{Clock, Time};

async fn service() -> Service {
    let service = Service::start(Time::manual(Clock::fixed("2026-01-01T00:00:00Z".parse().unwrap()))).await.unwrap();
    service.create_function(Function::closure("toy", |event: Value, _| async move {
        if event["fail"] == true { Err("as asked".to_owned()) } else { Ok(event) }
    }));
    service
}

/// Sends a request with a signature made with this key.
async fn invoke(service: &Service, key: &str, name: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let url = service.url();
    let host = url.strip_prefix("http://").unwrap();
    let path = format!("/2015-03-31/functions/{name}/invocations");
    let time = "20260101T000000Z";
    let scope = Scope { region: "us-east-1".to_owned(), service: "lambda".to_owned() };
    let signed = Signed {
        method: &Method::POST,
        path: &path,
        query: Vec::new(),
        headers: vec![("host", host.to_owned()), ("x-amz-date", time.to_owned())],
        payload: body.as_bytes(),
        time,
        scope: &scope,
    };
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDSANDBOX/20260101/us-east-1/lambda/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature={}",
        sign(&signed, key)
    );
    let mut all = vec![("x-amz-date", time), ("authorization", &authorization)];
    all.extend(headers);
    send(host, "POST", &path, &all, body).await
}

const KEY: &str = "sandbox/secret+access/key/of/no/account";
const EVENT: (&str, &str) = ("x-amz-invocation-type", "Event");

#[tokio::test]
async fn a_caller_that_waits_gets_the_answer_or_the_error() {
    let service = service().await;
    for name in [
        "toy",
        "toy:$LATEST",
        "arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Atoy",
        "123456789012:function:toy",
    ] {
        let answer = invoke(&service, KEY, name, &[], "{\"a\": 1}").await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "{\"a\":1}"), "{name}");
        assert_eq!(
            (answer.header("x-amz-executed-version"), answer.header("x-amz-function-error")),
            (Some("$LATEST"), None)
        );
    }
    let answer = invoke(&service, KEY, "toy", &[], "{\"fail\": true}").await;
    assert_eq!((answer.status, answer.header("x-amz-function-error")), (200, Some("Unhandled")));
    assert_eq!(answer.text(), "{\"errorMessage\":\"as asked\",\"errorType\":\"HandlerError\"}");
    let answer = invoke(&service, KEY, "toy", &[("x-amz-invocation-type", "DryRun")], "{}").await;
    assert_eq!((answer.status, service.invocations().len()), (204, 5));
}

#[tokio::test]
async fn an_event_is_taken_and_run_later() {
    let service = service().await;
    let answer = invoke(&service, KEY, "toy", &[EVENT], "{\"fail\": true}").await;
    assert_eq!((answer.status, answer.text().as_str()), (202, ""));
    service.idle().await;
    let invocation = service.invocations().pop().unwrap();
    assert_eq!(answer.header("x-amzn-requestid"), Some(invocation.request_id.as_str()));
    assert_eq!((invocation.kind, invocation.payload), (Kind::Event, json!({"fail": true})));
}

#[tokio::test]
async fn what_is_refused() {
    let service = service().await;
    let big = format!("\"{}\"", "x".repeat(1024 * 1024));
    let chain =
        |depth: &str| format!("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=5;Sampled=0;Lineage=1:a:{depth}");
    for (key, name, headers, body, status, code) in [
        ("wrong", "toy", vec![], "{}", 403, "InvalidSignatureException"),
        (KEY, "nobody", vec![], "{}", 404, "ResourceNotFoundException"),
        (KEY, "toy", vec![], "{", 400, "InvalidRequestContentException"),
        (KEY, "toy", vec![EVENT], &big, 413, "RequestTooLargeException"),
        (KEY, "toy", vec![("x-amz-invocation-type", "Later")], "{}", 400, "InvalidParameterValueException"),
        (KEY, "toy", vec![("x-amzn-trace-id", chain("16").as_str())], "{}", 400, "RecursiveInvocationException"),
    ] {
        let answer = invoke(&service, key, name, &headers, body).await;
        assert_eq!((answer.status, answer.header("x-amzn-errortype")), (status, Some(code)), "{}", answer.text());
    }
    let answer = invoke(&service, KEY, "toy", &[("x-amzn-trace-id", &chain("15"))], "{}").await;
    assert_eq!((answer.status, service.invocations().len()), (200, 1));
}

#[tokio::test]
async fn it_refuses_on_demand() {
    let service = service().await;
    service.refuse_invokes(2, 429, "TooManyRequestsException");
    service.refuse_invokes(1, 403, "AccessDeniedException");
    for (status, code) in [
        (429, Some("TooManyRequestsException")),
        (429, Some("TooManyRequestsException")),
        (403, Some("AccessDeniedException")),
        (202, None),
    ] {
        let answer = invoke(&service, KEY, "toy", &[EVENT], "{}").await;
        assert_eq!((answer.status, answer.header("x-amzn-errortype")), (status, code));
    }
}
