//! The sections of a template.

use aktus_diagnostics::Diagnostic;
use aktus_yaml::node::{Kind, Node};
use indexmap::IndexMap;

use super::conditions::condition;
use super::reader::{Entries, Reader, kind, unknown};
use crate::model::{
    Assertion, Expr, LogicalId, NameError, Output, Parameter, ParameterGroup, ParameterType, Resource, Retention, Rule,
    Template, is_macro,
};

/// What can stand at the top.
const SECTIONS: [&str; 10] = [
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
];
/// What CloudFormation or a macro of AWS takes at the top, and we carry along.
const OTHER_SECTIONS: [&str; 3] = ["Globals", "Hooks", "Constants"];
const PARAMETER: [&str; 11] = [
    "AllowedPattern",
    "AllowedValues",
    "ConstraintDescription",
    "Default",
    "Description",
    "MaxLength",
    "MaxValue",
    "MinLength",
    "MinValue",
    "NoEcho",
    "Type",
];
const RESOURCE: [&str; 9] = [
    "Condition",
    "CreationPolicy",
    "DeletionPolicy",
    "DependsOn",
    "Metadata",
    "Properties",
    "Type",
    "UpdatePolicy",
    "UpdateReplacePolicy",
];
const OUTPUT: [&str; 4] = ["Condition", "Description", "Export", "Value"];

pub(super) fn template(reader: &mut Reader<'_>, root: Node<'_>) -> Template {
    let mut template = Template::default();
    let sections = reader.map(root, "a template");
    if root.kind() != Kind::Map {
        return template;
    }
    let macros = sections.iter().any(|(name, ..)| name == "Transform" || name.starts_with("Fn::"));
    let mut has_resources = macros;
    let mut opaque = Opaque { entries: IndexMap::new(), names: brings_names(&sections) };
    for (name, key, value) in sections {
        match name.as_str() {
            "AWSTemplateFormatVersion" => {
                if reader.text(value, "`AWSTemplateFormatVersion`") != "2010-09-09" {
                    reader.problem(value, "the only version of the format is 2010-09-09");
                }
            }
            "Description" => template.description = reader.text(value, "`Description`"),
            "Transform" => {
                template.transform = match reader.expr(value) {
                    Expr::List(all) => all,
                    one => vec![one],
                };
            }
            "Metadata" => metadata(reader, &mut template, value),
            "Parameters" => {
                template.parameters = section(reader, &mut opaque, (&name, "a parameter"), value, parameter);
            }
            "Rules" => template.rules = section(reader, &mut opaque, (&name, "a rule"), value, rule),
            "Mappings" => template.mappings = section(reader, &mut opaque, (&name, "a mapping"), value, mapping),
            "Conditions" => {
                template.conditions = section(reader, &mut opaque, (&name, "a condition"), value, condition);
            }
            "Resources" => {
                has_resources = true;
                template.resources = section(reader, &mut opaque, (&name, "a resource"), value, resource);
            }
            "Outputs" => template.outputs = section(reader, &mut opaque, (&name, "an output"), value, output),
            other if macros || OTHER_SECTIONS.contains(&other) => {
                let value = reader.expr(value);
                opaque.entries.entry(String::new()).or_default().insert(name, value);
            }
            other => {
                let message = format!("`{other}` is no section of a template");
                reader.tell(unknown(key.span(), message, other, &SECTIONS));
            }
        }
    }
    template.opaque = opaque.entries;
    if !has_resources {
        let none = Diagnostic::error("the template has no `Resources`").at(root.span());
        reader.tell(none.hint("CloudFormation takes no template without at least one resource"));
    }
    template
}

/// What is left to macros.
struct Opaque {
    entries: IndexMap<String, IndexMap<String, Expr>>,
    /// Whether a macro may make a name of what is none.
    names: bool,
}

/// Whether there are macros of which nobody here knows what they do.
fn brings_names(sections: &Entries<'_>) -> bool {
    sections.iter().any(|(name, _, value)| match name.as_str() {
        "Transform" if value.kind() == Kind::List => value.items().any(|item| is_macro_node(item)),
        "Transform" => is_macro_node(*value),
        name => name.starts_with("Fn::"),
    })
}

fn is_macro_node(node: Node<'_>) -> bool {
    node.text().is_none_or(|text| is_macro(&Expr::from(text)))
}

/// The entries of a section, which is called `title` and holds what is called `what`; those that a macro will replace
/// are put aside as they are.
fn section<'d, K, T>(
    reader: &mut Reader<'_>,
    opaque: &mut Opaque,
    (title, what): (&str, &str),
    node: Node<'d>,
    read: impl Fn(&mut Reader<'_>, Node<'d>) -> T,
) -> IndexMap<K, T>
where
    K: for<'t> TryFrom<&'t str, Error = NameError> + Eq + std::hash::Hash,
{
    let entries = reader.map(node, &format!("`{title}`"));
    let mut named = IndexMap::with_capacity(entries.len());
    for (name, key, value) in entries {
        let later = name.starts_with("Fn::")
            // A macro may yet make a name of what is none, but none of what is too long.
            || opaque.names && matches!(K::try_from(&name), Err(NameError::Character(_)));
        if later {
            let value = reader.expr(value);
            opaque.entries.entry(title.to_owned()).or_default().insert(name, value);
            continue;
        }
        let id = reader.name(key, &name, what);
        let entry = read(reader, value);
        if let Some(id) = id {
            named.insert(id, entry);
        }
    }
    named
}

fn metadata(reader: &mut Reader<'_>, template: &mut Template, node: Node<'_>) {
    for (name, _, value) in reader.map(node, "`Metadata`") {
        let value = reader.expr(value);
        match interface(&value).filter(|_| name == "AWS::CloudFormation::Interface") {
            Some(groups) => template.interface = groups,
            None => {
                template.metadata.insert(name, value);
            }
        }
    }
}

/// The groups of parameters, if each is in one of them and has a label, and there is nothing else.
fn interface(value: &Expr) -> Option<Vec<ParameterGroup>> {
    let Expr::Map(interface) = value else { return None };
    let (Expr::List(groups), Expr::Map(labels)) =
        (interface.get("ParameterGroups")?, interface.get("ParameterLabels")?)
    else {
        return None;
    };
    let label = |value: &Expr| match value {
        Expr::Map(label) if label.len() == 1 => match label.get("default") {
            Some(Expr::Text(text)) => Some(text.clone()),
            _ => None,
        },
        _ => None,
    };
    let mut open: IndexMap<&str, &Expr> = labels.iter().map(|(name, label)| (name.as_str(), label)).collect();
    let mut read = Vec::new();
    for group in groups {
        let Expr::Map(group) = group else { return None };
        let Expr::List(names) = group.get("Parameters")? else { return None };
        let mut parameters = Vec::new();
        for name in names {
            let Expr::Text(name) = name else { return None };
            let id = LogicalId::try_from(name.as_str()).ok()?;
            parameters.push((id, label(open.shift_remove(name.as_str())?)?));
        }
        if group.len() != 2 {
            return None;
        }
        read.push(ParameterGroup { label: label(group.get("Label")?)?, parameters });
    }
    (open.is_empty() && interface.len() == 2 && !read.is_empty()).then_some(read)
}

/// The entries of a thing with fixed keys; others are told.
fn known<'d>(reader: &mut Reader<'_>, node: Node<'d>, what: &str, keys: &[&str]) -> Entries<'d> {
    let mut entries = reader.map(node, what);
    entries.retain(|(name, key, _)| {
        let fits = keys.contains(&name.as_str());
        if !fits {
            reader.tell(unknown(key.span(), format!("{what} has no `{name}`"), name, keys));
        }
        fits
    });
    entries
}

fn parameter(reader: &mut Reader<'_>, node: Node<'_>) -> Parameter {
    let mut parameter = Parameter::new(ParameterType::Other(String::new()), "");
    for (name, _, value) in known(reader, node, "a parameter", &PARAMETER) {
        let what = format!("`{name}`");
        match name.as_str() {
            "Type" => parameter.kind = ParameterType::from_name(&reader.text(value, &what)),
            "Description" => parameter.description = reader.text(value, &what),
            "Default" => parameter.default = Some(default(reader, value)),
            "AllowedValues" => {
                let items = reader.list(value, &what);
                parameter.allowed_values =
                    items.into_iter().map(|item| reader.text(item, "an allowed value")).collect();
            }
            "AllowedPattern" => parameter.allowed_pattern = Some(reader.text(value, &what)),
            "ConstraintDescription" => parameter.constraint = Some(reader.text(value, &what)),
            "MinValue" => parameter.min_value = number(reader, value, &what),
            "MaxValue" => parameter.max_value = number(reader, value, &what),
            "MinLength" => parameter.min_length = number(reader, value, &what),
            "MaxLength" => parameter.max_length = number(reader, value, &what),
            _ => {
                let text = reader.text(value, &what);
                match text.to_ascii_lowercase().as_str() {
                    "true" => parameter.no_echo = true,
                    "false" => {}
                    _ => reader.problem(value, format!("`NoEcho` is true or false, and this is `{text}`")),
                }
            }
        }
    }
    if parameter.kind.name().is_empty() {
        reader.tell(Diagnostic::error("the parameter has no `Type`").at(node.span()).hint("add `Type: String`"));
    }
    parameter
}

/// The default of a parameter; nothing is the empty text, and a list is taken for its items with commas between.
fn default(reader: &mut Reader<'_>, node: Node<'_>) -> String {
    match node.kind() {
        Kind::List => {
            let items: Vec<_> = node.items().map(|item| reader.text(item, "an item of `Default`")).collect();
            items.join(",")
        }
        Kind::Scalar if node.text() == Some("") => String::new(),
        _ => reader.text(node, "`Default`"),
    }
}

fn number<T: std::str::FromStr>(reader: &mut Reader<'_>, node: Node<'_>, what: &str) -> Option<T> {
    let text = reader.text(node, what);
    let number = text.trim().parse().ok();
    if number.is_none() {
        reader.problem(node, format!("{what} must be a number, and is `{text}`"));
    }
    number
}

fn rule(reader: &mut Reader<'_>, node: Node<'_>) -> Rule {
    let mut rule = Rule { when: None, assertions: Vec::new() };
    for (name, _, value) in known(reader, node, "a rule", &["Assertions", "RuleCondition"]) {
        if name == "RuleCondition" {
            rule.when = Some(condition(reader, value));
            continue;
        }
        for item in reader.list(value, "`Assertions`") {
            let (mut assert, mut description) = (None, String::new());
            for (name, _, value) in known(reader, item, "an assertion", &["Assert", "AssertDescription"]) {
                if name == "Assert" {
                    assert = Some(condition(reader, value));
                } else {
                    description = reader.text(value, "`AssertDescription`");
                }
            }
            match assert {
                Some(assert) => rule.assertions.push(Assertion { assert, description }),
                None => reader.problem(item, "the assertion has no `Assert`"),
            }
        }
    }
    if rule.assertions.is_empty() {
        reader.problem(node, "the rule has no `Assertions`");
    }
    rule
}

/// A mapping: two levels of keys, then values.
fn mapping(reader: &mut Reader<'_>, node: Node<'_>) -> Expr {
    let value = reader.expr(node);
    let is_map = |value: &Expr| matches!(value, Expr::Map(_) | Expr::Call(..));
    let fits = match &value {
        Expr::Map(top) => top.iter().all(|(key, second)| is_map(second) || key.starts_with("Fn::")),
        other => is_map(other),
    };
    if !fits {
        reader.problem(node, "a mapping has two levels of keys: `Map: {Key: {Second: value}}`");
    }
    value
}

fn resource(reader: &mut Reader<'_>, node: Node<'_>) -> Resource {
    let mut resource = Resource::new("");
    let mut macros = false;
    for (name, key, value) in reader.map(node, "a resource") {
        match name.as_str() {
            "Type" => resource.kind = reader.text(value, "`Type`"),
            "Condition" => resource.condition = reader.condition_name(value),
            "DependsOn" => {
                let others: Vec<String> = match value.kind() {
                    Kind::List => value.items().map(|item| reader.text(item, "an item of `DependsOn`")).collect(),
                    _ => vec![reader.text(value, "`DependsOn`")],
                };
                match others.iter().map(|other| LogicalId::try_from(other.as_str())).collect() {
                    Ok(others) => resource.depends_on = others,
                    Err(_) => {
                        resource.attributes.insert(name, Expr::list(others));
                    }
                }
            }
            "DeletionPolicy" | "UpdateReplacePolicy" => {
                let policy = match reader.expr(value) {
                    Expr::Text(text) => {
                        if let Some(policy) = Retention::from_name(&text) {
                            policy
                        } else {
                            let known = ["Delete", "Retain", "RetainExceptOnCreate", "Snapshot"];
                            let message = format!("`{name}` cannot be `{text}`");
                            reader.tell(unknown(value.span(), message, &text, &known));
                            continue;
                        }
                    }
                    // A macro allows functions here.
                    other => {
                        resource.attributes.insert(name, other);
                        continue;
                    }
                };
                let field = if name == "DeletionPolicy" {
                    &mut resource.deletion_policy
                } else {
                    &mut resource.update_replace_policy
                };
                *field = Some(policy);
            }
            "Properties" => match reader.expr(value) {
                Expr::Map(properties) => resource.properties = properties,
                Expr::Null => {}
                Expr::Bool(_) | Expr::Integer(_) | Expr::Float(_) | Expr::Text(_) | Expr::List(_) => {
                    reader.problem(value, format!("`Properties` must be a map, and is {}", kind(value)));
                }
                // A function that gives the map.
                function => {
                    resource.attributes.insert(name, function);
                }
            },
            other => {
                if !RESOURCE.contains(&other) {
                    macros |= other.starts_with("Fn::");
                    if !other.starts_with("Fn::") && aktus_diagnostics::nearest(other, RESOURCE).is_some() {
                        let message = format!("a resource has no `{other}`");
                        reader.tell(unknown(key.span(), message, other, &RESOURCE));
                    }
                }
                let value = reader.expr(value);
                resource.attributes.insert(name, value);
            }
        }
    }
    if resource.kind.is_empty() && !macros {
        let untyped = Diagnostic::error("the resource has no `Type`").at(node.span());
        reader.tell(untyped.hint("add `Type:` with a type such as `AWS::S3::Bucket`"));
    }
    resource
}

fn output(reader: &mut Reader<'_>, node: Node<'_>) -> Output {
    let mut output = Output { description: String::new(), condition: None, value: Expr::Null, export: None };
    let mut has_value = false;
    for (name, _, value) in known(reader, node, "an output", &OUTPUT) {
        match name.as_str() {
            "Description" => output.description = reader.text(value, "`Description`"),
            "Condition" => output.condition = reader.condition_name(value),
            "Value" => {
                has_value = true;
                output.value = reader.expr(value);
            }
            _ => {
                for (_, _, value) in known(reader, value, "`Export`", &["Name"]) {
                    output.export = Some(reader.expr(value));
                }
            }
        }
    }
    if !has_value {
        reader.problem(node, "the output has no `Value`");
    }
    output
}
