//! What stands where in a values file? Every value with its path and place, as it is written.

use aktus_diagnostics::{Sources, Span};
use aktus_gotmpl::{Frozen, Profile};
use aktus_yaml::Limits;
use aktus_yaml::node::{Document, Kind, Node, Scalar};

use crate::print;

/// A value in a text: a scalar, a list, an empty map, or a map with entries.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Written {
    /// The keys and list indexes that lead to it; indexes in brackets.
    pub(crate) path: Vec<String>,
    /// The line of its key, or of itself in a list, from 1.
    pub(crate) line: usize,
    /// The column in that line, in bytes, from 1: of the value, or of its key if the value begins below.
    pub(crate) column: usize,
    /// The text of a plain scalar with the number it means.
    pub(crate) number: Option<(String, f64)>,
    /// Whether it is null.
    pub(crate) null: bool,
    /// Whether it has entries of its own, which follow.
    pub(crate) inner: bool,
}

/// Nested deeper than this nothing is told; the reader of values refuses it anyway.
const DEPTH: usize = 64;

/// The values in a text in the order of the text, items of lists included. Of a text that is no YAML, those before the
/// fault: what is wrong with it is said when it is merged.
pub(crate) fn written(text: &[u8], profile: Profile) -> Vec<Written> {
    let mut found = Vec::new();
    for document in aktus_yaml::documents(text) {
        let Ok(document) = document else { break };
        let before = text.get(..document.offset).unwrap_or_default();
        let lines_before = String::from_utf8_lossy(before).matches('\n').count();
        let mut sources = Sources::new();
        let source = sources.add("values", &document.text);
        let Ok(parsed) = Document::parse(&document.text, source, &Limits::default()) else { break };
        let Some(root) = parsed.root() else { continue };
        let mut walk = Walk { sources: &sources, lines_before, path: Vec::new(), found: &mut found };
        walk.entries(&root, DEPTH);
        if profile == Profile::Helm3 {
            break;
        }
    }
    found
}

struct Walk<'a> {
    sources: &'a Sources,
    lines_before: usize,
    path: Vec<String>,
    found: &'a mut Vec<Written>,
}

impl Walk<'_> {
    fn entries(&mut self, node: &Node<'_>, depth: usize) {
        for (key, value) in node.entries() {
            if key.text() == Some("<<") && value.kind() == Kind::Map && depth > 0 {
                self.entries(&value, depth - 1);
                continue;
            }
            let Some(name) = key_text(&key) else { continue };
            self.path.push(name);
            self.value(&value, key.span(), depth);
            self.path.pop();
        }
    }

    fn value(&mut self, node: &Node<'_>, line_of: Span, depth: usize) {
        let place =
            |span| self.sources.position(span).map_or((0, 0), |place| (place.line as usize, place.column as usize));
        let inner = node.kind() == Kind::Map && node.entries().next().is_some();
        let (number, null) = match node.scalar() {
            Some(Ok(Scalar::Int(value))) => (Some(rounded(value)), false),
            Some(Ok(Scalar::Uint(value))) => (Some(rounded_unsigned(value)), false),
            Some(Ok(Scalar::Float(value))) => (Some(value), false),
            Some(Ok(Scalar::Null)) => (None, true),
            _ => (None, false),
        };
        let (start, value) = (place(line_of), place(node.span()));
        self.found.push(Written {
            path: self.path.clone(),
            line: start.0 + self.lines_before,
            column: if value.0 == start.0 { value.1 } else { start.1 },
            number: number.map(|number| (node.text().unwrap_or_default().to_owned(), number)),
            null,
            inner,
        });
        let Some(depth) = depth.checked_sub(1) else { return };
        self.entries(node, depth);
        for (index, item) in node.items().enumerate() {
            self.path.push(format!("[{index}]"));
            self.value(&item, item.span(), depth);
            self.path.pop();
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "Go rounds to float64 too")]
fn rounded(value: i64) -> f64 {
    value as f64
}

#[expect(clippy::cast_precision_loss, reason = "Go rounds to float64 too")]
fn rounded_unsigned(value: u64) -> f64 {
    value as f64
}

/// A key as sigs.k8s.io/yaml makes a string of it.
fn key_text(key: &Node<'_>) -> Option<String> {
    Some(match key.scalar()?.ok()? {
        Scalar::String(text) => text.into_owned(),
        Scalar::Bool(value) => value.to_string(),
        Scalar::Int(value) => value.to_string(),
        Scalar::Uint(value) => value.to_string(),
        Scalar::Float(value) => print::plain(&Frozen::Float(value)),
        Scalar::Null | Scalar::Binary(_) => return None,
    })
}

/// A path for people: `image.tag`, `ports[0].name`.
pub(crate) fn shown_path(path: &[String]) -> String {
    let mut text = String::new();
    for part in path {
        if !text.is_empty() && !part.starts_with('[') {
            text.push('.');
        }
        text.push_str(part);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, profile: Profile, expected: &[(&str, usize)]) {
        let found = written(text.as_bytes(), profile);
        let found: Vec<(String, usize)> =
            found.iter().filter(|value| !value.inner).map(|value| (shown_path(&value.path), value.line)).collect();
        let expected: Vec<(String, usize)> = expected.iter().map(|(path, line)| ((*path).to_owned(), *line)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn places() {
        let values = "a: 1\nb:\n  c: x\n  d: [1, {e: 2}]\nempty: {}\n";
        let helm4 = Profile::Helm4;
        check(values, helm4, &[("a", 1), ("b.c", 3), ("b.d", 4), ("b.d[0]", 4), ("b.d[1].e", 4), ("empty", 5)]);
        check("x: &x {k: 1}\nw: {<<: *x, z: 2}\n", helm4, &[("x.k", 1), ("w.k", 1), ("w.z", 2)]);
        check("a: 1\n---\nb: 2\n", helm4, &[("a", 1), ("b", 3)]);
        check("a: 1\n---\nb: 2\n", Profile::Helm3, &[("a", 1)]);
        check("y: 1\n010: 2\n", helm4, &[("true", 1), ("8", 2)]);
        check("a: [", helm4, &[]);
    }
}
