//! What does a `range` go over, and in which order? Integers count up, lists go by index, maps by their sorted keys;
//! Go's `walkRange`.

use super::fault::Fault;
use super::machine::Machine;
use crate::error::Cause;
use crate::function::Operand;
use crate::go::fmt;
use crate::program::Variables;
use crate::value::{List, ObjectRef, Scale, Str, Type, Underlying, Value};

/// A loop under way.
#[derive(Debug)]
pub(super) struct Loop {
    pub(super) items: Items,
    pub(super) variables: Variables,
    /// The dot around the loop.
    pub(super) outer: Operand,
    /// How many variables, marks and dots there were when the loop began.
    pub(super) variable_count: usize,
    pub(super) marks: usize,
    pub(super) dots: usize,
    /// The place of the instruction that takes the next item.
    pub(super) next: u32,
}

/// What is still to come.
#[derive(Debug)]
pub(super) enum Items {
    /// Numbers up to one; those of a named type are of that type.
    Count {
        next: i64,
        end: i64,
        like: Value,
        named: Option<ObjectRef>,
    },
    Unsigned {
        next: u64,
        end: u64,
        like: Value,
        named: Option<ObjectRef>,
    },
    List {
        list: List,
        next: usize,
    },
    Map {
        entries: std::vec::IntoIter<(Str, Value)>,
        element: Type,
    },
}

impl Items {
    /// Adds what the loop holds.
    pub(super) fn weigh(&self, scale: &mut Scale) {
        match self {
            Self::Count { .. } | Self::Unsigned { .. } => {}
            Self::List { list, .. } => scale.add(&Value::List(list.clone())),
            Self::Map { entries, .. } => {
                for (key, value) in entries.as_slice() {
                    scale.add_bytes(key.len());
                    scale.add(value);
                }
            }
        }
    }

    /// The index or key, and the element.
    pub(super) fn next(&mut self) -> Option<(Operand, Operand)> {
        match self {
            Self::Count { next, end, like, named } => {
                if next >= end {
                    return None;
                }
                let value = in_type(named.as_ref(), like_int(like, *next));
                *next += 1;
                Some((Operand::INVALID, Operand::concrete(value)))
            }
            Self::Unsigned { next, end, like, named } => {
                if next >= end {
                    return None;
                }
                let value = in_type(named.as_ref(), like_uint(like, *next));
                *next += 1;
                Some((Operand::INVALID, Operand::concrete(value)))
            }
            Self::List { list, next } => {
                let value = list.get(*next)?;
                let index = Value::Int(i64::try_from(*next).unwrap_or(i64::MAX));
                *next += 1;
                Some((Operand::concrete(index), Operand::of(value, *list.element_type())))
            }
            Self::Map { entries, element } => {
                let (key, value) = entries.next()?;
                Some((Operand::concrete(Value::String(key)), Operand::of(value, *element)))
            }
        }
    }
}

/// A number in a named type, if that makes values of itself.
fn in_type(named: Option<&ObjectRef>, number: Value) -> Value {
    named.and_then(|named| named.get().with_scalar(number.clone())).unwrap_or(number)
}

/// A number of the same type as another; below the other, so that it fits.
#[expect(clippy::cast_possible_truncation, reason = "the number lies below one of that type")]
fn like_int(like: &Value, number: i64) -> Value {
    match like {
        Value::Int8(_) => Value::Int8(number as i8),
        Value::Int16(_) => Value::Int16(number as i16),
        Value::Int32(_) => Value::Int32(number as i32),
        Value::Int64(_) => Value::Int64(number),
        _ => Value::Int(number),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the number lies below one of that type")]
fn like_uint(like: &Value, number: u64) -> Value {
    match like {
        Value::Uint8(_) => Value::Uint8(number as u8),
        Value::Uint16(_) => Value::Uint16(number as u16),
        Value::Uint32(_) => Value::Uint32(number as u32),
        Value::Uint64(_) => Value::Uint64(number),
        _ => Value::Uint(number),
    }
}

impl Machine<'_, '_> {
    /// What there is to go over; nothing when that is empty.
    pub(super) fn items(&mut self, value: &Value, variables: Variables) -> Result<Option<Items>, Fault> {
        let items = match value {
            Value::Nil => None,
            Value::List(list) => Some(Items::List { list: list.clone(), next: 0 }),
            Value::Map(map) => Some(Items::Map { entries: map.entries().into_iter(), element: *map.element_type() }),
            Value::Object(object) => match object.get().underlying() {
                Underlying::List(list) => Some(Items::List { list, next: 0 }),
                Underlying::Map(map) => {
                    let element = *map.element_type();
                    Some(Items::Map { entries: map.entries().into_iter(), element })
                }
                Underlying::Scalar(scalar) if scalar.as_int().is_some() || scalar.as_uint().is_some() => {
                    let mut items = self.items(&scalar, variables)?;
                    if let Some(Items::Count { named, .. } | Items::Unsigned { named, .. }) = &mut items {
                        *named = Some(object.clone());
                    }
                    return Ok(items);
                }
                _ => return Err(self.cannot_range(value, false)),
            },
            other => {
                let items = match (other.as_int(), other.as_uint()) {
                    (Some(end), _) => Items::Count { next: 0, end, like: value.clone(), named: None },
                    (_, Some(end)) => Items::Unsigned { next: 0, end, like: value.clone(), named: None },
                    _ => return Err(self.cannot_range(value, false)),
                };
                if matches!(variables, Variables::DeclareBoth | Variables::AssignBoth(..)) {
                    return Err(self.cannot_range(value, true));
                }
                Some(items)
            }
        };
        if let Some(Items::Map { entries, .. }) = &items {
            // A map is copied before the loop, however soon that ends.
            self.context.step(entries.len() as u64 / 4)?;
        }
        Ok(items.filter(|items| match items {
            Items::Count { end, .. } => *end > 0,
            Items::Unsigned { end, .. } => *end > 0,
            Items::List { list, .. } => !list.is_empty(),
            Items::Map { entries, .. } => entries.len() > 0,
        }))
    }

    #[cold]
    fn cannot_range(&mut self, value: &Value, two_variables: bool) -> Fault {
        let mut text = Vec::new();
        // Go prints a copy, and a copy has no methods of the pointer to it.
        match fmt::append_printable(self.context, &mut text, &value.clone().boxed()) {
            Ok(()) => {
                let text = String::from_utf8_lossy(&text).into_owned();
                Cause::CannotRange { value: text, go_type: value.type_name(), two_variables }.into()
            }
            Err(limit) => limit.into(),
        }
    }
}
