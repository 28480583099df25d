//! How is an object that exists written: replaced, patched, or its status or scale set?

use std::sync::Arc;

use serde_json::{Value, json};

use super::decode::{self, Decoded};
use super::object::metadata;
use super::read::is_terminating;
use super::{Answer, Api, Parameters, Request, Target, create, text, text_at};
use crate::kubernetes::managed::{self, Writer};
use crate::kubernetes::merge;
use crate::kubernetes::resources::Resource;
use crate::kubernetes::status::{FieldError, Status};
use crate::kubernetes::store::Key;
use crate::kubernetes::{admission, definitions, strategy};

/// PUT of an object or of its status.
pub(super) fn replace(
    api: &mut Api,
    target: &Target,
    parameters: &Parameters,
    request: &Request<'_>,
) -> Result<Answer, Status> {
    let resource = Arc::clone(&target.resource);
    let value = decode::body(request)?;
    if target.subresource.as_deref() == Some("scale") {
        return replace_scale(api, target, parameters, &value);
    }
    let Decoded { mut object, warnings } =
        decode::object(target, value, parameters.field_validation)?;
    let name = target.name.as_deref().unwrap_or("");
    if text(&object, "name").is_empty()
        && let Some(metadata) = metadata(&mut object)
    {
        metadata.insert("name".to_owned(), name.into());
    }
    if text(&object, "name") != name {
        return Err(Status::bad_request(format!(
            "the name of the object ({}) does not match the name on the URL ({name})",
            text(&object, "name")
        )));
    }
    let now = api.clock.seconds();
    let live = match api.object(target) {
        Ok((_, live)) => live,
        Err(missing) => {
            // A few kinds come to be when they are replaced.
            if !strategy::creates_on_update(&resource)
                || target.subresource.is_some()
                || !text(&object, "resourceVersion").is_empty()
            {
                return Err(missing);
            }
            let writer = writer(&resource, parameters, "", &now);
            writer.using(|writer| writer.update(&json!({}), &mut object));
            let created = create::insert(api, target, object, parameters.dry_run)?;
            return Ok(Answer::Json { code: 201, body: api.shown(&resource, &created), warnings });
        }
    };
    let live_shown = api.shown(&resource, &live);
    let subresource = target.subresource.as_deref().unwrap_or("");
    if text(&object, "resourceVersion").is_empty() && !strategy::allows_unconditional(&resource) {
        let error = FieldError::invalid(
            "metadata.resourceVersion",
            &Value::from(0),
            "must be specified for an update",
        );
        return Err(Status::invalid(&resource.group, &resource.kind, name, &[error]));
    }
    let writer = writer(&resource, parameters, subresource, &now);
    writer.using(|writer| writer.update(&live_shown, &mut object));
    let updated = commit(api, target, &live, object, parameters.dry_run)?;
    Ok(Answer::Json { code: 200, body: api.shown(&resource, &updated), warnings })
}

/// A writer's parts that live as long as the call.
pub(super) struct Ownership<'a> {
    resource: &'a Resource,
    manager: &'a str,
    subresource: &'a str,
    now: &'a str,
}

pub(super) fn writer<'a>(
    resource: &'a Resource,
    parameters: &'a Parameters,
    subresource: &'a str,
    now: &'a str,
) -> Ownership<'a> {
    Ownership { resource, manager: &parameters.field_manager, subresource, now }
}

impl Ownership<'_> {
    pub(super) fn using<T>(&self, act: impl FnOnce(&Writer<'_>) -> T) -> T {
        let subresource = Some(self.subresource).filter(|name| !name.is_empty());
        act(&Writer {
            manager: self.manager,
            api_version: &self.resource.api_version(),
            subresource: self.subresource,
            now: self.now,
            typed: &self.resource.typed,
            reset: &strategy::reset_fields(self.resource, subresource),
        })
    }
}

/// Keeps the changed object, in the version it was sent in; the live one is in the version it is
/// kept in. Nothing is written when nothing changed.
pub(super) fn commit(
    api: &mut Api,
    target: &Target,
    live: &Arc<Value>,
    new: Value,
    dry_run: bool,
) -> Result<Arc<Value>, Status> {
    let resource = &target.resource;
    let (group, plural) = (&resource.group, &resource.plural);
    let name = text(live, "name").to_owned();
    let key = Key::new(&resource.storage, text(live, "namespace"), &name);
    let asked_version = text(&new, "resourceVersion");
    if !asked_version.is_empty() && asked_version != text(live, "resourceVersion") {
        return Err(Status::modified(group, plural, &name));
    }
    let asked_uid = text(&new, "uid");
    if !asked_uid.is_empty() && asked_uid != text(live, "uid") {
        let why = format!(
            "Precondition failed: UID in precondition: {asked_uid}, UID in object meta: {}",
            text(live, "uid")
        );
        return Err(Status::conflict(group, plural, &name, &why));
    }
    let mut new = strategy::convert::kept(resource, new);
    keep_system_metadata(live, &mut new);
    strategy::prepare::update(
        &api.context(),
        resource,
        target.subresource.as_deref(),
        live,
        &mut new,
    );
    admission::update(api, target, live, &mut new)?;
    let errors = strategy::validation::update(
        &api.context(),
        resource,
        target.subresource.as_deref(),
        live,
        &new,
    );
    if !errors.is_empty() {
        return Err(Status::invalid(group, &resource.kind, &name, &errors));
    }
    if same_but_for_times(live, &new) {
        return Ok(Arc::clone(live));
    }
    if dry_run {
        return Ok(Arc::new(new));
    }
    api.writes += 1;
    let stored = api.store.put(key.clone(), new);
    definitions::refresh(api, resource, &stored);
    // The last finalizer of a deleted object is gone: so is the object.
    if is_terminating(&stored) && strategy::can_go(&stored) {
        api.remove(&key);
    }
    Ok(stored)
}

/// What no writer may set is as the server has it.
fn keep_system_metadata(live: &Value, new: &mut Value) {
    let Some(metadata) = metadata(new) else { return };
    for field in [
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "resourceVersion",
        "generation",
        "selfLink",
        "namespace",
    ] {
        match live.get("metadata").and_then(|metadata| metadata.get(field)) {
            Some(value) => metadata.insert(field.to_owned(), value.clone()),
            None => metadata.remove(field),
        };
    }
}

/// Whether two objects are equal once the times in `managedFields` are left out.
fn same_but_for_times(live: &Value, new: &Value) -> bool {
    fn without_times(object: &Value) -> (Value, Value) {
        let mut object = object.clone();
        let mut managed = managed::take(&mut object);
        for entry in managed.as_array_mut().into_iter().flatten() {
            if let Some(entry) = entry.as_object_mut() {
                entry.remove("time");
            }
        }
        if let Some(entries) = managed.as_array_mut() {
            entries.sort_by_key(Value::to_string);
        }
        (object, managed)
    }
    let (live, live_managed) = without_times(live);
    let (new, new_managed) = without_times(new);
    merge::equal(&live, &new) && live_managed == new_managed
}

/// The `Scale` of a workload.
fn scale_of(object: &Value) -> Value {
    let labels = object.pointer("/spec/selector/matchLabels").or(object.pointer("/spec/selector"));
    let selector: Vec<String> = labels
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?)))
        .collect();
    let metadata: serde_json::Map<String, Value> =
        ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"]
            .iter()
            .filter_map(|field| {
                Some(((*field).to_owned(), object.pointer(&format!("/metadata/{field}"))?.clone()))
            })
            .collect();
    let mut spec = json!({});
    if let Some(replicas) = object.pointer("/spec/replicas").and_then(Value::as_i64)
        && replicas != 0
    {
        spec = json!({"replicas": replicas});
    }
    json!({
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": metadata,
        "spec": spec,
        "status": {
            "replicas": object.pointer("/status/replicas").and_then(Value::as_i64).unwrap_or(0),
            "selector": selector.join(","),
        },
    })
}

pub(super) fn get_scale(api: &Api, target: &Target) -> Result<Answer, Status> {
    let (_, object) = api.object(target)?;
    Ok(Answer::json(200, scale_of(&object)))
}

pub(super) fn replace_scale(
    api: &mut Api,
    target: &Target,
    parameters: &Parameters,
    scale: &Value,
) -> Result<Answer, Status> {
    let resource = Arc::clone(&target.resource);
    let (_, live) = api.object(target)?;
    let name = text(&live, "name");
    let asked = text(scale, "resourceVersion");
    if !asked.is_empty() && asked != text(&live, "resourceVersion") {
        return Err(Status::modified(&resource.group, &resource.plural, name));
    }
    let replicas = scale.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(0);
    if replicas < 0 {
        let error = FieldError::invalid(
            "spec.replicas",
            &Value::from(replicas),
            "must be greater than or equal to 0",
        );
        return Err(Status::invalid("autoscaling", "Scale", name, &[error]));
    }
    let mut new = Value::clone(&live);
    if let Some(spec) = new.get_mut("spec").and_then(Value::as_object_mut) {
        spec.insert("replicas".to_owned(), replicas.into());
    }
    let now = api.clock.seconds();
    let writer = writer(&resource, parameters, "scale", &now);
    writer.using(|writer| writer.update(&live, &mut new));
    let whole = Target {
        resource: Arc::clone(&resource),
        namespace: target.namespace.clone(),
        name: target.name.clone(),
        subresource: None,
    };
    let updated = commit(api, &whole, &live, new, parameters.dry_run)?;
    Ok(Answer::json(200, scale_of(&updated)))
}

/// The scale a patch starts from.
pub(super) fn scale_for_patch(api: &Api, target: &Target) -> Result<Value, Status> {
    let (_, object) = api.object(target)?;
    Ok(scale_of(&object))
}

/// Whether an object's kind and version are those of a resource.
pub(super) fn is_of(resource: &Resource, object: &Value) -> bool {
    text_at(object, "/kind") == resource.kind
        && text_at(object, "/apiVersion") == resource.api_version()
}
