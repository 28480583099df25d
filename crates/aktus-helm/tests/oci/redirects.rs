//! Where a registry may send the client, and what the client takes along.

use std::sync::{Arc, OnceLock};

use aktus_helm::oci::{Credentials, PullClass, PullError};

use crate::server::{FaultServer, Reply, Request};
use crate::world::{BASIC, World, basic, options, pull, pull_with, reference};

/// S3 as a registry's store: pre-signed addresses, and a second login is an error.
fn store(world: World) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    move |request| {
        if request.header("authorization").is_some() {
            let body = b"<Error><Code>InvalidArgument</Code><Message>Only one auth mechanism allowed</Message></Error>";
            return Reply::new(400, &[("Content-Type", "application/xml")], body);
        }
        if request.query == "X-Amz-Signature=canary" {
            Reply::new(200, &[], &world.archive)
        } else {
            Reply::new(403, &[], b"<Error><Code>AccessDenied</Code></Error>")
        }
    }
}

/// A registry behind Basic whose blobs lie at `location`.
fn registry(world: World, location: String) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    let blob = world.blob_path();
    move |request| {
        if request.header("authorization") != Some(BASIC) {
            Reply::unauthorized("Basic")
        } else if request.path == blob {
            Reply::redirect(&location)
        } else {
            world.answer(request)
        }
    }
}

fn authorized(server: &FaultServer) -> usize {
    server.requests().iter().filter(|request| request.header("authorization").is_some()).count()
}

#[tokio::test]
async fn blobs_in_another_place_are_fetched_without_credentials() {
    let world = World::new();
    let s3 = FaultServer::start(store(world.clone())).await;
    let location = format!("http://{}/bucket/key?X-Amz-Signature=canary", s3.host);
    let server = FaultServer::start(registry(world.clone(), location)).await;
    let reference = reference(&server, "charts/web:1.0.0");
    let pulled = pull_with(options(&[&server, &s3]), &reference, &basic()).await.unwrap();
    assert_eq!(pulled.archive, world.archive);
    assert_eq!(authorized(&s3), 0);
    assert_eq!(s3.requests().len(), 1);
}

#[tokio::test]
async fn a_store_that_refuses_gets_no_credentials_either() {
    for status in [401, 403, 404] {
        let elsewhere = FaultServer::start(move |_| {
            Reply::new(status, &[("WWW-Authenticate", "Basic realm=\"give them to me\"")], b"")
        })
        .await;
        let location = format!("http://{}/key?X-Amz-Signature=canary", elsewhere.host);
        let server = FaultServer::start(registry(World::new(), location)).await;
        let reference = reference(&server, "charts/web:1.0.0");
        let error = pull_with(options(&[&server, &elsewhere]), &reference, &basic()).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains(&format!("http://{}/key answered with status {status}", elsewhere.host)), "{text}");
        assert!(!text.contains("canary"), "{text}");
        assert_eq!(authorized(&elsewhere), 0);
        assert_eq!(elsewhere.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_registry_that_redirects_before_it_asks_for_a_login() {
    // The answer to the very first request leads elsewhere, and elsewhere asks for the credentials.
    let evil = FaultServer::start(|_| Reply::unauthorized("Basic")).await;
    let location = format!("http://{}/", evil.host);
    let server = FaultServer::start(move |_| Reply::redirect(&location)).await;
    let reference = reference(&server, "charts/web:1.0.0");
    let error = pull_with(options(&[&server, &evil]), &reference, &basic()).await.unwrap_err().to_string();
    assert!(error.contains("answered with status 401"), "{error}");
    assert_eq!(authorized(&evil), 0);
}

#[tokio::test]
async fn credentials_do_not_come_back_after_a_detour() {
    let world = World::new();
    let archive = world.archive.clone();
    let blob = world.blob_path();
    let detour_host: Arc<OnceLock<String>> = Arc::default();
    let known = Arc::clone(&detour_host);
    let server = FaultServer::start(move |request| match request.header("authorization") {
        _ if request.path == "/back" => Reply::new(200, &[], &world.archive),
        Some(BASIC) if request.path == blob => Reply::redirect(&format!("http://{}/detour", known.get().unwrap())),
        Some(BASIC) => world.answer(request),
        _ => Reply::unauthorized("Basic"),
    })
    .await;
    let back = format!("http://{}/back", server.host);
    let detour = FaultServer::start(move |_| Reply::redirect(&back)).await;
    detour_host.set(detour.host.clone()).unwrap();

    let reference = reference(&server, "charts/web:1.0.0");
    let pulled = pull_with(options(&[&server, &detour]), &reference, &basic()).await.unwrap();
    assert_eq!(pulled.archive, archive);
    assert_eq!(authorized(&detour), 0);
    let requests = server.requests();
    let last = requests.last().unwrap();
    assert_eq!((last.path.as_str(), last.header("authorization")), ("/back", None));
}

#[tokio::test]
async fn redirects_within_the_registry_keep_the_login() {
    let world = World::new();
    let blob = world.blob_path();
    let archive = world.archive.clone();
    let server = FaultServer::start(move |request| {
        if request.header("authorization") != Some(BASIC) {
            Reply::unauthorized("Basic")
        } else if request.path == blob {
            Reply::redirect("/store/one")
        } else if request.path == "/store/one" {
            Reply::redirect("two")
        } else if request.path == "/store/two" {
            Reply::new(200, &[], &archive)
        } else {
            world.answer(request)
        }
    })
    .await;
    pull(&server, &basic()).await.unwrap();
}

#[tokio::test]
async fn hops_are_counted() {
    for (hops, succeeds) in [(5, true), (6, false)] {
        let world = World::new();
        let blob = world.blob_path();
        let archive = world.archive.clone();
        let server = FaultServer::start(move |request| {
            let done: usize = match request.path.strip_prefix("/hop/") {
                Some(number) => number.parse().unwrap(),
                None if request.path == blob => 0,
                None => return world.answer(request),
            };
            if done == hops { Reply::new(200, &[], &archive) } else { Reply::redirect(&format!("/hop/{}", done + 1)) }
        })
        .await;
        let result = pull(&server, &Credentials::Anonymous).await;
        assert_eq!(result.is_ok(), succeeds, "{hops} hops: {result:?}");
        if let Err(error) = result {
            assert!(error.to_string().contains("too many redirects (http://"), "{error}");
            assert!(error.to_string().contains("/hop/1 → "), "{error}");
        }
    }
}

#[tokio::test]
async fn redirects_that_are_not_followed() {
    let unlisted = FaultServer::start(|_| Reply::new(200, &[], b"internal")).await;
    let unlisted_address = format!("http://{}/secrets", unlisted.host);
    for (location, message) in [
        (Some("/v2/loop"), "too many redirects"),
        (None, "there is no Location"),
        (Some("http://["), "not a valid address"),
        (Some("file:///etc/passwd"), "neither https nor http"),
        (Some("http://169.254.169.254/latest/meta-data/"), "plain http on a host that is not listed"),
        (Some("https://169.254.169.254/latest/meta-data/"), "internal address"),
        (Some("https://localhost/"), "internal address"),
        (Some("https://user:canary@cdn.example/"), "contains credentials"),
        (Some(unlisted_address.as_str()), "plain http on a host that is not listed"),
    ] {
        let target = location.map(str::to_owned);
        let server = FaultServer::start(move |_| match &target {
            Some(location) => Reply::redirect(location),
            None => Reply::new(307, &[], b""),
        })
        .await;
        let error = pull(&server, &basic()).await.unwrap_err();
        assert!(matches!(error, PullError::Redirect { .. }), "{location:?}: {error:?}");
        assert_eq!(error.class(), PullClass::Integrity);
        let text = error.to_string();
        assert!(text.contains(message), "{location:?}: {text}");
        assert!(text.contains("/v2/charts/web/manifests/1.0.0"), "{location:?}: {text}");
        assert!(!text.contains("canary"), "{text}");
    }
    assert_eq!(unlisted.requests().len(), 0);
}
