//! What does the API answer to a request, apart from HTTP?
//!
//! Everything here is a function of the state and the request, so that it is tested as data.

mod create;
mod decode;
mod delete;
mod discovery;
mod internal;
mod modify;
mod object;
mod parameters;
mod patching;
mod path;
mod read;
mod review;
mod watch;

use std::sync::Arc;

use serde_json::Value;

use super::resources::{Resource, Resources};
use super::status::Status;
use super::store::{CreatedObject, Key, Store};
use super::strategy::Context;
use crate::Clock;

pub(crate) use decode::json_problem;
pub(crate) use object::{text, text_at};
pub(crate) use parameters::{FieldValidation, Parameters};
pub(crate) use path::{Path, Target};
pub(crate) use watch::{WatchRequest, Watcher};

/// The largest request body, in bytes; the API server's own limit.
pub(crate) const BODY_LIMIT: usize = 3 * 1024 * 1024;

/// A request as HTTP brought it.
#[derive(Clone, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    /// Without escapes.
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) content_type: &'a str,
    pub(crate) accept: &'a str,
    pub(crate) user_agent: &'a str,
    pub(crate) body: &'a [u8],
}

/// An answer.
#[derive(Debug)]
pub(crate) enum Answer {
    /// A JSON object with its status code and warnings.
    Json { code: u16, body: Arc<Value>, warnings: Vec<String> },
    /// Plain text.
    Text { code: u16, body: String },
    /// A stream of changes.
    Watch(WatchRequest),
}

impl Answer {
    fn json(code: u16, body: impl Into<Arc<Value>>) -> Self {
        Self::Json { code, body: body.into(), warnings: Vec::new() }
    }

    fn page_not_found() -> Self {
        Self::Text { code: 404, body: "404 page not found\n".to_owned() }
    }
}

/// The API server's state and rules.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) store: Store,
    pub(crate) resources: Resources,
    pub(crate) clock: Clock,
    /// How many writes of clients changed something.
    pub(crate) writes: u64,
    /// Whether writes are the cluster's own, which are not noted as a client's.
    quiet: bool,
    /// Whether a new definition is served with the answer to its creation.
    pub(crate) establishes_at_once: bool,
}

impl Api {
    pub(crate) fn new(store: Store, clock: Clock) -> Self {
        let resources = Resources::default();
        let mut api = Self { store, resources, clock, writes: 0, quiet: false, establishes_at_once: true };
        super::definitions::load_all(&mut api);
        api
    }

    /// Answers a request.
    pub(crate) fn handle(&mut self, request: &Request<'_>) -> Answer {
        match self.route(request) {
            Ok(answer) => answer,
            Err(status) => Answer::json(status.code, status.to_json()),
        }
    }

    fn route(&mut self, request: &Request<'_>) -> Result<Answer, Status> {
        if let Some(answer) = discovery::answer(self, request) {
            return answer;
        }
        let Some(path) = Path::parse(request.path) else { return Ok(Answer::page_not_found()) };
        let Some(resource) = self.resources.find(&path.group, &path.version, &path.plural).map(Arc::clone) else {
            // Only a group that nobody serves is no page at all.
            if self.resources.versions(&path.group).is_empty() {
                return Ok(Answer::page_not_found());
            }
            return Err(Status::no_such_resource());
        };
        if path.namespace.is_some() && !resource.namespaced {
            return Err(Status::no_such_resource());
        }
        let parameters = Parameters::parse(request)?;
        let target = Target { resource, namespace: path.namespace, name: path.name, subresource: path.subresource };
        if let Some(reason) = self.store.broken() {
            return Err(Status::internal(reason));
        }
        let answer = self.dispatch(request, &target, &parameters);
        // A write that the journal did not take must not be answered as accepted.
        match self.store.broken() {
            Some(reason) => Err(Status::internal(reason)),
            None => answer,
        }
    }

    fn dispatch(&mut self, request: &Request<'_>, target: &Target, parameters: &Parameters) -> Result<Answer, Status> {
        let resource = &target.resource;
        if let Some(subresource) = &target.subresource
            && !resource.has_subresource(subresource)
        {
            if resource.custom.is_some() {
                let name = target.name.as_deref().unwrap_or("");
                return Err(Status::not_found(&resource.group, &resource.plural, name));
            }
            return Err(Status::no_such_resource());
        }
        let verb = match (request.method, &target.name) {
            ("GET", _) if parameters.watch.is_some() => "watch",
            ("GET" | "HEAD", Some(_)) => "get",
            ("GET" | "HEAD", None) => "list",
            ("POST", None) => "create",
            ("POST", Some(_)) if target.subresource.is_some() => "create",
            ("PUT", Some(_)) => "update",
            ("PATCH", Some(_)) => "patch",
            ("DELETE", Some(_)) => "delete",
            ("DELETE", None) => "deletecollection",
            _ => return Err(Status::method_not_allowed()),
        };
        if target.subresource.is_none() && !resource.allows(verb) {
            return Err(Status::method_not_allowed());
        }
        match (verb, target.subresource.as_deref()) {
            ("get", None | Some("status")) => read::get(self, target),
            ("get", Some("scale")) => modify::get_scale(self, target),
            ("get", Some("log")) => read::log(self, target),
            ("list", None) => read::list(self, target, parameters),
            ("watch", None) => watch::start(self, target, parameters),
            ("create", None) => create::create(self, target, parameters, request),
            ("create", Some("eviction")) => delete::evict(self, target, parameters, request),
            ("create", Some("token")) => review::token(self, target, request),
            ("update", _) => modify::replace(self, target, parameters, request),
            ("patch", _) => patching::patch(self, target, parameters, request),
            ("delete", None) => delete::delete(self, target, parameters, request),
            ("deletecollection", None) => delete::delete_collection(self, target, parameters, request),
            _ => Err(Status::method_not_allowed()),
        }
    }

    /// The objects' key of a target that names an object.
    fn key(target: &Target, name: &str) -> Key {
        Key::new(&target.resource.storage, target.namespace.as_deref().unwrap_or(""), name)
    }

    /// What rules may look at.
    pub(crate) fn context<'a>(&'a self, now: &'a str) -> Context<'a> {
        Context { store: &self.store, now }
    }

    /// Notes an identity that a client created.
    fn note_created(&mut self, resource: &Resource, object: &Value) {
        if self.quiet {
            return;
        }
        let namespace = text(object, "namespace");
        self.store.note_created(CreatedObject {
            api_version: resource.api_version(),
            kind: resource.kind.clone(),
            namespace: resource.namespaced.then(|| namespace.to_owned()),
            name: text(object, "name").to_owned(),
        });
    }
}
