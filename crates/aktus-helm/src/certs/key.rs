//! Which private key is this, what is its public key, and how does it sign?

use aws_lc_rs::encoding::{AsDer, EcPrivateKeyRfc5915Der, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};

use super::der::{self, NULL, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE};
use super::pem;

// Contents of object identifiers: RFC 8017 (RSA), RFC 5480 and 5758 (ECDSA), RFC 8410 (Ed25519).
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const SHA256_WITH_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const ECDSA_WITH_SHA384: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03];
const ECDSA_WITH_SHA512: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// The curves that can sign, with what Go signs with them.
static CURVES: [(&EcdsaSigningAlgorithm, &[u8]); 3] = [
    (&ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_WITH_SHA256),
    (&ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_WITH_SHA384),
    (&ECDSA_P521_SHA512_ASN1_SIGNING, ECDSA_WITH_SHA512),
];

/// A private key that can be in a certificate.
pub(super) enum PrivateKey {
    Rsa(RsaKeyPair),
    Ecdsa { pair: EcdsaKeyPair, signature: &'static [u8] },
    Ed25519(Ed25519KeyPair),
}

impl PrivateKey {
    pub(super) fn generate_rsa(size: KeySize) -> Result<PrivateKey, String> {
        RsaKeyPair::generate(size).map(PrivateKey::Rsa).map_err(|error| error.to_string())
    }

    pub(super) fn generate_ecdsa_p256() -> Result<PrivateKey, String> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(|error| error.to_string())?;
        Ok(PrivateKey::Ecdsa { pair, signature: ECDSA_WITH_SHA256 })
    }

    pub(super) fn generate_ed25519() -> Result<PrivateKey, String> {
        Ed25519KeyPair::generate().map(PrivateKey::Ed25519).map_err(|error| error.to_string())
    }

    /// Reads sprig's four PEM forms (`parsePrivateKeyPEM`). DSA keys are recognised and refused.
    pub(super) fn from_pem(text: &[u8]) -> Result<PrivateKey, String> {
        let block = pem::decode(text).ok_or("no PEM data in input")?;
        match &*String::from_utf8_lossy(block.kind) {
            "PRIVATE KEY" => from_pkcs8(&block.bytes).map_err(|cause| format!("decoding PEM as PKCS#8: {cause}")),
            "RSA PRIVATE KEY" => RsaKeyPair::from_der(&block.bytes)
                .map(PrivateKey::Rsa)
                .map_err(|error| format!("parsing RSA private key from PEM: x509: {error}")),
            "EC PRIVATE KEY" => ecdsa(&block.bytes)
                .ok_or_else(|| "parsing EC private key from PEM: x509: failed to parse EC private key".to_owned()),
            "DSA PRIVATE KEY" => Err("DSA keys cannot sign certificates".to_owned()),
            kind => Err(match kind.strip_suffix(" PRIVATE KEY") {
                Some(name) => format!("invalid private key type {name}"),
                None => format!("no private key data in PEM block of type {kind}"),
            }),
        }
    }

    /// The form Go's `pemBlockForKey` writes: PKCS #1, SEC 1 or PKCS #8.
    pub(super) fn to_pem(&self) -> Result<String, String> {
        match self {
            PrivateKey::Rsa(pair) => {
                let pkcs8: Pkcs8V1Der<'_> = pair.as_der().map_err(|error| error.to_string())?;
                let pkcs1 = inside_pkcs8(pkcs8.as_ref()).ok_or("the RSA key is not PKCS #8")?.1;
                Ok(pem::encode("RSA PRIVATE KEY", pkcs1))
            }
            PrivateKey::Ecdsa { pair, .. } => {
                let sec1: EcPrivateKeyRfc5915Der<'_> =
                    pair.private_key().as_der().map_err(|error| error.to_string())?;
                Ok(pem::encode("EC PRIVATE KEY", sec1.as_ref()))
            }
            PrivateKey::Ed25519(pair) => {
                let pkcs8 = pair.to_pkcs8v1().map_err(|error| error.to_string())?;
                Ok(pem::encode("PRIVATE KEY", pkcs8.as_ref()))
            }
        }
    }

    /// The `SubjectPublicKeyInfo`.
    pub(super) fn public_key(&self) -> Result<Vec<u8>, String> {
        let der: PublicKeyX509Der<'_> = match self {
            PrivateKey::Rsa(pair) => pair.public_key().as_der(),
            PrivateKey::Ecdsa { pair, .. } => pair.public_key().as_der(),
            PrivateKey::Ed25519(pair) => pair.public_key().as_der(),
        }
        .map_err(|error| error.to_string())?;
        Ok(der.as_ref().to_vec())
    }

    /// The `AlgorithmIdentifier` of [`sign`](PrivateKey::sign).
    pub(super) fn signature_algorithm(&self) -> Vec<u8> {
        let identifier = |contents| der::element(OBJECT_IDENTIFIER, &[contents]);
        match self {
            PrivateKey::Rsa(_) => der::element(SEQUENCE, &[&identifier(SHA256_WITH_RSA), &der::element(NULL, &[])]),
            PrivateKey::Ecdsa { signature, .. } => der::element(SEQUENCE, &[&identifier(signature)]),
            PrivateKey::Ed25519(_) => der::element(SEQUENCE, &[&identifier(ED25519)]),
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        let random = SystemRandom::new();
        match self {
            PrivateKey::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(|error| error.to_string())?;
                Ok(signature)
            }
            PrivateKey::Ecdsa { pair, .. } => {
                let signature = pair.sign(&random, message).map_err(|error| error.to_string())?;
                Ok(signature.as_ref().to_vec())
            }
            PrivateKey::Ed25519(pair) => {
                let signature = pair.try_sign(message).map_err(|error| error.to_string())?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}

fn from_pkcs8(bytes: &[u8]) -> Result<PrivateKey, String> {
    let (algorithm, _) = inside_pkcs8(bytes).ok_or("x509: failed to parse private key")?;
    let key = match algorithm {
        RSA_ENCRYPTION => RsaKeyPair::from_pkcs8(bytes).ok().map(PrivateKey::Rsa),
        EC_PUBLIC_KEY => ecdsa(bytes),
        ED25519 => Ed25519KeyPair::from_pkcs8_maybe_unchecked(bytes).ok().map(PrivateKey::Ed25519),
        _ => return Err("x509: PKCS#8 wrapping contained private key with unknown algorithm".to_owned()),
    };
    key.ok_or_else(|| "x509: failed to parse private key".to_owned())
}

/// Tries the curves one after another; the encoding itself says which one it is.
fn ecdsa(bytes: &[u8]) -> Option<PrivateKey> {
    CURVES.iter().find_map(|(algorithm, signature)| {
        let pair = EcdsaKeyPair::from_private_key_der(algorithm, bytes).ok()?;
        Some(PrivateKey::Ecdsa { pair, signature })
    })
}

/// The algorithm's identifier and the key inside a `PrivateKeyInfo` (RFC 5208).
fn inside_pkcs8(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut fields = der::only(bytes, SEQUENCE)?;
    fields.expect(der::INTEGER)?;
    let algorithm = fields.expect(SEQUENCE)?;
    let key = fields.expect(OCTET_STRING)?;
    let identifier = der::Reader::new(algorithm.content).expect(OBJECT_IDENTIFIER)?;
    Some((identifier.content, key.content))
}
