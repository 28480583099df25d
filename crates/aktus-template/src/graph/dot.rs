//! A picture for Graphviz.

use std::fmt::Write as _;

use super::text::clean;
use super::{Card, Picture, short_kind};

impl Picture {
    /// The picture in Graphviz' language, one cluster per chapter.
    pub fn to_dot(&self) -> String {
        let mut out = format!("digraph \"{}\" {{\n", escape(&self.title));
        out.push_str("  graph [rankdir=TB, fontname=\"Helvetica\", compound=true];\n");
        out.push_str("  node [shape=box, style=\"rounded\", fontname=\"Helvetica\", fontsize=11];\n");
        for (number, chapter) in self.chapters.iter().enumerate() {
            let _infallible = writeln!(out, "  subgraph cluster_{number} {{");
            let _infallible = writeln!(out, "    label=\"{}\"; style=\"rounded\";", escape(&chapter.name));
            for card in &chapter.cards {
                let _infallible = writeln!(out, "    c{} [label=\"{}\"];", card.number, label(card));
            }
            out.push_str("  }\n");
        }
        for (before, after) in &self.arrows {
            let _infallible = writeln!(out, "  c{before} -> c{after};");
        }
        out.push_str("}\n");
        out
    }
}

fn label(card: &Card) -> String {
    let ids = card.ids.iter().map(|id| escape(id));
    let small = card.small.iter().map(|(id, _)| format!("+ {}", escape(id)));
    let lines: Vec<_> = ids.chain([escape(&short_kind(&card.kind))]).chain(small).collect();
    lines.join("\\n")
}

/// Text inside a quoted string, where a backslash begins an escape of Graphviz, and an ampersand an entity.
fn escape(text: &str) -> String {
    clean(text).replace('\\', "\\\\").replace('"', "\\\"").replace('&', "&amp;")
}
