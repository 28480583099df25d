//! Which bytes does a registry have for this chart, and are they the right ones?
//!
//! A [`Puller`] fetches a Helm chart from an OCI registry the way `helm pull` does (media types, tags for versions,
//! token and Basic login), with bounds Helm does not have: nothing is parsed before its digest has been checked,
//! every answer has a size limit, every wait ends at the caller's deadline, credentials go to the registry's own
//! origin only, and plain HTTP only to hosts the caller has listed. The reference and media types are those of the
//! OCI distribution and image specifications; transport and login are this module's own.
//!
//! The module only ever sends GET requests. It installs no TLS provider: the binary does that once, before the
//! first [`Puller::new`].
//!
//! ```no_run
//! use std::time::{Duration, Instant};
//! use aktus_helm::oci::{Credentials, Puller, PullerOptions, Reference};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let puller = Puller::new(PullerOptions::default())?;
//! let reference: Reference = "oci://registry.example/charts/web:1.2.3".parse()?;
//! let until = Instant::now() + Duration::from_secs(60);
//! let pulled = puller.pull(&reference, None, &Credentials::Anonymous, until).await?;
//! println!("{} bytes, {}", pulled.archive.len(), pulled.digest);
//! # Ok(())
//! # }
//! ```

mod challenge;
mod credentials;
mod digest;
mod download;
mod error;
mod hosts;
mod limits;
mod manifest;
mod proxy;
mod reference;
mod schemas;
mod session;
mod transport;
mod versions;

use std::fmt;
use std::time::Instant;

pub use credentials::{Credentials, Keychain, KeychainError};
pub use digest::{Digest, DigestError};
pub use error::{PullClass, PullError, RedirectProblem};
pub use limits::{PullLimits, RetryPolicy, Timeouts};
pub use manifest::{
    CHART_LAYER_MEDIA_TYPE, CONFIG_MEDIA_TYPE, LEGACY_CHART_LAYER_MEDIA_TYPE, PROVENANCE_LAYER_MEDIA_TYPE,
};
pub use proxy::Proxy;
pub use reference::{Reference, ReferenceError};
pub use schemas::{AllowedAddress, AllowedAddressError, FetchedSchemas};

use manifest::{Content, Document};
use session::{Fetched, Session};
use transport::Transport;

/// What a [`Puller`] may do and how long.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PullerOptions {
    /// Sizes and counts.
    pub limits: PullLimits,
    /// Silences.
    pub timeouts: Timeouts,
    /// Repeated tries.
    pub retry: RetryPolicy,
    /// Registries, token servers and redirect targets that are spoken to in plain HTTP, as `host` (port 80) or
    /// `host:port`. Every other host is spoken to in TLS.
    pub plain_http_hosts: Vec<String>,
    /// Further hosts that may be a registry's token server, or lie at an internal address a redirect leads to, as
    /// `host` (port 443) or `host:port`. Amazon ECR and Docker Hub need none.
    pub trusted_hosts: Vec<String>,
    /// Certificate authorities to trust besides the system's, each a PEM text with one or more certificates.
    pub certificate_authorities: Vec<Vec<u8>>,
    /// The proxy for hosts that are spoken to in TLS; none asks them directly.
    pub proxy: Option<Proxy>,
    /// Whether to fetch the provenance file if there is one.
    pub provenance: bool,
    /// The `User-Agent` header.
    pub user_agent: String,
}

impl Default for PullerOptions {
    fn default() -> PullerOptions {
        PullerOptions {
            limits: PullLimits::default(),
            timeouts: Timeouts::default(),
            retry: RetryPolicy::default(),
            plain_http_hosts: Vec::new(),
            trusted_hosts: Vec::new(),
            certificate_authorities: Vec::new(),
            proxy: None,
            provenance: false,
            user_agent: concat!("aktus-helm/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// A chart as it came from the registry. Every part has been checked against its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pulled {
    /// The chart archive, a gzipped tar, not yet unpacked.
    pub archive: Vec<u8>,
    /// The digest the reference stands for: that of the manifest, or of the index it was found in.
    pub digest: Digest,
    /// The digest of the archive.
    pub archive_digest: Digest,
    /// The reference that was pulled, with the tag that a version was resolved to.
    pub reference: Reference,
    /// The provenance file, if it was asked for and is there.
    pub provenance: Option<Vec<u8>>,
    /// The layer has the media type of Helm before 3.7; current Helm warns about it.
    pub legacy_media_type: bool,
}

/// Pulls charts from OCI registries. One puller serves many pulls and keeps connections between them.
pub struct Puller {
    transport: Transport,
    options: PullerOptions,
}

impl fmt::Debug for Puller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Puller").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Puller {
    /// Sets up the HTTP client. Errors when a certificate authority is not PEM or no TLS provider is installed.
    pub fn new(options: PullerOptions) -> Result<Puller, PullError> {
        Ok(Puller { transport: Transport::new(&options)?, options })
    }

    /// Pulls the chart that `reference` and `version` name, by `until` at the latest.
    ///
    /// As in Helm (`pkg/registry/client.go`, `ValidateReference`): a version and a tag must agree; a version is
    /// used as the tag; a constraint such as `^1.2` takes the highest tag that satisfies it; with neither tag,
    /// version nor digest the highest stable version is taken. A digest in the reference always decides, and a tag
    /// beside it must stand for the same content if it exists.
    pub async fn pull(
        &self,
        reference: &Reference,
        version: Option<&str>,
        keychain: &dyn Keychain,
        until: Instant,
    ) -> Result<Pulled, PullError> {
        let until = tokio::time::Instant::from_std(until);
        let mut session = Session::new(&self.transport, &self.options.retry, reference, keychain, until)?;
        let resolved = resolve(&mut session, reference, version).await?;

        let wanted = match (resolved.digest(), resolved.tag()) {
            (Some(digest), _) => digest.to_string(),
            (None, Some(tag)) => tag.to_owned(),
            (None, None) => return Err(PullError::NoVersions { reference: resolved.to_string() }),
        };
        let Fetched { digest, document } = session.manifest(&wanted).await?;
        if let (Some(pinned), Some(tag)) = (resolved.digest(), resolved.tag()) {
            check_pin(&mut session, tag, pinned).await?;
        }
        let layers = self.layers(&mut session, &resolved, document).await?;

        let archive = session.blob("the chart layer", &layers.archive).await?;
        let provenance = match layers.provenance.filter(|_| self.options.provenance) {
            Some(Content { digest, size }) => {
                Some(session.blob("the provenance layer", &Content { digest, size }).await?)
            }
            None => None,
        };
        Ok(Pulled {
            archive,
            digest,
            archive_digest: layers.archive.digest,
            reference: resolved,
            provenance,
            legacy_media_type: layers.legacy,
        })
    }

    /// The versions a repository has, highest first: its tags that are strict semantic versions, `_` read as `+`
    /// (Helm's `Tags`).
    pub async fn versions(
        &self,
        reference: &Reference,
        keychain: &dyn Keychain,
        until: Instant,
    ) -> Result<Vec<String>, PullError> {
        let until = tokio::time::Instant::from_std(until);
        let mut session = Session::new(&self.transport, &self.options.retry, reference, keychain, until)?;
        Ok(versions::sorted(&session.tags().await?))
    }

    /// The layers of a manifest, or of the one chart in an index.
    async fn layers(
        &self,
        session: &mut Session<'_>,
        reference: &Reference,
        document: Document,
    ) -> Result<manifest::ChartLayers, PullError> {
        let limits = &self.options.limits;
        let what = reference.to_string();
        let index = match document {
            Document::Manifest(manifest) => return manifest::chart_layers(&what, &manifest, limits),
            Document::Index(index) => index,
        };
        let mut charts = Vec::new();
        let mut found = Vec::new();
        for entry in &index.manifests {
            let digest = Digest::parse(&entry.digest).map_err(|error| PullError::Manifest {
                what: what.clone(),
                cause: format!("the digest of an entry: {error}"),
            })?;
            match session.manifest(&digest.to_string()).await?.document {
                Document::Manifest(manifest) if manifest::is_chart(&manifest) => charts.push(*manifest),
                Document::Manifest(manifest) => found.push(manifest.config.media_type),
                Document::Index(_) => found.push("an index".to_owned()),
            }
        }
        match charts.as_slice() {
            [chart] => manifest::chart_layers(&what, chart, limits),
            [] => Err(PullError::NotAChart {
                what,
                cause: format!("the index holds no Helm chart, only {}", shown_list(&found)),
            }),
            charts => Err(PullError::NotAChart {
                what,
                cause: format!("the index holds {} Helm charts; name one by its digest", charts.len()),
            }),
        }
    }
}

fn shown_list(found: &[String]) -> String {
    if found.is_empty() {
        return "nothing".to_owned();
    }
    let shown: Vec<String> = found.iter().take(5).map(|found| error::printable(found, 100)).collect();
    shown.join(", ")
}

/// The reference with the tag that a version or constraint stands for.
async fn resolve(
    session: &mut Session<'_>,
    reference: &Reference,
    version: Option<&str>,
) -> Result<Reference, PullError> {
    let version = version.filter(|version| !version.is_empty());
    if let (Some(version), Some(tag)) = (version, reference.version())
        && version != tag
        && Some(version) != reference.tag()
    {
        return Err(PullError::VersionMismatch { version: version.to_owned(), tag });
    }
    if reference.tag().is_some() {
        return Ok(reference.clone());
    }
    match version {
        None if reference.digest().is_some() => return Ok(reference.clone()),
        Some(version) if versions::is_version(version) => return Ok(reference.with_tag(version)?),
        None | Some(_) => {}
    }
    let available = versions::sorted(&session.tags().await?);
    if available.is_empty() {
        return Err(PullError::NoVersions { reference: reference.to_string() });
    }
    let chosen = versions::matching(&available, version)?;
    Ok(reference.with_tag(chosen)?)
}

/// A tag beside a digest must stand for that digest; that it does not exist is no objection, as in Helm.
async fn check_pin(session: &mut Session<'_>, tag: &str, pinned: &Digest) -> Result<(), PullError> {
    match session.manifest(tag).await {
        Ok(fetched) => {
            // The tag's digest is sha256; a pin by sha512 cannot be compared with it, and was checked itself.
            let same_kind = fetched.digest.to_string().split(':').next() == pinned.to_string().split(':').next();
            if same_kind && fetched.digest != *pinned {
                return Err(PullError::PinMismatch { found: fetched.digest, expected: pinned.clone() });
            }
            Ok(())
        }
        Err(PullError::ManifestNotFound { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
