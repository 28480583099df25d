//! Values against `values.schema.json`, in the words of Helm 4.2.4.
//!
//! The expected texts were made by Helm; where Helm's order is that of a Go map, ours is sorted.

use std::collections::BTreeMap;

use aktus_helm::values::ExternalSchemas;
use aktus_helm::{Chart, FrozenHost, LoadOptions, RenderError, RenderOptions, Values, render};

const VALUES: &str = "a: {b: 1}\nl: [1, 2]\nm: 1e21\nn: 12345.5\no: {}\ns: it's \"q\"\n";

const HEAD: &str = "values don't meet the specifications of the schema(s) in the following chart(s):\nc:\n";

fn run(schema: &str) -> Result<(), RenderError> {
    run_with(schema, &RenderOptions::default())
}

fn run_with(schema: &str, options: &RenderOptions) -> Result<(), RenderError> {
    let files = [
        ("Chart.yaml", "apiVersion: v2\nname: c\nversion: 0.1.0"),
        ("values.yaml", "\"n\": 12345.5"),
        ("values.schema.json", schema),
    ];
    let chart = Chart::from_files(files, &LoadOptions::default()).expect("a chart");
    let values = Values::from_yaml(VALUES.replace("n:", "\"n\":").as_bytes()).expect("values");
    render(&chart, &values, options, &FrozenHost::default()).map(|_| ())
}

#[track_caller]
fn check(schema: &str, expected: &str) {
    let error = run(schema).expect_err("the values do not fit").to_string();
    assert_eq!(error.strip_prefix(HEAD), Some(expected), "{schema}");
}

#[test]
fn values_that_fit() {
    for schema in [
        "{}",
        "true",
        r#"{"properties":{"n":{"type":"number"},"l":{"items":{"type":"integer"}}}}"#,
        r#"{"$id":"https://example.com/s.json","required":["a"]}"#,
        // Names of dialects are not loaded.
        r#"{"$schema":"http://json-schema.org/schema#","required":["a"]}"#,
        r#"{"$schema":"https://json-schema.org/draft-07/schema","required":["a"]}"#,
        r##"{"$ref":"#/$defs/a","$defs":{"a":{"$schema":"https://json-schema.org/draft-07/schema","required":["a"]}}}"##,
        r#"{"properties":{"s":{"format":"ipv4"}}}"#,
        r##"{"$ref":"#/$defs/a","$defs":{"a":{"type":"object","properties":{"z":{"$ref":"#"}}}}}"##,
        r#"{"properties":{"a":{"$ref":"urn:x"}}}"#,
    ] {
        if let Err(error) = run(schema) {
            panic!("{schema}: {error}");
        }
    }
}

#[test]
fn values_that_do_not_fit() {
    check(
        r#"{"properties":{"o":{"oneOf":[{"type":"string"},{"type":["number","integer"]}]},"l":{"minItems":12345},"n":{"maximum":1000.25},"m":{"maximum":1e20},"a":{"allOf":[{"required":["x","y"]},{"required":["z"]}]},"s":{"pattern":"^'x"}}}"#,
        "- at '/a': 'allOf' failed\n  - at '/a': missing properties 'x', 'y'\n  - at '/a': missing property 'z'\n\
         - at '/l': minItems: got 2, want 12,345\n- at '/m': maximum: got 1×10²¹, want 1×10²⁰\n\
         - at '/n': maximum: got 12,345.5, want 1,000.25\n- at '/o': 'oneOf' failed, none matched\n  \
         - at '/o': got object, want string\n  - at '/o': got object, want number or integer\n\
         - at '/s': 'it\\'s \"q\"' does not match pattern '^\\'x'\n",
    );
    check(
        r##"{"properties":{"o":{"$ref":"#/$defs/x"}},"$defs":{"x":{"required":["a","b"],"minProperties":3}}}"##,
        "- at '/o': validation failed\n  - at '/o': minProperties: got 0, want 3\n  \
         - at '/o': missing properties 'a', 'b'\n",
    );
    check(
        r##"{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"required":["k"]}}}"##,
        "- at '': missing property 'k'\n",
    );
    check(
        r#"{"$schema":"http://json-schema.org/draft-07/schema#","required":["zz"],"properties":{"a":{"type":"string"},"l":{"items":{"type":"string"}}}}"#,
        "- at '': missing property 'zz'\n- at '/a': got object, want string\n- at '/l': validation failed\n  \
         - at '/l/0': got number, want string\n  - at '/l/1': got number, want string\n",
    );
    check(
        r#"{"propertyNames":{"pattern":"^[a-n]"},"properties":{"o":{"not":{}}}}"#,
        "- at '/o': 'not' failed\n- at '': invalid propertyName 'o'\n  - at '': 'o' does not match pattern '^[a-n]'\n\
         - at '': invalid propertyName 's'\n  - at '': 's' does not match pattern '^[a-n]'\n",
    );
    check(
        r#"{"additionalProperties":false,"properties":{"a":false}}"#,
        "- at '/a': false schema\n- at '': additional properties 'l', 'm', 'n', 'o', 's' not allowed\n",
    );
    check(
        r#"{"unevaluatedProperties":false,"properties":{"a":true,"l":true,"m":true,"n":true}}"#,
        "- at '/o': false schema\n- at '/s': false schema\n",
    );
    check(r#"{"oneOf":[{},{"required":["a"]}]}"#, "- at '': 'oneOf' failed, subschemas 0, 1 matched\n");
    check(
        r#"{"dependentRequired":{"a":["q","r"]},"if":{},"then":{"required":["w"]}}"#,
        "- at '': properties 'q', 'r' required, if 'a' exists\n- at '': missing property 'w'\n",
    );
    check(
        r#"{"properties":{"n":{"enum":[1,1.5,"x",null,true]},"m":{"const":{"a":1}},"l":{"uniqueItems":true,"maxItems":1}}}"#,
        "- at '/l': maxItems: got 2, want 1\n- at '/m': 'const' failed\n\
         - at '/n': value must be one of 1, 1.5, 'x', <nil>, true\n",
    );
    check(
        r##"{"minProperties":100,"properties":{"a":{"anyOf":[{"required":["x"],"minProperties":5},{"$ref":"#/$defs/d"}]}},"$defs":{"d":{"type":"string"}}}"##,
        "- at '': minProperties: got 6, want 100\n- at '/a': 'anyOf' failed\n  - at '/a': validation failed\n    \
         - at '/a': minProperties: got 1, want 5\n    - at '/a': missing property 'x'\n  \
         - at '/a': got object, want string\n",
    );
    check("false", "- at '': false schema\n");
}

#[test]
fn formats_count_up_to_draft_7() {
    let schema = |draft: &str, format: &str| {
        format!(
            r#"{{"$schema":"{draft}","properties":{{"s":{{"type":"string","format":"{format}","minLength":99}}}}}}"#
        )
    };
    let draft_7 = |format: &str| schema("http://json-schema.org/draft-07/schema#", format);
    let found = r#"- at '/s': 'it\'s "q"' is not valid"#;
    check(&draft_7("ipv4"), &format!("{found} ipv4: expected four decimals\n"));
    check(&draft_7("uri"), &format!("{found} uri: relative url\n"));
    check(&draft_7("hostname"), &format!("{found} hostname: invalid character '\\''\n"));
    check(&schema("http://json-schema.org/draft-04/schema#", "email"), &format!("{found} email: missing @\n"));
    for format in ["bogus", "idn-email", "regex"] {
        check(&draft_7(format), "- at '/s': minLength: got 8, want 99\n");
    }
    check(&schema("https://json-schema.org/draft/2019-09/schema", "ipv4"), "- at '/s': minLength: got 8, want 99\n");
}

#[test]
fn patterns_are_those_of_go() {
    let why = "'(?=x)' is not valid regex: error parsing regexp: invalid or unsupported Perl syntax: `(?=`";
    check(
        r#"{"properties":{"a":{"properties":{"b":{"pattern":"(?=x)"}}}}}"#,
        &format!(
            "\"file:///values.schema.json#\" is not valid against metaschema: jsonschema validation failed with \
             'https://json-schema.org/draft/2020-12/schema#'\n- at '': 'allOf' failed\n  \
             - at '/properties/a': 'allOf' failed\n    - at '/properties/a/properties/b': 'allOf' failed\n      \
             - at '/properties/a/properties/b/pattern': {why}"
        ),
    );
    check(
        r#"{"$schema":"http://json-schema.org/draft-07/schema#","pattern":"(?=x)"}"#,
        &format!(
            "\"file:///values.schema.json#\" is not valid against metaschema: jsonschema validation failed with \
             'http://json-schema.org/draft-07/schema#'\n- at '/pattern': {why}"
        ),
    );
}

#[test]
fn texts_that_are_no_schema() {
    check("", "EOF");
    check("{", "unexpected EOF");
    check("{} x", "invalid character after top-level value");
    let head = "\"file:///values.schema.json#\" is not valid against metaschema: \
                jsonschema validation failed with 'https://json-schema.org/draft/2020-12/schema#'\n";
    for (schema, found) in [("null", "null"), ("[]", "array"), ("\"x\"", "string"), ("1", "number")] {
        check(schema, &format!("{head}- at '': got {found}, want boolean or object"));
    }
    check(
        r#"{"properties":{"a":{"type":"strng"}}}"#,
        &format!(
            "{head}- at '': 'allOf' failed\n  - at '/properties/a': 'allOf' failed\n    \
             - at '/properties/a/type': 'anyOf' failed\n      - at '/properties/a/type': value must be one of \
             'array', 'boolean', 'integer', 'null', 'number', 'object', 'string'\n      \
             - at '/properties/a/type': got string, want array"
        ),
    );
    check(
        r##"{"properties":{"a":{"$ref":"#/$defs/y"}}}"##,
        "json-pointer in \"file:///values.schema.json#/$defs/y\" not found",
    );
}

#[test]
fn nothing_is_loaded() {
    for uri in ["file:///dev/zero", "file:///proc/self/environ", "http://127.0.0.1:1/", "http://169.254.169.254/x"] {
        check(&format!(r#"{{"properties":{{"a":{{"$ref":"{uri}"}}}}}}"#), &format!("external $ref not allowed: {uri}"));
    }
    check(r#"{"$schema":"http://example.com/custom"}"#, "external $ref not allowed: http://example.com/custom");
}

/// What Helm says when these lie where the schema looks.
#[test]
fn what_is_allowed_is_loaded() {
    let known = [
        ("file:///a/text.json", r#"{"type": "string"}"#),
        ("file:///a/no-schema.json", r#"{"type": 12}"#),
        ("file:///a/half.json", r#"{"type":"#),
        ("file:///a/parts.json", r#"{"$defs": {"text": {"$ref": "text.json"}}}"#),
        ("file:///a/far.json", r#"{"$ref": "../b/x.json"}"#),
    ];
    let known: BTreeMap<String, Vec<u8>> =
        known.into_iter().map(|(address, text)| (address.to_owned(), text.as_bytes().to_vec())).collect();
    let options = RenderOptions { external_schemas: ExternalSchemas::from(known), ..RenderOptions::default() };
    let check = |reference: &str, expected: Option<&str>| {
        let schema = format!(r#"{{"properties": {{"n": {{"$ref": "{reference}"}}}}}}"#);
        let found = run_with(&schema, &options).err().map(|error| error.to_string());
        assert_eq!(found, expected.map(|expected| format!("{HEAD}{expected}")), "{reference}");
    };
    let no_text = "- at '/n': got number, want string\n";
    check("file:///a/text.json", Some(no_text));
    check("file:///a/parts.json#/$defs/text", Some(no_text));
    check("file:///a/far.json", Some("external $ref not allowed: file:///b/x.json"));
    check("file:///a/text.json#/$defs/z", Some("json-pointer in \"file:///a/text.json#/$defs/z\" not found"));
    check("file:///a/half.json", Some("failing loading \"file:///a/half.json\": unexpected EOF"));
    check(
        "file:///a/no-schema.json",
        Some(
            "\"file:///a/no-schema.json#\" is not valid against metaschema: jsonschema validation failed with \
             'https://json-schema.org/draft/2020-12/schema#'\n- at '': 'allOf' failed\n  - at '/type': 'anyOf' failed\n    \
             - at '/type': value must be one of 'array', 'boolean', 'integer', 'null', 'number', 'object', 'string'\n    \
             - at '/type': got number, want array",
        ),
    );
    check("file:///a/text.json.orig", Some("external $ref not allowed: file:///a/text.json.orig"));
}

#[test]
fn all_that_is_refused_is_told_in_the_same_order() {
    let references: Vec<String> =
        (0..5).rev().map(|number| format!(r#"{{"$ref": "https://example.com/{number}.json#/$defs/x"}}"#)).collect();
    let schema = format!(r#"{{"allOf": [{}]}}"#, references.join(", "));
    let line = |number: u32| format!("external $ref not allowed: https://example.com/{number}.json\n");
    check(&schema, &format!("{}{}{}and 2 more", line(0), line(1), line(2)));
    let Err(RenderError::Schema(error)) = run(&schema) else { panic!("nothing is allowed") };
    assert_eq!(error.refused.len(), 5);
}

/// Helm looks at no definition that nothing uses.
#[test]
fn what_nothing_uses_may_refer_anywhere() {
    let far = r#"{"$ref": "https://example.com/far.json#/x"}"#;
    for schema in [
        format!(r#"{{"$defs": {{"x": {far}}}, "type": "object"}}"#),
        format!(r#"{{"definitions": {{"x": {{"properties": {{"q": {far}}}}}}}, "type": "object"}}"#),
        format!(r##"{{"$ref": "#/$defs/y", "$defs": {{"y": {{}}, "x": {far}, "z": {{"$ref": "#/$defs/x"}}}}}}"##),
        format!(r#"{{"enum": [{far}], "not": {{}}, "if": false, "examples": [{far}]}}"#),
    ] {
        let error = run(&schema).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(!error.contains("external"), "{schema}: {error}");
    }
    for schema in [
        format!(r##"{{"$ref": "#/$defs/y", "$defs": {{"y": {{"$ref": "#/$defs/x"}}, "x": {far}}}}}"##),
        format!(r##"{{"$ref": "#/$defs/y/$defs/z", "$defs": {{"y": {{"$defs": {{"z": {far}}}}}}}}}"##),
        format!(r##"{{"$ref": "#z", "$defs": {{"y": {{"$anchor": "z"}}, "x": {far}}}}}"##),
        format!(r#"{{"if": {far}}}"#),
    ] {
        let error = run(&schema).expect_err("it is used, or may be").to_string();
        assert!(error.contains("external $ref not allowed: https://example.com/far.json"), "{schema}: {error}");
    }
}

#[test]
fn hostile_schemas_end() {
    let chain = |links: usize| {
        let links: Vec<String> =
            (0..links).map(|index| format!(r##""d{index}":{{"$ref":"#/$defs/d{}"}}"##, index + 1)).collect();
        format!(r##"{{"$ref":"#/$defs/d0","$defs":{{{}}}}}"##, links.join(","))
    };
    check(&chain(20_000), "the schema has 20001 references, more than the maximum of 10000");
    assert!(run(r##"{"$ref":"#"}"##).is_ok() || run(r##"{"$ref":"#"}"##).is_err());
    let deep = format!("{}true{}", r#"{"properties":{"a":"#.repeat(3_000), "}}".repeat(3_000));
    assert!(run(&deep).is_err());
    let nested = format!(r#"{{"pattern":"^(a+)+$","x":{}}}"#, "[".repeat(1_000_000));
    assert!(run(&nested).is_err());
}

#[test]
fn the_violations_are_data_too() {
    let Err(RenderError::Schema(error)) = run(r#"{"properties":{"l":{"minItems":3}},"required":["z"]}"#) else {
        panic!("the values do not fit");
    };
    let found: Vec<_> = error.violations.iter().map(|v| (v.path.as_str(), v.message.as_str())).collect();
    assert_eq!(found, [("", "missing property 'z'"), ("/l", "minItems: got 2, want 3")]);
}
