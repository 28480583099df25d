//! When are two values equal? As Go's `reflect.DeepEqual` has it: same types all the way down.

use super::{List, Map, Underlying, Value};

impl Value {
    /// Go's `reflect.DeepEqual`: `3` and `3.0` differ, an `int` and an `int64` differ, NaN differs from itself,
    /// and a nil list or map differs from an empty one.
    ///
    /// Values nested beyond [`Value::DEPTH`] are equal only if they are the very same.
    pub fn deep_equal(&self, other: &Self) -> bool {
        deep_equal(self, other, Self::DEPTH)
    }

    /// Go's `==` on two interfaces that hold values of comparable types.
    #[expect(clippy::float_cmp, reason = "Go compares exactly")]
    pub fn same_scalar(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nil, Self::Nil) => true,
            (Self::Bool(left), Self::Bool(right)) => left == right,
            (Self::Float(left), Self::Float(right)) => left == right,
            (Self::Float32(left), Self::Float32(right)) => left == right,
            (Self::Complex(left), Self::Complex(right)) => left == right,
            (Self::String(left), Self::String(right)) => left == right,
            (Self::Int(left), Self::Int(right)) | (Self::Int64(left), Self::Int64(right)) => left == right,
            (Self::Int8(left), Self::Int8(right)) => left == right,
            (Self::Int16(left), Self::Int16(right)) => left == right,
            (Self::Int32(left), Self::Int32(right)) => left == right,
            (Self::Uint(left), Self::Uint(right)) | (Self::Uint64(left), Self::Uint64(right)) => left == right,
            (Self::Uint8(left), Self::Uint8(right)) => left == right,
            (Self::Uint16(left), Self::Uint16(right)) => left == right,
            (Self::Uint32(left), Self::Uint32(right)) => left == right,
            _ => false,
        }
    }
}

fn deep_equal(left: &Value, right: &Value, depth: usize) -> bool {
    match (left, right) {
        (Value::List(left), Value::List(right)) => lists(left, right, depth),
        (Value::Map(left), Value::Map(right)) => maps(left, right, depth),
        (Value::Object(left_object), Value::Object(right_object)) => {
            if left_object.same(right_object) {
                return true;
            }
            let (left, right) = (left_object.get(), right_object.get());
            if left.named_type().name != right.named_type().name {
                return false;
            }
            let Some(depth) = depth.checked_sub(1) else { return false };
            match (left.underlying(), right.underlying()) {
                (Underlying::Map(left), Underlying::Map(right)) => maps(&left, &right, depth),
                (Underlying::List(left), Underlying::List(right)) => lists(&left, &right, depth),
                (Underlying::Scalar(left), Underlying::Scalar(right)) => left.same_scalar(&right),
                (Underlying::Struct, Underlying::Struct) => {
                    let (left, right) = (left.fields(), right.fields());
                    !left.is_empty()
                        && left.len() == right.len()
                        && left.iter().zip(&right).all(|((_, left), (_, right))| deep_equal(left, right, depth))
                }
                _ => false,
            }
        }
        _ => left.same_scalar(right),
    }
}

fn lists(left: &List, right: &List, depth: usize) -> bool {
    if left.element_type() != right.element_type() || left.is_nil() != right.is_nil() || left.len() != right.len() {
        return false;
    }
    if let (Some(left), Some(right)) = (left.as_bytes(), right.as_bytes()) {
        return left == right;
    }
    let Some(depth) = depth.checked_sub(1) else { return left.same(right) };
    left.same(right) || left.iter().zip(right.iter()).all(|(left, right)| deep_equal(&left, &right, depth))
}

fn maps(left: &Map, right: &Map, depth: usize) -> bool {
    if left.element_type() != right.element_type() || left.is_nil() != right.is_nil() || left.len() != right.len() {
        return false;
    }
    if left.same(right) {
        return true;
    }
    let Some(depth) = depth.checked_sub(1) else { return false };
    left.entries()
        .into_iter()
        .zip(right.entries())
        .all(|((left_key, left), (right_key, right))| left_key == right_key && deep_equal(&left, &right, depth))
}
