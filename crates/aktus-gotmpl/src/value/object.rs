//! How does a Go value with methods, or a Go struct, appear to templates?

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;

use super::{List, Map, NamedType, Str, Value};
use crate::function::Method;

/// What an [`Object`] is underneath its name: what `range`, `index`, `len`, truth and comparison look at.
#[derive(Clone, Debug)]
pub enum Underlying {
    /// A struct, or a pointer to one.
    Struct,
    /// A named map. The map is shared, not copied.
    Map(Map),
    /// A named list.
    List(List),
    /// A named number or string, given as the plain value.
    Scalar(Value),
}

/// How a struct appears to `encoding/json` (and so to `toJson` and `toYaml`).
#[derive(Clone, Debug)]
pub enum JsonForm {
    /// As this other value.
    Value(Value),
    /// As an object with these keys, in this order.
    Fields(Vec<(Str, Value)>),
    /// Not at all; the text is Go's error.
    Error(String),
}

/// A value with methods, a struct, or a value of a named type.
///
/// Go's `text/template` looks for a method first, then for a struct field, then for a key of a map.
pub trait Object: Any + fmt::Debug {
    /// The Go type: what `%T` and error texts print, and the kind underneath.
    fn named_type(&self) -> &'static NamedType;

    /// What is underneath the name.
    fn underlying(&self) -> Underlying {
        Underlying::Struct
    }

    /// The method of this name.
    fn method(&self, name: &str) -> Option<&'static Method> {
        let _ = name;
        None
    }

    /// The struct fields, in order. `%v`, `%+v` and `reflect.DeepEqual` walk all of them, TOML and YAML those that are
    /// [exported](Object::exported_fields).
    fn fields(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }

    /// The struct fields that packages other than their own can see: their names begin with a capital letter.
    fn exported_fields(&self) -> Vec<(&'static str, Value)> {
        let mut fields = self.fields();
        fields.retain(|(name, _)| name.starts_with(char::is_uppercase));
        fields
    }

    /// The value of the exported struct field of this name.
    fn field(&self, name: &str) -> Option<Value> {
        self.exported_fields().into_iter().find(|(field, _)| *field == name).map(|(_, value)| value)
    }

    /// A value of the same named type with another scalar underneath; `range` over a named integer counts with these.
    fn with_scalar(&self, scalar: Value) -> Option<Value> {
        drop(scalar);
        None
    }

    /// What sprig's `deepCopy` makes of it, which is lost on fields that are not exported; a copy of what is underneath
    /// is given. Nothing when the value serves as its own copy.
    fn copied(&self, underlying: Underlying) -> Option<Value> {
        match underlying {
            Underlying::Map(map) => Some(Value::Map(map)),
            Underlying::List(list) => Some(Value::List(list)),
            Underlying::Struct | Underlying::Scalar(_) => None,
        }
    }

    /// The text of `Error()` or `String()`, for types that have one: how Go prints the value.
    fn text(&self) -> Option<Cow<'_, str>> {
        None
    }

    /// The text of `GoString()`, for types that have one: how `%#v` prints the value.
    fn go_text(&self) -> Option<String> {
        None
    }

    /// Whether it is a nil pointer.
    fn is_nil(&self) -> bool {
        false
    }

    /// What becomes of the value when it is stored in an `interface{}`: given to a function that takes anything,
    /// put into a list or map. Differs from the value only for structs whose methods have pointer receivers,
    /// which Go can call only as long as the struct stays where it is.
    fn boxed(&self) -> Option<Value> {
        None
    }

    /// The scalar that go-yaml v3 (`toYamlPretty`) prints as it stands, a time for example.
    fn yaml(&self) -> Option<Cow<'_, str>> {
        None
    }

    /// What `encoding/json` makes of it.
    fn json(&self) -> JsonForm {
        match self.underlying() {
            Underlying::Map(map) => JsonForm::Value(Value::Map(map)),
            Underlying::List(list) => JsonForm::Value(Value::List(list)),
            Underlying::Scalar(value) => JsonForm::Value(value),
            Underlying::Struct => JsonForm::Fields(
                self.exported_fields().into_iter().map(|(name, value)| (Str::from(name), value)).collect(),
            ),
        }
    }
}

/// A shared [`Object`], one word wide.
#[derive(Clone)]
pub struct ObjectRef(Rc<Box<dyn Object>>);

impl ObjectRef {
    /// Shares an object.
    pub fn new(object: impl Object) -> Self {
        Self(Rc::new(Box::new(object)))
    }

    /// The object.
    pub fn get(&self) -> &dyn Object {
        &**self.0
    }

    /// The object as what it was made from.
    pub fn downcast<T: Object>(&self) -> Option<&T> {
        (self.get() as &dyn Any).downcast_ref()
    }

    /// Whether both are the very same object, not merely equal ones.
    pub fn same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// Where the object lies; what Go prints for a pointer inside another value.
    pub fn address(&self) -> usize {
        Rc::as_ptr(&self.0).addr()
    }
}

impl fmt::Debug for ObjectRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
