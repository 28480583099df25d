//! Is this kind of object deprecated in that version of Kubernetes?
//!
//! The table holds what the Go types of k8s.io/api 0.36 say about themselves (`APILifecycleDeprecated`, `…Removed`,
//! `…Replacement`), for the kinds that client-go knows: apiVersion, kind, deprecated in, removed in, replacement.

use crate::render::KubeVersion;

const TABLE: &str = include_str!("deprecated.tsv");

/// The warning about a kind that is deprecated in a version of Kubernetes.
pub(super) fn check(api_version: &str, kind: &str, kubernetes: &KubeVersion) -> Result<(), String> {
    let Some(current) = version(&format!("{}.{}", kubernetes.major, kubernetes.minor)) else { return Ok(()) };
    for line in TABLE.lines() {
        let mut fields = line.split('\t');
        if fields.next() != Some(api_version) || fields.next() != Some(kind) {
            continue;
        }
        let mut field = || fields.next().unwrap_or_default();
        let (deprecated, removed, replacement) = (field(), field(), field());
        if version(deprecated).is_none_or(|deprecated| deprecated > current) {
            return Ok(());
        }
        let mut text = format!("{api_version} {kind} is deprecated in v{deprecated}+");
        if !removed.is_empty() {
            text.extend([", unavailable in v", removed, "+"]);
        }
        if !replacement.is_empty() {
            text.extend(["; use ", replacement]);
        }
        return Err(text);
    }
    Ok(())
}

fn version(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        for line in TABLE.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            assert_eq!(fields.len(), 5, "{line}");
            assert!(version(fields[2]).is_some(), "{line}");
            assert!(fields[3].is_empty() || version(fields[3]) > version(fields[2]), "{line}");
        }
    }
}
