//! How is a parsed template kept? Nodes in one arena per source text, referring to each other by index, literal text as
//! ranges of the source.

use std::ops::Range;
use std::sync::Arc;

use super::number::Number;
use crate::function::Function;
use crate::value::Str;

/// A node of an [`Arena`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NodeId(pub(crate) u32);

/// A run of node ids in [`Arena::lists`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Nodes {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// A run of names in [`Arena::paths`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// A name: an index into [`Arena::names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Name(pub(crate) u32);

/// What a node is; Go's node types.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NodeKind {
    List { nodes: Nodes },
    Text { end: u32 },
    Comment { end: u32 },
    Action { pipe: NodeId },
    Break,
    Continue,
    If { pipe: NodeId, list: NodeId, otherwise: Option<NodeId> },
    Range { pipe: NodeId, list: NodeId, otherwise: Option<NodeId> },
    With { pipe: NodeId, list: NodeId, otherwise: Option<NodeId> },
    Template { name: Name, pipe: Option<NodeId> },
    Pipe { declarations: Nodes, assigns: bool, commands: Nodes },
    Command { arguments: Nodes },
    Identifier { name: Name, function: u16 },
    Variable { path: Path },
    Field { path: Path },
    Chain { node: NodeId, path: Path },
    Dot,
    Nil,
    Bool(bool),
    Number { index: u32 },
    String { quoted_end: u32, text: Name },
}

/// A node: what it is, and the byte where it starts (which is what Go's error positions are made of).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(crate) start: u32,
    pub(crate) kind: NodeKind,
}

/// All nodes of one source text.
#[derive(Debug)]
pub(crate) struct Arena {
    pub(crate) source: Arc<[u8]>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) lists: Vec<NodeId>,
    pub(crate) paths: Vec<Name>,
    pub(crate) names: Vec<Str>,
    pub(crate) numbers: Vec<(Number, Range<u32>)>,
    /// The functions that the text names, each once, and whether it is one of Go's own.
    pub(crate) functions: Vec<(Function, bool)>,
    /// How many tokens the text has.
    pub(crate) tokens: usize,
}

impl Arena {
    pub(crate) fn node(&self, id: NodeId) -> Node {
        self.nodes[id.0 as usize]
    }

    pub(crate) fn list(&self, nodes: Nodes) -> &[NodeId] {
        &self.lists[nodes.start as usize..nodes.end as usize]
    }

    pub(crate) fn path(&self, path: Path) -> &[Name] {
        &self.paths[path.start as usize..path.end as usize]
    }

    pub(crate) fn name(&self, name: Name) -> &Str {
        &self.names[name.0 as usize]
    }

    pub(crate) fn bytes(&self, start: u32, end: u32) -> &[u8] {
        &self.source[start as usize..end as usize]
    }

    /// Whether a list holds nothing but space and comments; such a template never replaces another.
    pub(crate) fn is_empty(&self, list: NodeId) -> bool {
        let NodeKind::List { nodes } = self.node(list).kind else { return false };
        self.list(nodes).iter().all(|id| {
            let node = self.node(*id);
            match node.kind {
                NodeKind::Text { end } => {
                    let text = self.bytes(node.start, end);
                    crate::go::utf8::runes(text).all(|(_, rune, _)| crate::go::unicode::is_space(rune))
                }
                NodeKind::Comment { .. } => true,
                _ => false,
            }
        })
    }

    /// Line (from 1) and column (bytes from 0) of a byte, as Go counts them: on the first line the column is the
    /// offset in the text.
    pub(crate) fn position(&self, offset: u32) -> (usize, usize) {
        let before = &self.source[..(offset as usize).min(self.source.len())];
        let column = memchr::memrchr(b'\n', before).map_or(before.len(), |newline| before.len() - newline - 1);
        (1 + memchr::memchr_iter(b'\n', before).count(), column)
    }
}

/// One template: a name and its body in an arena.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tree {
    pub(crate) name: Name,
    pub(crate) root: NodeId,
}
