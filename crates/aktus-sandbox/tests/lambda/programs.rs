//! Real processes.

use std::time::Duration;

use aktus_sandbox::lambda::{Kind, Options, Service, Twice};
use aktus_sandbox::{Clock, Time};
use serde_json::{Value, json};

use super::toy::{function, lines};
use super::{TIMEOUT, manual};

#[track_caller]
fn is(result: &Result<Value, aktus_sandbox::lambda::FunctionError>, expected: &Result<Value, (&str, &str)>) {
    let found = match result {
        Ok(value) => Ok(value.clone()),
        Err(error) => {
            let (_, message) = error.message.split_once(" Error: ").unwrap_or(("", &error.message));
            Err((error.error_type.as_str(), message))
        }
    };
    assert_eq!(&found, expected);
}

#[tokio::test]
async fn what_a_program_does_is_what_the_caller_gets() {
    let (service, _time) = manual().await;
    service.create_function(function("toy", ""));
    let exit = |text: &'static str| Err(("Runtime.ExitError", text));
    for (event, expected) in [
        (
            json!({"do": "echo", "text": "é\u{2028}\"", "number": 1.5}),
            Ok(json!({"do": "echo", "text": "é\u{2028}\"", "number": 1.5})),
        ),
        (json!({"do": "fail"}), Err(("Toy.Failed", "as asked"))),
        (json!({"do": "fail-in-text"}), Err(("Toy.Text", "\"no JSON\""))),
        (json!({"do": "rules"}), Ok(json!([400, 403, 404]))),
        (json!({"do": "exit", "code": 0}), exit("Runtime exited without providing a reason")),
        (json!({"do": "exit", "code": 7}), exit("Runtime exited with error: exit status 7")),
        (json!({"do": "abort"}), exit("Runtime exited with error: signal: aborted")),
        // The answer was taken, whatever becomes of the process.
        (json!({"do": "answer-and-exit"}), Ok(json!("answered"))),
        (json!({"do": "echo"}), Ok(json!({"do": "echo"}))),
    ] {
        is(&service.invoke("toy", event).await, &expected);
    }
    assert!(service.output("toy").contains("second response: 403\n"));
}

#[tokio::test]
async fn programs_that_cannot_begin() {
    let (service, time) = manual().await;
    for (init, expected) in [
        ("crash", ("Runtime.ExitError", "Runtime exited with error: exit status 3")),
        ("error", ("Toy.Init", "no configuration")),
    ] {
        service.create_function(function("toy", init));
        is(&service.invoke("toy", json!({})).await, &Err(expected));
    }
    service.create_function(function("toy", "hang"));
    let (result, ()) = tokio::join!(service.invoke("toy", json!({})), async {
        service.until(|invocations| invocations.last().is_some_and(|last| last.environment == Some(3))).await;
        time.advance(Duration::from_mins(15));
    });
    is(&result, &Err(("Sandbox.Timedout", "Task timed out after 900.00 seconds")));
    service.create_function(aktus_sandbox::lambda::Function::program("none", "/nowhere/bootstrap"));
    let error = service.invoke("none", json!({})).await.unwrap_err();
    assert_eq!(error.error_type, "Runtime.InvalidEntrypoint");
    let error = service.invoke("nobody", json!({})).await.unwrap_err();
    assert_eq!(error.message, "RequestId: - Error: no function nobody exists; create it first");
    assert!(service.environments("toy").is_empty() && service.environments("none").is_empty());
}

#[tokio::test]
async fn an_environment_is_reused_and_one_invocation_has_it_alone() {
    let (service, time) = manual().await;
    service.create_function(function("toy", ""));
    for count in 1..=3 {
        assert_eq!(service.invoke("toy", json!({"do": "count"})).await, Ok(json!(count)));
    }
    let first = service.environments("toy");
    assert_eq!(first.len(), 1);
    service.invoke_event("toy", json!({"do": "hang"})).unwrap();
    service.logged("toy", "hanging").await;
    // The warm one is busy, so this is the first invocation of another.
    assert_eq!(service.invoke("toy", json!({"do": "count"})).await, Ok(json!(1)));
    assert_eq!(service.environments("toy").len(), 2);
    assert_eq!(service.environments("toy")[0], first[0]);
    time.advance(Duration::from_mins(15));
    service.idle().await;
    assert_eq!(service.environments("toy").len(), 1);
    assert_eq!(service.invoke("toy", json!({"do": "count"})).await, Ok(json!(2)));
    // Replacing a function ends its environments.
    service.create_function(function("toy", ""));
    assert_eq!(service.invoke("toy", json!({"do": "count"})).await, Ok(json!(1)));
}

#[tokio::test]
async fn a_program_sees_the_variables_of_lambda_and_no_others() {
    let options = Options {
        region: "eu-west-1".to_owned(),
        account: "111122223333".to_owned(),
        ..Options::new(Time::manual(Clock::fixed("2026-11-22T12:00:00Z".parse().unwrap())))
    };
    let mut credentials = options.credentials.clone();
    credentials.session_token = Some("token".to_owned());
    let service = Service::start_with(Options { credentials, ..options }).await.unwrap();
    let toy = function("toy", "").with_variable("LANG", "C").with_memory(1024);
    assert_eq!(service.create_function(toy), "arn:aws:lambda:eu-west-1:111122223333:function:toy");
    let mut found = service.invoke("toy", json!({"do": "variables"})).await.unwrap();
    let found = found.as_object_mut().unwrap();
    let environment = &service.environments("toy")[0];
    let port = found.remove("AWS_LAMBDA_RUNTIME_API").unwrap();
    assert!(port.as_str().unwrap().starts_with("127.0.0.1:"));
    let root = found.remove("LAMBDA_TASK_ROOT").unwrap();
    assert_eq!(service.invoke("toy", json!({"do": "directory"})).await, Ok(root));
    let expected = json!({
        "AWS_ACCESS_KEY_ID": "AKIDSANDBOX", "AWS_SECRET_ACCESS_KEY": "sandbox/secret+access/key/of/no/account",
        "AWS_SESSION_TOKEN": "token", "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL_LAMBDA": service.url(), "AWS_LAMBDA_FUNCTION_NAME": "toy",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/toy",
        "AWS_LAMBDA_LOG_STREAM_NAME": environment.log_stream, "LAMBDA_RUNTIME_DIR": "/var/runtime", "LANG": "C",
        "PATH": "/usr/local/bin:/usr/bin/:/bin:/opt/bin", "TZ": ":UTC", "TOY_INIT": "", "_HANDLER": "bootstrap",
    });
    assert_eq!(Value::from(found.clone()), expected);
    assert!(environment.log_stream.starts_with("2026/11/22/[$LATEST]"), "{}", environment.log_stream);
    let headers = service.invoke("toy", json!({"do": "headers"})).await.unwrap();
    assert_eq!(headers["lambda-runtime-deadline-ms"], "1795349700000", "900 s after the clock");
    assert_eq!(headers["lambda-runtime-invoked-function-arn"], "arn:aws:lambda:eu-west-1:111122223333:function:toy");
    let id = service.invocations().pop().unwrap().request_id;
    assert_eq!(headers["lambda-runtime-aws-request-id"], json!(id));
    assert!(headers["lambda-runtime-trace-id"].as_str().unwrap().starts_with("Root=1-"));
}

#[tokio::test]
async fn the_log_is_complete_when_the_invocation_is_over() {
    let (service, _time) = manual().await;
    service.create_function(function("toy", ""));
    for round in 1..=20 {
        let event = json!({"do": "log", "out": format!("out {round}"), "error": format!("error {round}")});
        assert_eq!(service.invoke("toy", event).await, Ok(Value::Null));
        let output = service.output("toy");
        assert!(output.contains(&format!("error {round}\n")), "{output}");
    }
    // What has no end comes with what follows, or with the end of the process.
    assert_eq!(service.kill("toy"), 1);
    service.logged("toy", "no end").await;
    let expected: Vec<String> = (1..=20)
        .flat_map(|round| [format!("{}out {round}", if round > 1 { "no end" } else { "" }), format!("error {round}")])
        .collect();
    assert_eq!(lines(&service.output("toy"))[..40], expected);
}

/// The state of a process: `T` is stopped, `Z` dead and not yet collected; nothing when it is gone.
fn state(process: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

async fn until(wanted: impl Fn() -> bool) {
    let wait = async {
        while !wanted() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(TIMEOUT, wait).await.unwrap();
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_environment_that_waits_is_frozen() {
    let (service, _time) = manual().await;
    service.create_function(function("toy", ""));
    for _ in 0..2 {
        service.invoke("toy", json!({"do": "echo"})).await.unwrap();
        let process = service.environments("toy")[0].process.unwrap();
        until(|| state(process) == Some('T')).await;
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn at_the_deadline_everything_the_program_started_dies() {
    let (service, time) = manual().await;
    service.create_function(function("toy", "").with_timeout(Duration::from_millis(2_500)));
    let id = service.invoke_event("toy", json!({"do": "hang-with-child"})).unwrap();
    service.logged("toy", "child ").await;
    let process = service.environments("toy")[0].process.unwrap();
    let output = service.output("toy");
    let child: u32 = output.split_once("child ").unwrap().1.trim().parse().unwrap();
    time.advance(Duration::from_millis(2_499));
    assert!(!service.is_idle());
    time.advance(Duration::from_millis(1));
    service.idle().await;
    let invocation = service.invocations().pop().unwrap();
    assert_eq!((&invocation.request_id, invocation.ended), (&id, Some(Duration::from_millis(2_500))));
    is(&invocation.result.unwrap(), &Err(("Sandbox.Timedout", "Task timed out after 2.50 seconds")));
    until(|| [process, child].into_iter().all(|process| matches!(state(process), None | Some('Z')))).await;
}

#[tokio::test]
async fn a_faster_time_kills_in_real_time() {
    let time = Time::scaled(Clock::new(jiff::Timestamp::now), 9_000.0);
    let service = Service::start(time).await.unwrap();
    service.create_function(function("toy", ""));
    is(
        &service.invoke("toy", json!({"do": "hang"})).await,
        &Err(("Sandbox.Timedout", "Task timed out after 900.00 seconds")),
    );
}

#[tokio::test]
async fn programs_are_killed_on_demand() {
    let killed = Err(("Runtime.ExitError", "Runtime exited with error: signal: killed"));
    let (service, _time) = manual().await;
    service.create_function(function("toy", ""));
    service.kill_when_logged("toy", "line 1000");
    is(&service.invoke("toy", json!({"do": "lines"})).await, &killed);
    assert!(service.output("toy").contains("line 1000\n"));
    service.kill_at_line("toy", 3);
    is(&service.invoke("toy", json!({"do": "lines"})).await, &killed);
    let (result, killed_now) = tokio::join!(service.invoke("toy", json!({"do": "hang"})), async {
        service.logged("toy", "hanging").await;
        service.kill("toy")
    });
    is(&result, &killed);
    assert_eq!(killed_now, 1);
    assert_eq!(service.invoke("toy", json!({"do": "count"})).await, Ok(json!(1)));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_program_that_takes_too_much_memory_is_killed() {
    let (service, _time) = manual().await;
    service.create_function(function("toy", "").with_memory(128));
    let bytes = 32 * 1024 * 1024;
    assert_eq!(service.invoke("toy", json!({"do": "grow", "bytes": bytes})).await, Ok(json!(bytes)));
    let result = service.invoke("toy", json!({"do": "grow-and-hang", "bytes": 5 * bytes})).await;
    is(&result, &Err(("Runtime.ExitError", "Runtime exited with error: signal: killed")));
    assert!(service.transcript().to_string().contains(" of 128 MiB"), "{}", service.transcript());
}

#[tokio::test]
async fn a_crash_is_retried_and_told_to_the_function_itself() {
    let (service, time) = manual().await;
    service.create_function(function("toy", "").with_retries(1).with_on_failure_itself());
    service.invoke_event("toy", json!({"do": "exit", "code": 9})).unwrap();
    service.until(|invocations| invocations.iter().any(|one| one.ended.is_some())).await;
    time.advance(Duration::from_mins(1));
    service.until(|invocations| invocations.iter().any(|one| one.kind == Kind::OnFailure)).await;
    // The toy cannot do what a record asks for, so that fails, and is retried too.
    service.until(|invocations| invocations.len() == 3 && invocations[2].ended.is_some()).await;
    time.advance(Duration::from_mins(1));
    service.idle().await;
    let kinds: Vec<_> = service.invocations().iter().map(|one| (one.kind, one.attempt)).collect();
    assert_eq!(kinds, [(Kind::Event, 1), (Kind::Event, 2), (Kind::OnFailure, 1), (Kind::OnFailure, 2)]);
}

#[tokio::test]
async fn an_event_is_delivered_twice() {
    let (service, _time) = manual().await;
    service.create_function(function("toy", ""));
    for (twice, environments) in [(Twice::Parallel, 2), (Twice::AfterCompletion, 1)] {
        service.create_function(function("toy", ""));
        let before = service.invocations().len();
        service.deliver_twice("toy", twice);
        let id = service.invoke_event("toy", json!({"do": "count"})).unwrap();
        service.idle().await;
        let invocations = service.invocations().split_off(before);
        assert!(invocations.iter().all(|one| one.request_id == id && one.result.as_ref().unwrap().is_ok()));
        let used: std::collections::BTreeSet<_> = invocations.iter().map(|one| one.environment).collect();
        assert_eq!((invocations.len(), used.len()), (2, environments), "{twice:?}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_end_of_the_service_is_the_end_of_its_processes() {
    let (service, _time) = manual().await;
    service.create_function(function("toy", ""));
    service.invoke("toy", json!({"do": "echo"})).await.unwrap();
    service.invoke_event("toy", json!({"do": "hang"})).unwrap();
    service.invoke_event("toy", json!({"do": "hang"})).unwrap();
    service.until(|invocations| invocations.iter().filter(|one| one.environment.is_some()).count() == 3).await;
    let processes: Vec<u32> = service.environments("toy").iter().filter_map(|one| one.process).collect();
    assert_eq!(processes.len(), 2);
    drop(service);
    until(|| processes.iter().all(|process| matches!(state(*process), None | Some('Z')))).await;
}
