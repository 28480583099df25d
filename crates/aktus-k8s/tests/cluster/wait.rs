//! Waiting until things are ready, or gone.

use aktus_k8s::{DeleteOptions, Deletion, ObjectId, Readiness, wait, wait_gone};
use aktus_sandbox::kubernetes::{Fault, FaultRule};
use serde_json::{Value, json};

use crate::support::{World, config_map, config_map_id, definition, shortly, soon, thing, thing_id, world};

/// A world that knows `Thing`s.
async fn world_of_things(names: &[&str]) -> World {
    let world = world().await;
    let definition = world.put(definition()).await.id();
    wait(&world.cluster, &[definition], soon(), &mut |_, _| {}).await.unwrap();
    for name in names {
        let mut thing = thing(name);
        thing["status"] = json!({"conditions": [{"type": "Ready", "status": "False", "message": "not yet"}]});
        world.put_as("controller", thing).await;
    }
    world.server.clear_requests();
    world
}

async fn report(world: &World, name: &str, status: &str, message: &str) {
    let status: Value = json!({"conditions": [{"type": "Ready", "status": status, "message": message}]});
    world.cluster.patch_merge(&thing_id(name), &json!({"status": status}), "controller", soon()).await.unwrap();
}

/// Waits for the things while `story` happens; what was reported on the way, and the last verdicts.
async fn watch_story(world: &World, names: &[&str], story: impl Future<Output = ()>) -> (Vec<String>, Vec<String>) {
    let ids: Vec<ObjectId> = names.iter().map(|name| thing_id(name)).collect();
    let mut reports = Vec::new();
    let mut on_change = |id: &ObjectId, readiness: &Readiness| reports.push(format!("{}: {readiness}", id.name));
    let (verdicts, ()) = tokio::join!(wait(&world.cluster, &ids, soon(), &mut on_change), story);
    let verdicts = verdicts.unwrap().iter().map(|(id, readiness)| format!("{}: {readiness}", id.name)).collect();
    (reports, verdicts)
}

/// Until the server was asked for a watch `times` times.
async fn watches(world: &World, times: usize) {
    happened(world, times, |request| request.ends_with("(watch)")).await;
}

/// Until the server was asked `times` times for what `is_it`.
async fn happened(world: &World, times: usize, is_it: impl Fn(&str) -> bool) {
    let until = soon();
    while world.requests().iter().filter(|request| is_it(request)).count() < times {
        assert!(tokio::time::Instant::now() < until, "{:?}", world.requests());
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_is_ready_costs_one_look() {
    let world = world_of_things(&["a"]).await;
    report(&world, "a", "True", "").await;
    world.put(config_map("m", json!({}))).await;
    world.server.clear_requests();
    let ids = [thing_id("a"), config_map_id("m")];
    let verdicts = wait(&world.cluster, &ids, soon(), &mut |_, _| {}).await.unwrap();
    assert_eq!(verdicts.map_each(), ["Thing/aktus/a: ready", "ConfigMap/aktus/m: ready"]);
    let mut requests = world.requests();
    requests.sort();
    assert_eq!(
        requests,
        ["GET /api/v1/namespaces/aktus/configmaps/m", "GET /apis/example.com/v1/namespaces/aktus/things/a"]
    );
}

trait MapEach {
    fn map_each(&self) -> Vec<String>;
}

impl MapEach for Vec<(ObjectId, Readiness)> {
    fn map_each(&self) -> Vec<String> {
        self.iter().map(|(id, readiness)| format!("{id}: {readiness}")).collect()
    }
}

#[tokio::test]
async fn changes_are_reported_as_they_come_by_one_watch() {
    let world = world_of_things(&["a", "b"]).await;
    let (reports, verdicts) = watch_story(&world, &["a", "b"], async {
        watches(&world, 1).await;
        report(&world, "a", "False", "almost").await;
        report(&world, "b", "True", "").await;
        report(&world, "a", "True", "").await;
    })
    .await;
    assert_eq!(reports[..2], ["a: not ready: not yet", "b: not ready: not yet"]);
    assert!(reports.contains(&"b: ready".to_owned()), "{reports:?}");
    assert_eq!(reports.iter().rfind(|report| report.starts_with("a: ")).unwrap(), "a: ready");
    assert_eq!(verdicts, ["a: ready", "b: ready"]);
    let watches = world.requests().into_iter().filter(|request| request.ends_with("(watch)")).count();
    assert_eq!(watches, 1, "{:?}", world.requests());
}

#[tokio::test]
async fn failures_settle_too() {
    let world = world_of_things(&["a", "b"]).await;
    let (_, verdicts) = watch_story(&world, &["a", "b"], async {
        watches(&world, 1).await;
        let stalled = json!({"conditions": [{"type": "Stalled", "status": "True", "message": "broken"}]});
        world.cluster.patch_merge(&thing_id("a"), &json!({"status": stalled}), "controller", soon()).await.unwrap();
        report(&world, "b", "True", "").await;
    })
    .await;
    assert_eq!(verdicts, ["a: failed: broken", "b: ready"]);
}

#[tokio::test]
async fn what_does_not_exist_yet_may_come() {
    let world = world_of_things(&[]).await;
    let (reports, _) = watch_story(&world, &["late"], async {
        watches(&world, 1).await;
        world.put(thing("late")).await;
    })
    .await;
    assert_eq!(reports, ["late: not ready: it does not exist", "late: ready"]);
}

#[tokio::test]
async fn a_broken_watch_goes_on() {
    let world = world_of_things(&["a"]).await;
    let rule = FaultRule {
        path_contains: Some("watch=true".to_owned()),
        times: Some(3),
        ..FaultRule::every(Fault::Disconnect)
    };
    world.server.faults().add(rule);
    let (_, verdicts) = watch_story(&world, &["a"], async {
        watches(&world, 4).await;
        report(&world, "a", "True", "").await;
    })
    .await;
    assert_eq!(verdicts, ["a: ready"]);
}

#[tokio::test]
async fn a_watch_that_lost_the_thread_lists_anew() {
    let world = world_of_things(&["a"]).await;
    // The first watch breaks; before the second, the thing changes and the history is forgotten.
    let rule = FaultRule {
        path_contains: Some("watch=true".to_owned()),
        ..FaultRule::nth(1, Fault::Slow(std::time::Duration::from_millis(50)))
    };
    world.server.faults().add(rule);
    let (_, verdicts) = watch_story(&world, &["a"], async {
        happened(&world, 1, |request| request == "GET /apis/example.com/v1/namespaces/aktus/things").await;
        report(&world, "a", "True", "").await;
        world.put(config_map("m", json!({}))).await;
        world.server.compact();
    })
    .await;
    assert_eq!(verdicts, ["a: ready"]);
}

/// Waits for a Service without an address, and gives it one once `reason` was told.
async fn balancer_story(world: &World, reason: &str) -> Vec<String> {
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "aktus"},
        "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}});
    let id = world.put(service).await.id();
    let event = json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "web.1", "namespace": "aktus"},
        "involvedObject": {"kind": "Service", "name": "web", "namespace": "aktus"},
        "type": "Warning", "reason": "SyncLoadBalancerFailed", "message": "no subnets"});
    world.put_as("controller", event).await;
    let (told, mut listen) = tokio::sync::mpsc::unbounded_channel();
    let mut reports = Vec::new();
    let mut on_change = |_: &ObjectId, readiness: &Readiness| {
        reports.push(readiness.to_string());
        let _closed = told.send(readiness.to_string());
    };
    let ids = [id.clone()];
    let (verdicts, ()) = tokio::join!(wait(&world.cluster, &ids, soon(), &mut on_change), async {
        while listen.recv().await.unwrap() != reason {}
        watches(world, 2).await;
        let patch = json!({"spec": {"externalIPs": ["192.0.2.1"]}});
        world.cluster.patch_merge(&id, &patch, "controller", soon()).await.unwrap();
    });
    verdicts.unwrap();
    reports
}

#[tokio::test]
async fn events_give_the_reason() {
    let world = world().await;
    let plain = "not ready: its load balancer has no address yet";
    let reason = "not ready: its load balancer has no address yet; SyncLoadBalancerFailed: no subnets";
    assert_eq!(balancer_story(&world, reason).await, [plain, reason, "ready"]);
}

#[tokio::test]
async fn reasons_that_may_not_be_read_are_done_without() {
    let world = world().await;
    let forbidden = Fault::Status { code: 403, retry_after: None };
    for kind in ["/events", "/pods"] {
        let path_contains = Some(format!("/namespaces/aktus{kind}"));
        let method = Some("GET".to_owned());
        world.server.faults().add(FaultRule { path_contains, method, ..FaultRule::every(forbidden.clone()) });
    }
    let plain = "not ready: its load balancer has no address yet";
    assert_eq!(balancer_story(&world, plain).await, [plain, "ready"]);
}

#[tokio::test]
async fn the_deadline_is_no_error() {
    let world = world_of_things(&["a"]).await;
    let verdicts = wait(&world.cluster, &[thing_id("a"), thing_id("b")], shortly(), &mut |_, _| {}).await.unwrap();
    assert_eq!(
        verdicts.map_each(),
        ["Thing/aktus/a: not ready: not yet", "Thing/aktus/b: not ready: it does not exist"]
    );
    let past = tokio::time::Instant::now();
    let verdicts = wait(&world.cluster, &[thing_id("a")], past, &mut |_, _| {}).await.unwrap();
    assert_eq!(verdicts.map_each(), ["Thing/aktus/a: not ready: there was no time to look at it"]);
}

#[tokio::test]
async fn nothing_to_wait_for() {
    let world = world().await;
    assert_eq!(wait(&world.cluster, &[], soon(), &mut |_, _| {}).await.unwrap(), []);
    assert_eq!(wait_gone(&world.cluster, &[], soon(), &mut |_| {}).await.unwrap(), []);
    assert_eq!(world.requests().len(), 0);
}

async fn held(world: &World, name: &str) -> (ObjectId, Option<String>) {
    let mut map = config_map(name, json!({}));
    map["metadata"]["finalizers"] = json!(["example.com/hold"]);
    let live = world.put(map).await;
    (live.id(), live.uid().map(str::to_owned))
}

async fn let_go(world: &World, name: &str) {
    let patch = json!({"metadata": {"finalizers": null}});
    world.cluster.patch_merge(&config_map_id(name), &patch, "controller", soon()).await.unwrap();
}

#[tokio::test]
async fn gone_when_the_finalizers_are() {
    let world = world().await;
    let held = [held(&world, "a").await, held(&world, "b").await];
    for (id, _) in &held {
        let deletion = world.cluster.delete(id, &DeleteOptions::default(), soon()).await.unwrap();
        assert_eq!(deletion, Deletion::Started);
    }
    let mut reports = Vec::new();
    let mut on_change = |remaining: &aktus_k8s::Remaining| reports.push(format!("{}: {remaining}", remaining.id.name));
    let (remaining, ()) = tokio::join!(wait_gone(&world.cluster, &held, soon(), &mut on_change), async {
        watches(&world, 1).await;
        let_go(&world, "a").await;
        let_go(&world, "b").await;
    });
    assert_eq!(remaining.unwrap(), []);
    assert_eq!(
        reports[..2],
        ["a: it is being deleted, held by example.com/hold", "b: it is being deleted, held by example.com/hold"]
    );
}

#[tokio::test]
async fn what_remains_is_named() {
    let world = world().await;
    let held = held(&world, "a").await;
    let remaining = wait_gone(&world.cluster, std::slice::from_ref(&held), shortly(), &mut |_| {}).await.unwrap();
    assert_eq!(remaining[0].to_string(), "it is still there, held by example.com/hold");
    world.cluster.delete(&held.0, &DeleteOptions::default(), soon()).await.unwrap();
    let remaining = wait_gone(&world.cluster, &[held], shortly(), &mut |_| {}).await.unwrap();
    assert_eq!(remaining[0].finalizers, ["example.com/hold"]);
    assert!(remaining[0].deleting);
}

#[tokio::test]
async fn another_object_of_the_same_name_is_not_the_one() {
    let world = world().await;
    let live = world.put(config_map("a", json!({}))).await;
    let unknown = ObjectId::namespaced("example.com/v1", "Thing", "aktus", "a");
    let targets = [(live.id(), Some("an earlier one".to_owned())), (unknown, None)];
    assert_eq!(wait_gone(&world.cluster, &targets, soon(), &mut |_| {}).await.unwrap(), []);
}
