//! Which objects do `labelSelector` and `fieldSelector` mean?

use serde_json::Value;

use super::api::Parameters;
use super::resources::Resource;
use super::status::Status;

/// One requirement on a label.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: String,
    operator: Operator,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Operator {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    NotExists,
    GreaterThan(i64),
    LessThan(i64),
}

/// Labels and fields that an object must have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selector {
    labels: Vec<Requirement>,
    /// Field, expected text, whether it must be equal.
    fields: Vec<(String, String, bool)>,
}

impl Selector {
    /// Reads both selectors of a request.
    pub(crate) fn parse(resource: &Resource, parameters: &Parameters) -> Result<Self, Status> {
        let labels = labels(&parameters.label_selector)
            .map_err(|problem| Status::bad_request(format!("unable to parse requirement: {problem}")))?;
        let mut fields = Vec::new();
        for term in parameters.field_selector.split(',').filter(|term| !term.is_empty()) {
            let (field, value, equal) = if let Some((field, value)) = term.split_once("!=") {
                (field, value, false)
            } else if let Some((field, value)) = term.split_once("==") {
                (field, value, true)
            } else if let Some((field, value)) = term.split_once('=') {
                (field, value, true)
            } else {
                return Err(Status::bad_request(format!("invalid selector: '{term}'; can't understand '{term}'")));
            };
            if !selectable(resource).contains(&field) {
                return Err(Status::bad_request(unsupported(resource, field)));
            }
            fields.push((field.to_owned(), value.to_owned(), equal));
        }
        Ok(Self { labels, fields })
    }

    /// A selector of one object by name.
    pub(crate) fn of_name(name: &str) -> Self {
        let fields = vec![("metadata.name".to_owned(), name.to_owned(), true)];
        Self { labels: Vec::new(), fields }
    }

    /// A `metav1.LabelSelector` of an object; `None` selects nothing.
    pub(crate) fn of_object(selector: &Value) -> Option<Self> {
        let map = selector.as_object()?;
        let mut labels = Vec::new();
        for (key, value) in map.get("matchLabels").and_then(Value::as_object).into_iter().flatten() {
            labels.push(Requirement { key: key.clone(), operator: Operator::In(vec![value.as_str()?.to_owned()]) });
        }
        for term in map.get("matchExpressions").and_then(Value::as_array).into_iter().flatten() {
            let values = || -> Vec<String> {
                let values = term.get("values").and_then(Value::as_array);
                values.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
            };
            labels.push(Requirement {
                key: term.get("key").and_then(Value::as_str)?.to_owned(),
                operator: match term.get("operator").and_then(Value::as_str)? {
                    "In" => Operator::In(values()),
                    "NotIn" => Operator::NotIn(values()),
                    "Exists" => Operator::Exists,
                    "DoesNotExist" => Operator::NotExists,
                    _ => return None,
                },
            });
        }
        Some(Self { labels, fields: Vec::new() })
    }

    pub(crate) fn is_everything(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// Whether an object is meant.
    pub(crate) fn matches(&self, object: &Value) -> bool {
        let labels = object.pointer("/metadata/labels");
        self.matches_labels(labels.unwrap_or(&Value::Null))
            && self.fields.iter().all(|(field, value, equal)| {
                let found = field.split('.').try_fold(object, |object, name| object.get(name));
                let found = match found {
                    Some(Value::String(text)) => text.clone(),
                    Some(Value::Null) | None => String::new(),
                    Some(other) => other.to_string(),
                };
                (found == *value) == *equal
            })
    }

    /// Whether labels fit, fields aside.
    pub(crate) fn matches_labels(&self, labels: &Value) -> bool {
        self.labels.iter().all(|requirement| {
            let value = labels.get(&requirement.key).and_then(Value::as_str);
            match &requirement.operator {
                Operator::In(values) => value.is_some_and(|value| values.iter().any(|allowed| allowed == value)),
                Operator::NotIn(values) => value.is_none_or(|value| values.iter().all(|refused| refused != value)),
                Operator::Exists => value.is_some(),
                Operator::NotExists => value.is_none(),
                Operator::GreaterThan(bound) => {
                    value.and_then(|value| value.parse::<i64>().ok()).is_some_and(|n| n > *bound)
                }
                Operator::LessThan(bound) => {
                    value.and_then(|value| value.parse::<i64>().ok()).is_some_and(|n| n < *bound)
                }
            }
        })
    }
}

fn unsupported(resource: &Resource, field: &str) -> String {
    // Kinds with fields of their own to select by have words of their own.
    if selectable(resource).len() > 2 {
        return format!("field label not supported: {field}");
    }
    let kinds = "only \"metadata.name\", \"metadata.namespace\"";
    format!("{field:?} is not a known field selector: {kinds}")
}

/// The fields that can be selected by.
fn selectable(resource: &Resource) -> &'static [&'static str] {
    match (resource.group.as_str(), resource.kind.as_str()) {
        ("", "Pod") => &[
            "metadata.name",
            "metadata.namespace",
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        ],
        ("", "Event") => &[
            "metadata.name",
            "metadata.namespace",
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        ("", "Secret") => &["metadata.name", "metadata.namespace", "type"],
        ("", "Service") => &["metadata.name", "metadata.namespace", "spec.clusterIP", "spec.type"],
        ("", "Namespace") => &["metadata.name", "metadata.namespace", "status.phase"],
        ("", "Node") => &["metadata.name", "metadata.namespace", "spec.unschedulable"],
        ("", "ReplicationController") | ("apps", "ReplicaSet") => {
            &["metadata.name", "metadata.namespace", "status.replicas"]
        }
        ("batch", "Job") => &["metadata.name", "metadata.namespace", "status.successful"],
        _ => &["metadata.name", "metadata.namespace"],
    }
}

/// A piece of a label selector.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Text(String),
    Sign(&'static str),
    End,
}

impl Token {
    fn literal(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Sign(sign) => sign,
            Self::End => "",
        }
    }
}

/// The signs of label selectors, longer ones first.
const SIGNS: [&str; 9] = ["==", "!=", "=", "!", "(", ")", ",", "<", ">"];

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            tokens.push(Token::End);
            return tokens;
        }
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
            continue;
        }
        let end = rest.find(|c: char| c.is_whitespace() || "=!(),<>".contains(c)).unwrap_or(rest.len());
        tokens.push(Token::Text(rest[..end].to_owned()));
        rest = &rest[end..];
    }
}

/// Reads label selectors as Kubernetes does.
struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
}

impl Parser {
    fn next(&mut self) -> Token {
        self.tokens.next().unwrap_or(Token::End)
    }

    fn peek(&mut self) -> Token {
        self.tokens.peek().cloned().unwrap_or(Token::End)
    }

    fn identifier(&mut self) -> Result<String, String> {
        match self.next() {
            Token::Text(text) => Ok(text),
            other => Err(format!("found '{}', expected: identifier", other.literal())),
        }
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        if self.peek() == Token::Sign("!") {
            self.next();
            let key = self.identifier()?;
            return match self.peek() {
                Token::End | Token::Sign(",") => Ok(Requirement { key, operator: Operator::NotExists }),
                other => Err(format!("found '{}', expected: ',' or end of string", other.literal())),
            };
        }
        let key = self.identifier()?;
        let operator = match self.peek() {
            Token::End | Token::Sign(",") => return Ok(Requirement { key, operator: Operator::Exists }),
            _ => self.next(),
        };
        let operator = match &operator {
            Token::Sign("=" | "==") => Operator::In(vec![self.value()?]),
            Token::Sign("!=") => Operator::NotIn(vec![self.value()?]),
            Token::Sign(">") => Operator::GreaterThan(self.number()?),
            Token::Sign("<") => Operator::LessThan(self.number()?),
            Token::Text(word) if word == "gt" => Operator::GreaterThan(self.number()?),
            Token::Text(word) if word == "lt" => Operator::LessThan(self.number()?),
            Token::Text(word) if word == "in" => Operator::In(self.values()?),
            Token::Text(word) if word == "notin" => Operator::NotIn(self.values()?),
            other => {
                return Err(format!("found '{}', expected: in, notin, =, ==, !=, gt, lt", other.literal()));
            }
        };
        Ok(Requirement { key, operator })
    }

    /// One value, which may be empty.
    fn value(&mut self) -> Result<String, String> {
        match self.peek() {
            Token::End | Token::Sign(",") => Ok(String::new()),
            _ => self.identifier(),
        }
    }

    fn number(&mut self) -> Result<i64, String> {
        let text = self.identifier()?;
        text.parse().map_err(|_| {
            format!("values[0][]: Invalid value: {text:?}: for 'Gt', 'Lt' operators, the value must be an integer")
        })
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        match self.next() {
            Token::Sign("(") => {}
            other => return Err(format!("found '{}', expected: '('", other.literal())),
        }
        let mut values = Vec::new();
        loop {
            match self.next() {
                Token::Text(text) => values.push(text),
                Token::Sign(",") => {}
                Token::Sign(")") => return Ok(values),
                other => {
                    return Err(format!("found '{}', expected: ',', or ')'", other.literal()));
                }
            }
        }
    }
}

/// Reads a label selector: `a=b,c!=d,e in (f,g),h notin (i),j,!k`.
fn labels(text: &str) -> Result<Vec<Requirement>, String> {
    let mut parser = Parser { tokens: tokens(text).into_iter().peekable() };
    let mut requirements = Vec::new();
    if parser.peek() == Token::End {
        return Ok(requirements);
    }
    loop {
        requirements.push(parser.requirement()?);
        match parser.next() {
            Token::End => {
                requirements.sort_by(|a: &Requirement, b| a.key.cmp(&b.key));
                return Ok(requirements);
            }
            Token::Sign(",") => match parser.peek() {
                Token::Text(_) | Token::Sign("!") => {}
                other => {
                    return Err(format!("found '{}', expected: identifier after ','", other.literal()));
                }
            },
            other => return Err(format!("found '{}', expected: ',' or end of string", other.literal())),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(selector: &str, expected: bool) {
        let selector = Selector { labels: labels(selector).unwrap(), fields: Vec::new() };
        let object = json!({"metadata": {"labels": {"app": "web", "tier": "front"}}});
        assert_eq!(selector.matches(&object), expected);
    }

    #[test]
    fn label_selectors_match() {
        check("app=web", true);
        check("app==web,tier!=back", true);
        check("app in (api, web),tier", true);
        check("app notin (web)", false);
        check("!owner", true);
        check("owner", false);
        check("owner!=x", true);
        check("", true);
    }

    #[test]
    fn a_selector_that_is_none_is_refused() {
        assert!(labels("a b c").is_err());
        assert!(labels(",a").is_err());
    }
}
