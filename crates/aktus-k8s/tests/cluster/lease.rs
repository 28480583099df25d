//! One holder at a time.

use std::sync::Arc;
use std::time::Duration;

use aktus_k8s::lease::{
    Closed, End, Fence, LeaseError, LeaseOptions, acquire, request_stop, try_acquire, try_acquire_if,
};
use aktus_k8s::{ApiError, Object};
use jiff::Timestamp;
use serde_json::json;

use crate::support::{World, shortly, soon, world};

fn options(holder: &str) -> LeaseOptions {
    LeaseOptions {
        namespace: "aktus".to_owned(),
        name: "aktus-bootstrap".to_owned(),
        holder: holder.to_owned(),
        duration: Duration::from_mins(1),
        field_manager: "aktus".to_owned(),
        labels: vec![("app.kubernetes.io/managed-by".to_owned(), "aktus".to_owned())],
        annotations: Vec::new(),
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + second).unwrap()
}

async fn spec(world: &World) -> serde_json::Value {
    let live = world.live(&options("").id()).await.unwrap();
    live.get("/spec").unwrap().clone()
}

#[tokio::test]
async fn taken_renewed_and_given_back() {
    let world = world().await;
    let mut lease = try_acquire(&world.cluster, &options("run-1"), at(0), soon()).await.unwrap();
    assert_eq!((lease.holder(), &lease.taken_over_from), ("run-1", &None));
    lease.renew(&world.cluster, at(20), soon()).await.unwrap();
    assert_eq!(
        spec(&world).await,
        json!({"holderIdentity": "run-1", "leaseDurationSeconds": 60, "leaseTransitions": 0,
            "acquireTime": "2026-01-01T00:00:00.000000Z", "renewTime": "2026-01-01T00:00:20.000000Z"})
    );
    let id = lease.id();
    lease.release(&world.cluster, soon()).await.unwrap();
    assert_eq!(world.live(&id).await, None);
}

#[tokio::test]
async fn held_by_somebody_else() {
    let world = world().await;
    let _lease = try_acquire(&world.cluster, &options("run-1"), at(0), soon()).await.unwrap();
    let error = try_acquire(&world.cluster, &options("run-2"), at(59), soon()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "Lease/aktus/aktus-bootstrap is held by `run-1`, last renewed 2026-01-01T00:00:00Z; wait for that run, or for \
         its lease to expire"
    );
    let error = acquire(&world.cluster, &options("run-2"), &|| at(59), shortly()).await.unwrap_err();
    assert!(matches!(error, LeaseError::Held { .. }));
}

#[tokio::test]
async fn a_stale_lease_is_taken_over_and_the_old_holder_learns_it() {
    let world = world().await;
    let mut old = try_acquire(&world.cluster, &options("run-1"), at(0), soon()).await.unwrap();
    let new = acquire(&world.cluster, &options("run-2"), &|| at(60), soon()).await.unwrap();
    assert_eq!(new.taken_over_from.as_deref(), Some("run-1"));
    assert_eq!(spec(&world).await["leaseTransitions"], 1);
    let error = old.renew(&world.cluster, at(61), soon()).await.unwrap_err();
    assert_eq!(error.to_string(), "Lease/aktus/aktus-bootstrap was lost to `run-2`; stop, since that run acts now");
    old.release(&world.cluster, soon()).await.unwrap();
    assert_eq!(spec(&world).await["holderIdentity"], "run-2", "a lost lease is not given back");
}

#[tokio::test]
async fn the_same_holder_may_take_it_again() {
    let world = world().await;
    let _first = try_acquire(&world.cluster, &options("run-1"), at(0), soon()).await.unwrap();
    let second = try_acquire(&world.cluster, &options("run-1"), at(5), soon()).await.unwrap();
    assert_eq!(second.taken_over_from, None);
    let spec = spec(&world).await;
    assert_eq!(spec["acquireTime"], "2026-01-01T00:00:00.000000Z");
    assert_eq!(spec["leaseTransitions"], 0);
}

#[tokio::test]
async fn of_many_that_try_at_once_one_wins() {
    let world = world().await;
    let tries = (0..8).map(|number| {
        let (cluster, options) = (world.cluster.clone(), options(&format!("run-{number}")));
        async move { try_acquire(&cluster, &options, at(0), soon()).await }
    });
    let results = futures::future::join_all(tries).await;
    let winners: Vec<_> = results.iter().flatten().map(|lease| lease.holder().to_owned()).collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    assert_eq!(spec(&world).await["holderIdentity"], winners[0].as_str());
    for error in results.into_iter().filter_map(Result::err) {
        assert!(matches!(&error, LeaseError::Held { holder, .. } if *holder == winners[0]), "{error}");
    }
}

#[tokio::test]
async fn a_lease_that_is_deleted_is_lost() {
    let world = world().await;
    let mut lease = try_acquire(&world.cluster, &options("run-1"), at(0), soon()).await.unwrap();
    world.cluster.delete(&lease.id(), &aktus_k8s::DeleteOptions::default(), soon()).await.unwrap();
    let error = lease.renew(&world.cluster, at(5), soon()).await.unwrap_err();
    assert!(matches!(error, LeaseError::Lost { .. }), "{error}");
    lease.release(&world.cluster, soon()).await.unwrap();
}

#[tokio::test]
async fn an_unreadable_lease_is_nobodys() {
    let world = world().await;
    world
        .put(json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": {"name": "aktus-bootstrap", "namespace": "aktus"},
            "spec": {"holderIdentity": "run-0"}}))
        .await;
    let lease = try_acquire(&world.cluster, &options("run-1"), at(0), soon()).await.unwrap();
    assert_eq!(lease.taken_over_from.as_deref(), Some("run-0"));
}

#[tokio::test]
async fn a_lease_can_stay_without_a_holder_and_tell_something() {
    let world = world().await;
    let mut told = options("run-1");
    told.annotations = vec![("owner".to_owned(), "a".to_owned())];
    let lease = try_acquire(&world.cluster, &told, at(0), soon()).await.unwrap();
    let end = End::Keep(vec![("answer".to_owned(), "42".to_owned())]);
    lease.end(&world.cluster, &end, at(1), soon()).await.unwrap();
    let live = world.live(&told.id()).await.unwrap();
    assert_eq!((live.text("/spec/holderIdentity"), live.annotation("answer")), (Some(""), Some("42")));
    // Whoever wants it sees what it tells, and may decide against it.
    let mut refuse = |live: Option<&Object>| live.and_then(|live| live.annotation("owner")) != Some("a");
    let refused = try_acquire_if(&world.cluster, &options("run-2"), at(2), soon(), &mut refuse).await;
    assert!(matches!(refused, Err(LeaseError::NotAdmitted { .. })));
    let next = try_acquire(&world.cluster, &options("run-2"), at(2), soon()).await.unwrap();
    assert_eq!((next.taken_over_from.as_deref(), next.object().annotation("answer")), (None, Some("42")));
    next.end(&world.cluster, &End::Forget, at(3), soon()).await.unwrap();
    assert!(world.live(&told.id()).await.is_none());
}

#[tokio::test]
async fn a_lease_that_is_handed_over_is_the_same_holders() {
    let world = world().await;
    let lease = try_acquire(&world.cluster, &options("run-1"), at(0), soon()).await.unwrap();
    lease.end(&world.cluster, &End::HandOver, at(30), soon()).await.unwrap();
    let held = try_acquire(&world.cluster, &options("run-2"), at(80), soon()).await.unwrap_err();
    assert!(matches!(held, LeaseError::Held { .. }), "{held}");
    let same = try_acquire(&world.cluster, &options("run-1"), at(80), soon()).await.unwrap();
    assert_eq!(same.taken_over_from, None);
}

#[tokio::test]
async fn a_holder_that_is_asked_to_stop_learns_who_asked() {
    let world = world().await;
    let id = options("").id();
    assert!(!request_stop(&world.cluster, &id, "run-2", "aktus", soon()).await.unwrap(), "there is nobody");
    let mut lease = try_acquire(&world.cluster, &options("run-1"), at(0), soon()).await.unwrap();
    assert!(request_stop(&world.cluster, &id, "run-2", "aktus", soon()).await.unwrap());
    assert_eq!(lease.stop_requested(), None);
    lease.renew(&world.cluster, at(5), soon()).await.unwrap();
    assert_eq!(lease.stop_requested(), Some("run-2"), "a renewal keeps the mark");
    lease.end(&world.cluster, &End::Keep(Vec::new()), at(6), soon()).await.unwrap();
    let live = world.live(&id).await.unwrap();
    assert_eq!(live.annotation(aktus_k8s::lease::STOP_ANNOTATION), None, "it was heard");
    assert!(!request_stop(&world.cluster, &id, "run-2", "aktus", soon()).await.unwrap());
}

#[tokio::test]
async fn a_new_holder_is_not_who_was_asked_to_stop() {
    let world = world().await;
    let _old = try_acquire(&world.cluster, &options("run-1"), at(0), soon()).await.unwrap();
    request_stop(&world.cluster, &options("").id(), "run-2", "aktus", soon()).await.unwrap();
    let new = try_acquire(&world.cluster, &options("run-2"), at(61), soon()).await.unwrap();
    assert_eq!(new.stop_requested(), None);
}

/// A config map to write.
fn note(name: &str) -> Object {
    let value = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "aktus"}});
    Object::new(value).unwrap()
}

#[tokio::test]
async fn a_fence_lets_writes_through_until_it_is_closed() {
    let world = world().await;
    let lease = try_acquire(&world.cluster, &options("run-1"), at(0), soon()).await.unwrap();
    let fence = Arc::new(Fence::new(&world.cluster, &lease));
    let fenced = world.cluster.fenced(Arc::clone(&fence));
    fenced.create(&note("a"), "aktus", soon()).await.unwrap();
    request_stop(&world.cluster, &lease.id(), "run-2", "aktus", soon()).await.unwrap();
    let stopped = Closed::Stopped { by: "run-2".to_owned() };
    assert_eq!(fence.look(soon()).await.unwrap(), Some(stopped.clone()));
    assert_eq!(fence.closed(), Some(stopped));
    let error = fenced.create(&note("b"), "aktus", soon()).await.unwrap_err();
    assert!(matches!(error, ApiError::Fenced { .. }), "{error}");
    assert_eq!(error.to_string(), "create ConfigMap/aktus/b: not written, because `run-2` asked this run to stop");
    assert!(world.live(&note("b").id()).await.is_none());
    // Reading is free, and so is whoever has no fence.
    assert!(fenced.get(&note("a").id(), soon()).await.unwrap().is_some());
    world.cluster.create(&note("b"), "aktus", soon()).await.unwrap();
}

#[tokio::test]
async fn a_fence_closes_when_the_lease_is_lost() {
    let world = world().await;
    let lease = try_acquire(&world.cluster, &options("run-1"), at(0), soon()).await.unwrap();
    let fence = Fence::new(&world.cluster, &lease);
    try_acquire(&world.cluster, &options("run-2"), at(61), soon()).await.unwrap();
    assert_eq!(fence.look(soon()).await.unwrap(), Some(Closed::Lost { holder: "run-2".to_owned() }));
    let _quiet = fence.quiet().await;
}
