//! Passwords, ciphers, keys and random text: the crypto functions of sprig 3.3.0.
//!
//! Everything random comes from the [`Host`](crate::Host), as do keys and certificates.

use std::net::IpAddr;

use aes::Aes256;
use cbc::cipher::{Block, BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::function::{CallError, Context, Function, Operand, Parameter};
use crate::functions;
use crate::go::{encoding, fmt, netip, xstrings};
use crate::host::{Certificate, CertificateRequest, Certificates, KeyKind};
use crate::value::{Kind, List, NamedType, Object, Str, Type, Value};

pub(super) static FUNCTIONS: &[Function] = functions! {
    "bcrypt" => context (Str) bcrypt;
    "buildCustomCert" => context (Str, Str) build_custom_cert;
    "decryptAES" => (Str, Str) decrypt_aes;
    "derivePassword" => context (u32, Str, Str, Str, Str) derive_password;
    "encryptAES" => context (Str, Str) encrypt_aes;
    "genCA" => context (Str, i64) gen_ca;
    "genCAWithKey" => context (Str, i64, Str) gen_ca_with_key;
    "genPrivateKey" => context (Str) gen_private_key;
    "genSelfSignedCert" => context (Str, List, List, i64) gen_self_signed_cert;
    "genSelfSignedCertWithKey" => context (Str, List, List, i64, Str) gen_self_signed_cert_with_key;
    "genSignedCert" => context (Str, List, List, i64, Certificate) gen_signed_cert;
    "genSignedCertWithKey" => context (Str, List, List, i64, Certificate, Str) gen_signed_cert_with_key;
    "htpasswd" => context (Str, Str) htpasswd;
    "randAlpha" => context (i64) rand_alpha;
    "randAlphaNum" => context (i64) rand_alpha_num;
    "randAscii" => context (i64) rand_ascii;
    "randBytes" => context (i64) rand_bytes;
    "randNumeric" => context (i64) rand_numeric;
    "shuffle" => context (Str) shuffle;
    "uuidv4" => context () uuidv4;
};

/// What the slow functions cost in steps, so that a loop over them ends within the limits.
mod cost {
    /// bcrypt with cost 10.
    pub(super) const BCRYPT: u64 = 500_000;
    /// scrypt with 64 MiB.
    pub(super) const SCRYPT: u64 = 1_000_000;
    /// A certificate with an RSA key of 2048 bits.
    pub(super) const CERTIFICATE: u64 = 500_000;
    /// An RSA key of 4096 bits, or a DSA key.
    pub(super) const LARGE_KEY: u64 = 2_000_000;
    /// A key on a curve.
    pub(super) const SMALL_KEY: u64 = 10_000;
}

/// A random number below `limit`, every one as likely as the others.
pub(super) fn random_below(context: &Context<'_>, limit: u64) -> u64 {
    let Some(highest) = limit.checked_sub(1) else { return 0 };
    let mask = u64::MAX.checked_shr(highest.leading_zeros()).unwrap_or(0);
    // A try fails less often than every other time; a host whose bytes are all alike gets an end too.
    for _ in 0..1000 {
        let mut bytes = [0; 8];
        context.host().random(&mut bytes);
        let number = u64::from_le_bytes(bytes) & mask;
        if number < limit {
            return number;
        }
    }
    0
}

fn random_text(context: &mut Context<'_>, count: i64, alphabet: &[u8]) -> Result<Vec<u8>, CallError> {
    // The original ignores its error about negative counts.
    let count = usize::try_from(count).unwrap_or(0);
    context.spend(count)?;
    context.step(count as u64)?;
    Ok((0..count)
        .map(|_| {
            let index = random_below(context, alphabet.len() as u64);
            usize::try_from(index).ok().and_then(|index| alphabet.get(index)).copied().unwrap_or(alphabet[0])
        })
        .collect())
}

const ALPHANUMERIC: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

fn rand_alpha_num(context: &mut Context<'_>, count: i64) -> Result<Vec<u8>, CallError> {
    random_text(context, count, ALPHANUMERIC)
}

fn rand_alpha(context: &mut Context<'_>, count: i64) -> Result<Vec<u8>, CallError> {
    random_text(context, count, &ALPHANUMERIC[..52])
}

fn rand_numeric(context: &mut Context<'_>, count: i64) -> Result<Vec<u8>, CallError> {
    random_text(context, count, &ALPHANUMERIC[52..])
}

fn rand_ascii(context: &mut Context<'_>, count: i64) -> Result<Vec<u8>, CallError> {
    let printable: Vec<u8> = (b' '..=b'~').collect();
    random_text(context, count, &printable)
}

fn rand_bytes(context: &mut Context<'_>, count: i64) -> Result<String, CallError> {
    let count = usize::try_from(count).map_err(|_| "runtime error: makeslice: len out of range")?;
    context.spend(count.saturating_mul(2))?;
    let mut bytes = vec![0; count];
    context.host().random(&mut bytes);
    Ok(encoding::base64_encode(&bytes))
}

fn shuffle(context: &mut Context<'_>, text: &Str) -> Result<Vec<u8>, CallError> {
    context.step(text.len() as u64)?;
    let random = |limit: usize| usize::try_from(random_below(context, limit as u64)).unwrap_or(0);
    Ok(xstrings::shuffle(text, random))
}

fn uuidv4(context: &mut Context<'_>) -> String {
    let mut bytes = [0; 16];
    context.host().random(&mut bytes);
    bytes[6] = bytes[6] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    let number = u128::from_be_bytes(bytes);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        number >> 96,
        number >> 80 & 0xFFFF,
        number >> 64 & 0xFFFF,
        number >> 48 & 0xFFFF,
        number & 0xFFFF_FFFF_FFFF
    )
}

fn bcrypt(context: &mut Context<'_>, password: &Str) -> Result<String, CallError> {
    const COST: u32 = 10;
    context.step(cost::BCRYPT)?;
    if password.len() > 72 {
        return Ok("failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes".to_owned());
    }
    let mut salt = [0; 16];
    context.host().random(&mut salt);
    Ok(match ::bcrypt::hash_with_salt(password, COST, salt) {
        Ok(hash) => hash.format_for_version(::bcrypt::Version::TwoA),
        Err(error) => format!("failed to encrypt string with bcrypt: {error}"),
    })
}

fn htpasswd(context: &mut Context<'_>, user: &Str, password: &Str) -> Result<Vec<u8>, CallError> {
    if user.contains(&b':') {
        return Ok([b"invalid username: ", user.as_bytes()].concat());
    }
    let hash = bcrypt(context, password)?;
    Ok([user.as_bytes(), b":", hash.as_bytes()].concat())
}

/// The forms of passwords by kind; a letter stands for a class of characters.
fn password_templates(kind: &[u8]) -> Option<&'static [&'static str]> {
    Some(match kind {
        b"maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        b"long" => &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        b"medium" => &["CvcnoCvc", "CvcCvcno"],
        b"short" => &["Cvcn"],
        b"basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        b"pin" => &["nnnn"],
        _ => return None,
    })
}

fn password_characters(class: u8) -> &'static [u8] {
    match class {
        b'V' => b"AEIOU",
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

/// The Master Password algorithm.
fn derive_password(
    context: &mut Context<'_>,
    counter: u32,
    kind: &Str,
    password: &Str,
    user: &Str,
    site: &Str,
) -> Result<Vec<u8>, CallError> {
    const SEED: &[u8] = b"com.lyndir.masterpassword";
    let Some(templates) = password_templates(kind) else {
        return Ok([b"cannot find password template ", kind.as_bytes()].concat());
    };
    context.step(cost::SCRYPT)?;
    let length = |text: &Str| u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes();
    let salt = [SEED, &length(user), user.as_bytes()].concat();
    let mut key = [0; 64];
    let derived = scrypt::Params::new(15, 8, 2)
        .map_err(|error| error.to_string())
        .and_then(|params| scrypt::scrypt(password, &salt, &params, &mut key).map_err(|error| error.to_string()));
    if let Err(error) = derived {
        return Ok(format!("failed to derive password: {error}").into_bytes());
    }
    // A key of any length is fine.
    let Ok(mut hmac) = Hmac::<Sha256>::new_from_slice(&key) else {
        return Err("the derived key has no valid length".into());
    };
    hmac.update(&[SEED, &length(site), site.as_bytes(), &counter.to_be_bytes()].concat());
    let seed = hmac.finalize().into_bytes();
    let template = templates[usize::from(seed[0]) % templates.len()];
    let characters = template.bytes().zip(&seed[1..]).map(|(class, &byte)| {
        let characters = password_characters(class);
        characters[usize::from(byte) % characters.len()]
    });
    Ok(characters.collect())
}

const BLOCK: usize = 16;

/// The first 32 bytes of a password, filled up with zeros.
fn aes_key(password: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    let length = password.len().min(key.len());
    key[..length].copy_from_slice(&password[..length]);
    key
}

/// Bytes as whole blocks of the cipher; what is left over is dropped.
fn blocks(bytes: &[u8]) -> Vec<Block<Aes256>> {
    bytes
        .chunks_exact(BLOCK)
        .map(|chunk| {
            let mut block = Block::<Aes256>::default();
            block.copy_from_slice(chunk);
            block
        })
        .collect()
}

fn encrypt_aes(context: &mut Context<'_>, password: &Str, text: &Str) -> Result<String, CallError> {
    if text.is_empty() {
        return Ok(String::new());
    }
    context.spend(text.len().saturating_mul(2))?;
    let mut vector = [0; BLOCK];
    context.host().random(&mut vector);
    let padding = BLOCK - text.len() % BLOCK;
    let mut content = text.to_vec();
    content.resize(text.len() + padding, u8::try_from(padding).unwrap_or(0));
    let mut content = blocks(&content);
    cbc::Encryptor::<Aes256>::new(&aes_key(password).into(), &vector.into()).encrypt_blocks(&mut content);
    let mut out = vector.to_vec();
    for block in &content {
        out.extend_from_slice(block);
    }
    Ok(encoding::base64_encode(&out))
}

fn decrypt_aes(password: &Str, text: &Str) -> Result<Vec<u8>, CallError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let bytes = encoding::base64_decode(text).map_err(|error| CallError::Message(error.to_string()))?;
    // The original trusts its input; these are the panics it runs into.
    let panic = |message: String| Err(CallError::Message(message));
    let Some((vector, content)) = bytes.split_first_chunk::<BLOCK>() else {
        let capacity = text.len() / 4 * 3;
        return panic(if capacity < BLOCK {
            format!("runtime error: slice bounds out of range [:{BLOCK}] with capacity {capacity}")
        } else {
            format!("runtime error: slice bounds out of range [{BLOCK}:{}]", bytes.len())
        });
    };
    if content.len() % BLOCK != 0 {
        return panic("crypto/cipher: input not full blocks".to_owned());
    }
    let mut content = blocks(content);
    cbc::Decryptor::<Aes256>::new(&aes_key(password).into(), &(*vector).into()).decrypt_blocks(&mut content);
    let mut out: Vec<u8> = content.iter().flatten().copied().collect();
    let Some(&padding) = out.last() else {
        return panic("runtime error: index out of range [-1]".to_owned());
    };
    let padding = usize::from(padding);
    if padding > out.len() {
        return panic(format!("runtime error: slice bounds out of range [:-{}]", padding - out.len()));
    }
    out.truncate(out.len() - padding);
    Ok(out)
}

/// The maker of keys and certificates.
fn certificates<'h>(context: &mut Context<'h>, steps: u64) -> Result<&'h dyn Certificates, CallError> {
    context.step(steps)?;
    context.host().certificates().ok_or_else(|| {
        "this renderer cannot make keys and certificates; use one that was built with certificates, or give the \
         chart certificates of your own in its values"
            .into()
    })
}

fn gen_private_key(context: &mut Context<'_>, kind: &Str) -> Result<Vec<u8>, CallError> {
    let (kind, steps) = match kind.as_bytes() {
        b"" | b"rsa" => (KeyKind::Rsa, cost::LARGE_KEY),
        b"dsa" => (KeyKind::Dsa, cost::LARGE_KEY),
        b"ecdsa" => (KeyKind::Ecdsa, cost::SMALL_KEY),
        b"ed25519" => (KeyKind::Ed25519, cost::SMALL_KEY),
        other => return Ok([b"Unknown type ", other].concat()),
    };
    let key = certificates(context, steps)?.private_key(kind);
    Ok(key.unwrap_or_else(|error| format!("failed to generate private key: {error}")).into_bytes())
}

/// What a certificate is to say, as templates give it.
struct Subject<'a> {
    name: &'a Str,
    addresses: Vec<IpAddr>,
    names: Vec<String>,
    days: i64,
    key: Option<&'a Str>,
}

impl<'a> Subject<'a> {
    fn new(name: &'a Str, days: i64) -> Self {
        Self { name, addresses: Vec::new(), names: Vec::new(), days, key: None }
    }

    fn with_alternatives(
        mut self,
        context: &mut Context<'_>,
        addresses: &List,
        names: &List,
    ) -> Result<Self, CallError> {
        for address in addresses.iter() {
            let Value::String(text) = &address else {
                let text = fmt::to_text(context, &address)?;
                return Err(CallError::Message(format!(
                    "error parsing ip: {} is not a string",
                    String::from_utf8_lossy(&text)
                )));
            };
            // An address with a zone is none for a certificate.
            let address = netip::parse(text).ok().filter(|parsed| parsed.zone.is_empty());
            let address = address.ok_or_else(|| CallError::Message(format!("error parsing ip: {text}")))?;
            self.addresses.push(address.address.to_canonical());
        }
        for name in names.iter() {
            let Value::String(text) = &name else {
                let text = fmt::to_text(context, &name)?;
                return Err(CallError::Message(format!(
                    "error processing alternate dns name: {} is not a string",
                    String::from_utf8_lossy(&text)
                )));
            };
            self.names.push(text.to_text().into_owned());
        }
        Ok(self)
    }

    fn with_key(mut self, key: &'a Str) -> Self {
        self.key = Some(key);
        self
    }

    /// Has the certificate made.
    fn request(
        &self,
        context: &mut Context<'_>,
        make: impl FnOnce(&dyn Certificates, &CertificateRequest<'_>) -> Result<Certificate, String>,
    ) -> Result<Box<Certificate>, CallError> {
        let certificates = certificates(context, cost::CERTIFICATE)?;
        let common_name = self.name.to_text();
        let request = CertificateRequest {
            common_name: &common_name,
            addresses: &self.addresses,
            names: &self.names,
            days: self.days,
            key: self.key.map(Str::as_bytes),
        };
        make(certificates, &request).map(Box::new).map_err(CallError::Message)
    }
}

fn gen_ca(context: &mut Context<'_>, name: &Str, days: i64) -> Result<Box<Certificate>, CallError> {
    Subject::new(name, days).request(context, |certificates, request| certificates.authority(request))
}

fn gen_ca_with_key(context: &mut Context<'_>, name: &Str, days: i64, key: &Str) -> Result<Box<Certificate>, CallError> {
    let subject = Subject::new(name, days).with_key(key);
    subject.request(context, |certificates, request| certificates.authority(request))
}

fn gen_self_signed_cert(
    context: &mut Context<'_>,
    name: &Str,
    addresses: &List,
    names: &List,
    days: i64,
) -> Result<Box<Certificate>, CallError> {
    let subject = Subject::new(name, days).with_alternatives(context, addresses, names)?;
    subject.request(context, |certificates, request| certificates.self_signed(request))
}

fn gen_self_signed_cert_with_key(
    context: &mut Context<'_>,
    name: &Str,
    addresses: &List,
    names: &List,
    days: i64,
    key: &Str,
) -> Result<Box<Certificate>, CallError> {
    let subject = Subject::new(name, days).with_key(key).with_alternatives(context, addresses, names)?;
    subject.request(context, |certificates, request| certificates.self_signed(request))
}

fn gen_signed_cert(
    context: &mut Context<'_>,
    name: &Str,
    addresses: &List,
    names: &List,
    days: i64,
    authority: &Certificate,
) -> Result<Box<Certificate>, CallError> {
    let subject = Subject::new(name, days).with_alternatives(context, addresses, names)?;
    subject.request(context, |certificates, request| certificates.signed(request, authority))
}

fn gen_signed_cert_with_key(
    context: &mut Context<'_>,
    name: &Str,
    addresses: &List,
    names: &List,
    days: i64,
    authority: &Certificate,
    key: &Str,
) -> Result<Box<Certificate>, CallError> {
    let subject = Subject::new(name, days).with_key(key).with_alternatives(context, addresses, names)?;
    subject.request(context, |certificates, request| certificates.signed(request, authority))
}

fn build_custom_cert(context: &mut Context<'_>, certificate: &Str, key: &Str) -> Result<Box<Certificate>, CallError> {
    let decode = |text: &Str, what: &str| {
        encoding::base64_decode(text).map_err(|_| CallError::Message(format!("unable to decode base64 {what}")))
    };
    let certificate = decode(certificate, "certificate")?;
    let key = decode(key, "private key")?;
    certificates(context, cost::SMALL_KEY)?.check(&certificate, &key)?;
    Ok(Box::new(Certificate { certificate: Str::new(&certificate), key: Str::new(&key) }))
}

static CERTIFICATE: NamedType = NamedType { name: "sprig.certificate", kind: Kind::Struct, underlying: None };

impl Parameter for Certificate {
    type Argument<'a> = &'a Self;
    const TYPE: Type = Type::Named(&CERTIFICATE);

    fn take(operand: &Operand) -> Option<&Self> {
        operand.value.downcast()
    }
}

impl Object for Certificate {
    fn named_type(&self) -> &'static NamedType {
        &CERTIFICATE
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("Cert", Value::String(self.certificate.clone())), ("Key", Value::String(self.key.clone()))]
    }
}

#[cfg(test)]
mod tests {
    use super::super::recorded::check_table;

    #[test]
    fn as_recorded_from_sprig() {
        check_table(include_str!("../../tests/fixtures/sprig/crypto.tsv"));
    }
}
