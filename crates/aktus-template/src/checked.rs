//! A template whose names and references were checked when it was made.

use std::fmt;
use std::ops::Deref;

use crate::check::dangling_references;
use crate::model::{LogicalId, LogicalIdError, Place, Template};

/// A template in which every name is a [`LogicalId`], and every reference names something that it defines.
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
///
/// Displayed as one sentence without full stop, and without its place.
#[derive(Clone, Debug, PartialEq, Eq)]
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

impl fmt::Display for DanglingReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match self.target {
            Target::Value => write!(formatter, "`{name}` is neither a parameter nor a resource"),
            Target::Resource => write!(formatter, "there is no resource `{name}`"),
            Target::Parameter => {
                write!(formatter, "`{name}` is no parameter, and a condition can look at nothing else")
            }
            Target::Condition => write!(formatter, "there is no condition `{name}`"),
            Target::Mapping => write!(formatter, "there is no mapping `{name}`"),
        }
    }
}

/// Why a template cannot be a [`CheckedTemplate`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateFault {
    /// A name that `CloudFormation` refuses.
    #[error("{place}: {problem}; {}", .problem.fix())]
    Name {
        /// The section and the name.
        place: Place,
        /// What is wrong with it.
        problem: LogicalIdError,
    },
    /// A reference to nothing.
    #[error("{}: {_0}; {}", .0.place, .0.fix())]
    Dangling(DanglingReference),
}

impl Template {
    /// The template with its names and references checked, for templates that are built: those that are read are
    /// judged by [`check`](crate::check()), which finds the same references with the places in their text.
    ///
    /// Errs with every name that is no [`LogicalId`], of parameters, resources and outputs, and every reference to
    /// what the template does not have: `Ref`, `Fn::GetAtt`, variables of `Fn::Sub`, `DependsOn`, `Condition`,
    /// `Fn::If` and `Fn::FindInMap`. What macros and modules bring is not known, so a template with any
    /// ([`Template::has_macros`]) is taken as it is.
    ///
    /// ```
    /// use aktus_template::{Expr, Resource, Template};
    ///
    /// let mut template = Template::default();
    /// template.add_resource("Files", Resource::new("AWS::EFS::FileSystem"));
    /// template.add_resource("Target", Resource::new("T").set("FileSystemId", Expr::reference("File")));
    /// let faults = template.checked().unwrap_err();
    /// assert_eq!(
    ///     faults[0].to_string(),
    ///     "Resources.Target.Properties.FileSystemId: `File` is neither a parameter nor a resource; \
    ///      did you mean `Files`?"
    /// );
    /// ```
    pub fn checked(self) -> Result<CheckedTemplate, Vec<TemplateFault>> {
        let faults = faults(&self);
        if faults.is_empty() { Ok(CheckedTemplate(self)) } else { Err(faults) }
    }
}

fn faults(template: &Template) -> Vec<TemplateFault> {
    if template.has_macros() {
        return Vec::new();
    }
    let names = template.logical_ids().filter_map(|(section, name)| {
        let problem = LogicalId::judge(name).err()?;
        Some(TemplateFault::Name { place: Place::of(&[section, name]), problem })
    });
    names.chain(dangling_references(template).into_iter().map(TemplateFault::Dangling)).collect()
}
