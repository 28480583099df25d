//! Which chart is meant by `oci://host/path:tag@digest`?

use std::fmt;
use std::str::FromStr;

use super::digest::{Digest, DigestError};

/// Longest reference that is looked at, in bytes.
const LONGEST_REFERENCE: usize = 1024;

/// A chart in an OCI registry: `oci://host[:port]/path[:tag][@digest]`, the scheme being optional.
///
/// The rules are those of Helm (`pkg/registry/reference.go`) over oras-go's reference grammar. In a tag, `+` is
/// written `_`, because OCI tags have no `+`. Registry names are kept in lower case.
///
/// ```
/// use aktus_helm::oci::Reference;
///
/// let chart: Reference = "oci://registry.example:5000/charts/web:1.2.3+build.4".parse()?;
/// assert_eq!(chart.tag(), Some("1.2.3_build.4"));
/// assert_eq!(chart.version().as_deref(), Some("1.2.3+build.4"));
/// assert!("oci://registry.example/../secrets".parse::<Reference>().is_err());
/// # Ok::<(), aktus_helm::oci::ReferenceError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    registry: String,
    repository: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

/// Why a chart reference cannot be used. Every variant carries the reference, shortened and with control
/// characters escaped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// Another scheme than `oci://`.
    #[error("chart reference \"{reference}\" has the scheme {scheme}; write oci://HOST/PATH:VERSION")]
    Scheme {
        /// The reference.
        reference: String,
        /// The scheme found.
        scheme: String,
    },
    /// No `/` between registry and repository.
    #[error("chart reference \"{reference}\" names no repository; write oci://HOST/PATH:VERSION")]
    NoRepository {
        /// The reference.
        reference: String,
    },
    /// The part before the first `/` is not a host name or address with an optional port.
    #[error("chart reference \"{reference}\" has an invalid registry; write a host name, with :PORT if needed")]
    Registry {
        /// The reference.
        reference: String,
    },
    /// The path breaks the OCI distribution rule for repository names.
    #[error(
        "chart reference \"{reference}\" has an invalid repository; use lower-case letters, digits and single \
         separators (. _ -) in parts joined by /"
    )]
    Repository {
        /// The reference.
        reference: String,
    },
    /// The tag breaks the OCI distribution rule for tags.
    #[error(
        "chart reference \"{reference}\" has an invalid tag; use up to 128 letters, digits and _ . - (+ is written \
         as _), starting with a letter, digit or _"
    )]
    Tag {
        /// The reference.
        reference: String,
    },
    /// The digest cannot be checked.
    #[error("chart reference \"{reference}\" has an invalid digest")]
    Digest {
        /// The reference.
        reference: String,
        /// What is wrong with it.
        source: DigestError,
    },
    /// Longer than any registry allows.
    #[error("chart reference \"{reference}\" is longer than {LONGEST_REFERENCE} bytes")]
    TooLong {
        /// The reference.
        reference: String,
    },
}

impl Reference {
    /// Reads a reference. See [`Reference`] for the form.
    pub fn parse(text: &str) -> Result<Reference, ReferenceError> {
        let shown = || shown(text);
        if text.len() > LONGEST_REFERENCE {
            return Err(ReferenceError::TooLong { reference: shown() });
        }
        let rest = match text.split_once("://") {
            Some(("oci", rest)) => rest,
            Some((scheme, _)) => {
                return Err(ReferenceError::Scheme {
                    reference: shown(),
                    scheme: scheme.chars().take(20).flat_map(char::escape_default).collect(),
                });
            }
            None => text,
        };
        let (registry, path) =
            rest.split_once('/').ok_or_else(|| ReferenceError::NoRepository { reference: shown() })?;
        if !is_registry(registry) {
            return Err(ReferenceError::Registry { reference: shown() });
        }

        let (path, digest) = match path.split_once('@') {
            Some((path, digest)) => {
                let digest =
                    Digest::parse(digest).map_err(|source| ReferenceError::Digest { reference: shown(), source })?;
                (path, Some(digest))
            }
            None => (path, None),
        };
        let (repository, tag) = match path.split_once(':') {
            Some((repository, tag)) => (repository, Some(tag.replace('+', "_"))),
            None => (path, None),
        };
        if !is_repository(repository) {
            return Err(ReferenceError::Repository { reference: shown() });
        }
        if tag.as_deref().is_some_and(|tag| !is_tag(tag)) {
            return Err(ReferenceError::Tag { reference: shown() });
        }
        Ok(Reference { registry: registry.to_ascii_lowercase(), repository: repository.to_owned(), tag, digest })
    }

    /// The registry, `host` or `host:port`, as the reference names it.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The host that is asked: `docker.io` stands for `registry-1.docker.io`.
    pub fn host(&self) -> &str {
        if self.registry == "docker.io" { "registry-1.docker.io" } else { &self.registry }
    }

    /// The repository, a path of one or more parts.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The last part of the repository, which `helm pull` uses as the file name.
    pub fn base_name(&self) -> &str {
        self.repository.rsplit('/').next().unwrap_or(&self.repository)
    }

    /// The tag in the registry's writing, `_` for `+`.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The tag as the chart version it stands for, `+` for `_`.
    pub fn version(&self) -> Option<String> {
        self.tag.as_deref().map(|tag| tag.replace('_', "+"))
    }

    /// The digest the manifest must have.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// The same chart under another tag, given as a version or a tag.
    pub fn with_tag(&self, version: &str) -> Result<Reference, ReferenceError> {
        let tag = version.replace('+', "_");
        if !is_tag(&tag) {
            return Err(ReferenceError::Tag { reference: shown(&format!("{}:{version}", self.repository)) });
        }
        Ok(Reference { tag: Some(tag), ..self.clone() })
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Reference, ReferenceError> {
        Reference::parse(text)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "oci://{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(formatter, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(formatter, "@{digest}")?;
        }
        Ok(())
    }
}

fn shown(text: &str) -> String {
    text.chars().take(160).flat_map(char::escape_debug).collect()
}

/// A DNS name, IPv4 address or bracketed IPv6 address, with an optional port.
fn is_registry(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let Some((address, rest)) = rest.split_once(']') else { return false };
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return false;
            }
            match rest.strip_prefix(':') {
                Some(port) => (None, Some(port)),
                None if rest.is_empty() => (None, None),
                None => return false,
            }
        }
        None => match text.split_once(':') {
            Some((host, port)) => (Some(host), Some(port)),
            None => (Some(text), None),
        },
    };
    let host_is_name = host.is_none_or(|host| {
        !host.is_empty()
            && host.len() <= 253
            && host.split('.').all(|label| {
                !label.is_empty()
                    && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                    && !label.starts_with('-')
                    && !label.ends_with('-')
            })
    });
    let port_is_number = port.is_none_or(|port| {
        port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|number| number > 0)
    });
    host_is_name && port_is_number
}

/// `^[a-z0-9]+(?:(?:[._]|__|[-]*)[a-z0-9]+)*(?:/…)*$`, the repository rule of the OCI distribution specification.
fn is_repository(text: &str) -> bool {
    text.len() <= 255 && text.split('/').all(is_repository_part)
}

fn is_repository_part(part: &str) -> bool {
    let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = part.as_bytes();
    if !bytes.first().is_some_and(alphanumeric) || !bytes.last().is_some_and(alphanumeric) {
        return false;
    }
    bytes
        .split(|byte| alphanumeric(byte))
        .all(|separator| matches!(separator, b"" | b"." | b"_" | b"__") || separator.iter().all(|byte| *byte == b'-'))
}

/// `^[\w][\w.-]{0,127}$`, the tag rule of the OCI distribution specification.
fn is_tag(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut bytes = text.bytes();
    text.len() <= 128 && bytes.next().is_some_and(word) && bytes.all(|byte| word(byte) || matches!(byte, b'.' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[track_caller]
    fn check(text: &str, registry: &str, repository: &str, tag: Option<&str>, digest: bool) {
        let reference = Reference::parse(text).unwrap();
        assert_eq!(reference.registry(), registry);
        assert_eq!(reference.repository(), repository);
        assert_eq!(reference.tag(), tag);
        assert_eq!(reference.digest().is_some(), digest);
        assert_eq!(Reference::parse(&reference.to_string()).unwrap(), reference, "does not round-trip");
    }

    #[test]
    fn accepted() {
        check("oci://h/a", "h", "a", None, false);
        check("h/a", "h", "a", None, false);
        check("oci://H.Example:5000/a/b:1.0.0", "h.example:5000", "a/b", Some("1.0.0"), false);
        check("oci://h/a:1.0.0+meta.1", "h", "a", Some("1.0.0_meta.1"), false);
        check("oci://[::1]:5000/a:v1", "[::1]:5000", "a", Some("v1"), false);
        check("oci://127.0.0.1:80/a-b/c__d/e.f---g:x", "127.0.0.1:80", "a-b/c__d/e.f---g", Some("x"), false);
        check(&format!("oci://h/a@{DIGEST}"), "h", "a", None, true);
        check(&format!("oci://h/a:1.0.0@{DIGEST}"), "h", "a", Some("1.0.0"), true);
        let marketplace = "709825985650.dkr.ecr.us-east-1.amazonaws.com";
        check(
            &format!("{marketplace}/aktus-ai/aktus-ai-platform-aws-marketplace-ecr:1.0.5"),
            marketplace,
            "aktus-ai/aktus-ai-platform-aws-marketplace-ecr",
            Some("1.0.5"),
            false,
        );
    }

    #[test]
    fn refused() {
        let long_tag = format!("h/a:{}", "1".repeat(129));
        let long_path = format!("h/{}", "a/".repeat(600));
        let pinned_oddly = format!("h/a@{DIGEST}@{DIGEST}");
        for text in [
            "",
            "oci://",
            "h",
            "oci://h",
            "h/",
            "/a",
            "https://h/a",
            "file:///etc/passwd",
            "oci://u:p@h/a",
            "h/../b",
            "h/a/../../b",
            "h/./b",
            "h/%2e%2e/b",
            "h//b",
            "h/a/",
            "h/A",
            "h/a..b",
            "h/a___b",
            "h/a_-b",
            "h/-a",
            "h/a-",
            "h/a b",
            "h/a\nb",
            "h/a?x=1",
            "h/a#f",
            "h/a:",
            "h/a:b/c",
            "h/a:.b",
            "h/a:-b",
            "h/a:b:c",
            "h/a:ü",
            "h/a@sha256:../../x",
            "h/a@md5:00",
            "h/a@",
            "h:0/a",
            "h:99999/a",
            "h:+80/a",
            "h:/a",
            "[::1/a",
            "[x]/a",
            "[::1]x/a",
            "h..i/a",
            "-h/a",
            "h\u{0}/a",
            &long_tag,
            &long_path,
            &pinned_oddly,
        ] {
            let error = Reference::parse(text).unwrap_err().to_string();
            assert!(!error.contains(char::is_control), "{error:?}");
        }
    }

    #[test]
    fn a_version_becomes_a_tag() {
        let reference = Reference::parse("h/a").unwrap();
        assert_eq!(reference.with_tag("1.0.0+a").unwrap().tag(), Some("1.0.0_a"));
        assert!(reference.with_tag("../x").is_err());
        assert_eq!(Reference::parse("docker.io/a/b").unwrap().host(), "registry-1.docker.io");
        assert_eq!(Reference::parse("h/a/b").unwrap().base_name(), "b");
    }
}
