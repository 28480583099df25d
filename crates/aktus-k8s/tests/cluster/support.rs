//! A server and a client for each test.

use std::time::Duration;

use aktus_k8s::{ApplyOptions, Backoff, Cluster, ConnectOptions, Endpoint, Object, ObjectId};
use aktus_sandbox::kubernetes::{RequestRecord, Server};
use aktus_sandbox::{Clock, Options};
use serde_json::{Value, json};
use tokio::time::Instant;

pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) cluster: Cluster,
}

/// An empty cluster with the namespace `aktus`, and a client that does not wait long between tries.
pub(crate) async fn world() -> World {
    let clock = Clock::fixed("2026-01-01T00:00:00Z".parse().expect("a time"));
    let server = Server::start(&Options::new(clock)).await.expect("a server");
    let cluster = Cluster::connect(patient(&server)).await.expect("a client");
    let world = World { server, cluster };
    world.put(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "aktus"}})).await;
    world.server.clear_requests();
    world
}

pub(crate) fn patient(server: &Server) -> ConnectOptions {
    let endpoint = Endpoint::Server { url: server.url(), certificate_authority: None, token: None };
    let backoff = Backoff { first: Duration::from_millis(1), ..Backoff::default() };
    ConnectOptions { backoff, ..ConnectOptions::new(endpoint) }
}

impl World {
    /// Applies as `aktus`.
    pub(crate) async fn put(&self, value: Value) -> Object {
        self.put_as("aktus", value).await
    }

    pub(crate) async fn put_as(&self, manager: &str, value: Value) -> Object {
        self.cluster.apply(&object(value), &ApplyOptions::new(manager), soon()).await.expect("an applied object")
    }

    pub(crate) async fn live(&self, id: &ObjectId) -> Option<Object> {
        self.cluster.get(id, soon()).await.expect("an answer")
    }

    /// `GET path`, … without the queries, leaving out discovery.
    pub(crate) fn requests(&self) -> Vec<String> {
        let is_discovery = |request: &RequestRecord| {
            let depth = request.path.split('/').count();
            request.method == "GET" && depth <= if request.path.starts_with("/apis/") { 4 } else { 3 }
        };
        let requests = self.server.requests();
        let line = |request: &RequestRecord| {
            let dry = if request.dry_run { " (dry run)" } else { "" };
            let watch = if request.query.contains("watch=true") { " (watch)" } else { "" };
            format!("{} {}{dry}{watch}", request.method, request.path)
        };
        requests.iter().filter(|request| !is_discovery(request)).map(line).collect()
    }
}

/// Far enough away for any test that works.
pub(crate) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

pub(crate) fn shortly() -> Instant {
    Instant::now() + Duration::from_millis(150)
}

pub(crate) fn object(value: Value) -> Object {
    Object::new(value).expect("an object")
}

#[expect(clippy::needless_pass_by_value, reason = "cases read best as plain JSON literals")]
pub(crate) fn config_map(name: &str, data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "aktus"}, "data": data})
}

pub(crate) fn config_map_id(name: &str) -> ObjectId {
    ObjectId::namespaced("v1", "ConfigMap", "aktus", name)
}

/// A definition of `Thing`s in `example.com/v1`, whose status anybody may write.
pub(crate) fn definition() -> Value {
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.example.com"},
        "spec": {"group": "example.com", "scope": "Namespaced",
            "names": {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                "type": "object", "x-kubernetes-preserve-unknown-fields": true}}}]}})
}

pub(crate) fn thing(name: &str) -> Value {
    json!({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": name, "namespace": "aktus"},
        "spec": {"size": 1}})
}

pub(crate) fn thing_id(name: &str) -> ObjectId {
    ObjectId::namespaced("example.com/v1", "Thing", "aktus", name)
}
