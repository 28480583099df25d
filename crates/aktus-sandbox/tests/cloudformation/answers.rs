//! Each rule has an answer that breaks it, and the answer beside it that does not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aktus_sandbox::cloudformation::RequestType::{self, Create, Delete, Update};
use aktus_sandbox::cloudformation::Rule;
use aktus_sandbox::lambda::Twice;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::toy::{Put, World, answer, changed, function, good};

/// What a handler answers, made from the good answer.
type Make = fn(Value) -> Vec<u8>;

async fn rules(
    asked: RequestType,
    make: impl Fn(Value) -> Vec<u8> + Send + Sync + 'static,
) -> (Vec<Rule>, bool, String) {
    let world = World::new(function(move |event, _| {
        let body = make(good(&event));
        async move {
            Put::default().send(&event, &body).await;
        }
    }))
    .await;
    let stack = world.cloudformation.stack("mystack", "toy").with_identity(&["Cluster"]);
    let (id, old) = match asked {
        Create => (None, None),
        Update => (Some("id-1"), Some(json!({"Cluster": "c", "V": 1}))),
        Delete => (Some("id-1"), None),
    };
    let request = stack.prepare(asked, id, &json!({"Cluster": "c", "V": 2}), old.as_ref());
    request.deliver();
    let ended = request.ended().await;
    let answer = ended.answer.clone();
    (world.rules().await, ended.success(), answer.map(|answer| answer.reason).unwrap_or_default())
}

async fn check(asked: RequestType, change: Value, expected: &[Rule], success: bool) {
    let text = change.to_string();
    let (found, succeeded, reason) = rules(asked, move |good| changed(good, &change).to_string().into_bytes()).await;
    assert_eq!((found.as_slice(), succeeded), (expected, success), "{text}");
    if let Some(rule) = expected.first().filter(|_| !success) {
        assert!(reason == format!("invalid response: {rule}") || *rule == Rule::NoReason, "{reason}");
    }
}

#[tokio::test]
async fn answers_that_keep_the_contract() {
    for asked in [Create, Update, Delete] {
        check(asked, json!({}), &[], true).await;
        check(asked, json!({"Status": "FAILED", "Reason": "because"}), &[], false).await;
        check(asked, json!({"Data": null, "NoEcho": null, "Reason": null}), &[], true).await;
    }
    check(Create, json!({"PhysicalResourceId": "é".repeat(512)}), &[], true).await;
}

#[tokio::test]
async fn fields_that_break_the_contract() {
    let not = |field| [Rule::NotRepeated { field }];
    for wrong in [json!(null), json!(""), json!("other"), json!(5)] {
        check(Create, json!({"StackId": wrong}), &not("StackId"), false).await;
        check(Create, json!({"RequestId": wrong}), &not("RequestId"), false).await;
        check(Create, json!({"LogicalResourceId": wrong}), &not("LogicalResourceId"), false).await;
        check(Create, json!({"Status": wrong}), &[Rule::BadStatus], false).await;
    }
    check(Create, json!({"Status": "success"}), &[Rule::BadStatus], false).await;
    for wrong in [json!(null), json!(""), json!(["id"]), json!(5)] {
        check(Create, json!({"PhysicalResourceId": wrong}), &[Rule::NoPhysicalResourceId], false).await;
    }
    let long = [Rule::LongPhysicalResourceId { bytes: 1_025 }];
    check(Create, json!({"PhysicalResourceId": "x".repeat(1_025)}), &long, false).await;
    for reason in [json!(null), json!(""), json!(5)] {
        check(Create, json!({"Status": "FAILED", "Reason": reason}), &[Rule::NoReason], false).await;
    }
    for data in [json!([]), json!("text"), json!({"a": {"b": 1}}), json!({"a": ["b"]}), json!({"a": null})] {
        check(Create, json!({"Data": data}), &[Rule::BadData], false).await;
    }
    check(Create, json!({"NoEcho": "true"}), &[Rule::BadNoEcho], true).await;
    check(Delete, json!({"PhysicalResourceId": "id-2"}), &[Rule::ChangedIdOnDelete], true).await;
    check(Update, json!({"PhysicalResourceId": "id-2"}), &[Rule::ChangedId], true).await;
    check(
        Update,
        json!({"Status": 1, "StackId": 2}),
        &[Rule::BadStatus, Rule::NotRepeated { field: "StackId" }],
        false,
    )
    .await;
}

#[tokio::test]
async fn bodies_that_break_the_contract() {
    let padded = |bytes: usize| {
        move |good: Value| {
            let room = bytes - changed(good.clone(), &json!({"Reason": ""})).to_string().len();
            changed(good, &json!({"Reason": "r".repeat(room)})).to_string().into_bytes()
        }
    };
    assert_eq!(rules(Create, padded(4_096)).await.0, []);
    assert_eq!(rules(Create, padded(4_097)).await.0, [Rule::TooLong { bytes: 4_097 }]);
    let makes: [Make; 5] =
        [|_| Vec::new(), |_| b"null".to_vec(), |_| b"[]".to_vec(), |_| b"{\"Status\"".to_vec(), |_| vec![0xff]];
    for make in makes {
        assert_eq!(rules(Create, make).await.0, [Rule::NotJson]);
    }
}

#[tokio::test]
async fn an_update_of_the_identity_may_change_the_id() {
    let world = World::new(function(|event, _| async move {
        answer(&event, &changed(good(&event), &json!({"PhysicalResourceId": "id-2"}))).await;
    }))
    .await;
    let stack = world.cloudformation.stack("mystack", "toy").with_identity(&["Cluster"]);
    let old = json!({"Cluster": "c"});
    let request = stack.prepare(Update, Some("id-1"), &json!({"Cluster": "d"}), Some(&old));
    request.deliver();
    assert!(request.ended().await.success());
    assert_eq!(world.rules().await, []);
}

#[tokio::test]
async fn silence_is_a_broken_rule() {
    let world = World::new(function(|_, _| async {})).await;
    let stack = world.cloudformation.stack("mystack", "toy");
    let request = stack.prepare(Create, None, &json!({}), None);
    assert_eq!(world.rules().await, [], "it was not delivered");
    request.deliver();
    assert_eq!(world.cloudformation.violations(), [], "it may still be answered");
    assert_eq!(world.rules().await, [Rule::NoAnswer], "and nobody waited for it");
    assert_eq!(request.ended().await.answer, None);
    assert_eq!(world.rules().await, [Rule::NoAnswer]);
    let violation = world.cloudformation.violations().pop().unwrap();
    let expected = format!("Create of mystack ({}): no answer came before the time-out", request.id());
    assert_eq!(violation.to_string(), expected);
}

#[tokio::test]
async fn a_function_that_does_not_exist_never_answers() {
    let world = World::new(function(|_, _| async {})).await;
    let outcome = world.cloudformation.stack("mystack", "nobody").without_rollback().create(json!({})).await;
    assert_eq!(outcome.reason(), "CloudFormation did not receive a response from your Custom Resource.");
    assert_eq!(world.rules().await, [Rule::NoAnswer]);
}

#[tokio::test]
async fn an_answer_after_the_time_out() {
    for by_hand in [true, false] {
        let gate = Arc::new(Notify::new());
        let opened = Arc::clone(&gate);
        let late = function(move |event, _| {
            let gate = Arc::clone(&opened);
            async move {
                gate.notified().await;
                answer(&event, &good(&event)).await;
            }
        });
        let world = World::new(late.with_timeout(Duration::from_hours(2))).await;
        let stack = world.cloudformation.stack("mystack", "toy").with_service_timeout(Duration::from_mins(10));
        let request = stack.prepare(Create, None, &json!({}), None);
        request.deliver();
        let (ended, ()) = tokio::join!(request.ended(), async {
            if by_hand {
                request.expire();
            } else {
                world.time.advance(Duration::from_secs(599));
                tokio::task::yield_now().await;
                assert!(world.cloudformation.requests()[0].timed_out.is_none());
                world.time.advance(Duration::from_secs(1));
            }
        });
        assert_eq!(ended.answer, None);
        gate.notify_one();
        assert_eq!(world.rules().await, [Rule::LateAnswer, Rule::NoAnswer]);
        assert_eq!((request.answers().len(), request.ended().await.answer), (1, None), "it does not count");
    }
}

/// A handler whose answers differ by how often it ran.
fn counting(make: fn(&Value, usize) -> Option<Value>, times: usize) -> aktus_sandbox::lambda::Function {
    let runs = Arc::new(AtomicUsize::new(0));
    function(move |event, _| {
        let run = runs.fetch_add(1, Ordering::SeqCst);
        async move {
            for _ in 0..times {
                if let Some(body) = make(&event, run) {
                    answer(&event, &body).await;
                }
            }
        }
    })
}

#[tokio::test]
async fn several_answers() {
    let same: fn(&Value, usize) -> Option<Value> = |event, _| Some(good(event));
    let other_reason: fn(&Value, usize) -> Option<Value> =
        |event, run| Some(changed(good(event), &json!({"Reason": run.to_string()})));
    let other_data: fn(&Value, usize) -> Option<Value> =
        |event, run| Some(changed(good(event), &json!({"Data": {"Run": run}})));
    let other_id: fn(&Value, usize) -> Option<Value> =
        |event, run| Some(changed(good(event), &json!({"PhysicalResourceId": format!("id-{run}")})));
    let only_first: fn(&Value, usize) -> Option<Value> = |event, run| (run == 0).then(|| good(event));
    for (make, times, twice, again, expected) in [
        (same, 1, None, 0, vec![]),
        (same, 2, None, 0, vec![Rule::SecondAnswer]),
        (same, 1, Some(Twice::Parallel), 0, vec![]),
        (same, 1, Some(Twice::AfterCompletion), 0, vec![]),
        (same, 1, None, 2, vec![]),
        (same, 2, None, 2, vec![Rule::SecondAnswer]),
        (other_reason, 1, None, 1, vec![]),
        (other_data, 1, None, 1, vec![Rule::ContradictoryAnswer]),
        (other_id, 1, Some(Twice::AfterCompletion), 0, vec![Rule::ContradictoryAnswer]),
        (only_first, 1, Some(Twice::Parallel), 1, vec![]),
    ] {
        let world = World::new(counting(make, times)).await;
        if let Some(twice) = twice {
            world.lambda.deliver_twice("toy", twice);
        }
        let stack = world.cloudformation.stack("mystack", "toy");
        let request = stack.prepare(Create, None, &json!({}), None);
        request.deliver();
        request.ended().await;
        for _ in 0..again {
            world.lambda.idle().await;
            request.deliver();
        }
        assert_eq!(world.rules().await, expected, "{times} answers, {twice:?}, {again} more deliveries");
    }
}

#[tokio::test]
async fn what_the_record_of_a_failure_leads_to() {
    // Whether the run before could answer is nothing that the one for its record can know.
    for (answers_first, expected) in [(true, vec![]), (false, vec![])] {
        let failing = aktus_sandbox::lambda::Function::closure("toy", move |event: Value, _| async move {
            if event["requestContext"]["condition"] == "RetriesExhausted" {
                let event = &event["requestPayload"];
                answer(event, &changed(good(event), &json!({"Status": "FAILED", "Reason": "it died"}))).await;
                return Ok(Value::Null);
            }
            if answers_first {
                answer(&event, &good(&event)).await;
            }
            Err("it dies".to_owned())
        });
        let world = World::new(failing.with_on_failure_itself()).await;
        let mut stack = world.cloudformation.stack("mystack", "toy").without_rollback();
        let outcome = stack.create(json!({})).await;
        assert_eq!(outcome.requests[0].success(), answers_first);
        assert_eq!(outcome.reason(), if answers_first { "" } else { "it died" });
        assert_eq!(world.rules().await, expected);
    }
}
