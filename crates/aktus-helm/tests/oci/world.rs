//! A chart in a registry that does everything right, for tests to break one thing at a time.

use std::time::{Duration, Instant};

use aktus_helm::oci::{
    CHART_LAYER_MEDIA_TYPE, CONFIG_MEDIA_TYPE, Credentials, Digest, Keychain, PullError, Pulled, Puller, PullerOptions,
    Reference, RetryPolicy, Timeouts,
};
use secrecy::SecretString;

use crate::server::{FaultServer, Reply, Request};

pub(crate) const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX_TYPE: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const REPOSITORY: &str = "charts/web";
pub(crate) const MANIFEST_PATH: &str = "/v2/charts/web/manifests/1.0.0";
pub(crate) const PASSWORD: &str = "canary-password";

/// One published chart, version 1.0.0. The archive is any bytes: a puller does not unpack.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) archive: Vec<u8>,
    pub(crate) manifest: Vec<u8>,
}

impl World {
    pub(crate) fn new() -> World {
        let archive: Vec<u8> = (0..40_000_u32).map(|number| (number * 7 % 251) as u8).collect();
        let layer = descriptor(CHART_LAYER_MEDIA_TYPE, &archive);
        let manifest = manifest_of(CONFIG_MEDIA_TYPE, &[layer]);
        World { archive, manifest }
    }

    pub(crate) fn with_layers(layers: &[String]) -> World {
        World { manifest: manifest_of(CONFIG_MEDIA_TYPE, layers), ..World::new() }
    }

    pub(crate) fn blob_path(&self) -> String {
        format!("/v2/{REPOSITORY}/blobs/{}", Digest::sha256(&self.archive))
    }

    pub(crate) fn manifest_digest(&self) -> String {
        Digest::sha256(&self.manifest).to_string()
    }

    /// What a good registry answers.
    pub(crate) fn answer(&self, request: &Request) -> Reply {
        let by_digest = format!("/v2/{REPOSITORY}/manifests/{}", self.manifest_digest());
        if request.path == MANIFEST_PATH || request.path == by_digest {
            self.manifest_reply(&[("Docker-Content-Digest", &self.manifest_digest())])
        } else if request.path == self.blob_path() {
            Reply::new(200, &[("Content-Type", "application/octet-stream")], &self.archive)
        } else if request.path.starts_with(&format!("/v2/{REPOSITORY}/")) {
            Reply::error(404, "MANIFEST_UNKNOWN", "manifest unknown")
        } else {
            Reply::error(404, "NAME_UNKNOWN", "repository name not known to registry")
        }
    }

    pub(crate) fn manifest_reply(&self, headers: &[(&str, &str)]) -> Reply {
        let mut all = vec![("Content-Type", MANIFEST_TYPE)];
        all.extend_from_slice(headers);
        Reply::new(200, &all, &self.manifest)
    }
}

pub(crate) fn descriptor(media_type: &str, content: &[u8]) -> String {
    descriptor_with(media_type, &Digest::sha256(content).to_string(), &content.len().to_string())
}

pub(crate) fn descriptor_with(media_type: &str, digest: &str, size: &str) -> String {
    format!(r#"{{"mediaType":"{media_type}","digest":"{digest}","size":{size}}}"#)
}

pub(crate) fn manifest_of(config: &str, layers: &[String]) -> Vec<u8> {
    let config = descriptor(config, b"{}");
    let layers = layers.join(",");
    format!(r#"{{"schemaVersion":2,"mediaType":"{MANIFEST_TYPE}","config":{config},"layers":[{layers}]}}"#).into_bytes()
}

/// Options that know the test servers and wait only briefly.
pub(crate) fn options(servers: &[&FaultServer]) -> PullerOptions {
    let mut options = PullerOptions::default();
    options.plain_http_hosts = servers.iter().map(|server| server.host.clone()).collect();
    options.retry =
        RetryPolicy { tries: 5, first_pause: Duration::from_millis(1), longest_pause: Duration::from_millis(4) };
    options.timeouts = Timeouts {
        connect: Duration::from_secs(2),
        header: Duration::from_millis(250),
        idle: Duration::from_millis(250),
    };
    options
}

pub(crate) fn reference(server: &FaultServer, rest: &str) -> Reference {
    format!("oci://{}/{rest}", server.host).parse().unwrap()
}

pub(crate) fn basic() -> Credentials {
    Credentials::Basic { username: "AWS".to_owned(), password: SecretString::from(PASSWORD) }
}

/// `Basic` of [`basic`] as it is sent.
pub(crate) const BASIC: &str = "Basic QVdTOmNhbmFyeS1wYXNzd29yZA==";

pub(crate) async fn pull_with(
    options: PullerOptions,
    reference: &Reference,
    keychain: &dyn Keychain,
) -> Result<Pulled, PullError> {
    let until = Instant::now() + Duration::from_secs(20);
    Puller::new(options).unwrap().pull(reference, None, keychain, until).await
}

/// Pulls version 1.0.0 from this server.
pub(crate) async fn pull(server: &FaultServer, keychain: &dyn Keychain) -> Result<Pulled, PullError> {
    pull_with(options(&[server]), &reference(server, "charts/web:1.0.0"), keychain).await
}
