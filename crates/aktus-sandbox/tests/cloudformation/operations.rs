//! The operations of a stack and the requests they send.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aktus_sandbox::cloudformation::{Outcome, RequestType, Rule, Stack};
use aktus_sandbox::lambda::Function;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::toy::{World, answer, changed, function, good};

/// What the handler does with one request.
#[derive(Clone, Copy)]
enum Play {
    /// Answers `SUCCESS` with this id; the empty one is that of the request.
    Done(&'static str),
    /// Answers `FAILED` with this id; the empty one is that of the request.
    Failed(&'static str),
    /// Answers nothing.
    Silent,
}
use Play::{Done, Failed, Silent};

/// A handler that follows a script, and what it was asked.
fn scripted(script: &[Play]) -> (Function, Arc<Mutex<Vec<String>>>) {
    let script = Mutex::new(script.iter().copied().collect::<VecDeque<_>>());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let function = function(move |event, _| {
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let old = &event["OldResourceProperties"]["V"];
        let from = if old.is_null() { String::new() } else { format!(" from {}", text(old)) };
        let (what, id) = (text(&event["RequestType"]), text(&event["PhysicalResourceId"]));
        seen.lock().unwrap().push(format!("{what} {id} to {}{from}", text(&event["ResourceProperties"]["V"])));
        let play = script.lock().unwrap().pop_front().unwrap();
        async move {
            let (id, change) = match play {
                Done(id) => (id, json!({})),
                Failed(id) => (id, json!({"Status": "FAILED", "Reason": "as the script says"})),
                Silent => return,
            };
            let body = changed(good(&event), &change);
            let body = if id.is_empty() { body } else { changed(body, &json!({"PhysicalResourceId": id})) };
            answer(&event, &body).await;
        }
    });
    (function, asked)
}

/// What is done to a stack.
#[derive(Debug, Clone, Copy)]
enum Do {
    Create,
    Update,
    UpdateAndRollBack,
    ContinueUpdateRollback,
    Delete,
}

async fn carry_out(stack: &mut Stack, what: Do, version: usize) -> Outcome {
    let properties = json!({"V": format!("v{version}")});
    match what {
        Do::Create => stack.create(properties).await,
        Do::Update => stack.update(properties).await,
        Do::UpdateAndRollBack => stack.update_and_roll_back(properties).await,
        Do::ContinueUpdateRollback => stack.continue_update_rollback().await,
        Do::Delete => stack.delete().await,
    }
}

/// Carries out operations, the n-th with the properties of version n, and compares what the handler
/// was asked and the states of the stack.
async fn check(rollback: bool, operations: &[Do], script: &[Play], asked: &[&str], statuses: &[&str]) -> World {
    let (function, seen) = scripted(script);
    let world = World::new(function).await;
    let mut stack = world.cloudformation.stack("mystack", "toy").with_logical_id("Thing");
    if !rollback {
        stack = stack.without_rollback();
    }
    let mut found = Vec::new();
    for (index, operation) in operations.iter().enumerate() {
        found.push(carry_out(&mut stack, *operation, index + 1).await.status.to_string());
    }
    assert_eq!(
        (seen.lock().unwrap().as_slice(), found),
        (
            &asked.iter().map(ToString::to_string).collect::<Vec<_>>()[..],
            statuses.iter().map(ToString::to_string).collect()
        ),
        "{operations:?}"
    );
    world
}

/// The first id that CloudFormation invents for the resource `Thing` of `mystack`.
const INVENTED: &str = "mystack_Thing_";

#[tokio::test]
async fn creates_and_deletes() {
    let (c, d) = (Do::Create, Do::Delete);
    for (rollback, operations, script, asked, statuses) in [
        (
            true,
            &[c, d][..],
            &[Done("a"), Done("")][..],
            &["Create - to v1", "Delete a to v1"][..],
            &["CREATE_COMPLETE", "DELETE_COMPLETE"][..],
        ),
        (
            true,
            &[c, d],
            &[Failed("a"), Done("")],
            &["Create - to v1", "Delete a to v1"],
            &["ROLLBACK_COMPLETE", "DELETE_COMPLETE"],
        ),
        (
            true,
            &[c, d],
            &[Failed("a"), Failed(""), Done("")],
            &["Create - to v1", "Delete a to v1", "Delete a to v1"],
            &["ROLLBACK_FAILED", "DELETE_COMPLETE"],
        ),
        (
            false,
            &[c, d],
            &[Failed("a"), Done("")],
            &["Create - to v1", "Delete a to v1"],
            &["CREATE_FAILED", "DELETE_COMPLETE"],
        ),
        (
            true,
            &[c, d, d, d],
            &[Done("a"), Failed(""), Done("")],
            &["Create - to v1", "Delete a to v1", "Delete a to v1"],
            &["CREATE_COMPLETE", "DELETE_FAILED", "DELETE_COMPLETE", "DELETE_COMPLETE"],
        ),
    ] {
        assert_eq!(check(rollback, operations, script, asked, statuses).await.rules().await, []);
    }
}

#[tokio::test]
async fn updates() {
    let (c, u, r) = (Do::Create, Do::Update, Do::UpdateAndRollBack);
    let create = "Create - to v1";
    for (rollback, operations, script, asked, statuses) in [
        (
            true,
            &[c, u, u][..],
            &[Done("a"), Done(""), Done("")][..],
            &[create, "Update a to v2 from v1", "Update a to v3 from v2"][..],
            &["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_COMPLETE"][..],
        ),
        // Another id is another resource, and the old one goes in the clean-up, whatever comes of that.
        (
            true,
            &[c, u],
            &[Done("a"), Done("b"), Done("")],
            &[create, "Update a to v2 from v1", "Delete a to v1"],
            &["CREATE_COMPLETE", "UPDATE_COMPLETE"],
        ),
        (
            true,
            &[c, u],
            &[Done("a"), Done("b"), Failed("")],
            &[create, "Update a to v2 from v1", "Delete a to v1"],
            &["CREATE_COMPLETE", "UPDATE_COMPLETE"],
        ),
        (
            true,
            &[c, u, u],
            &[Done("a"), Failed(""), Done(""), Done("")],
            &[create, "Update a to v2 from v1", "Update a to v1 from v2", "Update a to v3 from v1"],
            &["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE"],
        ),
        (
            true,
            &[c, u],
            &[Done("a"), Failed("b"), Done(""), Done("")],
            &[create, "Update a to v2 from v1", "Update a to v1 from v2", "Delete b to v2"],
            &["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"],
        ),
        (
            true,
            &[c, u, Do::ContinueUpdateRollback, Do::ContinueUpdateRollback],
            &[Done("a"), Failed(""), Failed(""), Done("")],
            &[create, "Update a to v2 from v1", "Update a to v1 from v2", "Update a to v1 from v2"],
            &["CREATE_COMPLETE", "UPDATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"],
        ),
        (
            false,
            &[c, u, Do::Delete],
            &[Done("a"), Failed(""), Done("")],
            &[create, "Update a to v2 from v1", "Delete a to v2"],
            &["CREATE_COMPLETE", "UPDATE_FAILED", "DELETE_COMPLETE"],
        ),
        // The Update works, and another resource of the stack fails after it.
        (
            true,
            &[c, r, u],
            &[Done("a"), Done(""), Done(""), Done("")],
            &[create, "Update a to v2 from v1", "Update a to v1 from v2", "Update a to v3 from v1"],
            &["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE"],
        ),
        (
            true,
            &[c, r, Do::Delete],
            &[Done("a"), Done("b"), Done("a"), Done(""), Done("")],
            &[create, "Update a to v2 from v1", "Update b to v1 from v2", "Delete b to v2", "Delete a to v1"],
            &["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "DELETE_COMPLETE"],
        ),
    ] {
        assert_eq!(check(rollback, operations, script, asked, statuses).await.rules().await, []);
    }
}

#[tokio::test]
async fn a_create_without_an_answer_is_deleted_under_an_invented_id() {
    let (function, asked) = scripted(&[Silent, Done("")]);
    let world = World::new(function).await;
    let mut stack = world.cloudformation.stack("mystack", "toy").with_logical_id("Thing");
    let outcome = stack.create(json!({"V": "v1"})).await;
    assert_eq!(outcome.status.to_string(), "ROLLBACK_COMPLETE");
    let asked = asked.lock().unwrap().clone();
    let id = asked[1].strip_prefix("Delete ").unwrap().strip_suffix(" to v1").unwrap().to_owned();
    assert!(id.starts_with(INVENTED) && id.len() == INVENTED.len() + 12, "{id}");
    assert_eq!(outcome.requests[1].physical_resource_id, Some(id));
    assert_eq!(world.rules().await, [Rule::NoAnswer]);
}

#[tokio::test]
async fn a_cancelled_create_and_its_delete_overlap() {
    let gate = Arc::new(Notify::new());
    let opened = Arc::clone(&gate);
    let world = World::new(function(move |event, context| {
        let gate = Arc::clone(&opened);
        async move {
            context.log(format!("{} begins", event["RequestType"].as_str().unwrap()));
            if event["RequestType"] == "Create" {
                gate.notified().await;
            } else {
                answer(&event, &good(&event)).await;
                gate.notify_one();
                return;
            }
            answer(&event, &changed(good(&event), &json!({"Status": "FAILED", "Reason": "cancelled"}))).await;
        }
    }))
    .await;
    let mut stack = world.cloudformation.stack("mystack", "toy").with_logical_id("Thing");
    let outcome = stack.create_cancelled(json!({}), world.lambda.logged("toy", "Create begins")).await;
    assert_eq!(outcome.status.to_string(), "ROLLBACK_COMPLETE");
    assert_eq!(outcome.reason(), "cancelled");
    let ids: Vec<_> = outcome.requests.iter().map(|ended| ended.physical_resource_id.is_some()).collect();
    assert_eq!(ids, [false, true]);
    assert!(outcome.requests[1].physical_resource_id.as_ref().unwrap().starts_with(INVENTED));
    assert_eq!(stack.physical_id(), None);
    assert_eq!(world.rules().await, []);
}

#[tokio::test]
async fn a_cancelled_update_and_its_rollback_overlap() {
    let gate = Arc::new(Notify::new());
    let opened = Arc::clone(&gate);
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let world = World::new(function(move |event, context| {
        let gate = Arc::clone(&opened);
        let version = event["ResourceProperties"]["V"].as_str().unwrap().to_owned();
        seen.lock().unwrap().push(format!("{} {version}", event["RequestType"].as_str().unwrap()));
        async move {
            context.log(format!("{version} begins"));
            if version == "v2" {
                gate.notified().await;
            }
            answer(&event, &good(&event)).await;
            if event["RequestType"] == "Update" {
                gate.notify_one();
            }
        }
    }))
    .await;
    let mut stack = world.cloudformation.stack("mystack", "toy");
    stack.create(json!({"V": "v1"})).await;
    let outcome = stack.update_cancelled(json!({"V": "v2"}), world.lambda.logged("toy", "v2 begins")).await;
    assert_eq!(outcome.status.to_string(), "UPDATE_ROLLBACK_COMPLETE");
    assert!(outcome.requests.iter().all(aktus_sandbox::cloudformation::Ended::success), "{outcome:?}");
    assert_eq!(*asked.lock().unwrap(), ["Create v1", "Update v2", "Update v1"]);
    assert_eq!(world.rules().await, []);
}

#[tokio::test]
async fn a_cancelled_create_that_had_answered_is_deleted_under_its_id() {
    let (function, asked) = scripted(&[Done("a"), Done("")]);
    let world = World::new(function).await;
    let mut stack = world.cloudformation.stack("mystack", "toy");
    let outcome = stack.create_cancelled(json!({"V": "v1"}), world.lambda.idle()).await;
    assert_eq!(outcome.status.to_string(), "ROLLBACK_COMPLETE");
    assert_eq!(*asked.lock().unwrap(), ["Create - to v1", "Delete a to v1"]);
}

#[tokio::test]
async fn requests_by_hand_come_in_any_order_and_as_often_as_wanted() {
    let (function, asked) = scripted(&[Done(""), Done("a"), Done("a")]);
    let world = World::new(function).await;
    let stack = world.cloudformation.stack("mystack", "toy");
    let create = stack.prepare(RequestType::Create, None, &json!({"V": "v1"}), None);
    let delete = stack.prepare(RequestType::Delete, Some("fake"), &json!({"V": "v1"}), None);
    delete.deliver();
    assert!(delete.ended().await.success());
    create.deliver();
    assert!(create.ended().await.success());
    world.lambda.idle().await;
    create.deliver();
    assert_eq!(world.rules().await, []);
    assert_eq!(*asked.lock().unwrap(), ["Delete fake to v1", "Create - to v1", "Create - to v1"]);
    let ids: Vec<_> = world.lambda.invocations().into_iter().map(|one| one.request_id).collect();
    assert_ne!(ids[1], ids[2], "CloudFormation's second sending is another request for Lambda");
    assert_eq!(world.cloudformation.requests()[0].deliveries, 2);
}

#[tokio::test]
async fn the_event_is_what_the_real_service_sends() {
    let world = World::new(function(|event, _| async move { answer(&event, &good(&event)).await })).await;
    let stack = world.cloudformation.stack("mystack", "arn:aws:lambda:us-east-1:123456789012:function:toy");
    let new = json!({
        "Text": "é", "Number": 900, "Real": 1.5, "Yes": true, "Nothing": null, "Empty": "",
        "Deep": {"List": [1, false, {"a": 2}, null, "b"], "None": null},
    });
    let request = stack.prepare(RequestType::Update, Some("id-1"), &new, Some(&json!({"Number": 1})));
    let mut event = request.event().clone();
    let url = event["ResponseURL"].take();
    let token = "arn:aws:lambda:us-east-1:123456789012:function:toy";
    let expected = json!({
        "RequestType": "Update", "ResponseURL": null, "StackId": stack.arn(), "RequestId": request.id(),
        "ResourceType": "Custom::AktusPlatform", "LogicalResourceId": "EKSClusterStatus", "PhysicalResourceId": "id-1",
        "ServiceToken": token, "ServiceTimeout": "3600",
        "ResourceProperties": {
            "ServiceToken": token, "ServiceTimeout": "3600", "Text": "é", "Number": "900", "Real": "1.5", "Yes": "true",
            "Empty": "", "Deep": {"List": ["1", "false", {"a": "2"}, "b"]},
        },
        "OldResourceProperties": {"ServiceToken": token, "ServiceTimeout": "3600", "Number": "1"},
    });
    assert_eq!(event, expected);
    assert!(stack.arn().starts_with("arn:aws:cloudformation:us-east-1:123456789012:stack/mystack/"), "{}", stack.arn());
    let url = url.as_str().unwrap();
    for part in ["//a%2Bb+c%20d?", "%7CEKSClusterStatus%7C", "X-Amz-Date=20260101T000000Z&", "X-Amz-Expires=7200&"] {
        assert!(url.contains(part), "{url}");
    }
    let create = stack.prepare(RequestType::Create, None, &json!({}), None);
    assert!(
        create.event().get("PhysicalResourceId").is_none() && create.event().get("OldResourceProperties").is_none()
    );
    assert_ne!(create.id(), request.id());
}

#[tokio::test]
async fn a_transcript_reads_from_the_request_to_the_state_of_the_stack() {
    let (function, _) = scripted(&[Done("a"), Failed("")]);
    let world = World::new(function).await;
    let mut stack = world.cloudformation.stack("mystack", "toy");
    stack.create(json!({"Secret": "canary"})).await;
    world.lambda.idle().await;
    stack.delete().await;
    world.lambda.idle().await;
    let transcript = world.cloudformation.transcript().to_string();
    assert!(!transcript.contains("canary") && !transcript.contains("X-Amz"), "{transcript}");
    let mask = |line: &str| {
        let words = line.split_whitespace().skip(2);
        words
            .filter(|word| {
                word.trim_end_matches(':').len() != 8
                    || !word.trim_end_matches(':').bytes().all(|byte| byte.is_ascii_hexdigit())
            })
            .collect::<Vec<_>>()
            .join(" ")
    };
    let lines: Vec<_> = transcript.lines().map(mask).filter(|line| line.starts_with("mystack")).collect();
    assert_eq!(
        lines,
        [
            "mystack Create is sent",
            "mystack Create answer SUCCESS, id a, 316 bytes",
            "mystack CREATE_COMPLETE",
            "mystack Delete of a is sent",
            "mystack Delete answer FAILED, id a, 333 bytes, as the script says",
            "mystack DELETE_FAILED",
        ]
    );
    assert!(transcript.starts_with("     0.000 s  mystack  Create "), "{transcript}");
    assert!(transcript.contains("  toy      Event "), "{transcript}");
}
