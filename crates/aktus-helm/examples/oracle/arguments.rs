//! What the program is told.

use std::path::PathBuf;

/// What kind of cases are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Suite {
    /// Calls of one function after the other.
    Functions,
    /// Whole templates.
    Templates,
    /// YAML documents, read and written again.
    Documents,
}

impl Suite {
    const ALL: [Self; 3] = [Self::Functions, Self::Templates, Self::Documents];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Functions => "functions",
            Self::Templates => "templates",
            Self::Documents => "documents",
        }
    }
}

pub(crate) struct Arguments {
    /// The Go side.
    pub(crate) oracle: PathBuf,
    /// Folders of charts, whose YAML documents are changed here and there.
    pub(crate) charts: Vec<PathBuf>,
    pub(crate) suites: Vec<Suite>,
    /// The functions to call; all when empty.
    pub(crate) functions: Vec<String>,
    pub(crate) seed: u64,
    pub(crate) first: u64,
    pub(crate) cases: u64,
    /// How many differences are shown in full.
    pub(crate) show: usize,
    /// How many reasons are shown why Go fails at what is meant to succeed.
    pub(crate) reasons: usize,
    /// Makes the calls that every function should have, slow ones included, and fails when something had too few.
    pub(crate) full: bool,
    /// Stops at the first difference.
    pub(crate) fail_fast: bool,
    /// The file in which the table of functions is replaced.
    pub(crate) table: Option<PathBuf>,
}

impl Arguments {
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut found = Self {
            oracle: PathBuf::new(),
            charts: Vec::new(),
            suites: Suite::ALL.to_vec(),
            functions: Vec::new(),
            seed: 1,
            first: 0,
            cases: 10_000,
            show: 20,
            reasons: 0,
            full: false,
            fail_fast: false,
            table: None,
        };
        while let Some(flag) = words.next() {
            match flag.as_str() {
                "--full" => {
                    found.full = true;
                    continue;
                }
                "--fail-fast" => {
                    found.fail_fast = true;
                    continue;
                }
                _ => {}
            }
            let value = words.next().ok_or_else(|| format!("{flag} needs a value"))?;
            let number = || value.parse::<u64>().map_err(|_| format!("{flag}: `{value}` is no number"));
            match flag.as_str() {
                "--oracle" => found.oracle = value.into(),
                "--charts" => found.charts.push(value.into()),
                "--function" => found.functions.push(value),
                "--seed" => found.seed = number()?,
                "--first" => found.first = number()?,
                "--cases" => found.cases = number()?,
                "--show" => found.show = usize::try_from(number()?).unwrap_or(usize::MAX),
                "--reasons" => found.reasons = usize::try_from(number()?).unwrap_or(usize::MAX),
                "--table" => found.table = Some(value.into()),
                "--suite" => {
                    let suite = Suite::ALL.into_iter().find(|suite| suite.name() == value);
                    found.suites = vec![suite.ok_or_else(|| format!("no suite is called `{value}`"))?];
                }
                _ => return Err(format!("no flag is called `{flag}`")),
            }
        }
        Ok(found)
    }
}
