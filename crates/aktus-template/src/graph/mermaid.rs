//! A picture as a Mermaid flowchart.

use std::fmt::Write as _;

use super::text::clean;
use super::{Card, Picture, short_kind};

impl Picture {
    /// A Mermaid flowchart, one subgraph per chapter.
    ///
    /// ```
    /// # use aktus_template::{graph::{Chapters, Detail, Picture}, Pseudo, Resource, Template, evaluate, logical_id};
    /// let mut template = Template::default();
    /// template.resources.insert(logical_id!("Files"), Resource::new("AWS::EFS::FileSystem"));
    /// let graph = evaluate(&template, &Default::default(), &Pseudo::new("s", "us-east-1", "111122223333"))?;
    /// let picture = Picture::of(&graph, &Chapters::by_service(), Detail::Overview, "Files");
    /// assert!(picture.to_mermaid().contains(r#"c0["<b>Files</b><br/>EFS FileSystem"]"#));
    /// # Ok::<(), aktus_template::EvaluateError>(())
    /// ```
    pub fn to_mermaid(&self) -> String {
        let title = yaml(&self.title);
        // Wide enough for the longest names of small resources.
        let mut out =
            format!("---\ntitle: {title}\nconfig:\n  flowchart:\n    wrappingWidth: 320\n---\nflowchart TB\n");
        for (number, chapter) in self.chapters.iter().enumerate() {
            let _infallible = writeln!(out, "  subgraph s{number}[\"{}\"]", escape(&chapter.name));
            for card in &chapter.cards {
                let _infallible = writeln!(out, "    c{}[\"{}\"]", card.number, label(card));
            }
            out.push_str("  end\n");
        }
        for (before, after) in &self.arrows {
            let _infallible = writeln!(out, "  c{before} --> c{after}");
        }
        out
    }
}

fn label(card: &Card) -> String {
    let ids: Vec<_> = card.ids.iter().map(|id| format!("<b>{}</b>", escape(id))).collect();
    let mut lines = vec![ids.join("<br/>"), escape(&short_kind(&card.kind))];
    lines.extend(card.small.iter().map(|(id, _)| format!("+ {}", escape(id))));
    lines.join("<br/>")
}

/// Text inside a quoted label: Mermaid knows entities without ampersand.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in clean(text).chars() {
        match letter {
            '"' | '<' | '>' | '#' | '&' | '`' | '\\' | ';' => {
                let _infallible = write!(out, "#{};", u32::from(letter));
            }
            _ => out.push(letter),
        }
    }
    out
}

/// A scalar of the front matter: JSON is YAML.
fn yaml(text: &str) -> String {
    serde_json::Value::from(clean(text)).to_string()
}
