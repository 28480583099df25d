//! Which objects change, and how: pure, on JSON.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::request::{DatabaseStorage, LoadBalancerScheme, Mode};

/// What to change.
#[derive(Clone, Debug)]
pub struct TransformOptions {
    /// Traditional Mode has no load-balancer controller: `external` balancers become `nlb`,
    /// which the control plane's own provider serves (T10).
    pub mode: Mode,
    /// Who can reach the load balancers (C4).
    pub load_balancer_scheme: LoadBalancerScheme,
    /// Whether `hostPath` volumes are replaced (C1).
    pub database_storage: DatabaseStorage,
    /// The storage class that claims of replaced volumes ask for.
    pub database_class: String,
}

/// A change of one object.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Edit {
    /// It is replaced by `value`.
    Replace {
        /// The new object.
        value: Value,
        /// What changed, in words.
        why: Vec<String>,
    },
    /// It is left out.
    Remove {
        /// Why, in words.
        why: String,
    },
}

const SCHEME: &str = "service.beta.kubernetes.io/aws-load-balancer-scheme";
const TYPE: &str = "service.beta.kubernetes.io/aws-load-balancer-type";
/// The in-tree provider's word for an internal balancer.
const INTERNAL: &str = "service.beta.kubernetes.io/aws-load-balancer-internal";

/// The edits, by the index of the object.
pub(super) fn edits(objects: &[Value], options: &TransformOptions) -> BTreeMap<usize, Edit> {
    let mut edits = BTreeMap::new();
    for (index, object) in objects.iter().enumerate() {
        if kind(object) == "Service" && object.pointer("/spec/type") == Some(&json!("LoadBalancer")) {
            let mut value = object.clone();
            let why = balancer(&mut value, options);
            if !why.is_empty() {
                edits.insert(index, Edit::Replace { value, why });
            }
        }
    }
    if options.database_storage == DatabaseStorage::Ebs {
        volumes(objects, &options.database_class, &mut edits);
    }
    edits
}

fn balancer(service: &mut Value, options: &TransformOptions) -> Vec<String> {
    let name = name(service).to_owned();
    let Some(metadata) = service.get_mut("metadata").and_then(Value::as_object_mut) else { return Vec::new() };
    let annotations = metadata.entry("annotations").or_insert_with(|| json!({}));
    if annotations.is_null() {
        *annotations = json!({});
    }
    let Some(annotations) = annotations.as_object_mut() else { return Vec::new() };
    let mut why = Vec::new();
    let mut set = |key: &str, value: &str| {
        if annotations.get(key).and_then(Value::as_str) != Some(value) {
            annotations.insert(key.to_owned(), json!(value));
            why.push(format!("Service/{name}: {key} is now `{value}`"));
        }
    };
    set(SCHEME, options.load_balancer_scheme.annotation());
    if options.mode == Mode::Traditional {
        set(TYPE, "nlb");
        if options.load_balancer_scheme == LoadBalancerScheme::Internal {
            set(INTERNAL, "true");
        }
    }
    why
}

/// Drops `hostPath` volumes; the claims that name them ask the database class instead.
fn volumes(objects: &[Value], class: &str, edits: &mut BTreeMap<usize, Edit>) {
    let mut replaced = BTreeMap::new();
    for (index, object) in objects.iter().enumerate() {
        if kind(object) != "PersistentVolume" || object.pointer("/spec/hostPath").is_none() {
            continue;
        }
        let claimed = objects.iter().any(|claim| claims(claim) == Some(name(object)));
        if claimed {
            replaced.insert(name(object), index);
        }
    }
    for (index, object) in objects.iter().enumerate() {
        let Some(volume) = claims(object).filter(|volume| replaced.contains_key(volume)) else { continue };
        let mut value = object.clone();
        if let Some(spec) = value.get_mut("spec").and_then(Value::as_object_mut) {
            spec.remove("volumeName");
            spec.insert("storageClassName".to_owned(), json!(class));
        }
        let why = vec![format!(
            "PersistentVolumeClaim/{}: asks storage class `{class}` instead of the directory volume {volume}",
            name(object)
        )];
        edits.insert(index, Edit::Replace { value, why });
    }
    for (volume, index) in replaced {
        let why = format!("PersistentVolume/{volume}: left out, its data would lie in a directory of one node");
        edits.insert(index, Edit::Remove { why });
    }
}

/// The volume that a claim names.
fn claims(object: &Value) -> Option<&str> {
    if kind(object) != "PersistentVolumeClaim" {
        return None;
    }
    object.pointer("/spec/volumeName").and_then(Value::as_str)
}

fn kind(object: &Value) -> &str {
    object.get("kind").and_then(Value::as_str).unwrap_or_default()
}

fn name(object: &Value) -> &str {
    object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUTO: (Mode, LoadBalancerScheme) = (Mode::Auto, LoadBalancerScheme::InternetFacing);

    #[track_caller]
    fn check(objects: &Value, (mode, scheme): (Mode, LoadBalancerScheme), storage: DatabaseStorage, expected: &Value) {
        let options = TransformOptions {
            mode,
            load_balancer_scheme: scheme,
            database_storage: storage,
            database_class: "databases".to_owned(),
        };
        let mut result = objects.as_array().unwrap().clone();
        let mut removed = Vec::new();
        for (index, edit) in edits(&result.clone(), &options) {
            match edit {
                Edit::Replace { value, why } => {
                    assert!(!why.is_empty());
                    result[index] = value;
                }
                Edit::Remove { .. } => removed.push(index),
            }
        }
        for index in removed.into_iter().rev() {
            result.remove(index);
        }
        assert_eq!(Value::from(result), *expected);
    }

    fn service(annotations: &Value) -> Value {
        json!({"kind": "Service", "metadata": {"name": "web", "annotations": annotations}, "spec": {"type": "LoadBalancer"}})
    }

    #[test]
    fn a_balancer_that_is_right_stays() {
        let right = json!([service(&json!({SCHEME: "internet-facing", TYPE: "external"}))]);
        check(&right, AUTO, DatabaseStorage::Chart, &right);
    }

    #[test]
    fn the_scheme_is_set() {
        check(
            &json!([service(&Value::Null), {"kind": "Service", "metadata": {"name": "x"}, "spec": {"type": "ClusterIP"}}]),
            (Mode::Auto, LoadBalancerScheme::Internal),
            DatabaseStorage::Chart,
            &json!([service(&json!({SCHEME: "internal"})), {"kind": "Service", "metadata": {"name": "x"}, "spec": {"type": "ClusterIP"}}]),
        );
    }

    #[test]
    fn traditional_mode_has_no_controller_for_external_balancers() {
        check(
            &json!([service(&json!({SCHEME: "internet-facing", TYPE: "external"}))]),
            (Mode::Traditional, LoadBalancerScheme::Internal),
            DatabaseStorage::Chart,
            &json!([service(&json!({SCHEME: "internal", TYPE: "nlb", INTERNAL: "true"}))]),
        );
    }

    #[test]
    fn directory_volumes_become_claims_of_the_database_class() {
        let volume =
            |source: &str| json!({"kind": "PersistentVolume", "metadata": {"name": source}, "spec": {source: {}}});
        let claim = |volume: &str| json!({"kind": "PersistentVolumeClaim", "metadata": {"name": "c"}, "spec": {"volumeName": volume, "storageClassName": "gp2"}});
        let objects = json!([volume("hostPath"), volume("csi"), claim("hostPath"), claim("csi")]);
        let moved = json!({"kind": "PersistentVolumeClaim", "metadata": {"name": "c"}, "spec": {"storageClassName": "databases"}});
        check(&objects, AUTO, DatabaseStorage::Ebs, &json!([volume("csi"), moved, claim("csi")]));
        check(&objects, AUTO, DatabaseStorage::Chart, &objects);
    }

    #[test]
    fn a_directory_volume_that_nobody_claims_stays() {
        let objects = json!([{"kind": "PersistentVolume", "metadata": {"name": "v"}, "spec": {"hostPath": {}}}]);
        check(&objects, AUTO, DatabaseStorage::Ebs, &objects);
    }
}
