//! What object does a request body hold?

use std::fmt::Write as _;

use serde_json::Value;

use super::object::metadata;
use super::{Api, FieldValidation, Request, Target, text};
use crate::kubernetes::merge::MAX_DEPTH;
use crate::kubernetes::resources::{Resource, Resources};
use crate::kubernetes::status::Status;
use crate::kubernetes::strategy::{defaults, fit};

/// An object read from a body, with the warnings about it.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) object: Value,
    pub(super) warnings: Vec<String>,
}

/// Reads a body that must be an object of the target's kind.
pub(super) fn body(
    api: &Api,
    target: &Target,
    validation: FieldValidation,
    request: &Request<'_>,
) -> Result<Decoded, Status> {
    let resource = &target.resource;
    let mut value = plain(request, &resource.kind)?;
    check_kind(&api.resources, resource, &mut value, request.body)?;
    let warnings = fit::fit(resource, &mut value, validation, fit::Source::Body).map_err(|problem| {
        Status::bad_request(format!(
            "{} in version {:?} cannot be handled as a {}: {problem}",
            resource.kind, resource.version, resource.kind
        ))
    })?;
    check_namespace(target, &mut value)?;
    defaults::fill(resource, &mut value);
    Ok(Decoded { object: value, warnings })
}

/// Reads a body of any kind.
pub(super) fn plain(request: &Request<'_>, kind: &str) -> Result<Value, Status> {
    if request.body.len() > super::BODY_LIMIT {
        return Err(Status::too_large(super::BODY_LIMIT));
    }
    let content_type = request.content_type.split(';').next().unwrap_or("").trim();
    if !matches!(content_type, "" | "application/json") {
        return Err(Status::unsupported_media_type(
            "the body of the request was in an unknown format - accepted media types include: \
             application/json, application/yaml, application/vnd.kubernetes.protobuf",
        ));
    }
    let unrecognized = |problem: &str| {
        Status::bad_request(format!(
            "the object provided is unrecognized (must be of type {kind}): couldn't get \
             version/kind; json parse error: {problem} ({})",
            summary(request.body)
        ))
    };
    let value: Value =
        serde_json::from_slice(request.body).map_err(|error| unrecognized(&json_problem(&error, request.body)))?;
    if !value.is_object() {
        return Err(unrecognized(&format!(
            "json: cannot unmarshal {} into Go value of type struct {{ APIVersion string \
             \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}",
            fit::json_kind(&value)
        )));
    }
    check_depth(&value)?;
    Ok(value)
}

/// A body as messages show it: text where it looks like an object, else hexadecimal digits.
fn summary(body: &[u8]) -> String {
    const LONGEST: usize = 1024;
    if body.is_empty() {
        return "<empty>".to_owned();
    }
    let shown = body.get(..LONGEST.min(body.len())).unwrap_or(body);
    let tail = if body.len() > LONGEST { " ..." } else { "" };
    if body.first() == Some(&b'{') {
        return format!("{}{tail}", String::from_utf8_lossy(shown));
    }
    let digits = shown.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _written = write!(text, "{byte:02x}");
        text
    });
    format!("{digits}{tail}")
}

/// What is wrong with a text that is no JSON, in Go's words.
pub(crate) fn json_problem(error: &serde_json::Error, body: &[u8]) -> String {
    if error.is_eof() {
        return "unexpected end of JSON input".to_owned();
    }
    let line = body.split(|byte| *byte == b'\n').nth(error.line().saturating_sub(1));
    let found = line.and_then(|line| line.get(error.column().saturating_sub(1)));
    match found {
        Some(byte) => {
            format!("invalid character '{}' looking for beginning of value", char::from(*byte))
        }
        None => "unexpected end of JSON input".to_owned(),
    }
}

/// Refuses objects so deep that walks over them could not be bounded.
pub(super) fn check_depth(value: &Value) -> Result<(), Status> {
    let mut level: Vec<&Value> = vec![value];
    for _ in 0..MAX_DEPTH {
        level = level
            .into_iter()
            .flat_map(|value| -> Box<dyn Iterator<Item = &Value>> {
                match value {
                    Value::Array(list) => Box::new(list.iter()),
                    Value::Object(map) => Box::new(map.values()),
                    _ => Box::new(std::iter::empty()),
                }
            })
            .collect();
        if level.is_empty() {
            return Ok(());
        }
    }
    Err(Status::bad_request(format!("the object is nested deeper than {MAX_DEPTH} levels")))
}

fn check_kind(resources: &Resources, resource: &Resource, value: &mut Value, body: &[u8]) -> Result<(), Status> {
    let api_version = resource.api_version();
    let field = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
    let (mut version, mut kind) = (field("apiVersion"), field("kind"));
    if resource.custom.is_some() && (version.is_empty() || kind.is_empty()) {
        let missing = if kind.is_empty() { "Kind" } else { "apiVersion" };
        let shown = String::from_utf8_lossy(body);
        return Err(Status::bad_request(format!(
            "the object provided is unrecognized (must be of type {}): Object '{missing}' is \
             missing in '{shown}' ({})",
            resource.kind,
            summary(body)
        )));
    }
    if version.is_empty() {
        version.clone_from(&api_version);
    }
    if kind.is_empty() {
        kind.clone_from(&resource.kind);
    }
    if version != api_version || kind != resource.kind {
        return Err(Status::bad_request(another_kind(resources, resource, &version, &kind)));
    }
    if let Some(map) = value.as_object_mut() {
        map.insert("apiVersion".to_owned(), version.into());
        map.insert("kind".to_owned(), kind.into());
    }
    Ok(())
}

fn another_kind(resources: &Resources, resource: &Resource, version: &str, kind: &str) -> String {
    let (group, short) = version.split_once('/').unwrap_or(("", version));
    if kind == resource.kind && group == resource.group {
        return format!(
            "the API version in the data ({version}) does not match the expected API version ({})",
            resource.api_version()
        );
    }
    let handled = format!("{kind} in version {short:?} cannot be handled as a {}", resource.kind);
    if resources.of_kind(version, kind).is_none() {
        return format!(
            "{handled}: no kind {kind:?} is registered for version {version:?} in scheme \
             \"pkg/runtime/scheme.go:111\""
        );
    }
    let group = if resource.group.is_empty() { "core" } else { &resource.group };
    format!("{handled}: converting ({short}.{kind}) to ({group}.{}): unknown conversion", resource.kind)
}

/// Gives an object the namespace of its path.
pub(super) fn check_namespace(target: &Target, value: &mut Value) -> Result<(), Status> {
    let found = text(value, "namespace").to_owned();
    let expected = target.namespace.as_deref().unwrap_or("");
    if !found.is_empty() && found != expected {
        return Err(Status::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    if !expected.is_empty()
        && let Some(metadata) = metadata(value)
    {
        metadata.insert("namespace".to_owned(), expected.into());
    }
    Ok(())
}

/// Refuses an object whose name is not the one of its path.
pub(super) fn check_name(target: &Target, value: &Value) -> Result<(), Status> {
    let (found, expected) = (text(value, "name"), target.name.as_deref().unwrap_or(""));
    if found.is_empty() {
        return Err(Status::bad_request(format!(
            "the name of the object ({expected} based on URL) was undeterminable: name must be \
             provided"
        )));
    }
    if found != expected {
        return Err(Status::bad_request(format!(
            "the name of the object ({found}) does not match the name on the URL ({expected})"
        )));
    }
    Ok(())
}
