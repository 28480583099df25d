//! What does the API say about itself: version, health, groups and resources?

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Answer, Api, Request};
use crate::kubernetes::resources::Resource;
use crate::kubernetes::status::Status;

/// The version the stand-in plays.
pub(crate) const VERSION: &str = "v1.36.3";

/// Answers a discovery path; `None` where the path is none.
pub(super) fn answer(api: &Api, request: &Request<'_>) -> Option<Result<Answer, Status>> {
    let path = request.path.trim_end_matches('/');
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let answer = match parts.as_slice() {
        ["version"] => Answer::json(200, version()),
        ["healthz" | "livez" | "readyz", ..] => Answer::Text { code: 200, body: "ok".to_owned() },
        [] => Answer::json(200, json!({"paths": paths(api)})),
        ["api"] if aggregated(request) => Answer::json(200, aggregated_list(api, true)),
        ["api"] => Answer::json(
            200,
            json!({
                "kind": "APIVersions",
                "versions": ["v1"],
                "serverAddressByClientCIDRs": [],
            }),
        ),
        ["api", "v1"] => Answer::json(200, resource_list(api, "", "v1")),
        ["apis"] if aggregated(request) => Answer::json(200, aggregated_list(api, false)),
        ["apis"] => Answer::json(200, json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups(api)})),
        ["apis", group] if !api.resources.versions(group).is_empty() => {
            let mut document = api_group(api, group);
            if let Some(map) = document.as_object_mut() {
                map.insert("kind".to_owned(), "APIGroup".into());
                map.insert("apiVersion".to_owned(), "v1".into());
            }
            Answer::json(200, document)
        }
        ["apis", group, version] if api.resources.serves(group, version) => {
            Answer::json(200, resource_list(api, group, version))
        }
        _ => return None,
    };
    Some(if matches!(request.method, "GET" | "HEAD") { Ok(answer) } else { Err(Status::method_not_allowed()) })
}

fn version() -> Value {
    let mut parts = VERSION.trim_start_matches('v').split('.');
    json!({
        "major": parts.next().unwrap_or(""),
        "minor": parts.next().unwrap_or(""),
        "gitVersion": VERSION,
        "gitCommit": "",
        "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "",
        "platform": "linux/amd64",
    })
}

fn paths(api: &Api) -> Vec<String> {
    let mut paths = vec!["/api".to_owned(), "/api/v1".to_owned(), "/apis".to_owned(), "/apis/".to_owned()];
    for group in api.resources.groups() {
        paths.push(format!("/apis/{group}"));
        for version in api.resources.versions(group) {
            paths.push(format!("/apis/{group}/{version}"));
        }
    }
    paths.extend(["/healthz", "/livez", "/readyz", "/version"].map(str::to_owned));
    paths
}

fn api_group(api: &Api, group: &str) -> Value {
    let versions: Vec<Value> = api
        .resources
        .versions(group)
        .iter()
        .map(|version| json!({"groupVersion": format!("{group}/{version}"), "version": version}))
        .collect();
    let preferred = versions.first().cloned().unwrap_or(Value::Null);
    json!({"name": group, "versions": versions, "preferredVersion": preferred})
}

fn groups(api: &Api) -> Vec<Value> {
    api.resources.groups().into_iter().map(|group| api_group(api, group)).collect()
}

fn sorted<'a>(api: &'a Api, group: &str, version: &str) -> Vec<&'a Arc<Resource>> {
    let mut list: Vec<&Arc<Resource>> =
        api.resources.iter().filter(|resource| resource.group == group && resource.version == version).collect();
    list.sort_by(|a, b| a.plural.cmp(&b.plural));
    list
}

fn resource_list(api: &Api, group: &str, version: &str) -> Value {
    let mut resources = Vec::new();
    for resource in sorted(api, group, version) {
        let mut entry = json!({
            "name": resource.plural,
            "singularName": resource.singular,
            "namespaced": resource.namespaced,
            "kind": resource.kind,
            "verbs": resource.verbs,
        });
        if let Some(map) = entry.as_object_mut() {
            if !resource.short_names.is_empty() {
                map.insert("shortNames".to_owned(), resource.short_names.clone().into());
            }
            if !resource.categories.is_empty() {
                map.insert("categories".to_owned(), resource.categories.clone().into());
            }
        }
        resources.push(entry);
        for subresource in &resource.subresources {
            let (kind, group_version, verbs) = subresource_of(resource, subresource);
            let mut entry = json!({
                "name": format!("{}/{subresource}", resource.plural),
                "singularName": "",
                "namespaced": resource.namespaced,
                "kind": kind,
                "verbs": verbs,
            });
            if let (Some(map), Some((group, version))) = (entry.as_object_mut(), group_version) {
                map.insert("group".to_owned(), group.into());
                map.insert("version".to_owned(), version.into());
            }
            resources.push(entry);
        }
    }
    let group_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    let mut list = json!({
        "kind": "APIResourceList",
        "groupVersion": group_version,
        "resources": resources,
    });
    if !group.is_empty()
        && let Some(map) = list.as_object_mut()
    {
        map.insert("apiVersion".to_owned(), "v1".into());
    }
    list
}

type SubresourceKind<'a> = (&'a str, Option<(&'static str, &'static str)>, &'static [&'static str]);

fn subresource_of<'a>(resource: &'a Resource, subresource: &str) -> SubresourceKind<'a> {
    match subresource {
        "scale" => ("Scale", Some(("autoscaling", "v1")), &["get", "patch", "update"]),
        "eviction" => ("Eviction", Some(("policy", "v1")), &["create"]),
        "token" => ("TokenRequest", Some(("authentication.k8s.io", "v1")), &["create"]),
        "log" => (&resource.kind, None, &["get"]),
        "finalize" => (&resource.kind, None, &["update"]),
        _ => (&resource.kind, None, &["get", "patch", "update"]),
    }
}

fn aggregated(request: &Request<'_>) -> bool {
    request.accept.contains("as=APIGroupDiscoveryList")
        && request.accept.contains("g=apidiscovery.k8s.io")
        && request.accept.contains("v=v2")
}

fn aggregated_list(api: &Api, core: bool) -> Value {
    let groups = if core { vec![""] } else { api.resources.groups() };
    let items: Vec<Value> = groups
        .into_iter()
        .map(|group| {
            let versions: Vec<Value> = api
                .resources
                .versions(group)
                .into_iter()
                .map(|version| {
                    let resources: Vec<Value> =
                        sorted(api, group, version).into_iter().map(|r| discovered(r)).collect();
                    json!({"version": version, "resources": resources, "freshness": "Current"})
                })
                .collect();
            let metadata = if core { json!({}) } else { json!({"name": group}) };
            json!({"metadata": metadata, "versions": versions})
        })
        .collect();
    json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": items,
    })
}

fn discovered(resource: &Resource) -> Value {
    let subresources: Vec<Value> = resource
        .subresources
        .iter()
        .map(|subresource| {
            let (kind, group_version, verbs) = subresource_of(resource, subresource);
            let (group, version) = group_version.unwrap_or(("", ""));
            json!({
                "subresource": subresource,
                "responseKind": {"group": group, "version": version, "kind": kind},
                "verbs": verbs,
            })
        })
        .collect();
    let mut entry = json!({
        "resource": resource.plural,
        "responseKind": {"group": "", "version": "", "kind": resource.kind},
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": resource.singular,
        "verbs": resource.verbs,
    });
    if let Some(map) = entry.as_object_mut() {
        for (name, list) in [("shortNames", &resource.short_names), ("categories", &resource.categories)] {
            if !list.is_empty() {
                map.insert(name.to_owned(), list.clone().into());
            }
        }
        if !subresources.is_empty() {
            map.insert("subresources".to_owned(), subresources.into());
        }
    }
    entry
}
