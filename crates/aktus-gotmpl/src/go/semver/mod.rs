//! Which version is this, and does it meet that constraint?
//!
//! Follows Masterminds/semver v3.5, which Helm uses for `semverCompare`, `kubeVersion` and the
//! versions of dependencies: lenient versions (`v1`, `1.2`, `01.2.3`), constraints with
//! wildcards, tildes, carets and hyphen ranges, pre-releases only where they are asked for.

mod constraint;

use std::cmp::Ordering;
use std::fmt;

use super::strconv::{self, NumberError};
pub use constraint::{ConstraintError, Constraints, Refusal};

/// The longest text that is read as a version, in bytes.
pub const MAXIMUM_VERSION_LENGTH: usize = 256;

/// A semantic version. Displays in its full form, without a leading `v`.
///
/// Equality is that of precedence: build metadata does not count. The default is Go's zero value, `0.0.0` made of no
/// text.
#[derive(Debug, Clone, Default)]
pub struct Version {
    major: u64,
    minor: u64,
    patch: u64,
    prerelease: String,
    metadata: String,
    original: String,
}

/// Why a text is no version. Displays Go's message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// Not even leniently.
    #[error("invalid semantic version")]
    Invalid,
    /// Nothing at all, where a strict version is wanted.
    #[error("version string empty")]
    Empty,
    /// Something else than digits in a number of a strict version.
    #[error("invalid characters in version")]
    InvalidCharacters,
    /// A number with a leading zero.
    #[error("version segment starts with 0")]
    SegmentStartsWithZero,
    /// Build metadata with an empty part.
    #[error("invalid metadata string")]
    InvalidMetadata,
    /// A pre-release with an empty part.
    #[error("invalid prerelease string")]
    InvalidPrerelease,
    /// More than [`MAXIMUM_VERSION_LENGTH`] bytes.
    #[error("version string is too long (max {MAXIMUM_VERSION_LENGTH} bytes)")]
    TooLong,
    /// A number that does not fit into 64 bits.
    #[error("error parsing version segment: {0}")]
    Segment(NumberError),
    /// The same in a strict version.
    #[error("{0}")]
    StrictSegment(NumberError),
    /// A number that cannot grow any more.
    #[error("{0} version increment would overflow uint64")]
    Overflow(&'static str),
}

impl Version {
    /// Reads a version leniently: a leading `v`, missing minor and patch and leading
    /// zeros are fine (`semver.NewVersion`).
    pub fn parse(text: &[u8]) -> Result<Self, VersionError> {
        if text.len() > MAXIMUM_VERSION_LENGTH {
            return Err(VersionError::TooLong);
        }
        let mut rest = text.strip_prefix(b"v").unwrap_or(text);
        let major = digits(&mut rest);
        if major.is_empty() {
            return Err(VersionError::Invalid);
        }
        let mut segment = || {
            let mut after = rest.strip_prefix(b".")?;
            let segment = digits(&mut after);
            if segment.is_empty() {
                return None;
            }
            rest = after;
            Some(segment)
        };
        let minor = segment();
        let patch = minor.and_then(|_| segment());
        let prerelease = identifiers(&mut rest, b'-');
        let metadata = identifiers(&mut rest, b'+');
        if !rest.is_empty() {
            return Err(VersionError::Invalid);
        }
        let number = |segment: Option<&[u8]>| match segment {
            Some(digits) => strconv::parse_uint(digits, 10, 64).map_err(VersionError::Segment),
            None => Ok(0),
        };
        let (major, minor, patch) = (number(Some(major))?, number(minor)?, number(patch)?);
        // All of this is ASCII, or it would not have been read.
        let owned = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        let prerelease = owned(prerelease);
        check_prerelease(&prerelease)?;
        Ok(Self { major, minor, patch, prerelease, metadata: owned(metadata), original: owned(text) })
    }

    /// Reads a version as the specification has it (`semver.StrictNewVersion`).
    pub fn parse_strict(text: &[u8]) -> Result<Self, VersionError> {
        if text.is_empty() {
            return Err(VersionError::Empty);
        }
        if text.len() > MAXIMUM_VERSION_LENGTH {
            return Err(VersionError::TooLong);
        }
        let text = str::from_utf8(text).map_err(|_| VersionError::InvalidCharacters)?;
        let [major, minor, rest] = text.splitn(3, '.').collect::<Vec<_>>()[..] else {
            return Err(VersionError::Invalid);
        };
        let (rest, metadata) = match rest.split_once('+') {
            Some((rest, metadata)) => {
                let valid = |part: &str| !part.is_empty() && part.bytes().all(is_identifier);
                if !metadata.split('.').all(valid) {
                    return Err(VersionError::InvalidMetadata);
                }
                (rest, metadata)
            }
            None => (rest, ""),
        };
        let (patch, prerelease) = match rest.split_once('-') {
            Some((_, "")) => return Err(VersionError::InvalidPrerelease),
            Some((patch, prerelease)) => {
                check_prerelease(prerelease)?;
                (patch, prerelease)
            }
            None => (rest, ""),
        };
        for segment in [major, minor, patch] {
            if !segment.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(VersionError::InvalidCharacters);
            }
            if segment.len() > 1 && segment.starts_with('0') {
                return Err(VersionError::SegmentStartsWithZero);
            }
        }
        let number = |digits: &str| strconv::parse_uint(digits.as_bytes(), 10, 64).map_err(VersionError::StrictSegment);
        Ok(Self {
            major: number(major)?,
            minor: number(minor)?,
            patch: number(patch)?,
            prerelease: prerelease.to_owned(),
            metadata: metadata.to_owned(),
            original: text.to_owned(),
        })
    }

    /// The major number.
    pub fn major(&self) -> u64 {
        self.major
    }

    /// The minor number.
    pub fn minor(&self) -> u64 {
        self.minor
    }

    /// The patch number.
    pub fn patch(&self) -> u64 {
        self.patch
    }

    /// The pre-release without its hyphen; empty for a release.
    pub fn prerelease(&self) -> &str {
        &self.prerelease
    }

    /// The build metadata without its plus.
    pub fn metadata(&self) -> &str {
        &self.metadata
    }

    /// The text it was read from.
    pub fn original(&self) -> &str {
        &self.original
    }

    /// The next patch; that of a pre-release is its release.
    pub fn next_patch(&self) -> Result<Self, VersionError> {
        let patch = if self.prerelease.is_empty() { increment(self.patch, "patch")? } else { self.patch };
        Ok(self.with_numbers(self.major, self.minor, patch))
    }

    /// The next minor version.
    pub fn next_minor(&self) -> Result<Self, VersionError> {
        Ok(self.with_numbers(self.major, increment(self.minor, "minor")?, 0))
    }

    /// The next major version.
    pub fn next_major(&self) -> Result<Self, VersionError> {
        Ok(self.with_numbers(increment(self.major, "major")?, 0, 0))
    }

    /// The same with another pre-release.
    pub fn with_prerelease(&self, prerelease: &str) -> Result<Self, VersionError> {
        check_prerelease(prerelease)?;
        Ok(Self { prerelease: prerelease.to_owned(), ..self.clone() }.with_own_original(&self.original))
    }

    /// The same with other build metadata.
    pub fn with_metadata(&self, metadata: &str) -> Result<Self, VersionError> {
        let valid = |part: &str| !part.is_empty() && part.bytes().all(is_identifier);
        if !metadata.is_empty() && !metadata.split('.').all(valid) {
            return Err(VersionError::InvalidMetadata);
        }
        Ok(Self { metadata: metadata.to_owned(), ..self.clone() }.with_own_original(&self.original))
    }

    fn with_numbers(&self, major: u64, minor: u64, patch: u64) -> Self {
        let (prerelease, metadata, original) = (String::new(), String::new(), String::new());
        Self { major, minor, patch, prerelease, metadata, original }.with_own_original(&self.original)
    }

    /// Takes the full form for the original, with a `v` if there was one.
    fn with_own_original(mut self, before: &str) -> Self {
        self.original = format!("{}{self}", if before.starts_with('v') { "v" } else { "" });
        self
    }

    /// The order of precedence (`Compare`).
    pub fn compare(&self, other: &Self) -> Ordering {
        let numbers = |version: &Self| (version.major, version.minor, version.patch);
        numbers(self).cmp(&numbers(other)).then_with(|| {
            match (self.prerelease.is_empty(), other.prerelease.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => compare_prereleases(&self.prerelease, &other.prerelease),
            }
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.prerelease.is_empty() {
            write!(f, "-{}", self.prerelease)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.compare(other).is_eq()
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.compare(other)
    }
}

fn increment(number: u64, name: &'static str) -> Result<u64, VersionError> {
    number.checked_add(1).ok_or(VersionError::Overflow(name))
}

fn digits<'t>(rest: &mut &'t [u8]) -> &'t [u8] {
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, tail) = rest.split_at(length);
    *rest = tail;
    digits
}

fn is_identifier(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

/// Identifiers parted by dots behind `sign`, if there are any.
fn identifiers<'t>(rest: &mut &'t [u8], sign: u8) -> &'t [u8] {
    let Some((_, text)) = rest.split_first().filter(|(first, _)| **first == sign) else {
        return b"";
    };
    let run = |text: &[u8]| text.iter().take_while(|&&byte| is_identifier(byte)).count();
    let mut length = run(text);
    if length == 0 {
        return b"";
    }
    while text.get(length) == Some(&b'.') {
        let next = run(&text[length + 1..]);
        if next == 0 {
            break;
        }
        length += 1 + next;
    }
    let (identifiers, tail) = text.split_at(length);
    *rest = tail;
    identifiers
}

fn check_prerelease(prerelease: &str) -> Result<(), VersionError> {
    if prerelease.is_empty() {
        return Ok(());
    }
    for part in prerelease.split('.') {
        if part.is_empty() || !part.bytes().all(is_identifier) {
            return Err(VersionError::InvalidPrerelease);
        }
        if part.len() > 1 && part.starts_with('0') && part.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(VersionError::SegmentStartsWithZero);
        }
    }
    Ok(())
}

fn compare_prereleases(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let (left, right) = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (left, right) => (left.unwrap_or_default(), right.unwrap_or_default()),
        };
        if left == right {
            continue;
        }
        // A part that is missing comes first, then numbers, then words.
        let key = |part: &str| part.parse::<u64>().ok().filter(|_| !part.starts_with('+'));
        return match (left.is_empty(), right.is_empty()) {
            (true, _) => Ordering::Less,
            (_, true) => Ordering::Greater,
            _ => match (key(left), key(right)) {
                (Some(left), Some(right)) => left.cmp(&right).then(Ordering::Less),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => left.cmp(right),
            },
        };
    }
}

#[cfg(test)]
mod tests;
