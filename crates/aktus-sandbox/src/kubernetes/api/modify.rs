//! How is an object that exists written: replaced, patched, or its status or scale set?

use std::sync::Arc;

use serde_json::{Value, json};

use super::decode::{self, Decoded};
use super::object::metadata;
use super::read::is_terminating;
use super::{Answer, Api, Parameters, Request, Target, create, text};
use crate::kubernetes::managed::{self, Writer};
use crate::kubernetes::merge;
use crate::kubernetes::resources::Resource;
use crate::kubernetes::status::{FieldError, Status};
use crate::kubernetes::store::Key;
use crate::kubernetes::strategy::convert;
use crate::kubernetes::{admission, definitions, strategy};

/// PUT of an object or of its status.
pub(super) fn replace(
    api: &mut Api,
    target: &Target,
    parameters: &Parameters,
    request: &Request<'_>,
) -> Result<Answer, Status> {
    let resource = Arc::clone(&target.resource);
    if target.subresource.as_deref() == Some("scale") {
        let scale = decode::plain(request, "Scale")?;
        return replace_scale(api, target, parameters, &scale);
    }
    let Decoded { mut object, warnings } = decode::body(api, target, parameters.field_validation, request)?;
    let name = target.name.as_deref().unwrap_or("");
    decode::check_name(target, &object)?;
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
            return Ok(Answer::Json { code: 201, body: convert::shown(&resource, &created), warnings });
        }
    };
    check_identity(&resource, &live, &object)?;
    let live_shown = convert::shown(&resource, &live);
    let subresource = target.subresource.as_deref().unwrap_or("");
    if text(&object, "resourceVersion").is_empty() && !strategy::allows_unconditional(&resource) {
        let error = FieldError::invalid("metadata.resourceVersion", &Value::from(0), "must be specified for an update");
        return Err(Status::invalid(&resource.group, &resource.plural, name, &[error]));
    }
    let writer = writer(&resource, parameters, subresource, &now);
    writer.using(|writer| writer.update(&live_shown, &mut object));
    let updated = commit(api, target, &live, object, parameters.dry_run)?;
    Ok(Answer::Json { code: 200, body: convert::shown(&resource, &updated), warnings })
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
    if !asked_version.is_empty() && asked_version.parse::<u64>().is_err() {
        return Err(Status::unknown(format!("strconv.ParseUint: parsing {asked_version:?}: invalid syntax")));
    }
    if !asked_version.is_empty() && asked_version != text(live, "resourceVersion") {
        return Err(Status::modified(group, plural, &name));
    }
    let now = api.clock.seconds();
    let mut new = convert::kept(resource, new);
    keep_system_metadata(live, &mut new);
    strategy::prepare::update(&api.context(&now), resource, target.subresource.as_deref(), live, &mut new);
    admission::update(api, target, live, &new)?;
    let errors = strategy::validation::update(&api.context(&now), resource, target.subresource.as_deref(), live, &new);
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

/// Refuses a replacement of another object that had the same name.
fn check_identity(resource: &Resource, live: &Value, new: &Value) -> Result<(), Status> {
    let (asked, held) = (text(new, "uid"), text(live, "uid"));
    if asked.is_empty() || asked == held {
        return Ok(());
    }
    let name = text(live, "name");
    let why = format!(
        "StorageError: invalid object, Code: 4, Key: /registry/{}/{}/{name}, ResourceVersion: 0, \
         AdditionalErrorMsg: Precondition failed: UID in precondition: {asked}, UID in object \
         meta: {held}",
        resource.plural,
        text(live, "namespace")
    );
    Err(Status::conflict(&resource.group, &resource.plural, name, &why))
}

/// What no writer may set is as the server has it; what a writer left out is too.
fn keep_system_metadata(live: &Value, new: &mut Value) {
    let Some(metadata) = metadata(new) else { return };
    for field in ["creationTimestamp", "resourceVersion", "generation", "selfLink"] {
        match live.get("metadata").and_then(|metadata| metadata.get(field)) {
            Some(value) => metadata.insert(field.to_owned(), value.clone()),
            None => metadata.remove(field),
        };
    }
    for field in ["uid", "namespace", "deletionTimestamp", "deletionGracePeriodSeconds"] {
        if let Some(value) = live.get("metadata").and_then(|metadata| metadata.get(field)) {
            metadata.entry(field).or_insert_with(|| value.clone());
        }
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
    let metadata: serde_json::Map<String, Value> = ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"]
        .iter()
        .filter_map(|field| Some(((*field).to_owned(), object.pointer(&format!("/metadata/{field}"))?.clone())))
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
        let error = FieldError::invalid("spec.replicas", &Value::from(replicas), "must be greater than or equal to 0");
        return Err(Status::invalid("autoscaling", "Scale", name, &[error]));
    }
    let mut new = Value::clone(&live);
    if let Some(spec) = new.get_mut("spec").and_then(Value::as_object_mut) {
        spec.insert("replicas".to_owned(), replicas.into());
    }
    let now = api.clock.seconds();
    let writer = writer(&resource, parameters, "scale", &now);
    writer.using(|writer| writer.update(&live, &mut new));
    if replicas == 0 {
        // A scale of nothing names no number, so that nobody owns it.
        disown_scale(&mut new);
    }
    let whole = Target {
        resource: Arc::clone(&resource),
        namespace: target.namespace.clone(),
        name: target.name.clone(),
        subresource: None,
    };
    let updated = commit(api, &whole, &live, new, parameters.dry_run)?;
    Ok(Answer::json(200, scale_of(&updated)))
}

fn disown_scale(object: &mut Value) {
    let managed = object.pointer_mut("/metadata/managedFields").and_then(Value::as_array_mut);
    if let Some(managed) = managed {
        managed.retain(|entry| entry.get("subresource").and_then(Value::as_str) != Some("scale"));
    }
}

/// The scale a patch starts from.
pub(super) fn scale_for_patch(api: &Api, target: &Target) -> Result<Value, Status> {
    let (_, object) = api.object(target)?;
    Ok(scale_of(&object))
}
