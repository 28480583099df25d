//! How is text encoded, and what is its checksum? Base64, base32, the SHA family and Adler-32.

use data_encoding::HEXLOWER;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use crate::function::{CallError, Context, Function};
use crate::functions;
use crate::go::encoding::{base32_decode, base32_encode, base64_decode, base64_encode};
use crate::value::Str;

pub(super) static FUNCTIONS: &[Function] = functions! {
    "adler32sum" => (Str) adler32sum;
    "b32dec" => (Str) b32dec;
    "b32enc" => context (Str) b32enc;
    "b64dec" => (Str) b64dec;
    "b64enc" => context (Str) b64enc;
    "sha1sum" => (Str) sha1sum;
    "sha256sum" => (Str) sha256sum;
    "sha512sum" => (Str) sha512sum;
};

fn b64enc(context: &mut Context<'_>, text: &Str) -> Result<String, CallError> {
    context.spend(text.len().div_ceil(3).saturating_mul(4))?;
    Ok(base64_encode(text))
}

/// The error becomes the result, here and in [`b32dec`].
fn b64dec(text: &Str) -> Vec<u8> {
    base64_decode(text).unwrap_or_else(|error| error.to_string().into_bytes())
}

fn b32enc(context: &mut Context<'_>, text: &Str) -> Result<String, CallError> {
    context.spend(text.len().div_ceil(5).saturating_mul(8))?;
    Ok(base32_encode(text))
}

fn b32dec(text: &Str) -> Vec<u8> {
    base32_decode(text).unwrap_or_else(|error| error.to_string().into_bytes())
}

fn sha1sum(text: &Str) -> String {
    HEXLOWER.encode(&Sha1::digest(text.as_bytes()))
}

fn sha256sum(text: &Str) -> String {
    HEXLOWER.encode(&Sha256::digest(text.as_bytes()))
}

fn sha512sum(text: &Str) -> String {
    HEXLOWER.encode(&Sha512::digest(text.as_bytes()))
}

/// The checksum of zlib, RFC 1950, as a decimal number.
fn adler32sum(text: &Str) -> String {
    const MODULUS: u32 = 65_521;
    /// So many bytes can be added up before either sum could overflow.
    const RUN: usize = 5_552;
    let (mut low, mut high) = (1_u32, 0_u32);
    for run in text.chunks(RUN) {
        for &byte in run {
            low += u32::from(byte);
            high += low;
        }
        low %= MODULUS;
        high %= MODULUS;
    }
    (high << 16 | low).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::recorded::check_table;

    #[test]
    fn as_sprig() {
        check_table(include_str!("../../tests/fixtures/sprig/encoding.tsv"));
    }
}
