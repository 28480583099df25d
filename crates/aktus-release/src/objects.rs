//! Documents of a manifest as objects of a release: with the marks of ownership, in their place.

use aktus_helm::{Document, Manifests};
use aktus_k8s::{Object, ObjectId, Ownership};
use serde_json::Value;

use crate::error::ReleaseError;
use crate::options::ReleaseOptions;
use crate::scope;

/// The label by which Helm knows its objects.
const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "Helm");
const RELEASE_NAME: &str = "meta.helm.sh/release-name";
const RELEASE_NAMESPACE: &str = "meta.helm.sh/release-namespace";
/// Objects with this annotation stay when they leave the release (`helm.sh/resource-policy: keep`).
pub(crate) const KEEP: (&str, &str) = ("helm.sh/resource-policy", "keep");

/// The marks of the objects of a release, given to them when they are applied, not stored in the manifest.
pub fn owner(name: &str, namespace: &str) -> Ownership {
    let pair = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    Ownership {
        labels: vec![pair(MANAGED_BY)],
        annotations: vec![pair((RELEASE_NAME, name)), pair((RELEASE_NAMESPACE, namespace))],
    }
}

/// Why Helm would not take an object over, in Helm's words; nothing when it may.
pub(crate) fn foreign(live: &Object, options: &ReleaseOptions) -> Option<String> {
    let mut problems = Vec::new();
    let mut check = |what: &str, key: &str, wanted: &str, found: Option<&str>| match found {
        Some(found) if found == wanted => {}
        Some(found) => problems
            .push(format!("{what} validation error: key {key:?} must equal {wanted:?}: current value is {found:?}")),
        None => problems.push(format!("{what} validation error: missing key {key:?}: must be set to {wanted:?}")),
    };
    check("label", MANAGED_BY.0, MANAGED_BY.1, live.label(MANAGED_BY.0));
    check("annotation", RELEASE_NAME, &options.name, live.annotation(RELEASE_NAME));
    check("annotation", RELEASE_NAMESPACE, &options.namespace, live.annotation(RELEASE_NAMESPACE));
    if problems.is_empty() { None } else { Some(problems.join("; ")) }
}

/// The objects of manifests, marked as the release's own, in Helm's order of installation.
pub(crate) fn of_manifests(manifests: &Manifests, options: &ReleaseOptions) -> Result<Vec<Object>, ReleaseError> {
    let mut objects = Vec::with_capacity(manifests.documents.len());
    for document in &manifests.documents {
        objects.extend(of_document(document, options)?);
    }
    Ok(objects)
}

fn of_document(document: &Document, options: &ReleaseOptions) -> Result<Vec<Object>, ReleaseError> {
    of_value(document.to_json()?, &document.source, options)
}

/// The objects of one document: none for comments, several for a List.
pub(crate) fn of_value(value: Value, template: &str, options: &ReleaseOptions) -> Result<Vec<Object>, ReleaseError> {
    if value.is_null() {
        return Ok(Vec::new());
    }
    let problem = |problem| ReleaseError::Object { template: template.to_owned(), problem };
    let mut objects = Object::flatten(value).map_err(problem)?;
    for object in &mut objects {
        object.set_label(MANAGED_BY.0, MANAGED_BY.1);
        object.set_annotation(RELEASE_NAME, &options.name);
        object.set_annotation(RELEASE_NAMESPACE, &options.namespace);
        // Custom kinds are put right when the cluster is asked.
        if object.namespace().is_none() && scope::is_namespaced(&object.id()) {
            object.set_namespace(Some(&options.namespace));
        }
    }
    Ok(objects)
}

/// The ids of the objects of a stored manifest. What cannot be read any more is left out with a log line:
/// nothing may be deleted by guessing.
pub(crate) fn of_stored(manifest: &str, options: &ReleaseOptions) -> Vec<ObjectId> {
    let mut ids = Vec::new();
    for content in aktus_helm::split_manifest(manifest, options.profile) {
        let value = match aktus_helm::manifest_json(content) {
            Ok(value) => value,
            Err(error) => {
                tracing::warn!(release = options.name, %error, "a stored document cannot be read");
                continue;
            }
        };
        match of_value(value, "of the stored manifest", options) {
            Ok(objects) => ids.extend(objects.iter().map(Object::id)),
            Err(error) => tracing::warn!(release = options.name, %error, "a stored document is no object"),
        }
    }
    ids
}
