//! How do the cluster's own parts write, apart from HTTP?

use std::sync::Arc;

use serde_json::Value;

use super::read::is_terminating;
use super::{Api, Target, create, text};
use crate::kubernetes::managed::Writer;
use crate::kubernetes::merge;
use crate::kubernetes::status::Status;
use crate::kubernetes::store::Key;
use crate::kubernetes::strategy::{self, written};

impl Api {
    /// Does something as a part of the cluster: it counts as no write of a client.
    pub(crate) fn within_cluster<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> T {
        let (writes, quiet) = (self.writes, self.quiet);
        self.quiet = true;
        let result = act(self);
        self.quiet = quiet;
        self.writes = writes;
        result
    }

    /// Creates an object with all the rules that clients are held to.
    pub(crate) fn create_within(&mut self, manager: &str, object: Value) -> Result<Arc<Value>, Status> {
        let api_version = object.get("apiVersion").and_then(Value::as_str).unwrap_or("");
        let kind = object.get("kind").and_then(Value::as_str).unwrap_or("");
        let Some(resource) = self.resources.of_kind(api_version, kind).map(Arc::clone) else {
            return Err(Status::no_such_resource());
        };
        let namespace = text(&object, "namespace").to_owned();
        let target =
            Target { namespace: resource.namespaced.then_some(namespace), resource, name: None, subresource: None };
        self.within_cluster(|api| create::make(api, &target, manager, object, false))
    }

    /// Changes an object, or its status; `false` where it is not there or nothing changed.
    pub(crate) fn change_within(
        &mut self,
        manager: &str,
        key: &Key,
        subresource: Option<&str>,
        change: impl FnOnce(&mut Value),
    ) -> bool {
        let Some(live) = self.store.get(key).map(Arc::clone) else { return false };
        let Some(resource) = self.resources.of_storage(&key.storage).map(Arc::clone) else {
            return false;
        };
        let mut new = Value::clone(&live);
        change(&mut new);
        if resource.custom.is_none() {
            written::normalize(&resource.typed.schema, resource.typed.root, &mut new);
        }
        if merge::equal(&live, &new) {
            return false;
        }
        let now = self.clock.seconds();
        let writer = Writer {
            manager,
            api_version: &resource.api_version(),
            subresource: subresource.unwrap_or(""),
            now: &now,
            typed: &resource.typed,
            reset: &strategy::reset_fields(&resource, subresource),
        };
        writer.update(&live, &mut new);
        strategy::prepare::update(&self.context(&now), &resource, subresource, &live, &mut new);
        if merge::equal(&live, &new) {
            return false;
        }
        let stored = self.store.put(key.clone(), new);
        if is_terminating(&stored) && strategy::can_go(&stored) {
            self.remove(key);
        }
        true
    }
}
