//! How does an object go: at once, after its finalizers, or with what it owns?

use std::sync::Arc;

use jiff::ToSpan as _;
use serde_json::{Value, json};

use super::object::metadata;
use super::read::is_terminating;
use super::{Answer, Api, Parameters, Request, Target, decode, read, text};
use crate::kubernetes::definitions;
use crate::kubernetes::resources::Resource;
use crate::kubernetes::selector::Selector;
use crate::kubernetes::status::{FieldError, FieldErrorKind, Status, deleted};
use crate::kubernetes::store::Key;
use crate::kubernetes::strategy;
use crate::kubernetes::strategy::convert;

/// How a deletion was asked for.
#[derive(Clone, Debug, Default)]
struct Options {
    grace_period_seconds: Option<i64>,
    propagation: Option<String>,
    uid: Option<String>,
    resource_version: Option<String>,
    dry_run: bool,
}

impl Options {
    fn read(parameters: &Parameters, request: &Request<'_>) -> Result<Self, Status> {
        let mut options = Self {
            grace_period_seconds: parameters.grace_period_seconds,
            propagation: parameters.propagation_policy.clone(),
            dry_run: parameters.dry_run,
            ..Self::default()
        };
        if !request.body.is_empty() {
            let body = decode::plain(request, "DeleteOptions")?;
            let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
            if let Some(seconds) = body.get("gracePeriodSeconds").and_then(Value::as_i64) {
                options.grace_period_seconds = Some(seconds);
            }
            if let Some(policy) = text("/propagationPolicy") {
                options.propagation = Some(policy);
            }
            match body.get("orphanDependents").and_then(Value::as_bool) {
                Some(true) => options.propagation = Some("Orphan".to_owned()),
                Some(false) => options.propagation = Some("Background".to_owned()),
                None => {}
            }
            options.uid = text("/preconditions/uid");
            options.resource_version = text("/preconditions/resourceVersion");
            if body.get("dryRun").and_then(Value::as_array).is_some_and(|list| !list.is_empty()) {
                options.dry_run = true;
            }
        }
        if let Some(policy) = &options.propagation
            && !matches!(policy.as_str(), "Foreground" | "Background" | "Orphan")
        {
            let error = FieldError {
                kind: FieldErrorKind::NotSupported,
                field: "propagationPolicy".to_owned(),
                body: format!(
                    "Unsupported value: {policy:?}: supported values: \"Foreground\", \
                     \"Background\", \"Orphan\", \"nil\""
                ),
            };
            return Err(Status::invalid("meta.k8s.io", "DeleteOptions", "", &[error]));
        }
        Ok(options)
    }
}

pub(super) fn delete(
    api: &mut Api,
    target: &Target,
    parameters: &Parameters,
    request: &Request<'_>,
) -> Result<Answer, Status> {
    let options = Options::read(parameters, request)?;
    let (key, live) = api.object(target)?;
    let resource = Arc::clone(&target.resource);
    let gone = remove(api, &resource, &key, &live, &options)?;
    let answer = match gone {
        Outcome::Waiting(object) => convert::shown(&resource, &object),
        Outcome::Gone(object) if strategy::returns_deleted(&resource) => convert::shown(&resource, &object),
        Outcome::Gone(object) => {
            Arc::new(deleted(&resource.group, &resource.plural, text(&object, "name"), text(&object, "uid")))
        }
    };
    Ok(Answer::json(200, answer))
}

pub(super) fn delete_collection(
    api: &mut Api,
    target: &Target,
    parameters: &Parameters,
    request: &Request<'_>,
) -> Result<Answer, Status> {
    let options = Options::read(parameters, request)?;
    let resource = Arc::clone(&target.resource);
    let selector = Selector::parse(&resource, parameters)?;
    let chosen: Vec<(Key, Arc<Value>)> = api
        .store
        .list(&resource.storage, target.namespace.as_deref())
        .filter(|(_, object)| selector.matches(object))
        .map(|(key, object)| (key.clone(), Arc::clone(object)))
        .collect();
    let mut items = Vec::with_capacity(chosen.len());
    for (key, live) in chosen {
        remove(api, &resource, &key, &live, &options)?;
        items.push(read::item(&resource, &convert::shown(&resource, &live)));
    }
    Ok(Answer::json(
        200,
        json!({
            "kind": resource.list_kind,
            "apiVersion": resource.api_version(),
            "metadata": {"resourceVersion": api.store.revision().to_string()},
            "items": items,
        }),
    ))
}

/// An eviction is a deletion here: disruption budgets are not counted.
pub(super) fn evict(
    api: &mut Api,
    target: &Target,
    parameters: &Parameters,
    request: &Request<'_>,
) -> Result<Answer, Status> {
    let empty = Request { body: b"", ..request.clone() };
    delete(api, target, parameters, &empty)?;
    Ok(Answer::json(
        201,
        json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}),
    ))
}

/// What a deletion led to.
enum Outcome {
    /// The object waits for its finalizers or its grace period.
    Waiting(Arc<Value>),
    Gone(Arc<Value>),
}

fn remove(
    api: &mut Api,
    resource: &Resource,
    key: &Key,
    live: &Arc<Value>,
    options: &Options,
) -> Result<Outcome, Status> {
    let name = &key.name;
    if let Some(asked) = &options.uid
        && asked != text(live, "uid")
    {
        let why = format!(
            "the UID in the precondition ({asked}) does not match the UID in record ({}). The \
             object might have been deleted and then recreated",
            text(live, "uid")
        );
        return Err(Status::conflict(&resource.group, &resource.kind, name, &why));
    }
    if let Some(asked) = &options.resource_version
        && asked != text(live, "resourceVersion")
    {
        let why = format!(
            "the ResourceVersion in the precondition ({asked}) does not match the ResourceVersion \
             in record ({}). The object might have been modified",
            text(live, "resourceVersion")
        );
        return Err(Status::conflict(&resource.group, &resource.kind, name, &why));
    }
    if resource.kind == "Namespace" && strategy::is_fixed_namespace(name) {
        return Err(Status::forbidden("", "namespaces", name, "this namespace may not be deleted"));
    }
    let mut object = Value::clone(live);
    let policy = options.propagation.as_deref();
    let finalizers = finalizers_after(&object, policy);
    let grace = strategy::grace_period(resource, live, options.grace_period_seconds);
    let waits = resource.storage == definitions::STORAGE || strategy::waits_for_contents(resource, live);
    if finalizers.is_empty() && grace == 0 && !waits {
        if options.dry_run {
            return Ok(Outcome::Gone(Arc::clone(live)));
        }
        api.writes += 1;
        let gone = api.remove(key).unwrap_or_else(|| Arc::clone(live));
        if resource.kind == "Pod" {
            // What could have had time to end says that it had none.
            let mut object = Value::clone(&gone);
            mark_ended(&mut object, &api.clock.seconds());
            return Ok(Outcome::Gone(Arc::new(object)));
        }
        return Ok(Outcome::Gone(gone));
    }
    let now = api.clock.now();
    if resource.storage == definitions::STORAGE {
        if !is_terminating(live) {
            definitions::mark_terminating(&mut object, &api.clock.seconds());
        }
    } else if let Some(metadata) = metadata(&mut object) {
        if finalizers.is_empty() {
            metadata.remove("finalizers");
        } else {
            metadata.insert("finalizers".to_owned(), finalizers.into());
        }
        let shorter =
            metadata.get("deletionGracePeriodSeconds").and_then(Value::as_i64).is_none_or(|held| grace < held);
        if !metadata.contains_key("deletionTimestamp") || shorter {
            let at = now.checked_add(grace.seconds()).unwrap_or(now);
            let at = at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            let generation = metadata.get("generation").and_then(Value::as_i64);
            if let Some(generation) = generation
                && !metadata.contains_key("deletionTimestamp")
            {
                metadata.insert("generation".to_owned(), (generation + 1).into());
            }
            metadata.insert("deletionTimestamp".to_owned(), at.into());
            if !waits {
                metadata.insert("deletionGracePeriodSeconds".to_owned(), grace.into());
            }
        }
    }
    if resource.kind == "Namespace"
        && let Some(map) = object.as_object_mut()
    {
        map.insert("status".to_owned(), json!({"phase": "Terminating"}));
    }
    if object == **live || options.dry_run {
        return Ok(Outcome::Waiting(Arc::new(object)));
    }
    api.writes += 1;
    let stored = api.store.put(key.clone(), object);
    definitions::refresh(api, resource, &stored);
    Ok(Outcome::Waiting(stored))
}

fn mark_ended(object: &mut Value, now: &str) {
    let Some(metadata) = metadata(object) else { return };
    if metadata.contains_key("deletionTimestamp") {
        return;
    }
    metadata.insert("deletionTimestamp".to_owned(), now.into());
    metadata.insert("deletionGracePeriodSeconds".to_owned(), 0.into());
    if let Some(generation) = metadata.get("generation").and_then(Value::as_i64) {
        metadata.insert("generation".to_owned(), (generation + 1).into());
    }
}

/// The finalizers of an object once a propagation policy is noted among them.
fn finalizers_after(object: &Value, policy: Option<&str>) -> Vec<String> {
    let list = object.pointer("/metadata/finalizers").and_then(Value::as_array);
    let mut finalizers: Vec<String> = list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    let wanted = match policy {
        Some("Foreground") => Some("foregroundDeletion"),
        Some("Orphan") => Some("orphan"),
        Some(_) => None,
        // Without a policy, one that was asked for before stays.
        None => return finalizers,
    };
    finalizers.retain(|name| name != "foregroundDeletion" && name != "orphan");
    if let Some(wanted) = wanted {
        finalizers.push(wanted.to_owned());
    }
    finalizers
}

impl Api {
    /// Takes an object out of the store.
    pub(crate) fn remove(&mut self, key: &Key) -> Option<Arc<Value>> {
        let gone = self.store.delete(key)?;
        definitions::forget(self, key);
        Some(gone)
    }

    /// Deletes an object as a controller does: by its finalizers, in the background.
    pub(crate) fn delete_as_controller(&mut self, key: &Key) {
        self.delete_within(key, "Background", None);
    }

    /// Deletes an object after what depends on it.
    pub(crate) fn delete_in_foreground(&mut self, key: &Key) {
        self.delete_within(key, "Foreground", None);
    }

    /// Ends a pod that had its time.
    pub(crate) fn delete_at_once(&mut self, key: &Key) {
        self.delete_within(key, "Background", Some(0));
    }

    fn delete_within(&mut self, key: &Key, policy: &str, grace_period_seconds: Option<i64>) {
        let Some(live) = self.store.get(key).map(Arc::clone) else { return };
        let Some(resource) = self.resources.of_storage(&key.storage).map(Arc::clone) else {
            return;
        };
        if is_terminating(&live) && grace_period_seconds.is_none() {
            return;
        }
        let options = Options { propagation: Some(policy.to_owned()), grace_period_seconds, ..Options::default() };
        // The object was there just now and no precondition was set, so nothing can be refused
        // but a namespace that stays.
        drop(self.within_cluster(|api| remove(api, &resource, key, &live, &options)));
    }
}
