//! How does Go print a node? Error texts show the node they are about, with spacing normalised.

use super::tree::{Arena, NodeId, NodeKind, Path};
use crate::go::strconv;

enum Piece {
    Node(NodeId),
    /// A pipeline as an argument or under a chain: in parentheses.
    Inner(NodeId),
    Fields(Path),
    Text(&'static str),
}

impl Arena {
    /// The node as Go's `Node.String` prints it.
    pub(crate) fn print(&self, id: NodeId) -> Vec<u8> {
        let mut out = Vec::new();
        // Nodes may be nested deeply, so what is still to be printed waits here, last first.
        let mut pending = vec![Piece::Node(id)];
        while let Some(piece) = pending.pop() {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
                Piece::Inner(id) => {
                    if matches!(self.node(id).kind, NodeKind::Pipe { .. }) {
                        pending.extend([Piece::Text(")"), Piece::Node(id), Piece::Text("(")]);
                    } else {
                        pending.push(Piece::Node(id));
                    }
                }
                Piece::Fields(path) => self.print_fields(path, &mut out),
                Piece::Node(id) => self.print_node(id, &mut out, &mut pending),
            }
        }
        out
    }

    fn print_node(&self, id: NodeId, out: &mut Vec<u8>, pending: &mut Vec<Piece>) {
        let node = self.node(id);
        match node.kind {
            NodeKind::List { nodes } => pending.extend(self.list(nodes).iter().rev().map(|id| Piece::Node(*id))),
            NodeKind::Text { end } => out.extend_from_slice(self.bytes(node.start, end)),
            NodeKind::Comment { end } => {
                out.extend_from_slice(b"{{");
                out.extend_from_slice(self.bytes(node.start, end));
                out.extend_from_slice(b"}}");
            }
            NodeKind::Action { pipe } => {
                pending.extend([Piece::Text("}}"), Piece::Node(pipe), Piece::Text("{{")]);
            }
            NodeKind::Break => out.extend_from_slice(b"{{break}}"),
            NodeKind::Continue => out.extend_from_slice(b"{{continue}}"),
            NodeKind::If { pipe, list, otherwise } => branch("{{if ", pipe, list, otherwise, pending),
            NodeKind::Range { pipe, list, otherwise } => branch("{{range ", pipe, list, otherwise, pending),
            NodeKind::With { pipe, list, otherwise } => branch("{{with ", pipe, list, otherwise, pending),
            NodeKind::Template { name, pipe } => {
                out.extend_from_slice(b"{{template ");
                out.extend_from_slice(strconv::quote(self.name(name)).as_bytes());
                pending.push(Piece::Text("}}"));
                if let Some(pipe) = pipe {
                    pending.extend([Piece::Node(pipe), Piece::Text(" ")]);
                }
            }
            NodeKind::Pipe { declarations, assigns, commands } => {
                let commands = self.list(commands);
                for (index, command) in commands.iter().enumerate().rev() {
                    pending.push(Piece::Node(*command));
                    if index > 0 {
                        pending.push(Piece::Text(" | "));
                    }
                }
                let declarations = self.list(declarations);
                if !declarations.is_empty() {
                    pending.push(Piece::Text(if assigns { " = " } else { " := " }));
                }
                for (index, variable) in declarations.iter().enumerate().rev() {
                    pending.push(Piece::Node(*variable));
                    if index > 0 {
                        pending.push(Piece::Text(", "));
                    }
                }
            }
            NodeKind::Command { arguments } => {
                for (index, argument) in self.list(arguments).iter().enumerate().rev() {
                    pending.push(Piece::Inner(*argument));
                    if index > 0 {
                        pending.push(Piece::Text(" "));
                    }
                }
            }
            NodeKind::Identifier { name, .. } => out.extend_from_slice(self.name(name)),
            NodeKind::Variable { path } => {
                for (index, name) in self.path(path).iter().enumerate() {
                    if index > 0 {
                        out.push(b'.');
                    }
                    out.extend_from_slice(self.name(*name));
                }
            }
            NodeKind::Field { path } => self.print_fields(path, out),
            NodeKind::Chain { node, path } => {
                pending.extend([Piece::Fields(path), Piece::Inner(node)]);
            }
            NodeKind::Dot => out.push(b'.'),
            NodeKind::Nil => out.extend_from_slice(b"nil"),
            NodeKind::Bool(value) => out.extend_from_slice(if value { b"true" } else { b"false" }),
            NodeKind::Number { index } => {
                let range = &self.numbers[index as usize].1;
                out.extend_from_slice(self.bytes(range.start, range.end));
            }
            NodeKind::String { quoted_end, .. } => out.extend_from_slice(self.bytes(node.start, quoted_end)),
        }
    }

    fn print_fields(&self, path: Path, out: &mut Vec<u8>) {
        for name in self.path(path) {
            out.push(b'.');
            out.extend_from_slice(self.name(*name));
        }
    }
}

fn branch(keyword: &'static str, pipe: NodeId, list: NodeId, otherwise: Option<NodeId>, pending: &mut Vec<Piece>) {
    pending.push(Piece::Text("{{end}}"));
    if let Some(otherwise) = otherwise {
        pending.extend([Piece::Node(otherwise), Piece::Text("{{else}}")]);
    }
    pending.extend([Piece::Node(list), Piece::Text("}}"), Piece::Node(pipe), Piece::Text(keyword)]);
}
