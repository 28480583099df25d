//! How does a patch change an object?

use std::sync::Arc;

use serde_json::{Value, json};

use super::FieldValidation;
use super::decode::{self, Decoded};
use super::modify::{self, commit, writer};
use super::object::metadata;
use super::{Answer, Api, Parameters, Request, Target, create, text, text_at};
use crate::kubernetes::managed;
use crate::kubernetes::patch;
use crate::kubernetes::status::{FieldError, Status};
use crate::kubernetes::strategy::{defaults, fit};

pub(super) fn patch(
    api: &mut Api,
    target: &Target,
    parameters: &Parameters,
    request: &Request<'_>,
) -> Result<Answer, Status> {
    if request.body.len() > super::BODY_LIMIT {
        return Err(Status::too_large(super::BODY_LIMIT));
    }
    let content_type = request.content_type.split(';').next().unwrap_or("").trim();
    match content_type {
        "application/apply-patch+yaml" => apply(api, target, parameters, request.body),
        "application/merge-patch+json"
        | "application/json-patch+json"
        | "application/strategic-merge-patch+json" => {
            change(api, target, parameters, content_type, request.body)
        }
        other => {
            let mut supported = vec![
                "application/json-patch+json",
                "application/merge-patch+json",
                "application/strategic-merge-patch+json",
                "application/apply-patch+yaml",
                "application/apply-patch+cbor",
            ];
            if target.resource.custom.is_some() {
                supported.retain(|kind| !kind.contains("strategic"));
            }
            Err(Status::unsupported_media_type(format!(
                "the body of the request was in an unknown format - accepted media types include: \
                 {}{}",
                supported.join(", "),
                if other.is_empty() { "" } else { "" }
            )))
        }
    }
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
    let document = decode::json(body)?;
    let scale = target.subresource.as_deref() == Some("scale");
    let before = if scale {
        modify::scale_for_patch(api, target)?
    } else {
        Value::clone(&api.shown(&resource, &live))
    };
    let patched = match content_type {
        "application/json-patch+json" => {
            patch::json::apply(&before, &document).map_err(|problem| match problem {
                patch::json::Problem::Malformed(message) => Status::bad_request(message),
                patch::json::Problem::Failed(message) => {
                    let mut status = Status::unknown(message);
                    status.code = 422;
                    status.reason = "Invalid";
                    status.message = format!(
                        "the server rejected our request due to an error in our request: {}",
                        status.message
                    );
                    status
                }
            })?
        }
        "application/merge-patch+json" => patch::merge::apply(&before, &document),
        _ => {
            if resource.custom.is_some() {
                return Err(Status::unsupported_media_type(
                    "the body of the request was in an unknown format - accepted media types \
                     include: application/json-patch+json, application/merge-patch+json, \
                     application/apply-patch+yaml, application/apply-patch+cbor",
                ));
            }
            patch::strategic::apply(&resource.typed, &before, &document)
                .map_err(Status::bad_request)?
        }
    };
    decode::check_depth(&patched)?;
    if scale {
        return modify::replace_scale(api, target, parameters, &patched);
    }
    if text(&patched, "name") != text(&before, "name") || !modify::is_of(&resource, &patched) {
        let error = FieldError::invalid(
            "metadata.name",
            &Value::from(text(&patched, "name")),
            "field is immutable",
        );
        return Err(Status::invalid(
            &resource.group,
            &resource.kind,
            text(&before, "name"),
            &[error],
        ));
    }
    let Decoded { mut object, warnings } =
        decode::object(target, patched, parameters.field_validation)?;
    let subresource = target.subresource.as_deref().unwrap_or("");
    let now = api.clock.seconds();
    let shown = api.shown(&resource, &live);
    writer(&resource, parameters, subresource, &now)
        .using(|writer| writer.update(&shown, &mut object));
    let updated = commit(api, target, &live, object, parameters.dry_run)?;
    Ok(Answer::Json { code: 200, body: api.shown(&resource, &updated), warnings })
}

fn apply(
    api: &mut Api,
    target: &Target,
    parameters: &Parameters,
    body: &[u8],
) -> Result<Answer, Status> {
    let resource = Arc::clone(&target.resource);
    if !parameters.names_field_manager {
        let error = FieldError::required("fieldManager", "is required for apply patch");
        return Err(Status::invalid("meta.k8s.io", "PatchOptions", "", &[error]));
    }
    let mut config = decode::json(body).map_err(|status| {
        Status::bad_request(format!("error decoding YAML: {}", status.message))
    })?;
    let name = target.name.as_deref().unwrap_or("");
    check_config(target, &mut config, name)?;
    if parameters.field_validation == FieldValidation::Strict {
        let mut strict = config.clone();
        fit::unknown_fields(&resource, &mut strict, FieldValidation::Strict)?;
    }
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
            if !text(&config, "uid").is_empty() {
                return Err(Status::conflict(
                    &resource.group,
                    &resource.plural,
                    name,
                    &format!(
                        "uid mismatch: the provided object specified uid {}, and no existing \
                         object was found",
                        text(&config, "uid")
                    ),
                ));
            }
            let empty = json!({"apiVersion": resource.api_version(), "kind": resource.kind});
            let mut object = owner.using(|writer| writer.apply(&empty, &config, force))?;
            finish(target, &mut object)?;
            let created = create::insert(api, target, object, parameters.dry_run)?;
            return Ok(Answer::json(201, api.shown(&resource, &created)));
        }
    };
    let shown = api.shown(&resource, &live);
    let mut object = owner.using(|writer| writer.apply(&shown, &config, force))?;
    finish(target, &mut object)?;
    if let Some(metadata) = metadata(&mut object)
        && text(&config, "resourceVersion").is_empty()
    {
        metadata.remove("resourceVersion");
    }
    let updated = commit(api, target, &live, object, parameters.dry_run)?;
    Ok(Answer::json(200, api.shown(&resource, &updated)))
}

/// What Kubernetes checks of an applied configuration before it merges it.
fn check_config(target: &Target, config: &mut Value, name: &str) -> Result<(), Status> {
    let resource = &target.resource;
    let api_version = resource.api_version();
    let (found_version, found_kind) =
        (text_at(config, "/apiVersion").to_owned(), text_at(config, "/kind").to_owned());
    if !config.is_object() {
        return Err(Status::bad_request("error decoding YAML: the body is not an object"));
    }
    if found_version.is_empty() || found_kind.is_empty() {
        let which = if found_kind.is_empty() { "Kind" } else { "apiVersion" };
        return Err(Status::bad_request(format!("Object '{which}' is missing in '{config}'")));
    }
    if found_version != api_version {
        return Err(Status::bad_request(format!(
            "Incorrect version specified in apply patch. Specified patch version: \
             {found_version}, expected: {api_version}"
        )));
    }
    if found_kind != resource.kind {
        return Err(Status::bad_request(format!(
            "the kind in the data ({found_kind}) does not match the expected kind ({})",
            resource.kind
        )));
    }
    let namespace = text(config, "namespace").to_owned();
    if let Some(expected) = &target.namespace {
        if !namespace.is_empty() && namespace != *expected {
            return Err(Status::bad_request(
                "the namespace of the provided object does not match the namespace sent on the \
                 request",
            ));
        }
    } else if !namespace.is_empty() {
        return Err(Status::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    let found_name = text(config, "name").to_owned();
    if !found_name.is_empty() && found_name != name {
        return Err(Status::bad_request(format!(
            "the name of the object ({found_name}) does not match the name on the URL ({name})"
        )));
    }
    if let Some(metadata) = metadata(config) {
        metadata.insert("name".to_owned(), name.into());
        if let Some(namespace) = &target.namespace {
            metadata.insert("namespace".to_owned(), namespace.as_str().into());
        }
    }
    decode::check_depth(config)
}

/// Types, unknown fields and defaults of an applied object.
fn finish(target: &Target, object: &mut Value) -> Result<(), Status> {
    let managed = managed::take(object);
    fit::fit(&target.resource, object, FieldValidation::Ignore)?;
    defaults::fill(&target.resource, object);
    if !managed.is_null()
        && let Some(metadata) = metadata(object)
    {
        metadata.insert("managedFields".to_owned(), managed);
    }
    Ok(())
}
