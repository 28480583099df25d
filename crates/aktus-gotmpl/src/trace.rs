//! Which line of which template made which line of the output?
//!
//! Literal text is followed exactly. What an action prints comes from the action's line, unless it is what `include` or
//! `tpl` gave, at most indented or with lines around it: then each line comes from where the inner template made it.

use crate::value::Str;

/// The place that a line of output comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The name under which the text was parsed.
    pub file: Str,
    /// The line, from 1.
    pub line: usize,
}

/// Something that was written: from where in the output on, and who wrote it.
#[derive(Debug)]
struct Piece {
    start: usize,
    origin: Origin,
    literal: bool,
    /// For each line of what an action printed, where an inner template made it.
    inner: Vec<Option<Origin>>,
}

/// A text that `include` or `tpl` gave: its lines without the space around them.
#[derive(Debug)]
struct Given {
    lines: Vec<(Vec<u8>, Option<Origin>)>,
}

/// What one template, and those it runs with `template`, has written so far.
#[derive(Debug, Default)]
struct Level {
    pieces: Vec<Piece>,
    given: Vec<Given>,
}

/// The trace of an execution under way.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    levels: Vec<Level>,
    /// The lines of the outermost output, once it has ended.
    pub(crate) lines: Vec<Option<Origin>>,
}

/// So many given texts are looked through for what an action prints.
const KEPT: usize = 16;

impl Trace {
    /// A template with an output of its own begins.
    pub(crate) fn open(&mut self) {
        self.levels.push(Level::default());
    }

    /// Literal text is about to be written at `start`.
    pub(crate) fn text(&mut self, start: usize, origin: Origin) {
        if let Some(level) = self.levels.last_mut() {
            level.pieces.push(Piece { start, origin, literal: true, inner: Vec::new() });
        }
    }

    /// An action at `origin` has printed `text` at `start`.
    pub(crate) fn print(&mut self, start: usize, text: &[u8], origin: Origin) {
        let Some(level) = self.levels.last_mut() else { return };
        let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).collect();
        let mut inner = Vec::new();
        for given in level.given.iter().rev() {
            let count = given.lines.len();
            let same =
                |window: &[&[u8]]| window.iter().zip(&given.lines).all(|(line, (known, _))| *line == known.as_slice());
            if let Some(at) = lines.windows(count.max(1)).position(same) {
                inner = vec![None; at];
                inner.extend(given.lines.iter().map(|(_, origin)| origin.clone()));
                break;
            }
        }
        level.pieces.push(Piece { start, origin, literal: false, inner });
    }

    /// The innermost output has ended.
    pub(crate) fn close(&mut self, output: &[u8]) {
        let Some(level) = self.levels.pop() else { return };
        let lines = level.lines(output);
        let Some(outer) = self.levels.last_mut() else {
            self.lines = lines;
            return;
        };
        let texts = output.split(|byte| *byte == b'\n').map(|line| line.trim_ascii().to_vec());
        let mut lines: Vec<_> = texts.zip(lines).collect();
        // Space around a text is often trimmed away.
        while lines.last().is_some_and(|(line, _)| line.is_empty()) {
            lines.pop();
        }
        let blank = lines.iter().take_while(|(line, _)| line.is_empty()).count();
        lines.drain(..blank);
        if !lines.is_empty() {
            if outer.given.len() == KEPT {
                outer.given.remove(0);
            }
            outer.given.push(Given { lines });
        }
    }
}

impl Level {
    /// The origin of each line: that of the first piece with something on it.
    fn lines(&self, output: &[u8]) -> Vec<Option<Origin>> {
        let mut lines = Vec::new();
        let mut start = 0;
        for line in output.split(|byte| *byte == b'\n') {
            let end = start + line.len();
            let mut found = None;
            for (index, piece) in self.pieces.iter().enumerate() {
                let piece_end = self.pieces.get(index + 1).map_or(output.len(), |next| next.start);
                let (from, to) = (piece.start.max(start), piece_end.min(end));
                if piece.start > end {
                    break;
                }
                if from > to || piece_end < start {
                    continue;
                }
                let part = output.get(from..to).unwrap_or_default();
                let empty = part.trim_ascii().is_empty();
                if empty && (found.is_some() || from == to && from != start) {
                    continue;
                }
                found = Some(piece.origin_at(output, from));
                if !empty {
                    break;
                }
            }
            lines.push(found);
            start = end + 1;
        }
        lines
    }
}

impl Piece {
    /// Where the byte of the output at `at`, which this piece wrote, comes from.
    fn origin_at(&self, output: &[u8], at: usize) -> Origin {
        let before = output.get(self.start..at).unwrap_or_default();
        let lines = memchr::memchr_iter(b'\n', before).count();
        if self.literal {
            return Origin { line: self.origin.line + lines, ..self.origin.clone() };
        }
        self.inner.get(lines).cloned().flatten().unwrap_or_else(|| self.origin.clone())
    }
}

#[cfg(test)]
mod tests {
    use crate::host::FrozenHost;
    use crate::{Context, MissingKey, Profile, Templates, Value, helm_functions};

    /// The lines of the output with the places they come from.
    #[track_caller]
    fn check(files: &[(&str, &str)], expected: &[(&str, &str)]) {
        let mut templates = Templates::new(helm_functions(Profile::Helm4)).with_missing_key(MissingKey::Zero);
        for (name, text) in files {
            templates.parse(*name, text).expect("a template");
        }
        let host = FrozenHost::default();
        let mut context = Context::new(&host, Profile::Helm4).tracing();
        let data = Value::map([("x", Value::from("1"))]);
        let output = templates.execute(files[0].0, data, &mut context).expect("it runs");
        let output = String::from_utf8(output).expect("text");
        let places: Vec<String> = context
            .take_trace()
            .into_iter()
            .map(|origin| origin.map_or_else(|| "-".to_owned(), |origin| format!("{}:{}", origin.file, origin.line)))
            .collect();
        let found: Vec<(&str, &str)> = output.split('\n').zip(places.iter().map(String::as_str)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn text_and_actions() {
        check(
            &[("a", "one: 1\n{{- if true }}\ntwo: {{ .x }}\n{{- end }}\n{{ .x }}: three\n")],
            &[("one: 1", "a:1"), ("two: 1", "a:3"), ("1: three", "a:5"), ("", "a:6")],
        );
    }

    #[test]
    fn included_lines_come_from_the_define() {
        check(
            &[
                ("a", "labels:\n  {{- include \"l\" . | nindent 2 }}\nend: 1"),
                ("b", "{{/* why */}}\n{{ define \"l\" -}}\napp: {{ .x }}\nof: us\n{{- end }}"),
            ],
            &[("labels:", "a:1"), ("  app: 1", "b:3"), ("  of: us", "b:4"), ("end: 1", "a:3")],
        );
    }

    #[test]
    fn what_is_changed_comes_from_the_action() {
        check(
            &[
                ("a", "x: {{ include \"l\" . | upper }}\n{{ list 1 2 | toYaml }}"),
                ("b", "{{ define \"l\" }}abc{{ end }}"),
            ],
            &[("x: ABC", "a:1"), ("- 1", "a:2"), ("- 2", "a:2")],
        );
    }

    #[test]
    fn templates_and_loops() {
        check(
            &[
                ("a", "{{ range $i := until 2 }}\ni: {{ $i }}\n{{- end }}\n{{ template \"t\" }}"),
                ("b", "{{ define \"t\" }}t: 1\nu: 2{{ end }}"),
            ],
            &[("", "a:1"), ("i: 0", "a:2"), ("i: 1", "a:2"), ("t: 1", "b:1"), ("u: 2", "b:2")],
        );
    }
}
