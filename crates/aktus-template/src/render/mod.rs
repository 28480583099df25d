//! A template as text: the same template gives the same bytes.

mod json;
mod yaml;

use indexmap::IndexMap;

use crate::model::{Condition, Expr, Output, Parameter, Resource, Rule, Template, long_name};

/// A document about to be written: plain data and intrinsic functions.
#[derive(Debug)]
enum Node<'a> {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(&'a str),
    Owned(String),
    List(Vec<Node<'a>>),
    Map(Vec<(&'a str, Node<'a>)>),
    /// An intrinsic function with a short form: its name without `Fn::`, and its argument, which is no call itself
    /// and no scalar but text.
    Call(&'a str, Box<Node<'a>>),
    /// An intrinsic function in its long form.
    Long(String, Box<Node<'a>>),
}

impl Template {
    /// The template as YAML with short intrinsics.
    pub fn to_yaml(&self) -> String {
        yaml::write(&document(self))
    }

    /// The template as JSON with long intrinsics.
    pub fn to_json(&self) -> serde_json::Value {
        json::value(&document(self))
    }
}

fn document(template: &Template) -> Node<'_> {
    let mut sections = vec![("AWSTemplateFormatVersion", Node::Text("2010-09-09"))];
    if !template.description.is_empty() {
        sections.push(("Description", Node::Text(&template.description)));
    }
    match template.transform.as_slice() {
        [] => {}
        [one] => sections.push(("Transform", expr(one))),
        many => sections.push(("Transform", Node::List(many.iter().map(expr).collect()))),
    }
    let mut metadata = Vec::new();
    if !template.interface.is_empty() {
        metadata.push(("AWS::CloudFormation::Interface", interface(template)));
    }
    metadata.extend(template.metadata.iter().map(|(key, value)| (key.as_str(), expr(value))));
    let named = [
        ("Metadata", metadata),
        ("Parameters", section(&template.parameters, parameter)),
        ("Rules", section(&template.rules, rule)),
        ("Mappings", section(&template.mappings, expr)),
        ("Conditions", section(&template.conditions, condition)),
        ("Resources", section(&template.resources, resource)),
        ("Outputs", section(&template.outputs, output)),
    ];
    for (name, mut entries) in named {
        if let Some(more) = template.opaque.get(name) {
            entries.extend(section(more, expr));
        }
        if !entries.is_empty() || name == "Resources" {
            sections.push((name, Node::Map(entries)));
        }
    }
    if let Some(whole) = template.opaque.get("") {
        sections.extend(section(whole, expr));
    }
    Node::Map(sections)
}

type Entries<'a> = Vec<(&'a str, Node<'a>)>;

fn section<'a, K: AsRef<str>, T>(entries: &'a IndexMap<K, T>, node: impl Fn(&'a T) -> Node<'a>) -> Entries<'a> {
    entries.iter().map(|(name, entry)| (name.as_ref(), node(entry))).collect()
}

fn interface(template: &Template) -> Node<'_> {
    let groups = template.interface.iter().map(|group| {
        let names = group.parameters.iter().map(|(name, _)| Node::Text(name.as_str())).collect();
        let label = Node::Map(vec![("default", Node::Text(&group.label))]);
        Node::Map(vec![("Label", label), ("Parameters", Node::List(names))])
    });
    let labels = template.interface.iter().flat_map(|group| &group.parameters);
    let labels = labels.map(|(name, label)| (name.as_str(), Node::Map(vec![("default", Node::Text(label))])));
    Node::Map(vec![("ParameterGroups", Node::List(groups.collect())), ("ParameterLabels", Node::Map(labels.collect()))])
}

fn parameter(parameter: &Parameter) -> Node<'_> {
    let mut entries = vec![("Type", Node::Text(parameter.kind.name()))];
    if !parameter.description.is_empty() {
        entries.push(("Description", Node::Text(&parameter.description)));
    }
    if let Some(default) = &parameter.default {
        entries.push(("Default", Node::Text(default)));
    }
    if !parameter.allowed_values.is_empty() {
        let values = parameter.allowed_values.iter().map(|value| Node::Text(value)).collect();
        entries.push(("AllowedValues", Node::List(values)));
    }
    if let Some(pattern) = &parameter.allowed_pattern {
        entries.push(("AllowedPattern", Node::Text(pattern)));
    }
    if let Some(constraint) = &parameter.constraint {
        entries.push(("ConstraintDescription", Node::Text(constraint)));
    }
    let numbers = [("MinValue", parameter.min_value), ("MaxValue", parameter.max_value)];
    entries.extend(numbers.into_iter().filter_map(|(key, number)| Some((key, Node::Float(number?)))));
    let lengths = [("MinLength", parameter.min_length), ("MaxLength", parameter.max_length)];
    let lengths = lengths.into_iter().filter_map(|(key, length)| Some((key, i64::try_from(length?).ok()?)));
    entries.extend(lengths.map(|(key, length)| (key, Node::Integer(length))));
    if parameter.no_echo {
        entries.push(("NoEcho", Node::Bool(true)));
    }
    Node::Map(entries)
}

fn rule(rule: &Rule) -> Node<'_> {
    let mut entries = Vec::new();
    if let Some(when) = &rule.when {
        entries.push(("RuleCondition", condition(when)));
    }
    let assertions = rule.assertions.iter().map(|assertion| {
        let mut entries = vec![("Assert", condition(&assertion.assert))];
        if !assertion.description.is_empty() {
            entries.push(("AssertDescription", Node::Text(&assertion.description)));
        }
        Node::Map(entries)
    });
    entries.push(("Assertions", Node::List(assertions.collect())));
    Node::Map(entries)
}

fn condition(expression: &Condition) -> Node<'_> {
    match expression {
        Condition::Equals(left, right) => call("Equals", Node::List(vec![expr(left), expr(right)])),
        Condition::Not(inner) => call("Not", Node::List(vec![condition(inner)])),
        Condition::And(all) => call("And", Node::List(all.iter().map(condition).collect())),
        Condition::Or(all) => call("Or", Node::List(all.iter().map(condition).collect())),
        Condition::Named(name) => call("Condition", Node::Text(name.as_str())),
        Condition::Contains(list, value) => long("Contains", Node::List(vec![expr(list), expr(value)])),
        Condition::EachMemberIn(some, all) => long("EachMemberIn", Node::List(vec![expr(some), expr(all)])),
        Condition::EachMemberEquals(list, value) => long("EachMemberEquals", Node::List(vec![expr(list), expr(value)])),
        Condition::Opaque(value) => expr(value),
    }
}

fn resource(resource: &Resource) -> Node<'_> {
    let mut entries = Vec::new();
    if !resource.kind.is_empty() {
        entries.push(("Type", Node::Text(&resource.kind)));
    }
    if let Some(condition) = &resource.condition {
        entries.push(("Condition", Node::Text(condition.as_str())));
    }
    match resource.depends_on.as_slice() {
        [] => {}
        [one] => entries.push(("DependsOn", Node::Text(one.as_str()))),
        many => entries.push(("DependsOn", Node::List(many.iter().map(|name| Node::Text(name.as_str())).collect()))),
    }
    if let Some(policy) = resource.deletion_policy {
        entries.push(("DeletionPolicy", Node::Text(policy.name())));
    }
    if let Some(policy) = resource.update_replace_policy {
        entries.push(("UpdateReplacePolicy", Node::Text(policy.name())));
    }
    entries.extend(section(&resource.attributes, expr));
    if !resource.properties.is_empty() {
        entries.push(("Properties", Node::Map(section(&resource.properties, expr))));
    }
    Node::Map(entries)
}

fn output(output: &Output) -> Node<'_> {
    let mut entries = Vec::new();
    if !output.description.is_empty() {
        entries.push(("Description", Node::Text(&output.description)));
    }
    if let Some(condition) = &output.condition {
        entries.push(("Condition", Node::Text(condition.as_str())));
    }
    entries.push(("Value", expr(&output.value)));
    if let Some(export) = &output.export {
        entries.push(("Export", Node::Map(vec![("Name", expr(export))])));
    }
    Node::Map(entries)
}

fn expr(value: &Expr) -> Node<'_> {
    match value {
        Expr::Null => Node::Null,
        Expr::Bool(value) => Node::Bool(*value),
        Expr::Integer(value) => Node::Integer(*value),
        Expr::Float(value) => Node::Float(*value),
        Expr::Text(text) => Node::Text(text),
        Expr::List(items) => Node::List(items.iter().map(expr).collect()),
        Expr::Map(entries) => Node::Map(section(entries, expr)),
        Expr::Ref(to) => call("Ref", Node::Text(to.as_str())),
        Expr::GetAtt(resource, attribute) => call("GetAtt", Node::Owned(format!("{resource}.{attribute}"))),
        Expr::Sub(template, variables) if variables.is_empty() => call("Sub", Node::Text(template)),
        Expr::Sub(template, variables) => {
            call("Sub", Node::List(vec![Node::Text(template), Node::Map(section(variables, expr))]))
        }
        Expr::Join(delimiter, items) => call("Join", Node::List(vec![Node::Text(delimiter), expr(items)])),
        Expr::Select(index, items) => call("Select", Node::List(vec![expr(index), expr(items)])),
        Expr::Split(delimiter, text) => call("Split", Node::List(vec![Node::Text(delimiter), expr(text)])),
        Expr::If(condition, then, otherwise) => {
            call("If", Node::List(vec![Node::Text(condition.as_str()), expr(then), expr(otherwise)]))
        }
        Expr::Cidr(block, count, bits) => {
            let bits = bits.as_ref().map(|bits| expr(bits));
            call("Cidr", Node::List([expr(block), expr(count)].into_iter().chain(bits).collect()))
        }
        Expr::GetAzs(region) => call("GetAZs", expr(region)),
        Expr::FindInMap(arguments) => call("FindInMap", Node::List(arguments.iter().map(expr).collect())),
        Expr::Base64(inner) => call("Base64", expr(inner)),
        Expr::ImportValue(name) => call("ImportValue", expr(name)),
        Expr::Length(list) => call("Length", expr(list)),
        Expr::ToJsonString(inner) => call("ToJsonString", expr(inner)),
        Expr::Call(name, argument) => call(name, expr(argument)),
    }
}

/// A function in its short form where that can be written: a tag cannot stand before another tag,
/// and makes text of every scalar.
fn call<'a>(name: &'a str, argument: Node<'a>) -> Node<'a> {
    let tagged = matches!(argument, Node::Text(_) | Node::Owned(_) | Node::List(_) | Node::Map(_));
    if tagged && name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        Node::Call(name, Box::new(argument))
    } else {
        long(name, argument)
    }
}

fn long<'a>(name: &str, argument: Node<'a>) -> Node<'a> {
    Node::Long(long_name(name), Box::new(argument))
}

/// A number as people write it, 3 and not 3.0, and so that every reader takes it for a number.
fn decimal(value: f64) -> String {
    // Beyond this the decimal digits are no longer the number's own.
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return format!("{value:.0}");
    }
    let text = format!("{value:?}");
    if text.contains('.') { text } else { text.replace('e', ".0e") }
}
