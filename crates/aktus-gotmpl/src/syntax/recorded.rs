//! The scanner's, parser's and number cases of Go's own tests, recorded from Go.

use std::sync::Arc;

use serde_json::Value as Json;

use super::lexer::{Lexer, TokenKind};
use super::number::Number;
use super::parser::{Functions, parse};
use crate::builtins;
use crate::function::Function;
use crate::limits::Limits;
use crate::value::Str;

const CASES: &str = include_str!("../../tests/fixtures/gotmpl-cases.json");

/// The functions that the recorded cases of a kind know.
struct Known(Vec<String>);

impl Functions for Known {
    fn find(&self, name: &str) -> Option<(Function, bool)> {
        let any = builtins::get("print")?;
        self.0.iter().any(|known| known == name).then_some((any, true))
    }

    fn names(&self) -> Vec<&str> {
        self.0.iter().map(String::as_str).collect()
    }
}

#[track_caller]
fn check(kinds: &[&str], least: usize, run: impl Fn(&Json) -> (Json, Json)) {
    let cases: Vec<Json> = serde_json::from_str(CASES).expect("the recorded cases are a list");
    let mut seen = 0;
    let mut failed = Vec::new();
    for (id, case) in cases.iter().enumerate() {
        if !case["kind"].as_str().is_some_and(|kind| kinds.contains(&kind)) {
            continue;
        }
        seen += 1;
        let (expected, found) = run(case);
        if expected != found {
            failed.push(format!("#{id} {}\n  expected {expected}\n  found    {found}", case["tpl"]));
        }
    }
    assert!(seen >= least, "only {seen} of at least {least} cases were there");
    assert!(failed.is_empty(), "{} of {seen} cases failed:\n{}", failed.len(), failed.join("\n"));
}

fn text<'a>(case: &'a Json, key: &str) -> &'a str {
    case[key].as_str().unwrap_or_default()
}

#[test]
fn tokens() {
    check(&["lex"], 40, |case| {
        let source = text(case, "tpl").as_bytes();
        let mut lexer = Lexer::new(source).with_comments();
        let mut found = Vec::new();
        loop {
            let token = lexer.next_token();
            let value = match token.kind {
                TokenKind::Error => lexer.error().to_owned(),
                _ => String::from_utf8_lossy(&source[token.range()]).into_owned(),
            };
            found.push(serde_json::json!({ "typ": token.kind as u8, "val": value }));
            if matches!(token.kind, TokenKind::Eof | TokenKind::Error) {
                break;
            }
        }
        let expected: Vec<Json> = case["items"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|item| serde_json::json!({ "typ": item["typ"], "val": item["val"] }))
            .collect();
        (expected.into(), found.into())
    });
}

#[test]
fn trees_and_errors() {
    check(&["parse", "parse-error"], 140, |case| {
        let known = case["builtins"].as_array().into_iter().flatten().filter_map(Json::as_str);
        let known = Known(known.map(str::to_owned).collect());
        // Go's test lowers the limit for the cases about it.
        let depth = if text(case, "name").starts_with("paren nesting") { 3 } else { 10_000 };
        let limits = Limits { expression_depth: depth, ..Limits::default() };
        let found =
            match parse(&Str::from(text(case, "name")), &Arc::from(text(case, "tpl").as_bytes()), &known, &limits) {
                Ok(parsed) => {
                    let root = parsed.trees.last().expect("a text defines itself");
                    Json::from(String::from_utf8_lossy(&parsed.arena.print(root.root)).into_owned())
                }
                Err(error) => Json::from(error.to_string()),
            };
        let expected = if case["ok"] == true { &case["ast"] } else { &case["error"] };
        (expected.clone(), found)
    });
}

#[test]
fn emptiness() {
    check(&["is-empty"], 8, |case| {
        let parsed =
            parse(&Str::from("t"), &Arc::from(text(case, "tpl").as_bytes()), &Known(Vec::new()), &Limits::default())
                .expect("the text is a template");
        let root = parsed.trees.last().expect("a text defines itself");
        (case["empty"].clone(), parsed.arena.is_empty(root.root).into())
    });
}

#[test]
fn numbers() {
    check(&["number"], 52, |case| {
        let source = text(case, "tpl");
        let kind = if source.starts_with('\'') {
            TokenKind::CharConstant
        } else if source.ends_with('i') && source[1..].contains(['+', '-']) {
            TokenKind::Complex
        } else {
            TokenKind::Number
        };
        let found = match Number::parse(source.as_bytes(), kind) {
            Err(_) => serde_json::json!({ "ok": false }),
            Ok(number) => serde_json::json!({
                "ok": true,
                "is_int": number.int.is_some(), "int": number.int.unwrap_or(0),
                "is_uint": number.uint.is_some(), "uint": number.uint.unwrap_or(0),
                "is_float": number.float.is_some(), "float": number.float.unwrap_or(0.0),
                "is_complex": number.complex.is_some(),
            }),
        };
        let expected = if case["ok"] == true {
            let mut expected = serde_json::Map::new();
            for key in ["ok", "is_int", "int", "is_uint", "uint", "is_float", "is_complex"] {
                expected.insert(key.to_owned(), case[key].clone());
            }
            expected.insert("float".to_owned(), case["float"].as_f64().into());
            expected.into()
        } else {
            serde_json::json!({ "ok": false })
        };
        (expected, found)
    });
}
