//! Keys that stand twice in a Chart.yaml, and fields that nobody knows.
//!
//! Upstream: `UnmarshalStrict` of sigs.k8s.io/yaml, which asks go-yaml for the former and encoding/json for the latter.

use aktus_diagnostics::Sources;
use aktus_yaml::node::{Document, Kind, Node};
use aktus_yaml::{Json, Limits};

use super::RepeatedKey;
use crate::chart::{DEPENDENCY, METADATA};

/// The complaint of a strict reader about a text that a lenient one reads.
pub(super) fn check(text: &[u8], limits: &Limits) -> Result<(), String> {
    let twice = repeated(text, limits);
    if !twice.is_empty() {
        let quote = |name: &str| aktus_gotmpl::go::strconv::quote(name.as_bytes());
        let line = |key: &RepeatedKey| format!("line {}: key {} already set in map", key.value_line, quote(&key.key));
        let twice: Vec<String> = twice.iter().map(line).collect();
        return Err(format!("error converting YAML to JSON: yaml: unmarshal errors:\n  {}", twice.join("\n  ")));
    }
    let value = aktus_yaml::read(text, &mut aktus_yaml::JsonBuilder, limits).map_err(|error| error.to_string())?;
    match unknown(&value) {
        None => Ok(()),
        Some(field) => {
            let field = aktus_gotmpl::go::strconv::quote(field.as_bytes());
            Err(format!("error unmarshaling JSON: while decoding JSON: json: unknown field {field}"))
        }
    }
}

/// The keys that their map has already.
pub(super) fn repeated(text: &[u8], limits: &Limits) -> Vec<RepeatedKey> {
    let mut sources = Sources::new();
    let source = sources.add("Chart.yaml", text);
    let mut found = Vec::new();
    if let Ok(document) = Document::parse(text, source, limits)
        && let Some(root) = document.root()
    {
        look(&root, &sources, &mut found, limits.depth);
    }
    found
}

fn look(node: &Node<'_>, sources: &Sources, found: &mut Vec<RepeatedKey>, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let place = |span| sources.position(span).map_or((0, 0), |place| (place.line as usize, place.column as usize));
    let mut seen: Vec<(&str, usize)> = Vec::new();
    for (key, value) in node.entries() {
        look(&value, sources, found, depth);
        let Some(name) = key.text().filter(|name| *name != "<<" && key.kind() == Kind::Scalar) else { continue };
        let (line, column) = place(key.span());
        match seen.iter().find(|(earlier, _)| *earlier == name) {
            Some(&(_, first_line)) => found.push(RepeatedKey {
                key: name.to_owned(),
                first_line,
                line,
                column,
                value_line: place(value.span()).0,
            }),
            None => seen.push((name, line)),
        }
    }
    for item in node.items() {
        look(&item, sources, found, depth);
    }
}

/// The first field, in the order of Go's JSON, that a Chart.yaml does not have.
fn unknown(value: &Json) -> Option<String> {
    let known = |key: &str, names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(key));
    let Json::Map(entries) = value else { return None };
    for (key, value) in entries {
        if !known(key, &METADATA) {
            return Some(key.clone());
        }
        let names: &[&str] = match key.to_ascii_lowercase().as_str() {
            "maintainers" => &["name", "email", "url"],
            "dependencies" => &DEPENDENCY,
            _ => continue,
        };
        let Json::List(items) = value else { continue };
        for item in items {
            let Json::Map(fields) = item else { continue };
            if let Some(field) = fields.keys().find(|field| !known(field, names)) {
                return Some(field.clone());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::check;
    use aktus_yaml::Limits;

    #[track_caller]
    fn complaint(text: &str, expected: Option<&str>) {
        assert_eq!(check(text.as_bytes(), &Limits::default()).err().as_deref(), expected, "{text}");
    }

    /// As Helm 4.2.4 says it.
    #[test]
    fn complaints() {
        complaint("name: a\nVersion: 1.0.0\n", None);
        complaint(
            "name: a\nversion: 1\nname: b\n",
            Some("error converting YAML to JSON: yaml: unmarshal errors:\n  line 3: key \"name\" already set in map"),
        );
        complaint(
            "zzz: 1\nmaintainers: [{name: a, phone: 1}]\n",
            Some("error unmarshaling JSON: while decoding JSON: json: unknown field \"phone\""),
        );
        complaint(
            "engine: gotpl\n",
            Some("error unmarshaling JSON: while decoding JSON: json: unknown field \"engine\""),
        );
    }
}
