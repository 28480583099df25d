//! What has to happen to an object, decided from JSON alone.

#![expect(clippy::needless_pass_by_value, reason = "cases read best as plain JSON literals")]

use aktus_k8s::{Change, Object, decide};
use serde_json::{Value, json};

/// The live object as the server keeps it after `manager` applied what `owned` says.
fn live(object: Value, manager: &str, owned: Value) -> Object {
    let mut object = object;
    object["metadata"]["managedFields"] = json!([{
        "manager": manager, "operation": "Apply", "apiVersion": object["apiVersion"], "fieldsType": "FieldsV1",
        "fieldsV1": owned,
    }]);
    Object::new(object).expect("an object")
}

/// One line per difference; `unchanged` if there is none.
#[track_caller]
fn decided(desired: Value, live: &Object) -> Vec<String> {
    match decide(&Object::new(desired).expect("an object"), Some(live), "aktus") {
        Change::Unchanged => vec!["unchanged".to_owned()],
        Change::Update { fields } => fields.iter().map(ToString::to_string).collect(),
        Change::Replace { immutable, fields } => {
            std::iter::once(format!("immutable {immutable}")).chain(fields.iter().map(ToString::to_string)).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn deployment(spec: Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "aktus"},
        "spec": spec})
}

fn pod_spec(spec: Value) -> Value {
    deployment(json!({"template": {"spec": spec}}))
}

/// A live Deployment's pod spec, where our manager owns `owned` of it.
fn live_pod_spec(spec: Value, owned: Value) -> Object {
    live(pod_spec(spec), "aktus", json!({"f:spec": {"f:template": {"f:spec": owned}}}))
}

#[track_caller]
fn check_pod_spec(desired: Value, found: Value, owned: Value, expected: &[&str]) {
    assert_eq!(decided(pod_spec(desired), &live_pod_spec(found, owned)), expected);
}

#[test]
fn absent_is_created() {
    let desired = Object::new(deployment(json!({}))).unwrap();
    assert_eq!(decide(&desired, None, "aktus"), Change::Create);
}

#[test]
fn what_others_own_is_nobodys_business() {
    let owned = json!({"f:spec": {"f:replicas": {}}});
    let found = deployment(json!({"replicas": 2, "paused": true, "strategy": {"type": "RollingUpdate"}}));
    assert_eq!(decided(deployment(json!({"replicas": 2})), &live(found, "aktus", owned)), ["unchanged"]);
}

#[test]
fn a_changed_value_is_an_update() {
    let owned = json!({"f:spec": {"f:replicas": {}, "f:minReadySeconds": {}}});
    let found = deployment(json!({"replicas": 2, "minReadySeconds": 5}));
    let desired = deployment(json!({"replicas": 3, "minReadySeconds": 5, "paused": true}));
    assert_eq!(decided(desired, &live(found, "aktus", owned)), ["spec.paused: + true", "spec.replicas: 2 → 3"]);
}

#[test]
fn what_we_own_and_no_longer_want_is_an_update() {
    let owned = json!({"f:metadata": {"f:labels": {"f:old/label": {}, "f:app": {}}},
        "f:spec": {"f:replicas": {}}});
    let mut found = deployment(json!({"replicas": 2}));
    found["metadata"]["labels"] = json!({"old/label": "x", "app": "web", "other": "theirs"});
    let mut desired = deployment(json!({"replicas": 2}));
    desired["metadata"]["labels"] = json!({"app": "web"});
    assert_eq!(decided(desired, &live(found, "aktus", owned)), [r#"metadata.labels[old/label]: - "x""#]);
}

#[test]
fn what_we_never_applied_is_an_update_even_if_it_is_the_same() {
    let found = deployment(json!({"replicas": 2}));
    let owned = json!({"f:spec": {"f:replicas": {}}});
    for other in [live(found.clone(), "kubectl", owned), Object::new(found.clone()).unwrap()] {
        assert_eq!(decided(found.clone(), &other), ["metadata.managedFields"]);
    }
}

#[test]
fn an_object_that_says_nothing_has_nothing_to_own() {
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web", "labels": null}});
    assert_eq!(decided(account.clone(), &Object::new(account).unwrap()), ["unchanged"]);
}

#[test]
fn an_update_by_our_name_is_no_apply() {
    let mut found = deployment(json!({"replicas": 2}));
    found["metadata"]["managedFields"] =
        json!([{"manager": "aktus", "operation": "Update", "fieldsV1": {"f:spec": {"f:replicas": {}}}}]);
    let found = Object::new(found).unwrap();
    assert_eq!(decided(deployment(json!({"replicas": 2})), &found), ["metadata.managedFields"]);
}

#[test]
fn status_and_coordinates_are_not_compared() {
    let owned = json!({"f:spec": {"f:replicas": {}}});
    let mut found = deployment(json!({"replicas": 2}));
    found["status"] = json!({"replicas": 1});
    let mut desired = deployment(json!({"replicas": 2}));
    desired["status"] = json!({"replicas": 5});
    assert_eq!(decided(desired, &live(found, "aktus", owned)), ["unchanged"]);
}

#[test]
fn containers_are_told_apart_by_name() {
    let owned = json!({"f:containers": {
        r#"k:{"name":"web"}"#: {".": {}, "f:name": {}, "f:image": {}},
        r#"k:{"name":"log"}"#: {".": {}, "f:name": {}, "f:image": {}}}});
    let found = json!({"containers": [
        {"name": "web", "image": "web:1", "terminationMessagePath": "/dev/termination-log"},
        {"name": "log", "image": "log:1"},
        {"name": "injected", "image": "mesh:1"}]});
    let desired = |web: &str| json!({"containers": [{"name": "web", "image": web}, {"name": "log", "image": "log:1"}]});
    check_pod_spec(desired("web:1"), found.clone(), owned.clone(), &["unchanged"]);
    check_pod_spec(
        desired("web:2"),
        found.clone(),
        owned.clone(),
        &[r#"spec.template.spec.containers[web].image: "web:1" → "web:2""#],
    );
    check_pod_spec(
        json!({"containers": [{"name": "web", "image": "web:1"}]}),
        found.clone(),
        owned.clone(),
        &[r#"spec.template.spec.containers[log]: - {"image":"log:1","name":"log"}"#],
    );
    check_pod_spec(
        json!({"containers": [{"name": "log", "image": "log:1"}, {"name": "web", "image": "web:1"}]}),
        found,
        owned,
        &["spec.template.spec.containers[order]"],
    );
}

#[test]
fn variables_added_changed_and_removed() {
    let owned = json!({"f:containers": {r#"k:{"name":"web"}"#: {".": {}, "f:name": {}, "f:env": {
        r#"k:{"name":"A"}"#: {".": {}, "f:name": {}, "f:value": {}},
        r#"k:{"name":"B"}"#: {".": {}, "f:name": {}, "f:value": {}}}}}});
    let env = |env: Value| json!({"containers": [{"name": "web", "env": env}]});
    let found = env(json!([{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]));
    let desired = env(json!([{"name": "A", "value": "9"}, {"name": "C", "value": "3"}]));
    check_pod_spec(
        desired,
        found,
        owned,
        &[
            r#"spec.template.spec.containers[web].env[A].value: "1" → "9""#,
            r#"spec.template.spec.containers[web].env[C]: + {"name":"C","value":"3"}"#,
            r#"spec.template.spec.containers[web].env[B]: - {"name":"B","value":"2"}"#,
        ],
    );
}

#[test]
fn ports_are_told_apart_by_number_and_default_protocol() {
    let owned = json!({"f:containers": {r#"k:{"name":"web"}"#: {".": {}, "f:name": {}, "f:ports": {
        r#"k:{"containerPort":80,"protocol":"TCP"}"#: {".": {}, "f:containerPort": {}}}}}});
    let ports = |ports: Value| json!({"containers": [{"name": "web", "ports": ports}]});
    let found = ports(json!([{"containerPort": 80, "protocol": "TCP"}]));
    check_pod_spec(ports(json!([{"containerPort": 80}])), found.clone(), owned.clone(), &["unchanged"]);
    check_pod_spec(
        ports(json!([{"containerPort": 81}])),
        found,
        owned,
        &[
            r#"spec.template.spec.containers[web].ports[81/TCP]: + {"containerPort":81}"#,
            r#"spec.template.spec.containers[web].ports[80/TCP]: - {"containerPort":80,"protocol":"TCP"}"#,
        ],
    );
}

#[test]
fn quantities_are_compared_as_amounts() {
    let owned = json!({"f:containers": {r#"k:{"name":"web"}"#: {".": {}, "f:name": {}, "f:resources": {
        "f:limits": {"f:cpu": {}, "f:memory": {}}, "f:requests": {"f:cpu": {}}}}}});
    let limits = |cpu: Value, memory: &str, request: Value| {
        json!({"containers": [{"name": "web", "resources": {
            "limits": {"cpu": cpu, "memory": memory}, "requests": {"cpu": request}}}]})
    };
    let found = limits(json!("1"), "1Gi", json!("500m"));
    check_pod_spec(limits(json!("1000m"), "1024Mi", json!(0.5)), found.clone(), owned.clone(), &["unchanged"]);
    check_pod_spec(limits(json!(1), "1Gi", json!("0.5")), found.clone(), owned.clone(), &["unchanged"]);
    check_pod_spec(
        limits(json!("1000m"), "1G", json!("500m")),
        found,
        owned,
        &[r#"spec.template.spec.containers[web].resources.limits.memory: "1Gi" → "1G""#],
    );
}

#[test]
fn text_that_looks_like_a_quantity_is_text() {
    let map = |value: &str| {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "limits"},
            "data": {"cpu": value, "limits": value}})
    };
    let owned = json!({"f:data": {"f:cpu": {}, "f:limits": {}}});
    assert_eq!(
        decided(map("1000m"), &live(map("1"), "aktus", owned)),
        [r#"data.cpu: "1" → "1000m""#, r#"data.limits: "1" → "1000m""#]
    );
}

#[test]
fn empty_values_that_the_server_does_not_store() {
    let owned = json!({"f:hostNetwork": {}, "f:tolerations": {}, "f:securityContext": {}, "f:serviceAccountName": {}});
    let desired = json!({"hostNetwork": false, "tolerations": [], "securityContext": {"runAsUser": 0},
        "serviceAccountName": ""});
    // Seen before: our record of ownership says so.
    check_pod_spec(desired.clone(), json!({"containers": []}), owned, &["unchanged"]);
    // Never seen: automountServiceAccountToken false, say, would be stored.
    check_pod_spec(
        desired,
        json!({"containers": []}),
        json!({"f:containers": {}}),
        &[
            "spec.template.spec.hostNetwork: + false",
            r#"spec.template.spec.securityContext: + {"runAsUser":0}"#,
            r#"spec.template.spec.serviceAccountName: + """#,
            "spec.template.spec.tolerations: + []",
            "spec.template.spec.containers: - []",
        ],
    );
}

#[test]
fn null_is_nothing() {
    let desired = json!({"securityContext": null, "affinity": {"nodeAffinity": null}, "hostname": "a"});
    check_pod_spec(desired, json!({"hostname": "a"}), json!({"f:hostname": {}}), &["unchanged"]);
}

#[test]
fn a_list_owned_as_a_whole_is_compared_item_by_item() {
    let owned = json!({"f:tolerations": {}});
    let tolerations = |effect: Option<&str>| match effect {
        Some(effect) => {
            json!({"tolerations": [{"key": "gpu", "operator": "Exists", "effect": effect}]})
        }
        None => json!({"tolerations": [{"key": "gpu", "operator": "Exists"}]}),
    };
    let path = "spec.template.spec.tolerations[0].effect";
    check_pod_spec(tolerations(Some("NoSchedule")), tolerations(Some("NoSchedule")), owned.clone(), &["unchanged"]);
    check_pod_spec(
        tolerations(None),
        tolerations(Some("NoSchedule")),
        owned.clone(),
        &[&format!(r#"{path}: - "NoSchedule""#)],
    );
    check_pod_spec(
        tolerations(Some("NoExecute")),
        tolerations(Some("NoSchedule")),
        owned.clone(),
        &[&format!(r#"{path}: "NoSchedule" → "NoExecute""#)],
    );
    check_pod_spec(
        json!({"tolerations": []}),
        tolerations(None),
        owned,
        &[r#"spec.template.spec.tolerations: [{"key":"gpu","operator":"Exists"}] → []"#],
    );
}

#[test]
fn a_mapping_owned_as_a_whole_counts_what_is_beyond_it() {
    let owned = json!({"f:nodeSelector": {}});
    let selector = |selector: Value| json!({"nodeSelector": selector});
    check_pod_spec(
        selector(json!({"zone": "a"})),
        selector(json!({"zone": "a", "arch": "arm64"})),
        owned,
        &[r#"spec.template.spec.nodeSelector.arch: - "arm64""#],
    );
}

#[test]
fn known_defaults_inside_wholes_do_not_count() {
    let env = |api_version: Option<&str>| {
        let mut field = json!({"fieldPath": "metadata.name"});
        if let Some(api_version) = api_version {
            field["apiVersion"] = json!(api_version);
        }
        json!({"containers": [{"name": "web", "env": [{"name": "A", "valueFrom": {"fieldRef": field}}]}]})
    };
    let owned = json!({"f:containers": {r#"k:{"name":"web"}"#: {".": {}, "f:name": {}, "f:env": {
        r#"k:{"name":"A"}"#: {".": {}, "f:name": {}, "f:valueFrom": {"f:fieldRef": {}}}}}}});
    check_pod_spec(env(None), env(Some("v1")), owned.clone(), &["unchanged"]);
    check_pod_spec(
        env(None),
        env(Some("v2")),
        owned,
        &[r#"spec.template.spec.containers[web].env[A].valueFrom.fieldRef.apiVersion: - "v2""#],
    );
}

#[test]
fn sets_ignore_what_others_add() {
    let service = |finalizers: Value| json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "finalizers": finalizers}});
    let owned = json!({"f:metadata": {"f:finalizers": {".": {}, r#"v:"ours""#: {}, r#"v:"old""#: {}}}});
    let found = live(service(json!(["theirs", "ours", "old"])), "aktus", owned);
    assert_eq!(decided(service(json!(["ours", "old"])), &found), ["unchanged"]);
    assert_eq!(
        decided(service(json!(["ours", "new"])), &found),
        [r#"metadata.finalizers[new]: + "new""#, r#"metadata.finalizers[old]: - "old""#]
    );
}

#[test]
fn numbers_are_compared_by_value_and_never_with_text() {
    let owned = json!({"f:spec": {"f:replicas": {}, "f:port": {}}});
    let found = live(deployment(json!({"replicas": 2, "port": "80"})), "aktus", owned);
    assert_eq!(decided(deployment(json!({"replicas": 2.0, "port": "80"})), &found), ["unchanged"]);
    assert_eq!(decided(deployment(json!({"replicas": 2, "port": 80})), &found), [r#"spec.port: "80" → 80"#]);
}

#[test]
fn secrets_are_compared_by_content_and_shown_masked() {
    let secret = |data: Value, plain: Value| {
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}, "type": "Opaque",
            "data": data, "stringData": plain})
    };
    let found = || {
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}, "type": "Opaque",
            "data": {"token": "aGZfMTIz", "old": "eA=="}})
    };
    let owned = json!({"f:type": {}, "f:data": {"f:token": {}, "f:old": {}}});
    let found = live(found(), "aktus", owned);
    let same = secret(json!({"old": "eA\n==\n"}), json!({"token": "hf_123"}));
    assert_eq!(decided(same, &found), ["unchanged"]);
    let changed = secret(json!({}), json!({"token": "hf_456", "new": "y"}));
    assert_eq!(
        decided(changed, &found),
        [r#"data.new: + "***""#, r#"data.token: "*** (before)" → "*** (after)""#, r#"data.old: - "***""#,]
    );
}

#[test]
fn a_field_that_cannot_change_is_a_replacement() {
    let class = |id: &str, expansion: bool| {
        json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "efs-sc"},
            "provisioner": "efs.csi.aws.com", "parameters": {"fileSystemId": id}, "allowVolumeExpansion": expansion})
    };
    let owned = json!({"f:provisioner": {}, "f:parameters": {"f:fileSystemId": {}}, "f:allowVolumeExpansion": {}});
    let found = live(class("fs-1", true), "aktus", owned);
    assert_eq!(decided(class("fs-1", false), &found), ["allowVolumeExpansion: true → false"]);
    assert_eq!(
        decided(class("fs-2", true), &found),
        ["immutable parameters.fileSystemId", r#"parameters.fileSystemId: "fs-1" → "fs-2""#]
    );
}

#[test]
fn the_types_of_both_sides_may_differ() {
    let owned = json!({"f:spec": {"f:template": {}}});
    let found = live(deployment(json!({"template": "text", "list": {"a": 1}})), "aktus", owned);
    assert_eq!(
        decided(deployment(json!({"template": {"spec": {}}, "list": [1]})), &found),
        [r#"spec.list: {"a":1} → [1]"#, r#"spec.template: "text" → {"spec":{}}"#]
    );
}

#[test]
fn nonsense_in_managed_fields_is_survived() {
    let mut found = deployment(json!({"replicas": 2}));
    for fields in [
        json!([{"manager": "aktus", "operation": "Apply", "fieldsV1": {
            "f:spec": {"f:replicas": {}, "k:not json": {}, "v:{": {}, "i:0": {}, "f:": 5, "": {}}}}]),
        json!("text"),
        json!([5, {"manager": 5}, {"manager": "aktus", "operation": "Apply", "fieldsV1": 5}]),
    ] {
        found["metadata"]["managedFields"] = fields;
        let found = Object::new(found.clone()).unwrap();
        let decided = decided(deployment(json!({"replicas": 2})), &found);
        assert!(matches!(decided[0].as_str(), "unchanged" | "metadata.managedFields"), "{decided:?}");
    }
}
