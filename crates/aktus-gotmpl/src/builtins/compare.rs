//! When is one value equal to or less than another? `eq`, `ne`, `lt`, `le`, `gt`, `ge`: by kind, never across kinds
//! except between signed and unsigned integers.

use std::cmp::Ordering;

use crate::function::{CallError, Context, Operand, Rest};
use crate::go::fmt;
use crate::value::{Kind, Underlying, Value};

const BAD_TYPE: &str = "invalid type for comparison";

/// Go's kinds of comparable values, with the value.
enum Basic {
    Bool(bool),
    Complex(f64, f64),
    Int(i64),
    Float(f64),
    String(crate::value::Str),
    Uint(u64),
}

impl Basic {
    fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Bool(value) => Self::Bool(*value),
            Value::Complex(value) => Self::Complex(value.0, value.1),
            Value::String(text) => Self::String(text.clone()),
            Value::Object(_) => return Self::of(&value.scalar()?),
            other => {
                if let Some(value) = other.as_int() {
                    Self::Int(value)
                } else if let Some(value) = other.as_uint() {
                    Self::Uint(value)
                } else {
                    Self::Float(other.as_float()?)
                }
            }
        })
    }
}

/// A signed and an unsigned number compared.
fn mixed(left: i64, right: u64) -> Ordering {
    u64::try_from(left).map_or(Ordering::Less, |left| left.cmp(&right))
}

fn incompatible(left: &Value, right: &Value) -> CallError {
    CallError::Message(format!("incompatible types for comparison: {} and {}", left.type_name(), right.type_name()))
}

pub(super) fn eq(context: &mut Context<'_>, first: &Operand, others: Rest<'_, Operand>) -> Result<bool, CallError> {
    if others.is_empty() {
        return Err("missing argument for comparison".into());
    }
    for other in others.iter() {
        if equal(context, &first.value, &other.value)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn equal(context: &mut Context<'_>, left: &Value, right: &Value) -> Result<bool, CallError> {
    #[expect(clippy::float_cmp, reason = "Go compares exactly")]
    Ok(match (Basic::of(left), Basic::of(right)) {
        (Some(Basic::Bool(left)), Some(Basic::Bool(right))) => left == right,
        (Some(Basic::Complex(left, left_i)), Some(Basic::Complex(right, right_i))) => {
            left == right && left_i == right_i
        }
        (Some(Basic::Int(left)), Some(Basic::Int(right))) => left == right,
        (Some(Basic::Uint(left)), Some(Basic::Uint(right))) => left == right,
        (Some(Basic::Float(left)), Some(Basic::Float(right))) => left == right,
        (Some(Basic::String(left)), Some(Basic::String(right))) => left == right,
        (Some(Basic::Int(signed)), Some(Basic::Uint(unsigned)))
        | (Some(Basic::Uint(unsigned)), Some(Basic::Int(signed))) => mixed(signed, unsigned).is_eq(),
        (None, None) => return equal_composite(context, left, right),
        _ if left.is_nil() || right.is_nil() => false,
        _ => return Err(incompatible(left, right)),
    })
}

/// Two values that are no scalars: nil, lists, maps, structs.
fn equal_composite(context: &mut Context<'_>, left: &Value, right: &Value) -> Result<bool, CallError> {
    if left.kind() != right.kind() && !left.is_nil() && !right.is_nil() {
        let left_text = verb_s(context, left)?;
        let right_text = fmt::to_text(context, right)?;
        return Err(CallError::Message(format!(
            "non-comparable types {left_text}: {}, {}: {}",
            left.type_name(),
            right.type_name(),
            String::from_utf8_lossy(&right_text)
        )));
    }
    if is_nil(left) || is_nil(right) {
        return Ok(is_nil(left) == is_nil(right));
    }
    if !is_comparable(right) {
        let text = verb_s(context, right)?;
        return Err(CallError::Message(format!("non-comparable type {text}: {}", right.type_name())));
    }
    if let (Value::Object(left), Value::Object(right)) = (left, right)
        && left.get().named_type().kind == Kind::Pointer
    {
        return Ok(left.same(right));
    }
    Ok(context.deep_equal(left, right)?)
}

/// Go's `%s` of a value.
fn verb_s(context: &mut Context<'_>, value: &Value) -> Result<String, CallError> {
    let operand = [Operand::concrete(value.clone())];
    let text = fmt::sprintf(context, b"%s", Rest::new(&operand))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn is_nil(value: &Value) -> bool {
    match value {
        Value::Nil => true,
        Value::List(list) => list.is_nil(),
        Value::Map(map) => map.is_nil(),
        _ => false,
    }
}

/// Go's `Comparable`: not for maps and slices, nor structs that contain them.
fn is_comparable(value: &Value) -> bool {
    match value {
        Value::List(_) | Value::Map(_) => false,
        Value::Object(object) => match object.get().underlying() {
            Underlying::Map(_) | Underlying::List(_) => false,
            Underlying::Scalar(_) => true,
            Underlying::Struct => {
                object.get().named_type().kind == Kind::Pointer
                    || object.get().fields().iter().all(|(_, field)| is_comparable(field))
            }
        },
        _ => true,
    }
}

pub(super) fn ne(context: &mut Context<'_>, left: &Operand, right: &Operand) -> Result<bool, CallError> {
    equal(context, &left.value, &right.value).map(|equal| !equal)
}

fn less(left: &Value, right: &Value) -> Result<bool, CallError> {
    let left_basic = Basic::of(left).ok_or(BAD_TYPE)?;
    let right_basic = Basic::of(right).ok_or(BAD_TYPE)?;
    Ok(match (left_basic, right_basic) {
        (Basic::Int(left), Basic::Int(right)) => left < right,
        (Basic::Uint(left), Basic::Uint(right)) => left < right,
        (Basic::Float(left), Basic::Float(right)) => left < right,
        (Basic::String(left), Basic::String(right)) => left < right,
        (Basic::Int(left), Basic::Uint(right)) => mixed(left, right).is_lt(),
        (Basic::Uint(left), Basic::Int(right)) => mixed(right, left).is_gt(),
        (Basic::Bool(_), Basic::Bool(_)) | (Basic::Complex(..), Basic::Complex(..)) => return Err(BAD_TYPE.into()),
        _ => return Err(incompatible(left, right)),
    })
}

pub(super) fn lt(context: &mut Context<'_>, left: &Operand, right: &Operand) -> Result<bool, CallError> {
    let _ = context;
    less(&left.value, &right.value)
}

pub(super) fn le(context: &mut Context<'_>, left: &Operand, right: &Operand) -> Result<bool, CallError> {
    Ok(less(&left.value, &right.value)? || equal(context, &left.value, &right.value)?)
}

pub(super) fn gt(context: &mut Context<'_>, left: &Operand, right: &Operand) -> Result<bool, CallError> {
    le(context, left, right).map(|less_or_equal| !less_or_equal)
}

pub(super) fn ge(context: &mut Context<'_>, left: &Operand, right: &Operand) -> Result<bool, CallError> {
    lt(context, left, right).map(|less| !less)
}
