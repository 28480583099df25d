//! What does the server itself set when an object is written?

use std::sync::Arc;

use serde_json::Value;

use super::Context;
use crate::kubernetes::resources::Resource;

/// Before an object is created.
pub(crate) fn create(_context: &Context<'_>, _resource: &Resource, _object: &mut Value) {}

/// Before an object is changed.
pub(crate) fn update(
    _context: &Context<'_>,
    resource: &Resource,
    subresource: Option<&str>,
    live: &Arc<Value>,
    new: &mut Value,
) {
    let (Some(map), Some(old)) = (new.as_object_mut(), live.as_object()) else { return };
    let keep = |map: &mut serde_json::Map<String, Value>, field: &str| match old.get(field) {
        Some(value) => map.insert(field.to_owned(), value.clone()),
        None => map.remove(field),
    };
    match subresource {
        Some("status") => {
            keep(map, "spec");
        }
        _ if resource.has_subresource("status") => {
            keep(map, "status");
        }
        _ => {}
    }
}
