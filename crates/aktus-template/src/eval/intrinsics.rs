//! One function per intrinsic.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::cidr;
use super::{EvaluateError, Pseudo, Value};
use crate::model::{Expr, Template, Token, tokens};

/// What an expression can see.
pub(super) struct Scope<'a> {
    pub(super) template: &'a Template,
    pub(super) parameters: BTreeMap<&'a str, Value>,
    pub(super) pseudo: &'a Pseudo,
    pub(super) conditions: IndexMap<String, bool>,
}

impl Scope<'_> {
    /// Whether a resource exists under these parameters.
    pub(super) fn exists(&self, resource: &str) -> bool {
        self.template.resources.get(resource).is_some_and(|found| self.holds(found.condition.as_deref()))
    }

    /// Whether a condition holds; none always does.
    pub(super) fn holds(&self, condition: Option<&str>) -> bool {
        condition.is_none_or(|name| self.conditions.get(name).copied().unwrap_or(false))
    }

    /// The value of an expression; `place` names it in errors.
    pub(super) fn value(&self, expr: &Expr, place: &str) -> Result<Value, EvaluateError> {
        match expr {
            Expr::Bool(value) => Ok(Value::Bool(*value)),
            Expr::Integer(value) => Ok(Value::Integer(*value)),
            Expr::Text(text) => Ok(Value::Text(text.clone())),
            Expr::List(items) => self.list(items, place),
            Expr::Map(entries) => self.map(entries, place),
            Expr::Ref(name) => self.reference(name, place),
            Expr::GetAtt(resource, attribute) => self.attribute(resource, attribute, place),
            Expr::Sub(template, variables) => self.sub(template, variables, place),
            Expr::Join(delimiter, items) => self.join(delimiter, items, place),
            Expr::Select(index, items) => self.select(index, items, place),
            Expr::Split(delimiter, text) => self.split(delimiter, text, place),
            Expr::If(condition, then, otherwise) => {
                if !self.conditions.contains_key(condition) {
                    return Err(EvaluateError::Dangling { place: place.to_owned(), name: condition.clone() });
                }
                self.value(if self.holds(Some(condition)) { then } else { otherwise }, place)
            }
            Expr::Cidr(block, count, bits) => self.cidr(block, count, bits, place),
            Expr::GetAzs(region) => {
                let region = self.text(region, place, "Fn::GetAZs")?;
                let region = if region.is_empty() { self.pseudo.region.clone() } else { region };
                let zone = |index: usize| Value::Unknown(format!("zone {index} of {region}"));
                Ok(Value::List((1..=3).map(zone).collect()))
            }
        }
    }

    /// A list; `AWS::NoValue` items are left out.
    fn list(&self, items: &[Expr], place: &str) -> Result<Value, EvaluateError> {
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            match self.value(item, place)? {
                Value::NoValue => {}
                value => values.push(value),
            }
        }
        Ok(Value::List(values))
    }

    /// A map; entries with `AWS::NoValue` are left out.
    pub(super) fn map(&self, entries: &IndexMap<String, Expr>, place: &str) -> Result<Value, EvaluateError> {
        let mut values = IndexMap::with_capacity(entries.len());
        for (key, entry) in entries {
            match self.value(entry, &format!("{place}.{key}"))? {
                Value::NoValue => {}
                value => {
                    values.insert(key.clone(), value);
                }
            }
        }
        Ok(Value::Map(values))
    }

    fn reference(&self, name: &str, place: &str) -> Result<Value, EvaluateError> {
        if let Some(value) = self.parameters.get(name) {
            return Ok(value.clone());
        }
        let text = match name {
            "AWS::AccountId" => &self.pseudo.account_id,
            "AWS::Partition" => &self.pseudo.partition,
            "AWS::Region" => &self.pseudo.region,
            "AWS::StackName" => &self.pseudo.stack_name,
            "AWS::URLSuffix" => &self.pseudo.url_suffix,
            "AWS::NoValue" => return Ok(Value::NoValue),
            "AWS::StackId" | "AWS::NotificationARNs" => return Ok(Value::Unknown(name.to_owned())),
            resource => {
                return self.resource(resource, place).map(|()| Value::Unknown(resource.to_owned()));
            }
        };
        Ok(Value::Text(text.clone()))
    }

    fn attribute(&self, resource: &str, attribute: &str, place: &str) -> Result<Value, EvaluateError> {
        self.resource(resource, place)?;
        Ok(Value::Unknown(format!("{resource}.{attribute}")))
    }

    fn resource(&self, name: &str, place: &str) -> Result<(), EvaluateError> {
        if self.exists(name) {
            return Ok(());
        }
        Err(EvaluateError::Dangling { place: place.to_owned(), name: name.to_owned() })
    }

    fn sub(&self, template: &str, variables: &IndexMap<String, Expr>, place: &str) -> Result<Value, EvaluateError> {
        let mut text = String::new();
        for token in tokens(template) {
            match token {
                Token::Text(part) => text.push_str(part),
                Token::Literal(name) => text.extend(["${", name, "}"]),
                Token::Variable(name) => {
                    let value = match (variables.get(name), name.split_once('.')) {
                        (Some(own), _) => self.value(own, place)?,
                        (None, Some((resource, attribute))) => self.attribute(resource, attribute, place)?,
                        (None, None) => self.reference(name, place)?,
                    };
                    let part = value.as_text().ok_or_else(|| EvaluateError::Intrinsic {
                        place: place.to_owned(),
                        function: "Fn::Sub",
                        problem: format!("cannot put `{name}` into text: it is a list or a map"),
                    })?;
                    text.push_str(&part);
                }
            }
        }
        Ok(Value::Text(text))
    }

    fn join(&self, delimiter: &str, items: &Expr, place: &str) -> Result<Value, EvaluateError> {
        let parts: Option<Vec<_>> = self.items(items, place, "Fn::Join")?.iter().map(Value::as_text).collect();
        let parts = parts.ok_or_else(|| EvaluateError::Intrinsic {
            place: place.to_owned(),
            function: "Fn::Join",
            problem: "can only join text".to_owned(),
        })?;
        Ok(Value::Text(parts.join(delimiter)))
    }

    fn select(&self, index: &Expr, items: &Expr, place: &str) -> Result<Value, EvaluateError> {
        let index = self.text(index, place, "Fn::Select")?;
        let mut items = self.items(items, place, "Fn::Select")?;
        match index.parse::<usize>() {
            Ok(number) if number < items.len() => Ok(items.swap_remove(number)),
            _ => Err(EvaluateError::Select { place: place.to_owned(), index, length: items.len() }),
        }
    }

    fn split(&self, delimiter: &str, text: &Expr, place: &str) -> Result<Value, EvaluateError> {
        if let Value::Unknown(what) = self.value(text, place)? {
            // Nobody knows how many parts; those that templates ask for are named.
            let part = |index: usize| Value::Unknown(format!("part {index} of {what}"));
            return Ok(Value::List((0..8).map(part).collect()));
        }
        let text = self.text(text, place, "Fn::Split")?;
        if delimiter.is_empty() {
            return Err(EvaluateError::Intrinsic {
                place: place.to_owned(),
                function: "Fn::Split",
                problem: "needs a delimiter".to_owned(),
            });
        }
        Ok(Value::List(text.split(delimiter).map(|part| Value::Text(part.to_owned())).collect()))
    }

    fn cidr(&self, block: &Expr, count: &Expr, bits: &Expr, place: &str) -> Result<Value, EvaluateError> {
        let [block, count, bits] = [
            self.text(block, place, "Fn::Cidr")?,
            self.text(count, place, "Fn::Cidr")?,
            self.text(bits, place, "Fn::Cidr")?,
        ];
        let numbers = count.parse().ok().zip(bits.parse().ok());
        let blocks = numbers.and_then(|(count, bits)| cidr::blocks(&block, count, bits));
        let blocks = blocks.ok_or_else(|| EvaluateError::Intrinsic {
            place: place.to_owned(),
            function: "Fn::Cidr",
            problem: format!("cannot make {count} blocks with {bits} host bits out of `{block}`"),
        })?;
        Ok(Value::List(blocks.into_iter().map(Value::Text).collect()))
    }

    fn text(&self, expr: &Expr, place: &str, function: &'static str) -> Result<String, EvaluateError> {
        self.value(expr, place)?.as_text().ok_or_else(|| EvaluateError::Intrinsic {
            place: place.to_owned(),
            function,
            problem: "expected text".to_owned(),
        })
    }

    fn items(&self, expr: &Expr, place: &str, function: &'static str) -> Result<Vec<Value>, EvaluateError> {
        match self.value(expr, place)? {
            Value::List(items) => Ok(items),
            _ => Err(EvaluateError::Intrinsic {
                place: place.to_owned(),
                function,
                problem: "expected a list".to_owned(),
            }),
        }
    }
}
