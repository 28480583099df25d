//! Does a version meet a constraint such as `>=1.19-0 <2 || ~3.1.x`?

use std::cmp::Ordering;
use std::fmt;

use super::super::strconv;
use super::{Version, identifiers};

/// The longest text that is read as a constraint, in bytes.
const MAXIMUM_LENGTH: usize = 512;
/// The most alternatives.
const MAXIMUM_GROUPS: usize = 32;

/// Alternatives of conditions that must all hold. Displays as it was written, tidied up.
#[derive(Debug, Clone)]
pub struct Constraints {
    groups: Vec<Group>,
}

#[derive(Debug, Clone)]
struct Group {
    conditions: Vec<Condition>,
    /// Whether a condition names a pre-release, which admits pre-releases to the group.
    prerelease: bool,
}

/// Why a text is no constraint. Displays Go's message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConstraintError {
    /// Not of the grammar.
    #[error("improper constraint: {}", strconv::quote(.0))]
    Improper(Vec<u8>),
    /// A version in it that does not fit into 64 bits, or the like.
    #[error("constraint parser error")]
    Version,
    /// More than 512 bytes.
    #[error("constraint string is too long (max {MAXIMUM_LENGTH} bytes)")]
    TooLong,
    /// More than 32 alternatives.
    #[error("too many constraint groups (max {MAXIMUM_GROUPS})")]
    TooManyGroups,
}

/// Why a version does not meet a condition. Displays Go's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    version: String,
    reason: Reason,
    condition: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    Prerelease,
    Equal,
    LessOrEqual,
    GreaterOrEqual,
    Less,
    Greater,
    OtherMajor,
    OtherMajorAndMinor,
    OtherMinor,
    OtherMinorOfZero,
    NotEqual,
    NotEqualAtZero,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = strconv::quote(self.version.as_bytes());
        let (middle, end) = match self.reason {
            Reason::Prerelease => {
                return write!(
                    f,
                    "{version} is a prerelease version and the constraint is only looking for release versions"
                );
            }
            Reason::Equal => ("is equal to", ""),
            Reason::LessOrEqual => ("is less than or equal to", ""),
            Reason::GreaterOrEqual => ("is greater than or equal to", ""),
            Reason::Less => ("is less than", ""),
            Reason::Greater => ("is greater than", ""),
            Reason::OtherMajor => ("does not have same major version as", ""),
            Reason::OtherMajorAndMinor => ("does not have same major and minor version as", ""),
            Reason::OtherMinor => ("does not have same minor version as", ""),
            Reason::OtherMinorOfZero => (
                "does not have same minor version as",
                ". Expected minor versions to match when constraint major version is 0",
            ),
            Reason::NotEqual => ("is not equal to", ""),
            Reason::NotEqualAtZero => {
                ("does not equal", ". Expect version and constraint to equal when major and minor versions are 0")
            }
        };
        write!(f, "{version} {middle} {}{end}", strconv::quote(self.condition.as_bytes()))
    }
}

impl std::error::Error for Refusal {}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    TildeOrEqual,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    Tilde,
    Caret,
}

impl Operator {
    /// The operator at the start of a text and how it is written there.
    fn read(text: &[u8]) -> (Self, &'static str) {
        const OPERATORS: [(&str, Operator); 11] = [
            (">=", Operator::GreaterOrEqual),
            ("=>", Operator::GreaterOrEqual),
            ("<=", Operator::LessOrEqual),
            ("=<", Operator::LessOrEqual),
            ("!=", Operator::NotEqual),
            ("~>", Operator::Tilde),
            ("~", Operator::Tilde),
            ("^", Operator::Caret),
            (">", Operator::Greater),
            ("<", Operator::Less),
            ("=", Operator::TildeOrEqual),
        ];
        OPERATORS
            .iter()
            .find(|(written, _)| text.starts_with(written.as_bytes()))
            .map_or((Self::TildeOrEqual, ""), |&(written, operator)| (operator, written))
    }
}

#[derive(Debug, Clone)]
struct Condition {
    operator: Operator,
    /// The operator and the version as they are written.
    written: &'static str,
    original: String,
    version: Version,
    /// Whether a part is missing or a wildcard, and which.
    wildcard: bool,
    wildcard_minor: bool,
    wildcard_patch: bool,
}

impl Constraints {
    /// Reads constraints (`semver.NewConstraint`).
    pub fn parse(text: &[u8]) -> Result<Self, ConstraintError> {
        if text.len() > MAXIMUM_LENGTH {
            return Err(ConstraintError::TooLong);
        }
        let text = rewrite_ranges(text);
        let mut alternatives = Vec::new();
        let mut rest = text.as_slice();
        while let Some(bars) = memchr::memmem::find(rest, b"||") {
            alternatives.push(&rest[..bars]);
            rest = &rest[bars + 2..];
        }
        alternatives.push(rest);
        if alternatives.len() > MAXIMUM_GROUPS {
            return Err(ConstraintError::TooManyGroups);
        }
        let groups = alternatives.into_iter().map(Group::parse).collect::<Result<_, _>>()?;
        Ok(Self { groups })
    }

    /// Does the version meet them (`Check`)?
    pub fn check(&self, version: &Version) -> bool {
        self.groups
            .iter()
            .any(|group| group.conditions.iter().all(|condition| condition.check(version, group.prerelease).is_ok()))
    }

    /// Nothing if the version meets them, or else all reasons why not (`Validate`).
    pub fn validate(&self, version: &Version) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        let mut prerelease_told = false;
        for group in &self.groups {
            let mut met = true;
            for condition in &group.conditions {
                let Err(reason) = condition.check(version, group.prerelease) else { continue };
                met = false;
                // Said only once, whatever the condition.
                if reason == Reason::Prerelease && std::mem::replace(&mut prerelease_told, true) {
                    continue;
                }
                refusals.push(Refusal { version: version.to_string(), reason, condition: condition.original.clone() });
            }
            if met {
                return Vec::new();
            }
        }
        refusals
    }
}

impl fmt::Display for Constraints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, group) in self.groups.iter().enumerate() {
            f.write_str(if index > 0 { " || " } else { "" })?;
            for (index, condition) in group.conditions.iter().enumerate() {
                f.write_str(if index > 0 { " " } else { "" })?;
                write!(f, "{}{}", condition.written, condition.original)?;
            }
        }
        Ok(())
    }
}

impl Group {
    fn parse(text: &[u8]) -> Result<Self, ConstraintError> {
        let improper = || ConstraintError::Improper(text.to_vec());
        let mut parts = Vec::new();
        let mut rest = trim_start(text);
        loop {
            let (operator, written) = Operator::read(rest);
            let pattern = Pattern::read(trim_start(&rest[written.len()..])).ok_or_else(improper)?;
            rest = pattern.rest;
            parts.push((operator, written, pattern));
            let after = trim_start(rest);
            if after.is_empty() {
                break;
            }
            // White space or a comma must part the conditions.
            rest = match after {
                [b',', tail @ ..] => trim_start(tail),
                _ if after.len() < rest.len() => after,
                _ => return Err(improper()),
            };
        }
        let conditions: Vec<Condition> = parts
            .into_iter()
            .map(|(operator, written, pattern)| Condition::new(operator, written, &pattern))
            .collect::<Result<_, _>>()?;
        let prerelease = conditions.iter().any(|condition| !condition.version.prerelease.is_empty());
        Ok(Self { conditions, prerelease })
    }
}

/// A version in which parts may be wildcards, as it is written.
struct Pattern<'t> {
    text: &'t [u8],
    major: &'t [u8],
    /// With their dots.
    minor: &'t [u8],
    patch: &'t [u8],
    /// With its hyphen.
    prerelease: &'t [u8],
    rest: &'t [u8],
}

impl<'t> Pattern<'t> {
    fn read(text: &'t [u8]) -> Option<Self> {
        // The bar is there by an oversight of the original, but it is there.
        let run = |text: &[u8]| {
            text.iter().take_while(|byte| byte.is_ascii_digit() || matches!(byte, b'|' | b'x' | b'X' | b'*')).count()
        };
        let body = text.strip_prefix(b"v").unwrap_or(text);
        let length = run(body);
        if length == 0 {
            return None;
        }
        let (major, mut rest) = body.split_at(length);
        let mut segment = || {
            let length = match rest {
                [b'.', tail @ ..] => run(tail),
                _ => 0,
            };
            let (segment, tail) = rest.split_at(if length == 0 { 0 } else { length + 1 });
            rest = tail;
            segment
        };
        let minor = segment();
        let patch = if minor.is_empty() { minor } else { segment() };
        let before = rest;
        let prerelease = identifiers(&mut rest, b'-');
        let prerelease = &before[..if prerelease.is_empty() { 0 } else { prerelease.len() + 1 }];
        let _metadata = identifiers(&mut rest, b'+');
        let text = &text[..text.len() - rest.len()];
        Some(Self { text, major, minor, patch, prerelease, rest })
    }
}

impl Condition {
    fn new(operator: Operator, written: &'static str, pattern: &Pattern<'_>) -> Result<Self, ConstraintError> {
        let wild = |segment: &[u8]| matches!(segment.strip_prefix(b".").unwrap_or(segment), b"" | b"x" | b"X" | b"*");
        let (zero, no_patch): (&[u8], &[u8]) = (b"0.0.0", b".0");
        let (mut wildcard, mut wildcard_minor, mut wildcard_patch) = (true, false, false);
        let parts: [&[u8]; 4] = if wild(pattern.major) {
            [zero, b"", b"", pattern.prerelease]
        } else if wild(pattern.minor) {
            wildcard_minor = true;
            [pattern.major, b".0", no_patch, pattern.prerelease]
        } else if wild(pattern.patch) {
            wildcard_patch = true;
            [pattern.major, pattern.minor, no_patch, pattern.prerelease]
        } else {
            wildcard = false;
            [pattern.text, b"", b"", b""]
        };
        let version = Version::parse(&parts.concat()).map_err(|_| ConstraintError::Version)?;
        Ok(Self {
            operator,
            written,
            original: String::from_utf8_lossy(pattern.text).into_owned(),
            version,
            wildcard,
            wildcard_minor,
            wildcard_patch,
        })
    }

    fn check(&self, version: &Version, prereleases: bool) -> Result<(), Reason> {
        if !version.prerelease.is_empty() && !prereleases {
            return Err(Reason::Prerelease);
        }
        let order = version.compare(&self.version);
        let met = |condition: bool, reason: Reason| if condition { Ok(()) } else { Err(reason) };
        match self.operator {
            Operator::NotEqual => self.not_equal(version, order),
            Operator::Greater => self.greater(version, order),
            Operator::Less => met(order.is_lt(), Reason::GreaterOrEqual),
            Operator::GreaterOrEqual => met(order.is_ge(), Reason::Less),
            Operator::LessOrEqual if !self.wildcard => met(order.is_le(), Reason::Greater),
            Operator::LessOrEqual => {
                let more = version.major > self.version.major
                    || version.major == self.version.major
                        && version.minor > self.version.minor
                        && !self.wildcard_minor;
                met(!more, Reason::Greater)
            }
            Operator::TildeOrEqual if !self.wildcard => met(order.is_eq(), Reason::NotEqual),
            Operator::TildeOrEqual | Operator::Tilde => self.tilde(version, order),
            Operator::Caret => self.caret(version, order),
        }
    }

    fn not_equal(&self, version: &Version, order: Ordering) -> Result<(), Reason> {
        let wanted = &self.version;
        if self.wildcard {
            if wanted.major != version.major || wanted.minor != version.minor && !self.wildcard_minor {
                return Ok(());
            }
            if self.wildcard_minor {
                return Err(Reason::Equal);
            }
            if wanted.patch != version.patch && !self.wildcard_patch {
                return Ok(());
            }
            if self.wildcard_patch {
                let other_prerelease = super::compare_prereleases(&version.prerelease, &wanted.prerelease).is_ne();
                return if other_prerelease { Ok(()) } else { Err(Reason::Equal) };
            }
        }
        if order.is_eq() { Err(Reason::Equal) } else { Ok(()) }
    }

    fn greater(&self, version: &Version, order: Ordering) -> Result<(), Reason> {
        let greater = if !self.wildcard {
            order.is_gt()
        } else if version.major != self.version.major {
            version.major > self.version.major
        } else if self.wildcard_minor {
            // 11.1 is not above 11, but 12 is.
            false
        } else if self.wildcard_patch {
            version.minor > self.version.minor
        } else {
            order.is_gt()
        };
        if greater { Ok(()) } else { Err(Reason::LessOrEqual) }
    }

    fn tilde(&self, version: &Version, order: Ordering) -> Result<(), Reason> {
        let wanted = &self.version;
        if order.is_lt() {
            return Err(Reason::Less);
        }
        let zero = (wanted.major, wanted.minor, wanted.patch) == (0, 0, 0);
        if zero && !self.wildcard_minor && !self.wildcard_patch {
            return Ok(());
        }
        if version.major != wanted.major {
            return Err(Reason::OtherMajor);
        }
        if version.minor != wanted.minor && !self.wildcard_minor {
            return Err(Reason::OtherMajorAndMinor);
        }
        Ok(())
    }

    fn caret(&self, version: &Version, order: Ordering) -> Result<(), Reason> {
        let wanted = &self.version;
        if order.is_lt() {
            return Err(Reason::Less);
        }
        if wanted.major > 0 || self.wildcard_minor {
            return if version.major == wanted.major { Ok(()) } else { Err(Reason::OtherMajor) };
        }
        if version.major > 0 {
            return Err(Reason::OtherMajor);
        }
        if wanted.minor > 0 || self.wildcard_patch {
            return if version.minor == wanted.minor { Ok(()) } else { Err(Reason::OtherMinorOfZero) };
        }
        if version.minor > 0 {
            return Err(Reason::OtherMinor);
        }
        if version.patch == wanted.patch { Ok(()) } else { Err(Reason::NotEqualAtZero) }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | 0x0C | b'\r' | b' ')
}

fn trim_start(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|&&byte| is_space(byte)).count()..]
}

/// Writes `1.2 - 1.4` as `>= 1.2, <= 1.4 `.
fn rewrite_ranges(text: &[u8]) -> Vec<u8> {
    let mut out = text.to_vec();
    let mut start = 0;
    while start < text.len() {
        let Some((low, high, length)) = range_at(&text[start..]) else {
            start += 1;
            continue;
        };
        let found = &text[start..start + length];
        let comparison = [b">= ", low, b", <= ", high, b" "].concat();
        if let Some(at) = memchr::memmem::find(&out, found) {
            out.splice(at..at + length, comparison);
        }
        start += length;
    }
    out
}

/// The two versions of a hyphen range at the start of a text, and its length.
fn range_at(text: &[u8]) -> Option<(&[u8], &[u8], usize)> {
    let low = Pattern::read(trim_start(text))?;
    let hyphen = trim_start(low.rest);
    let after = hyphen.strip_prefix(b"-")?;
    let high_start = trim_start(after);
    if hyphen.len() == low.rest.len() || high_start.len() == after.len() {
        return None;
    }
    let high = Pattern::read(high_start)?;
    let rest = trim_start(high.rest);
    Some((low.text, high.text, text.len() - rest.len()))
}
