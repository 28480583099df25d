//! Texts as Go's regular expressions, through the functions that templates have.

use aktus_gotmpl::{Context, FrozenHost, Limits, Profile, Templates, Value, helm_functions};

const CALLS: [&str; 6] = [
    "{{ mustRegexMatch .pattern .text }}",
    "{{ mustRegexFindAll .pattern .text -1 | len }}",
    "{{ mustRegexFind .pattern .text }}",
    "{{ mustRegexReplaceAll .pattern .text \"<$0${1}$x>\" }}",
    "{{ mustRegexReplaceAllLiteral .pattern .text \"$0\" }}",
    "{{ mustRegexSplit .pattern .text -1 | len }}",
];

/// Every search ends, and all agree whether the pattern is one.
///
/// The input is a pattern, a line end, and a text.
pub(crate) fn search(input: &[u8]) {
    let at = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (pattern, text) = (&input[..at], input.get(at + 1..).unwrap_or_default());
    let data = || Value::map([("pattern", Value::String(pattern.into())), ("text", Value::String(text.into()))]);
    let limits = Limits { steps: 3_000_000, value_bytes: 1 << 20, ..Limits::default() };
    let host = FrozenHost::default();
    let mut context = Context::new(&host, Profile::Helm4).with_limits(limits);
    let mut outcomes = CALLS.into_iter().map(|call| {
        let mut templates = Templates::new(helm_functions(Profile::Helm4));
        templates.parse("t", call).expect("a template");
        templates.execute("t", data(), &mut context).map_err(|error| error.to_string())
    });
    let is_pattern = |outcome: &Result<Vec<u8>, String>| match outcome {
        Ok(_) => true,
        Err(error) => !error.contains("error parsing regexp"),
    };
    if let Some(first) = outcomes.next().map(|outcome| is_pattern(&outcome)) {
        for outcome in outcomes {
            assert_eq!(is_pattern(&outcome), first, "{outcome:?}");
        }
    }
}
