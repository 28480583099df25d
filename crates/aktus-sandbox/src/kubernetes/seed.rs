//! What does a new cluster hold before anybody writes to it?

use serde_json::{Value, json};

use super::api::{Api, Request};

/// Writes what every cluster has.
pub(crate) fn seed(api: &mut Api) {
    for name in ["default", "kube-system", "kube-public", "kube-node-lease"] {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        post(api, "/api/v1/namespaces", &namespace);
    }
}

/// Creates one object as the cluster's own installer.
pub(crate) fn post(api: &mut Api, path: &str, object: &Value) {
    let body = object.to_string();
    let request = Request {
        method: "POST",
        path,
        query: "",
        content_type: "application/json",
        accept: "",
        user_agent: "installer",
        body: body.as_bytes(),
    };
    let writes = api.writes;
    drop(api.handle(&request));
    api.writes = writes;
}
