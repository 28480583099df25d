//! What does not fit, as a tree and as the text of santhosh-tekuri/jsonschema v6.
//!
//! The validator gives single errors, each with the way through the schema that led to it.
//! Those ways are put together into a tree of schemas again: a schema with more than one error becomes a group,
//! and its errors come in the order in which Go's validator looks at keywords.
//! Where Go's order is that of a map, ours is sorted.

use std::collections::BTreeMap;
use std::fmt;

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;

use super::words;

/// What does not fit.
#[derive(Debug)]
pub(super) struct Report {
    causes: Vec<Item>,
}

/// Properties below the place of an error that it is about.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    pub(super) missing: Vec<String>,
    pub(super) unexpected: Vec<String>,
}

/// An error that has none below it.
pub(super) struct Leaf {
    /// A JSON pointer into the values.
    pub(super) location: String,
    pub(super) message: String,
    pub(super) names: Names,
}

/// One error, or a group of them.
#[derive(Debug)]
pub(super) struct Item {
    /// A JSON pointer into the values.
    location: String,
    message: String,
    causes: Vec<Self>,
    /// A `$ref`, which is not shown when it has one cause.
    reference: bool,
    /// The properties that should be there, or should not.
    names: Names,
}

impl Item {
    fn new(location: impl Into<String>, message: impl Into<String>, causes: Vec<Self>) -> Self {
        Self { location: location.into(), message: message.into(), causes, reference: false, names: Names::default() }
    }
}

impl Report {
    /// The report on what a validator found, given the schema it used.
    pub(super) fn new<'a>(errors: impl Iterator<Item = ValidationError<'a>>, schema: &Value) -> Self {
        let mut root = Node::default();
        for error in errors {
            root.add(&error, 0, 0, schema);
        }
        Self { causes: root.into_items() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.causes.is_empty()
    }

    /// The innermost errors.
    pub(super) fn leaves(&self) -> Vec<Leaf> {
        let mut leaves = Vec::new();
        let mut pending: Vec<&Item> = self.causes.iter().rev().collect();
        while let Some(item) = pending.pop() {
            if item.causes.is_empty() {
                leaves.push(Leaf {
                    location: item.location.clone(),
                    message: item.message.clone(),
                    names: item.names.clone(),
                });
            }
            pending.extend(item.causes.iter().rev());
        }
        leaves
    }
}

impl fmt::Display for Report {
    /// A line for each error, the last line's break included.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pending: Vec<(&Item, usize)> = self.causes.iter().rev().map(|item| (item, 0)).collect();
        while let Some((item, indent)) = pending.pop() {
            let shown = !item.reference || item.causes.len() != 1;
            if shown {
                let location = words::quoted(&item.location);
                let width = indent * 2;
                writeln!(formatter, "{:width$}- at {location}: {}", "", item.message)?;
            }
            let indent = indent + usize::from(shown);
            pending.extend(item.causes.iter().rev().map(|cause| (cause, indent)));
        }
        Ok(())
    }
}

/// What one schema found at one place of the values, in the order of its keywords.
#[derive(Debug, Default)]
struct Node {
    location: String,
    found: BTreeMap<Key, Found>,
}

/// The rank of the keyword, then what tells several errors of one keyword apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    rank: usize,
    number: usize,
    name: String,
    keyword: String,
}

#[derive(Debug)]
enum Found {
    Item(Item),
    /// Missing properties come one by one and are shown together.
    Missing(Vec<String>),
    /// A schema for a part of the value, or a conditional one for the same value.
    Schema(Node),
    /// A schema that is referred to.
    Reference(Node),
    /// The schemas of an `allOf`.
    All(BTreeMap<usize, Node>),
}

/// Keywords in the order in which Go's validator looks at them. Nothing follows one of the first five.
const ORDER: [&str; 39] = [
    "falseSchema",
    "type",
    "const",
    "enum",
    "format",
    "$ref",
    "minProperties",
    "maxProperties",
    "required",
    "dependencies",
    "properties",
    "additionalProperties",
    "propertyNames",
    "dependentSchemas",
    "dependentRequired",
    "minItems",
    "maxItems",
    "uniqueItems",
    "items",
    "additionalItems",
    "contains",
    "minContains",
    "maxContains",
    "minLength",
    "maxLength",
    "pattern",
    "contentEncoding",
    "contentMediaType",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "$recursiveRef",
    "$dynamicRef",
    "not",
    "allOf",
    "anyOf",
    "oneOf",
];
const EXCLUSIVE: usize = 5;

fn rank(keyword: &str) -> usize {
    ORDER.iter().position(|candidate| *candidate == keyword).unwrap_or(ORDER.len())
}

/// How a keyword leads to a schema below.
struct Step {
    /// Segments of the way through the schema.
    schema_segments: usize,
    /// Whether the schema is for a part of the value.
    into_value: bool,
    /// The keyword whose turn it is.
    rank_of: &'static str,
}

fn step(keyword: &str, next_is_number: bool) -> Option<Step> {
    let (schema_segments, into_value, rank_of) = match keyword {
        "properties" | "patternProperties" => (2, true, "properties"),
        "additionalProperties" => (1, true, "properties"),
        "unevaluatedProperties" => (1, true, "unevaluatedProperties"),
        "unevaluatedItems" => (1, true, "unevaluatedItems"),
        "prefixItems" => (2, true, "items"),
        "items" => (1 + usize::from(next_is_number), true, "items"),
        "additionalItems" => (1, true, "additionalItems"),
        "dependentSchemas" => (2, false, "dependentSchemas"),
        "dependencies" => (2, false, "dependencies"),
        "then" | "else" => (1, false, "if"),
        _ => return None,
    };
    Some(Step { schema_segments, into_value, rank_of })
}

impl Node {
    fn at(location: String) -> Self {
        Self { location, found: BTreeMap::new() }
    }

    /// Files an error; so many segments of the ways through schema and values lie behind already.
    fn add(&mut self, error: &ValidationError<'_>, way_done: usize, value_done: usize, schema: &Value) {
        let way = segments(error.evaluation_path().as_str());
        let Some(keyword) = way.get(way_done).map(String::as_str) else {
            // A schema that is `false`.
            self.put("falseSchema", "", Found::Item(leaf(error, &self.location)));
            return;
        };
        let ends_with = |segments: usize| {
            let length = way_done + segments;
            way.len() < length || (way.len() == length && !matches!(error.kind(), Kind::FalseSchema))
        };
        match keyword {
            "$ref" | "$dynamicRef" | "$recursiveRef" if !ends_with(1) => {
                let location = self.location.clone();
                let key = key(keyword, "", "");
                let found = self.found.entry(key).or_insert_with(|| Found::Reference(Self::at(location)));
                if let Found::Reference(node) = found {
                    node.add(error, way_done + 1, value_done, schema);
                }
            }
            "allOf" if !ends_with(2) => {
                let location = self.location.clone();
                let index = way.get(way_done + 1).and_then(|index| index.parse().ok());
                let key = key(keyword, "", "");
                let found = self.found.entry(key).or_insert_with(|| Found::All(BTreeMap::new()));
                if let Found::All(nodes) = found {
                    let node = nodes.entry(index.unwrap_or(0)).or_insert_with(|| Self::at(location));
                    node.add(error, way_done + 2, value_done, schema);
                }
            }
            _ => {
                let next_is_number = way.get(way_done + 1).is_some_and(|next| next.parse::<usize>().is_ok());
                match step(keyword, next_is_number) {
                    Some(step) if !ends_with(step.schema_segments) => {
                        self.descend(error, &step, way_done, value_done, schema);
                    }
                    _ => self.add_own(error, keyword, schema),
                }
            }
        }
    }

    fn descend(
        &mut self,
        error: &ValidationError<'_>,
        step: &Step,
        way_done: usize,
        value_done: usize,
        schema: &Value,
    ) {
        let way = segments(error.evaluation_path().as_str());
        let value = segments(error.instance_path().as_str());
        let through = way.get(way_done..way_done + step.schema_segments).unwrap_or_default().join("/");
        let (location, name, value_done) = match value.get(value_done) {
            Some(part) if step.into_value => {
                (format!("{}/{}", self.location, escape(part)), part.as_str(), value_done + 1)
            }
            _ => (self.location.clone(), "", value_done),
        };
        let key = key(step.rank_of, name, &through);
        let found = self.found.entry(key).or_insert_with(|| Found::Schema(Self::at(location)));
        if let Found::Schema(node) = found {
            node.add(error, way_done + step.schema_segments, value_done, schema);
        }
    }

    /// Files an error of a keyword of this very schema.
    fn add_own(&mut self, error: &ValidationError<'_>, keyword: &str, schema: &Value) {
        match error.kind() {
            Kind::Required { property } if keyword == "required" => {
                let name = property.as_str().unwrap_or_default().to_owned();
                let key = key(keyword, "", "");
                let found = self.found.entry(key).or_insert_with(|| Found::Missing(Vec::new()));
                if let Found::Missing(names) = found {
                    names.push(name);
                }
            }
            Kind::Required { .. } => self.add_dependent(error, keyword, schema),
            Kind::UnevaluatedProperties { unexpected } | Kind::UnevaluatedItems { unexpected } => {
                for name in unexpected {
                    let location = format!("{}/{}", self.location, escape(name));
                    let item = Item::new(location, "false schema", Vec::new());
                    self.put(keyword, name, Found::Item(item));
                }
            }
            Kind::PropertyNames { error: inner } => {
                let name = inner.instance().as_str().unwrap_or_default();
                let mut node = Self::default();
                let way_done = segments(error.evaluation_path().as_str())
                    .iter()
                    .position(|segment| segment == "propertyNames")
                    .map_or(0, |position| position + 1);
                node.add(inner, way_done, 0, schema);
                let message = format!("invalid propertyName {}", words::quoted(name));
                // Go checks names apart from the value that they stand in.
                let item = Item::new("", message, node.into_items());
                self.put(keyword, name, Found::Item(item));
            }
            Kind::AnyOf { context } => {
                let message = "'anyOf' failed";
                let item = Item::new(&self.location, message, self.branches(error, context, schema));
                self.put(keyword, "", Found::Item(item));
            }
            Kind::OneOfNotValid { context } => {
                let message = "'oneOf' failed, none matched";
                let item = Item::new(&self.location, message, self.branches(error, context, schema));
                self.put(keyword, "", Found::Item(item));
            }
            _ => self.put(keyword, "", Found::Item(leaf(error, &self.location))),
        }
    }

    /// What each alternative found.
    fn branches(
        &self,
        error: &ValidationError<'_>,
        context: &[Vec<ValidationError<'static>>],
        schema: &Value,
    ) -> Vec<Item> {
        let way_done = segments(error.evaluation_path().as_str()).len() + 1;
        let value_done = segments(error.instance_path().as_str()).len();
        let branches = context.iter().filter(|errors| !errors.is_empty()).map(|errors| {
            let mut node = Self::at(self.location.clone());
            for error in errors {
                node.add(error, way_done, value_done, schema);
            }
            node.into_item()
        });
        branches.flatten().collect()
    }

    /// Properties that others require; the error does not say which, so the schema is asked again.
    fn add_dependent(&mut self, error: &ValidationError<'_>, keyword: &str, schema: &Value) {
        let rules = schema.pointer(error.schema_path().as_str()).and_then(Value::as_object);
        let (Some(rules), Some(object)) = (rules, error.instance().as_object()) else {
            self.put(keyword, "", Found::Item(leaf(error, &self.location)));
            return;
        };
        for (property, required) in rules {
            let (Some(required), true) = (required.as_array(), object.contains_key(property)) else {
                continue;
            };
            let missing = required.iter().filter_map(Value::as_str);
            let missing: Vec<_> = missing.filter(|name| !object.contains_key(*name)).collect();
            if !missing.is_empty() {
                let message = words::dependent(property, &missing);
                let item = Item::new(&self.location, message, Vec::new());
                self.put(keyword, property, Found::Item(item));
            }
        }
    }

    fn put(&mut self, keyword: &str, name: &str, found: Found) {
        self.found.insert(key(keyword, name, ""), found);
    }

    /// The errors in order.
    fn into_items(self) -> Vec<Item> {
        let mut items = Vec::new();
        for (key, found) in self.found {
            let location = self.location.as_str();
            match found {
                Found::Item(item) => items.push(item),
                Found::Missing(names) => {
                    let mut item = Item::new(location, words::missing(&names), Vec::new());
                    item.names.missing = names;
                    items.push(item);
                }
                Found::Schema(node) => items.extend(node.into_item()),
                Found::Reference(node) => {
                    let mut item = Item::new(location, "validation failed", node.into_items());
                    item.reference = true;
                    items.push(item);
                }
                Found::All(nodes) => {
                    let causes = nodes.into_values().filter_map(Self::into_item).collect();
                    items.push(Item::new(location, "'allOf' failed", causes));
                }
            }
            if key.rank < EXCLUSIVE {
                break;
            }
        }
        items
    }

    /// The one error, or the group of them.
    fn into_item(self) -> Option<Item> {
        let location = self.location.clone();
        let mut items = self.into_items();
        if items.len() > 1 {
            return Some(Item::new(location, "validation failed", items));
        }
        items.pop()
    }
}

fn key(keyword: &str, name: &str, through: &str) -> Key {
    Key { rank: rank(keyword), number: name.parse().unwrap_or(0), name: name.to_owned(), keyword: through.to_owned() }
}

fn leaf(error: &ValidationError<'_>, location: &str) -> Item {
    let mut item = Item::new(location, words::message(error), Vec::new());
    if let Kind::AdditionalProperties { unexpected } = error.kind() {
        item.names.unexpected.clone_from(unexpected);
    }
    item
}

/// The unescaped segments of a JSON pointer.
pub(super) fn segments(pointer: &str) -> Vec<String> {
    let segments = pointer.split('/').skip(1);
    segments.map(|segment| segment.replace("~1", "/").replace("~0", "~")).collect()
}

fn escape(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1")
}

/// JSON's word for what a value is, as Go's validator says it.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Types in the order in which Go's validator lists them.
pub(super) const TYPES: [JsonType; 7] = [
    JsonType::Null,
    JsonType::Boolean,
    JsonType::Number,
    JsonType::Integer,
    JsonType::String,
    JsonType::Array,
    JsonType::Object,
];
