//! What changes between two evaluations: of two templates, or of one under two sets of parameters.

mod create_only;

use std::collections::BTreeSet;
use std::fmt;
use std::hash::Hash;

use indexmap::IndexMap;

use crate::eval::{EdgeKind, EvaluatedResource, ResourceGraph, Value};
use crate::model::{LogicalId, Retention, Step};
use create_only::{Known, known};

/// What changes, in the order of creation; what is removed comes last, in the order of deletion.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Difference {
    /// Resources.
    pub resources: Vec<ResourceChange>,
    /// Outputs, with what they were and what they are; one of both is missing for an output that comes or goes.
    pub outputs: Vec<PropertyChange>,
}

impl Difference {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.outputs.is_empty()
    }
}

/// What happens to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// It is new.
    Added,
    /// It is deleted, or leaves the stack and stays.
    Removed,
    /// It is changed in place.
    Changed,
    /// A new one takes its place, and the old one is deleted.
    Replaced,
    /// It is changed or replaced; which of both, nobody here can tell.
    Uncertain,
}

impl Effect {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Replaced => "replaced",
            Self::Uncertain => "changed or replaced",
        }
    }
}

/// One resource that changes. [`Display`](fmt::Display) says it in a sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceChange {
    /// The logical id.
    pub id: LogicalId,
    /// The type; of a resource whose type changes, the new one.
    pub kind: String,
    /// What happens to it.
    pub effect: Effect,
    /// Its properties that change, in the order of the new template.
    pub properties: Vec<PropertyChange>,
    /// Other resources whose replacement changes it.
    pub because_of: BTreeSet<LogicalId>,
    /// Whether the old one stays in the account when it is removed or replaced.
    pub retained: bool,
}

/// A property that changes.
#[derive(Clone, Debug, PartialEq)]
pub struct PropertyChange {
    /// Where: `ResourcesVpcConfig.SubnetIds`; for an output, its name.
    pub path: String,
    /// What it was.
    pub old: Option<Value>,
    /// What it is; the same as before when it only names a resource that is replaced.
    pub new: Option<Value>,
    /// Whether only a replacement can change it.
    pub replaces: bool,
}

impl fmt::Display for ResourceChange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, kind, .. } = self;
        let names = |replacing: bool| {
            let all = self.properties.iter().filter(|property| property.replaces || !replacing);
            all.map(|property| property.path.as_str()).collect::<Vec<_>>().join(", ")
        };
        match self.effect {
            Effect::Added => write!(formatter, "`{id}` ({kind}) is created")?,
            Effect::Removed if self.retained => {
                write!(formatter, "`{id}` ({kind}) leaves the stack and stays in the account")?;
            }
            Effect::Removed => write!(formatter, "`{id}` ({kind}) is deleted")?,
            Effect::Changed if is_custom(kind) => {
                write!(formatter, "`{id}` ({kind}) is updated by its function: {}", names(false))?;
            }
            Effect::Changed => write!(formatter, "`{id}` ({kind}) is changed in place: {}", names(false))?,
            Effect::Replaced => {
                let why = names(true);
                let why =
                    if why.is_empty() { "its type changes".to_owned() } else { format!("{why} cannot be changed") };
                let old =
                    if self.retained { "the old one stays in the account" } else { "then the old one is deleted" };
                write!(formatter, "`{id}` ({kind}) is replaced, since {why}: a new one is created, {old}")?;
            }
            Effect::Uncertain => {
                write!(
                    formatter,
                    "`{id}` ({kind}) is changed in place or replaced, as its service decides: {}",
                    names(false)
                )?;
            }
        }
        if !self.because_of.is_empty() {
            let others: Vec<_> = self.because_of.iter().map(|other| format!("`{other}`")).collect();
            write!(formatter, "; it follows {}", others.join(", "))?;
        }
        Ok(())
    }
}

fn is_custom(kind: &str) -> bool {
    kind.starts_with("Custom::") || kind == "AWS::CloudFormation::CustomResource"
}

/// Compares two evaluations.
///
/// What is replaced is known from the create-only properties of the CloudFormation schemas, for the types that the
/// platform's template uses. A resource that refers to a replaced one changes with it, even if its text is the same.
///
/// ```
/// use std::collections::BTreeMap;
/// use aktus_template::{Effect, Pseudo, diff, evaluate, platform};
///
/// let graph = |parameter: &str, value: &str| {
///     let given = [("BootstrapCodeBucket", "code"), ("BootstrapCodeKey", "1.zip"), (parameter, value)];
///     let given: BTreeMap<_, _> = given.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
///     evaluate(&platform(), &given, &Pseudo::new("ai", "us-east-1", "111122223333"))
/// };
/// let difference = diff(&graph("ConfigRevision", "0")?, &graph("ConfigRevision", "1")?);
/// assert_eq!(difference.resources.len(), 1);
/// assert_eq!(
///     difference.resources[0].to_string(),
///     "`EKSClusterStatus` (Custom::AktusPlatform) is updated by its function: ConfigRevision"
/// );
/// # Ok::<(), aktus_template::EvaluateError>(())
/// ```
pub fn diff(old: &ResourceGraph, new: &ResourceGraph) -> Difference {
    let mut changes: IndexMap<&LogicalId, ResourceChange> = IndexMap::new();
    for (id, resource) in &new.resources {
        let change = match old.resources.get(id) {
            None => Some(change(id, resource, Effect::Added)),
            Some(before) if before.kind != resource.kind => Some(change(id, resource, Effect::Replaced)),
            Some(before) => compare(id, before, resource, &changes),
        };
        if let Some(mut change) = change {
            change.retained = old.resources.get(id).is_some_and(retained);
            changes.insert(id, change);
        }
    }
    let mut resources: Vec<ResourceChange> = changes.into_values().collect();
    for (id, resource) in old.resources.iter().rev().filter(|(id, _)| !new.resources.contains_key(*id)) {
        resources.push(ResourceChange { retained: retained(resource), ..change(id, resource, Effect::Removed) });
    }
    let mut outputs = Vec::new();
    compare_maps("", &old.outputs, &new.outputs, &mut outputs);
    Difference { resources, outputs }
}

fn retained(resource: &EvaluatedResource) -> bool {
    matches!(resource.deletion_policy, Some(Retention::Retain | Retention::RetainExceptOnCreate))
}

fn change(id: &LogicalId, resource: &EvaluatedResource, effect: Effect) -> ResourceChange {
    ResourceChange {
        id: id.clone(),
        kind: resource.kind.clone(),
        effect,
        properties: Vec::new(),
        because_of: BTreeSet::new(),
        retained: false,
    }
}

/// What happens to a resource that is there before and after; `changes` holds what happens to those it needs.
fn compare(
    id: &LogicalId,
    before: &EvaluatedResource,
    after: &EvaluatedResource,
    changes: &IndexMap<&LogicalId, ResourceChange>,
) -> Option<ResourceChange> {
    let mut found = change(id, after, Effect::Changed);
    compare_maps("", &before.properties, &after.properties, &mut found.properties);
    for edge in after.edges.iter().filter(|edge| edge.kind != EdgeKind::DependsOn) {
        let replaced = changes.get(&edge.to).filter(|change| change.effect == Effect::Replaced);
        if replaced.is_none() || edge.place.0.get(2) != Some(&Step::Key("Properties".to_owned())) {
            continue;
        }
        // Into functions and lists nothing is told apart.
        let keys = edge.place.0.iter().skip(3).map_while(|step| match step {
            Step::Key(key) if key != "Ref" && !key.starts_with("Fn::") => Some(key.as_str()),
            _ => None,
        });
        let path = keys.collect::<Vec<_>>().join(".");
        if !found.properties.iter().any(|known| within(&known.path, &path) || within(&path, &known.path)) {
            let value = value_at(&after.properties, &path);
            found.properties.push(PropertyChange { path, old: value.clone(), new: value, replaces: false });
        }
        found.because_of.insert(edge.to.clone());
    }
    if found.properties.is_empty() {
        return None;
    }
    let mut uncertain = false;
    for property in &mut found.properties {
        match known(&after.kind, &property.path) {
            Known::Changeable => {}
            Known::Fixed => property.replaces = true,
            Known::Conditional | Known::Nothing if is_custom(&after.kind) => {}
            Known::Conditional | Known::Nothing => uncertain = true,
        }
    }
    if found.properties.iter().any(|property| property.replaces) {
        found.effect = Effect::Replaced;
    } else if uncertain {
        found.effect = Effect::Uncertain;
    }
    Some(found)
}

/// Whether a path is another one, or inside of it.
fn within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn value_at(properties: &IndexMap<String, Value>, path: &str) -> Option<Value> {
    let mut keys = path.split('.');
    let mut value = properties.get(keys.next()?)?;
    for key in keys {
        let Value::Map(entries) = value else { return Some(value.clone()) };
        value = entries.get(key)?;
    }
    Some(value.clone())
}

/// Adds what differs between two maps; a list or a text that differs does so as a whole.
fn compare_maps<K: AsRef<str> + Eq + Hash>(
    before: &str,
    old: &IndexMap<K, Value>,
    new: &IndexMap<K, Value>,
    all: &mut Vec<PropertyChange>,
) {
    for key in new.keys().chain(old.keys().filter(|key| !new.contains_key(*key))) {
        let path = if before.is_empty() { key.as_ref().to_owned() } else { format!("{before}.{}", key.as_ref()) };
        match (old.get(key), new.get(key)) {
            (Some(Value::Map(old)), Some(Value::Map(new))) => compare_maps(&path, old, new, all),
            (old, new) if !same(old, new) => {
                all.push(PropertyChange { path, old: old.cloned(), new: new.cloned(), replaces: false });
            }
            _ => {}
        }
    }
}

/// Whether CloudFormation would see no change: 50 and '50' are the same.
fn same(old: Option<&Value>, new: Option<&Value>) -> bool {
    match (old, new) {
        (Some(Value::List(old)), Some(Value::List(new))) => {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| same(Some(old), Some(new)))
        }
        (Some(old), Some(new)) => match (old.as_text(), new.as_text()) {
            (Some(one), Some(other)) => one == other,
            _ => old.to_json(true) == new.to_json(true),
        },
        (old, new) => old.is_none() && new.is_none(),
    }
}
