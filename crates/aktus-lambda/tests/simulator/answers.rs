//! C1 to C12: there is always one answer.

use std::time::Duration;

use aktus_sandbox::cloudformation::{self, RequestType};
use aktus_sandbox::kubernetes::{Fault, PodFault};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::stage::{NAME, Stage, check, signal};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_platform_is_created_updated_and_deleted() {
    let stage = Stage::open().await;
    let mut stack = stage.stack();
    let created = stack.create(stage.platform(&json!({}))).await;
    check(&stage, &created, "CREATE_COMPLETE", &[]);
    let data = &created.answer().expect("an answer").data;
    assert_eq!(
        (&data["Status"], &data["SecretsStatus"]),
        (&json!("deployed"), &json!("Hugging Face token given, OpenAI key empty"))
    );
    assert!(data["DashboardUrl"].as_str().is_some_and(|url| url.starts_with("http://")), "{data:?}");
    let id = stack.physical_id().expect("an id").to_owned();
    let updated = stack.update(stage.platform(&json!({"GpuLimit": 3}))).await;
    check(&stage, &updated, "UPDATE_COMPLETE", &[]);
    assert_eq!(stack.physical_id(), Some(id.as_str()));
    // Nothing changed: nothing is written.
    let writes = stage.writes();
    check(
        &stage,
        &stack.update(stage.platform(&json!({"GpuLimit": 3, "ConfigRevision": "2"}))).await,
        "UPDATE_COMPLETE",
        &[],
    );
    assert_eq!(stage.writes(), writes);
    check(&stage, &stack.delete().await, "DELETE_COMPLETE", &[]);
    assert_eq!(stage.standing(), [].into());
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_properties_are_named_with_the_right_ones() {
    let stage = Stage::open().await;
    let mut wrong = Stage::properties(&json!({"NameSpace": "x", "EnableAutoMode": "maybe", "GpuLimit": "many"}));
    wrong.as_object_mut().expect("an object").remove("FileSystemId");
    let created = stage.stack().create(wrong).await;
    let parts = [
        "4 properties are wrong, nothing was changed",
        "FileSystemId: required, but missing or empty",
        "NameSpace: no such property (did you mean `Namespace`?)",
        "EnableAutoMode: `maybe` is not one of `true`, `false`",
        "GpuLimit: `many` is not a whole number",
    ];
    check(&stage, &created, "ROLLBACK_COMPLETE", &parts);
    assert_eq!((stage.standing(), stage.writes()), ([].into(), 0));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_malformed_event_is_answered() {
    let stage = Stage::open().await;
    let stack = stage.stack();
    for (field, value) in
        [("RequestType", json!(5)), ("RequestType", json!("Read")), ("ResourceProperties", json!("x"))]
    {
        let request = stack.prepare(RequestType::Create, None, &Stage::properties(&json!({})), None);
        let mut event = request.event().clone();
        event[field] = value;
        stage.lambda.invoke_event(NAME, event).expect("a function");
        stage.lambda.idle().await;
        let answers = request.answers();
        assert_eq!(answers.len(), 1);
        let expected = format!("the event is malformed: {field}: ");
        assert!(!answers[0].success && answers[0].reason.starts_with(&expected), "{}", answers[0].reason);
    }
    // Nobody to answer: an error in the log, and an error of the run.
    for event in [json!([1]), json!({"RequestType": "Create"}), Value::Null] {
        let error = stage.lambda.invoke(NAME, event).await.expect_err("an error");
        assert!(
            error.message.contains("cannot be answered") || error.message.contains("names no address"),
            "{error:?}"
        );
    }
    assert!(stage.lambda.output(NAME).contains("no answer is possible"));
    assert_eq!(stage.writes(), 0);
}

/// A working process that hangs in the middle of its first write.
async fn stuck(stage: &Stage) -> (cloudformation::Request, u32) {
    stage.fault(Some("PATCH"), "/storageclasses/", None, Fault::Stall);
    let request = stage.stack().prepare(RequestType::Create, None, &Stage::properties(&json!({})), None);
    request.deliver();
    stage.lambda.logged(NAME, "\"step\":\"storage-class\"").await;
    (request, stage.worker().await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_worker_is_answered_within_five_seconds() {
    for (name, words) in [("-KILL", "signal 9 SIGKILL"), ("-ABRT", "signal 6 SIGABRT")] {
        let stage = Stage::open().await;
        let (request, worker) = stuck(&stage).await;
        let arguments = std::fs::read(format!("/proc/{worker}/cmdline")).expect("arguments");
        let arguments = String::from_utf8_lossy(&arguments).into_owned();
        assert!(arguments.ends_with("bootstrap\0--work-for-the-function\0"), "{arguments}");
        let limits = std::fs::read_to_string(format!("/proc/{worker}/limits")).expect("limits");
        let limit = |name: &str| limits.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
        let space = (512_u64 - 96) << 20;
        assert!(limit("Max address space").contains(&space.to_string()), "{limits}");
        assert_eq!(limit("Max core file size").split_whitespace().nth(4), Some("0"), "{limits}");
        let killed = Instant::now();
        signal(worker, name);
        let ended = request.ended().await;
        assert!(killed.elapsed() < Duration::from_secs(5), "{:?}", killed.elapsed());
        let reason = ended.answer.expect("an answer").reason;
        assert!(reason.contains(words) && reason.contains("last step storage-class"), "{reason}");
        stage.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chart_that_wants_too_much_is_refused() {
    let stage = Stage::open().await;
    let bomb = "a: {{ repeat 1000000000 \"x\" }}\n";
    let properties = stage.chart(&[("templates/bomb.yaml", bomb)], &json!({}));
    let created = stage.stack().create(properties).await;
    check(&stage, &created, "ROLLBACK_COMPLETE", &["step values", "bomb.yaml"]);
    assert_eq!(stage.standing(), [].into());
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_without_memory_is_answered() {
    let stage = Stage::with(|function| function.with_memory(128)).await;
    let mut stack = stage.stack();
    let created = stack.create(stage.platform(&json!({}))).await;
    // 32 MiB are not enough to begin with, and 96 are taken in their place: it may do, or it is said.
    if !created.requests[0].success() {
        assert!(created.reason().contains("memory"), "{}", created.reason());
    }
    check(&stage, &stack.delete().await, "DELETE_COMPLETE", &[]);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sandbox_that_dies_is_answered_by_the_next() {
    let stage = Stage::with(aktus_sandbox::lambda::Function::with_on_failure_itself).await;
    stage.lambda.kill_when_logged(NAME, "\"step\":\"namespace\"");
    let created = stage.stack().create(Stage::properties(&json!({}))).await;
    check(&stage, &created, "ROLLBACK_COMPLETE", &["of the function died: ", "retry the stack operation"]);
    assert_eq!(stage.standing(), [].into());
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_hangs_is_killed_before_the_time_is_over() {
    let stage = Stage::with(|function| function.with_timeout(Duration::from_secs(8))).await;
    let (request, worker) = stuck(&stage).await;
    signal(worker, "-STOP");
    let ended = request.ended().await;
    let reason = ended.answer.expect("an answer").reason;
    assert!(reason.starts_with("the work did not finish in 4 s; last step storage-class"), "{reason}");
    // Nothing is asked any more once there is an answer.
    stage.sandbox.kubernetes().clear_requests();
    stage.lambda.idle().await;
    assert_eq!(stage.sandbox.kubernetes().requests().len(), 0);
    stage.close().await;
}

const SLOW: &str =
    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: slow\nspec:\n  containers:\n  - {name: a, image: slow}\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_that_are_never_ready_end_with_the_time() {
    let stage = Stage::hurried().await;
    stage.sandbox.kubernetes().faults().befall_pods("slow", PodFault::NeverReady);
    stage.lambda.refuse_invokes(9, 403, "AccessDeniedException");
    let created =
        stage.stack().without_rollback().create(stage.chart(&[("templates/slow.yaml", SLOW)], &json!({}))).await;
    let parts = [
        "the work did not finish in ",
        "no other run could go on: lambda:InvokeFunction for function connector in us-east-1 is denied",
        "last step wait, waiting for: Pod/ai/slow",
        " objects ready; next: let the function invoke itself",
    ];
    check(&stage, &created, "CREATE_FAILED", &parts);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_takes_longer_than_a_run_goes_on_in_the_next() {
    let stage = Stage::hurried().await;
    stage.sandbox.kubernetes().faults().befall_pods("slow", PodFault::NeverReady);
    let mut stack = stage.stack();
    let properties = stage.chart(&[("templates/slow.yaml", SLOW)], &json!({}));
    let healed = async {
        // The third run is the first to see it ready.
        stage.lambda.until(|invocations| invocations.len() == 3).await;
        stage.sandbox.kubernetes().faults().clear();
    };
    let (created, ()) = tokio::join!(stack.create(properties), healed);
    check(&stage, &created, "CREATE_COMPLETE", &[]);
    assert_eq!(stage.lambda.invocations().len(), 3);
    assert_eq!(created.answer().expect("an answer").data["Revision"], "1");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_never_becomes_active_ends_after_four_runs() {
    let stage = Stage::hurried().await;
    stage.sandbox.aws().change(|facts| {
        let cluster = facts.clusters.values_mut().next().expect("a cluster");
        cluster.status = aktus_sandbox::aws::Timeline::steady("CREATING");
    });
    let created = stage.stack().create(Stage::properties(&json!({}))).await;
    let parts = ["step cluster: cluster aktus-sandbox: ", "did not become ACTIVE in time", "is CREATING"];
    check(&stage, &created, "ROLLBACK_COMPLETE", &parts);
    let runs = stage.lambda.invocations().iter().filter(|run| run.payload["RequestType"] == "Create").count();
    assert_eq!((runs, stage.standing()), (4, [].into()));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_not_taken_is_sent_again() {
    let stage = Stage::open().await;
    stage.cloudformation.faults().next(1, cloudformation::Fault::Status(503));
    stage.cloudformation.faults().next(1, cloudformation::Fault::Disconnect);
    stage.cloudformation.faults().next(1, cloudformation::Fault::CloseBeforeBody);
    let created = stage.stack().create(Stage::properties(&json!({}))).await;
    check(&stage, &created, "CREATE_COMPLETE", &[]);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_expired_is_an_error_in_the_log() {
    let stage = Stage::open().await;
    stage.cloudformation.faults().always(cloudformation::Fault::Status(403));
    let request = stage.stack().prepare(RequestType::Create, None, &Stage::properties(&json!({})), None);
    request.deliver();
    stage.lambda.idle().await;
    let log = stage.lambda.output(NAME);
    assert!(log.contains("the answer was refused with status 403; its address may have expired"), "{log}");
    let tries: usize = stage.cloudformation.requests().iter().map(|request| request.puts.len()).sum();
    assert_eq!(tries, 1);
}
