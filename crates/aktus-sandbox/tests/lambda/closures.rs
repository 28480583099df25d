//! Closures in the place of programs.

use std::time::Duration;

use aktus_sandbox::lambda::{Function, Kind, Service, Twice};
use serde_json::{Value, json};

use super::manual;

/// Switches a fault on.
type Fault = fn(&Service);

const KILLED: &str = "Runtime exited with error: signal: killed";

/// A closure that does what the event says.
fn toy(name: &str) -> Function {
    Function::closure(name, |event: Value, context| async move {
        let text = event["do"].as_str().unwrap_or_default().to_owned();
        for line in event["log"].as_array().into_iter().flatten() {
            context.log(line.as_str().unwrap_or_default());
            tokio::task::yield_now().await;
        }
        match text.as_str() {
            "fail" => Err("as asked".to_owned()),
            "panic" => panic!("as asked"),
            "hang" => std::future::pending().await,
            "again" => Ok(json!(context.invoke_itself(json!({"do": "echo"})))),
            "context" => Ok(json!([
                context.request_id(),
                context.function_arn(),
                context.deadline().to_string(),
                context.remaining().as_secs()
            ])),
            _ => Ok(event),
        }
    })
}

#[tokio::test]
async fn what_a_closure_does_is_what_the_caller_gets() {
    let (service, time) = manual().await;
    let arn = service.create_function(toy("toy").with_timeout(Duration::from_secs(100)));
    for (event, expected) in [
        (json!({"do": "echo"}), Ok(json!({"do": "echo"}))),
        (json!({"do": "fail"}), Err(json!({"errorType": "HandlerError", "errorMessage": "as asked"}))),
    ] {
        assert_eq!(service.invoke(&arn, event).await.map_err(|error| error.payload), expected);
    }
    let error = service.invoke("toy", json!({"do": "panic"})).await.unwrap_err();
    assert_eq!(error.error_type, "Runtime.ExitError");
    assert!(error.message.ends_with("Runtime exited with error: exit status 101"), "{error}");
    let hang = service.invoke("toy", json!({"do": "hang", "log": ["hangs"]}));
    let (result, ()) = tokio::join!(hang, async {
        service.logged("toy", "hangs").await;
        time.advance(Duration::from_secs(100));
    });
    let error = result.unwrap_err();
    assert!(error.message.ends_with("Task timed out after 100.00 seconds"), "{error}");
    let context = service.invoke("toy", json!({"do": "context"})).await.unwrap();
    let id = service.invocations().pop().unwrap().request_id;
    assert_eq!(context, json!([id, arn, "2026-01-01T00:01:40Z", 100]));
    assert!(service.environments("toy").is_empty());
}

#[tokio::test]
async fn closures_are_killed_on_demand() {
    let (service, _time) = manual().await;
    service.create_function(toy("toy"));
    let event = json!({"log": ["one", "two", "three", "four"]});
    let cases: [(Fault, &str); 3] = [
        (|service| service.kill_when_logged("toy", "two"), "one\ntwo\n"),
        (|service| service.kill_at_line("toy", 3), "one\ntwo\nthree\n"),
        (|service| service.kill_when_logged("toy", ""), "one\n"),
    ];
    let mut before = 0;
    for (fault, expected) in cases {
        fault(&service);
        let error = service.invoke("toy", event.clone()).await.unwrap_err();
        assert!(error.message.ends_with(KILLED), "{error}");
        assert_eq!(&service.output("toy")[before..], expected);
        before = service.output("toy").len();
    }
    let (result, killed) = tokio::join!(service.invoke("toy", json!({"do": "hang", "log": ["hangs"]})), async {
        service.logged("toy", "hangs").await;
        service.kill("toy")
    });
    assert!(result.unwrap_err().message.ends_with(KILLED) && killed == 1);
    assert_eq!((service.kill("toy"), service.kill("nobody")), (0, 0));
    assert!(service.invoke("toy", event).await.is_ok(), "every fault happens once");
}

/// Every wait before a retry ends at once.
async fn run_out(service: &Service, time: &aktus_sandbox::Time) {
    for attempts in 1..=6 {
        let ended = |all: &[aktus_sandbox::lambda::Invocation]| all.iter().filter(|one| one.ended.is_some()).count();
        tokio::select! {
            biased;
            () = service.idle() => return,
            () = service.until(|all| ended(all) >= attempts) => {}
        }
        time.advance(Duration::from_mins(2));
    }
    service.idle().await;
}

#[tokio::test]
async fn asynchronous_failures_are_retried_and_recorded() {
    for (retries, on_failure) in [(0, false), (0, true), (1, true), (2, true), (2, false), (9, true)] {
        let (service, time) = manual().await;
        let mut function = toy("toy").with_retries(retries);
        if on_failure {
            function = function.with_on_failure_itself();
        }
        service.create_function(function);
        let event = json!({"do": "fail", "RequestId": "r"});
        let id = service.invoke_event("toy", event.clone()).unwrap();
        run_out(&service, &time).await;
        let all = service.invocations();
        let attempts = retries.min(2) + 1;
        let first: Vec<_> =
            all.iter().filter(|one| one.kind == Kind::Event).map(|one| (one.attempt, one.request_id.clone())).collect();
        assert_eq!(first, (1..=attempts).map(|attempt| (attempt, id.clone())).collect::<Vec<_>>());
        let records: Vec<_> = all.iter().filter(|one| one.kind == Kind::OnFailure).collect();
        assert_eq!(records.len(), usize::from(on_failure), "what the closure does with a record succeeds");
        for record in records {
            let mut payload = record.payload.clone();
            assert!(payload["timestamp"].take().as_str().unwrap().starts_with("2026-01-01T00:0"));
            let expected = json!({
                "version": "1.0", "timestamp": null, "requestPayload": event,
                "requestContext": {
                    "requestId": id, "functionArn": "arn:aws:lambda:us-east-1:123456789012:function:toy:$LATEST",
                    "condition": "RetriesExhausted", "approximateInvokeCount": attempts,
                },
                "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
                "responsePayload": {"errorType": "HandlerError", "errorMessage": "as asked"},
            });
            assert_eq!(payload, expected);
        }
    }
}

#[tokio::test]
async fn the_waits_before_retries_are_those_of_lambda() {
    let (service, time) = manual().await;
    service.create_function(toy("toy").with_retries(2));
    service.invoke_event("toy", json!({"do": "fail"})).unwrap();
    for (attempt, wait) in [(1, 60), (2, 120)] {
        service.until(|all| all.len() == attempt && all[attempt - 1].ended.is_some()).await;
        time.advance(Duration::from_secs(wait - 1));
        tokio::task::yield_now().await;
        assert_eq!(service.invocations().len(), attempt);
        time.advance(Duration::from_secs(1));
    }
    service.idle().await;
    let started: Vec<_> = service.invocations().iter().map(|one| one.started.as_secs()).collect();
    assert_eq!(started, [0, 60, 180]);
}

#[tokio::test]
async fn a_record_that_fails_is_dropped() {
    let (service, _time) = manual().await;
    service
        .create_function(Function::closure("toy", |_, _| async { Err("always".to_owned()) }).with_on_failure_itself());
    service.invoke_event("toy", json!({})).unwrap();
    service.idle().await;
    let kinds: Vec<_> = service.invocations().iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [Kind::Event, Kind::OnFailure]);
    assert!(service.transcript().to_string().contains("the record of the failure is dropped"));
}

#[tokio::test]
async fn a_function_that_invokes_itself_keeps_the_service_busy() {
    let (service, _time) = manual().await;
    service.create_function(toy("toy"));
    service.invoke_event("toy", json!({"do": "again"})).unwrap();
    service.idle().await;
    let all = service.invocations();
    assert_eq!(all.len(), 2);
    assert_eq!(all[0].result, Some(Ok(json!(all[1].request_id))));
    assert!(service.invoke_event("nobody", json!({})).is_err());
}

#[tokio::test]
async fn an_event_is_delivered_twice() {
    for (twice, overlap) in [(Twice::Parallel, true), (Twice::AfterCompletion, false)] {
        let (service, _time) = manual().await;
        service.create_function(toy("toy"));
        service.deliver_twice("toy", twice);
        let id = service.invoke_event("toy", json!({"log": ["a", "b"]})).unwrap();
        let other = service.invoke_event("toy", json!({})).unwrap();
        service.idle().await;
        let ids: Vec<_> =
            service.invocations().into_iter().map(|one| one.request_id).filter(|one| *one != other).collect();
        assert_eq!(ids, [id.clone(), id], "and the event after it once");
        let output = service.output("toy");
        assert_eq!(output == "a\nb\na\nb\n", !overlap, "{output}");
    }
}
