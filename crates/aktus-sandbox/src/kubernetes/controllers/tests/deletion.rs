//! Owners, namespaces and what holds them.

use serde_json::{Value, json};

use super::{Cluster, DEPLOYMENTS, PODS, condition, deployment, pod_spec};
use crate::Mode;

#[test]
fn what_a_deployment_made_goes_with_it() {
    let mut cluster = Cluster::new(Mode::Auto);
    cluster.create(DEPLOYMENTS, &deployment("web", 2, &pod_spec()));
    cluster.settle();
    cluster.delete(&format!("{DEPLOYMENTS}/web"));
    assert_eq!(cluster.find(&format!("{DEPLOYMENTS}/web")), None);
    cluster.settle();
    assert!(cluster.names(PODS).is_empty());
    assert!(cluster.names("/apis/apps/v1/namespaces/default/replicasets").is_empty());
}

#[test]
fn foreground_deletion_waits_for_what_it_made() {
    let mut cluster = Cluster::new(Mode::Auto);
    cluster.create(DEPLOYMENTS, &deployment("web", 2, &pod_spec()));
    cluster.settle();
    cluster.delete(&format!("{DEPLOYMENTS}/web?propagationPolicy=Foreground"));
    assert!(cluster.find(&format!("{DEPLOYMENTS}/web")).is_some());
    cluster.settle();
    assert_eq!(cluster.find(&format!("{DEPLOYMENTS}/web")), None);
    assert!(cluster.names(PODS).is_empty());
}

#[test]
fn orphans_stay() {
    let mut cluster = Cluster::new(Mode::Auto);
    cluster.create(DEPLOYMENTS, &deployment("web", 1, &pod_spec()));
    cluster.settle();
    cluster.delete(&format!("{DEPLOYMENTS}/web?propagationPolicy=Orphan"));
    cluster.settle();
    assert_eq!(cluster.find(&format!("{DEPLOYMENTS}/web")), None);
    let sets = cluster.get("/apis/apps/v1/namespaces/default/replicasets");
    assert_eq!(sets["items"][0]["metadata"].get("ownerReferences"), None);
    assert_eq!(cluster.names(PODS).len(), 1);
}

#[test]
fn an_object_of_two_owners_goes_with_the_second_and_one_of_none_at_once() {
    let mut cluster = Cluster::new(Mode::Auto);
    let maps = "/api/v1/namespaces/default/configmaps";
    let mut owner = |name: &str| {
        let made = cluster.create(maps, &json!({"metadata": {"name": name}}));
        json!({"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": made["metadata"]["uid"]})
    };
    let owners = [owner("a"), owner("b")];
    cluster.create(maps, &json!({"metadata": {"name": "shared", "ownerReferences": owners}}));
    let stranger =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "uid": "00000000-0000-4000-8000-000000000000"});
    cluster.create(maps, &json!({"metadata": {"name": "stray", "ownerReferences": [stranger]}}));
    cluster.settle();
    assert_eq!(cluster.find(&format!("{maps}/stray")), None);
    cluster.delete(&format!("{maps}/a"));
    cluster.settle();
    cluster.check(&format!("{maps}/shared"), "/metadata/ownerReferences/0/name", &json!("b"));
    cluster.delete(&format!("{maps}/b"));
    cluster.settle();
    assert_eq!(cluster.find(&format!("{maps}/shared")), None);
}

#[test]
fn a_namespace_goes_with_everything_in_it() {
    let mut cluster = Cluster::new(Mode::Auto);
    cluster.create("/api/v1/namespaces", &json!({"metadata": {"name": "team"}}));
    cluster.settle();
    let names = cluster.names("/api/v1/namespaces/team/serviceaccounts");
    assert_eq!(names, ["default"]);
    cluster.create("/apis/apps/v1/namespaces/team/deployments", &deployment("web", 2, &pod_spec()));
    let held = json!({"metadata": {"name": "held", "finalizers": ["example.com/hold"]}});
    cluster.create("/api/v1/namespaces/team/configmaps", &held);
    cluster.settle();
    cluster.delete("/api/v1/namespaces/team");
    cluster.settle();
    let team = cluster.get("/api/v1/namespaces/team");
    assert_eq!(team["status"]["phase"], "Terminating");
    let message = condition(&team, "NamespaceFinalizersRemaining")["message"].clone();
    assert!(message.as_str().unwrap().contains("example.com/hold in 1 resource instances"), "{message}");
    cluster.patch("/api/v1/namespaces/team/configmaps/held", &json!({"metadata": {"finalizers": null}}));
    cluster.settle();
    assert_eq!(cluster.find("/api/v1/namespaces/team"), None);
    let all: Vec<Value> = cluster.api.store.all().map(|(_, object)| Value::clone(object)).collect();
    assert!(all.iter().all(|object| object["metadata"]["namespace"] != "team"));
}

#[test]
fn a_definition_waits_for_its_objects() {
    let mut cluster = Cluster::new(Mode::Auto);
    let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    cluster.create(
        definitions,
        &json!({
            "metadata": {"name": "gadgets.example.com"},
            "spec": {
                "group": "example.com",
                "names": {"plural": "gadgets", "kind": "Gadget"},
                "scope": "Namespaced",
                "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}],
            },
        }),
    );
    let gadgets = "/apis/example.com/v1/namespaces/default/gadgets";
    let gadget = json!({"apiVersion": "example.com/v1", "kind": "Gadget", "metadata": {"name": "g", "finalizers": ["example.com/hold"]}});
    cluster.create(gadgets, &gadget);
    cluster.delete(&format!("{definitions}/gadgets.example.com"));
    cluster.settle();
    assert!(cluster.find(&format!("{definitions}/gadgets.example.com")).is_some());
    cluster.patch(&format!("{gadgets}/g"), &json!({"metadata": {"finalizers": null}}));
    cluster.settle();
    assert_eq!(cluster.find(&format!("{definitions}/gadgets.example.com")), None);
    assert_eq!(cluster.find(gadgets), None);
}
