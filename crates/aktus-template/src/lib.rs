//! What does this CloudFormation template create?
//!
//! A [`Template`] is a value built from typed parts. [`Template::to_yaml`] and [`Template::to_json`] render it,
//! same input, same bytes; [`evaluate`] resolves its conditions and intrinsic functions for given parameters
//! into a [`ResourceGraph`], with [`Value::Unknown`] where only AWS can tell; [`graph::Picture`] draws it and
//! [`docs::parameters`] explains the parameters. No I/O, no clock.
//!
//! ```
//! use std::collections::BTreeMap;
//! use aktus_template::{Condition, Expr, Parameter, ParameterType, Pseudo, Resource, Template, Value, evaluate};
//!
//! let mut template = Template { description: "A file system".to_owned(), ..Template::default() };
//! let size = Parameter::new(ParameterType::String, "Large or small").default("small").allowed(&["small", "large"]);
//! template.parameters.insert("Size".to_owned(), size);
//! template.conditions.insert("Large".to_owned(), Condition::equals("Size", "large"));
//! let throughput = Expr::choose("Large", 50, Expr::no_value());
//! let files = Resource::new("AWS::EFS::FileSystem").set("ProvisionedThroughputInMibps", throughput);
//! template.resources.insert("Files".to_owned(), files);
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
pub use checked::{CheckedTemplate, DanglingReference, Target, TemplateFault};
pub use diff::{Difference, Effect, PropertyChange, ResourceChange, diff};
pub use eval::{Edge, EdgeKind, EvaluateError, EvaluatedResource, Pseudo, ResourceGraph, Value, evaluate};
pub use model::{
    Assertion, Condition, Expr, LogicalId, LogicalIdError, Output, Parameter, ParameterGroup, ParameterType, Place,
    Resource, Retention, Rule, Step, Template, Token, tokens,
};
pub use parse::{Limits, Parsed, as_yaml, parse, parse_within};
pub use permissions::{RolePermissions, Statement, permissions};
pub use stack::{platform, platform_with};
