//! Workloads and Services.

use serde_json::{Value, json};

use super::{Cluster, DEPLOYMENTS, PODS, condition, deployment, pod_spec};
use crate::Mode;

#[test]
fn what_a_cluster_begins_with_runs() {
    for mode in [Mode::Auto, Mode::Traditional] {
        let mut cluster = Cluster::new(mode);
        let system = "/apis/apps/v1/namespaces/kube-system";
        cluster.check(&format!("{system}/deployments/efs-csi-controller"), "/status/readyReplicas", &json!(2));
        cluster.check(&format!("{system}/daemonsets/efs-csi-node"), "/status/numberReady", &json!(2));
        let pods = cluster.get("/api/v1/pods");
        for pod in pods["items"].as_array().unwrap() {
            assert_eq!(condition(pod, "Ready")["status"], "True", "{pod}");
        }
        let expected = if mode == Mode::Auto { 4 } else { 16 };
        assert_eq!(pods["items"].as_array().unwrap().len(), expected, "{:?}", cluster.names("/api/v1/pods"));
    }
}

#[test]
fn a_deployment_makes_ready_pods() {
    let mut cluster = Cluster::new(Mode::Auto);
    cluster.create(DEPLOYMENTS, &deployment("web", 2, &pod_spec()));
    cluster.settle();
    let web = cluster.get(&format!("{DEPLOYMENTS}/web"));
    assert_eq!(web["status"]["readyReplicas"], 2);
    assert_eq!(web["status"]["observedGeneration"], web["metadata"]["generation"]);
    assert_eq!(condition(&web, "Available")["status"], "True");
    assert_eq!(condition(&web, "Progressing")["reason"], "NewReplicaSetAvailable");
    assert_eq!(web["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "1");
    let revision = web["metadata"]["resourceVersion"].clone();
    cluster.settle();
    cluster.check(&format!("{DEPLOYMENTS}/web"), "/metadata/resourceVersion", &revision);
}

#[test]
fn a_new_template_replaces_the_pods_and_an_old_one_brings_its_replica_set_back() {
    let mut cluster = Cluster::new(Mode::Auto);
    let path = format!("{DEPLOYMENTS}/web");
    cluster.create(DEPLOYMENTS, &deployment("web", 2, &pod_spec()));
    cluster.settle();
    let first = cluster.names(PODS);
    let image =
        |image: &str| json!({"spec": {"template": {"spec": {"containers": [{"name": "main", "image": image}]}}}});
    cluster.patch(&path, &image("example/app:2"));
    cluster.settle();
    let second = cluster.names(PODS);
    assert_eq!(second.len(), 2);
    assert!(second.iter().all(|name| !first.contains(name)));
    cluster.patch(&path, &image("example/app:1"));
    cluster.settle();
    let sets = cluster.names("/apis/apps/v1/namespaces/default/replicasets");
    assert_eq!(sets.len(), 2, "{sets:?}");
    cluster.check(&path, "/metadata/annotations/deployment.kubernetes.io~1revision", &json!("3"));
    cluster.check(&path, "/status/updatedReplicas", &json!(2));
}

#[test]
fn old_pods_serve_until_new_ones_do_unless_they_are_recreated() {
    let mut cluster = Cluster::new(Mode::Auto);
    cluster.create(DEPLOYMENTS, &deployment("web", 1, &pod_spec()));
    cluster.settle();
    let never = json!({"spec": {"template": {"metadata": {"annotations": {"sandbox.aktus.ai/pod": "never-ready"}}}}});
    cluster.patch(&format!("{DEPLOYMENTS}/web"), &never);
    cluster.settle();
    cluster.check(&format!("{DEPLOYMENTS}/web"), "/status/replicas", &json!(2));
    cluster.check(&format!("{DEPLOYMENTS}/web"), "/status/readyReplicas", &json!(1));

    let mut recreated = deployment("solo", 1, &pod_spec());
    recreated["spec"]["strategy"] = json!({"type": "Recreate"});
    cluster.create(DEPLOYMENTS, &recreated);
    cluster.settle();
    cluster.patch(&format!("{DEPLOYMENTS}/solo"), &never);
    cluster.settle();
    cluster.check(&format!("{DEPLOYMENTS}/solo"), "/status/replicas", &json!(1));
    cluster.check(&format!("{DEPLOYMENTS}/solo"), "/status/readyReplicas", &Value::Null);
}

#[test]
fn a_deployment_scales_to_nothing_and_back() {
    let mut cluster = Cluster::new(Mode::Auto);
    cluster.create(DEPLOYMENTS, &deployment("web", 3, &pod_spec()));
    cluster.settle();
    for (replicas, expected) in [(0, 0), (2, 2)] {
        cluster.patch(&format!("{DEPLOYMENTS}/web"), &json!({"spec": {"replicas": replicas}}));
        cluster.settle();
        assert_eq!(cluster.names(PODS).len(), expected);
        let web = cluster.get(&format!("{DEPLOYMENTS}/web"));
        assert_eq!(condition(&web, "Available")["status"], "True");
    }
}

#[test]
fn a_stateful_set_numbers_its_pods_and_keeps_their_claims() {
    let mut cluster = Cluster::new(Mode::Auto);
    cluster.create(
        "/apis/storage.k8s.io/v1/storageclasses",
        &json!({
            "metadata": {"name": "ebs"},
            "provisioner": "ebs.csi.eks.amazonaws.com",
            "volumeBindingMode": "WaitForFirstConsumer",
        }),
    );
    let path = "/apis/apps/v1/namespaces/default/statefulsets";
    cluster.create(path, &json!({
        "metadata": {"name": "db"},
        "spec": {
            "serviceName": "db",
            "replicas": 2,
            "selector": {"matchLabels": {"app": "db"}},
            "template": {"metadata": {"labels": {"app": "db"}}, "spec": pod_spec()},
            "volumeClaimTemplates": [{
                "metadata": {"name": "data"},
                "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "ebs", "resources": {"requests": {"storage": "1Gi"}}},
            }],
        },
    }));
    cluster.settle();
    assert_eq!(cluster.names(PODS), ["db-0", "db-1"]);
    assert_eq!(cluster.names(super::CLAIMS), ["data-db-0", "data-db-1"]);
    let db = format!("{path}/db");
    cluster.check(&db, "/status/readyReplicas", &json!(2));
    let revision = cluster.at(&db, "/status/updateRevision");
    cluster.check(&db, "/status/currentRevision", &revision);
    cluster.patch(&db, &json!({"spec": {"template": {"metadata": {"labels": {"new": "yes"}}}}}));
    cluster.settle();
    cluster.check(&db, "/status/updatedReplicas", &json!(2));
    assert_ne!(cluster.at(&db, "/status/currentRevision"), revision);
    cluster.patch(&db, &json!({"spec": {"replicas": 1}}));
    cluster.settle();
    assert_eq!(cluster.names(PODS), ["db-0"]);
    assert_eq!(cluster.names(super::CLAIMS).len(), 2);
}

#[test]
fn a_daemon_set_has_one_pod_on_each_node_that_fits() {
    let mut cluster = Cluster::new(Mode::Traditional);
    let path = "/apis/apps/v1/namespaces/default/daemonsets";
    cluster.create(
        path,
        &json!({
            "metadata": {"name": "agent"},
            "spec": {
                "selector": {"matchLabels": {"app": "agent"}},
                "template": {"metadata": {"labels": {"app": "agent"}}, "spec": pod_spec()},
            },
        }),
    );
    cluster.settle();
    cluster.check(&format!("{path}/agent"), "/status/numberReady", &json!(2));
    let mut picky = pod_spec();
    picky["nodeSelector"] = json!({"none": "such"});
    cluster.create(
        path,
        &json!({
            "metadata": {"name": "picky"},
            "spec": {
                "selector": {"matchLabels": {"app": "picky"}},
                "template": {"metadata": {"labels": {"app": "picky"}}, "spec": picky},
            },
        }),
    );
    cluster.settle();
    cluster.check(&format!("{path}/picky"), "/status/desiredNumberScheduled", &json!(0));
    cluster.check(&format!("{path}/picky"), "/status/observedGeneration", &json!(1));
}

#[test]
fn a_job_completes_fails_or_expires() {
    let mut cluster = Cluster::new(Mode::Auto);
    let path = "/apis/batch/v1/namespaces/default/jobs";
    let job = |name: &str, fault: &str| {
        json!({
            "metadata": {"name": name},
            "spec": {
                "backoffLimit": 1,
                "template": {
                    "metadata": {"annotations": {"sandbox.aktus.ai/pod": fault}},
                    "spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "x"}]},
                },
            },
        })
    };
    cluster.create(path, &job("good", "none"));
    cluster.create(path, &job("bad", "exit-3"));
    let mut brief = job("brief", "none");
    brief["spec"]["ttlSecondsAfterFinished"] = 1.into();
    cluster.create(path, &brief);
    cluster.settle();
    let good = cluster.get(&format!("{path}/good"));
    assert_eq!(condition(&good, "Complete")["status"], "True");
    assert_eq!(good["status"]["succeeded"], 1);
    let bad = cluster.get(&format!("{path}/bad"));
    assert_eq!(condition(&bad, "Failed")["reason"], "BackoffLimitExceeded");
    assert_eq!(bad["status"]["failed"], 2);
    assert_eq!(cluster.find(&format!("{path}/brief")), None);
}

#[test]
fn load_balancers_are_made_where_somebody_makes_them() {
    let path = "/api/v1/namespaces/default/services";
    let service = |name: &str, annotations: Value| {
        json!({
            "metadata": {"name": name, "annotations": annotations},
            "spec": {"type": "LoadBalancer", "selector": {"app": name}, "ports": [{"port": 8080}]},
        })
    };
    let external = json!({"service.beta.kubernetes.io/aws-load-balancer-type": "external"});
    for (mode, served) in [(Mode::Auto, true), (Mode::Traditional, false)] {
        let mut cluster = Cluster::new(mode);
        cluster.create(path, &service("outside", external.clone()));
        cluster.create(path, &service("plain", json!({"service.beta.kubernetes.io/aws-load-balancer-type": "nlb"})));
        cluster.settle();
        let host = cluster.at(&format!("{path}/outside"), "/status/loadBalancer/ingress/0/hostname");
        assert_eq!(host.is_string(), served, "{mode:?}");
        let host = cluster.at(&format!("{path}/plain"), "/status/loadBalancer/ingress/0/hostname");
        assert!(host.as_str().unwrap().ends_with(".elb.us-east-1.amazonaws.com"), "{host}");
        cluster.delete(&format!("{path}/plain"));
        assert!(cluster.find(&format!("{path}/plain")).is_some(), "it waits for its load balancer");
        cluster.settle();
        assert_eq!(cluster.find(&format!("{path}/plain")), None);
    }
}

#[test]
fn a_disruption_budget_counts_pods() {
    let mut cluster = Cluster::new(Mode::Auto);
    cluster.create(DEPLOYMENTS, &deployment("web", 3, &pod_spec()));
    let path = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";
    cluster.create(
        path,
        &json!({
            "metadata": {"name": "web"},
            "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}},
        }),
    );
    cluster.settle();
    cluster.check(&format!("{path}/web"), "/status/disruptionsAllowed", &json!(1));
    cluster.check(&format!("{path}/web"), "/status/observedGeneration", &json!(1));
}
