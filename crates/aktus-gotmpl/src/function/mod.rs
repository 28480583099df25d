//! How is a function offered to templates, with which Go signature, and what happens to its arguments?
//!
//! A function is written in Rust with Rust types; [`functions!`](crate::functions) puts it into a table together with
//! its name. The Go signature, against which `text/template` checks arguments, follows from the Rust types:
//!
//! | Rust parameter | Go parameter | | Rust result | Go result |
//! |---|---|---|---|---|
//! | [`Value`] as `&Value` | `interface{}` | | [`Value`] | `interface{}` |
//! | [`Str`](crate::Str) as `&Str` | `string` | | [`Str`](crate::Str), `String`, `&str`, `Vec<u8>` | `string` |
//! | `i64`, `u32`, `f64`, `bool` | `int`, `uint32`, `float64`, `bool` | | `i64`, [`Int64`], `f64`, `bool` | `int`, `int64`, `float64`, `bool` |
//! | [`Map`](crate::Map) as `&Map` | `map[string]interface{}` | | [`Map`](crate::Map) | `map[string]T` |
//! | [`List`](crate::List) as `&List` | `[]interface{}` | | [`List`](crate::List) | `[]T` |
//! | `..T` as [`Rest<'_, T>`](Rest) | `...T` | | `Result<T, CallError>` | `(T, error)` |

mod context;
mod error;
mod parameter;
mod result;
mod table;

pub use context::{Context, Profile};
pub use error::CallError;
pub use parameter::{Parameter, Rest};
#[doc(hidden)]
pub use parameter::{next, receiver};
pub use result::{Int64, Returned, Typed};
pub(crate) use table::Body;
pub use table::Function;
pub use table::{FunctionTable, Method};

use crate::value::{Type, Value};

/// A value on its way through an evaluation, with what Go's `reflect.Value` knows beyond it:
/// whether it was found in an `interface{}`.
///
/// That tells a nil that is there (`.a` of a map that has no `a`) from no value at all (a pipeline that gave nil),
/// and it is what `can't evaluate field x in type interface {}` prints.
#[derive(Clone, Debug, Default)]
pub struct Operand {
    /// The value.
    pub value: Value,
    /// Whether its static type is `interface{}`.
    pub interface: bool,
}

impl Operand {
    /// Go's zero `reflect.Value`.
    pub const INVALID: Self = Self { value: Value::Nil, interface: false };

    /// A value of its own type; nil becomes [`Operand::INVALID`].
    pub fn concrete(value: Value) -> Self {
        Self { value, interface: false }
    }

    /// A value found in an `interface{}`.
    pub fn interface(value: Value) -> Self {
        Self { value, interface: true }
    }

    /// A value found in a place of the given type.
    pub fn of(value: Value, static_type: Type) -> Self {
        Self { value, interface: matches!(static_type, Type::Any) }
    }

    /// Go's `reflect.Value.IsValid`.
    pub fn is_valid(&self) -> bool {
        self.interface || !self.value.is_nil()
    }

    /// The static type, as error texts print it; nothing when invalid.
    pub fn static_type(&self) -> Option<Type> {
        if self.interface { Some(Type::Any) } else { self.value.go_type() }
    }
}
