//! The rows of `docs/hostile-input.md` on YAML and JSON: documents meant to crash, hang or fill the memory, and those
//! that readers like to disagree on. Each row runs in a process of its own, within the default limits.

use aktus_hostile::{Case, Expected, Row, Suite, answers, refused};
use aktus_yaml::{
    Json, JsonBuilder, Limits, documents, head, json, node::Document, read_json, read_strict, write_v2, write_v3,
};

fn compact(value: &Json) -> String {
    json::write(value, json::Style::Compact).expect("what was read can be written")
}

/// The value as JSON, or go-yaml's error.
fn outcome(text: &[u8]) -> Result<String, String> {
    let value = read_json(text);
    // The other readers must end as well, and agree on what is an error.
    let source = aktus_diagnostics::SourceId::new(0);
    if let Ok(document) = Document::parse(text, source, &Limits::default()) {
        let node = document.root().and_then(|root| root.get("no such key"));
        assert!(node.is_none());
    }
    assert!(value.is_ok() || head(text, &Limits::default()).is_err(), "the fast path takes what the reader refuses");
    let value = value.map_err(|error| error.go_yaml())?;
    // Whoever writes may refuse, but must come to an end.
    let _written = (write_v2(&value).is_ok(), write_v3(&value).is_ok());
    Ok(compact(&value))
}

fn case(text: impl Into<Vec<u8>>, expected: Expected) -> Case {
    let text = text.into();
    let name = String::from_utf8_lossy(text.get(..80.min(text.len())).unwrap_or_default()).into_owned();
    Case::new(name, move || outcome(&text), expected)
}

fn cases<T: Into<Vec<u8>>>(list: impl IntoIterator<Item = (T, Expected)>) -> Vec<Case> {
    list.into_iter().map(|(text, expected)| case(text, expected)).collect()
}

fn beyond(limit: &str) -> Expected {
    refused(format!("yaml: document has more than {limit}"))
}

fn laughs() -> Vec<Case> {
    let mut lines = vec!["a: &a [lol,lol,lol,lol,lol,lol,lol,lol,lol]\n".to_owned()];
    for (name, before) in ('b'..='i').zip('a'..) {
        let aliases = format!("*{before},").repeat(9);
        lines.push(format!("{name}: &{name} [{aliases}]\n"));
    }
    cases([(lines.concat(), refused("yaml: document contains excessive aliasing"))])
}

fn long_scalar() -> Vec<Case> {
    let text = format!("a: &a {}\nb: [{}]", "x".repeat(100_000), "*a,".repeat(20_000));
    cases([(text, beyond("67108864 bytes of scalars after aliases are expanded"))])
}

fn merges() -> Vec<Case> {
    let mut lines = vec!["m0: &m0 {k: v}\n".to_owned()];
    for level in 1..30 {
        let before = level - 1;
        lines.push(format!("m{level}: &m{level} {{<<: [*m{before},*m{before},*m{before}]}}\n"));
    }
    cases([(lines.concat(), refused("yaml: document contains excessive aliasing"))])
}

fn flow_lists() -> Vec<Case> {
    cases([("[".repeat(100_000), beyond("64 levels of nesting"))])
}

fn block_lists() -> Vec<Case> {
    cases([("- ".repeat(100_000), beyond("64 levels of nesting"))])
}

fn block_maps() -> Vec<Case> {
    let lines: Vec<String> = (0..3_000).map(|depth| " ".repeat(depth) + "a:\n").collect();
    cases([(lines.concat(), beyond("64 levels of nesting"))])
}

fn mixed_flow() -> Vec<Case> {
    let deep = beyond("64 levels of nesting");
    cases([
        (format!("[{}", "{".repeat(40_000)), deep.clone()),
        ("{a: ".repeat(40_000), deep.clone()),
        ("? ".repeat(40_000), deep),
    ])
}

fn duplicates() -> Vec<Case> {
    let mut list = cases([("a: 1\na: 2", answers(r#"{"a":2}"#)), ("a: .inf\na: 2", answers(r#"{"a":2}"#))]);
    let strict = || {
        let text = "a: 1\n".repeat(120_000);
        read_strict(text.as_bytes(), &mut JsonBuilder, &Limits::default()).map(|value| compact(&value))
    };
    list.push(Case::new("read strictly", strict, refused("line 101: key \"a\" already set in map")));
    list
}

fn circles() -> Vec<Case> {
    let itself = refused("yaml: anchor 'a' value contains itself");
    cases([
        ("&a [*a]", itself.clone()),
        ("&a {k: *a}", itself.clone()),
        ("a: &a {<<: *a}", itself),
        ("a: &a [*b]\nb: &b [*a]", refused("yaml: unknown anchor 'b' referenced")),
    ])
}

fn sizes() -> Vec<Case> {
    type Text = fn() -> String;
    let long = "k".repeat(5 << 20);
    let mut list = cases([
        // A key without quotes or `?` may have 1,024 characters.
        (format!("{long}: 1"), refused("yaml: mapping values are not allowed in this context")),
        (format!("{long}\n"), answers(format!("\"{long}\""))),
        ("1".repeat(1 << 20), answers(format!("\"{}\"", "1".repeat(1 << 20)))),
        ("--- a\n".repeat(500_000), answers("\"a\"")),
        ("[".to_owned() + &"a,".repeat(300_000) + "]", beyond("250000 nodes")),
        ("a".repeat((16 << 20) + 1), beyond("16777216 bytes of text")),
        (format!("a: &a x\nb: [{}]", "*a,".repeat(60_000)), beyond("50000 aliases")),
        // The most of everything that is read: nodes, text, width.
        (format!("[{}]", "a,".repeat(249_998)), answers(format!("[{}\"a\"]", "\"a\",".repeat(249_997)))),
    ]);
    // As long as a document may be; made when they are needed, so that they are not in memory together.
    let long: [(&str, Text, usize); 8] = [
        ("text", || format!("\"{}\"", "x".repeat((16 << 20) - 2)), 16 << 20),
        ("escapes", || format!("\"{}\"", "\\x41".repeat(4_000_000)), 4_000_002),
        ("a comment", || format!("# {}\n", "x".repeat(16_000_000)), "null".len()),
        ("blank lines", || "\n".repeat(16_000_000), "null".len()),
        ("spaces", || " ".repeat(16_000_000), "null".len()),
        ("spaces before a value", || format!("a: {}b", " ".repeat(16_000_000)), r#"{"a":"b"}"#.len()),
        ("blank lines after a value", || format!("a: b{}", "\n".repeat(16_000_000)), r#"{"a":"b"}"#.len()),
        ("a folded text", || format!("a: >\n{}", "  x\n\n".repeat(3_000_000)), 3_000_000 * 3 + r#"{"a":""}"#.len()),
    ];
    for (name, text, length) in long {
        let run = move || outcome(text().as_bytes()).map(|value| value.len());
        list.push(Case::new(name, run, answers(length.to_string())));
    }
    let many = || Ok::<_, String>(documents("---\na: 1\n".repeat(500_000).as_bytes()).count());
    list.push(Case::new("500,000 documents", many, answers("500000")));
    list
}

fn directives_and_tags() -> Vec<Case> {
    let tags = format!("%TAG ! tag:{},2000:\n--- [{}]", "x".repeat(1 << 20), "!t a,".repeat(1_000));
    cases([
        ("%YAML 1.1\n".repeat(100_000), refused("yaml: line 1: found duplicate %YAML directive")),
        ("%YAML 1.2\n---\na".to_owned(), refused("yaml: found incompatible YAML document")),
        ("%FOO\n---\na".to_owned(), refused("yaml: found unknown directive name")),
        (format!("!{} a", "t".repeat(1 << 20)), answers("\"a\"")),
        (format!("[{}]", "!t a, ".repeat(3)), answers(r#"["a","a","a"]"#)),
        (tags, beyond("67108864 bytes of scalars after aliases are expanded")),
        ("!!python/object/apply:os.system [id]".to_owned(), answers(r#"["id"]"#)),
        ("a: !!python/object:x {b: 1}".to_owned(), answers(r#"{"a":{"b":1}}"#)),
        ("a: !!binary YWJj".to_owned(), answers(r#"{"a":"abc"}"#)),
        ("a: !!binary /w==".to_owned(), answers("{\"a\":\"\u{fffd}\"}")),
        ("a: !!binary '*'".to_owned(), refused("yaml: !!binary value contains invalid base64 data")),
        ("a: !!int x".to_owned(), refused("yaml: cannot decode !!str `x` as a !!int")),
        ("a: !nope!x y".to_owned(), refused("yaml: found undefined tag handle")),
    ])
}

fn characters() -> Vec<Case> {
    // A bad character is noticed when its step of 512 bytes is read: before a mistake at its side, but after one in an
    // earlier step.
    let far = [b"a: b: c\n# ", &[b'x'; 600][..], b"\x01"].concat();
    let list: [(&[u8], Expected); 18] = [
        (b"a:\n\tb: 1", refused("yaml: line 2: found character that cannot start any token")),
        (b"a: 1\n\tb", refused("yaml: line 2: found a tab character that violates indentation")),
        (b"a: \0", refused("yaml: control characters are not allowed")),
        (b"a: \x7f", refused("yaml: control characters are not allowed")),
        (b"a: \xff", refused("yaml: invalid leading UTF-8 octet")),
        (b"a: \xc3(", refused("yaml: invalid trailing UTF-8 octet")),
        (b"a: \xe6\x97", refused("yaml: incomplete UTF-8 octet sequence")),
        (b"a: \xc0\x80", refused("yaml: invalid length of a UTF-8 sequence")),
        (b"a: \xed\xa0\x80", refused("yaml: invalid Unicode character")),
        (b"\xef\xbb\xbfa: 1", answers(r#"{"a":1}"#)),
        (b"\xff\xfea\0:\0 \0\x31\0", answers(r#"{"a":1}"#)),
        (b"\xfe\xff\0a\0:\0 \0\x31", answers(r#"{"a":1}"#)),
        (b"\xff\xfea\0:\0 \0\x3d\xd8\x00\xde", answers("{\"a\":\"\u{1f600}\"}")),
        (b"\xff\xfea\0:\0 \0\x00\xde", refused("yaml: unexpected low surrogate area")),
        (b"\xff\xfea", refused("yaml: incomplete UTF-16 character")),
        (b"a: b: c \x01", refused("yaml: control characters are not allowed")),
        (&far, refused("yaml: mapping values are not allowed in this context")),
        (b"\xef\xbb\xbf\xef\xbb\xbfa: 1", answers(r#"{"a":1}"#)),
    ];
    cases(list)
}

fn disagreements() -> Vec<Case> {
    cases([
        ("a: &x 1\n---\nb: *x", answers(r#"{"a":1}"#)),
        ("b: *x", refused("yaml: unknown anchor 'x' referenced")),
        ("[0o17, 017, 08, 1e400, 0b11, 1_0, +1, -0]", answers(r#"[15,15,8,"1e400",3,10,1,0]"#)),
        ("[.nan]", refused("json: unsupported value: NaN")),
        (".nan: 1", answers(r#"{".nan":1}"#)),
        ("{1: a, 1.10: b, yes: c, 010: d, 1e3: e}", answers(r#"{"1":"a","1.1":"b","1000":"e","8":"d","true":"c"}"#)),
        (
            "18446744073709551615: a",
            refused("unsupported map key of type: uint64, key: 0xffffffffffffffff, value: \"a\""),
        ),
        ("? [a]\n: b", refused("yaml: invalid map key: []interface {}{\"a\"}")),
        ("? {}\n: b", refused("yaml: invalid map key: map[interface {}]interface {}{}")),
        // go-yaml takes a flow collection as a key for a value that ends the document.
        ("[]: x", answers("[]")),
        ("<<: 1", refused("yaml: map merge requires map or sequence of maps as the value")),
        ("", answers("null")),
        ("...\n", refused("yaml: did not find expected node content")),
    ])
}

fn rows() -> Vec<Row> {
    const DEEP: &str = "refused: more than 64 levels of nesting";
    const ALIASES: &str = "refused: excessive aliasing, as go-yaml says it";
    vec![
        Row::run("Y1", "billion laughs, 9⁹", ALIASES, laughs),
        Row::run(
            "Y2",
            "a scalar of 100 KB used 20,000 times",
            "refused: more than 64 MiB after aliases are expanded",
            long_scalar,
        ),
        Row::run("Y3", "merge keys 3³⁰", ALIASES, merges),
        Row::run("Y4", "`[` 100,000 times", DEEP, flow_lists),
        Row::run("Y5", "`- ` 100,000 times", DEEP, block_lists),
        Row::run("Y6", "block maps nested 3,000 deep", DEEP, block_maps),
        Row::run("Y7", "`[{{{…` / `{a: {a: …` / `? ? …` 40,000 times", DEEP, mixed_flow),
        Row::run(
            "Y8",
            "a key twice / 120,000 times, read strictly",
            "the later value counts, as in Helm; refused in go-yaml's words where reading is strict",
            duplicates,
        ),
        Row::run(
            "Y9",
            "anchors that contain their own alias, in a list, map or merge / mutual",
            "refused in go-yaml's words",
            circles,
        ),
        Row::run(
            "Y10",
            "sheer size: keys, numbers, strings, comments, blank lines of 1 to 16 MB / 500,000 documents / 300,000 items / \
             60,000 aliases / one byte more than 16 MiB",
            "read as Helm reads it up to the limits, refused beyond",
            sizes,
        ),
        Row::run(
            "Y11",
            "directives 100,000 times, unknown, of another version / tags of 1 MB, by prefixes of 1 MB, of Python, of wrong \
             content, of undefined handles",
            "as go-yaml reads or refuses it; tags of other languages are ignored",
            directives_and_tags,
        ),
        Row::run(
            "Y12",
            "tabs, NUL, DEL, five kinds of invalid UTF-8, byte order marks, UTF-16 in both orders, cut and unpaired",
            "as go-yaml reads or refuses it",
            characters,
        ),
        Row::run(
            "Y13",
            "anchors across documents / `0o17`, `017`, `1e400`, `.nan`, `yes` / keys that are no strings / a merge of no map / \
             empty documents",
            "as Helm reads or refuses it",
            disagreements,
        ),
    ]
}

#[test]
fn hostile_rows() {
    let ids = ["Y1", "Y2", "Y3", "Y4", "Y5", "Y6", "Y7", "Y8", "Y9", "Y10", "Y11", "Y12", "Y13"];
    Suite { section: "YAML", test: "hostile_rows", file: file!() }.check(&rows(), &ids);
}
