//! Versions, constraints and tag lists.

use std::time::{Duration, Instant};

use aktus_helm::oci::{Credentials, PullClass, PullError, Pulled, Puller};

use crate::server::{FaultServer, Reply, Request};
use crate::world::{World, options, reference};

const LIST: &str = "/v2/charts/web/tags/list";

/// Every manifest path leads to the chart; the tags are these.
fn tagged(tags: &'static [&'static str]) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    let world = World::new();
    move |request| {
        if request.path == LIST {
            let names: Vec<String> = tags.iter().map(|tag| format!("\"{tag}\"")).collect();
            Reply::new(200, &[], format!(r#"{{"name":"charts/web","tags":[{}]}}"#, names.join(",")).as_bytes())
        } else if request.path.starts_with("/v2/charts/web/manifests/") {
            world.manifest_reply(&[])
        } else {
            world.answer(request)
        }
    }
}

async fn pull_version(server: &FaultServer, rest: &str, version: Option<&str>) -> Result<Pulled, PullError> {
    let until = Instant::now() + Duration::from_secs(20);
    let puller = Puller::new(options(&[server])).unwrap();
    puller.pull(&reference(server, rest), version, &Credentials::Anonymous, until).await
}

const TAGS: &[&str] =
    &["latest", "1.0.0", "1.10.0", "1.9.0", "2.0.0-rc.1", "v3.0.0", "1.2", "1.10.0_build.2", "0.1.0", "sha256-abc.sig"];

#[tokio::test]
async fn versions_become_tags() {
    for (rest, version, asks_for_tags, expected) in [
        ("charts/web:1.0.0", None, 0, Ok("1.0.0")),
        ("charts/web:latest", None, 0, Ok("latest")),
        ("charts/web", Some("1.0.0"), 0, Ok("1.0.0")),
        ("charts/web", Some("1.10.0+build.2"), 0, Ok("1.10.0_build.2")),
        ("charts/web:1.10.0+build.2", Some("1.10.0+build.2"), 0, Ok("1.10.0_build.2")),
        ("charts/web:1.10.0_build.2", Some("1.10.0+build.2"), 0, Ok("1.10.0_build.2")),
        ("charts/web", Some("v3.0.0"), 0, Ok("v3.0.0")),
        ("charts/web", None, 1, Ok("1.10.0")),
        ("charts/web", Some(""), 1, Ok("1.10.0")),
        ("charts/web", Some("^1.0"), 1, Ok("1.10.0")),
        ("charts/web", Some("~1.9"), 1, Ok("1.9.0")),
        ("charts/web", Some("< 1"), 1, Ok("0.1.0")),
        ("charts/web", Some(">1.10.0-0"), 1, Ok("2.0.0-rc.1")),
        ("charts/web", Some("^4"), 1, Err("could not locate a version matching provided version string ^4")),
        ("charts/web", Some("latest"), 1, Err("improper constraint: \"latest\"")),
        ("charts/web:1.0.0", Some("1.0.1"), 0, Err("chart reference and version mismatch: 1.0.1 is not 1.0.0")),
    ] {
        let server = FaultServer::start(tagged(TAGS)).await;
        let result = pull_version(&server, rest, version).await;
        match (result, expected) {
            (Ok(pulled), Ok(tag)) => assert_eq!(pulled.reference.tag(), Some(tag), "{rest} {version:?}"),
            (Err(error), Err(message)) => assert_eq!(error.to_string(), message, "{rest} {version:?}"),
            (result, expected) => panic!("{rest} {version:?}: {result:?}, expected {expected:?}"),
        }
        assert_eq!(server.count(LIST), asks_for_tags, "{rest} {version:?}");
    }
}

#[tokio::test]
async fn the_list_of_versions() {
    let server = FaultServer::start(tagged(TAGS)).await;
    let puller = Puller::new(options(&[&server])).unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    let versions = puller.versions(&reference(&server, "charts/web"), &Credentials::Anonymous, until).await.unwrap();
    assert_eq!(versions[0], "2.0.0-rc.1");
    assert_eq!(versions[3..], ["1.9.0", "1.0.0", "0.1.0"]);
    assert!(versions.contains(&"1.10.0+build.2".to_owned()) && versions.contains(&"1.10.0".to_owned()));

    for empty in [r#"{"tags":[]}"#, r#"{"tags":null}"#, r#"{"tags":["latest"]}"#] {
        let server = FaultServer::start(move |_| Reply::new(200, &[], empty.as_bytes())).await;
        let error = pull_version(&server, "charts/web", None).await.unwrap_err();
        assert_eq!(error.class(), PullClass::NotFound);
        assert!(error.to_string().starts_with("unable to locate any tags in provided repository: oci://"), "{error}");
    }
}

#[tokio::test]
async fn tag_lists_in_pages() {
    // Three pages: the first two name the next in the two ways registries use.
    let server = FaultServer::start_knowing_host(|host| {
        let absolute = format!("<http://{host}{LIST}?n=1000&last=2.0.0>; rel=\"next\"");
        let world = World::new();
        move |request: &Request| {
            if request.path != LIST {
                return world.manifest_reply(&[]);
            }
            match request.query.as_str() {
                "n=1000" => {
                    let link = format!("<{LIST}?n=1000&last=1.0.0>; rel=\"next\"");
                    Reply::new(200, &[("Link", &link)], br#"{"tags":["1.0.0"]}"#)
                }
                "n=1000&last=1.0.0" => Reply::new(200, &[("Link", &absolute)], br#"{"tags":["2.0.0"]}"#),
                _ => Reply::new(200, &[], br#"{"tags":["3.0.0"]}"#),
            }
        }
    })
    .await;
    let puller = Puller::new(options(&[&server])).unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    let versions = puller.versions(&reference(&server, "charts/web"), &Credentials::Anonymous, until).await.unwrap();
    assert_eq!(versions, ["3.0.0", "2.0.0", "1.0.0"]);
}

#[tokio::test]
async fn tag_lists_without_end() {
    type Answer = Box<dyn Fn(&Request) -> Reply + Send + Sync>;
    let other = FaultServer::start(|_| Reply::new(200, &[], br#"{"tags":["9.9.9"]}"#)).await;
    let elsewhere = format!("<http://{}{LIST}>; rel=\"next\"", other.host);
    let many = vec!["\"1.0.0\""; 10_001].join(",");
    let cases: [(&str, Answer, &str); 6] = [
        (
            "a loop of pages",
            Box::new(|_| {
                Reply::new(200, &[("Link", &format!("<{LIST}?n=1>; rel=\"next\""))], br#"{"tags":["1.0.0"]}"#)
            }),
            "more than 100 pages",
        ),
        (
            "too many tags",
            Box::new(move |_| Reply::new(200, &[], format!(r#"{{"tags":[{many}]}}"#).as_bytes())),
            "more than 10000 tags",
        ),
        ("an endless page", Box::new(|_| Reply::endless(&[], b' ')), "larger than 4194304 bytes"),
        (
            "a page elsewhere",
            Box::new(move |_| Reply::new(200, &[("Link", &elsewhere)], br#"{"tags":["1.0.0"]}"#)),
            "not on this registry",
        ),
        (
            "another path",
            Box::new(|_| Reply::new(200, &[("Link", "</v2/other/tags/list>; rel=next")], br#"{"tags":["1.0.0"]}"#)),
            "not on this registry",
        ),
        ("no list", Box::new(|_| Reply::new(200, &[], b"[]")), "it is not a JSON object"),
    ];
    for (case, answer, message) in cases {
        let server = FaultServer::start(answer).await;
        let error = pull_version(&server, "charts/web", None).await.expect_err(case);
        assert!(error.to_string().contains(message), "{case}: {error:.300}");
        assert!(server.requests().len() <= 100, "{case}");
    }
    assert_eq!(other.requests().len(), 0);
}

#[tokio::test]
async fn an_unknown_repository_has_no_tags() {
    let server =
        FaultServer::start(|_| Reply::error(404, "NAME_UNKNOWN", "repository name not known to registry")).await;
    let error = pull_version(&server, "charts/web", None).await.unwrap_err().to_string();
    assert!(error.contains("has no repository charts/web"), "{error}");
}
