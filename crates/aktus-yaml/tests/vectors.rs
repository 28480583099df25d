//! The recorded behaviour of sigs.k8s.io/yaml 1.6.0 and go-yaml 3.0.4.

use aktus_yaml::{Json, JsonBuilder, Limits, json, read_json, write_v2, write_v3};

const VECTORS: &str = include_str!("fixtures/helm-yaml-vectors.json");

/// The cases of a section. Read with our own reader: `serde_json` rounds some numbers differently.
fn vectors(section: &str) -> Vec<Json> {
    match json::read(VECTORS.as_bytes(), &mut JsonBuilder, &Limits::JSON).expect("the vectors are JSON") {
        Json::Map(mut sections) => match sections.remove(section) {
            Some(Json::List(cases)) => cases,
            other => panic!("{section} is {other:?}"),
        },
        other => panic!("the vectors are {other:?}"),
    }
}

fn field<'a>(case: &'a Json, name: &str) -> &'a Json {
    match case {
        Json::Map(fields) => fields.get(name).unwrap_or(&Json::Null),
        other => panic!("a case is {other:?}"),
    }
}

fn text<'a>(case: &'a Json, name: &str) -> Option<&'a str> {
    match field(case, name) {
        Json::String(text) => Some(text),
        _ => None,
    }
}

/// All differences at once, so that one run shows them all.
#[track_caller]
fn check(total: usize, differences: &[String]) {
    assert!(total > 0, "no cases");
    assert!(differences.is_empty(), "{} of {total} differ:\n{}", differences.len(), differences.join("\n"));
}

/// The vectors hold float64 numbers, as chart values do.
#[expect(clippy::cast_precision_loss, reason = "that is what Go does")]
fn as_floats(value: Json) -> Json {
    match value {
        Json::Int(number) => Json::Float(number as f64),
        Json::Uint(number) => Json::Float(number as f64),
        Json::List(items) => Json::List(items.into_iter().map(as_floats).collect()),
        Json::Map(entries) => Json::Map(entries.into_iter().map(|(key, value)| (key, as_floats(value))).collect()),
        other => other,
    }
}

#[test]
fn reads_what_go_reads() {
    let cases = vectors("parse");
    let mut differences = Vec::new();
    for case in &cases {
        let yaml = text(case, "yaml").unwrap();
        let found = read_json(yaml.as_bytes())
            .map(|value| json::write(&as_floats(value), json::Style::Compact).unwrap())
            .map_err(|error| error.to_string());
        let expected = match text(case, "error") {
            Some(error) => Err(error.to_owned()),
            None => Ok(text(case, "json").unwrap().to_owned()),
        };
        if found != expected {
            differences.push(format!("{yaml:?}\n  expected {expected:?}\n  found    {found:?}"));
        }
    }
    check(cases.len(), &differences);
}

#[track_caller]
fn check_layout(write: impl Fn(&Json) -> Result<String, String>, expected: impl Fn(&Json) -> Result<String, String>) {
    let cases = vectors("emit");
    let mut differences = Vec::new();
    for case in &cases {
        let value = as_floats(field(case, "json").clone());
        // Helm cuts one line break off.
        let found = write(&value).map(|text| text.strip_suffix('\n').expect("a line break at the end").to_owned());
        let expected = expected(case);
        if found != expected {
            differences.push(format!("{value:?}\n  expected {expected:?}\n  found    {found:?}"));
        }
    }
    check(cases.len(), &differences);
}

#[test]
fn lays_out_as_go_yaml_v2() {
    check_layout(
        |value| write_v2(value).map_err(|error| error.to_string()),
        |case| match text(case, "toYaml_error") {
            Some(error) => Err(error.to_owned()),
            None => Ok(text(case, "toYaml").unwrap().to_owned()),
        },
    );
}

#[test]
fn lays_out_as_go_yaml_v3() {
    check_layout(
        |value| write_v3(value).map_err(|error| error.to_string()),
        |case| Ok(text(case, "toYamlPretty").unwrap().to_owned()),
    );
}
