//! When are two values equal? As Go's `reflect.DeepEqual` has it: same types all the way down.

use super::{List, Map, Underlying, Value};

impl Value {
    /// Go's `reflect.DeepEqual`: `3` and `3.0` differ, an `int` and an `int64` differ, NaN differs from itself,
    /// and a nil list or map differs from an empty one.
    ///
    /// Values nested beyond [`Value::DEPTH`], or with more than a million parts, count as different unless they are the
    /// very same. Functions use [`Context::deep_equal`](crate::Context::deep_equal), which reports that instead.
    pub fn deep_equal(&self, other: &Self) -> bool {
        self.deep_equal_within(other, &mut 1_000_000).unwrap_or(false)
    }

    /// [`Value::deep_equal`] looking at no more than `parts` parts, which it counts down; nothing when they were not
    /// enough.
    pub(crate) fn deep_equal_within(&self, other: &Self, parts: &mut u64) -> Option<bool> {
        deep_equal(self, other, Self::DEPTH, parts)
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

fn deep_equal(left: &Value, right: &Value, depth: usize, parts: &mut u64) -> Option<bool> {
    *parts = parts.checked_sub(1)?;
    Some(match (left, right) {
        (Value::List(left), Value::List(right)) => return lists(left, right, depth, parts),
        (Value::Map(left), Value::Map(right)) => return maps(left, right, depth, parts),
        (Value::Object(left_object), Value::Object(right_object)) => {
            if left_object.same(right_object) {
                return Some(true);
            }
            let (left, right) = (left_object.get(), right_object.get());
            if left.named_type().name != right.named_type().name {
                return Some(false);
            }
            if left.is_nil() || right.is_nil() {
                return Some(left.is_nil() && right.is_nil());
            }
            let Some(depth) = depth.checked_sub(1) else { return Some(false) };
            match (left.underlying(), right.underlying()) {
                (Underlying::Map(left), Underlying::Map(right)) => return maps(&left, &right, depth, parts),
                (Underlying::List(left), Underlying::List(right)) => return lists(&left, &right, depth, parts),
                (Underlying::Scalar(left), Underlying::Scalar(right)) => left.same_scalar(&right),
                (Underlying::Struct, Underlying::Struct) => {
                    let (left, right) = (left.fields(), right.fields());
                    if left.is_empty() || left.len() != right.len() {
                        return Some(false);
                    }
                    for ((_, left), (_, right)) in left.iter().zip(&right) {
                        if !deep_equal(left, right, depth, parts)? {
                            return Some(false);
                        }
                    }
                    true
                }
                _ => false,
            }
        }
        _ => left.same_scalar(right),
    })
}

fn lists(left: &List, right: &List, depth: usize, parts: &mut u64) -> Option<bool> {
    if left.element_type() != right.element_type() || left.is_nil() != right.is_nil() || left.len() != right.len() {
        return Some(false);
    }
    if let (Some(left), Some(right)) = (left.as_bytes(), right.as_bytes()) {
        return Some(left == right);
    }
    if left.same(right) {
        return Some(true);
    }
    let Some(depth) = depth.checked_sub(1) else { return Some(false) };
    for (left, right) in left.iter().zip(right.iter()) {
        if !deep_equal(&left, &right, depth, parts)? {
            return Some(false);
        }
    }
    Some(true)
}

fn maps(left: &Map, right: &Map, depth: usize, parts: &mut u64) -> Option<bool> {
    if left.element_type() != right.element_type() || left.is_nil() != right.is_nil() || left.len() != right.len() {
        return Some(false);
    }
    if left.same(right) {
        return Some(true);
    }
    let Some(depth) = depth.checked_sub(1) else { return Some(false) };
    for ((left_key, left), (right_key, right)) in left.entries().into_iter().zip(right.entries()) {
        if left_key != right_key || !deep_equal(&left, &right, depth, parts)? {
            return Some(false);
        }
    }
    Some(true)
}
