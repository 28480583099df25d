//! Templates made by chance, with what Go 1.26 prints or says (`go-random-cases.json`): language, comparisons, `printf`,
//! and texts broken at a random place.

mod support;

use aktus_gotmpl::{
    CallError, Context, FrozenHost, Function, FunctionTable, Int64, List, Map, MissingKey, Profile, Rest, Str,
    Templates, Type, Value, functions, helm_functions,
};
use serde_json::Value as Json;
use support::{Failures, Integers, case_text, to_value};

/// What the recording's functions did, in Go's words: `func(v int) int { return v }` and the like.
static TEST_FUNCTIONS: &[Function] = functions! {
    "any" => (Value) Value::clone;
    "b" => (bool) std::convert::identity;
    "boom" => (Str) boom;
    "dict" => (..Value) dict;
    "f" => (f64) std::convert::identity;
    "i64" => (i64) Int64;
    "ilist" => (..i64) ilist;
    "l" => (List) List::clone;
    "list" => (..Value) list;
    "m" => (Map) Map::clone;
    "n" => (i64) std::convert::identity;
    "s" => (Str) Str::clone;
    "set" => (Map, Str, Value) set;
    "slist" => (..Str) slist;
    "smap" => (..Str) smap;
    "two" => (Str, i64) two;
    "typeOf" => (Value) Value::type_name;
    "upper" => (Str) upper;
};

fn boom(text: &Str) -> Result<Str, CallError> {
    Err(text.to_string().into())
}

fn dict(pairs: Rest<'_, Value>) -> Map {
    pairs
        .to_vec()
        .chunks_exact(2)
        .map(|pair| (pair[0].as_str().cloned().unwrap_or_else(|| plain(&pair[0])), pair[1].clone()))
        .collect()
}

/// A value as `print` prints it.
fn plain(value: &Value) -> Str {
    let mut templates = Templates::new(FunctionTable::new());
    templates.parse("print", "{{ print .value }}").expect("this is a template");
    let host = FrozenHost::default();
    let data = Value::map([("value", value.clone())]);
    templates.execute("print", data, &mut Context::new(&host, Profile::Helm4)).expect("small values print").into()
}

fn ilist(numbers: Rest<'_, i64>) -> List {
    List::ints(numbers.iter())
}

fn list(values: Rest<'_, Value>) -> List {
    List::new(values.to_vec())
}

fn set(map: &Map, key: &Str, value: &Value) -> Result<Map, CallError> {
    map.insert(key.clone(), value.clone())?;
    Ok(map.clone())
}

fn slist(texts: Rest<'_, Str>) -> List {
    List::strings(texts.iter().cloned())
}

fn smap(texts: Rest<'_, Str>) -> Map {
    let texts: Vec<&Str> = texts.iter().collect();
    Map::collect(&Type::String, texts.chunks_exact(2).map(|pair| (pair[0].clone(), Value::String(pair[1].clone()))))
}

fn two(text: &Str, number: i64) -> String {
    format!("{text}{number}")
}

fn upper(text: &Str) -> String {
    text.to_text().to_uppercase()
}

fn render(case: &Json, data: &Json, functions: &FunctionTable) -> Result<String, String> {
    let option = match case_text(case, "option") {
        "missingkey=zero" => MissingKey::Zero,
        "missingkey=error" => MissingKey::Error,
        _ => MissingKey::Default,
    };
    let mut templates = Templates::new(functions.clone()).with_missing_key(option);
    templates.parse("a.yaml", case_text(case, "tpl")).map_err(|error| error.to_string())?;
    let host = FrozenHost::default();
    templates
        .execute("a.yaml", to_value(data, Integers::Float), &mut Context::new(&host, Profile::Helm4))
        .map(|output| String::from_utf8_lossy(&output).into_owned())
        .map_err(|error| error.to_string())
}

#[test]
fn recorded_from_go() {
    let recorded: Json =
        serde_json::from_str(include_str!("fixtures/go-random-cases.json")).expect("the recording is JSON");
    let include = helm_functions(Profile::Helm4).get("include").expect("Helm has include");
    let functions = FunctionTable::new().with(TEST_FUNCTIONS).with(&[include]);
    let mut failures = Failures::default();
    for (id, case) in recorded["cases"].as_array().into_iter().flatten().enumerate() {
        let expected = match case["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(case_text(case, "expect").to_owned()),
        };
        failures.check(id, case_text(case, "tpl"), &expected, &render(case, &recorded["data"], &functions));
    }
    failures.finish(720, &[]);
}
