//! The verdict on each kind, from statuses as real controllers write them.

#![expect(clippy::needless_pass_by_value, reason = "cases read best as plain JSON literals")]

use std::slice;

use aktus_k8s::{Object, Readiness, Related, readiness};
use serde_json::{Value, json};

#[track_caller]
fn check(object: Value, related: &[Value], expected: &str) {
    let related = related.iter().map(|object| Object::new(object.clone()).expect("an object"));
    let verdict = readiness(&Object::new(object).expect("an object"), &Related::new(related));
    assert_eq!(verdict.to_string(), expected);
}

fn object(api_version: &str, kind: &str, spec: Value, status: Value) -> Value {
    json!({"apiVersion": api_version, "kind": kind,
        "metadata": {"name": "web", "namespace": "aktus", "generation": 2, "uid": "uid-web"},
        "spec": spec, "status": status})
}

fn workload(kind: &str, mut spec: Value, mut status: Value) -> Value {
    spec["selector"] = json!({"matchLabels": {"app": "web"}});
    if status.get("observedGeneration").is_none() {
        status["observedGeneration"] = json!(2);
    }
    object("apps/v1", kind, spec, status)
}

fn pod(name: &str, status: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "aktus", "labels": {"app": "web"},
            "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {}, "status": status})
}

fn waiting(reason: &str, message: &str) -> Value {
    json!({"phase": "Pending", "containerStatuses": [{"name": "app", "image": "web:1", "restartCount": 0,
        "state": {"waiting": {"reason": reason, "message": message}}}]})
}

fn warning(kind: &str, name: &str, reason: &str, message: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Event",
        "metadata": {"name": format!("{name}.{reason}"), "namespace": "aktus"},
        "involvedObject": {"kind": kind, "name": name, "namespace": "aktus"},
        "type": "Warning", "reason": reason, "message": message, "lastTimestamp": "2026-01-01T00:00:10Z"})
}

fn condition(kind: &str, status: &str, reason: &str, message: &str) -> Value {
    json!({"conditions": [{"type": kind, "status": status, "reason": reason, "message": message}]})
}

#[test]
fn deployments() {
    let deployment = |status: Value| workload("Deployment", json!({"replicas": 2}), status);
    let done = json!({"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2});
    check(deployment(done.clone()), &[], "ready");
    check(
        deployment(json!({"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2})),
        &[],
        "not ready: its controller has not seen the latest spec yet",
    );
    check(deployment(json!({})), &[], "not ready: 0 of 2 replicas updated");
    check(
        deployment(json!({"replicas": 3, "updatedReplicas": 2, "availableReplicas": 2})),
        &[],
        "not ready: 1 old replicas are still there",
    );
    check(
        deployment(json!({"replicas": 2, "updatedReplicas": 2, "availableReplicas": 1})),
        &[],
        "not ready: 1 of 2 replicas available",
    );
    check(workload("Deployment", json!({"replicas": 0}), json!({})), &[], "ready");
    check(workload("Deployment", json!({"replicas": 2, "paused": true}), json!({})), &[], "ready");
    check(workload("Deployment", json!({}), json!({})), &[], "not ready: 0 of 1 replica updated");
}

#[test]
fn a_deployment_that_makes_no_progress_has_failed() {
    let status = json!({"updatedReplicas": 1, "conditions": [{"type": "Progressing", "status": "False",
        "reason": "ProgressDeadlineExceeded", "message": "ReplicaSet \"web-1\" has timed out progressing."}]});
    check(
        workload("Deployment", json!({"replicas": 1}), status),
        &[pod("web-1-a", waiting("ImagePullBackOff", "Back-off pulling image \"web:1\""))],
        "failed: ReplicaSet \"web-1\" has timed out progressing.; pod web-1-a: container app cannot pull its image \
         web:1: Back-off pulling image \"web:1\"",
    );
}

#[test]
fn pods_that_a_quota_or_policy_refuses_will_not_come() {
    let deployment = |message: &str| {
        workload("Deployment", json!({"replicas": 1}), condition("ReplicaFailure", "True", "FailedCreate", message))
    };
    let quota = "pods \"web-1\" is forbidden: exceeded quota: small, requested: pods=1, used: pods=3, limited: pods=3";
    check(deployment(quota), &[], &format!("failed: its pods cannot be created: {quota}"));
    let account = "pods \"web-1-\" is forbidden: error looking up service account aktus/web: serviceaccount \"web\" not \
                   found";
    check(deployment(account), &[], &format!("not ready: its pods cannot be created: {account}"));
    check(
        workload("StatefulSet", json!({"replicas": 1}), json!({})),
        &[warning("StatefulSet", "web", "FailedCreate", quota)],
        &format!("failed: its pods cannot be created: FailedCreate: {quota}"),
    );
    check(
        workload("DaemonSet", json!({}), json!({"desiredNumberScheduled": 1})),
        &[warning("DaemonSet", "web", "FailedCreate", quota)],
        &format!("failed: its pods cannot be created: FailedCreate: {quota}"),
    );
    check(
        object("batch/v1", "Job", json!({}), json!({})),
        &[warning("Job", "web", "FailedCreate", account)],
        &format!("not ready: its pods cannot be created: FailedCreate: {account}"),
    );
}

#[track_caller]
fn check_pod(status: Value, related: &[Value], expected: &str) {
    let mut all = vec![pod("web-1-a", status)];
    all.extend_from_slice(related);
    check(
        workload("Deployment", json!({"replicas": 1}), json!({"replicas": 1, "updatedReplicas": 1})),
        &all,
        &format!("not ready: 0 of 1 replica available; pod web-1-a: {expected}"),
    );
}

#[test]
fn what_is_wrong_with_a_pod() {
    check_pod(
        waiting("ErrImagePull", "rpc error: not found"),
        &[],
        "container app cannot pull its image web:1: rpc error: not found",
    );
    check_pod(
        waiting("ImagePullBackOff", ""),
        &[warning("Pod", "web-1-a", "Failed", "Failed to pull image \"web:1\": 401 Unauthorized")],
        "container app cannot pull its image web:1: Failed: Failed to pull image \"web:1\": 401 Unauthorized",
    );
    check_pod(
        waiting("CreateContainerConfigError", "secret \"huggingface-credentials\" not found"),
        &[],
        "container app cannot start: CreateContainerConfigError: secret \"huggingface-credentials\" not found",
    );
    check_pod(waiting("RunContainerError", ""), &[], "container app cannot start: RunContainerError");
    check_pod(waiting("ContainerCreating", ""), &[], "container app is being created");
    check_pod(
        waiting("ContainerCreating", ""),
        &[warning("Pod", "web-1-a", "FailedMount", "MountVolume.SetUp failed for volume \"efs\": timed out")],
        "FailedMount: MountVolume.SetUp failed for volume \"efs\": timed out",
    );
    check_pod(
        json!({"phase": "Running", "containerStatuses": [{"name": "app", "restartCount": 5,
            "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s"}},
            "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}]}),
        &[],
        "container app crashes again and again (5 restarts): it ended with exit code 137 (OOMKilled)",
    );
    check_pod(
        json!({"phase": "Running", "containerStatuses": [{"name": "app",
            "state": {"terminated": {"exitCode": 1, "reason": "Error", "message": "no database\n"}}}]}),
        &[],
        "container app ended with exit code 1: no database",
    );
    check_pod(
        json!({"phase": "Running", "containerStatuses": [{"name": "app", "ready": false, "state": {"running": {}}}]}),
        &[warning("Pod", "web-1-a", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")],
        "container app runs but is not ready: Readiness probe failed: HTTP probe failed with statuscode: 503",
    );
    check_pod(
        json!({"phase": "Pending", "initContainerStatuses": [{"name": "migrate", "ready": false,
            "state": {"running": {}}}], "containerStatuses": [{"name": "app",
            "state": {"waiting": {"reason": "PodInitializing"}}}]}),
        &[],
        "init container migrate is still running",
    );
    check_pod(json!({"phase": "Pending"}), &[], "it has not started yet");
    check_pod(
        json!({"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}),
        &[],
        "The node was low on resource: memory.",
    );
}

#[test]
fn pods_that_find_no_node() {
    let message = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu.";
    let mut status = condition("PodScheduled", "False", "Unschedulable", message);
    status["phase"] = json!("Pending");
    check_pod(status, &[], &format!("unschedulable: {message}"));

    let mut status = condition(
        "PodScheduled",
        "False",
        "Unschedulable",
        "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
    );
    status["phase"] = json!("Pending");
    let mut unscheduled = pod("web-0", status);
    unscheduled["spec"] = json!({"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data-web-0"}}]});
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data-web-0", "namespace": "aktus"}, "spec": {"storageClassName": "efs-sc"},
        "status": {"phase": "Pending"}});
    let event = warning(
        "PersistentVolumeClaim",
        "data-web-0",
        "ProvisioningFailed",
        "storageclass.storage.k8s.io \"efs-sc\" not found",
    );
    check(
        workload("StatefulSet", json!({"replicas": 1}), json!({"replicas": 1})),
        &[unscheduled, claim, event],
        "not ready: 0 of 1 replica ready; pod web-0: unschedulable: 0/3 nodes are available: pod has unbound immediate \
         PersistentVolumeClaims.; volume claim data-web-0: it is not bound (storage class efs-sc): \
         ProvisioningFailed: storageclass.storage.k8s.io \"efs-sc\" not found",
    );
}

#[test]
fn reasons_come_from_the_objects_own_pods_and_latest_events() {
    let mut stranger = pod("other", waiting("ErrImagePull", "not ours"));
    stranger["metadata"]["labels"] = json!({"app": "other"});
    let mut elsewhere = pod("elsewhere", waiting("ErrImagePull", "not ours"));
    elsewhere["metadata"]["namespace"] = json!("default");
    let mut old = pod("web-old", waiting("ErrImagePull", "old"));
    old["metadata"]["creationTimestamp"] = json!("2025-01-01T00:00:00Z");
    let young = pod("web-young", waiting("ContainerCreating", ""));
    let mut first = warning("Pod", "web-young", "FailedMount", "first");
    first["lastTimestamp"] = json!("2026-01-01T00:00:01Z");
    let mut other_uid = warning("Pod", "web-young", "FailedCreatePodSandBox", "of an earlier pod of this name");
    other_uid["involvedObject"]["uid"] = json!("another");
    other_uid["lastTimestamp"] = json!("2026-01-01T00:01:00Z");
    let mut with_uid = young.clone();
    with_uid["metadata"]["uid"] = json!("uid-young");
    let second = warning("Pod", "web-young", "FailedAttachVolume", "second");
    check(
        workload("Deployment", json!({"replicas": 1}), json!({"replicas": 1, "updatedReplicas": 1})),
        &[stranger, elsewhere, old, with_uid, second, first, other_uid],
        "not ready: 0 of 1 replica available; pod web-young: FailedAttachVolume: second",
    );
}

#[test]
fn selectors_with_expressions_and_owners() {
    let status = json!({"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1});
    let trouble = "not ready: 0 of 1 replica available; pod p: container app cannot start: X";
    let alone = "not ready: 0 of 1 replica available";
    let with = |selector: Value| object("apps/v1", "Deployment", json!({"selector": selector}), status.clone());
    let expression = |operator: &str, values: &[&str]| {
        with(json!({"matchExpressions": [{"key": "app", "operator": operator, "values": values}]}))
    };
    let pod = pod("p", waiting("X", ""));
    check(expression("In", &["web", "b"]), slice::from_ref(&pod), trouble);
    check(expression("In", &["b"]), slice::from_ref(&pod), alone);
    check(expression("NotIn", &["b"]), slice::from_ref(&pod), trouble);
    check(expression("Exists", &[]), slice::from_ref(&pod), trouble);
    check(expression("DoesNotExist", &[]), slice::from_ref(&pod), alone);
    check(with(json!({})), slice::from_ref(&pod), alone);
    let owner = |kind: &str, uid: &str| json!([{"kind": kind, "uid": uid, "controller": true}]);
    let mut owned = pod;
    owned["metadata"]["ownerReferences"] = owner("StatefulSet", "uid-db");
    check(expression("Exists", &[]), slice::from_ref(&owned), alone);
    owned["metadata"]["ownerReferences"] = owner("ReplicaSet", "uid-web-1");
    check(expression("Exists", &[]), slice::from_ref(&owned), trouble);
    let set = |status: Value| workload("StatefulSet", json!({}), status);
    check(set(json!({"replicas": 1})), slice::from_ref(&owned), "not ready: 0 of 1 replica ready");
    owned["metadata"]["ownerReferences"] = owner("StatefulSet", "uid-web");
    owned["metadata"]["labels"] = json!({});
    check(
        set(json!({"replicas": 1})),
        &[owned],
        "not ready: 0 of 1 replica ready; pod p: container app cannot start: X",
    );
}

#[test]
fn stateful_sets() {
    let set = |spec: Value, status: Value| workload("StatefulSet", spec, status);
    let revisions = |current: &str, mut status: Value| {
        status["currentRevision"] = json!(current);
        status["updateRevision"] = json!("new");
        status
    };
    let full = json!({"replicas": 3, "readyReplicas": 3, "updatedReplicas": 3});
    check(set(json!({"replicas": 3}), revisions("new", full.clone())), &[], "ready");
    check(
        set(json!({"replicas": 3}), revisions("old", json!({"replicas": 3, "readyReplicas": 3, "updatedReplicas": 1}))),
        &[],
        "not ready: 1 of 3 replicas updated",
    );
    let partition = json!({"replicas": 3, "updateStrategy": {"rollingUpdate": {"partition": 2}}});
    check(
        set(partition, revisions("old", json!({"replicas": 3, "readyReplicas": 3, "updatedReplicas": 1}))),
        &[],
        "ready",
    );
    check(
        set(
            json!({"replicas": 3, "updateStrategy": {"type": "OnDelete"}}),
            revisions("old", json!({"replicas": 3, "readyReplicas": 3})),
        ),
        &[],
        "ready",
    );
    check(
        set(json!({"replicas": 3}), json!({"replicas": 3, "readyReplicas": 2})),
        &[],
        "not ready: 2 of 3 replicas ready",
    );
    check(set(json!({"replicas": 3}), json!({"replicas": 1})), &[], "not ready: 1 of 3 replicas created");
}

#[test]
fn daemon_sets() {
    let set = |status: Value| workload("DaemonSet", json!({}), status);
    let full = json!({"desiredNumberScheduled": 2, "currentNumberScheduled": 2, "updatedNumberScheduled": 2,
        "numberAvailable": 2});
    check(set(full), &[], "ready");
    check(set(json!({"desiredNumberScheduled": 0})), &[], "ready");
    check(set(json!({"desiredNumberScheduled": 2})), &[], "not ready: scheduled on 0 of 2 nodes");
    check(
        set(json!({"desiredNumberScheduled": 1, "currentNumberScheduled": 1})),
        &[],
        "not ready: updated on 0 of 1 node",
    );
    check(
        set(json!({"desiredNumberScheduled": 2, "currentNumberScheduled": 2, "updatedNumberScheduled": 2,
            "numberAvailable": 1})),
        &[pod("web-x", waiting("ErrImagePull", "gone"))],
        "not ready: available on 1 of 2 nodes; pod web-x: container app cannot pull its image web:1: gone",
    );
    check(set(json!({"observedGeneration": 1})), &[], "not ready: its controller has not seen the latest spec yet");
}

#[test]
fn jobs() {
    let job = |spec: Value, status: Value| object("batch/v1", "Job", spec, status);
    check(job(json!({}), condition("Complete", "True", "", "")), &[], "ready");
    check(
        job(
            json!({}),
            condition("Failed", "True", "BackoffLimitExceeded", "Job has reached the specified backoff limit"),
        ),
        &[],
        "failed: Job has reached the specified backoff limit",
    );
    check(job(json!({}), condition("Suspended", "True", "", "")), &[], "not ready: it is suspended");
    check(
        job(json!({"completions": 3}), json!({"active": 1, "succeeded": 1, "failed": 2})),
        &[],
        "not ready: 1 of 3 completions, 2 failed tries",
    );
    let mut spec = json!({"selector": {"matchLabels": {"app": "web"}}});
    spec["completions"] = json!(1);
    check(
        job(spec, condition("Failed", "True", "BackoffLimitExceeded", "limit")),
        &[pod(
            "web-x",
            json!({"phase": "Failed", "containerStatuses": [{"name": "app",
                "state": {"terminated": {"exitCode": 2, "reason": "Error"}}}]}),
        )],
        "failed: limit; pod web-x: container app ended with exit code 2",
    );
}

#[test]
fn pods() {
    let pod = |status: Value| object("v1", "Pod", json!({}), status);
    let mut running = condition("Ready", "True", "", "");
    running["phase"] = json!("Running");
    check(pod(running), &[], "ready");
    check(pod(json!({"phase": "Succeeded"})), &[], "ready");
    check(
        pod(json!({"phase": "Failed", "containerStatuses": [{"name": "app",
            "state": {"terminated": {"exitCode": 3}}}]})),
        &[],
        "failed: container app ended with exit code 3",
    );
    check(pod(json!({"phase": "Failed"})), &[], "failed: it failed");
    check(pod(json!({"phase": "Failed", "reason": "Evicted"})), &[], "failed: Evicted");
    check(pod(json!({})), &[], "not ready: it has not started yet");
}

#[test]
fn services() {
    let service = |spec: Value, status: Value| object("v1", "Service", spec, status);
    check(service(json!({"type": "ClusterIP"}), json!({})), &[], "ready");
    let balancer = json!({"type": "LoadBalancer"});
    check(
        service(balancer.clone(), json!({"loadBalancer": {"ingress": [{"hostname": "a.elb.amazonaws.com"}]}})),
        &[],
        "ready",
    );
    check(service(json!({"type": "LoadBalancer", "externalIPs": ["1.2.3.4"]}), json!({})), &[], "ready");
    check(
        service(balancer.clone(), json!({"loadBalancer": {}})),
        &[],
        "not ready: its load balancer has no address yet",
    );
    check(
        service(balancer, json!({})),
        &[warning("Service", "web", "FailedBuildModel", "no subnet with the tag kubernetes.io/role/elb")],
        "not ready: its load balancer has no address yet; FailedBuildModel: no subnet with the tag \
         kubernetes.io/role/elb",
    );
}

#[test]
fn claims_and_volumes() {
    let claim = |spec: Value, phase: &str| object("v1", "PersistentVolumeClaim", spec, json!({"phase": phase}));
    check(claim(json!({}), "Bound"), &[], "ready");
    check(claim(json!({"volumeName": "pv-1"}), "Lost"), &[], "failed: its volume pv-1 is gone, and the data with it");
    check(
        claim(json!({"storageClassName": "efs-sc", "volumeName": "pv-1"}), "Pending"),
        &[],
        "not ready: it is not bound (storage class efs-sc): it waits for volume pv-1",
    );
    check(claim(json!({}), "Pending"), &[], "not ready: it is not bound");
    let volume =
        |status: Value| object("v1", "PersistentVolume", json!({"claimRef": {"namespace": "a", "name": "b"}}), status);
    check(volume(json!({"phase": "Available"})), &[], "ready");
    check(volume(json!({"phase": "Bound"})), &[], "ready");
    check(volume(json!({"phase": "Failed", "message": "delete failed"})), &[], "failed: delete failed");
    check(
        volume(json!({"phase": "Released"})),
        &[],
        "not ready: it still belongs to the deleted claim a/b; remove its `claimRef` to use it again",
    );
    check(volume(json!({})), &[], "not ready: it is not available yet");
}

#[test]
fn definitions() {
    let definition = |status: Value| object("apiextensions.k8s.io/v1", "CustomResourceDefinition", json!({}), status);
    check(definition(condition("Established", "True", "", "")), &[], "ready");
    check(definition(json!({})), &[], "not ready: it is not established yet");
    check(
        definition(condition("Established", "False", "Installing", "the initial names have been accepted")),
        &[],
        "not ready: the initial names have been accepted",
    );
    check(
        definition(condition("NamesAccepted", "False", "KindConflict", "\"Thing\" is already in use")),
        &[],
        "failed: its names are not accepted: \"Thing\" is already in use",
    );
}

#[test]
fn node_pools() {
    let pool = |status: Value| object("karpenter.sh/v1", "NodePool", json!({}), status);
    check(pool(condition("Ready", "True", "Ready", "")), &[], "ready");
    check(pool(json!({})), &[], "not ready: its controller has not looked at it yet");
    check(
        pool(json!({"conditions": [
            {"type": "ValidationSucceeded", "status": "True", "reason": "ValidationSucceeded"},
            {"type": "NodeClassReady", "status": "False", "reason": "NodeClassNotFound",
                "message": "NodeClass not found on cluster"},
            {"type": "Ready", "status": "False", "reason": "UnhealthyDependents",
                "message": "NodeClassReady=False"}]})),
        &[],
        "not ready: NodeClassReady=False; NodeClassReady: NodeClass not found on cluster",
    );
}

#[test]
fn namespaces() {
    let namespace = |status: Value| object("v1", "Namespace", json!({}), status);
    check(namespace(json!({"phase": "Active"})), &[], "ready");
    check(namespace(json!({})), &[], "ready");
    let remaining = json!({"phase": "Terminating", "conditions": [
        {"type": "NamespaceDeletionDiscoveryFailure", "status": "False", "message": "All resources discovered"},
        {"type": "NamespaceContentRemaining", "status": "True", "message": "Some resources are remaining: pods. has 2"},
        {"type": "NamespaceFinalizersRemaining", "status": "True", "reason": "SomeFinalizersRemain"}]});
    check(
        namespace(remaining),
        &[],
        "not ready: it is being deleted: Some resources are remaining: pods. has 2; SomeFinalizersRemain",
    );
}

#[test]
fn any_other_kind() {
    let thing = |status: Value| object("example.com/v1", "Thing", json!({}), status);
    check(thing(json!({})), &[], "ready");
    check(thing(condition("Ready", "True", "", "")), &[], "ready");
    check(thing(condition("Ready", "Unknown", "Waiting", "")), &[], "not ready: Waiting");
    check(thing(condition("Stalled", "True", "Broken", "it broke")), &[], "failed: it broke");
    check(thing(condition("Reconciling", "True", "Progressing", "")), &[], "not ready: Progressing");
    check(thing(json!({"observedGeneration": 1})), &[], "not ready: its controller has not seen the latest spec yet");
    check(object("v1", "ConfigMap", json!({}), json!(null)), &[], "ready");
    check(
        object(
            "apps/v1",
            "ReplicaSet",
            json!({"replicas": 2}),
            json!({"observedGeneration": 2, "availableReplicas": 1}),
        ),
        &[],
        "not ready: 1 of 2 replicas available",
    );
}

#[test]
fn what_is_being_deleted_is_not_ready() {
    let mut map = object("v1", "ConfigMap", json!({}), json!(null));
    map["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    check(map.clone(), &[], "not ready: it is being deleted");
    map["metadata"]["finalizers"] = json!(["a/b", "c/d"]);
    check(map, &[], "not ready: it is being deleted, held by a/b, c/d");
}

#[test]
fn statuses_of_the_wrong_shape_are_survived() {
    let kinds = [
        ("apps/v1", "Deployment"),
        ("apps/v1", "StatefulSet"),
        ("apps/v1", "DaemonSet"),
        ("apps/v1", "ReplicaSet"),
        ("batch/v1", "Job"),
        ("v1", "Pod"),
        ("v1", "Service"),
        ("v1", "PersistentVolumeClaim"),
        ("v1", "PersistentVolume"),
        ("v1", "Namespace"),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        ("karpenter.sh/v1", "NodePool"),
        ("example.com/v1", "Thing"),
    ];
    let shapes = [
        json!("text"),
        json!([1]),
        json!({"conditions": "x", "containerStatuses": [5, {"state": 5, "name": 5}], "phase": 5, "replicas": "2"}),
        json!({"conditions": [5, {"type": 5}], "loadBalancer": {"ingress": {}}, "observedGeneration": 1e300}),
    ];
    for (api_version, kind) in kinds {
        for shape in &shapes {
            let odd = Object::new(object(api_version, kind, shape.clone(), shape.clone())).unwrap();
            let related = Related::new([Object::new(pod("p", shape.clone())).unwrap()]);
            let verdict = readiness(&odd, &related);
            assert_ne!(verdict, Readiness::Pending(String::new()), "{kind}");
        }
    }
}
