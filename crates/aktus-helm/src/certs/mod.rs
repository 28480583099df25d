//! Which keys and certificates do `genPrivateKey`, `genCA`, `genSignedCert` and their relatives make?
//!
//! Sprig's rules (`crypto.go`): RSA keys of 2048 bits for certificates, a random serial number of 128 bits, valid
//! from now for a number of days, for servers and clients; certificates as Go's `x509.CreateCertificate` writes
//! them, keys as PKCS #1 (RSA), SEC 1 (ECDSA) or PKCS #8 (Ed25519). DSA keys are not made; see the error.
//!
//! ```
//! use aktus_helm::SystemHost;
//! use aktus_helm::certs::CertificateMaker;
//!
//! // A program gives its clock and its source of randomness; here both stand still.
//! let now = || jiff::Timestamp::UNIX_EPOCH;
//! let host = SystemHost::new(now, |buffer| buffer.fill(7)).with_certificates(CertificateMaker::new(now));
//! ```

mod der;
mod key;
mod pem;
mod x509;

use std::fmt;

use aktus_gotmpl::{Certificate, CertificateRequest, Certificates, KeyKind};
use aws_lc_rs::rsa::KeySize;
use jiff::{SignedDuration, Timestamp};

use key::PrivateKey;
use x509::{Contents, Parent};

/// Makes keys and certificates with aws-lc. Random bytes come from the operating system through aws-lc, the time
/// from the caller's clock.
pub struct CertificateMaker {
    now: Box<dyn Fn() -> Timestamp + Send + Sync>,
}

impl fmt::Debug for CertificateMaker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CertificateMaker").finish_non_exhaustive()
    }
}

impl CertificateMaker {
    /// Certificates made by it are valid from what `now` says.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> CertificateMaker {
        CertificateMaker { now: Box::new(now) }
    }

    fn make(
        &self,
        request: &CertificateRequest<'_>,
        authority: bool,
        issuer: Option<(&Parent, &PrivateKey)>,
    ) -> Result<Certificate, String> {
        let key = match request.key {
            Some(pem) => PrivateKey::from_pem(pem).map_err(|cause| format!("parsing private key: {cause}"))?,
            None => PrivateKey::generate_rsa(KeySize::Rsa2048)
                .map_err(|cause| format!("error generating rsa key: {cause}"))?,
        };
        let mut serial = [0; 16];
        aws_lc_rs::rand::fill(&mut serial).map_err(|error| error.to_string())?;
        let not_before = (self.now)();
        let contents = Contents {
            serial,
            common_name: request.common_name,
            addresses: request.addresses,
            names: request.names,
            not_before,
            not_after: not_before.checked_add(validity(request.days)).map_err(|error| error.to_string())?,
            authority,
        };
        let failed = |cause| format!("error creating certificate: {cause}");
        let certificate = x509::create(&contents, &key, issuer).map_err(failed)?;
        Ok(Certificate { certificate: pem::encode("CERTIFICATE", &certificate).into(), key: key.to_pem()?.into() })
    }
}

/// `time.Duration(days) * 24 * time.Hour` in Go's 64 bits of nanoseconds, which wrap after 106,751 days.
fn validity(days: i64) -> SignedDuration {
    const DAY: i64 = 24 * 3600 * 1_000_000_000;
    SignedDuration::from_nanos(days.wrapping_mul(DAY))
}

impl Certificates for CertificateMaker {
    fn private_key(&self, kind: KeyKind) -> Result<String, String> {
        let key = match kind {
            KeyKind::Rsa => PrivateKey::generate_rsa(KeySize::Rsa4096),
            KeyKind::Ecdsa => PrivateKey::generate_ecdsa_p256(),
            KeyKind::Ed25519 => PrivateKey::generate_ed25519(),
            KeyKind::Dsa => Err("DSA keys are not supported; use rsa, ecdsa or ed25519".to_owned()),
        };
        key.and_then(|key| key.to_pem()).map_err(|cause| format!("failed to generate private key: {cause}"))
    }

    fn authority(&self, request: &CertificateRequest<'_>) -> Result<Certificate, String> {
        // sprig's genCA has no alternative names.
        self.make(&CertificateRequest { addresses: &[], names: &[], ..*request }, true, None)
    }

    fn self_signed(&self, request: &CertificateRequest<'_>) -> Result<Certificate, String> {
        self.make(request, false, None)
    }

    fn signed(&self, request: &CertificateRequest<'_>, authority: &Certificate) -> Result<Certificate, String> {
        let block = pem::decode(&authority.certificate).ok_or("unable to decode certificate")?;
        let parent = Parent::parse(&block.bytes)
            .ok_or("error parsing certificate: decodedSignerCert.Bytes: x509: malformed certificate")?;
        let signer =
            PrivateKey::from_pem(&authority.key).map_err(|cause| format!("error parsing private key: {cause}"))?;
        self.make(request, false, Some((&parent, &signer)))
    }

    fn check(&self, certificate: &[u8], key: &[u8]) -> Result<(), String> {
        let block = pem::decode(certificate).ok_or("unable to decode certificate")?;
        Parent::parse(&block.bytes)
            .ok_or("error parsing certificate: decodedCert.Bytes: x509: malformed certificate")?;
        PrivateKey::from_pem(key).map(|_| ()).map_err(|cause| format!("error parsing private key: {cause}"))
    }
}

#[cfg(test)]
mod tests;
