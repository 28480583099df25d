//! Each verb, what it does and what it refuses.

use aktus_k8s::{ApplyOptions, Class, DeleteOptions, Deletion, FieldConflict, ObjectId, Selector};
use aktus_sandbox::kubernetes::{Fault, FaultRule};
use serde_json::json;

use crate::support::{config_map, config_map_id, object, soon, world};

#[tokio::test]
async fn what_the_server_says_about_itself() {
    let world = world().await;
    let version = world.cluster.server_version(soon()).await.unwrap();
    assert_eq!(version.major, "1");
    assert!(version.git_version.starts_with("v1."), "{version:?}");
    let versions = world.cluster.api_versions(soon()).await.unwrap();
    for expected in
        ["v1", "v1/ConfigMap", "apps/v1", "apps/v1/Deployment", "storage.k8s.io/v1/StorageClass", "v1/Eviction"]
    {
        assert!(versions.iter().any(|version| version == expected), "{expected} in {versions:?}");
    }
    assert!(versions.is_sorted());
}

#[tokio::test]
async fn absent_objects_and_kinds() {
    let world = world().await;
    assert_eq!(world.live(&config_map_id("a")).await, None);
    assert_eq!(world.live(&ObjectId::namespaced("v1", "ConfigMap", "nowhere", "a")).await, None);
    let unknown = ObjectId::namespaced("example.com/v1", "Thing", "aktus", "a");
    let error = world.cluster.get(&unknown, soon()).await.unwrap_err();
    assert_eq!(error.class(), Class::UnknownKind);
    assert_eq!(
        error.to_string(),
        "discover Thing in example.com/v1: the API server knows no kind `Thing` in `example.com/v1`"
    );
    let wrong = ObjectId::namespaced("v1", "Thing", "aktus", "a");
    assert_eq!(world.cluster.get(&wrong, soon()).await.unwrap_err().class(), Class::UnknownKind);
}

#[tokio::test]
async fn what_cannot_be_addressed_is_not_sent() {
    let world = world().await;
    for (id, problem) in [
        (config_map_id(".."), "its name cannot be part of an address"),
        (config_map_id("a/b"), "its name cannot be part of an address"),
        (ObjectId::cluster_scoped("v1", "ConfigMap", "a"), "it needs a namespace"),
        (ObjectId::namespaced("v1", "ConfigMap", "", "a"), "it needs a namespace"),
        (ObjectId::namespaced("v1", "ConfigMap", "..", "a"), "its namespace cannot be part of an address"),
    ] {
        let error = world.cluster.get(&id, soon()).await.unwrap_err();
        assert_eq!(error.to_string(), format!("get {id}: {problem}"));
    }
    assert_eq!(world.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn objects_find_their_place() {
    let world = world().await;
    let mut map = ObjectId::cluster_scoped("v1", "ConfigMap", "a");
    world.cluster.locate(&mut map, "aktus", soon()).await.unwrap();
    assert_eq!(map.namespace.as_deref(), Some("aktus"));
    let mut elsewhere = ObjectId::namespaced("v1", "ConfigMap", "default", "a");
    world.cluster.locate(&mut elsewhere, "aktus", soon()).await.unwrap();
    assert_eq!(elsewhere.namespace.as_deref(), Some("default"));
    let mut class = ObjectId::namespaced("storage.k8s.io/v1", "StorageClass", "aktus", "a");
    world.cluster.locate(&mut class, "aktus", soon()).await.unwrap();
    assert_eq!(class.namespace, None);
}

#[tokio::test]
async fn lists_select() {
    let world = world().await;
    for (name, tier) in [("a", "web"), ("b", "db"), ("c", "web")] {
        let mut map = config_map(name, json!({}));
        map["metadata"]["labels"] = json!({"tier": tier});
        world.put(map).await;
    }
    let list = async |selector: Selector, namespace: Option<&str>| {
        let maps = world.cluster.list("v1", "ConfigMap", namespace, &selector, soon()).await.unwrap();
        maps.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let web = ["ConfigMap/aktus/a", "ConfigMap/aktus/c"];
    assert_eq!(list(Selector::labels("tier=web"), Some("aktus")).await, web);
    assert_eq!(list(Selector::labels("tier=web"), None).await, web);
    assert_eq!(list(Selector::fields("metadata.name=b"), Some("aktus")).await, ["ConfigMap/aktus/b"]);
    assert_eq!(list(Selector::labels("tier in (x, y)"), Some("aktus")).await, Vec::<String>::new());
    assert_eq!(list(Selector::default(), Some("default")).await.len(), 0);
}

#[tokio::test]
async fn long_lists_come_in_pages() {
    let world = world().await;
    for number in 0..501 {
        let map = object(config_map(&format!("map-{number:03}"), json!({})));
        world.cluster.create(&map, "aktus", soon()).await.unwrap();
    }
    let list = async || {
        world.server.clear_requests();
        let maps = world.cluster.list("v1", "ConfigMap", Some("aktus"), &Selector::default(), soon()).await.unwrap();
        let names: std::collections::BTreeSet<_> = maps.iter().map(|map| map.name().to_owned()).collect();
        (maps.len(), names.len(), world.server.requests().len())
    };
    assert_eq!(list().await, (501, 501, 2));
    // The continuation expires: the list begins again.
    let expired = Fault::Status { code: 410, retry_after: None };
    let rule = FaultRule { path_contains: Some("continue=".to_owned()), ..FaultRule::nth(1, expired) };
    world.server.faults().add(rule);
    assert_eq!(list().await, (501, 501, 4));
}

#[tokio::test]
async fn an_apply_creates_changes_and_gives_up_fields() {
    let world = world().await;
    let created = world.put(config_map("a", json!({"x": "1", "y": "1"}))).await;
    assert!(created.uid().is_some());
    let changed = world.put(config_map("a", json!({"x": "2"}))).await;
    assert_eq!(changed.uid(), created.uid());
    assert_eq!(changed.get("/data"), Some(&json!({"x": "2"})));
}

#[tokio::test]
async fn a_dry_run_writes_nothing() {
    let world = world().await;
    let options = ApplyOptions { dry_run: true, ..ApplyOptions::new("aktus") };
    let map = object(config_map("a", json!({"x": "1"})));
    let result = world.cluster.apply(&map, &options, soon()).await.unwrap();
    assert_eq!(result.get("/data"), Some(&json!({"x": "1"})));
    assert_eq!(world.live(&map.id()).await, None);
}

#[tokio::test]
async fn an_apply_refuses_unknown_fields_and_missing_namespaces() {
    let world = world().await;
    let options = ApplyOptions::new("aktus");
    let mut map = config_map("a", json!({"x": "1"}));
    map["dta"] = json!({});
    let error = world.cluster.apply(&object(map), &options, soon()).await.unwrap_err();
    assert_eq!(error.class(), Class::Invalid, "{error}");
    assert!(error.to_string().contains("dta"), "{error}");
    let mut map = config_map("a", json!({}));
    map["metadata"]["namespace"] = json!("nowhere");
    let error = world.cluster.apply(&object(map), &options, soon()).await.unwrap_err();
    assert_eq!(error.class(), Class::NamespaceMissing, "{error}");
    assert_eq!(error.advice().as_deref(), Some("create the namespace first"));
}

#[tokio::test]
async fn a_conflict_names_manager_and_field() {
    let world = world().await;
    world.put_as("somebody", config_map("a", json!({"x": "theirs", "y": "theirs"}))).await;
    let ours = object(config_map("a", json!({"x": "ours"})));
    let error = world.cluster.apply(&ours, &ApplyOptions::new("aktus"), soon()).await.unwrap_err();
    assert_eq!(error.class(), Class::Conflict);
    assert_eq!(error.conflicts(), [FieldConflict { manager: "somebody".to_owned(), field: ".data.x".to_owned() }]);
    let force = ApplyOptions { force: true, ..ApplyOptions::new("aktus") };
    let live = world.cluster.apply(&ours, &force, soon()).await.unwrap();
    assert_eq!(live.get("/data"), Some(&json!({"x": "ours", "y": "theirs"})));
}

#[tokio::test]
async fn creating_twice_and_replacing_the_past() {
    let world = world().await;
    let map = object(config_map("a", json!({"x": "1"})));
    let first = world.cluster.create(&map, "aktus", soon()).await.unwrap();
    let error = world.cluster.create(&map, "aktus", soon()).await.unwrap_err();
    assert_eq!(error.class(), Class::AlreadyExists);
    let mut newer = first.clone().into_value();
    newer["data"] = json!({"x": "2"});
    let second = world.cluster.replace(&object(newer.clone()), "aktus", soon()).await.unwrap();
    assert_eq!(second.get("/data/x"), Some(&json!("2")));
    newer["data"] = json!({"x": "3"});
    let error = world.cluster.replace(&object(newer), "aktus", soon()).await.unwrap_err();
    assert_eq!(error.class(), Class::Race);
}

#[tokio::test]
async fn a_merge_patch_changes_and_removes() {
    let world = world().await;
    world.put(config_map("a", json!({"x": "1", "y": "1"}))).await;
    let patch = json!({"data": {"x": "2", "y": null}});
    let live = world.cluster.patch_merge(&config_map_id("a"), &patch, "other", soon()).await.unwrap();
    assert_eq!(live.get("/data"), Some(&json!({"x": "2"})));
    let error = world.cluster.patch_merge(&config_map_id("b"), &patch, "other", soon()).await.unwrap_err();
    assert_eq!(error.class(), Class::NotFound);
}

#[tokio::test]
async fn deletions_and_what_comes_of_them() {
    let world = world().await;
    let id = config_map_id("a");
    let delete = async |options: DeleteOptions| world.cluster.delete(&id, &options, soon()).await.unwrap();
    assert_eq!(delete(DeleteOptions::default()).await, Deletion::Absent);
    let live = world.put(config_map("a", json!({}))).await;
    let other = DeleteOptions { uid: Some("another".to_owned()), ..DeleteOptions::default() };
    assert_eq!(delete(other).await, Deletion::Another);
    let stale = DeleteOptions { resource_version: Some("1".to_owned()), ..DeleteOptions::default() };
    assert_eq!(delete(stale).await, Deletion::Another);
    assert_eq!(delete(DeleteOptions::exactly(&live)).await, Deletion::Deleted);
    assert_eq!(world.live(&id).await, None);
    let mut held = config_map("a", json!({}));
    held["metadata"]["finalizers"] = json!(["example.com/hold"]);
    world.put(held).await;
    assert_eq!(delete(DeleteOptions::default()).await, Deletion::Started);
    assert!(world.live(&id).await.unwrap().is_deleting());
}
