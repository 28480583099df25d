//! Which objects does the cluster hold? For comparing before and after.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::api::{Api, items, text};
use anyhow::{Result, bail};
use serde_json::Value;

/// How long garbage collection may take after everything was deleted.
const SETTLING: Duration = Duration::from_secs(15);
/// Kinds that come and go by themselves.
const IGNORED: [&str; 2] = ["events", "componentstatuses"];

/// Every object of every kind that can be listed, by kind, namespace and name.
pub(super) async fn snapshot(api: &Api) -> Result<BTreeSet<String>> {
    let mut objects = BTreeSet::new();
    let groups = api.get("/apis").await?.unwrap_or_default();
    let versions = items(&groups, "/groups").iter().map(|group| text(group, "/preferredVersion/groupVersion"));
    let paths = std::iter::once("/api/v1".to_owned()).chain(versions.map(|version| format!("/apis/{version}")));
    for path in paths {
        let resources = api.get(&path).await?.unwrap_or_default();
        for resource in items(&resources, "/resources") {
            let name = text(resource, "/name");
            let listed = items(resource, "/verbs").iter().any(|verb| verb == "list");
            if !listed || name.contains('/') || IGNORED.contains(&name) {
                continue;
            }
            for object in api.list(&format!("{path}/{name}")).await? {
                let (namespace, object) = (text(&object, "/metadata/namespace"), text(&object, "/metadata/name"));
                // Heartbeats of nodes are no part of the state.
                if name != "leases" || namespace == "default" {
                    objects.insert(format!("{name} {namespace}/{object}"));
                }
            }
        }
    }
    Ok(objects)
}

/// Errs unless the cluster soon holds again what it held before.
pub(super) async fn none(api: &Api, before: &BTreeSet<String>) -> Result<()> {
    let until = Instant::now() + SETTLING;
    loop {
        let now = snapshot(api).await?;
        let (more, fewer) = (now.difference(before), before.difference(&now));
        let differences: Vec<String> =
            more.map(|object| format!("+ {object}")).chain(fewer.map(|object| format!("- {object}"))).collect();
        if differences.is_empty() {
            return Ok(());
        }
        if Instant::now() > until {
            bail!("the cluster is not as it was before:\n  {}", differences.join("\n  "));
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

/// A value of a live object, by its API path and JSON pointer.
pub(super) async fn value(api: &Api, path: &str, pointer: &str) -> Result<Value> {
    let object = api.get(path).await?.unwrap_or_default();
    Ok(object.pointer(pointer).cloned().unwrap_or_default())
}
