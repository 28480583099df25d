//! A CloudFormation template as a value.

mod expr;
mod names;
mod place;
mod reference;

use indexmap::IndexMap;

pub(crate) use expr::long_name;
pub use expr::{Condition, Expr, Token, tokens};
pub use names::{ConditionName, LogicalId, NameError};
pub(crate) use place::Path;
pub use place::{Place, Step};
pub use reference::{PseudoParameter, Reference};

/// A template: sections in the order in which they are written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Template {
    /// What the template is for, at most 1,024 bytes; empty for none.
    pub description: String,
    /// Macros that `CloudFormation` runs over the whole template, as names or as maps with `Name` and `Parameters`.
    pub transform: Vec<Expr>,
    /// How the console groups and labels the parameters.
    pub interface: Vec<ParameterGroup>,
    /// The other metadata, by key.
    pub metadata: IndexMap<String, Expr>,
    /// Parameters by name.
    pub parameters: IndexMap<LogicalId, Parameter>,
    /// Rules over several parameters, by name.
    pub rules: IndexMap<LogicalId, Rule>,
    /// Mappings by name: maps of maps of texts, or what a macro makes into such.
    pub mappings: IndexMap<LogicalId, Expr>,
    /// Conditions by name.
    pub conditions: IndexMap<ConditionName, Condition>,
    /// Resources by logical id.
    pub resources: IndexMap<LogicalId, Resource>,
    /// Outputs by name.
    pub outputs: IndexMap<LogicalId, Output>,
    /// What only a macro understands, as it is written: entries such as `Fn::ForEach::Name` by section, those whose name
    /// no entry of their section can have before a macro has changed it, and whole sections such as `Globals` under an
    /// empty key.
    pub opaque: IndexMap<String, IndexMap<String, Expr>>,
}

impl Template {
    /// Adds a group of parameters in the order in which the console shows them: name, label, parameter.
    pub fn add_parameters<'a>(
        &mut self,
        heading: &str,
        parameters: impl IntoIterator<Item = (LogicalId, &'a str, Parameter)>,
    ) {
        let mut group = ParameterGroup { label: heading.to_owned(), parameters: Vec::new() };
        for (name, label, parameter) in parameters {
            group.parameters.push((name.clone(), label.to_owned()));
            self.parameters.insert(name, parameter);
        }
        self.interface.push(group);
    }

    /// Whether a macro or a module has yet to be put in, so that the template may get things that are not here.
    pub fn has_macros(&self) -> bool {
        if self.resources.values().any(|resource| resource.kind.ends_with("::MODULE")) {
            return true;
        }
        !self.opaque.is_empty() || self.transform.iter().any(is_macro)
    }

    /// Adds a condition, in place of one with the same name.
    pub fn add_condition(&mut self, name: ConditionName, condition: Condition) {
        self.conditions.insert(name, condition);
    }

    /// Adds a resource, in place of one with the same logical id.
    pub fn add_resource(&mut self, id: LogicalId, resource: Resource) {
        self.resources.insert(id, resource);
    }
}

/// Whether an item of `Transform` is a macro of which nobody here knows what it does. Language extensions bring no names
/// but by `Fn::ForEach`, which can be seen.
pub(crate) fn is_macro(transform: &Expr) -> bool {
    !matches!(transform, Expr::Text(name) if name == "AWS::LanguageExtensions")
}

/// A rule over several parameters, which `CloudFormation` checks before it creates anything.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// When the rule is looked at; always without one.
    pub when: Option<Condition>,
    /// What must hold.
    pub assertions: Vec<Assertion>,
}

/// One demand of a [`Rule`].
#[derive(Clone, Debug, PartialEq)]
pub struct Assertion {
    /// What must hold; only parameters can be looked at, by `Ref`.
    pub assert: Condition,
    /// What to say when it does not; empty for nothing.
    pub description: String,
}

/// One group of `AWS::CloudFormation::Interface`.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterGroup {
    /// The heading.
    pub label: String,
    /// The parameters below it, with their labels.
    pub parameters: Vec<(LogicalId, String)>,
}

/// The type of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterType {
    /// `String`
    String,
    /// `Number`
    Number,
    /// `CommaDelimitedList`
    CommaDelimitedList,
    /// Any other: `List<Number>`, one of AWS such as `AWS::EC2::VPC::Id`, a list of those,
    /// or one of the parameter store such as `AWS::SSM::Parameter::Value<String>`.
    Other(String),
}

impl ParameterType {
    /// The type with that word in the template.
    pub fn from_name(name: &str) -> Self {
        match name {
            "String" => Self::String,
            "Number" => Self::Number,
            "CommaDelimitedList" => Self::CommaDelimitedList,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The word in the template.
    pub fn name(&self) -> &str {
        match self {
            Self::String => "String",
            Self::Number => "Number",
            Self::CommaDelimitedList => "CommaDelimitedList",
            Self::Other(name) => name,
        }
    }

    /// Whether its value is a list, given as text with commas.
    pub fn is_list(&self) -> bool {
        match self {
            Self::CommaDelimitedList => true,
            Self::Other(name) => {
                name.starts_with("List<") || name.contains("Value<List<") || name.contains("Value<CommaDelimitedList>")
            }
            Self::String | Self::Number => false,
        }
    }

    /// Whether the value given is a name in the parameter store, and only AWS can tell what is there.
    pub fn is_stored(&self) -> bool {
        matches!(self, Self::Other(name) if name.starts_with("AWS::SSM::Parameter::Value<"))
    }
}

/// A parameter and the rules its value keeps.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// The type.
    pub kind: ParameterType,
    /// What it effects.
    pub description: String,
    /// The value when none is given; without it the parameter is required.
    pub default: Option<String>,
    /// The values it may have; empty means any.
    pub allowed_values: Vec<String>,
    /// A regular expression over the whole value.
    pub allowed_pattern: Option<String>,
    /// What to say when a rule is broken.
    pub constraint: Option<String>,
    /// The least number.
    pub min_value: Option<f64>,
    /// The greatest number.
    pub max_value: Option<f64>,
    /// The least length of a text, in characters.
    pub min_length: Option<u64>,
    /// The greatest length of a text, in characters.
    pub max_length: Option<u64>,
    /// The most items of a list. `CloudFormation` has no word for it, so it is checked on evaluation and not rendered.
    pub max_items: Option<usize>,
    /// Whether CloudFormation masks the value when it describes the stack.
    pub no_echo: bool,
}

impl Parameter {
    /// A parameter of a type, with what it effects; required until [`Parameter::default`] is called.
    pub fn new(kind: ParameterType, description: &str) -> Self {
        Self {
            kind,
            description: description.to_owned(),
            default: None,
            allowed_values: Vec::new(),
            allowed_pattern: None,
            constraint: None,
            min_value: None,
            max_value: None,
            min_length: None,
            max_length: None,
            max_items: None,
            no_echo: false,
        }
    }

    /// The same with a default.
    #[must_use]
    pub fn default(mut self, value: &str) -> Self {
        self.default = Some(value.to_owned());
        self
    }

    /// The same with the values it may have.
    #[must_use]
    pub fn allowed(mut self, values: &[&str]) -> Self {
        self.allowed_values = values.iter().map(|value| (*value).to_owned()).collect();
        self
    }

    /// The same with a pattern over the whole value, or over each item of a list, and what to say when it does not match.
    #[must_use]
    pub fn pattern(mut self, pattern: &str, constraint: &str) -> Self {
        self.allowed_pattern = Some(pattern.to_owned());
        self.constraint = Some(constraint.to_owned());
        self
    }

    /// The same between two numbers.
    #[must_use]
    pub fn between(mut self, least: i32, most: i32) -> Self {
        (self.min_value, self.max_value) = (Some(least.into()), Some(most.into()));
        self
    }

    /// The same with at most so many items.
    #[must_use]
    pub fn at_most(mut self, items: usize) -> Self {
        self.max_items = Some(items);
        self
    }

    /// The same, masked.
    #[must_use]
    pub fn no_echo(mut self) -> Self {
        self.no_echo = true;
        self
    }
}

/// What happens to a resource that leaves the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// It is deleted.
    Delete,
    /// It stays.
    Retain,
    /// It stays, unless it is new and its creation is rolled back.
    RetainExceptOnCreate,
    /// It is deleted after a snapshot is taken of it.
    Snapshot,
}

impl Retention {
    /// The policy with that word in the template.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Delete, Self::Retain, Self::RetainExceptOnCreate, Self::Snapshot]
            .into_iter()
            .find(|policy| policy.name() == name)
    }

    /// The word in the template.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delete => "Delete",
            Self::Retain => "Retain",
            Self::RetainExceptOnCreate => "RetainExceptOnCreate",
            Self::Snapshot => "Snapshot",
        }
    }
}

/// A resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// The type, such as `AWS::EKS::Cluster`.
    pub kind: String,
    /// The condition under which it exists.
    pub condition: Option<ConditionName>,
    /// Resources that are created before and deleted after it, besides those it refers to.
    pub depends_on: Vec<LogicalId>,
    /// What happens when it is removed from the stack.
    pub deletion_policy: Option<Retention>,
    /// What happens to the old one when it is replaced.
    pub update_replace_policy: Option<Retention>,
    /// Its properties.
    pub properties: IndexMap<String, Expr>,
    /// Everything else that is written of it: `Metadata`, `CreationPolicy`, `UpdatePolicy`; `Properties` when a function
    /// gives them all; policies that a macro has yet to decide; `DependsOn` as a whole, when one of its names is none
    /// that a resource can have, such as that of a resource inside a module.
    pub attributes: IndexMap<String, Expr>,
}

impl Resource {
    /// A resource of a type, with nothing set.
    pub fn new(kind: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            condition: None,
            depends_on: Vec::new(),
            deletion_policy: None,
            update_replace_policy: None,
            properties: IndexMap::new(),
            attributes: IndexMap::new(),
        }
    }

    /// Everything in `DependsOn`, names that are none of a resource included.
    pub(crate) fn all_depends_on(&self) -> impl Iterator<Item = &str> {
        let text = match self.attributes.get("DependsOn") {
            Some(Expr::List(names)) => names.as_slice(),
            _ => &[],
        };
        let text = text.iter().filter_map(|name| if let Expr::Text(name) = name { Some(name.as_str()) } else { None });
        self.depends_on.iter().map(LogicalId::as_str).chain(text)
    }

    /// The same with a property.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl Into<Expr>) -> Self {
        self.properties.insert(name.to_owned(), value.into());
        self
    }

    /// The same, existing only under a condition.
    #[must_use]
    pub fn when(mut self, condition: ConditionName) -> Self {
        self.condition = Some(condition);
        self
    }

    /// The same, created after others.
    #[must_use]
    pub fn after(mut self, resources: impl IntoIterator<Item = LogicalId>) -> Self {
        self.depends_on.extend(resources);
        self
    }

    /// The same, gone when it leaves the stack or is replaced.
    #[must_use]
    pub fn removed(mut self) -> Self {
        (self.deletion_policy, self.update_replace_policy) = (Some(Retention::Delete), Some(Retention::Delete));
        self
    }

    /// The same, kept when it leaves the stack or is replaced.
    #[must_use]
    pub fn retained(mut self) -> Self {
        (self.deletion_policy, self.update_replace_policy) = (Some(Retention::Retain), Some(Retention::Retain));
        self
    }
}

/// An output.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// What it says; empty for nothing.
    pub description: String,
    /// The condition under which it exists.
    pub condition: Option<ConditionName>,
    /// The value.
    pub value: Expr,
    /// The name under which other stacks import it.
    pub export: Option<Expr>,
}
