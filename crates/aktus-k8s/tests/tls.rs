//! Whom do we trust? A server that speaks TLS, and authorities that signed its certificate or did not.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use aktus_k8s::{ApiError, Class, Cluster, ConnectError, ConnectOptions, Endpoint};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tokio::time::Instant;

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut parameters = CertificateParams::new(Vec::new()).expect("parameters");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    CertifiedIssuer::self_signed(parameters, key).expect("an authority")
}

/// A server on 127.0.0.1 with a certificate of this authority, that answers every request with its version.
fn server(authority: &CertifiedIssuer<'static, KeyPair>) -> String {
    let key = KeyPair::generate().expect("a key");
    let parameters = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("parameters");
    let certificate = parameters.signed_by(&key, authority).expect("a certificate");
    let chain: Vec<CertificateDer<'static>> = vec![certificate.der().clone()];
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).expect("a configuration");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("https://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let session = ServerConnection::new(Arc::clone(&config)).expect("a session");
            let mut stream = StreamOwned::new(session, connection);
            let mut request = [0; 4096];
            if stream.read(&mut request).is_ok() {
                let body = r#"{"major":"1","minor":"36","gitVersion":"v1.36.3"}"#;
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                let _sent = stream.write_all((head + body).as_bytes());
                stream.conn.send_close_notify();
                let _flushed = stream.flush();
            }
        }
    });
    url
}

async fn version(url: &str, certificate_authority: Option<String>) -> Result<String, ApiError> {
    let endpoint = Endpoint::Server {
        url: url.to_owned(),
        certificate_authority: certificate_authority.map(String::into_bytes),
        token: None,
    };
    let cluster = Cluster::connect(ConnectOptions::new(endpoint)).await.expect("a client");
    let version = cluster.server_version(Instant::now() + Duration::from_secs(20)).await?;
    Ok(version.git_version)
}

/// One test, since the provider is one per process.
#[tokio::test]
async fn the_authorities_given_decide() {
    let url = "https://127.0.0.1:1".to_owned();
    let endpoint = Endpoint::Server { url, certificate_authority: None, token: None };
    let error = Cluster::connect(ConnectOptions::new(endpoint)).await.unwrap_err();
    assert!(matches!(error, ConnectError::NoTlsProvider), "the library installs none: {error}");
    rustls::crypto::aws_lc_rs::default_provider().install_default().expect("the first provider");

    let ours = authority();
    let url = server(&ours);
    assert_eq!(version(&url, Some(ours.pem())).await.unwrap(), "v1.36.3");
    // A bundle in the middle of a rotation: the old authority, then the new one.
    assert_eq!(version(&url, Some(authority().pem() + &ours.pem())).await.unwrap(), "v1.36.3");

    for others in [Some(authority().pem()), None] {
        let begun = Instant::now();
        let error = version(&url, others).await.unwrap_err();
        assert_eq!(error.class(), Class::Untrusted, "{error}");
        assert_eq!(
            error.to_string(),
            format!("get the server version: no trusted connection to the API server at {url}")
        );
        assert_eq!(error.advice().unwrap(), "check the certificate authority given for the cluster");
        assert!(begun.elapsed() < Duration::from_secs(10), "it does not pass by itself, so it is not tried again");
    }
}
