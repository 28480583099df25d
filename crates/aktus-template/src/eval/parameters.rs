//! Values of parameters: defaults, types, rules.

use std::collections::BTreeMap;

use aktus_diagnostics::nearest;
use regex_automata::meta::Regex;

use super::{EvaluateError, Value};
use crate::model::{Parameter, ParameterType, Template};

/// The values of all parameters, checked.
pub(super) fn resolve<'t>(
    template: &'t Template,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<&'t str, Value>, EvaluateError> {
    for name in given.keys() {
        if !template.parameters.contains_key(name) {
            let meant = nearest(name, template.parameters.keys().map(String::as_str)).map(str::to_owned);
            return Err(EvaluateError::Unknown { name: name.clone(), meant });
        }
    }
    template
        .parameters
        .iter()
        .map(|(name, parameter)| {
            let text = given.get(name).or(parameter.default.as_ref());
            let text = text.ok_or_else(|| EvaluateError::Missing { name: name.clone() })?;
            Ok((name.as_str(), value(name, parameter, text)?))
        })
        .collect()
}

fn value(name: &str, parameter: &Parameter, text: &str) -> Result<Value, EvaluateError> {
    let refuse = |rule: String| EvaluateError::Refused {
        name: name.to_owned(),
        value: if parameter.no_echo { "its value".to_owned() } else { format!("`{text}`") },
        rule,
    };
    if !parameter.allowed_values.is_empty() && !parameter.allowed_values.iter().any(|allowed| allowed == text) {
        return Err(refuse(format!("is not one of {}", parameter.allowed_values.join(", "))));
    }
    if let Some(pattern) = &parameter.allowed_pattern {
        let whole = Regex::new(&format!("^(?:{pattern})$"));
        let whole =
            whole.map_err(|error| EvaluateError::Pattern { name: name.to_owned(), problem: error.to_string() })?;
        let matches = match parameter.kind {
            // The pattern of a list is one for its items.
            ParameterType::CommaDelimitedList => text.split(',').all(|item| whole.is_match(item.trim())),
            ParameterType::String | ParameterType::Number => whole.is_match(text),
        };
        if !matches {
            let rule = parameter.constraint.clone();
            return Err(refuse(rule.map_or_else(
                || format!("does not match {pattern}"),
                |constraint| format!("is refused: {constraint}"),
            )));
        }
    }
    let items = || text.split(',').count();
    if let Some(most) = parameter.max_items.filter(|most| items() > *most) {
        return Err(refuse(format!("has {} items, at most {most} are possible", items())));
    }
    match parameter.kind {
        ParameterType::String => Ok(Value::Text(text.to_owned())),
        ParameterType::CommaDelimitedList => {
            Ok(Value::List(text.split(',').map(|item| Value::Text(item.trim().to_owned())).collect()))
        }
        ParameterType::Number => {
            let number: i64 = text.trim().parse().map_err(|_| refuse("is not a whole number".to_owned()))?;
            if parameter.min_value.is_some_and(|least| number < least) {
                return Err(refuse(format!("is less than {}", parameter.min_value.unwrap_or_default())));
            }
            if parameter.max_value.is_some_and(|most| number > most) {
                return Err(refuse(format!("is more than {}", parameter.max_value.unwrap_or_default())));
            }
            Ok(Value::Text(text.trim().to_owned()))
        }
    }
}
