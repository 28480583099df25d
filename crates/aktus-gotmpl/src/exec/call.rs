//! How are functions, methods and other templates called?

use super::check::check;
use super::fault::Fault;
use super::machine::{Frame, Kind, Machine};
use crate::function::{Body, CallError, Operand};
use crate::go::strconv;
use crate::limits::LimitError;
use crate::program::{Program, literal};
use crate::syntax::tree::NodeId;
use crate::value::{Str, Type, Value};

/// Whether a call is done or another template is to run first.
pub(super) enum Called {
    Done,
    Entered,
}

impl Machine<'_, '_> {
    /// Calls a function with the top operands.
    pub(super) fn call(&mut self, program: &Program, function: u16, arguments: u16) -> Result<Called, Fault> {
        let (function, _) = program.arena.functions[usize::from(function)];
        let base = self.operands.len() - usize::from(arguments);
        for operand in &mut self.operands[base..] {
            if let Value::Object(object) = &operand.value
                && let Some(boxed) = object.get().boxed()
            {
                operand.value = boxed;
            }
        }
        let result = match function.body() {
            Body::Native(native) => native(self.context, &self.operands[base..]),
            Body::Include => return self.include(base),
            Body::Tpl => return self.tpl(base),
            Body::And | Body::Or | Body::Call => Err(CallError::new("unreachable")),
        };
        self.operands.truncate(base);
        match result {
            Ok(value) => {
                self.push(value);
                Ok(Called::Done)
            }
            Err(error) => Err(Fault::calling(function.name(), error)),
        }
    }

    /// Go's `call`. No value of ours is a function.
    pub(super) fn call_value(&mut self, name: &str, arguments: u16) -> Fault {
        let base = self.operands.len() - usize::from(arguments);
        let callee = self.operands.get(base).map(|operand| operand.value.clone()).unwrap_or_default();
        let message = match callee.go_type() {
            None => "call of nil".to_owned(),
            Some(found) => {
                // Without arguments of its own the callee was piped in, and Go names it as `reflect` does.
                let name = match (&callee, name) {
                    (Value::String(text), "") => text.to_text().into_owned(),
                    (_, "") => format!("<{found} Value>"),
                    _ => name.to_owned(),
                };
                format!("non-function {name} of type {found}")
            }
        };
        Fault::calling("call", CallError::Message(message))
    }

    /// Pushes a literal as the type a method wants.
    pub(super) fn method_literal(&mut self, program: &Program, node: NodeId, index: u16) -> Result<(), Fault> {
        let wanted = self.method_parameter(index);
        match literal(&program.arena, node, wanted) {
            Some(Ok(constant)) => {
                self.push(Operand::concrete(constant.value()));
                Ok(())
            }
            Some(Err(message)) => Err(Fault::new(message)),
            None => Err(Fault::new("the argument is no literal")),
        }
    }

    /// Checks the top operand against the type a method wants.
    pub(super) fn method_check(&mut self, index: u16) -> Result<(), Fault> {
        let wanted = self.method_parameter(index);
        let operand = self.pop();
        let operand = check(operand, wanted)?;
        self.push(operand);
        Ok(())
    }

    fn method_parameter(&self, index: u16) -> Type {
        let parameters = self.callees.last().map_or(&[] as &[Type], |callee| callee.method.parameters());
        parameters.get(usize::from(index)).or(parameters.last()).copied().unwrap_or(Type::Any)
    }

    /// Calls the method found before with the top operands.
    pub(super) fn call_method(&mut self, arguments: u16, piped: bool) -> Result<(), Fault> {
        let count = usize::from(arguments) + usize::from(piped);
        let base = self.operands.len() - count;
        let Some(callee) = self.callees.pop() else { return Err(Fault::new("there is no method to call")) };
        let result = callee.method.call(callee.object.get(), self.context, &self.operands[base..]);
        self.operands.truncate(base);
        let value = result.map_err(|error| Fault::calling(callee.method.name(), error))?;
        self.push(value);
        Ok(())
    }

    /// `include NAME DATA`
    fn include(&mut self, base: usize) -> Result<Called, Fault> {
        let data = self.pop();
        let name = self.pop().value.as_str().cloned().unwrap_or_default();
        self.operands.truncate(base);
        let limit = self.context.limits().include_depth;
        // Helm counts before it compares, so that one more than the limit are possible.
        if self.frames.len() > limit && self.under_way(&name)? > limit {
            return Err(Fault::calling(
                "include",
                CallError::Message(format!(
                    "rendering template has a nested reference name: {name}: unable to execute template"
                )),
            ));
        }
        let Some((program, template)) = self.lookup(&name) else {
            let (name, set) = (strconv::quote(&name), strconv::quote(self.templates.name()));
            let message = format!("template: no template {name} associated with template {set}");
            return Err(Fault::calling("include", CallError::Message(message)).hint(self.near_template(&name)));
        };
        self.enter(Frame::new(program, template, Operand::concrete(data.value), Kind::Include { name }))?;
        Ok(Called::Entered)
    }

    /// `tpl TEXT DATA`
    fn tpl(&mut self, base: usize) -> Result<Called, Fault> {
        let data = self.pop();
        let text = self.pop().value.as_str().cloned().unwrap_or_default();
        self.operands.truncate(base);
        if memchr::memmem::find(&text, b"{{").is_none() {
            let text = without_no_value(&text).map_or(text, Str::from);
            self.push(Operand::concrete(Value::String(text)));
            return Ok(Called::Done);
        }
        self.context.step(text.len() as u64 / 8)?;
        let program = self.templates.parse_tpl(&text, self.context).map_err(|error| {
            let text = strconv::quote(&text);
            Fault::calling("tpl", CallError::Message(format!("cannot parse template {text}: {error}")))
                .hint(error.hints().first().cloned())
        })?;
        self.context.produce(program.weight())?;
        let template = program.templates.len() - 1;
        let frame = Frame::new(program, template, Operand::concrete(data.value), Kind::Tpl { text });
        self.enter(frame)?;
        self.open_overlay();
        self.weigh_if_due()?;
        Ok(Called::Entered)
    }

    /// Starts a template; the caller's place must be noted before.
    pub(super) fn enter(&mut self, frame: Frame) -> Result<(), LimitError> {
        let limit = self.context.limits().call_depth;
        if self.frames.len() >= limit {
            return Err(LimitError::Calls(limit));
        }
        self.context.step(1)?;
        self.push_frame(frame);
        Ok(())
    }
}

/// The text without Go's `<no value>`, which Helm deletes from what `tpl` gives; nothing if there is none.
pub(super) fn without_no_value(text: &[u8]) -> Option<Vec<u8>> {
    const NO_VALUE: &[u8] = b"<no value>";
    let finder = memchr::memmem::Finder::new(NO_VALUE);
    finder.find(text)?;
    let mut out = Vec::with_capacity(text.len());
    let mut last = 0;
    for position in finder.find_iter(text) {
        out.extend_from_slice(&text[last..position]);
        last = position + NO_VALUE.len();
    }
    out.extend_from_slice(&text[last..]);
    Some(out)
}
