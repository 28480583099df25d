//! Runs tables of templates recorded from sprig through `text/template`: template, `ok` or `error`, text.

use aktus_yaml::{Limits, json};

use crate::function::{Context, FunctionTable, Profile};
use crate::go::{recorded, strconv};
use crate::helm::ValueBuilder;
use crate::host::FrozenHost;
use crate::templates::{MissingKey, Templates};
use crate::value::{Kind, Map, NamedType, Object, Type, Underlying, Value};

/// The data of the recorded templates.
const DATA: &str = include_str!("../../tests/fixtures/sprig/data.json");

/// A map of a named type, such as Helm's `.Values`.
#[derive(Debug)]
struct Named(Map);

impl Object for Named {
    fn named_type(&self) -> &'static NamedType {
        static NAMED: NamedType = NamedType { name: "common.Values", kind: Kind::Map, underlying: Some(Type::ANY_MAP) };
        &NAMED
    }

    fn underlying(&self) -> Underlying {
        Underlying::Map(self.0.clone())
    }
}

/// A pointer to a struct that keeps its fields to itself.
#[derive(Debug)]
struct Pointer;

impl Object for Pointer {
    fn named_type(&self) -> &'static NamedType {
        static POINTER: NamedType = NamedType { name: "*common.Pointer", kind: Kind::Pointer, underlying: None };
        &POINTER
    }
}

/// A struct whose one field can be seen.
#[derive(Debug)]
struct Struct;

impl Object for Struct {
    fn named_type(&self) -> &'static NamedType {
        static STRUCT: NamedType = NamedType { name: "common.Struct", kind: Kind::Struct, underlying: None };
        &STRUCT
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("Name", Value::from("x"))]
    }
}

/// What a template makes of the data.
pub(super) fn run(template: &str) -> Result<String, String> {
    run_bytes(template.as_bytes()).map(|text| String::from_utf8_lossy(&text).into_owned())
}

fn run_bytes(template: &[u8]) -> Result<Vec<u8>, String> {
    let data = json::read(DATA.as_bytes(), &mut ValueBuilder, &Limits::JSON).unwrap().as_map().unwrap();
    let named = data.get(b"m").and_then(|map| map.as_map()).unwrap().shallow_copy();
    let more = [
        ("i64", Value::Int64(5)),
        ("u8", Value::Uint8(200)),
        ("u64", Value::Uint64(u64::MAX)),
        ("f32", Value::Float32(1.5)),
        ("bytes", Value::List(crate::value::List::bytes("abc"))),
        ("named", Value::object(Named(named))),
        ("pointer", Value::object(Pointer)),
        ("struct", Value::object(Struct)),
        ("texts", Value::Map(Map::collect(&Type::String, [("k".into(), "v".into()), ("e".into(), "".into())]))),
        ("nilmap", Value::Map(Map::nil(&Type::Any))),
        ("nillist", Value::List(crate::value::List::nil(&Type::Any))),
    ];
    for (key, value) in more {
        data.insert(key, value).unwrap();
    }
    let functions = super::FAMILIES.iter().fold(FunctionTable::new(), |functions, family| functions.with(family));
    let mut templates = Templates::new(functions).with_missing_key(MissingKey::Zero);
    templates.parse("t", template).map_err(|error| error.to_string())?;
    let host = FrozenHost::default();
    templates
        .execute("t", Value::Map(data), &mut Context::new(&host, Profile::Helm4))
        .map_err(|error| error.to_string())
}

/// Compares every row of a table.
#[track_caller]
pub(super) fn check_table(table: &str) {
    let mut differences = Vec::new();
    for row in recorded::rows(table) {
        let expected = match row[1].as_slice() {
            b"ok" => Ok(strconv::quote(&row[2])),
            _ => Err(strconv::quote(&row[2])),
        };
        let found =
            run_bytes(&row[0]).map(|text| strconv::quote(&text)).map_err(|error| strconv::quote(error.as_bytes()));
        if found != expected {
            differences.push(format!("{}\n  expected {expected:?}\n  found    {found:?}", recorded::show(&row[0])));
        }
    }
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}
