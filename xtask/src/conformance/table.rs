//! The figures: per repository and profile.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::Answer;
use super::judge::Verdict;

#[derive(Default)]
struct Row {
    charts: BTreeSet<String>,
    cases: usize,
    equal: usize,
    masked: usize,
    refused: usize,
    crashes: usize,
    other_words: usize,
    different: usize,
    changed: usize,
}

/// A row for each repository and profile.
#[derive(Default)]
pub(super) struct Table(BTreeMap<(String, &'static str), Row>);

impl Table {
    pub(super) fn add(&mut self, repository: &str, chart: &str, profile: &'static str, answer: &Answer) {
        for name in [repository, "all"] {
            let row = self.0.entry((name.to_owned(), profile)).or_default();
            row.charts.insert(format!("{repository} {chart}"));
            row.cases += 1;
            row.changed += usize::from(answer.changed);
            match answer.verdict {
                Verdict::Equal => row.equal += 1,
                Verdict::Masked => row.masked += 1,
                Verdict::Refused(_) => row.refused += 1,
                Verdict::HelmCrashes => row.crashes += 1,
                Verdict::OtherWords => row.other_words += 1,
                Verdict::Different(_) => row.different += 1,
            }
        }
    }

    /// How many cases differ.
    pub(super) fn different(&self) -> usize {
        self.0.iter().filter(|((name, _), _)| name == "all").map(|(_, row)| row.different).sum()
    }

    /// As Markdown; `changed` counts those whose random values changed Helm's output.
    pub(super) fn text(&self, with_changed: bool) -> String {
        let mut text =
            "| repository | profile | charts | cases | equal | masked equal | refused | Helm crashes | other words "
                .to_owned();
        text += "| different |";
        text += if with_changed { " changed output |\n" } else { "\n" };
        text += "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|";
        text += if with_changed { "--:|\n" } else { "\n" };
        let (all, each): (Vec<_>, Vec<_>) = self.0.iter().partition(|((name, _), _)| name == "all");
        for ((name, profile), row) in each.into_iter().chain(all) {
            let Row { charts, cases, equal, masked, refused, crashes, other_words, different, changed } = row;
            let charts = charts.len();
            // Writing to a String cannot fail.
            let _ = write!(text, "| {name} | {profile} | {charts} | {cases} | {equal} | {masked} |");
            let _ = write!(text, " {refused} | {crashes} | {other_words} | {different} |");
            let _ = if with_changed { writeln!(text, " {changed} |") } else { writeln!(text) };
        }
        text
    }
}
