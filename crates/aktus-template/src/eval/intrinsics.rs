//! One function per intrinsic.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use indexmap::IndexMap;

use super::cidr;
use super::{EvaluateError, Pseudo, Value};
use crate::model::{
    ConditionName, Expr, LogicalId, Path, PseudoParameter, Reference, Resource, Template, Token, long_name, tokens,
};

/// What an expression can see.
pub(super) struct Scope<'a> {
    pub(super) template: &'a Template,
    pub(super) parameters: BTreeMap<&'a str, Value>,
    pub(super) pseudo: &'a Pseudo,
    /// Those decided; what is undecided is here as not holding, and below.
    pub(super) conditions: IndexMap<ConditionName, bool>,
    pub(super) undecided: BTreeSet<ConditionName>,
    /// What is wrong; a value with something wrong in it is unknown.
    pub(super) problems: RefCell<Vec<EvaluateError>>,
}

impl Scope<'_> {
    pub(super) fn problem(&self, problem: EvaluateError) {
        let mut problems = self.problems.borrow_mut();
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }

    /// Tells that a function got what it cannot work with; the value is then unknown.
    fn misused(&self, path: &Path<'_>, function: &'static str, problem: impl Into<String>) -> Value {
        self.problem(EvaluateError::Intrinsic { place: path.place(), function, problem: problem.into() });
        Value::Unknown(function.to_owned())
    }

    fn dangling(&self, path: &Path<'_>, name: &str) -> Value {
        self.problem(EvaluateError::Dangling { place: path.place(), name: name.to_owned() });
        Value::Unknown(name.to_owned())
    }

    /// Whether a resource exists under these parameters.
    pub(super) fn exists(&self, resource: &str) -> bool {
        self.existing(resource).is_some()
    }

    /// The id of a resource that exists under these parameters.
    pub(super) fn existing(&self, resource: &str) -> Option<&LogicalId> {
        let (id, found) = self.template.resources.get_key_value(resource)?;
        self.holds(found.condition.as_ref()).then_some(id)
    }

    /// Whether a condition holds; none always does.
    pub(super) fn holds(&self, condition: Option<&ConditionName>) -> bool {
        condition.is_none_or(|name| self.conditions.get(name).copied().unwrap_or(false))
    }

    /// The value of an expression that stands at `path`.
    pub(super) fn value(&self, expr: &Expr, path: &Path<'_>) -> Value {
        match expr {
            Expr::Null => Value::NoValue,
            Expr::Bool(value) => Value::Bool(*value),
            Expr::Integer(value) => Value::Integer(*value),
            Expr::Float(value) => Value::Float(*value),
            Expr::Text(text) => Value::Text(text.clone()),
            Expr::List(items) => self.list(items, path),
            Expr::Map(entries) => self.map(entries, path),
            Expr::Ref(Reference::Pseudo(pseudo)) => self.pseudo(*pseudo),
            Expr::Ref(Reference::Id(id)) => self.named(id.as_str(), path),
            Expr::GetAtt(resource, attribute) => self.attribute(resource.as_str(), attribute, path),
            Expr::Sub(template, variables) => self.sub(template, variables, path),
            Expr::Join(delimiter, items) => self.join(delimiter, items, path),
            Expr::Select(index, items) => self.select(index, items, path),
            Expr::Split(delimiter, text) => self.split(delimiter, text, path),
            Expr::If(condition, then, otherwise) => {
                let path = path.key("Fn::If");
                if self.undecided.contains(condition) {
                    return Value::Unknown(format!("Fn::If {condition}"));
                }
                match self.conditions.get(condition) {
                    None => self.dangling(&path, condition.as_str()),
                    Some(true) => self.value(then, &path.index(1)),
                    Some(false) => self.value(otherwise, &path.index(2)),
                }
            }
            Expr::Cidr(block, count, bits) => self.cidr(block, count, bits.as_deref(), path),
            Expr::GetAzs(region) => {
                let region = self.value(region, &path.key("Fn::GetAZs")).as_text().unwrap_or_default();
                let region = if region.is_empty() { &self.pseudo.region } else { &region };
                Value::Unknown(format!("zones of {region}"))
            }
            Expr::FindInMap(arguments) => self.find_in_map(arguments, path),
            Expr::Base64(inner) => self.base64(inner, path),
            Expr::ImportValue(name) => {
                let name = self.value(name, &path.key("Fn::ImportValue"));
                Value::Unknown(format!("export {}", name.as_text().unwrap_or_default()))
            }
            Expr::Length(list) => match self.value(list, &path.key("Fn::Length")) {
                Value::List(items) => Value::Integer(i64::try_from(items.len()).unwrap_or(i64::MAX)),
                Value::Unknown(what) => Value::Unknown(format!("length of {what}")),
                _ => self.misused(path, "Fn::Length", "expected a list"),
            },
            Expr::ToJsonString(inner) => Value::Text(self.value(inner, &path.key("Fn::ToJsonString")).to_json_text()),
            Expr::Call(name, argument) => self.call(name, argument, path),
        }
    }

    /// A list; `AWS::NoValue` items are left out.
    fn list(&self, items: &[Expr], path: &Path<'_>) -> Value {
        let values = items.iter().enumerate().map(|(index, item)| self.value(item, &path.index(index)));
        Value::List(values.filter(|value| *value != Value::NoValue).collect())
    }

    /// A map; entries with `AWS::NoValue` are left out.
    pub(super) fn map(&self, entries: &IndexMap<String, Expr>, path: &Path<'_>) -> Value {
        let mut values = IndexMap::with_capacity(entries.len());
        for (key, entry) in entries {
            let value = self.value(entry, &path.key(key));
            if value != Value::NoValue {
                values.insert(key.clone(), value);
            }
        }
        Value::Map(values)
    }

    /// What a name in the text of `Fn::Sub` stands for.
    fn reference(&self, name: &str, path: &Path<'_>) -> Value {
        PseudoParameter::from_name(name).map_or_else(|| self.named(name, path), |pseudo| self.pseudo(pseudo))
    }

    fn pseudo(&self, pseudo: PseudoParameter) -> Value {
        Value::Text(match pseudo {
            PseudoParameter::AccountId => self.pseudo.account_id.clone(),
            PseudoParameter::Partition => self.pseudo.partition.clone(),
            PseudoParameter::Region => self.pseudo.region.clone(),
            PseudoParameter::StackName => self.pseudo.stack_name.clone(),
            PseudoParameter::UrlSuffix => self.pseudo.url_suffix.clone(),
            PseudoParameter::NoValue => return Value::NoValue,
            PseudoParameter::StackId | PseudoParameter::NotificationArns => {
                return Value::Unknown(pseudo.name().to_owned());
            }
        })
    }

    /// The value of a parameter, or what `Ref` gives of a resource.
    fn named(&self, name: &str, path: &Path<'_>) -> Value {
        match self.parameters.get(name) {
            Some(value) => value.clone(),
            None => self.resource(name, path).unwrap_or_else(|| Value::Unknown(name.to_owned())),
        }
    }

    fn attribute(&self, resource: &str, attribute: &str, path: &Path<'_>) -> Value {
        self.resource(resource, path).unwrap_or_else(|| Value::Unknown(format!("{resource}.{attribute}")))
    }

    /// Nothing if there is such a resource, or a macro could still bring it.
    fn resource(&self, name: &str, path: &Path<'_>) -> Option<Value> {
        let found: Option<&Resource> = self.template.resources.get(name);
        let decided = found.and_then(|found| found.condition.as_ref());
        let undecided = decided.is_some_and(|condition| self.undecided.contains(condition));
        if self.exists(name) || undecided || found.is_none() && self.template.has_macros() {
            return None;
        }
        Some(self.dangling(path, name))
    }

    fn sub(&self, template: &str, variables: &IndexMap<String, Expr>, path: &Path<'_>) -> Value {
        let path = path.key("Fn::Sub");
        let pieces = tokens(template);
        let value = |name: &str| match (variables.get(name), name.split_once('.')) {
            (Some(own), _) => self.value(own, &path.index(1).key(name)),
            (None, Some((resource, attribute))) => self.attribute(resource, attribute, &path),
            (None, None) => self.reference(name, &path),
        };
        if let [Token::Variable(name)] = pieces[..]
            && let unknown @ Value::Unknown(_) = value(name)
        {
            return unknown;
        }
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Token::Text(part) => text.push_str(part),
                Token::Literal(name) => text.extend(["${", name, "}"]),
                Token::Variable(name) => {
                    if let Some(part) = value(name).as_text() {
                        text.push_str(&part);
                    } else {
                        let problem = format!("cannot put `{name}` into text: it is a list, a map or nothing");
                        return self.misused(&path, "Fn::Sub", problem);
                    }
                }
            }
        }
        Value::Text(text)
    }

    fn join(&self, delimiter: &str, items: &Expr, path: &Path<'_>) -> Value {
        match self.value(items, &path.key("Fn::Join").index(1)) {
            Value::List(items) => match items.iter().map(Value::as_text).collect::<Option<Vec<_>>>() {
                Some(parts) => Value::Text(parts.join(delimiter)),
                None => self.misused(path, "Fn::Join", "can only join text"),
            },
            Value::Unknown(what) => Value::Unknown(format!("{what} joined")),
            _ => self.misused(path, "Fn::Join", "expected a list"),
        }
    }

    fn select(&self, index: &Expr, items: &Expr, path: &Path<'_>) -> Value {
        let path = path.key("Fn::Select");
        let index = self.value(index, &path.index(0));
        let items = self.value(items, &path.index(1));
        let Some(index) = index.as_text().filter(|_| !index.is_partly_unknown()) else {
            return Value::Unknown("Fn::Select".to_owned());
        };
        let number = index.parse::<usize>().ok();
        match (items, number) {
            (Value::List(mut items), Some(number)) if number < items.len() => items.swap_remove(number),
            // What is unknown may hold more.
            (Value::List(items), Some(number)) if items.iter().any(Value::is_partly_unknown) => {
                Value::Unknown(format!("item {number} of a list"))
            }
            (Value::List(items), _) => {
                self.problem(EvaluateError::Select { place: path.place(), index, length: items.len() });
                Value::Unknown("Fn::Select".to_owned())
            }
            (Value::Unknown(what), number) => Value::Unknown(match (what.strip_prefix("zones of "), number) {
                (Some(region), Some(number)) => format!("zone {} of {region}", number + 1),
                _ => match what.strip_prefix("parts of ") {
                    Some(whole) => format!("part {index} of {whole}"),
                    None => format!("item {index} of {what}"),
                },
            }),
            _ => self.misused(&path, "Fn::Select", "expected a list"),
        }
    }

    fn split(&self, delimiter: &str, text: &Expr, path: &Path<'_>) -> Value {
        let value = self.value(text, &path.key("Fn::Split").index(1));
        if let Value::Unknown(what) = value {
            return Value::Unknown(format!("parts of {what}"));
        }
        if delimiter.is_empty() {
            return self.misused(path, "Fn::Split", "needs a delimiter");
        }
        match value.as_text() {
            Some(text) => Value::List(parts(&text, delimiter).into_iter().map(Value::from_part).collect()),
            None => self.misused(path, "Fn::Split", "expected text"),
        }
    }

    fn cidr(&self, block: &Expr, count: &Expr, bits: Option<&Expr>, path: &Path<'_>) -> Value {
        let path = path.key("Fn::Cidr");
        let block = self.value(block, &path.index(0));
        let count = self.value(count, &path.index(1));
        let bits = bits.map(|bits| self.value(bits, &path.index(2)));
        let number = |value: &Value| value.as_text().and_then(|text| text.parse::<u32>().ok());
        let (Some(text), Some(number_of)) = (block.as_text(), number(&count)) else {
            return match (&block, &count) {
                (Value::Unknown(_), _) | (_, Value::Unknown(_)) => Value::Unknown("Fn::Cidr".to_owned()),
                _ => self.misused(&path, "Fn::Cidr", "expected a block and how many"),
            };
        };
        let unknown = block.is_partly_unknown() || bits.as_ref().is_none_or(Value::is_partly_unknown);
        // Blocks of IPv6 are cut by other rules.
        if unknown || text.contains(':') {
            let what = if let Value::Unknown(what) = &block { what } else { &text };
            let one = |index| Value::Unknown(format!("block {index} of {what}"));
            return Value::List((0..number_of.min(256)).map(one).collect());
        }
        let bits = bits.unwrap_or(Value::NoValue);
        let blocks = number(&bits).and_then(|bits| cidr::blocks(&text, number_of, bits));
        if let Some(blocks) = blocks {
            Value::List(blocks.into_iter().map(Value::Text).collect())
        } else {
            let bits = bits.as_text().unwrap_or_default();
            let problem = format!("cannot make {number_of} blocks with {bits} host bits out of `{text}`");
            self.misused(&path, "Fn::Cidr", problem)
        }
    }

    fn find_in_map(&self, arguments: &[Expr], path: &Path<'_>) -> Value {
        let path = path.key("Fn::FindInMap");
        let values: Vec<Value> = arguments
            .iter()
            .take(3)
            .enumerate()
            .map(|(index, argument)| self.value(argument, &path.index(index)))
            .collect();
        let keys: Option<Vec<String>> = values.iter().map(Value::as_text).collect();
        let [map, first, second] = match keys.map(<[String; 3]>::try_from) {
            Some(Ok(keys)) if !values.iter().any(Value::is_partly_unknown) => keys,
            Some(_) => return Value::Unknown("Fn::FindInMap".to_owned()),
            None => return self.misused(&path, "Fn::FindInMap", "expected the name of a map and two keys"),
        };
        let entry = |value: &'_ Expr, key: &str| match value {
            Expr::Map(entries) => entries.get(key).cloned(),
            _ => None,
        };
        let found = self.template.mappings.get(map.as_str());
        if let Some(value) = found.and_then(|map| entry(map, &first)).and_then(|map| entry(&map, &second)) {
            return self.value(&value, &path);
        }
        if let Some(default) = arguments.get(3).and_then(|options| entry(options, "DefaultValue")) {
            return self.value(&default, &path.index(3).key("DefaultValue"));
        }
        match found {
            // A macro has yet to fill it.
            Some(Expr::Call(..)) => Value::Unknown("Fn::FindInMap".to_owned()),
            Some(_) => {
                self.misused(&path, "Fn::FindInMap", format!("finds no `{first}`, `{second}` in the mapping `{map}`"))
            }
            None if self.template.has_macros() => Value::Unknown("Fn::FindInMap".to_owned()),
            None => self.dangling(&path, &map),
        }
    }

    fn base64(&self, inner: &Expr, path: &Path<'_>) -> Value {
        let value = self.value(inner, &path.key("Fn::Base64"));
        match value.as_text() {
            Some(text) if value.is_partly_unknown() => Value::Unknown(format!("Base64 of {text}")),
            Some(text) => Value::Text(base64::engine::general_purpose::STANDARD.encode(text)),
            None => self.misused(path, "Fn::Base64", "expected text"),
        }
    }

    /// Functions whose arguments are functions themselves, and those only AWS knows.
    fn call(&self, name: &str, argument: &Expr, path: &Path<'_>) -> Value {
        let long = long_name(name);
        match (name, argument) {
            // Names that nothing can have.
            ("Ref", Expr::Text(other)) => return self.reference(other, path),
            ("If", Expr::List(items)) => {
                if let Some(Expr::Text(condition)) = items.first() {
                    return self.dangling(&path.key(&long), condition);
                }
            }
            _ => {}
        }
        if name == "Transform" {
            let whose = match argument {
                Expr::Map(entries) => entries.get("Name"),
                _ => None,
            };
            return Value::Unknown(match whose {
                Some(Expr::Text(whose)) => format!("{long} {whose}"),
                _ => long,
            });
        }
        let argument = self.value(argument, &path.key(&long));
        if let (Value::List(items), Some(function)) = (&argument, known(name))
            && let [first, second] = items.as_slice()
            && let Some(first) = first.as_text().filter(|_| !first.is_partly_unknown())
        {
            match function {
                "Fn::GetAtt" => {
                    let attribute = second.as_text().unwrap_or_default();
                    return self.attribute(&first, &attribute, path);
                }
                "Fn::Join" => {
                    if let Value::List(items) = second
                        && let Some(parts) = items.iter().map(Value::as_text).collect::<Option<Vec<_>>>()
                    {
                        return Value::Text(parts.join(&first));
                    }
                }
                _ => {}
            }
        }
        Value::Unknown(long)
    }
}

/// The functions that are understood with computed arguments, too.
fn known(name: &str) -> Option<&'static str> {
    ["Fn::GetAtt", "Fn::Join"].into_iter().find(|known| known.strip_prefix("Fn::") == Some(name))
}

impl Value {
    /// A part of a text; one that is nothing but an unknown is unknown.
    fn from_part(part: &str) -> Self {
        match part.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
            Some(what) if !what.contains('}') => Self::Unknown(what.to_owned()),
            _ => Self::Text(part.to_owned()),
        }
    }
}

/// A text taken apart, but never inside of what is unknown.
fn parts<'t>(text: &'t str, delimiter: &str) -> Vec<&'t str> {
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("${")
            && let Some(end) = rest.find('}')
        {
            at += end + 1;
        } else if rest.starts_with(delimiter) {
            parts.push(text.get(start..at).unwrap_or_default());
            at += delimiter.len();
            start = at;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn unknowns_are_never_taken_apart() {
        assert_eq!(parts("a.b", "."), ["a", "b"]);
        assert_eq!(parts("a.${C.Arn}.b", "."), ["a", "${C.Arn}", "b"]);
        assert_eq!(parts("", ","), [""]);
        assert_eq!(parts("ä,,", ","), ["ä", "", ""]);
        assert_eq!(parts("${open.b", "."), ["${open", "b"]);
    }
}
