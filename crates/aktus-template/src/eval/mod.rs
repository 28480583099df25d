//! Template and parameters to the resources they make: conditions and intrinsics resolved,
//! [`Value::Unknown`] where only AWS can tell.

mod cidr;
mod graph;
mod intrinsics;
mod parameters;
mod value;

use std::collections::BTreeMap;

use indexmap::IndexMap;

pub use graph::{EvaluatedResource, ResourceGraph};
pub use value::Value;

use crate::model::{Condition, Template};
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
    /// The pattern of a parameter cannot be read.
    #[error("parameter `{name}`: its pattern cannot be read: {problem}")]
    Pattern {
        /// The parameter.
        name: String,
        /// What is wrong with the pattern.
        problem: String,
    },
    /// A reference to something that is not in the template, or does not exist under these parameters.
    #[error("{place}: `{name}` does not exist under these parameters")]
    Dangling {
        /// Where, `Resources.X.Properties.Y`.
        place: String,
        /// What is referred to.
        name: String,
    },
    /// `Fn::Select` beyond the end of its list.
    #[error("{place}: Fn::Select asks for item {index} of a list of {length}")]
    Select {
        /// Where.
        place: String,
        /// The index.
        index: String,
        /// How long the list is.
        length: usize,
    },
    /// An intrinsic function got something it cannot work with.
    #[error("{place}: {function} {problem}")]
    Intrinsic {
        /// Where.
        place: String,
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
    },
}

/// Evaluates a template: which conditions hold, which resources and outputs exist, with which properties.
///
/// `parameters` holds the values given; a list is given as text with commas.
/// Errs when a value breaks its parameter's rules or those of the template, and where CloudFormation itself would fail:
/// `Fn::Select` out of range, references to what does not exist, circles.
pub fn evaluate(
    template: &Template,
    parameters: &BTreeMap<String, String>,
    pseudo: &Pseudo,
) -> Result<ResourceGraph, EvaluateError> {
    let parameters = parameters::resolve(template, parameters)?;
    let mut scope = Scope { template, parameters, pseudo, conditions: IndexMap::new() };
    for (name, rule) in &template.rules {
        if !decide(&mut scope, &rule.assert, &format!("Rules.{name}"), &mut Vec::new())? {
            return Err(EvaluateError::Rule { name: name.clone(), description: rule.description.clone() });
        }
    }
    for name in template.conditions.keys() {
        condition(&mut scope, name, &mut Vec::new())?;
    }
    graph::build(&scope)
}

/// Decides a named condition, after those it names.
fn condition(scope: &mut Scope<'_>, name: &str, way: &mut Vec<String>) -> Result<bool, EvaluateError> {
    if let Some(known) = scope.conditions.get(name) {
        return Ok(*known);
    }
    if way.iter().any(|step| step == name) {
        return Err(EvaluateError::Circle { names: std::mem::take(way) });
    }
    let place = format!("Conditions.{name}");
    let Some(expression) = scope.template.conditions.get(name) else {
        return Err(EvaluateError::Dangling { place, name: name.to_owned() });
    };
    way.push(name.to_owned());
    let holds = decide(scope, expression, &place, way)?;
    way.pop();
    scope.conditions.insert(name.to_owned(), holds);
    Ok(holds)
}

fn decide(
    scope: &mut Scope<'_>,
    expression: &Condition,
    place: &str,
    way: &mut Vec<String>,
) -> Result<bool, EvaluateError> {
    match expression {
        Condition::Equals(left, right) => {
            let (left, right) = (scope.value(left, place)?, scope.value(right, place)?);
            Ok(left.as_text() == right.as_text())
        }
        Condition::Not(inner) => Ok(!decide(scope, inner, place, way)?),
        Condition::And(all) => {
            let mut holds = true;
            for inner in all {
                holds &= decide(scope, inner, place, way)?;
            }
            Ok(holds)
        }
        Condition::Or(all) => {
            let mut holds = false;
            for inner in all {
                holds |= decide(scope, inner, place, way)?;
            }
            Ok(holds)
        }
        Condition::Named(name) => condition(scope, name, way),
    }
}
