//! `aktus template params`

use std::fmt::Write as _;

use aktus_template::{Parameter, Template};
use clap::Args;
use serde_json::{Value, json};

use super::input::Source;
use crate::error::CliError;
use crate::ui::Ui;

/// List the parameters of a template: types, defaults, rules and effects
#[derive(Args, Debug)]
pub(crate) struct Params {
    #[command(flatten)]
    source: Source,
}

impl Params {
    pub(crate) fn run(self, ui: Ui) -> Result<(), CliError> {
        let template = self.source.load()?.template;
        let text = if ui.json() { format!("{:#}\n", as_json(&template)) } else { as_text(&template) };
        Ok(Ui::data(text.as_bytes())?)
    }
}

/// The heading above each parameter: its group, or nothing.
fn groups(template: &Template) -> Vec<(&str, Vec<(&str, &Parameter)>)> {
    let mut groups = Vec::new();
    let mut grouped = Vec::new();
    for group in &template.interface {
        let named = group.parameters.iter().filter_map(|(name, _)| template.parameters.get_key_value(name));
        let parameters: Vec<_> = named.map(|(name, parameter)| (name.as_str(), parameter)).collect();
        grouped.extend(parameters.iter().map(|(name, _)| *name));
        groups.push((group.label.as_str(), parameters));
    }
    let others = template.parameters.iter().map(|(name, parameter)| (name.as_str(), parameter));
    let others: Vec<_> = others.filter(|(name, _)| !grouped.contains(name)).collect();
    if !others.is_empty() {
        groups.push((if groups.is_empty() { "Parameters" } else { "Others" }, others));
    }
    groups
}

fn as_text(template: &Template) -> String {
    let mut text = String::new();
    for (heading, parameters) in groups(template) {
        let _infallible = writeln!(text, "{}{heading}", if text.is_empty() { "" } else { "\n" });
        for (name, parameter) in parameters {
            let default = match parameter.default.as_deref() {
                None => "required".to_owned(),
                Some("") => "default empty".to_owned(),
                Some(_) if parameter.no_echo => "default hidden".to_owned(),
                Some(default) => format!("default {default}"),
            };
            let masked = if parameter.no_echo { ", masked" } else { "" };
            let _infallible = writeln!(text, "  {name}  {}{masked}, {default}", parameter.kind.name());
            for line in rules(parameter).into_iter().chain(Some(parameter.description.clone())) {
                if !line.is_empty() {
                    let _infallible = writeln!(text, "      {line}");
                }
            }
        }
    }
    text
}

/// The rules that a value keeps, in words.
fn rules(parameter: &Parameter) -> Vec<String> {
    let mut rules = Vec::new();
    if !parameter.allowed_values.is_empty() {
        rules.push(format!("one of {}", parameter.allowed_values.join(", ")));
    }
    match (&parameter.constraint, &parameter.allowed_pattern) {
        (Some(words), _) => rules.push(words.clone()),
        (None, Some(pattern)) => rules.push(format!("matches {pattern}")),
        (None, None) => {}
    }
    match (parameter.min_value, parameter.max_value) {
        (Some(least), Some(most)) => rules.push(format!("{least} to {most}")),
        (Some(least), None) => rules.push(format!("at least {least}")),
        (None, Some(most)) => rules.push(format!("at most {most}")),
        (None, None) => {}
    }
    match (parameter.min_length, parameter.max_length) {
        (Some(least), Some(most)) => rules.push(format!("{least} to {most} characters")),
        (Some(least), None) => rules.push(format!("at least {least} characters")),
        (None, Some(most)) => rules.push(format!("at most {most} characters")),
        (None, None) => {}
    }
    rules
}

fn as_json(template: &Template) -> Value {
    let mut all = Vec::new();
    for (group, parameters) in groups(template) {
        for (name, parameter) in parameters {
            let default = parameter.default.as_ref().filter(|default| !parameter.no_echo || default.is_empty());
            all.push(json!({
                "name": name, "group": group, "type": parameter.kind.name(), "default": default,
                "required": parameter.default.is_none(), "noEcho": parameter.no_echo,
                "allowedValues": parameter.allowed_values, "allowedPattern": parameter.allowed_pattern,
                "constraint": parameter.constraint, "minValue": parameter.min_value, "maxValue": parameter.max_value,
                "minLength": parameter.min_length, "maxLength": parameter.max_length,
                "description": parameter.description,
            }));
        }
    }
    json!({ "parameters": all })
}
