//! Fetching dependencies from classic repositories and registries: what is written, and what is refused with nothing
//! written.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use aktus_helm::dependency::{Remote, UpdateError, build, digest, update};
use aktus_helm::oci::{CHART_LAYER_MEDIA_TYPE, CONFIG_MEDIA_TYPE, Credentials, Digest, Puller};
use aktus_helm::{Chart, LoadOptions, pack};
use jiff::Timestamp;
use tempfile::TempDir;

use crate::server::{FaultServer, Reply, Request};
use crate::world::{World, descriptor, manifest_of, options};

/// A packed chart `web`.
fn archive(version: &str) -> Vec<u8> {
    let metadata = format!("apiVersion: v2\nname: web\nversion: {version}\n");
    pack("web", [("Chart.yaml", metadata.as_bytes())]).unwrap()
}

/// A chart that needs `web`.
fn parent(repository: &str, version: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let metadata = format!(
        "apiVersion: v2\nname: p\nversion: 1.0.0\ndependencies: [{{name: web, version: '{version}', repository: '{repository}'}}]\n"
    );
    fs::write(directory.path().join("Chart.yaml"), metadata).unwrap();
    directory
}

async fn run(server: &FaultServer, directory: &TempDir, again: bool) -> (Result<(), UpdateError>, Vec<String>) {
    let puller = Puller::new(options(&[server])).unwrap();
    let until = Instant::now() + Duration::from_secs(10);
    let remote = Remote { puller: &puller, keychain: &Credentials::Anonymous, until };
    let load = LoadOptions::default();
    let mut said = Vec::new();
    let mut say = |line: &str| said.push(line.to_owned());
    let now = Timestamp::UNIX_EPOCH;
    let done = if again {
        build(directory.path(), &load, &remote, now, &mut say).await
    } else {
        update(directory.path(), &load, &remote, now, &mut say).await
    };
    (done, said)
}

fn index(entries: &[(&str, &str, &str)]) -> Vec<u8> {
    let mut text = "apiVersion: v1\nentries:\n  web:\n".to_owned();
    for (version, url, digest) in entries {
        text.extend(["  - {name: web, version: ", version, ", urls: ['", url, "'], digest: '", digest, "'}\n"]);
    }
    text.into_bytes()
}

/// A repository at `/stable` with two versions of `web`.
fn repository(request: &Request) -> Reply {
    let sha = |archive: &[u8]| Digest::sha256(archive).to_string().trim_start_matches("sha256:").to_owned();
    let (old, new) = (archive("1.2.0"), archive("1.10.0"));
    match request.path.as_str() {
        "/stable/index.yaml" => {
            let entries = [
                ("1.2.0", "old/web-1.2.0.tgz", sha(&old)),
                ("1.10.0", "/elsewhere/web-1.10.0.tgz", sha(&new)),
                ("2.0.0-rc.1", "web-2.tgz", String::new()),
                ("1.11.0", "lie.tgz", sha(b"another")),
            ];
            let entries: Vec<_> = entries.iter().map(|(version, url, sha)| (*version, *url, sha.as_str())).collect();
            Reply::new(200, &[], &index(&entries))
        }
        "/stable/old/web-1.2.0.tgz" => Reply::new(200, &[], &old),
        "/elsewhere/web-1.10.0.tgz" | "/stable/lie.tgz" => Reply::new(200, &[], &new),
        "/stable/web-2.tgz" => Reply::new(200, &[], b"no archive"),
        "/empty/index.yaml" => Reply::new(200, &[], b"apiVersion: v1\nentries: {}\n"),
        "/broken/index.yaml" => Reply::new(200, &[], b"entries: ["),
        "/away/index.yaml" => Reply::redirect("http://127.0.0.2/index.yaml"),
        "/endless/index.yaml" => Reply::endless(&[], b'a'),
        _ => Reply::new(404, &[], b""),
    }
}

fn charts(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory.join("charts")).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_classic_repository_gives_the_best_version_and_a_lock() {
    let server = FaultServer::start(repository).await;
    let address = format!("http://{}/stable", server.host);
    let directory = parent(&address, ">=1.0 <1.11");
    fs::create_dir(directory.path().join("charts")).unwrap();
    fs::write(directory.path().join("charts/web-1.0.0.tgz"), archive("1.0.0")).unwrap();
    let (done, said) = run(&server, &directory, false).await;
    done.unwrap();
    assert_eq!(charts(directory.path()), ["web-1.10.0.tgz"]);
    assert_eq!(
        said,
        [
            "Getting updates for unmanaged Helm repositories...".to_owned(),
            format!("...Successfully got an update from the \"{address}\" chart repository"),
            "Saving 1 charts".to_owned(),
            format!("Downloading web from repo {address}"),
            "Deleting outdated charts".to_owned(),
        ]
    );
    let chart = Chart::from_directory(directory.path(), &LoadOptions::default()).unwrap();
    let lock = chart.lock().unwrap();
    let locked = lock.dependencies.clone().unwrap();
    assert_eq!((locked[0].version.as_str(), lock.generated.as_str()), ("1.10.0", "1970-01-01T00:00:00Z"));
    assert_eq!(lock.digest, digest(chart.metadata().dependencies.as_deref().unwrap(), &locked));
    fs::remove_file(directory.path().join("charts/web-1.10.0.tgz")).unwrap();
    run(&server, &directory, true).await.0.unwrap();
    assert_eq!(charts(directory.path()), ["web-1.10.0.tgz"]);
}

#[tokio::test]
async fn what_is_refused_leaves_everything_as_it_was() {
    let server = FaultServer::start(repository).await;
    let host = format!("http://{}", server.host);
    for (repository, version, expected) in [
        (format!("{host}/stable"), "^3", "can't get a valid version for 1 subchart(s)"),
        (format!("{host}/stable"), "1.11.0", "the index says"),
        (format!("{host}/stable"), "2.0.0-rc.1", "what was fetched is no chart"),
        (format!("{host}/stable"), "one", "has an invalid version/constraint format"),
        (format!("{host}/empty"), "1", "web chart not found in repo"),
        (format!("{host}/broken"), "1", "cannot be read"),
        (format!("{host}/none"), "1", "404"),
        (format!("{host}/away"), "1", "redirect not followed"),
        ("http://unlisted.example/charts".to_owned(), "1", "plain HTTP is spoken only to hosts that are listed"),
        ("https://user:canary@unlisted.example/charts".to_owned(), "1", "it holds a user name or password"),
        ("ftp://unlisted.example/charts".to_owned(), "1", "no repository definition for ftp://"),
        ("stable".to_owned(), "1", "no repository definition for stable"),
    ] {
        let directory = parent(&repository, version);
        let (done, _) = run(&server, &directory, false).await;
        let error = done.expect_err(&repository).to_string();
        assert!(error.contains(expected), "{repository}: {error}");
        assert!(charts(directory.path()).is_empty() && !directory.path().join("Chart.lock").exists(), "{repository}");
    }
}

#[tokio::test]
async fn an_index_without_end_is_cut_off() {
    let server = FaultServer::start(repository).await;
    let puller = Puller::new(options(&[&server])).unwrap();
    let address = format!("http://{}/endless/index.yaml", server.host);
    let error = puller.download(&address, 1 << 20, Instant::now() + Duration::from_secs(10)).await.unwrap_err();
    assert!(error.to_string().contains("1048576"), "{error}");
}

#[tokio::test]
async fn a_registry_gives_the_version_that_the_constraint_wants() {
    let archive = archive("1.0.0");
    let layer = descriptor(CHART_LAYER_MEDIA_TYPE, &archive);
    let world = World { manifest: manifest_of(CONFIG_MEDIA_TYPE, &[layer]), archive };
    let server = FaultServer::start(move |request| match request.path.as_str() {
        "/v2/charts/web/tags/list" => Reply::new(
            200,
            &[("Content-Type", "application/json")],
            br#"{"name":"charts/web","tags":["0.9.0","1.0.0","2.0.0"]}"#,
        ),
        _ => world.answer(request),
    })
    .await;
    let directory = parent(&format!("oci://{}/charts", server.host), "^1");
    let (done, said) = run(&server, &directory, false).await;
    done.unwrap();
    assert_eq!(charts(directory.path()), ["web-1.0.0.tgz"]);
    assert_eq!(said[2], format!("Pulled: {}/charts/web:1.0.0", server.host));
}
