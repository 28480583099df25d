//! What the roles of an evaluated template may do.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use crate::eval::{ResourceGraph, Value};
use crate::model::LogicalId;

/// A role, who may take it, and what it may do then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolePermissions {
    /// The logical id of the role.
    pub role: LogicalId,
    /// Who may take it: services, accounts, identity providers.
    pub trusted: Vec<String>,
    /// The ARNs of its managed policies.
    pub managed: Vec<String>,
    /// The statements of its own policies.
    pub statements: Vec<Statement>,
}

/// One statement of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// `Allow` or `Deny`.
    pub effect: String,
    /// The actions; those of `NotAction` begin with `not `.
    pub actions: Vec<String>,
    /// The resources; those of `NotResource` begin with `not `.
    pub resources: Vec<String>,
    /// Whether it holds only under conditions.
    pub conditional: bool,
}

/// The roles among these resources, in order of creation, with the policies of their own and those attached to them.
pub fn permissions(graph: &ResourceGraph) -> Vec<RolePermissions> {
    let mut roles: IndexMap<&str, RolePermissions> = IndexMap::new();
    for (id, resource) in graph.resources.iter().filter(|(_, resource)| resource.kind == "AWS::IAM::Role") {
        let property = |name: &str| resource.properties.get(name);
        let inline =
            property("Policies").into_iter().flat_map(items).filter_map(|policy| entry(policy, "PolicyDocument"));
        let document = property("AssumeRolePolicyDocument").map(read);
        let trust = document.iter().flat_map(statements);
        let trusted: BTreeSet<String> = trust
            .flat_map(|statement| entry(statement, "Principal").into_iter().flat_map(texts_inside).collect::<Vec<_>>())
            .collect();
        roles.insert(
            id.as_str(),
            RolePermissions {
                role: id.clone(),
                trusted: trusted.into_iter().collect(),
                managed: property("ManagedPolicyArns").map(texts).unwrap_or_default(),
                statements: inline.flat_map(statements).map(statement).collect(),
            },
        );
    }
    for resource in graph.resources.values() {
        if !matches!(resource.kind.as_str(), "AWS::IAM::Policy" | "AWS::IAM::ManagedPolicy") {
            continue;
        }
        let document = resource.properties.get("PolicyDocument");
        let attached = resource.properties.get("Roles").map(items).unwrap_or_default();
        for role in attached {
            let Value::Unknown(id) = role else { continue };
            if let Some(role) = roles.get_mut(id.as_str()) {
                role.statements.extend(document.into_iter().flat_map(statements).map(statement));
            }
        }
    }
    roles.into_values().collect()
}

/// A document that is written as JSON text, as one whose keys hold intrinsic functions must be.
fn read(document: &Value) -> Value {
    let Value::Text(text) = document else { return document.clone() };
    serde_json::from_str(text).map_or_else(|_| document.clone(), |json| from_json(&json))
}

fn from_json(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::NoValue,
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(number) => {
            number.as_i64().map_or_else(|| Value::Text(number.to_string()), Value::Integer)
        }
        serde_json::Value::String(text) => Value::Text(text.clone()),
        serde_json::Value::Array(items) => Value::List(items.iter().map(from_json).collect()),
        serde_json::Value::Object(entries) => {
            Value::Map(entries.iter().map(|(key, value)| (key.clone(), from_json(value))).collect())
        }
    }
}

fn statement(value: &Value) -> Statement {
    let both = |name: &str| -> Vec<String> {
        let plain = entry(value, name).map(texts).unwrap_or_default();
        let negated = entry(value, &format!("Not{name}")).map(texts).unwrap_or_default();
        plain.into_iter().chain(negated.into_iter().map(|text| format!("not {text}"))).collect()
    };
    Statement {
        effect: entry(value, "Effect").and_then(Value::as_text).unwrap_or_default(),
        actions: both("Action"),
        resources: both("Resource"),
        conditional: entry(value, "Condition").is_some(),
    }
}

/// The statements of a policy document, which may be one or a list.
fn statements(document: &Value) -> Vec<&Value> {
    match document {
        Value::Map(entries) => entries.get("Statement").map(items).unwrap_or_default(),
        _ => Vec::new(),
    }
}

fn entry<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::Map(entries) => entries.get(name),
        _ => None,
    }
}

fn items(value: &Value) -> Vec<&Value> {
    match value {
        Value::List(items) => items.iter().collect(),
        one => vec![one],
    }
}

/// A text or a list of texts.
fn texts(value: &Value) -> Vec<String> {
    items(value).into_iter().filter_map(Value::as_text).collect()
}

/// A text, a list of texts, or a map of such by kind.
fn texts_inside(value: &Value) -> Vec<String> {
    match value {
        Value::Map(entries) => entries.values().flat_map(texts).collect(),
        other => texts(other),
    }
}
