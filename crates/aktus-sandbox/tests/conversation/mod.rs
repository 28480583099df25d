//! How is a recorded conversation held, and where do its answers differ from the recording?

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use aktus_sandbox::kubernetes::Server;
use aktus_sandbox::{Clock, Options};
use serde_json::{Value, json};

/// Holds every conversation of a folder with a stand-in of its own.
pub(crate) async fn check(folder: &str, least: usize, controllers: bool) {
    let mut differences = Vec::new();
    let conversations = load(folder);
    assert!(conversations.len() >= least, "only {} conversations", conversations.len());
    for (name, conversation) in conversations {
        let clock = Clock::fixed("2026-01-01T00:00:00Z".parse().unwrap());
        let options = Options { controllers, ..Options::new(clock) };
        let server = Server::start(&options).await.unwrap();
        let address = server.url().trim_start_matches("http://").to_owned();
        let found = tokio::task::spawn_blocking(move || hold(&address, &name, &conversation));
        differences.extend(found.await.unwrap());
    }
    let count = differences.len();
    assert!(differences.is_empty(), "{count} differences:\n{}", differences.join("\n"));
}

/// The conversations of a folder, by name.
fn load(folder: &str) -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
        .into_iter()
        .map(|file| {
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&file).unwrap();
            let conversation =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            (name, conversation)
        })
        .collect()
}

/// Holds one conversation in a namespace of its own and lists what differs.
fn hold(address: &str, name: &str, conversation: &Value) -> Vec<String> {
    let namespace = format!("api-{name}");
    let mut variables = BTreeMap::from([("namespace".to_owned(), namespace.clone())]);
    let body = json!({"metadata": {"name": namespace}}).to_string();
    let headers = [("content-type", "application/json"), ("user-agent", "recorder/1")];
    send(address, "POST", "/api/v1/namespaces", &headers, &body);
    let mut differences = Vec::new();
    let steps = conversation["steps"].as_array().unwrap();
    for (number, step) in steps.iter().enumerate() {
        let place = format!("{name}, step {number} ({})", step["do"].as_str().unwrap());
        for difference in hold_step(address, step, &mut variables) {
            differences.push(format!("{place}: {difference}"));
        }
    }
    differences
}

fn hold_step(address: &str, step: &Value, variables: &mut BTreeMap<String, String>) -> Vec<String> {
    let text = |field: &str| step[field].as_str();
    let line = substitute(&step["do"], variables);
    let (method, target) = line.as_str().unwrap().split_once(' ').unwrap();
    let body = match step.get("body").map(|body| substitute(body, variables)) {
        None => None,
        Some(Value::String(text)) => Some(text),
        Some(other) => Some(other.to_string()),
    };
    let content_type = text("type").unwrap_or(match method {
        "PATCH" => "application/apply-patch+yaml",
        _ => "application/json",
    });
    let mut headers = vec![("user-agent", text("agent").unwrap_or("conversation/1.0"))];
    if body.is_some() {
        headers.push(("content-type", content_type));
    }
    if let Some(accept) = text("accept") {
        headers.push(("accept", accept));
    }
    let deadline = Instant::now() + Duration::from_secs(20);
    let (response, parsed) = loop {
        let response = send(address, method, target, &headers, body.as_deref().unwrap_or(""));
        let parsed: Value = serde_json::from_str(&response.body).unwrap_or(Value::Null);
        let Some(until) = step.get("until").and_then(Value::as_object) else {
            break (response, parsed);
        };
        let reached = until.iter().all(|(pointer, expected)| match pointer.as_str() {
            "status" => json!(response.status) == *expected,
            pointer => *parsed.pointer(pointer).unwrap_or(&Value::Null) == substitute(expected, variables),
        });
        if reached || Instant::now() > deadline {
            break (response, parsed);
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let mut differences = Vec::new();
    for (field, should_equal) in [("equals", true), ("differs", false)] {
        for (pointer, expected) in step[field].as_object().into_iter().flatten() {
            let expected = substitute(expected, variables);
            let found = parsed.pointer(pointer).cloned().unwrap_or(Value::Null);
            if (found == expected) != should_equal {
                differences.push(format!("{pointer} is {found}, against {field} {expected}"));
            }
        }
    }
    for (variable, pointer) in step["save"].as_object().into_iter().flatten() {
        let value = parsed.pointer(pointer.as_str().unwrap()).and_then(Value::as_str);
        variables.insert(variable.clone(), value.unwrap_or("").to_owned());
    }
    let mut answer = json!({"status": response.status});
    if step.get("brief").is_some() {
        // Only the status counts.
    } else if target.contains("watch=true") && response.status == 200 {
        let events = response.body.lines().map(|line| serde_json::from_str(line).unwrap());
        let events = events.filter(|event: &Value| event["type"] != "BOOKMARK" || step.get("bookmarks").is_some());
        answer["events"] = events.map(|event| masked(&event, "")).collect();
    } else if parsed.is_null() {
        answer["text"] = response.body.into();
    } else {
        answer["body"] = masked(&parsed, "");
    }
    if !response.warnings.is_empty() {
        let mut warnings: Vec<String> = response.warnings.iter().map(|text| mask_text(text)).collect();
        warnings.sort();
        answer["warnings"] = warnings.into();
    }
    compare("", &step["answer"], &answer, &mut differences);
    differences
}

/// Lists the places where `found` is not `expected`.
fn compare(path: &str, expected: &Value, found: &Value, differences: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(a), Value::Object(b)) => {
            for (key, value) in a {
                match b.get(key) {
                    Some(other) => compare(&format!("{path}/{key}"), value, other, differences),
                    None => differences.push(format!("{path}/{key} is missing, not {value}")),
                }
            }
            for (key, value) in b.iter().filter(|(key, _)| !a.contains_key(*key)) {
                differences.push(format!("{path}/{key} is there: {value}"));
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (value, other)) in a.iter().zip(b).enumerate() {
                compare(&format!("{path}/{index}"), value, other, differences);
            }
        }
        _ if expected == found => {}
        _ => differences.push(format!("{path} is\n    {found}, not\n    {expected}")),
    }
}

/// Puts the values of `${variable}` and `${fill:N}` (N letters) into every text.
fn substitute(value: &Value, variables: &BTreeMap<String, String>) -> Value {
    match value {
        Value::String(text) => {
            let mut out = String::new();
            let mut rest = text.as_str();
            while let Some((before, after)) = rest.split_once("${") {
                let (name, tail) = after.split_once('}').unwrap();
                out.push_str(before);
                match name.strip_prefix("fill:") {
                    Some(count) => out.push_str(&"a".repeat(count.parse().unwrap())),
                    None => out.push_str(&variables[name]),
                }
                rest = tail;
            }
            out.push_str(rest);
            out.into()
        }
        Value::Array(list) => list.iter().map(|item| substitute(item, variables)).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, item)| {
                let key = substitute(&Value::from(key.as_str()), variables);
                (key.as_str().unwrap().to_owned(), substitute(item, variables))
            })
            .collect(),
        other => other.clone(),
    }
}

/// An answer without what differs from run to run.
fn masked(value: &Value, key: &str) -> Value {
    match value {
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
                            .map(|field| entry[field].as_str().unwrap_or("").to_owned())
                    });
                }
                out.insert(mask_text(key), masked(&item, key));
            }
            if let Some(prefix) = map.get("generateName").and_then(Value::as_str)
                && out.get("name").and_then(Value::as_str).is_some_and(|n| n.starts_with(prefix))
            {
                out.insert("name".to_owned(), format!("{prefix}<suffix>").into());
            }
            Value::Object(out)
        }
        Value::Array(list) => list.iter().map(|item| masked(item, key)).collect(),
        Value::String(text) => match key {
            "resourceVersion" if !matches!(text.as_str(), "" | "0") => "<version>".into(),
            "continue" => "<continue>".into(),
            _ if is_time(text) => "<time>".into(),
            "clusterIP" | "clusterIPs" if text.starts_with("10.96.") => "<ip>".into(),
            _ => mask_text(text).into(),
        },
        Value::Number(number) if matches!(key, "nodePort" | "healthCheckNodePort") => {
            if number.as_i64() == Some(0) {
                value.clone()
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
fn mask_text(text: &str) -> String {
    let text = text.split("\n@@ ").next().unwrap_or("");
    let mut text = mask_hashes(&mask_identities(text));
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

/// An answer as HTTP brought it.
struct Response {
    status: u16,
    body: String,
    warnings: Vec<String>,
}

/// Sends one request on a connection of its own.
fn send(address: &str, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Response {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut head = format!("{method} {target} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.extend(["content-length: ", &body.len().to_string(), "\r\n\r\n", body]);
    stream.write_all(head.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    let header = |wanted: &str| -> Vec<String> {
        let lines = head.split("\r\n").filter_map(|line| line.split_once(": "));
        let found = lines.filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.to_owned()).collect()
    };
    let chunked = header("transfer-encoding").iter().any(|value| value == "chunked");
    let body = if chunked { unchunk(body) } else { body.to_owned() };
    Response { status, body, warnings: header("warning") }
}

fn unchunk(mut text: &str) -> String {
    let mut out = String::new();
    while let Some((size, rest)) = text.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            break;
        }
        out.push_str(&rest[..size]);
        text = rest[size..].strip_prefix("\r\n").unwrap_or("");
    }
    out
}
