//! A template whose references were checked when it was made.

use std::ops::Deref;

use crate::check::dangling_references;
use crate::model::{Place, Template};

/// A template in which every reference names something that it defines.
///
/// It can be read like a [`Template`]; to change it, take the template out and check it again.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedTemplate(Template);

impl CheckedTemplate {
    /// The template, free to be changed.
    pub fn into_template(self) -> Template {
        self.0
    }
}

impl Deref for CheckedTemplate {
    type Target = Template;

    fn deref(&self) -> &Template {
        &self.0
    }
}

/// What a reference can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A parameter, a pseudo parameter or a resource: `Ref`, and a variable of `Fn::Sub`.
    Value,
    /// A resource: `Fn::GetAtt` and `DependsOn`.
    Resource,
    /// A parameter or a pseudo parameter: `Ref` in a condition or in a rule.
    Parameter,
    /// A condition: `Condition` and `Fn::If`.
    Condition,
    /// A mapping: `Fn::FindInMap`.
    Mapping,
}

/// A reference to a name that nothing in the template has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {}; {}", self.problem(), self.fix())]
pub struct DanglingReference {
    /// Where the reference stands.
    pub place: Place,
    /// What it names.
    pub name: String,
    /// What it should have named.
    pub target: Target,
    /// The most similar name that is there, if one is similar enough.
    pub nearest: Option<String>,
}

impl DanglingReference {
    /// What is wrong: one sentence without full stop.
    pub fn problem(&self) -> String {
        let name = &self.name;
        match self.target {
            Target::Value => format!("`{name}` is neither a parameter nor a resource"),
            Target::Resource => format!("there is no resource `{name}`"),
            Target::Parameter => format!("`{name}` is no parameter, and a condition can look at nothing else"),
            Target::Condition => format!("there is no condition `{name}`"),
            Target::Mapping => format!("there is no mapping `{name}`"),
        }
    }

    /// What to do: a sentence fragment.
    pub fn fix(&self) -> String {
        match (&self.nearest, self.target) {
            (Some(nearest), _) => format!("did you mean `{nearest}`?"),
            (None, Target::Value | Target::Resource) => "add it, or take the reference out".to_owned(),
            (None, Target::Parameter) => "compare a parameter or an entry of a mapping".to_owned(),
            (None, Target::Condition) => "add it to the section `Conditions`".to_owned(),
            (None, Target::Mapping) => "add it to the section `Mappings`".to_owned(),
        }
    }
}

impl Template {
    /// The template with its references checked, for templates that are built: those that are read are judged by
    /// [`check`](crate::check()), which finds the same references with the places in their text.
    ///
    /// Errs with every reference to what the template does not have: `Ref`, `Fn::GetAtt`, variables of `Fn::Sub`,
    /// `DependsOn`, `Condition`, `Fn::If` and `Fn::FindInMap`. What macros and modules bring is not known, so a template
    /// with any ([`Template::has_macros`]) is taken as it is.
    ///
    /// ```
    /// use aktus_template::{Expr, Resource, Template, logical_id};
    ///
    /// let mut template = Template::default();
    /// template.add_resource(logical_id!("Files"), Resource::new("AWS::EFS::FileSystem"));
    /// let target = Resource::new("T").set("FileSystemId", Expr::reference(logical_id!("File")));
    /// template.add_resource(logical_id!("Target"), target);
    /// let faults = template.checked().unwrap_err();
    /// assert_eq!(
    ///     faults[0].to_string(),
    ///     "Resources.Target.Properties.FileSystemId: `File` is neither a parameter nor a resource; \
    ///      did you mean `Files`?"
    /// );
    /// ```
    pub fn checked(self) -> Result<CheckedTemplate, Vec<DanglingReference>> {
        let faults = dangling_references(&self);
        if faults.is_empty() { Ok(CheckedTemplate(self)) } else { Err(faults) }
    }
}
