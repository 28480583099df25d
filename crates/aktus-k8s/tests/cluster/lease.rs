//! One holder at a time.

use std::time::Duration;

use aktus_k8s::lease::{LeaseError, LeaseOptions, acquire, try_acquire};
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
