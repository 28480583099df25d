//! Our answers, and where they differ.

use std::collections::BTreeMap;
use std::fmt;

use aktus_helm::{Chart, FrozenHost, LoadOptions, Profile, Release, RenderOptions, Values, render};
use aktus_yaml::{Json, json, read_json, write_v2};

use crate::process::{Agreement, Answer, Question};

/// Our answer to a question.
pub(crate) fn ours(question: &Question) -> Answer {
    match question.operation {
        "yaml" => document(&question.text),
        _ => rendered(question),
    }
}

fn rendered(question: &Question) -> Answer {
    let files: [(&str, &[u8]); 2] =
        [("Chart.yaml", b"apiVersion: v2\nname: c\nversion: 0.1.0\n"), ("templates/t", &question.text)];
    let chart = Chart::from_files(files, &LoadOptions::default()).map_err(|error| error.to_string())?;
    let options = RenderOptions::new(Profile::Helm4, Release { name: "release-name".to_owned(), ..Release::default() });
    let values = Values::from_json(&question.values);
    let host = FrozenHost::default();
    let rendered = render(&chart, &values, &options, &host).map_err(|error| error.to_string())?;
    Ok(rendered.files.get("c/templates/t").cloned().unwrap_or_default())
}

fn document(text: &[u8]) -> Answer {
    let value = as_floats(read_json(text).map_err(|error| error.to_string())?);
    let read = json::write(&value, json::Style::Compact).map_err(|error| format!("json: {error}"))?;
    let written = write_v2(&value).map_err(|error| format!("write: {error}"))?;
    Ok(format!("{read}\n{written}").into_bytes())
}

/// Go reads every number into an `interface{}` as a float64.
#[expect(clippy::cast_precision_loss, reason = "that is what Go does")]
fn as_floats(value: Json) -> Json {
    match value {
        Json::Int(number) => Json::Float(number as f64),
        Json::Uint(number) => Json::Float(number as f64),
        Json::List(items) => Json::List(items.into_iter().map(as_floats).collect()),
        Json::Map(entries) => Json::Map(entries.into_iter().map(|(key, value)| (key, as_floats(value))).collect()),
        other => other,
    }
}

/// Whether the answers agree as far as the question demands.
pub(crate) fn same(question: &Question, ours: &Answer, theirs: &Answer) -> bool {
    match (ours, theirs) {
        (Ok(_), Ok(_)) if question.agreement == Agreement::Outcome => true,
        (Err(ours), Err(theirs)) => ours == theirs || explained(ours, theirs),
        (Ok(ours), Ok(theirs)) => ours == theirs || without_addresses(ours) == without_addresses(theirs),
        _ => false,
    }
}

/// The output with `0x` in place of addresses in memory, which Go prints for pointers.
fn without_addresses(output: &[u8]) -> Vec<u8> {
    const SHORTEST: usize = 8;
    let mut kept = Vec::with_capacity(output.len());
    let mut rest = output;
    while let Some((first, after)) = rest.split_first() {
        let digits = rest.strip_prefix(b"0x").unwrap_or_default();
        let length = digits.iter().take_while(|digit| digit.is_ascii_hexdigit()).count();
        if length >= SHORTEST {
            kept.extend_from_slice(b"0x");
            rest = digits.get(length..).unwrap_or_default();
        } else {
            kept.push(*first);
            rest = after;
        }
    }
    kept
}

/// Differences that `COMPATIBILITY.md` explains: templates nest less deep here.
fn explained(ours: &str, theirs: &str) -> bool {
    let depth = "exceeded maximum template depth (";
    let text = |error: &str| error.replace(&format!("{depth}100000)"), &format!("{depth}1000)"));
    theirs.contains(depth) && text(ours) == text(theirs)
}

/// What differed, by what was asked.
#[derive(Default)]
pub(crate) struct Differences {
    counts: BTreeMap<String, Count>,
    /// Cases that ended the oracle's process.
    pub(crate) fatal: u64,
    shown: Vec<String>,
}

#[derive(Default)]
struct Count {
    succeeded: u64,
    failed: u64,
    different: u64,
}

impl Differences {
    pub(crate) fn count(&mut self, name: &str, succeeded: bool) {
        let count = self.counts.entry(name.to_owned()).or_default();
        if succeeded { count.succeeded += 1 } else { count.failed += 1 }
    }

    pub(crate) fn add(&mut self, number: u64, question: &Question, ours: &Answer, theirs: &Answer, show: usize) {
        let count = self.counts.entry(question.name.clone()).or_default();
        count.different += 1;
        // One of each name first: a single bug must not hide the others.
        if count.different <= 2 && self.shown.len() < show {
            let text = String::from_utf8_lossy(&question.text);
            let line = |answer: &Answer| match answer {
                Ok(output) => format!("{:?}", String::from_utf8_lossy(output)),
                Err(error) => format!("error {error:?}"),
            };
            let values = &question.values;
            self.shown.push(format!(
                "case {number} ({})\n  {text}\n  values {values}\n  ours   {}\n  theirs {}",
                question.name,
                line(ours),
                line(theirs)
            ));
        }
    }

    pub(crate) fn total(&self) -> u64 {
        self.counts.values().map(|count| count.different).sum()
    }
}

impl fmt::Display for Differences {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for shown in &self.shown {
            writeln!(formatter, "{shown}")?;
        }
        let sum = |part: fn(&Count) -> u64| self.counts.values().map(part).sum::<u64>();
        let (succeeded, failed) = (sum(|count| count.succeeded), sum(|count| count.failed));
        for (name, count) in self.counts.iter().filter(|(_, count)| count.different > 0) {
            writeln!(formatter, "{name}: {} of {} differ", count.different, count.succeeded + count.failed)?;
        }
        let least = self.counts.values().map(|count| count.succeeded + count.failed).min().unwrap_or(0);
        write!(
            formatter,
            "{} cases ({succeeded} succeed, {failed} fail), {} kinds with at least {least} each, {} ended Go itself, {} differ",
            succeeded + failed,
            self.counts.len(),
            self.fatal,
            self.total()
        )
    }
}
