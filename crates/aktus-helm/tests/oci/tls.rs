//! Certificates that are right and wrong. Plain HTTP is never a way out.

use std::sync::Arc;

use aktus_helm::oci::{Credentials, Proxy, PullClass, PullError, PullerOptions, Reference};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::server::{FaultServer, Request};
use crate::world::{World, options, pull_with};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

struct Authority {
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
    pem: String,
}

fn authority(name: &str) -> Authority {
    let mut parameters = rcgen::CertificateParams::new(Vec::new()).unwrap();
    parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    let pem = parameters.self_signed(&key).unwrap().pem();
    Authority { issuer: rcgen::Issuer::new(parameters, key), pem }
}

async fn tls_server(authority: &Authority, names: &[&str], expired: bool) -> FaultServer {
    let mut parameters =
        rcgen::CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
    if expired {
        parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2021, 1, 1);
    }
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = parameters.signed_by(&key, &authority.issuer).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let world = World::new();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    FaultServer::start_with(|_| move |request: &Request| world.answer(request), Some(acceptor)).await
}

fn trusting(authority: &Authority) -> PullerOptions {
    let mut options = options(&[]);
    options.certificate_authorities = vec![authority.pem.clone().into_bytes()];
    options.retry.tries = 2;
    options
}

fn at(server: &FaultServer) -> Reference {
    format!("oci://{}/charts/web:1.0.0", server.host).parse().unwrap()
}

#[tokio::test]
async fn certificates() {
    let ours = authority("ours");
    let other = authority("other");
    for (case, issuer, names, expired, message) in [
        ("right", &ours, "127.0.0.1", false, None),
        ("of an unknown authority", &other, "127.0.0.1", false, Some("UnknownIssuer")),
        ("for another host", &ours, "registry.example", false, Some("not valid for")),
        ("expired", &ours, "127.0.0.1", true, Some("expired")),
    ] {
        let server = tls_server(issuer, &[names], expired).await;
        let result = pull_with(trusting(&ours), &at(&server), &Credentials::Anonymous).await;
        match message {
            None => assert!(result.is_ok(), "{case}: {result:?}"),
            Some(message) => {
                let error = result.expect_err(case);
                assert!(matches!(error, PullError::Tls { .. }), "{case}: {error:?}");
                assert!(error.to_string().contains(message), "{case}: {error}");
                assert_eq!(server.requests().len(), 0, "{case}");
            }
        }
    }
}

#[tokio::test]
async fn a_plain_registry_that_is_not_listed_is_not_spoken_to_in_plain_http() {
    let world = World::new();
    let server = FaultServer::start(move |request| world.answer(request)).await;
    let error = pull_with(trusting(&authority("ours")), &at(&server), &Credentials::Anonymous).await.unwrap_err();
    assert!(error.class() == PullClass::Unreachable, "{error:?}");
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn authorities_that_are_not_pem() {
    let mut options = options(&[]);
    options.certificate_authorities =
        vec![b"-----BEGIN CERTIFICATE-----\nnot base64\n-----END CERTIFICATE-----\n".to_vec()];
    let error = aktus_helm::oci::Puller::new(options).unwrap_err();
    assert!(matches!(error, PullError::Client { .. }), "{error:?}");
}

/// A forward proxy that leads every host to `target`; answers its address and what it was asked for.
async fn forward_proxy(target: String) -> (String, Arc<std::sync::Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(client.read_u8().await.unwrap());
            }
            let head = String::from_utf8(head).unwrap();
            log.lock().unwrap().push(head.lines().next().unwrap_or_default().to_owned());
            let mut server = TcpStream::connect(&target).await.unwrap();
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            // The client hangs up when it has what it wants.
            tokio::spawn(async move { drop(copy_bidirectional(&mut client, &mut server).await) });
        }
    });
    (format!("http://user:s3cr3t@{address}"), asked)
}

#[tokio::test]
async fn a_registry_behind_a_proxy() {
    let ours = authority("ours");
    let server = tls_server(&ours, &["registry.example", "127.0.0.1"], false).await;
    let (url, asked) = forward_proxy(server.host.clone()).await;
    let mut options = trusting(&ours);
    options.proxy = Some(Proxy { url: url.into(), except: "127.0.0.0/8".to_owned() });
    assert!(!format!("{options:?}").contains("s3cr3t"), "{options:?}");
    let behind: Reference = "oci://registry.example/charts/web:1.0.0".parse().unwrap();
    let pulled = pull_with(options.clone(), &behind, &Credentials::Anonymous).await;
    assert!(pulled.is_ok(), "{pulled:?}");
    let first = asked.lock().unwrap().len();
    assert!(first > 0 && asked.lock().unwrap().iter().all(|line| line == "CONNECT registry.example:443 HTTP/1.1"));
    let direct = pull_with(options, &at(&server), &Credentials::Anonymous).await;
    assert!(direct.is_ok(), "{direct:?}");
    assert_eq!(asked.lock().unwrap().len(), first, "an excepted host is asked directly");
}

#[tokio::test]
async fn a_proxy_that_cannot_be_used() {
    let mut options = options(&[]);
    options.proxy = Some(Proxy { url: "http://user:s3cr3t@:0:0/".into(), except: String::new() });
    let error = aktus_helm::oci::Puller::new(options).unwrap_err();
    assert!(!format!("{error:?} {error}").contains("s3cr3t"), "{error:?}");
}
