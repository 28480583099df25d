//! Manifests, indexes and blobs: what is accepted, and what is refused with which words.

use std::time::Instant;

use aktus_helm::oci::{
    CHART_LAYER_MEDIA_TYPE, CONFIG_MEDIA_TYPE, Credentials, Digest, LEGACY_CHART_LAYER_MEDIA_TYPE,
    PROVENANCE_LAYER_MEDIA_TYPE, PullClass, PullError, Pulled, Puller, PullerOptions,
};

use crate::server::{FaultServer, Reply, Request};
use crate::world::{
    INDEX_TYPE, MANIFEST_PATH, MANIFEST_TYPE, World, descriptor, descriptor_with, manifest_of, options, pull,
    pull_with, reference,
};

async fn pull_from(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Result<Pulled, PullError> {
    let server = FaultServer::start(answer).await;
    pull(&server, &Credentials::Anonymous).await
}

#[track_caller]
fn refused(case: &str, result: Result<Pulled, PullError>, class: PullClass, message: &str) {
    let error = result.expect_err(case);
    assert_eq!(error.class(), class, "{case}: {error}");
    assert!(error.to_string().contains(message), "{case}: {error}");
}

#[tokio::test]
async fn a_chart_from_a_good_registry() {
    let world = World::new();
    let good = world.clone();
    let server = FaultServer::start(move |request| good.answer(request)).await;
    let pulled = pull(&server, &Credentials::Anonymous).await.unwrap();
    assert_eq!(pulled.archive, world.archive);
    assert_eq!(pulled.digest.to_string(), world.manifest_digest());
    assert_eq!(pulled.archive_digest, Digest::sha256(&world.archive));
    assert_eq!(pulled.reference.version().as_deref(), Some("1.0.0"));
    assert!(!pulled.legacy_media_type && pulled.provenance.is_none());

    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    for request in requests {
        assert_eq!(request.method, "GET");
        assert_eq!(request.header("accept-encoding"), Some("identity"));
        assert_eq!(request.header("authorization"), None);
        assert!(request.header("user-agent").unwrap().starts_with("aktus-helm/"));
    }
}

#[test]
fn a_pull_can_move_between_threads() {
    fn is_send<T: Send>(_: &T) {}
    let puller = Puller::new(PullerOptions::default()).unwrap();
    let reference = "oci://registry.example/charts/web:1.0.0".parse().unwrap();
    is_send(&puller.pull(&reference, None, &Credentials::Anonymous, Instant::now()));
}

#[tokio::test]
async fn provenance_and_legacy_layers() {
    let world = World::new();
    let signature = b"-----BEGIN PGP SIGNED MESSAGE-----".to_vec();
    let layers = [
        descriptor(LEGACY_CHART_LAYER_MEDIA_TYPE, &world.archive),
        descriptor(PROVENANCE_LAYER_MEDIA_TYPE, &signature),
        descriptor("application/vnd.example.other", b"other"),
    ];
    let world = World::with_layers(&layers);
    let path = format!("/v2/charts/web/blobs/{}", Digest::sha256(&signature));
    let file = signature.clone();
    let server =
        FaultServer::start(
            move |request| {
                if request.path == path { Reply::new(200, &[], &file) } else { world.answer(request) }
            },
        )
        .await;
    let mut options = options(&[&server]);
    options.provenance = true;
    let pulled = pull_with(options, &reference(&server, "charts/web:1.0.0"), &Credentials::Anonymous).await.unwrap();
    assert!(pulled.legacy_media_type);
    assert_eq!(pulled.provenance, Some(signature));
    assert_eq!(server.requests().len(), 3, "the other layer is not fetched");
}

#[tokio::test]
async fn a_digest_in_the_reference_decides() {
    let world = World::new();
    let digest = world.manifest_digest();
    let good = world.clone();
    let server = FaultServer::start(move |request| good.answer(request)).await;
    let pulled = async |rest: String| {
        let reference = reference(&server, &rest);
        pull_with(options(&[&server]), &reference, &Credentials::Anonymous).await
    };

    assert_eq!(pulled(format!("charts/web@{digest}")).await.unwrap().archive, world.archive);
    assert_eq!(pulled(format!("charts/web:1.0.0@{digest}")).await.unwrap().archive, world.archive);
    // A tag that is not there is no objection.
    assert_eq!(pulled(format!("charts/web:9.9.9@{digest}")).await.unwrap().archive, world.archive);

    let other = World { manifest: [b" ".as_slice(), &world.manifest].concat(), ..world.clone() };
    let moved = FaultServer::start(move |request| {
        if request.path == MANIFEST_PATH { other.manifest_reply(&[]) } else { world.answer(request) }
    })
    .await;
    let reference = reference(&moved, &format!("charts/web:1.0.0@{digest}"));
    let result = pull_with(options(&[&moved]), &reference, &Credentials::Anonymous).await;
    refused("moved tag", result, PullClass::Integrity, "chart reference digest mismatch");
}

#[tokio::test]
async fn wrong_manifest_bytes_for_a_digest() {
    let world = World::new();
    let digest = world.manifest_digest();
    let server = FaultServer::start(move |_| {
        let manifest = [b" ".as_slice(), &world.manifest].concat();
        Reply::new(200, &[("Content-Type", MANIFEST_TYPE)], &manifest)
    })
    .await;
    let reference = reference(&server, &format!("charts/web@{digest}"));
    let result = pull_with(options(&[&server]), &reference, &Credentials::Anonymous).await;
    refused("other bytes", result, PullClass::Integrity, "digest mismatch for manifest");
    assert_eq!(server.requests().len(), 1, "a wrong digest is not tried again");
}

#[tokio::test]
async fn docker_content_digest_headers() {
    let right = World::new().manifest_digest();
    let lie = Digest::sha256(b"something else").to_string();
    let sha512 = format!("sha512:{}", "0".repeat(128));
    for (header, message) in [
        (right.as_str(), None),
        ("", None),
        (lie.as_str(), Some("digest mismatch")),
        (sha512.as_str(), Some("digest mismatch")),
        ("md5:d41d8cd98f00b204e9800998ecf8427e", Some("is not a digest")),
        ("sha256:xyz", Some("is not a digest")),
        ("nonsense", Some("is not a digest")),
    ] {
        let world = World::new();
        let header = header.to_owned();
        let shown = header.clone();
        let result = pull_from(move |request| {
            if request.path == MANIFEST_PATH {
                world.manifest_reply(&[("Docker-Content-Digest", &header)])
            } else {
                world.answer(request)
            }
        })
        .await;
        match message {
            None => assert!(result.is_ok(), "{shown}: {result:?}"),
            Some(message) => refused(&shown, result, PullClass::Integrity, message),
        }
    }
}

#[tokio::test]
async fn blobs_that_are_not_what_they_should_be() {
    type Spoil = fn(&World) -> Reply;
    let cases: [(&str, Spoil, &str); 9] = [
        (
            "one bit flipped",
            |world| {
                let mut archive = world.archive.clone();
                archive[20_000] ^= 1;
                Reply::new(200, &[], &archive)
            },
            "digest mismatch for the chart layer of charts/web: want sha256:",
        ),
        (
            "shorter as a whole",
            |world| Reply::new(200, &[], &world.archive[..100]),
            "its descriptor says 40000 bytes, the registry sent 100",
        ),
        (
            "longer as a whole",
            |world| Reply::new(200, &[], &[&world.archive[..], b"x"].concat()),
            "the registry sent 40001",
        ),
        ("empty", |_| Reply::new(200, &[], b""), "the registry sent 0"),
        ("endless", |_| Reply::endless(&[], b'x'), "the registry sent 40001"),
        (
            "huge Content-Length",
            |world| Reply::exactly(200, &[("Content-Length", "9223372036854775807")], &world.archive),
            "the registry sent 9223372036854775807",
        ),
        (
            "encoded by a proxy",
            |world| Reply::new(200, &[("Content-Encoding", "gzip")], &world.archive),
            "Content-Encoding gzip",
        ),
        ("not there", |_| Reply::error(404, "BLOB_UNKNOWN", "blob unknown"), "has lost the chart layer sha256:"),
        ("partial content", |world| Reply::new(206, &[], &world.archive[..100]), "the registry sent 100"),
    ];
    for (case, spoil, message) in cases {
        let world = World::new();
        let blob = world.blob_path();
        let server =
            FaultServer::start(move |request| if request.path == blob { spoil(&world) } else { world.answer(request) })
                .await;
        let error = pull(&server, &Credentials::Anonymous).await.expect_err(case);
        assert!(matches!(error.class(), PullClass::Integrity | PullClass::NotFound), "{case}: {error}");
        assert!(error.to_string().contains(message), "{case}: {error}");
        assert_eq!(server.requests().len(), 2, "{case}: it is not tried again");
    }
}

#[tokio::test]
async fn blobs_that_break_off_are_fetched_again() {
    type Spoil = fn(&World) -> Reply;
    let cases: [(&str, Spoil); 5] = [
        ("fewer bytes than Content-Length", |world| {
            Reply::exactly(200, &[("Content-Length", "40000")], &world.archive[..100])
        }),
        ("fewer bytes and no length", |world| Reply::exactly(200, &[], &world.archive[..100])),
        ("an unfinished chunk", |_| Reply::exactly(200, &[("Transfer-Encoding", "chunked")], b"9c40\r\nabc")),
        ("two different lengths", |world| {
            Reply::exactly(200, &[("Content-Length", "40000"), ("Content-Length", "1")], &world.archive)
        }),
        ("not HTTP", |_| Reply::raw(b"SSH-2.0-OpenSSH_9.7\r\n\r\n")),
    ];
    for (case, spoil) in cases {
        let world = World::new();
        let blob = world.blob_path();
        let expected = world.archive.clone();
        let path = blob.clone();
        let server = FaultServer::start(move |request| {
            if request.path == path && request.earlier < 2 { spoil(&world) } else { world.answer(request) }
        })
        .await;
        let pulled = pull(&server, &Credentials::Anonymous).await.expect(case);
        assert_eq!(pulled.archive, expected, "{case}");
        assert_eq!(server.count(&blob), 3, "{case}");
    }

    let world = World::new();
    let blob = world.blob_path();
    let path = blob.clone();
    let server = FaultServer::start(move |request| {
        if request.path == path {
            Reply::exactly(200, &[("Content-Length", "40000")], &world.archive[..100])
        } else {
            world.answer(request)
        }
    })
    .await;
    let result = pull(&server, &Credentials::Anonymous).await;
    refused("always", result, PullClass::Unreachable, "broke off its answer");
    assert_eq!(server.count(&blob), 5);
}

#[tokio::test]
async fn a_blob_without_a_length_is_fine() {
    for headers in [&[][..], &[("Transfer-Encoding", "chunked")][..]] {
        let world = World::new();
        let blob = world.blob_path();
        let chunked = !headers.is_empty();
        let result = pull_from(move |request| {
            if request.path != blob {
                return world.answer(request);
            }
            let body = if chunked {
                [b"9c40\r\n".as_slice(), &world.archive, b"\r\n0\r\n\r\n"].concat()
            } else {
                world.archive.clone()
            };
            Reply::exactly(200, headers, &body)
        })
        .await;
        assert!(result.is_ok(), "{result:?}");
    }
}

#[tokio::test]
async fn descriptors_that_cannot_be_right() {
    let good = World::new();
    let digest = Digest::sha256(&good.archive).to_string();
    for (size, message) in [
        ("9223372036854775807", "larger than 20971520 bytes"),
        ("-1", "negative"),
        ("1e30", "not a usable manifest"),
        ("\"40000\"", "not a usable manifest"),
        ("39999", "its descriptor says 39999 bytes"),
        ("40001", "its descriptor says 40001 bytes"),
    ] {
        let world = World::with_layers(&[descriptor_with(CHART_LAYER_MEDIA_TYPE, &digest, size)]);
        let error = pull_from(move |request| world.answer(request)).await.expect_err(size);
        assert!(error.to_string().contains(message), "{size}: {error}");
    }
    let world = World::with_layers(&[descriptor_with(CHART_LAYER_MEDIA_TYPE, "sha256:../../x", "1")]);
    let result = pull_from(move |request| world.answer(request)).await;
    refused("digest with a path", result, PullClass::Integrity, "the digest of the chart layer");
}

#[tokio::test]
async fn descriptor_urls_are_ignored() {
    let evil = FaultServer::start(|_| Reply::new(200, &[], b"evil")).await;
    let world = World::new();
    let layer = descriptor(CHART_LAYER_MEDIA_TYPE, &world.archive)
        .replace('}', &format!(r#","urls":["http://{}/"]}}"#, evil.host));
    let world = World::with_layers(&[layer]);
    let server = FaultServer::start(move |request| world.answer(request)).await;
    let reference = reference(&server, "charts/web:1.0.0");
    pull_with(options(&[&server, &evil]), &reference, &Credentials::Anonymous).await.unwrap();
    assert_eq!(evil.requests().len(), 0);
}

#[tokio::test]
async fn manifests_that_are_none_of_ours() {
    let good = World::new();
    let layer = descriptor(CHART_LAYER_MEDIA_TYPE, &good.archive);
    let image = "application/vnd.oci.image.config.v1+json";
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let chart = text(good.manifest.clone());
    let both = chart.replace("\"layers\"", "\"manifests\":[],\"layers\"");
    let million = vec![r#"{"mediaType":"a","digest":"b","size":1}"#.to_owned(); 90_000];
    for (case, manifest, media_type, message) in [
        (
            "a container image",
            text(manifest_of(image, std::slice::from_ref(&layer))),
            MANIFEST_TYPE,
            "not a Helm chart: its config is application/vnd.oci.image",
        ),
        ("no layer", text(manifest_of(CONFIG_MEDIA_TYPE, &[])), MANIFEST_TYPE, "no layer at all"),
        (
            "two charts",
            text(manifest_of(CONFIG_MEDIA_TYPE, &[layer.clone(), layer])),
            MANIFEST_TYPE,
            "more than one chart layer",
        ),
        ("both kinds", both, MANIFEST_TYPE, "both an image manifest and an index"),
        ("mediaType differs", chart.clone(), INDEX_TYPE, "differs from the Content-Type"),
        (
            "a login page",
            "<html>sign in</html>".to_owned(),
            "text/html; charset=utf-8",
            "expected an OCI image manifest or index, got text/html",
        ),
        (
            "a Docker manifest",
            chart.replace(MANIFEST_TYPE, "application/vnd.docker.distribution.manifest.v2+json"),
            "application/vnd.docker.distribution.manifest.v2+json",
            "Docker image manifest",
        ),
        ("deep JSON", "[".repeat(1_000_000), MANIFEST_TYPE, "not a usable manifest"),
        ("very many layers", text(manifest_of(CONFIG_MEDIA_TYPE, &million)), MANIFEST_TYPE, "more than 128 layers"),
    ] {
        let server =
            FaultServer::start(move |_| Reply::new(200, &[("Content-Type", media_type)], manifest.as_bytes())).await;
        let error = pull(&server, &Credentials::Anonymous).await.expect_err(case);
        assert!(matches!(error.class(), PullClass::Integrity | PullClass::Limit), "{case}: {error}");
        assert!(error.to_string().contains(message), "{case}: {error:.400}");
        assert_eq!(server.requests().len(), 1, "{case}");
    }
}

#[tokio::test]
async fn endless_and_huge_answers_stop_at_their_limits() {
    let endless = pull_from(|_| Reply::endless(&[("Content-Type", MANIFEST_TYPE)], b' ')).await;
    refused("endless manifest", endless, PullClass::Limit, "larger than 4194304 bytes");

    let huge = vec![b' '; 5 * 1024 * 1024];
    let huge = pull_from(move |_| Reply::new(200, &[("Content-Type", MANIFEST_TYPE)], &huge)).await;
    refused("huge manifest", huge, PullClass::Limit, "larger than 4194304 bytes");

    let error_body = pull_from(|_| {
        let mut reply = Reply::endless(&[], b'x');
        reply.set_status(403);
        reply
    })
    .await;
    refused("endless error body", error_body, PullClass::Permission, "denies permission");
}

#[tokio::test]
async fn an_index_with_exactly_one_chart() {
    let chart = World::new();
    let image = manifest_of("application/vnd.oci.image.config.v1+json", &[]);
    let chart_entry = descriptor(MANIFEST_TYPE, &chart.manifest);
    let image_entry = descriptor(MANIFEST_TYPE, &image);
    let index_of = |entries: &[&String]| {
        let entries: Vec<&str> = entries.iter().map(|entry| entry.as_str()).collect();
        format!(r#"{{"schemaVersion":2,"mediaType":"{INDEX_TYPE}","manifests":[{}]}}"#, entries.join(","))
    };
    let many = vec![&chart_entry; 17];
    for (case, index, message) in [
        ("one chart", index_of(&[&image_entry, &chart_entry]), None),
        ("no chart", index_of(&[&image_entry]), Some("the index holds no Helm chart, only application/vnd.oci.image")),
        ("empty", index_of(&[]), Some("the index holds no Helm chart, only nothing")),
        ("two charts", index_of(&[&chart_entry, &chart_entry]), Some("the index holds 2 Helm charts")),
        ("too many", index_of(&many), Some("more than 16 manifests")),
    ] {
        let (chart, image) = (chart.clone(), image.clone());
        let image_path = format!("/v2/charts/web/manifests/{}", Digest::sha256(&image));
        let archive = chart.archive.clone();
        let digest = Digest::sha256(index.as_bytes());
        let result = pull_from(move |request| {
            if request.path == MANIFEST_PATH {
                Reply::new(200, &[("Content-Type", INDEX_TYPE)], index.as_bytes())
            } else if request.path == image_path {
                Reply::new(200, &[("Content-Type", MANIFEST_TYPE)], &image)
            } else {
                chart.answer(request)
            }
        })
        .await;
        match message {
            None => {
                let pulled = result.expect(case);
                assert_eq!(pulled.archive, archive);
                assert_eq!(pulled.digest, digest, "the reference stands for the index");
            }
            Some(message) => {
                let error = result.expect_err(case).to_string();
                assert!(error.contains(message), "{case}: {error}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_not_there() {
    let world = World::new();
    let server = FaultServer::start(move |request| world.answer(request)).await;
    for (rest, message) in [
        ("charts/web:2.0.0", "charts/web in registry 127.0.0.1"),
        ("charts/web:2.0.0", "has no 2.0.0 (it says: MANIFEST_UNKNOWN: manifest unknown); check the version"),
        ("charts/other:1.0.0", "has no repository charts/other (it says: NAME_UNKNOWN"),
    ] {
        let result = pull_with(options(&[&server]), &reference(&server, rest), &Credentials::Anonymous).await;
        refused(rest, result, PullClass::NotFound, message);
    }
    assert_eq!(server.requests().len(), 3, "no other tag is tried");
}
