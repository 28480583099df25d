//! A neutral tree for those who have none of their own.

use crate::build::Build;
use crate::tree::{Shape, Target, Tree};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What JSON can say, with whole numbers kept whole; maps are sorted by key as Go sorts them.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number above [`i64::MAX`].
    Uint(u64),
    /// Any other number.
    Float(f64),
    /// Text.
    String(String),
    /// A list.
    List(Vec<Json>),
    /// A map.
    Map(BTreeMap<String, Json>),
}

/// Builds [`Json`].
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonBuilder;

impl Build for JsonBuilder {
    type Value = Json;
    type List = Vec<Json>;
    type Map = BTreeMap<String, Json>;

    fn null(&mut self) -> Json {
        Json::Null
    }
    fn bool(&mut self, value: bool) -> Json {
        Json::Bool(value)
    }
    fn int(&mut self, value: i64) -> Json {
        Json::Int(value)
    }
    fn uint(&mut self, value: u64) -> Json {
        Json::Uint(value)
    }
    fn float(&mut self, value: f64) -> Json {
        Json::Float(value)
    }
    fn string(&mut self, value: Cow<'_, str>) -> Json {
        Json::String(value.into_owned())
    }
    fn list(&mut self, length: usize) -> Vec<Json> {
        Vec::with_capacity(length)
    }
    fn push(&mut self, list: &mut Vec<Json>, item: Json) {
        list.push(item);
    }
    fn end_list(&mut self, list: Vec<Json>) -> Json {
        Json::List(list)
    }
    fn map(&mut self, _: usize) -> BTreeMap<String, Json> {
        BTreeMap::new()
    }
    fn insert(&mut self, map: &mut BTreeMap<String, Json>, key: Cow<'_, str>, value: Json) {
        map.insert(key.into_owned(), value);
    }
    fn end_map(&mut self, map: BTreeMap<String, Json>) -> Json {
        Json::Map(map)
    }
}

/// Builds [`serde_json::Value`]; whole numbers stay whole.
#[derive(Clone, Copy, Debug, Default)]
pub struct SerdeBuilder;

impl Build for SerdeBuilder {
    type Value = serde_json::Value;
    type List = Vec<serde_json::Value>;
    type Map = serde_json::Map<String, serde_json::Value>;

    fn null(&mut self) -> Self::Value {
        serde_json::Value::Null
    }
    fn bool(&mut self, value: bool) -> Self::Value {
        value.into()
    }
    fn int(&mut self, value: i64) -> Self::Value {
        value.into()
    }
    fn uint(&mut self, value: u64) -> Self::Value {
        value.into()
    }
    fn float(&mut self, value: f64) -> Self::Value {
        value.into()
    }
    fn string(&mut self, value: Cow<'_, str>) -> Self::Value {
        serde_json::Value::String(value.into_owned())
    }
    fn list(&mut self, length: usize) -> Self::List {
        Vec::with_capacity(length)
    }
    fn push(&mut self, list: &mut Self::List, item: Self::Value) {
        list.push(item);
    }
    fn end_list(&mut self, list: Self::List) -> Self::Value {
        serde_json::Value::Array(list)
    }
    fn map(&mut self, _: usize) -> Self::Map {
        serde_json::Map::new()
    }
    fn insert(&mut self, map: &mut Self::Map, key: Cow<'_, str>, value: Self::Value) {
        map.insert(key.into_owned(), value);
    }
    fn end_map(&mut self, map: Self::Map) -> Self::Value {
        serde_json::Value::Object(map)
    }
}

impl Tree for &Json {
    fn shape<R>(&self, _: Target, look: impl FnOnce(Shape<'_, Self>) -> R) -> R {
        match self {
            Json::Null => look(Shape::Null),
            Json::Bool(value) => look(Shape::Bool(*value)),
            Json::Int(value) => look(Shape::Int(*value)),
            Json::Uint(value) => look(Shape::Uint(*value)),
            Json::Float(value) => look(Shape::Float(*value)),
            Json::String(value) => look(Shape::String(value.as_bytes().into())),
            Json::List(items) => look(Shape::List(&mut items.iter())),
            Json::Map(entries) => {
                look(Shape::Map(&mut entries.iter().map(|(key, value)| (key.as_bytes().into(), value))))
            }
        }
    }
}
