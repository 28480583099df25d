//! The differences that `COMPATIBILITY.md` explains, each under a name and as narrow as it can be told.

use crate::process::{Answer, Question};

/// Why two answers may differ.
pub(crate) struct Rule {
    /// What it is counted as, and called in `COMPATIBILITY.md`.
    pub(crate) name: &'static str,
    holds: fn(&Question, &Answer, &Answer) -> bool,
}

/// Go answers otherwise each time: addresses in memory, the order of `keys`. Asked for by [`crate::Oracle::wavers`].
pub(crate) const WAVERS: &str = "Go's own answer changes";

/// Ours answers otherwise when pointers are elsewhere in memory. Asked for by [`crate::Us::depends_on_addresses`].
pub(crate) const ADDRESSES: &str = "addresses in memory";

/// Go ends the whole process where we refuse: a map that contains itself.
pub(crate) const FATAL: &str = "ends Go's process";

const RULES: &[Rule] = &[
    Rule { name: "template depth", holds: template_depth },
    Rule { name: "hidden capacity of lists", holds: hidden_capacity },
    Rule { name: "no DSA keys", holds: no_dsa },
    Rule { name: "our limits", holds: our_limits },
];

/// The rule that allows these two answers to differ.
pub(crate) fn explanation(question: &Question, ours: &Answer, theirs: &Answer) -> Option<&'static str> {
    RULES.iter().find(|rule| (rule.holds)(question, ours, theirs)).map(|rule| rule.name)
}

/// The same error, with Go's limit of 100,000 nested templates in place of ours.
fn template_depth(_: &Question, ours: &Answer, theirs: &Answer) -> bool {
    let (Err(ours), Err(theirs)) = (ours, theirs) else { return false };
    let depth = "exceeded maximum template depth (";
    let text = |error: &str| error.replace(&format!("{depth}100000)"), &format!("{depth}1000)"));
    theirs.contains(depth) && text(ours) == text(theirs)
}

/// `slice` past the end of a list gives what `append` left there in Go, and is out of bounds here.
fn hidden_capacity(question: &Question, ours: &Answer, theirs: &Answer) -> bool {
    let Err(ours) = ours else { return false };
    let cut = question.text.windows(5).any(|word| word.eq_ignore_ascii_case(b"slice"));
    cut && theirs.is_ok() && ours.contains("lice: reflect.Value.Slice: slice index out of bounds")
}

fn no_dsa(question: &Question, ours: &Answer, theirs: &Answer) -> bool {
    let (Ok(ours), Ok(theirs)) = (ours, theirs) else { return false };
    question.name == "genPrivateKey"
        && ours == b"failed to generate private key: DSA keys are not supported; use rsa, ecdsa or ed25519"
        && theirs.starts_with(b"-----BEGIN DSA PRIVATE KEY-----")
}

/// Errors of our limits.
const TEXTS: &[&str] = &[
    "levels deep; look for a map that contains itself",
    "look for a loop or a function that makes very long text",
    "in use at once; look for a loop that collects long text",
    "more than the 33554432 allowed",
    "the output of the template would be longer than 16777216 bytes",
    "the output of all templates would be longer than 67108864 bytes",
    "are under way inside each other; look for an include or tpl that calls itself",
];

/// Go takes what one of our limits refuses, or fails at another place because of it.
fn our_limits(_: &Question, ours: &Answer, _: &Answer) -> bool {
    let Err(ours) = ours else { return false };
    TEXTS.iter().any(|text| ours.contains(text))
}
