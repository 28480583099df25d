//! The network and the server fail, and the right thing happens all the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aktus_k8s::{
    ApiError, ApplyOptions, Backoff, BoxError, Class, Cluster, ConnectOptions, DeleteOptions, Deletion, Endpoint,
    Object, Token, TokenSource,
};
use aktus_sandbox::kubernetes::{Fault, FaultRule};
use serde_json::json;
use tokio::time::Instant;

use crate::support::{World, config_map, config_map_id, object, patient, shortly, soon, world};

fn status(code: u16) -> Fault {
    Fault::Status { code, retry_after: None }
}

/// Does everything once while the given fault befalls the first try of each write.
async fn everything(fault: Fault) {
    let world = world().await;
    let befall = |method: &str| {
        let rule = FaultRule { method: Some(method.to_owned()), ..FaultRule::nth(1, fault.clone()) };
        world.server.faults().add(rule);
    };
    let cluster = &world.cluster;
    let map = object(config_map("a", json!({"x": "1"})));
    world.cluster.get(&map.id(), soon()).await.unwrap();

    befall("PATCH");
    let live = cluster.apply(&map, &ApplyOptions::new("aktus"), soon()).await.unwrap();
    befall("PUT");
    let mut newer = live.into_value();
    newer["data"]["x"] = json!("2");
    let live = cluster.replace(&object(newer), "aktus", soon()).await.unwrap();
    assert_eq!(live.get("/data/x"), Some(&json!("2")), "{fault:?}");
    befall("GET");
    assert_eq!(cluster.get(&map.id(), soon()).await.unwrap(), Some(live.clone()), "{fault:?}");
    befall("DELETE");
    let deletion = cluster.delete(&map.id(), &DeleteOptions::exactly(&live), soon()).await.unwrap();
    assert_eq!(deletion, Deletion::Deleted, "{fault:?}");
    befall("POST");
    cluster.create(&map, "aktus", soon()).await.unwrap();
    assert_eq!(world.live(&map.id()).await.unwrap().get("/data/x"), Some(&json!("1")), "{fault:?}");
}

#[tokio::test]
async fn what_passes_by_itself_is_tried_again() {
    for code in [408, 429, 500, 502, 503, 504] {
        everything(status(code)).await;
    }
    everything(Fault::Disconnect).await;
}

#[tokio::test]
async fn a_lost_answer_to_a_write_is_settled_by_looking() {
    everything(Fault::DisconnectAfter).await;
}

#[tokio::test]
async fn a_lost_answer_does_not_make_somebody_elses_object_ours() {
    let world = world().await;
    world.put_as("somebody", config_map("a", json!({"x": "theirs"}))).await;
    let rule = FaultRule { method: Some("POST".to_owned()), ..FaultRule::nth(1, Fault::DisconnectAfter) };
    world.server.faults().add(rule);
    let ours = object(config_map("a", json!({"x": "ours"})));
    let error = world.cluster.create(&ours, "aktus", soon()).await.unwrap_err();
    assert_eq!(error.class(), Class::AlreadyExists);
}

#[tokio::test]
async fn a_server_that_stalls_costs_one_try() {
    let world = world().await;
    let options = ConnectOptions { attempt: Duration::from_millis(100), ..patient(&world.server) };
    let cluster = Cluster::connect(options).await.unwrap();
    cluster.get(&config_map_id("a"), soon()).await.unwrap();
    world.server.faults().add(FaultRule::nth(1, Fault::Stall));
    assert_eq!(cluster.get(&config_map_id("a"), soon()).await.unwrap(), None);
}

#[tokio::test]
async fn what_does_not_pass_fails_at_once() {
    let world = world().await;
    world.live(&config_map_id("a")).await;
    for code in [400, 403, 405, 422] {
        world.server.faults().add(FaultRule::nth(1, status(code)));
        world.server.clear_requests();
        let error = world.cluster.get(&config_map_id("a"), soon()).await.unwrap_err();
        assert_eq!(error.status().unwrap().code, code);
        assert_eq!(world.requests().len(), 1, "{code}");
    }
}

#[tokio::test]
async fn the_deadline_ends_it_and_the_last_failure_is_told() {
    let world = world().await;
    world.live(&config_map_id("a")).await;
    world.server.faults().add(FaultRule::every(status(503)));
    let error = world.cluster.get(&config_map_id("a"), shortly()).await.unwrap_err();
    assert_eq!(error.class(), Class::Deadline);
    assert_eq!(error.status().unwrap().code, 503);
    let text = error.to_string();
    assert!(text.starts_with("get ConfigMap/aktus/a: out of time; before that: get ConfigMap/aktus/a: "), "{text}");
    let error = world.cluster.get(&config_map_id("a"), Instant::now()).await.unwrap_err();
    assert_eq!(error.to_string(), "get ConfigMap/aktus/a: out of time");
}

#[tokio::test]
async fn a_server_may_not_make_us_wait_beyond_the_deadline() {
    for asked in ["100000", "18446744073709551615"] {
        let world = world().await;
        world.live(&config_map_id("a")).await;
        let fault = Fault::Status { code: 429, retry_after: Some(asked.to_owned()) };
        world.server.faults().add(FaultRule::every(fault));
        let begun = Instant::now();
        let error = world.cluster.get(&config_map_id("a"), soon()).await.unwrap_err();
        assert_eq!(error.class(), Class::Deadline);
        assert!(begun.elapsed() < Duration::from_secs(5), "gave up at once, since waiting is in vain");
    }
}

#[tokio::test]
async fn nonsense_in_retry_after_is_ignored() {
    for asked in ["-1", "0", "Wed, 21 Oct 2026 07:28:00 GMT", "soon", ""] {
        let world = world().await;
        let fault = Fault::Status { code: 429, retry_after: Some(asked.to_owned()) };
        world.server.faults().add(FaultRule::nth(1, fault));
        assert_eq!(world.live(&config_map_id("a")).await, None, "{asked}");
    }
}

#[tokio::test]
async fn nobody_listens() {
    let endpoint = Endpoint::Server { url: "http://127.0.0.1:1".to_owned(), certificate_authority: None, token: None };
    let backoff = Backoff { first: Duration::from_millis(1), ..Backoff::default() };
    let cluster = Cluster::connect(ConnectOptions { backoff, ..ConnectOptions::new(endpoint) }).await.unwrap();
    let error = cluster.server_version(shortly()).await.unwrap_err();
    assert_eq!(error.class(), Class::Deadline);
    let ApiError::Deadline { last: Some(last), .. } = &error else { panic!("{error:?}") };
    assert!(matches!(**last, ApiError::Unreachable { sent: false, .. }), "{last:?}");
    let text = error.to_string();
    assert!(text.contains("no answer from the API server at http://127.0.0.1:1"), "{text}");
    assert!(text.contains("refused"), "{text}");
}

#[tokio::test]
async fn answers_beyond_the_limit_are_refused() {
    let world = world().await;
    world.put(config_map("a", json!({"x": "y".repeat(5000)}))).await;
    let options = ConnectOptions { answer_limit: 4000, ..patient(&world.server) };
    let cluster = Cluster::connect(options).await.unwrap();
    let error = world_get(&cluster).await.unwrap_err();
    // Discovery of a whole group is larger than that, too.
    assert!(error.to_string().ends_with("the answer is larger than 4000 bytes"), "{error}");
}

#[tokio::test]
async fn deeply_nested_answers_are_refused() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let _read = std::io::Read::read(&mut connection, &mut request);
            let body = format!("{{\"major\":{}", "[".repeat(100_000));
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let _sent = std::io::Write::write_all(&mut connection, (head + &body).as_bytes());
        }
    });
    let endpoint = Endpoint::Server { url, certificate_authority: None, token: None };
    let cluster = Cluster::connect(ConnectOptions::new(endpoint)).await.unwrap();
    let text = cluster.server_version(soon()).await.unwrap_err().to_string();
    assert!(text.contains("recursion limit exceeded"), "{text}");
}

async fn world_get(cluster: &Cluster) -> Result<Option<Object>, ApiError> {
    cluster.get(&config_map_id("a"), soon()).await
}

/// Gives `token-1`, `token-2`, … for as long as each is fresh.
#[derive(Default)]
struct Numbered {
    given: AtomicUsize,
    fresh: Option<Duration>,
}

impl TokenSource for Numbered {
    fn token(&self) -> futures::future::BoxFuture<'_, Result<Token, BoxError>> {
        let number = self.given.fetch_add(1, Ordering::SeqCst) + 1;
        let refresh_at = self.fresh.map(|fresh| Instant::now() + fresh);
        Box::pin(async move { Ok(Token { value: format!("token-{number}").into(), refresh_at }) })
    }
}

async fn with_token(world: &World, source: Arc<dyn TokenSource>) -> Cluster {
    let endpoint = Endpoint::Server { url: world.server.url(), certificate_authority: None, token: Some(source) };
    Cluster::connect(ConnectOptions { endpoint, ..patient(&world.server) }).await.unwrap()
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let world = world().await;
    let source = Arc::new(Numbered::default());
    let cluster = with_token(&world, Arc::clone(&source) as Arc<dyn TokenSource>).await;
    world.server.faults().require_tokens(vec!["token-1".into()]);
    assert_eq!(world_get(&cluster).await.unwrap(), None);
    assert_eq!(world_get(&cluster).await.unwrap(), None);
    assert_eq!(source.given.load(Ordering::SeqCst), 1, "a token is kept");

    world.server.faults().require_tokens(vec!["token-2".into()]);
    assert_eq!(world_get(&cluster).await.unwrap(), None);
    assert_eq!(source.given.load(Ordering::SeqCst), 2, "a refused token is replaced");

    world.server.faults().require_tokens(vec!["none of ours".into()]);
    let error = world_get(&cluster).await.unwrap_err();
    assert_eq!(error.class(), Class::Unauthorized);
    assert_eq!(source.given.load(Ordering::SeqCst), 3, "and only once");
    assert!(!format!("{error} {error:?} {cluster:?}").contains("token-"), "{error:?}");
}

#[tokio::test]
async fn a_token_is_replaced_before_it_expires() {
    let world = world().await;
    let source = Arc::new(Numbered { fresh: Some(Duration::ZERO), ..Numbered::default() });
    let cluster = with_token(&world, Arc::clone(&source) as Arc<dyn TokenSource>).await;
    world.server.faults().require_tokens(vec!["token-1".into(), "token-2".into(), "token-3".into()]);
    cluster.server_version(soon()).await.unwrap();
    cluster.server_version(soon()).await.unwrap();
    assert_eq!(source.given.load(Ordering::SeqCst), 2);
    assert!(world.server.requests().iter().all(|request| request.status == 200));
}

struct Broken;

impl TokenSource for Broken {
    fn token(&self) -> futures::future::BoxFuture<'_, Result<Token, BoxError>> {
        Box::pin(async { Err("no credentials are configured".into()) })
    }
}

#[tokio::test]
async fn a_token_source_that_fails_is_told() {
    let world = world().await;
    let cluster = with_token(&world, Arc::new(Broken)).await;
    let error = cluster.server_version(soon()).await.unwrap_err();
    assert_eq!(error.to_string(), "get the server version: no token for the API server");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "no credentials are configured");
    assert_eq!(world.server.requests().len(), 0);
}

/// A kubeconfig whose user is whoever the token in a file belongs to, as told by a program.
#[cfg(unix)]
#[tokio::test]
async fn a_program_is_asked_again_for_credentials_that_are_refused() {
    let world = world().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let write = |token: &str| {
        let credential = json!({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
            "status": {"token": token, "expirationTimestamp": "2100-01-01T00:00:00Z"}});
        std::fs::write(file.path(), credential.to_string()).unwrap();
    };
    write("token-1");
    let user = json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "cat",
        "args": [file.path()], "interactiveMode": "Never"}});
    let kubeconfig = json!({"apiVersion": "v1", "kind": "Config", "current-context": "a",
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a", "namespace": "aktus"}}],
        "clusters": [{"name": "a", "cluster": {"server": world.server.url()}}],
        "users": [{"name": "a", "user": user}]});
    world.server.faults().require_tokens(vec!["token-1".into()]);
    let cluster = Cluster::from_kubeconfig(&kubeconfig.to_string(), None).await.unwrap();
    assert_eq!(cluster.default_namespace(), "aktus");
    assert_eq!(world_get(&cluster).await.unwrap(), None);
    world.server.faults().require_tokens(vec!["token-2".into()]);
    assert_eq!(world_get(&cluster).await.unwrap_err().class(), Class::Unauthorized);
    write("token-2");
    assert_eq!(world_get(&cluster).await.unwrap(), None);
}
