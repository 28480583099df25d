//! The page that tells of the rows, held to them.

use std::fmt::Write as _;
use std::fs;

use crate::row::Row;
use crate::{Suite, root};

/// The page, from the root of the repository.
const PAGE: &str = "docs/hostile-input.md";
/// If set, the page is written anew.
const WRITE: &str = "AKTUS_WRITE";

const HEAD: &str = "| row | what is tried | what comes of it | where it is proven |\n|---|---|---|---|\n";

/// The tests named as proof that do not exist.
pub(crate) fn missing(row: &Row) -> Vec<String> {
    let absent = row.tests.iter().filter(|(file, test)| {
        let text = fs::read_to_string(root().join(file)).unwrap_or_default();
        !text.contains(&format!("fn {test}("))
    });
    absent.map(|(file, test)| format!("{}: {file} has no {test}", row.id)).collect()
}

fn table(suite: &Suite, rows: &[Row]) -> String {
    let mut table = HEAD.to_owned();
    let place = |file: &str| file.trim_start_matches("crates/").to_owned();
    for Row { id, input, outcome, cases, tests } in rows {
        let mut proof: Vec<String> = cases.iter().map(|_| format!("{} ({id})", place(suite.file))).collect();
        proof.extend(tests.iter().map(|(file, test)| format!("`{test}` ({})", place(file))));
        let proof = if proof.is_empty() { "nothing to prove".to_owned() } else { proof.join(", ") };
        let _infallible = writeln!(table, "| {id} | {input} | {outcome} | {proof} |");
    }
    table
}

/// What is wrong with the table of this suite.
pub(crate) fn check(suite: &Suite, rows: &[Row]) -> Vec<String> {
    let path = root().join(PAGE);
    let text = fs::read_to_string(&path).unwrap_or_default();
    let heading = format!("\n## {}\n", suite.section);
    let Some(begin) = text.find(&heading).map(|at| at + heading.len()) else {
        return vec![format!("{PAGE} has no section {:?}", suite.section)];
    };
    let end = text[begin..].find("\n## ").map_or(text.len(), |length| begin + length);
    let Some(begin) = text[begin..end].find("| row |").map(|at| begin + at) else {
        return vec![format!("{PAGE} has no table in {:?}", suite.section)];
    };
    let table = table(suite, rows);
    if std::env::var_os(WRITE).is_some() {
        fs::write(&path, format!("{}{table}{}", &text[..begin], &text[end..])).expect("the page is written");
        return Vec::new();
    }
    if text[begin..end] == table {
        return Vec::new();
    }
    vec![format!("{PAGE}: the table of {:?} is not that of the tests; write it anew with {WRITE}=1", suite.section)]
}
