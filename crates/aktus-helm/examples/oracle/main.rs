//! Compares with real Go, sprig and Helm on random cases.
//!
//! `cargo xtask oracle` builds the Go side and starts this with its path. Every case is made from the seed and its
//! number alone, so that `--seed S --first N --cases 1` repeats one.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people at a terminal")]

mod arguments;
mod compare;
mod compatibility;
mod der;
mod documents;
mod explained;
mod expressions;
mod functions;
mod process;
mod report;
mod shapes;
mod templates;
mod words;

use std::process::ExitCode;

use fastrand::Rng;

use crate::arguments::{Arguments, Suite};
use crate::compare::{Us, same};
use crate::functions::{FULL, Functions};
use crate::process::{Answer, Oracle, Question};
use crate::report::Report;

/// How many questions are on their way to the oracle at a time.
const BATCH: u64 = 64;

/// After so many cases it says how far it is: a full run takes an hour.
const PROGRESS: u64 = 25_000;

/// Of the templates that are meant to succeed, a full run demands that at least this share of all does.
const SUCCEEDING_PERCENT: u64 = 60;

fn main() -> ExitCode {
    match Arguments::read(std::env::args().skip(1)).and_then(|arguments| run(&arguments)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Makes questions.
struct Cases {
    functions: Functions,
    documents: documents::Seeds,
    seed: u64,
}

impl Cases {
    fn question(&self, suite: Suite, number: u64) -> Question {
        let mut dice = Rng::with_seed(self.seed ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        match suite {
            Suite::Functions => self.functions.question(&mut dice, number),
            Suite::Templates => templates::question(&mut dice),
            Suite::Documents => documents::question(&mut dice, &self.documents),
        }
    }
}

/// Whether everything agrees.
fn run(arguments: &Arguments) -> Result<bool, String> {
    let mut oracle = Oracle::start(&arguments.oracle)?;
    let us = Us::new();
    let cases = Cases {
        functions: Functions::new(&arguments.functions, arguments.full)?,
        documents: documents::Seeds::read(&arguments.charts),
        seed: arguments.seed,
    };
    let mut agrees = true;
    for &suite in &arguments.suites {
        if arguments.fail_fast && !agrees {
            break;
        }
        let count = match suite {
            Suite::Functions if arguments.full => arguments.cases.max(cases.functions.full_run()),
            _ => arguments.cases,
        };
        let end = arguments.first + count;
        let mut report = Report::default();
        let mut number = arguments.first;
        while number < end && !(arguments.fail_fast && report.different() > 0) {
            let batch: Vec<(u64, Question)> =
                (number..end.min(number + BATCH)).map(|number| (number, cases.question(suite, number))).collect();
            number += BATCH;
            compared(&mut oracle, &us, &batch, &mut report, arguments.show)?;
            if (number - arguments.first) % PROGRESS < BATCH {
                eprintln!("{}: {} of {count}, {} differ", suite.name(), number - arguments.first, report.different());
            }
        }
        println!("{}: seed {}, cases {}..{end}", suite.name(), arguments.seed, arguments.first);
        if suite == Suite::Functions {
            print!("{}", report.table());
        }
        if arguments.reasons > 0 {
            print!("{}", report.reasons(arguments.reasons));
        }
        println!("{report}");
        agrees &= report.different() == 0;
        if arguments.full {
            agrees &= suffices(suite, &report, cases.functions.names());
        }
        if let (Suite::Functions, Some(path)) = (suite, &arguments.table) {
            compatibility::write(path, &report)?;
        }
    }
    Ok(agrees)
}

/// Asks both sides, and notes what differs without an explanation.
fn compared(
    oracle: &mut Oracle,
    us: &Us,
    batch: &[(u64, Question)],
    report: &mut Report,
    show: usize,
) -> Result<(), String> {
    // Answers come while ours are worked out.
    oracle.ask(batch.iter().map(|(_, question)| question))?;
    let ours: Vec<Answer> = batch.iter().map(|(_, question)| us.answer(question)).collect();
    let mut theirs: Vec<Option<Answer>> = Vec::with_capacity(batch.len());
    let mut one_by_one = false;
    while let Some((number, question)) = batch.get(theirs.len()) {
        if one_by_one {
            oracle.ask(std::iter::once(question))?;
        }
        match oracle.answer() {
            Ok(answer) => theirs.push(Some(answer)),
            // Answers that it had not sent are lost with the process; so which question ended it?
            Err(_) if !one_by_one => {
                one_by_one = true;
                oracle.restart()?;
            }
            // Go ends the whole process when a value contains itself; ours must have refused it.
            Err(_) if ours[theirs.len()].is_err() => {
                theirs.push(None);
                oracle.restart()?;
            }
            Err(error) => {
                let text = String::from_utf8_lossy(&question.text);
                return Err(format!("case {number} ends Go's process but not ours: {error}\n  {text}"));
            }
        }
    }
    for (((number, question), ours), theirs) in batch.iter().zip(&ours).zip(&theirs) {
        let Some(theirs) = theirs else {
            report.count(question, Err(explained::FATAL));
            report.explain(explained::FATAL, question);
            continue;
        };
        report.count(question, theirs.as_ref().map(|_| ()).map_err(String::as_str));
        if same(question, ours, theirs) {
            continue;
        }
        if let Some(name) = explained::explanation(question, ours, theirs) {
            report.explain(name, question);
        } else if us.depends_on_addresses(question, ours) {
            report.explain(explained::ADDRESSES, question);
        } else if oracle.wavers(question, theirs)? {
            report.explain(explained::WAVERS, question);
        } else {
            report.add(*number, question, ours, theirs, show);
        }
    }
    Ok(())
}

/// Whether a full run had enough cases of every kind.
fn suffices(suite: Suite, report: &Report, names: &[&str]) -> bool {
    match suite {
        Suite::Functions => {
            let few = |name: &&&str| {
                report
                    .counts()
                    .get(**name)
                    .is_none_or(|[fitting, other]| fitting.asked < FULL[0] || other.asked < FULL[1])
            };
            let few: Vec<_> = names.iter().filter(few).collect();
            if !few.is_empty() {
                eprintln!("fewer than {} well-typed and {} ill-typed calls: {few:?}", FULL[0], FULL[1]);
            }
            few.is_empty()
        }
        Suite::Templates => {
            let [fitting, other] = report.sums();
            let (asked, succeeded) = (fitting.asked + other.asked, fitting.succeeded + other.succeeded);
            let enough = succeeded * 100 >= asked * SUCCEEDING_PERCENT;
            if !enough {
                eprintln!("only {succeeded} of {asked} templates succeed");
            }
            enough
        }
        Suite::Documents => true,
    }
}
