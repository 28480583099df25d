//! Registries that fail for a while, are slow, or say nothing: what is tried again, and when it ends.

use std::time::{Duration, Instant};

use aktus_helm::oci::{Credentials, PullClass, PullError, Pulled, Puller};

use crate::server::{FaultServer, Reply, Request};
use crate::world::{MANIFEST_PATH, MANIFEST_TYPE, World, options, pull, pull_with, reference};

async fn pull_within(server: &FaultServer, budget: Duration) -> (Result<Pulled, PullError>, Duration) {
    let started = Instant::now();
    let puller = Puller::new(options(&[server])).unwrap();
    let reference = reference(server, "charts/web:1.0.0");
    let result = puller.pull(&reference, None, &Credentials::Anonymous, started + budget).await;
    (result, started.elapsed())
}

/// Fails `times` times with `fault`, then behaves.
fn failing(
    times: usize,
    fault: impl Fn() -> Reply + Send + Sync + 'static,
) -> impl Fn(&Request) -> Reply + Send + Sync {
    let world = World::new();
    move |request| {
        if request.path == MANIFEST_PATH && request.earlier < times { fault() } else { world.answer(request) }
    }
}

#[tokio::test]
async fn passing_failures_are_tried_again_five_times_at_most() {
    for status in [408, 429, 500, 502, 503, 504] {
        for (times, succeeds) in [(1, true), (4, true), (5, false)] {
            let server = FaultServer::start(failing(times, move || Reply::new(status, &[], b"overloaded"))).await;
            let result = pull(&server, &Credentials::Anonymous).await;
            assert_eq!(result.is_ok(), succeeds, "{status} {times} times: {result:?}");
            assert_eq!(server.count(MANIFEST_PATH), times.min(4) + 1, "{status} {times} times");
            if let Err(error) = result {
                assert_eq!(error.class(), PullClass::Registry, "{error}");
                assert!(error.to_string().contains(&server.host), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn rate_limits_by_body() {
    let server = FaultServer::start(failing(2, || Reply::error(403, "TOOMANYREQUESTS", "slow down"))).await;
    pull(&server, &Credentials::Anonymous).await.unwrap();
}

#[tokio::test]
async fn other_statuses_are_not_tried_again() {
    for status in [400, 405, 410, 418, 501] {
        let server = FaultServer::start(move |_| Reply::new(status, &[], b"")).await;
        let error = pull(&server, &Credentials::Anonymous).await.unwrap_err();
        assert!(error.to_string().contains(&format!("answered with status {status}")), "{error}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn retry_after_is_kept_within_the_budget() {
    let date = "Fri, 20 Nov 2026 10:00:00 GMT";
    let soon = "Fri, 20 Nov 2026 10:00:01 GMT";
    let late = "Fri, 20 Nov 2026 11:00:00 GMT";
    for (case, value, date, waits, succeeds) in [
        ("one second", Some("1"), None, true, true),
        ("a date in one second", Some(soon), Some(date), true, true),
        ("a date that has passed", Some(date), Some(late), false, true),
        ("a date without the server's own", Some(soon), None, false, true),
        ("negative", Some("-1"), None, false, true),
        ("no number", Some("soon"), None, false, true),
        ("empty", Some(""), None, false, true),
        ("none", None, None, false, true),
        ("too long", Some("100000"), None, false, false),
        ("far too long", Some("99999999999999999999999999"), None, false, false),
        ("a late date", Some(late), Some(date), false, false),
    ] {
        let server = FaultServer::start(failing(1, move || {
            let mut headers = Vec::new();
            headers.extend(value.map(|value| ("Retry-After", value)));
            headers.extend(date.map(|date| ("Date", date)));
            Reply::new(429, &headers, b"")
        }))
        .await;
        let (result, took) = pull_within(&server, Duration::from_secs(5)).await;
        assert_eq!(result.is_ok(), succeeds, "{case}: {result:?}");
        assert_eq!(took >= Duration::from_secs(1), waits, "{case}: took {took:?}");
        if let Err(error) = result {
            assert_eq!(error.class(), PullClass::Registry, "{case}");
            assert!(error.to_string().contains("asks to wait"), "{case}: {error}");
            assert_eq!(server.requests().len(), 1, "{case}");
        }
    }
}

#[tokio::test]
async fn silence_ends() {
    type Silence = fn() -> Reply;
    let cases: [(&str, Silence, &str); 4] = [
        ("no answer", || Reply::raw(b"").stalled(), "waiting for its answer"),
        ("half a header", || Reply::raw(b"HTTP/1.1 200 OK\r\nContent-Type: ").stalled(), "waiting for its answer"),
        (
            "no body",
            || Reply::exactly(200, &[("Content-Type", MANIFEST_TYPE), ("Content-Length", "9")], b"").stalled(),
            "sending its answer",
        ),
        (
            "half a body",
            || Reply::exactly(200, &[("Content-Type", MANIFEST_TYPE), ("Content-Length", "9")], b"{").stalled(),
            "sending its answer",
        ),
    ];
    for (case, reply, message) in cases {
        let server = FaultServer::start(move |_| reply()).await;
        let mut options = options(&[&server]);
        options.retry.tries = 2;
        let result = pull_with(options, &reference(&server, "charts/web:1.0.0"), &Credentials::Anonymous).await;
        let error = result.expect_err(case);
        assert_eq!(error.class(), PullClass::Unreachable, "{case}");
        assert!(error.to_string().contains(&format!("was silent for 250ms while {message}")), "{case}: {error}");
        assert_eq!(server.requests().len(), 2, "{case}");
    }
}

#[tokio::test]
async fn a_slow_trickle_ends_at_the_deadline() {
    let world = World::new();
    let blob = world.blob_path();
    let server = FaultServer::start(move |request| {
        if request.path == blob {
            Reply::exactly(200, &[("Content-Length", "40000")], &world.archive).trickled(Duration::from_millis(20))
        } else {
            world.answer(request)
        }
    })
    .await;
    // The head alone takes 60 bytes × 20 ms; a longer wait for headers lets the body begin.
    let mut options = options(&[&server]);
    options.timeouts.header = Duration::from_secs(10);
    let started = Instant::now();
    let puller = Puller::new(options).unwrap();
    let reference = reference(&server, "charts/web:1.0.0");
    let error =
        puller.pull(&reference, None, &Credentials::Anonymous, started + Duration::from_secs(3)).await.unwrap_err();
    assert!(matches!(error, PullError::Deadline { .. }), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
}

#[tokio::test]
async fn the_deadline_names_the_last_problem() {
    let server = FaultServer::start(|_| Reply::new(503, &[], b"")).await;
    let mut options = options(&[&server]);
    options.retry.first_pause = Duration::from_millis(400);
    options.retry.longest_pause = Duration::from_millis(400);
    let puller = Puller::new(options).unwrap();
    let reference = reference(&server, "charts/web:1.0.0");
    let until = Instant::now() + Duration::from_millis(500);
    let error = puller.pull(&reference, None, &Credentials::Anonymous, until).await.unwrap_err();
    assert_eq!(error.class(), PullClass::Unreachable);
    assert!(error.to_string().contains("the last problem was: registry host 127.0.0.1"), "{error}");

    let over = puller.pull(&reference, None, &Credentials::Anonymous, Instant::now()).await.unwrap_err();
    assert!(matches!(over, PullError::Deadline { last: None, .. }), "{over:?}");
}

#[tokio::test]
async fn nobody_there() {
    let server = FaultServer::start(|_| Reply::raw(b"")).await;
    let mut closed = options(&[&server]);
    let address = reference(&server, "charts/web:1.0.0");
    drop(server);
    // The port is free again once the task is gone.
    tokio::task::yield_now().await;
    closed.retry.tries = 2;
    let error = pull_with(closed.clone(), &address, &Credentials::Anonymous).await.unwrap_err();
    assert_eq!(error.class(), PullClass::Unreachable, "{error}");
    assert!(error.to_string().contains("cannot be reached"), "{error}");

    let nowhere = "oci://no-such-host.invalid/charts/web:1.0.0".parse().unwrap();
    let error = pull_with(closed, &nowhere, &Credentials::Anonymous).await.unwrap_err();
    assert!(matches!(error, PullError::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains("no-such-host.invalid:443 cannot be reached"), "{error}");
}
