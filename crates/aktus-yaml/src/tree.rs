//! How a writer sees a value.

use std::borrow::Cow;

/// For which writer a value is asked for its shape: Go's writers treat some types differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// encoding/json, and with it [`write_v2`](crate::write_v2): nil lists and maps are null,
    /// byte slices are base64, times are RFC 3339 strings, struct fields have their JSON names.
    Json,
    /// go-yaml v3 on the Go value itself: nil lists are `[]`, nil maps `{}`, byte slices lists of
    /// numbers, struct fields have their names in lower case.
    YamlV3,
}

/// What a value is, for a writer.
pub enum Shape<'a, T> {
    /// `null`.
    Null,
    /// A truth value.
    Bool(bool),
    /// A signed whole number.
    Int(i64),
    /// An unsigned whole number.
    Uint(u64),
    /// A Go `float64`.
    Float(f64),
    /// A Go string: any bytes, usually UTF-8.
    String(Cow<'a, [u8]>),
    /// A scalar that go-yaml v3 prints as it stands, a time for example; JSON prints it as a string.
    Plain(Cow<'a, str>),
    /// The items of a list, in order.
    List(&'a mut dyn Iterator<Item = T>),
    /// The entries of a map, in any order: the writers sort. Keys do not repeat.
    Map(&'a mut dyn Iterator<Item = (Cow<'a, [u8]>, T)>),
    /// The fields of a Go struct. JSON and go-yaml v3 keep their order, [`write_v2`](crate::write_v2) sorts.
    Fields(&'a mut dyn Iterator<Item = (Cow<'a, [u8]>, T)>),
    /// A value that Go refuses to write, with Go's text, for example `json: unsupported type: func()`.
    Unsupported(String),
}

impl<T> std::fmt::Debug for Shape<'_, T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Null => formatter.write_str("Null"),
            Self::Bool(value) => formatter.debug_tuple("Bool").field(value).finish(),
            Self::Int(value) => formatter.debug_tuple("Int").field(value).finish(),
            Self::Uint(value) => formatter.debug_tuple("Uint").field(value).finish(),
            Self::Float(value) => formatter.debug_tuple("Float").field(value).finish(),
            Self::String(value) => formatter.debug_tuple("String").field(&String::from_utf8_lossy(value)).finish(),
            Self::Plain(value) => formatter.debug_tuple("Plain").field(value).finish(),
            Self::List(_) => formatter.write_str("List(..)"),
            Self::Map(_) => formatter.write_str("Map(..)"),
            Self::Fields(_) => formatter.write_str("Fields(..)"),
            Self::Unsupported(text) => formatter.debug_tuple("Unsupported").field(text).finish(),
        }
    }
}

/// A value that can be written.
///
/// Implement it for a *handle* that is cheap to make: a reference, or a counted pointer. The value is
/// shown inside a callback so that whatever guards its contents can be held meanwhile.
///
/// ```
/// use aktus_yaml::{Shape, Target, Tree, write_v2};
///
/// /// A countdown is a list.
/// struct From(u32);
///
/// impl Tree for From {
///     fn shape<R>(&self, _: Target, look: impl FnOnce(Shape<'_, Self>) -> R) -> R {
///         match self.0 {
///             0 => look(Shape::String(b"lift-off".into())),
///             n => look(Shape::List(&mut (0..n).rev().map(From))),
///         }
///     }
/// }
///
/// assert_eq!(write_v2(From(1)).unwrap(), "- lift-off\n");
/// ```
pub trait Tree: Sized {
    /// Shows the value's shape to `look` and gives back what that returns.
    fn shape<R>(&self, target: Target, look: impl FnOnce(Shape<'_, Self>) -> R) -> R;
}

impl Tree for &serde_json::Value {
    fn shape<R>(&self, _: Target, look: impl FnOnce(Shape<'_, Self>) -> R) -> R {
        use serde_json::Value;
        match self {
            Value::Null => look(Shape::Null),
            Value::Bool(value) => look(Shape::Bool(*value)),
            Value::Number(number) => look(if let Some(value) = number.as_i64() {
                Shape::Int(value)
            } else if let Some(value) = number.as_u64() {
                Shape::Uint(value)
            } else {
                Shape::Float(number.as_f64().unwrap_or(f64::NAN))
            }),
            Value::String(value) => look(Shape::String(value.as_bytes().into())),
            Value::Array(items) => look(Shape::List(&mut items.iter())),
            Value::Object(entries) => {
                look(Shape::Map(&mut entries.iter().map(|(key, value)| (key.as_bytes().into(), value))))
            }
        }
    }
}
