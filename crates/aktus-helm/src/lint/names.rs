//! May an object have this name? The rules of the kinds, in the words of Kubernetes.
//!
//! Upstream: `validateMetadataName` in Helm's `lint/rules/template.go`, and `IsDNS1123Subdomain` and its relatives in
//! apimachinery's `pkg/util/validation`.

use aktus_gotmpl::go::strconv::quote;

/// What is wrong with the name of an object, as the rule's message.
pub(super) fn check(kind: &str, name: &str) -> Result<(), String> {
    let problems = match kind.to_lowercase().as_str() {
        "service" => dns_1035_label(name),
        "namespace" => dns_1123_label(name),
        "certificatesigningrequest" => Vec::new(),
        "role" | "clusterrole" | "rolebinding" | "clusterrolebinding" => path_segment(name),
        _ => dns_1123_subdomain(name),
    };
    if problems.is_empty() {
        return Ok(());
    }
    let name = quote(name.as_bytes());
    let problems: Vec<String> =
        problems.iter().map(|problem| format!("metadata.name: Invalid value: {name}: {problem}")).collect();
    let problems = match problems.as_slice() {
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    };
    Err(format!("object name does not conform to Kubernetes naming requirements: {name}: {problems}"))
}

fn is_label(text: &str, first: impl Fn(&u8) -> bool) -> bool {
    let end = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.first().is_some_and(first)
        && bytes.last().is_some_and(end)
        && bytes.iter().all(|byte| end(byte) || *byte == b'-')
}

fn is_1123_label(text: &str) -> bool {
    is_label(text, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

fn is_1123_subdomain(text: &str) -> bool {
    text.split('.').all(is_1123_label)
}

fn too_long(text: &str, limit: usize) -> Vec<String> {
    if text.len() > limit { vec![format!("must be no more than {limit} characters")] } else { Vec::new() }
}

const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";

fn dns_1123_subdomain(text: &str) -> Vec<String> {
    let mut problems = too_long(text, 253);
    if !is_1123_subdomain(text) {
        problems.push(format!("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{LABEL}(\\.{LABEL})*')"));
    }
    problems
}

fn dns_1123_label(text: &str) -> Vec<String> {
    let mut problems = too_long(text, 63);
    if is_1123_label(text) {
        return problems;
    }
    problems.push(if is_1123_subdomain(text) {
        "must not contain dots".to_owned()
    } else {
        format!("a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{LABEL}')")
    });
    problems
}

fn dns_1035_label(text: &str) -> Vec<String> {
    let mut problems = too_long(text, 63);
    if !is_label(text, u8::is_ascii_lowercase) {
        problems.push("a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')".to_owned());
    }
    problems
}

fn path_segment(text: &str) -> Vec<String> {
    if text == "." || text == ".." {
        return vec![format!("may not be '{text}'")];
    }
    ["/", "%"].into_iter().filter(|part| text.contains(part)).map(|part| format!("may not contain '{part}'")).collect()
}
