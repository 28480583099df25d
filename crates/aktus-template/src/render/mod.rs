//! A template as text: the same template gives the same bytes.

mod json;
mod yaml;

use indexmap::IndexMap;

use crate::model::{Condition, Expr, Output, Parameter, Resource, Rule, Template};

/// A document about to be written: plain data and intrinsic functions.
enum Node<'a> {
    Bool(bool),
    Integer(i64),
    Text(&'a str),
    Owned(String),
    List(Vec<Node<'a>>),
    Map(Vec<(&'a str, Node<'a>)>),
    /// An intrinsic function: its name without `Fn::`, and its argument.
    Call(&'static str, Box<Node<'a>>),
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
    let mut sections = vec![
        ("AWSTemplateFormatVersion", Node::Text("2010-09-09")),
        ("Description", Node::Text(&template.description)),
    ];
    if !template.interface.is_empty() {
        sections.push(("Metadata", Node::Map(vec![("AWS::CloudFormation::Interface", interface(template))])));
    }
    if !template.parameters.is_empty() {
        sections.push(("Parameters", section(&template.parameters, parameter)));
    }
    if !template.rules.is_empty() {
        sections.push(("Rules", section(&template.rules, rule)));
    }
    if !template.conditions.is_empty() {
        sections.push(("Conditions", section(&template.conditions, condition)));
    }
    sections.push(("Resources", section(&template.resources, resource)));
    if !template.outputs.is_empty() {
        sections.push(("Outputs", section(&template.outputs, output)));
    }
    Node::Map(sections)
}

fn section<'a, T>(entries: &'a IndexMap<String, T>, node: impl Fn(&'a T) -> Node<'a>) -> Node<'a> {
    Node::Map(entries.iter().map(|(name, entry)| (name.as_str(), node(entry))).collect())
}

fn interface(template: &Template) -> Node<'_> {
    let groups = template.interface.iter().map(|group| {
        let names = group.parameters.iter().map(|(name, _)| Node::Text(name)).collect();
        let label = Node::Map(vec![("default", Node::Text(&group.label))]);
        Node::Map(vec![("Label", label), ("Parameters", Node::List(names))])
    });
    let labels = template.interface.iter().flat_map(|group| &group.parameters);
    let labels = labels.map(|(name, label)| (name.as_str(), Node::Map(vec![("default", Node::Text(label))])));
    Node::Map(vec![("ParameterGroups", Node::List(groups.collect())), ("ParameterLabels", Node::Map(labels.collect()))])
}

fn parameter(parameter: &Parameter) -> Node<'_> {
    let mut entries =
        vec![("Type", Node::Text(parameter.kind.name())), ("Description", Node::Text(&parameter.description))];
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
    if let Some(least) = parameter.min_value {
        entries.push(("MinValue", Node::Integer(least)));
    }
    if let Some(most) = parameter.max_value {
        entries.push(("MaxValue", Node::Integer(most)));
    }
    if parameter.no_echo {
        entries.push(("NoEcho", Node::Bool(true)));
    }
    Node::Map(entries)
}

fn rule(rule: &Rule) -> Node<'_> {
    let assertion = vec![("Assert", condition(&rule.assert)), ("AssertDescription", Node::Text(&rule.description))];
    Node::Map(vec![("Assertions", Node::List(vec![Node::Map(assertion)]))])
}

fn conditions(all: &[Condition]) -> Node<'_> {
    Node::List(all.iter().map(condition).collect())
}

fn condition(expression: &Condition) -> Node<'_> {
    match expression {
        Condition::Equals(left, right) => call("Equals", Node::List(vec![expr(left), expr(right)])),
        Condition::Not(inner) => call("Not", Node::List(vec![condition(inner)])),
        Condition::And(all) => call("And", conditions(all)),
        Condition::Or(all) => call("Or", conditions(all)),
        Condition::Named(name) => call("Condition", Node::Text(name)),
    }
}

fn resource(resource: &Resource) -> Node<'_> {
    let mut entries = vec![("Type", Node::Text(&resource.kind))];
    if let Some(condition) = &resource.condition {
        entries.push(("Condition", Node::Text(condition)));
    }
    match resource.depends_on.as_slice() {
        [] => {}
        [one] => entries.push(("DependsOn", Node::Text(one))),
        many => entries.push(("DependsOn", Node::List(many.iter().map(|name| Node::Text(name)).collect()))),
    }
    if let Some(policy) = resource.deletion_policy {
        entries.push(("DeletionPolicy", Node::Text(policy.name())));
    }
    if let Some(policy) = resource.update_replace_policy {
        entries.push(("UpdateReplacePolicy", Node::Text(policy.name())));
    }
    if !resource.properties.is_empty() {
        entries.push(("Properties", section(&resource.properties, expr)));
    }
    Node::Map(entries)
}

fn output(output: &Output) -> Node<'_> {
    let mut entries = vec![("Description", Node::Text(&output.description))];
    if let Some(condition) = &output.condition {
        entries.push(("Condition", Node::Text(condition)));
    }
    entries.push(("Value", expr(&output.value)));
    if let Some(export) = &output.export {
        entries.push(("Export", Node::Map(vec![("Name", expr(export))])));
    }
    Node::Map(entries)
}

fn expr(value: &Expr) -> Node<'_> {
    match value {
        Expr::Bool(value) => Node::Bool(*value),
        Expr::Integer(value) => Node::Integer(*value),
        Expr::Text(text) => Node::Text(text),
        Expr::List(items) => Node::List(items.iter().map(expr).collect()),
        Expr::Map(entries) => section(entries, expr),
        Expr::Ref(name) => call("Ref", Node::Text(name)),
        Expr::GetAtt(resource, attribute) => call("GetAtt", Node::Owned(format!("{resource}.{attribute}"))),
        Expr::Sub(template, variables) if variables.is_empty() => call("Sub", Node::Text(template)),
        Expr::Sub(template, variables) => call("Sub", Node::List(vec![Node::Text(template), section(variables, expr)])),
        Expr::Join(delimiter, items) => call("Join", Node::List(vec![Node::Text(delimiter), expr(items)])),
        Expr::Select(index, items) => call("Select", Node::List(vec![expr(index), expr(items)])),
        Expr::Split(delimiter, text) => call("Split", Node::List(vec![Node::Text(delimiter), expr(text)])),
        Expr::If(condition, then, otherwise) => {
            call("If", Node::List(vec![Node::Text(condition), expr(then), expr(otherwise)]))
        }
        Expr::Cidr(block, count, bits) => call("Cidr", Node::List(vec![expr(block), expr(count), expr(bits)])),
        Expr::GetAzs(region) => call("GetAZs", expr(region)),
    }
}

fn call<'a>(name: &'static str, argument: Node<'a>) -> Node<'a> {
    Node::Call(name, Box::new(argument))
}
