//! What does a watch tell, from which point on, and when must its client start again?

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Answer, Api, Parameters, Target};
use crate::kubernetes::resources::Resource;
use crate::kubernetes::selector::Selector;
use crate::kubernetes::status::Status;
use crate::kubernetes::strategy::convert;

/// A watch that is about to start.
#[derive(Debug)]
pub(crate) struct WatchRequest {
    pub(crate) watcher: Watcher,
    pub(crate) timeout_seconds: Option<u64>,
}

/// The state of a watch.
#[derive(Debug)]
pub(crate) struct Watcher {
    resource: Arc<Resource>,
    namespace: Option<String>,
    selector: Selector,
    /// Changes up to here were told.
    revision: u64,
    /// Objects that are told as added before the first change, and whether a bookmark ends them.
    initial: Vec<Arc<Value>>,
    initial_bookmark: bool,
    bookmarks: bool,
}

pub(super) fn start(api: &Api, target: &Target, parameters: &Parameters) -> Result<Answer, Status> {
    let resource = &target.resource;
    let mut selector = Selector::parse(resource, parameters)?;
    if let Some(name) = &target.name {
        selector = Selector::of_name(name);
    }
    let revision = api.store.revision();
    let asked: u64 = match parameters.resource_version.as_str() {
        "" => 0,
        text => text.parse().map_err(|_| {
            Status::unknown(format!(
                "resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: \
                 invalid syntax"
            ))
        })?,
    };
    let options = parameters.watch.unwrap_or_default();
    let send_initial = options.send_initial_events || asked == 0;
    let mut initial = Vec::new();
    if send_initial {
        let objects = api.store.list(&resource.storage, target.namespace.as_deref());
        initial =
            objects.filter(|(_, object)| selector.matches(object)).map(|(_, object)| Arc::clone(object)).collect();
    }
    let watcher = Watcher {
        resource: Arc::clone(resource),
        namespace: target.namespace.clone(),
        selector,
        revision: if send_initial { revision } else { asked },
        initial,
        initial_bookmark: options.send_initial_events && options.bookmarks,
        bookmarks: options.bookmarks,
    };
    Ok(Answer::Watch(WatchRequest { watcher, timeout_seconds: parameters.timeout_seconds }))
}

impl Watcher {
    /// What happened since the last call; `Err` ends the watch with an event.
    pub(crate) fn events(&mut self, api: &Api) -> Result<Vec<Value>, Value> {
        let mut events = Vec::new();
        for object in std::mem::take(&mut self.initial) {
            events.push(event("ADDED", &convert::shown(&self.resource, &object)));
        }
        if std::mem::take(&mut self.initial_bookmark) {
            let mut bookmark = self.bookmark_object();
            if let Some(metadata) = bookmark.get_mut("metadata") {
                metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
            }
            events.push(event("BOOKMARK", &bookmark));
        }
        if self.revision < api.store.compacted() {
            let message = format!("too old resource version: {} ({})", self.revision, api.store.compacted());
            return Err(event("ERROR", &Status::expired(message).to_json()));
        }
        for change in api.store.changes_after(self.revision) {
            if change.key.storage != self.resource.storage
                || self.namespace.as_ref().is_some_and(|name| *name != change.key.namespace)
            {
                continue;
            }
            let before = change.previous.as_ref().is_some_and(|old| self.selector.matches(old));
            let now = !change.deleted && self.selector.matches(&change.object);
            let kind = match (before, now) {
                (false, true) => "ADDED",
                (true, true) => "MODIFIED",
                (true, false) => "DELETED",
                (false, false) => continue,
            };
            let object = match &change.previous {
                // An object that no longer fits is told as it was when it did.
                Some(previous) if kind == "DELETED" && !change.deleted => {
                    let mut object = Value::clone(previous);
                    object["metadata"]["resourceVersion"] = change.revision.to_string().into();
                    Arc::new(object)
                }
                _ => Arc::clone(&change.object),
            };
            events.push(event(kind, &convert::shown(&self.resource, &object)));
        }
        self.revision = self.revision.max(api.store.revision());
        Ok(events)
    }

    /// A bookmark of how far the watch has come, for clients that asked for them.
    pub(crate) fn bookmark(&self) -> Option<Value> {
        self.bookmarks.then(|| event("BOOKMARK", &self.bookmark_object()))
    }

    fn bookmark_object(&self) -> Value {
        json!({
            "kind": self.resource.kind,
            "apiVersion": self.resource.api_version(),
            "metadata": {"resourceVersion": self.revision.to_string()},
        })
    }
}

fn event(kind: &str, object: &Value) -> Value {
    json!({"type": kind, "object": object})
}
