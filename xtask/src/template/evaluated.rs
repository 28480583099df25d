//! What the platform's template creates, for programs that do not evaluate it themselves.

use std::collections::BTreeMap;

use aktus_template::{Pseudo, ResourceGraph, evaluate};
use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

use super::{CASES, CODE};

/// The region of the stacks.
pub(super) const REGION: &str = "us-east-1";
/// The account of the stacks.
pub(super) const ACCOUNT: &str = "111122223333";

/// What is created in each of the [`CASES`], with what only AWS can tell as `${…}`.
pub(super) fn stacks() -> Result<Vec<ResourceGraph>> {
    let template = aktus_template::platform();
    let stack = |case: &&[&str]| {
        let given = CODE.iter().chain(*case).filter_map(|parameter| parameter.split_once('='));
        let given: BTreeMap<_, _> = given.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let pseudo = Pseudo::new("aktus", REGION, ACCOUNT);
        evaluate(&template, &given, &pseudo).with_context(|| format!("the template does not evaluate with {case:?}"))
    };
    CASES.iter().map(stack).collect()
}

/// The same as a template without parameters and functions.
pub(super) fn as_template(stack: &ResourceGraph) -> Value {
    let written = aktus_template::platform().resources;
    let resources = stack.resources.iter().map(|(id, resource)| {
        let properties = resource.properties.iter().map(|(name, value)| (name.clone(), plain(name, value)));
        let properties: Map<_, _> = properties.filter(|(_, value)| !value.is_null()).collect();
        let mut entry = json!({"Type": resource.kind, "Properties": properties});
        let policies = written.get(id).map(|resource| (resource.deletion_policy, resource.update_replace_policy));
        let (deletion, replacement) = policies.unwrap_or_default();
        for (name, policy) in [("DeletionPolicy", deletion), ("UpdateReplacePolicy", replacement)] {
            if let Some(policy) = policy {
                entry[name] = policy.name().into();
            }
        }
        (id.to_string(), entry)
    });
    json!({"Resources": resources.collect::<Map<_, _>>()})
}

/// A property; policy documents that are written as text are read, and what is left out is not there.
fn plain(name: &str, value: &aktus_template::Value) -> Value {
    let mut value = value.to_json(false);
    if name.ends_with("Document")
        && let Some(document) = value.as_str().and_then(|text| serde_json::from_str(text).ok())
    {
        value = document;
    }
    without_nulls(value)
}

/// The value without entries and items that `AWS::NoValue` leaves out.
pub(super) fn without_nulls(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().filter(|item| !item.is_null()).map(without_nulls).collect(),
        Value::Object(entries) => {
            let entries = entries.into_iter().filter(|(_, entry)| !entry.is_null());
            Value::Object(entries.map(|(key, entry)| (key, without_nulls(entry))).collect())
        }
        scalar => scalar,
    }
}
