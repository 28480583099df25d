//! Expressions of a wanted kind, from the variables, the dot and the values at hand.

use fastrand::Rng;

use crate::expressions::{format, quoted, word};

/// What an expression gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// Go's `int`, no other number.
    Int,
    /// A number of any type.
    Number,
    Truth,
    /// A list of texts.
    Words,
    /// A list of `int`s.
    Ints,
    /// A list of anything.
    Items,
    /// A map whose values are texts.
    Labels,
    /// A map of anything.
    Table,
    /// An entry of `.Values.env`.
    Variable,
    /// `.Values.env`.
    Environment,
    /// What templates of a chart are given.
    Top,
    /// Nobody knows.
    Any,
}

/// What a template sees at some place.
pub(super) struct Scope<'a> {
    pub(super) dice: &'a mut Rng,
    /// After so many expressions a mistake is planted.
    pub(super) mistake: Option<u8>,
    pub(super) dot: Kind,
    /// What `$` is.
    root: Kind,
    variables: Vec<(&'static str, Kind)>,
    /// Templates that can be called, and what they take.
    pub(super) defines: Vec<(&'static str, Kind)>,
}

/// What stands aside while another template is written.
pub(super) struct Outer {
    dot: Kind,
    root: Kind,
    variables: Vec<(&'static str, Kind)>,
}

/// Below this depth expressions are short.
const DEEPEST: u8 = 2;

impl<'a> Scope<'a> {
    pub(super) fn new(dice: &'a mut Rng, mistake: Option<u8>) -> Self {
        Self { dice, mistake, dot: Kind::Top, root: Kind::Top, variables: Vec::new(), defines: Vec::new() }
    }

    pub(super) fn mark(&self) -> usize {
        self.variables.len()
    }

    pub(super) fn forget(&mut self, mark: usize) {
        self.variables.truncate(mark);
    }

    pub(super) fn enter(&mut self, kind: Kind) -> Outer {
        let outer = Outer { dot: self.dot, root: self.root, variables: std::mem::take(&mut self.variables) };
        (self.dot, self.root) = (kind, kind);
        outer
    }

    pub(super) fn leave(&mut self, outer: Outer) {
        (self.dot, self.root, self.variables) = (outer.dot, outer.root, outer.variables);
    }

    pub(super) fn new_name(&mut self) -> &'static str {
        self.pick(&["$a", "$b", "$c", "$x", "$long_name", "$é", "$_", "$a1"])
    }

    pub(super) fn declare(&mut self, name: &'static str, kind: Kind) {
        self.variables.push((name, kind));
    }

    pub(super) fn some_define(&mut self) -> Option<(&'static str, Kind)> {
        if self.defines.is_empty() { None } else { Some(self.defines[self.dice.usize(..self.defines.len())]) }
    }

    /// A variable whose name means what it says here.
    pub(super) fn some_variable(&mut self) -> Option<(&'static str, Kind)> {
        let (name, _) = *self.variables.get(self.dice.usize(..self.variables.len().max(1)))?;
        self.variables.iter().rev().find(|(other, _)| *other == name).copied()
    }

    fn variable(&mut self, kind: Kind) -> Option<&'static str> {
        (0..3).find_map(|_| self.some_variable().filter(|(_, found)| *found == kind)).map(|(name, _)| name)
    }

    /// A kind for whatever is wanted.
    pub(super) fn kind(&mut self) -> Kind {
        const KINDS: &[Kind] = &[
            Kind::Text,
            Kind::Text,
            Kind::Int,
            Kind::Number,
            Kind::Truth,
            Kind::Words,
            Kind::Ints,
            Kind::Items,
            Kind::Labels,
            Kind::Table,
            Kind::Variable,
            Kind::Environment,
            Kind::Any,
        ];
        KINDS[self.dice.usize(..KINDS.len())]
    }

    /// Something to print.
    pub(super) fn printed(&mut self, depth: u8) -> String {
        match self.dice.u8(..5) {
            0..=2 => self.pipeline(Kind::Text, depth),
            3 => self.pipeline(Kind::Number, depth),
            _ => {
                let kind = self.kind();
                self.pipeline(kind, depth)
            }
        }
    }

    /// An expression as an argument: in parentheses unless it is a single word.
    pub(super) fn value(&mut self, kind: Kind, depth: u8) -> String {
        let text = self.pipeline(kind, depth + 1);
        let single = !text.contains([' ', '\n']) || is_literal(&text);
        if single && !text.starts_with("$ ") { text } else { format!("({text})") }
    }

    /// An expression that may stand alone.
    pub(super) fn pipeline(&mut self, kind: Kind, depth: u8) -> String {
        match &mut self.mistake {
            Some(0) => {
                self.mistake = None;
                return self.wrong();
            }
            Some(left) => *left -= 1,
            None => {}
        }
        if self.dot == kind && self.dice.u8(..6) == 0 {
            return ".".to_owned();
        }
        if self.root == kind && self.dice.u8(..12) == 0 {
            return "$".to_owned();
        }
        if self.dice.u8(..3) == 0
            && let Some(name) = self.variable(kind)
        {
            return name.to_owned();
        }
        if depth > DEEPEST || self.dice.u8(..3) == 0 {
            return self.plain(kind);
        }
        match kind {
            Kind::Text => self.text(depth),
            Kind::Int => self.int(depth),
            Kind::Number => self.number(depth),
            Kind::Truth => self.truth(depth),
            Kind::Words => self.words(depth),
            Kind::Table => self.table(depth),
            Kind::Labels => self.labels(depth),
            Kind::Items | Kind::Ints => self.items(kind, depth),
            Kind::Any => {
                let kind = self.kind();
                if kind == Kind::Any { self.plain(kind) } else { self.pipeline(kind, depth + 1) }
            }
            Kind::Variable | Kind::Environment | Kind::Top => self.plain(kind),
        }
    }

    fn pick(&mut self, choices: &[&'static str]) -> &'static str {
        choices[self.dice.usize(..choices.len())]
    }

    /// A field of what templates are given, where that is in reach.
    fn given(&mut self, field: &str) -> Option<String> {
        match (self.dot, self.root) {
            (Kind::Top, Kind::Top) if self.dice.bool() => Some(format!("${field}")),
            (Kind::Top, _) => Some(field.to_owned()),
            (_, Kind::Top) => Some(format!("${field}")),
            _ => None,
        }
    }

    /// Something of one word or a few.
    fn plain(&mut self, kind: Kind) -> String {
        let fields: &[&str] = match kind {
            Kind::Text => &[
                ".Values.text",
                ".Values.empty",
                ".Values.image.tag",
                ".Values.one.k",
                ".Release.Name",
                ".Chart.Name",
                ".Template.Name",
                ".Capabilities.KubeVersion.Version",
                ".Release.Service",
                ".Values.map.a",
                ".Chart.Version",
                ".Template.BasePath",
            ],
            Kind::Int => &[".Release.Revision"],
            Kind::Number => &[".Values.number", ".Values.float", ".Values.map.b", ".Values.big"],
            Kind::Truth => &[".Values.yes", ".Values.no", ".Release.IsInstall", ".Release.IsUpgrade"],
            Kind::Words => &[".Values.words"],
            Kind::Items => &[".Values.list", ".Values.nothing", ".Values.numbers", ".Values.map.c.d"],
            Kind::Labels => &[".Values.image", ".Values.one", ".Values.none"],
            Kind::Table => &[".Values.map", ".Values.map.c", ".Values.one", ".Release", ".Values.none"],
            Kind::Environment => &[".Values.env"],
            Kind::Top => &[""],
            Kind::Any => &[
                ".Values.missing",
                ".Values.text",
                ".Values.list",
                ".Values.map",
                ".Chart",
                ".Values.map.missing",
                ".Files",
                ".Capabilities.APIVersions",
                ".Values",
                ".Subcharts",
                ".Capabilities.KubeVersion",
                ".missing",
            ],
            Kind::Ints | Kind::Variable => &[],
        };
        if !fields.is_empty() && self.dice.bool() {
            let field = fields[self.dice.usize(..fields.len())];
            if let Some(given) = self.given(field) {
                return if given.is_empty() { ".".to_owned() } else { given };
            }
        }
        if kind == Kind::Text && self.dot == Kind::Variable && self.dice.bool() {
            return self.pick(&[".name", ".value"]).to_owned();
        }
        match kind {
            Kind::Text => match self.dice.u8(..8) {
                0 => self.pick(&["`raw \"x\"`", "`a\nb`", "\"\\u00e9\\x41\\n\"", "\"\\U0001F600\\101\"", "\"\\\\ \\\"\""]).to_owned(),
                _ => quoted(&word(self.dice)),
            },
            Kind::Int => match self.dice.u8(..4) {
                0 => self.pick(&["0x1F", "1_000", "'a'", "'\\n'", "0b101", "0o17", "017", "+4", "-3", "'世'", "1e2", "2.0", "0x_f", "0x1p4"]).to_owned(),
                _ => self.dice.u8(..12).to_string(),
            },
            Kind::Number => self
                .pick(&["1.5", "1e3", "-0.25", ".5", "5.", "0x1p-2", "3", "7", "-2", "100000", "1e21", "1_0.2_5", "(int64 9)", "(float64 2)", "1234567.0"])
                .to_owned(),
            Kind::Truth => self.pick(&["true", "false"]).to_owned(),
            Kind::Words => self.pick(&["list \"b\" \"a\"", "splitList \",\" \"x,y,,z\"", "list", "list \"one\" \"\" \"two\""]).to_owned(),
            Kind::Ints => self.pick(&["until 4", "untilStep 2 11 3", "until 0", "until -3"]).to_owned(),
            Kind::Items => self.pick(&["list 1 \"a\" true", "list nil 2.5", "list (list 1) (dict)", "tuple 'a' 1"]).to_owned(),
            Kind::Labels => self.pick(&["dict \"k\" \"v\"", "dict", "dict \"app\" \"x\" \"b\" \"y\""]).to_owned(),
            Kind::Table => self.pick(&["dict \"a\" 1 \"b\" (list 2)", "dict \"n\" nil", "dict \"m\" (dict \"x\" 1.5)", "fromYaml \"a: 1\\nb: [x]\""]).to_owned(),
            Kind::Variable => self.pick(&["dict \"name\" \"N\" \"value\" \"V\"", "dict \"name\" \"\" \"value\" \"a b\""]).to_owned(),
            Kind::Environment => "list (dict \"name\" \"A\" \"value\" \"1\") (dict \"name\" \"B\" \"value\" \"\")".to_owned(),
            Kind::Top => "dict \"Values\" (dict \"text\" \"t\" \"words\" (list \"w\") \"image\" (dict \"tag\" \"1\") \"map\" (dict \"c\" (dict)) \"one\" (dict)) \"Release\" (dict \"Name\" \"r\") \"Chart\" (dict) \"Template\" (dict) \"Capabilities\" (dict \"KubeVersion\" (dict))".to_owned(),
            Kind::Any => self.pick(&["list nil", "dict", "\"\"", "0", "semver \"1.2.3-a\"", "toDate \"2006-01-02\" \"2024-02-29\"", "1i", "coalesce"]).to_owned(),
        }
    }

    /// A call with what it says in braces put in: `{t}`ext, `{i}`nt, `{n}`umber, `{b}`ool, `{w}`ords, `{l}`ist, `{m}`ap
    /// of texts, `{d}`ictionary, list of dictionaries `{e}`, `{a}`nything.
    fn call(&mut self, depth: u8, forms: &[&'static str]) -> String {
        let mut rest = self.pick(forms);
        let mut text = String::new();
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let kind = match after.get(..2) {
                Some("t}") => Kind::Text,
                Some("i}") => Kind::Int,
                Some("n}") => Kind::Number,
                Some("b}") => Kind::Truth,
                Some("w}") => Kind::Words,
                Some("l}") => Kind::Items,
                Some("m}") => Kind::Labels,
                Some("d}") => Kind::Table,
                Some("e}") => Kind::Environment,
                Some("a}") => Kind::Any,
                _ => {
                    text.push('{');
                    rest = after;
                    continue;
                }
            };
            text.push_str(&self.value(kind, depth));
            rest = after.get(2..).unwrap_or_default();
        }
        text.push_str(rest);
        text
    }

    fn text(&mut self, depth: u8) -> String {
        match self.dice.u8(..12) {
            0 => {
                let (form, first, second) =
                    (format(self.dice), self.value(Kind::Any, depth), self.value(Kind::Any, depth));
                return format!("printf {} {first} {second}", quoted(&form));
            }
            1 => {
                if let Some((name, kind)) = self.some_define() {
                    let data = self.value(kind, depth);
                    return format!("include \"{name}\" {data}");
                }
            }
            2 => {
                let text = self.value(Kind::Text, depth);
                let filter = self.call(
                    depth,
                    &[
                        "quote",
                        "trunc {i}",
                        "indent 2",
                        "default {t}",
                        "printf \"%s/%v\" {t}",
                        "nindent 4 | trim",
                        "toYaml",
                        "replace \"a\" {t}",
                        "cat {a}",
                        "b64enc | b64dec",
                        "html",
                        "js",
                        "urlquery",
                        "print {a}",
                        "println",
                        "squote | upper",
                    ],
                );
                return format!("{text} | {filter}");
            }
            _ => {}
        }
        self.call(
            depth,
            &[
                "upper {t}",
                "lower {t} | title",
                "{t} | quote",
                "default {t} {t}",
                "toYaml {a}",
                "toJson {a}",
                "toRawJson {a}",
                "toPrettyJson {d}",
                "join \",\" {w}",
                "trunc {i} {t}",
                "replace \"a\" {t} {t}",
                "ternary {t} {t} {b}",
                "kindOf {a}",
                "typeOf {a}",
                "toString {a}",
                "nindent 2 {t}",
                "indent 1 {t}",
                "sha256sum {t} | trunc 8",
                "regexReplaceAll \"[a-z]+\" {t} \"<$0>\"",
                "cat {t} {a}",
                "print {a} {a}",
                "println {n}",
                "get {m} \"k\"",
                "first {w} | default \"f\" | print",
                "html {t}",
                "js {t}",
                "urlquery {t} {n}",
                "tpl \"{{ . }}\" {a}",
                "tpl {t} .",
                "printf \"%-8s|%5d|%v\" {t} {i} {a}",
                "printf \"%d items\" (len {l})",
                "substr 0 3 {t}",
                "trimSuffix \"x\" {t}",
                "camelcase {t}",
                "snakecase {t}",
                "kebabcase {t}",
                "repeat 2 {t}",
                "abbrev 6 {t}",
                "toYamlPretty {d}",
                "toToml {m}",
                "{d} | toYaml | nindent 4",
                "(index {e} 0).name | print",
                "coalesce {t} \"c\"",
                "wrap 10 {t}",
                "b64enc {t}",
                "initials {t}",
                "(semver \"1.2.3-rc\").Prerelease",
                "(toDate \"2006-01-02\" \"2024-02-29\").Format \"Jan 2\"",
                "required \"r\" (print {a} \"x\")",
                "index {m} \"k\" | print",
                "{t} | trim | nospace",
                "printf \"%q\" {t}",
                "(dict \"k\" {t}).k",
                "(printf \"%s\" {t})",
                "splitn \"-\" 2 {t} | toJson",
                "plural \"one\" \"many\" {i}",
                "and {t} {t} | print",
                "or \"\" {t} | print",
                "ternary \"y\" \"n\" {b} | quote",
            ],
        )
    }

    /// How often a loop may run.
    pub(super) fn small_number(&mut self) -> String {
        self.call(1, &["3", "0x2", "len {w}", "len {m}", "0", "-1", "int (mod {n} 5)", "mod {i} 4", "'\\x03'"])
    }

    fn int(&mut self, depth: u8) -> String {
        self.call(
            depth,
            &[
                "len {l}",
                "len {t}",
                "len {m}",
                "int {n}",
                "int (add {n} 1)",
                "{w} | len",
                "int {t}",
                "index (list 5 6) 1 | int",
                "{n} | int",
                "atoi {t}",
                "len (list {a} {a})",
            ],
        )
    }

    fn number(&mut self, depth: u8) -> String {
        self.call(
            depth,
            &[
                "add {n} {n}",
                "mul {n} {i}",
                "sub {n} 1",
                "max {n} {n} 3",
                "min 1 {n}",
                "floor {n}",
                "round {n} 1",
                "addf {n} 0.5",
                "mulf {n} 1.5",
                "add1 {n}",
                "div {n} 3",
                "mod {n} 5",
                "float64 {n}",
                "int64 {n}",
                "(semver \"1.22.3\").Minor",
                "(toDate \"2006-01-02\" \"2024-02-29\").Year",
                "ceil {n}",
                "{n} | add 1 | mul 2",
                "divf {n} 4",
                "maxf {n} {n}",
                "subf {n} 1.25",
            ],
        )
    }

    fn truth(&mut self, depth: u8) -> String {
        self.call(
            depth,
            &[
                "eq {t} {t}",
                "ne {t} {t}",
                "lt {i} {i}",
                "le {t} {t}",
                "gt {i} 2",
                "ge {i} {i}",
                "not {a}",
                "and {b} {b}",
                "or {b} {b} {b}",
                "hasKey {m} \"k\"",
                "hasPrefix {t} {t}",
                "contains \"a\" {t}",
                "empty {a}",
                "has {a} {l}",
                "kindIs \"string\" {a}",
                "semverCompare \">=1.2\" \"1.3.0\"",
                "regexMatch \"^[a-z]+$\" {t}",
                "eq {i} {i} {i}",
                "{t} | eq \"a\"",
                "{b} | not",
                "deepEqual {a} {a}",
                "and {a} {b} | empty",
                "eq 1.5 (float64 {n})",
                "typeIs \"string\" {a}",
                "all {a} {b}",
                "any {a} {b}",
                "lt (float64 {n}) 10.0",
                "isAbs {t}",
            ],
        )
    }

    fn words(&mut self, depth: u8) -> String {
        self.call(
            depth,
            &[
                "list {t} {t}",
                "splitList \"-\" {t}",
                "sortAlpha {w}",
                "keys {m} | sortAlpha",
                "regexFindAll \"[a-z]\" {t} 3",
                "{w} | sortAlpha | uniq",
                "toStrings {w}",
                "append {w} {t}",
                "prepend {w} {t}",
                "concat {w} {w}",
                "rest {w}",
                "initial {w}",
                "reverse {w}",
                "compact {w}",
                "without {w} {t}",
                "uniq {w}",
                "keys {d} | sortAlpha",
            ],
        )
    }

    fn items(&mut self, kind: Kind, depth: u8) -> String {
        if kind == Kind::Ints {
            return self.call(depth, &["until (mod {i} 9 | int)", "untilStep 0 6 2", "until 3"]);
        }
        self.call(
            depth,
            &[
                "list {a} {a} {a}",
                "append {l} {a}",
                "concat {l} {w}",
                "uniq {l}",
                "reverse {l}",
                "without {l} {a}",
                "chunk 2 {l}",
                "list {l}",
                "pluck \"a\" {d} {m}",
                "fromYamlArray \"- 1\\n- b: c\"",
                "compact {l}",
                "tuple {d} {n}",
                "fromJsonArray \"[1,2.5]\"",
                "mustPrepend {l} nil",
            ],
        )
    }

    fn labels(&mut self, depth: u8) -> String {
        self.call(
            depth,
            &[
                "dict \"k\" {t}",
                "dict \"k\" {t} \"app\" {t}",
                "omit {m} \"k\"",
                "pick {m} \"k\" \"tag\"",
                "set (dict) \"x\" {t}",
                "merge (dict \"k\" \"m\") {m}",
                "mergeOverwrite (dict) {m}",
                "deepCopy {m}",
                "unset (dict \"a\" \"b\" \"k\" {t}) \"a\"",
            ],
        )
    }

    fn table(&mut self, depth: u8) -> String {
        self.call(
            depth,
            &[
                "dict \"a\" {a} \"b\" {a}",
                "set (deepCopy {d}) \"z\" {a}",
                "set {d} \"z\" {t}",
                "merge (dict \"a\" {a}) {d}",
                "mergeOverwrite (deepCopy {d}) {d}",
                "fromYaml (toYaml {d})",
                "fromJson \"{\\\"x\\\": [1, null]}\"",
                "omit {d} \"a\"",
                "pick {d} \"b\"",
                "deepCopy {d}",
                "dict \"n\" {n} \"t\" {t} \"l\" {l}",
                "unset (dict \"a\" {a}) \"b\"",
                "urlParse \"http://h/p?q\"",
                "fromToml \"a = 1\\n[b]\\nc = 2.5\"",
                "merge (deepCopy {d}) (dict \"q\" {l})",
                "dig \"c\" (dict) (dict \"c\" {d})",
            ],
        )
    }

    /// Something that is a mistake almost anywhere.
    fn wrong(&mut self) -> String {
        if self.dice.u8(..3) == 0 {
            let kind = self.kind();
            return self.pipeline(kind, DEEPEST);
        }
        self.pick(&[
            "$nope",
            "nosuch",
            ".Values.missing.deeper",
            ".Values.text.x",
            "include \"nope\" .",
            "index (list 1) 9",
            "1__0",
            "''",
            "(1",
            "1)",
            "fail \"f\"",
            "required \"needed\" nil",
            "nil",
            "\"open",
            ".Values.map.c.d.e",
            "upper 1",
            "trunc \"x\" \"y\"",
            "upper",
            "upper \"a\" \"b\"",
            "eq 1 \"a\"",
            "lt nil 1",
            "eq 1 1.0",
            "index nil 1",
            "index (dict) 1",
            "len 3",
            "len nil",
            ".x.y.z",
            "(dict \"a\" nil).a.b",
            "1 2",
            "\"a\".b",
            "nil.x",
            "true 1",
            "mustRegexMatch \"(\" \"a\"",
            "semver \"x\"",
            "mustFromJson \"{\"",
            "tpl \"{{ nosuch }}\" .",
            "tpl \"{{ .a.b.c }}\" (dict)",
            "tpl \"{{ fail `in` }}\" .",
            "atoi 1",
            "add1",
            "div 1 0",
            "mod 1 0",
            "first 1",
            "rest \"x\"",
            "keys (list)",
            "set nil \"a\" 1",
            "dict 1 2 3",
            "mustToDate \"2006\" \"x\"",
            "slice (list 1 2) 3",
            "until \"x\"",
            "repeat -1 \"x\"",
            "(semver \"1.2.3\").Nope",
            ".Chart.Metadata.Name",
            ".Release.Time.Seconds",
            ".Capabilities.KubeVersion.Nope",
            ".Files.Get",
            ".Files.Get 1",
            ".Values.yes.no",
            "$.Values.words.x",
            "99999999999999999999",
            "1e999",
            "int 'ab'",
            "0b12",
            "08",
            "0x",
            "1.2.3",
            "a.b",
            "$",
            "..",
            "list (",
            "| upper",
            "upper |",
            "index .Values.words \"0\"",
            "and",
            "or",
            "not",
            "not 1 2",
            "call",
            "call nil",
            "call 1",
            "printf",
            "printf 1",
            "html",
            "eq",
            "eq 1",
            "lt 1",
            "print nil",
            "ternary 1 2 \"x\"",
            "hasKey 1 \"x\"",
            "splitList 1 2",
            "join",
            "toYaml",
            "b64dec \"%\"",
            "fromYaml \"a: b: c\" | toJson",
            "fromJson \"[\" | toJson",
            "dig \"a\" \"b\"",
            "merge 1",
            "get (dict) 1",
            "coalesce | upper",
            "(.Files.Get \"x\").y",
            "now.Nope",
            "(list 1).x",
        ])
        .to_owned()
    }
}

/// Whether the text is one quoted literal.
fn is_literal(text: &str) -> bool {
    if let Some(inner) = text.strip_prefix('`') {
        return inner.find('`') == Some(inner.len().saturating_sub(1));
    }
    let Some(inner) = text.strip_prefix('"') else { return false };
    let mut letters = inner.char_indices();
    while let Some((place, letter)) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '"' => return place + 1 == inner.len(),
            _ => {}
        }
    }
    false
}
