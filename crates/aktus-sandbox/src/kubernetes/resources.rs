//! Which kinds does the API serve, under which paths?

use std::sync::{Arc, LazyLock};

use serde_json::Value;

use super::schema::{Schema, Typed};
use super::status::qualified;

/// One kind in one version.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    /// Empty for the core group.
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) kind: String,
    pub(crate) list_kind: String,
    pub(crate) namespaced: bool,
    pub(crate) verbs: Vec<String>,
    pub(crate) subresources: Vec<String>,
    pub(crate) short_names: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) typed: Typed,
    /// Where objects are kept: the same for all versions of a kind.
    pub(crate) storage: String,
    /// The `apiVersion` that objects are kept in.
    pub(crate) storage_version: String,
    /// The definition's name, for a custom resource.
    pub(crate) custom: Option<Custom>,
}

/// What only custom resources have.
#[derive(Clone, Debug)]
pub(crate) struct Custom {
    /// The version's `openAPIV3Schema`.
    pub(crate) schema: Arc<Value>,
}

impl Resource {
    /// `apps/v1`, or `v1` in the core group.
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// The type of the version that objects are kept in, for built-in kinds.
    pub(crate) fn stored_type(&self) -> Option<Typed> {
        if self.api_version() == self.storage_version {
            return Some(self.typed.clone());
        }
        let stored =
            BUILT_IN.iter().find(|other| other.storage == self.storage && other.storage_version == other.api_version());
        stored.map(|stored| stored.typed.clone())
    }

    pub(crate) fn has_subresource(&self, name: &str) -> bool {
        self.subresources.iter().any(|subresource| subresource == name)
    }

    pub(crate) fn allows(&self, verb: &str) -> bool {
        self.verbs.iter().any(|allowed| allowed == verb)
    }
}

/// Every verb of an ordinary resource, in discovery's order.
const ALL_VERBS: [&str; 8] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

static BUILT_IN: LazyLock<Vec<Arc<Resource>>> = LazyLock::new(|| parse(include_str!("schema/resources.txt")));

fn parse(text: &str) -> Vec<Arc<Resource>> {
    let words = |text: &str| -> Vec<String> {
        match text {
            "-" => Vec::new(),
            "all" => vec!["all".to_owned()],
            list => list.split(',').map(str::to_owned).collect(),
        }
    };
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut parts = line.split(' ');
            let mut next = || parts.next();
            let (api_version, plural, kind, singular) = (next()?, next()?, next()?, next()?);
            let (scope, type_name, verbs) = (next()?, next()?, next()?);
            let (subresources, short_names, categories) = (next()?, next()?, next()?);
            let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
            // Kinds that two groups or versions serve are kept once.
            let (storage, storage_version) = match (group, plural) {
                ("events.k8s.io", "events") => ("events".to_owned(), "v1".to_owned()),
                ("autoscaling", _) => (qualified(plural, group), "autoscaling/v2".to_owned()),
                _ => (qualified(plural, group), api_version.to_owned()),
            };
            let verbs = match verbs {
                "all" => ALL_VERBS.iter().map(|verb| (*verb).to_owned()).collect(),
                list => words(list),
            };
            Some(Arc::new(Resource {
                group: group.to_owned(),
                version: version.to_owned(),
                plural: plural.to_owned(),
                singular: singular.to_owned(),
                kind: kind.to_owned(),
                list_kind: format!("{kind}List"),
                namespaced: scope == "namespaced",
                verbs,
                subresources: words(subresources),
                short_names: words(short_names),
                categories: words(categories),
                typed: Typed { schema: Arc::clone(Schema::built_in()), root: Schema::built_in().named(type_name)? },
                storage,
                storage_version,
                custom: None,
            }))
        })
        .collect()
}

/// The kinds served now.
#[derive(Clone, Debug)]
pub(crate) struct Resources {
    list: Vec<Arc<Resource>>,
}

impl Default for Resources {
    fn default() -> Self {
        Self { list: BUILT_IN.clone() }
    }
}

impl Resources {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Resource>> {
        self.list.iter()
    }

    pub(crate) fn find(&self, group: &str, version: &str, plural: &str) -> Option<&Arc<Resource>> {
        self.list
            .iter()
            .find(|resource| resource.group == group && resource.version == version && resource.plural == plural)
    }

    /// The resource of a kind, `api_version` as objects write it.
    pub(crate) fn of_kind(&self, api_version: &str, kind: &str) -> Option<&Arc<Resource>> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        self.list
            .iter()
            .find(|resource| resource.group == group && resource.version == version && resource.kind == kind)
    }

    /// The resource whose objects are kept under `storage`, in the version they are kept in.
    pub(crate) fn of_storage(&self, storage: &str) -> Option<&Arc<Resource>> {
        self.list
            .iter()
            .find(|resource| resource.storage == storage && resource.storage_version == resource.api_version())
    }

    /// Whether any kind of a group and version is served.
    pub(crate) fn serves(&self, group: &str, version: &str) -> bool {
        self.list.iter().any(|resource| resource.group == group && resource.version == version)
    }

    /// Replaces what a definition serves.
    pub(crate) fn set_custom(&mut self, storage: &str, resources: Vec<Resource>) {
        self.list.retain(|resource| resource.custom.is_none() || resource.storage != storage);
        self.list.extend(resources.into_iter().map(Arc::new));
    }

    /// The versions of a group, the preferred one first.
    pub(crate) fn versions(&self, group: &str) -> Vec<&str> {
        let mut versions: Vec<&str> = Vec::new();
        for resource in self.list.iter().filter(|resource| resource.group == group) {
            if !versions.contains(&resource.version.as_str()) {
                versions.push(&resource.version);
            }
        }
        versions.sort_by_key(|version| std::cmp::Reverse(version_rank(version)));
        versions
    }

    /// The groups in the order of discovery, the core group left out.
    pub(crate) fn groups(&self) -> Vec<&str> {
        let mut groups: Vec<&str> = Vec::new();
        for resource in &self.list {
            if !resource.group.is_empty() && !groups.contains(&resource.group.as_str()) {
                groups.push(&resource.group);
            }
        }
        groups
    }
}

/// Kubernetes' order of versions: stable before beta before alpha, higher numbers first.
fn version_rank(version: &str) -> (u8, u64, u64) {
    let Some(rest) = version.strip_prefix('v') else { return (0, 0, 0) };
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (major, rest) = rest.split_at(digits);
    let Ok(major) = major.parse() else { return (0, 0, 0) };
    let minor = |text: &str| text.parse().unwrap_or(0);
    if rest.is_empty() {
        (3, major, 0)
    } else if let Some(number) = rest.strip_prefix("beta") {
        (2, major, minor(number))
    } else if let Some(number) = rest.strip_prefix("alpha") {
        (1, major, minor(number))
    } else {
        (0, 0, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_kinds_reads_completely() {
        let lines = include_str!("schema/resources.txt").lines();
        let expected = lines.filter(|line| !line.starts_with('#')).count();
        let resources = Resources::default();
        assert_eq!(resources.iter().count(), expected);
        let deployments = resources.find("apps", "v1", "deployments").unwrap();
        assert!(deployments.has_subresource("scale") && deployments.allows("patch"));
        assert_eq!(resources.versions("autoscaling"), ["v2", "v1"]);
    }
}
