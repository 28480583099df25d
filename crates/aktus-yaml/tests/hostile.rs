//! Limits at their values and one beyond, and documents cut and mixed at every place. The documents meant to crash, hang
//! or fill the memory are in `rows.rs`.

use aktus_yaml::{Json, JsonBuilder, Limits, json, read, read_json};

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

/// Places count the bytes that were given, not those they were decoded to.
#[test]
fn places_in_utf16() {
    let text = "\u{feff}é: b: c";
    for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        let raw: Vec<u8> = text.encode_utf16().flat_map(bytes).collect();
        let error = read_json(&raw).expect_err("not YAML");
        assert_eq!(error.range(), 2 + 2 * 4..2 + 2 * 5, "{error}");
    }
}
