//! Which objects does the API refuse, and with which words?

use std::sync::Arc;

use serde_json::Value;

use super::Context;
use crate::kubernetes::resources::Resource;
use crate::kubernetes::status::FieldError;

/// What is wrong with a new object.
pub(crate) fn create(_: &Context<'_>, _: &Resource, object: &Value) -> Vec<FieldError> {
    let name = crate::kubernetes::api::text(object, "name");
    if name.is_empty() {
        return vec![FieldError::required("metadata.name", "name or generateName is required")];
    }
    Vec::new()
}

/// What is wrong with a changed object.
pub(crate) fn update(
    _: &Context<'_>,
    _: &Resource,
    _subresource: Option<&str>,
    _live: &Arc<Value>,
    _new: &Value,
) -> Vec<FieldError> {
    Vec::new()
}
