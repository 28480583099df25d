//! The verbs: get, list, apply, create, replace, patch, delete.

use std::fmt::Write as _;

use bytes::Bytes;
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Cluster;
use super::discovery::Resource;
use super::transport::{Failure, Request};
use crate::error::{ApiError, Call, Class};
use crate::id::ObjectId;
use crate::object::Object;
use crate::plan::covers;

/// How many objects one page of a list holds.
const PAGE: usize = 500;

/// How often a list whose continuation expired is begun again.
const LIST_RESTARTS: usize = 3;

/// Which objects of a kind are meant. The default: all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// A label selector: `app=qdrant,tier!=test`.
    pub labels: Option<String>,
    /// A field selector: `metadata.name=qdrant`.
    pub fields: Option<String>,
}

impl Selector {
    /// The objects that a label selector matches.
    pub fn labels(selector: impl Into<String>) -> Self {
        Self { labels: Some(selector.into()), fields: None }
    }

    /// The objects that a field selector matches.
    pub fn fields(selector: impl Into<String>) -> Self {
        Self { labels: None, fields: Some(selector.into()) }
    }

    pub(crate) fn query(&self, query: &mut Query) {
        if let Some(labels) = &self.labels {
            query.add("labelSelector", labels);
        }
        if let Some(fields) = &self.fields {
            query.add("fieldSelector", fields);
        }
    }
}

/// How an object is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplyOptions {
    /// Who owns the fields afterwards.
    pub field_manager: String,
    /// Whether to take over fields that others own; otherwise such a field is an error that names its owner.
    pub force: bool,
    /// Whether the server only says what would come of it.
    pub dry_run: bool,
}

impl ApplyOptions {
    /// Applies as this manager, without force, for real.
    pub fn new(field_manager: &str) -> Self {
        Self { field_manager: field_manager.to_owned(), force: false, dry_run: false }
    }
}

/// What happens to the objects that a deleted object owns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Propagation {
    /// They are deleted afterwards, by the garbage collector.
    #[default]
    Background,
    /// They are deleted first; the object waits for them.
    Foreground,
    /// They stay, without an owner.
    Orphan,
}

impl Propagation {
    fn as_str(self) -> &'static str {
        match self {
            Self::Background => "Background",
            Self::Foreground => "Foreground",
            Self::Orphan => "Orphan",
        }
    }
}

/// How an object is deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// What happens to the objects it owns.
    pub propagation: Propagation,
    /// Delete only the object with this uid, not a later one of the same name.
    pub uid: Option<String>,
    /// Delete only this version of the object.
    pub resource_version: Option<String>,
}

impl DeleteOptions {
    /// Deletes exactly the object that was read.
    pub fn exactly(object: &Object) -> Self {
        Self { uid: object.uid().map(str::to_owned), ..Self::default() }
    }
}

/// What came of a deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// The object is gone.
    Deleted,
    /// The deletion has begun; finalizers or owned objects still hold the object.
    Started,
    /// There was no such object.
    Absent,
    /// There is an object of this name, but not the one that was meant (by uid or version); it was left alone.
    Another,
}

/// What the server says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerVersion {
    /// `1`
    pub major: String,
    /// `36`, with a `+` behind it on some providers.
    pub minor: String,
    /// `v1.36.3-eks-1a2b3c4`
    pub git_version: String,
}

impl Cluster {
    /// The server's version. Needs no permission: a good first question.
    pub async fn server_version(&self, until: Instant) -> Result<ServerVersion, ApiError> {
        let call = Call { verb: "get", target: "the server version".to_owned() };
        let value = self.value(&call, &Request::get("/version".to_owned()), until).await?;
        let text = |field: &str| {
            let problem = || ApiError::Answer { call: call.clone(), problem: format!("/version has no `{field}`") };
            value.get(field).and_then(Value::as_str).map(str::to_owned).ok_or_else(problem)
        };
        Ok(ServerVersion { major: text("major")?, minor: text("minor")?, git_version: text("gitVersion")? })
    }

    /// The object, or `None` if there is none.
    pub async fn get(&self, id: &ObjectId, until: Instant) -> Result<Option<Object>, ApiError> {
        let call = call("get", id);
        let (_, path) = self.path(&call, id, until).await?;
        match self.transport.call(&call, &Request::get(path), until).await {
            Ok(value) => object(&call, value).map(Some),
            Err(failure) if is_absent(&failure.error) => Ok(None),
            Err(failure) => Err(failure.error),
        }
    }

    /// All objects of a kind that the selector matches, in one namespace or in all of them.
    pub async fn list(
        &self,
        api_version: &str,
        kind: &str,
        namespace: Option<&str>,
        selector: &Selector,
        until: Instant,
    ) -> Result<Vec<Object>, ApiError> {
        Ok(self.list_at(api_version, kind, namespace, selector, until).await?.0)
    }

    /// As [`list`](Self::list), with the resource version to watch from.
    pub(crate) async fn list_at(
        &self,
        api_version: &str,
        kind: &str,
        namespace: Option<&str>,
        selector: &Selector,
        until: Instant,
    ) -> Result<(Vec<Object>, String), ApiError> {
        let target = match namespace {
            Some(namespace) => format!("every {kind} in {namespace}"),
            None => format!("every {kind}"),
        };
        let call = Call { verb: "list", target };
        let resource = self.resource(api_version, kind, until).await?;
        let base = resource.path(namespace, None);
        let mut restarts = 0;
        'restart: loop {
            let mut objects = Vec::new();
            let mut next = String::new();
            loop {
                let mut query = Query::new();
                query.add("limit", &PAGE.to_string());
                if !next.is_empty() {
                    query.add("continue", &next);
                }
                selector.query(&mut query);
                let page = match self.value(&call, &Request::get(query.on(&base)), until).await {
                    Ok(page) => page,
                    Err(error) if error.class() == Class::Gone && !next.is_empty() && restarts < LIST_RESTARTS => {
                        restarts += 1;
                        continue 'restart;
                    }
                    Err(error) => return Err(error),
                };
                let text = |pointer: &str| page.pointer(pointer).and_then(Value::as_str).unwrap_or("").to_owned();
                let (version, continuation) = (text("/metadata/resourceVersion"), text("/metadata/continue"));
                let Value::Object(mut page) = page else {
                    return Err(ApiError::Answer { call, problem: "a list is no mapping".to_owned() });
                };
                // The API server leaves `apiVersion` and `kind` out of the items of its own kinds' lists.
                let items = page.remove("items");
                for mut item in items.into_iter().flat_map(into_items) {
                    if let Value::Object(item) = &mut item {
                        item.entry("apiVersion").or_insert_with(|| api_version.into());
                        item.entry("kind").or_insert_with(|| kind.into());
                    }
                    objects.push(object(&call, item)?);
                }
                if continuation.is_empty() {
                    return Ok((objects, version));
                }
                next = continuation;
            }
        }
    }

    /// Server-side apply with strict field validation: creates the object, or changes the fields it names.
    ///
    /// Fields of others are a [`Class::Conflict`] unless forced; fields that cannot change are
    /// [`Class::Immutable`].
    pub async fn apply(&self, object: &Object, options: &ApplyOptions, until: Instant) -> Result<Object, ApiError> {
        let id = object.id();
        let call = call("apply", &id);
        let (_, path) = self.path(&call, &id, until).await?;
        let mut query = Query::new();
        query.add("fieldManager", &options.field_manager);
        query.add("force", if options.force { "true" } else { "false" });
        query.add("fieldValidation", "Strict");
        if options.dry_run {
            query.add("dryRun", "All");
        }
        let request = Request {
            method: Method::PATCH,
            content_type: "application/apply-patch+yaml",
            body: body(&object.for_apply()),
            ..Request::get(query.on(&path))
        };
        let _pass = if options.dry_run { None } else { self.pass(&call, until).await? };
        let value = self.value(&call, &request, until).await?;
        self::object(&call, value)
    }

    /// Creates an object that must not exist yet ([`Class::AlreadyExists`] if it does).
    ///
    /// If an answer is lost, the object is tried again, and an object found there that has all we sent counts as
    /// ours.
    pub async fn create(&self, object: &Object, field_manager: &str, until: Instant) -> Result<Object, ApiError> {
        let id = object.id();
        let call = call("create", &id);
        let (resource, _) = self.path(&call, &id, until).await?;
        let request = Request {
            method: Method::POST,
            content_type: "application/json",
            body: body(object.as_value()),
            ..Request::get(written_by(field_manager).on(&resource.path(id.namespace.as_deref(), None)))
        };
        let _pass = self.pass(&call, until).await?;
        let result = self.transport.call(&call, &request, until).await;
        self.settle(&call, &id, result, Class::AlreadyExists, object, until).await
    }

    /// Replaces an object. With a `metadata.resourceVersion`, only that version ([`Class::Race`] otherwise).
    pub async fn replace(&self, object: &Object, field_manager: &str, until: Instant) -> Result<Object, ApiError> {
        let id = object.id();
        let call = call("replace", &id);
        let (_, path) = self.path(&call, &id, until).await?;
        let request = Request {
            method: Method::PUT,
            content_type: "application/json",
            body: body(object.as_value()),
            ..Request::get(written_by(field_manager).on(&path))
        };
        let _pass = self.pass(&call, until).await?;
        let result = self.transport.call(&call, &request, until).await;
        self.settle(&call, &id, result, Class::Race, object, until).await
    }

    /// Changes fields by a JSON merge patch (RFC 7386): `null` removes a field.
    pub async fn patch_merge(
        &self,
        id: &ObjectId,
        patch: &Value,
        field_manager: &str,
        until: Instant,
    ) -> Result<Object, ApiError> {
        let call = call("patch", id);
        let (_, path) = self.path(&call, id, until).await?;
        let request = Request {
            method: Method::PATCH,
            content_type: "application/merge-patch+json",
            body: body(patch),
            ..Request::get(written_by(field_manager).on(&path))
        };
        let _pass = self.pass(&call, until).await?;
        object(&call, self.value(&call, &request, until).await?)
    }

    /// Deletes an object; see [`Deletion`] for what can come of it.
    pub async fn delete(&self, id: &ObjectId, options: &DeleteOptions, until: Instant) -> Result<Deletion, ApiError> {
        let call = call("delete", id);
        let (_, path) = self.path(&call, id, until).await?;
        let mut body_value = json!({
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": options.propagation.as_str(),
        });
        let mut preconditions = serde_json::Map::new();
        if let Some(uid) = &options.uid {
            preconditions.insert("uid".to_owned(), uid.as_str().into());
        }
        if let Some(version) = &options.resource_version {
            preconditions.insert("resourceVersion".to_owned(), version.as_str().into());
        }
        let conditional = !preconditions.is_empty();
        if conditional {
            body_value["preconditions"] = Value::Object(preconditions);
        }
        let request = Request {
            method: Method::DELETE,
            content_type: "application/json",
            body: body(&body_value),
            ..Request::get(path)
        };
        let _pass = self.pass(&call, until).await?;
        match self.transport.call(&call, &request, until).await {
            // The server answers with the object if something still holds it, and with a Status if it is gone.
            Ok(value) if value.get("kind").and_then(Value::as_str) == Some("Status") => Ok(Deletion::Deleted),
            Ok(value) => {
                let held = value.pointer("/metadata/deletionTimestamp").is_some_and(|time| !time.is_null());
                Ok(if held { Deletion::Started } else { Deletion::Deleted })
            }
            Err(Failure { error, tried_before }) if is_absent(&error) => {
                Ok(if tried_before { Deletion::Deleted } else { Deletion::Absent })
            }
            Err(Failure { error, .. }) if conditional && error.class() == Class::Race => Ok(Deletion::Another),
            Err(failure) => Err(failure.error),
        }
    }

    /// After a lost answer, `refusal` may only mean that the lost try had worked: then the object holds what was
    /// sent.
    async fn settle(
        &self,
        call: &Call,
        id: &ObjectId,
        result: Result<Value, Failure>,
        refusal: Class,
        sent: &Object,
        until: Instant,
    ) -> Result<Object, ApiError> {
        match result {
            Ok(value) => object(call, value),
            Err(Failure { error, tried_before: true }) if error.class() == refusal => match self.get(id, until).await {
                Ok(Some(live)) if covers(&live, sent) => Ok(live),
                _ => Err(error),
            },
            Err(failure) => Err(failure.error),
        }
    }

    /// The path of an object, which must say its namespace if its kind is namespaced.
    async fn path(&self, call: &Call, id: &ObjectId, until: Instant) -> Result<(Resource, String), ApiError> {
        let unaddressable = |problem| ApiError::Unaddressable { call: call.clone(), problem };
        // The server would take these for a collection, or for another path.
        if matches!(id.name.as_str(), "" | "." | "..") || id.name.contains('/') {
            return Err(unaddressable("its name cannot be part of an address"));
        }
        let resource = self.resource(&id.api_version, &id.kind, until).await?;
        let namespace = id.namespace.as_deref().filter(|namespace| !namespace.is_empty());
        if resource.namespaced && namespace.is_none() {
            return Err(unaddressable("it needs a namespace"));
        }
        if namespace.is_some_and(|namespace| matches!(namespace, "." | "..") || namespace.contains('/')) {
            return Err(unaddressable("its namespace cannot be part of an address"));
        }
        let path = resource.path(namespace, Some(&id.name));
        Ok((resource, path))
    }

    /// The JSON that a request answers with.
    pub(super) async fn value(&self, call: &Call, request: &Request, until: Instant) -> Result<Value, ApiError> {
        self.transport.call(call, request, until).await.map_err(|failure| failure.error)
    }
}

/// A query string under construction.
#[derive(Debug, Default)]
pub(crate) struct Query(String);

impl Query {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn add(&mut self, key: &str, value: &str) {
        let separator = if self.0.is_empty() { '?' } else { '&' };
        let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
        // Writing to a String cannot fail.
        let _ = write!(self.0, "{separator}{key}={value}");
    }

    pub(crate) fn on(&self, path: &str) -> String {
        format!("{path}{}", self.0)
    }
}

fn written_by(field_manager: &str) -> Query {
    let mut query = Query::new();
    query.add("fieldManager", field_manager);
    query.add("fieldValidation", "Strict");
    query
}

fn call(verb: &'static str, id: &ObjectId) -> Call {
    Call { verb, target: id.to_string() }
}

fn is_absent(error: &ApiError) -> bool {
    matches!(error.class(), Class::NotFound | Class::NamespaceMissing)
}

fn body(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}

fn into_items(items: Value) -> Vec<Value> {
    match items {
        Value::Array(items) => items,
        _ => Vec::new(),
    }
}

fn object(call: &Call, value: Value) -> Result<Object, ApiError> {
    Object::new(value).map_err(|error| ApiError::Answer { call: call.clone(), problem: error.to_string() })
}
