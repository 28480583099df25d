//! What is in a list, map or string, and how much of it? `index`, `slice`, `len`.

use crate::function::{CallError, Operand, Rest};
use crate::program::zero_of;
use crate::value::{List, Map, Str, Underlying, Value};

/// The value as the list, map or string it is underneath.
enum Indexable {
    List(List),
    Map(Map),
    String(Str),
    Other,
}

impl Indexable {
    fn of(value: &Value) -> Self {
        match value {
            Value::List(list) => Self::List(list.clone()),
            Value::Map(map) => Self::Map(map.clone()),
            Value::String(text) => Self::String(text.clone()),
            Value::Object(object) => match object.get().underlying() {
                Underlying::List(list) => Self::List(list),
                Underlying::Map(map) => Self::Map(map),
                Underlying::Scalar(Value::String(text)) => Self::String(text),
                Underlying::Scalar(_) | Underlying::Struct => Self::Other,
            },
            _ => Self::Other,
        }
    }
}

/// An index as a number of at most `capacity`.
fn position(index: &Value, capacity: usize) -> Result<usize, CallError> {
    let out_of_range = |index: &dyn std::fmt::Display| CallError::Message(format!("index out of range: {index}"));
    let number = match (index.as_int(), index.as_uint()) {
        (Some(index), _) => index,
        (_, Some(index)) => index.cast_signed(),
        _ if index.is_nil() => return Err("cannot index slice/array with nil".into()),
        _ => {
            return Err(CallError::Message(format!("cannot index slice/array with type {}", index.type_name())));
        }
    };
    usize::try_from(number).ok().filter(|index| *index <= capacity).ok_or_else(|| out_of_range(&number))
}

/// A key of a map.
fn key(index: &Value) -> Result<Str, CallError> {
    match index {
        Value::String(key) => Ok(key.clone()),
        Value::Nil => Err("value is nil; should be of type string".into()),
        other => Err(CallError::Message(format!("value has type {}; should be string", other.type_name()))),
    }
}

/// `index x 1 "a"` is `x[1]["a"]`.
pub(super) fn index(item: &Operand, indexes: Rest<'_, Operand>) -> Result<Operand, CallError> {
    if item.value.is_nil() {
        return Err("index of untyped nil".into());
    }
    let mut item = item.clone();
    for index in indexes.iter() {
        let index = &index.value;
        if item.value.is_nil() {
            return Err("index of nil pointer".into());
        }
        item = match Indexable::of(&item.value) {
            Indexable::List(list) => {
                let position = position(index, list.len())?;
                let value = list.get(position).ok_or("reflect: slice index out of range")?;
                Operand::of(value, *list.element_type())
            }
            Indexable::String(text) => {
                let position = position(index, text.len())?;
                let byte = text.get(position).copied().ok_or("reflect: string index out of range")?;
                Operand::concrete(Value::Uint8(byte))
            }
            Indexable::Map(map) => {
                let element = *map.element_type();
                let value = map.get(&key(index)?).unwrap_or_else(|| zero_of(element));
                Operand::of(value, element)
            }
            Indexable::Other => {
                let found = item.value.type_name();
                return Err(CallError::Message(format!("can't index item of type {}", found.trim_start_matches('*'))));
            }
        };
    }
    Ok(item)
}

/// `slice x 1 2` is `x[1:2]`. (Helm's templates have sprig's `slice` instead.)
pub(super) fn slice(item: &Operand, indexes: Rest<'_, Operand>) -> Result<Operand, CallError> {
    if item.value.is_nil() {
        return Err("slice of untyped nil".into());
    }
    if indexes.len() > 3 {
        return Err(CallError::Message(format!("too many slice indexes: {}", indexes.len())));
    }
    let indexable = Indexable::of(&item.value);
    let (length, room) = match &indexable {
        Indexable::String(_) if indexes.len() == 3 => return Err("cannot 3-index slice a string".into()),
        Indexable::String(text) => (text.len(), text.len()),
        Indexable::List(list) => (list.len(), capacity(list)),
        Indexable::Map(_) | Indexable::Other => {
            return Err(CallError::Message(format!("can't slice item of type {}", item.value.type_name())));
        }
    };
    let mut bounds = [0, length, length];
    for (bound, index) in bounds.iter_mut().zip(indexes.iter()) {
        // Unlike `index`, Go's `slice` does not look into interfaces.
        if index.interface {
            return Err("cannot index slice/array with type interface {}".into());
        }
        *bound = position(&index.value, room)?;
    }
    let [start, end, capacity] = bounds;
    if start > end {
        return Err(CallError::Message(format!("invalid slice index: {start} > {end}")));
    }
    if indexes.len() == 3 && end > capacity {
        return Err(CallError::Message(format!("invalid slice index: {end} > {capacity}")));
    }
    let value = match indexable {
        Indexable::String(text) => Value::String(Str::new(&text[start..end])),
        Indexable::List(list) => match (list.as_bytes(), list.as_slice()) {
            (Some(bytes), _) => Value::List(List::bytes(&bytes[start..end])),
            (_, Some(values)) => {
                let element = list.element_type();
                let hidden = std::iter::repeat_with(|| zero_of(*element));
                let items = values.iter().cloned().chain(hidden).skip(start).take(end - start);
                Value::List(List::of(element, items.collect()))
            }
            (None, None) => Value::List(list),
        },
        Indexable::Map(_) | Indexable::Other => Value::Nil,
    };
    Ok(Operand::concrete(value))
}

/// Go lets a slice reach beyond its end, up to its capacity. We do not know that, and assume what appending the
/// elements one by one gives, as reading JSON or YAML does.
fn capacity(list: &List) -> usize {
    match list.len() {
        0 => 0,
        _ if list.as_bytes().is_some() => list.len(),
        length => length.next_power_of_two(),
    }
}

pub(super) fn length(item: &Operand) -> Result<i64, CallError> {
    if item.value.is_nil() {
        return Err(if item.interface {
            "len of nil pointer".into()
        } else {
            "reflect: call of reflect.Value.Type on zero Value".into()
        });
    }
    let length = match Indexable::of(&item.value) {
        Indexable::List(list) => list.len(),
        Indexable::Map(map) => map.len(),
        Indexable::String(text) => text.len(),
        Indexable::Other => {
            let found = item.value.type_name();
            // Go looks at what a pointer points to.
            return Err(CallError::Message(format!("len of type {}", found.trim_start_matches('*'))));
        }
    };
    Ok(i64::try_from(length).unwrap_or(i64::MAX))
}
