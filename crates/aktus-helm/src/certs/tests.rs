use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

use super::*;

/// 2026-11-22T00:00:00Z.
const NOW: i64 = 1_795_305_600;
const DAY: i64 = 86_400;

fn maker() -> CertificateMaker {
    CertificateMaker::new(|| Timestamp::from_second(NOW).unwrap())
}

fn request<'a>(common_name: &'a str, names: &'a [String], addresses: &'a [IpAddr]) -> CertificateRequest<'a> {
    CertificateRequest { common_name, addresses, names, days: 10, key: None }
}

fn der_of(pem_text: &[u8]) -> CertificateDer<'static> {
    let block = pem::decode(pem_text).unwrap();
    assert_eq!(block.kind, b"CERTIFICATE");
    CertificateDer::from(block.bytes)
}

/// Whether a TLS client that trusts `authority` would accept `certificate` for `host` at this second.
fn accepted(authority: &Certificate, certificate: &Certificate, host: &str, second: i64) -> bool {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(der_of(&authority.certificate)).unwrap();
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    let name = ServerName::try_from(host.to_owned()).unwrap();
    let at = UnixTime::since_unix_epoch(std::time::Duration::from_secs(u64::try_from(second).unwrap()));
    verifier.verify_server_cert(&der_of(&certificate.certificate), &[], &name, &[], at).is_ok()
}

#[test]
fn a_signed_certificate_is_one_that_tls_accepts() {
    let maker = maker();
    let authority = maker.authority(&request("the authority", &[], &[])).unwrap();
    let names = ["web.example".to_owned(), "*.wild.example".to_owned()];
    let addresses = ["10.0.0.1".parse().unwrap(), "2001:db8::1".parse().unwrap()];
    let signed = maker.signed(&request("web", &names, &addresses), &authority).unwrap();

    for host in ["web.example", "a.wild.example", "10.0.0.1", "2001:db8::1"] {
        assert!(accepted(&authority, &signed, host, NOW + DAY), "{host}");
    }
    for (host, second) in [
        ("other.example", NOW + DAY),
        ("10.0.0.2", NOW + DAY),
        ("web.example", NOW - 1),
        ("web.example", NOW + 10 * DAY + 1),
    ] {
        assert!(!accepted(&authority, &signed, host, second), "{host} {second}");
    }
    let other = maker.authority(&request("the authority", &[], &[])).unwrap();
    assert!(!accepted(&other, &signed, "web.example", NOW + DAY));
    maker.check(&signed.certificate, &signed.key).unwrap();
    assert!(!format!("{signed:?}").contains("PRIVATE KEY"));
}

#[test]
fn keys_have_the_forms_of_go() {
    let maker = maker();
    for (kind, title) in [
        (KeyKind::Rsa, "-----BEGIN RSA PRIVATE KEY-----\n"),
        (KeyKind::Ecdsa, "-----BEGIN EC PRIVATE KEY-----\n"),
        (KeyKind::Ed25519, "-----BEGIN PRIVATE KEY-----\n"),
    ] {
        let key = maker.private_key(kind).unwrap();
        assert!(key.starts_with(title), "{key}");
        // A key that was read is written the same way.
        assert_eq!(PrivateKey::from_pem(key.as_bytes()).unwrap().to_pem().unwrap(), key);

        let authority = CertificateRequest { key: Some(key.as_bytes()), ..request("the authority", &[], &[]) };
        let authority = maker.authority(&authority).unwrap();
        assert_eq!(authority.key, *key);
        let names = ["web.example".to_owned()];
        let own = maker.private_key(KeyKind::Ecdsa).unwrap();
        let signed = CertificateRequest { key: Some(own.as_bytes()), ..request("web", &names, &[]) };
        let signed = maker.signed(&signed, &authority).unwrap();
        assert_eq!(signed.key, *own);
        assert!(accepted(&authority, &signed, "web.example", NOW + DAY), "{kind:?}");
    }
    let error = maker.private_key(KeyKind::Dsa).unwrap_err();
    assert!(error.starts_with("failed to generate private key: DSA"), "{error}");
}

#[test]
fn the_fields_are_those_of_sprig() {
    let maker = maker();
    let key = maker.private_key(KeyKind::Ed25519).unwrap();
    let names = ["web.example".to_owned()];
    let of = |authority: bool, common_name: &str| {
        let request = CertificateRequest { key: Some(key.as_bytes()), ..request(common_name, &names, &[]) };
        let made = if authority { maker.authority(&request) } else { maker.self_signed(&request) };
        der_of(&made.unwrap().certificate).to_vec()
    };
    let holds = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|window| window == part);

    let leaf = of(false, "web");
    // keyUsage critical: digitalSignature, keyEncipherment; basicConstraints critical and empty.
    assert!(holds(&leaf, &[0x55, 0x1d, 0x0f, 1, 1, 0xff, 4, 4, 3, 2, 5, 0xa0]));
    assert!(holds(&leaf, &[0x55, 0x1d, 0x13, 1, 1, 0xff, 4, 2, 0x30, 0]));
    assert!(holds(&leaf, b"261122000000Z") && holds(&leaf, b"261202000000Z"));
    assert!(holds(&leaf, b"\x13\x03web"), "a printable common name");
    assert!(holds(&leaf, b"\x82\x0bweb.example"));
    assert!(!holds(&leaf, &[0x55, 0x1d, 0x0e]), "no subject key identifier");
    assert!(holds(&of(false, "w\u{e9}b"), "\u{c}\u{4}w\u{e9}b".as_bytes()), "a common name in UTF-8");

    let authority = of(true, "authority");
    assert!(holds(&authority, &[0x55, 0x1d, 0x0f, 1, 1, 0xff, 4, 4, 3, 2, 2, 0xa4]));
    assert!(holds(&authority, &[0x55, 0x1d, 0x13, 1, 1, 0xff, 4, 5, 0x30, 3, 1, 1, 0xff]));
    assert!(holds(&authority, &[0x55, 0x1d, 0x0e]), "a subject key identifier");
    assert!(!holds(&authority, b"web.example"), "no alternative names");

    // Serial numbers differ.
    assert_ne!(of(false, "web"), leaf);
}

#[test]
fn validity_wraps_as_in_go() {
    for (days, hours) in [(1, 24), (0, 0), (-1, -24), (36_500, 876_000), (106_751, 2_562_024)] {
        assert_eq!(validity(days).as_hours(), hours, "{days}");
    }
    assert!(validity(106_752).is_negative());
    let names = [];
    let distant = CertificateRequest { days: 36_500, ..request("x", &names, &[]) };
    let made = der_of(&maker().self_signed(&distant).unwrap().certificate);
    assert!(made.windows(15).any(|window| window == b"21261029000000Z"));
}

#[test]
fn texts_that_are_no_keys_or_certificates() {
    let maker = maker();
    let good = maker.authority(&request("a", &[], &[])).unwrap();
    let other = maker.authority(&request("b", &[], &[])).unwrap();
    let mixed = Certificate { certificate: good.certificate.clone(), key: other.key };
    let no_certificate = Certificate { certificate: "x".into(), key: good.key.clone() };
    let malformed = Certificate { certificate: pem::encode("CERTIFICATE", b"x").into(), key: good.key.clone() };
    let no_key = Certificate { certificate: good.certificate.clone(), key: "x".into() };
    for (authority, message) in [
        (&mixed, "error creating certificate: x509: provided PrivateKey doesn't match parent's PublicKey"),
        (&no_certificate, "unable to decode certificate"),
        (&malformed, "error parsing certificate: decodedSignerCert.Bytes: x509: malformed certificate"),
        (&no_key, "error parsing private key: no PEM data in input"),
    ] {
        assert_eq!(maker.signed(&request("w", &[], &[]), authority).unwrap_err(), message);
    }

    // What stands around the blocks need not be UTF-8, and the certificate is looked at first.
    let among_others = |text: &[u8]| [b"\xff\n", text, b"\xff"].concat();
    maker.check(&among_others(&good.certificate), &[b"\xff\n", good.key.as_bytes()].concat()).unwrap();
    assert_eq!(maker.check(b"x", b"\xff").unwrap_err(), "unable to decode certificate");

    for (key, message) in [
        ("", "parsing private key: no PEM data in input".to_owned()),
        (
            &good.certificate.to_text(),
            "parsing private key: no private key data in PEM block of type CERTIFICATE".to_owned(),
        ),
        (&pem::encode("ODD PRIVATE KEY", b"x"), "parsing private key: invalid private key type ODD".to_owned()),
        (
            &pem::encode("PRIVATE KEY", b"x"),
            "parsing private key: decoding PEM as PKCS#8: x509: failed to parse private key".to_owned(),
        ),
        (
            &pem::encode("EC PRIVATE KEY", b"x"),
            "parsing private key: parsing EC private key from PEM: x509: failed to parse EC private key".to_owned(),
        ),
    ] {
        let request = CertificateRequest { key: Some(key.as_bytes()), ..request("w", &[], &[]) };
        assert_eq!(maker.self_signed(&request).unwrap_err(), message);
    }

    let names = ["w\u{e9}b".to_owned()];
    let error = maker.self_signed(&request("w", &names, &[])).unwrap_err();
    assert_eq!(error, "error creating certificate: x509: \"w\u{e9}b\" cannot be encoded as an IA5String");
}
