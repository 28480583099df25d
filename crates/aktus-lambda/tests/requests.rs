//! Requests of CloudFormation, from the event to the one answer, against a server that counts answers.
#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aktus_lambda::relay::Relay;
use aktus_lambda::reporter::subscriber;
use aktus_lambda::respond::{MAX_BODY, Responder};
use aktus_lambda::runner::{Ended, Runner};
use aktus_lambda::task::{Conclusion, Failed, Message, Progress, Success, Task};
use aktus_lambda::{Handler, Invocation};
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::Instant;

const STACK: &str = "arn:aws:cloudformation:us-east-1:111122223333:stack/aktus/4a2c";
const ID: &str = "aktus/aktus/4a2c/c/aktus-ai-platform-dev/aktus-ai-platform";
const FUNCTION: &str = "arn:aws:lambda:us-east-1:111122223333:function:bootstrap";
const NOW: &str = "2026-01-01T00:00:00Z";
const NOTHING: &str = "aktus-nothing-created/aktus/4a2c/Bootstrap";
/// Must be in no log line and in no answer.
const CANARY: &str = "canary-7f3a";

/// One PUT as the server saw it: head and body.
#[derive(Clone, Debug)]
struct Put {
    head: String,
    body: Vec<u8>,
}

/// Stands in for S3: answers with these statuses in turn, then with 200; 0 closes the connection without an answer.
struct Server {
    url: String,
    puts: Arc<Mutex<Vec<Put>>>,
}

impl Server {
    async fn start(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url =
            format!("http://{}/b%2Bucket//answer?X-Amz-Signature={CANARY}%2F&a=1+2", listener.local_addr().unwrap());
        let puts = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&puts);
        let mut statuses: VecDeque<_> = statuses.iter().copied().collect();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut bytes = Vec::new();
                let put = loop {
                    let mut buffer = [0; 8_192];
                    let read = stream.read(&mut buffer).await.unwrap_or(0);
                    bytes.extend_from_slice(&buffer[..read]);
                    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
                        assert_ne!(read, 0, "the head is cut off");
                        continue;
                    };
                    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
                    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                    let length: usize = length.unwrap().parse().unwrap();
                    if bytes.len() >= end + 4 + length {
                        break Put { head, body: bytes[end + 4..].to_vec() };
                    }
                    assert_ne!(read, 0, "the body is cut off");
                };
                seen.lock().unwrap().push(put);
                let status = statuses.pop_front().unwrap_or(200);
                if status != 0 {
                    let answer = format!(
                        "HTTP/1.1 {status} X\r\nlocation: /elsewhere\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                    );
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            }
        });
        Self { url, puts }
    }

    fn puts(&self) -> Vec<Put> {
        self.puts.lock().unwrap().clone()
    }
}

/// The log of one test.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// How the work ends, without having been done.
#[derive(Clone)]
struct Played {
    ended: Ended,
    /// `Install` or `Remove`, and the physical id.
    calls: Arc<Mutex<Vec<String>>>,
    /// The events that were passed on.
    passed: Arc<Mutex<Vec<Value>>>,
    /// Why nothing can be passed on.
    stuck: Option<String>,
}

impl Runner for Played {
    fn run<'a>(&'a self, task: &'a Task, kill_at: Instant, progress: &'a Mutex<Progress>) -> BoxFuture<'a, Ended> {
        Box::pin(async move {
            assert!(Instant::now() <= kill_at && task.run_ms <= task.work_ms);
            self.calls.lock().unwrap().push(format!("{:?} {}", task.verb, task.physical_id));
            for message in [
                Message::Step("release".into()),
                Message::Ready("Deployment/db".into()),
                Message::NotReady { object: "Deployment/web".into(), reason: "0 of 1 pods".into() },
            ] {
                progress.lock().unwrap().note(&message);
            }
            self.ended.clone()
        })
    }
}

impl Relay for Played {
    fn pass_on<'a>(&'a self, function_arn: &'a str, event: Vec<u8>) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            assert_eq!(function_arn, FUNCTION);
            if let Some(cause) = &self.stuck {
                return Err(cause.clone());
            }
            self.passed.lock().unwrap().push(serde_json::from_slice(&event).unwrap());
            Ok(())
        })
    }
}

/// What came of one request.
struct Seen {
    /// The answer; nothing when there was none.
    answer: Value,
    calls: Vec<String>,
    passed: Vec<Value>,
    log: String,
    puts: Vec<Put>,
    result: Result<(), String>,
}

impl Seen {
    #[track_caller]
    fn is(&self, status: &str, id: &str, reason: &str) {
        let found = (&self.answer["Status"], &self.answer["PhysicalResourceId"], &self.answer["Reason"]);
        assert_eq!(found, (&json!(status), &json!(id), &json!(reason)));
    }
}

fn event(change: &Value) -> Value {
    let mut event = json!({
        "RequestType": "Create", "StackId": STACK, "RequestId": "r-1", "LogicalResourceId": "Bootstrap",
        "ResourceType": "Custom::AktusBootstrap",
        "ResourceProperties": {
            "ServiceToken": "arn:x", "ClusterName": "c", "Region": "us-east-1", "FileSystemId": "fs-0123456789abcdef0",
            "Values": {"password": CANARY},
        },
    });
    for (name, value) in change.as_object().unwrap() {
        match value {
            Value::Object(fields) if name == "ResourceProperties" => {
                for (field, value) in fields {
                    event[name][field] = value.clone();
                }
            }
            _ => event[name] = value.clone(),
        }
    }
    event
}

fn good() -> Ended {
    let data = BTreeMap::from([("Namespace".to_owned(), "aktus-ai-platform-dev".to_owned())]);
    Ended::Concluded(Conclusion::Succeeded(Success { reason: String::new(), data }))
}

fn failing(reason: &str, touched: bool) -> Ended {
    Ended::Concluded(Conclusion::Failed(Failed { reason: reason.to_owned(), touched }))
}

/// Lets the handler answer an event, and checks what holds for every one of them.
async fn handle(event: Value, ended: Ended, statuses: &[u16]) -> Seen {
    handle_with(event, ended, statuses, None).await
}

async fn handle_with(mut event: Value, ended: Ended, statuses: &[u16], stuck: Option<String>) -> Seen {
    let server = Server::start(statuses).await;
    let request = if event.get("requestPayload").is_some() { &mut event["requestPayload"] } else { &mut event };
    if request.is_object() && request.get("ResponseURL").is_none() {
        request["ResponseURL"] = json!(server.url);
    }
    let log = Log::default();
    let writer = log.clone();
    let quiet = tracing::subscriber::set_default(subscriber(move || writer.clone()));
    let work = Played { ended, calls: Arc::default(), passed: Arc::default(), stuck };
    let responder = Responder { first_backoff: Duration::from_millis(1), ..Responder::default() };
    let handler = Handler::new(work.clone(), work.clone()).with_responder(responder);
    let invocation = Invocation {
        request_id: "lambda-1".into(),
        function_arn: FUNCTION.into(),
        log_stream: "stream/1".into(),
        remaining: Duration::from_mins(15),
        now: NOW.parse().unwrap(),
        run: "0a1b".into(),
    };
    let result = handler.handle(event, &invocation).await.map_err(|error| error.to_string());
    drop(quiet);
    let puts = server.puts();
    let log = log.text();
    assert!(!log.contains(CANARY), "{log}");
    for line in log.lines() {
        serde_json::from_str::<Value>(line).unwrap();
    }
    for put in &puts {
        assert_eq!(put.body, puts[0].body, "every try sends the same answer");
        assert!(put.body.len() <= MAX_BODY);
        assert!(!String::from_utf8(put.body.clone()).unwrap().contains(CANARY));
    }
    let answer = puts.first().map_or(Value::Null, |put| serde_json::from_slice(&put.body).unwrap());
    let calls = work.calls.lock().unwrap().clone();
    let passed = work.passed.lock().unwrap().clone();
    Seen { answer, calls, passed, log, puts, result }
}

async fn simply(change: &Value, ended: Ended) -> Seen {
    let seen = handle(event(change), ended, &[]).await;
    assert_eq!((seen.puts.len(), &seen.result), (1, &Ok(())));
    assert_eq!((&seen.answer["StackId"], &seen.answer["RequestId"]), (&json!(STACK), &json!("r-1")));
    seen
}

#[tokio::test]
async fn a_create_installs_and_says_so_once() {
    let seen = simply(&json!({}), good()).await;
    seen.is("SUCCESS", ID, "");
    assert_eq!(seen.calls, [format!("Install {ID}")]);
    assert_eq!(seen.answer["Data"]["Namespace"], "aktus-ai-platform-dev");
    let head = &seen.puts[0].head;
    let mut lines = head.lines();
    let first = format!("PUT /b%2Bucket//answer?X-Amz-Signature={CANARY}%2F&a=1+2 HTTP/1.1");
    assert_eq!(lines.next(), Some(first.as_str()), "byte for byte, because it is signed");
    assert!(lines.any(|line| line.trim_end() == "content-type:"), "{head}");
    assert!(seen.log.contains("\"request_id\":\"r-1\""), "{}", seen.log);
}

#[tokio::test]
async fn an_update_keeps_the_id_unless_the_installation_changes() {
    let seen = simply(&json!({"RequestType": "Update", "PhysicalResourceId": ID}), good()).await;
    seen.is("SUCCESS", ID, "");
    let change = json!({"RequestType": "Update", "PhysicalResourceId": ID, "ResourceProperties": {"Namespace": "ai"}});
    simply(&change, good()).await.is("SUCCESS", "aktus/aktus/4a2c/c/ai/aktus-ai-platform", "");
    simply(&change, failing("no", true)).await.is("FAILED", ID, "no");
    // With another id, CloudFormation would have this one deleted, and with it what was just updated.
    let predecessor = "2026/11/22/[$LATEST]ab";
    let change = json!({"RequestType": "Update", "PhysicalResourceId": predecessor});
    simply(&change, good()).await.is("SUCCESS", predecessor, "");
    let change = json!({"RequestType": "Update", "PhysicalResourceId": NOTHING});
    simply(&change, good()).await.is("SUCCESS", ID, "");
}

#[tokio::test]
async fn a_create_that_touched_nothing_says_so_in_its_id() {
    simply(&json!({}), failing("access denied", false)).await.is("FAILED", NOTHING, "access denied");
    simply(&json!({}), failing("forbidden", true)).await.is("FAILED", ID, "forbidden");
    let seen = simply(&json!({"RequestType": "Delete", "PhysicalResourceId": NOTHING}), failing("no", true)).await;
    seen.is("SUCCESS", NOTHING, "nothing was ever created");
    assert!(seen.calls.is_empty());
}

const PROGRESS: &str = "last step release, waiting for: Deployment/web: 0 of 1 pods; 1 of 2 objects ready; next: ";

#[tokio::test]
async fn work_that_ends_without_a_word_is_answered() {
    let seen = simply(&json!({}), Ended::Died("it panicked (exit code 101)".into())).await;
    let reason = format!(
        "the process that did the work is gone: it panicked (exit code 101); {PROGRESS}retry the stack operation (log stream stream/1)"
    );
    seen.is("FAILED", ID, &reason);
    let seen = simply(&json!({}), Ended::TimedOut).await;
    let reason = format!("the work did not finish in 0 s; {PROGRESS}retry the stack operation (log stream stream/1)");
    seen.is("FAILED", ID, &reason);
    let seen = simply(&json!({}), Ended::NotStarted("no process for the work: no room".into())).await;
    let reason = "no process for the work: no room; next: retry the stack operation (log stream stream/1)";
    seen.is("FAILED", NOTHING, reason);
}

#[tokio::test]
async fn unfinished_work_goes_on_in_another_run_three_times() {
    let mut next = event(&json!({}));
    for hop in 1..=3 {
        let seen = handle(next.clone(), Ended::Concluded(Conclusion::Unfinished { held: true }), &[]).await;
        assert_eq!((seen.puts.len(), seen.passed.len(), &seen.result), (0, 1, &Ok(())));
        let cursor = &seen.passed[0]["AktusContinuation"];
        assert_eq!(cursor, &json!({"Hop": hop, "Began": NOW, "Holder": "request r-1 run 0a1b", "Held": true}));
        next = seen.passed[0].clone();
        next.as_object_mut().unwrap().remove("ResponseURL");
    }
    let seen = handle(next, Ended::Concluded(Conclusion::Unfinished { held: true }), &[]).await;
    let reason = format!(
        "the work did not finish in 0 s; {PROGRESS}mend what the work waits for, then retry the stack operation \
         (log stream stream/1)"
    );
    seen.is("FAILED", ID, &reason);
    assert!(seen.passed.is_empty());
}

#[tokio::test]
async fn a_run_that_cannot_be_passed_on_is_answered() {
    let unfinished = Ended::Concluded(Conclusion::Unfinished { held: true });
    let seen = handle_with(event(&json!({})), unfinished, &[], Some("lambda:InvokeFunction is denied".into())).await;
    let reason = format!(
        "the work did not finish in 0 s, and no other run could go on: lambda:InvokeFunction is denied; {PROGRESS}let \
         the function invoke itself, then retry the stack operation (log stream stream/1)"
    );
    seen.is("FAILED", ID, &reason);
}

#[tokio::test]
async fn a_delivery_that_another_one_overtook_is_silent() {
    let seen = handle(event(&json!({})), Ended::Concluded(Conclusion::Elsewhere), &[]).await;
    assert_eq!((seen.puts.len(), &seen.result), (0, &Ok(())));
}

#[tokio::test]
async fn the_record_of_a_run_that_died_is_answered_and_never_fails() {
    let record = |change: &Value| {
        json!({"requestContext": {"condition": "RetriesExhausted", "requestId": "l-9"}, "requestPayload": event(change),
            "responsePayload": {"errorType": "Runtime.ExitError", "errorMessage": "signal: killed"}})
    };
    let reason = "run l-9 of the function died: Runtime.ExitError: signal: killed; what it had done stays until the \
                  next run; next: retry the stack operation (log stream stream/1)";
    let seen = handle(record(&json!({})), good(), &[]).await;
    seen.is("FAILED", ID, reason);
    assert!(seen.calls.is_empty() && seen.result.is_ok());
    let seen = handle(record(&json!({"RequestType": "Delete", "PhysicalResourceId": "p"})), good(), &[]).await;
    seen.is("FAILED", "p", reason);
    let seen = handle(record(&json!({})), good(), &[403]).await;
    assert!(seen.result.is_ok() && seen.log.contains("the answer was not sent"), "{}", seen.log);
}

#[tokio::test]
async fn a_malformed_event_is_answered_when_it_says_where() {
    for (field, value) in [
        ("RequestType", json!(5)),
        ("RequestType", json!("Read")),
        ("StackId", json!(null)),
        ("RequestId", json!([])),
        ("LogicalResourceId", json!("")),
        ("ResourceProperties", json!("text")),
    ] {
        let seen = handle(event(&json!({field: value})), Ended::TimedOut, &[]).await;
        assert_eq!((seen.puts.len(), &seen.answer["Status"], &seen.result), (1, &json!("FAILED"), &Ok(())), "{field}");
        assert!(seen.calls.is_empty());
        let reason = seen.answer["Reason"].as_str().unwrap();
        assert!(reason.contains(&format!("{field}: ")), "{reason}");
    }
    let seen = simply(&json!({"RequestType": "Delete"}), Ended::TimedOut).await;
    assert_eq!(seen.answer["Status"], "FAILED");
}

#[tokio::test]
async fn an_event_without_a_usable_address_is_an_error_in_the_log() {
    let secret = format!("http://example.com/{CANARY}");
    for event in [json!([CANARY]), event(&json!({"ResponseURL": 5})), event(&json!({"ResponseURL": secret}))] {
        let seen = handle(event, Ended::TimedOut, &[]).await;
        assert!(seen.puts.is_empty() && seen.calls.is_empty());
        assert!(seen.log.contains("no answer is possible"), "{}", seen.log);
        assert!(!seen.result.unwrap_err().contains(CANARY));
    }
}

#[track_caller]
fn tried(seen: &Seen, times: usize, error: Option<&str>) {
    assert_eq!((seen.puts.len(), seen.result.as_ref().err().map(String::as_str)), (times, error));
    assert_eq!(seen.log.contains("the answer was not sent"), error.is_some());
}

#[tokio::test]
async fn an_answer_is_tried_again_while_that_makes_sense() {
    let answered = |statuses: &'static [u16]| handle(event(&json!({})), good(), statuses);
    tried(&answered(&[500, 500, 200]).await, 3, None);
    tried(&answered(&[503, 429, 408, 0]).await, 5, None);
    let refused = |status: u16| {
        format!(
            "the answer was refused with status {status}; its address may have expired, so the stack waits until its timeout"
        )
    };
    tried(&answered(&[403]).await, 1, Some(&refused(403)));
    tried(&answered(&[500, 400]).await, 2, Some(&refused(400)));
    tried(&answered(&[307]).await, 1, Some(&refused(307)));
    let unsent =
        "the answer could not be sent in 5 tries, the last one: status 503; check the function's network path to S3";
    tried(&answered(&[503, 503, 503, 503, 503, 503]).await, 5, Some(unsent));
    let seen = answered(&[0, 0, 0, 0, 0, 0]).await;
    assert_eq!(seen.puts.len(), 5);
    let error = seen.result.unwrap_err();
    assert!(error.starts_with("the answer could not be sent in 5 tries") && !error.contains("http://"), "{error}");
}
