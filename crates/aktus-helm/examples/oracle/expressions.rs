//! Random expressions of the template language, by what they stand for.

use fastrand::Rng;
use serde_json::{Value, json};

use crate::words::{
    CONSTRAINTS, DATES, DURATIONS, EXTREMES, FLOATS, INTEGERS, JSONS, LAYOUTS, PATHS, PATTERNS, REPLACEMENTS, TOMLS,
    URLS, VERSIONS, WORDS, YAMLS, ZONES,
};

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

/// A version; most are of small numbers, so that constraints are often just met, or just not.
fn version(dice: &mut Rng) -> String {
    if dice.u8(..4) == 0 {
        return pick(dice, VERSIONS).to_owned();
    }
    let [minor, patch] = [0; 2].map(|_: u8| dice.u8(..4));
    let after = pick(dice, &["", "", "", "", "", "-0", "-rc.1", "-rc.2", "+b.7"]);
    format!("{}.{minor}.{patch}{after}", pick(dice, &["0", "0", "1"]))
}

/// A constraint on versions; most are put together.
fn constraint(dice: &mut Rng) -> String {
    const OPERATORS: &[&str] =
        &["", "=", "!=", ">", "<", ">=", "=>", "<=", "=<", "~", "~>", "~", "^", "^", "^", "^", "^ ", ">= "];
    if dice.u8(..4) == 0 {
        return pick(dice, CONSTRAINTS).to_owned();
    }
    let mut text = String::new();
    for index in 0..=dice.usize(..4) / 3 {
        if index > 0 {
            text.push_str(pick(dice, &[" ", ", ", ",", " || ", " - "]));
        }
        text.push_str(pick(dice, OPERATORS));
        text.push_str(pick(dice, &["0", "0", "0", "1", "1", "x"]));
        for _ in 0..dice.usize(..3) {
            text.push('.');
            text.push_str(pick(dice, &["0", "1", "1", "2", "x", "*"]));
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
