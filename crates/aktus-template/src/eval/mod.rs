//! Template and parameters to the resources they make: conditions and intrinsics resolved,
//! [`Value::Unknown`] where only AWS can tell.

mod cidr;
mod graph;
mod intrinsics;
mod parameters;
mod value;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

pub use graph::{Edge, EdgeKind, EvaluatedResource, ResourceGraph};
pub use value::Value;

use crate::model::{Condition, ConditionName, Path, Place, Template};
use intrinsics::Scope;

/// What AWS would put into the pseudo parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pseudo {
    /// `AWS::AccountId`
    pub account_id: String,
    /// `AWS::Partition`
    pub partition: String,
    /// `AWS::Region`
    pub region: String,
    /// `AWS::StackName`
    pub stack_name: String,
    /// `AWS::URLSuffix`
    pub url_suffix: String,
}

impl Pseudo {
    /// The pseudo parameters of a stack; partition and suffix follow from the region.
    pub fn new(stack_name: &str, region: &str, account_id: &str) -> Self {
        let (partition, url_suffix) = match region.split('-').next() {
            Some("cn") => ("aws-cn", "amazonaws.com.cn"),
            _ if region.starts_with("us-gov-") => ("aws-us-gov", "amazonaws.com"),
            _ => ("aws", "amazonaws.com"),
        };
        Self {
            account_id: account_id.to_owned(),
            partition: partition.to_owned(),
            region: region.to_owned(),
            stack_name: stack_name.to_owned(),
            url_suffix: url_suffix.to_owned(),
        }
    }
}

/// Why a template could not be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// A parameter is required and not given.
    #[error("parameter `{name}` has no default and no value was given")]
    Missing {
        /// The parameter.
        name: String,
    },
    /// A value was given for a parameter that the template does not have.
    #[error("the template has no parameter `{name}`{}", .meant.as_ref().map(|meant| format!(", did you mean `{meant}`?")).unwrap_or_default())]
    Unknown {
        /// The name given.
        name: String,
        /// The name that was probably meant.
        meant: Option<String>,
    },
    /// A value breaks the rules of its parameter. The value of a masked parameter is not shown.
    #[error("parameter `{name}`: {value} {rule}")]
    Refused {
        /// The parameter.
        name: String,
        /// The value in backticks, or words for it.
        value: String,
        /// The rule it breaks.
        rule: String,
    },
    /// Values that do not go together.
    #[error("rule {name}: {description}")]
    Rule {
        /// The rule.
        name: String,
        /// What it demands.
        description: String,
    },
    /// A reference to something that is not in the template, or does not exist under these parameters.
    #[error("{place}: `{name}` does not exist under these parameters")]
    Dangling {
        /// Where, `Resources.X.Properties.Y`.
        place: Place,
        /// What is referred to.
        name: String,
    },
    /// `Fn::Select` beyond the end of its list.
    #[error("{place}: Fn::Select asks for item {index} of a list of {length}")]
    Select {
        /// Where.
        place: Place,
        /// The index.
        index: String,
        /// How long the list is.
        length: usize,
    },
    /// An intrinsic function got something it cannot work with.
    #[error("{place}: {function} {problem}")]
    Intrinsic {
        /// Where.
        place: Place,
        /// The function.
        function: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// Conditions or resources that need each other.
    #[error("{} need each other in a circle", names.join(", "))]
    Circle {
        /// The names on the circle.
        names: Vec<String>,
        /// Whether they are conditions, not resources.
        conditions: bool,
    },
}

impl EvaluateError {
    /// Where in the template it is, if it is there and not in the values given.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Dangling { place, .. } | Self::Select { place, .. } | Self::Intrinsic { place, .. } => Some(place),
            _ => None,
        }
    }
}

/// Evaluates a template: which conditions hold, which resources and outputs exist, with which properties.
///
/// `parameters` holds the values given; a list is given as text with commas.
/// Errs when a value breaks its parameter's rules or those of the template, and where CloudFormation itself would fail:
/// `Fn::Select` out of range, references to what does not exist, circles. Of several errors it tells the first.
pub fn evaluate(
    template: &Template,
    parameters: &BTreeMap<String, String>,
    pseudo: &Pseudo,
) -> Result<ResourceGraph, EvaluateError> {
    let (graph, problems) = evaluate_all(template, parameters, pseudo)?;
    problems.into_iter().next().map_or(Ok(graph), Err)
}

/// Evaluates a template and tells everything that is wrong with it. Errs when a value breaks its parameter's rules.
pub(crate) fn evaluate_all(
    template: &Template,
    parameters: &BTreeMap<String, String>,
    pseudo: &Pseudo,
) -> Result<(ResourceGraph, Vec<EvaluateError>), EvaluateError> {
    let (parameters, unchecked) = parameters::resolve(template, parameters)?;
    let (mut graph, problems) = run(template, parameters, pseudo);
    graph.unchecked = unchecked;
    Ok((graph, problems))
}

/// Evaluates a template with values that need not keep the rules of their parameters; a parameter without a value
/// is unknown. Everything that is wrong is told, besides rules of the template that do not hold.
pub(crate) fn evaluate_loosely(
    template: &Template,
    parameters: &BTreeMap<&str, &str>,
    pseudo: &Pseudo,
) -> (ResourceGraph, Vec<EvaluateError>) {
    let values = template.parameters.iter().map(|(name, parameter)| {
        let text = parameters.get(name.as_str()).copied().or(parameter.default.as_deref());
        let unknown = || Value::Unknown(name.to_string());
        (name.as_str(), text.map_or_else(unknown, |text| parameters::plain(name.as_str(), parameter, text)))
    });
    let (graph, mut problems) = run(template, values.collect(), pseudo);
    problems.retain(|problem| !matches!(problem, EvaluateError::Rule { .. }));
    (graph, problems)
}

fn run(template: &Template, parameters: BTreeMap<&str, Value>, pseudo: &Pseudo) -> (ResourceGraph, Vec<EvaluateError>) {
    let mut scope = Scope {
        template,
        parameters,
        pseudo,
        conditions: IndexMap::new(),
        undecided: BTreeSet::new(),
        problems: RefCell::new(Vec::new()),
    };
    let top = Path::top("Rules");
    for (name, rule) in &template.rules {
        let path = top.key(name.as_str());
        // What nobody can decide here is left to AWS.
        let looked_at = rule.when.as_ref().and_then(|when| decide(&mut scope, when, &path, &mut Vec::new()));
        if rule.when.is_some() && looked_at != Some(true) {
            continue;
        }
        for assertion in &rule.assertions {
            if decide(&mut scope, &assertion.assert, &path, &mut Vec::new()) == Some(false) {
                let description = match assertion.description.as_str() {
                    "" => "its assertion does not hold".to_owned(),
                    words => words.to_owned(),
                };
                scope.problem(EvaluateError::Rule { name: name.to_string(), description });
            }
        }
    }
    for name in template.conditions.keys() {
        condition(&mut scope, name, &Path::top("Conditions"), &mut Vec::new());
    }
    let graph = graph::build(&scope);
    (graph, scope.problems.into_inner())
}

/// Decides a named condition, after those it names; nothing when only AWS can tell.
fn condition(
    scope: &mut Scope<'_>,
    name: &ConditionName,
    from: &Path<'_>,
    way: &mut Vec<ConditionName>,
) -> Option<bool> {
    if scope.undecided.contains(name) {
        return None;
    }
    if let Some(known) = scope.conditions.get(name) {
        return Some(*known);
    }
    if let Some(start) = way.iter().position(|step| step == name) {
        let names = way.split_off(start).into_iter().map(String::from).collect();
        scope.problem(EvaluateError::Circle { names, conditions: true });
        return None;
    }
    let Some(expression) = scope.template.conditions.get(name) else {
        scope.problem(EvaluateError::Dangling { place: from.place(), name: name.to_string() });
        return None;
    };
    way.push(name.clone());
    let holds = decide(scope, expression, &Path::top("Conditions").key(name.as_str()), way);
    way.pop();
    // What is undecided counts as not holding.
    scope.conditions.insert(name.clone(), holds.unwrap_or(false));
    if holds.is_none() {
        scope.undecided.insert(name.clone());
    }
    holds
}

fn decide(
    scope: &mut Scope<'_>,
    expression: &Condition,
    path: &Path<'_>,
    way: &mut Vec<ConditionName>,
) -> Option<bool> {
    match expression {
        Condition::Equals(left, right) => {
            let path = path.key("Fn::Equals");
            let (left, right) = (scope.value(left, &path.index(0)), scope.value(right, &path.index(1)));
            equal(&left, &right)
        }
        Condition::Not(inner) => decide(scope, inner, &path.key("Fn::Not").index(0), way).map(|holds| !holds),
        Condition::And(all) => {
            let path = path.key("Fn::And");
            let mut holds = Some(true);
            for (index, inner) in all.iter().enumerate() {
                holds = match (holds, decide(scope, inner, &path.index(index), way)) {
                    (Some(false), _) | (_, Some(false)) => Some(false),
                    (Some(true), Some(true)) => Some(true),
                    _ => None,
                };
            }
            holds
        }
        Condition::Or(all) => {
            let path = path.key("Fn::Or");
            let mut holds = Some(false);
            for (index, inner) in all.iter().enumerate() {
                holds = match (holds, decide(scope, inner, &path.index(index), way)) {
                    (Some(true), _) | (_, Some(true)) => Some(true),
                    (Some(false), Some(false)) => Some(false),
                    _ => None,
                };
            }
            holds
        }
        Condition::Named(name) => condition(scope, name, path, way),
        Condition::Contains(list, value) => {
            let path = path.key("Fn::Contains");
            let (list, value) = (scope.value(list, &path.index(0)), scope.value(value, &path.index(1)));
            contains(&list, &value)
        }
        Condition::EachMemberIn(some, all) => {
            let path = path.key("Fn::EachMemberIn");
            let (some, all) = (scope.value(some, &path.index(0)), scope.value(all, &path.index(1)));
            let Value::List(some) = some else { return None };
            every(some.iter().map(|item| contains(&all, item)))
        }
        Condition::EachMemberEquals(list, value) => {
            let path = path.key("Fn::EachMemberEquals");
            let (list, value) = (scope.value(list, &path.index(0)), scope.value(value, &path.index(1)));
            let Value::List(list) = list else { return None };
            every(list.iter().map(|item| equal(item, &value)))
        }
        Condition::Opaque(_) => None,
    }
}

/// Whether all hold; nothing if that hangs on what is unknown.
fn every(all: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut holds = Some(true);
    for one in all {
        match one {
            Some(false) => return Some(false),
            Some(true) => {}
            None => holds = None,
        }
    }
    holds
}

fn equal(left: &Value, right: &Value) -> Option<bool> {
    if left.is_partly_unknown() || right.is_partly_unknown() {
        // The same unknown is equal to itself.
        return (left == right).then_some(true);
    }
    Some(match (left.as_text(), right.as_text()) {
        (Some(left), Some(right)) => left == right,
        _ => left == right,
    })
}

fn contains(list: &Value, value: &Value) -> Option<bool> {
    let Value::List(items) = list else { return None };
    let mut found = Some(false);
    for item in items {
        match equal(item, value) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => found = None,
        }
    }
    found
}
