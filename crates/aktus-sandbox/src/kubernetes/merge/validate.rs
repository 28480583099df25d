//! Does an object fit its type, as server-side apply demands?

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::element_of;
use crate::kubernetes::fields::Element;
use crate::kubernetes::schema::{Items, Scalar, Schema, Type, TypeId};

/// A field that does not fit, with its path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) path: String,
    pub(crate) message: String,
}

/// All problems as one text, laid out as Kubernetes does.
pub(crate) fn problems_text(problems: &[Problem]) -> String {
    let line = |problem: &Problem| {
        if problem.path.is_empty() { problem.message.clone() } else { format!("{}: {}", problem.path, problem.message) }
    };
    match problems {
        [one] => line(one),
        many => many.iter().fold("errors:".to_owned(), |mut text, problem| {
            // Writing to a string cannot fail.
            let _written = write!(text, "\n  {}", line(problem));
            text
        }),
    }
}

/// Every place where `value` does not fit the type.
pub(crate) fn validate(schema: &Schema, id: TypeId, value: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    walk(schema, id, value, &mut String::new(), &mut problems);
    problems
}

fn walk(schema: &Schema, id: TypeId, value: &Value, path: &mut String, problems: &mut Vec<Problem>) {
    let mut report = |path: &str, message: String| {
        problems.push(Problem { path: path.to_owned(), message });
    };
    if value.is_null() {
        return;
    }
    match schema.get(id) {
        Type::Any | Type::Deduced => {}
        Type::Scalar(scalar) => {
            if let Some(message) = scalar_problem(*scalar, value) {
                report(path, message);
            }
        }
        Type::List { item, items } => {
            let Value::Array(list) = value else {
                report(path, format!("expected list, got &{{{}}}", go_value(value)));
                return;
            };
            let mut seen = BTreeSet::new();
            for (index, child) in list.iter().enumerate() {
                let element = if *items == Items::Atomic {
                    Element::Index(index)
                } else {
                    match element_of(schema, *item, items, child) {
                        Ok(element) => element,
                        Err(message) => {
                            problems
                                .push(Problem { path: path.clone(), message: format!("element {index}: {message}") });
                            return;
                        }
                    }
                };
                if *items != Items::Atomic && !seen.insert(element.clone()) {
                    problems
                        .push(Problem { path: path.clone(), message: format!("duplicate entries for key {element}") });
                }
                descend(path, &element, |path| walk(schema, *item, child, path, problems));
            }
        }
        Type::Map { .. } | Type::Struct { .. } => {
            let Value::Object(map) = value else {
                report(path, format!("expected map, got &{{{}}}", go_value(value)));
                return;
            };
            for (name, child) in map {
                let element = Element::Field(name.clone());
                descend(path, &element, |path| match schema.field(id, name) {
                    Some(below) => walk(schema, below, child, path, problems),
                    None => problems
                        .push(Problem { path: path.clone(), message: "field not declared in schema".to_owned() }),
                });
            }
        }
    }
}

fn descend(path: &mut String, element: &Element, walk: impl FnOnce(&mut String)) {
    let length = path.len();
    // Writing to a string cannot fail.
    let _written = write!(path, "{element}");
    walk(path);
    path.truncate(length);
}

fn scalar_problem(scalar: Scalar, value: &Value) -> Option<String> {
    match scalar {
        Scalar::Int32 | Scalar::Int64 | Scalar::Float if !value.is_number() => {
            Some(format!("expected numeric (int or float), got {}", go_kind(value)))
        }
        Scalar::String | Scalar::Bytes | Scalar::Time | Scalar::MicroTime if !value.is_string() => {
            Some(format!("expected string, got &value.valueUnstructured{{Value:{}}}", go_syntax(value)))
        }
        Scalar::Bool if !value.is_boolean() => Some(format!("expected boolean, got &{{{}}}", go_value(value))),
        Scalar::IntOrString | Scalar::Quantity if value.is_array() || value.is_object() => {
            Some(format!("expected any scalar, got &{{{}}}", go_value(value)))
        }
        _ => None,
    }
}

/// A value as Go's `%T` names its type.
pub(crate) fn go_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// A value as Go's `%v` prints it.
pub(crate) fn go_value(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(list) => {
            let items: Vec<String> = list.iter().map(go_value).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Object(map) => {
            let items: Vec<String> = map.iter().map(|(name, value)| format!("{name}:{}", go_value(value))).collect();
            format!("map[{}]", items.join(" "))
        }
        other => other.to_string(),
    }
}

/// A value as Go's `%#v` prints it.
pub(crate) fn go_syntax(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        Value::Array(list) => {
            let items: Vec<String> = list.iter().map(go_syntax).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Value::Object(map) => {
            let items: Vec<String> = map.iter().map(|(name, value)| format!("{name:?}:{}", go_syntax(value))).collect();
            format!("map[string]interface {{}}{{{}}}", items.join(", "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(name: &str, value: &Value, expected: &str) {
        let schema = Schema::built_in();
        let id = schema.named(name).unwrap();
        assert_eq!(problems_text(&validate(schema, id, value)), expected);
    }

    #[test]
    fn problems_name_their_place() {
        check(
            "core.v1.PodSpec",
            &json!({"containers": [{"name": "a", "imagine": 1}]}),
            r#".containers[name="a"].imagine: field not declared in schema"#,
        );
        check(
            "core.v1.PodSpec",
            &json!({"containers": [{"name": "a", "env": [{"name": "A"}, {"name": "A"}]}]}),
            r#".containers[name="a"].env: duplicate entries for key [name="A"]"#,
        );
        check(
            "apps.v1.DeploymentSpec",
            &json!({"replicas": "3"}),
            ".replicas: expected numeric (int or float), got string",
        );
        check(
            "core.v1.EnvVar",
            &json!({"name": "A", "value": 1}),
            ".value: expected string, got &value.valueUnstructured{Value:1}",
        );
    }
}
