//! Where does the sandbox pull its chart from? An OCI registry in this process.
//!
//! Reading follows the OCI distribution specification 1.1: `/v2/`, manifests and blobs by GET and
//! HEAD, ranges of blobs, tag lists with pages. Content is pushed from Rust, not over HTTP. The
//! registry may ask for Basic or Bearer authentication, keeps a log of requests that holds no
//! secret, and misbehaves on demand (see [`Fault`]).
//!
//! Three servers belong to it, each on its own port of 127.0.0.1: the registry, its token endpoint
//! and a storage host that blobs can be redirected to, which refuses requests that carry an
//! `Authorization` header as Amazon S3 does.

mod access;
mod answer;
mod faults;
mod store;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

pub use access::Authentication;
pub use faults::{Fault, FaultRule, Faults, On};

use crate::listener::Listener;
use store::Store;

/// Media type of an OCI image manifest.
pub const MANIFEST_MEDIA_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
/// Media type of the configuration of a Helm chart (helm `pkg/registry/constants.go`).
pub const CHART_CONFIG_MEDIA_TYPE: &str = "application/vnd.cncf.helm.config.v1+json";
/// Media type of a chart archive.
pub const CHART_LAYER_MEDIA_TYPE: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
/// Media type of a provenance file.
pub const PROVENANCE_LAYER_MEDIA_TYPE: &str = "application/vnd.cncf.helm.chart.provenance.v1.prov";
/// The media type that Helm's experimental OCI support gave to chart archives.
pub const LEGACY_CHART_LAYER_MEDIA_TYPE: &str = "application/tar+gzip";

/// Which of the registry's three servers a request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The registry itself.
    Registry,
    /// The token endpoint of Bearer authentication.
    Token,
    /// The host that blobs are redirected to.
    Storage,
}

/// One request as the registry saw it. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestRecord {
    /// Which server was asked.
    pub part: Part,
    /// The method in capitals.
    pub method: String,
    /// The path with its percent escapes.
    pub path: String,
    /// What followed the question mark.
    pub query: String,
    /// The status answered; `None` when a fault sent no answer.
    pub status: Option<u16>,
    /// The scheme of the `Authorization` header (`Basic`, `Bearer`), never its value.
    pub authorization: Option<String>,
    /// The `Range` header.
    pub range: Option<String>,
    /// The `Accept-Encoding` header.
    pub accept_encoding: Option<String>,
}

/// Everything the three servers share.
struct State {
    store: Store,
    access: access::Access,
    faults: Vec<FaultRule>,
    requests: Vec<RequestRecord>,
    page_size: Option<usize>,
    storage_url: String,
    token_url: String,
}

impl fmt::Debug for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither the tokens nor the megabytes of content.
        formatter.debug_struct("State").field("faults", &self.faults).finish_non_exhaustive()
    }
}

/// An OCI registry on 127.0.0.1, stopped by dropping it.
#[derive(Debug)]
pub struct Server {
    state: Arc<Mutex<State>>,
    registry: Listener,
    token: Listener,
    storage: Listener,
}

impl Server {
    /// Starts an empty registry that anybody may read.
    ///
    /// Errors when no port can be opened. Must be called inside a Tokio runtime.
    pub async fn start() -> io::Result<Self> {
        let state = Arc::new(Mutex::new(State {
            store: Store::default(),
            access: access::Access::default(),
            faults: Vec::new(),
            requests: Vec::new(),
            page_size: None,
            storage_url: String::new(),
            token_url: String::new(),
        }));
        let listen = |part: Part| {
            let state = Arc::clone(&state);
            Listener::start(move |request| answer::answer(&mut lock(&state), part, &request))
        };
        let (registry, token, storage) =
            (listen(Part::Registry).await?, listen(Part::Token).await?, listen(Part::Storage).await?);
        {
            let mut state = lock(&state);
            state.storage_url = storage.url();
            state.token_url = token.url();
        }
        Ok(Self { state, registry, token, storage })
    }

    /// `127.0.0.1:PORT`, the host part of a reference.
    pub fn host(&self) -> String {
        self.registry.address().to_string()
    }

    /// `http://127.0.0.1:PORT`, without a final slash.
    pub fn url(&self) -> String {
        self.registry.url()
    }

    /// The host and port of the token endpoint.
    pub fn token_host(&self) -> String {
        self.token.address().to_string()
    }

    /// The host and port that [`Fault::RedirectToStorage`] points at.
    pub fn storage_host(&self) -> String {
        self.storage.address().to_string()
    }

    /// Stores a chart as `helm push` does and returns the digest of its manifest (`sha256:…`).
    ///
    /// `archive` is the `.tgz`, `config_json` the chart's metadata as JSON. A tag that exists is
    /// moved. The tag is taken as given: Helm writes the `+` of a version as `_`.
    pub fn push_chart(&self, repository: &str, tag: &str, archive: &[u8], config_json: &[u8]) -> String {
        self.push_layers(repository, tag, config_json, &[(CHART_LAYER_MEDIA_TYPE, archive)])
    }

    /// Stores a chart and its provenance file and returns the digest of the manifest.
    pub fn push_signed_chart(
        &self,
        repository: &str,
        tag: &str,
        archive: &[u8],
        provenance: &[u8],
        config_json: &[u8],
    ) -> String {
        let layers = [(CHART_LAYER_MEDIA_TYPE, archive), (PROVENANCE_LAYER_MEDIA_TYPE, provenance)];
        self.push_layers(repository, tag, config_json, &layers)
    }

    /// Stores a manifest with a Helm configuration and these layers, each a media type and its
    /// bytes, and returns the digest of the manifest.
    pub fn push_layers(&self, repository: &str, tag: &str, config_json: &[u8], layers: &[(&str, &[u8])]) -> String {
        let config = self.descriptor(repository, CHART_CONFIG_MEDIA_TYPE, config_json);
        let layers: Vec<Value> =
            layers.iter().map(|(media_type, bytes)| self.descriptor(repository, media_type, bytes)).collect();
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST_MEDIA_TYPE,
            "config": config,
            "layers": layers,
        });
        self.push_manifest(repository, Some(tag), MANIFEST_MEDIA_TYPE, manifest.to_string().as_bytes())
    }

    /// Stores a blob and returns its digest.
    pub fn push_blob(&self, repository: &str, bytes: &[u8]) -> String {
        lock(&self.state).store.push_blob(repository, bytes)
    }

    /// Stores a manifest exactly as given, valid or not, and returns its digest. With a tag, the
    /// tag points at it from now on.
    pub fn push_manifest(&self, repository: &str, tag: Option<&str>, media_type: &str, bytes: &[u8]) -> String {
        lock(&self.state).store.push_manifest(repository, tag, media_type, bytes)
    }

    /// Removes a tag; true when it existed. The manifest stays readable by digest.
    pub fn remove_tag(&self, repository: &str, tag: &str) -> bool {
        lock(&self.state).store.remove_tag(repository, tag)
    }

    /// Decides who may read from now on.
    pub fn set_authentication(&self, authentication: Authentication) {
        lock(&self.state).access.set(authentication);
    }

    /// Asks for this user and password by Basic authentication from now on.
    pub fn require_basic(&self, user: &str, password: &str) {
        self.set_authentication(Authentication::Basic { user: user.to_owned(), password: password.to_owned() });
    }

    /// Makes every token that was issued so far invalid.
    pub fn expire_tokens(&self) {
        lock(&self.state).access.expire_tokens();
    }

    /// Names another token endpoint in the Bearer challenge, as a hostile registry would; `None`
    /// names the registry's own again.
    pub fn set_token_realm(&self, realm: Option<&str>) {
        lock(&self.state).access.set_realm(realm.map(str::to_owned));
    }

    /// Lists at most this many tags per page even when the client asks for none.
    pub fn set_page_size(&self, tags: usize) {
        lock(&self.state).page_size = Some(tags.max(1));
    }

    /// The switch for faults.
    pub fn faults(&self) -> Faults<'_> {
        Faults::new(&self.state)
    }

    /// Every request so far, oldest first.
    pub fn requests(&self) -> Vec<RequestRecord> {
        lock(&self.state).requests.clone()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        lock(&self.state).requests.clear();
    }

    fn descriptor(&self, repository: &str, media_type: &str, bytes: &[u8]) -> Value {
        let digest = self.push_blob(repository, bytes);
        json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() })
    }
}

/// Locks the state; a panic elsewhere cannot leave it half-written, since every change is one step.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
