//! Which tags are versions, and which of them is wanted? (Helm's `Tags` and `GetTagMatchingVersionOrConstraint`.)

use aktus_gotmpl::go::semver::{Constraints, Version};

use super::error::{PullError, printable};

/// Tags that are strict semantic versions, `_` read as `+`, highest first. Others (`latest`, `v1.0.0`, signatures)
/// are no versions to Helm.
pub(super) fn sorted(tags: &[String]) -> Vec<String> {
    let mut versions: Vec<Version> =
        tags.iter().filter_map(|tag| Version::parse_strict(tag.replace('_', "+").as_bytes()).ok()).collect();
    versions.sort_by(|left, right| right.compare(left));
    versions.iter().map(Version::to_string).collect()
}

/// Whether the text names one version, leniently read, and so is a tag and no constraint.
pub(super) fn is_version(text: &str) -> bool {
    Version::parse(text.as_bytes()).is_ok()
}

/// The version wanted: exactly the one named, or else the first that satisfies the constraint; without any, the
/// first that is no pre-release.
pub(super) fn matching<'a>(available: &'a [String], wanted: Option<&str>) -> Result<&'a str, PullError> {
    if let Some(exact) = available.iter().find(|version| Some(version.as_str()) == wanted) {
        return Ok(exact);
    }
    let constraint = wanted.unwrap_or("*");
    let shown = || printable(constraint, 100);
    let constraints = Constraints::parse(constraint.as_bytes())
        .map_err(|error| PullError::Constraint { constraint: shown(), cause: printable(&error.to_string(), 200) })?;
    available
        .iter()
        .find(|text| Version::parse(text.as_bytes()).is_ok_and(|version| constraints.check(&version)))
        .map(String::as_str)
        .ok_or_else(|| PullError::NoMatchingVersion { constraint: shown() })
}
