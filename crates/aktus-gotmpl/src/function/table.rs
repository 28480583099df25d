//! What is in the table of functions?

use std::fmt;

use super::{CallError, Context, Operand};
use crate::value::{Object, Type};

/// The Rust code behind a function.
pub(crate) type Native = fn(&mut Context<'_>, &[Operand]) -> Result<Operand, CallError>;

/// A function that templates can call. Made by [`functions!`](crate::functions).
#[derive(Clone, Copy)]
pub struct Function {
    name: &'static str,
    parameters: &'static [Type],
    variadic: bool,
    body: Body,
}

/// What calling a function does.
#[derive(Clone, Copy)]
pub(crate) enum Body {
    /// Runs Rust code.
    Native(Native),
    /// Stops at the first false operand.
    And,
    /// Stops at the first true operand.
    Or,
    /// Calls its first argument, of which it needs the source text.
    Call,
    /// Runs a template by name and gives its output.
    Include,
    /// Parses and runs a template given as text.
    Tpl,
}

impl Function {
    #[doc(hidden)]
    pub const fn native(name: &'static str, parameters: &'static [Type], variadic: bool, native: Native) -> Self {
        Self { name, parameters, variadic, body: Body::Native(native) }
    }

    pub(crate) const fn special(name: &'static str, parameters: &'static [Type], variadic: bool, body: Body) -> Self {
        Self { name, parameters, variadic, body }
    }

    /// The name templates call it by.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The types of the parameters; of a variadic one, the last is that of each further argument.
    pub const fn parameters(&self) -> &'static [Type] {
        self.parameters
    }

    /// Whether any number of arguments of the last type may follow.
    pub const fn is_variadic(&self) -> bool {
        self.variadic
    }

    pub(crate) const fn body(&self) -> Body {
        self.body
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        signature(formatter, self.name, self.parameters, self.variadic)
    }
}

/// A method of an [`Object`]. Made by [`methods!`](crate::methods).
#[derive(Clone, Copy)]
pub struct Method {
    name: &'static str,
    parameters: &'static [Type],
    variadic: bool,
    native: NativeMethod,
}

/// The Rust code behind a method.
pub(crate) type NativeMethod = fn(&dyn Object, &mut Context<'_>, &[Operand]) -> Result<Operand, CallError>;

impl Method {
    #[doc(hidden)]
    pub const fn native(name: &'static str, parameters: &'static [Type], variadic: bool, native: NativeMethod) -> Self {
        Self { name, parameters, variadic, native }
    }

    /// The name templates call it by.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The types of the parameters; of a variadic one, the last is that of each further argument.
    pub const fn parameters(&self) -> &'static [Type] {
        self.parameters
    }

    /// Whether any number of arguments of the last type may follow.
    pub const fn is_variadic(&self) -> bool {
        self.variadic
    }

    pub(crate) fn call(
        &self,
        receiver: &dyn Object,
        context: &mut Context<'_>,
        arguments: &[Operand],
    ) -> Result<Operand, CallError> {
        (self.native)(receiver, context, arguments)
    }

    /// The method of this name among several.
    pub fn find(methods: &'static [Self], name: &str) -> Option<&'static Self> {
        methods.iter().find(|method| method.name == name)
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        signature(formatter, self.name, self.parameters, self.variadic)
    }
}

fn signature(formatter: &mut fmt::Formatter<'_>, name: &str, parameters: &[Type], variadic: bool) -> fmt::Result {
    write!(formatter, "{name}(")?;
    for (index, parameter) in parameters.iter().enumerate() {
        let comma = if index > 0 { ", " } else { "" };
        let dots = if variadic && index + 1 == parameters.len() { "..." } else { "" };
        write!(formatter, "{comma}{dots}{parameter}")?;
    }
    formatter.write_str(")")
}

/// The functions a set of templates knows, by name. Later additions replace earlier ones.
#[derive(Clone, Debug, Default)]
pub struct FunctionTable {
    functions: Vec<Function>,
}

impl FunctionTable {
    /// No functions; Go's own are there even so, as they are in Go.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds functions; one of the same name as an earlier one takes its place.
    pub fn add(&mut self, functions: &[Function]) {
        for function in functions {
            match self.functions.binary_search_by(|known| known.name.cmp(function.name)) {
                Ok(index) => self.functions[index] = *function,
                Err(index) => self.functions.insert(index, *function),
            }
        }
    }

    /// The same with these functions added.
    #[must_use]
    pub fn with(mut self, functions: &[Function]) -> Self {
        self.add(functions);
        self
    }

    /// Takes functions away.
    pub fn remove(&mut self, names: &[&str]) {
        self.functions.retain(|function| !names.contains(&function.name));
    }

    /// The function of this name.
    pub fn get(&self, name: &str) -> Option<Function> {
        self.functions.binary_search_by(|known| known.name.cmp(name)).ok().map(|index| self.functions[index])
    }

    /// All functions, sorted by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Function> {
        self.functions.iter()
    }
}

/// Lists functions for a [`FunctionTable`]: `"name" => (parameter types) path::to::function;` for a function that needs
/// only its arguments, `"name" => context (parameter types) path::to::function;` for one that takes the
/// [`Context`] first. A variadic last parameter is written `..T`.
///
/// ```
/// use aktus_gotmpl::{CallError, Context, Function, Rest, Str, Value, functions};
///
/// fn upper(text: &Str) -> String {
///     text.to_text().to_uppercase()
/// }
///
/// fn repeat(context: &mut Context<'_>, count: i64, text: &Str) -> Result<Vec<u8>, CallError> {
///     let count = usize::try_from(count).map_err(|_| "strings: negative Repeat count")?;
///     context.spend(count.saturating_mul(text.len()))?;
///     Ok(text.repeat(count))
/// }
///
/// fn count(values: Rest<'_, Value>) -> i64 {
///     values.iter().filter(|value| !value.is_nil()).count() as i64
/// }
///
/// static STRINGS: &[Function] = functions! {
///     "upper" => (Str) upper;
///     "repeat" => context (i64, Str) repeat;
///     "count" => (..Value) count;
/// };
/// assert_eq!(format!("{:?}", STRINGS[1]), "repeat(int, string)");
/// assert_eq!(format!("{:?}", STRINGS[2]), "count(...interface {})");
/// ```
#[macro_export]
macro_rules! functions {
    ($($name:literal => $($context:ident)? ($($signature:tt)*) $path:path;)*) => {
        &[$($crate::functions!(@one $name, [$($context)?], ($($signature)*), $path)),*]
    };
    (@one $name:literal, [$($context:ident)?], (..$rest:ty), $path:path) => {
        $crate::Function::native(
            $name,
            &[<$rest as $crate::Parameter>::TYPE],
            true,
            |__context, __operands| $crate::functions!(@call __context, __operands, [$($context)?], (, ..$rest), $path, []),
        )
    };
    (@one $name:literal, [$($context:ident)?], ($($type:ty),* $(, ..$rest:ty)? $(,)?), $path:path) => {
        $crate::Function::native(
            $name,
            &[$(<$type as $crate::Parameter>::TYPE,)* $(<$rest as $crate::Parameter>::TYPE,)?],
            $crate::functions!(@variadic $($rest)?),
            |__context, __operands| $crate::functions!(@call __context, __operands, [$($context)?], ($($type),* $(, ..$rest)?), $path, []),
        )
    };
    (@variadic) => { false };
    (@variadic $rest:ty) => { true };
    (@call $given:ident, $operands:ident, [], ($($type:ty),* $(, ..$rest:ty)?), $path:path, []) => {{
        let _ = $given;
        #[allow(unused_mut, unused_variables, clippy::allow_attributes, reason = "not every signature uses both")]
        let mut operands = $operands.iter();
        $crate::Returned::returned($path(
            $($crate::function::next::<$type>(&mut operands)?,)*
            $($crate::Rest::<$rest>::new(operands.as_slice()),)?
        ))
    }};
    (@call $given:ident, $operands:ident, [$context:ident], ($($type:ty),* $(, ..$rest:ty)?), $path:path, []) => {{
        #[allow(unused_mut, unused_variables, clippy::allow_attributes, reason = "not every signature uses both")]
        let mut operands = $operands.iter();
        $crate::Returned::returned($path(
            $given,
            $($crate::function::next::<$type>(&mut operands)?,)*
            $($crate::Rest::<$rest>::new(operands.as_slice()),)?
        ))
    }};
}

/// Lists methods of an [`Object`] type: like [`functions!`](crate::functions), each function taking the receiver
/// `&Self` first (then the [`Context`] if marked `context`).
///
/// `methods! { Time; "Unix" => () Time::unix; "Format" => (Str) Time::format; }`
#[macro_export]
macro_rules! methods {
    ($receiver:ty; $($name:literal => $($context:ident)? ($($signature:tt)*) $path:path;)*) => {
        &[$($crate::methods!(@one $receiver, $name, [$($context)?], ($($signature)*), $path)),*]
    };
    (@one $receiver:ty, $name:literal, [$($context:ident)?], (..$rest:ty), $path:path) => {
        $crate::Method::native(
            $name,
            &[<$rest as $crate::Parameter>::TYPE],
            true,
            |__object, __context, __operands| $crate::methods!(@call $receiver, __object, __context, __operands, [$($context)?], (, ..$rest), $path),
        )
    };
    (@one $receiver:ty, $name:literal, [$($context:ident)?], ($($type:ty),* $(, ..$rest:ty)? $(,)?), $path:path) => {
        $crate::Method::native(
            $name,
            &[$(<$type as $crate::Parameter>::TYPE,)* $(<$rest as $crate::Parameter>::TYPE,)?],
            $crate::functions!(@variadic $($rest)?),
            |__object, __context, __operands| $crate::methods!(@call $receiver, __object, __context, __operands, [$($context)?], ($($type),* $(, ..$rest)?), $path),
        )
    };
    (@call $receiver:ty, $object:ident, $given:ident, $operands:ident, [], ($($type:ty),* $(, ..$rest:ty)?), $path:path) => {{
        let _ = $given;
        #[allow(unused_mut, unused_variables, clippy::allow_attributes, reason = "not every signature uses both")]
        let mut operands = $operands.iter();
        let receiver = $crate::function::receiver::<$receiver>($object)?;
        $crate::Returned::returned($path(
            receiver,
            $($crate::function::next::<$type>(&mut operands)?,)*
            $($crate::Rest::<$rest>::new(operands.as_slice()),)?
        ))
    }};
    (@call $receiver:ty, $object:ident, $given:ident, $operands:ident, [$context:ident], ($($type:ty),* $(, ..$rest:ty)?), $path:path) => {{
        #[allow(unused_mut, unused_variables, clippy::allow_attributes, reason = "not every signature uses both")]
        let mut operands = $operands.iter();
        let receiver = $crate::function::receiver::<$receiver>($object)?;
        $crate::Returned::returned($path(
            receiver,
            $given,
            $($crate::function::next::<$type>(&mut operands)?,)*
            $($crate::Rest::<$rest>::new(operands.as_slice()),)?
        ))
    }};
}
