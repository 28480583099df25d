//! Texts as YAML and JSON.

use aktus_diagnostics::SourceId;
use aktus_yaml::node::Document;
use aktus_yaml::{Error, Json, JsonBuilder, Limits, documents, head, json, read as read_with, write_v2, write_v3};

/// Small enough that an input takes milliseconds.
const LIMITS: Limits =
    Limits { bytes: 1 << 20, depth: 64, nodes: 20_000, aliases: 5_000, expanded_nodes: 50_000, scalar_bytes: 4 << 20 };

fn value(text: &[u8]) -> Result<Json, Error> {
    read_with(text, &mut JsonBuilder, &LIMITS)
}

/// Every reader comes to an end, places lie in the text, and the fast path accepts nothing that the reader refuses.
pub(crate) fn read(text: &[u8]) {
    let value = value(text);
    if let Err(error) = &value {
        let range = error.range();
        assert!(range.start <= range.end && range.end <= text.len(), "{range:?} of {}: {error}", text.len());
        assert!(!error.go_yaml().is_empty());
        let _diagnostic = error.diagnostic(SourceId::new(0));
    }
    match head(text, &LIMITS) {
        Ok(_) => assert!(value.is_ok(), "the fast path takes what the reader refuses: {value:?}"),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    if let Ok(document) = Document::parse(text, SourceId::new(0), &LIMITS)
        && let Some(root) = document.root()
    {
        let built = root.build(&mut JsonBuilder);
        assert_eq!(built.is_ok(), value.is_ok(), "the tree and the reader agree: {built:?} {value:?}");
    }
    // Each may get the line end that it lacks.
    let pieces: usize = documents(text).filter_map(Result::ok).map(|document| document.text.len() - 1).sum();
    assert!(pieces <= text.len());
}

/// What was read can be written in each form, and read again as the same.
pub(crate) fn round_trip(text: &[u8]) {
    let Ok(first) = value(text) else { return };
    // A next line (U+0085) is written in single quotes, where it reads as a space: go-yaml's own slip.
    if json::write(&first, json::Style::CompactRaw).is_ok_and(|text| text.contains('\u{85}')) {
        return;
    }
    let compact = json::write(&first, json::Style::Compact).expect("what was read is JSON");
    let again = json::read(compact.as_bytes(), &mut JsonBuilder, &Limits { depth: 256, ..Limits::JSON });
    let again = again.expect("what was written is JSON");
    assert_eq!(json::write(&again, json::Style::Compact).as_deref(), Ok(compact.as_str()));
    // A negative zero is written as the integer 0, as by go-yaml.
    if compact.match_indices("-0").any(|(at, _)| compact.as_bytes().get(at + 2) != Some(&b'.')) {
        return;
    }
    for written in [write_v2(&first), write_v3(&first)] {
        // go-yaml cannot read everything that JSON can say, such as keys beyond 1,024 characters.
        let Ok(written) = written else { continue };
        let Ok(again) = value(written.as_bytes()) else { continue };
        let again = json::write(&again, json::Style::Compact).expect("what was read is JSON");
        assert_eq!(again, compact, "{written}");
    }
}

/// JSON is read or refused at a place in the text; what was read is written and read as the same in each form.
pub(crate) fn json(text: &[u8]) {
    match json::read(text, &mut JsonBuilder, &LIMITS) {
        Ok(first) => {
            let Ok(compact) = json::write(&first, json::Style::Compact) else { return };
            for style in [json::Style::CompactRaw, json::Style::Pretty] {
                let written = json::write(&first, style).expect("it was written before");
                let again = json::read(written.as_bytes(), &mut JsonBuilder, &Limits::JSON).expect("JSON again");
                assert_eq!(json::write(&again, json::Style::Compact).as_deref(), Ok(compact.as_str()));
            }
        }
        Err(json::Error::Syntax { offset, .. } | json::Error::Number { offset, .. }) => {
            assert!(offset <= text.len(), "{offset} of {}", text.len());
        }
        Err(_) => {}
    }
}
