//! Which resource, object and sub-resource does a path name?

use std::sync::Arc;

use crate::kubernetes::resources::Resource;

/// A path of the resource API, not yet looked up.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) plural: String,
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) subresource: Option<String>,
}

/// What a request is about.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) resource: Arc<Resource>,
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) subresource: Option<String>,
}

impl Path {
    /// Reads a path; `None` where it cannot be one of the resource API.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let mut parts: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        if parts.last() == Some(&"") {
            parts.pop();
        }
        let (group, version, rest) = match parts.as_slice() {
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => return None,
        };
        let (namespace, rest) = match rest {
            // Namespaces are themselves a resource with sub-resources.
            ["namespaces", name, "status" | "finalize"] if group.is_empty() => {
                let subresource = rest.get(2).copied();
                return Some(Self::new(group, version, "namespaces", None, Some(name), subresource));
            }
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (Some(*namespace), rest),
            rest => (None, rest),
        };
        let (plural, name, subresource) = match rest {
            [plural] => (*plural, None, None),
            [plural, name] => (*plural, Some(*name), None),
            [plural, name, subresource] => (*plural, Some(*name), Some(*subresource)),
            _ => return None,
        };
        Some(Self::new(group, version, plural, namespace, name.as_ref(), subresource))
    }

    fn new(
        group: &str,
        version: &str,
        plural: &str,
        namespace: Option<&str>,
        name: Option<&&str>,
        subresource: Option<&str>,
    ) -> Self {
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            plural: plural.to_owned(),
            namespace: namespace.map(str::to_owned),
            name: name.map(|name| (*name).to_owned()),
            subresource: subresource.map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: [&str; 6]) {
        let parsed = Path::parse(path).unwrap();
        let or_empty = |part: &Option<String>| part.clone().unwrap_or_default();
        let found = [
            parsed.group.clone(),
            parsed.version.clone(),
            parsed.namespace.as_ref().map_or_else(String::new, Clone::clone),
            parsed.plural.clone(),
            or_empty(&parsed.name),
            or_empty(&parsed.subresource),
        ];
        assert_eq!(found, expected.map(str::to_owned));
    }

    #[test]
    fn paths_name_their_parts() {
        check("/api/v1/namespaces", ["", "v1", "", "namespaces", "", ""]);
        check("/api/v1/namespaces/a", ["", "v1", "", "namespaces", "a", ""]);
        check("/api/v1/namespaces/a/finalize", ["", "v1", "", "namespaces", "a", "finalize"]);
        check("/api/v1/namespaces/a/pods", ["", "v1", "a", "pods", "", ""]);
        check("/api/v1/namespaces/a/pods/b/status", ["", "v1", "a", "pods", "b", "status"]);
        check("/apis/apps/v1/deployments", ["apps", "v1", "", "deployments", "", ""]);
        check("/apis/apps/v1/namespaces/a/deployments/b/scale", ["apps", "v1", "a", "deployments", "b", "scale"]);
        assert_eq!(Path::parse("/metrics"), None);
    }
}
