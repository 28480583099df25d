//! Which type does a value have, and are two values deeply equal?

use crate::function::{CallError, Context, Function};
use crate::functions;
use crate::value::{Str, Value};

pub(super) static FUNCTIONS: &[Function] = functions! {
    "deepEqual" => context (Value, Value) deep_equal;
    "kindIs" => (Str, Value) kind_is;
    "kindOf" => (Value) kind_of;
    "typeIs" => (Str, Value) type_is;
    "typeIsLike" => (Str, Value) type_is_like;
    "typeOf" => (Value) type_of;
};

fn type_of(value: &Value) -> String {
    value.type_name()
}

fn type_is(target: &Str, value: &Value) -> bool {
    *target == *value.type_name()
}

/// The type itself or a pointer to it.
fn type_is_like(target: &Str, value: &Value) -> bool {
    let name = value.type_name();
    *target == *name || name.strip_prefix('*').is_some_and(|pointed_to| *target == *pointed_to)
}

fn kind_of(value: &Value) -> &'static str {
    value.kind().name()
}

fn kind_is(target: &Str, value: &Value) -> bool {
    *target == *value.kind().name()
}

fn deep_equal(context: &mut Context<'_>, left: &Value, right: &Value) -> Result<bool, CallError> {
    Ok(context.deep_equal(left, right)?)
}

#[cfg(test)]
mod tests {
    use super::super::recorded::check_table;

    #[test]
    fn as_sprig() {
        check_table(include_str!("../../tests/fixtures/sprig/reflect.tsv"));
    }
}
