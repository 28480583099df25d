//! Which Go type does a Rust result stand for?

use std::borrow::Cow;

use super::{CallError, Operand};
use crate::value::{List, Map, Object, ObjectRef, Str, Value};

/// A type that a function can return.
pub trait Returned {
    /// The value for the evaluator.
    fn returned(self) -> Result<Operand, CallError>;
}

/// An `int64`; a plain `i64` is an `int`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Int64(pub i64);

/// A value whose Go result type is its own type rather than `interface{}`.
#[derive(Clone, Debug)]
pub struct Typed(pub Value);

impl Returned for Operand {
    fn returned(self) -> Result<Operand, CallError> {
        Ok(self)
    }
}

impl Returned for Value {
    fn returned(self) -> Result<Operand, CallError> {
        Ok(Operand::interface(self))
    }
}

impl<T: Returned> Returned for Result<T, CallError> {
    fn returned(self) -> Result<Operand, CallError> {
        self.and_then(T::returned)
    }
}

macro_rules! concrete {
    ($($type:ty => |$value:ident| $make:expr;)*) => {
        $(impl Returned for $type {
            fn returned(self) -> Result<Operand, CallError> {
                let $value = self;
                Ok(Operand::concrete($make))
            }
        })*
    };
}

concrete! {
    Typed => |value| value.0;
    Int64 => |value| Value::Int64(value.0);
    bool => |value| Value::Bool(value);
    i64 => |value| Value::Int(value);
    f64 => |value| Value::Float(value);
    Str => |value| Value::String(value);
    String => |value| Value::String(value.into());
    &str => |value| Value::String(value.into());
    &[u8] => |value| Value::String(value.into());
    Vec<u8> => |value| Value::String(value.into());
    Cow<'_, str> => |value| Value::String(value.into());
    Cow<'_, [u8]> => |value| Value::String(value.into());
    List => |value| Value::List(value);
    Map => |value| Value::Map(value);
    ObjectRef => |value| Value::Object(value);
}

impl<T: Object> Returned for Box<T> {
    fn returned(self) -> Result<Operand, CallError> {
        Ok(Operand::concrete(Value::object(*self)))
    }
}
