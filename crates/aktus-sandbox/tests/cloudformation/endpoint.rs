//! The address of an answer is as picky as S3, and fails on demand.

use std::sync::Arc;
use std::time::Duration;

use aktus_sandbox::cloudformation::{Fault, RequestType, Rule};
use aktus_sandbox::lambda::Context;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::toy::{Put, World, answer, function, good};

async fn sent(put: Put) -> (Vec<Rule>, Option<u16>) {
    let world = World::new(function(move |event, _| {
        let put = put.clone();
        async move {
            put.send(&event, good(&event).to_string().as_bytes()).await;
        }
    }))
    .await;
    let request = world.cloudformation.stack("mystack", "toy").prepare(RequestType::Create, None, &json!({}), None);
    request.deliver();
    request.ended().await;
    let status = world.cloudformation.requests()[0].puts.first().and_then(|put| put.status);
    (world.rules().await, status)
}

#[tokio::test]
async fn an_answer_that_is_sent_as_it_was_signed() {
    for headers in [&["content-type:"][..], &[], &["content-type: "], &["user-agent: toy", "accept: */*"]] {
        assert_eq!(sent(Put { headers, ..Put::default() }).await, (vec![], Some(200)), "{headers:?}");
    }
}

#[tokio::test]
async fn an_answer_that_is_not_sent_as_it_was_signed() {
    let put = Put::default();
    let address = "the address is not the one that was signed, byte for byte";
    let alters: [fn(&str) -> String; 8] = [
        |target| target.replace("%2Bb", "+b"),
        |target| target.replace("b+c", "b%2Bc"),
        |target| target.replace("b+c", "b%20c"),
        |target| target.replace("c%20d", "c+d"),
        |target| target.replace("//a", "/a"),
        |target| target.replace("%3A", "%3a"),
        |target| target.replace("&X-Amz-Signature=", "&X-Amz-Signature=0"),
        |target| target.split_once('?').unwrap().0.to_owned(),
    ];
    let mut cases: Vec<(Put, &str)> = alters.into_iter().map(|alter| (Put { alter, ..put.clone() }, address)).collect();
    cases.extend([
        (Put { method: "POST", ..put.clone() }, "the method is not PUT"),
        (Put { host: Some("localhost"), ..put.clone() }, "the host is not the one that was signed"),
        (
            Put { headers: &["content-type: application/json"], ..put.clone() },
            "it has a content type, and none was signed",
        ),
        (
            Put { headers: &["content-type:", "content-type: text/plain"], ..put.clone() },
            "it has a content type, and none was signed",
        ),
        (Put { chunked: true, ..put.clone() }, "it has no content length"),
        (
            Put { headers: &["authorization: Basic eDp5"], ..put.clone() },
            "it has an authorization besides the one in the address",
        ),
        (Put { headers: &["x-amz-acl: private"], ..put }, "it has headers of AWS that were not signed"),
    ]);
    for (put, why) in cases {
        assert_eq!(sent(put).await, (vec![Rule::RefusedPut { why }, Rule::NoAnswer], Some(403)), "{why}");
    }
    let elsewhere = sent(Put { alter: |_| "/elsewhere".to_owned(), ..Put::default() }).await;
    assert_eq!(elsewhere, (vec![Rule::NoAnswer, Rule::UnknownAddress], None));
}

#[tokio::test]
async fn faults_happen_as_often_as_asked() {
    let none: &[Rule] = &[];
    for (faults, statuses, rules) in [
        (vec![(3, Fault::Status(500))], vec![Some(500), Some(500), Some(500), Some(200)], none),
        (vec![(1, Fault::Status(503)), (1, Fault::Disconnect)], vec![Some(503), None, Some(200)], none),
        (vec![(2, Fault::CloseBeforeBody)], vec![None, None, Some(200)], none),
        // What was stored before the connection broke is the same answer, sent again.
        (vec![(2, Fault::StoreThenDisconnect)], vec![None, None, Some(200)], none),
        (vec![(1, Fault::Slow(Duration::ZERO))], vec![Some(200)], none),
        (vec![(1, Fault::Status(403))], vec![Some(403)], &[Rule::NoAnswer]),
        (vec![(1, Fault::Status(307))], vec![Some(307)], &[Rule::NoAnswer]),
        (vec![(9, Fault::Status(500))], vec![Some(500); 6], &[Rule::NoAnswer]),
        (vec![(1, Fault::Status(9))], vec![Some(500), Some(200)], none),
    ] {
        let world = World::new(function(|event, _| async move { answer(&event, &good(&event)).await })).await;
        let label = format!("{faults:?}");
        for (times, fault) in faults {
            world.cloudformation.faults().next(times, fault);
        }
        let mut stack = world.cloudformation.stack("mystack", "toy").without_rollback();
        stack.create(json!({})).await;
        assert_eq!(world.rules().await, rules, "{label}");
        let requests = world.cloudformation.requests();
        let found: Vec<_> = requests[0].puts.iter().map(|put| put.status).collect();
        assert_eq!(found, statuses, "{label}");
        world.cloudformation.faults().always(Fault::Status(500));
        world.cloudformation.faults().clear();
    }
}

#[tokio::test]
async fn an_answer_after_the_line_of_a_kill_was_never_sent() {
    let sent = Arc::new(Notify::new());
    let over = Arc::clone(&sent);
    let world = World::new(function(move |event, context: Context| {
        let over = Arc::clone(&over);
        async move {
            // What a killed program has already handed to the kernel still arrives.
            tokio::spawn(async move {
                context.log("the last step");
                answer(&event, &good(&event)).await;
                over.notify_one();
            });
            std::future::pending::<()>().await;
        }
    }))
    .await;
    let request = world.cloudformation.stack("mystack", "toy").prepare(RequestType::Create, None, &json!({}), None);
    for killed in [true, false] {
        if killed {
            world.lambda.kill_when_logged("toy", "last");
        }
        request.deliver();
        sent.notified().await;
        assert_eq!(request.answers().len(), usize::from(!killed));
    }
}

#[tokio::test]
async fn a_stall_lasts_as_long_as_the_client_waits() {
    let gate = Arc::new(Notify::new());
    let opened = Arc::clone(&gate);
    let world = World::new(function(move |event, _| {
        let gate = Arc::clone(&opened);
        async move {
            let (put, body) = (Put::default(), good(&event).to_string());
            tokio::select! {
                status = put.send(&event, body.as_bytes()) => assert_eq!(status, Some(200)),
                () = gate.notified() => {}
            }
            answer(&event, &good(&event)).await;
        }
    }))
    .await;
    world.cloudformation.faults().next(1, Fault::Stall);
    let request = world.cloudformation.stack("mystack", "toy").prepare(RequestType::Create, None, &json!({}), None);
    request.deliver();
    while world.cloudformation.requests()[0].puts.is_empty() {
        tokio::task::yield_now().await;
    }
    gate.notify_one();
    assert!(request.ended().await.success());
    let puts = world.cloudformation.requests().remove(0).puts;
    assert_eq!(puts.iter().map(|put| (put.status, put.stored)).collect::<Vec<_>>(), [(None, false), (Some(200), true)]);
    assert_eq!(world.rules().await, []);
}

#[tokio::test]
async fn an_address_expires_after_two_hours() {
    for (hours, status) in [(2, 200), (3, 403)] {
        let gate = Arc::new(Notify::new());
        let opened = Arc::clone(&gate);
        let slow = function(move |event: Value, _| {
            let gate = Arc::clone(&opened);
            async move {
                gate.notified().await;
                answer(&event, &good(&event)).await;
            }
        });
        let world = World::new(slow.with_timeout(Duration::from_hours(9))).await;
        let stack = world.cloudformation.stack("mystack", "toy").with_service_timeout(Duration::from_hours(8));
        let request = stack.prepare(RequestType::Create, None, &json!({}), None);
        request.deliver();
        world.time.advance(Duration::from_hours(hours));
        gate.notify_one();
        request.ended().await;
        assert_eq!(world.cloudformation.requests()[0].puts[0].status, Some(status));
        let expected = if status == 200 { vec![] } else { vec![Rule::NoAnswer] };
        assert_eq!(world.rules().await, expected);
    }
}

#[tokio::test]
async fn a_slow_endpoint_takes_its_time() {
    let patient = function(|event, _| async move { answer(&event, &good(&event)).await });
    let world = World::new(patient.with_timeout(Duration::from_hours(900))).await;
    world.cloudformation.faults().next(1, Fault::Slow(Duration::from_secs(5)));
    let stack = world.cloudformation.stack("mystack", "toy").with_service_timeout(Duration::from_hours(800));
    let request = stack.prepare(RequestType::Create, None, &json!({}), None);
    request.deliver();
    let passing = async {
        loop {
            world.time.advance(Duration::from_secs(1));
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        ended = request.ended() => assert!(ended.success()),
        () = passing => {}
    }
    assert!(world.cloudformation.requests()[0].puts[0].at >= Duration::from_secs(5));
    assert_eq!(world.rules().await, []);
}
