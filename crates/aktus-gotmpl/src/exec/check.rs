//! Does a value fit where a type is wanted? Go's `validateType`.

use super::fault::Fault;
use crate::function::Operand;
use crate::program::zero;
use crate::value::{Type, Value};

/// The operand as an argument of the wanted type.
pub(super) fn check(operand: Operand, wanted: Type) -> Result<Operand, Fault> {
    match wanted {
        Type::Any => return Ok(Operand::interface(operand.value)),
        Type::Reflect => return Ok(operand),
        Type::String if matches!(operand.value, Value::String(_)) => return Ok(Operand::concrete(operand.value)),
        _ => {}
    }
    if !operand.is_valid() {
        return match zero(wanted) {
            Some(constant) => Ok(Operand::concrete(constant.value())),
            None => Err(Fault::new(format!("invalid value; expected {wanted}"))),
        };
    }
    match operand.value.go_type() {
        Some(found) if found.assignable_to(wanted) => Ok(Operand::concrete(convert(operand.value, wanted))),
        Some(found) => Err(Fault::new(format!("wrong type for value; expected {wanted}; got {found}"))),
        None => Err(Fault::new(format!("wrong type for value; expected {wanted}; got interface {{}}"))),
    }
}

/// What Go's call makes of a value of a named map or list type where the unnamed type is wanted.
fn convert(value: Value, wanted: Type) -> Value {
    if let (Value::Object(_), Type::List(_) | Type::Map(_)) = (&value, wanted) {
        if let Some(map) = value.as_map() {
            return Value::Map(map);
        }
        if let Some(list) = value.as_list() {
            return Value::List(list);
        }
    }
    value
}
