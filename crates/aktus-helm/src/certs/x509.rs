//! How does Go's `x509.CreateCertificate` write the certificates that sprig asks for?

use std::net::IpAddr;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::der::{
    self, BIT_STRING, BOOLEAN, GENERALIZED_TIME, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, PRINTABLE_STRING, Reader,
    SEQUENCE, SET, UTC_TIME, UTF8_STRING,
};
use super::key::PrivateKey;

// Contents of object identifiers of RFC 5280.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const SUBJECT_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x0e];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const SUBJECT_ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x23];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
const SERVER_AUTHENTICATION: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
const CLIENT_AUTHENTICATION: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];

/// What sprig's template of a certificate says.
pub(super) struct Contents<'a> {
    pub(super) serial: [u8; 16],
    pub(super) common_name: &'a str,
    pub(super) addresses: &'a [IpAddr],
    pub(super) names: &'a [String],
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
    pub(super) authority: bool,
}

/// What a new certificate takes from the one that signs it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parent {
    /// The issuer's `Name`, as bytes.
    pub(super) subject: Vec<u8>,
    /// The issuer's `SubjectPublicKeyInfo`.
    pub(super) public_key: Vec<u8>,
    /// The issuer's subject key identifier; empty if it has none.
    pub(super) key_identifier: Vec<u8>,
}

impl Parent {
    /// Reads a certificate (RFC 5280, 4.1).
    pub(super) fn parse(certificate: &[u8]) -> Option<Parent> {
        let mut fields = Reader::new(der::only(certificate, SEQUENCE)?.expect(SEQUENCE)?.content);
        fields.optional(der::context(0));
        fields.expect(INTEGER)?;
        fields.expect(SEQUENCE)?;
        fields.expect(SEQUENCE)?;
        fields.expect(SEQUENCE)?;
        let subject = fields.expect(SEQUENCE)?.whole.to_vec();
        let public_key = fields.expect(SEQUENCE)?.whole.to_vec();
        fields.optional(0x81);
        fields.optional(0x82);
        let key_identifier = match fields.optional(der::context(3)) {
            Some(extensions) => key_identifier(extensions.content)?,
            None => Vec::new(),
        };
        Some(Parent { subject, public_key, key_identifier })
    }
}

fn key_identifier(extensions: &[u8]) -> Option<Vec<u8>> {
    let mut list = der::only(extensions, SEQUENCE)?;
    while !list.is_empty() {
        let mut extension = Reader::new(list.expect(SEQUENCE)?.content);
        let identifier = extension.expect(OBJECT_IDENTIFIER)?;
        extension.optional(BOOLEAN);
        let value = extension.expect(OCTET_STRING)?;
        if identifier.content == SUBJECT_KEY_IDENTIFIER {
            return Some(Reader::new(value.content).expect(OCTET_STRING)?.content.to_vec());
        }
    }
    Some(Vec::new())
}

/// A certificate in DER. Without a parent it is signed with its own key.
pub(super) fn create(
    contents: &Contents<'_>,
    key: &PrivateKey,
    issuer: Option<(&Parent, &PrivateKey)>,
) -> Result<Vec<u8>, String> {
    let public_key = key.public_key()?;
    let subject = name(contents.common_name);
    let (issuer_name, signer, authority_key_identifier) = match issuer {
        Some((parent, signer)) => {
            if signer.public_key()? != parent.public_key {
                return Err("x509: provided PrivateKey doesn't match parent's PublicKey".to_owned());
            }
            // As in Go: a certificate that names itself as issuer needs no identifier of its authority.
            let identifier = if parent.subject == subject { &[][..] } else { &parent.key_identifier };
            (parent.subject.as_slice(), signer, identifier)
        }
        None => (subject.as_slice(), key, &[][..]),
    };
    let subject_key_identifier = if contents.authority { Some(hash_of(&public_key)?) } else { None };
    let extensions =
        extensions(contents, subject.len() == 2, subject_key_identifier.as_deref(), authority_key_identifier)?;

    let algorithm = signer.signature_algorithm();
    let to_be_signed = der::element(
        SEQUENCE,
        &[
            &der::element(der::context(0), &[&der::element(INTEGER, &[&[2]])]),
            &der::unsigned(&contents.serial),
            &algorithm,
            issuer_name,
            &der::element(SEQUENCE, &[&time(contents.not_before)?, &time(contents.not_after)?]),
            &subject,
            &public_key,
            &der::element(der::context(3), &[&extensions]),
        ],
    );
    let signature = signer.sign(&to_be_signed)?;
    Ok(der::element(SEQUENCE, &[&to_be_signed, &algorithm, &der::bits(&signature, 0)]))
}

/// The extensions in Go's order.
fn extensions(
    contents: &Contents<'_>,
    subject_is_empty: bool,
    subject_key_identifier: Option<&[u8]>,
    authority_key_identifier: &[u8],
) -> Result<Vec<u8>, String> {
    // digitalSignature and keyEncipherment; an authority adds keyCertSign.
    let usage = if contents.authority { der::bits(&[0xa4], 2) } else { der::bits(&[0xa0], 5) };
    let purposes = der::element(
        SEQUENCE,
        &[
            &der::element(OBJECT_IDENTIFIER, &[SERVER_AUTHENTICATION]),
            &der::element(OBJECT_IDENTIFIER, &[CLIENT_AUTHENTICATION]),
        ],
    );
    let is_authority: &[u8] = if contents.authority { &[BOOLEAN, 1, 0xff] } else { &[] };
    let mut list = vec![
        extension(KEY_USAGE, true, &usage),
        extension(EXTENDED_KEY_USAGE, false, &purposes),
        extension(BASIC_CONSTRAINTS, true, &der::element(SEQUENCE, &[is_authority])),
    ];
    if let Some(identifier) = subject_key_identifier {
        list.push(extension(SUBJECT_KEY_IDENTIFIER, false, &der::element(OCTET_STRING, &[identifier])));
    }
    if !authority_key_identifier.is_empty() {
        let identifier = der::element(SEQUENCE, &[&der::element(0x80, &[authority_key_identifier])]);
        list.push(extension(AUTHORITY_KEY_IDENTIFIER, false, &identifier));
    }
    if !contents.names.is_empty() || !contents.addresses.is_empty() {
        let alternatives = alternative_names(contents)?;
        list.push(extension(SUBJECT_ALTERNATIVE_NAME, subject_is_empty, &alternatives));
    }
    let parts: Vec<&[u8]> = list.iter().map(Vec::as_slice).collect();
    Ok(der::element(SEQUENCE, &parts))
}

fn extension(identifier: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let flag: &[u8] = if critical { &[BOOLEAN, 1, 0xff] } else { &[] };
    der::element(
        SEQUENCE,
        &[&der::element(OBJECT_IDENTIFIER, &[identifier]), flag, &der::element(OCTET_STRING, &[value])],
    )
}

fn alternative_names(contents: &Contents<'_>) -> Result<Vec<u8>, String> {
    let mut list = Vec::new();
    for name in contents.names {
        if !name.is_ascii() {
            return Err(format!("x509: {name:?} cannot be encoded as an IA5String"));
        }
        list.push(der::element(0x82, &[name.as_bytes()]));
    }
    for address in contents.addresses {
        list.push(match address.to_canonical() {
            IpAddr::V4(address) => der::element(0x87, &[&address.octets()]),
            IpAddr::V6(address) => der::element(0x87, &[&address.octets()]),
        });
    }
    let parts: Vec<&[u8]> = list.iter().map(Vec::as_slice).collect();
    Ok(der::element(SEQUENCE, &parts))
}

/// A `Name` with a common name only; an empty one has no parts (Go's `pkix.Name`).
fn name(common_name: &str) -> Vec<u8> {
    if common_name.is_empty() {
        return der::element(SEQUENCE, &[]);
    }
    let printable = common_name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"'()+,-./ :=?".contains(&byte));
    let tag = if printable { PRINTABLE_STRING } else { UTF8_STRING };
    let attribute = der::element(
        SEQUENCE,
        &[&der::element(OBJECT_IDENTIFIER, &[COMMON_NAME]), &der::element(tag, &[common_name.as_bytes()])],
    );
    der::element(SEQUENCE, &[&der::element(SET, &[&attribute])])
}

/// UTC, whole seconds; four digits of the year outside 1950 to 2049.
fn time(at: Timestamp) -> Result<Vec<u8>, String> {
    let at = at.to_zoned(TimeZone::UTC);
    let (tag, year) = match at.year() {
        year @ 1950..2050 => (UTC_TIME, format!("{:02}", year % 100)),
        year @ 0..=9999 => (GENERALIZED_TIME, format!("{year:04}")),
        _ => return Err("asn1: structure error: cannot represent time as GeneralizedTime".to_owned()),
    };
    let text = format!("{year}{:02}{:02}{:02}{:02}{:02}Z", at.month(), at.day(), at.hour(), at.minute(), at.second());
    Ok(der::element(tag, &[text.as_bytes()]))
}

/// The subject key identifier: the first 160 bits of SHA-256 over the public key (RFC 7093, 2, method 1).
fn hash_of(public_key: &[u8]) -> Result<Vec<u8>, String> {
    use sha2::Digest as _;
    let mut fields = der::only(public_key, SEQUENCE).ok_or("the public key is malformed")?;
    fields.expect(SEQUENCE).ok_or("the public key is malformed")?;
    let bits = fields.expect(BIT_STRING).ok_or("the public key is malformed")?;
    let hash = sha2::Sha256::digest(bits.content.get(1..).unwrap_or_default());
    Ok(hash[..20].to_vec())
}
