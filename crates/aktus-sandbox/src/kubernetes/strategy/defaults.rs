//! Which fields does Kubernetes fill in when it reads an object?

use serde_json::Value;

use crate::kubernetes::resources::Resource;

/// Fills in the defaults of an object's kind.
pub(crate) fn fill(_resource: &Resource, _object: &mut Value) {}
