//! Secrets where everybody can read them.

use std::collections::BTreeSet;

use super::names::every_value;
use super::{Findings, Subject};
use crate::model::{Expr, Place, Step, Template};

fn masked(template: &Template) -> BTreeSet<&str> {
    let masked = template.parameters.iter().filter(|(_, parameter)| parameter.no_echo);
    masked.map(|(name, _)| name.as_str()).collect()
}

/// Calls `tell` for every masked parameter that a value refers to by itself.
fn shown(value: &Expr, masked: &BTreeSet<&str>, mut tell: impl FnMut(&str)) {
    if matches!(value, Expr::Ref(_) | Expr::Sub(..)) {
        for name in value.references().into_iter().filter(|name| masked.contains(name)) {
            tell(name);
        }
    }
}

pub(super) fn outputs(subject: &Subject<'_>, findings: &mut Findings) {
    let masked = masked(subject.template);
    every_value(subject.template, &mut |value, path| {
        shown(value, &masked, |name| {
            let place = path.place();
            if place.0.first() == Some(&Step::Key("Outputs".to_owned())) {
                findings.add(
                    place,
                    format!("the output shows the masked parameter `{name}` to everybody who may describe the stack"),
                    "keep the value in Secrets Manager, and put out its ARN",
                );
            }
        });
    });
}

pub(super) fn metadata(subject: &Subject<'_>, findings: &mut Findings) {
    let masked = masked(subject.template);
    let in_metadata = |place: &Place| {
        let metadata = Step::Key("Metadata".to_owned());
        place.0.first() == Some(&metadata)
            || place.0.first() == Some(&Step::Key("Resources".to_owned())) && place.0.get(2) == Some(&metadata)
    };
    every_value(subject.template, &mut |value, path| {
        shown(value, &masked, |name| {
            let place = path.place();
            if in_metadata(&place) {
                findings.add(
                    place,
                    format!("metadata shows the masked parameter `{name}` to everybody who may read the template's resources"),
                    "keep the value in Secrets Manager, and read it where it is used",
                );
            }
        });
        if let Expr::Text(text) | Expr::Sub(text, _) = value
            && let Some(what) = key(text)
        {
            findings.add(
                path.place(),
                format!("this looks like {what}"),
                "take it back where it was given out, and keep the new one in Secrets Manager",
            );
        }
    });
    for (name, parameter) in &subject.template.parameters {
        let default = parameter.default.as_deref().unwrap_or_default();
        if parameter.no_echo && !default.is_empty() {
            findings.add(
                Place::of(&["Parameters", name.as_str(), "Default"]),
                format!("the default of the masked parameter `{name}` can be read in the template"),
                "take the default out",
            );
        }
    }
}

/// What a text seems to be, if it is one of the keys that can be told by their looks.
fn key(text: &str) -> Option<&'static str> {
    let access_key = |start: usize| {
        let id = text.get(start..start + 20)?;
        let after = text.get(start + 20..)?.bytes().next();
        let fits = id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        (fits && after.is_none_or(|byte| !byte.is_ascii_alphanumeric())).then_some(())
    };
    if text.contains("PRIVATE KEY-----") {
        return Some("a private key");
    }
    let starts = text.match_indices("AKIA").map(|(start, _)| start);
    // The one in AWS's own documentation opens nothing.
    if !text.contains("EXAMPLE") && starts.into_iter().any(|start| access_key(start).is_some()) {
        return Some("an access key of AWS");
    }
    None
}

pub(super) fn events(subject: &Subject<'_>, findings: &mut Findings) {
    let template = subject.template;
    let masked = masked(template);
    every_value(template, &mut |value, path| {
        shown(value, &masked, |name| {
            let place = path.place();
            let Some(resource) = place.resource().and_then(|id| template.resources.get(id)) else { return };
            let property = match place.0.get(3) {
                Some(Step::Key(property)) => property.as_str(),
                _ => return,
            };
            let custom =
                resource.kind.starts_with("Custom::") || resource.kind == "AWS::CloudFormation::CustomResource";
            let where_to = match (resource.kind.as_str(), property) {
                _ if custom => "the event that the function gets, and in its logs when the event is logged",
                ("AWS::Lambda::Function", "Environment") => {
                    "the function's environment, for everybody who may describe it"
                }
                ("AWS::EC2::Instance", "UserData") | ("AWS::EC2::LaunchTemplate", "LaunchTemplateData") => {
                    "the user data, for everything that runs on the instance"
                }
                _ => return,
            };
            findings.add(
                place,
                format!("the masked parameter `{name}` stands in the clear in {where_to}"),
                "keep the value in Secrets Manager, and pass its ARN",
            );
        });
    });
}
