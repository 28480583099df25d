//! Values of parameters: defaults, types, rules.

use std::collections::BTreeMap;

use aktus_diagnostics::nearest;
use regex_automata::nfa::thompson::pikevm::PikeVM;

use super::{EvaluateError, Value};
use crate::model::{LogicalId, Parameter, ParameterType, Template};

/// The values of all parameters, checked, and those whose pattern is beyond us.
pub(super) fn resolve<'t>(
    template: &'t Template,
    given: &BTreeMap<String, String>,
) -> Result<(BTreeMap<&'t str, Value>, Vec<LogicalId>), EvaluateError> {
    for name in given.keys() {
        if !template.parameters.contains_key(name.as_str()) {
            let meant = nearest(name, template.parameters.keys().map(LogicalId::as_str)).map(str::to_owned);
            return Err(EvaluateError::Unknown { name: name.clone(), meant });
        }
    }
    let mut values = BTreeMap::new();
    let mut unchecked = Vec::new();
    for (name, parameter) in &template.parameters {
        let text = given.get(name.as_str()).or(parameter.default.as_ref());
        let text = text.ok_or_else(|| EvaluateError::Missing { name: name.to_string() })?;
        if let Some(rule) = broken(parameter, text, || unchecked.push(name.clone())) {
            let value = if parameter.no_echo { "its value".to_owned() } else { format!("`{text}`") };
            return Err(EvaluateError::Refused { name: name.to_string(), value, rule });
        }
        values.insert(name.as_str(), plain(name.as_str(), parameter, text));
    }
    Ok((values, unchecked))
}

/// The value that a text makes, without a look at the rules.
pub(super) fn plain(name: &str, parameter: &Parameter, text: &str) -> Value {
    if parameter.kind.is_stored() {
        // The text is the name under which the parameter store has it.
        return Value::Unknown(name.to_owned());
    }
    if parameter.kind.is_list() {
        return Value::List(text.split(',').map(|item| Value::Text(item.trim().to_owned())).collect());
    }
    match parameter.kind {
        ParameterType::Number => Value::Text(text.trim().to_owned()),
        _ => Value::Text(text.to_owned()),
    }
}

/// The rule that a value breaks, in words. `beyond` is called when the pattern cannot be read: CloudFormation's are
/// those of Java, ours have no look-ahead and no back references.
fn broken(parameter: &Parameter, text: &str, beyond: impl FnOnce()) -> Option<String> {
    let items: Vec<&str> = if parameter.kind.is_list() { text.split(',').map(str::trim).collect() } else { vec![text] };
    let allowed = &parameter.allowed_values;
    if !allowed.is_empty() && !items.iter().all(|item| allowed.iter().any(|allowed| allowed == item)) {
        return Some(format!("is not one of {}", allowed.join(", ")));
    }
    if let Some(pattern) = &parameter.allowed_pattern {
        match PikeVM::new(&format!("^(?:{pattern})$")) {
            Ok(whole) => {
                let mut cache = whole.create_cache();
                if !items.iter().all(|item| whole.is_match(&mut cache, item)) {
                    return Some(match &parameter.constraint {
                        Some(constraint) => format!("is refused: {constraint}"),
                        None => format!("does not match {pattern}"),
                    });
                }
            }
            Err(_) => beyond(),
        }
    }
    if let Some(most) = parameter.max_items.filter(|most| items.len() > *most) {
        return Some(format!("has {} items, at most {most} are possible", items.len()));
    }
    let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    if let Some(least) = parameter.min_length.filter(|least| length < *least) {
        return Some(format!("has {length} characters, at least {least} are needed"));
    }
    if let Some(most) = parameter.max_length.filter(|most| length > *most) {
        return Some(format!("has {length} characters, at most {most} are possible"));
    }
    let numbers = match &parameter.kind {
        ParameterType::Number => true,
        ParameterType::Other(name) => name == "List<Number>",
        ParameterType::String | ParameterType::CommaDelimitedList => false,
    };
    for item in items.iter().filter(|_| numbers) {
        let Some(number) = item.trim().parse::<f64>().ok().filter(|number| number.is_finite()) else {
            return Some("is not a number".to_owned());
        };
        if let Some(least) = parameter.min_value.filter(|least| number < *least) {
            return Some(format!("is less than {least}"));
        }
        if let Some(most) = parameter.max_value.filter(|most| number > *most) {
            return Some(format!("is more than {most}"));
        }
    }
    None
}
