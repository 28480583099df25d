//! Are two outputs the same, where Helm itself gives the same twice?

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::tools::hex;

use super::program::Outcome;

/// The lines in which runs of Helm differ: for each its number, from 0, and how many bytes they have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mask(Vec<(usize, usize)>);

impl Mask {
    /// The mask of several runs; nothing when they differ in more than the content of lines.
    pub(super) fn of(runs: &[Outcome]) -> Option<Self> {
        let (first, others) = runs.split_first()?;
        if others.iter().any(|other| other.ends != first.ends) {
            return None;
        }
        let first = lines(&first.text);
        let mut mask = Vec::new();
        for other in others {
            let other = lines(&other.text);
            if other.len() != first.len() {
                return None;
            }
            for (number, (left, right)) in first.iter().zip(other).enumerate() {
                if *left != right {
                    mask.push((number, common(left, right)));
                }
            }
        }
        mask.sort_unstable();
        // The shortest common beginning comes first.
        mask.dedup_by_key(|(number, _)| *number);
        Some(Self(mask))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text without what is masked.
    fn apply(&self, text: &[u8]) -> Vec<u8> {
        let mut masked = Vec::with_capacity(text.len());
        let mut mask = self.0.iter().peekable();
        for (number, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
            match mask.next_if(|(at, _)| *at == number) {
                Some((_, keep)) => {
                    masked.extend_from_slice(line.get(..*keep).unwrap_or(line));
                    masked.extend_from_slice(b"\0\n");
                }
                None => masked.extend_from_slice(line),
            }
        }
        masked
    }

    /// As `line:kept` and `first-last:kept`, separated by commas.
    pub(super) fn write(&self) -> String {
        let mut text = String::new();
        let mut rest = self.0.as_slice();
        while let Some(&(first, keep)) = rest.first() {
            let run = rest.iter().zip(first..).take_while(|(entry, number)| **entry == (*number, keep)).count();
            let comma = if text.is_empty() { "" } else { "," };
            let last = first + run - 1;
            // Writing to a String cannot fail.
            let _ = if run == 1 {
                write!(text, "{comma}{first}:{keep}")
            } else {
                write!(text, "{comma}{first}-{last}:{keep}")
            };
            rest = rest.get(run..).unwrap_or_default();
        }
        text
    }

    /// Reads what [`Mask::write`] wrote.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut mask = Vec::new();
        for entry in text.split(',').filter(|entry| !entry.is_empty()) {
            let (lines, keep) = entry.split_once(':')?;
            let (first, last) = lines.split_once('-').unwrap_or((lines, lines));
            let keep = keep.parse().ok()?;
            mask.extend((first.parse().ok()?..=last.parse().ok()?).map(|number: usize| (number, keep)));
        }
        Some(Self(mask))
    }
}

/// How many bytes of two lines are the same for a reason: up to the value of a key, no random letters of it.
fn common(left: &[u8], right: &[u8]) -> usize {
    let value = left.windows(2).position(|window| window == b": ").map_or(0, |at| at + 2);
    if left.get(..value) == right.get(..value) { value } else { 0 }
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

/// What an outcome comes to for comparing and recording: how it ended, and its text without what is masked and
/// without the place of the charts.
pub(super) fn essence(outcome: &Outcome, mask: &Mask, tree: &str) -> Vec<u8> {
    let mut text = format!("{:?}\n", outcome.ends).into_bytes();
    text.extend(without(&mask.apply(&outcome.text), tree.as_bytes()));
    text
}

/// The hash of an [`essence`].
pub(super) fn hash(outcome: &Outcome, mask: &Mask, tree: &str) -> String {
    hex(&Sha256::digest(essence(outcome, mask, tree)))
}

/// The hash of an [`essence`] whose lines Helm writes in an order of its own each time.
pub(super) fn hash_of_lines(outcome: &Outcome, tree: &str) -> String {
    let text = essence(outcome, &Mask::default(), tree);
    let mut lines: Vec<Vec<u8>> = text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    lines.sort_unstable();
    hex(&Sha256::digest(lines.join(&b'\n')))
}

fn without(text: &[u8], tree: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(found) = find(rest, tree) {
        kept.extend_from_slice(&rest[..found]);
        kept.extend_from_slice(b"$TREE");
        rest = &rest[found + tree.len()..];
    }
    kept.extend_from_slice(rest);
    kept
}

fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).position(|window| window == word)
}

/// The first line that differs: its number, from 1, the template that it comes from, and both lines.
pub(super) fn first_difference(helm: &Outcome, ours: &Outcome, mask: &Mask) -> String {
    if helm.ends != ours.ends {
        let start = |outcome: &Outcome| {
            let text = String::from_utf8_lossy(&outcome.text).into_owned();
            text.lines().take(4).collect::<Vec<_>>().join(" ↵ ").chars().take(400).collect::<String>()
        };
        return format!("helm ends {:?}: {}\n      ours ends {:?}: {}", helm.ends, start(helm), ours.ends, start(ours));
    }
    let (left, right) = (mask.apply(&helm.text), mask.apply(&ours.text));
    let (left, right) = (lines(&left), lines(&right));
    let count = left.len().max(right.len());
    let at = (0..count).find(|at| left.get(*at) != right.get(*at)).unwrap_or(count);
    let source = left.get(..at).unwrap_or(&left).iter().rev();
    let source = source.map(|line| String::from_utf8_lossy(line)).find(|line| line.starts_with("# Source: "));
    let source = source.map_or_else(String::new, |line| line.trim_start_matches("# Source: ").trim_end().to_owned());
    let show = |lines: &[&[u8]]| {
        lines.get(at).map_or_else(
            || "(end)".to_owned(),
            |line| format!("{:?}", String::from_utf8_lossy(line)).chars().take(600).collect(),
        )
    };
    format!("line {} {source}\n      helm: {}\n      ours: {}", at + 1, show(&left), show(&right))
}

#[cfg(test)]
mod tests {
    use super::super::program::Ends;
    use super::*;

    fn outcome(text: &str) -> Outcome {
        Outcome { ends: Ends::Well, text: text.as_bytes().to_vec() }
    }

    #[test]
    fn random_lines_are_masked_and_nothing_else() {
        let runs = [outcome("a: 1\np: xyz\nq\n"), outcome("a: 1\np: xab\nr\n"), outcome("a: 1\np: xyc\nq\n")];
        let mask = Mask::of(&runs).expect("lines of equal number");
        assert_eq!(mask.write(), "1:3,2:0");
        assert_eq!(Mask::read("1:3,2:0"), Some(mask.clone()));
        let same = |text: &str| hash(&outcome(text), &mask, "/t") == hash(&runs[0], &mask, "/t");
        assert!(same("a: 1\np: other\ns\n"));
        assert!(!same("a: 2\np: xyz\nq\n"), "what is not random counts");
        assert!(!same("a: 1\nP: xyz\nq\n"), "the key of a random value counts");
        assert!(!same("a: 1\np: xyz\nq\nr\n"), "the number of lines counts");
    }

    #[test]
    fn runs_of_masked_lines_are_written_short() {
        let mask = Mask(vec![(1, 0), (2, 0), (3, 0), (5, 4)]);
        assert_eq!(mask.write(), "1-3:0,5:4");
        assert_eq!(Mask::read(&mask.write()), Some(mask));
    }

    #[test]
    fn the_place_of_the_charts_does_not_count() {
        let mask = Mask::default();
        let here = hash(&outcome("open /here/c/Chart.yaml"), &mask, "/here");
        assert_eq!(here, hash(&outcome("open /there/c/Chart.yaml"), &mask, "/there"));
    }

    #[test]
    fn the_first_difference_names_its_template() {
        let (helm, ours) = (outcome("---\n# Source: c/a.yaml\nx: 1\n"), outcome("---\n# Source: c/a.yaml\nx: 2\n"));
        let shown = first_difference(&helm, &ours, &Mask::default());
        assert!(shown.starts_with("line 3 c/a.yaml\n"), "{shown}");
    }
}
