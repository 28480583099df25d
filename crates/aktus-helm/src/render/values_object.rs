//! `.Values` and `.Template`: a map of a named type, with methods.
//!
//! Upstream: `Values` in Helm's `pkg/chart/common/values.go` (4) and `pkg/chartutil/values.go` (3).
//! Methods come before keys: `.Values.YAML` is the method even where there is a key `YAML`.

use std::borrow::Cow;

use aktus_gotmpl::{
    CallError, Context, JsonForm, Kind, LimitError, Map, Method, NamedType, Object, ObjectRef, Operand, Parameter,
    Profile, Str, Type, Underlying, Value, methods,
};
use aktus_yaml::{Shape, Target, Tree};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::values::{path_value, table};

static HELM_3: NamedType = NamedType { name: "chartutil.Values", kind: Kind::Map, underlying: Some(Type::ANY_MAP) };
static HELM_4: NamedType = NamedType { name: "common.Values", kind: Kind::Map, underlying: Some(Type::ANY_MAP) };

/// A `Values` around a map, which it shares.
#[derive(Debug)]
pub(super) struct ValuesObject {
    map: Map,
    profile: Profile,
}

impl ValuesObject {
    pub(super) fn value(map: Map, profile: Profile) -> Value {
        Value::object(Self { map, profile })
    }

    fn as_map(&self) -> Map {
        if self.map.is_empty() { Map::new() } else { self.map.clone() }
    }

    fn table(&self, path: &Str) -> Result<ObjectRef, CallError> {
        match table(&self.map, &path.to_text()) {
            Some(map) => Ok(ObjectRef::new(Self { map, profile: self.profile })),
            None => Err(CallError::new(format!("{} is not a table", quoted(&self.missing(path))))),
        }
    }

    /// The first name on the path that is no table.
    fn missing(&self, path: &Str) -> String {
        let mut current = self.map.clone();
        for name in path.to_text().split('.') {
            match current.get(name.as_bytes()).and_then(|value| value.as_map()) {
                Some(map) => current = map,
                None => return name.to_owned(),
            }
        }
        String::new()
    }

    fn path_value(&self, path: &Str) -> Result<Value, CallError> {
        let path = path.to_text();
        if path.is_empty() {
            return Err("YAML path cannot be empty".into());
        }
        path_value(&self.map, &path).ok_or_else(|| {
            let key = path.rsplit('.').next().unwrap_or(&path);
            CallError::new(format!("{} is not a value", quoted(key)))
        })
    }

    fn encode(&self, (): ()) -> Result<Value, CallError> {
        Err(CallError::new(format!("nothing to write a {} to", self.named_type().name)))
    }

    fn yaml(&self, context: &mut Context<'_>) -> Result<String, CallError> {
        let map = Value::Map(self.map.clone());
        measure(context, &map, 0)?;
        aktus_yaml::write_v2(Written(map)).map_err(|error| CallError::new(error.to_string()))
    }
}

/// A value as encoding/json sees it.
struct Written(Value);

impl Tree for Written {
    fn shape<R>(&self, target: Target, look: impl FnOnce(Shape<'_, Self>) -> R) -> R {
        match &self.0 {
            Value::Nil => look(Shape::Null),
            Value::Bool(value) => look(Shape::Bool(*value)),
            Value::String(text) => look(Shape::String(Cow::Borrowed(text.as_bytes()))),
            Value::List(list) => match list.as_bytes() {
                _ if list.is_nil() => look(Shape::Null),
                Some(bytes) => look(Shape::String(STANDARD.encode(bytes).into_bytes().into())),
                None => look(Shape::List(&mut list.iter().map(Written))),
            },
            Value::Map(map) if map.is_nil() => look(Shape::Null),
            Value::Map(map) => {
                let entries = map.entries();
                look(Shape::Map(&mut entries.iter().map(|(key, value)| (Cow::Borrowed(&**key), Self(value.clone())))))
            }
            Value::Object(object) => match object.get().json() {
                JsonForm::Value(value) => Self(value).shape(target, look),
                JsonForm::Fields(fields) => look(Shape::Fields(
                    &mut fields.iter().map(|(key, value)| (Cow::Borrowed(&**key), Self(value.clone()))),
                )),
                JsonForm::Error(text) => look(Shape::Unsupported(text)),
            },
            number => match (number.as_int(), number.as_uint(), number.as_float()) {
                (Some(value), _, _) => look(Shape::Int(value)),
                (_, Some(value), _) => look(Shape::Uint(value)),
                (_, _, Some(value)) => look(Shape::Float(value)),
                _ => look(Shape::Unsupported(format!("json: unsupported type: {}", number.type_name()))),
            },
        }
    }
}

/// Counts every value in a tree against the limits: a small tree that shares its branches can be a long text.
fn measure(context: &mut Context<'_>, value: &Value, depth: usize) -> Result<(), LimitError> {
    if depth > Value::DEPTH {
        return Err(LimitError::Depth(Value::DEPTH));
    }
    context.step(1)?;
    match value {
        Value::String(text) => context.spend(text.len()),
        Value::List(list) => list.iter().try_for_each(|item| measure(context, &item, depth + 1)),
        Value::Map(map) => map.entries().iter().try_for_each(|(_, value)| measure(context, value, depth + 1)),
        Value::Object(object) => match object.get().json() {
            JsonForm::Value(value) => measure(context, &value, depth + 1),
            JsonForm::Fields(fields) => fields.iter().try_for_each(|(_, value)| measure(context, value, depth + 1)),
            JsonForm::Error(_) => Ok(()),
        },
        _ => Ok(()),
    }
}

fn quoted(text: &str) -> String {
    aktus_gotmpl::go::strconv::quote(text.as_bytes())
}

static WRITER: NamedType = NamedType { name: "io.Writer", kind: Kind::Interface, underlying: None };

/// Go's `io.Writer`, which no template has.
struct Writer;

impl Parameter for Writer {
    type Argument<'a> = ();
    const TYPE: Type = Type::Named(&WRITER);

    fn take(_: &Operand) -> Option<()> {
        None
    }
}

static METHODS: &[Method] = methods! { ValuesObject;
    "Encode" => (Writer) ValuesObject::encode;
    "AsMap" => () ValuesObject::as_map;
    "Table" => (Str) ValuesObject::table;
    "PathValue" => (Str) ValuesObject::path_value;
    "YAML" => context () ValuesObject::yaml;
};

impl Object for ValuesObject {
    fn named_type(&self) -> &'static NamedType {
        match self.profile {
            Profile::Helm3 => &HELM_3,
            Profile::Helm4 => &HELM_4,
        }
    }

    fn underlying(&self) -> Underlying {
        Underlying::Map(self.map.clone())
    }

    fn copied(&self, underlying: Underlying) -> Option<Value> {
        match underlying {
            Underlying::Map(map) => Some(Self::value(map, self.profile)),
            _ => None,
        }
    }

    fn method(&self, name: &str) -> Option<&'static Method> {
        Method::find(METHODS, name)
    }
}
