//! Cases of Helm 3.21.4's own tests of its engine (`engine-cases.json`), in both profiles: Helm 4 answers the same,
//! since none of these errors is of the kind that it words anew.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::collections::BTreeMap;

use aktus_gotmpl::{Context, FrozenHost, MissingKey, Profile, Templates, Value, helm_functions};
use serde_json::Value as Json;
use support::objects::Files;
use support::{Failures, Integers, case_text, cases, to_value};

/// The scope of a chart: files are bytes in Base64, and the chart's fields have Go's names.
fn scope(vals: &Json) -> Value {
    let Json::Object(entries) = vals else { return to_value(vals, Integers::Float) };
    Value::map(entries.iter().map(|(key, value)| {
        let value = match (key.as_str(), value) {
            ("Files", Json::Object(files)) => {
                let files: Vec<(String, String)> = files
                    .iter()
                    .map(|(path, text)| {
                        let bytes = data_encoding::BASE64.decode(text.as_str().unwrap().as_bytes()).unwrap();
                        (path.clone(), String::from_utf8(bytes).unwrap())
                    })
                    .collect();
                let files: Vec<(&str, &str)> =
                    files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
                Value::object(Files::new(&files))
            }
            ("Chart", Json::Object(chart)) => Value::map(chart.iter().map(|(key, value)| {
                let mut name = key.clone();
                name[..1].make_ascii_uppercase();
                (name, to_value(value, Integers::Float))
            })),
            ("Subcharts", Json::Object(charts)) => {
                Value::map(charts.iter().map(|(name, chart)| (name.as_str(), scope(chart))))
            }
            _ => to_value(value, Integers::Float),
        };
        (key.as_str(), value)
    }))
}

/// Helm's order: fewer path segments later, and then backwards.
fn ordered(files: &serde_json::Map<String, Json>) -> Vec<&String> {
    let mut names: Vec<&String> = files.keys().collect();
    names.sort_by_key(|name| (name.matches('/').count(), (*name).clone()));
    names.reverse();
    names
}

fn render(case: &Json, profile: Profile) -> Result<BTreeMap<String, String>, String> {
    let files = case["templates"].as_object().unwrap();
    let missing_key = if case["strict"] == true { MissingKey::Error } else { MissingKey::Zero };
    let mut templates = Templates::new(helm_functions(profile)).with_missing_key(missing_key);
    for name in ordered(files) {
        templates.parse(name, case_text(&files[name], "tpl")).map_err(|error| error.helm())?;
    }
    let host = FrozenHost::default();
    let mut context = Context::new(&host, profile);
    if case["lint"] == true {
        context = context.linting();
    }
    let mut rendered = BTreeMap::new();
    for name in ordered(files) {
        if name.rsplit('/').next().is_some_and(|base| base.starts_with('_')) {
            continue;
        }
        let file = &files[name];
        let data = scope(&file["vals"]);
        let template =
            Value::map([("Name", Value::from(name.as_str())), ("BasePath", Value::from(case_text(file, "basePath")))]);
        data.as_map().unwrap().insert("Template", template).unwrap();
        let output = templates.execute(name, data, &mut context).map_err(|error| match profile {
            Profile::Helm3 => error.helm3(),
            Profile::Helm4 => error.helm4(),
        })?;
        rendered.insert(name.clone(), String::from_utf8(output).unwrap().replace("<no value>", ""));
    }
    Ok(rendered)
}

fn check_rendered_sets(profile: Profile) {
    let mut failures = Failures::default();
    for (id, case) in cases(include_str!("fixtures/engine-cases.json")).iter().enumerate() {
        if case["kind"] != "engine-render" {
            continue;
        }
        let expected = match case["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(case["expect"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, text)| (name.clone(), text.as_str().unwrap().to_owned()))
                .collect()),
        };
        failures.check(id, case_text(case, "test"), &expected, &render(case, profile));
    }
    failures.finish(50, &[]);
}

#[test]
fn rendered_sets_in_helm_3() {
    check_rendered_sets(Profile::Helm3);
}

#[test]
fn rendered_sets_in_helm_4() {
    check_rendered_sets(Profile::Helm4);
}

#[test]
fn functions_in_helm_3() {
    check_functions(Profile::Helm3);
}

#[test]
fn functions_in_helm_4() {
    check_functions(Profile::Helm4);
}

fn check_functions(profile: Profile) {
    let mut failures = Failures::default();
    for (id, case) in cases(include_str!("fixtures/engine-cases.json")).iter().enumerate() {
        if case["kind"] != "func" {
            continue;
        }
        let run = || -> Result<String, String> {
            let mut templates = Templates::new(helm_functions(profile));
            templates.parse("test", case_text(case, "tpl")).map_err(|error| error.to_string())?;
            let host = FrozenHost::default();
            let data = to_value(&case["vars"], Integers::Int);
            templates
                .execute("test", data, &mut Context::new(&host, profile))
                .map(|output| String::from_utf8(output).unwrap())
                .map_err(|error| error.to_string())
        };
        failures.check(id, case_text(case, "tpl"), &Ok(case_text(case, "expect").to_owned()), &run());
    }
    failures.finish(22, &[]);
}
