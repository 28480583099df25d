//! Names that nothing has.

use aktus_diagnostics::nearest;

use super::names::{PSEUDO, every_value, rule_conditions};
use super::{Findings, Subject};
use crate::checked::{DanglingReference, Target};
use crate::model::{Expr, Place, Template, Token, tokens};

pub(super) fn dangling(subject: &Subject<'_>, findings: &mut Findings) {
    for reference in dangling_references(subject.template) {
        let (message, fix) = (reference.to_string(), reference.fix());
        findings.add(reference.place, message, fix);
    }
}

/// Every reference to what a template does not have; none in one with macros, which may bring any name.
pub(crate) fn dangling_references(template: &Template) -> Vec<DanglingReference> {
    if template.has_macros() {
        return Vec::new();
    }
    let mut search = Search { template, found: Vec::new() };
    search.values();
    search.attributes();
    search.conditions();
    search.found
}

struct Search<'t> {
    template: &'t Template,
    found: Vec<DanglingReference>,
}

impl Search<'_> {
    fn has(&self, name: &str, target: Target) -> bool {
        let template = self.template;
        let parameter = || template.parameters.contains_key(name) || PSEUDO.contains(&name);
        match target {
            Target::Value => parameter() || template.resources.contains_key(name),
            Target::Resource => template.resources.contains_key(name),
            Target::Parameter => parameter(),
            Target::Condition => template.conditions.contains_key(name),
            Target::Mapping => template.mappings.contains_key(name),
        }
    }

    fn nearest(&self, name: &str, target: Target) -> Option<String> {
        let template = self.template;
        let parameters = || template.parameters.keys().map(String::as_str).chain(PSEUDO);
        let resources = || template.resources.keys().map(String::as_str);
        let meant = match target {
            Target::Value => nearest(name, parameters().chain(resources())),
            Target::Resource => nearest(name, resources()),
            Target::Parameter => nearest(name, parameters()),
            Target::Condition => nearest(name, template.conditions.keys().map(String::as_str)),
            Target::Mapping => nearest(name, template.mappings.keys().map(String::as_str)),
        };
        meant.map(str::to_owned)
    }

    fn look(&mut self, name: &str, target: Target, place: impl FnOnce() -> Place) {
        if !self.has(name, target) {
            let nearest = self.nearest(name, target);
            self.found.push(DanglingReference { place: place(), name: name.to_owned(), target, nearest });
        }
    }

    /// What the values outside of conditions and rules name.
    fn values(&mut self) {
        every_value(self.template, &mut |value, path| match value {
            Expr::Ref(name) => self.look(name, Target::Value, || path.place()),
            Expr::GetAtt(name, _) => self.look(name, Target::Resource, || path.place()),
            Expr::Sub(text, own) => {
                for token in tokens(text) {
                    if let Token::Variable(variable) = token
                        && !own.contains_key(variable)
                    {
                        let name = variable.split('.').next().unwrap_or(variable);
                        self.look(name, Target::Value, || path.place());
                    }
                }
            }
            Expr::If(condition, ..) => self.look(condition, Target::Condition, || path.place()),
            Expr::FindInMap(_) => self.mapping(value, || path.place()),
            _ => {}
        });
    }

    /// A default takes the place of a mapping that is not there.
    fn mapping(&mut self, value: &Expr, place: impl FnOnce() -> Place) {
        if let Expr::FindInMap(arguments) = value
            && let [Expr::Text(name), _, _] = arguments.as_slice()
        {
            self.look(name, Target::Mapping, place);
        }
    }

    /// What resources and outputs name besides their values.
    fn attributes(&mut self) {
        for (id, resource) in &self.template.resources {
            for other in &resource.depends_on {
                self.look(other, Target::Resource, || Place::of(&["Resources", id, "DependsOn"]));
            }
            if let Some(condition) = &resource.condition {
                self.look(condition, Target::Condition, || Place::of(&["Resources", id, "Condition"]));
            }
        }
        for (name, output) in &self.template.outputs {
            if let Some(condition) = &output.condition {
                self.look(condition, Target::Condition, || Place::of(&["Outputs", name, "Condition"]));
            }
        }
    }

    /// What conditions and rules name.
    fn conditions(&mut self) {
        let template = self.template;
        let conditions = template.conditions.iter().map(|(name, condition)| ("Conditions", name, condition));
        let rules = template
            .rules
            .iter()
            .flat_map(|(name, rule)| rule_conditions(rule).map(move |condition| ("Rules", name, condition)));
        for (section, name, condition) in conditions.chain(rules) {
            let place = || Place::of(&[section, name]);
            for value in condition.values() {
                for other in value.references() {
                    self.look(other, Target::Parameter, place);
                }
                value.visit(&mut |value| self.mapping(value, place));
            }
            for other in condition.names() {
                self.look(other, Target::Condition, place);
            }
        }
    }
}
