//! Documents meant to crash, hang or fill the memory, and those that readers like to disagree on.
//! Expected: refused with an error, or read as Helm reads them.

use aktus_yaml::{Json, JsonBuilder, Limits, documents, head, json, node::Document, read, read_json};

fn compact(value: &Json) -> String {
    json::write(value, json::Style::Compact).expect("what was read can be written")
}

fn outcome(text: &[u8]) -> String {
    match read_json(text) {
        Ok(value) => compact(&value),
        Err(error) => format!("ERROR {}", error.go_yaml()),
    }
}

#[track_caller]
fn check(text: impl AsRef<[u8]>, expected: &str) {
    let text = text.as_ref();
    let shown = String::from_utf8_lossy(text.get(..80.min(text.len())).unwrap_or_default());
    assert_eq!(outcome(text), expected, "{shown:?}");
    // The other readers must end as well.
    let source = aktus_diagnostics::SourceId::new(0);
    if let Ok(document) = Document::parse(text, source, &Limits::default()) {
        let node = document.root().and_then(|root| root.get("no such key"));
        assert!(node.is_none());
    }
    assert!(head(text, &Limits::default()).is_err() || !expected.starts_with("ERROR"));
}

#[track_caller]
fn check_limit(text: impl AsRef<[u8]>, limit: &str) {
    check(text, &format!("ERROR yaml: document has more than {limit}"));
}

#[test]
fn y1_billion_laughs() {
    let mut lines = vec!["a: &a [lol,lol,lol,lol,lol,lol,lol,lol,lol]\n".to_owned()];
    for (name, before) in ('b'..='i').zip('a'..) {
        let aliases = format!("*{before},").repeat(9);
        lines.push(format!("{name}: &{name} [{aliases}]\n"));
    }
    check(lines.concat(), "ERROR yaml: document contains excessive aliasing");
}

#[test]
fn y2_one_long_scalar_many_times() {
    let text = format!("a: &a {}\nb: [{}]", "x".repeat(100_000), "*a,".repeat(20_000));
    check_limit(text, "67108864 bytes of scalars after aliases are expanded");
}

#[test]
fn y3_merge_bomb() {
    let mut lines = vec!["m0: &m0 {k: v}\n".to_owned()];
    for level in 1..30 {
        let before = level - 1;
        lines.push(format!("m{level}: &m{level} {{<<: [*m{before},*m{before},*m{before}]}}\n"));
    }
    check(lines.concat(), "ERROR yaml: document contains excessive aliasing");
}

#[test]
fn y4_deep_flow_lists() {
    check_limit("[".repeat(100_000), "64 levels of nesting");
}

#[test]
fn y5_deep_block_lists() {
    check_limit("- ".repeat(100_000), "64 levels of nesting");
}

#[test]
fn y6_deep_block_maps() {
    let lines: Vec<String> = (0..3_000).map(|depth| " ".repeat(depth) + "a:\n").collect();
    check_limit(lines.concat(), "64 levels of nesting");
}

#[test]
fn y7_deep_mixed_flow() {
    check_limit(format!("[{}", "{".repeat(40_000)), "64 levels of nesting");
    check_limit("{a: ".repeat(40_000), "64 levels of nesting");
    check_limit("? ".repeat(40_000), "64 levels of nesting");
}

#[test]
fn y8_duplicate_keys() {
    check("a: 1\na: 2", r#"{"a":2}"#);
    check("a: .inf\na: 2", r#"{"a":2}"#);
}

#[test]
fn y9_values_that_contain_themselves() {
    check("&a [*a]", "ERROR yaml: anchor 'a' value contains itself");
    check("&a {k: *a}", "ERROR yaml: anchor 'a' value contains itself");
    check("a: &a {<<: *a}", "ERROR yaml: anchor 'a' value contains itself");
    check("a: &a [*b]\nb: &b [*a]", "ERROR yaml: unknown anchor 'b' referenced");
}

#[test]
fn y10_sheer_size() {
    let long = "k".repeat(5 << 20);
    // A key without quotes or `?` may have 1,024 characters.
    check(format!("{long}: 1"), "ERROR yaml: mapping values are not allowed in this context");
    check(format!("{long}\n"), &format!("\"{long}\""));
    check("1".repeat(1 << 20), &format!("\"{}\"", "1".repeat(1 << 20)));
    check("--- a\n".repeat(500_000), "\"a\"");
    assert_eq!(documents("---\na: 1\n".repeat(500_000).as_bytes()).count(), 500_000);
    check_limit("[".to_owned() + &"a,".repeat(300_000) + "]", "250000 nodes");
    check_limit("a".repeat((16 << 20) + 1), "16777216 bytes of text");
    check_limit(format!("a: &a x\nb: [{}]", "*a,".repeat(60_000)), "50000 aliases");
}

#[test]
fn y11_directives_and_tags() {
    check("%YAML 1.1\n".repeat(100_000), "ERROR yaml: line 1: found duplicate %YAML directive");
    check("%YAML 1.2\n---\na", "ERROR yaml: found incompatible YAML document");
    check("%FOO\n---\na", "ERROR yaml: found unknown directive name");
    check(format!("!{} a", "t".repeat(1 << 20)), "\"a\"");
    check(format!("[{}]", "!t a, ".repeat(3)), r#"["a","a","a"]"#);
    let tags = format!("%TAG ! tag:{},2000:\n--- [{}]", "x".repeat(1 << 20), "!t a,".repeat(1_000));
    check_limit(tags, "67108864 bytes of scalars after aliases are expanded");
    check("!!python/object/apply:os.system [id]", r#"["id"]"#);
    check("a: !!python/object:x {b: 1}", r#"{"a":{"b":1}}"#);
    check("a: !!binary YWJj", r#"{"a":"abc"}"#);
    check("a: !!binary /w==", "{\"a\":\"\u{fffd}\"}");
    check("a: !!binary '*'", "ERROR yaml: !!binary value contains invalid base64 data");
    check("a: !!int x", "ERROR yaml: cannot decode !!str `x` as a !!int");
    check("a: !nope!x y", "ERROR yaml: found undefined tag handle");
}

#[test]
fn y12_characters() {
    check("a:\n\tb: 1", "ERROR yaml: line 2: found character that cannot start any token");
    check("a: 1\n\tb", "ERROR yaml: line 2: found a tab character that violates indentation");
    check("a: \0", "ERROR yaml: control characters are not allowed");
    check("a: \x7f", "ERROR yaml: control characters are not allowed");
    check(b"a: \xff", "ERROR yaml: invalid leading UTF-8 octet");
    check(b"a: \xc3(", "ERROR yaml: invalid trailing UTF-8 octet");
    check(b"a: \xe6\x97", "ERROR yaml: incomplete UTF-8 octet sequence");
    check(b"a: \xc0\x80", "ERROR yaml: invalid length of a UTF-8 sequence");
    check(b"a: \xed\xa0\x80", "ERROR yaml: invalid Unicode character");
    check("\u{feff}a: 1", r#"{"a":1}"#);
    check(b"\xff\xfea\0:\0 \0\x31\0", r#"{"a":1}"#);
    check(b"\xfe\xff\0a\0:\0 \0\x31", r#"{"a":1}"#);
    check(b"\xff\xfea\0:\0 \0\x3d\xd8\x00\xde", "{\"a\":\"\u{1f600}\"}");
    check(b"\xff\xfea\0:\0 \0\x00\xde", "ERROR yaml: unexpected low surrogate area");
    check(b"\xff\xfea", "ERROR yaml: incomplete UTF-16 character");
    // A bad character is noticed when its step of 512 bytes is read: before a mistake at its side …
    check(b"a: b: c \x01", "ERROR yaml: control characters are not allowed");
    // … but after one in an earlier step.
    let far = [b"a: b: c\n# ", &[b'x'; 600][..], b"\x01"].concat();
    check(far, "ERROR yaml: mapping values are not allowed in this context");
}

#[test]
fn y13_values_that_readers_disagree_on() {
    check("a: &x 1\n---\nb: *x", r#"{"a":1}"#);
    check("b: *x", "ERROR yaml: unknown anchor 'x' referenced");
    check("[0o17, 017, 08, 1e400, 0b11, 1_0, +1, -0]", r#"[15,15,8,"1e400",3,10,1,0]"#);
    check("[.nan]", "ERROR json: unsupported value: NaN");
    check(".nan: 1", r#"{".nan":1}"#);
    check("{1: a, 1.10: b, yes: c, 010: d, 1e3: e}", r#"{"1":"a","1.1":"b","1000":"e","8":"d","true":"c"}"#);
    check(
        "18446744073709551615: a",
        "ERROR unsupported map key of type: uint64, key: 0xffffffffffffffff, value: \"a\"",
    );
    check("? [a]\n: b", "ERROR yaml: invalid map key: []interface {}{\"a\"}");
    check("? {}\n: b", "ERROR yaml: invalid map key: map[interface {}]interface {}{}");
    // go-yaml takes a flow collection as a key for a value that ends the document.
    check("[]: x", "[]");
    check("<<: 1", "ERROR yaml: map merge requires map or sequence of maps as the value");
    check("", "null");
    check("...\n", "ERROR yaml: did not find expected node content");
}

#[track_caller]
fn check_bound(limits: &Limits, within: &str, beyond: &str) {
    let within = read(within.as_bytes(), &mut JsonBuilder, limits);
    assert!(within.is_ok(), "{within:?}");
    let beyond = read(beyond.as_bytes(), &mut JsonBuilder, limits);
    assert!(matches!(beyond, Err(aktus_yaml::Error::Limit { .. })), "{beyond:?}");
}

#[test]
fn every_limit_at_its_value_and_beyond() {
    let limits = Limits::default;
    check_bound(&Limits { bytes: 4, ..limits() }, "a: 1", "a: 12");
    check_bound(&Limits { depth: 2, ..limits() }, "a: [b]", "a: [[b]]");
    check_bound(&Limits { depth: 2, ..limits() }, "a: &a [b]\nc: *a", "a: &a [b]\nc: [*a]");
    check_bound(&Limits { nodes: 4, ..limits() }, "[a, b, c]", "[a, b, c, d]");
    check_bound(&Limits { aliases: 2, ..limits() }, "[&a b, *a, *a]", "[&a b, *a, *a, *a]");
    let expanded = Limits { nodes: 5, expanded_nodes: 8, ..limits() };
    check_bound(&expanded, "[&a [b], *a, c]", "[&a [b], *a, *a]");
    check_bound(&Limits { scalar_bytes: 6, ..limits() }, "[&a bb, *a, *a]", "[&a bb, *a, *a, c]");
}

#[test]
fn depth_has_a_ceiling_that_no_stack_minds() {
    let limits = Limits { depth: usize::MAX, nodes: usize::MAX, ..Limits::default() };
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    check_bound(&limits, &nested(256), &nested(257));
    let value = read(nested(256).as_bytes(), &mut JsonBuilder, &limits).expect("within the limits");
    assert_eq!(compact(&value), nested(256));
    assert!(json::read(nested(256).as_bytes(), &mut JsonBuilder, &limits).is_ok());
    assert!(json::read(nested(257).as_bytes(), &mut JsonBuilder, &limits).is_err());
}

/// Cuts and doubles real documents everywhere: whatever comes out, it must come out.
#[test]
fn mutated_documents_never_panic() {
    let seeds = [
        "a: &x {k: 1}\nb: {<<: *x, k: 2}\nc: !!int '3'\nd: |+\n  x\n\n  y\ne: >-\n  f\n  g\n",
        "%TAG ! tag:x,2000:\n--- !t\n- \"a\\x41\\u00e9\\\n  b\"\n- 'it''s\n\n  c'\n- ? [q]\n  : r\n",
        "k: [a, {b: c, d}, *x]\n? |\n  key\n: - - 1\n  - &y\n...\n",
    ];
    let pieces =
        [":", "-", "\n", "\t", "[", "}", "\"", "'", "#", "|", "&", "*", "!", "%", "\u{85}", "\u{feff}", "\0", "? "];
    for seed in seeds {
        for at in (0..seed.len()).filter(|at| seed.is_char_boundary(*at)) {
            let (before, after) = seed.split_at(at);
            for piece in pieces {
                outcome(format!("{before}{piece}{after}").as_bytes());
            }
            outcome(before.as_bytes());
            outcome(after.as_bytes());
            outcome(&seed.as_bytes()[..at]);
        }
    }
}
