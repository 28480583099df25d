//! Good inputs, from what lies in the repository anyway.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The contents of all files below a folder whose names end so, in a fixed order.
fn files(folder: &str, endings: &[&str]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(path) = open.pop() {
        let entries = fs::read_dir(&path).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            if path.is_dir() {
                open.push(path);
            } else if endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found.iter().filter_map(|path| fs::read(path).ok()).collect()
}

/// The texts under some keys anywhere in a recorded file.
fn recorded(file: &str, keys: &[&str]) -> Vec<Vec<u8>> {
    let text = fs::read(root().join(file)).unwrap_or_default();
    let mut open = vec![serde_json::from_slice::<Value>(&text).unwrap_or_default()];
    let mut found = Vec::new();
    while let Some(value) = open.pop() {
        match value {
            Value::Array(items) => open.extend(items),
            Value::Object(entries) => {
                for (key, value) in entries {
                    match value {
                        Value::String(text) if keys.contains(&key.as_str()) => found.push(text.into_bytes()),
                        other => open.push(other),
                    }
                }
            }
            _ => {}
        }
    }
    found
}

pub(crate) fn templates() -> Vec<Vec<u8>> {
    const KEYS: [&str; 5] = ["template", "tpl", "text", "input", "in"];
    let mut seeds = files("charts", &[".tpl", "templates/deployment.yaml", "templates/service.yaml", ".txt"]);
    for name in ["gotmpl-cases", "sprig-cases", "engine-cases", "helm-template-vectors", "go-random-cases"] {
        seeds.extend(recorded(&format!("crates/aktus-gotmpl/tests/fixtures/{name}.json"), &KEYS));
    }
    seeds
}

pub(crate) fn documents() -> Vec<Vec<u8>> {
    let mut seeds = files("charts", &["values.yaml", "Chart.yaml"]);
    seeds.extend(files("fixtures/example/values", &[".yaml"]));
    seeds.extend(files("fixtures/example/golden", &["01-defaults.helm4.yaml"]));
    seeds.extend(recorded(
        "crates/aktus-yaml/tests/fixtures/helm-yaml-vectors.json",
        &["yaml", "toYaml", "toYamlPretty"],
    ));
    seeds
}

pub(crate) fn json() -> Vec<Vec<u8>> {
    let documents = documents();
    let written = documents.iter().filter_map(|text| {
        let value = aktus_yaml::read_json(text).ok()?;
        aktus_yaml::json::write(&value, aktus_yaml::json::Style::Compact).ok()
    });
    written.map(String::into_bytes).collect()
}

pub(crate) fn patterns() -> Vec<Vec<u8>> {
    let text = fs::read_to_string(root().join("crates/aktus-gotmpl/tests/fixtures/go/regexp.tsv")).unwrap_or_default();
    let field = |field: &str| serde_json::from_str::<String>(field).ok();
    let case = |line: &str| {
        let mut fields = line.split('\t');
        Some(format!("{}\n{}", field(fields.next()?)?, field(fields.next()?)?).into_bytes())
    };
    text.lines().filter_map(case).collect()
}
