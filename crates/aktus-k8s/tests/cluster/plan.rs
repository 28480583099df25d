//! From desired objects to a plan, and from a plan to a changed cluster.

use std::time::Duration;

use aktus_k8s::{
    Action, ApplyError, ApplyEvent, ApplyOptions, ChangeSet, Class, DeleteOptions, Object, ObjectId, Ownership, Plan,
    PlanError, PlanOptions, Prune, apply_plan, plan, plan_deletions,
};
use serde_json::{Value, json};

use crate::chart::chart;
use crate::support::{World, config_map, config_map_id, definition, object, soon, thing, world};

fn options() -> PlanOptions {
    let owner = Ownership { labels: vec![("owner".to_owned(), "us".to_owned())], annotations: Vec::new() };
    let keep = vec![("keep".to_owned(), "true".to_owned())];
    let prune = Prune { owner, keep, protected_kinds: vec!["Namespace".to_owned()] };
    PlanOptions { prune, ..PlanOptions::new("aktus", "aktus") }
}

async fn plan_of(world: &World, desired: &[Value], previous: &[ObjectId], options: &PlanOptions) -> Plan {
    let desired = desired.iter().cloned().map(object).collect();
    plan(&world.cluster, desired, previous, options, soon()).await.expect("a plan")
}

async fn carry_out(world: &World, plan: &Plan) -> Result<ChangeSet, ApplyError> {
    apply_plan(&world.cluster, plan, soon(), &mut |_| {}).await
}

/// Plans and applies; one line per object.
async fn run(world: &World, desired: &[Value], previous: &[ObjectId]) -> Vec<String> {
    let plan = plan_of(world, desired, previous, &options()).await;
    carry_out(world, &plan).await.expect("changes").to_string().lines().map(str::to_owned).collect()
}

fn ours(mut value: Value) -> Value {
    value["metadata"]["labels"]["owner"] = json!("us");
    value
}

#[tokio::test]
async fn a_second_run_sends_no_write() {
    let world = world().await;
    let plan = plan_of(&world, &chart(), &[], &options()).await;
    assert!(plan.steps.iter().all(|step| step.change.word() == "create"), "{plan}");
    let changes = carry_out(&world, &plan).await.unwrap();
    assert!(changes.entries.iter().all(|applied| applied.action == Action::Created), "{changes}");
    assert!(changes.entries.iter().all(|applied| applied.uid.is_some()));

    world.server.clear_requests();
    let plan = plan_of(&world, &chart(), &[], &options()).await;
    assert!(plan.is_unchanged(), "{plan}");
    carry_out(&world, &plan).await.unwrap();
    let written: Vec<_> = world.server.requests().into_iter().filter(|request| request.method != "GET").collect();
    let real: Vec<_> = written.iter().filter(|request| !request.dry_run).collect();
    assert!(real.is_empty(), "{real:?}");
    // Most objects are recognised without asking; the rest cost a dry run each.
    assert!(written.len() <= 1, "{written:?}");
}

#[tokio::test]
async fn one_changed_value_writes_one_object() {
    let world = world().await;
    run(&world, &chart(), &[]).await;
    let mut changed = chart();
    changed[5]["spec"]["template"]["spec"]["containers"][0]["image"] = json!("web:2");
    let plan = plan_of(&world, &changed, &[], &options()).await;
    let updates: Vec<String> =
        plan.to_string().lines().filter(|line| !line.starts_with("unchanged")).map(str::to_owned).collect();
    assert_eq!(
        updates,
        ["update Deployment/aktus/web", r#"  spec.template.spec.containers[web].image: "web:1" → "web:2""#]
    );
    world.server.clear_requests();
    carry_out(&world, &plan).await.unwrap();
    assert_eq!(world.requests(), ["PATCH /apis/apps/v1/namespaces/aktus/deployments/web"]);
}

#[tokio::test]
async fn a_removed_field_is_removed() {
    let world = world().await;
    run(&world, &[config_map("a", json!({"x": "1", "y": "1"}))], &[]).await;
    let plan = plan_of(&world, &[config_map("a", json!({"x": "1"}))], &[], &options()).await;
    assert_eq!(plan.to_string(), "update ConfigMap/aktus/a\n  data.y: - \"1\"\n");
    carry_out(&world, &plan).await.unwrap();
    assert_eq!(world.live(&config_map_id("a")).await.unwrap().get("/data"), Some(&json!({"x": "1"})));
}

#[tokio::test]
async fn what_was_changed_by_hand_is_set_right() {
    let world = world().await;
    let desired = [config_map("a", json!({"x": "1"}))];
    run(&world, &desired, &[]).await;
    let patch = json!({"data": {"x": "2", "theirs": "1"}});
    world.cluster.patch_merge(&config_map_id("a"), &patch, "kubectl-edit", soon()).await.unwrap();
    let error =
        plan(&world.cluster, desired.iter().cloned().map(object).collect(), &[], &options(), soon()).await.unwrap_err();
    let PlanError::Api(error) = error else { panic!("{error}") };
    assert_eq!(error.class(), Class::Conflict);
    assert_eq!(
        error.to_string(),
        "apply ConfigMap/aktus/a: other managers own fields that would change: `.data.x` is managed by `kubectl-edit`"
    );
    let force = PlanOptions { force: true, ..options() };
    let plan = plan_of(&world, &desired, &[], &force).await;
    assert_eq!(plan.to_string(), "update ConfigMap/aktus/a\n  data.x: \"2\" → \"1\"\n");
    carry_out(&world, &plan).await.unwrap();
    let live = world.live(&config_map_id("a")).await.unwrap();
    assert_eq!(live.get("/data"), Some(&json!({"x": "1", "theirs": "1"})));
}

#[tokio::test]
async fn an_object_of_another_manager_is_adopted_by_one_write() {
    let world = world().await;
    let desired = config_map("a", json!({"x": "1"}));
    world.put_as("kubectl", desired.clone()).await;
    let plan = plan_of(&world, std::slice::from_ref(&desired), &[], &options()).await;
    assert_eq!(plan.to_string(), "update ConfigMap/aktus/a\n  metadata.managedFields\n");
    carry_out(&world, &plan).await.unwrap();
    assert!(plan_of(&world, &[desired], &[], &options()).await.is_unchanged());
}

#[tokio::test]
async fn what_our_name_wrote_without_apply_is_taken_over_first() {
    let world = world().await;
    let old = object(config_map("a", json!({"x": "1", "dropped": "1"})));
    world.cluster.create(&old, "aktus", soon()).await.unwrap();
    let theirs = json!({"data": {"theirs": "1"}});
    world.cluster.patch_merge(&old.id(), &theirs, "somebody", soon()).await.unwrap();
    let desired = config_map("a", json!({"x": "2"}));
    let plan = plan_of(&world, std::slice::from_ref(&desired), &[], &options()).await;
    assert_eq!(plan.to_string(), "update ConfigMap/aktus/a\n  data.x: \"1\" → \"2\"\n");
    carry_out(&world, &plan).await.unwrap();
    let live = world.live(&old.id()).await.unwrap();
    assert_eq!(live.get("/data"), Some(&json!({"x": "2", "theirs": "1"})));
    let owners: Vec<_> = live
        .items("/metadata/managedFields")
        .map(|entry| format!("{} {}", entry["manager"].as_str().unwrap(), entry["operation"].as_str().unwrap()))
        .collect();
    assert_eq!(owners, ["aktus Apply", "somebody Update"]);
    assert!(plan_of(&world, &[desired], &[], &options()).await.is_unchanged());
}

#[tokio::test]
async fn what_our_name_wrote_the_same_without_apply_is_taken_over_once() {
    let world = world().await;
    let desired = config_map("a", json!({"x": "1"}));
    world.cluster.create(&object(desired.clone()), "aktus", soon()).await.unwrap();
    let plan = plan_of(&world, std::slice::from_ref(&desired), &[], &options()).await;
    assert_eq!(plan.to_string(), "update ConfigMap/aktus/a\n  metadata.managedFields\n");
    carry_out(&world, &plan).await.unwrap();
    assert!(plan_of(&world, &[desired], &[], &options()).await.is_unchanged());
}

fn storage_class(file_system: &str) -> Value {
    json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "efs-sc"},
        "provisioner": "efs.csi.aws.com", "parameters": {"fileSystemId": file_system}})
}

#[tokio::test]
async fn what_cannot_change_is_replaced_only_if_allowed() {
    let world = world().await;
    run(&world, &[storage_class("fs-1")], &[]).await;
    let before = world.live(&object(storage_class("fs-1")).id()).await.unwrap();
    let desired = [storage_class("fs-2"), config_map("a", json!({}))];

    let plan = plan_of(&world, &desired, &[], &options()).await;
    assert_eq!(plan.steps[0].change.word(), "replace");
    let writes = world.server.writes();
    let error = carry_out(&world, &plan).await.unwrap_err();
    assert_eq!(error.class(), Class::Immutable);
    assert_eq!(
        error.to_string(),
        "StorageClass/efs-sc: `parameters` cannot be changed on an existing object; keep it as it is, or allow the \
         object to be deleted and created again; nothing was changed, 1 was not tried"
    );
    assert_eq!(error.not_tried, [config_map_id("a")]);
    assert_eq!(world.server.writes(), writes);

    let allowed = PlanOptions { recreate: [before.id()].into(), ..options() };
    let plan = plan_of(&world, &desired, &[], &allowed).await;
    let changes = carry_out(&world, &plan).await.unwrap();
    assert_eq!(changes.entries[0].action, Action::Replaced);
    let after = world.live(&before.id()).await.unwrap();
    assert_ne!(after.uid(), before.uid());
    assert_eq!(after.text("/parameters/fileSystemId"), Some("fs-2"));
    assert!(plan_of(&world, &desired, &[], &options()).await.is_unchanged());
}

#[tokio::test]
async fn volumes_and_namespaces_are_never_deleted_to_be_replaced() {
    let world = world().await;
    let claim = |class: &str| {
        json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
            "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": class,
                "resources": {"requests": {"storage": "1Gi"}}}})
    };
    run(&world, &[claim("a")], &[]).await;
    let id = ObjectId::namespaced("v1", "PersistentVolumeClaim", "aktus", "data");
    let allowed = PlanOptions { recreate: [id].into(), ..options() };
    let plan = plan_of(&world, &[claim("b")], &[], &allowed).await;
    assert!(!plan.steps[0].may_recreate);
    assert_eq!(carry_out(&world, &plan).await.unwrap_err().class(), Class::Immutable);
}

#[tokio::test]
async fn what_is_no_longer_wanted_is_deleted_if_it_is_ours() {
    let world = world().await;
    let kept = |mut value: Value| {
        value["metadata"]["annotations"] = json!({"keep": "true"});
        value
    };
    let empty = |name: &str| config_map(name, json!({}));
    let first = [ours(empty("stays")), ours(empty("goes")), ours(kept(empty("kept"))), empty("foreign")];
    run(&world, &first, &[]).await;
    let mut previous: Vec<ObjectId> = first.iter().cloned().map(|value| object(value).id()).collect();
    previous.push(config_map_id("gone already"));
    previous.push(ObjectId::namespaced("old.example.com/v1", "Thing", "aktus", "of a kind no longer served"));
    let changes = run(&world, &first[..1], &previous).await;
    assert_eq!(
        changes,
        [
            "ConfigMap/aktus/stays unchanged",
            "ConfigMap/aktus/goes deleted",
            "ConfigMap/aktus/kept kept: its annotation says `keep: true`",
            "ConfigMap/aktus/foreign kept: it is not ours: it has no label `owner: us`",
        ]
    );
    assert_eq!(world.live(&config_map_id("goes")).await, None);
}

#[tokio::test]
async fn an_object_of_an_older_version_is_the_same_object() {
    let world = world().await;
    run(&world, &[ours(config_map("a", json!({})))], &[]).await;
    let mut older = config_map_id("a");
    older.api_version = "v1".to_owned();
    assert_eq!(run(&world, &[ours(config_map("a", json!({})))], &[older]).await, ["ConfigMap/aktus/a unchanged"]);
}

#[tokio::test]
async fn what_came_anew_between_plan_and_deletion_stays() {
    let world = world().await;
    run(&world, &[ours(config_map("a", json!({})))], &[]).await;
    let plan = plan_deletions(&world.cluster, &[config_map_id("a")], &options().prune, soon()).await.unwrap();
    world.cluster.delete(&config_map_id("a"), &DeleteOptions::default(), soon()).await.unwrap();
    world.put_as("somebody", config_map("a", json!({}))).await;
    let changes = carry_out(&world, &plan).await.unwrap();
    assert!(matches!(changes.entries[0].action, Action::Kept { .. }), "{changes}");
    assert!(world.live(&config_map_id("a")).await.is_some());
}

#[tokio::test]
async fn deletions_without_marks_or_of_protected_kinds_do_not_happen() {
    let world = world().await;
    let namespace = ObjectId::cluster_scoped("v1", "Namespace", "aktus");
    let patch = json!({"metadata": {"labels": {"owner": "us"}}});
    world.cluster.patch_merge(&namespace, &patch, "aktus", soon()).await.unwrap();
    let ids = [namespace];
    let plan = plan_deletions(&world.cluster, &ids, &options().prune, soon()).await.unwrap();
    assert_eq!(
        carry_out(&world, &plan).await.unwrap().to_string(),
        "Namespace/aktus kept: a Namespace is not deleted here\n"
    );
    let plan = plan_deletions(&world.cluster, &ids, &Prune::default(), soon()).await.unwrap();
    assert_eq!(
        carry_out(&world, &plan).await.unwrap().to_string(),
        "Namespace/aktus kept: nothing says that it is ours\n"
    );
}

#[tokio::test]
async fn wanting_nothing_at_all_is_refused() {
    let world = world().await;
    let error = plan(&world.cluster, Vec::new(), &[config_map_id("a")], &options(), soon()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "nothing is desired any more, which would delete all that is there (1 in number); delete explicitly if that is meant"
    );
    assert!(plan_of(&world, &[], &[], &options()).await.steps.is_empty());
}

#[tokio::test]
async fn duplicates_are_refused_before_anything_is_written() {
    let world = world().await;
    let refused = async |desired: Vec<Value>| {
        let desired = desired.into_iter().map(object).collect();
        plan(&world.cluster, desired, &[], &options(), soon()).await.unwrap_err().to_string()
    };
    let mut nameless = config_map("a", json!({}));
    nameless["metadata"] = json!({"name": "a"});
    assert_eq!(
        refused(vec![config_map("a", json!({})), nameless]).await,
        "ConfigMap/aktus/a is given twice; remove one of the two"
    );
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [
        {"name": "c", "image": "i", "env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}]}});
    assert_eq!(
        refused(vec![pod]).await,
        "Pod/aktus/p: `spec.containers[c].env` holds `A` twice; remove one of the two"
    );
}

#[tokio::test]
async fn definitions_and_their_objects_come_in_one_plan() {
    let world = world().await;
    world.server.faults().delay_definitions(Duration::from_millis(200));
    let mut nowhere = thing("a");
    nowhere["metadata"] = json!({"name": "a"});
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "later"}});
    let plan = plan_of(&world, &[nowhere.clone(), namespace.clone(), definition()], &[], &options()).await;
    let order: Vec<_> = plan.steps.iter().map(|step| step.id.to_string()).collect();
    assert_eq!(order, ["CustomResourceDefinition/things.example.com", "Namespace/later", "Thing/aktus/a"]);
    let mut events = Vec::new();
    let changes = apply_plan(&world.cluster, &plan, soon(), &mut |event: ApplyEvent<'_>| {
        events.push(match event {
            ApplyEvent::Started { step } => format!("{} {}", step.change.word(), step.id.kind),
            ApplyEvent::Finished { applied } => format!("{} {}", applied.id.kind, applied.action),
            ApplyEvent::Waiting { id, .. } => format!("waiting for {}", id.kind),
            _ => "something else".to_owned(),
        });
    })
    .await
    .unwrap();
    assert_eq!(changes.writes().count(), 3);
    events.dedup();
    assert_eq!(
        events,
        [
            "create CustomResourceDefinition",
            "CustomResourceDefinition created",
            "waiting for CustomResourceDefinition",
            "create Namespace",
            "Namespace created",
            "create Thing",
            "Thing created",
        ]
    );
    assert!(plan_of(&world, &[nowhere, namespace, definition()], &[], &options()).await.is_unchanged());
}

#[tokio::test]
async fn a_kind_that_nobody_defines_is_an_error() {
    let world = world().await;
    let error = plan(&world.cluster, vec![object(thing("a"))], &[], &options(), soon()).await.unwrap_err();
    let PlanError::Api(error) = error else { panic!("{error}") };
    assert_eq!(error.class(), Class::UnknownKind);
}

#[tokio::test]
async fn the_first_refusal_ends_it_and_is_told_exactly() {
    let world = world().await;
    let mut wrong = config_map("b", json!({}));
    wrong["dta"] = json!({});
    let desired = [config_map("a", json!({})), wrong, config_map("c", json!({})), config_map("d", json!({}))];
    let plan = plan_of(&world, &desired, &[], &options()).await;
    let error = carry_out(&world, &plan).await.unwrap_err();
    assert_eq!(error.id, config_map_id("b"));
    assert_eq!(error.class(), Class::Invalid);
    assert_eq!(error.done.to_string(), "ConfigMap/aktus/a created\n");
    assert_eq!(error.not_tried, [config_map_id("c"), config_map_id("d")]);
    let text = error.to_string();
    assert!(text.starts_with("apply ConfigMap/aktus/b: "), "{text}");
    assert!(text.ends_with("; 1 object was changed before it, 2 were not tried"), "{text}");
    assert_eq!(world.live(&config_map_id("c")).await, None);
}

#[tokio::test]
async fn deletions_wait_for_the_success_of_everything_else() {
    let world = world().await;
    run(&world, &[ours(config_map("old", json!({})))], &[]).await;
    let mut wrong = config_map("new", json!({}));
    wrong["dta"] = json!({});
    let plan = plan_of(&world, &[wrong], &[config_map_id("old")], &options()).await;
    let error = carry_out(&world, &plan).await.unwrap_err();
    assert_eq!(error.not_tried, [config_map_id("old")]);
    assert!(world.live(&config_map_id("old")).await.is_some());
}

#[tokio::test]
async fn an_older_object_on_its_way_out_is_waited_for() {
    let world = world().await;
    let mut held = config_map("a", json!({"x": "old"}));
    held["metadata"]["finalizers"] = json!(["example.com/hold"]);
    let old = world.put_as("somebody", held).await;
    world.cluster.delete(&old.id(), &DeleteOptions::default(), soon()).await.unwrap();
    let plan = plan_of(&world, &[config_map("a", json!({"x": "new"}))], &[], &options()).await;
    assert!(plan.steps[0].waits_for_deletion);
    let let_go = std::sync::atomic::AtomicBool::new(false);
    let mut on_event = |event: ApplyEvent<'_>| {
        if let ApplyEvent::Waiting { reason, .. } = event {
            assert_eq!(reason, "it is being deleted, held by example.com/hold");
            let_go.store(true, std::sync::atomic::Ordering::SeqCst);
        }
    };
    let (changes, ()) = tokio::join!(apply_plan(&world.cluster, &plan, soon(), &mut on_event), async {
        let until = soon();
        while !let_go.load(std::sync::atomic::Ordering::SeqCst) {
            assert!(tokio::time::Instant::now() < until, "nobody waited");
            tokio::task::yield_now().await;
        }
        let patch = json!({"metadata": {"finalizers": null}});
        world.cluster.patch_merge(&old.id(), &patch, "somebody", soon()).await.unwrap();
    });
    changes.unwrap();
    let new = world.live(&old.id()).await.unwrap();
    assert_ne!(new.uid(), old.uid());
    assert_eq!(new.text("/data/x"), Some("new"));
}

#[tokio::test]
async fn the_plan_for_an_empty_cluster_is_the_plan_against_one() {
    let world = world().await;
    let located: Vec<Object> =
        plan_of(&world, &chart(), &[], &options()).await.steps.into_iter().filter_map(|step| step.desired).collect();
    let offline = Plan::creating(located, "aktus").unwrap();
    let online = plan_of(&world, &chart(), &[], &options()).await;
    assert_eq!(offline.to_string(), online.to_string());
}

#[tokio::test]
async fn secrets_never_show_in_a_plan() {
    let world = world().await;
    let secret = |value: &str| json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}, "stringData": {"token": value}});
    run(&world, &[secret("first-s3cret")], &[]).await;
    let plan = plan_of(&world, &[secret("second-s3cret")], &[], &options()).await;
    assert_eq!(plan.to_string(), "update Secret/aktus/keys\n  data.token: \"*** (before)\" → \"*** (after)\"\n");
    let shown = format!("{plan:?}");
    for hidden in ["s3cret", "Zmlyc3Qtczc3JldA", "c2Vjb25kLXMzY3JldA"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
    carry_out(&world, &plan).await.unwrap();
    // A key that is dropped goes away, though it was given as stringData.
    let plan = plan_of(
        &world,
        &[json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}})],
        &[],
        &options(),
    )
    .await;
    carry_out(&world, &plan).await.unwrap();
    let live = world.live(&ObjectId::namespaced("v1", "Secret", "aktus", "keys")).await.unwrap();
    assert_eq!(live.get("/data/token"), None);
}

#[tokio::test]
async fn applying_twice_by_hand_and_by_plan_come_to_the_same() {
    let world = world().await;
    let map = object(config_map("a", json!({"x": "1"})));
    world.cluster.apply(&map, &ApplyOptions::new("aktus"), soon()).await.unwrap();
    assert!(plan_of(&world, &[map.into_value()], &[], &options()).await.is_unchanged());
}
