//! How do we reach the API server, and whom do we trust?

use std::fmt;
#[cfg(feature = "kubeconfig")]
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use kube::client::{Body, ClientBuilder, ConfigExt as _};
#[cfg(feature = "kubeconfig")]
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls_platform_verifier::BuilderVerifierExt as _;
use tower::ServiceExt as _;

use super::retry::Backoff;
use super::token::TokenSource;
use crate::error::BoxError;

/// Where the API server is and how it knows us.
#[derive(Clone)]
pub enum Endpoint {
    /// A server by its address.
    Server {
        /// `https://…`; `http://` only for the loopback interface.
        url: String,
        /// PEM blocks of the authorities to trust; all of them count. `None`: the system's.
        certificate_authority: Option<Vec<u8>>,
        /// Gives bearer tokens; `None`: anonymous.
        token: Option<Arc<dyn TokenSource>>,
    },
    /// A kubeconfig as text.
    #[cfg(feature = "kubeconfig")]
    Kubeconfig {
        /// The YAML text.
        text: String,
        /// The context to use; `None`: the current one.
        context: Option<String>,
    },
    /// A kubeconfig file; files it names are relative to it.
    #[cfg(feature = "kubeconfig")]
    KubeconfigFile {
        /// Where it lies.
        path: PathBuf,
        /// The context to use; `None`: the current one.
        context: Option<String>,
    },
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server { url, .. } => f.debug_struct("Server").field("url", url).finish_non_exhaustive(),
            #[cfg(feature = "kubeconfig")]
            Self::Kubeconfig { context, .. } => {
                f.debug_struct("Kubeconfig").field("context", context).finish_non_exhaustive()
            }
            #[cfg(feature = "kubeconfig")]
            Self::KubeconfigFile { path, context } => {
                f.debug_struct("KubeconfigFile").field("path", path).field("context", context).finish()
            }
        }
    }
}

/// An [`Endpoint`] and how patiently to talk to it.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// Where the API server is and how it knows us.
    pub endpoint: Endpoint,
    /// How long one try of one request may take before it counts as lost; 30 s by default. The time for the
    /// whole call, tries and waits together, is the caller's `until`.
    pub attempt: Duration,
    /// The waits between tries.
    pub backoff: Backoff,
    /// The largest answer we are willing to read, in bytes; 64 MiB by default.
    pub answer_limit: usize,
}

impl ConnectOptions {
    /// The endpoint with the default patience.
    pub fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, attempt: Duration::from_secs(30), backoff: Backoff::default(), answer_limit: 64 * 1024 * 1024 }
    }
}

/// Why no client could be made. Nothing has been sent yet.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address is no URL that we use.
    #[error("the API server address `{url}` is not usable: {problem}")]
    Address {
        /// As given.
        url: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The certificate authority is not readable.
    #[error("the certificate authority of the API server holds no readable PEM certificate")]
    CertificateAuthority {
        /// What the reader said, if it got that far.
        source: Option<BoxError>,
    },
    /// The kubeconfig cannot be used.
    #[error("the kubeconfig cannot be used")]
    Kubeconfig {
        /// Why.
        source: BoxError,
    },
    /// The binary has installed no TLS provider.
    #[error("no TLS provider is installed; install one (aws-lc-rs) when the program starts")]
    NoTlsProvider,
    /// The client's own credentials or TLS settings cannot be used.
    #[error("the credentials or TLS settings for the API server cannot be used")]
    Client {
        /// Why.
        source: BoxError,
    },
}

/// A ready transport: the client, where it leads, and how to make it anew when credentials expire.
pub(super) struct Connected {
    pub(super) client: Client,
    pub(super) server: String,
    pub(super) default_namespace: String,
    pub(super) token: Option<Arc<dyn TokenSource>>,
    /// Present if making the client anew would fetch new credentials.
    pub(super) renew: Option<Config>,
}

/// What decides on trust and credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settings {
    /// Authorities and tokens that we were given.
    Ours,
    /// A kubeconfig, with all that it can name.
    Kubeconfig,
}

impl Settings {
    /// Whether a kubeconfig decides. Known at compile time without the feature, so that none of its code is linked.
    fn are_a_kubeconfigs(self) -> bool {
        cfg!(feature = "kubeconfig") && self == Self::Kubeconfig
    }
}

pub(super) async fn connect(endpoint: Endpoint) -> Result<Connected, ConnectError> {
    let (config, token, settings) = match endpoint {
        Endpoint::Server { url, certificate_authority, token } => {
            let uri = url.parse().map_err(|_| ConnectError::Address { url: url.clone(), problem: "it is no URL" })?;
            let mut config = Config::new(uri);
            config.root_cert = certificate_authority.as_deref().map(certificates).transpose()?;
            (config, token, Settings::Ours)
        }
        #[cfg(feature = "kubeconfig")]
        Endpoint::Kubeconfig { text, context } => {
            let kubeconfig = Kubeconfig::from_yaml(&text).map_err(kubeconfig_error)?;
            (from_kubeconfig(kubeconfig, context).await?, None, Settings::Kubeconfig)
        }
        #[cfg(feature = "kubeconfig")]
        Endpoint::KubeconfigFile { path, context } => {
            // Reading a file blocks for moments only, and happens once.
            let kubeconfig = Kubeconfig::read_from(path).map_err(kubeconfig_error)?;
            (from_kubeconfig(kubeconfig, context).await?, None, Settings::Kubeconfig)
        }
    };
    check_address(&config.cluster_url)?;
    if config.proxy_url.is_some() {
        return Err(kubeconfig_error("proxies (`proxy-url`) are not supported"));
    }
    let renew = config.auth_info.exec.is_some().then(|| config.clone());
    let server = config.cluster_url.to_string();
    let default_namespace = config.default_namespace.clone();
    let client = client(config, settings).await?;
    Ok(Connected { client, server: server.trim_end_matches('/').to_owned(), default_namespace, token, renew })
}

/// Makes the client; off the async threads, since a kubeconfig may run a program for its credentials.
pub(super) async fn client(config: Config, settings: Settings) -> Result<Client, ConnectError> {
    let made = tokio::task::spawn_blocking(move || build(&config, settings)).await;
    made.unwrap_or_else(|panic| Err(ConnectError::Client { source: panic.into() }))
}

fn build(config: &Config, settings: Settings) -> Result<Client, ConnectError> {
    let failed = |error: kube::Error| ConnectError::Client { source: error.into() };
    let namespace = config.default_namespace.clone();
    let base_uri = config.base_uri_layer();
    let headers = config.extra_headers_layer().map_err(failed)?;
    #[cfg(feature = "kubeconfig")]
    let auth = config.auth_layer().map_err(failed)?;
    // The order of the layers is the one of kube's own stack: each one added wraps those before.
    macro_rules! stack {
        ($http:expr) => {{
            let http = $http.map_err(BoxError::from);
            let builder = ClientBuilder::new(http, namespace).with_layer(&headers);
            #[cfg(feature = "kubeconfig")]
            if let Some(auth) = auth {
                return Ok(builder.with_layer(&auth).with_layer(&base_uri).build());
            }
            builder.with_layer(&base_uri).build()
        }};
    }
    if config.cluster_url.scheme_str() == Some("http") {
        let http: HttpClient<_, Body> = HttpClient::builder(TokioExecutor::new()).build(HttpConnector::new());
        return Ok(stack!(http));
    }
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        return Err(ConnectError::NoTlsProvider);
    }
    let connector = if settings.are_a_kubeconfigs() {
        config.rustls_https_connector().map_err(failed)?
    } else {
        connector(config.root_cert.as_deref())?
    };
    let https: HttpClient<_, Body> = HttpClient::builder(TokioExecutor::new()).build(connector);
    Ok(stack!(https))
}

/// The way to a server that these authorities vouch for, or those of the system.
fn connector(authorities: Option<&[Vec<u8>]>) -> Result<HttpsConnector<HttpConnector>, ConnectError> {
    let failed = |error: rustls::Error| ConnectError::Client { source: error.into() };
    let tls = rustls::ClientConfig::builder();
    let tls = match authorities {
        None => tls.with_platform_verifier().map_err(failed)?,
        Some(certificates) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates {
                roots.add(CertificateDer::from(certificate.as_slice())).map_err(failed)?;
            }
            tls.with_root_certificates(roots)
        }
    };
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    let tls = tls.with_no_client_auth();
    Ok(HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(http))
}

#[cfg(feature = "kubeconfig")]
async fn from_kubeconfig(kubeconfig: Kubeconfig, context: Option<String>) -> Result<Config, ConnectError> {
    let options = KubeConfigOptions { context, ..KubeConfigOptions::default() };
    Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(kubeconfig_error)
}

fn kubeconfig_error(error: impl Into<BoxError>) -> ConnectError {
    ConnectError::Kubeconfig { source: error.into() }
}

/// All certificates of a PEM bundle.
fn certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>, ConnectError> {
    use rustls::pki_types::pem::PemObject as _;

    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match read {
        Ok(certificates) if certificates.is_empty() => Err(ConnectError::CertificateAuthority { source: None }),
        Ok(certificates) => Ok(certificates.into_iter().map(|certificate| certificate.to_vec()).collect()),
        Err(error) => Err(ConnectError::CertificateAuthority { source: Some(error.into()) }),
    }
}

/// Plain http would show tokens and secrets to everybody on the way, so it stays on this machine.
fn check_address(uri: &http::Uri) -> Result<(), ConnectError> {
    let problem = match (uri.scheme_str(), uri.host()) {
        (_, None | Some("")) => "it names no host",
        (Some("https"), _) => return Ok(()),
        (Some("http"), Some(host)) if is_loopback(host) => return Ok(()),
        (Some("http"), _) => "plain http is for the loopback interface only; use https",
        _ => "it must begin with https://",
    };
    Err(ConnectError::Address { url: uri.to_string(), problem })
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || bare.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn address(url: &str, problem: Option<&str>) {
        let found = match check_address(&url.parse().unwrap()) {
            Ok(()) => None,
            Err(ConnectError::Address { problem, .. }) => Some(problem),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(found, problem, "{url}");
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        let refused = Some("plain http is for the loopback interface only; use https");
        address("https://ABC.gr7.us-east-1.eks.amazonaws.com", None);
        address("http://127.0.0.1:8001", None);
        address("http://127.8.9.1:8001", None);
        address("http://[::1]:8001", None);
        address("http://localhost:8001/", None);
        address("http://10.0.0.1", refused);
        address("http://localhost.example.com", refused);
        address("ftp://127.0.0.1", Some("it must begin with https://"));
        address("/relative", Some("it names no host"));
    }

    #[test]
    fn every_block_of_a_bundle_counts() {
        let block = "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n";
        assert_eq!(certificates(format!("{block}noise\n{block}").as_bytes()).unwrap(), [[1, 2, 3], [1, 2, 3]]);
        assert!(matches!(certificates(b"nothing"), Err(ConnectError::CertificateAuthority { source: None })));
    }

    #[tokio::test]
    async fn a_kubeconfig_that_cannot_be_used() {
        let endpoint = |text: &str, context: Option<&str>| Endpoint::Kubeconfig {
            text: text.to_owned(),
            context: context.map(str::to_owned),
        };
        let text = "{apiVersion: v1, kind: Config, current-context: a,
            contexts: [{name: a, context: {cluster: a}}],
            clusters: [{name: a, cluster: {server: 'http://127.0.0.1:1'}}]}";
        assert!(connect(endpoint(text, None)).await.is_ok());
        assert!(matches!(connect(endpoint(text, Some("b"))).await, Err(ConnectError::Kubeconfig { .. })));
        assert!(matches!(connect(endpoint("a: [", None)).await, Err(ConnectError::Kubeconfig { .. })));
        let remote = text.replace("127.0.0.1", "example.com");
        assert!(matches!(connect(endpoint(&remote, None)).await, Err(ConnectError::Address { .. })));
    }
}
