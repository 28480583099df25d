//! Does hostile input stay within its bounds?
//!
//! A crate's test gives [`Suite::check`] its [`Row`]s. Each row runs in a process of its own, which is the same test
//! started again for one row: in an empty folder, on a thread with a small stack, with limited address space. It must
//! end as the row says, use at most [`PEAK_BYTES`] of memory and [`CPU_SECONDS`] for each case, and leave nothing in
//! the folder. The same rows make the tables of `docs/hostile-input.md`.
//!
//! ```no_run
//! use aktus_hostile::{Case, Row, Suite, refused};
//!
//! fn rows() -> Vec<Row> {
//!     vec![Row::run("X1", "a number that is none", "refused", || {
//!         vec![Case::new("letters", || "abc".parse::<u8>(), refused("invalid digit"))]
//!     })]
//! }
//!
//! // In the test `hostile_rows`:
//! Suite { section: "X", test: "hostile_rows", file: file!() }.check(&rows(), &["X1"]);
//! ```

mod child;
mod page;
mod row;

pub use row::{Case, Expected, Row, Tests, answers, refused};

use std::path::{Path, PathBuf};

/// A row may have this much memory resident at once; 256 MiB.
pub const PEAK_BYTES: u64 = 256 << 20;
/// A case may take this much time of a processor, in seconds. Not time on the wall: tests share their machine.
pub const CPU_SECONDS: u64 = 5;
/// A row may have this much address space, so that what has no bound fails without filling the machine; 1 GiB.
const ADDRESS_BYTES: u64 = 1 << 30;
/// A case runs on the stack that a thread of tokio has; 2 MiB.
const STACK_BYTES: usize = 2 << 20;

/// The rows of one crate.
#[derive(Clone, Copy, Debug)]
pub struct Suite {
    /// The heading of its table in `docs/hostile-input.md`.
    pub section: &'static str,
    /// The path of the test function that calls [`check`](Self::check), as the test runner names it.
    pub test: &'static str,
    /// The file of that function, from the root of the repository.
    pub file: &'static str,
}

impl Suite {
    /// Holds every row to its bounds, and the page to the rows.
    ///
    /// Called again inside the process of one row, it runs that row and does not return.
    ///
    /// # Panics
    ///
    /// With everything that is wrong: a case with another outcome than its row says, a bound that was passed, a row
    /// of `ids` that is missing, a test named as proof that does not exist, a page that says something else.
    pub fn check(&self, rows: &[Row], ids: &[&str]) {
        if let Some(order) = child::order() {
            child::obey(&order, rows);
            return;
        }
        let mut problems = Vec::new();
        let named: Vec<&str> = rows.iter().map(|row| row.id).collect();
        if named != ids {
            problems.push(format!("the rows are {named:?} instead of {ids:?}"));
        }
        for row in rows {
            problems.extend(page::missing(row));
            if row.cases.is_some() {
                problems.extend(child::run(self, row));
            }
        }
        problems.extend(page::check(self, rows));
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    }
}

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
