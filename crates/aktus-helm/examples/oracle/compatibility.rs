//! The table of functions in `COMPATIBILITY.md`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::functions::shape;
use crate::report::{Count, Report};
use crate::shapes::Shape;

const BEGIN: &str = "<!-- functions: written by `cargo xtask oracle --full --write-table` -->\n";
const END: &str = "<!-- end of functions -->\n";
const HEAD: &str = "\
| function | well-typed calls | of them succeed | ill-typed calls | of them succeed | differ | compared |
|---|---:|---:|---:|---:|---:|---|
";

/// Replaces the rows of the functions that were called; the others stay as they are.
pub(crate) fn write(path: &Path, report: &Report) -> Result<(), String> {
    let problem = |error| format!("{}: {error}", path.display());
    let text = fs::read_to_string(path).map_err(problem)?;
    let (before, rest) = text.split_once(BEGIN).ok_or_else(|| format!("{} has no {BEGIN}", path.display()))?;
    let (table, after) = rest.split_once(END).ok_or_else(|| format!("{} has no {END}", path.display()))?;
    let mut rows: BTreeMap<String, String> = BTreeMap::new();
    for row in table.lines() {
        if let Some((name, _)) = row.strip_prefix("| `").and_then(|row| row.split_once('`')) {
            rows.insert(name.to_owned(), format!("{row}\n"));
        }
    }
    rows.extend(report.counts().iter().map(|(name, counts)| ((*name).to_owned(), row(name, counts))));
    let rows: String = rows.into_values().collect();
    fs::write(path, format!("{before}{BEGIN}{HEAD}{rows}{END}{after}")).map_err(problem)
}

fn row(name: &str, [fitting, other]: &[Count; 2]) -> String {
    let compared = shape(name).map_or("to the byte", Shape::name);
    let different = fitting.different + other.different;
    let [asked, succeeded] = [fitting.asked, fitting.succeeded];
    format!("| `{name}` | {asked} | {succeeded} | {} | {} | {different} | {compared} |\n", other.asked, other.succeeded)
}
