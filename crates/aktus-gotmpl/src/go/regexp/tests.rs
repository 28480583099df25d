use super::super::recorded::{rows, show};
use super::*;

fn pairs(range: &Range<usize>) -> String {
    format!("[{} {}]", range.start, range.end)
}

fn joined(pieces: &[&[u8]]) -> String {
    show(&pieces.join(&b"\x00"[..]))
}

/// Pattern, text, replacement; then Go's error and panic, or what it found.
#[test]
fn as_go() {
    for row in rows(include_str!("../../../tests/fixtures/go/regexp.tsv")) {
        let (pattern, text, replacement) = (&row[0], &row[1], &row[2]);
        let case = format!("{} in {}", show(pattern), show(text));
        let regexp = match Regexp::compile(pattern) {
            Err(error) => {
                assert_eq!(show(&error.message()), show(&row[3]), "{case}");
                assert_eq!(show(&must_compile_message(pattern, &error)), show(&row[4]), "{case}");
                continue;
            }
            Ok(regexp) => regexp,
        };
        assert_eq!(show(&row[3]), "\"\"", "{case}");
        let found = regexp.find(text).as_ref().map_or_else(|| "[]".to_owned(), pairs);
        assert_eq!(found.as_bytes(), row[5], "find {case}");
        assert_eq!(regexp.is_match(text), found != "[]", "match {case}");
        let all: Vec<String> = regexp.find_all(text, None).iter().map(pairs).collect();
        assert_eq!(format!("[{}]", all.join(" ")).as_bytes(), row[6], "find all {case}");
        assert_eq!(show(&regexp.replace_all(text, replacement, usize::MAX).unwrap()), show(&row[7]), "replace {case}");
        assert_eq!(
            show(&regexp.replace_all_literal(text, replacement, usize::MAX).unwrap()),
            show(&row[8]),
            "replace literally {case}"
        );
        assert_eq!(joined(&regexp.split(text, -1)), show(&row[9]), "split {case}");
        assert_eq!(joined(&regexp.split(text, 2)), show(&row[10]), "split in two {case}");
        assert_eq!(show(&quote_meta(text)), show(&row[11]), "quote {case}");
    }
}

#[track_caller]
fn refused(pattern: &str, code: ErrorCode) {
    assert_eq!(Regexp::compile(pattern.as_bytes()).map(|_| ()).map_err(|error| error.code), Err(code));
}

#[test]
fn patterns_that_would_eat_memory_or_stack_are_refused() {
    refused(&"(".repeat(100_000), ErrorCode::MissingParen);
    refused(&format!("{}{}", "(".repeat(100_000), ")".repeat(100_000)), ErrorCode::NestingDepth);
    refused(&format!("{}a{}", "(?:".repeat(120), "+)".repeat(120)), ErrorCode::NestingDepth);
    refused("a{1001}", ErrorCode::InvalidRepeatSize);
    refused("(a{100}){100}", ErrorCode::InvalidRepeatSize);
    refused(&format!("({}){{1000}}", "x".repeat(10_000)), ErrorCode::Large);
    refused(r"(\pL{10}\pN){90}{11}", ErrorCode::InvalidRepeatOp);
    refused(r"(?:\pL{10}\PN){100}", ErrorCode::Large);
    refused(&"a".repeat(2 << 20), ErrorCode::Large);
}

#[test]
fn nesting_that_is_accepted_fits_a_small_stack() {
    let pattern = format!("{}a{}", "(".repeat(48), ")*".repeat(48));
    let thread = std::thread::Builder::new().stack_size(512 << 10);
    let search = thread.spawn(move || {
        let regexp = Regexp::compile(pattern.as_bytes());
        regexp.map(|regexp| regexp.is_match(b"aaaa")).map_err(|error| error.code)
    });
    assert_eq!(search.unwrap().join().unwrap(), Ok(true));
}

#[test]
fn searching_is_linear() {
    let text = "a".repeat(1 << 20);
    let regexp = Regexp::compile(b"(a|aa)*$|(x+x+)+y").unwrap();
    assert_eq!(regexp.find(text.as_bytes()), Some(0..1 << 20));
    assert_eq!(Regexp::compile(b"(x+x+)+y").unwrap().find("x".repeat(1 << 20).as_bytes()), None);
}

#[test]
fn a_split_into_no_pieces() {
    let regexp = Regexp::compile(b",").unwrap();
    assert!(regexp.split(b"a,b", 0).is_empty());
    assert_eq!(regexp.split(b"", -1), [b""]);
    assert!(Regexp::compile(b"").unwrap().split(b"", -1).is_empty());
}

#[test]
fn replacing_stops_at_the_limit() {
    let regexp = Regexp::compile(b"(a)").unwrap();
    let text = "a".repeat(1000);
    assert_eq!(regexp.replace_all(text.as_bytes(), b"$1$1", 2000).map(|out| out.len()), Some(2000));
    assert_eq!(regexp.replace_all(text.as_bytes(), b"$1$1", 1999), None);
    assert_eq!(regexp.replace_all_literal(text.as_bytes(), b"bb", 1999), None);
    assert_eq!(regexp.replace_all(b"xyz", b"$1", 2), None);
}
