//! Frozen trees of values: building, merging, and to and from JSON.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use aktus_gotmpl::{Frozen, FrozenMap, Str};
use aktus_yaml::{Build, Json, Shape, Target, Tree, WriteError};

/// Builds values as Go's `yaml.Unmarshal` and `json.Unmarshal` do: every number is a `float64`.
pub(crate) struct ValuesBuilder;

impl Build for ValuesBuilder {
    type Value = Frozen;
    type List = Vec<Frozen>;
    type Map = Vec<(Str, Frozen)>;

    fn null(&mut self) -> Frozen {
        Frozen::Nil
    }
    fn bool(&mut self, value: bool) -> Frozen {
        Frozen::Bool(value)
    }
    #[expect(clippy::cast_precision_loss, reason = "Go rounds to float64 too")]
    fn int(&mut self, value: i64) -> Frozen {
        Frozen::Float(value as f64)
    }
    #[expect(clippy::cast_precision_loss, reason = "Go rounds to float64 too")]
    fn uint(&mut self, value: u64) -> Frozen {
        Frozen::Float(value as f64)
    }
    fn float(&mut self, value: f64) -> Frozen {
        Frozen::Float(value)
    }
    fn string(&mut self, value: Cow<'_, str>) -> Frozen {
        Frozen::String(value.into())
    }
    fn list(&mut self, length: usize) -> Vec<Frozen> {
        Vec::with_capacity(length)
    }
    fn push(&mut self, list: &mut Vec<Frozen>, item: Frozen) {
        list.push(item);
    }
    fn end_list(&mut self, list: Vec<Frozen>) -> Frozen {
        Frozen::list(list)
    }
    fn map(&mut self, length: usize) -> Self::Map {
        Vec::with_capacity(length)
    }
    fn insert(&mut self, map: &mut Self::Map, key: Cow<'_, str>, value: Frozen) {
        map.push((key.into(), value));
    }
    fn end_map(&mut self, map: Self::Map) -> Frozen {
        Frozen::map(map)
    }
}

/// Helm's `MergeMaps`: maps merge, everything else of `over` replaces what is there.
pub(crate) fn merge_maps(base: &Arc<FrozenMap>, over: &Arc<FrozenMap>) -> Arc<FrozenMap> {
    if base.is_empty() {
        return Arc::clone(over);
    }
    if over.is_empty() {
        return Arc::clone(base);
    }
    let mut merged: BTreeMap<Str, Frozen> = base.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    for (key, value) in over.iter() {
        let value = match (merged.get(key), value) {
            (Some(Frozen::Map(below)), Frozen::Map(above)) => Frozen::Map(merge_maps(below, above)),
            _ => value.clone(),
        };
        merged.insert(key.clone(), value);
    }
    Arc::new(merged.into_iter().collect())
}

/// A frozen tree for the YAML and JSON writers.
struct Written<'a>(&'a Frozen);

impl Tree for Written<'_> {
    fn shape<R>(&self, _: Target, look: impl FnOnce(Shape<'_, Self>) -> R) -> R {
        match self.0 {
            Frozen::Nil => look(Shape::Null),
            Frozen::Bool(value) => look(Shape::Bool(*value)),
            Frozen::Int(value) | Frozen::Int64(value) => look(Shape::Int(*value)),
            Frozen::Uint64(value) => look(Shape::Uint(*value)),
            Frozen::Float(value) => look(Shape::Float(*value)),
            Frozen::String(text) => look(Shape::String(Cow::Borrowed(text.as_bytes()))),
            Frozen::List(list) => look(Shape::List(&mut list.items().iter().map(Written))),
            Frozen::Map(map) => {
                look(Shape::Map(&mut map.iter().map(|(key, value)| (Cow::Borrowed(key.as_bytes()), Written(value)))))
            }
        }
    }
}

/// The YAML that sigs.k8s.io/yaml makes of a tree, the final line break included.
pub(crate) fn write_yaml(tree: &Frozen) -> Result<String, WriteError> {
    aktus_yaml::write_v2(Written(tree))
}

/// The tree of a YAML document, every number a `float64`.
pub(crate) fn from_yaml(value: &Json) -> Frozen {
    let mut builder = ValuesBuilder;
    match value {
        Json::Null => Frozen::Nil,
        Json::Bool(value) => Frozen::Bool(*value),
        Json::Int(value) => builder.int(*value),
        Json::Uint(value) => builder.uint(*value),
        Json::Float(value) => Frozen::Float(*value),
        Json::String(text) => Frozen::String(text.into()),
        Json::List(items) => Frozen::list(items.iter().map(from_yaml)),
        Json::Map(entries) => Frozen::map(entries.iter().map(|(key, value)| (Str::from(key), from_yaml(value)))),
    }
}

/// The tree of a JSON value, every number a `float64`.
pub(crate) fn from_json(value: &serde_json::Value) -> Frozen {
    use serde_json::Value;
    match value {
        Value::Null => Frozen::Nil,
        Value::Bool(value) => Frozen::Bool(*value),
        Value::Number(number) => Frozen::Float(number.as_f64().unwrap_or_default()),
        Value::String(text) => Frozen::String(text.into()),
        Value::Array(items) => Frozen::list(items.iter().map(from_json)),
        Value::Object(entries) => Frozen::map(entries.iter().map(|(key, value)| (Str::from(key), from_json(value)))),
    }
}

/// The tree as JSON; bytes that are not UTF-8 become U+FFFD, as in Go.
pub(crate) fn to_json(value: &Frozen) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Frozen::Nil => Value::Null,
        Frozen::Bool(value) => Value::Bool(*value),
        Frozen::Int(value) | Frozen::Int64(value) => (*value).into(),
        Frozen::Uint64(value) => (*value).into(),
        Frozen::Float(value) => number(*value),
        Frozen::String(text) => Value::String(text.to_text().into_owned()),
        Frozen::List(list) => Value::Array(list.items().iter().map(to_json).collect()),
        Frozen::Map(map) => {
            Value::Object(map.iter().map(|(key, value)| (key.to_text().into_owned(), to_json(value))).collect())
        }
    }
}

/// The number that Go's text of a `float64` reads back as: whole when it has no fraction.
fn number(value: f64) -> serde_json::Value {
    let Some(text) = aktus_yaml::json::format_float(value) else {
        return serde_json::Value::Null;
    };
    if let Ok(whole) = text.parse::<i64>() {
        return whole.into();
    }
    if let Ok(whole) = text.parse::<u64>() {
        return whole.into();
    }
    value.into()
}
