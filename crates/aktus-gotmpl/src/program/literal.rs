//! What does a literal become where a type is wanted? Go's `evalArg` for literals, and `idealConstant` where none is.

use super::Constant;
use crate::syntax::tree::{Arena, NodeId, NodeKind};
use crate::value::{Kind, Str, Type, Value};

/// The literal as a value of the given type; the error is Go's text. Nothing for a node that is no literal.
pub(crate) fn literal(arena: &Arena, id: NodeId, wanted: Type) -> Option<Result<Constant, String>> {
    let node = arena.node(id);
    if matches!(node.kind, NodeKind::Nil) {
        return Some(zero(wanted).ok_or_else(|| format!("cannot assign nil to {wanted}")));
    }
    if !matches!(node.kind, NodeKind::Bool(_) | NodeKind::Number { .. } | NodeKind::String { .. }) {
        return None;
    }
    let number = match node.kind {
        NodeKind::Number { index } => arena.numbers.get(index as usize).map(|(number, _)| *number),
        _ => None,
    };
    let expected = |what: &str| format!("expected {what}; found {}", text(arena, id));
    let kind = wanted.kind();
    Some(match (kind, node.kind) {
        _ if matches!(wanted, Type::Any | Type::Reflect) => ideal(arena, id),
        (Kind::Bool, NodeKind::Bool(value)) => Ok(Constant::Bool(value)),
        (Kind::Bool, _) => Err(expected("bool")),
        (Kind::String, NodeKind::String { text, .. }) => Ok(Constant::String(arena.name(text).clone())),
        (Kind::String, _) => Err(expected("string")),
        (Kind::Float64, _) => {
            number.and_then(|number| number.float).map(Constant::Float).ok_or_else(|| expected("float"))
        }
        #[expect(clippy::cast_possible_truncation, reason = "Go rounds, too")]
        (Kind::Float32, _) => number
            .and_then(|number| number.float)
            .map(|float| Constant::Float32(float as f32))
            .ok_or_else(|| expected("float")),
        (Kind::Complex128, _) => number
            .and_then(|number| number.complex)
            .map(|(real, imaginary)| Constant::Complex(real, imaginary))
            .ok_or_else(|| expected("complex")),
        _ if kind.is_signed() => number
            .and_then(|number| number.int)
            .map(|int| if kind == Kind::Int { Constant::Int(int) } else { Constant::SizedInt(int, wanted) })
            .ok_or_else(|| expected("integer")),
        _ if kind.is_unsigned() => number
            .and_then(|number| number.uint)
            .map(|uint| Constant::Uint(uint, wanted))
            .ok_or_else(|| expected("unsigned integer")),
        _ => Err(format!("can't handle {} for arg of type {wanted}", text(arena, id))),
    })
}

/// The literal where nothing says which type it should have: the syntax decides.
pub(super) fn ideal(arena: &Arena, id: NodeId) -> Result<Constant, String> {
    let node = arena.node(id);
    match node.kind {
        NodeKind::Bool(value) => Ok(Constant::Bool(value)),
        NodeKind::String { text, .. } => Ok(Constant::String(arena.name(text).clone())),
        NodeKind::Number { index } => {
            let Some((number, range)) = arena.numbers.get(index as usize) else { return Ok(Constant::Nil) };
            let source = arena.bytes(range.start, range.end);
            let has = |bytes: &[u8]| source.iter().any(|byte| bytes.contains(byte));
            if let Some((real, imaginary)) = number.complex {
                return Ok(Constant::Complex(real, imaginary));
            }
            let hexadecimal = source.len() > 2 && source[0] == b'0' && matches!(source[1], b'x' | b'X') && !has(b"pP");
            if let Some(float) = number.float
                && !hexadecimal
                && source.first() != Some(&b'\'')
                && has(b".eEpP")
            {
                return Ok(Constant::Float(float));
            }
            match (number.int, number.uint) {
                (Some(int), _) => Ok(Constant::Int(int)),
                (None, Some(_)) => Err(format!("{} overflows int", text(arena, id))),
                (None, None) => Ok(Constant::Nil),
            }
        }
        _ => Ok(Constant::Nil),
    }
}

/// Go's zero value of a type that can be nil.
pub(crate) fn zero(wanted: Type) -> Option<Constant> {
    if !wanted.can_be_nil() {
        return None;
    }
    Some(match wanted {
        Type::List(element) => Constant::NilList(element),
        Type::Map(element) => Constant::NilMap(element),
        Type::Named(named) => match named.underlying {
            Some(Type::List(element)) => Constant::NilList(element),
            Some(Type::Map(element)) => Constant::NilMap(element),
            _ => Constant::Nil,
        },
        _ => Constant::Nil,
    })
}

/// Go's zero value of any type.
pub(crate) fn zero_of(go_type: Type) -> Value {
    match go_type {
        Type::Bool => Value::Bool(false),
        Type::String => Value::String(Str::default()),
        Type::Float64 => Value::Float(0.0),
        Type::Float32 => Value::Float32(0.0),
        Type::Complex128 => Value::Complex((0.0, 0.0).into()),
        other if other.kind().is_signed() => super::sized_int(0, other),
        other if other.kind().is_unsigned() => super::sized_uint(0, other),
        other => zero(other).map_or(Value::Nil, |constant| constant.value()),
    }
}

/// A node as error texts show it.
pub(super) fn text(arena: &Arena, id: NodeId) -> String {
    String::from_utf8_lossy(&arena.print(id)).into_owned()
}
