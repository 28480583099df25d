//! YAML documents: pieces of real charts, changed here and there.

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use fastrand::Rng;
use serde_json::{Value, json};

use crate::process::{Agreement, Question};

/// Texts that documents are made from.
pub(crate) struct Seeds {
    texts: Vec<String>,
    nothing: Rc<Value>,
}

impl Seeds {
    /// The YAML files below these folders, and a few texts of our own.
    pub(crate) fn read(folders: &[PathBuf]) -> Self {
        let mut texts: Vec<String> = OWN.iter().map(|&text| text.to_owned()).collect();
        for folder in folders {
            collect(folder, &mut texts);
        }
        Self { texts, nothing: Rc::new(Value::Null) }
    }
}

const OWN: &[&str] = &[
    "a: 1\nb:\n- x\n- y: z\n",
    "base: &base {a: 1, b: [2, 3]}\nnext:\n  <<: *base\n  c: 4\n",
    "text: |\n  one\n    two\n\n  three\nfolded: >-\n  one\n  two\n\n  three\n",
    "{a: [1, 2, {b: c}], 'd e': \"f\\tg\\u00e9\"}\n",
    "? key\n: value\n? [a, b]\n: c\n",
    "n: ~\nt: yes\nf: off\ni: 0x1F\no: 017\nb: 0b11\nu: 1_000\ne: 1e3\ns: 12:30:45\nd: 2024-02-29\ninf: -.inf\nnan: .NaN\n",
    "!!map {a: !!str 5, b: !!int \"7\", c: !custom x, d: !!binary aGVsbG8=}\n",
    "# comment\na: b # more\n\n# end\n",
    "- - 1\n  - 2\n-\n  - 3\n",
    "\"quoted\": 'it''s'\nplain: a b c\n  continued\n",
];

fn collect(folder: &Path, texts: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, texts);
        } else if path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml")
            && let Ok(text) = fs::read_to_string(&path)
            // Templates are no YAML yet.
            && !text.contains("{{")
        {
            texts.push(text);
        }
    }
}

/// A third goes through the functions of templates.
const CALLS: &[&str] = &[
    "{{ .Values.text | fromYaml | toYaml }}",
    "{{ .Values.text | fromYamlArray | toYaml }}",
    "{{ .Values.text | fromYaml | toYamlPretty }}",
    "{{ .Values.text | fromYaml | toJson }}",
    "{{ .Values.text | fromYaml | toToml }}",
    "{{ .Values.text | toYaml }}",
    "{{ list .Values.text (dict .Values.text 1) | toYaml }}",
];

pub(crate) fn question(dice: &mut Rng, seeds: &Seeds) -> Question {
    let seed = &seeds.texts[dice.usize(..seeds.texts.len())];
    let mut lines: Vec<String> = excerpt(dice, seed).map(str::to_owned).collect();
    for _ in 0..dice.usize(..4) {
        change(dice, &mut lines);
    }
    let mut text = lines.join("\n");
    if dice.u8(..4) > 0 {
        text.push('\n');
    }
    if dice.u8(..3) > 0 {
        return asked("document, read and written", "yaml", text.into_bytes(), Rc::clone(&seeds.nothing));
    }
    let call = CALLS[dice.usize(..CALLS.len())];
    asked("document in a template", "render", call.into(), Rc::new(json!({ "text": text })))
}

fn asked(name: &'static str, operation: &'static str, text: Vec<u8>, values: Rc<Value>) -> Question {
    Question { name, fitting: true, operation, text, values, agreement: Agreement::Exact }
}

/// Up to thirty lines of a text.
fn excerpt<'a>(dice: &mut Rng, text: &'a str) -> impl Iterator<Item = &'a str> {
    let lines: Vec<&str> = text.lines().collect();
    let first = if lines.len() > 30 { dice.usize(..lines.len() - 20) } else { 0 };
    lines.into_iter().skip(first).take(1 + dice.usize(..30))
}

const PIECES: &[&str] = &[
    ":",
    ": ",
    "- ",
    "-",
    "? ",
    "&a ",
    "*a",
    "!!str ",
    "!!int ",
    "!!float ",
    "!!bool ",
    "!!null ",
    "!x ",
    "|",
    ">",
    "|+\n",
    ">2-",
    "[",
    "]",
    "{",
    "}",
    ",",
    "'",
    "\"",
    "#",
    " #",
    "%",
    "@",
    "`",
    "\t",
    "  ",
    " ",
    "\\",
    "<<: ",
    "---",
    "...",
    "~",
    "null",
    "yes",
    "0x1f",
    "1e3",
    ".5",
    "1_0",
    "0o7",
    "12:30",
    "2024-01-01",
    "é",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "😀",
    "\u{7f}",
    "\r",
    "\n",
    "=",
    "<<",
];

fn change(dice: &mut Rng, lines: &mut Vec<String>) {
    if lines.is_empty() {
        return;
    }
    let place = dice.usize(..lines.len());
    match dice.u8(..9) {
        0 => drop(lines.remove(place)),
        1 => lines.insert(place, lines[place].clone()),
        2 => lines[place].insert_str(0, if dice.bool() { "  " } else { " " }),
        3 => {
            let shorter = lines[place].strip_prefix(' ').map(str::to_owned);
            if let Some(shorter) = shorter {
                lines[place] = shorter;
            }
        }
        4 => {
            let other = dice.usize(..lines.len());
            lines.swap(place, other);
        }
        5 => {
            let letters: Vec<char> = lines[place].chars().collect();
            if !letters.is_empty() {
                let gone = dice.usize(..letters.len());
                lines[place] =
                    letters.iter().enumerate().filter(|(at, _)| *at != gone).map(|(_, letter)| letter).collect();
            }
        }
        _ => {
            let letters = lines[place].chars().count();
            let at = dice.usize(..=letters);
            let at = lines[place].char_indices().nth(at).map_or(lines[place].len(), |(at, _)| at);
            lines[place].insert_str(at, PIECES[dice.usize(..PIECES.len())]);
        }
    }
}
