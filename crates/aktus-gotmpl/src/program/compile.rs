//! Which instructions does a syntax tree become? One walk over the tree, with the work still to do on a stack of our own.

use super::literal::{ideal, literal, text};
use super::{Code, Constant, Instruction, NO_NODE, Op, Variables};
use crate::function::{Body, Function};
use crate::syntax::tree::{Arena, Name, NodeId, NodeKind, Nodes, Path};
use crate::value::Type;

/// Compiles the template whose nodes are in the list `root`.
pub(super) fn compile(arena: &Arena, root: NodeId) -> Code {
    let mut compiler = Compiler {
        tasks: Vec::new(),
        scopes: Vec::new(),
        at: None,
        labels: Vec::new(),
        code: Code {
            instructions: Vec::with_capacity(USUAL),
            constants: Vec::new(),
            types: Vec::new(),
            messages: Vec::new(),
        },
        arena,
    };
    compiler.tree(root);
    compiler.link();
    compiler.code
}

/// Room for the instructions of most templates.
const USUAL: usize = 32;

/// Something still to be compiled.
#[derive(Clone, Copy)]
enum Task {
    /// The nodes of a list.
    List(NodeId),
    /// Those of them that are left.
    Statements(Nodes),
    /// A pipeline with its declarations.
    Pipe(NodeId),
    /// A command, given the value of the one before if `piped`.
    Command {
        id: NodeId,
        piped: bool,
    },
    /// An operand as an argument.
    Argument {
        id: NodeId,
        wanted: Wanted,
    },
    Op(Op),
    /// An instruction that marks a node as the current one.
    At(NodeId, Op),
    Label(u32),
    /// What follows stands in this, until it is closed.
    Open(Scope),
    Close,
}

/// What a statement stands in.
#[derive(Clone, Copy)]
enum Scope {
    /// The variables of an `if`, `with` or `range`, from `Mark` to `Reset`.
    Variables,
    /// The dot of a `with`.
    Dot,
    /// The loop of a `range`.
    Loop,
    /// The `else` of a `range`, with the label where it ends.
    Else(u32),
}

/// The type an argument is wanted as.
#[derive(Clone, Copy)]
enum Wanted {
    /// Any: the start of a chain.
    Anything,
    Type(Type),
    /// That of a parameter of the method being called.
    Method(u16),
}

struct Compiler<'a> {
    arena: &'a Arena,
    tasks: Vec<Task>,
    /// From the outside in.
    scopes: Vec<Scope>,
    /// The node that is current but that no instruction says so yet.
    at: Option<NodeId>,
    /// Where each label is; jumps hold labels until they are linked.
    labels: Vec<u32>,
    code: Code,
}

impl Compiler<'_> {
    fn here(&self) -> u32 {
        index(self.code.instructions.len())
    }

    fn emit(&mut self, op: Op) {
        let node = self.at.take().map_or(NO_NODE, |node| node.0);
        self.code.instructions.push(Instruction { op, node });
    }

    fn label(&mut self) -> u32 {
        self.labels.push(0);
        index(self.labels.len() - 1)
    }

    /// Does a task: at once, if none of those from `from` on wait and nothing nests in it; else it waits behind them.
    /// Those are in order until [`Compiler::end_steps`].
    fn step(&mut self, from: usize, task: Task) {
        if self.tasks.len() > from || self.nests(&task) {
            self.tasks.push(task);
        } else {
            self.perform(task);
            self.end_steps(from);
        }
    }

    /// Puts the tasks from `from` on into the order in which they are taken, or out of it.
    fn end_steps(&mut self, from: usize) {
        self.tasks[from..].reverse();
    }

    /// Whether doing it may come back to one of its kind.
    fn nests(&self, task: &Task) -> bool {
        match task {
            Task::List(_) | Task::Statements(_) => true,
            Task::Argument { id, .. } => {
                matches!(self.arena.node(*id).kind, NodeKind::Pipe { .. } | NodeKind::Chain { .. })
            }
            _ => false,
        }
    }

    fn fail(&mut self, message: String) -> Op {
        self.code.messages.push(message);
        Op::Fail(index(self.code.messages.len() - 1))
    }

    fn constant(&mut self, constant: Constant) -> Op {
        self.code.constants.push(constant);
        Op::Constant(index(self.code.constants.len() - 1))
    }

    /// The instruction for a literal.
    fn given(&mut self, literal: Result<Constant, String>) -> Op {
        match literal {
            Ok(constant) => self.constant(constant),
            Err(message) => self.fail(message),
        }
    }

    fn tree(&mut self, root: NodeId) {
        self.tasks.extend([Task::Op(Op::Return), Task::List(root)]);
        while let Some(task) = self.tasks.pop() {
            self.perform(task);
        }
    }

    /// Does a task. What it leaves to be done is on top of the others then.
    fn perform(&mut self, task: Task) {
        match task {
            Task::List(id) => {
                if let NodeKind::List { nodes } = self.arena.node(id).kind {
                    self.statements(nodes);
                }
            }
            Task::Statements(nodes) => self.statements(nodes),
            Task::Pipe(id) => self.pipe(id),
            Task::Command { id, piped } => self.command(id, piped),
            Task::Argument { id, wanted } => self.argument(id, wanted),
            Task::Op(op) => self.emit(op),
            Task::At(id, op) => {
                self.at = Some(id);
                self.emit(op);
            }
            Task::Label(label) => self.labels[label as usize] = self.here(),
            Task::Open(scope) => self.scopes.push(scope),
            Task::Close => drop(self.scopes.pop()),
        }
    }

    fn statements(&mut self, nodes: Nodes) {
        let from = self.tasks.len();
        for (next, id) in (nodes.start + 1..).zip(self.arena.list(nodes)) {
            self.statement(*id);
            if self.tasks.len() > from {
                self.tasks.insert(from, Task::Statements(Nodes { start: next, end: nodes.end }));
                return;
            }
        }
    }

    fn statement(&mut self, id: NodeId) {
        let node = self.arena.node(id);
        match node.kind {
            NodeKind::Text { end } => self.emit(Op::Text { start: node.start, end }),
            NodeKind::Action { pipe } => {
                let last = if self.declares(pipe) { Task::Op(Op::Pop) } else { Task::At(id, Op::Print) };
                let from = self.tasks.len();
                self.step(from, Task::Pipe(pipe));
                self.step(from, last);
                self.end_steps(from);
            }
            NodeKind::Break => self.leave_loop(),
            NodeKind::Continue => self.emit(Op::Continue),
            NodeKind::If { pipe, list, otherwise } => {
                let (no, end) = (self.label(), self.label());
                let from = self.open_branch(pipe);
                self.step(from, Task::Op(Op::JumpIfFalse(no)));
                self.tasks.push(Task::List(list));
                self.close_branch(from, otherwise.map(Task::List), no, end);
            }
            NodeKind::With { pipe, list, otherwise } => {
                let (no, end) = (self.label(), self.label());
                let from = self.open_branch(pipe);
                self.step(from, Task::Op(Op::With(no)));
                self.step(from, Task::Open(Scope::Dot));
                self.tasks.extend([Task::List(list), Task::Close, Task::Op(Op::EndWith)]);
                self.close_branch(from, otherwise.map(Task::List), no, end);
            }
            NodeKind::Range { pipe, list, otherwise } => {
                let (no, end) = (self.label(), self.label());
                let range = Op::Range { variables: self.variables(pipe), otherwise: no };
                let from = self.open_branch(pipe);
                self.step(from, Task::Op(range));
                self.step(from, Task::Op(Op::Next(end)));
                self.step(from, Task::Open(Scope::Loop));
                self.tasks.extend([Task::List(list), Task::Close, Task::Op(Op::Continue)]);
                let otherwise = otherwise
                    .into_iter()
                    .flat_map(|list| [Task::Open(Scope::Else(end)), Task::List(list), Task::Close]);
                self.close_branch(from, otherwise, no, end);
            }
            NodeKind::Template { name, pipe } => {
                let run = Task::Op(Op::Template { name, data: pipe.is_some() });
                let check = Task::At(id, Op::CheckTemplate(name));
                let from = self.tasks.len();
                self.step(from, check);
                if let Some(pipe) = pipe {
                    self.step(from, Task::Pipe(pipe));
                }
                self.step(from, run);
                self.end_steps(from);
            }
            _ => {}
        }
    }

    /// The beginning of a branch. Its tasks are in order until [`Compiler::close_branch`], which takes what this gives.
    fn open_branch(&mut self, pipe: NodeId) -> usize {
        let from = self.tasks.len();
        self.step(from, Task::Op(Op::Mark));
        self.step(from, Task::Open(Scope::Variables));
        self.step(from, Task::Pipe(pipe));
        from
    }

    /// The end of a branch, whose first list waits: the second list, if there is one, between the labels.
    fn close_branch(&mut self, from: usize, second: impl IntoIterator<Item = Task>, no: u32, end: u32) {
        let mut second = second.into_iter().peekable();
        if second.peek().is_some() {
            self.tasks.push(Task::Op(Op::Jump(end)));
        }
        self.tasks.push(Task::Label(no));
        self.tasks.extend(second);
        self.tasks.extend([Task::Label(end), Task::Close, Task::Op(Op::Reset)]);
        self.end_steps(from);
    }

    /// `break` in a loop ends the loop. In the `else` of a `range` inside a loop it ends that `else` only: Go's
    /// `walkRange` catches it there, too.
    fn leave_loop(&mut self) {
        let inside = self.scopes.iter().rposition(|scope| matches!(scope, Scope::Loop | Scope::Else(_)));
        let Some((from, Scope::Else(end))) = inside.map(|from| (from, self.scopes[from])) else {
            return self.emit(Op::Break);
        };
        for scope in self.scopes[from + 1..].to_vec().iter().rev() {
            self.emit(if matches!(scope, Scope::Dot) { Op::EndWith } else { Op::Reset });
        }
        self.emit(Op::Jump(end));
    }

    fn declares(&self, pipe: NodeId) -> bool {
        matches!(self.arena.node(pipe).kind, NodeKind::Pipe { declarations, .. } if declarations.start < declarations.end)
    }

    fn variables(&self, pipe: NodeId) -> Variables {
        let NodeKind::Pipe { declarations, assigns, .. } = self.arena.node(pipe).kind else { return Variables::None };
        let names: Vec<Name> =
            self.arena.list(declarations).iter().filter_map(|variable| self.variable_name(*variable)).collect();
        match (names.as_slice(), assigns) {
            ([], _) => Variables::None,
            ([_], false) => Variables::DeclareElement,
            ([_, ..], false) => Variables::DeclareBoth,
            ([element], true) => Variables::AssignElement(*element),
            ([key, element, ..], true) => Variables::AssignBoth(*key, *element),
        }
    }

    fn variable_name(&self, id: NodeId) -> Option<Name> {
        match self.arena.node(id).kind {
            NodeKind::Variable { path } => self.arena.path(path).first().copied(),
            _ => None,
        }
    }

    fn pipe(&mut self, id: NodeId) {
        let NodeKind::Pipe { declarations, assigns, commands } = self.arena.node(id).kind else { return };
        self.at = Some(id);
        let from = self.tasks.len();
        for (index, command) in self.arena.list(commands).iter().enumerate() {
            self.step(from, Task::Command { id: *command, piped: index > 0 });
            self.step(from, Task::Op(Op::Unwrap));
        }
        for variable in self.arena.list(declarations) {
            if let Some(name) = self.variable_name(*variable) {
                self.step(from, Task::Op(if assigns { Op::Assign(name) } else { Op::Declare(name) }));
            }
        }
        self.end_steps(from);
    }

    fn command(&mut self, id: NodeId, piped: bool) {
        let NodeKind::Command { arguments } = self.arena.node(id).kind else { return };
        let Some((first, rest)) = self.arena.list(arguments).split_first() else { return };
        let first = *first;
        let has_arguments = !rest.is_empty() || piped;
        match self.arena.node(first).kind {
            NodeKind::Field { path } => {
                self.at = Some(first);
                if has_arguments {
                    self.method_on(Op::Dot, path, Op::DotFields, first, rest, piped);
                } else {
                    self.emit(Op::DotFields(path));
                }
            }
            NodeKind::Variable { path } => {
                self.at = Some(first);
                self.variable_command(first, path, rest, piped);
            }
            NodeKind::Chain { node, path } => {
                self.at = Some(first);
                let from = self.tasks.len();
                self.step(from, Task::Argument { id: node, wanted: Wanted::Anything });
                if has_arguments {
                    self.method(from, path, first, rest, piped);
                } else {
                    self.step(from, Task::Op(Op::Fields(path)));
                }
                self.end_steps(from);
            }
            NodeKind::Identifier { function, .. } => self.function(function, first, id, rest, piped),
            NodeKind::Pipe { .. } => {
                if has_arguments {
                    let op = self.not_a_function(first);
                    self.emit(op);
                } else {
                    self.tasks.push(Task::Pipe(first));
                }
            }
            kind => {
                self.at = Some(first);
                let op = if has_arguments {
                    self.not_a_function(first)
                } else {
                    match kind {
                        NodeKind::Dot => Op::Dot,
                        NodeKind::Nil => self.fail("nil is not a command".to_owned()),
                        _ => self.given(ideal(self.arena, first)),
                    }
                };
                self.emit(op);
            }
        }
    }

    fn not_a_function(&mut self, first: NodeId) -> Op {
        let message = format!("can't give argument to non-function {}", text(self.arena, first));
        self.fail(message)
    }

    fn variable_command(&mut self, first: NodeId, path: Path, rest: &[NodeId], piped: bool) {
        let has_arguments = !rest.is_empty() || piped;
        let Some(name) = self.arena.path(path).first().copied() else { return };
        let fields = Path { start: path.start + 1, end: path.end };
        match (fields.start == fields.end, has_arguments) {
            (true, false) => self.emit(Op::Variable(name)),
            (true, true) => {
                self.emit(Op::Variable(name));
                let op = self.not_a_function(first);
                self.emit(op);
            }
            (false, false) => self.emit(Op::VariableFields(path)),
            (false, true) => {
                self.emit(Op::Variable(name));
                let from = self.tasks.len();
                self.method(from, fields, first, rest, piped);
                self.end_steps(from);
            }
        }
    }

    /// A call of the last name of a path from dot.
    fn method_on(
        &mut self,
        base: Op,
        path: Path,
        fields: fn(Path) -> Op,
        node: NodeId,
        arguments: &[NodeId],
        piped: bool,
    ) {
        let before = Path { start: path.start, end: path.end - 1 };
        let last = Path { start: before.end, end: path.end };
        self.emit(if before.start == before.end { base } else { fields(before) });
        let from = self.tasks.len();
        self.method(from, last, node, arguments, piped);
        self.end_steps(from);
    }

    /// The steps of a call of the last name of a path from the top operand.
    fn method(&mut self, from: usize, path: Path, node: NodeId, arguments: &[NodeId], piped: bool) {
        let names = self.arena.path(path);
        let Some(name) = names.last().copied() else { return };
        let end = self.label();
        let count = narrow(arguments.len());
        if names.len() > 1 {
            self.step(from, Task::Op(Op::Fields(Path { start: path.start, end: path.end - 1 })));
        }
        self.step(from, Task::Op(Op::Method { name, arguments: count, piped, end }));
        for (index, argument) in (0..).zip(arguments) {
            self.step(from, Task::Argument { id: *argument, wanted: Wanted::Method(index) });
        }
        if piped {
            self.step(from, Task::Op(Op::Rotate(count)));
            self.step(from, Task::Op(Op::MethodCheck { index: count }));
        }
        self.step(from, Task::Op(Op::CallMethod { arguments: count, piped, node }));
        self.step(from, Task::Label(end));
    }

    fn function(&mut self, number: u16, identifier: NodeId, node: NodeId, arguments: &[NodeId], piped: bool) {
        self.at = Some(identifier);
        let (function, is_builtin) = self.arena.functions[usize::from(number)];
        if let Err(message) = check_count(&function, arguments.len(), piped) {
            let op = self.fail(message);
            return self.emit(op);
        }
        let count = narrow(arguments.len() + usize::from(piped));
        let wanted = |index: usize| Wanted::Type(parameter(&function, index));
        let from = self.tasks.len();
        match function.body() {
            body @ (Body::And | Body::Or) if is_builtin => {
                let truth = matches!(body, Body::Or);
                let (short, end) = (self.label(), self.label());
                for (index, argument) in arguments.iter().enumerate() {
                    self.step(from, Task::Argument { id: *argument, wanted: wanted(0) });
                    if piped || index + 1 < arguments.len() {
                        self.step(from, Task::Op(Op::JumpIfOrPop { truth, target: short }));
                    }
                }
                if piped {
                    // Not stopped before: the piped value is the result. Stopped: it is not needed.
                    self.step(from, Task::Op(Op::Jump(end)));
                    self.step(from, Task::Label(short));
                    self.step(from, Task::Op(Op::DropUnder));
                } else {
                    self.step(from, Task::Label(short));
                }
                self.step(from, Task::Label(end));
            }
            body => {
                for (index, argument) in arguments.iter().enumerate() {
                    self.step(from, Task::Argument { id: *argument, wanted: wanted(index) });
                }
                if piped {
                    let before = narrow(arguments.len());
                    if before > 0 {
                        self.step(from, Task::Op(Op::Rotate(before)));
                    }
                    let last = parameter(&function, arguments.len());
                    if let Some(check) = self.check(last) {
                        self.step(from, Task::Op(check));
                    }
                }
                let call = if let Body::Call = body {
                    let callee = match arguments.first() {
                        Some(argument) => text(self.arena, *argument),
                        None => String::new(),
                    };
                    self.code.messages.push(callee);
                    Op::CallValue { name: index(self.code.messages.len() - 1), arguments: count, node }
                } else {
                    Op::Call { function: number, arguments: count, node }
                };
                self.step(from, Task::Op(call));
            }
        }
        self.end_steps(from);
    }

    /// The check of the top operand against a type that not everything fits.
    fn check(&mut self, wanted: Type) -> Option<Op> {
        if matches!(wanted, Type::Any | Type::Reflect) {
            return None;
        }
        let known = self.code.types.iter().position(|known| *known == wanted);
        let position = known.unwrap_or_else(|| {
            self.code.types.push(wanted);
            self.code.types.len() - 1
        });
        Some(Op::Check(index(position)))
    }

    fn argument(&mut self, id: NodeId, wanted: Wanted) {
        self.at = Some(id);
        let check = match wanted {
            Wanted::Anything => None,
            Wanted::Type(wanted) => self.check(wanted),
            Wanted::Method(index) => Some(Op::MethodCheck { index }),
        };
        match self.arena.node(id).kind {
            NodeKind::Dot => self.emit(Op::Dot),
            NodeKind::Field { path } => self.emit(Op::DotFields(path)),
            NodeKind::Variable { path } => self.variable_command(id, path, &[], false),
            NodeKind::Identifier { function, .. } => self.function(function, id, id, &[], false),
            NodeKind::Pipe { .. } => {
                self.tasks.extend(check.map(Task::Op));
                self.tasks.push(Task::Pipe(id));
                return;
            }
            NodeKind::Chain { node, path } => {
                self.tasks.extend(check.map(Task::Op));
                self.tasks.push(Task::Op(Op::Fields(path)));
                self.tasks.push(Task::Argument { id: node, wanted: Wanted::Anything });
                return;
            }
            _ => {
                let op = match wanted {
                    Wanted::Method(index) => Op::MethodLiteral { node: id, index },
                    Wanted::Type(wanted) => {
                        let given = literal(self.arena, id, wanted).unwrap_or(Ok(Constant::Nil));
                        self.given(given)
                    }
                    Wanted::Anything => self.given(ideal(self.arena, id)),
                };
                self.emit(op);
                return;
            }
        }
        if let Some(check) = check {
            self.emit(check);
        }
    }

    /// Turns the labels in jumps into places in the code.
    fn link(&mut self) {
        for Instruction { op, .. } in &mut self.code.instructions {
            let (Op::Method { end: target, .. }
            | Op::JumpIfOrPop { target, .. }
            | Op::Range { otherwise: target, .. }
            | Op::Jump(target)
            | Op::JumpIfFalse(target)
            | Op::With(target)
            | Op::Next(target)) = op
            else {
                continue;
            };
            *target = self.labels[*target as usize];
        }
    }
}

/// Go's check of the number of arguments; the error is its text.
pub(crate) fn check_arity(
    name: &str,
    parameters: usize,
    variadic: bool,
    arguments: usize,
    piped: bool,
) -> Result<(), String> {
    let given = arguments + usize::from(piped);
    if variadic {
        let least = parameters - 1;
        if given < least {
            return Err(format!("wrong number of args for {name}: want at least {least} got {arguments}"));
        }
    } else if given != parameters {
        return Err(format!("wrong number of args for {name}: want {parameters} got {given}"));
    }
    Ok(())
}

fn check_count(function: &Function, arguments: usize, piped: bool) -> Result<(), String> {
    check_arity(function.name(), function.parameters().len(), function.is_variadic(), arguments, piped)
}

/// The type wanted as argument `index`.
fn parameter(function: &Function, index: usize) -> Type {
    let parameters = function.parameters();
    parameters.get(index).or(parameters.last()).copied().unwrap_or(Type::Any)
}

/// The parser lets no command have more arguments.
fn narrow(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

fn index(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
