//! What does this CloudFormation template create?
//!
//! A [`Template`] is a value built from typed parts: its names are [`LogicalId`]s and [`ConditionName`]s, those that are
//! literals checked by the compiler. [`Template::to_yaml`] and [`Template::to_json`] render it,
//! same input, same bytes; [`evaluate`] resolves its conditions and intrinsic functions for given parameters
//! into a [`ResourceGraph`], with [`Value::Unknown`] where only AWS can tell; [`graph::Picture`] draws it and
//! [`docs::parameters`] explains the parameters. No I/O, no clock.
//!
//! ```
//! use std::collections::BTreeMap;
//! use aktus_template::{
//!     Condition, ConditionName, Expr, LogicalId, Parameter, ParameterType, Pseudo, Resource, Template, Value,
//!     condition_name, evaluate, logical_id,
//! };
//!
//! const SIZE: LogicalId = logical_id!("Size");
//! const LARGE: ConditionName = condition_name!("Large");
//!
//! let mut template = Template { description: "A file system".to_owned(), ..Template::default() };
//! let size = Parameter::new(ParameterType::String, "Large or small").default("small").allowed(&["small", "large"]);
//! template.parameters.insert(SIZE, size);
//! template.conditions.insert(LARGE, Condition::equals(SIZE, "large"));
//! let throughput = Expr::choose(LARGE, 50, Expr::no_value());
//! let files = Resource::new("AWS::EFS::FileSystem").set("ProvisionedThroughputInMibps", throughput);
//! template.resources.insert(logical_id!("Files"), files);
//!
//! let parameters = BTreeMap::from([("Size".to_owned(), "large".to_owned())]);
//! let graph = evaluate(&template, &parameters, &Pseudo::new("stack", "us-east-1", "111122223333"))?;
//! assert_eq!(graph.resources["Files"].properties["ProvisionedThroughputInMibps"], Value::Integer(50));
//! # Ok::<(), aktus_template::EvaluateError>(())
//! ```

mod check;
mod checked;
mod diff;
pub mod docs;
mod eval;
pub mod graph;
mod model;
mod parse;
mod permissions;
mod render;
pub mod stack;

pub use check::{Day, Finding, RULES, Rule as CheckRule, check, check_graph, check_with};
pub use checked::{CheckedTemplate, DanglingReference, Target};
pub use diff::{Difference, Effect, PropertyChange, ResourceChange, diff};
pub use eval::{Edge, EdgeKind, EvaluateError, EvaluatedResource, Pseudo, ResourceGraph, Value, evaluate};
pub use model::{
    Assertion, Condition, ConditionName, Expr, LogicalId, NameError, Output, Parameter, ParameterGroup, ParameterType,
    Place, PseudoParameter, Reference, Resource, Retention, Rule, Step, Template, Token, tokens,
};
pub use parse::{Limits, Parsed, as_yaml, parse, parse_within};
pub use permissions::{RolePermissions, Statement, permissions};
pub use stack::{platform, platform_with};
