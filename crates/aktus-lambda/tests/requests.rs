//! Requests of CloudFormation, from the event to the one answer, against a server that counts answers.
#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aktus_bootstrap::{Event, Failure, FailureKind, ObjectReport, Outcome, Report, Reporter, Step, StepReport};
use aktus_lambda::reporter::subscriber;
use aktus_lambda::respond::{MAX_BODY, Responder};
use aktus_lambda::work::{Removed, Task, Work};
use aktus_lambda::{Handler, Invocation};
use futures::future::LocalBoxFuture;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const STACK: &str = "arn:aws:cloudformation:us-east-1:111122223333:stack/aktus/4a2c";
const ID: &str = "aktus/aktus/4a2c/c/aktus-ai-platform-dev/aktus-ai-platform";
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

/// What the work does instead of working.
#[derive(Clone)]
enum Play {
    Ends(Box<Result<Report, Failure>>),
    ClusterGone,
    Panics,
    Waits,
    Computes,
}

#[derive(Clone)]
struct Played {
    play: Play,
    /// `install` or `remove`, cluster, namespace, release.
    calls: Arc<Mutex<Vec<String>>>,
}

impl Played {
    async fn run(&self, verb: &str, task: &Task, reporter: &dyn Reporter) -> Result<Report, Failure> {
        let request = &task.request;
        let cluster = request.cluster_name.as_deref().unwrap_or_default();
        self.calls.lock().unwrap().push(format!("{verb} {cluster} {} {}", request.namespace, request.release));
        reporter.event(&Event::StepStarted { step: Step::Release });
        reporter.event(&Event::ObjectWaiting { object: "Deployment/web".into(), reason: "0 of 1 pods".into() });
        match &self.play {
            Play::Ends(ended) => ended.as_ref().clone(),
            Play::ClusterGone => Ok(Report::default()),
            Play::Panics => panic!("{CANARY}{}", request.namespace),
            Play::Waits => futures::future::pending().await,
            Play::Computes => loop {
                std::thread::park();
            },
        }
    }
}

impl Work for Played {
    fn install<'a>(
        &'a self,
        task: &'a Task,
        reporter: &'a dyn Reporter,
    ) -> LocalBoxFuture<'a, Result<Report, Failure>> {
        Box::pin(self.run("install", task, reporter))
    }

    fn remove<'a>(
        &'a self,
        task: &'a Task,
        reporter: &'a dyn Reporter,
    ) -> LocalBoxFuture<'a, Result<Removed, Failure>> {
        Box::pin(async move {
            let report = self.run("remove", task, reporter).await?;
            Ok(match self.play {
                Play::ClusterGone => Removed::ClusterGone("cluster c no longer exists".to_owned()),
                _ => Removed::Report(Box::new(report)),
            })
        })
    }
}

/// What came of one request.
struct Seen {
    /// The answer; nothing when there was none.
    answer: Value,
    calls: Vec<String>,
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

fn report(ended: Outcome, step: Step) -> Report {
    let took = Duration::ZERO;
    Report { steps: vec![StepReport { step, outcome: ended, took }], ..Report::default() }
}

fn good() -> Play {
    Play::Ends(Box::new(Ok(report(Outcome::Done("done".into()), Step::Report))))
}

fn failing(step: Step, failure: Failure) -> Play {
    Play::Ends(Box::new(Ok(report(Outcome::Failed(failure), step))))
}

/// Lets the handler answer an event, and checks what holds for every one of them.
async fn handle(mut event: Value, play: Play, statuses: &[u16], remaining: Duration) -> Seen {
    let server = Server::start(statuses).await;
    if event.is_object() && event.get("ResponseURL").is_none() {
        event["ResponseURL"] = json!(server.url);
    }
    let log = Log::default();
    let writer = log.clone();
    let quiet = tracing::subscriber::set_default(subscriber(move || writer.clone()));
    let work = Played { play, calls: Arc::default() };
    let responder = Responder { first_backoff: Duration::from_millis(1), ..Responder::default() };
    let handler = Handler::new(work.clone()).with_responder(responder);
    let invocation = Invocation { request_id: "lambda-1".into(), log_stream: "stream/1".into(), remaining };
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
    Seen { answer, calls, log, puts, result }
}

async fn simply(change: Value, play: Play) -> Seen {
    let seen = handle(event(&change), play, &[], Duration::from_mins(1)).await;
    assert_eq!((seen.puts.len(), &seen.result), (1, &Ok(())));
    assert_eq!((&seen.answer["StackId"], &seen.answer["RequestId"]), (&json!(STACK), &json!("r-1")));
    seen
}

#[tokio::test]
async fn a_create_installs_and_says_so_once() {
    let seen = simply(json!({}), good()).await;
    seen.is("SUCCESS", ID, "");
    assert_eq!(seen.calls, ["install c aktus-ai-platform-dev aktus-ai-platform"]);
    assert_eq!(seen.answer["Data"]["Namespace"], "aktus-ai-platform-dev");
    let head = &seen.puts[0].head;
    let mut lines = head.lines();
    let first = format!("PUT /b%2Bucket//answer?X-Amz-Signature={CANARY}%2F&a=1+2 HTTP/1.1");
    assert_eq!(lines.next(), Some(first.as_str()), "byte for byte, because it is signed");
    assert!(lines.any(|line| line.trim_end() == "content-type:"), "{head}");
    assert!(seen.log.contains("\"step\":\"release\"") && seen.log.contains("\"request_id\":\"r-1\""), "{}", seen.log);
}

#[tokio::test]
async fn an_update_keeps_the_id_unless_the_installation_changes() {
    let seen = simply(json!({"RequestType": "Update", "PhysicalResourceId": ID}), good()).await;
    seen.is("SUCCESS", ID, "");
    let change = json!({"RequestType": "Update", "PhysicalResourceId": ID, "ResourceProperties": {"Namespace": "ai"}});
    simply(change.clone(), good()).await.is("SUCCESS", "aktus/aktus/4a2c/c/ai/aktus-ai-platform", "");
    let failure = Failure::new(FailureKind::Refused, "no");
    let seen = simply(change, failing(Step::Cluster, failure)).await;
    seen.is("FAILED", ID, "step cluster: no (log stream stream/1)");
}

#[tokio::test]
async fn a_failure_names_step_object_cause_next_step_and_log() {
    let failure = Failure::new(FailureKind::Refused, "forbidden").about("Deployment/n/web").next("ask for permission");
    let seen = simply(json!({}), failing(Step::Release, failure)).await;
    seen.is("FAILED", ID, "step release: Deployment/n/web: forbidden; next: ask for permission (log stream stream/1)");
}

#[tokio::test]
async fn a_create_that_touched_nothing_says_so_in_its_id() {
    let failure = Failure::new(FailureKind::Refused, "access denied");
    simply(json!({}), failing(Step::Cluster, failure.clone())).await.is(
        "FAILED",
        NOTHING,
        "step cluster: access denied (log stream stream/1)",
    );
    simply(json!({}), Play::Ends(Box::new(Err(failure.clone())))).await.is(
        "FAILED",
        NOTHING,
        "access denied (log stream stream/1)",
    );
    // The Lease was tried for.
    let lease = ObjectReport {
        step: Step::Cluster,
        api_version: "coordination.k8s.io/v1".into(),
        kind: "Lease".into(),
        namespace: None,
        name: "l".into(),
        change: "hold",
        detail: String::new(),
        ready: None,
    };
    let ended = Report { objects: vec![lease], ..report(Outcome::Failed(failure), Step::Cluster) };
    let seen = simply(json!({}), Play::Ends(Box::new(Ok(ended)))).await;
    assert_eq!(seen.answer["PhysicalResourceId"], ID);
    let seen = simply(json!({"RequestType": "Delete", "PhysicalResourceId": NOTHING}), Play::Panics).await;
    seen.is("SUCCESS", NOTHING, "nothing was ever created");
    assert!(seen.calls.is_empty());
}

#[tokio::test]
async fn every_property_that_is_wrong_is_named_in_one_answer() {
    let change = json!({"ResourceProperties": {
        "EnableAutoMode": "maybe", "GpuLimit": "-1", "Namespace": ["a"], "FileSystem": "fs-1", "FileSystemId": 5,
        "OpenAIAPIKeyArn": CANARY,
    }});
    let seen = simply(change, good()).await;
    assert_eq!((&seen.answer["Status"], &seen.answer["PhysicalResourceId"]), (&json!("FAILED"), &json!(NOTHING)));
    let reason = seen.answer["Reason"].as_str().unwrap();
    assert!(reason.starts_with("6 properties are wrong, nothing was changed: "), "{reason}");
    for name in ["EnableAutoMode", "GpuLimit", "Namespace", "FileSystem", "FileSystemId", "OpenAIAPIKeyArn"] {
        assert!(reason.contains(&format!("{name}: ")), "{name}: {reason}");
    }
    assert!(seen.calls.is_empty());
}

#[tokio::test]
async fn a_panic_is_answered() {
    let seen = simply(json!({}), Play::Panics).await;
    let reason = "an internal error ended the work; the last step was release, waiting for: Deployment/web: \
                  0 of 1 pods; next: retry the stack operation (log stream stream/1)";
    seen.is("FAILED", ID, reason);
}

#[tokio::test]
async fn work_that_does_not_end_is_answered_in_time() {
    for play in [Play::Waits, Play::Computes] {
        let seen = handle(event(&json!({})), play, &[], Duration::from_secs(5)).await;
        assert_eq!(seen.result, Ok(()));
        let reason = "the work did not end in the function's time; the last step was release, waiting for: \
                      Deployment/web: 0 of 1 pods; next: retry the stack operation (log stream stream/1)";
        seen.is("FAILED", ID, reason);
    }
}

#[tokio::test]
async fn a_delete_takes_away_what_its_id_names() {
    let delete = |id: &str, properties: Value| json!({"RequestType": "Delete", "PhysicalResourceId": id, "ResourceProperties": properties});
    let old = "aktus/aktus/4a2c/c1/old/r";
    let seen = simply(delete(old, json!({"Namespace": "new"})), good()).await;
    seen.is("SUCCESS", old, "");
    assert_eq!(seen.calls, ["remove c1 old r"]);
    // Properties of another version do not keep a stack from being deleted.
    let wrong = json!({"Namespace": [], "Region": "", "FileSystemId": "x", "Unheard": "of", "GpuLimit": "many"});
    let seen = simply(delete(old, wrong.clone()), good()).await;
    seen.is("SUCCESS", old, "");
    assert_eq!(seen.calls, ["remove c1 old r"]);
    // CloudFormation made this id up, because it never heard of ours.
    let seen = simply(delete("aktus_Bootstrap_1ABC", json!({"Namespace": "ai"})), good()).await;
    seen.is("SUCCESS", "aktus_Bootstrap_1ABC", "");
    assert_eq!(seen.calls, ["remove c ai aktus-ai-platform"]);
    let seen = simply(delete("aktus_Bootstrap_1ABC", wrong), good()).await;
    assert_eq!((&seen.answer["Status"], seen.calls.len()), (&json!("FAILED"), 0));
}

#[tokio::test]
async fn a_delete_without_a_cluster() {
    let delete = |policy: &str| {
        let properties = json!({"OnUnreachable": policy});
        json!({"RequestType": "Delete", "PhysicalResourceId": ID, "ResourceProperties": properties})
    };
    let failure = Failure::new(FailureKind::Unreachable, "no route").about("cluster c");
    simply(delete("Fail"), Play::ClusterGone).await.is("SUCCESS", ID, "cluster c no longer exists");
    let unreachable = failing(Step::Cluster, failure);
    let seen = simply(delete("Fail"), unreachable.clone()).await;
    seen.is("FAILED", ID, "step cluster: cluster c: no route (log stream stream/1)");
    let seen = simply(delete("Abandon"), unreachable).await;
    seen.is(
        "SUCCESS",
        ID,
        "the cluster is unreachable, so release aktus-ai-platform in namespace aktus-ai-platform-dev and everything \
         that belongs to it is abandoned: cluster c: no route",
    );
    let refused = failing(Step::Uninstall, Failure::new(FailureKind::Refused, "forbidden"));
    assert_eq!(simply(delete("Abandon"), refused).await.answer["Status"], "FAILED");
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
        let seen = handle(event(&json!({field: value})), Play::Panics, &[], Duration::from_mins(1)).await;
        assert_eq!((seen.puts.len(), &seen.answer["Status"], &seen.result), (1, &json!("FAILED"), &Ok(())), "{field}");
        assert!(seen.calls.is_empty());
        let reason = seen.answer["Reason"].as_str().unwrap();
        assert!(reason.contains(&format!("{field}: ")), "{reason}");
    }
    let seen = simply(json!({"RequestType": "Delete"}), Play::Panics).await;
    assert_eq!(seen.answer["Status"], "FAILED");
}

#[tokio::test]
async fn an_event_without_a_usable_address_is_an_error_in_the_log() {
    let secret = format!("http://example.com/{CANARY}");
    for event in [json!([CANARY]), event(&json!({"ResponseURL": 5})), event(&json!({"ResponseURL": secret}))] {
        let seen = handle(event, Play::Panics, &[], Duration::from_mins(1)).await;
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
    let answered = |statuses: &'static [u16]| handle(event(&json!({})), good(), statuses, Duration::from_mins(1));
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
