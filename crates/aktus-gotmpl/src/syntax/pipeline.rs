//! What is inside an action? Pipelines of commands of operands, with open parentheses on a stack.

use super::lexer::{Token, TokenKind, offset};
use super::number::Number;
use super::parser::{Parser, Result};
use super::tree::{NodeId, NodeKind, Nodes, Path};

/// So many operands may a command have, as many as instructions can say.
const MOST: usize = u16::MAX as usize;

/// A pipeline that is being read. Its finished commands wait in [`Parser::pending`], and above them the operands of the
/// one that is being read.
pub(super) struct Level {
    context: &'static str,
    end: TokenKind,
    start: u32,
    declarations: Nodes,
    assigns: bool,
    /// Where its commands begin.
    commands: usize,
    /// The command that is being read, if one is.
    command: Option<Command>,
}

struct Command {
    start: u32,
    /// Where its operands begin.
    arguments: usize,
}

enum Term {
    Node(NodeId),
    /// An opening parenthesis; the pipeline in it comes next.
    Parenthesis,
    None,
}

impl Parser<'_> {
    /// Reads `declarations? command ('|' command)*` up to the token that ends it.
    pub(super) fn pipeline(&mut self, context: &'static str, end: TokenKind) -> Result<NodeId> {
        // Pipelines are many and short, so that they share their memory.
        let mut levels = std::mem::take(&mut self.levels);
        levels.push(self.open_pipeline(context, end)?);
        while let Some(level) = levels.last_mut() {
            let token = self.next_non_space();
            if token.kind == level.end {
                let Some(level) = levels.pop() else { break };
                let pipe = self.close_pipeline(&level)?;
                if levels.is_empty() {
                    self.levels = levels;
                    return Ok(pipe);
                }
                self.scope.parentheses -= 1;
                self.operands(&mut levels, Some(pipe))?;
                continue;
            }
            match token.kind {
                TokenKind::Bool
                | TokenKind::CharConstant
                | TokenKind::Complex
                | TokenKind::Dot
                | TokenKind::Field
                | TokenKind::Identifier
                | TokenKind::Number
                | TokenKind::Nil
                | TokenKind::RawString
                | TokenKind::String
                | TokenKind::Variable
                | TokenKind::LeftParenthesis => {
                    self.back_up();
                    let start = self.peek_non_space().start;
                    level.command = Some(Command { start, arguments: self.pending.len() });
                    self.operands(&mut levels, None)?;
                }
                _ => {
                    let context = level.context;
                    return Err(self.unexpected(token, context));
                }
            }
        }
        Err(self.error("unexpected end of pipeline"))
    }

    fn open_pipeline(&mut self, context: &'static str, end: TokenKind) -> Result<Level> {
        let start = self.peek_non_space().start;
        let lists = offset(self.arena.lists.len());
        let mut level = Level {
            context,
            end,
            start,
            declarations: Nodes { start: lists, end: lists },
            assigns: false,
            commands: self.pending.len(),
            command: None,
        };
        while self.peek_non_space().kind == TokenKind::Variable {
            let variable = self.next();
            // "$x foo" is an argument, "$x := foo" a declaration: three tokens tell, the space being one.
            let after = self.peek();
            let next = self.peek_non_space();
            match next.kind {
                TokenKind::Assign | TokenKind::Declare => {
                    level.assigns = next.kind == TokenKind::Assign;
                    self.next_non_space();
                    self.declare(variable, &mut level);
                }
                TokenKind::Char if self.bytes(next) == b"," => {
                    self.next_non_space();
                    self.declare(variable, &mut level);
                    if context == "range" && level.declarations.end - level.declarations.start < 2 {
                        match self.peek_non_space().kind {
                            TokenKind::Variable | TokenKind::RightDelimiter | TokenKind::RightParenthesis => continue,
                            _ => return Err(self.error("range can only initialize variables")),
                        }
                    }
                    return Err(self.error(format!("too many declarations in {context}")));
                }
                _ if after.kind == TokenKind::Space => self.back_up_three(variable, after),
                _ => self.back_up_two(variable),
            }
            break;
        }
        Ok(level)
    }

    fn declare(&mut self, variable: Token, level: &mut Level) {
        let name = self.token_name(variable);
        let path = self.path(name);
        let node = self.node(variable.start, NodeKind::Variable { path });
        self.arena.lists.push(node);
        level.declarations.end += 1;
        self.scope.declare(name);
    }

    fn close_pipeline(&mut self, level: &Level) -> Result<NodeId> {
        if self.pending.len() == level.commands {
            return Err(self.error(format!("missing value for {}", level.context)));
        }
        for (index, command) in self.pending[level.commands..].iter().enumerate().skip(1) {
            let NodeKind::Command { arguments } = self.arena.node(*command).kind else { continue };
            let Some(first) = self.arena.list(arguments).first() else { continue };
            if matches!(
                self.arena.node(*first).kind,
                NodeKind::Bool(_) | NodeKind::Dot | NodeKind::Nil | NodeKind::Number { .. } | NodeKind::String { .. }
            ) {
                return Err(self.error(format!("non executable command in pipeline stage {}", index + 1)));
            }
        }
        let commands = self.take_pending(level.commands);
        let kind = NodeKind::Pipe { declarations: level.declarations, assigns: level.assigns, commands };
        Ok(self.node(level.start, kind))
    }

    /// Reads operands of the command under way until it ends or a parenthesis opens. `term` is the parenthesised
    /// pipeline that has just been closed.
    fn operands(&mut self, levels: &mut Vec<Level>, mut term: Option<NodeId>) -> Result<()> {
        loop {
            let node = if let Some(node) = term.take() {
                Some(node)
            } else {
                self.peek_non_space();
                match self.term()? {
                    Term::Node(node) => Some(node),
                    Term::None => None,
                    Term::Parenthesis => {
                        if self.scope.parentheses >= self.limits.expression_depth {
                            return Err(self.error("max expression depth exceeded"));
                        }
                        self.scope.parentheses += 1;
                        let level = self.open_pipeline("parenthesized pipeline", TokenKind::RightParenthesis)?;
                        levels.push(level);
                        return Ok(());
                    }
                }
            };
            if let Some(node) = node {
                let operand = self.fields_of(node)?;
                self.pending.push(operand);
            }
            let token = self.next();
            match token.kind {
                TokenKind::Space => continue,
                TokenKind::RightDelimiter | TokenKind::RightParenthesis => self.back_up(),
                TokenKind::Pipe => {}
                _ => return Err(self.unexpected(token, "operand")),
            }
            break;
        }
        if let Some(level) = levels.last_mut()
            && let Some(command) = level.command.take()
        {
            if self.pending.len() == command.arguments {
                return Err(self.error("empty command"));
            }
            if self.pending.len() - command.arguments > MOST {
                return Err(self.error(format!("a command has more than {MOST} arguments")));
            }
            let arguments = self.take_pending(command.arguments);
            let node = self.node(command.start, NodeKind::Command { arguments });
            self.pending.push(node);
        }
        Ok(())
    }

    /// The operand a term is the start of: the term itself, or a chain of fields under it.
    fn fields_of(&mut self, node: NodeId) -> Result<NodeId> {
        let first = self.peek();
        if first.kind != TokenKind::Field {
            return Ok(node);
        }
        let start = first.start;
        let term = self.arena.node(node).kind;
        let mut path_start = offset(self.arena.paths.len());
        if let NodeKind::Field { path } | NodeKind::Variable { path } = term {
            // More fields on a field or variable simply lengthen it; the node then starts where they do.
            path_start = path.start;
            debug_assert_eq!(path.end as usize, self.arena.paths.len(), "nothing was read since");
        }
        while self.peek().kind == TokenKind::Field {
            let field = self.next();
            let name = self.token_name(Token { start: field.start + 1, ..field });
            self.arena.paths.push(name);
        }
        let path = Path { start: path_start, end: offset(self.arena.paths.len()) };
        let kind = match term {
            NodeKind::Field { .. } => NodeKind::Field { path },
            NodeKind::Variable { .. } => NodeKind::Variable { path },
            NodeKind::Bool(_) | NodeKind::String { .. } | NodeKind::Number { .. } | NodeKind::Nil | NodeKind::Dot => {
                let text = crate::go::strconv::quote(&self.arena.print(node));
                return Err(self.error(format!("unexpected . after term {text}")));
            }
            _ => NodeKind::Chain { node, path },
        };
        Ok(self.node(start, kind))
    }

    fn term(&mut self) -> Result<Term> {
        let token = self.next_non_space();
        let start = token.start;
        let kind = match token.kind {
            TokenKind::Identifier => {
                let name = self.token_name(token);
                let Some(function) = self.function(name) else {
                    return Err(self.unknown_function(self.bytes(token), token));
                };
                NodeKind::Identifier { name, function }
            }
            TokenKind::Dot => NodeKind::Dot,
            TokenKind::Nil => NodeKind::Nil,
            TokenKind::Variable => {
                let name = self.token_name(token);
                if !self.scope.is_declared(name) {
                    let text = crate::go::strconv::quote(self.bytes(token));
                    return Err(self.error(format!("undefined variable {text}")));
                }
                NodeKind::Variable { path: self.path(name) }
            }
            TokenKind::Field => {
                let name = self.token_name(Token { start: token.start + 1, ..token });
                NodeKind::Field { path: self.path(name) }
            }
            TokenKind::Bool => NodeKind::Bool(self.bytes(token) == b"true"),
            TokenKind::CharConstant | TokenKind::Complex | TokenKind::Number => {
                let number = Number::parse(self.bytes(token), token.kind).map_err(|error| self.error(error))?;
                let index = offset(self.arena.numbers.len());
                self.arena.numbers.push((number, start..token.end));
                NodeKind::Number { index }
            }
            TokenKind::LeftParenthesis => return Ok(Term::Parenthesis),
            TokenKind::String | TokenKind::RawString => {
                let text = self.unquote(token)?;
                NodeKind::String { quoted_end: token.end, text }
            }
            _ => {
                self.back_up();
                return Ok(Term::None);
            }
        };
        Ok(Term::Node(self.node(start, kind)))
    }
}
