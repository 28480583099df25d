//! What object does a request body hold?

use serde_json::Value;

use super::FieldValidation;
use super::object::metadata;
use super::{Request, Target, text};
use crate::kubernetes::merge::MAX_DEPTH;
use crate::kubernetes::resources::Resource;
use crate::kubernetes::status::Status;
use crate::kubernetes::strategy::{defaults, fit};

/// An object read from a body, with the warnings about it.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) object: Value,
    pub(super) warnings: Vec<String>,
}

/// Reads a body as JSON, or as YAML where the content type says so.
pub(super) fn body(request: &Request<'_>) -> Result<Value, Status> {
    if request.body.len() > super::BODY_LIMIT {
        return Err(Status::too_large(super::BODY_LIMIT));
    }
    let content_type = request.content_type.split(';').next().unwrap_or("").trim();
    match content_type {
        "" | "application/json" => {}
        other => {
            return Err(Status::unsupported_media_type(format!(
                "the body of the request was in an unknown format - accepted media types include: \
                 application/json, application/yaml, application/vnd.kubernetes.protobuf; got {other}"
            )));
        }
    }
    json(request.body)
}

/// Reads JSON with a bound on its depth.
pub(super) fn json(body: &[u8]) -> Result<Value, Status> {
    if body.is_empty() {
        return Err(Status::bad_request("unable to decode an empty body"));
    }
    let value: Value = serde_json::from_slice(body).map_err(|error| {
        Status::bad_request(format!("error decoding the body as JSON: {error}"))
    })?;
    check_depth(&value)?;
    Ok(value)
}

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

/// Makes an object of the target's kind from a body: kind and namespace checked, unknown fields
/// refused or dropped, defaults filled in.
pub(super) fn object(
    target: &Target,
    mut value: Value,
    validation: FieldValidation,
) -> Result<Decoded, Status> {
    let resource = &target.resource;
    if !value.is_object() {
        return Err(Status::bad_request(format!(
            "couldn't get version/kind; json parse error: json: cannot unmarshal {} into Go value \
             of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind \
             string \"json:\\\"kind,omitempty\\\"\" }}",
            fit::json_kind(&value)
        )));
    }
    check_kind(resource, &mut value)?;
    let warnings = fit::fit(resource, &mut value, validation)?;
    check_namespace(target, &mut value)?;
    defaults::fill(resource, &mut value);
    Ok(Decoded { object: value, warnings })
}

fn check_kind(resource: &Resource, value: &mut Value) -> Result<(), Status> {
    let api_version = resource.api_version();
    let field = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
    let (found_version, found_kind) = (field("apiVersion"), field("kind"));
    if (!found_version.is_empty() && found_version != api_version)
        || (!found_kind.is_empty() && found_kind != resource.kind)
    {
        let or = |found: String, expected: &str| {
            if found.is_empty() { expected.to_owned() } else { found }
        };
        let found_version = or(found_version, &api_version);
        let found_kind = or(found_kind, &resource.kind);
        if found_version != api_version {
            return Err(Status::bad_request(format!(
                "the API version in the data ({found_version}) does not match the expected API \
                 version ({api_version})"
            )));
        }
        return Err(Status::bad_request(format!(
            "{found_kind} in version {:?} cannot be handled as a {}: converting (v1.{found_kind}) \
             to (v1.{}): unknown conversion",
            resource.version, resource.kind, resource.kind
        )));
    }
    if let Some(map) = value.as_object_mut() {
        map.insert("apiVersion".to_owned(), api_version.into());
        map.insert("kind".to_owned(), resource.kind.as_str().into());
    }
    Ok(())
}

fn check_namespace(target: &Target, value: &mut Value) -> Result<(), Status> {
    let found = text(value, "namespace").to_owned();
    let Some(metadata) = metadata(value) else { return Ok(()) };
    match &target.namespace {
        Some(namespace) => {
            if !found.is_empty() && found != *namespace {
                return Err(Status::bad_request(
                    "the namespace of the provided object does not match the namespace sent on \
                     the request",
                ));
            }
            metadata.insert("namespace".to_owned(), namespace.as_str().into());
        }
        None => {
            if !found.is_empty() && !target.resource.namespaced {
                return Err(Status::bad_request(
                    "the namespace of the provided object does not match the namespace sent on \
                     the request",
                ));
            }
        }
    }
    Ok(())
}
