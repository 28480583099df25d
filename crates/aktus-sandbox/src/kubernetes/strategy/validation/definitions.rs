//! What is wrong with a custom resource definition?

use serde_json::Value;

use super::{get, immutable, items, one_of, text};
use crate::kubernetes::status::FieldError;

pub(super) fn check(object: &Value, live: Option<&Value>, errors: &mut Vec<FieldError>) {
    let spec = get(object, "/spec");
    let name = text(get(object, "/metadata"), "name");
    let wanted = format!("{}.{}", text(get(spec, "/names"), "plural"), text(spec, "group"));
    if name != wanted {
        let detail = "must be spec.names.plural+\".\"+spec.group";
        errors.push(FieldError::invalid("metadata.name", &name.into(), detail));
    }
    if text(spec, "group").is_empty() {
        errors.push(FieldError::required("spec.group", ""));
    }
    one_of(get(spec, "/scope"), "spec.scope", &["Cluster", "Namespaced"], errors);
    let versions = items(spec, "versions");
    for (index, version) in versions.iter().enumerate() {
        if version.pointer("/schema/openAPIV3Schema").is_none() {
            let field = format!("spec.versions[{index}].schema.openAPIV3Schema");
            errors.push(FieldError::required(field, ""));
        }
    }
    let stored = versions.iter().filter(|version| get(version, "/storage").as_bool() == Some(true)).count();
    if stored != 1 {
        let value = Value::Array(versions.to_vec());
        let detail = "must have exactly one version marked as storage version";
        errors.push(FieldError::invalid("spec.versions", &value, detail));
    }
    for field in ["plural", "kind"] {
        if text(get(spec, "/names"), field).is_empty() {
            errors.push(FieldError::required(format!("spec.names.{field}"), ""));
        }
    }
    let stored = get(object, "/status/storedVersions");
    if stored.as_array().is_none_or(Vec::is_empty) {
        let detail = "must have at least one stored version";
        errors.push(FieldError::invalid("status.storedVersions", stored, detail));
    }
    if let Some(live) = live {
        for field in ["group", "scope", "names/kind", "names/plural"] {
            let shown = format!("spec.{}", field.replace('/', "."));
            immutable(live, object, &format!("/spec/{field}"), &shown, errors);
        }
    }
}
