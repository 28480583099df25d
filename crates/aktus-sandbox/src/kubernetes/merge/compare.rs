//! Which fields differ between two objects?

use serde_json::Value;

use super::{Shape, element_of, equal, shape_of};
use crate::kubernetes::fields::{Element, FieldSet};
use crate::kubernetes::schema::{Items, Schema, TypeId};

/// The fields that one object has, has not, or has with another value than the other.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    /// Only in the left object.
    pub(crate) removed: FieldSet,
    /// In both, with different values.
    pub(crate) modified: FieldSet,
    /// Only in the right object.
    pub(crate) added: FieldSet,
}

/// Compares `right` with `left`.
pub(crate) fn compare(schema: &Schema, id: TypeId, left: &Value, right: &Value) -> Comparison {
    let mut walk = Walk { schema, path: Vec::new(), out: Comparison::default() };
    walk.pair(id, Some(left), Some(right));
    walk.out
}

struct Walk<'a> {
    schema: &'a Schema,
    path: Vec<Element>,
    out: Comparison,
}

impl Walk<'_> {
    fn pair(&mut self, id: TypeId, left: Option<&Value>, right: Option<&Value>) {
        let Some(present) = right.or(left) else { return };
        // Null takes the form of the other side.
        let model = match (left, right) {
            (Some(left), Some(Value::Null)) => left,
            _ => present,
        };
        match (shape_of(self.schema, id, model), as_map(left), as_map(right)) {
            (Shape::Map, Some(a), Some(b)) if a.is_some() || b.is_some() => {
                let empty = a.is_none_or(serde_json::Map::is_empty) && b.is_none_or(serde_json::Map::is_empty);
                if empty {
                    self.leaf(left, right);
                    return;
                }
                for (name, value) in a.into_iter().flatten() {
                    self.child(id, name, Some(value), b.and_then(|b| b.get(name)));
                }
                for (name, value) in b.into_iter().flatten() {
                    if a.is_none_or(|a| !a.contains_key(name)) {
                        self.child(id, name, None, Some(value));
                    }
                }
                self.whole(left, right);
            }
            (Shape::List { item, items }, _, _) => {
                let (a, b) = (as_list(left), as_list(right));
                if a.is_empty() && b.is_empty() {
                    self.leaf(left, right);
                    return;
                }
                self.lists(item, items, a, b);
                self.whole(left, right);
            }
            _ => self.leaf(left, right),
        }
    }

    fn child(&mut self, id: TypeId, name: &str, left: Option<&Value>, right: Option<&Value>) {
        self.path.push(Element::Field(name.to_owned()));
        match self.schema.field(id, name) {
            Some(below) => self.pair(below, left, right),
            None => self.leaf(left, right),
        }
        self.path.pop();
    }

    fn lists(&mut self, item: TypeId, items: &Items, left: &[Value], right: &[Value]) {
        let index = |list: &[Value]| -> Vec<(Element, usize)> {
            list.iter()
                .enumerate()
                .filter_map(|(at, value)| Some((element_of(self.schema, item, items, value).ok()?, at)))
                .collect()
        };
        let (left_elements, right_elements) = (index(left), index(right));
        let mut all: Vec<&Element> = Vec::new();
        for (element, _) in left_elements.iter().chain(&right_elements) {
            if !all.contains(&element) {
                all.push(element);
            }
        }
        for element in all {
            let find = |elements: &[(Element, usize)], list: &[Value]| -> Vec<Value> {
                elements
                    .iter()
                    .filter(|(other, _)| other == element)
                    .filter_map(|(_, at)| list.get(*at).cloned())
                    .collect()
            };
            let (lefts, rights) = (find(&left_elements, left), find(&right_elements, right));
            self.path.push(element.clone());
            match (lefts.as_slice(), rights.as_slice()) {
                ([] | [_], [] | [_]) => self.pair(item, lefts.first(), rights.first()),
                ([_, _, ..], [_, _, ..]) => {
                    if !equal(&Value::Array(lefts.clone()), &Value::Array(rights.clone())) {
                        self.out.modified.insert(&self.path);
                    }
                }
                ([_, _, ..], _) => {
                    if let Some(right) = rights.first() {
                        self.pair(item, None, Some(right));
                    }
                    self.out.removed.insert(&self.path);
                }
                (_, _) => {
                    if let Some(left) = lefts.first() {
                        self.pair(item, Some(left), None);
                    }
                    self.out.added.insert(&self.path);
                }
            }
            self.path.pop();
        }
    }

    fn leaf(&mut self, left: Option<&Value>, right: Option<&Value>) {
        match (left, right) {
            (Some(left), Some(right)) => {
                if !equal(left, right) {
                    self.out.modified.insert(&self.path);
                }
            }
            _ => self.whole(left, right),
        }
    }

    fn whole(&mut self, left: Option<&Value>, right: Option<&Value>) {
        match (left, right) {
            (None, Some(_)) => self.out.added.insert(&self.path),
            (Some(_), None) => self.out.removed.insert(&self.path),
            _ => {}
        }
    }
}

/// The map a value is: absent and null values are no map but fit one; `None` where it cannot be.
#[expect(clippy::option_option, reason = "absent map and wrong kind differ")]
fn as_map(value: Option<&Value>) -> Option<Option<&serde_json::Map<String, Value>>> {
    match value {
        None | Some(Value::Null) => Some(None),
        Some(Value::Object(map)) => Some(Some(map)),
        Some(_) => None,
    }
}

fn as_list(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(list)) => list,
        _ => &[],
    }
}
