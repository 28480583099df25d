//! Which functions does every Go template have? Those of `text/template/funcs.go`.

mod compare;
mod index;
mod text;

use crate::function::{Body, Function, Operand};
use crate::functions;
use crate::value::{Str, Type, Value};

/// `and`, `or` and `call` take what they need from the machine itself.
const SPECIAL: &[Function] = &[
    Function::special("and", &[Type::Reflect, Type::Reflect], true, Body::And),
    Function::special("call", &[Type::Reflect, Type::Reflect], true, Body::Call),
    Function::special("or", &[Type::Reflect, Type::Reflect], true, Body::Or),
];

const PLAIN: &[Function] = functions! {
    "eq" => context (Operand, ..Operand) compare::eq;
    "ge" => context (Operand, Operand) compare::ge;
    "gt" => context (Operand, Operand) compare::gt;
    "html" => context (..Value) text::html;
    "index" => (Operand, ..Operand) index::index;
    "js" => context (..Value) text::js;
    "le" => context (Operand, Operand) compare::le;
    "len" => (Operand) index::length;
    "lt" => context (Operand, Operand) compare::lt;
    "ne" => context (Operand, Operand) compare::ne;
    "not" => (Operand) not;
    "print" => context (..Value) text::print;
    "printf" => context (Str, ..Value) text::printf;
    "println" => context (..Value) text::println;
    "slice" => (Operand, ..Operand) index::slice;
    "urlquery" => context (..Value) text::urlquery;
};

/// Go's own function of this name.
pub(crate) fn get(name: &str) -> Option<Function> {
    SPECIAL.iter().chain(PLAIN).find(|function| function.name() == name).copied()
}

/// The names of Go's own functions.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    SPECIAL.iter().chain(PLAIN).map(Function::name)
}

fn not(operand: &Operand) -> bool {
    !operand.value.truth()
}
