//! The resources that exist, and the order in which they are created.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::intrinsics::Scope;
use super::{EvaluateError, Value};

/// What a template creates under given parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceGraph {
    /// Which conditions hold.
    pub conditions: IndexMap<String, bool>,
    /// The resources that exist, in an order in which each comes after those it needs.
    pub resources: IndexMap<String, EvaluatedResource>,
    /// The outputs that exist.
    pub outputs: IndexMap<String, Value>,
}

/// A resource after evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct EvaluatedResource {
    /// The type.
    pub kind: String,
    /// Its properties.
    pub properties: IndexMap<String, Value>,
    /// The resources that are created before and deleted after it.
    pub needs: BTreeSet<String>,
}

pub(super) fn build(scope: &Scope<'_>) -> Result<ResourceGraph, EvaluateError> {
    let mut found = BTreeMap::new();
    let mut order = Vec::new();
    for (name, resource) in &scope.template.resources {
        if !scope.exists(name) {
            continue;
        }
        let place = format!("Resources.{name}.Properties");
        let Value::Map(properties) = scope.map(&resource.properties, &place)? else { continue };
        let mut needs = BTreeSet::new();
        for other in &resource.depends_on {
            if !scope.template.resources.contains_key(other) {
                let place = format!("Resources.{name}.DependsOn");
                return Err(EvaluateError::Dangling { place, name: other.clone() });
            }
            needs.insert(other.clone());
        }
        for expr in resource.properties.values() {
            needs.extend(taken(scope, expr));
        }
        needs.retain(|other| scope.exists(other));
        order.push(name.clone());
        found.insert(name.clone(), EvaluatedResource { kind: resource.kind.clone(), properties, needs });
    }
    let mut outputs = IndexMap::new();
    for (name, output) in &scope.template.outputs {
        if scope.holds(output.condition.as_deref()) {
            outputs.insert(name.clone(), scope.value(&output.value, &format!("Outputs.{name}"))?);
        }
    }
    let resources = sort(order, found)?;
    Ok(ResourceGraph { conditions: scope.conditions.clone(), resources, outputs })
}

/// The resources an expression refers to on the branches that are taken:
/// a reference inside `Fn::If` is a dependency only when its condition holds.
fn taken(scope: &Scope<'_>, expr: &crate::model::Expr) -> BTreeSet<String> {
    use crate::model::Expr;
    match expr {
        Expr::If(condition, then, otherwise) => {
            taken(scope, if scope.holds(Some(condition)) { then } else { otherwise })
        }
        Expr::List(items) => items.iter().flat_map(|item| taken(scope, item)).collect(),
        Expr::Map(entries) => entries.values().flat_map(|entry| taken(scope, entry)).collect(),
        Expr::Join(_, inner) | Expr::Split(_, inner) | Expr::GetAzs(inner) => taken(scope, inner),
        Expr::Select(first, second) => taken(scope, first).into_iter().chain(taken(scope, second)).collect(),
        Expr::Sub(_, variables) => {
            let own = variables.values().flat_map(|variable| taken(scope, variable));
            own.chain(expr.references().into_iter().map(str::to_owned)).collect()
        }
        other => other.references().into_iter().map(str::to_owned).collect(),
    }
}

/// Each after those it needs; otherwise in the order of the template.
fn sort(
    order: Vec<String>,
    mut found: BTreeMap<String, EvaluatedResource>,
) -> Result<IndexMap<String, EvaluatedResource>, EvaluateError> {
    let mut sorted: IndexMap<String, EvaluatedResource> = IndexMap::new();
    let mut open = order;
    while !open.is_empty() {
        let before = open.len();
        open.retain(|name| {
            let ready =
                found.get(name).is_none_or(|resource| resource.needs.iter().all(|other| sorted.contains_key(other)));
            if ready && let Some(resource) = found.remove(name) {
                sorted.insert(name.clone(), resource);
            }
            !ready
        });
        if open.len() == before {
            return Err(EvaluateError::Circle { names: open });
        }
    }
    Ok(sorted)
}
