//! Which writes do the built-in admission plug-ins refuse or complete?

use std::sync::Arc;

use serde_json::Value;

use super::api::{Api, Target, text};
use super::status::Status;
use super::store::Key;

/// Before a new object is validated.
pub(crate) fn create(api: &Api, target: &Target, object: &mut Value) -> Result<(), Status> {
    let resource = &target.resource;
    if let Some(namespace) = &target.namespace {
        let Some(found) = api.store.get(&Key::new("namespaces", "", namespace)) else {
            return Err(Status::not_found("", "namespaces", namespace));
        };
        if !text(found, "deletionTimestamp").is_empty() {
            let why = format!(
                "unable to create new content in namespace {namespace} because it is being \
                 terminated"
            );
            let name = text(object, "name");
            let mut status = Status::forbidden(&resource.group, &resource.plural, name, &why);
            if let Some(details) = &mut status.details {
                details.causes = vec![super::status::Cause {
                    reason: "NamespaceTerminating".to_owned(),
                    message: format!("namespace {namespace} is being terminated"),
                    field: "metadata.namespace".to_owned(),
                }];
            }
            return Err(status);
        }
    }
    Ok(())
}

/// Before a changed object is validated.
pub(crate) fn update(
    _api: &Api,
    _target: &Target,
    _live: &Arc<Value>,
    _new: &mut Value,
) -> Result<(), Status> {
    Ok(())
}
