//! What is wrong with a volume, a claim, a storage class or a driver?

use serde_json::Value;

use super::{get, immutable, items, one_of, text};
use crate::kubernetes::merge::equal;
use crate::kubernetes::resources::Resource;
use crate::kubernetes::status::FieldError;
use crate::kubernetes::strategy::quantity;

const MODES: [&str; 4] = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

pub(super) fn check(resource: &Resource, object: &Value, live: Option<&Value>, errors: &mut Vec<FieldError>) {
    match resource.kind.as_str() {
        "PersistentVolume" => volume(object, live, errors),
        "PersistentVolumeClaim" => claim(object, live, errors),
        "StorageClass" => class(object, live, errors),
        _ => {}
    }
}

fn access_modes(spec: &Value, errors: &mut Vec<FieldError>) {
    for mode in items(spec, "accessModes") {
        one_of(mode, "spec.accessModes", &MODES, errors);
    }
}

/// The fields of a volume that are not its source.
const NOT_A_SOURCE: [&str; 9] = [
    "accessModes",
    "capacity",
    "claimRef",
    "mountOptions",
    "nodeAffinity",
    "persistentVolumeReclaimPolicy",
    "storageClassName",
    "volumeAttributesClassName",
    "volumeMode",
];

fn source(spec: &Value) -> Value {
    let mut source = spec.clone();
    if let Some(map) = source.as_object_mut() {
        map.retain(|field, _| !NOT_A_SOURCE.contains(&field.as_str()));
    }
    source
}

fn volume(object: &Value, live: Option<&Value>, errors: &mut Vec<FieldError>) {
    let spec = get(object, "/spec");
    if items(spec, "accessModes").is_empty() {
        errors.push(FieldError::required("spec.accessModes", ""));
    }
    access_modes(spec, errors);
    let capacity = get(spec, "/capacity");
    let length = capacity.as_object().map_or(0, serde_json::Map::len);
    if length == 0 {
        errors.push(FieldError::required("spec.capacity", ""));
    }
    if length != 1 || capacity.get("storage").is_none() {
        errors.push(FieldError::not_supported("spec.capacity", capacity, &["storage"]));
    } else {
        positive(capacity, "spec.capacity[storage]", errors);
    }
    let sources = source(spec);
    match sources.as_object().map_or(0, serde_json::Map::len) {
        0 => errors.push(FieldError::required("spec", "must specify a volume type")),
        1 => {}
        _ => {
            for field in sources.as_object().into_iter().flatten().skip(1).map(|(field, _)| field) {
                errors.push(FieldError::forbidden(format!("spec.{field}"), "may not specify more than 1 volume type"));
            }
        }
    }
    if let Some(csi) = spec.get("csi") {
        for field in ["driver", "volumeHandle"] {
            if text(csi, field).is_empty() {
                errors.push(FieldError::required(format!("spec.csi.{field}"), ""));
            }
        }
    }
    one_of(
        get(spec, "/persistentVolumeReclaimPolicy"),
        "spec.persistentVolumeReclaimPolicy",
        &["Delete", "Recycle", "Retain"],
        errors,
    );
    let Some(live) = live else { return };
    if !equal(&source(get(live, "/spec")), &sources) {
        errors.push(FieldError::forbidden(
            "spec.persistentvolumesource",
            "spec.persistentvolumesource is immutable after creation",
        ));
    }
    immutable(live, object, "/spec/volumeMode", "volumeMode", errors);
}

/// A size that is more than nothing.
fn positive(sizes: &Value, field: &str, errors: &mut Vec<FieldError>) {
    let size = text(sizes, "storage");
    if quantity::milli(size) <= 0 {
        errors.push(FieldError::invalid(field, &size.into(), "must be greater than zero"));
    }
}

fn claim(object: &Value, live: Option<&Value>, errors: &mut Vec<FieldError>) {
    let spec = get(object, "/spec");
    if items(spec, "accessModes").is_empty() {
        errors.push(FieldError::required("spec.accessModes", "at least 1 access mode is required"));
    }
    access_modes(spec, errors);
    let requests = get(spec, "/resources/requests");
    if requests.get("storage").is_none() {
        errors.push(FieldError::required("spec.resources[storage]", ""));
    } else {
        positive(requests, "spec.resources[storage]", errors);
    }
    let Some(live) = live else { return };
    let bound = text(get(live, "/status"), "phase") == "Bound";
    let unchanging = |object: &Value, volume: bool| {
        let mut spec = get(object, "/spec").clone();
        if let Some(map) = spec.as_object_mut() {
            if volume {
                map.remove("volumeName");
            }
            if bound {
                map.remove("volumeAttributesClassName");
                if let Some(resources) = map.get_mut("resources").and_then(Value::as_object_mut) {
                    resources.remove("requests");
                }
            }
        }
        spec
    };
    let unbound = text(get(live, "/spec"), "volumeName").is_empty();
    if !equal(&unchanging(live, unbound), &unchanging(object, unbound)) {
        errors.push(FieldError::forbidden(
            "spec",
            "spec is immutable after creation except resources.requests and \
             volumeAttributesClassName for bound claims",
        ));
    }
    let size = |object: &Value| {
        let size = get(object, "/spec/resources/requests/storage");
        quantity::milli(size.as_str().unwrap_or("0"))
    };
    let capacity = get(live, "/status/capacity/storage").as_str().unwrap_or("0");
    if size(object) < size(live) && size(object) <= quantity::milli(capacity) {
        errors.push(FieldError::forbidden(
            "spec.resources.requests.storage",
            "field can not be less than status.capacity",
        ));
    }
}

fn class(object: &Value, live: Option<&Value>, errors: &mut Vec<FieldError>) {
    if text(object, "provisioner").is_empty() {
        errors.push(FieldError::required("provisioner", ""));
    }
    one_of(get(object, "/reclaimPolicy"), "reclaimPolicy", &["Delete", "Retain"], errors);
    one_of(get(object, "/volumeBindingMode"), "volumeBindingMode", &["Immediate", "WaitForFirstConsumer"], errors);
    let Some(live) = live else { return };
    for field in ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"] {
        immutable(live, object, &format!("/{field}"), field, errors);
    }
}
