//! Templates whose expressions know nothing of types: most of them fail, each in its own way.

use fastrand::Rng;

use crate::expressions::{any, argument, format, quoted, word};

/// A text whose expressions fit only by chance.
pub(super) fn text(dice: &mut Rng) -> String {
    let mut writer = Writer { dice, text: String::new(), variables: Vec::new(), loops: 0, defining: false };
    for _ in 0..writer.dice.usize(..2) {
        writer.define();
    }
    writer.body(0);
    writer.text
}

struct Writer<'a> {
    dice: &'a mut Rng,
    text: String,
    variables: Vec<&'static str>,
    loops: u8,
    /// Inside a define, which must not call itself: two such calls would double the work at each of many levels.
    defining: bool,
}

impl Writer<'_> {
    fn body(&mut self, depth: u8) {
        let known = self.variables.len();
        for _ in 0..=self.dice.usize(..3) {
            self.node(depth);
        }
        self.variables.truncate(known);
    }

    fn push(&mut self, action: &str) {
        let (left, right) = match self.dice.u8(..6) {
            0 => ("{{- ", " }}"),
            1 => ("{{ ", " -}}"),
            2 => ("{{- ", " -}}"),
            3 => ("{{", "}}"),
            _ => ("{{ ", " }}"),
        };
        self.text.push_str(left);
        self.text.push_str(action);
        self.text.push_str(right);
    }

    fn node(&mut self, depth: u8) {
        match self.dice.u8(..if depth > 3 { 5 } else { 14 }) {
            0 | 1 => {
                const TEXTS: &[&str] = &["a", " ", "\n", "  x: ", "\n- ", "}", "{ ", "é", "\t", "key: value\n"];
                self.text.push_str(TEXTS[self.dice.usize(..TEXTS.len())]);
            }
            2 | 3 => {
                let pipeline = self.pipeline(0);
                self.push(&pipeline);
            }
            4 => match self.dice.u8(..6) {
                0 => self.text.push_str("{{/* a comment */}}"),
                1 => self.text.push_str("{{- /* a\ncomment */ -}}"),
                2 if self.loops > 0 => self.push("break"),
                3 if self.loops > 0 => self.push("continue"),
                _ => self.assignment(),
            },
            5..=7 => self.branch("if", depth),
            8 => self.branch("with", depth),
            9 | 10 => self.range(depth),
            11 => self.assignment(),
            12 if !self.defining => {
                let argument = if self.dice.bool() { " .".to_owned() } else { format!(" {}", any(self.dice, 1)) };
                self.push(&format!("template \"d\"{argument}"));
            }
            _ => {
                self.push("block \"b\" .Values");
                self.body(depth + 1);
                self.push("end");
            }
        }
    }

    fn branch(&mut self, word: &str, depth: u8) {
        let pipeline = self.pipeline(0);
        let declared = self.dice.u8(..4) == 0;
        let condition = if declared { format!("{word} $v := {pipeline}") } else { format!("{word} {pipeline}") };
        self.push(&condition);
        let known = self.variables.len();
        if declared {
            self.variables.push("$v");
        }
        self.body(depth + 1);
        for _ in 0..self.dice.usize(..2) {
            let pipeline = self.pipeline(0);
            self.push(&format!("else {word} {pipeline}"));
            self.body(depth + 1);
        }
        if self.dice.bool() {
            self.push("else");
            self.body(depth + 1);
        }
        self.push("end");
        self.variables.truncate(known);
    }

    fn range(&mut self, depth: u8) {
        const OVER: &[&str] = &[
            ".Values.list",
            ".Values.map",
            ".Values.words",
            ".Values.env",
            "3",
            ".Values.number",
            ".Values.nothing",
            "(until 4)",
            ".Values.one",
            ".Values.text",
            "nil",
            "(dict \"a\" 1 \"b\" 2)",
        ];
        let over = OVER[self.dice.usize(..OVER.len())];
        let known = self.variables.len();
        match self.dice.u8(..3) {
            0 => self.push(&format!("range {over}")),
            1 => {
                self.push(&format!("range $x := {over}"));
                self.variables.push("$x");
            }
            _ => {
                self.push(&format!("range $i, $x := {over}"));
                self.variables.extend(["$i", "$x"]);
            }
        }
        self.loops += 1;
        self.body(depth + 1);
        self.loops -= 1;
        if self.dice.u8(..3) == 0 {
            self.push("else");
            self.body(depth + 1);
        }
        self.push("end");
        self.variables.truncate(known);
    }

    fn assignment(&mut self) {
        let pipeline = self.pipeline(0);
        if !self.variables.is_empty() && self.dice.bool() {
            let variable = self.variables[self.dice.usize(..self.variables.len())];
            self.push(&format!("{variable} = {pipeline}"));
        } else {
            const NAMES: &[&str] = &["$a", "$b", "$long_name"];
            let name = NAMES[self.dice.usize(..NAMES.len())];
            self.push(&format!("{name} := {pipeline}"));
            self.variables.push(name);
        }
    }

    fn define(&mut self) {
        self.text.push_str("{{ define \"d\" }}");
        self.defining = true;
        self.body(2);
        self.defining = false;
        self.text.push_str("{{ end }}");
    }

    fn pipeline(&mut self, depth: u8) -> String {
        let mut pipeline = self.operand(depth);
        for _ in 0..self.dice.usize(..3) {
            const FILTERS: &[&str] = &[
                "quote",
                "upper",
                "len",
                "toYaml",
                "toJson",
                "default \"d\"",
                "trunc 3",
                "indent 2",
                "nindent 2",
                "toString",
                "int",
                "not",
                "b64enc",
                "first",
                "keys | len",
                "printf \"%v\"",
                "printf \"%q\"",
                "printf \"%5d|\"",
                "printf \"%-6s|\"",
                "printf \"%+v\"",
                "printf \"%x\"",
                "printf \"%08.3f\"",
                "printf \"%t\"",
                "printf \"%T\"",
                "printf \"%c\"",
                "printf \"%U\"",
                "eq 1",
                "eq \"a\"",
                "lt 2",
                "kindOf",
                "typeOf",
                "empty",
                "ternary 1 2",
                "hasKey (dict \"a\" 1)",
                "join \",\"",
                "splitList \",\"",
                "replace \"a\" \"b\"",
                "add 1",
                "mul 2",
                "squote",
                "title",
                "nosuch",
                "toRawJson",
                "index .Values.map",
                "html",
                "js",
                "urlquery",
                "print",
                "println",
                "include \"d\"",
                "tpl \"{{ . }}\"",
                "required \"needed\"",
                "without 1",
                "uniq",
                "sortAlpha",
                "compact",
                "toStrings",
            ];
            let filter = FILTERS[self.dice.usize(..FILTERS.len())];
            if self.defining && filter.contains("include") {
                continue;
            }
            pipeline.push_str(" | ");
            pipeline.push_str(filter);
        }
        pipeline
    }

    fn operand(&mut self, depth: u8) -> String {
        match self.dice.u8(..if depth > 2 { 7 } else { 13 }) {
            0 => any(self.dice, 1),
            1 => {
                const FIELDS: &[&str] = &[
                    ".",
                    ".Values.text",
                    ".Values.map.c.d",
                    ".Values.missing",
                    ".Values.missing.deeper",
                    ".Values.map.a.b",
                    "$.Values.list",
                    ".Release.Name",
                    ".Values.one.k",
                    ".name",
                    "$",
                    ".Values.image",
                    ".Capabilities.KubeVersion.Major",
                    ".Values.yes",
                    ".Values.number",
                    ".Values.text.x",
                    "(.Values.map).c",
                    ".Chart.Name",
                    ".Template.Name",
                    ".Files",
                ];
                FIELDS[self.dice.usize(..FIELDS.len())].to_owned()
            }
            2 if !self.variables.is_empty() => {
                let variable = self.variables[self.dice.usize(..self.variables.len())];
                let field = if self.dice.u8(..4) == 0 { ".name" } else { "" };
                format!("{variable}{field}")
            }
            3 => quoted(&word(self.dice)),
            4 => {
                const LITERALS: &[&str] = &[
                    "0x1F",
                    "1_000",
                    "'a'",
                    "'\\n'",
                    "1e3",
                    "1.5",
                    "-3",
                    "+4",
                    "0b101",
                    "0o17",
                    "017",
                    "1i",
                    "`raw \"x\"`",
                    "\"\\u00e9\\x41\"",
                    "'世'",
                    "true",
                    "nil",
                    "1e400",
                    "9223372036854775808",
                    "0x1p4",
                    ".5",
                    "5.",
                    "1__0",
                    "''",
                ];
                LITERALS[self.dice.usize(..LITERALS.len())].to_owned()
            }
            5 | 6 => argument(self.dice, 's'),
            7 => {
                const COMPARE: &[&str] = &[
                    "eq", "ne", "lt", "le", "gt", "ge", "and", "or", "index", "list", "print", "default", "add",
                    "coalesce",
                ];
                let function = COMPARE[self.dice.usize(..COMPARE.len())];
                let (left, right) = (self.grouped(depth), self.grouped(depth));
                format!("{function} {left} {right}")
            }
            8 => {
                let (verb, value) = (format(self.dice), self.grouped(depth));
                format!("printf {} {value}", quoted(&verb))
            }
            9 => {
                const ONE: &[&str] = &[
                    "not",
                    "len",
                    "quote",
                    "toYaml",
                    "toJson",
                    "upper",
                    "kindOf",
                    "empty",
                    "int",
                    "first",
                    "last",
                    "rest",
                    "keys",
                    "include \"d\"",
                    "typeOf",
                    "float64",
                    "toString",
                    "fromYaml",
                ];
                let function = ONE[self.dice.usize(..ONE.len())];
                let function = if self.defining && function.contains("include") { "quote" } else { function };
                let value = self.grouped(depth);
                format!("{function} {value}")
            }
            _ => self.grouped(depth),
        }
    }

    fn grouped(&mut self, depth: u8) -> String {
        if self.dice.bool() {
            return any(self.dice, 2);
        }
        let pipeline = self.operand(depth + 1);
        if pipeline.contains(' ') && !pipeline.starts_with(['"', '(', '`']) {
            format!("({pipeline})")
        } else {
            pipeline
        }
    }
}
