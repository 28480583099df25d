//! What real Helm answered where `cargo xtask oracle` once found a difference, and the table that it writes.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::path::Path;

use aktus_gotmpl::helm_functions;
use aktus_helm::{Chart, FrozenHost, LoadOptions, Profile, Release, RenderOptions, Values, render};
use serde_json::{Value, json};

fn rendered(text: &str) -> Result<String, String> {
    let files: [(&str, &[u8]); 2] =
        [("Chart.yaml", b"apiVersion: v2\nname: c\nversion: 0.1.0\n"), ("templates/t", text.as_bytes())];
    let chart = Chart::from_files(files, &LoadOptions::default()).unwrap();
    let options = RenderOptions::new(Profile::Helm4, Release { name: "release-name".to_owned(), ..Release::default() });
    let values = Values::from_json(json!({ "a": 1 }));
    let rendered = render(&chart, &values, &options, &FrozenHost::default()).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(rendered.files["c/templates/t"].clone()).unwrap())
}

#[test]
fn differences_that_were_found_are_gone() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("fixtures/oracle-cases.json")).unwrap();
    assert!(cases.len() >= 35);
    let mut different = Vec::new();
    for case in &cases {
        let text = case["text"].as_str().unwrap();
        let expected = match case["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(case["output"].as_str().unwrap().to_owned()),
        };
        let found = rendered(text);
        if found != expected {
            different.push(format!("{text}\n  Helm {expected:?}\n  ours {found:?}"));
        }
    }
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n"));
}

/// Functions of Go's own templates; Helm's are in the table of functions.
const LANGUAGE: &[&str] = &[
    "and", "call", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "or", "print", "printf",
    "println", "urlquery",
];

#[test]
fn the_table_of_functions_is_complete() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../COMPATIBILITY.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (_, page) = page.split_once("<!-- functions: ").unwrap();
    let names = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | ")).map(|(name, _)| name);
    let found: BTreeSet<String> = names.map(str::to_owned).collect();
    let helm = helm_functions(Profile::Helm4);
    let helm = helm.iter().map(|function| function.name().to_owned());
    let expected: BTreeSet<String> = helm.chain(LANGUAGE.iter().map(|&name| name.to_owned())).collect();
    let differing: Vec<_> = expected.symmetric_difference(&found).collect();
    assert!(differing.is_empty(), "`cargo xtask oracle --full --write-table` writes the table again: {differing:?}");
}
