//! What does the machine run? Instructions compiled from syntax trees, so that nothing that templates nest — control
//! structures, parentheses, `include`, `tpl` — nests in the thread's stack.

mod compile;
mod literal;

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use crate::syntax::parser::Parsed;
use crate::syntax::tree::{Arena, Name, NodeId, Path, Tree};
use crate::value::{List, Map, Str, Type, Value};

pub(crate) use compile::check_arity;
use compile::compile;
pub(crate) use literal::{literal, zero, zero_of};

/// A parsed text under a name, with all templates it defines. `Send` and `Sync`.
#[derive(Debug)]
pub(crate) struct Program {
    /// The name given to the text, for error positions.
    pub(crate) parse_name: Str,
    body: Arc<Body>,
}

/// What does not depend on the name that a text is given, so that texts which are the same share it: the charts of an
/// umbrella bring many copies of one library.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) arena: Arena,
    pub(crate) templates: Vec<Template>,
    /// Which of the templates is the text itself, under the name it is given; none if it defines that name, too.
    pub(crate) own: Option<usize>,
    /// Which of the other templates has a name.
    pub(crate) template_of: BTreeMap<Str, usize>,
}

/// One template of a [`Program`].
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) name: Name,
    /// Nothing but space and comments: never replaces another template.
    pub(crate) is_empty: bool,
    /// The list of its nodes.
    pub(crate) root: NodeId,
    /// What it was compiled to when it first ran: of the many definitions of a library, charts run few.
    code: OnceLock<Code>,
}

/// What a template is compiled to.
#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) instructions: Vec<Instruction>,
    pub(crate) constants: Vec<Constant>,
    pub(crate) types: Vec<Type>,
    pub(crate) messages: Vec<String>,
}

pub(crate) const NO_NODE: u32 = u32::MAX;

/// A value known when compiling.
#[derive(Clone, Debug)]
pub(crate) enum Constant {
    Nil,
    Bool(bool),
    Int(i64),
    Uint(u64, Type),
    SizedInt(i64, Type),
    Float(f64),
    Float32(f32),
    Complex(f64, f64),
    String(Str),
    NilList(&'static Type),
    NilMap(&'static Type),
}

impl Constant {
    pub(crate) fn value(&self) -> Value {
        match self {
            Self::Nil => Value::Nil,
            Self::Bool(value) => Value::Bool(*value),
            Self::Int(value) => Value::Int(*value),
            Self::Uint(value, go_type) => sized_uint(*value, *go_type),
            Self::SizedInt(value, go_type) => sized_int(*value, *go_type),
            Self::Float(value) => Value::Float(*value),
            Self::Float32(value) => Value::Float32(*value),
            Self::Complex(real, imaginary) => Value::Complex((*real, *imaginary).into()),
            Self::String(text) => Value::String(text.clone()),
            Self::NilList(element) => Value::List(List::nil(element)),
            Self::NilMap(element) => Value::Map(Map::nil(element)),
        }
    }
}

/// Go's `SetInt`: the lowest bits.
#[expect(clippy::cast_possible_truncation, reason = "Go cuts, too")]
fn sized_int(value: i64, go_type: Type) -> Value {
    match go_type {
        Type::Int8 => Value::Int8(value as i8),
        Type::Int16 => Value::Int16(value as i16),
        Type::Int32 => Value::Int32(value as i32),
        Type::Int64 | Type::Named(_) => Value::Int64(value),
        _ => Value::Int(value),
    }
}

/// Go's `SetUint`: the lowest bits.
#[expect(clippy::cast_possible_truncation, reason = "Go cuts, too")]
fn sized_uint(value: u64, go_type: Type) -> Value {
    match go_type {
        Type::Uint8 => Value::Uint8(value as u8),
        Type::Uint16 => Value::Uint16(value as u16),
        Type::Uint32 => Value::Uint32(value as u32),
        Type::Uint64 | Type::Named(_) => Value::Uint64(value),
        _ => Value::Uint(value),
    }
}

/// What to do, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instruction {
    pub(crate) op: Op,
    /// The node that Go would have marked as the current one by then, for error texts; [`NO_NODE`] if it marks none.
    pub(crate) node: u32,
}

/// What an instruction does. Jumps hold indexes into [`Code::instructions`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    /// Writes literal text.
    Text { start: u32, end: u32 },
    /// Takes the top operand and prints it.
    Print,
    /// Drops the top operand.
    Pop,
    /// Forgets that the top operand was found in an `interface{}`, as happens after every command of a pipeline.
    Unwrap,
    /// Pushes dot.
    Dot,
    /// Pushes a constant.
    Constant(u32),
    /// Pushes a variable.
    Variable(Name),
    /// Pushes the field at the end of a path from dot.
    DotFields(Path),
    /// Pushes the field at the end of a path from a variable, the first name of the path.
    VariableFields(Path),
    /// Replaces the top operand by the field at the end of a path from it.
    Fields(Path),
    /// Replaces the top operand by its method of that name, to be called with arguments. Leaves nothing and jumps if
    /// the operand is invalid.
    Method { name: Name, arguments: u16, piped: bool, end: u32 },
    /// Pushes a literal as the type that the method wants as argument `index`.
    MethodLiteral { node: NodeId, index: u16 },
    /// Checks the top operand against the type that the method wants as argument `index`.
    MethodCheck { index: u16 },
    /// Calls the method with the top operands.
    CallMethod { arguments: u16, piped: bool, node: NodeId },
    /// Checks the top operand against a type.
    Check(u32),
    /// Moves the operand below the top `0` ones to the top: the piped value is the last argument.
    Rotate(u16),
    /// Calls a function with the top operands.
    Call { function: u16, arguments: u16, node: NodeId },
    /// Go's `call`: nothing in our values is a function, so this always fails; `name` is the text of its argument.
    CallValue { name: u32, arguments: u16, node: NodeId },
    /// Jumps if the truth of the top operand is that; else drops it.
    JumpIfOrPop { truth: bool, target: u32 },
    /// Drops the operand below the top one.
    DropUnder,
    /// Fails with a message.
    Fail(u32),
    /// Declares a variable with the top operand, which stays.
    Declare(Name),
    /// Assigns the top operand, which stays, to a variable.
    Assign(Name),
    /// Remembers how many variables there are.
    Mark,
    /// Forgets the variables since the mark.
    Reset,
    /// Jumps.
    Jump(u32),
    /// Takes the top operand and jumps if it is false.
    JumpIfFalse(u32),
    /// Takes the top operand; makes it dot if it is true, else jumps.
    With(u32),
    /// Gives back the dot of before.
    EndWith,
    /// Takes the top operand and starts a loop over it, or jumps if there is nothing to loop over.
    Range { variables: Variables, otherwise: u32 },
    /// Takes the next item, or ends the loop and jumps.
    Next(u32),
    /// Goes back to the loop's [`Op::Next`].
    Continue,
    /// Ends the loop.
    Break,
    /// Fails if there is no such template, or too many are under way.
    CheckTemplate(Name),
    /// Runs a template, with the top operand as its data if `data`.
    Template { name: Name, data: bool },
    /// Ends the template.
    Return,
}

/// The variables of a `range`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Variables {
    None,
    /// `$e :=`
    DeclareElement,
    /// `$i, $e :=`
    DeclareBoth,
    /// `$e =`
    AssignElement(Name),
    /// `$i, $e =`
    AssignBoth(Name, Name),
}

impl Deref for Program {
    type Target = Body;

    fn deref(&self) -> &Body {
        &self.body
    }
}

impl Program {
    /// The program of a parsed text.
    pub(crate) fn new(parsed: Parsed) -> Self {
        let Parsed { parse_name, arena, trees, own } = parsed;
        let named = (0..).zip(&trees).filter(|(index, _)| own != Some(*index));
        let template_of = named.map(|(index, tree)| (arena.name(tree.name).clone(), index)).collect();
        let template = |tree: &Tree| Template {
            name: tree.name,
            is_empty: arena.is_empty(tree.root),
            root: tree.root,
            code: OnceLock::new(),
        };
        let templates = trees.iter().map(template).collect();
        Self { parse_name, body: Arc::new(Body { arena, templates, own, template_of }) }
    }

    /// The same text under another name; nothing if that changes more than the name.
    pub(crate) fn renamed(parse_name: &Str, body: &Arc<Body>) -> Option<Self> {
        let is_same = body.own.is_some() && !body.template_of.contains_key(parse_name.as_bytes());
        is_same.then(|| Self { parse_name: parse_name.clone(), body: Arc::clone(body) })
    }

    /// What programs of the same text share.
    pub(crate) fn body(&self) -> &Arc<Body> {
        &self.body
    }

    /// The name of one of the templates.
    pub(crate) fn template_name(&self, template: usize) -> &Str {
        if self.own == Some(template) { &self.parse_name } else { self.name(self.templates[template].name) }
    }

    /// The template of this name.
    pub(crate) fn find(&self, name: &[u8]) -> Option<usize> {
        self.own.filter(|_| self.parse_name.as_bytes() == name).or_else(|| self.template_of.get(name).copied())
    }
}

impl Body {
    /// About how many bytes it takes.
    pub(crate) fn weight(&self) -> usize {
        // A token makes at most a node and a half, an instruction, and a number.
        const TOKEN: usize = 128;
        self.arena.source.len() + self.arena.tokens * TOKEN
    }

    pub(crate) fn name(&self, name: Name) -> &Str {
        self.arena.name(name)
    }

    /// The instructions of a template.
    pub(crate) fn code(&self, template: usize) -> &Code {
        let template = &self.templates[template];
        template.code.get_or_init(|| compile(&self.arena, template.root))
    }
}
