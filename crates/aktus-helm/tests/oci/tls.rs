//! Certificates that are right and wrong. Plain HTTP is never a way out.

use std::sync::Arc;

use aktus_helm::oci::{Credentials, PullClass, PullError, PullerOptions, Reference};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::server::{FaultServer, Request};
use crate::world::{World, options, pull_with};

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
