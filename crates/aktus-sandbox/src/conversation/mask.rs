//! What differs from run to run, and is therefore masked before answers are compared.

use serde_json::Value;

/// An answer without what differs from run to run.
pub(super) fn value(found: &Value, key: &str) -> Value {
    match found {
        Value::Object(map) => {
            let mut out = serde_json::Map::new();
            let machine = ["storageVersionHash", "serverAddressByClientCIDRs"];
            for (key, item) in map.iter().filter(|(key, _)| !machine.contains(&key.as_str())) {
                let mut item = item.clone();
                if key == "managedFields"
                    && let Value::Array(entries) = &mut item
                {
                    entries.sort_by_key(|entry| {
                        ["operation", "manager", "apiVersion", "subresource"]
                            .map(|field| entry.get(field).and_then(Value::as_str).unwrap_or("").to_owned())
                    });
                }
                out.insert(text(key), value(&item, key));
            }
            if let Some(prefix) = map.get("generateName").and_then(Value::as_str)
                && out.get("name").and_then(Value::as_str).is_some_and(|n| n.starts_with(prefix))
            {
                out.insert("name".to_owned(), format!("{prefix}<suffix>").into());
            }
            Value::Object(out)
        }
        Value::Array(list) => list.iter().map(|item| value(item, key)).collect(),
        Value::String(string) => match key {
            "resourceVersion" if !matches!(string.as_str(), "" | "0") => "<version>".into(),
            "continue" => "<continue>".into(),
            _ if is_time(string) => "<time>".into(),
            "clusterIP" | "clusterIPs" if string.starts_with("10.96.") => "<ip>".into(),
            _ => text(string).into(),
        },
        Value::Number(number) if matches!(key, "nodePort" | "healthCheckNodePort") => {
            if number.as_i64() == Some(0) {
                found.clone()
            } else {
                "<port>".into()
            }
        }
        other => other.clone(),
    }
}

fn is_time(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).take(19).collect();
    shape == "0000-00-00T00:00:00" && text.ends_with('Z')
}

/// Masks what differs inside a text: identities, versions, Go's structs and differences of them,
/// and the order of unknown fields.
pub(super) fn text(found: &str) -> String {
    let found = found.split("\n@@ ").next().unwrap_or("");
    let mut text = mask_hashes(&mask_identities(found));
    text = mask_numbers(&text, "resource version: ", "<version>");
    text = mask_numbers(&text, "ResourceVersion in record (", "<version>");
    text = mask_between(&text, "Invalid value: \"{", "}\": ", "Invalid value: <object>: ");
    text = mask_between(&text, "Invalid value: [{", "}]: ", "Invalid value: <objects>: ");
    for start in ["Invalid value: {\"labels\"", "Invalid value: {\"metadata\""] {
        let end = "}: field is immutable";
        text = mask_between(&text, start, end, "Invalid value: <object>: field is immutable");
    }
    for (marker, separator) in [("strict decoding error: ", ", "), ("errors:\n", "\n")] {
        if let Some((head, tail)) = text.split_once(marker) {
            let mut parts: Vec<&str> = tail.split(separator).collect();
            parts.sort_unstable();
            text = format!("{head}{marker}{}", parts.join(separator));
        }
    }
    text
}

fn mask_identities(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let head: String = rest.chars().take(36).collect();
        let identity = head.len() == 36
            && head.char_indices().all(|(at, c)| match at {
                8 | 13 | 18 | 23 => c == '-',
                _ => c.is_ascii_digit() || ('a'..='f').contains(&c),
            });
        if identity {
            out.push_str("<uid>");
            rest = &rest[36..];
            continue;
        }
        let mut letters = rest.chars();
        out.extend(letters.next());
        rest = letters.as_str();
    }
    out
}

/// Masks the ends of names that follow from templates: a hyphen and eight to ten letters of those
/// that such names are made of.
fn mask_hashes(text: &str) -> String {
    let mut parts = text.split('-');
    let mut out = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| "bcdfghjklmnpqrstvwxz2456789".contains(c));
        let length = part.len() - rest.len();
        let ends = !rest.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        if (8..=10).contains(&length) && ends {
            out.extend(["-<hash>", rest]);
        } else {
            out.extend(["-", part]);
        }
    }
    out
}

/// Replaces the number behind a marker, and a second one in parentheses behind it.
fn mask_numbers(text: &str, marker: &str, mask: &str) -> String {
    let Some((head, tail)) = text.split_once(marker) else { return text.to_owned() };
    let rest = tail.trim_start_matches(|c: char| c.is_ascii_digit());
    if rest.len() == tail.len() {
        return text.to_owned();
    }
    let second = rest
        .strip_prefix(" (")
        .map(|inner| inner.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix(')').unwrap_or(rest));
    format!("{head}{marker}{mask}{}", second.unwrap_or(rest))
}

/// Replaces what lies between a start and the last end behind it, both included.
fn mask_between(text: &str, start: &str, end: &str, mask: &str) -> String {
    let Some(from) = text.find(start) else { return text.to_owned() };
    let Some(to) = text.rfind(end).filter(|to| *to > from) else { return text.to_owned() };
    format!("{}{mask}{}", &text[..from], &text[to + end.len()..])
}
