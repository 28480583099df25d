//! Sets of parameters that show what a template does, made from what it compares its parameters with.

use std::collections::{BTreeMap, BTreeSet};

use regex_automata::nfa::thompson::pikevm::PikeVM;

use crate::eval::{EvaluateError, Pseudo, ResourceGraph, evaluate_loosely};
use crate::model::{Condition, Expr, Parameter, Template};

/// The most values tried for one parameter; more would be the same thing again.
const VALUES: usize = 6;
/// The most sets tried.
const SETS: usize = 200;

/// Calls `look` with the resources under the defaults, then with each parameter that decides something changed in
/// turn, then with all of them changed at once; the first argument is what differs from the defaults.
pub(super) fn each(
    template: &Template,
    pseudo: &Pseudo,
    mut look: impl FnMut(BTreeMap<String, String>, &ResourceGraph, Vec<EvaluateError>),
) {
    let values = values(template);
    let mut sets: Vec<BTreeMap<&str, &str>> = vec![BTreeMap::new()];
    let mut together = BTreeMap::new();
    for (name, all) in &values {
        sets.extend(all.iter().map(|value| BTreeMap::from([(*name, value.as_str())])));
        together.extend(all.last().map(|value| (*name, value.as_str())));
    }
    sets.truncate(SETS);
    if values.len() > 1 {
        sets.push(together);
    }
    // What looks the same inside is evaluated once.
    let mut seen = BTreeSet::new();
    for set in sets {
        let (graph, problems) = evaluate_loosely(template, &set, pseudo);
        let lists: Vec<usize> = set.values().map(|value| value.split(',').count()).collect();
        let shape = (graph.conditions.values().copied().collect::<Vec<_>>(), lists, problems.len());
        if seen.insert(shape) {
            let under = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            look(under, &graph, problems);
        }
    }
}

/// The values besides its default that are worth trying, for each parameter that decides something.
fn values(template: &Template) -> Vec<(&str, Vec<String>)> {
    let mut compared: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for condition in template.conditions.values() {
        condition.visit(&mut |condition| {
            let Condition::Equals(left, right) = condition else { return };
            for name in left.references().into_iter().chain(right.references()) {
                compared.entry(name).or_default();
            }
            for (one, other) in [(left, right), (right, left)] {
                if let (Expr::Ref(name), Expr::Text(text)) = (one, other) {
                    compared.entry(name.as_str()).or_default().insert(text);
                }
            }
        });
    }
    let mut all = Vec::new();
    for (name, parameter) in &template.parameters {
        let known = compared.get(name.as_str());
        if known.is_none() && !parameter.kind.is_list() {
            continue;
        }
        let mut values: Vec<String> = known.into_iter().flatten().map(|text| (*text).to_owned()).collect();
        values.extend(parameter.allowed_values.iter().cloned());
        if parameter.allowed_values.is_empty() && !parameter.kind.is_stored() {
            let samples: &[&str] = if parameter.kind.is_list() { &["", "one", "one,two"] } else { &["", "sample"] };
            values.extend(samples.iter().map(|sample| (*sample).to_owned()));
        }
        let pattern =
            parameter.allowed_pattern.as_ref().and_then(|pattern| PikeVM::new(&format!("^(?:{pattern})$")).ok());
        let mut tried = BTreeSet::new();
        values.retain(|value| {
            parameter.default.as_ref() != Some(value)
                && fits(parameter, pattern.as_ref(), value)
                && tried.insert(value.clone())
        });
        values.truncate(VALUES);
        if !values.is_empty() {
            all.push((name.as_str(), values));
        }
    }
    all
}

/// Whether a parameter takes a value.
fn fits(parameter: &Parameter, pattern: Option<&PikeVM>, value: &str) -> bool {
    let items: Vec<&str> = if parameter.kind.is_list() { value.split(',').collect() } else { vec![value] };
    let allowed = &parameter.allowed_values;
    let length = u64::try_from(value.len()).unwrap_or(u64::MAX);
    (allowed.is_empty() || items.iter().all(|item| allowed.iter().any(|allowed| allowed == item)))
        && pattern.is_none_or(|pattern| {
            let mut cache = pattern.create_cache();
            items.iter().all(|item| pattern.is_match(&mut cache, item))
        })
        && parameter.min_length.is_none_or(|least| length >= least)
        && parameter.max_length.is_none_or(|most| length <= most)
}
