use aktus_yaml::{Limits, json};

use super::super::recorded::{rows, show};
use super::super::strconv::{FloatSize, format_float, quote_ascii};
use super::super::time::{Location, Time};
use super::*;
use crate::helm::ValueBuilder;
use crate::value::{Type, Value};

fn now() -> Time {
    Time::from_unix(0, 0, Location::Local(jiff::tz::TimeZone::UTC))
}

/// A value with its types, as the table has it.
fn dump(value: &Value) -> String {
    let joined = |items: Vec<String>| items.join(",");
    match value {
        Value::Nil => "nil".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int64(value) => format!("i{value}"),
        Value::Float(value) if value.is_nan() => if value.is_sign_negative() { "f-NaN" } else { "fNaN" }.to_owned(),
        Value::Float(value) => format!("f{}", format_float(*value, b'g', None, FloatSize::Bits64)),
        Value::String(text) => quote_ascii(text),
        Value::List(list) => {
            let tables = *list.element_type() == Type::ANY_MAP;
            let items = list.iter().map(|item| dump(&item)).collect();
            format!("{}[{}]", if tables { "T" } else { "" }, joined(items))
        }
        Value::Map(map) => {
            let entry = |(key, value): (crate::value::Str, Value)| format!("{}:{}", quote_ascii(&key), dump(&value));
            format!("{{{}}}", joined(map.entries().into_iter().map(entry).collect()))
        }
        other => other.downcast::<Time>().map_or_else(|| format!("?{}", other.type_name()), |time| format!("t{time}")),
    }
}

/// A text; what it means or Go's error; and how Go writes that again.
#[test]
fn reads_and_writes_as_the_original() {
    let mut differences = Vec::new();
    for row in rows(include_str!("../../../tests/fixtures/go/toml.tsv")) {
        let (found, written) = match decode(&row[0], &now()) {
            Err(error) => (format!("!{error}"), Vec::new()),
            Ok(map) => {
                let value = Value::Map(map);
                let written = encode(&value, 1 << 20).unwrap_or_else(|error| format!("!{error}").into_bytes());
                (dump(&value), written)
            }
        };
        if found.as_bytes() != row[1] || written != row[2] {
            differences.push(format!(
                "{}\n  expected {}\n           {}\n  found    {}\n           {}",
                show(&row[0]),
                show(&row[1]),
                show(&row[2]),
                show(found.as_bytes()),
                show(&written)
            ));
        }
    }
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}

/// JSON; the TOML of its value; Go's error.
#[test]
fn writes_json_values_as_the_original() {
    for row in rows(include_str!("../../../tests/fixtures/go/toml-encode.tsv")) {
        let value = json::read(&row[0], &mut ValueBuilder, &Limits::JSON).unwrap();
        match encode(&value, 1 << 20) {
            Ok(text) => assert_eq!(show(&text), show(&row[1]), "{}", show(&row[0])),
            Err(EncodeError::Panic(_)) => assert_eq!(row[2], b"panic", "{}", show(&row[0])),
            Err(error) => assert_eq!(show(error.to_string().as_bytes()), show(&row[2]), "{}", show(&row[0])),
        }
    }
}

#[test]
fn limits() {
    let nested = |text: String| decode(text.as_bytes(), &now()).map(|_| ()).unwrap_err();
    assert_eq!(
        nested(format!("a = {}", "[".repeat(100_000))),
        "toml: line 1 (last key \"a\"): arrays of more than 200 levels are not supported"
    );
    assert!(nested(format!("{} = 1", vec!["a"; 100_000].join("."))).contains("keys of more than 200 names"));
    let mut value = Value::list(vec![Value::Int(1)]);
    for _ in 0..40 {
        value = Value::list(vec![value.clone(), value]);
    }
    assert_eq!(encode(&Value::map([("a", value)]), 1000), Err(EncodeError::Length(1000)));
    let map = crate::value::Map::new();
    map.insert("a", Value::Map(map.clone())).unwrap();
    assert_eq!(encode(&Value::Map(map.clone()), 1 << 20), Err(EncodeError::Depth));
    map.remove(b"a");
}
