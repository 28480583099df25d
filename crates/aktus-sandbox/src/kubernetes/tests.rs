//! The running server: faults, logs, watches and what outlives it.

use std::time::Duration;

use serde_json::{Value, json};

use super::{CreatedObject, Fault, FaultRule, Server};
use crate::listener::client::{Answer, send};
use crate::{Clock, Mode, Options};

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

fn options() -> Options {
    Options::new(Clock::fixed("2026-01-01T00:00:00Z".parse().unwrap()))
}

async fn server() -> Server {
    Server::start(&options()).await.unwrap()
}

async fn ask(server: &Server, method: &str, target: &str, body: &str) -> Answer {
    ask_with(server, method, target, &[], body).await
}

async fn ask_with(server: &Server, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let url = server.url();
    let host = url.trim_start_matches("http://");
    let content_type = match method {
        "PATCH" => "application/apply-patch+yaml",
        _ => "application/json",
    };
    let mut all = vec![("content-type", content_type), ("user-agent", "test/1")];
    all.extend_from_slice(headers);
    send(host, method, target, &all, body).await
}

fn map(name: &str) -> String {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "1"}}).to_string()
}

fn names(server: &Server, kind: &str) -> Vec<String> {
    let objects = server.objects();
    let named = objects.iter().filter(|object| object["kind"] == kind);
    named.map(|object| object["metadata"]["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_was_accepted_outlives_the_server() {
    let directory = tempfile::tempdir().unwrap();
    let options = Options { directory: Some(directory.path().to_owned()), ..options() };
    let first = Server::start(&options).await.unwrap();
    assert_eq!(ask(&first, "POST", MAPS, &map("kept")).await.status, 201);
    let error = Server::start(&options).await.unwrap_err();
    assert!(error.to_string().contains("in use"), "{error}");
    drop(first);
    let second = Server::start(&options).await.unwrap();
    assert!(names(&second, "ConfigMap").contains(&"kept".to_owned()));
    let again = ask(&second, "PATCH", &format!("{MAPS}/kept?fieldManager=test"), &map("kept")).await;
    assert_eq!(again.status, 200);
    let kept = CreatedObject {
        api_version: "v1".to_owned(),
        kind: "ConfigMap".to_owned(),
        namespace: Some("default".to_owned()),
        name: "kept".to_owned(),
    };
    assert_eq!(second.created(), [kept]);
    // What a definition added is served again too.
    assert_eq!(ask(&second, "GET", "/apis/karpenter.sh/v1/nodepools", "").await.status, 200);
}

#[tokio::test]
async fn requests_and_writes_are_counted() {
    let server = server().await;
    let target = format!("{MAPS}/a?fieldManager=one");
    assert_eq!(ask(&server, "PATCH", &target, &map("a")).await.status, 201);
    assert_eq!(ask(&server, "PATCH", &target, &map("a")).await.status, 200);
    assert_eq!(ask(&server, "PATCH", &format!("{target}&dryRun=All"), &map("a")).await.status, 200);
    assert_eq!(ask(&server, "GET", &format!("{MAPS}/none"), "").await.status, 404);
    let requests = server.requests();
    let statuses: Vec<u16> = requests.iter().map(|request| request.status).collect();
    assert_eq!(statuses, [201, 200, 200, 404]);
    assert_eq!(requests[0].path, format!("{MAPS}/a"));
    assert_eq!(requests[0].field_manager, "one");
    assert!(requests[1].is_write() && !requests[1].dry_run);
    assert!(requests[2].dry_run && !requests[2].is_write());
    assert_eq!(server.writes(), 1);
    assert_eq!(server.created().len(), 1);
    server.clear_requests();
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn controllers_leave_no_trace_in_the_logs_of_clients() {
    let server = server().await;
    let deployment = json!({
        "metadata": {"name": "web"},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "main", "image": "x"}]},
            },
        },
    });
    let path = "/apis/apps/v1/namespaces/default/deployments";
    assert_eq!(ask(&server, "POST", path, &deployment.to_string()).await.status, 201);
    let ready = async {
        loop {
            let found = ask(&server, "GET", &format!("{path}/web"), "").await;
            let found: Value = serde_json::from_str(&found.text()).unwrap();
            if found["status"]["readyReplicas"] == 1 {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), ready).await.expect("the pod becomes ready");
    assert_eq!(server.created().len(), 1);
    assert_eq!(server.writes(), 1);
}

#[tokio::test]
async fn faults_befall_the_requests_they_are_meant_for() {
    let server = server().await;
    let fault = |fault: Fault| FaultRule { method: Some("GET".to_owned()), ..FaultRule::nth(1, fault) };
    let too_many = Fault::Status { code: 429, retry_after: Some("1".to_owned()) };
    server.faults().add(fault(too_many));
    assert_eq!(ask(&server, "POST", MAPS, &map("a")).await.status, 201);
    let answer = ask(&server, "GET", MAPS, "").await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("1")));
    assert!(answer.text().contains("\"retryAfterSeconds\":1"), "{}", answer.text());
    assert_eq!(ask(&server, "GET", MAPS, "").await.status, 200);

    let date = Fault::Status { code: 503, retry_after: Some("Wed, 21 Oct 2026 07:28:00 GMT".to_owned()) };
    server.faults().add(fault(date));
    assert_eq!(ask(&server, "GET", MAPS, "").await.status, 503);
    let message = "failed calling webhook \"check.example.com\": connect: connection refused".to_owned();
    server.faults().add(fault(Fault::Refuse { code: 500, message: message.clone() }));
    let answer: Value = serde_json::from_str(&ask(&server, "GET", MAPS, "").await.text()).unwrap();
    assert_eq!((&answer["reason"], &answer["message"]), (&json!("InternalError"), &json!(message)));
    server.faults().add(fault(Fault::Disconnect));
    assert_eq!(ask(&server, "GET", MAPS, "").await.status, 0);
    server.faults().add(fault(Fault::Stall));
    let answer = ask(&server, "GET", MAPS, "").await;
    assert!(answer.stalled && answer.status == 0);
    server.faults().add(fault(Fault::Slow(Duration::from_millis(50))));
    assert_eq!(ask(&server, "GET", MAPS, "").await.status, 200);
}

#[tokio::test]
async fn a_write_may_be_carried_out_without_an_answer() {
    let server = server().await;
    let rule = FaultRule { path_contains: Some("configmaps".to_owned()), ..FaultRule::nth(1, Fault::DisconnectAfter) };
    server.faults().add(rule);
    assert_eq!(ask(&server, "POST", MAPS, &map("a")).await.status, 0);
    assert_eq!(ask(&server, "POST", MAPS, &map("a")).await.status, 409);
}

#[tokio::test]
async fn a_token_is_asked_for_where_one_is_required() {
    let options = Options { bearer_tokens: vec!["right".into()], ..options() };
    let server = Server::start(&options).await.unwrap();
    for (header, status) in [(None, 401), (Some("Bearer wrong"), 401), (Some("Bearer right"), 200)] {
        let headers: Vec<(&str, &str)> = header.map(|value| ("authorization", value)).into_iter().collect();
        let answer = ask_with(&server, "GET", MAPS, &headers, "").await;
        assert_eq!(answer.status, status, "{header:?}");
        if status == 401 {
            let body: Value = serde_json::from_str(&answer.text()).unwrap();
            assert_eq!((&body["reason"], &body["message"]), (&json!("Unauthorized"), &json!("Unauthorized")));
        }
    }
    server.faults().require_tokens(vec!["new".into()]);
    let old = [("authorization", "Bearer right")];
    assert_eq!(ask_with(&server, "GET", MAPS, &old, "").await.status, 401);
}

#[tokio::test]
async fn a_watch_from_before_a_compaction_is_told_to_start_again() {
    let server = server().await;
    let made: Value = serde_json::from_str(&ask(&server, "POST", MAPS, &map("a")).await.text()).unwrap();
    let version = made["metadata"]["resourceVersion"].as_str().unwrap();
    ask(&server, "POST", MAPS, &map("b")).await;
    server.compact();
    let target = format!("{MAPS}?watch=true&resourceVersion={version}&timeoutSeconds=1");
    let told = ask(&server, "GET", &target, "").await.text();
    assert!(told.contains("\"type\":\"ERROR\"") && told.contains("\"code\":410"), "{told}");
    assert!(told.contains("too old resource version"), "{told}");
}

#[tokio::test]
async fn a_definition_may_take_its_time() {
    let server = server().await;
    server.faults().delay_definitions(Duration::from_millis(100));
    let definition = json!({
        "metadata": {"name": "gadgets.example.com"},
        "spec": {
            "group": "example.com",
            "names": {"plural": "gadgets", "kind": "Gadget"},
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object"}}}],
        },
    });
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    assert_eq!(ask(&server, "POST", path, &definition.to_string()).await.status, 201);
    assert_eq!(ask(&server, "GET", "/apis/example.com/v1/gadgets", "").await.status, 404);
    let served = async { while ask(&server, "GET", "/apis/example.com/v1/gadgets", "").await.status != 200 {} };
    tokio::time::timeout(Duration::from_secs(20), served).await.expect("the kind is served");
}

#[tokio::test]
async fn a_request_that_is_too_large_is_refused() {
    let server = server().await;
    let huge = format!("{{\"data\": \"{}\"}}", "a".repeat(3 * 1024 * 1024));
    let answer = ask(&server, "POST", MAPS, &huge).await;
    assert_eq!(answer.status, 413);
    assert!(answer.text().contains("Request entity too large: limit is 3145728"), "{}", answer.text());
}

#[tokio::test]
async fn the_modes_differ_in_what_they_bring() {
    for (mode, served) in [(Mode::Auto, 200), (Mode::Traditional, 404)] {
        let server = Server::start(&Options { mode, ..options() }).await.unwrap();
        assert_eq!(ask(&server, "GET", "/apis/karpenter.sh/v1/nodepools", "").await.status, served);
        let expected = ["efs-csi-controller", "efs-csi-node"].map(str::to_owned);
        let names = [names(&server, "Deployment"), names(&server, "DaemonSet")].concat();
        assert!(expected.iter().all(|name| names.contains(name)), "{names:?}");
    }
}

#[tokio::test]
async fn the_kubeconfig_names_the_server() {
    let server = server().await;
    let text = server.kubeconfig("a \"strange\" name");
    assert!(text.contains(&format!("server: {}", server.url())));
    assert!(text.contains("current-context: \"a \\\"strange\\\" name\""), "{text}");
}
