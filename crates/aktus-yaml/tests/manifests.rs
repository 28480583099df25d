//! Heads of manifests, and nodes with their places.

use aktus_diagnostics::{SourceId, Sources};
use aktus_yaml::node::{Document, Kind, Node, PathStep, Scalar, Style};
use aktus_yaml::{JsonBuilder, Limits, head, head_as, json};

#[track_caller]
fn check_head(text: &str, expected: &str) {
    let found = match head(text.as_bytes(), &Limits::default()) {
        Ok(head) => {
            let metadata = head.metadata.map(|metadata| (metadata.name, metadata.annotations));
            format!("{:?} {:?} {metadata:?}", head.api_version, head.kind)
        }
        Err(error) => format!("ERROR {error}"),
    };
    assert_eq!(found, expected, "{text:?}");
}

#[test]
fn heads() {
    check_head("", r#""" "" None"#);
    check_head("# nothing", r#""" "" None"#);
    check_head("apiVersion: v1\nkind: Pod\nspec: {a: 1}", r#""v1" "Pod" None"#);
    check_head("metadata: {name: a}", r#""" "" Some(("a", None))"#);
    check_head("metadata: {annotations: {}}", r#""" "" Some(("", Some({})))"#);
    check_head("metadata:\nkind: null", r#""" "" None"#);
}

#[test]
fn numbers_and_truth_values_become_text() {
    check_head(
        "kind: .inf\napiVersion: 1\nmetadata: {annotations: {a: 1.5, b: 1e10, c: 0x10, d: null, e: yes}}",
        r#""1" "+Inf" Some(("", Some({"a": "1.5", "b": "1e+10", "c": "16", "d": "", "e": "true"})))"#,
    );
}

#[test]
fn fields_match_without_regard_to_case() {
    check_head("KIND: x\nkind: w\nKind: z", r#""" "w" None"#);
    check_head("metadata: {name: x}\nMetadata: {annotations: {a: b}}", r#""" "" Some(("x", Some({"a": "b"})))"#);
    check_head("metadata: null\nMetadata: {name: w}", r#""" "" None"#);
    check_head("metadata: {annotations: {a: b}, annotation\u{17f}: null}", r#""" "" Some(("", None))"#);
}

#[test]
fn aliases_and_merges_count() {
    check_head("x: &x {name: a}\nmetadata: {<<: *x}", r#""" "" Some(("a", None))"#);
    check_head("metadata: &m {annotations: {a: 1}}\nspec: *m", r#""" "" Some(("", Some({"a": "1"})))"#);
}

#[test]
fn the_whole_document_must_be_valid() {
    let before = "ERROR error converting YAML to JSON:";
    check_head("kind: Pod\nspec: [", &format!("{before} yaml: line 2: did not find expected node content"));
    check_head("kind: Pod\nspec: .inf", &format!("{before} json: unsupported value: +Inf"));
    check_head(
        "kind: Pod\nspec: {null: 1}",
        &format!("{before} unsupported map key of type: %!s(<nil>), key: <nil>, value: 1"),
    );
    check_head("kind: Pod\nspec: !!int x", &format!("{before} yaml: cannot decode !!str `x` as a !!int"));
    check_head("kind: Pod\n? [a]\n: b", &format!("{before} yaml: invalid map key: []interface {{}}{{\"a\"}}"));
}

#[test]
fn fields_must_be_strings() {
    let before = "ERROR error unmarshaling JSON: while decoding JSON: json: cannot unmarshal";
    check_head("[a]", &format!("{before} array into Go value of type util.SimpleHead"));
    check_head("5", &format!("{before} number into Go value of type util.SimpleHead"));
    check_head("kind: {a: 1}", &format!("{before} object into Go struct field SimpleHead.kind of type string"));
    check_head("metadata: {name: [a]}", &format!("{before} array into Go struct field .metadata.name of type string"));
    check_head(
        "metadata: {annotations: 5}",
        &format!("{before} number into Go struct field .metadata.annotations of type map[string]string"),
    );
    check_head(
        "metadata: {annotations: {a: [1]}}",
        &format!("{before} array into Go struct field .metadata.annotations.a of type string"),
    );
    check_head(
        "metadata: x",
        &format!(
            "{before} string into Go struct field SimpleHead.metadata of type struct {{ Name string \
             \"json:\\\"name\\\"\"; Annotations map[string]string \"json:\\\"annotations\\\"\" }}"
        ),
    );
    // The first in the order of keys.
    check_head(
        "kind: [a]\napiVersion: {}",
        &format!("{before} object into Go struct field SimpleHead.apiVersion of type string"),
    );
    let error = head_as(b"[a]", "releaseutil.SimpleHead", &Limits::default()).unwrap_err();
    assert!(error.to_string().ends_with("into Go value of type releaseutil.SimpleHead"));
}

const TEMPLATE: &str = "\
Parameters: &p
  Name: {Type: String, Default: 'it''s'}
Resources:
  Role:
    Tags: [!Ref Name, !Sub \"a\\tb\"]
    Text: |
      one
      two
  Other: *p
# end
";

fn source() -> SourceId {
    SourceId::new(0)
}

/// What `find` leads to in the template: kind, style, tag, and the text under its span.
#[track_caller]
fn check_node(path: &str, kind: Kind, style: Style, tag: Option<&str>, text: &str) {
    let document = Document::parse(TEMPLATE.as_bytes(), source(), &Limits::default()).expect("valid");
    let node = document.root().and_then(|root| root.find(path)).expect(path);
    assert_eq!((node.kind(), node.style(), node.tag().as_deref()), (kind, style, tag), "{path}");
    assert_eq!(TEMPLATE.get(node.span().range()), Some(text), "{path}");
}

#[test]
fn every_node_knows_where_it_stands() {
    check_node("Parameters.Name", Kind::Map, Style::Flow, None, "{Type: String, Default: 'it''s'}");
    check_node("Parameters.Name.Default", Kind::Scalar, Style::SingleQuoted, None, "'it''s'");
    check_node("Resources.Role.Tags", Kind::List, Style::Flow, None, "[!Ref Name, !Sub \"a\\tb\"]");
    check_node("Resources.Role.Tags[0]", Kind::Scalar, Style::Plain, Some("!Ref"), "!Ref Name");
    check_node("Resources.Role.Tags[1]", Kind::Scalar, Style::DoubleQuoted, Some("!Sub"), "!Sub \"a\\tb\"");
    check_node("Resources.Role.Text", Kind::Scalar, Style::Literal, None, "|\n      one\n      two\n");
    check_node("Resources.Other", Kind::Map, Style::Block, None, "*p");
}

fn with_template<R>(look: impl FnOnce(Node<'_>) -> R) -> R {
    let document = Document::parse(TEMPLATE.as_bytes(), source(), &Limits::default()).expect("valid");
    look(document.root().expect("not empty"))
}

#[test]
fn nodes_have_text_items_and_entries() {
    with_template(|root| {
        assert_eq!(root.find("Resources.Role.Tags[1]").and_then(|node| node.text()), Some("a\tb"));
        assert_eq!(root.find("Parameters.Name.Default").and_then(|node| node.text()), Some("it's"));
        let tags = root.find("Resources.Role.Tags").expect("it stands there");
        assert_eq!(tags.items().map(|item| item.text().unwrap()).collect::<Vec<_>>(), ["Name", "a\tb"]);
        let keys: Vec<_> = root.entries().filter_map(|(key, _)| key.text()).collect();
        assert_eq!(keys, ["Parameters", "Resources"]);
        assert!(root.text().is_none() && root.items().next().is_none() && tags.entries().next().is_none());
    });
}

#[test]
fn paths_lead_through_aliases_and_end_where_nothing_is() {
    with_template(|root| {
        let through = root.find("Resources.Other.Name.Type").expect("the alias leads there");
        assert_eq!(through.text(), Some("String"));
        assert!(root.find("Resources.Other.Nmae").is_none());
        assert!(root.find("Resources.Role.Tags[2]").is_none());
        let path = [PathStep::Key("Resources"), PathStep::Key("Role"), PathStep::Key("Arn"), PathStep::Index(1)];
        let (last, steps) = root.follow_far(&path);
        assert_eq!((last.kind(), steps), (Kind::Map, 2));
    });
}

#[test]
fn a_node_builds_the_value_that_read_makes() {
    with_template(|root| {
        let role = root.find("Resources.Role").expect("it stands there");
        let value = role.build(&mut JsonBuilder).unwrap();
        let expected = r#"{"Tags":["Name","a\tb"],"Text":"one\ntwo\n"}"#;
        assert_eq!(json::write(&value, json::Style::Compact).unwrap(), expected);
        let other = root.find("Resources.Other").expect("it stands there");
        let value = other.build(&mut JsonBuilder).unwrap();
        let expected = r#"{"Name":{"Default":"it's","Type":"String"}}"#;
        assert_eq!(json::write(&value, json::Style::Compact).unwrap(), expected);
    });
}

#[test]
fn keys_are_found_as_go_finds_them() {
    let text = "a: 1\nyes: 2\n1_0: 3\na: 4\nm: {<<: [{x: 1, w: 1}, {x: 2, z: 2}], w: 9}\np: {w: 9, <<: {w: 1}}\n";
    let document = Document::parse(text.as_bytes(), source(), &Limits::default()).unwrap();
    let root = document.root().unwrap();
    let found = |path: &str| root.find(path).and_then(|node| node.scalar()).and_then(Result::ok);
    assert_eq!(found("a"), Some(Scalar::Int(4)));
    assert_eq!(found("true"), Some(Scalar::Int(2)));
    assert_eq!(found("10"), Some(Scalar::Int(3)));
    assert_eq!(found("m.x"), Some(Scalar::Int(1)));
    assert_eq!(found("m.w"), Some(Scalar::Int(9)));
    assert_eq!(found("m.z"), Some(Scalar::Int(2)));
    assert_eq!(found("p.w"), Some(Scalar::Int(1)));
    assert_eq!(found("yes"), None);
}

#[test]
fn a_bad_scalar_is_found_when_it_is_asked_for() {
    let document = Document::parse(b"a: !!int x", source(), &Limits::default()).unwrap();
    let node = document.root().and_then(|root| root.get("a")).unwrap();
    let error = node.scalar().unwrap().unwrap_err();
    assert_eq!(error.go_yaml(), "yaml: cannot decode !!str `x` as a !!int");
    assert_eq!(error.range(), 3..10);
}

/// The line and column, both from 1, and the message of the diagnostic.
#[track_caller]
fn check_diagnostic(text: &str, line: u32, column: u32, message: &str, hinted: bool) {
    let mut sources = Sources::new();
    let source = sources.add("values.yaml", text);
    let error = aktus_yaml::read_json(text.as_bytes()).expect_err("it is wrong");
    let diagnostic = error.diagnostic(source);
    let position = sources.position(diagnostic.span).expect("it points into the text");
    assert_eq!((position.line, position.column, diagnostic.message.as_str()), (line, column, message), "{text:?}");
    assert_eq!(!diagnostic.hints.is_empty(), hinted, "{text:?}");
}

#[test]
fn diagnostics_point_at_the_place_itself() {
    check_diagnostic("a: 1\nb: c: d\n", 2, 5, "mapping values are not allowed in this context", true);
    check_diagnostic("a:\n  b: @x\n", 2, 6, "found character that cannot start any token", true);
    check_diagnostic("a: 1\nb: [.inf]\n", 2, 4, "json: unsupported value: +Inf", false);
    check_diagnostic("\u{feff}a: 1\nb: *x\n", 2, 4, "unknown anchor 'x' referenced", false);
    check_diagnostic("a: 1\nb: \u{7}\n", 2, 4, "control characters are not allowed", true);
}
