//! The resources that exist, and the order in which they are created.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::intrinsics::Scope;
use super::{EvaluateError, Value};
use crate::model::{ConditionName, Expr, LogicalId, Path, Place, Retention, Token, tokens};

/// What a template creates under given parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceGraph {
    /// Which conditions hold.
    pub conditions: IndexMap<ConditionName, bool>,
    /// The conditions that hang on what only AWS can tell; above they count as not holding.
    pub undecided: BTreeSet<ConditionName>,
    /// The resources that exist, in an order in which each comes after those it needs.
    pub resources: IndexMap<LogicalId, EvaluatedResource>,
    /// The outputs that exist.
    pub outputs: IndexMap<LogicalId, Value>,
    /// The parameters whose pattern is beyond us, so that their values were not compared with it.
    pub unchecked: Vec<LogicalId>,
}

impl ResourceGraph {
    /// The logical ids in an order in which the resources can be created.
    pub fn creation_order(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.resources.keys().map(LogicalId::as_str)
    }

    /// The logical ids in an order in which the resources can be deleted: that of creation, backwards.
    pub fn deletion_order(&self) -> impl Iterator<Item = &str> {
        self.creation_order().rev()
    }

    /// Everything that a resource needs, directly or through others: what is there before it is created and until it
    /// is deleted.
    pub fn needed_by(&self, resource: &str) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&EvaluatedResource> = self.resources.get(resource).into_iter().collect();
        while let Some(resource) = open.pop() {
            for name in &resource.needs {
                if seen.insert(name.as_str()) {
                    open.extend(self.resources.get(name));
                }
            }
        }
        seen
    }
}

/// A resource after evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct EvaluatedResource {
    /// The type.
    pub kind: String,
    /// Its properties.
    pub properties: IndexMap<String, Value>,
    /// The resources that are created before and deleted after it.
    pub needs: BTreeSet<LogicalId>,
    /// Why it needs them, one for each reference, in the order of the template.
    pub edges: Vec<Edge>,
    /// What happens when it is removed from the stack.
    pub deletion_policy: Option<Retention>,
}

/// One reference of a resource to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The resource referred to.
    pub to: LogicalId,
    /// How.
    pub kind: EdgeKind,
    /// Where in the template.
    pub place: Place,
}

/// How a resource refers to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EdgeKind {
    /// `Ref`
    Ref,
    /// `Fn::GetAtt`
    GetAtt,
    /// A variable in the text of `Fn::Sub`
    Sub,
    /// `DependsOn`
    DependsOn,
}

pub(super) fn build(scope: &Scope<'_>) -> ResourceGraph {
    let mut found = BTreeMap::new();
    let mut order = Vec::new();
    let top = Path::top("Resources");
    for (name, resource) in &scope.template.resources {
        let here = top.key(name.as_str());
        if let Some(condition) = &resource.condition
            && !scope.conditions.contains_key(condition)
        {
            let place = here.key("Condition").place();
            scope.problem(EvaluateError::Dangling { place, name: condition.to_string() });
        }
        if !scope.exists(name.as_str()) {
            continue;
        }
        let path = here.key("Properties");
        let properties = match resource.attributes.get("Properties") {
            Some(function) => scope.value(function, &path),
            None => scope.map(&resource.properties, &path),
        };
        let properties = if let Value::Map(properties) = properties { properties } else { IndexMap::new() };
        let mut edges = Vec::new();
        for other in resource.all_depends_on() {
            let place = here.key("DependsOn").place();
            if let Some(to) = scope.existing(other) {
                edges.push(Edge { to: to.clone(), kind: EdgeKind::DependsOn, place });
            } else if !scope.template.resources.contains_key(other) && !scope.template.has_macros() {
                scope.problem(EvaluateError::Dangling { place, name: other.to_owned() });
            }
        }
        for (key, expr) in &resource.properties {
            taken(scope, expr, &path.key(key), &mut edges);
        }
        for (key, expr) in &resource.attributes {
            taken(scope, expr, &here.key(key), &mut edges);
        }
        let needs = edges.iter().map(|edge| edge.to.clone()).collect();
        order.push(name.clone());
        let evaluated = EvaluatedResource {
            kind: resource.kind.clone(),
            properties,
            needs,
            edges,
            deletion_policy: resource.deletion_policy,
        };
        found.insert(name.clone(), evaluated);
    }
    let mut outputs = IndexMap::new();
    let top = Path::top("Outputs");
    for (name, output) in &scope.template.outputs {
        let here = top.key(name.as_str());
        if let Some(condition) = output.condition.as_ref().filter(|name| !scope.conditions.contains_key(*name)) {
            let place = here.key("Condition").place();
            scope.problem(EvaluateError::Dangling { place, name: condition.to_string() });
        } else if scope.holds(output.condition.as_ref()) {
            outputs.insert(name.clone(), scope.value(&output.value, &here.key("Value")));
        }
    }
    ResourceGraph {
        conditions: scope.conditions.clone(),
        undecided: scope.undecided.clone(),
        resources: sort(scope, order, found),
        outputs,
        unchecked: Vec::new(),
    }
}

/// The resources an expression refers to on the branches that are taken:
/// a reference inside `Fn::If` is a dependency only when its condition holds.
fn taken(scope: &Scope<'_>, expr: &Expr, path: &Path<'_>, edges: &mut Vec<Edge>) {
    let mut add = |name: &str, kind: EdgeKind, path: &Path<'_>| {
        if !scope.parameters.contains_key(name)
            && let Some(to) = scope.existing(name)
        {
            edges.push(Edge { to: to.clone(), kind, place: path.place() });
        }
    };
    match expr {
        Expr::If(condition, then, otherwise) => {
            let path = path.key("Fn::If");
            if scope.holds(Some(condition)) {
                taken(scope, then, &path.index(1), edges);
            } else {
                taken(scope, otherwise, &path.index(2), edges);
            }
        }
        Expr::Ref(to) => add(to.as_str(), EdgeKind::Ref, path),
        Expr::GetAtt(resource, _) => add(resource.as_str(), EdgeKind::GetAtt, path),
        Expr::Sub(template, variables) => {
            let path = path.key("Fn::Sub");
            for token in tokens(template) {
                if let Token::Variable(name) = token
                    && !variables.contains_key(name)
                {
                    add(name.split('.').next().unwrap_or(name), EdgeKind::Sub, &path);
                }
            }
            for (key, variable) in variables {
                taken(scope, variable, &path.index(1).key(key), edges);
            }
        }
        Expr::Call(name, argument) if name == "GetAtt" => {
            if let Expr::List(items) = &**argument
                && let Some(Expr::Text(resource)) = items.first()
            {
                add(resource, EdgeKind::GetAtt, path);
            }
            taken(scope, argument, &path.key("Fn::GetAtt"), edges);
        }
        // Only its direct children: what is inside an `Fn::If` is taken or not as above.
        other => other.each_child(path, &mut |child, path| taken(scope, child, path, edges)),
    }
}

/// Each after those it needs; otherwise in the order of the template.
fn sort(
    scope: &Scope<'_>,
    order: Vec<LogicalId>,
    mut found: BTreeMap<LogicalId, EvaluatedResource>,
) -> IndexMap<LogicalId, EvaluatedResource> {
    let mut sorted: IndexMap<LogicalId, EvaluatedResource> = IndexMap::with_capacity(order.len());
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
            scope.problem(EvaluateError::Circle { names: circle(&found), conditions: false });
            for name in open.drain(..) {
                if let Some(resource) = found.remove(&name) {
                    sorted.insert(name, resource);
                }
            }
        }
    }
    sorted
}

/// One circle among resources that each need another of them.
fn circle(open: &BTreeMap<LogicalId, EvaluatedResource>) -> Vec<String> {
    let mut way: Vec<&LogicalId> = Vec::new();
    let mut next = open.keys().next();
    while let Some(name) = next {
        if let Some(start) = way.iter().position(|step| *step == name) {
            way.drain(..start);
            break;
        }
        way.push(name);
        next = open.get(name).and_then(|resource| resource.needs.iter().find(|other| open.contains_key(*other)));
    }
    way.into_iter().map(LogicalId::to_string).collect()
}
