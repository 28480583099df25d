//! Compares the speed of templates and YAML with Go's.
//!
//! `cargo xtask bench` builds the Go side and starts this with its path. Both do the same work on the same charts and
//! texts, in turns, and count processor time; what does not give the same bytes on both sides does not count.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people at a terminal")]

mod find;
mod go;
mod ours;

use std::path::PathBuf;
use std::process::ExitCode;

use crate::go::{Go, Sums};
use crate::ours::Ours;

type Error = Box<dyn std::error::Error>;

/// Processor time of both sides for one piece of work.
#[derive(Default)]
struct Times {
    ours: Vec<u64>,
    go: Vec<u64>,
}

impl Times {
    fn ratio(&self) -> f64 {
        median(self.go.iter().zip(&self.ours).map(|(go, ours)| ratio(*go, *ours)).collect())
    }
}

#[expect(clippy::cast_precision_loss, reason = "times and sizes are far below 2^52")]
fn ratio(left: u64, right: u64) -> f64 {
    left as f64 / right.max(1) as f64
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}

/// Megabytes a second.
fn speed(bytes: u64, nanoseconds: &[u64]) -> f64 {
    median(nanoseconds.iter().map(|time| ratio(bytes * 1_000, *time)).collect())
}

struct Arguments {
    oracle: PathBuf,
    charts: Vec<PathBuf>,
    rounds: usize,
}

fn arguments() -> Result<Arguments, Error> {
    let mut found = Arguments { oracle: PathBuf::new(), charts: Vec::new(), rounds: 7 };
    let mut words = std::env::args().skip(1);
    while let Some(flag) = words.next() {
        let value = words.next().ok_or_else(|| format!("{flag} needs a value"))?;
        match flag.as_str() {
            "--oracle" => found.oracle = value.into(),
            "--charts" => found.charts.push(value.into()),
            "--rounds" => found.rounds = value.parse().map_err(|_| format!("--rounds: `{value}` is no number"))?,
            _ => return Err(format!("no flag is called `{flag}`").into()),
        }
    }
    Ok(found)
}

fn main() -> ExitCode {
    match arguments().and_then(|arguments| run(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Error> {
    let charts = find::charts(&arguments.charts);
    let mut ours = Ours::new(&charts);
    // What one of them holds would let Go collect garbage less often than it does in Helm.
    let (mut go, mut yaml) = (Go::start(&arguments.oracle)?, Go::start(&arguments.oracle)?);
    let theirs = Sums { charts: go.load(&charts, &[])?.charts, texts: yaml.load(&[], ours.texts())?.texts };
    let keep = ours.compare(&theirs);
    let count = |kept: &[bool]| (kept.iter().filter(|keep| **keep).count(), kept.len());
    let (charts_kept, charts_all) = count(&keep.charts);
    let (parsed, _) = count(&keep.parsed);
    let (texts_kept, texts_all) = count(&keep.texts);
    println!("{charts_kept} of {charts_all} charts and {texts_kept} of {texts_all} YAML texts give the same bytes;");
    println!("{parsed} charts are rendered by both, whatever is random in them, and count for parsing.");
    go.keep(&keep.parsed, &keep.charts, &[])?;
    yaml.keep(&[], &[], &keep.texts)?;
    ours.keep(&keep);

    let [mut parse, mut execute, mut read, mut write, mut both] =
        [const { Times { ours: Vec::new(), go: Vec::new() } }; 5];
    let mut sizes = ours::Sizes::default();
    for _ in 0..arguments.rounds {
        let stages = ours.render()?;
        let parsing = go.time("parse")?;
        parse.ours.push(stages.parse);
        parse.go.push(parsing);
        execute.ours.push(stages.execute);
        execute.go.push(go.time("render")?.saturating_sub(go.time("parse same")?));
        for (times, ours, name) in
            [(&mut read, ours.read()?, "read"), (&mut write, ours.write()?, "write"), (&mut both, ours.both()?, "both")]
        {
            times.ours.push(ours);
            times.go.push(yaml.time(name)?);
        }
        sizes = ours.sizes();
    }

    println!("| part | input | Go | ours | ratio |");
    println!("|---|--:|--:|--:|--:|");
    for (name, bytes, times) in [
        ("template parse", sizes.templates, parse),
        ("template execute", sizes.printed, execute),
        ("YAML read", sizes.texts, read),
        ("YAML write", sizes.written, write),
        ("toYaml(fromYaml(x))", sizes.texts, both),
    ] {
        println!(
            "| {name} | {:.1} MB | {:.1} MB/s | {:.1} MB/s | {:.1} |",
            ratio(bytes, 1_000_000),
            speed(bytes, &times.go),
            speed(bytes, &times.ours),
            times.ratio(),
        );
    }
    Ok(())
}
