//! C13 to C22: what belongs to whom, and what a Delete takes away.

use aktus_sandbox::cloudformation::RequestType;
use aktus_sandbox::kubernetes::{Fault, FaultRule};
use aktus_sandbox::lambda::Twice;
use serde_json::json;

use crate::stage::{CLUSTER, NAME, Stage, check};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_namespace_is_another_installation() {
    let stage = Stage::open().await;
    let mut stack = stage.stack();
    check(&stage, &stack.create(Stage::properties(&json!({}))).await, "CREATE_COMPLETE", &[]);
    let first = stack.physical_id().expect("an id").to_owned();
    // Its classes and its node pool are the cluster's, and belong to the first namespace until that is gone.
    let refused = stack.update(Stage::properties(&json!({"Namespace": "other"}))).await;
    check(&stage, &refused, "UPDATE_ROLLBACK_COMPLETE", &["belongs to the installation"]);
    assert_eq!(stack.physical_id(), Some(first.as_str()));
    check(&stage, &stack.delete().await, "DELETE_COMPLETE", &[]);
    assert_eq!(stage.standing(), [].into());
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_predecessors_id_stays_so_that_nothing_is_deleted() {
    let stage = Stage::open().await;
    let stack = stage.stack();
    let properties = Stage::properties(&json!({}));
    let predecessor = "2026/11/22/[$LATEST]0a1b";
    let update = stack.prepare(RequestType::Update, Some(predecessor), &properties, Some(&properties));
    update.deliver();
    let answer = update.ended().await.answer.expect("an answer");
    assert_eq!((answer.success, answer.physical_resource_id.as_str()), (true, predecessor), "{}", answer.reason);
    let delete = stack.prepare(RequestType::Delete, Some(predecessor), &properties, None);
    delete.deliver();
    let answer = delete.ended().await.answer.expect("an answer");
    assert!(answer.success, "{}", answer.reason);
    assert_eq!(stage.standing(), [].into());
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_create_that_fails_anywhere_is_rolled_back() {
    let tries = (0..10).map(async |skip| {
        let stage = Stage::open().await;
        stage.sandbox.kubernetes().faults().add(FaultRule {
            method: Some("PATCH".to_owned()),
            path_contains: None,
            skip,
            times: Some(1),
            fault: Fault::Refuse { code: 403, message: "not today".to_owned() },
        });
        let created = stage.stack().create(Stage::properties(&json!({}))).await;
        let failed = created.reason().contains("not today");
        if failed {
            check(&stage, &created, "ROLLBACK_COMPLETE", &[]);
            assert_eq!(stage.standing(), [].into(), "after {skip} writes");
        }
        stage.close().await;
        failed
    });
    let failed = futures::future::join_all(tries).await.into_iter().filter(|failed| *failed).count();
    assert!(failed >= 6, "only {failed} failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_create_that_is_cancelled_leaves_nothing() {
    let moments =
        ["request received", "cluster", "csi-driver", "storage-class", "gpu", "namespace", "endpoints", "SUCCESS"];
    let tries = moments.map(async |moment| {
        let stage = Stage::open().await;
        let mut stack = stage.stack();
        let text =
            if moment.len() < 14 && moment != "SUCCESS" { format!("\"step\":\"{moment}\"") } else { moment.to_owned() };
        let cancel = stage.lambda.logged(NAME, &text);
        let outcome = stack.create_cancelled(Stage::properties(&json!({})), cancel).await;
        stage.lambda.idle().await;
        assert_eq!(outcome.status.to_string(), "ROLLBACK_COMPLETE", "at {moment}: {}", stage.lambda.output(NAME));
        assert_eq!(stage.standing(), [].into(), "at {moment}: {}", stage.lambda.transcript());
        stage.close().await;
    });
    futures::future::join_all(tries).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_stack_installed_is_left_alone() {
    let stage = Stage::open().await;
    let mut stack = stage.stack();
    check(&stage, &stack.create(Stage::properties(&json!({}))).await, "CREATE_COMPLETE", &[]);
    let (standing, writes) = (stage.standing(), stage.writes());
    let mut other = stage.cloudformation.stack("other", NAME);
    let refused = other.create(Stage::properties(&json!({}))).await;
    check(
        &stage,
        &refused,
        "ROLLBACK_COMPLETE",
        &["the installation belongs to EKSClusterStatus of arn:aws:cloudformation"],
    );
    let delete =
        other.prepare(RequestType::Delete, Some("other_EKSClusterStatus_ABC123"), &Stage::properties(&json!({})), None);
    delete.deliver();
    let answer = delete.ended().await.answer.expect("an answer");
    assert_eq!((answer.success, answer.reason.as_str()), (true, "nothing of this resource was installed"));
    let words = stage.standing().into_iter().filter(|title| !title.contains("/aktus-cancelled-"));
    assert_eq!((words.collect(), stage.writes()), (standing, writes));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_delivery_twice_is_worked_on_once() {
    let single = Stage::open().await;
    check(&single, &single.stack().create(Stage::properties(&json!({}))).await, "CREATE_COMPLETE", &[]);
    for twice in [Twice::Parallel, Twice::AfterCompletion] {
        let stage = Stage::open().await;
        stage.lambda.deliver_twice(NAME, twice);
        let mut stack = stage.stack();
        check(&stage, &stack.create(Stage::properties(&json!({}))).await, "CREATE_COMPLETE", &[]);
        stage.lambda.idle().await;
        assert_eq!((stage.lambda.invocations().len(), stage.writes()), (2, single.writes()));
        stage.lambda.deliver_twice(NAME, twice);
        check(&stage, &stack.delete().await, "DELETE_COMPLETE", &[]);
        stage.lambda.idle().await;
        assert_eq!(stage.standing(), [].into());
        stage.close().await;
    }
    single.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_that_fails_is_taken_back() {
    let stage = Stage::open().await;
    let mut stack = stage.stack();
    check(&stage, &stack.create(stage.chart(&[], &json!({}))).await, "CREATE_COMPLETE", &[]);
    let failed = stack.update(stage.chart(&[], &json!({"ChartVersion": "9.9.9"}))).await;
    check(&stage, &failed, "UPDATE_ROLLBACK_COMPLETE", &["step chart", "9.9.9", "aktus/platform", "127.0.0.1"]);
    let taken_back = stack.update_and_roll_back(stage.chart(&[], &json!({"GpuLimit": 3}))).await;
    check(&stage, &taken_back, "UPDATE_ROLLBACK_COMPLETE", &[]);
    check(&stage, &stack.delete().await, "DELETE_COMPLETE", &[]);
    assert_eq!(stage.standing(), [].into());
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollback_without_a_cluster_can_be_continued() {
    let stage = Stage::hurried().await;
    let mut stack = stage.stack();
    check(&stage, &stack.create(Stage::properties(&json!({}))).await, "CREATE_COMPLETE", &[]);
    let standing = stage.standing();
    stage.sandbox.kubernetes().faults().add(FaultRule::every(Fault::Disconnect));
    let failed = stack.update(Stage::properties(&json!({"GpuLimit": 3}))).await;
    check(&stage, &failed, "UPDATE_ROLLBACK_FAILED", &["step cluster", "no answer from the API server"]);
    stage.sandbox.kubernetes().faults().clear();
    check(&stage, &stack.continue_update_rollback().await, "UPDATE_ROLLBACK_COMPLETE", &[]);
    assert_eq!(stage.standing(), standing);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_is_gone_has_nothing_to_delete() {
    for (status, words) in [
        (None, "cluster aktus-sandbox no longer exists"),
        (Some("DELETING"), "cluster aktus-sandbox is being deleted"),
        (Some("FAILED"), "cluster aktus-sandbox is FAILED"),
    ] {
        let stage = Stage::open().await;
        let mut stack = stage.stack();
        check(&stage, &stack.create(Stage::properties(&json!({}))).await, "CREATE_COMPLETE", &[]);
        stage.sandbox.aws().change(|facts| match status {
            None => facts.clusters.clear(),
            Some(status) => {
                let cluster = facts.clusters.get_mut(CLUSTER).expect("a cluster");
                cluster.status = aktus_sandbox::aws::Timeline::steady(status);
            }
        });
        let deleted = stack.delete().await;
        check(&stage, &deleted, "DELETE_COMPLETE", &[]);
        let reason = &deleted.answer().expect("an answer").reason;
        assert!(reason.contains(words), "{reason}");
        stage.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cluster_that_lets_nobody_in_has_five_messages_and_a_way_out() {
    let refuse = |code: u16| Fault::Refuse { code, message: format!("refused with {code}") };
    let authority = rcgen::generate_simple_self_signed(["nobody".to_owned()]).expect("a certificate").cert.pem();
    let cases: [(&str, Option<&str>, Option<Fault>, &str); 5] = [
        ("nobody listens", Some("http://127.0.0.1:9"), None, "no answer from the API server"),
        ("no TLS", Some("https"), None, "API server at https://127.0.0.1"),
        ("401", None, Some(refuse(401)), "refused with 401"),
        ("403", None, Some(refuse(403)), "refused with 403"),
        ("no such name", Some("https://nowhere.invalid"), None, "API server at https://nowhere.invalid"),
    ];
    let tries = cases.map(async |(case, endpoint, fault, words)| {
        let stage = Stage::hurried().await;
        if let Some(endpoint) = endpoint {
            stage.sandbox.aws().change(|facts| {
                let cluster = facts.clusters.get_mut(CLUSTER).expect("a cluster");
                cluster.endpoint = match endpoint {
                    "https" => cluster.endpoint.replace("http:", "https:"),
                    other => other.to_owned(),
                };
                cluster.certificate_authority.clone_from(&authority);
            });
        }
        if let Some(fault) = fault {
            stage.sandbox.kubernetes().faults().add(FaultRule::every(fault));
        }
        let stack = stage.stack();
        let delete = async |change: serde_json::Value| {
            let properties = Stage::properties(&change);
            let id = format!(
                "aktus/{}/{CLUSTER}/ai/aktus-ai-platform",
                stack.arn().split_once("stack/").unwrap_or_default().1
            );
            let request = stack.prepare(RequestType::Delete, Some(&id), &properties, None);
            request.deliver();
            request.ended().await.answer.expect("an answer")
        };
        let failed = delete(json!({})).await;
        let way_out =
            "aktus destroy --cluster aktus-sandbox --region us-east-1 --namespace ai --release aktus-ai-platform";
        assert!(
            !failed.success && failed.reason.contains(words) && failed.reason.contains(way_out),
            "{case}: {}",
            failed.reason
        );
        let abandoned = delete(json!({"OnUnreachable": "Abandon"})).await;
        assert!(
            abandoned.success && abandoned.reason.contains("these are abandoned: release aktus-ai-platform"),
            "{case}: {}",
            abandoned.reason
        );
        stage.close().await;
        failed.reason
    });
    let mut reasons = futures::future::join_all(tries).await;
    reasons.sort();
    reasons.dedup();
    assert_eq!(reasons.len(), 5, "{reasons:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finalizer_that_holds_the_deletion_is_named() {
    let stage = Stage::hurried().await;
    let mut stack = stage.stack();
    check(&stage, &stack.create(Stage::properties(&json!({}))).await, "CREATE_COMPLETE", &[]);
    let held = json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "held", "namespace": "ai", "finalizers": ["example.com/mine"]}});
    let url = format!("{}/api/v1/namespaces/ai/configmaps", stage.sandbox.kubernetes().url());
    let request = reqwest::Client::new().post(url).header("content-type", "application/json").body(held.to_string());
    assert!(request.send().await.expect("an answer").status().is_success());
    let deleted = stack.delete().await;
    check(&stage, &deleted, "DELETE_FAILED", &["step platform", "Namespace/ai", "example.com/mine"]);
    assert!(stage.standing().contains("ConfigMap/ai/held"), "finalizers are not ours to remove");
    stage.close().await;
}
