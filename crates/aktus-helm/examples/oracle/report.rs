//! What was asked, what succeeded, and what differed.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use crate::process::{Answer, Question};

/// The counts of a suite, by what was asked.
#[derive(Default)]
pub(crate) struct Report {
    counts: BTreeMap<&'static str, [Count; 2]>,
    explained: BTreeMap<String, u64>,
    /// Why what was meant to succeed fails, without names and numbers.
    failures: BTreeMap<String, u64>,
    shown: Vec<String>,
}

/// Calls of one kind.
#[derive(Clone, Copy, Default)]
pub(crate) struct Count {
    /// How many.
    pub(crate) asked: u64,
    /// How many of them succeed in Go.
    pub(crate) succeeded: u64,
    /// How many differ without an explanation.
    pub(crate) different: u64,
}

impl Count {
    fn and(self, other: Self) -> Self {
        Self {
            asked: self.asked + other.asked,
            succeeded: self.succeeded + other.succeeded,
            different: self.different + other.different,
        }
    }
}

impl Report {
    pub(crate) fn count(&mut self, question: &Question, answer: Result<(), &str>) {
        if let Err(error) = answer
            && question.fitting
        {
            let reason = error.lines().last().unwrap_or_default();
            let reason = reason.rsplit(">: ").next().unwrap_or_default().trim();
            let reason: String = reason.chars().filter(|letter| !letter.is_ascii_digit()).take(90).collect();
            *self.failures.entry(reason).or_default() += 1;
        }
        let count = self.of(question);
        count.asked += 1;
        count.succeeded += u64::from(answer.is_ok());
    }

    /// The most frequent reasons why what was meant to succeed fails.
    pub(crate) fn reasons(&self, most: usize) -> String {
        let mut reasons: Vec<_> = self.failures.iter().collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let mut text = String::new();
        for (reason, count) in reasons.iter().take(most) {
            let _ = writeln!(text, "{count:>8}  {reason}");
        }
        text
    }

    fn of(&mut self, question: &Question) -> &mut Count {
        let [fitting, other] = self.counts.entry(question.name).or_default();
        if question.fitting { fitting } else { other }
    }

    pub(crate) fn explain(&mut self, rule: &str, question: &Question) {
        *self.explained.entry(format!("{rule}: {}", question.name)).or_default() += 1;
    }

    pub(crate) fn add(&mut self, number: u64, question: &Question, ours: &Answer, theirs: &Answer, show: usize) {
        let count = self.of(question);
        count.different += 1;
        // Some of each name first: a single bug must not hide the others.
        if count.different <= 12 && self.shown.len() < show {
            let text = String::from_utf8_lossy(&question.text);
            let line = |answer: &Answer| match answer {
                Ok(output) => format!("{:?}", String::from_utf8_lossy(output)),
                Err(error) => format!("error {error:?}"),
            };
            self.shown.push(format!(
                "case {number} ({})\n  {text}\n  ours   {}\n  theirs {}",
                question.name,
                line(ours),
                line(theirs)
            ));
        }
    }

    /// The counts of each name: of fitting calls and of others.
    pub(crate) fn counts(&self) -> &BTreeMap<&'static str, [Count; 2]> {
        &self.counts
    }

    /// All fitting cases, and all others.
    pub(crate) fn sums(&self) -> [Count; 2] {
        self.counts.values().fold(<[Count; 2]>::default(), |sum, count| [sum[0].and(count[0]), sum[1].and(count[1])])
    }

    /// How many cases differ without an explanation.
    pub(crate) fn different(&self) -> u64 {
        self.sums().iter().map(|count| count.different).sum()
    }

    /// A table of all names.
    pub(crate) fn table(&self) -> String {
        let mut table = format!(
            "{:<28}{:>12}{:>12}{:>12}{:>12}{:>9}\n",
            "", "well-typed", "succeed", "ill-typed", "succeed", "differ"
        );
        for (name, [fitting, other]) in &self.counts {
            let different = fitting.different + other.different;
            let _ = write!(table, "{name:<28}");
            for number in [fitting.asked, fitting.succeeded, other.asked, other.succeeded] {
                let _ = write!(table, "{number:>12}");
            }
            let _ = writeln!(table, "{different:>9}");
        }
        table
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The shortest say most.
        let mut shown: Vec<_> = self.shown.iter().collect();
        shown.sort_by_key(|shown| shown.len());
        for shown in shown {
            writeln!(formatter, "{shown}")?;
        }
        for (name, [fitting, other]) in &self.counts {
            let both = fitting.and(*other);
            if both.different > 0 {
                writeln!(formatter, "{name}: {} of {} differ", both.different, both.asked)?;
            }
        }
        for (name, count) in &self.explained {
            writeln!(formatter, "explained by {name}: {count}")?;
        }
        let [fitting, other] = self.sums();
        let both = fitting.and(other);
        write!(
            formatter,
            "{} cases: {} of {} meant to succeed do so in Go, {} of {} others; {} differ",
            both.asked, fitting.succeeded, fitting.asked, other.succeeded, other.asked, both.different
        )
    }
}
