//! Is one case the same in Helm and in ours? Helm is asked again only when they differ.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::compare::{Mask, essence, first_difference, hash, hash_of_lines};
use super::program::{Ends, Helm, Ours, Outcome, Place, Profile};

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Equal,
    /// Equal but for lines that Helm writes differently each time.
    Masked,
    /// We refuse what `COMPATIBILITY.md` says that we refuse; our words.
    Refused(String),
    /// Helm crashes; we answer with an error.
    HelmCrashes,
    /// The same error in the words of another release of Go (`COMPATIBILITY.md`).
    OtherWords,
    /// The first difference, in words.
    Different(String),
}

/// What is recorded of Helm's output.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
pub(super) struct Expected {
    /// SHA-256 of how Helm ended and of its output or error, without masked lines and the place of the chart.
    sha256: String,
    /// Lines that are not the same in every run of Helm, from 0, and how many bytes of them are.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    mask: String,
    /// Whether the lines come in another order in every run of Helm.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    any_order: bool,
    /// When Helm ran, in seconds since 1970, where the output depends on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    clock: Option<u64>,
    /// Whether we refuse the case, as `COMPATIBILITY.md` says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    refused: bool,
    /// Whether Helm crashes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    crashes: bool,
}

/// What was found out about a case.
pub(super) struct Judgement {
    pub(super) verdict: Verdict,
    pub(super) expected: Expected,
    pub(super) helm: Outcome,
    pub(super) ours: Outcome,
    pub(super) mask: Mask,
}

/// How often Helm is asked when it is not of one mind.
const RUNS: u32 = 4;

/// How often Helm is asked about an error: the order of a few lines may be the same three times.
const RUNS_OF_ERRORS: u32 = 12;

/// What our errors say where `COMPATIBILITY.md` has a refusal.
const REFUSALS: [&str; 4] = [
    "external $ref not allowed",
    ", outside the chart",
    "which is a device; charts are made of",
    "which is a link; charts are made of",
];

/// Our words, when ours refuses on purpose.
fn refusal(own: &Outcome) -> Option<String> {
    let text = String::from_utf8_lossy(&own.text);
    let refuses = own.ends == Ends::InError && REFUSALS.iter().any(|words| text.contains(words));
    refuses.then(|| text.trim_end().to_owned())
}

/// An annotation that is no text: Go from 1.27 on names its key, as ours does; Helm built with an older Go does not.
fn is_in_words_of_older_go(helm: &Outcome, own: &Outcome) -> bool {
    const FIELD: &str = "Go struct field .metadata.annotations";
    let text = |outcome: &Outcome| String::from_utf8_lossy(&outcome.text).into_owned();
    let (helms, ours) = (text(helm), text(own));
    let key = ours.split_once(FIELD).and_then(|(before, after)| {
        let (key, rest) = after.rsplit_once(" of type ")?;
        key.starts_with('.').then(|| format!("{before}{FIELD} of type {rest}"))
    });
    (helm.ends, own.ends) == (Ends::InError, Ends::InError) && key.is_some_and(|without| without == helms)
}

/// Compares ours with what Helm says.
pub(super) fn live(place: &Place<'_>, helm: &Helm, ours: &Ours) -> Result<Judgement> {
    let tree = place.repository.tree.to_string_lossy().into_owned();
    let (first, clock) = helm.render(place, 0)?;
    let own = ours.render(place, helm.profile, clock)?;
    let mut runs = vec![first];
    let mut mask = Mask::default();
    let mut any_order = false;
    let mut verdict = Verdict::Equal;
    if runs[0].ends == Ends::Badly {
        verdict = if own.ends == Ends::InError { Verdict::HelmCrashes } else { Verdict::Different(String::new()) };
    } else if is_in_words_of_older_go(&runs[0], &own) {
        verdict = Verdict::OtherWords;
    } else if runs[0] != own {
        verdict = refusal(&own).map_or_else(|| Verdict::Different(String::new()), Verdict::Refused);
        let in_error = runs[0].ends == Ends::InError;
        let most = if matches!(verdict, Verdict::Refused(_)) {
            0
        } else if in_error {
            RUNS_OF_ERRORS
        } else {
            RUNS
        };
        let orders = |outcome: &Outcome| hash_of_lines(outcome, &tree);
        for nth in 1..most {
            runs.push(helm.render(place, nth)?.0);
            let found = Mask::of(&runs);
            any_order = found.as_ref().is_none_or(|found| !found.is_empty())
                && runs.iter().all(|run| orders(run) == orders(&runs[0]));
            mask = found.filter(|_| !any_order).unwrap_or_default();
            let same = if any_order {
                orders(&own) == orders(&runs[0])
            } else {
                !mask.is_empty() && essence(&own, &mask, &tree) == essence(&runs[0], &mask, &tree)
            };
            if same {
                verdict = Verdict::Masked;
                break;
            }
            if mask.is_empty() && !any_order && !in_error && nth == 2 {
                break;
            }
        }
    }
    let first = runs.swap_remove(0);
    if matches!(verdict, Verdict::Different(_)) {
        verdict = Verdict::Different(first_difference(&first, &own, &mask));
    }
    // Later runs may ask a Helm that is built with the newer Go.
    let words = if verdict == Verdict::OtherWords { &own } else { &first };
    let sha256 = if any_order { hash_of_lines(words, &tree) } else { hash(words, &mask, &tree) };
    let expected = Expected {
        sha256: if verdict == Verdict::HelmCrashes { String::new() } else { sha256 },
        mask: mask.write(),
        any_order,
        clock: Some(clock),
        refused: matches!(verdict, Verdict::Refused(_)),
        crashes: verdict == Verdict::HelmCrashes,
    };
    Ok(Judgement { verdict, expected, helm: first, ours: own, mask })
}

/// What to record: the clock only where it matters to ours.
pub(super) fn to_record(judgement: &Judgement, place: &Place<'_>, profile: Profile, ours: &Ours) -> Result<Expected> {
    const LATER: u64 = 400 * 24 * 60 * 60;
    let mut expected = judgement.expected.clone();
    let moved = ours.render(place, profile, expected.clock.unwrap_or_default() + LATER)?;
    let tree = place.repository.tree.to_string_lossy();
    if essence(&moved, &judgement.mask, &tree) == essence(&judgement.ours, &judgement.mask, &tree) {
        expected.clock = None;
    }
    Ok(expected)
}

/// Compares ours with what was recorded of Helm.
pub(super) fn recorded(place: &Place<'_>, profile: Profile, expected: &Expected, ours: &Ours) -> Result<Verdict> {
    /// 2026-01-01
    const SOME_TIME: u64 = 1_767_225_600;
    let tree = place.repository.tree.to_string_lossy();
    let own = ours.render(place, profile, expected.clock.unwrap_or(SOME_TIME))?;
    let Some(mask) = Mask::read(&expected.mask) else {
        return Ok(Verdict::Different(format!("the recorded mask {:?} is none", expected.mask)));
    };
    if expected.refused {
        let refused = refusal(&own).map(Verdict::Refused);
        return Ok(refused.unwrap_or_else(|| Verdict::Different("what was refused is refused no more".to_owned())));
    }
    if expected.crashes {
        let error = own.ends == Ends::InError;
        return Ok(if error { Verdict::HelmCrashes } else { Verdict::Different(format!("ours ends {:?}", own.ends)) });
    }
    let found = if expected.any_order { hash_of_lines(&own, &tree) } else { hash(&own, &mask, &tree) };
    Ok(if found != expected.sha256 {
        Verdict::Different(format!("ours ends {:?} with SHA-256 {found}, recorded is {}", own.ends, expected.sha256))
    } else if mask.is_empty() && !expected.any_order {
        Verdict::Equal
    } else {
        Verdict::Masked
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_of_an_annotation_may_be_missing_in_helms_words() {
        let error = |field: &str, text: &str| Outcome {
            ends: Ends::InError,
            text: format!("{text} into Go struct field {field} of type string\n").into_bytes(),
        };
        let ours = error(".metadata.annotations.a.b/c", "cannot unmarshal object");
        let check = |helm: &Outcome, expected| assert_eq!(is_in_words_of_older_go(helm, &ours), expected, "{helm:?}");
        check(&error(".metadata.annotations", "cannot unmarshal object"), true);
        check(&error(".metadata.annotations", "cannot unmarshal array"), false);
        check(&error(".metadata.annotations.x", "cannot unmarshal object"), false);
        check(&error(".metadata.labels", "cannot unmarshal object"), false);
        check(&Outcome { ends: Ends::Well, ..error(".metadata.annotations", "cannot unmarshal object") }, false);
        check(&ours, false);
    }
}
