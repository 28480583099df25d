//! How does an object come to be?

use std::sync::Arc;

use serde_json::Value;

use super::decode::{self, Decoded};
use super::object::metadata;
use super::{Answer, Api, FieldValidation, Parameters, Request, Target, review, text};
use crate::kubernetes::managed::Writer;
use crate::kubernetes::names;
use crate::kubernetes::quota;
use crate::kubernetes::status::Status;
use crate::kubernetes::store::Key;
use crate::kubernetes::strategy::{convert, defaults, fit};
use crate::kubernetes::{admission, definitions, strategy};

pub(super) fn create(
    api: &mut Api,
    target: &Target,
    parameters: &Parameters,
    request: &Request<'_>,
) -> Result<Answer, Status> {
    let resource = &target.resource;
    if resource.namespaced && target.namespace.is_none() {
        return Err(Status::method_not_allowed());
    }
    if review::answers(resource) {
        return review::answer(target, request);
    }
    let Decoded { object, warnings } = decode::body(api, target, parameters.field_validation, request)?;
    let created = keep(api, target, &parameters.field_manager, object, parameters.dry_run)?;
    Ok(Answer::Json { code: 201, body: convert::shown(resource, &created), warnings })
}

/// Creates an object that did not come over HTTP.
pub(super) fn make(
    api: &mut Api,
    target: &Target,
    manager: &str,
    mut object: Value,
    dry_run: bool,
) -> Result<Arc<Value>, Status> {
    fit::fit(&target.resource, &mut object, FieldValidation::Ignore, fit::Source::Body).map_err(Status::unknown)?;
    defaults::fill(&target.resource, &mut object);
    keep(api, target, manager, object, dry_run)
}

/// Records who owns a new object's fields and keeps it.
fn keep(api: &mut Api, target: &Target, manager: &str, mut object: Value, dry_run: bool) -> Result<Arc<Value>, Status> {
    let resource = &target.resource;
    let now = api.clock.seconds();
    let writer = Writer {
        manager,
        api_version: &resource.api_version(),
        subresource: "",
        now: &now,
        typed: &resource.typed,
        reset: &strategy::reset_fields(resource, None),
    };
    writer.update(&serde_json::json!({}), &mut object);
    insert(api, target, object, dry_run)
}

/// Keeps a new object: name and identity given, admitted, prepared and validated.
pub(super) fn insert(api: &mut Api, target: &Target, mut object: Value, dry_run: bool) -> Result<Arc<Value>, Status> {
    let resource = &target.resource;
    let now = api.clock.seconds();
    let next = api.store.revision() + 1;
    let generate_name = text(&object, "generateName").to_owned();
    let generated = text(&object, "name").is_empty() && !generate_name.is_empty();
    if !matches!(text(&object, "resourceVersion"), "" | "0") {
        return Err(Status::unknown("resourceVersion should not be set on objects to be created"));
    }
    // Admission sees an object before its name is made up.
    admission::create(api, target, &mut object)?;
    if let Some(metadata) = metadata(&mut object) {
        for field in ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "resourceVersion"] {
            metadata.remove(field);
        }
        metadata.insert("creationTimestamp".to_owned(), now.as_str().into());
        if generated {
            let name = format!("{generate_name}{}", names::suffix(next, &generate_name));
            metadata.insert("name".to_owned(), name.into());
        }
        let name = metadata.get("name").and_then(Value::as_str).unwrap_or("").to_owned();
        metadata.insert("uid".to_owned(), names::uid(next, &resource.storage, &name).into());
    }
    let mut object = convert::kept(resource, object);
    strategy::prepare::create(&api.context(&now), resource, &mut object);
    let errors = strategy::validation::create(&api.context(&now), resource, &object);
    let name = text(&object, "name").to_owned();
    if !errors.is_empty() {
        return Err(Status::invalid(&resource.group, &resource.kind, &name, &errors));
    }
    let key = Key::new(&resource.storage, target.namespace.as_deref().unwrap_or(""), &name);
    if let Some(existing) = api.store.get(&key) {
        let mut status = Status::already_exists(&resource.group, &resource.plural, &name);
        if !text(existing, "deletionTimestamp").is_empty() {
            status.message = format!("object is being deleted: {}", status.message);
        }
        return Err(status);
    }
    quota::admit(&api.store, resource, &key, &object)?;
    if dry_run {
        return Ok(Arc::new(object));
    }
    let created = api.store.put(key, object);
    api.writes += 1;
    api.note_created(resource, &created);
    definitions::refresh(api, resource, &created);
    quota::count(api, target.namespace.as_deref().unwrap_or(""));
    Ok(created)
}
