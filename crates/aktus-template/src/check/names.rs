//! Names that nobody uses.

use std::collections::BTreeSet;

use super::{Findings, Subject};
use crate::model::{Condition, ConditionName, Expr, Path, Place, Rule, Template};

/// Calls `each` with every value that is written in a template outside of its conditions and rules.
pub(super) fn every_value<'t>(template: &'t Template, each: &mut dyn FnMut(&'t Expr, &Path<'_>)) {
    let top = Path::top("Resources");
    for (id, resource) in &template.resources {
        let here = top.key(id.as_str());
        for (name, value) in &resource.attributes {
            value.walk(&here.key(name), each);
        }
        let here = here.key("Properties");
        for (name, value) in &resource.properties {
            value.walk(&here.key(name), each);
        }
    }
    let top = Path::top("Outputs");
    for (name, output) in &template.outputs {
        let here = top.key(name.as_str());
        output.value.walk(&here.key("Value"), each);
        if let Some(export) = &output.export {
            export.walk(&here.key("Export").key("Name"), each);
        }
    }
    for (name, value) in &template.metadata {
        value.walk(&Path::top("Metadata").key(name), each);
    }
    for (section, entries) in &template.opaque {
        for (name, value) in entries {
            let top = Path::top(section);
            value.walk(&if section.is_empty() { Path::top(name) } else { top.key(name) }, each);
        }
    }
    for value in &template.transform {
        value.walk(&Path::top("Transform"), each);
    }
}

/// The conditions on which something hangs, in the end.
fn used_conditions(template: &Template) -> BTreeSet<&str> {
    let mut used = BTreeSet::new();
    every_value(template, &mut |value, _| match value {
        Expr::If(condition, ..) => {
            used.insert(condition.as_str());
        }
        // Those that macros and functions of others look at are in their arguments.
        Expr::Call(name, argument) if name == "Condition" => {
            if let Expr::Text(condition) = &**argument {
                used.insert(condition.as_str());
            }
        }
        Expr::Map(entries) => {
            if let Some(Expr::Text(condition)) = entries.get("Condition") {
                used.insert(condition.as_str());
            }
        }
        _ => {}
    });
    used.extend(
        template.resources.values().filter_map(|resource| resource.condition.as_ref().map(ConditionName::as_str)),
    );
    used.extend(template.outputs.values().filter_map(|output| output.condition.as_ref().map(ConditionName::as_str)));
    for condition in template.rules.values().flat_map(rule_conditions) {
        used.extend(condition.names().into_iter().map(ConditionName::as_str));
    }
    let mut open: Vec<&str> = used.iter().copied().collect();
    while let Some(name) = open.pop() {
        for other in template.conditions.get(name).into_iter().flat_map(Condition::names) {
            if used.insert(other.as_str()) {
                open.push(other.as_str());
            }
        }
    }
    used
}

/// What a rule demands, and when.
pub(super) fn rule_conditions(rule: &Rule) -> impl Iterator<Item = &Condition> {
    rule.when.iter().chain(rule.assertions.iter().map(|one| &one.assert))
}

pub(super) fn unused_parameters(subject: &Subject<'_>, findings: &mut Findings) {
    let template = subject.template;
    if template.has_macros() {
        return;
    }
    let mut used = BTreeSet::new();
    every_value(template, &mut |value, _| match value {
        Expr::Ref(to) => {
            used.insert(to.as_str());
        }
        Expr::Sub(..) => used.extend(value.references()),
        _ => {}
    });
    let mut in_conditions: BTreeSet<&str> = BTreeSet::new();
    let conditions = used_conditions(template);
    for (name, condition) in &template.conditions {
        let names = condition.values().into_iter().flat_map(Expr::references);
        if conditions.contains(name.as_str()) { used.extend(names) } else { in_conditions.extend(names) }
    }
    for condition in template.rules.values().flat_map(rule_conditions) {
        used.extend(condition.values().into_iter().flat_map(Expr::references));
    }
    for name in template.parameters.keys().filter(|name| !used.contains(name.as_str())) {
        let message = if in_conditions.contains(name.as_str()) {
            format!("nothing hangs on the parameter `{name}`: the condition that looks at it is not used")
        } else {
            format!("nothing uses the parameter `{name}`")
        };
        findings.add(
            Place::of(&["Parameters", name.as_str()]),
            message,
            "use it where its description says, or take it out",
        );
    }
}

pub(super) fn unused_conditions(subject: &Subject<'_>, findings: &mut Findings) {
    if subject.template.has_macros() {
        return;
    }
    let used = used_conditions(subject.template);
    for name in subject.template.conditions.keys().filter(|name| !used.contains(name.as_str())) {
        findings.add(
            Place::of(&["Conditions", name.as_str()]),
            format!("nothing hangs on the condition `{name}`"),
            "use it for what it stands for, or take it out",
        );
    }
}

pub(super) fn unused_mappings(subject: &Subject<'_>, findings: &mut Findings) {
    let template = subject.template;
    let (mut used, mut computed) = (BTreeSet::new(), template.has_macros());
    let mut look = |value: &Expr| {
        if let Expr::FindInMap(arguments) = value {
            match arguments.first() {
                Some(Expr::Text(name)) => {
                    used.insert(name.clone());
                }
                _ => computed = true,
            }
        }
    };
    every_value(template, &mut |value, _| look(value));
    for condition in template.conditions.values().chain(template.rules.values().flat_map(rule_conditions)) {
        for value in condition.values() {
            value.visit(&mut look);
        }
    }
    for name in template.mappings.keys().filter(|name| !computed && !used.contains(name.as_str())) {
        findings.add(
            Place::of(&["Mappings", name.as_str()]),
            format!("nothing looks into the mapping `{name}`"),
            "use it with `Fn::FindInMap`, or take it out",
        );
    }
}
