//! Random expressions of the template language, by what they stand for.

use fastrand::Rng;
use serde_json::{Value, json};

/// `.Values` of every case: kinds and shapes that functions stumble over.
pub(crate) fn values() -> Value {
    json!({
        "text": "Hello, Wörld", "empty": "", "number": 3, "float": 2.5, "big": 123_456_789_012_345_680_i64, "yes": true, "no": false,
        "list": ["b", "a", 1, 2.5, true, "a"], "words": ["x", "yy", "", "zzz"], "numbers": [3, 1, 2],
        "map": {"b": 1, "a": "x", "c": {"d": [1, {"e": "f"}]}}, "one": {"k": "v"}, "none": {}, "nothing": [],
        "image": {"repository": "docker.io/library/redis", "tag": "7.2", "pullPolicy": "IfNotPresent"},
        "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "two"}],
    })
}

const WORDS: &[&str] = &[
    "",
    "a",
    "A",
    "abc",
    "Hello World",
    "foo_bar-baz qux",
    "fooBarBaz",
    "ünïcödé",
    "日本語",
    "😀 x",
    "a,b,,c",
    " x ",
    "\t\n",
    "0",
    "1",
    "-7",
    "+3",
    "3.7",
    "-0.0",
    "1e3",
    "0x1F",
    "0b11",
    "0o17",
    "017",
    "1_000",
    "true",
    "false",
    "True",
    "null",
    "~",
    "NaN",
    "9223372036854775807",
    "9223372036854775808",
    "1.5e300",
    "a: b",
    "- a",
    "{}",
    "[]",
    "#c",
    "'",
    "\"",
    "\\",
    "`",
    "%d%s%",
    "$",
    "{{ .x }}",
    "a\nb",
    "a\r\nb",
    "line one\n  line two\n",
    "x y  z",
    "HTTPServer2go",
    "the quick brown fox jumps over it",
    "UPPER lower",
    "a/b/../c",
    "k=v&x=y",
    "yes",
    "off",
    "2024-02-29",
    "a.b.c",
    "Ünder_Score",
    "<a&b>",
    "\u{2028}",
    "ǅ",
    "ß",
    "İ",
    "\u{7f}",
];
const INTEGERS: &[i64] = &[0, 1, 2, 3, 4, 5, 7, 10, 12, 20, -1, -2, -5, 63, 64, 100];
const EXTREMES: &[i64] = &[
    255,
    256,
    65_535,
    1 << 31,
    -(1 << 31),
    4_294_967_295,
    1 << 53,
    (1 << 53) + 1,
    i64::MAX,
    i64::MIN + 1,
    1_700_000_000,
];
const FLOATS: &[&str] =
    &["0.5", "-1.25", "2.5", "3.5", "1e3", "1e21", "1e-7", "0.1", "3.0", "123456.789", "-0.0", "1e100", "9.99"];
const PATTERNS: &[&str] = &[
    "a",
    "[a-z]+",
    "^a",
    "b$",
    "(a)(b)?",
    "x*",
    "",
    "\\d+",
    "\\w+\\s?",
    "(?i)HELLO",
    "(?P<n>l+)",
    "[^a-z]",
    "a|b|c",
    ".",
    "(?s).*",
    "\\bfoo",
    "[[:alpha:]]+",
    "\\p{L}+",
    "o{1,2}",
    "(",
    "[",
    "*",
    "a**",
    "\\",
    "(?<n>a)",
    "(?!a)",
    "\\x{1F600}",
    "a{1001}",
    "(?i:x)y",
    "[z-a]",
    "\\pN",
    "\\Qa.b\\E",
    "(|a)*",
    "(?m)^l",
    "\\z",
    "[a&&b]",
    "\\8",
];
const REPLACEMENTS: &[&str] = &["", "x", "$1", "${1}y", "$n", "$$", "$0", "$1y", "${n}", "$", "\\1", "${", "$10"];
const LAYOUTS: &[&str] = &[
    "2006-01-02",
    "2006-01-02T15:04:05Z07:00",
    "Mon, 02 Jan 2006 15:04:05 MST",
    "15:04:05.000",
    "Jan _2 06",
    "",
    "x",
    "3:04PM",
    "January Monday",
    "002",
    "2006-01-02 15:04:05.999999999 -0700 MST",
    "05.00",
    "__2",
    "20060102150405",
];
const DATES: &[&str] =
    &["2024-02-29", "1999-12-31", "2023-02-29", "0001-01-01", "2024-13-01", "24-1-1", "", "2024-02-29T10:00:00Z"];
const DURATIONS: &[&str] = &["1h", "-90m", "1h30m5s", "1.5h", "2ms", "1d", "", "x", "720h", "1h-1m", "24h0m0.5s", "0"];
const VERSIONS: &[&str] = &[
    "1.2.3",
    "v1.2.3",
    "1.2",
    "1",
    "1.2.3-rc.1",
    "1.2.3+b.7",
    "2.0.0-alpha.beta",
    "0.0.1",
    "01.2.3",
    "1.2.3.4",
    "",
    "x",
    "v1.30.2-eks-1",
    "1.2.3-",
    "1.2.3-01",
    "10.20.30",
];
const CONSTRAINTS: &[&str] = &[
    ">=1.2.0",
    "^1.2",
    "~1.2.3",
    "1.x",
    "*",
    ">1.0.0-0",
    ">=1.19-0 <2.0.0",
    "1.2 - 2.3",
    "!=1.2.3",
    "^0.0.1",
    "~>1.2",
    "1.2.3 || 2.x",
    "",
    "=>1",
    "=<2.0",
    "x",
    ">= 1.2.3-rc.1",
    "^0",
    "<1.2.3, >0.5",
    "v1.2.3",
    "= 1.2",
    "~1",
    "^1.2.3-beta",
    ">1 <",
];
const URLS: &[&str] = &[
    "http://example.com/a?b=c#d",
    "https://user:p%40ss@host:8080/p/a%20th?x=1&y=2",
    "//host/path",
    "/only/path",
    "mailto:a@b.c",
    "",
    "http://[::1]:80/",
    "http://a b",
    "%zz",
    "http://host:port",
    "ftp://h/../x",
    "a?b",
    "x:y:z",
    "http://h/%2F?q#%41",
];
const PATHS: &[&str] =
    &["", "/", ".", "..", "a/b/c.txt", "/a//b/../c/", "a.tar.gz", ".hidden", "./x/./y", "a\\b", "/..", "dir/"];
const ZONES: &[&str] = &["UTC", "Europe/Berlin", "America/New_York", "Local", "", "Nowhere/At_All", "Asia/Kolkata"];
const JSONS: &[&str] = &[
    "{\"a\":1,\"b\":[true,null,\"x\"]}",
    "[1,2.5,\"x\"]",
    "\"text\"",
    "1",
    "null",
    "",
    "{",
    "{\"a\":}",
    "[1,]",
    "{\"a\":1,\"a\":2}",
    "1e999",
    "\"\\u00e9\\ud83d\"",
    "  {\"k\": {\"n\": -0.0}}  ",
    "true x",
    "{\"a\":9007199254740993}",
    "tru",
    "\"\t\"",
    "[[[]]]",
    "{1:2}",
    "nul",
];
const YAMLS: &[&str] = &[
    "a: 1\nb: [x, y]\n",
    "- 1\n- two\n",
    "a: &x {b: c}\nd: *x\n",
    "a: yes\nb: 0x1F\nc: 1e3\nd: ~\n",
    "text",
    "",
    "a: b: c",
    "a:\n\t- b",
    "- a\nb: c",
    "!!str 5",
    "a: |\n  x\n  y\n",
    "a: >-\n  x\n  y\n",
    "? a\n: b",
    "{a: 1, b}",
    "[1, 2",
    "a: 1\na: 2",
    "<<: {a: 1}\nb: 2",
    "1: x\ntrue: y",
    "'it''s'",
    "\"\\x41\\u00e9\"",
    "---\na: 1\n---\nb: 2",
    "a: !!binary aGk=",
    "2024-02-29",
    "*x",
    "a: 'x",
    "@a",
    "%x",
    "a: .inf",
    "a: 12:30:45",
];
const TOMLS: &[&str] = &[
    "a = 1\n[b]\nc = \"x\"\n",
    "x = [1, 2.5, \"y\"]",
    "",
    "a = ",
    "[a]\n[a]",
    "d = 2024-02-29T10:00:00Z",
    "a.b = true",
    "k = 'lit'\nm = \"\"\"x\ny\"\"\"",
    "a = 1\na = 2",
];

/// A string as a Go literal.
pub(crate) fn quoted(text: &str) -> String {
    let mut literal = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            _ => literal.push(letter),
        }
    }
    literal.push('"');
    literal
}

fn pick<'a>(dice: &mut Rng, choices: &'a [&'a str]) -> &'a str {
    choices[dice.usize(..choices.len())]
}

const LETTERS: &[char] = &[
    'a', 'b', 'Z', '0', '9', ' ', '-', '_', '.', ',', '/', ':', '\'', '"', '\n', 'é', '世', '{', '$', '%', '#', '\\',
    '&', '<',
];

pub(crate) fn word(dice: &mut Rng) -> String {
    if dice.u8(..4) > 0 {
        return pick(dice, WORDS).to_owned();
    }
    (0..dice.usize(..9)).map(|_| LETTERS[dice.usize(..LETTERS.len())]).collect()
}

fn string(dice: &mut Rng) -> String {
    match dice.u8(..8) {
        0 => ".Values.text".to_owned(),
        1 => ".Values.image.tag".to_owned(),
        _ => quoted(&word(dice)),
    }
}

fn small(dice: &mut Rng) -> String {
    INTEGERS[dice.usize(..INTEGERS.len())].to_string()
}

fn number(dice: &mut Rng) -> String {
    match dice.u8(..9) {
        0 => pick(dice, FLOATS).to_owned(),
        1 => EXTREMES[dice.usize(..EXTREMES.len())].to_string(),
        2 => ".Values.number".to_owned(),
        3 => ".Values.float".to_owned(),
        4 => format!("(int64 {})", small(dice)),
        5 => quoted(pick(dice, &WORDS[13..32])),
        _ => small(dice),
    }
}

fn list(dice: &mut Rng, depth: u8) -> String {
    match dice.u8(..10) {
        0 => ".Values.list".to_owned(),
        1 => ".Values.words".to_owned(),
        2 => ".Values.numbers".to_owned(),
        3 => "(until 3)".to_owned(),
        4 => "(splitList \",\" \"b,a,,c\")".to_owned(),
        5 => ".Values.nothing".to_owned(),
        _ => {
            let items: Vec<_> = (0..dice.usize(..4)).map(|_| any(dice, depth + 1)).collect();
            format!("(list {})", items.join(" ")).replace(" )", ")")
        }
    }
}

fn map(dice: &mut Rng, depth: u8) -> String {
    match dice.u8(..8) {
        0 => ".Values.map".to_owned(),
        1 => ".Values.one".to_owned(),
        2 => ".Values.image".to_owned(),
        3 => ".Values.none".to_owned(),
        _ => {
            const KEYS: &[&str] = &["a", "b", "c", "k", "", "x y"];
            let pairs: Vec<_> = (0..dice.usize(..4))
                .map(|_| format!("{} {}", quoted(pick(dice, KEYS)), any(dice, depth + 1)))
                .collect();
            format!("(dict {})", pairs.join(" ")).replace(" )", ")")
        }
    }
}

fn time(dice: &mut Rng) -> String {
    format!("(toDate \"2006-01-02\" {})", quoted(pick(dice, &DATES[..4])))
}

/// Anything at all.
pub(crate) fn any(dice: &mut Rng, depth: u8) -> String {
    match dice.u8(..if depth > 2 { 8 } else { 12 }) {
        0 | 1 => string(dice),
        2 | 3 => number(dice),
        4 => if dice.bool() { "true" } else { "false" }.to_owned(),
        5 => "nil".to_owned(),
        6 => ".Values.missing".to_owned(),
        7 => pick(dice, FLOATS).to_owned(),
        8 | 9 => list(dice, depth),
        10 => map(dice, depth),
        _ => match dice.u8(..4) {
            0 => time(dice),
            1 => "(split \"-\" \"a-b\")".to_owned(),
            2 => "(int64 7)".to_owned(),
            _ => "(semver \"1.2.3\")".to_owned(),
        },
    }
}

/// Something of a kind that few functions take; none of it is large.
pub(crate) fn odd(dice: &mut Rng) -> String {
    const ODD: &[&str] = &[
        "nil",
        "true",
        "1.5",
        "3",
        "-1",
        "2.0",
        "\"text\"",
        "\"\"",
        "\"3\"",
        "'a'",
        "1i",
        "(list 1 \"a\")",
        "(list)",
        "(dict \"a\" 1)",
        "(dict)",
        ".Values.missing",
        "(toDate \"2006-01-02\" \"2024-02-29\")",
        "(semver \"1.2.3\")",
        "(int64 5)",
        "(split \"-\" \"a-b\")",
        "(until 3)",
        "(splitList \",\" \"a,b\")",
        ".Values",
        ".Values.map",
        ".Values.list",
        ".Values.number",
        ".Capabilities.KubeVersion",
        ".Files",
        ".Release",
        "(float64 2)",
        ".Chart",
        "(urlParse \"http://h/p\")",
        "(chunk 2 (list 1 2 3))",
        ".Values.none",
        ".Capabilities.APIVersions",
    ];
    pick(dice, ODD).to_owned()
}

/// An argument of the kind that a letter of [`super::functions::TABLE`] stands for.
pub(crate) fn argument(dice: &mut Rng, letter: char) -> String {
    match letter {
        's' => string(dice),
        'i' => small(dice),
        'n' => number(dice),
        'f' => pick(dice, FLOATS).to_owned(),
        'b' => if dice.bool() { "true" } else { ".Values.no" }.to_owned(),
        'l' => list(dice, 0),
        'm' => map(dice, 0),
        'o' => [".Values.one", ".Values.none", "(dict \"a\" 1)", "(dict)"][dice.usize(..4)].to_owned(),
        'k' => quoted(pick(dice, &["a", "b", "c", "k", "", "tag", "x"])),
        'r' => quoted(pick(dice, PATTERNS)),
        'R' => quoted(pick(dice, REPLACEMENTS)),
        'T' => time(dice),
        'L' => quoted(pick(dice, LAYOUTS)),
        'D' => quoted(pick(dice, DATES)),
        'd' => quoted(pick(dice, DURATIONS)),
        'v' => quoted(&version(dice)),
        'c' => quoted(&constraint(dice)),
        'u' => quoted(pick(dice, URLS)),
        'p' => quoted(pick(dice, PATHS)),
        'z' => quoted(pick(dice, ZONES)),
        'j' => quoted(pick(dice, JSONS)),
        'y' => quoted(pick(dice, YAMLS)),
        't' => quoted(pick(dice, TOMLS)),
        'w' => quoted(pick(
            dice,
            &["string", "int", "map", "slice", "float64", "int64", "bool", "invalid", "[]interface {}", "x", "ptr"],
        )),
        _ => special(dice, letter),
    }
}

/// A version; half of them of small numbers, so that constraints are often just met.
fn version(dice: &mut Rng) -> String {
    if dice.bool() {
        return pick(dice, VERSIONS).to_owned();
    }
    let [major, minor, patch] = [0; 3].map(|_: u8| dice.u8(..3));
    let after = pick(dice, &["", "", "", "", "-0", "-rc.1", "-rc.2", "+b.7"]);
    format!("{major}.{minor}.{patch}{after}")
}

/// A constraint on versions; half of them put together.
fn constraint(dice: &mut Rng) -> String {
    const OPERATORS: &[&str] = &["", "=", "!=", ">", "<", ">=", "=>", "<=", "=<", "~", "~>", "^", "^", ">= ", "^ "];
    if dice.bool() {
        return pick(dice, CONSTRAINTS).to_owned();
    }
    let mut text = String::new();
    for index in 0..=dice.usize(..3) / 2 {
        if index > 0 {
            text.push_str(pick(dice, &[" ", ", ", ",", " || ", " - "]));
        }
        text.push_str(pick(dice, OPERATORS));
        for place in 0..=dice.usize(..3) {
            if place > 0 {
                text.push('.');
            }
            text.push_str(pick(dice, &["0", "0", "1", "1", "2", "x", "*"]));
        }
        text.push_str(pick(dice, &["", "", "", "", "-0", "-rc.1", "+b"]));
    }
    text
}

/// What only one or two functions take.
fn special(dice: &mut Rng, letter: char) -> String {
    const KINDS: &[&str] = &["ecdsa", "ed25519", "ecdsa", "ed25519", "", "x", "RSA"];
    match letter {
        '0' => ["0", "1", "2", "(int 1)"][dice.usize(..4)].to_owned(),
        '5' => {
            if dice.u8(..20) == 0 {
                small(dice)
            } else {
                dice.u8(..60).to_string()
            }
        }
        'g' => quoted(match dice.u8(..200) {
            0 => "dsa",
            1 | 2 => "rsa",
            _ => pick(dice, KINDS),
        }),
        // Every fifth is a template that scrypt is worth the time for.
        'M' => quoted(pick(
            dice,
            &[
                "maximum", "long", "medium", "short", "basic", "pin", "x", "", "Long", "y", "z", "none", "a", "b", "c",
                "d",
            ],
        )),
        'S' => format!("(list {})", (0..=dice.usize(..3)).map(|_| quoted(&word(dice))).collect::<Vec<_>>().join(" ")),
        'h' => {
            if dice.u8(..5) > 0 {
                "\"a\"".to_owned()
            } else {
                string(dice)
            }
        }
        'x' => quoted(pick(
            dice,
            &[
                "plain",
                "",
                "{{ . }}",
                "{{ .a }}",
                "{{ upper \"x\" }}",
                "{{ include \"a\" . }}",
                "{{ range $i, $x := . }}{{ $i }}{{ end }}",
                "{{ if . }}y{{ else }}n{{ end }}",
                "{{- 1 -}} x",
                "{{ define \"b\" }}B{{ end }}{{ template \"b\" }}",
                "{{ broken",
                "{{ nosuch }}",
                "{{ $.x }}<no value>",
                "{{ tpl \"{{ . }}\" . }}",
                "{{ printf \"%T\" . }}",
            ],
        )),
        'K' => "\"secret\"".to_owned(),
        'e' => format!("(encryptAES \"secret\" {})", string(dice)),
        'H' => {
            if dice.bool() {
                quoted(&word(dice))
            } else {
                format!("(repeat 40 {})", quoted(pick(dice, WORDS)))
            }
        }
        'G' => {
            if dice.u8(..3) > 0 {
                "\"a:b\"".to_owned()
            } else {
                quoted(pick(dice, &["user", "", "x y"]))
            }
        }
        'P' => pick(dice, &[".Values.keys.ecdsa", ".Values.keys.ed25519", ".Values.keys.rsa"]).to_owned(),
        'C' => pick(dice, &["$ca", "$ca", "$ca", "$other"]).to_owned(),
        'I' => pick(
            dice,
            &["(list)", "nil", "(list \"10.0.0.1\")", "(list \"::1\" \"127.0.0.1\")", "(list \"1.2.3.4\" \"fe80::a\")"],
        )
        .to_owned(),
        'N' => pick(dice, &["(list)", "nil", "(list \"a.example\")", "(list \"*.b.c\" \"d\")", "(list \"localhost\")"])
            .to_owned(),
        'Y' => ["1", "365", "0", "3650", "-1", "30", "20000", "36500"][dice.usize(..8)].to_owned(),
        'W' => quoted(pick(dice, &["name", "a.example", "", "x y", "Ünder", "foo.svc", "a_b", "*"])),
        'A' => pick(dice, &[".Values.certificate", "(b64enc $ca.Cert)", "(b64enc $other.Cert)"]).to_owned(),
        'B' => pick(
            dice,
            &[".Values.key", "(b64enc $ca.Key)", "(b64enc .Values.keys.ecdsa)", "(b64enc .Values.keys.ed25519)"],
        )
        .to_owned(),
        'U' => pick(
            dice,
            &[
                "(urlParse \"https://user:pw@host:8080/p?x=1#f\")",
                "(dict \"scheme\" \"http\" \"host\" \"h\" \"path\" \"/p\")",
                "(dict \"host\" \"h:80\" \"path\" \"a b\" \"query\" \"q=1&r\" \"fragment\" \"é\")",
                "(dict \"opaque\" \"x\" \"scheme\" \"mailto\")",
                "(dict)",
                "(dict \"userinfo\" \"u:p\" \"host\" \"h\")",
                "(urlParse \"/only/path\")",
                "(dict \"path\" 1)",
                "(dict \"scheme\" \"s\")",
            ],
        )
        .to_owned(),
        'F' => quoted(&format(dice)),
        _ => any(dice, 0),
    }
}

/// A format of `printf`, with flags, width and precision.
pub(crate) fn format(dice: &mut Rng) -> String {
    const FLAGS: &[&str] = &["", "", "+", "-", "#", "0", " ", "+#"];
    const WIDTHS: &[&str] = &["", "", "3", "8", "12.4", ".2", ".0", "*", "[1]", "."];
    const VERBS: &[char] = &[
        'v', 'd', 's', 'q', 'x', 'X', 'f', 'e', 'g', 'G', 't', 'T', 'c', 'U', 'b', 'o', 'p', 'E', 'O', '%', 'w', 'z',
        '!',
    ];
    let mut format = String::new();
    for _ in 0..=dice.usize(..2) {
        format.push_str(["", "x", " ", "=", "%%"][dice.usize(..5)]);
        format.push('%');
        format.push_str(FLAGS[dice.usize(..FLAGS.len())]);
        format.push_str(WIDTHS[dice.usize(..WIDTHS.len())]);
        format.push(VERBS[dice.usize(..VERBS.len())]);
    }
    format
}
