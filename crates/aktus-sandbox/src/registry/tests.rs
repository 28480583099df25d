//! What a client of the registry sees, case by case.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{
    Authentication, CHART_CONFIG_MEDIA_TYPE, CHART_LAYER_MEDIA_TYPE, Fault, MANIFEST_MEDIA_TYPE, On,
    PROVENANCE_LAYER_MEDIA_TYPE, Part, Server,
};
use crate::listener::client::{Answer, send};

const ARCHIVE: &[u8] = b"0123456789abcdef";

async fn server() -> (Server, String) {
    let server = Server::start().await.unwrap();
    let digest = server.push_chart("charts/demo", "1.0.0", ARCHIVE, br#"{"name":"demo"}"#);
    (server, digest)
}

async fn get(server: &Server, target: &str, headers: &[(&str, &str)]) -> Answer {
    send(&server.host(), "GET", target, headers, "").await
}

fn json(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}

/// The target of the chart's layer.
async fn layer(server: &Server) -> String {
    let manifest = json(&get(server, "/v2/charts/demo/manifests/1.0.0", &[]).await);
    format!("/v2/charts/demo/blobs/{}", manifest["layers"][0]["digest"].as_str().unwrap())
}

#[tokio::test]
async fn a_pushed_chart_is_read_by_tag_and_by_digest() {
    let (server, digest) = server().await;
    let by_tag = get(&server, "/v2/charts/demo/manifests/1.0.0", &[]).await;
    let by_digest = get(&server, &format!("/v2/charts/demo/manifests/{digest}"), &[]).await;
    assert_eq!((by_tag.status, by_digest.status), (200, 200));
    assert_eq!(by_tag.body, by_digest.body);
    assert_eq!(by_tag.header("docker-content-digest"), Some(digest.as_str()));
    assert_eq!(by_tag.header("content-type"), Some(MANIFEST_MEDIA_TYPE));
    let manifest = json(&by_tag);
    assert_eq!(manifest["config"]["mediaType"], CHART_CONFIG_MEDIA_TYPE);
    assert_eq!(manifest["layers"][0]["mediaType"], CHART_LAYER_MEDIA_TYPE);
    assert_eq!(manifest["layers"][0]["size"], ARCHIVE.len());
    assert_eq!(get(&server, &layer(&server).await, &[]).await.body, ARCHIVE);
}

#[tokio::test]
async fn the_digest_is_the_sha256_of_the_bytes() {
    let server = Server::start().await.unwrap();
    assert_eq!(
        server.push_blob("a", b"abc"),
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

#[tokio::test]
async fn head_answers_like_get_without_a_body() {
    let (server, digest) = server().await;
    let got = get(&server, "/v2/charts/demo/manifests/1.0.0", &[]).await;
    let head = send(&server.host(), "HEAD", "/v2/charts/demo/manifests/1.0.0", &[], "").await;
    assert_eq!(head.status, 200);
    assert!(head.body.is_empty());
    for name in ["content-length", "content-type", "docker-content-digest"] {
        assert_eq!(head.header(name), got.header(name), "{name}");
    }
    assert_eq!(head.header("docker-content-digest"), Some(digest.as_str()));
}

#[tokio::test]
async fn what_does_not_exist_is_named_by_its_code() {
    let (server, _) = server().await;
    let blob = format!("/v2/charts/demo/blobs/sha256:{}", "0".repeat(64));
    for (target, code) in [
        ("/v2/charts/demo/manifests/2.0.0", "MANIFEST_UNKNOWN"),
        ("/v2/charts/other/manifests/1.0.0", "NAME_UNKNOWN"),
        ("/v2/charts/other/tags/list", "NAME_UNKNOWN"),
        (blob.as_str(), "BLOB_UNKNOWN"),
        ("/v1/", "NOT_FOUND"),
        ("/v2/manifests/1.0.0", "NOT_FOUND"),
    ] {
        let answer = get(&server, target, &[]).await;
        assert_eq!(answer.status, 404, "{target}");
        assert_eq!(json(&answer)["errors"][0]["code"], code, "{target}");
    }
    let post = send(&server.host(), "POST", "/v2/charts/demo/blobs/uploads/", &[], "").await;
    assert_eq!((post.status, json(&post)["errors"][0]["code"].as_str()), (405, Some("UNSUPPORTED")));
}

#[tokio::test]
async fn a_moved_or_removed_tag_leaves_the_manifest_readable_by_digest() {
    let (server, first) = server().await;
    let second = server.push_chart("charts/demo", "1.0.0", b"other", b"{}");
    assert_ne!(first, second);
    let answer = get(&server, "/v2/charts/demo/manifests/1.0.0", &[]).await;
    assert_eq!(answer.header("docker-content-digest"), Some(second.as_str()));
    assert!(server.remove_tag("charts/demo", "1.0.0"));
    assert!(!server.remove_tag("charts/demo", "1.0.0"));
    assert_eq!(get(&server, "/v2/charts/demo/manifests/1.0.0", &[]).await.status, 404);
    for digest in [first, second] {
        assert_eq!(get(&server, &format!("/v2/charts/demo/manifests/{digest}"), &[]).await.status, 200);
    }
}

#[tokio::test]
async fn ranges_of_a_blob_follow_the_rfc() {
    let (server, _) = server().await;
    let target = layer(&server).await;
    for (range, status, body, content_range) in [
        ("bytes=0-3", 206, "0123", Some("bytes 0-3/16")),
        ("bytes=10-", 206, "abcdef", Some("bytes 10-15/16")),
        ("bytes=-2", 206, "ef", Some("bytes 14-15/16")),
        ("bytes=14-99", 206, "ef", Some("bytes 14-15/16")),
        ("bytes=16-", 416, "", Some("bytes */16")),
        ("bytes=5-2", 200, "0123456789abcdef", None),
        ("lines=1-2", 200, "0123456789abcdef", None),
        ("bytes=0-1,4-5", 200, "0123456789abcdef", None),
    ] {
        let answer = get(&server, &target, &[("range", range)]).await;
        assert_eq!(answer.status, status, "{range}");
        assert_eq!(answer.header("content-range"), content_range, "{range}");
        if status != 416 {
            assert_eq!(answer.text(), body, "{range}");
        }
    }
}

#[tokio::test]
async fn tags_come_in_lexical_pages_with_a_link_to_the_next() {
    let (server, _) = server().await;
    for tag in ["1.1.0", "0.9.0", "2.0.0"] {
        server.push_chart("charts/demo", tag, ARCHIVE, b"{}");
    }
    let tags = |answer: &Answer| json(answer)["tags"].to_string();
    let all = get(&server, "/v2/charts/demo/tags/list", &[]).await;
    assert_eq!(tags(&all), r#"["0.9.0","1.0.0","1.1.0","2.0.0"]"#);
    assert_eq!(all.header("link"), None);
    let first = get(&server, "/v2/charts/demo/tags/list?n=3", &[]).await;
    assert_eq!(tags(&first), r#"["0.9.0","1.0.0","1.1.0"]"#);
    assert_eq!(first.header("link"), Some("</v2/charts/demo/tags/list?last=1.1.0&n=3>; rel=\"next\""));
    let rest = get(&server, "/v2/charts/demo/tags/list?last=1.1.0&n=3", &[]).await;
    assert_eq!((tags(&rest).as_str(), rest.header("link")), (r#"["2.0.0"]"#, None));
    server.set_page_size(1);
    assert_eq!(tags(&get(&server, "/v2/charts/demo/tags/list?n=3", &[]).await), r#"["0.9.0"]"#);
}

fn basic(login: &str) -> String {
    format!("Basic {}", STANDARD.encode(login))
}

#[tokio::test]
async fn basic_authentication_lets_only_the_right_login_in() {
    let (server, _) = server().await;
    server.require_basic("AWS", "pass:word");
    let target = "/v2/charts/demo/manifests/1.0.0";
    let refused = get(&server, target, &[]).await;
    assert_eq!((refused.status, refused.header("www-authenticate")), (401, Some("Basic realm=\"registry\"")));
    assert_eq!(get(&server, target, &[("authorization", &basic("AWS:wrong"))]).await.status, 401);
    assert_eq!(get(&server, target, &[("authorization", &basic("AWS:pass:word"))]).await.status, 200);
}

#[tokio::test]
async fn bearer_authentication_wants_a_token_of_exactly_the_scope() {
    let (server, _) = server().await;
    server.push_chart("charts/other", "1.0.0", ARCHIVE, b"{}");
    server.set_authentication(Authentication::Bearer { login: Some(("user".into(), "secret".into())) });
    let refused = get(&server, "/v2/charts/demo/manifests/1.0.0", &[]).await;
    let challenge = format!(
        "Bearer realm=\"http://{}/token\",service=\"registry\",scope=\"repository:charts/demo:pull\"",
        server.token_host()
    );
    assert_eq!((refused.status, refused.header("www-authenticate")), (401, Some(challenge.as_str())));

    let ask = "/token?service=registry&scope=repository:charts%2Fdemo:pull";
    let wrong = send(&server.token_host(), "GET", ask, &[("authorization", &basic("user:no"))], "").await;
    assert_eq!(wrong.status, 401);
    let granted = send(&server.token_host(), "GET", ask, &[("authorization", &basic("user:secret"))], "").await;
    let token = format!("Bearer {}", json(&granted)["token"].as_str().unwrap());
    let with_token = [("authorization", token.as_str())];
    assert_eq!(get(&server, "/v2/charts/demo/manifests/1.0.0", &with_token).await.status, 200);
    assert_eq!(get(&server, "/v2/", &with_token).await.status, 200);
    assert_eq!(get(&server, "/v2/charts/other/manifests/1.0.0", &with_token).await.status, 401);

    server.expire_tokens();
    let expired = get(&server, "/v2/charts/demo/manifests/1.0.0", &with_token).await;
    assert_eq!(expired.status, 401);
    assert!(expired.header("www-authenticate").unwrap().ends_with("error=\"invalid_token\""));

    server.set_token_realm(Some("http://169.254.169.254/token"));
    let hostile = get(&server, "/v2/", &[]).await;
    assert!(hostile.header("www-authenticate").unwrap().contains("realm=\"http://169.254.169.254/token\""));
}

#[tokio::test]
async fn an_anonymous_token_needs_no_login() {
    let (server, _) = server().await;
    server.set_authentication(Authentication::Bearer { login: None });
    let ask = "/token?service=registry&scope=repository:charts/demo:pull";
    let granted = send(&server.token_host(), "GET", ask, &[], "").await;
    let token = format!("Bearer {}", json(&granted)["token"].as_str().unwrap());
    let answer = get(&server, "/v2/charts/demo/manifests/1.0.0", &[("authorization", &token)]).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn the_log_names_every_request_and_holds_no_secret() {
    let (server, _) = server().await;
    server.require_basic("AWS", "s3cr3t-password");
    let header = basic("AWS:s3cr3t-password");
    get(&server, "/v2/charts/demo/tags/list?n=1", &[("authorization", &header)]).await;
    get(&server, "/v2/", &[]).await;
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].part, Part::Registry);
    assert_eq!((requests[0].path.as_str(), requests[0].query.as_str()), ("/v2/charts/demo/tags/list", "n=1"));
    assert_eq!((requests[0].status, requests[0].authorization.as_deref()), (Some(200), Some("Basic")));
    assert_eq!((requests[1].status, requests[1].authorization.as_deref()), (Some(401), None));
    let log = format!("{requests:?} {server:?}");
    assert!(!log.contains("s3cr3t"), "{log}");
    assert!(!log.contains(&STANDARD.encode("AWS:s3cr3t-password")), "{log}");
    server.clear_requests();
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_counted_fault_happens_that_often_and_then_no_more() {
    let (server, _) = server().await;
    server.faults().server_error(On::Manifest, 2, 503);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(get(&server, "/v2/charts/demo/manifests/1.0.0", &[]).await.status);
    }
    assert_eq!(statuses, [503, 503, 200]);
    server.faults().throttle(On::Any, 1, Some("-5"));
    let throttled = get(&server, "/v2/", &[]).await;
    assert_eq!((throttled.status, throttled.header("retry-after")), (429, Some("-5")));
    server.faults().always(On::Tags, Fault::Disconnect);
    server.faults().clear();
    assert_eq!(get(&server, "/v2/charts/demo/tags/list", &[]).await.status, 200);
}

#[tokio::test]
async fn faults_of_a_body_change_what_arrives_and_nothing_else() {
    let (server, _) = server().await;
    let target = layer(&server).await;
    server.faults().next(On::Blob, 1, Fault::FlipBit);
    let flipped = get(&server, &target, &[]).await;
    assert_eq!((flipped.status, flipped.text().as_str()), (200, "0123456789abcdeg"));
    server.faults().next(On::Blob, 1, Fault::Truncate(5));
    let truncated = get(&server, &target, &[]).await;
    assert_eq!((truncated.header("content-length"), truncated.text().as_str()), (Some("16"), "01234"));
    assert!(!truncated.stalled);
    server.faults().next(On::Blob, 1, Fault::StallAfter(5));
    let stalled = get(&server, &target, &[]).await;
    assert_eq!((stalled.text().as_str(), stalled.stalled), ("01234", true));
    server.faults().next(On::Blob, 1, Fault::Extend(4));
    let longer = get(&server, &target, &[]).await;
    assert_eq!(longer.header("content-length"), None);
    assert!(longer.text().contains("0123456789abcdef\0\0\0\0"));
}

#[tokio::test]
async fn faults_of_a_connection_send_no_answer() {
    let (server, _) = server().await;
    server.faults().next(On::Base, 1, Fault::Disconnect);
    let closed = get(&server, "/v2/", &[]).await;
    assert_eq!((closed.status, closed.stalled), (0, false));
    server.faults().next(On::Base, 1, Fault::Stall);
    let stalled = get(&server, "/v2/", &[]).await;
    assert_eq!((stalled.status, stalled.stalled), (0, true));
    assert_eq!(server.requests().iter().map(|record| record.status).collect::<Vec<_>>(), [None, None]);
}

#[tokio::test]
async fn faults_of_the_head_replace_headers_and_bodies() {
    let (server, _) = server().await;
    let target = "/v2/charts/demo/manifests/1.0.0";
    let header = |name: &str, value: &str| Fault::Header { name: name.into(), value: value.into() };
    server.faults().next(On::Manifest, 1, header("docker-content-digest", "sha256:lie"));
    assert_eq!(get(&server, target, &[]).await.header("docker-content-digest"), Some("sha256:lie"));
    server.faults().next(On::Manifest, 1, header("docker-content-digest", ""));
    assert_eq!(get(&server, target, &[]).await.header("docker-content-digest"), None);
    let portal = Fault::Body { content_type: "text/html".into(), body: b"<html>".to_vec() };
    server.faults().next(On::Manifest, 1, portal);
    let answer = get(&server, target, &[]).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "<html>"));
    server.faults().next(On::Manifest, 1, Fault::Redirect("http://[::1]:1{path}".into()));
    let moved = get(&server, target, &[]).await;
    assert_eq!((moved.status, moved.header("location")), (307, Some("http://[::1]:1/v2/charts/demo/manifests/1.0.0")));
}

#[tokio::test]
async fn the_storage_host_serves_redirected_blobs_and_refuses_authorization() {
    let (server, _) = server().await;
    let target = layer(&server).await;
    server.faults().always(On::Blob, Fault::RedirectToStorage);
    let moved = get(&server, &target, &[]).await;
    assert_eq!(moved.status, 307);
    let location = moved.header("location").unwrap();
    let (host, path) = location.strip_prefix("http://").unwrap().split_once('/').unwrap();
    assert_eq!(host, server.storage_host());
    assert_ne!(host, server.host());
    let target = format!("/{path}");
    let served = send(host, "GET", &target, &[], "").await;
    assert_eq!((served.status, served.body.as_slice()), (200, ARCHIVE));
    let refused = send(host, "GET", &target, &[("authorization", "Basic eA==")], "").await;
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("Only one auth mechanism allowed"));
    let parts: Vec<Part> = server.requests().iter().map(|record| record.part).collect();
    assert_eq!(parts, [Part::Registry, Part::Registry, Part::Storage, Part::Storage]);
}

#[tokio::test]
async fn a_signed_chart_carries_its_provenance_as_a_second_layer() {
    let server = Server::start().await.unwrap();
    server.push_signed_chart("demo", "1.0.0", ARCHIVE, b"signature", b"{}");
    let manifest = json(&get(&server, "/v2/demo/manifests/1.0.0", &[]).await);
    assert_eq!(manifest["layers"][1]["mediaType"], PROVENANCE_LAYER_MEDIA_TYPE);
    assert_eq!(manifest["layers"][1]["size"], 9);
}

#[tokio::test]
async fn dropping_the_server_closes_its_port() {
    let server = Server::start().await.unwrap();
    let address = server.host();
    drop(server);
    tokio::task::yield_now().await;
    assert!(std::net::TcpStream::connect(address).is_err());
}
