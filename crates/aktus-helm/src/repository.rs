//! Which versions of a chart does a classic repository offer, and where do their archives lie?
//!
//! A repository is an address with an `index.yaml` below it. Upstream: Helm's `pkg/repo/v1/index.go`.

use aktus_gotmpl::go::semver::{Constraints, Version};
use aktus_gotmpl::go::url::Url;
use aktus_yaml::{Json, Limits};

/// Bytes of an `index.yaml`.
pub const INDEX_BYTES: u64 = 48 * 1024 * 1024;

/// Bounds on reading it.
const LIMITS: Limits = Limits { bytes: 48 * 1024 * 1024, nodes: 4_000_000, ..Limits::JSON };

/// One version of a chart in a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The version, as it is written.
    pub version: String,
    /// Where the archive lies; relative addresses are relative to the repository.
    pub urls: Vec<String>,
    /// SHA-256 of the archive in hexadecimal digits; empty when the index has none.
    pub digest: String,
}

/// An index that cannot be used, or a chart that it does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// It is no YAML.
    #[error("the index of {repository} cannot be read: {cause}")]
    Read {
        /// The repository.
        repository: String,
        /// Why.
        cause: String,
    },
    /// It says no `apiVersion`. Helm's text.
    #[error("the index of {repository} cannot be read: no API version specified")]
    NoApiVersion {
        /// The repository.
        repository: String,
    },
    /// It lacks the chart. Helm's text.
    #[error("{chart} chart not found in repo {repository}")]
    NoChart {
        /// The chart.
        chart: String,
        /// The repository.
        repository: String,
    },
    /// An address in it is none.
    #[error("the index of {repository} has the address {address} for {chart}, which is none")]
    Address {
        /// The repository.
        repository: String,
        /// The chart.
        chart: String,
        /// The address.
        address: String,
    },
}

/// Where the index of a repository lies.
pub fn index_address(repository: &str) -> String {
    let (path, query) = match repository.split_once('?') {
        Some((path, query)) => (path, format!("?{query}")),
        None => (repository, String::new()),
    };
    format!("{}/index.yaml{query}", path.trim_end_matches('/'))
}

/// The versions of a chart in the text of an `index.yaml`, highest first. What is no version is left out, as Helm does.
///
/// ```
/// use aktus_helm::repository::entries;
///
/// let index = b"apiVersion: v1\nentries:\n  web:\n  - {name: web, version: 1.2.0, urls: [web-1.2.0.tgz]}\n  - {name: web, version: 1.10.0, urls: [web-1.10.0.tgz]}\n";
/// let versions: Vec<String> =
///     entries(index, "web", "https://charts.example")?.into_iter().map(|entry| entry.version).collect();
/// assert_eq!(versions, ["1.10.0", "1.2.0"]);
/// # Ok::<(), aktus_helm::repository::IndexError>(())
/// ```
pub fn entries(index: &[u8], chart: &str, repository: &str) -> Result<Vec<Entry>, IndexError> {
    let repository = repository.to_owned();
    let value = aktus_yaml::read(index, &mut aktus_yaml::JsonBuilder, &LIMITS)
        .map_err(|error| IndexError::Read { repository: repository.clone(), cause: error.to_string() })?;
    let Json::Map(fields) = &value else {
        return Err(IndexError::Read { repository, cause: "it is no map".to_owned() });
    };
    if text(fields.get("apiVersion")).is_empty() {
        return Err(IndexError::NoApiVersion { repository });
    }
    let Some(Json::Map(all)) = fields.get("entries") else {
        return Err(IndexError::NoChart { chart: chart.to_owned(), repository });
    };
    let Some(Json::List(listed)) = all.get(chart) else {
        return Err(IndexError::NoChart { chart: chart.to_owned(), repository });
    };
    let mut found: Vec<(Version, Entry)> = Vec::new();
    for item in listed {
        let Json::Map(fields) = item else { continue };
        let version = text(fields.get("version")).to_owned();
        let Ok(parsed) = Version::parse(version.as_bytes()) else { continue };
        let urls = match fields.get("urls") {
            Some(Json::List(urls)) => urls.iter().map(|url| text(Some(url)).to_owned()).collect(),
            _ => Vec::new(),
        };
        found.push((parsed, Entry { version, urls, digest: text(fields.get("digest")).to_owned() }));
    }
    found.sort_by(|(left, _), (right, _)| right.compare(left));
    Ok(found.into_iter().map(|(_, entry)| entry).collect())
}

fn text(value: Option<&Json>) -> &str {
    match value {
        Some(Json::String(text)) => text,
        _ => "",
    }
}

/// The highest of the versions that has an address and satisfies a constraint.
pub fn best<'a>(entries: &'a [Entry], constraints: &Constraints) -> Option<&'a Entry> {
    entries
        .iter()
        .filter(|entry| !entry.urls.is_empty())
        .find(|entry| Version::parse(entry.version.as_bytes()).is_ok_and(|version| constraints.check(&version)))
}

/// The whole address of an entry's archive. Helm's `ResolveReferenceURL`: relative to the repository's own address,
/// whose query is kept.
pub fn archive_address(repository: &str, chart: &str, entry: &Entry) -> Result<String, IndexError> {
    let reference = entry.urls.first().map(String::as_str).unwrap_or_default();
    let refuse = || IndexError::Address {
        repository: repository.to_owned(),
        chart: chart.to_owned(),
        address: reference.to_owned(),
    };
    let parsed = Url::parse(reference.as_bytes()).map_err(|_| refuse())?;
    if !parsed.scheme.is_empty() {
        return Ok(reference.to_owned());
    }
    let (base, query) = match repository.split_once('?') {
        Some((base, query)) => (base, Some(query)),
        None => (repository, None),
    };
    if reference.is_empty() || reference.starts_with("//") {
        return Err(refuse());
    }
    let (scheme, rest) = base.split_once("://").ok_or_else(refuse)?;
    let (host, folder) = rest.split_once('/').unwrap_or((rest, ""));
    let path = match reference.strip_prefix('/') {
        Some(absolute) => absolute.to_owned(),
        None => format!("{}/{reference}", folder.trim_end_matches('/')),
    };
    let path = crate::path::clean(&format!("/{path}"));
    let query = match (query, reference.contains('?')) {
        (Some(query), false) => format!("?{query}"),
        _ => String::new(),
    };
    Ok(format!("{scheme}://{host}{path}{query}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn address(repository: &str, url: &str, expected: &str) {
        let entry = Entry { version: "1.0.0".into(), urls: vec![url.into()], digest: String::new() };
        assert_eq!(archive_address(repository, "web", &entry).as_deref().ok(), Some(expected), "{url}");
    }

    #[test]
    fn addresses() {
        address("https://c.example/a", "web-1.tgz", "https://c.example/a/web-1.tgz");
        address("https://c.example/a/", "charts/web-1.tgz", "https://c.example/a/charts/web-1.tgz");
        address("https://c.example/a", "/web-1.tgz", "https://c.example/web-1.tgz");
        address("https://c.example/a", "https://d.example/web-1.tgz", "https://d.example/web-1.tgz");
        address("https://c.example/a?token=x", "web-1.tgz", "https://c.example/a/web-1.tgz?token=x");
        address("https://c.example", "../../web-1.tgz", "https://c.example/web-1.tgz");
        assert_eq!(index_address("https://c.example/a/?t=x"), "https://c.example/a/index.yaml?t=x");
    }

    #[test]
    fn choice() {
        let index = b"apiVersion: v1\nentries:\n  web:\n  - {version: 2.0.0-rc.1, urls: [a]}\n  - {version: 1.9.0}\n  - {version: nonsense, urls: [b]}\n  - {version: 1.2.0, urls: [c]}\n";
        let entries = entries(index, "web", "r").expect("an index");
        let pick = |constraint: &str| {
            let constraints = Constraints::parse(constraint.as_bytes()).expect("a constraint");
            best(&entries, &constraints).map(|entry| entry.version.clone())
        };
        assert_eq!(pick("*").as_deref(), Some("1.2.0"));
        assert_eq!(pick(">0.0.0-0").as_deref(), Some("2.0.0-rc.1"));
        assert_eq!(pick("^3"), None);
    }

    #[test]
    fn refusals() {
        #[track_caller]
        fn check(index: &str, expected: &str) {
            let error = entries(index.as_bytes(), "web", "r").expect_err("it is refused").to_string();
            assert!(error.contains(expected), "{error}");
        }
        check("entries: {}", "no API version specified");
        check("apiVersion: v1\nentries: {}", "web chart not found in repo r");
        check("[", "cannot be read");
        check("- a", "it is no map");
    }
}
