//! How do values look to the readers and writers of YAML and JSON?

use std::borrow::Cow;
use std::cell::Cell;

use aktus_yaml::{Build, Shape, Target, Tree, WriteError, json};

use super::yaml::CANNOT_MARSHAL;
use crate::function::{CallError, Context};
use crate::go::strconv::{FloatSize, format_float};
use crate::limits::LimitError;
use crate::value::{Frozen, JsonForm, List, Map, Str, Type, Underlying, Value};

/// Makes values of what is read. Every number becomes a `float64`, as in Go's `encoding/json`.
#[derive(Debug, Default)]
pub(crate) struct ValueBuilder;

impl Build for ValueBuilder {
    type Value = Value;
    type List = Vec<Value>;
    type Map = Vec<(Str, Value)>;

    fn null(&mut self) -> Value {
        Value::Nil
    }

    fn bool(&mut self, value: bool) -> Value {
        Value::Bool(value)
    }

    #[expect(clippy::cast_precision_loss, reason = "Go's float64(n)")]
    fn int(&mut self, value: i64) -> Value {
        Value::Float(value as f64)
    }

    #[expect(clippy::cast_precision_loss, reason = "Go's float64(n)")]
    fn uint(&mut self, value: u64) -> Value {
        Value::Float(value as f64)
    }

    fn float(&mut self, value: f64) -> Value {
        Value::Float(value)
    }

    fn string(&mut self, value: Cow<'_, str>) -> Value {
        Value::String(value.into())
    }

    fn list(&mut self, length: usize) -> Vec<Value> {
        Vec::with_capacity(length)
    }

    fn push(&mut self, list: &mut Vec<Value>, item: Value) {
        list.push(item);
    }

    fn end_list(&mut self, list: Vec<Value>) -> Value {
        Value::List(List::new(list))
    }

    fn map(&mut self, length: usize) -> Vec<(Str, Value)> {
        Vec::with_capacity(length)
    }

    fn insert(&mut self, map: &mut Vec<(Str, Value)>, key: Cow<'_, str>, value: Value) {
        map.push((key.into(), value));
    }

    fn end_map(&mut self, map: Vec<(Str, Value)>) -> Value {
        Value::Map(Map::collect(&Type::Any, map))
    }
}

/// How much may still be written. A small tree that shares its branches can have a text that fills the memory.
struct Budget {
    left: Cell<usize>,
    exceeded: Cell<Option<LimitError>>,
    limit: usize,
}

/// A value to be written.
struct Written<'b> {
    value: Held,
    depth: usize,
    budget: &'b Budget,
}

/// What nobody has looked at is written without being thawed.
enum Held {
    Value(Value),
    Frozen(Frozen),
}

impl<'b> Written<'b> {
    fn inner(&self, value: Value) -> Written<'b> {
        Written { value: Held::Value(value), depth: self.depth + 1, budget: self.budget }
    }

    fn frozen(&self, value: &Frozen) -> Written<'b> {
        Written { value: Held::Frozen(value.clone()), depth: self.depth + 1, budget: self.budget }
    }

    fn look_list<R>(&self, list: &List, target: Target, look: impl FnOnce(Shape<'_, Self>) -> R) -> R {
        match (target, list.as_bytes()) {
            (Target::Json, _) if list.is_nil() => look(Shape::Null),
            (Target::Json, Some(bytes)) => look(Shape::String(data_encoding::BASE64.encode(bytes).into_bytes().into())),
            _ => look(Shape::List(&mut list.iter().map(|item| self.inner(item)))),
        }
    }

    fn look_map<R>(&self, map: &Map, target: Target, look: impl FnOnce(Shape<'_, Self>) -> R) -> R {
        if target == Target::Json && map.is_nil() {
            return look(Shape::Null);
        }
        if let Some(frozen) = map.untouched() {
            let entries = frozen.iter();
            return look(Shape::Map(
                &mut entries.map(|(key, value)| (Cow::Borrowed(key.as_bytes()), self.frozen(value))),
            ));
        }
        let entries = map.entries();
        look(Shape::Map(
            &mut entries.iter().map(|(key, value)| (Cow::Borrowed(key.as_bytes()), self.inner(value.clone()))),
        ))
    }

    fn look_frozen<R>(&self, value: &Frozen, target: Target, look: impl FnOnce(Shape<'_, Self>) -> R) -> R {
        match value {
            Frozen::Nil => look(Shape::Null),
            Frozen::Bool(value) => look(Shape::Bool(*value)),
            Frozen::Int(value) | Frozen::Int64(value) => look(Shape::Int(*value)),
            Frozen::Uint64(value) => look(Shape::Uint(*value)),
            Frozen::Float(value) => look(Shape::Float(*value)),
            Frozen::String(text) => look(Shape::String(Cow::Borrowed(text.as_bytes()))),
            Frozen::Map(map) => look(Shape::Map(
                &mut map.iter().map(|(key, value)| (Cow::Borrowed(key.as_bytes()), self.frozen(value))),
            )),
            Frozen::List(list) => match list.as_any() {
                Some(items) => look(Shape::List(&mut items.iter().map(|item| self.frozen(item)))),
                None => self.look_value(&value.thaw(), target, look),
            },
        }
    }

    fn look_fields<R>(&self, fields: &[(Str, Value)], look: impl FnOnce(Shape<'_, Self>) -> R) -> R {
        look(Shape::Fields(
            &mut fields.iter().map(|(key, value)| (Cow::Borrowed(key.as_bytes()), self.inner(value.clone()))),
        ))
    }
}

impl Tree for Written<'_> {
    fn shape<R>(&self, target: Target, look: impl FnOnce(Shape<'_, Self>) -> R) -> R {
        let budget = self.budget;
        let text = match &self.value {
            Held::Value(value) => value.as_str(),
            Held::Frozen(value) => value.as_str(),
        };
        // Lines are indented by two for each level, or have a bracket for each.
        let size = 8 + 2 * self.depth + text.map_or(0, |text| text.len());
        let problem = if self.depth > Value::DEPTH {
            Some(LimitError::Depth(Value::DEPTH))
        } else if budget.left.get() < size {
            Some(LimitError::Value { wanted: budget.limit as u64 + 1, limit: budget.limit as u64 })
        } else {
            budget.left.set(budget.left.get() - size);
            None
        };
        if let Some(problem) = problem {
            budget.exceeded.set(Some(problem));
            return look(Shape::Unsupported(problem.to_string()));
        }
        match &self.value {
            Held::Value(value) => self.look_value(value, target, look),
            Held::Frozen(value) => self.look_frozen(value, target, look),
        }
    }
}

impl Written<'_> {
    fn look_value<R>(&self, value: &Value, target: Target, look: impl FnOnce(Shape<'_, Self>) -> R) -> R {
        match value {
            Value::Nil => look(Shape::Null),
            Value::Bool(value) => look(Shape::Bool(*value)),
            Value::Float(value) => look(Shape::Float(*value)),
            // The shortest text of a float32 is that of the float64 which that text reads as.
            Value::Float32(value) => {
                let text = format_float(f64::from(*value), b'e', None, FloatSize::Bits32);
                look(Shape::Float(text.parse().unwrap_or(f64::from(*value))))
            }
            Value::Complex(_) => {
                let problem = if target == Target::Json { "json: unsupported type: " } else { CANNOT_MARSHAL };
                look(Shape::Unsupported(format!("{problem}complex128")))
            }
            Value::String(text) => look(Shape::String(Cow::Borrowed(text.as_bytes()))),
            Value::List(list) => self.look_list(list, target, look),
            Value::Map(map) => self.look_map(map, target, look),
            Value::Object(object) => {
                let object = object.get();
                if target == Target::Json {
                    return match object.json() {
                        JsonForm::Value(value) => self.inner(value).shape(target, look),
                        JsonForm::Fields(fields) => self.look_fields(&fields, look),
                        JsonForm::Error(text) => look(Shape::Unsupported(text)),
                    };
                }
                if let Some(text) = object.yaml() {
                    return look(Shape::Plain(text));
                }
                match object.underlying() {
                    Underlying::Map(map) => self.look_map(&map, target, look),
                    Underlying::List(list) => self.look_list(&list, target, look),
                    Underlying::Scalar(value) => self.inner(value).shape(target, look),
                    Underlying::Struct => {
                        let fields: Vec<(Str, Value)> = object
                            .exported_fields()
                            .into_iter()
                            .map(|(name, value)| (Str::from(name.to_lowercase()), value))
                            .collect();
                        self.look_fields(&fields, look)
                    }
                }
            }
            other => match (other.as_int(), other.as_uint()) {
                (Some(value), _) => look(Shape::Int(value)),
                (_, Some(value)) => look(Shape::Uint(value)),
                _ => look(Shape::Null),
            },
        }
    }
}

/// Writes a value within the limits. The inner error is Go's, for callers that turn it into text.
fn write(
    context: &mut Context<'_>,
    value: &Value,
    writer: impl FnOnce(Written<'_>) -> Result<String, WriteError>,
) -> Result<Result<String, String>, CallError> {
    let limit = context.limits().value_bytes;
    let budget = Budget { left: Cell::new(limit), exceeded: Cell::new(None), limit };
    let written = writer(Written { value: Held::Value(value.clone()), depth: 0, budget: &budget });
    if let Some(exceeded) = budget.exceeded.get() {
        return Err(exceeded.into());
    }
    context.step((limit - budget.left.get()) as u64 / 64)?;
    match written {
        Ok(text) => {
            context.spend(text.len())?;
            Ok(Ok(text))
        }
        Err(WriteError::Depth { limit }) => Err(LimitError::Depth(limit).into()),
        Err(error) => Ok(Err(error.to_string())),
    }
}

/// JSON of a value.
pub(crate) fn write_json(
    context: &mut Context<'_>,
    value: &Value,
    style: json::Style,
) -> Result<Result<String, String>, CallError> {
    write(context, value, |tree| json::write(tree, style))
}

/// YAML as `toYaml` lays it out.
pub(super) fn write_yaml(context: &mut Context<'_>, value: &Value) -> Result<Result<String, String>, CallError> {
    write(context, value, |tree| aktus_yaml::write_v2(tree))
}

/// YAML as `toYamlPretty` lays it out.
pub(super) fn write_yaml_pretty(context: &mut Context<'_>, value: &Value) -> Result<Result<String, String>, CallError> {
    write(context, value, |tree| aktus_yaml::write_v3(tree))
}

/// What `encoding/json` says when a value does not fit the Go type it is to be read into.
pub(super) fn does_not_fit(value: &Value, wanted: Type) -> String {
    let found = match value {
        Value::Bool(_) => "bool",
        Value::String(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
        _ => "number",
    };
    format!("json: cannot unmarshal {found} into Go value of type {wanted}")
}
