//! Templates of sprig's own tests with what they must print (`sprig-cases.json`). The few that cannot hold are listed
//! with their reasons in `sprig-cases.differences.json`.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::collections::BTreeMap;

use aktus_gotmpl::go::time::{Location, Time};
use aktus_gotmpl::{Context, FrozenHost, Kind, NamedType, Object, Profile, Templates, Value, helm_functions};
use serde_json::Value as Json;
use support::{Failures, Integers, case_text, cases, to_value};

/// `type fixtureTO struct { Name, Value string }` of sprig's tests, or a pointer to one.
#[derive(Debug)]
struct Fixture {
    pointer: bool,
}

impl Object for Fixture {
    fn named_type(&self) -> &'static NamedType {
        static STRUCT: NamedType = NamedType { name: "sprig.fixtureTO", kind: Kind::Struct, underlying: None };
        static POINTER: NamedType = NamedType { name: "*sprig.fixtureTO", kind: Kind::Pointer, underlying: None };
        if self.pointer { &POINTER } else { &STRUCT }
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("Name", Value::from("hello")), ("Value", Value::from("world"))]
    }
}

fn data(case: &Json) -> Value {
    match case["vars_go_type"].as_str() {
        Some("*sprig.fixtureTO") => return Value::object(Fixture { pointer: true }),
        Some("sprig.fixtureTO") => return Value::object(Fixture { pointer: false }),
        _ => {}
    }
    let data = to_value(&case["vars"], Integers::Int);
    // JSON made a text of the one kind of value that is none.
    if let Some(time) = case["vars"]["Time"].as_str().and_then(|time| time.parse().ok()) {
        let time = Time::from_timestamp(time, Location::Utc);
        data.as_map().unwrap().insert("Time", Value::object(time)).unwrap();
    }
    data
}

fn render(case: &Json) -> Result<String, String> {
    let mut templates = Templates::new(helm_functions(Profile::Helm4)).named("test");
    templates.parse("test", case_text(case, "tpl")).map_err(|error| error.to_string())?;
    let host = FrozenHost::default();
    templates
        .execute("test", data(case), &mut Context::new(&host, Profile::Helm4))
        .map(|output| String::from_utf8_lossy(&output).into_owned())
        // Helm marks what `fail` raises; sprig does not.
        .map_err(|error| error.to_string().replace("HELM_ERR_START", "").replace("HELM_ERR_END", ""))
}

#[test]
fn recorded_templates() {
    let known: BTreeMap<String, String> =
        serde_json::from_str(include_str!("fixtures/sprig-cases.differences.json")).unwrap();
    let known: Vec<usize> = known.keys().map(|id| id.parse().unwrap()).collect();
    let mut failures = Failures::default();
    for (id, case) in cases(include_str!("fixtures/sprig-cases.json")).iter().enumerate() {
        let expected = match case["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(case_text(case, "expect").to_owned()),
        };
        failures.check(id, case_text(case, "tpl"), &expected, &render(case));
    }
    failures.finish(379, &known);
}
