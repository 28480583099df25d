//! How a conversation is written: one line for each field, in one order, so that a recording that
//! changed shows in a diff which answer did.

use serde_json::{Map, Value};

/// The fields of a step, in the order in which they are written; the answer comes last.
const FIELDS: [&str; 11] =
    ["do", "type", "agent", "accept", "body", "until", "brief", "bookmarks", "save", "equals", "differs"];

pub(super) fn write(situation: &str, steps: &[Map<String, Value>]) -> String {
    let mut out = String::from("{\n  \"situation\": ");
    one_line(&situation.into(), &mut out);
    out.push_str(",\n  \"steps\": [");
    for (number, step) in steps.iter().enumerate() {
        out.push_str(if number == 0 { "\n    {" } else { ",\n    {" });
        let known = FIELDS.iter().filter_map(|field| step.get_key_value(*field));
        let other = step.iter().filter(|(field, _)| !FIELDS.contains(&field.as_str()) && *field != "answer");
        let mut first = true;
        for (field, value) in known.chain(other) {
            begin_field(field, 6, &mut first, &mut out);
            one_line(value, &mut out);
        }
        if let Some(Value::Object(answer)) = step.get("answer") {
            begin_field("answer", 6, &mut first, &mut out);
            write_answer(answer, &mut out);
        }
        out.push_str("\n    }");
    }
    out.push_str("\n  ]\n}\n");
    out
}

fn write_answer(answer: &Map<String, Value>, out: &mut String) {
    out.push('{');
    let mut first = true;
    for field in ["status", "events", "body", "text", "warnings"] {
        let Some(value) = answer.get(field) else { continue };
        begin_field(field, 8, &mut first, out);
        match value {
            Value::Array(events) if field == "events" && !events.is_empty() => {
                for (number, event) in events.iter().enumerate() {
                    out.push_str(if number == 0 { "[\n          " } else { ",\n          " });
                    one_line(event, out);
                }
                out.push_str("\n        ]");
            }
            other => one_line(other, out),
        }
    }
    out.push_str("\n      }");
}

fn begin_field(field: &str, indent: usize, first: &mut bool, out: &mut String) {
    out.push_str(if *first { "\n" } else { ",\n" });
    *first = false;
    out.push_str(&" ".repeat(indent));
    one_line(&field.into(), out);
    out.push_str(": ");
}

/// JSON on one line with spaces, which long lines need to be read and to be wrapped.
fn one_line(value: &Value, out: &mut String) {
    match value {
        Value::Array(list) => {
            out.push('[');
            for (number, item) in list.iter().enumerate() {
                out.push_str(if number == 0 { "" } else { ", " });
                one_line(item, out);
            }
            out.push(']');
        }
        Value::Object(map) => {
            out.push('{');
            for (number, (key, item)) in map.iter().enumerate() {
                out.push_str(if number == 0 { "" } else { ", " });
                one_line(&key.as_str().into(), out);
                out.push_str(": ");
                one_line(item, out);
            }
            out.push('}');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}
