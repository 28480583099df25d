//! How does a patch change an object?

use std::sync::Arc;

use serde_json::{Value, json};

use super::decode;
use super::modify::{self, commit, writer};
use super::object::metadata;
use super::{Answer, Api, FieldValidation, Parameters, Request, Target, create, text, text_at};
use crate::kubernetes::managed;
use crate::kubernetes::patch;
use crate::kubernetes::status::{FieldError, FieldErrorKind, Status};
use crate::kubernetes::strategy::{convert, defaults, fit};

pub(super) fn patch(
    api: &mut Api,
    target: &Target,
    parameters: &Parameters,
    request: &Request<'_>,
) -> Result<Answer, Status> {
    if request.body.len() > super::BODY_LIMIT {
        return Err(Status::too_large(super::BODY_LIMIT));
    }
    match request.content_type.split(';').next().unwrap_or("").trim() {
        "application/apply-patch+yaml" => apply(api, target, parameters, request.body),
        "application/strategic-merge-patch+json" if target.resource.custom.is_some() => {
            Err(Status::unsupported_media_type(
                "the body of the request was in an unknown format - accepted media types include: \
                 application/json-patch+json, application/merge-patch+json, \
                 application/apply-patch+yaml",
            ))
        }
        content_type @ ("application/merge-patch+json"
        | "application/json-patch+json"
        | "application/strategic-merge-patch+json") => change(api, target, parameters, content_type, request.body),
        _ => Err(Status {
            details: Some(Box::default()),
            ..Status::unsupported_media_type("415: Unsupported Media Type")
        }),
    }
}

/// Reads a patch document.
fn document(body: &[u8], wanted: &str) -> Result<Value, Status> {
    let document: Value = serde_json::from_slice(body).map_err(|error| {
        let problem = decode::json_problem(&error, body);
        Status::bad_request(format!("error decoding patch: {problem}"))
    })?;
    let fits = if wanted.starts_with("[]") { document.is_array() } else { document.is_object() };
    if !fits {
        return Err(Status::bad_request(format!(
            "error decoding patch: json: cannot unmarshal {} into Go value of type {wanted}",
            fit::json_kind(&document)
        )));
    }
    decode::check_depth(&document)?;
    Ok(document)
}

fn change(
    api: &mut Api,
    target: &Target,
    parameters: &Parameters,
    content_type: &str,
    body: &[u8],
) -> Result<Answer, Status> {
    let resource = Arc::clone(&target.resource);
    if parameters.force.is_some() {
        let error = FieldError::forbidden("force", "may not be specified for non-apply patch");
        return Err(Status::invalid("meta.k8s.io", "PatchOptions", "", &[error]));
    }
    let (_, live) = api.object(target)?;
    let scale = target.subresource.as_deref() == Some("scale");
    let before =
        if scale { modify::scale_for_patch(api, target)? } else { Value::clone(&convert::shown(&resource, &live)) };
    let mut patched = match content_type {
        "application/json-patch+json" => {
            let document = document(body, "[]handlers.jsonPatchOp")?;
            patch::json::apply(&before, &document).map_err(|_| rejected())?
        }
        "application/merge-patch+json" => patch::merge::apply(&before, &document(body, "map[string]interface {}")?),
        _ => {
            let document = document(body, "map[string]interface {}")?;
            patch::strategic::apply(&resource.typed, &before, &document).map_err(Status::unknown)?
        }
    };
    decode::check_depth(&patched)?;
    if scale {
        return modify::replace_scale(api, target, parameters, &patched);
    }
    let sent = patched.to_string();
    let warnings =
        fit::fit(&resource, &mut patched, parameters.field_validation, fit::Source::Body).map_err(|problem| {
            let error = FieldError {
                kind: FieldErrorKind::Invalid,
                field: "patch".to_owned(),
                body: format!("Invalid value: {sent:?}: {problem}"),
            };
            Status::invalid("", "", "", &[error])
        })?;
    if text_at(&patched, "/kind") != resource.kind || text_at(&patched, "/apiVersion") != resource.api_version() {
        return Err(Status::bad_request(format!(
            "the API version in the data ({}) does not match the expected API version ({})",
            text_at(&patched, "/apiVersion"),
            resource.api_version()
        )));
    }
    decode::check_name(target, &patched)?;
    decode::check_namespace(target, &mut patched)?;
    defaults::fill(&resource, &mut patched);
    let subresource = target.subresource.as_deref().unwrap_or("");
    let now = api.clock.seconds();
    let shown = convert::shown(&resource, &live);
    writer(&resource, parameters, subresource, &now).using(|writer| writer.update(&shown, &mut patched));
    let updated = commit(api, target, &live, patched, parameters.dry_run)?;
    Ok(Answer::Json { code: 200, body: convert::shown(&resource, &updated), warnings })
}

/// An operation of a JSON patch did not fit.
fn rejected() -> Status {
    Status {
        code: 422,
        reason: "Invalid",
        message: "the server rejected our request due to an error in our request".to_owned(),
        details: Some(Box::default()),
    }
}

fn apply(api: &mut Api, target: &Target, parameters: &Parameters, body: &[u8]) -> Result<Answer, Status> {
    let resource = Arc::clone(&target.resource);
    if !parameters.names_field_manager {
        let error = FieldError::required("fieldManager", "is required for apply patch");
        return Err(Status::invalid("meta.k8s.io", "PatchOptions", "", &[error]));
    }
    let config = configuration(body)?;
    let subresource = target.subresource.as_deref().unwrap_or("");
    let now = api.clock.seconds();
    let force = parameters.force.unwrap_or(false);
    let owner = writer(&resource, parameters, subresource, &now);
    let live = match api.object(target) {
        Ok((_, live)) => live,
        Err(missing) => {
            if target.subresource.is_some() {
                return Err(missing);
            }
            check_configuration(target, &config)?;
            let empty = json!({"apiVersion": resource.api_version(), "kind": resource.kind});
            let mut object = owner.using(|writer| writer.apply(&empty, &config, force))?;
            finish(target, &mut object)?;
            if !text(&config, "uid").is_empty() {
                let why = format!(
                    "uid mismatch: the provided object specified uid {}, and no existing object \
                     was found",
                    text(&config, "uid")
                );
                let name = target.name.as_deref().unwrap_or("");
                return Err(Status::conflict(&resource.group, &resource.plural, name, &why));
            }
            let created = create::insert(api, target, object, parameters.dry_run)?;
            return Ok(Answer::json(201, convert::shown(&resource, &created)));
        }
    };
    check_configuration(target, &config)?;
    let shown = convert::shown(&resource, &live);
    let mut object = owner.using(|writer| writer.apply(&shown, &config, force))?;
    finish(target, &mut object)?;
    if text(&config, "resourceVersion").is_empty()
        && let Some(metadata) = metadata(&mut object)
    {
        metadata.remove("resourceVersion");
    }
    let updated = commit(api, target, &live, object, parameters.dry_run)?;
    Ok(Answer::json(200, convert::shown(&resource, &updated)))
}

/// Reads an applied configuration. It may be YAML by its media type; only JSON, which is YAML
/// too, is read here.
fn configuration(body: &[u8]) -> Result<Value, Status> {
    let config: Value = serde_json::from_slice(body).map_err(|error| {
        Status::bad_request(format!(
            "error decoding YAML: error converting YAML to JSON: yaml: line {}: did not find \
             expected node content",
            error.line()
        ))
    })?;
    if !config.is_object() {
        return Err(Status::bad_request(format!(
            "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot \
             unmarshal {} into Go value of type map[string]interface {{}}",
            fit::json_kind(&config)
        )));
    }
    decode::check_depth(&config)?;
    Ok(config)
}

/// Kind and version of an applied configuration.
fn check_configuration(target: &Target, config: &Value) -> Result<(), Status> {
    let resource = &target.resource;
    let (version, kind) = (text_at(config, "/apiVersion"), text_at(config, "/kind"));
    if version == resource.api_version() && kind == resource.kind {
        return Ok(());
    }
    let (group, short) = version.split_once('/').unwrap_or(("", version));
    Err(Status::bad_request(format!("invalid object type: {group}/{short}, Kind={kind}")))
}

/// Types, name, namespace and defaults of the object that an apply made.
fn finish(target: &Target, object: &mut Value) -> Result<(), Status> {
    let managed = managed::take(object);
    let about = managed::identity(object);
    fit::fit(&target.resource, object, FieldValidation::Ignore, fit::Source::Apply).map_err(|problem| {
        let kind = about.split_once("; ").map_or("", |(_, kind)| kind);
        Status::unknown(format!(
            "failed to convert new object ({about}) to proper version: unable to convert unstructured object to \
             {kind}: {problem}"
        ))
    })?;
    decode::check_name(target, object)?;
    decode::check_namespace(target, object)?;
    defaults::fill(&target.resource, object);
    if !managed.is_null()
        && let Some(metadata) = metadata(object)
    {
        metadata.insert("managedFields".to_owned(), managed);
    }
    Ok(())
}
