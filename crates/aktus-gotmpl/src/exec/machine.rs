//! The machine: it runs the instructions of a [`Program`] on a stack of operands, with a stack of its own for the
//! templates under way.

use std::sync::Arc;

use aktus_diagnostics::nearest;

use super::call::{Called, without_no_value};
use super::check::check;
use super::fault::Fault;
use super::field::Lookup;
use super::range::{Items, Loop};
use crate::error::{Cause, ExecError, Place, Step};
use crate::function::{Context, Method, Operand};
use crate::go::{fmt, strconv};
use crate::limits::LimitError;
use crate::program::{Instruction, NO_NODE, Op, Program, Variables};
use crate::syntax::tree::{Name, NodeId, NodeKind, Path};
use crate::templates::Templates;
use crate::trace::Origin;
use crate::value::{ObjectRef, Scale, Str, Value};

/// Runs a template by name.
pub(crate) fn execute(
    templates: &Templates,
    name: &Str,
    data: Value,
    context: &mut Context<'_>,
) -> Result<Vec<u8>, ExecError> {
    let Some((program, template)) = templates.find(name) else {
        let cause = Cause::NoTemplate { name: name.clone(), set: templates.name().clone() };
        return Err(ExecError::new(None, cause));
    };
    let frame = Frame::new(program, template, Operand::concrete(data), Kind::Root);
    let mut machine = Machine {
        templates,
        context,
        operands: Vec::with_capacity(32),
        variables: Vec::with_capacity(32),
        marks: Vec::new(),
        dots: Vec::new(),
        loops: Vec::new(),
        callees: Vec::new(),
        frames: Vec::new(),
        current: frame,
        outputs: Vec::new(),
        spare: Vec::new(),
        overlays: Vec::new(),
        node: NO_NODE,
        ticks: 0,
    };
    machine.begin();
    machine.run()
}

/// A template under way.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    program: Arc<Program>,
    template: usize,
    /// The next instruction, while another template runs.
    place: u32,
    /// The current node, while another template runs.
    node: u32,
    /// The call that another template was started by.
    call: u32,
    dot: Operand,
    kind: Kind,
    /// Where this template's variables begin.
    variables: usize,
    /// How many `template` actions are under way since the last `include` or `tpl`.
    depth: usize,
    /// The overlay of defines that names are looked up in first.
    overlay: Option<usize>,
}

/// How a template was started.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Root,
    Template,
    Include { name: Str },
    Tpl { text: Str },
}

/// The templates that a text given to `tpl` defines, seen only while it runs.
#[derive(Debug)]
struct Overlay {
    program: Arc<Program>,
    outer: Option<usize>,
}

/// A method about to be called.
#[derive(Debug)]
pub(super) struct Callee {
    pub(super) object: ObjectRef,
    pub(super) method: &'static Method,
}

pub(super) struct Machine<'r, 'h> {
    pub(super) templates: &'r Templates,
    pub(super) context: &'r mut Context<'h>,
    pub(super) operands: Vec<Operand>,
    variables: Vec<(Name, Operand)>,
    marks: Vec<usize>,
    dots: Vec<Operand>,
    loops: Vec<Loop>,
    pub(super) callees: Vec<Callee>,
    pub(super) frames: Vec<Frame>,
    current: Frame,
    outputs: Vec<Vec<u8>>,
    spare: Vec<Vec<u8>>,
    overlays: Vec<Overlay>,
    /// The node that Go would call the current one.
    node: u32,
    /// Instructions run since they were last counted.
    ticks: u32,
}

/// So many instructions are counted at once.
const TICKS: u32 = 256;

/// The name of `$`, which every parser notes first.
const DOLLAR: Name = Name(0);

impl Frame {
    pub(super) fn new(program: Arc<Program>, template: usize, data: Operand, kind: Kind) -> Self {
        Self {
            program,
            template,
            place: 0,
            node: NO_NODE,
            call: NO_NODE,
            dot: data,
            kind,
            variables: 0,
            depth: 0,
            overlay: None,
        }
    }
}

impl Machine<'_, '_> {
    pub(super) fn push(&mut self, operand: Operand) {
        self.operands.push(operand);
    }

    pub(super) fn pop(&mut self) -> Operand {
        self.operands.pop().unwrap_or_default()
    }

    fn output(&mut self) -> &mut Vec<u8> {
        if self.outputs.is_empty() {
            self.outputs.push(Vec::new());
        }
        let last = self.outputs.len() - 1;
        &mut self.outputs[last]
    }

    /// Prepares for the first instruction of the current frame.
    fn begin(&mut self) {
        self.current.variables = self.variables.len();
        self.variables.push((DOLLAR, self.current.dot.clone()));
        if !matches!(self.current.kind, Kind::Template) {
            self.outputs.push(self.spare.pop().unwrap_or_default());
            if let Some(trace) = &mut self.context.trace {
                trace.open();
            }
        }
        self.node = NO_NODE;
    }

    /// Notes literal text about to be written.
    #[cold]
    fn trace_text(&mut self, program: &Program, source: u32) {
        let start = self.output().len();
        let origin = Origin { file: program.parse_name.clone(), line: program.arena.position(source).0 };
        if let Some(trace) = &mut self.context.trace {
            trace.text(start, origin);
        }
    }

    /// Notes what an action has printed.
    #[cold]
    fn trace_print(&mut self, program: &Program, start: usize) {
        let arena = &program.arena;
        let place = if self.node == NO_NODE { 0 } else { arena.node(NodeId(self.node)).start };
        let origin = Origin { file: program.parse_name.clone(), line: arena.position(place).0 };
        let text = self.output().get(start..).unwrap_or_default().to_vec();
        if let Some(trace) = &mut self.context.trace {
            trace.print(start, &text, origin);
        }
    }

    /// Notes that the innermost output has ended.
    fn trace_end(&mut self, output: &[u8]) {
        if let Some(trace) = &mut self.context.trace {
            trace.close(output);
        }
    }

    /// Makes a frame the current one; the one before waits.
    pub(super) fn push_frame(&mut self, mut frame: Frame) {
        frame.overlay = self.current.overlay;
        if matches!(frame.kind, Kind::Template) {
            frame.depth = self.current.depth + 1;
        }
        self.current.node = self.node;
        let waiting = std::mem::replace(&mut self.current, frame);
        self.frames.push(waiting);
        self.begin();
    }

    /// How many `include`s of a name are under way.
    #[cold]
    pub(super) fn under_way(&mut self, name: &Str) -> Result<usize, LimitError> {
        self.context.step(self.frames.len() as u64 / 64)?;
        let frames = self.frames.iter().chain(std::iter::once(&self.current));
        Ok(frames.filter(|frame| matches!(&frame.kind, Kind::Include { name: known } if known == name)).count())
    }

    /// Lets the current template, started by `tpl`, see the templates it defines.
    pub(super) fn open_overlay(&mut self) {
        self.overlays.push(Overlay { program: Arc::clone(&self.current.program), outer: self.current.overlay });
        self.current.overlay = Some(self.overlays.len() - 1);
    }

    /// The template of a name, as the current template sees it.
    pub(super) fn lookup(&self, name: &Str) -> Option<(Arc<Program>, usize)> {
        let mut overlay = self.current.overlay;
        let mut empty = None;
        while let Some(index) = overlay {
            let Overlay { program, outer } = &self.overlays[index];
            if let Some(template) = program.find(name) {
                // What is empty replaces nothing, so it counts only if there is nothing else.
                if !program.templates[template].is_empty {
                    return Some((Arc::clone(program), template));
                }
                empty = Some((Arc::clone(program), template));
            }
            overlay = *outer;
        }
        self.templates.find(name).or(empty)
    }

    /// The name of a template that was probably meant.
    #[cold]
    pub(super) fn near_template(&self, name: &str) -> Option<String> {
        let names = self.templates.names();
        let names: Vec<_> = names.iter().map(|name| name.to_text()).collect();
        let near = nearest(name.trim_matches('"'), names.iter().map(AsRef::as_ref))?;
        Some(format!("did you mean `{near}`?"))
    }

    fn run(mut self) -> Result<Vec<u8>, ExecError> {
        loop {
            match self.run_template() {
                Ok(Some(output)) => return Ok(output),
                Ok(None) => {}
                Err(fault) => return Err(self.unwind(fault)),
            }
        }
    }

    /// Runs instructions until another template becomes the current one; the output when the outermost has ended.
    fn run_template(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        let program = Arc::clone(&self.current.program);
        let code = program.code(self.current.template);
        let missing_key = self.templates.missing_key();
        let mut place = self.current.place as usize;
        loop {
            let Instruction { op, node } = code.instructions[place];
            if node != NO_NODE {
                self.node = node;
            }
            place += 1;
            self.ticks += 1;
            if self.ticks == TICKS {
                self.ticks = 0;
                self.context.tick(TICKS)?;
                self.weigh_if_due()?;
            }
            match op {
                Op::Text { start, end } => {
                    let text = program.arena.bytes(start, end);
                    if self.context.trace.is_some() {
                        self.trace_text(&program, start);
                    }
                    self.output().extend_from_slice(text);
                    self.context.produce(text.len())?;
                    self.check_output()?;
                }
                Op::Print => {
                    let operand = self.pop();
                    let before = self.output().len();
                    self.print(&operand.value)?;
                    if self.context.trace.is_some() {
                        self.trace_print(&program, before);
                    }
                }
                Op::Pop => drop(self.pop()),
                Op::Unwrap => {
                    if let Some(top) = self.operands.last_mut() {
                        top.interface = false;
                    }
                }
                Op::Dot => {
                    let dot = self.current.dot.clone();
                    self.push(dot);
                }
                Op::Constant(index) => self.push(Operand::concrete(code.constants[index as usize].value())),
                Op::Variable(name) => {
                    let position = self.variable(&program, name)?;
                    let value = self.variables[position].1.clone();
                    self.push(value);
                }
                Op::DotFields(path) => {
                    let mut lookup = Lookup { program: &program, context: self.context, missing_key };
                    let value = lookup.fields(&self.current.dot, path)?;
                    self.push(value);
                }
                Op::VariableFields(path) => {
                    let position = self.variable(&program, program.arena.path(path)[0])?;
                    let path = Path { start: path.start + 1, end: path.end };
                    let mut lookup = Lookup { program: &program, context: self.context, missing_key };
                    let value = lookup.fields(&self.variables[position].1, path)?;
                    self.push(value);
                }
                Op::Fields(path) => {
                    let base = self.pop();
                    let mut lookup = Lookup { program: &program, context: self.context, missing_key };
                    let value = lookup.fields(&base, path)?;
                    self.push(value);
                }
                Op::Method { .. } => {
                    if let Some(end) = self.method(&program, op)? {
                        place = end as usize;
                    }
                }
                Op::MethodLiteral { node, index } => self.method_literal(&program, node, index)?,
                Op::MethodCheck { index } => self.method_check(index)?,
                Op::CallMethod { arguments, piped, node } => {
                    self.call_method(arguments, piped).inspect_err(|_| self.node = node.0)?;
                }
                Op::Check(index) => {
                    let operand = self.pop();
                    let operand = check(operand, code.types[index as usize])?;
                    self.push(operand);
                }
                Op::Rotate(count) => {
                    let from = self.operands.len() - usize::from(count) - 1;
                    self.operands[from..].rotate_left(1);
                }
                Op::Call { function, arguments, node } => match self.call(&program, function, arguments) {
                    Ok(Called::Done) => self.weigh_if_due()?,
                    Ok(Called::Entered) => {
                        self.wait_at(place, node);
                        return Ok(None);
                    }
                    Err(fault) => {
                        self.node = node.0;
                        return Err(fault);
                    }
                },
                Op::CallValue { name, arguments, node } => {
                    let fault = self.call_value(&code.messages[name as usize], arguments);
                    self.node = node.0;
                    return Err(fault);
                }
                Op::JumpIfOrPop { truth, target } => {
                    if self.operands.last().is_some_and(|top| top.value.truth()) == truth {
                        place = target as usize;
                    } else {
                        self.pop();
                    }
                }
                Op::DropUnder => {
                    let top = self.pop();
                    self.pop();
                    self.push(top);
                }
                Op::Fail(message) => return Err(Fault::new(&code.messages[message as usize])),
                Op::Declare(name) => {
                    let value = self.operands.last().cloned().unwrap_or_default();
                    self.variables.push((name, value));
                }
                Op::Assign(name) => {
                    let value = self.operands.last().cloned().unwrap_or_default();
                    let position = self.variable(&program, name)?;
                    self.variables[position].1 = value;
                }
                Op::Mark => self.marks.push(self.variables.len()),
                Op::Reset => {
                    let mark = self.marks.pop().unwrap_or(0);
                    self.variables.truncate(mark);
                }
                Op::Jump(target) => place = target as usize,
                Op::JumpIfFalse(target) => {
                    if !self.pop().value.truth() {
                        place = target as usize;
                    }
                }
                Op::With(target) => {
                    let operand = self.pop();
                    if operand.value.truth() {
                        let outer = std::mem::replace(&mut self.current.dot, operand);
                        self.dots.push(outer);
                    } else {
                        place = target as usize;
                    }
                }
                Op::EndWith => {
                    if let Some(outer) = self.dots.pop() {
                        self.current.dot = outer;
                    }
                }
                Op::Range { variables, otherwise } => {
                    let operand = self.pop();
                    match self.items(&operand.value, variables)? {
                        Some(items) => self.start_loop(items, variables, place),
                        None => place = otherwise as usize,
                    }
                }
                Op::Next(end) => {
                    if !self.next_item(&program)? {
                        place = end as usize;
                    }
                }
                Op::Continue => {
                    if let Some(next) = self.rewind() {
                        place = next as usize;
                    }
                }
                Op::Break => {
                    if let Some(next) = self.rewind()
                        && let Op::Next(end) = code.instructions[next as usize].op
                    {
                        self.end_loop();
                        place = end as usize;
                    }
                }
                Op::CheckTemplate(name) => self.check_template(program.name(name))?,
                Op::Template { name, data } => {
                    let data = if data { self.pop() } else { Operand::INVALID };
                    let name = program.name(name);
                    let Some((callee, template)) = self.lookup(name) else {
                        return Err(self.undefined_template(name));
                    };
                    self.current.place = index(place);
                    let data = Operand { interface: false, value: data.value };
                    self.enter(Frame::new(callee, template, data, Kind::Template))?;
                    return Ok(None);
                }
                Op::Return => return Ok(self.leave()?),
            }
        }
    }

    /// Notes where the frame below the current one goes on, and the node an error would be at.
    fn wait_at(&mut self, place: usize, node: NodeId) {
        if let Some(waiting) = self.frames.last_mut() {
            waiting.place = index(place);
            // After the call the current node is what it was; an error is reported at the call.
            waiting.call = node.0;
        }
    }

    fn check_template(&mut self, name: &Str) -> Result<(), Fault> {
        if self.lookup(name).is_none() {
            return Err(self.undefined_template(name));
        }
        let limit = self.context.limits().template_depth;
        if self.current.depth >= limit {
            return Err(Fault::new(format!("exceeded maximum template depth ({limit})")));
        }
        Ok(())
    }

    #[cold]
    fn undefined_template(&self, name: &Str) -> Fault {
        Fault::new(format!("template {} not defined", strconv::quote(name))).hint(self.near_template(&name.to_text()))
    }

    /// Where the variable of a name declared last is.
    fn variable(&mut self, program: &Program, name: Name) -> Result<usize, Fault> {
        /// Looking past this many others counts as a step.
        const NEAR: usize = 64;
        let base = self.current.variables;
        match self.variables[base..].iter().rposition(|(known, _)| *known == name) {
            Some(position) => {
                let position = base + position;
                let past = self.variables.len() - position;
                if past > NEAR {
                    self.context.step((past / NEAR) as u64)?;
                }
                Ok(position)
            }
            None => Err(Fault::new(format!("undefined variable: {}", program.name(name)))),
        }
    }

    fn start_loop(&mut self, items: Items, variables: Variables, next: usize) {
        self.loops.push(Loop {
            items,
            variables,
            outer: self.current.dot.clone(),
            variable_count: self.variables.len(),
            marks: self.marks.len(),
            dots: self.dots.len(),
            next: index(next),
        });
    }

    /// Forgets what the body of the innermost loop has left behind; the place of its [`Op::Next`].
    fn rewind(&mut self) -> Option<u32> {
        let inner = self.loops.last()?;
        self.variables.truncate(inner.variable_count);
        self.marks.truncate(inner.marks);
        self.dots.truncate(inner.dots);
        Some(inner.next)
    }

    fn end_loop(&mut self) {
        if let Some(ended) = self.loops.pop() {
            self.current.dot = ended.outer;
        }
    }

    fn next_item(&mut self, program: &Program) -> Result<bool, Fault> {
        let Some(inner) = self.loops.last_mut() else { return Ok(false) };
        let Some((key, element)) = inner.items.next() else {
            self.end_loop();
            return Ok(false);
        };
        match inner.variables {
            Variables::None => {}
            Variables::DeclareElement => self.set_top(1, element.clone()),
            Variables::DeclareBoth => {
                self.set_top(1, element.clone());
                self.set_top(2, key);
            }
            Variables::AssignElement(name) => {
                let position = self.variable(program, name)?;
                self.variables[position].1 = element.clone();
            }
            Variables::AssignBoth(key_name, name) => {
                let position = self.variable(program, key_name)?;
                self.variables[position].1 = key;
                let position = self.variable(program, name)?;
                self.variables[position].1 = element.clone();
            }
        }
        self.current.dot = element;
        Ok(true)
    }

    fn set_top(&mut self, from_top: usize, value: Operand) {
        if let Some(position) = self.variables.len().checked_sub(from_top) {
            self.variables[position].1 = value;
        }
    }

    fn print(&mut self, value: &Value) -> Result<(), Fault> {
        let mut out = std::mem::take(self.output());
        let printed = fmt::append_printable(self.context, &mut out, value);
        *self.output() = out;
        printed?;
        self.check_output()?;
        Ok(())
    }

    fn check_output(&mut self) -> Result<(), LimitError> {
        let length = self.output().len();
        let limits = self.context.limits();
        if length <= limits.file_bytes {
            return Ok(());
        }
        if self.outputs.len() == 1 {
            Err(LimitError::File(limits.file_bytes as u64))
        } else if length > limits.value_bytes {
            Err(LimitError::Value { wanted: length as u64, limit: limits.value_bytes as u64 })
        } else {
            Ok(())
        }
    }

    /// Ends the current template; the output if it was the outermost.
    fn leave(&mut self) -> Result<Option<Vec<u8>>, LimitError> {
        self.variables.truncate(self.current.variables);
        let Some(caller) = self.frames.pop() else {
            let output = self.outputs.pop().unwrap_or_default();
            self.trace_end(&output);
            return Ok(Some(output));
        };
        let ended = std::mem::replace(&mut self.current, caller);
        self.node = self.current.node;
        match ended.kind {
            Kind::Root | Kind::Template => {}
            Kind::Include { .. } => {
                let output = self.outputs.pop().unwrap_or_default();
                self.trace_end(&output);
                self.give(&output)?;
                self.recycle(output);
            }
            Kind::Tpl { .. } => {
                self.overlays.pop();
                let output = self.outputs.pop().unwrap_or_default();
                self.trace_end(&output);
                match without_no_value(&output) {
                    Some(text) => self.give(&text)?,
                    None => self.give(&output)?,
                }
                self.recycle(output);
            }
        }
        Ok(None)
    }

    fn give(&mut self, text: &[u8]) -> Result<(), LimitError> {
        self.context.produce(text.len())?;
        self.push(Operand::concrete(Value::String(Str::new(text))));
        self.weigh_if_due()
    }

    pub(super) fn weigh_if_due(&mut self) -> Result<(), LimitError> {
        if self.context.is_weighing_due() { self.weigh() } else { Ok(()) }
    }

    /// Adds up everything that instructions can still reach.
    #[cold]
    fn weigh(&mut self) -> Result<(), LimitError> {
        let mut scale = Scale::new(self.context.limits().live_bytes);
        let outputs = self.outputs.iter().chain(&self.spare);
        scale.add_bytes(outputs.map(Vec::capacity).sum());
        let frames = self.frames.iter().chain([&self.current]);
        let dots = frames.map(|frame| &frame.dot).chain(&self.dots).chain(self.loops.iter().map(|inner| &inner.outer));
        let variables = self.variables.iter().map(|(_, operand)| operand);
        for operand in dots.chain(variables).chain(&self.operands) {
            scale.add(&operand.value);
        }
        for inner in &self.loops {
            inner.items.weigh(&mut scale);
        }
        for Overlay { program, .. } in &self.overlays {
            scale.add_once(Arc::as_ptr(program).addr(), program.weight());
        }
        self.context.weighed(scale.bytes, scale.parts)
    }

    /// Keeps a buffer for the next `include`, unless it has grown large.
    fn recycle(&mut self, mut buffer: Vec<u8>) {
        if buffer.capacity() <= 1 << 20 {
            buffer.clear();
            self.spare.push(buffer);
        }
    }

    /// Turns a failure into an error with its place and the calls on the way.
    #[cold]
    fn unwind(self, fault: Fault) -> ExecError {
        let (cause, hint) = fault.into_parts();
        let place = place_of(&self.current, self.node);
        let mut steps = Vec::new();
        let mut kind = self.current.kind;
        for frame in self.frames.into_iter().rev() {
            let step = match kind {
                Kind::Include { name } => Some(Step::Include { name }),
                Kind::Tpl { text } => Some(Step::Tpl { text }),
                Kind::Root | Kind::Template => None,
            };
            if let Some(step) = step {
                steps.push((place_of(&frame, frame.call), step));
            }
            kind = frame.kind;
        }
        ExecError::new(Some(place), cause).with_hint(hint).with_steps(steps)
    }
}

fn place_of(frame: &Frame, node: u32) -> Place {
    let arena = &frame.program.arena;
    let template = &frame.program.templates[frame.template];
    let id = if node == NO_NODE { template.root } else { NodeId(node) };
    let start = arena.node(id).start;
    let (line, column) = arena.position(start);
    let text = arena.print(id);
    // Go says that a path starts where its second name does; people look for its beginning.
    let before = match arena.node(id).kind {
        NodeKind::Field { path } if path.end - path.start > 1 => 1 + arena.name(arena.path(path)[0]).len(),
        NodeKind::Variable { path } if path.end - path.start > 1 => arena.name(arena.path(path)[0]).len(),
        _ => 0,
    };
    let begin = (start as usize).saturating_sub(before);
    let end = (begin + text.len()).min(arena.source.len());
    Place {
        file: frame.program.parse_name.clone(),
        template: frame.program.template_name(frame.template).clone(),
        line,
        column,
        range: begin..end,
        node: String::from_utf8_lossy(&text).into_owned(),
    }
}

fn index(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
