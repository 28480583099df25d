//! How are objects read: one, or a page of many?

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Answer, Api, Parameters, Target, text};
use crate::kubernetes::resources::Resource;
use crate::kubernetes::selector::Selector;
use crate::kubernetes::status::Status;
use crate::kubernetes::store::Key;
use crate::kubernetes::strategy::convert;

impl Api {
    /// The object a target names.
    pub(super) fn object(&self, target: &Target) -> Result<(Key, Arc<Value>), Status> {
        let resource = &target.resource;
        let name = target.name.as_deref().unwrap_or("");
        let key = Self::key(target, name);
        match self.store.get(&key) {
            Some(object) => Ok((key, Arc::clone(object))),
            None => Err(Status::not_found(&resource.group, &resource.plural, name)),
        }
    }
}

pub(super) fn get(api: &Api, target: &Target) -> Result<Answer, Status> {
    let (_, object) = api.object(target)?;
    Ok(Answer::json(200, convert::shown(&target.resource, &object)))
}

/// The sandbox's containers say nothing.
pub(super) fn log(api: &Api, target: &Target) -> Result<Answer, Status> {
    api.object(target)?;
    Ok(Answer::Text { code: 200, body: String::new() })
}

pub(super) fn list(api: &Api, target: &Target, parameters: &Parameters) -> Result<Answer, Status> {
    let resource = &target.resource;
    let selector = Selector::parse(resource, parameters)?;
    let revision = api.store.revision();
    if let Ok(asked) = parameters.resource_version.parse::<u64>()
        && asked > revision
    {
        return Err(too_large_version(asked, revision));
    }
    let after = match parameters.continuation.as_str() {
        "" => None,
        token => Some(read_token(token)?),
    };
    let mut items: Vec<Value> = Vec::new();
    let mut remaining = 0_usize;
    let mut last: Option<&Key> = None;
    let objects = api.store.list(&resource.storage, target.namespace.as_deref());
    for (key, object) in objects.filter(|(_, object)| selector.matches(object)) {
        if let Some((namespace, name)) = &after
            && (key.namespace.as_str(), key.name.as_str()) <= (namespace.as_str(), name.as_str())
        {
            continue;
        }
        if parameters.limit > 0 && items.len() == parameters.limit {
            remaining += 1;
            continue;
        }
        items.push(item(resource, &convert::shown(resource, object)));
        last = Some(key);
    }
    let mut metadata = json!({"resourceVersion": revision.to_string()});
    if remaining > 0
        && let Some(last) = last
        && let Some(map) = metadata.as_object_mut()
    {
        map.insert("continue".to_owned(), token(last).into());
        if selector.is_everything() {
            map.insert("remainingItemCount".to_owned(), remaining.into());
        }
    }
    if resource.custom.is_some()
        && let Some(map) = metadata.as_object_mut()
    {
        map.entry("continue").or_insert_with(|| "".into());
    }
    Ok(Answer::json(
        200,
        json!({
            "kind": resource.list_kind,
            "apiVersion": resource.api_version(),
            "metadata": metadata,
            "items": items,
        }),
    ))
}

/// Built-in kinds leave kind and version out of list items, custom ones do not.
pub(super) fn item(resource: &Resource, object: &Arc<Value>) -> Value {
    let mut item = Value::clone(object);
    if resource.custom.is_none()
        && let Some(map) = item.as_object_mut()
    {
        map.remove("kind");
        map.remove("apiVersion");
    }
    item
}

fn too_large_version(asked: u64, revision: u64) -> Status {
    let mut status = Status::fault(504, Some(1));
    status.message = format!("Too large resource version: {asked}, current: {revision}");
    status
}

fn token(last: &Key) -> String {
    use base64::Engine as _;
    let text = json!({"v": "meta.k8s.io/v1", "start": [last.namespace, last.name]}).to_string();
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}

fn read_token(token: &str) -> Result<(String, String), Status> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token).ok();
    let value: Option<Value> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let part = |index: usize| {
        let start = value.as_ref()?.get("start")?;
        start.get(index).and_then(Value::as_str).map(str::to_owned)
    };
    match (part(0), part(1)) {
        (Some(namespace), Some(name)) => Ok((namespace, name)),
        _ => Err(Status::bad_request(
            "invalid continue token: continue key is not valid: illegal base64 data at input byte 0",
        )),
    }
}

/// Whether an object is being deleted.
pub(super) fn is_terminating(object: &Value) -> bool {
    !text(object, "deletionTimestamp").is_empty()
}
