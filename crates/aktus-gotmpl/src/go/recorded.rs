//! Reads the tables recorded from Go: tab-separated Go string literals, a case a line.

use super::strconv;

/// The rows of a table, each field as the bytes its literal stands for.
#[track_caller]
pub(crate) fn rows(table: &str) -> Vec<Vec<Vec<u8>>> {
    let field = |field: &str| strconv::unquote(field.as_bytes()).unwrap_or_else(|_| panic!("no Go literal: {field}"));
    let rows: Vec<Vec<Vec<u8>>> = table.lines().map(|line| line.split('\t').map(field).collect()).collect();
    assert!(!rows.is_empty());
    rows
}

/// Bytes for a message.
pub(crate) fn show(bytes: &[u8]) -> String {
    strconv::quote(bytes)
}

/// A field that holds a number.
#[track_caller]
pub(crate) fn number(field: &[u8]) -> i64 {
    str::from_utf8(field)
        .ok()
        .and_then(|digits| digits.parse().ok())
        .unwrap_or_else(|| panic!("no number: {}", show(field)))
}
