//! Which kinds does the server serve, where, and are they namespaced?
//!
//! Kinds are looked up one group version at a time and remembered: a run needs a handful of them, and a broken
//! aggregated API elsewhere cannot get in the way. What is not found is asked for anew, since definitions appear
//! while charts are installed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use futures::stream::{self, StreamExt as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::time::Instant;

use super::Cluster;
use super::transport::Request;
use crate::error::{ApiError, Call, Class};
use crate::id::{ObjectId, group_of};

/// How many group versions are asked for at the same time.
const PARALLEL: usize = 8;

/// What the server is asked for: everything at once if it can, else the old way.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

/// What stays as it is in one segment of a path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

/// How the server serves one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Group and version: `v1`, `apps/v1`.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// The plural name in paths.
    pub plural: String,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
}

impl Resource {
    /// The path of a collection, or of one object in it.
    pub(crate) fn path(&self, namespace: Option<&str>, name: Option<&str>) -> String {
        let root = if group_of(&self.api_version).is_empty() { "/api" } else { "/apis" };
        let mut path = format!("{root}/{}", self.api_version);
        if let (true, Some(namespace)) = (self.namespaced, namespace) {
            path.push_str("/namespaces/");
            path.extend(utf8_percent_encode(namespace, SEGMENT));
        }
        path.push('/');
        path.push_str(&self.plural);
        if let Some(name) = name {
            path.push('/');
            path.extend(utf8_percent_encode(name, SEGMENT));
        }
        path
    }
}

/// What has been learnt so far: group version → kind → resource.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<BTreeMap<String, BTreeMap<String, Resource>>>);

impl Known {
    fn find(&self, api_version: &str, kind: &str) -> Option<Resource> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(api_version)?.get(kind).cloned()
    }

    fn learn(&self, api_version: &str, resources: BTreeMap<String, Resource>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(api_version.to_owned(), resources);
    }

    fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Cluster {
    /// How the server serves a kind. A kind that is not known is asked for anew each time.
    pub async fn resource(&self, api_version: &str, kind: &str, until: Instant) -> Result<Resource, ApiError> {
        if let Some(resource) = self.known().find(api_version, kind) {
            return Ok(resource);
        }
        let call = Call { verb: "discover", target: format!("{kind} in {api_version}") };
        let unknown = |call| ApiError::UnknownKind { call, api_version: api_version.to_owned(), kind: kind.to_owned() };
        let resources = match self.group_version(&call, api_version, until).await {
            Ok(resources) => resources,
            Err(error) if matches!(error.class(), Class::NotFound | Class::UnknownKind) => {
                return Err(unknown(call));
            }
            Err(error) => return Err(error),
        };
        let found = resources.get(kind).cloned();
        self.known().learn(api_version, resources);
        found.ok_or_else(|| unknown(call))
    }

    /// Whether objects of this kind live in namespaces.
    pub async fn is_namespaced(&self, api_version: &str, kind: &str, until: Instant) -> Result<bool, ApiError> {
        Ok(self.resource(api_version, kind, until).await?.namespaced)
    }

    /// Gives an id its definite place: `default_namespace` if its kind is namespaced and it names none, and no
    /// namespace if its kind is cluster-scoped.
    pub async fn locate(&self, id: &mut ObjectId, default_namespace: &str, until: Instant) -> Result<(), ApiError> {
        if !self.is_namespaced(&id.api_version, &id.kind, until).await? {
            id.namespace = None;
        } else if id.namespace.as_deref().is_none_or(str::is_empty) {
            id.namespace = Some(default_namespace.to_owned());
        }
        Ok(())
    }

    /// Forgets which kinds are served; they are asked for again when needed.
    pub fn forget_discovery(&self) {
        self.known().forget();
    }

    /// Everything that Helm's `.Capabilities.APIVersions` holds: each `group/version` and each
    /// `group/version/Kind`, subresources' kinds included, sorted.
    ///
    /// As in Helm (`action.GetVersionSet`), group versions that cannot be read are left out.
    pub async fn api_versions(&self, until: Instant) -> Result<Vec<String>, ApiError> {
        let call = Call { verb: "discover", target: "the served API versions".to_owned() };
        let mut found = BTreeSet::new();
        let mut one_by_one = Vec::new();
        for path in ["/api", "/apis"] {
            let request = Request { accept: AGGREGATED, ..Request::get(path.to_owned()) };
            let list = self.value(&call, &request, until).await?;
            match list.get("kind").and_then(Value::as_str) {
                Some("APIGroupDiscoveryList") => aggregated(&list, &mut found),
                Some("APIVersions") => {
                    one_by_one.extend(texts(&list, "versions").map(str::to_owned));
                }
                Some("APIGroupList") => {
                    let groups = items(&list, "groups").flat_map(|group| items(group, "versions"));
                    one_by_one
                        .extend(groups.filter_map(|version| Some(version.get("groupVersion")?.as_str()?.to_owned())));
                }
                kind => {
                    let problem = format!("{path} answered with a {}", kind.unwrap_or("nameless value"));
                    return Err(ApiError::Answer { call, problem });
                }
            }
        }
        let call = &call;
        let lists: Vec<_> = stream::iter(one_by_one)
            .map(|version| async move {
                let list = self.value(call, &Request::get(group_version_path(&version)), until).await;
                (version, list)
            })
            .buffered(PARALLEL)
            .collect()
            .await;
        for (version, list) in lists {
            match list {
                Ok(list) => found.extend(
                    items(&list, "resources")
                        .filter_map(|resource| Some(format!("{version}/{}", resource.get("kind")?.as_str()?))),
                ),
                Err(error) if matches!(error.class(), Class::Deadline) => return Err(error),
                Err(error) => tracing::warn!(%version, %error, "this group version cannot be read"),
            }
            found.insert(version);
        }
        Ok(found.into_iter().collect())
    }

    /// The kinds of one group version that can be addressed: no subresources.
    async fn group_version(
        &self,
        call: &Call,
        api_version: &str,
        until: Instant,
    ) -> Result<BTreeMap<String, Resource>, ApiError> {
        let list = self.value(call, &Request::get(group_version_path(api_version)), until).await?;
        let resources = items(&list, "resources").filter_map(|resource| {
            let text = |field: &str| resource.get(field).and_then(Value::as_str);
            let (kind, plural) = (text("kind")?, text("name")?);
            (!plural.contains('/')).then(|| {
                let resource = Resource {
                    api_version: api_version.to_owned(),
                    kind: kind.to_owned(),
                    plural: plural.to_owned(),
                    namespaced: resource.get("namespaced").and_then(Value::as_bool).unwrap_or(false),
                };
                (kind.to_owned(), resource)
            })
        });
        Ok(resources.collect())
    }
}

fn group_version_path(api_version: &str) -> String {
    let root = if api_version.contains('/') { "/apis" } else { "/api" };
    let segments = api_version.split('/').map(|segment| utf8_percent_encode(segment, SEGMENT).to_string());
    format!("{root}/{}", segments.collect::<Vec<_>>().join("/"))
}

fn items<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    value.get(field).and_then(Value::as_array).into_iter().flatten()
}

fn texts<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a str> {
    items(value, field).filter_map(Value::as_str)
}

/// Reads an `APIGroupDiscoveryList` (`apidiscovery.k8s.io/v2`).
fn aggregated(list: &Value, found: &mut BTreeSet<String>) {
    for group in items(list, "items") {
        let name = group.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("");
        for version in items(group, "versions") {
            let Some(version_name) = version.get("version").and_then(Value::as_str) else {
                continue;
            };
            let api_version = if name.is_empty() { version_name.to_owned() } else { format!("{name}/{version_name}") };
            for resource in items(version, "resources") {
                let with_subresources = std::iter::once(resource).chain(items(resource, "subresources"));
                found.extend(with_subresources.filter_map(|resource| {
                    let kind = resource.pointer("/responseKind/kind")?.as_str()?;
                    (!kind.is_empty()).then(|| format!("{api_version}/{kind}"))
                }));
            }
            found.insert(api_version);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn path(api_version: &str, namespaced: bool, namespace: Option<&str>, name: Option<&str>, expected: &str) {
        let (kind, plural) = ("Thing".to_owned(), "things".to_owned());
        let resource = Resource { api_version: api_version.to_owned(), kind, plural, namespaced };
        assert_eq!(resource.path(namespace, name), expected);
    }

    #[test]
    fn paths() {
        path("v1", true, Some("aktus"), Some("a"), "/api/v1/namespaces/aktus/things/a");
        path("v1", true, None, None, "/api/v1/things");
        path("apps/v1", false, Some("ignored"), Some("a"), "/apis/apps/v1/things/a");
        path("g/v1", false, None, Some("system:a/../b c"), "/apis/g/v1/things/system:a%2F..%2Fb%20c");
    }

    #[test]
    fn aggregated_discovery_names_kinds_and_subresources() {
        let list = serde_json::json!({"items": [
            {"metadata": {}, "versions": [{"version": "v1", "resources": [
                {"responseKind": {"kind": "Pod"}, "subresources": [
                    {"responseKind": {"kind": "Eviction"}}, {"responseKind": {"kind": ""}}]}]}]},
            {"metadata": {"name": "apps"}, "versions": [{"version": "v1", "resources": [
                {"responseKind": {"kind": "Deployment"}}]}, {"resources": []}]}]});
        let mut found = BTreeSet::new();
        aggregated(&list, &mut found);
        assert_eq!(Vec::from_iter(found), ["apps/v1", "apps/v1/Deployment", "v1", "v1/Eviction", "v1/Pod"]);
    }
}
