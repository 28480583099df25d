//! encoding/json's texts, numbers and layout; expectations recorded from Go 1.26.

use aktus_yaml::{Json, JsonBuilder, Limits, Shape, Target, Tree, WriteError, json, write_v2, write_v3};

#[track_caller]
fn check(text: impl AsRef<[u8]>, unmarshal: &str, decoder: &str) {
    let text = text.as_ref();
    let compact = |value: &Json| json::write(value, json::Style::Compact).expect("it was read");
    let found = match json::read(text, &mut JsonBuilder, &Limits::JSON) {
        Ok(value) => compact(&value),
        Err(error) => format!("ERROR {error}"),
    };
    assert_eq!(found, unmarshal, "{:?}", String::from_utf8_lossy(text));
    let found = match json::read_first(text, &mut JsonBuilder, &Limits::JSON) {
        Ok((value, used)) => format!("{} after {used}", compact(&value)),
        Err(error) => format!("ERROR {error}"),
    };
    assert_eq!(found, decoder, "{:?}", String::from_utf8_lossy(text));
}

/// Both readers fail alike.
#[track_caller]
fn check_error(text: impl AsRef<[u8]>, error: &str) {
    let error = format!("ERROR {error}");
    check(text, &error, &error);
}

#[test]
fn values() {
    check(
        r#" {"b":[1,2.50,-0,1e2],"a":null} "#,
        r#"{"a":null,"b":[1,2.5,-0,100]}"#,
        r#"{"a":null,"b":[1,2.5,-0,100]} after 31"#,
    );
    check(r#"{"a":1,"a":2}"#, r#"{"a":2}"#, r#"{"a":2} after 13"#);
    check("[]", "[]", "[] after 2");
    check("12345678901234567890", "12345678901234567890", "12345678901234567890 after 20");
    check("true", "true", "true after 4");
}

#[test]
fn strings() {
    check(r#""A\ud83d\ude00\/\t""#, "\"A😀/\\t\"", "\"A😀/\\t\" after 19");
    check(r#""\ud83dx""#, "\"\u{fffd}x\"", "\"\u{fffd}x\" after 9");
    check(r#""\ud83dA""#, "\"\u{fffd}A\"", "\"\u{fffd}A\" after 9");
    check(b"\"a\xff\xe6\x97b\"", "\"a\u{fffd}\u{fffd}\u{fffd}b\"", "\"a\u{fffd}\u{fffd}\u{fffd}b\" after 7");
    check("\"<&>\u{2028}\"", r#""\u003c\u0026\u003e\u2028""#, r#""\u003c\u0026\u003e\u2028" after 8"#);
}

#[test]
fn what_follows_the_value() {
    check("1,2", "ERROR invalid character ',' after top-level value", "1 after 1");
    check("{} x", "ERROR invalid character 'x' after top-level value", "{} after 2");
    check("01", "ERROR invalid character '1' after top-level value", "0 after 1");
}

#[test]
fn ends() {
    let unexpected_end = "ERROR unexpected end of JSON input";
    check("", unexpected_end, "ERROR EOF");
    check("  ", unexpected_end, "ERROR EOF");
    check("{\"a\":", unexpected_end, "ERROR unexpected EOF");
    check("[1,", unexpected_end, "ERROR unexpected EOF");
    check("\"abc", unexpected_end, "ERROR unexpected EOF");
    check("-", "ERROR invalid character ' ' in numeric literal", "ERROR unexpected EOF");
    check("tru", "ERROR invalid character ' ' in literal true (expecting 'e')", "ERROR unexpected EOF");
    check("\"\\u12", "ERROR invalid character ' ' in \\u hexadecimal character escape", "ERROR unexpected EOF");
}

#[test]
fn mistakes() {
    check_error("x", "invalid character 'x' looking for beginning of value");
    check_error("{a}", "invalid character 'a' looking for beginning of object key string");
    check_error("{\"a\" 1}", "invalid character '1' after object key");
    check_error("{\"a\":1 \"b\"}", "invalid character '\"' after object key:value pair");
    check_error("[1 2]", "invalid character '2' after array element");
    check_error("[1,]", "invalid character ']' looking for beginning of value");
    check_error("{\"a\":1,}", "invalid character '}' looking for beginning of object key string");
    check_error("nul!", "invalid character '!' in literal null (expecting 'l')");
    check_error("1.x", "invalid character 'x' after decimal point in numeric literal");
    check_error("1ex", "invalid character 'x' in exponent of numeric literal");
    check_error("-x", "invalid character 'x' in numeric literal");
    check_error("\"\\q\"", "invalid character 'q' in string escape code");
    check_error("\"\\u12g4\"", "invalid character 'g' in \\u hexadecimal character escape");
    check_error("\"\n\"", "invalid character '\\n' in string literal");
    check_error("'a'", "invalid character '\\'' looking for beginning of value");
    check_error("é", "invalid character 'Ã' looking for beginning of value");
    check_error("[1e999]", "json: cannot unmarshal number 1e999 into Go value of type float64");
    // Syntax is checked first.
    check("[1e999", "ERROR unexpected end of JSON input", "ERROR unexpected EOF");
}

#[test]
fn bounds() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(json::read(nested(128).as_bytes(), &mut JsonBuilder, &Limits::JSON).is_ok());
    let error = json::read(nested(129).as_bytes(), &mut JsonBuilder, &Limits::JSON).unwrap_err();
    assert_eq!(error.to_string(), "document has more than 128 levels of nesting");
    let few = Limits { nodes: 3, ..Limits::JSON };
    assert!(json::read(b"[1, 2]", &mut JsonBuilder, &few).is_ok());
    assert!(json::read(b"[1, 2, 3]", &mut JsonBuilder, &few).is_err());
    let short = Limits { bytes: 3, ..Limits::JSON };
    assert!(json::read(b"[1]", &mut JsonBuilder, &short).is_ok());
    assert!(json::read(b"[12]", &mut JsonBuilder, &short).is_err());
}

/// A Go value with everything that [`Json`] has not.
#[derive(Clone, Debug)]
enum Odd {
    Struct(Vec<(&'static str, Odd)>),
    Time,
    Bytes(&'static [u8]),
    Int(i64),
    Function,
    Endless,
}

impl Tree for Odd {
    fn shape<R>(&self, _: Target, look: impl FnOnce(Shape<'_, Self>) -> R) -> R {
        match self {
            Self::Struct(fields) => {
                look(Shape::Fields(&mut fields.iter().map(|(name, value)| (name.as_bytes().into(), value.clone()))))
            }
            Self::Time => look(Shape::Plain("2001-01-01T00:00:00Z".into())),
            Self::Bytes(bytes) => look(Shape::String((*bytes).into())),
            Self::Int(value) => look(Shape::Int(*value)),
            Self::Function => look(Shape::Unsupported("json: unsupported type: func()".to_owned())),
            Self::Endless => look(Shape::List(&mut std::iter::once(Self::Endless))),
        }
    }
}

#[test]
fn styles() {
    let value = Odd::Struct(vec![
        ("b", Odd::Struct(vec![("<", Odd::Int(1)), ("a", Odd::Bytes(b"x\xff"))])),
        ("a", Odd::Struct(vec![])),
    ]);
    let write = |style| json::write(value.clone(), style).unwrap();
    assert_eq!(write(json::Style::Compact), r#"{"b":{"\u003c":1,"a":"x\ufffd"},"a":{}}"#);
    assert_eq!(write(json::Style::CompactRaw), r#"{"b":{"<":1,"a":"x\ufffd"},"a":{}}"#);
    let pretty = "{\n  \"b\": {\n    \"\\u003c\": 1,\n    \"a\": \"x\\ufffd\"\n  },\n  \"a\": {}\n}";
    assert_eq!(write(json::Style::Pretty), pretty);
    // Through JSON fields are sorted; go-yaml v3 keeps their order and tags what is not UTF-8.
    assert_eq!(write_v2(value.clone()).unwrap(), "a: {}\nb:\n  <: 1\n  a: x\u{fffd}\n");
    assert_eq!(write_v3(value).unwrap(), "b:\n  <: 1\n  a: !!binary eP8=\na: {}\n");
}

#[test]
fn times_are_strings_in_json_and_plain_in_yaml() {
    assert_eq!(json::write(Odd::Time, json::Style::Compact).unwrap(), "\"2001-01-01T00:00:00Z\"");
    assert_eq!(write_v2(Odd::Time).unwrap(), "\"2001-01-01T00:00:00Z\"\n");
    assert_eq!(write_v3(Odd::Time).unwrap(), "2001-01-01T00:00:00Z\n");
}

#[test]
fn what_go_refuses() {
    let unsupported = WriteError::Unsupported("json: unsupported type: func()".to_owned());
    assert_eq!(json::write(Odd::Function, json::Style::Compact), Err(unsupported.clone()));
    assert_eq!(write_v2(Odd::Function), Err(unsupported.clone()));
    assert_eq!(write_v3(Odd::Function), Err(unsupported));
    let nan = WriteError::Unsupported("json: unsupported value: NaN".to_owned());
    assert_eq!(write_v2(&Json::Float(f64::NAN)), Err(nan));
    assert_eq!(write_v3(&Json::Float(f64::NAN)).unwrap(), ".nan\n");
    let long = Json::Map([("k".repeat(1_100), Json::Null)].into());
    let unreadable = WriteError::Unreadable("yaml: did not find expected ',' or '}'".to_owned());
    assert_eq!(write_v2(&long), Err(unreadable));
    let fitting = Json::Map([("k".repeat(1_022), Json::Null)].into());
    assert!(write_v2(&fitting).is_ok());
}

#[test]
fn a_value_that_contains_itself_ends() {
    assert_eq!(json::write(Odd::Endless, json::Style::Compact), Err(WriteError::Depth { limit: 256 }));
    assert_eq!(write_v2(Odd::Endless), Err(WriteError::Depth { limit: 256 }));
    assert_eq!(write_v3(Odd::Endless), Err(WriteError::Depth { limit: 256 }));
}
