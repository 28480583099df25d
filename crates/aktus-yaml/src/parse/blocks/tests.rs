use super::super::compose::{Composed, Kind, compose, compose_blocks};
use crate::limits::Limits;
use std::fmt::Write as _;

/// All there is to know of the nodes, as text.
fn show(composed: &Composed, text: &str) -> String {
    let mut shown = format!("references {} plain {}\n", composed.has_references, composed.is_plain);
    for node in &composed.nodes {
        let (tag, value) = (node.tag.resolve(text, &composed.scratch), node.text.resolve(text, &composed.scratch));
        let (kind, style, implicit, skip, count) = (node.kind, node.style, node.implicit, node.skip, node.count);
        writeln!(shown, "{kind:?} {style:?} {implicit} {tag:?} {value:?} {}..{} {skip} {count}", node.start, node.end)
            .expect("it is a string");
    }
    shown
}

/// Whether the quick way takes the text. Then it must find what the scanner finds.
#[track_caller]
fn takes(text: &str) -> bool {
    let limits = Limits::default();
    let Some(quick) = compose_blocks(text, &limits, None) else { return false };
    match compose::<false>(text, None, &limits) {
        Ok(thorough) => assert_eq!(show(&quick, text), show(&thorough, text), "{text:?}"),
        Err(error) => panic!("the scanner refuses {text:?}: {error}"),
    }
    let thin = compose_blocks(text, &limits, Some(is_wanted)).expect("what is wanted decides nothing");
    assert_eq!((thin.has_references, thin.is_plain), (quick.has_references, quick.is_plain), "{text:?}");
    assert_eq!(entries(&thin, text), entries(&quick, text), "{text:?}");
    true
}

/// Some keys of the texts below.
fn is_wanted(key: &str) -> bool {
    matches!(key, "a" | "e" | ":a")
}

/// The entries of the outermost map: keys, of wanted values all nodes, of others the first.
fn entries(composed: &Composed, text: &str) -> Vec<String> {
    let nodes = &composed.nodes;
    let all = nodes[0].skip as usize;
    assert_eq!(all, nodes.len(), "the outermost node holds all others");
    if nodes[0].kind != Kind::Map {
        return vec![show(composed, text)];
    }
    let mut found = vec![format!("{}..{} {}", nodes[0].start, nodes[0].end, nodes[0].count)];
    let mut at = 1;
    while at < all {
        let (key, value) = (&nodes[at], nodes[at].skip as usize);
        let key = key.text.resolve(text, &composed.scratch);
        let last = if is_wanted(key) { nodes[value].skip as usize } else { value + 1 };
        for (index, node) in (value..last).zip(&nodes[value..last]) {
            let value = node.text.resolve(text, &composed.scratch);
            let (kind, style, implicit, count) = (node.kind, node.style, node.implicit, node.count);
            let below = if is_wanted(key) { (node.skip as usize - index, count) } else { (1, 0) };
            found.push(format!("{key} {kind:?} {style:?} {implicit} {value:?} {}..{} {below:?}", node.start, node.end));
        }
        at = nodes[value].skip as usize;
    }
    found
}

#[test]
fn what_is_not_wanted_counts_all_the_same() {
    let text = "a: 1\nb:\n  c: [d, e]\n  f:\n  - g: |\n      h\n    i: 'j''k'\ne: {}\n";
    // Nodes: the map, six for its entries, and eleven below `b`.
    for (nodes, scalar_bytes, expected) in [(18, 5, true), (17, 5, false), (18, 4, false)] {
        let limits = Limits { nodes, scalar_bytes, ..Limits::default() };
        for wanted in [None, Some(is_wanted as fn(&str) -> bool)] {
            assert_eq!(compose_blocks(text, &limits, wanted).is_some(), expected, "{nodes} {scalar_bytes}");
        }
    }
}

/// What the quick way is for.
const TAKEN: &[&str] = &[
    "a: 1",
    "a: 1\n",
    "# c\n\n--- # d\na: b # e\n\n# f\n",
    "a:\n  b:\n    c: d\n  e: f\ng: h\n",
    "a:\nb:\n  c:\nd:",
    "a:\n- b\n- c: d\n  e: f\n-\n- - g\n  - h\ni: j\n",
    "a:\n  - b\n\n  # c\n  -   d: e\n      f: g\n  - h\n",
    "- a\n- b:\n  - c\n  -\n- d\n",
    "  a: b\n  c: d\n",
    "a: b c\n  d e\n\n  f # g\nh: i\n",
    "\"a b\": 'c''d'\n'e': \"f\\n\\\"g\\\\\\t\"\nh: 'i\n\n  j   \n  k'\nl: \"m  \n  n\" # o\n",
    "a: |\n  b\n   c\n\n  d\ne: |-\n  f\n\n\ng: |+\n  h\n\ni: >-\n  j\n  k\n\n  l\n   m\n  n\n",
    "a: |\n\n  b\nc: >\n  d\n\n\n  e",
    "a: |\nb: |-\n\nc: d",
    "a: []\nb: [ ]\nc: {}\nd: { }\ne: [f, \"g\", 'h i' , 1]\n",
    "a: -1\nb: ~\nc: .5\nd: <<\ne: 0x1f\nf: http://x/y#z\ng: a:b\nh: -x\n",
    "1: a\n.inf: b\nnull: c\ntrue: d\n",
    "é: “ö”\nb: ü # ä\n",
    ":a: :b\n?c: ?d\n",
    "a: \"b\\n\n  \\  c\"\n",
    "a: b\n   \n",
];

/// What it leaves to the scanner, rightly or out of caution.
const LEFT: &[&str] = &[
    "",
    "# a\n",
    "---\n",
    "a",
    "'a'",
    "[a]",
    "|\n a",
    "a: b: c",
    "a: - b",
    "a: &x b\nc: *x\n",
    "a: !!str 1",
    "%YAML 1.1\n---\na: b",
    "a: b\n---\nc: d",
    "a: b\n...\n",
    "a:\tb",
    "a: b\tc",
    "\ta: b",
    "a: b\r\n",
    "a: \u{2028}",
    "a: {b: c}",
    "a: [b,\n  c]",
    "a: [[b]]",
    "a: [b,]",
    "a: |2\n   b",
    "a: \"\\u0041\"",
    "a: 'b",
    "a: 'b'c",
    "a: b\nc",
    "a: b\n c: d",
    "- a\nb: c",
    "- a\n b: c\n",
    "a: |\n- b",
    "a: b # c\n  d",
    "? a\n: b",
    "a : b",
    "@a: b",
    "a: `b`",
    "a: 'b\n---\nc'",
];

#[test]
fn common_documents_are_read_as_the_scanner_reads_them() {
    for text in TAKEN {
        assert!(takes(text), "{text:?}");
    }
}

#[test]
fn the_rest_is_left_to_the_scanner() {
    for text in LEFT {
        assert!(!takes(text), "{text:?}");
    }
}

#[test]
fn changed_documents_are_read_as_the_scanner_reads_them() {
    const PIECES: [&str; 24] = [
        "", "\n", " ", "  ", "\n\n", "\n ", ":", ": ", "- ", "-", "#", " #", "'", "\"", "\\", "|", ">", "[", "]", ", ",
        "{}", "é", "\t", "---\n",
    ];
    let mut taken = 0;
    for text in TAKEN.iter().chain(LEFT) {
        for (at, letter) in text.char_indices() {
            let (before, after) = text.split_at(at);
            let rest = &after[letter.len_utf8()..];
            for piece in PIECES {
                taken += u32::from(takes(&format!("{before}{piece}{after}")));
                taken += u32::from(takes(&format!("{before}{piece}{rest}")));
            }
        }
    }
    assert!(taken > 5_000, "only {taken} of them were taken");
}
