//! Which templates does a text define? Go's parser (`text/template/parse/parse.go`): the same language, the same
//! error texts.
//!
//! Go's parser calls itself for everything that nests. Here open control structures wait on a stack of our own, and so
//! do open parentheses, so that no depth of nesting can exhaust the thread's.

use std::collections::BTreeMap;
use std::sync::Arc;

use aktus_diagnostics::nearest;

use super::lexer::{Lexer, Token, TokenKind, offset};
use super::names::Names;
use super::pipeline::Level;
use super::tree::{Arena, Name, Node, NodeId, NodeKind, Nodes, Path, Tree};
use crate::error::ParseError;
use crate::function::Function;
use crate::go::strconv;
use crate::limits::Limits;
use crate::value::Str;

/// What the parser must know about functions: which one a name is, and the names for a suggestion.
pub(crate) trait Functions {
    /// The function of a name, and whether it is one of Go's own.
    fn find(&self, name: &str) -> Option<(Function, bool)>;
    fn names(&self) -> Vec<&str>;
}

/// A parsed text: the templates it defines, in the order they end. The text itself comes last, under its own name.
#[derive(Debug)]
pub(crate) struct Parsed {
    /// The name given to the text, for error positions.
    pub(crate) parse_name: Str,
    pub(crate) arena: Arena,
    pub(crate) trees: Vec<Tree>,
    /// Which of the trees is the text itself; none if it defines its own name, too.
    pub(crate) own: Option<usize>,
}

/// Parses a text under a name.
pub(crate) fn parse(
    name: &Str,
    text: &Arc<[u8]>,
    functions: &dyn Functions,
    limits: &Limits,
) -> std::result::Result<Parsed, ParseError> {
    let source: &[u8] = text;
    if source.len() > limits.source_bytes || u32::try_from(source.len()).is_err() {
        return Err(ParseError::new(
            name,
            1,
            format!("the template is {} bytes long, more than the {} allowed", source.len(), limits.source_bytes),
        ));
    }
    let mut parser = Parser {
        lexer: Lexer::new(source).with_limit(limits.tokens),
        source,
        tokens: [Token::NONE; 3],
        peeked: 0,
        functions,
        limits,
        parse_name: name,
        arena: Arena {
            source: Arc::clone(text),
            nodes: Vec::with_capacity((source.len() / 12).min(limits.tokens)),
            lists: Vec::with_capacity((source.len() / 12).min(limits.tokens)),
            paths: Vec::with_capacity(source.len() / 24),
            names: Vec::new(),
            numbers: Vec::new(),
            functions: Vec::new(),
            tokens: 0,
        },
        names: Names::for_source(source.len()),
        known: Vec::new(),
        trees: Vec::new(),
        tree_of: BTreeMap::new(),
        scope: Scope::default(),
        open: Vec::new(),
        statements: Vec::new(),
        levels: Vec::new(),
        pending: Vec::new(),
    };
    let own = parser.run(name)?;
    let tokens = limits.tokens - parser.lexer.tokens_left();
    let arena = Arena { names: parser.names.into_names(), tokens, ..parser.arena };
    Ok(Parsed { parse_name: name.clone(), arena, trees: parser.trees, own })
}

pub(super) struct Parser<'s> {
    pub(super) lexer: Lexer<'s>,
    source: &'s [u8],
    /// Go's look-ahead: `tokens[0]` is the token scanned last, which error texts take the line from.
    tokens: [Token; 3],
    peeked: usize,
    pub(super) functions: &'s dyn Functions,
    pub(super) limits: &'s Limits,
    parse_name: &'s Str,
    pub(super) arena: Arena,
    pub(super) names: Names,
    /// Which of the arena's functions each name is, for those asked for so far.
    known: Vec<Option<u16>>,
    trees: Vec<Tree>,
    /// Which of the trees has a name.
    tree_of: BTreeMap<u32, usize>,
    pub(super) scope: Scope,
    open: Vec<Open>,
    /// The nodes of the lists that are open, those of the innermost last.
    statements: Vec<NodeId>,
    /// The pipelines around the position.
    pub(super) levels: Vec<Level>,
    /// Commands and operands of those.
    pub(super) pending: Vec<NodeId>,
}

/// What Go keeps in each tree while parsing it; a `define` or `block` has its own.
#[derive(Default)]
pub(super) struct Scope {
    variables: Vec<Name>,
    /// How often each name is among them.
    visible: BTreeMap<u32, usize>,
    range_depth: usize,
    pub(super) parentheses: usize,
    /// The delimiter that started the action under way.
    action: Option<Token>,
}

impl Scope {
    fn new(dollar: Name) -> Self {
        let mut scope = Self::default();
        scope.declare(dollar);
        scope
    }

    pub(super) fn declare(&mut self, name: Name) {
        self.variables.push(name);
        *self.visible.entry(name.0).or_insert(0) += 1;
    }

    pub(super) fn is_declared(&self, name: Name) -> bool {
        self.visible.contains_key(&name.0)
    }

    /// Forgets all but the first `count` variables.
    fn forget(&mut self, count: usize) {
        for name in self.variables.drain(count.min(self.variables.len())..) {
            if let Some(times) = self.visible.get_mut(&name.0) {
                *times -= 1;
                if *times == 0 {
                    self.visible.remove(&name.0);
                }
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Keyword {
    If,
    Range,
    With,
}

/// A list of nodes that is being read. Those it has wait in [`Parser::statements`].
#[derive(Clone, Copy)]
struct Body {
    start: u32,
    /// Where they begin.
    statements: usize,
}

/// A structure whose `{{end}}` has not come yet.
enum Open {
    Root(Body),
    Control {
        keyword: Keyword,
        pipe: NodeId,
        /// How many variables there were before.
        variables: usize,
        /// The finished first list, once an `else` has come.
        list: Option<NodeId>,
        body: Body,
        /// Whether this is the `if` of an `else if`: its `{{end}}` ends the structure around it, too.
        chained: bool,
    },
    Define {
        name: Name,
        outer: Scope,
        body: Body,
    },
    Block {
        name: Name,
        start: u32,
        pipe: NodeId,
        outer: Scope,
        body: Body,
        /// Where the clause ends: Go's parser of the outer template has read no further.
        clause_end: Token,
    },
}

/// What an action turned out to be.
enum Step {
    Node(NodeId),
    /// A structure was opened; its list comes next.
    Opened,
    End,
    Else,
}

pub(super) type Result<T> = std::result::Result<T, ParseError>;

impl Parser<'_> {
    /// Which of the trees is the text itself; none if it defines its own name, too.
    fn run(&mut self, name: &Str) -> Result<Option<usize>> {
        let dollar = self.intern(b"$");
        self.scope = Scope::new(dollar);
        let name = self.intern(name);
        let start = self.peek().start;
        self.open.push(Open::Root(Body { start, statements: 0 }));
        loop {
            if matches!(self.open.last(), Some(Open::Root(_))) {
                if self.peek().kind == TokenKind::Eof {
                    break;
                }
                if self.peek().kind == TokenKind::LeftDelimiter {
                    let delimiter = self.next();
                    if self.next_non_space().kind == TokenKind::Define {
                        self.open_define(dollar)?;
                        continue;
                    }
                    self.back_up_two(delimiter);
                }
            } else if self.peek_non_space().kind == TokenKind::Eof {
                return Err(self.error("unexpected EOF"));
            }
            match self.text_or_action(dollar)? {
                Step::Node(node) => self.statements.push(node),
                Step::Opened => {}
                Step::End => self.end()?,
                Step::Else => self.otherwise()?,
            }
        }
        let mut own = None;
        if let Some(Open::Root(body)) = self.open.pop() {
            let root = self.list(body);
            own = (!self.tree_of.contains_key(&name.0)).then_some(self.trees.len());
            self.add_tree(name, root)?;
        }
        Ok(own)
    }

    fn push_open(&mut self, open: Open) -> Result<()> {
        if self.open.len() > self.limits.nesting {
            let limit = self.limits.nesting;
            return Err(self.error(format!("control structures are nested more than {limit} deep")));
        }
        self.open.push(open);
        Ok(())
    }

    /// A new list that starts at the next token.
    fn new_body(&mut self) -> Body {
        Body { start: self.peek_non_space().start, statements: self.statements.len() }
    }

    fn list(&mut self, body: Body) -> NodeId {
        let nodes = take(&mut self.statements, body.statements, &mut self.arena.lists);
        self.node(body.start, NodeKind::List { nodes })
    }

    fn text_or_action(&mut self, dollar: Name) -> Result<Step> {
        let token = self.next_non_space();
        match token.kind {
            TokenKind::Text => {
                let node = self.node(token.start, NodeKind::Text { end: token.end });
                Ok(Step::Node(node))
            }
            TokenKind::Comment => {
                let node = self.node(token.start, NodeKind::Comment { end: token.end });
                Ok(Step::Node(node))
            }
            TokenKind::LeftDelimiter => {
                self.scope.action = Some(token);
                let step = self.action(dollar)?;
                if !matches!(step, Step::Opened) {
                    self.scope.action = None;
                }
                Ok(step)
            }
            _ => Err(self.unexpected(token, "input")),
        }
    }

    fn action(&mut self, dollar: Name) -> Result<Step> {
        let token = self.next_non_space();
        match token.kind {
            TokenKind::Block => self.open_block(dollar).map(|()| Step::Opened),
            TokenKind::Break => self.break_or_continue(token, "{{break}}", NodeKind::Break),
            TokenKind::Continue => self.break_or_continue(token, "{{continue}}", NodeKind::Continue),
            TokenKind::Else => {
                let peeked = self.peek_non_space();
                if !matches!(peeked.kind, TokenKind::If | TokenKind::With) {
                    self.expect(TokenKind::RightDelimiter, "else")?;
                }
                Ok(Step::Else)
            }
            TokenKind::End => {
                self.expect(TokenKind::RightDelimiter, "end")?;
                Ok(Step::End)
            }
            TokenKind::If => self.open_control(Keyword::If, false).map(|()| Step::Opened),
            TokenKind::Range => self.open_control(Keyword::Range, false).map(|()| Step::Opened),
            TokenKind::With => self.open_control(Keyword::With, false).map(|()| Step::Opened),
            TokenKind::Template => self.template().map(Step::Node),
            _ => {
                self.back_up();
                let start = self.peek().start;
                let pipe = self.pipeline("command", TokenKind::RightDelimiter)?;
                Ok(Step::Node(self.node(start, NodeKind::Action { pipe })))
            }
        }
    }

    fn break_or_continue(&mut self, token: Token, text: &str, kind: NodeKind) -> Result<Step> {
        let next = self.next_non_space();
        if next.kind != TokenKind::RightDelimiter {
            return Err(self.unexpected(next, text));
        }
        if self.scope.range_depth == 0 {
            return Err(self.error(format!("{text} outside {{{{range}}}}")));
        }
        Ok(Step::Node(self.node(token.start, kind)))
    }

    fn template(&mut self) -> Result<NodeId> {
        const CONTEXT: &str = "template clause";
        let token = self.next_non_space();
        let name = self.template_name(token, CONTEXT)?;
        let mut pipe = None;
        if self.next_non_space().kind != TokenKind::RightDelimiter {
            self.back_up();
            pipe = Some(self.pipeline(CONTEXT, TokenKind::RightDelimiter)?);
        }
        Ok(self.node(token.start, NodeKind::Template { name, pipe }))
    }

    fn template_name(&mut self, token: Token, context: &str) -> Result<Name> {
        match token.kind {
            TokenKind::String | TokenKind::RawString => self.unquote(token),
            _ => Err(self.unexpected(token, context)),
        }
    }

    fn open_control(&mut self, keyword: Keyword, chained: bool) -> Result<()> {
        let variables = self.scope.variables.len();
        let context = match keyword {
            Keyword::If => "if",
            Keyword::Range => "range",
            Keyword::With => "with",
        };
        let pipe = self.pipeline(context, TokenKind::RightDelimiter)?;
        if keyword == Keyword::Range {
            self.scope.range_depth += 1;
        }
        let body = self.new_body();
        self.push_open(Open::Control { keyword, pipe, variables, list: None, body, chained })
    }

    fn open_define(&mut self, dollar: Name) -> Result<()> {
        const CONTEXT: &str = "define clause";
        let outer = std::mem::replace(&mut self.scope, Scope::new(dollar));
        let token = self.next_non_space();
        let name = self.template_name(token, CONTEXT)?;
        self.expect(TokenKind::RightDelimiter, CONTEXT)?;
        let body = self.new_body();
        self.push_open(Open::Define { name, outer, body })
    }

    fn open_block(&mut self, dollar: Name) -> Result<()> {
        const CONTEXT: &str = "block clause";
        let token = self.next_non_space();
        let name = self.template_name(token, CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, TokenKind::RightDelimiter)?;
        let clause_end = self.tokens[0];
        let outer = std::mem::replace(&mut self.scope, Scope::new(dollar));
        let body = self.new_body();
        self.push_open(Open::Block { name, start: token.start, pipe, outer, body, clause_end })
    }

    /// An `{{else}}` has come.
    fn otherwise(&mut self) -> Result<()> {
        const ELSE: &str = "{{else}}";
        let Some(Open::Control { keyword, list, body, .. }) = self.open.last_mut() else {
            return Err(self.misplaced(ELSE));
        };
        let keyword = *keyword;
        if list.is_some() {
            return Err(self.error(format!("expected end; found {ELSE}")));
        }
        let first = *body;
        let first = self.list(first);
        if keyword == Keyword::Range {
            self.scope.range_depth -= 1;
        }
        let next = self.peek();
        let chains = match keyword {
            Keyword::If => next.kind == TokenKind::If,
            Keyword::With => next.kind == TokenKind::With,
            Keyword::Range => false,
        };
        let second = if chains {
            // The list of an `else if` starts where its `else` token does: at the `if`.
            self.next();
            Body { start: next.start, statements: self.statements.len() }
        } else {
            self.new_body()
        };
        if let Some(Open::Control { list, body, .. }) = self.open.last_mut() {
            *list = Some(first);
            *body = second;
        }
        if chains { self.open_control(keyword, true) } else { Ok(()) }
    }

    /// An `{{end}}` has come.
    fn end(&mut self) -> Result<()> {
        match self.open.pop() {
            None | Some(Open::Root(_)) => return Err(self.misplaced("{{end}}")),
            Some(Open::Define { name, outer, body }) => {
                let root = self.list(body);
                self.add_tree(name, root)?;
                self.scope = outer;
            }
            Some(Open::Block { name, start, pipe, outer, body, .. }) => {
                let root = self.list(body);
                self.add_tree(name, root)?;
                self.scope = outer;
                let node = self.node(start, NodeKind::Template { name, pipe: Some(pipe) });
                self.scope.action = None;
                self.statements.push(node);
            }
            Some(Open::Control { keyword, pipe, variables, list, body, chained }) => {
                let (mut node, mut chained) = (self.control(keyword, pipe, variables, list, body), chained);
                // The `end` of an `else if` is that of the `if` around it as well.
                while chained {
                    self.statements.push(node);
                    let Some(Open::Control { keyword, pipe, variables, list, body, chained: outer }) = self.open.pop()
                    else {
                        break;
                    };
                    node = self.control(keyword, pipe, variables, list, body);
                    chained = outer;
                }
                self.scope.action = None;
                self.statements.push(node);
            }
        }
        Ok(())
    }

    fn control(
        &mut self,
        keyword: Keyword,
        pipe: NodeId,
        variables: usize,
        list: Option<NodeId>,
        body: Body,
    ) -> NodeId {
        let last = self.list(body);
        let (list, otherwise) = match list {
            Some(first) => (first, Some(last)),
            None => (last, None),
        };
        if keyword == Keyword::Range && otherwise.is_none() {
            self.scope.range_depth -= 1;
        }
        self.scope.forget(variables);
        let start = self.arena.node(pipe).start;
        self.node(
            start,
            match keyword {
                Keyword::If => NodeKind::If { pipe, list, otherwise },
                Keyword::Range => NodeKind::Range { pipe, list, otherwise },
                Keyword::With => NodeKind::With { pipe, list, otherwise },
            },
        )
    }

    /// The error for an `{{end}}` or `{{else}}` that closes nothing here.
    fn misplaced(&mut self, found: &str) -> ParseError {
        match self.open.last() {
            Some(Open::Define { .. }) => self.error(format!("unexpected {found} in define clause")),
            Some(Open::Block { clause_end, .. }) => {
                let line = clause_end.line(self.source);
                let token = self.tokens[0];
                let message = format!("unexpected {found} in block clause");
                ParseError::new(self.parse_name, line, message).at(token.range())
            }
            _ => self.error(format!("unexpected {found}")),
        }
    }

    /// Notes a finished template, unless an earlier one of that name has more in it.
    fn add_tree(&mut self, name: Name, root: NodeId) -> Result<()> {
        match self.tree_of.get(&name.0).copied() {
            None => {
                self.tree_of.insert(name.0, self.trees.len());
                self.trees.push(Tree { name, root });
            }
            Some(index) if self.arena.is_empty(self.trees[index].root) => self.trees[index].root = root,
            Some(_) if self.arena.is_empty(root) => {}
            Some(_) => {
                let name = strconv::quote(self.names.get(name));
                return Err(self.error(format!("template: multiple definition of template {name}")));
            }
        }
        Ok(())
    }

    // Building nodes.

    pub(super) fn node(&mut self, start: u32, kind: NodeKind) -> NodeId {
        let id = NodeId(offset(self.arena.nodes.len()));
        self.arena.nodes.push(Node { start, kind });
        id
    }

    /// The nodes that wait from one on, as a list.
    pub(super) fn take_pending(&mut self, from: usize) -> Nodes {
        take(&mut self.pending, from, &mut self.arena.lists)
    }

    pub(super) fn path(&mut self, name: Name) -> Path {
        let start = offset(self.arena.paths.len());
        self.arena.paths.push(name);
        Path { start, end: start + 1 }
    }

    pub(super) fn intern(&mut self, text: &[u8]) -> Name {
        self.names.intern(text)
    }

    /// The bytes of a token as a name.
    pub(super) fn token_name(&mut self, token: Token) -> Name {
        self.names.intern(&self.source[token.range()])
    }

    /// Which of the arena's functions has this name.
    pub(super) fn function(&mut self, name: Name) -> Option<u16> {
        let index = name.0 as usize;
        if let Some(known) = self.known.get(index).copied().flatten() {
            return Some(known);
        }
        let found = self.functions.find(self.names.get(name).as_utf8()?)?;
        let known = u16::try_from(self.arena.functions.len()).ok()?;
        self.arena.functions.push(found);
        if self.known.len() <= index {
            self.known.resize(index + 1, None);
        }
        self.known[index] = Some(known);
        Some(known)
    }

    // Reading tokens, as Go does with its buffer of three.

    pub(super) fn next(&mut self) -> Token {
        if self.peeked > 0 {
            self.peeked -= 1;
        } else {
            self.tokens[0] = self.lexer.next_token();
        }
        self.tokens[self.peeked]
    }

    pub(super) fn back_up(&mut self) {
        self.peeked += 1;
    }

    pub(super) fn back_up_two(&mut self, first: Token) {
        self.tokens[1] = first;
        self.peeked = 2;
    }

    pub(super) fn back_up_three(&mut self, first: Token, second: Token) {
        self.tokens[1] = second;
        self.tokens[2] = first;
        self.peeked = 3;
    }

    pub(super) fn peek(&mut self) -> Token {
        if self.peeked == 0 {
            self.peeked = 1;
            self.tokens[0] = self.lexer.next_token();
        }
        self.tokens[self.peeked - 1]
    }

    pub(super) fn next_non_space(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.kind != TokenKind::Space {
                return token;
            }
        }
    }

    pub(super) fn peek_non_space(&mut self) -> Token {
        let token = self.next_non_space();
        self.back_up();
        token
    }

    fn expect(&mut self, kind: TokenKind, context: &str) -> Result<Token> {
        let token = self.next_non_space();
        if token.kind == kind { Ok(token) } else { Err(self.unexpected(token, context)) }
    }

    /// The bytes of a token.
    pub(super) fn bytes(&self, token: Token) -> &[u8] {
        &self.source[token.range()]
    }

    /// The text a string literal stands for.
    pub(super) fn unquote(&mut self, token: Token) -> Result<Name> {
        let literal = &self.source[token.range()];
        if let Some(text) = strconv::unquote_plain(literal) {
            return Ok(self.intern(text));
        }
        let text = strconv::unquote(literal).map_err(|error| self.error(error.to_string()))?;
        Ok(self.intern(&text))
    }

    // Errors.

    /// An error at the token scanned last, which is where Go counts the line.
    pub(super) fn error(&self, message: impl Into<String>) -> ParseError {
        let token = self.tokens[0];
        ParseError::new(self.parse_name, token.line(self.source), message.into()).at(token.range())
    }

    pub(super) fn unknown_function(&self, name: &[u8], token: Token) -> ParseError {
        let text = String::from_utf8_lossy(name);
        let error = self.error(format!("function {} not defined", strconv::quote(name))).at(token.range());
        match nearest(&text, self.functions.names()) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error,
        }
    }

    pub(super) fn unexpected(&self, token: Token, context: &str) -> ParseError {
        if token.kind == TokenKind::Error {
            let mut extra = String::new();
            let started = self.scope.action.map(|action| action.line(self.source));
            if let Some(line) = started.filter(|line| *line != token.line(self.source)) {
                let name = self.parse_name;
                // Go avoids "action in action".
                let words = if self.lexer.error().ends_with(" action") { "" } else { " in action" };
                extra = format!("{words} started at {name}:{line}");
            }
            return self.error(format!("{}{extra}", self.lexer.error()));
        }
        self.error(format!("unexpected {} in {context}", self.describe(token)))
    }

    /// A token as Go's error texts show it.
    fn describe(&self, token: Token) -> String {
        let bytes = self.bytes(token);
        match token.kind {
            TokenKind::Eof => "EOF".to_owned(),
            TokenKind::Error => self.lexer.error().to_owned(),
            kind if kind > TokenKind::Keyword => format!("<{}>", String::from_utf8_lossy(bytes)),
            _ if bytes.len() > 10 => {
                let end = crate::go::utf8::runes(bytes).nth(10).map_or(bytes.len(), |(offset, _, _)| offset);
                format!("{}...", strconv::quote(&bytes[..end]))
            }
            _ => strconv::quote(bytes),
        }
    }
}

/// The nodes that wait from one on, put into the lists.
fn take(waiting: &mut Vec<NodeId>, from: usize, lists: &mut Vec<NodeId>) -> Nodes {
    let start = offset(lists.len());
    lists.extend_from_slice(&waiting[from..]);
    waiting.truncate(from);
    Nodes { start, end: offset(lists.len()) }
}
