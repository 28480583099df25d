//! What is `.a.b.c`? Methods, struct fields and keys of maps; Go's `evalField`.

use aktus_diagnostics::nearest;

use super::fault::Fault;
use super::machine::{Callee, Machine};
use crate::function::{Context, Operand};
use crate::go::strconv;
use crate::program::{Op, Program, check_arity, zero_of};
use crate::syntax::tree::{Name, Path};
use crate::templates::MissingKey;
use crate::value::{Map, Str, Underlying, Value};

/// What looking up fields needs besides the receiver.
pub(super) struct Lookup<'l, 'h> {
    pub(super) program: &'l Program,
    pub(super) context: &'l mut Context<'h>,
    pub(super) missing_key: MissingKey,
}

/// A path of more names than this counts as more than one step.
const LONG: usize = 16;

impl Lookup<'_, '_> {
    /// The field at the end of a path.
    pub(super) fn fields(&mut self, base: &Operand, path: Path) -> Result<Operand, Fault> {
        let program = self.program;
        let names = program.arena.path(path);
        if names.len() > LONG {
            self.context.step((names.len() / LONG) as u64)?;
        }
        let mut receiver: Option<Operand> = None;
        for (index, name) in names.iter().enumerate() {
            match self.field(receiver.as_ref().unwrap_or(base), program.name(*name)) {
                Ok(value) => receiver = Some(value),
                Err(fault) => return Err(self.explain(fault, base, names, index)),
            }
        }
        Ok(receiver.unwrap_or_default())
    }

    /// One field, without arguments.
    fn field(&mut self, receiver: &Operand, name: &Str) -> Result<Operand, Fault> {
        match &receiver.value {
            Value::Map(map) => self.key(map, name),
            Value::Nil => field_of_nil(receiver, name, self.missing_key),
            Value::Object(object) => {
                let text = name.to_text();
                if let Some(method) = object.get().method(&text) {
                    check_arity(&text, method.parameters().len(), method.is_variadic(), 0, false)
                        .map_err(Fault::new)?;
                    return method.call(object.get(), self.context, &[]).map_err(|error| Fault::calling(&text, error));
                }
                match object.get().underlying() {
                    Underlying::Map(map) => self.key(&map, name),
                    Underlying::Struct => match object.get().field(&text) {
                        Some(value) => Ok(Operand { interface: value.is_nil(), value }),
                        None if object.get().fields().iter().any(|(field, _)| *field == text) => {
                            let found = object.get().named_type().name;
                            Err(Fault::new(format!("{name} is an unexported field of struct type {found}")))
                        }
                        None => Err(cannot_evaluate(receiver, name)),
                    },
                    _ => Err(cannot_evaluate(receiver, name)),
                }
            }
            _ => Err(cannot_evaluate(receiver, name)),
        }
    }

    fn key(&self, map: &Map, name: &Str) -> Result<Operand, Fault> {
        let element = *map.element_type();
        if let Some(value) = map.get(name) {
            return Ok(Operand::of(value, element));
        }
        match self.missing_key {
            MissingKey::Default => Ok(Operand::INVALID),
            MissingKey::Zero => Ok(Operand::of(zero_of(element), element)),
            MissingKey::Error => Err(Fault::new(format!("map has no entry for key {}", strconv::quote(name)))),
        }
    }

    /// Adds what was probably meant, when the field at `index` of a path could not be evaluated.
    #[cold]
    fn explain(&self, fault: Fault, base: &Operand, names: &[Name], index: usize) -> Fault {
        let strict = self.missing_key == MissingKey::Error;
        // What is missing is the name before the one that failed, unless missing keys fail at once.
        let Some(wrong) = (if strict { Some(index) } else { index.checked_sub(1) }) else { return fault };
        let mut value = base.value.clone();
        for name in &names[..wrong] {
            value = match value.as_map().and_then(|map| map.get(self.program.name(*name))) {
                Some(value) => value,
                None => return fault,
            };
        }
        let Some(map) = value.as_map() else { return fault };
        let wrong = self.program.name(names[wrong]);
        if !strict && map.get(wrong).is_some_and(|value| !value.is_nil()) {
            return fault;
        }
        let wrong = wrong.to_text();
        let keys = map.keys();
        let keys: Vec<_> = keys.iter().map(Str::to_text).collect();
        fault.hint(Some(match nearest(&wrong, keys.iter().map(AsRef::as_ref)) {
            Some(near) if near != wrong => format!("there is no `{wrong}`; did you mean `{near}`?"),
            _ => format!("`{wrong}` is not set; give it a value or guard it with `if` or `with`"),
        }))
    }
}

fn field_of_nil(receiver: &Operand, name: &Str, missing_key: MissingKey) -> Result<Operand, Fault> {
    if receiver.interface {
        return Err(Fault::new(format!("nil pointer evaluating interface {{}}.{name}")));
    }
    if missing_key == MissingKey::Error {
        return Err(Fault::new(format!("nil data; no entry for key {}", strconv::quote(name))));
    }
    Ok(Operand::INVALID)
}

impl Machine<'_, '_> {
    /// Takes the receiver from the top and finds its method. Where Go stops here (there is nothing to call it on), gives
    /// the place to go on.
    pub(super) fn method(&mut self, program: &Program, op: Op) -> Result<Option<u32>, Fault> {
        let Op::Method { name, arguments, piped, end } = op else { return Ok(None) };
        let receiver = self.pop();
        let name = program.name(name);
        match &receiver.value {
            Value::Nil => {
                let value = field_of_nil(&receiver, name, self.templates.missing_key())?;
                if piped {
                    self.pop();
                }
                self.push(value);
                Ok(Some(end))
            }
            Value::Object(object) => {
                let text = name.to_text();
                if let Some(method) = object.get().method(&text) {
                    let count = usize::from(arguments);
                    check_arity(&text, method.parameters().len(), method.is_variadic(), count, piped)
                        .map_err(Fault::new)?;
                    self.callees.push(Callee { object: object.clone(), method });
                    return Ok(None);
                }
                match object.get().underlying() {
                    Underlying::Struct if object.get().field(&text).is_some() => {
                        Err(Fault::new(format!("{name} has arguments but cannot be invoked as function")))
                    }
                    Underlying::Map(_) => Err(Fault::new(format!("{name} is not a method but has arguments"))),
                    _ => Err(cannot_evaluate(&receiver, name)),
                }
            }
            Value::Map(_) => Err(Fault::new(format!("{name} is not a method but has arguments"))),
            _ => Err(cannot_evaluate(&receiver, name)),
        }
    }
}

#[cold]
fn cannot_evaluate(receiver: &Operand, name: &Str) -> Fault {
    let found = receiver.static_type().map_or_else(String::new, |found| found.to_string());
    Fault::new(format!("can't evaluate field {name} in type {found}"))
}
