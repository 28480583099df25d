//! Compares with real Go, sprig and Helm on random cases.
//!
//! `cargo xtask oracle` builds the Go side and starts this with its path. Every case is made from the seed and its
//! number alone, so that `--seed S --first N --cases 1` repeats one.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people at a terminal")]

mod compare;
mod documents;
mod expressions;
mod functions;
mod process;
mod templates;

use std::path::PathBuf;
use std::process::ExitCode;

use crate::compare::{Differences, ours, same};
use crate::process::{Oracle, Question};

/// How many questions are on their way to the oracle at a time.
const BATCH: u64 = 256;

/// What kind of cases are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Suite {
    /// Calls of one function after the other.
    Functions,
    /// Whole templates.
    Templates,
    /// YAML documents, read and written again.
    Documents,
}

impl Suite {
    const ALL: [Self; 3] = [Self::Functions, Self::Templates, Self::Documents];

    fn name(self) -> &'static str {
        match self {
            Self::Functions => "functions",
            Self::Templates => "templates",
            Self::Documents => "documents",
        }
    }

    fn question(self, seed: u64, number: u64, seeds: &documents::Seeds) -> Question {
        let mut dice = fastrand::Rng::with_seed(seed ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        match self {
            Self::Functions => functions::question(&mut dice, number),
            Self::Templates => templates::question(&mut dice),
            Self::Documents => documents::question(&mut dice, seeds),
        }
    }
}

struct Arguments {
    oracle: PathBuf,
    charts: Vec<PathBuf>,
    suites: Vec<Suite>,
    seed: u64,
    first: u64,
    cases: u64,
    show: usize,
}

fn arguments() -> Result<Arguments, String> {
    let mut found = Arguments {
        oracle: PathBuf::new(),
        charts: Vec::new(),
        suites: Suite::ALL.to_vec(),
        seed: 1,
        first: 0,
        cases: 10_000,
        show: 20,
    };
    let mut words = std::env::args().skip(1);
    while let Some(flag) = words.next() {
        let value = words.next().ok_or_else(|| format!("{flag} needs a value"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{flag}: `{value}` is no number"));
        match flag.as_str() {
            "--oracle" => found.oracle = value.into(),
            "--charts" => found.charts.push(value.into()),
            "--seed" => found.seed = number()?,
            "--first" => found.first = number()?,
            "--cases" => found.cases = number()?,
            "--show" => found.show = usize::try_from(number()?).unwrap_or(usize::MAX),
            "--suite" => {
                let suite = Suite::ALL.into_iter().find(|suite| suite.name() == value);
                found.suites = vec![suite.ok_or_else(|| format!("no suite is called `{value}`"))?];
            }
            _ => return Err(format!("no flag is called `{flag}`")),
        }
    }
    Ok(found)
}

fn main() -> ExitCode {
    match arguments().and_then(|arguments| run(&arguments)) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<u64, String> {
    let mut oracle = Oracle::start(&arguments.oracle)?;
    let seeds = documents::Seeds::read(&arguments.charts);
    let mut total = 0;
    for &suite in &arguments.suites {
        let mut differences = Differences::default();
        let end = arguments.first + arguments.cases;
        let mut number = arguments.first;
        while number < end {
            let batch: Vec<(u64, Question)> = (number..end.min(number + BATCH))
                .map(|number| (number, suite.question(arguments.seed, number, &seeds)))
                .collect();
            number += BATCH;
            // Answers come while ours are worked out.
            oracle.ask(batch.iter().map(|(_, question)| question))?;
            let found: Vec<_> = batch.iter().map(|(_, question)| ours(question)).collect();
            for (place, ((number, question), ours)) in batch.iter().zip(found).enumerate() {
                let theirs = match oracle.answer() {
                    Ok(answer) => answer,
                    // Go ends the whole process when a value contains itself; ours must have refused it.
                    Err(_) if ours.is_err() => {
                        differences.fatal += 1;
                        oracle = Oracle::start(&arguments.oracle)?;
                        oracle.ask(batch[place + 1..].iter().map(|(_, question)| question))?;
                        continue;
                    }
                    Err(error) => return Err(format!("case {number}: {error}")),
                };
                differences.count(&question.name, theirs.is_ok());
                if !same(question, &ours, &theirs) {
                    differences.add(*number, question, &ours, &theirs, arguments.show);
                }
            }
        }
        println!("{}: seed {}, cases {}..{end}", suite.name(), arguments.seed, arguments.first);
        println!("{differences}");
        total += differences.total();
    }
    Ok(total)
}
