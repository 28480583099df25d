//! What can a template hold in its hands? One enum, 16 bytes wide and cheap to clone, that keeps Go's kinds apart.
//!
//! An `int` is not an `int64`, a nil list is not an empty one, and a string is a run of bytes:
//! Go's printing, comparing and argument checking depend on all of these.

mod equal;
mod frozen;
mod kind;
mod list;
mod map;
mod object;
mod text;
mod weigh;

use std::rc::Rc;

pub use frozen::{FreezeError, Frozen, FrozenList, FrozenMap};
pub use kind::{Kind, NamedType, Type};
pub use list::List;
pub use map::{Map, NIL_MAP};
pub use object::{JsonForm, Object, ObjectRef, Underlying};
pub use text::Str;
pub(crate) use weigh::Scale;

/// A Go value.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// Untyped nil: a missing key, YAML's null.
    #[default]
    Nil,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `int8`
    Int8(i8),
    /// `int16`
    Int16(i16),
    /// `int32`
    Int32(i32),
    /// `int64`
    Int64(i64),
    /// `uint`
    Uint(u64),
    /// `uint8`
    Uint8(u8),
    /// `uint16`
    Uint16(u16),
    /// `uint32`
    Uint32(u32),
    /// `uint64`
    Uint64(u64),
    /// `float32`
    Float32(f32),
    /// `float64`
    Float(f64),
    /// `complex128`: real and imaginary part.
    Complex(Rc<(f64, f64)>),
    /// `string`
    String(Str),
    /// A slice.
    List(List),
    /// A map with string keys.
    Map(Map),
    /// A struct, a value with methods, or one of a named type.
    Object(ObjectRef),
}

const _: () = assert!(size_of::<Value>() == 16, "values are passed around by the million");

impl Value {
    /// How deep a value may be nested where it is walked to the bottom (printing, comparing, freezing, copying).
    /// Go has no such limit; a map that contains itself ends a Go program.
    pub const DEPTH: usize = 200;

    /// A string.
    pub fn string(text: impl Into<Str>) -> Self {
        Self::String(text.into())
    }

    /// A `[]interface {}`.
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(List::new(items))
    }

    /// A `map[string]interface {}`.
    pub fn map<K: Into<Str>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    /// An object.
    pub fn object(object: impl Object) -> Self {
        Self::Object(ObjectRef::new(object))
    }

    /// Whether this is untyped nil. The nil list and the nil map are not.
    pub fn is_nil(&self) -> bool {
        matches!(self, Self::Nil)
    }

    /// The type, unless this is nil.
    pub fn go_type(&self) -> Option<Type> {
        Some(match self {
            Self::Nil => return None,
            Self::Bool(_) => Type::Bool,
            Self::Int(_) => Type::Int,
            Self::Int8(_) => Type::Int8,
            Self::Int16(_) => Type::Int16,
            Self::Int32(_) => Type::Int32,
            Self::Int64(_) => Type::Int64,
            Self::Uint(_) => Type::Uint,
            Self::Uint8(_) => Type::Uint8,
            Self::Uint16(_) => Type::Uint16,
            Self::Uint32(_) => Type::Uint32,
            Self::Uint64(_) => Type::Uint64,
            Self::Float32(_) => Type::Float32,
            Self::Float(_) => Type::Float64,
            Self::Complex(_) => Type::Complex128,
            Self::String(_) => Type::String,
            Self::List(list) => list.go_type(),
            Self::Map(map) => map.go_type(),
            Self::Object(object) => Type::Named(object.get().named_type()),
        })
    }

    /// The type as `%T` and sprig's `typeOf` print it; `<nil>` for nil.
    pub fn type_name(&self) -> String {
        self.go_type().map_or_else(|| "<nil>".to_owned(), |go_type| go_type.to_string())
    }

    /// The kind, as sprig's `kindOf` prints it; [`Kind::Invalid`] for nil.
    pub fn kind(&self) -> Kind {
        self.go_type().map_or(Kind::Invalid, Type::kind)
    }

    /// Truth as `if`, `and`, `or` and `not` see it: not the zero value of its type; structs are always true.
    pub fn truth(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Float32(value) => *value != 0.0,
            Self::Float(value) => *value != 0.0,
            Self::Complex(value) => value.0 != 0.0 || value.1 != 0.0,
            Self::String(text) => !text.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Object(object) => match object.get().underlying() {
                Underlying::Struct => true,
                Underlying::Map(map) => !map.is_empty(),
                Underlying::List(list) => !list.is_empty(),
                Underlying::Scalar(value) => value.truth(),
            },
            other => other.as_int().is_some_and(|int| int != 0) || other.as_uint().is_some_and(|int| int != 0),
        }
    }

    /// The number, for any signed integer kind.
    pub fn as_int(&self) -> Option<i64> {
        Some(match self {
            Self::Int(value) | Self::Int64(value) => *value,
            Self::Int8(value) => i64::from(*value),
            Self::Int16(value) => i64::from(*value),
            Self::Int32(value) => i64::from(*value),
            Self::Object(_) => return self.scalar()?.as_int(),
            _ => return None,
        })
    }

    /// The number, for any unsigned integer kind.
    pub fn as_uint(&self) -> Option<u64> {
        Some(match self {
            Self::Uint(value) | Self::Uint64(value) => *value,
            Self::Uint8(value) => u64::from(*value),
            Self::Uint16(value) => u64::from(*value),
            Self::Uint32(value) => u64::from(*value),
            Self::Object(_) => return self.scalar()?.as_uint(),
            _ => return None,
        })
    }

    /// The number, for both floating-point kinds.
    pub fn as_float(&self) -> Option<f64> {
        Some(match self {
            Self::Float(value) => *value,
            Self::Float32(value) => f64::from(*value),
            Self::Object(_) => return self.scalar()?.as_float(),
            _ => return None,
        })
    }

    /// The string, if the value is a plain one.
    pub fn as_str(&self) -> Option<&Str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The map, also of a named map type such as `.Values`.
    pub fn as_map(&self) -> Option<Map> {
        match self {
            Self::Map(map) => Some(map.clone()),
            Self::Object(object) => match object.get().underlying() {
                Underlying::Map(map) => Some(map),
                _ => None,
            },
            _ => None,
        }
    }

    /// The list, also of a named list type.
    pub fn as_list(&self) -> Option<List> {
        match self {
            Self::List(list) => Some(list.clone()),
            Self::Object(object) => match object.get().underlying() {
                Underlying::List(list) => Some(list),
                _ => None,
            },
            _ => None,
        }
    }

    /// The object, if it is a `T`.
    pub fn downcast<T: Object>(&self) -> Option<&T> {
        match self {
            Self::Object(object) => object.downcast(),
            _ => None,
        }
    }

    /// The plain value of a named number or string.
    pub fn scalar(&self) -> Option<Self> {
        match self {
            Self::Object(object) => match object.get().underlying() {
                Underlying::Scalar(value) => Some(value),
                _ => None,
            },
            _ => None,
        }
    }

    /// Go's `reflect.Value.IsZero` for what sprig's `empty` and mergo's "is empty" need beyond truth: the opposite
    /// of [`Value::truth`].
    pub fn is_empty(&self) -> bool {
        !self.truth()
    }

    /// What becomes of the value when it is stored in an `interface{}`; see [`Object::boxed`].
    #[must_use]
    pub fn boxed(self) -> Self {
        if let Self::Object(object) = &self
            && let Some(boxed) = object.get().boxed()
        {
            return boxed;
        }
        self
    }

    fn is_container(&self) -> bool {
        matches!(self, Self::List(_) | Self::Map(_))
    }
}

/// Drops values nested to any depth without recursion.
fn dismantle(values: &mut Vec<Value>) {
    if !values.iter().any(Value::is_container) {
        return;
    }
    let mut pending: Vec<Value> = values.drain(..).filter(Value::is_container).collect();
    while let Some(value) = pending.pop() {
        let inner = match value {
            Value::List(list) => list.take(),
            Value::Map(map) => map.take(),
            _ => continue,
        };
        pending.extend(inner.into_iter().filter(Value::is_container));
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

impl From<Str> for Value {
    fn from(text: Str) -> Self {
        Self::String(text)
    }
}

impl From<List> for Value {
    fn from(list: List) -> Self {
        Self::List(list)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}
