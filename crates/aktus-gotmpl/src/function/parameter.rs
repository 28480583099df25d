//! Which Go type does a Rust parameter stand for, and how is the argument taken from the evaluator?

use std::marker::PhantomData;

use super::{CallError, Operand};
use crate::value::{List, Map, Str, Type, Value};

/// A type that a function can have as a parameter.
///
/// The evaluator has checked every argument against [`Parameter::TYPE`] before; taking it cannot fail then.
pub trait Parameter {
    /// What the function receives: the value itself or a reference to it.
    type Argument<'a>;

    /// The Go type.
    const TYPE: Type;

    /// Takes the argument out of a checked operand.
    fn take(operand: &Operand) -> Option<Self::Argument<'_>>;
}

/// Takes the next argument.
#[doc(hidden)]
pub fn next<'a, P: Parameter>(operands: &mut std::slice::Iter<'a, Operand>) -> Result<P::Argument<'a>, CallError> {
    operands
        .next()
        .and_then(P::take)
        .ok_or_else(|| CallError::Message(format!("the argument was not checked to be a {}", P::TYPE)))
}

impl Parameter for Value {
    type Argument<'a> = &'a Self;
    const TYPE: Type = Type::Any;

    fn take(operand: &Operand) -> Option<&Self> {
        Some(&operand.value)
    }
}

impl Parameter for Operand {
    type Argument<'a> = &'a Self;
    const TYPE: Type = Type::Reflect;

    fn take(operand: &Operand) -> Option<&Self> {
        Some(operand)
    }
}

impl Parameter for bool {
    type Argument<'a> = Self;
    const TYPE: Type = Type::Bool;

    fn take(operand: &Operand) -> Option<Self> {
        match operand.value {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }
}

impl Parameter for i64 {
    type Argument<'a> = Self;
    const TYPE: Type = Type::Int;

    fn take(operand: &Operand) -> Option<Self> {
        match operand.value {
            Value::Int(value) => Some(value),
            _ => None,
        }
    }
}

impl Parameter for u32 {
    type Argument<'a> = Self;
    const TYPE: Type = Type::Uint32;

    fn take(operand: &Operand) -> Option<Self> {
        match operand.value {
            Value::Uint32(value) => Some(value),
            _ => None,
        }
    }
}

impl Parameter for f64 {
    type Argument<'a> = Self;
    const TYPE: Type = Type::Float64;

    fn take(operand: &Operand) -> Option<Self> {
        match operand.value {
            Value::Float(value) => Some(value),
            _ => None,
        }
    }
}

impl Parameter for Str {
    type Argument<'a> = &'a Self;
    const TYPE: Type = Type::String;

    fn take(operand: &Operand) -> Option<&Self> {
        operand.value.as_str()
    }
}

impl Parameter for Map {
    type Argument<'a> = &'a Self;
    const TYPE: Type = Type::ANY_MAP;

    fn take(operand: &Operand) -> Option<&Self> {
        match &operand.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }
}

impl Parameter for List {
    type Argument<'a> = &'a Self;
    const TYPE: Type = Type::ANY_LIST;

    fn take(operand: &Operand) -> Option<&Self> {
        match &operand.value {
            Value::List(list) => Some(list),
            _ => None,
        }
    }
}

/// The arguments of a variadic parameter.
#[derive(Debug)]
pub struct Rest<'a, P> {
    operands: &'a [Operand],
    parameter: PhantomData<P>,
}

impl<P> Clone for Rest<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for Rest<'_, P> {}

impl<'a, P: Parameter> Rest<'a, P> {
    #[doc(hidden)]
    pub fn new(operands: &'a [Operand]) -> Self {
        Self { operands, parameter: PhantomData }
    }

    /// The argument at `index`.
    pub fn get(self, index: usize) -> Option<P::Argument<'a>> {
        P::take(self.operands.get(index)?)
    }

    /// The arguments in order.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = P::Argument<'a>> {
        self.operands.iter().filter_map(P::take)
    }

    /// How many there are.
    pub fn len(self) -> usize {
        self.operands.len()
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.operands.is_empty()
    }
}

impl Rest<'_, Value> {
    /// The arguments copied into a vector, for functions that make a list of them.
    pub fn to_vec(self) -> Vec<Value> {
        self.operands.iter().map(|operand| operand.value.clone()).collect()
    }
}

/// The receiver of a method as what it is.
#[doc(hidden)]
pub fn receiver<T: crate::value::Object>(object: &dyn crate::value::Object) -> Result<&T, CallError> {
    (object as &dyn std::any::Any)
        .downcast_ref()
        .ok_or_else(|| CallError::Message(format!("the method does not belong to a {}", object.named_type().name)))
}
