//! Keys and certificates, and whether any were made.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aktus_helm::certs::CertificateMaker;
use aktus_helm::{Certificate, CertificateRequest, Certificates, KeyKind};

/// A maker of certificates that notes when it has made something.
pub(super) struct Watched {
    pub(super) inner: CertificateMaker,
    pub(super) made: Arc<AtomicBool>,
}

impl Watched {
    fn note(&self) -> &CertificateMaker {
        self.made.store(true, Ordering::Relaxed);
        &self.inner
    }
}

impl Certificates for Watched {
    fn private_key(&self, kind: KeyKind) -> Result<String, String> {
        self.note().private_key(kind)
    }

    fn authority(&self, request: &CertificateRequest<'_>) -> Result<Certificate, String> {
        self.note().authority(request)
    }

    fn self_signed(&self, request: &CertificateRequest<'_>) -> Result<Certificate, String> {
        self.note().self_signed(request)
    }

    fn signed(&self, request: &CertificateRequest<'_>, authority: &Certificate) -> Result<Certificate, String> {
        self.note().signed(request, authority)
    }

    fn check(&self, certificate: &[u8], key: &[u8]) -> Result<(), String> {
        self.inner.check(certificate, key)
    }
}
