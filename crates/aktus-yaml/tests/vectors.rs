//! The recorded behaviour of sigs.k8s.io/yaml 1.6.0 and go-yaml 3.0.4.

use aktus_yaml::{json, read_json, write_v2, write_v3};
use serde_json::Value;

const VECTORS: &str = include_str!("fixtures/helm-yaml-vectors.json");

fn vectors(section: &str) -> Vec<Value> {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    vectors[section].as_array().unwrap().clone()
}

/// All differences at once, so that one run shows them all.
#[track_caller]
fn check(total: usize, differences: &[String]) {
    assert!(total > 0, "no cases");
    assert!(
        differences.is_empty(),
        "{} of {total} differ:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

/// The vectors hold float64 numbers, as chart values do.
fn as_floats(value: &Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().map_or(Value::Null, Value::from),
        Value::Array(items) => items.iter().map(as_floats).collect(),
        Value::Object(entries) => {
            entries.iter().map(|(key, value)| (key.clone(), as_floats(value))).collect()
        }
        other => other.clone(),
    }
}

#[test]
fn reads_what_go_reads() {
    let cases = vectors("parse");
    let mut differences = Vec::new();
    for case in &cases {
        let text = case["yaml"].as_str().unwrap();
        let found = match read_json(text.as_bytes()) {
            // Go's JSON goes through float64.
            Ok(value) => {
                let value: Value =
                    serde_json::from_str(&json::write(&value, json::Style::Compact).unwrap())
                        .unwrap();
                Ok(json::write(&as_floats(&value), json::Style::Compact).unwrap())
            }
            Err(error) => Err(error.to_string()),
        };
        let expected = match case["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(case["json"].as_str().unwrap().to_owned()),
        };
        if found != expected {
            differences.push(format!("{text:?}\n  expected {expected:?}\n  found    {found:?}"));
        }
    }
    check(cases.len(), &differences);
}

#[test]
fn lays_out_as_go_yaml_v2() {
    let cases = vectors("emit");
    let mut differences = Vec::new();
    for case in &cases {
        let value = as_floats(&case["json"]);
        let found = write_v2(&value).map_err(|error| error.to_string());
        let expected = match case["toYaml_error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(case["toYaml"].as_str().unwrap().to_owned()),
        };
        // Helm cuts one line break off.
        let found = found.map(|text| text.strip_suffix('\n').unwrap().to_owned());
        if found != expected {
            differences.push(format!("{value}\n  expected {expected:?}\n  found    {found:?}"));
        }
    }
    check(cases.len(), &differences);
}

#[test]
fn lays_out_as_go_yaml_v3() {
    let cases = vectors("emit");
    let mut differences = Vec::new();
    for case in &cases {
        let value = as_floats(&case["json"]);
        let found = write_v3(&value).map_err(|error| error.to_string());
        let found = found.map(|text| text.strip_suffix('\n').unwrap().to_owned());
        let expected = Ok(case["toYamlPretty"].as_str().unwrap().to_owned());
        if found != expected {
            differences.push(format!("{value}\n  expected {expected:?}\n  found    {found:?}"));
        }
    }
    check(cases.len(), &differences);
}
