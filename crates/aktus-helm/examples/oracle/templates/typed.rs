//! Templates that know what their variables and their dot are, so that most of them succeed.

use fastrand::Rng;

use super::values::{Kind, Scope};

/// A template; with a mistake somewhere, if asked for.
pub(super) fn text(dice: &mut Rng, mistaken: bool) -> String {
    let mistake = if mistaken { Some(dice.u8(..40)) } else { None };
    let mut writer = Writer { scope: Scope::new(dice, mistake), text: String::new(), loops: 0, blocks: 0 };
    for name in ["d", "e"] {
        if writer.scope.dice.bool() {
            writer.define(name);
        }
    }
    if writer.scope.dice.u8(..12) == 0 {
        writer.text.push_str(RECURSION);
    }
    for _ in 0..=writer.scope.dice.usize(..2) {
        writer.body(0);
    }
    if writer.scope.mistake.is_some() {
        // Nobody came by the place of the mistake.
        writer.misplace();
    }
    writer.text
}

const RECURSION: &str = "{{ define \"down\" }}{{ . }}{{ if gt (int .) 0 }},{{ template \"down\" (sub . 1) }}{{ end }}{{ end -}}\n{{ template \"down\" 5 }}{{ include \"down\" 3 }}";

struct Writer<'a> {
    scope: Scope<'a>,
    text: String,
    loops: u8,
    /// Blocks have names that are not used twice.
    blocks: u8,
}

impl Writer<'_> {
    fn dice(&mut self) -> &mut Rng {
        self.scope.dice
    }

    fn body(&mut self, depth: u8) {
        let known = self.scope.mark();
        for _ in 0..=self.dice().usize(..3) {
            self.node(depth);
        }
        self.scope.forget(known);
    }

    fn push(&mut self, action: &str) {
        let (left, right) = match self.dice().u8(..8) {
            0 => ("{{- ", " }}"),
            1 => ("{{ ", " -}}"),
            2 => ("{{- ", " -}}"),
            3 => ("{{", "}}"),
            4 => ("{{-\n", "\n}}"),
            _ => ("{{ ", " }}"),
        };
        self.text.push_str(left);
        self.text.push_str(action);
        self.text.push_str(right);
    }

    /// A place where a mistake of the text rather than of an expression may stand.
    fn misplace(&mut self) {
        const MISTAKES: &[&str] = &[
            "{{ end }}",
            "{{ else }}",
            "{{ break }}",
            "{{ continue }}",
            "{{ template \"nope\" . }}",
            "{{ template }}",
            "{{ define \"d\" }}x{{ end }}{{ define \"d\" }}y{{ end }}",
            "{{ if }}x{{ end }}",
            "{{ if true }}",
            "{{ range }}{{ end }}",
            "{{ /* x */ }}",
            "{{/* x }}",
            "{{ \"x }}",
            "{{ `x }}",
            "{{ 'x }}",
            "{{ $x }}",
            "{{ $x = 1 }}",
            "{{ range $a, $b, $c := list }}{{ end }}",
            "{{ with $x, $y := 1 }}{{ end }}",
            "{{ block \"z\" }}{{ end }}",
            "{{ block \"d\" . }}x{{ end }}{{ define \"d\" }}{{ end }}{{ define \"d\" }}z{{ end }}",
            "{{ nil }}",
            "{{ . | nil }}",
            "{{ 1 | 2 }}",
            "{{ .a.. }}",
            "{{ .1 }}",
            "{{ (1) }}{{ () }}",
            "{{ | upper }}",
            "{{ upper | }}",
            "{{ x }}",
            "{{",
            "{{ }}",
            "{{ else if true }}",
            "{{ if true }}{{ else }}{{ else }}{{ end }}",
            "{{ if true }}{{ else }}{{ else if 1 }}{{ end }}",
            "{{ range 1.5 }}{{ end }}",
            "{{ range \"abc\" }}{{ . }}{{ end }}",
            "{{ range $i, $x := 3 }}{{ end }}",
            "{{ with 1 }}{{ else with }}{{ end }}",
            "{{ template \"d\" 1 2 }}",
            "{{ define \"q\" }}{{ define \"r\" }}{{ end }}{{ end }}",
            "{{ $y := }}",
            "{{ := 1 }}",
            "{{ end 1 }}",
            "{{ else x }}",
            "{{ break 1 }}",
            "{{- }}",
            "{{ -}}",
        ];
        let place = self.dice().usize(..MISTAKES.len());
        self.text.push_str(MISTAKES[place]);
        self.scope.mistake = None;
    }

    fn node(&mut self, depth: u8) {
        if self.scope.mistake == Some(0) && self.dice().bool() {
            self.misplace();
            return;
        }
        match self.dice().u8(..if depth > 2 { 7 } else { 17 }) {
            0 | 1 => {
                const TEXTS: &[&str] = &[
                    "a",
                    " ",
                    "\n",
                    "  x: ",
                    "\n- ",
                    "}",
                    "{ ",
                    "é",
                    "\t",
                    "key: value\n",
                    "<no value>",
                    "\r\n",
                    "}}",
                ];
                let text = TEXTS[self.dice().usize(..TEXTS.len())];
                self.text.push_str(text);
            }
            2..=4 => {
                let pipeline = self.scope.printed(0);
                self.push(&pipeline);
            }
            5 => match self.dice().u8(..4) {
                0 => self.text.push_str("{{/* a comment */}}"),
                1 => self.text.push_str("{{- /* a\n}} comment */ -}}"),
                2 if self.loops > 0 => self.leave(),
                _ => self.assignment(),
            },
            6 => self.assignment(),
            7..=9 => self.branch("if", depth),
            10 | 11 => self.branch("with", depth),
            12..=14 => self.range(depth),
            15 => self.call(),
            _ => self.block(depth),
        }
    }

    /// `break` or `continue`, mostly under a condition.
    fn leave(&mut self) {
        let word = if self.dice().bool() { "break" } else { "continue" };
        if self.dice().u8(..4) == 0 {
            self.push(word);
            return;
        }
        let condition = self.scope.value(Kind::Truth, 1);
        self.push(&format!("if {condition}"));
        self.push(word);
        self.push("end");
    }

    fn branch(&mut self, word: &str, depth: u8) {
        let outer = self.scope.dot;
        let known = self.scope.mark();
        let kind = self.condition(word);
        if word == "with" {
            self.scope.dot = kind;
        }
        self.body(depth + 1);
        self.scope.dot = outer;
        for _ in 0..self.dice().usize(..5) / 3 {
            let kind = self.condition(&format!("else {word}"));
            if word == "with" {
                self.scope.dot = kind;
            }
            self.body(depth + 1);
            self.scope.dot = outer;
        }
        if self.dice().bool() {
            self.push("else");
            self.body(depth + 1);
        }
        self.push("end");
        self.scope.forget(known);
    }

    fn condition(&mut self, word: &str) -> Kind {
        let kind = if word.ends_with("if") && self.dice().bool() { Kind::Truth } else { self.scope.kind() };
        let value = self.scope.pipeline(kind, 0);
        if self.dice().u8(..4) == 0 {
            let name = self.scope.new_name();
            self.push(&format!("{word} {name} := {value}"));
            self.scope.declare(name, kind);
        } else {
            self.push(&format!("{word} {value}"));
        }
        kind
    }

    fn range(&mut self, depth: u8) {
        const OVER: &[Kind] =
            &[Kind::Words, Kind::Environment, Kind::Labels, Kind::Table, Kind::Items, Kind::Int, Kind::Ints];
        let kind = OVER[self.dice().usize(..OVER.len())];
        let over = match kind {
            // Others may be large.
            Kind::Int => self.scope.small_number(),
            _ => self.scope.pipeline(kind, 0),
        };
        let (key, item) = match kind {
            Kind::Words => (Kind::Int, Kind::Text),
            Kind::Environment => (Kind::Int, Kind::Variable),
            Kind::Labels => (Kind::Text, Kind::Text),
            Kind::Table => (Kind::Text, Kind::Any),
            Kind::Items => (Kind::Int, Kind::Any),
            _ => (Kind::Int, Kind::Int),
        };
        let outer = self.scope.dot;
        let known = self.scope.mark();
        let variables = self.dice().u8(..if kind == Kind::Int { 2 } else { 4 });
        let (first, second) = (self.scope.new_name(), self.scope.new_name());
        match variables {
            0 => self.push(&format!("range {over}")),
            1 => {
                self.push(&format!("range {first} := {over}"));
                self.scope.declare(first, item);
            }
            _ => {
                self.push(&format!("range {first}, {second} := {over}"));
                self.scope.declare(first, key);
                self.scope.declare(second, item);
            }
        }
        self.scope.dot = item;
        self.loops += 1;
        self.body(depth + 1);
        self.loops -= 1;
        self.scope.dot = outer;
        self.scope.forget(known);
        if self.dice().u8(..3) == 0 {
            self.push("else");
            self.body(depth + 1);
        }
        self.push("end");
    }

    fn assignment(&mut self) {
        if self.dice().bool()
            && let Some((name, kind)) = self.scope.some_variable()
        {
            let value = self.scope.pipeline(kind, 0);
            self.push(&format!("{name} = {value}"));
            return;
        }
        let kind = self.scope.kind();
        let value = self.scope.pipeline(kind, 0);
        let name = self.scope.new_name();
        self.push(&format!("{name} := {value}"));
        self.scope.declare(name, kind);
    }

    /// Runs one of the templates defined before.
    fn call(&mut self) {
        let Some((name, kind)) = self.scope.some_define() else { return self.assignment() };
        let value = self.scope.pipeline(kind, 1);
        self.push(&format!("template \"{name}\" {value}"));
    }

    fn block(&mut self, depth: u8) {
        self.blocks += 1;
        let name = self.blocks;
        let kind = self.scope.kind();
        let value = self.scope.pipeline(kind, 0);
        self.push(&format!("block \"b{name}\" {value}"));
        let outer = self.scope.enter(kind);
        let loops = std::mem::take(&mut self.loops);
        self.body(depth + 1);
        self.loops = loops;
        self.scope.leave(outer);
        self.push("end");
    }

    fn define(&mut self, name: &'static str) {
        let kind = if self.dice().bool() { Kind::Top } else { self.scope.kind() };
        self.push(&format!("define \"{name}\""));
        let outer = self.scope.enter(kind);
        self.body(2);
        self.scope.leave(outer);
        self.push("end");
        self.scope.defines.push((name, kind));
    }
}
