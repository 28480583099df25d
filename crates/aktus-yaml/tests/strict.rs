//! Strict reading: the errors are those that Helm 4.2.4 gave for the same lines below the first three of a Chart.yaml.

use aktus_yaml::{Json, JsonBuilder, Limits, json, read_strict};

fn outcome(text: &str) -> String {
    let value: Result<Json, _> = read_strict(text.as_bytes(), &mut JsonBuilder, &Limits::default());
    match value {
        Ok(value) => json::write(&value, json::Style::Compact).expect("what was read can be written"),
        Err(error) => error.go_yaml(),
    }
}

/// `repeated` are lines and keys.
#[track_caller]
fn check(text: &str, repeated: &[(usize, &str)]) {
    let lines = repeated.iter().map(|(line, key)| format!("\n  line {line}: key {key} already set in map"));
    assert_eq!(outcome(text), format!("yaml: unmarshal errors:{}", lines.collect::<String>()), "{text:?}");
}

#[test]
fn keys_that_are_there_already() {
    check("a: 1\na: 2\n", &[(2, "\"a\"")]);
    check("a: 1\n\n\na:\n  b: 1\n  b: 2\n  c:\n  c:\n", &[(6, "\"b\""), (8, "\"c\""), (5, "\"a\"")]);
    check("1: a\n1: b\n", &[(2, "1")]);
    check("true: a\nyes: b\n", &[(2, "true")]);
    check("1.5: a\n1.50: b\n", &[(2, "1.5")]);
    check("0: 1\n-0: 2\n", &[(2, "0")]);
    check("é: 1\né: 2\n", &[(2, "\"é\"")]);
    check("l:\n- a: 1\n  a: 2\n- {b: 1, b: 2, b: 3}\n", &[(3, "\"a\""), (4, "\"b\""), (4, "\"b\"")]);
}

#[test]
fn lines_are_those_of_the_values() {
    check("a: 1\r\na: 2\r\n", &[(2, "\"a\"")]);
    check("a: |\n  x\na: >\n  y\n", &[(3, "\"a\"")]);
    check("? a\n: 1\n? a\n: 2\n", &[(4, "\"a\"")]);
    check("a:\na:\n\na:\n", &[(2, "\"a\""), (4, "\"a\"")]);
}

#[test]
fn keys_that_come_by_merges_and_aliases() {
    check("x: &x {k: 1}\ny: {<<: *x, k: 2}\n", &[(2, "\"k\"")]);
    check("x: &x {k: 1}\ny: {k: 2, <<: *x}\n", &[(1, "\"k\"")]);
    check("x: &x {k: 1}\nz: &z {k: 3}\ny: {<<: [*x, *z]}\n", &[(1, "\"k\"")]);
    check("<<: {a: 1}\na: 2\n", &[(2, "\"a\"")]);
    check("a: &d {k: 1, k: 2}\nb: *d\nc: *d\n", &[(1, "\"k\""), (1, "\"k\""), (1, "\"k\"")]);
    check("a: 1\na: &q [1]\nb: *q\na: *q\n", &[(2, "\"a\""), (4, "\"a\"")]);
}

#[test]
fn what_is_no_repetition() {
    assert_eq!(outcome("a: 1\nb: {a: 2}\n"), r#"{"a":1,"b":{"a":2}}"#);
    assert_eq!(outcome("1: a\n'1': b\n"), r#"{"1":"b"}"#);
    assert_eq!(outcome(".nan: 1\n.nan: 2\n"), r#"{".nan":2}"#);
    assert_eq!(outcome(""), "null");
}

#[test]
fn other_errors_come_first() {
    assert_eq!(outcome("a: 1\na: [b: c: d]\n"), "yaml: line 1: did not find expected ',' or ']'");
    assert_eq!(outcome("a: 1\na: 2\nb: !!int x\n"), "yaml: cannot decode !!str `x` as a !!int");
}
