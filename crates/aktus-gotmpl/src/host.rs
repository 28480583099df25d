//! What may a template ask of the world? Everything impure goes through one trait.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::{Timestamp, tz::TimeZone};

use crate::value::{Map, Str, Value};

/// Clock, randomness, names, keys and the cluster, as far as templates may use them.
///
/// Rendering is a pure function of the templates, the data and one of these.
pub trait Host: Send + Sync {
    /// The present moment, for `now`, `ago`, `date` …
    fn now(&self) -> Timestamp;

    /// The local time zone, for `date` and `now`.
    fn time_zone(&self) -> TimeZone;

    /// Fills `buffer` with random bytes good enough for passwords and keys.
    fn random(&self, buffer: &mut [u8]);

    /// What a pointer that is not nil is printed as, by `printf "%p"` for example. Addresses in memory are others in
    /// every run of Go; here, all are the same.
    fn address(&self) -> u64 {
        0xc0_0001_2340
    }

    /// The address of a host for `getHostByName`; the empty string when names are not to be resolved, which is
    /// Helm's default.
    fn resolve(&self, host: &str) -> String {
        let _ = host;
        String::new()
    }

    /// The object (or with an empty `name` the list of objects) for `lookup`; the empty map when there is no such
    /// object or no cluster. An error ends the render.
    fn lookup(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Result<Value, String> {
        let _ = (api_version, kind, namespace, name);
        Ok(Value::Map(Map::new()))
    }

    /// The maker of keys and certificates for `genPrivateKey`, `genCA`, `genSelfSignedCert` …, if there is one.
    fn certificates(&self) -> Option<&dyn Certificates> {
        None
    }
}

/// The kinds of private keys that `genPrivateKey` makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA with 4096 bits, as PKCS #1.
    Rsa,
    /// DSA with 2048 bits.
    Dsa,
    /// ECDSA on P-256, as SEC 1.
    Ecdsa,
    /// Ed25519, as PKCS #8.
    Ed25519,
}

/// A certificate and its private key, both as PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The certificate.
    pub certificate: Str,
    /// The private key.
    pub key: Str,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Certificate").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

/// What a certificate is to say.
#[derive(Clone, Copy, Debug)]
pub struct CertificateRequest<'a> {
    /// The common name of the subject.
    pub common_name: &'a str,
    /// Subject alternative names that are addresses.
    pub addresses: &'a [std::net::IpAddr],
    /// Subject alternative names that are DNS names.
    pub names: &'a [String],
    /// Days until it expires; may be negative, as in sprig.
    pub days: i64,
    /// The private key as PEM; a new RSA key with 2048 bits when missing.
    pub key: Option<&'a [u8]>,
}

/// Makes keys and certificates. Errors are Go's texts, without the name of the function.
pub trait Certificates: Send + Sync {
    /// A private key as PEM.
    fn private_key(&self, kind: KeyKind) -> Result<String, String>;

    /// A certificate authority.
    fn authority(&self, request: &CertificateRequest<'_>) -> Result<Certificate, String>;

    /// A certificate signed with its own key.
    fn self_signed(&self, request: &CertificateRequest<'_>) -> Result<Certificate, String>;

    /// A certificate signed by an authority.
    fn signed(&self, request: &CertificateRequest<'_>, authority: &Certificate) -> Result<Certificate, String>;

    /// Checks PEM text of a certificate and of its key, for `buildCustomCert`. What stands around the blocks need not be
    /// UTF-8.
    fn check(&self, certificate: &[u8], key: &[u8]) -> Result<(), String>;
}

/// A host where time stands still and dice repeat: for tests and for reproducible output. Knows no certificates.
#[derive(Debug)]
pub struct FrozenHost {
    now: Timestamp,
    time_zone: TimeZone,
    state: AtomicU64,
}

impl FrozenHost {
    /// A host at `now`, in UTC, whose random bytes follow from `seed`.
    pub fn new(now: Timestamp, seed: u64) -> Self {
        Self { now, time_zone: TimeZone::UTC, state: AtomicU64::new(seed) }
    }

    /// The same in another time zone.
    #[must_use]
    pub fn in_time_zone(mut self, time_zone: TimeZone) -> Self {
        self.time_zone = time_zone;
        self
    }
}

impl Default for FrozenHost {
    /// At the beginning of 1970.
    fn default() -> Self {
        Self::new(Timestamp::UNIX_EPOCH, 0)
    }
}

impl Host for FrozenHost {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn time_zone(&self) -> TimeZone {
        self.time_zone.clone()
    }

    fn random(&self, buffer: &mut [u8]) {
        // SplitMix64: even, and the same on every machine.
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        for chunk in buffer.chunks_mut(8) {
            let mut word = self.state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            word ^= word >> 31;
            let length = chunk.len();
            chunk.copy_from_slice(&word.to_le_bytes()[..length]);
        }
    }
}
