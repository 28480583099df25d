//! Names that nothing has.

use aktus_diagnostics::nearest;

use super::names::{every_value, rule_conditions};
use super::{Findings, Subject};
use crate::checked::{DanglingReference, Target};
use crate::model::{ConditionName, Expr, LogicalId, Place, PseudoParameter, Template, Token, tokens};

pub(super) fn dangling(subject: &Subject<'_>, findings: &mut Findings) {
    for reference in dangling_references(subject.template) {
        let (message, fix) = (reference.problem(), reference.fix());
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
        let parameter = || template.parameters.contains_key(name) || PseudoParameter::from_name(name).is_some();
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
        let pseudo = PseudoParameter::ALL.map(PseudoParameter::name);
        let parameters = || template.parameters.keys().map(LogicalId::as_str).chain(pseudo);
        let resources = || template.resources.keys().map(LogicalId::as_str);
        let meant = match target {
            Target::Value => nearest(name, parameters().chain(resources())),
            Target::Resource => nearest(name, resources()),
            Target::Parameter => nearest(name, parameters()),
            Target::Condition => nearest(name, template.conditions.keys().map(ConditionName::as_str)),
            Target::Mapping => nearest(name, template.mappings.keys().map(LogicalId::as_str)),
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
            Expr::Ref(to) => self.look(to.as_str(), Target::Value, || path.place()),
            Expr::GetAtt(id, _) => self.look(id.as_str(), Target::Resource, || path.place()),
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
            Expr::If(condition, ..) => self.look(condition.as_str(), Target::Condition, || path.place()),
            Expr::Call(..) => self.call(value, Target::Value, || path.place()),
            Expr::FindInMap(_) => self.mapping(value, || path.place()),
            _ => {}
        });
    }

    /// What a function names that has its name as text; `Ref` wants what `value` says.
    fn call(&mut self, call: &Expr, value: Target, place: impl FnOnce() -> Place) {
        if let Some((function, name)) = call.named_as_text() {
            let target = match function {
                "If" => Target::Condition,
                "GetAtt" => Target::Resource,
                _ => value,
            };
            self.look(name, target, place);
        }
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
            let id = id.as_str();
            for other in resource.all_depends_on() {
                self.look(other, Target::Resource, || Place::of(&["Resources", id, "DependsOn"]));
            }
            if let Some(condition) = &resource.condition {
                let place = || Place::of(&["Resources", id, "Condition"]);
                self.look(condition.as_str(), Target::Condition, place);
            }
        }
        for (name, output) in &self.template.outputs {
            if let Some(condition) = &output.condition {
                let place = || Place::of(&["Outputs", name.as_str(), "Condition"]);
                self.look(condition.as_str(), Target::Condition, place);
            }
        }
    }

    /// What conditions and rules name.
    fn conditions(&mut self) {
        let template = self.template;
        let conditions = template.conditions.iter().map(|(name, condition)| ("Conditions", name.as_str(), condition));
        let rules = template
            .rules
            .iter()
            .flat_map(|(name, rule)| rule_conditions(rule).map(move |condition| ("Rules", name.as_str(), condition)));
        for (section, name, condition) in conditions.chain(rules) {
            let place = || Place::of(&[section, name]);
            for value in condition.values() {
                for other in value.references() {
                    self.look(other, Target::Parameter, place);
                }
                value.visit(&mut |value| {
                    self.mapping(value, place);
                    self.call(value, Target::Parameter, place);
                });
            }
            for other in condition.names() {
                self.look(other.as_str(), Target::Condition, place);
            }
        }
    }
}
