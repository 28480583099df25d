//! Which bytes are meant, and are these the ones?

use std::fmt::{self, Write as _};

use sha2::Digest as _;

/// How the content was hashed. The OCI specification registers both; every other algorithm is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Algorithm {
    Sha256,
    Sha512,
}

impl Algorithm {
    const fn name(self) -> &'static str {
        match self {
            Algorithm::Sha256 => "sha256",
            Algorithm::Sha512 => "sha512",
        }
    }

    const fn hex_length(self) -> usize {
        match self {
            Algorithm::Sha256 => 64,
            Algorithm::Sha512 => 128,
        }
    }
}

/// A content digest as the OCI image specification writes it: `sha256:` or `sha512:` and lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    algorithm: Algorithm,
    hex: String,
}

/// Text that is not a digest this crate can check.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DigestError {
    /// An algorithm other than sha256 and sha512, or none at all.
    #[error("unsupported digest algorithm {found:?}; use sha256 or sha512")]
    Algorithm {
        /// The text before the colon, shortened.
        found: String,
    },
    /// The part after the colon has the wrong length or is not lower-case hexadecimal.
    #[error(
        "a {algorithm} digest has {expected} lower-case hexadecimal digits, this one has {found} characters or others"
    )]
    Encoding {
        /// The algorithm named.
        algorithm: &'static str,
        /// Digits it must have.
        expected: usize,
        /// Characters found.
        found: usize,
    },
}

impl Digest {
    /// Reads `algorithm:hex`.
    pub fn parse(text: &str) -> Result<Digest, DigestError> {
        let (name, hex) = text.split_once(':').unwrap_or((text, ""));
        let algorithm = match name {
            "sha256" => Algorithm::Sha256,
            "sha512" => Algorithm::Sha512,
            other => return Err(DigestError::Algorithm { found: other.chars().take(40).collect() }),
        };
        let well_formed =
            hex.len() == algorithm.hex_length() && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !well_formed {
            return Err(DigestError::Encoding {
                algorithm: algorithm.name(),
                expected: algorithm.hex_length(),
                found: hex.chars().count(),
            });
        }
        Ok(Digest { algorithm, hex: hex.to_owned() })
    }

    /// The sha256 digest of these bytes.
    pub fn sha256(bytes: &[u8]) -> Digest {
        Digest { algorithm: Algorithm::Sha256, hex: hex(&sha2::Sha256::digest(bytes)) }
    }

    /// The digest of these bytes by this digest's own algorithm.
    pub(super) fn of_same_kind(&self, bytes: &[u8]) -> Digest {
        let mut hasher = self.hasher();
        hasher.update(bytes);
        hasher.finish()
    }

    pub(super) fn hasher(&self) -> Hasher {
        match self.algorithm {
            Algorithm::Sha256 => Hasher::Sha256(sha2::Sha256::new()),
            Algorithm::Sha512 => Hasher::Sha512(sha2::Sha512::new()),
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.algorithm.name(), self.hex)
    }
}

/// Hashes content while it arrives.
pub(super) enum Hasher {
    Sha256(sha2::Sha256),
    Sha512(sha2::Sha512),
}

impl Hasher {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Hasher::Sha256(hasher) => hasher.update(bytes),
            Hasher::Sha512(hasher) => hasher.update(bytes),
        }
    }

    pub(super) fn finish(self) -> Digest {
        match self {
            Hasher::Sha256(hasher) => Digest { algorithm: Algorithm::Sha256, hex: hex(&hasher.finalize()) },
            Hasher::Sha512(hasher) => Digest { algorithm: Algorithm::Sha512, hex: hex(&hasher.finalize()) },
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _written = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_of_known_bytes() {
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::sha256(b"").to_string(), empty);
        let long = Digest::parse(&format!("sha512:{}", "0".repeat(128))).unwrap();
        let abc = long.of_same_kind(b"abc").to_string();
        assert!(abc.starts_with("sha512:ddaf35a193617aba"), "{abc}");
    }

    #[test]
    fn refused_digests() {
        for text in [
            "",
            "sha256",
            "sha256:",
            "sha256:../../x",
            "md5:d41d8cd98f00b204e9800998ecf8427e",
            "sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85",
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8555",
        ] {
            assert!(Digest::parse(text).is_err(), "{text}");
        }
    }
}
