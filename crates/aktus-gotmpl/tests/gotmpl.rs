//! Templates, comparisons and format verbs as Go's own tests have them, recorded from Go (`gotmpl-cases.json`).
//!
//! The recorded cases of the scanner and the parser are run beside those modules.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use aktus_gotmpl::{
    CallError, Context, FrozenHost, Function, FunctionTable, Kind, List, Map, MissingKey, NamedType, Object, Operand,
    Profile, Rest, Str, Templates, Type, Typed, Value, functions,
};
use serde_json::Value as Json;
use support::{Failures, Integers, case_text, cases, to_value};

/// The functions that Go's own tests add.
static TEST_FUNCTIONS: &[Function] = functions! {
    "add" => (..i64) add;
    "count" => (i64) count;
    "dddArg" => context (i64, ..Str) ddd_arg;
    "die" => () die;
    "echo" => (Value) echo;
    "makemap" => (..Str) make_map;
    "mapOfThree" => () map_of_three;
    "oneArg" => (Str) one_arg;
    "returnInt" => () return_int;
    "twoArgs" => (Str, Str) two_args;
    "typeOf" => (Value) type_of;
    "valueString" => (Str) value_string;
    "zeroArgs" => () zero_args;
};

fn add(numbers: Rest<'_, i64>) -> i64 {
    numbers.iter().sum()
}

/// Go's gives a channel; a list loops the same.
fn count(number: i64) -> List {
    let letters = "abcdefghijklmnop";
    List::strings((0..usize::try_from(number).unwrap()).map(|index| &letters[index..=index]))
}

fn ddd_arg(context: &mut Context<'_>, number: i64, texts: Rest<'_, Str>) -> String {
    let _ = context;
    let texts: Vec<String> = texts.iter().map(ToString::to_string).collect();
    format!("{number} [{}]\n", texts.join(" "))
}

fn die() -> Result<bool, CallError> {
    Err("die".into())
}

fn echo(value: &Value) -> Value {
    value.clone()
}

fn make_map(pairs: Rest<'_, Str>) -> Map {
    let pairs: Vec<&Str> = pairs.iter().collect();
    Map::collect(&Type::String, pairs.chunks(2).map(|pair| (pair[0].clone(), Value::String(pair[1].clone()))))
}

fn map_of_three() -> Value {
    Value::Map(Map::collect(&Type::Int, [(Str::from("three"), Value::Int(3))]))
}

fn one_arg(text: &Str) -> String {
    format!("oneArg={text}")
}

fn return_int() -> i64 {
    7
}

fn two_args(first: &Str, second: &Str) -> String {
    format!("twoArgs={first}{second}")
}

fn type_of(value: &Value) -> Typed {
    Typed(Value::from(value.type_name()))
}

fn value_string(_: &Str) -> &'static str {
    "value is ignored"
}

fn zero_args() -> &'static str {
    "zeroArgs"
}

/// `type B struct { I B; j int }` of Go's tests.
#[derive(Debug)]
struct B(i64);

impl Object for B {
    fn named_type(&self) -> &'static NamedType {
        static B: NamedType = NamedType { name: "fmt_test.B", kind: Kind::Struct, underlying: None };
        &B
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("I", Value::Int(self.0)), ("j", Value::Int(2))]
    }
}

fn run(case: &Json) -> Result<String, String> {
    let option = match case["option"].as_str() {
        Some("missingkey=zero") => MissingKey::Zero,
        Some("missingkey=error") => MissingKey::Error,
        _ => MissingKey::Default,
    };
    let mut templates = Templates::new(FunctionTable::new().with(TEST_FUNCTIONS)).with_missing_key(option);
    let name = if case["kind"] == "cmp" { "cmp" } else { case_text(case, "name") };
    if let Some(also) = case["also_parse"].as_str() {
        templates.parse("also", also).map_err(|error| error.to_string())?;
    }
    templates.parse(name, case_text(case, "tpl")).map_err(|error| error.to_string())?;
    let integers = match case["int_mode"].as_str() {
        Some("int") => Integers::Int,
        Some("int64") => Integers::Int64,
        _ => Integers::Float,
    };
    let data = to_value(&case["vars"], integers);
    let host = FrozenHost::default();
    templates
        .execute(name, data, &mut Context::new(&host, Profile::Helm4))
        .map(|output| String::from_utf8_lossy(&output).into_owned())
        .map_err(|error| error.to_string())
}

fn check_kinds(kinds: &[&str], least: usize) {
    let mut failures = Failures::default();
    for (id, case) in cases(include_str!("fixtures/gotmpl-cases.json")).iter().enumerate() {
        if !case["kind"].as_str().is_some_and(|kind| kinds.contains(&kind)) {
            continue;
        }
        let expected = match case["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(case_text(case, "expect").to_owned()),
        };
        failures.check(id, case_text(case, "tpl"), &expected, &run(case));
    }
    failures.finish(least, &[]);
}

#[test]
fn executions() {
    check_kinds(&["exec", "exec-missingkey", "multi-exec"], 283);
}

#[test]
fn comparisons() {
    check_kinds(&["cmp"], 111);
}

#[test]
fn sets_of_templates() {
    let mut failures = Failures::default();
    for (id, case) in cases(include_str!("fixtures/gotmpl-cases.json")).iter().enumerate() {
        if case["kind"] != "multi-parse" {
            continue;
        }
        let mut templates = Templates::new(FunctionTable::new());
        let parsed = templates.parse("root", case_text(case, "tpl"));
        let expected: Result<Vec<(String, String)>, String> = match case["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(case["defined"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, text)| (name.clone(), text.as_str().unwrap().to_owned()))
                .collect()),
        };
        let found = parsed.map_err(|error| error.to_string()).map(|()| {
            templates
                .names()
                .into_iter()
                .map(|name| {
                    let host = FrozenHost::default();
                    let output =
                        templates.execute(name.clone(), Value::Nil, &mut Context::new(&host, Profile::Helm4)).unwrap();
                    (name.to_string(), String::from_utf8(output).unwrap())
                })
                .collect::<Vec<_>>()
        });
        failures.check(id, case_text(case, "tpl"), &expected, &found);
    }
    failures.finish(5, &[]);
}

/// What JSON cannot hold: the bytes that the recording replaced by U+FFFD.
fn bytes_of(text: &str, format: &str) -> Str {
    let is_hexadecimal = format.ends_with(['x', 'X']);
    match text {
        "\u{FFFD}\u{FFFD}\u{F}\u{FFFD}" => Str::from(b"\xff\xf0\x0f\xff"),
        "\u{FFFD}\u{FFFD}" if is_hexadecimal => Str::from(b"\xab\xcd"),
        "\u{FFFD}" if is_hexadecimal => Str::from(b"\xab"),
        "abc\u{FFFD}def" => Str::from(b"abc\xffdef"),
        _ => Str::from(text),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the recorded numbers fit their type")]
fn typed(go_type: &str, value: &Json, format: &str) -> Value {
    let int = || value.as_i64().unwrap();
    let uint = || value.as_u64().unwrap();
    let list = |element: &'static Type, item: &dyn Fn(&Json) -> Value| match value.as_array() {
        Some(items) => Value::List(List::of(element, items.iter().map(item).collect())),
        None => Value::List(List::nil(element)),
    };
    match go_type {
        "nil" => Value::Nil,
        "bool" => Value::Bool(value.as_bool().unwrap()),
        "int" => Value::Int(int()),
        "int8" => Value::Int8(int() as i8),
        "int16" => Value::Int16(int() as i16),
        "int32" => Value::Int32(int() as i32),
        "int64" => Value::Int64(int()),
        "uint" => Value::Uint(uint()),
        "uint8" => Value::Uint8(uint() as u8),
        "uint16" => Value::Uint16(uint() as u16),
        "uint32" => Value::Uint32(uint() as u32),
        "uint64" => Value::Uint64(uint()),
        "float32" => Value::Float32(value.as_f64().unwrap() as f32),
        "float64" => Value::Float(value.as_f64().unwrap()),
        "string" => Value::String(bytes_of(value.as_str().unwrap(), format)),
        "[]int" => list(&Type::Int, &|item| Value::Int(item.as_i64().unwrap())),
        "[]int32" => list(&Type::Int32, &|item| Value::Int32(item.as_i64().unwrap() as i32)),
        "[]string" => list(&Type::String, &|item| Value::from(item.as_str().unwrap())),
        // The recording lost the point of the 2.0 in these two.
        "[]interface {}" if format.starts_with("%03.") => list(&Type::Any, &|item| match item.as_i64() {
            Some(2) => Value::Float(2.0),
            _ => to_value(item, Integers::Int),
        }),
        "[]interface {}" => list(&Type::Any, &|item| to_value(item, Integers::Int)),
        "map[string]int" => Value::Map(Map::collect(
            &Type::Int,
            value.as_object().unwrap().iter().map(|(key, item)| (Str::from(key), Value::Int(item.as_i64().unwrap()))),
        )),
        "map[string]fmt_test.B" => {
            static ELEMENT: Type = Type::Named(&NamedType { name: "fmt_test.B", kind: Kind::Struct, underlying: None });
            let entries = value.as_object().unwrap().iter();
            let entries = entries.map(|(key, item)| (Str::from(key), Value::object(B(item["I"].as_i64().unwrap()))));
            Value::Map(Map::collect(&ELEMENT, entries))
        }
        other => panic!("no values of type {other}"),
    }
}

#[test]
fn format_verbs() {
    let mut templates = Templates::new(FunctionTable::new());
    templates.parse("t", "{{ printf .format .value }}").unwrap();
    let mut failures = Failures::default();
    for (id, case) in cases(include_str!("fixtures/gotmpl-cases.json")).iter().enumerate() {
        if case["kind"] != "fmt" {
            continue;
        }
        let format = case_text(case, "fmt");
        let value = typed(case_text(case, "go_type"), &case["val"], format);
        let data = Value::map([("format", Value::from(format)), ("value", value)]);
        let host = FrozenHost::default();
        let found = templates
            .execute("t", data, &mut Context::new(&host, Profile::Helm4))
            .map(|output| String::from_utf8_lossy(&output).into_owned())
            .map_err(|error| error.to_string());
        failures.check(id, format, &Ok(case_text(case, "expect").to_owned()), &found);
    }
    failures.finish(429, &[]);
}

#[test]
fn an_operand_knows_whether_it_is_there() {
    assert!(!Operand::INVALID.is_valid());
    assert!(Operand::interface(Value::Nil).is_valid());
}
